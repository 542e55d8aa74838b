//! Requests on their way: what lets in, the connection, and what an answer's head means.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::Api;
use crate::features::console::cluster::access::Pass;
use crate::features::console::cluster::status;
use crate::features::console::dial::{self, Through, Way};
use crate::features::console::error::Error;
use crate::features::console::link::{self, Carrier, Link};
use crate::text::clean_line;

/// How long the rest of an answer may take.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// The largest page or line of a watch.
pub(super) const LARGEST: usize = 64 << 20;

/// The head of an answer, and the connection that the rest comes on.
pub(super) struct Answer {
    /// What it says in the head.
    pub(super) status: StatusCode,
    /// The rest, as it comes.
    pub(super) body: Incoming,
    /// Carries the connection as long as the answer is read.
    _connection: JoinSet<()>,
}

impl Api {
    /// Sends a request; once more where what lets us in may have changed.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<&'static str>) -> Result<Answer, Error> {
        // What lets us in has a time of its own: while a plugin takes it, the API was not asked.
        let once = |method| async {
            let pass = self.keeper.pass().await?;
            timeout(self.within, self.send_once(pass, method, path, body))
                .await
                .unwrap_or_else(|_| Err(self.late(self.within)))
        };
        let answer = once(method.clone()).await?;
        if answer.status == StatusCode::UNAUTHORIZED && self.keeper.forget().await {
            return once(method).await;
        }
        Ok(answer)
    }

    /// Nothing was said for so long.
    fn late(&self, after: Duration) -> Error {
        Error::NoAnswer { server: self.server(), after }
    }

    /// Sends a request on a connection of its own.
    async fn send_once(
        &self,
        pass: Pass,
        method: Method,
        path: &str,
        body: Option<&'static str>,
    ) -> Result<Answer, Error> {
        let stream = self.connect(&pass).await?;
        let lost = |error: hyper::Error| Error::Unreachable { server: self.server(), source: error.into() };
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            // What goes wrong on it is told to whoever reads the answer.
            let _ = connection.await;
        });
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.cluster.path));
        if let Some(headers) = request.headers_mut() {
            headers.extend(pass.headers);
            headers.insert(header::HOST, self.host());
            headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::USER_AGENT, HeaderValue::from_static("noctui"));
        }
        let request = request.body(Full::new(Bytes::from_static(body.unwrap_or_default().as_bytes())));
        let request = request.map_err(|error| self.senseless(&error))?;
        let response = sender.send_request(request).await.map_err(lost)?;
        Ok(Answer { status: response.status(), body: response.into_body(), _connection: carrying })
    }

    /// Opens a websocket.
    pub(super) async fn websocket(&self, path: &str, machine: &str) -> Result<Link, Error> {
        let pass = self.keeper.pass().await?;
        let opened = timeout(self.within, self.upgrade(pass, path, machine)).await;
        opened.unwrap_or_else(|_| Err(self.late(self.within)))
    }

    /// The same, for as long as it takes.
    async fn upgrade(&self, pass: Pass, path: &str, machine: &str) -> Result<Link, Error> {
        let stream = self.connect(&pass).await?;
        let scheme = if self.cluster.is_tls { "wss" } else { "ws" };
        let address = format!("{scheme}://{}{}{path}", self.cluster.endpoint, self.cluster.path);
        let mut request = address.into_client_request().map_err(|error| link::senseless(machine, &error))?;
        // No subprotocol: the API takes none for one, and names none then.
        request.headers_mut().extend(pass.headers);
        link::upgrade(stream, request, &self.cluster.endpoint, machine).await
    }

    /// A connection to the API.
    async fn connect(&self, pass: &Pass) -> Result<Box<dyn Carrier>, Error> {
        let cluster = &self.cluster;
        let name = cluster.server_name.as_deref().unwrap_or(&cluster.endpoint.host);
        let through = cluster.proxy.as_ref().map_or(Through::Surroundings, Through::Proxy);
        let way = Way { endpoint: &cluster.endpoint, tls: pass.tls.as_ref().map(|tls| (tls, name)), through };
        // Whose certificate it may be stands elsewhere than for proxies, and so does the name that is looked for in it.
        dial::connect(way).await.map_err(|error| {
            let Error::Untrusted { server, source } = error else { return error };
            let is_other_name = source.to_string().contains("name in the address");
            match cluster.server_name.clone().filter(|_| is_other_name) {
                Some(name) => Error::OtherServerName { server, name },
                None => Error::UntrustedCluster { server, source },
            }
        })
    }

    /// The body of an answer that is none of the API's noes.
    pub(super) async fn checked(&self, answer: Answer) -> Result<Bytes, Error> {
        let Answer { status, body, _connection } = answer;
        let server = || self.server();
        let body = http_body_util::Limited::new(body, LARGEST).collect();
        let body = timeout(BODY_WITHIN, body).await.map_err(|_| self.late(BODY_WITHIN))?;
        let body = body.map_err(|error| Error::Unreachable { server: server(), source: error })?.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        let unsaid = || status.canonical_reason().unwrap_or("no reason").to_owned();
        let message = status::message(&body).unwrap_or_else(unsaid);
        Err(Error::Api { server: server(), status: status.as_u16(), message })
    }

    /// Host and port.
    pub(super) fn server(&self) -> String {
        self.cluster.endpoint.to_string()
    }

    /// The same as a header.
    fn host(&self) -> HeaderValue {
        HeaderValue::try_from(self.server()).unwrap_or(HeaderValue::from_static("localhost"))
    }

    /// What came is not what the API says.
    pub(super) fn senseless(&self, why: &dyn std::fmt::Display) -> Error {
        Error::NoKubeVirt { server: self.server(), why: clean_line(&why.to_string()) }
    }
}
