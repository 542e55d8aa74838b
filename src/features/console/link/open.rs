//! Opens the websocket: address, TLS, token.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self};

use super::{Carrier, LARGEST_MESSAGE, Link, Patience};
use crate::config::{MachineName, ProxyUrl};
use crate::features::console::error::Error;
use crate::features::console::token::Token;
use crate::text::clean_line;
use crate::tls::{self, Trust};

/// How long the way to an open websocket may take.
const WITHIN: Duration = Duration::from_secs(15);
/// Of a page that comes instead of a websocket, so many characters are told.
const EXCERPT: usize = 200;

/// Where a proxy is, and whether it is the one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its address.
    pub url: ProxyUrl,
    /// Whose certificates are trusted, where it speaks TLS.
    pub trust: Trust,
}

/// Opens the console of `machine`. That the proxy opened it does not mean that it lets us in: that shows in what is read.
///
/// # Errors
/// Where no websocket comes about.
pub async fn open(route: &Route, token: &Token, machine: &MachineName) -> Result<Link, Error> {
    let server = route.url.endpoint.to_string();
    let opened = timeout(WITHIN, dial(route, token, machine)).await;
    opened.unwrap_or(Err(Error::TimedOut { server, after: WITHIN }))
}

/// The same, for as long as it takes.
async fn dial(route: &Route, token: &Token, machine: &MachineName) -> Result<Link, Error> {
    let server = route.url.endpoint.to_string();
    let carrier = carrier(route).await?;
    // No subprotocol is offered: the proxy names none, and that would be an error then.
    let address = format!("{}/{}/{machine}", route.url, token.secret().expose());
    let request = address.into_client_request();
    let senseless = |error: &tungstenite::Error| Error::Senseless {
        machine: machine.to_string(),
        source: clean_line(&error.to_string()).into(),
    };
    let request = request.map_err(|error| senseless(&error))?;
    let config =
        WebSocketConfig::default().max_message_size(Some(LARGEST_MESSAGE)).max_frame_size(Some(LARGEST_MESSAGE));
    match client_async_with_config(request, carrier, Some(config)).await {
        Ok((socket, _)) => Ok(Link::new(machine.to_string(), socket, Patience::USUAL)),
        Err(tungstenite::Error::Http(response)) => {
            let said = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            let said: String = clean_line(said.trim()).chars().take(EXCERPT).collect();
            let status = response.status().to_string();
            let status = if said.is_empty() { status } else { format!("{status}: {said}") };
            Err(Error::NoWebsocket { server, status })
        }
        Err(tungstenite::Error::Io(error)) => Err(unreachable(server, &error)),
        Err(error) => Err(Error::NoWebsocket { server, status: clean_line(&error.to_string()) }),
    }
}

/// A connection to the proxy.
async fn carrier(route: &Route) -> Result<Box<dyn Carrier>, Error> {
    let server = route.url.endpoint.to_string();
    let (host, port) = (route.url.endpoint.host.as_str(), route.url.endpoint.port);
    let failed = |error: io::Error| unreachable(server.clone(), &error);
    let stream = TcpStream::connect((host, port)).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    if !route.url.tls {
        return Ok(Box::new(stream));
    }
    let config = tls::config(&route.trust);
    let config = config.map_err(|error| Error::Setup { server: server.clone(), source: error.into() })?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(io::Error::other(error)))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(failed)?;
    Ok(Box::new(stream))
}

/// What an error of the connection means.
fn unreachable(server: String, error: &io::Error) -> Error {
    match tls::cause(error) {
        Some(tls) => Error::Untrusted { server, source: clean_line(&tls.to_string()).into() },
        None => Error::Unreachable { server, source: clean_line(&error.to_string()).into() },
    }
}
