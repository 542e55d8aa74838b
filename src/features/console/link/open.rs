//! Opens the websocket: address, TLS, token.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use tokio::time::timeout;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self};

use super::{Carrier, LARGEST_MESSAGE, Link, Patience};
use crate::config::{Endpoint, MachineName, ProxyUrl};
use crate::features::console::cluster::status;
use crate::features::console::dial::{self, Through, Way};
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
    let server = || route.url.endpoint.to_string();
    let config = if route.url.tls {
        let config = tls::config(&route.trust);
        Some(Arc::new(config.map_err(|error| Error::Setup { server: server(), source: error.into() })?))
    } else {
        None
    };
    let endpoint = &route.url.endpoint;
    let tls = config.as_ref().map(|config| (config, endpoint.host.as_str()));
    let carrier = dial::connect(Way { endpoint, tls, through: Through::Nothing }).await;
    let carrier = carrier.map_err(|error| by_given(error, &route.trust))?;
    // No subprotocol is offered: the proxy names none, and that would be an error then.
    let address = format!("{}/{}/{machine}", route.url, token.secret().expose());
    let request = address.into_client_request().map_err(|error| senseless(machine.as_str(), &error))?;
    upgrade(carrier, request, endpoint, machine.as_str()).await.map_err(|error| {
        let Error::NoWebsocket { server, status } = error else { return error };
        // A page is an answer to what was asked; anything else may be that of TLS.
        let is_page = status.starts_with(|c: char| c.is_ascii_digit());
        if route.url.tls || is_page {
            Error::NoWebsocket { server, status }
        } else {
            Error::NotPlain { server, status }
        }
    })
}

/// Where authorities were given, another one has to be: nobody is told to give some.
fn by_given(error: Error, trust: &Trust) -> Error {
    let Error::Untrusted { server, source } = error else { return error };
    if matches!(trust, Trust::File(_)) && source.to_string().contains("signed by nobody") {
        Error::UntrustedByGiven { server, source }
    } else {
        Error::Untrusted { server, source }
    }
}

/// Makes a websocket of a stream to `server`.
pub(in crate::features::console) async fn upgrade(
    carrier: Box<dyn Carrier>,
    request: Request<()>,
    server: &Endpoint,
    machine: &str,
) -> Result<Link, Error> {
    let config =
        WebSocketConfig::default().max_message_size(Some(LARGEST_MESSAGE)).max_frame_size(Some(LARGEST_MESSAGE));
    match client_async_with_config(request, carrier, Some(config)).await {
        Ok((socket, _)) => Ok(Link::new(machine.to_owned(), socket, Patience::USUAL)),
        Err(tungstenite::Error::Http(response)) => {
            let said = response.body().as_deref().unwrap_or_default();
            if let Some(message) = status::message(said) {
                let status = response.status().as_u16();
                return Err(Error::Api { server: server.to_string(), status, message });
            }
            let said: String = clean_line(String::from_utf8_lossy(said).trim()).chars().take(EXCERPT).collect();
            let status = response.status().to_string();
            let status = if said.is_empty() { status } else { format!("{status}: {said}") };
            Err(Error::NoWebsocket { server: server.to_string(), status })
        }
        Err(tungstenite::Error::Protocol(ProtocolError::HandshakeIncomplete)) => {
            let status = "it ends the connection without an answer".to_owned();
            Err(Error::NoWebsocket { server: server.to_string(), status })
        }
        Err(tungstenite::Error::Io(error)) => Err(dial::unreachable(server, &error)),
        Err(error) => Err(Error::NoWebsocket { server: server.to_string(), status: clean_line(&error.to_string()) }),
    }
}

/// A request cannot be made.
pub(in crate::features::console) fn senseless(machine: &str, error: &tungstenite::Error) -> Error {
    Error::Senseless { machine: machine.to_owned(), source: clean_line(&error.to_string()).into() }
}
