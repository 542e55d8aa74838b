//! Keeps the token: fetched when it is first needed, again before it ends, and again when the gateway refuses it.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::call::{Call, exchange};
use crate::config::Url;
use crate::features::lab::error::Error;
use crate::features::lab::model::{Claims, Holding};
use crate::secret::{Secret, SecretFrom};

/// A place that had nothing newer is not asked again within this time: it may be a program.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A place where somebody else puts them.
    Token(SecretFrom),
    /// The file in which `vlab` keeps the tokens of all front servers.
    VlabFile(PathBuf),
    /// The front server gives one for a name and a password.
    Login {
        /// The name.
        user: String,
        /// Where the password is kept. It is fetched each time and kept nowhere.
        password: SecretFrom,
        /// The front server, where it is not the one that is asked.
        url: Option<Url>,
    },
}

/// A token and when it was fetched.
#[derive(Debug)]
struct Held {
    secret: Secret,
    claims: Option<Claims>,
    fetched_at: DateTime<Utc>,
    warning: Option<String>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Keeper {
    credentials: Credentials,
    held: Option<Held>,
    /// When the password was refused: it is not tried again by itself, since accounts get locked.
    refused: Option<(Vec<u8>, String)>,
    /// Somebody wants it looked for although it may still hold.
    looks_again: bool,
}

/// What a token says of itself.
pub(super) fn claims(token: &Secret) -> Option<Claims> {
    Claims::read(token.expose())
}

impl Keeper {
    /// Holds nothing yet.
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, held: None, refused: None, looks_again: false }
    }

    /// The next time a token is wanted, it is looked for where it is kept, and a login that was refused is tried once more.
    pub(super) fn try_again(&mut self) {
        self.refused = None;
        self.looks_again = true;
    }

    /// What is held.
    pub(super) fn holding(&self) -> Option<Holding> {
        let held = self.held.as_ref()?;
        let (from, renews) = match &self.credentials {
            Credentials::Token(from) => (from.to_string(), false),
            Credentials::VlabFile(path) => (crate::text::clean_line(&path.display().to_string()), false),
            Credentials::Login { user, .. } => (format!("logged in as {user}"), true),
        };
        let claims = held.claims.clone().unwrap_or_default();
        let refused = self.refused.as_ref().map(|(_, message)| message.clone());
        Some(Holding { claims, from, renews, refused, warning: held.warning.clone() })
    }

    /// The token to send at `now`. It is fetched where there is none, where the one that is held ends soon, and with
    /// `another`. One that still holds is used when no other can be had.
    pub(super) async fn token(
        &mut self,
        http: &reqwest::Client,
        server: &Url,
        another: bool,
        now: DateTime<Utc>,
    ) -> Result<Secret, Error> {
        let looks_again = std::mem::take(&mut self.looks_again);
        let is_login = matches!(self.credentials, Credentials::Login { .. });
        let is_old = |held: &Held| {
            let is_due = held.claims.as_ref().is_some_and(|claims| claims.is_due(now));
            // Of a token that holds for less, half of that is waited for.
            let end = held.claims.as_ref().and_then(|claims| claims.expires_at);
            let patience = end.map_or(PATIENCE, |end| ((end - held.fetched_at) / 2).min(PATIENCE));
            // Every login makes another token; looking into a file costs nothing.
            if looks_again { !is_login || is_due } else { is_due && now - held.fetched_at >= patience }
        };
        if let Some(held) = self.held.as_ref().filter(|held| !another && !is_old(held)) {
            return Ok(held.secret.clone());
        }
        match self.fetch(http, server).await {
            Ok((secret, warning)) => {
                let claims = claims(&secret);
                self.held = Some(Held { secret: secret.clone(), claims, fetched_at: now, warning });
                Ok(secret)
            }
            Err(error) => {
                let holds = |held: &&mut Held| held.claims.as_ref().is_none_or(|claims| !claims.is_over(now));
                match self.held.as_mut().filter(holds).filter(|_| !another) {
                    Some(held) => {
                        tracing::info!(%error, "no newer token; the one that is held goes on");
                        held.fetched_at = now;
                        Ok(held.secret.clone())
                    }
                    None => Err(error),
                }
            }
        }
    }

    /// Fetches one from its place, with what should be known about that.
    async fn fetch(&mut self, http: &reqwest::Client, server: &Url) -> Result<(Secret, Option<String>), Error> {
        let variable = |name: &str| std::env::var_os(name);
        match &self.credentials {
            Credentials::Token(from) => {
                let found = from.fetch(variable).await.map_err(|error| Error::NoToken(Some(error)))?;
                Ok((found.secret, found.warning))
            }
            Credentials::VlabFile(path) => {
                let from = SecretFrom::File(path.clone());
                let (bytes, warning) = from.fetch_raw(variable).await.map_err(|error| Error::NoToken(Some(error)))?;
                let token = of_vlab(&bytes, server.as_str()).map_err(|why| Error::NotInFile {
                    file: crate::text::clean_line(&path.display().to_string()),
                    server: server.to_string(),
                    source: why.into(),
                })?;
                Ok((Secret::read(&token).map_err(|_| Error::BadToken)?, warning))
            }
            Credentials::Login { user, password, url } => {
                let found = password.fetch_password(variable).await.map_err(Error::NoPassword)?;
                let (password, warning) = (found.secret, found.warning);
                let front = url.as_ref().unwrap_or(server);
                let fingerprint = fingerprint(user, password.expose());
                if let Some((_, message)) = self.refused.as_ref().filter(|(tried, _)| *tried == fingerprint) {
                    // Trying it again would lock the account before somebody has corrected it.
                    return Err(Error::LoginRefused { user: user.clone(), message: message.clone() });
                }
                let answered = log_in(http, front, user, password.expose()).await;
                self.refused = match &answered {
                    Err(Error::LoginRefused { message, .. }) => Some((fingerprint, message.clone())),
                    Ok(_) => None,
                    Err(_) => self.refused.take(),
                };
                let is_elsewhere = url.is_some();
                answered
                    .map(|secret| (secret, warning))
                    .map_err(|error| if is_elsewhere { error.at_login() } else { error })
            }
        }
    }
}

/// Tells whether name and password have changed, without keeping them.
fn fingerprint(user: &str, password: &str) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::new().chain_update(user).chain_update([0]).chain_update(password).finalize().to_vec()
}

/// A token for a name and a password.
async fn log_in(http: &reqwest::Client, front: &Url, user: &str, password: &str) -> Result<Secret, Error> {
    let body = json!({ "username": user, "password": password });
    let target = front.as_str().to_owned() + Call::Login.path();
    let answered = exchange(http, Call::Login, front.as_str(), &target, None, Some(&body)).await;
    let named = |error| {
        let Error::LoginRefused { message, .. } = error else { return error };
        Error::LoginRefused { user: user.to_owned(), message }
    };
    let (_, content) = answered.map_err(named)?;
    let token = content.get("token").and_then(Value::as_str).unwrap_or_default();
    Secret::read(token).map_err(|_| Error::Senseless {
        server: front.to_string(),
        call: Call::Login.title(),
        what: "it has no token".to_owned(),
    })
}

/// The token of a front server in `vlab`'s own file: `{"version": 1, "vlabs": {"https://lab.example": {"token": …}}}`. The
/// error is what is there instead; it repeats nothing but addresses.
fn of_vlab(bytes: &[u8], server: &str) -> Result<String, String> {
    let file: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON, from line {} on", error.line()))?;
    let vlabs = file.get("vlabs").and_then(Value::as_object).ok_or("it is not as vlab writes it")?;
    let found = vlabs.iter().find(|(url, _)| url.trim_end_matches('/').eq_ignore_ascii_case(server));
    let Some((_, kept)) = found else {
        let known: Vec<String> = vlabs.keys().map(|url| crate::features::lab::wire::short(url)).collect();
        return Err(if known.is_empty() {
            "it has none at all".to_owned()
        } else {
            format!("it has those of {}", known.join(", "))
        });
    };
    kept.get("token").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| "its entry has no token".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_vlab_has_a_token_for_each_front_server() {
        let file = br#"{"version":1,"vlabs":{"https://lab.example/":{"token":"abc","key":"k","algorithm":"RS512"}}}"#;
        assert_eq!(of_vlab(file, "https://lab.example").as_deref(), Ok("abc"));
        let why = |file: &[u8]| of_vlab(file, "https://other.example").unwrap_err();
        assert_eq!(why(file), "it has those of https://lab.example/");
        assert_eq!(why(b"<html>"), "it is no JSON, from line 1 on");
        assert_eq!(why(b"{}"), "it is not as vlab writes it");
        assert_eq!(why(br#"{"vlabs":{"https://other.example":{}}}"#), "its entry has no token");
    }

    #[test]
    fn another_password_has_another_fingerprint_and_none_can_be_read_back() {
        let one = fingerprint("pat", "secret");
        assert_ne!(one, fingerprint("pat", "secret2"));
        assert_ne!(fingerprint("pa", "tsecret"), one);
        assert_eq!(one.len(), 32);
    }
}
