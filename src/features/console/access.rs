//! What lets us in at a proxy: a token that is there, or one that is made.

use std::ffi::OsString;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::Error;
use super::token::{Grant, Token};
use crate::config::{Access, CONSOLE_KEY_VARIABLE, CONSOLE_TOKEN_VARIABLE, MachineName};
use crate::secret::{Found, NoSecret, Secret, SecretFrom};

/// How long a token is good for that is made for one connection. The proxy looks at it when the connection is opened.
const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// What a token that is made here names as lab where nobody says more: proxies want something to be there.
pub(crate) const NO_LAB: &str = "noctui";

/// What lets us in at a proxy.
#[derive(Debug, Clone)]
pub struct Pass {
    /// The proxy, for messages.
    pub proxy: String,
    /// Where the token or the key is.
    pub access: Access,
    /// The namespace of the machines, for tokens that are made.
    pub namespace: Option<MachineName>,
    /// In whose name tokens are made.
    pub user: String,
}

/// A token, and what should be known of where it is kept.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// The token.
    pub token: Token,
    /// What should be known.
    pub warning: Option<String>,
}

impl Pass {
    /// Where the token or key is: in the variable, which counts before what is configured.
    #[must_use]
    pub fn over(variable: impl Fn(&str) -> Option<OsString>, configured: Option<&Access>) -> Access {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let named = |name: &str| SecretFrom::Variable(name.to_owned());
        if is_set(CONSOLE_TOKEN_VARIABLE) {
            Access::Token(named(CONSOLE_TOKEN_VARIABLE))
        } else if is_set(CONSOLE_KEY_VARIABLE) {
            Access::Key(named(CONSOLE_KEY_VARIABLE))
        } else {
            configured.cloned().unwrap_or_else(|| Access::Token(named(CONSOLE_TOKEN_VARIABLE)))
        }
    }

    /// A token for `machine`: the one that is kept, or a fresh one for it alone.
    ///
    /// # Errors
    /// Where there is none, or the proxy would refuse it for what can be seen in it.
    pub async fn ticket(&self, machine: &MachineName, now: DateTime<Utc>) -> Result<Ticket, Error> {
        let ticket = match &self.access {
            Access::Token(from) => self.kept(from).await?,
            Access::Key(from) => {
                let (key, warning) = self.key(from).await?;
                Ticket { token: self.sign(machine, &key, now)?, warning }
            }
        };
        match ticket.token.objection(Some(machine), now) {
            Some(why) => Err(Error::Objection { proxy: self.proxy.clone(), why }),
            None => Ok(ticket),
        }
    }

    /// The token that is kept somewhere, whatever it says.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn kept(&self, from: &SecretFrom) -> Result<Ticket, Error> {
        let found = self.found(from.fetch(|name| std::env::var_os(name)).await)?;
        let (secret, warning) = (found.secret, found.warning);
        let token = Token::read(secret.expose());
        let token = token.map_err(|source| Error::NoToken { proxy: self.proxy.clone(), source })?;
        Ok(Ticket { token, warning })
    }

    /// The key that tokens are made with, and what should be known of where it is kept.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn key(&self, from: &SecretFrom) -> Result<(Secret, Option<String>), Error> {
        let found = self.found(from.fetch_key(|name| std::env::var_os(name)).await)?;
        Ok((found.secret, found.warning))
    }

    /// What was fetched.
    fn found(&self, found: Result<Found, NoSecret>) -> Result<Found, Error> {
        found.map_err(|source| Error::NoSecret { proxy: self.proxy.clone(), source })
    }

    /// Makes a token for one machine and one connection.
    fn sign(&self, machine: &MachineName, key: &Secret, now: DateTime<Utc>) -> Result<Token, Error> {
        let no = |what| Error::NoGrant { machine: machine.to_string(), what };
        let namespace = self.namespace.as_ref().ok_or_else(|| no("its namespace is not said"))?;
        let grant = Grant {
            user: self.user.clone(),
            lab: NO_LAB.to_owned(),
            lab_instance: NO_LAB.to_owned(),
            namespace: namespace.to_string(),
            machines: vec![machine.clone()],
            expires: now + MINUTE,
        };
        Token::sign(&grant, key).ok_or_else(|| no("it cannot be written as JSON"))
    }
}
