//! Access tokens of OAuth 2, for every account that takes them: fetched when they are needed, kept in memory for as long as
//! they hold, never written anywhere.
//!
//! Somebody signs in once ([`sign_in`]); the refresh token that comes of it is kept in a file of its own, readable for its
//! owner alone, or in the keyring. An application by itself, and a service account that acts for a mailbox, prove who they are each time.

mod jwt;
mod keep;
mod post;
pub mod sign_in;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

pub use self::keep::Place;
#[cfg(test)]
pub(super) use self::post::decoded;
use self::post::{Answer, Poster};
use super::remote::Fault;
use crate::clock;
use crate::config::{Grant, OAuth, Provider};
use crate::secret::{Secret, SecretFrom, warning_of};

/// A token is fetched anew so long before its end: a login that begins with it should end with it.
const EARLY: TimeDelta = TimeDelta::minutes(5);
/// How long one holds whose end is not told (RFC 6749 §4.2.2 leaves that open).
const USUAL_S: i64 = 3600;

/// The tokens of one account.
#[derive(Debug)]
pub struct Tokens {
    /// How they are had.
    config: OAuth,
    /// Whose mailbox it is.
    user: String,
    /// The one that holds now.
    held: Mutex<Option<Held>>,
}

/// A token and until when it is used.
#[derive(Debug, Clone)]
struct Held {
    token: Secret,
    until: DateTime<Utc>,
}

impl Tokens {
    /// No token is there yet.
    #[must_use]
    pub fn new(config: &OAuth, user: &str) -> Self {
        Self { config: config.clone(), user: user.to_owned(), held: Mutex::new(None) }
    }

    /// How they are had.
    pub(crate) fn grant(&self) -> Grant {
        self.config.grant
    }

    /// A token that holds.
    pub async fn token(&self) -> Result<Secret, Fault> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| clock::now() < held.until) {
            return Ok(held.token.clone());
        }
        let poster = Poster::new(&self.config.token_url)?;
        let answer = match self.config.grant {
            Grant::User => self.refresh(&poster).await?,
            Grant::Application => self.by_itself(&poster).await?,
            Grant::ServiceAccount => self.for_a_mailbox(&poster).await?,
        };
        let token = answer.text("access_token").and_then(|text| Secret::read(text).ok());
        let token = token.ok_or_else(|| poster.garbled("there is no access_token in it"))?;
        let lasts = answer.number("expires_in").unwrap_or(USUAL_S).clamp(60, 86_400);
        let until = clock::now() + (TimeDelta::seconds(lasts) - EARLY).max(TimeDelta::seconds(30));
        *held = Some(Held { token: token.clone(), until });
        Ok(token)
    }

    /// The token that is held was refused: the next one is another.
    pub async fn forget(&self) {
        *self.held.lock().await = None;
    }

    /// With the refresh token of whoever signed in (RFC 6749 §6).
    async fn refresh(&self, poster: &Poster) -> Result<Answer, Fault> {
        let refresh = keep::read(&self.config).await.map_err(|said| Fault::SignIn {
            user: self.user.clone(),
            said,
            grant: self.config.grant,
        })?;
        let scopes = scopes(&self.config);
        let mut form = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", refresh.expose().to_owned()),
            ("client_id", self.config.client_id.clone()),
        ];
        if self.config.provider == Provider::Microsoft {
            form.push(("scope", scopes));
        }
        form.extend(client_secret(&self.config).await?.map(|secret| ("client_secret", secret.expose().to_owned())));
        let answer = poster.post(&form).await?.granted(&self.user, self.config.grant)?;
        // Some give another one each time, and take the old one for a theft then.
        if let Some(next) = answer.text("refresh_token").filter(|next| *next != refresh.expose()) {
            let written = keep::write(&self.config, next).await;
            written.map_err(|said| Fault::SignIn { user: self.user.clone(), said, grant: self.config.grant })?;
        }
        Ok(answer)
    }

    /// For the application itself (RFC 6749 §4.4).
    async fn by_itself(&self, poster: &Poster) -> Result<Answer, Fault> {
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", self.config.client_id.clone()),
            ("scope", scopes(&self.config)),
        ];
        form.extend(client_secret(&self.config).await?.map(|secret| ("client_secret", secret.expose().to_owned())));
        poster.post(&form).await?.granted(&self.user, self.config.grant)
    }

    /// For a service account that acts for the mailbox (RFC 7523 §2.1).
    async fn for_a_mailbox(&self, poster: &Poster) -> Result<Answer, Fault> {
        let (config, user, now) = (self.config.clone(), self.user.clone(), clock::now());
        let assertion = crate::blocking::run(move || {
            warn(&config.token_url, config.key_file.as_deref().and_then(warning_of).as_deref());
            jwt::assertion(&config, &scopes(&config), &user, now)
        });
        let assertion = assertion.await;
        let assertion =
            assertion.map_err(|said| Fault::SignIn { user: self.user.clone(), said, grant: self.config.grant })?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()), ("assertion", assertion)];
        poster.post(&form).await?.granted(&self.user, self.config.grant)
    }
}

/// What the tokens are for: as configured, else what mail needs.
fn scopes(config: &OAuth) -> String {
    let extra = config.extra_scopes.iter().map(String::as_str);
    if !config.scopes.is_empty() {
        return config.scopes.iter().map(String::as_str).chain(extra).collect::<Vec<_>>().join(" ");
    }
    let usual = match (config.provider, config.grant) {
        (Provider::Google, _) => "https://mail.google.com/",
        (Provider::Microsoft, Grant::Application) => "https://outlook.office365.com/.default",
        (Provider::Microsoft, Grant::User | Grant::ServiceAccount) => {
            "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
        }
    };
    std::iter::once(usual).chain(extra).collect::<Vec<_>>().join(" ")
}

/// What proves the application, if it has something.
async fn client_secret(config: &OAuth) -> Result<Option<Secret>, Fault> {
    let Some(from) = &config.client_secret else { return Ok(None) };
    let found = from.fetch(|name| std::env::var_os(name)).await;
    let found =
        found.map_err(|source| Fault::Secret { server: config.token_url.clone(), setting: "client_secret", source })?;
    warn(&config.token_url, found.warning.as_deref());
    Ok(Some(found.secret))
}

/// Says what should be known about where something is kept.
fn warn(server: &str, warning: Option<&str>) {
    if let Some(warning) = warning {
        tracing::warn!(server, "{warning}");
    }
}

/// What should be known about where the key and the secret of an application are kept. Asks the file system.
pub(crate) fn warnings(config: &OAuth) -> Vec<String> {
    let key = config.key_file.as_deref().and_then(warning_of);
    let secret = config.client_secret.as_ref().and_then(SecretFrom::warning);
    key.into_iter().chain(secret).collect()
}

/// How long one request may take.
const WITHIN: Duration = Duration::from_secs(30);
