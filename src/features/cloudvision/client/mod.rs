//! A connection to one CloudVision: TLS, token, deadlines, retries. One async function per remote call, in the files
//! beside this one; no channels, no screen.
//!
//! Calls go over one HTTP/2 connection that is opened when it is first needed and opened again when it broke. What is
//! safe to repeat is repeated ([`call`]); streams that stay open are subscribed anew ([`subscription`]).

mod bulk;
mod call;
pub(crate) mod change;
pub mod configlet;
mod connect;
pub mod inventory;
mod page;
pub mod studio;
mod subscription;
pub mod tag;
mod version;
pub mod workspace;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::watch;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

pub use self::call::Repeat;
pub use self::subscription::{Heard, Silence, Subscription, Told};
pub use self::version::Version;
use super::error::Error;
use crate::config::Endpoint;
pub use crate::tls::Trust;

/// A call that has no answer after this long has failed, unless the configuration says otherwise.
pub const CALL_TIMEOUT: Duration = Duration::from_mins(10);
/// The same for a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a CloudVision is, and how far it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its nodes, each as good as the others; at least one. The next one is tried where one cannot be reached.
    pub nodes: Vec<Endpoint>,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a call may take, all its attempts together.
    pub call_timeout: Duration,
}

impl Server {
    /// A server with the usual deadlines.
    #[must_use]
    pub fn new(node: Endpoint, trust: Trust) -> Self {
        Self { nodes: vec![node], trust, connect_timeout: CONNECT_TIMEOUT, call_timeout: CALL_TIMEOUT }
    }

    /// What it is called in messages.
    #[must_use]
    pub fn name(&self) -> String {
        self.nodes.first().map_or_else(|| "CloudVision".to_owned(), ToString::to_string)
    }
}

/// A connection. Clones share it.
#[derive(Clone)]
pub struct Client {
    /// What all clones share.
    inner: Arc<Inner>,
}

/// What all clones of a client share.
struct Inner {
    /// See [`Server::name`].
    server: String,
    /// HTTP/2, opened when it is needed.
    channel: Channel,
    /// `Bearer TOKEN`, which is never shown.
    bearer: MetadataValue<Ascii>,
    /// For pages.
    http: reqwest::Client,
    /// Nodes, and which one is in use.
    nodes: connect::Nodes,
    /// See [`Server::call_timeout`].
    call_timeout: Duration,
    /// Whether any call was ever answered.
    has_answered: AtomicBool,
    /// Why the server is asked again, as long as it does not answer.
    silence: watch::Sender<Option<String>>,
    /// The version, once it was asked for.
    version: tokio::sync::OnceCell<Version>,
}

/// The token stays out.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.inner.server).finish_non_exhaustive()
    }
}

impl Client {
    /// Prepares a connection with a bearer token; nothing is sent before the first call. Reads certificates from the disk,
    /// and needs a Tokio runtime around it.
    ///
    /// # Errors
    /// [`Error::Setup`] when the certificates or the token cannot be used.
    pub fn new(server: &Server, token: &str) -> Result<Self, Error> {
        let name = server.name();
        let setup = |what: &str| Error::Setup { server: name.clone(), what: what.to_owned(), source: None };
        let mut bearer: MetadataValue<Ascii> =
            format!("Bearer {token}").parse().map_err(|_| setup("the token has characters that no token has"))?;
        bearer.set_sensitive(true);
        let tls = crate::tls::config(&server.trust).map_err(|error| Error::Setup {
            server: name.clone(),
            what: "its certificate cannot be checked".to_owned(),
            source: Some(error.into()),
        })?;
        let nodes = connect::Nodes::new(server.nodes.clone());
        let channel =
            connect::channel(&nodes, &tls, server.connect_timeout).ok_or_else(|| setup("there is no address of it"))?;
        let http = page::client(&nodes, &tls, server.connect_timeout).map_err(|error| Error::Setup {
            server: name.clone(),
            what: "no HTTP".to_owned(),
            source: Some(error.into()),
        })?;
        let inner = Inner {
            server: name,
            channel,
            bearer,
            http,
            nodes,
            call_timeout: server.call_timeout,
            has_answered: AtomicBool::new(false),
            silence: watch::Sender::new(None),
            version: tokio::sync::OnceCell::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Why the server is asked again, as long as it does not answer: what would otherwise be a long silence.
    #[must_use]
    pub fn silence(&self) -> watch::Receiver<Option<String>> {
        self.inner.silence.subscribe()
    }

    /// The server answered.
    fn answered(&self) {
        self.inner.silence.send_if_modified(|silence| silence.take().is_some());
    }

    /// The server did not answer, and is asked again after `pause`.
    fn asks_again(&self, error: &Error, pause: Duration) {
        let text = format!("{error}; asking again in {} s", pause.as_secs().max(1));
        self.inner.silence.send_replace(Some(text));
    }

    /// What the server is called in messages.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.inner.server
    }
}

#[cfg(test)]
mod tests;
