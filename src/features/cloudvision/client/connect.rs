//! The HTTP/2 connection: the nodes of a cluster are tried in turn, beginning with the one that worked last; through the
//! proxy that `HTTPS_PROXY` or `ALL_PROXY` names, where `NO_PROXY` does not except them.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Uri};
use tower::{Service, service_fn};

use crate::config::Endpoint;

/// How often a connection in use is tried out. Servers refuse more than one in 30 s.
const PING_EVERY: Duration = Duration::from_mins(1);
/// How long the answer may take.
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// What may be on its way to this side at once, in one stream and in all together: fabrics of a thousand devices come in
/// few round trips.
const WINDOW: u32 = 4 << 20;

/// The nodes of a cluster. Clones share which one is in use.
#[derive(Debug, Clone)]
pub(super) struct Nodes {
    /// At least one, or nothing can be connected.
    nodes: Arc<[Endpoint]>,
    /// Index of the one that worked last.
    current: Arc<AtomicUsize>,
}

impl Nodes {
    /// Begins with the first one.
    pub(super) fn new(nodes: Vec<Endpoint>) -> Self {
        Self { nodes: nodes.into(), current: Arc::default() }
    }

    /// The one that worked last.
    pub(super) fn current(&self) -> Option<&Endpoint> {
        self.nodes.get(self.current.load(Ordering::Relaxed))
    }

    /// All of them, beginning with the one that worked last.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = (usize, &Endpoint)> {
        let current = self.current.load(Ordering::Relaxed);
        self.nodes.iter().enumerate().cycle().skip(current).take(self.nodes.len())
    }

    /// Whether all of them are on this machine.
    pub(super) fn are_here(&self) -> bool {
        self.nodes.iter().all(Endpoint::is_here)
    }

    /// This one works.
    pub(super) fn settle(&self, index: usize) {
        self.current.store(index, Ordering::Relaxed);
    }

    /// Opens a TLS connection to the first node that takes one. The error is that of the last.
    async fn connect(
        &self,
        proxies: &Matcher,
        tls: &TlsConnector,
        within: Duration,
    ) -> io::Result<TokioIo<TlsStream<TcpStream>>> {
        let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address");
        for (index, node) in self.in_turn() {
            let connected = timeout(within, connect(node, proxies, tls)).await.unwrap_or_else(|_| {
                Err(io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {} s", within.as_secs())))
            });
            match connected {
                Ok(stream) => {
                    self.settle(index);
                    return Ok(TokioIo::new(stream));
                }
                Err(error) => {
                    tracing::info!(%node, %error, "cannot connect");
                    failure = error;
                }
            }
        }
        Err(failure)
    }
}

/// Opens a TLS connection to `node`.
async fn connect(node: &Endpoint, proxies: &Matcher, tls: &TlsConnector) -> io::Result<TlsStream<TcpStream>> {
    let name =
        ServerName::try_from(node.host.clone()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let stream = match proxy(node, proxies) {
        Some(proxy) => through(&proxy, node).await?,
        None => TcpStream::connect((node.host.as_str(), node.port)).await?,
    };
    stream.set_nodelay(true)?;
    tls.connect(name, stream).await
}

/// The proxy that the environment wants to be asked for `node`.
fn proxy(node: &Endpoint, proxies: &Matcher) -> Option<Intercept> {
    let address: Uri = format!("https://{node}/").parse().ok()?;
    proxies.intercept(&address).filter(|_| !node.is_here())
}

/// Has a proxy open a way to `node` (RFC 9110 §9.3.6). TLS ends at the node: the proxy reads nothing.
async fn through(proxy: &Intercept, node: &Endpoint) -> io::Result<TcpStream> {
    let failed = |error: &str| io::Error::other(format!("through the proxy {}: {error}", proxy.uri()));
    if proxy.uri().scheme_str() != Some("http") {
        return Err(failed("only proxies with http:// are spoken to"));
    }
    let address: Uri = format!("https://{node}/").parse().map_err(|_| failed("no such address"))?;
    let tunnel = Tunnel::new(proxy.uri().clone(), HttpConnector::new());
    let mut tunnel = match proxy.basic_auth() {
        Some(auth) => tunnel.with_auth(auth.clone()),
        None => tunnel,
    };
    let opened = async {
        poll_fn(|context| tunnel.poll_ready(context)).await?;
        tunnel.call(address).await
    };
    Ok(opened.await.map_err(|error| failed(&error.to_string()))?.into_inner())
}

/// A connection that is opened when it is first needed; none if there is no node.
pub(super) fn channel(nodes: &Nodes, tls: &ClientConfig, within: Duration) -> Option<Channel> {
    let origin: Uri = format!("https://{}", nodes.current()?).parse().ok()?;
    // Of an address with `https` tonic wants to make the TLS itself; what is sent says `https` by the origin.
    let address: Uri = format!("http://{}", nodes.current()?).parse().ok()?;
    let mut tls = tls.clone();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let (nodes, proxies, tls) = (nodes.clone(), Arc::new(Matcher::from_env()), TlsConnector::from(Arc::new(tls)));
    let connector = service_fn(move |_: Uri| {
        let (nodes, proxies, tls) = (nodes.clone(), Arc::clone(&proxies), tls.clone());
        async move { nodes.connect(&proxies, &tls, within).await }
    });
    let endpoint = Channel::builder(address)
        .origin(origin)
        .http2_keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    Some(endpoint.connect_with_connector_lazy(connector))
}
