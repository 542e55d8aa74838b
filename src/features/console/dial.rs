//! A stream of bytes to a server: TCP, through a proxy where there is one, with TLS where that is wanted.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower::Service as _;

use super::error::{CUT, Error};
use super::link::Carrier;
use crate::config::Endpoint;
use crate::text::clean_line;
use crate::tls;

/// Where to, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    /// The server.
    pub(super) endpoint: &'a Endpoint,
    /// TLS, and the name that the server's certificate is for.
    pub(super) tls: Option<(&'a Arc<ClientConfig>, &'a str)>,
    /// What leads there.
    pub(super) through: Through<'a>,
}

/// What leads to a server.
#[derive(Debug, Clone, Copy)]
pub(super) enum Through<'a> {
    /// Nothing.
    Nothing,
    /// The proxy of `HTTPS_PROXY` or `ALL_PROXY`, where there is one and `NO_PROXY` does not except the server.
    Surroundings,
    /// This proxy.
    Proxy(&'a Uri),
}

/// Opens the way there.
pub(super) async fn connect(way: Way<'_>) -> Result<Box<dyn Carrier>, Error> {
    let failed = |error: io::Error| unreachable(way.endpoint, &error);
    let stream = match proxy(way) {
        Some((proxy, auth)) => through(&proxy, auth, way.endpoint).await,
        None => TcpStream::connect((way.endpoint.host.as_str(), way.endpoint.port)).await,
    };
    let stream = stream.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let Some((config, name)) = way.tls else { return Ok(Box::new(stream)) };
    let name = ServerName::try_from(name.to_owned()).map_err(|error| failed(io::Error::other(error)))?;
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(failed)?;
    Ok(Box::new(stream))
}

/// The proxy that is to be asked, and what it wants to see.
fn proxy(way: Way<'_>) -> Option<(Uri, Option<http::HeaderValue>)> {
    match way.through {
        Through::Nothing => None,
        Through::Proxy(proxy) => Some((proxy.clone(), None)),
        Through::Surroundings => {
            let address: Uri = format!("https://{}/", way.endpoint).parse().ok()?;
            let found = Matcher::from_env().intercept(&address).filter(|_| !way.endpoint.is_here())?;
            Some((found.uri().clone(), found.basic_auth().cloned()))
        }
    }
}

/// Has a proxy open a way (RFC 9110 §9.3.6). TLS ends at the server: the proxy reads nothing.
async fn through(proxy: &Uri, auth: Option<http::HeaderValue>, server: &Endpoint) -> io::Result<TcpStream> {
    let failed = |error: &str| io::Error::other(format!("through the proxy {proxy}: {error}"));
    if proxy.scheme_str() != Some("http") {
        return Err(failed("only proxies with http:// are spoken to"));
    }
    let address: Uri = format!("https://{server}/").parse().map_err(|_| failed("no such address"))?;
    let tunnel = Tunnel::new(proxy.clone(), HttpConnector::new());
    let mut tunnel = match auth {
        Some(auth) => tunnel.with_auth(auth),
        None => tunnel,
    };
    let opened = async {
        poll_fn(|context| tunnel.poll_ready(context)).await?;
        tunnel.call(address).await
    };
    Ok(opened.await.map_err(|error| failed(&error.to_string()))?.into_inner())
}

/// What an error of the connection means.
pub(super) fn unreachable(endpoint: &Endpoint, error: &io::Error) -> Error {
    let server = endpoint.to_string();
    match tls::cause(error) {
        // It says no to us, and nothing of its own certificate is wrong.
        Some(rustls::Error::AlertReceived(alert)) => {
            Error::Unreachable { server, source: format!("{CUT}: {alert:?}").into() }
        }
        // Words of the library for programmers.
        None if error.to_string().contains("close_notify") => Error::Unreachable { server, source: CUT.into() },
        Some(tls) => Error::Untrusted { server, source: tls::why(tls).into() },
        None => Error::Unreachable { server, source: clean_line(&error.to_string()).into() },
    }
}
