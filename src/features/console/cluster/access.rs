//! What lets us in at a cluster: tokens that are read again when they may have changed, certificates, and what plugins give.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use rustls::ClientConfig;
use tokio::sync::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::exec::{self, Exec};
use crate::blocking;
use crate::clock;
use crate::config::Endpoint;
use crate::features::console::error::Error;
use crate::secret::{Secret, SecretFrom};
use crate::tls::{self, ClientCertificate, Trust};

/// A token in a file is read again after this time: those of pods change every hour.
const TOKEN_FILE_FOR: Duration = Duration::from_mins(1);
/// What a plugin gave is asked for again so long before it ends.
const BEFORE_THE_END: TimeDelta = TimeDelta::seconds(30);

/// A cluster, and what lets us in.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The name of its context.
    pub name: String,
    /// Where its API is.
    pub endpoint: Endpoint,
    /// Whether TLS protects the way there.
    pub is_tls: bool,
    /// What stands in front of every path, without a slash at its end.
    pub path: String,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// The name in its certificate, where it is not its host.
    pub server_name: Option<String>,
    /// The proxy that leads there; the one of the environment where it says nothing.
    pub proxy: Option<Uri>,
    /// The namespace that is meant where nobody says.
    pub namespace: String,
    /// Who we are there.
    pub user: User,
}

/// Who we are at a cluster.
#[derive(Clone, Default)]
pub struct User {
    /// A token.
    pub(super) token: Option<Secret>,
    /// A file with the token, which changes.
    pub(super) token_file: Option<PathBuf>,
    /// A certificate.
    pub(super) certificate: Option<Arc<ClientCertificate>>,
    /// A name and a password.
    pub(super) password: Option<(String, Zeroizing<String>)>,
    /// A program that gives one of those.
    pub(super) exec: Option<Arc<Exec>>,
    /// In whose name requests are made, where that is somebody else's.
    pub(super) acts_as: Option<String>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rest is secret.
        f.debug_struct("User").field("acts_as", &self.acts_as).finish_non_exhaustive()
    }
}

/// What a request takes along.
#[derive(Debug, Clone)]
pub(super) struct Pass {
    /// Headers.
    pub(super) headers: HeaderMap,
    /// TLS, with the certificate where there is one; `None` where the cluster has none.
    pub(super) tls: Option<Arc<ClientConfig>>,
}

/// Keeps what was fetched. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    cluster: Arc<Cluster>,
    held: Arc<Mutex<Held>>,
    /// How long a plugin may take.
    within: Duration,
}

/// What was fetched.
#[derive(Debug, Default)]
struct Held {
    token: Option<Secret>,
    /// When it was read from its file.
    read_at: Option<Instant>,
    /// When what a plugin gave ends.
    ends_at: Option<DateTime<Utc>>,
    /// Whether the plugin was asked.
    asked: bool,
    tls: Option<Arc<ClientConfig>>,
}

impl Keeper {
    /// Fetches nothing yet.
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Self { cluster, held: Arc::default(), within: exec::WITHIN }
    }

    /// The same with less patience for plugins.
    #[cfg(test)]
    pub(super) fn with_patience(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    /// What the next request takes along.
    pub(super) async fn pass(&self) -> Result<Pass, Error> {
        let mut held = self.held.lock().await;
        let user = &self.cluster.user;
        let mut certificate = user.certificate.clone();
        let is_plugin = user.exec.is_some() && user.token.is_none() && user.token_file.is_none();
        if let Some(exec) = user.exec.as_deref().filter(|_| is_plugin) {
            let is_over = held.ends_at.is_some_and(|end| end - BEFORE_THE_END <= clock::now());
            if !held.asked || is_over {
                let given = exec.ask(&self.cluster.name, self.within).await?;
                (held.token, held.ends_at, held.asked) = (given.token, given.ends_at, true);
                held.tls = None;
                certificate = given.certificate.map(Arc::new).or(certificate);
            }
        } else if let Some(path) = &user.token_file {
            if held.read_at.is_none_or(|at| at.elapsed() >= TOKEN_FILE_FOR) {
                let server = self.cluster.endpoint.to_string();
                let found = SecretFrom::File(path.clone()).fetch(|_| None).await;
                held.token = Some(found.map_err(|source| Error::NoSecret { proxy: server, source })?.secret);
                held.read_at = Some(Instant::now());
            }
        } else {
            held.token.clone_from(&user.token);
        }
        if held.tls.is_none() && self.cluster.is_tls {
            held.tls = Some(Arc::new(self.tls(certificate).await?));
        }
        let mut headers = HeaderMap::new();
        let secret = match (&held.token, &user.password) {
            (Some(token), _) => Some(format!("Bearer {}", token.expose())),
            (None, Some((name, password))) => {
                let both = Zeroizing::new(format!("{name}:{}", password.as_str()));
                Some(format!("Basic {}", STANDARD.encode(both.as_bytes())))
            }
            (None, None) => None,
        };
        if let Some(mut value) = secret.and_then(|secret| HeaderValue::try_from(secret).ok()) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        if let Some(name) = user.acts_as.as_ref().and_then(|name| HeaderValue::try_from(name).ok()) {
            headers.insert(HeaderName::from_static("impersonate-user"), name);
        }
        Ok(Pass { headers, tls: held.tls.clone() })
    }

    /// The cluster does not take it: the next request fetches again. Returns whether that can help.
    pub(super) async fn forget(&self) -> bool {
        let user = &self.cluster.user;
        let mut held = self.held.lock().await;
        (held.asked, held.read_at) = (false, None);
        user.exec.is_some() || user.token_file.is_some()
    }

    /// TLS for this cluster. Reading certificates blocks.
    async fn tls(&self, certificate: Option<Arc<ClientCertificate>>) -> Result<ClientConfig, Error> {
        let trust = self.cluster.trust.clone();
        let made = blocking::run(move || tls::config_of(&trust, certificate.as_deref())).await;
        let server = self.cluster.endpoint.to_string();
        made.map_err(|error| {
            if let tls::TrustError::Client(source) = error {
                return Error::ClientCertificate { server, source };
            }
            Error::Setup { server, source: error.into() }
        })
    }
}
