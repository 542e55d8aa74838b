//! What CloudVision serves as plain pages beside gRPC.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use tonic::Code;

use super::Client;
use super::call::Repeat;
use super::connect::Nodes;
use crate::features::cloudvision::error::Error;
use crate::text::clean_line;
use crate::tls;

/// Bytes that a page may have: a configuration of a large chassis with its difference.
const LARGEST: usize = 64 << 20;
/// How long a page may take.
const WITHIN: Duration = Duration::from_mins(1);

/// A client for pages of `nodes`. It follows no redirect: the token is for this host alone. Proxies are those of the
/// environment, as for the connection beside it.
pub(super) fn client(nodes: &Nodes, tls: &ClientConfig, connect_timeout: Duration) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder();
    let builder = if nodes.are_here() { builder.no_proxy() } else { builder };
    builder
        .tls_backend_preconfigured(tls.clone())
        .https_only(true)
        .redirect(Policy::none())
        .connect_timeout(connect_timeout)
        .timeout(WITHIN)
        .build()
}

impl Client {
    /// The page of `what` at `path`, from the first node that can be reached. `path` begins with a slash.
    pub(crate) async fn page(&self, what: &'static str, path: &str, repeat: Repeat) -> Result<Vec<u8>, Error> {
        self.repeating(what, repeat, WITHIN, |_| Box::pin(self.page_once(what, path))).await
    }

    /// Asks once for a page.
    async fn page_once(&self, what: &'static str, path: &str) -> Result<Vec<u8>, Error> {
        let server = || self.inner.server.clone();
        let mut failure = Error::Unreachable { server: server(), source: None };
        for (index, node) in self.inner.nodes.in_turn() {
            let request = self.inner.http.get(format!("https://{node}{path}"));
            let bearer = self.inner.bearer.to_str().unwrap_or_default();
            match request.header(AUTHORIZATION, bearer).send().await {
                Ok(response) => {
                    self.inner.nodes.settle(index);
                    return self.body(what, response).await;
                }
                Err(error) => failure = of_request(what, server(), &error),
            }
        }
        Err(failure)
    }

    /// The body of an answer, if it is one.
    async fn body(&self, what: &'static str, mut response: reqwest::Response) -> Result<Vec<u8>, Error> {
        let server = self.inner.server.clone();
        let status = response.status();
        let refused = |code| Err(Error::Refused { call: what, code, message: status.to_string() });
        match status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => return Err(Error::Unauthenticated { server }),
            StatusCode::FORBIDDEN => return Err(Error::Forbidden { call: what, message: String::new() }),
            StatusCode::NOT_FOUND => return Err(Error::NotFound { what: what.to_owned() }),
            StatusCode::TOO_MANY_REQUESTS => return refused(Code::ResourceExhausted),
            status if status.is_server_error() => return refused(Code::Unavailable),
            status => return Err(Error::Senseless { call: what, what: status.to_string() }),
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST => body.extend_from_slice(&chunk),
                Ok(Some(_)) => return Err(Error::Senseless { call: what, what: "it does not end".to_owned() }),
                Ok(None) => return Ok(body),
                Err(error) => return Err(of_request(what, server, &error)),
            }
        }
    }
}

/// What a request that got no whole answer means.
fn of_request(what: &'static str, server: String, error: &reqwest::Error) -> Error {
    if let Some(tls) = tls::cause(error) {
        return Error::Untrusted { server, source: Some(tls::Distrust::of(tls).into()) };
    }
    let mut cause: &dyn StdError = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let source = Some(clean_line(&cause.to_string()).into());
    match error {
        error if error.is_connect() => Error::Unreachable { server, source },
        error if error.is_timeout() => Error::TimedOut { call: what, after: WITHIN },
        _ => Error::Lost { call: what, source },
    }
}
