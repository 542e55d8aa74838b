//! A connection to one Nautobot: its address with whatever path stands before `/api/`, the token, the version that both
//! sides speak, deadlines, retries, and never more than [`AT_ONCE`] requests in flight.
//!
//! Redirects are never followed: of a redirected write most clients make a read, and the token is for one host alone.

use std::error::Error as StdError;
use std::fmt;
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::error::Error;
use super::wire;
use crate::text::clean_line;
use crate::tls;
pub use crate::tls::Trust;

/// Requests in flight: a site has few workers, and people use it, too.
pub const AT_ONCE: usize = 4;
/// Bytes that one answer may have, unpacked. A thousand impacts with what they link to have three million.
const LARGEST: usize = 64 << 20;
/// How often a read is tried again.
const REPETITIONS: u32 = 4;
/// The longest pause that a server may ask for and get.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Where a Nautobot is, and how far it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its address, without a final slash and without `/api`.
    pub url: String,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub call_timeout: Duration,
    /// The pause before a read is tried again; it doubles with each.
    pub first_pause: Duration,
}

/// What a Nautobot says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its version, such as `3.1.8`.
    pub version: String,
    /// That of the app.
    pub app: String,
}

/// A connection. Clones share it.
#[derive(Clone)]
pub struct Client {
    /// What all clones share.
    inner: Arc<Inner>,
}

/// What all clones share.
struct Inner {
    /// The address up to and with `/api/`.
    base: String,
    /// The same without, for messages.
    server: String,
    /// Connections.
    http: reqwest::Client,
    /// `Token …`, which is never shown.
    token: HeaderValue,
    /// What is accepted: the version is pinned once it is known.
    accept: Mutex<HeaderValue>,
    /// Whether the log of changes was refused.
    hides_changes: AtomicBool,
    /// Room for requests.
    room: Semaphore,
    /// See [`Server::call_timeout`].
    call_timeout: Duration,
    /// See [`Server::first_pause`].
    first_pause: Duration,
}

/// The token stays out.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.inner.server).finish_non_exhaustive()
    }
}

impl Client {
    /// Prepares a connection; nothing is sent. Reads certificates from the disk.
    pub fn new(server: &Server, token: &str) -> Result<Self, Error> {
        let url = server.url.trim_end_matches('/').trim_end_matches("/api");
        let setup = |what: &str, source| Error::Setup { server: url.to_owned(), what: what.to_owned(), source };
        let mut tls = tls::config(&server.trust)
            .map_err(|error| setup("its certificate cannot be checked", Some(error.into())))?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .connect_timeout(server.connect_timeout)
            .timeout(server.call_timeout)
            .user_agent(concat!("noctui/", env!("CARGO_PKG_VERSION")))
            // uWSGI as it comes closes a connection behind its answer without saying so: what was sent on it meanwhile is
            // lost, and nobody could tell whether it was done.
            .pool_max_idle_per_host(0);
        // A proxy in the environment is for the world outside.
        let http = if is_loopback(url) { http.no_proxy() } else { http };
        let http = http.build().map_err(|error| setup("no HTTP", Some(error.into())))?;
        let mut token = HeaderValue::from_str(&format!("Token {token}"))
            .map_err(|_| setup("the token has characters that no token has", None))?;
        token.set_sensitive(true);
        let inner = Inner {
            base: format!("{url}/api/"),
            server: url.to_owned(),
            http,
            token,
            accept: Mutex::new(HeaderValue::from_static("application/json")),
            hides_changes: AtomicBool::new(false),
            room: Semaphore::new(AT_ONCE),
            call_timeout: server.call_timeout,
            first_pause: server.first_pause,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What it says of itself; needs a valid token and no permission. From then on its version is asked for by name, so
    /// that an update of the server does not change what its answers look like.
    pub async fn about(&self) -> Result<About, Error> {
        // Whatever has no status is another program, or lies below another path.
        let status = self.get("status/").await.map_err(|error| {
            if !matches!(error, Error::NotFound { .. }) {
                return error;
            }
            let why = "404 Not Found, in JSON, for its status";
            Error::NotNautobot { server: self.inner.server.clone(), source: Some(why.into()) }
        })?;
        let text = |value: Option<&Value>| clean_line(value.and_then(Value::as_str).unwrap_or_default());
        let version = text(status.get("nautobot-version"));
        if version.is_empty() {
            return Err(Error::NotNautobot { server: self.inner.server.clone(), source: None });
        }
        let apps = status.get("nautobot-apps").or_else(|| status.get("plugins"));
        let app = text(apps.and_then(|apps| apps.get("nautobot_circuit_maintenance")));
        if app.is_empty() {
            return Err(Error::NoApp { server: self.inner.server.clone() });
        }
        let mut parts = version.split('.').map(str::parse::<u16>);
        if let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next())
            && let Ok(accept) = HeaderValue::from_str(&format!("application/json; version={major}.{minor}"))
        {
            *self.inner.accept.lock().unwrap_or_else(PoisonError::into_inner) = accept;
        }
        Ok(About { version, app })
    }

    /// Reads something; what is under `/api/` is named with its trailing slash. Tried again where that can help.
    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.repeating(Method::GET, path, None).await
    }

    /// Asks a question in GraphQL. It changes nothing, so it is tried again like a read.
    pub async fn graphql(&self, query: &str, variables: &Value) -> Result<Value, Error> {
        let body = serde_json::json!({ "query": query, "variables": variables });
        let answer = self.repeating(Method::POST, "graphql/", Some(&body)).await?;
        match answer.get("errors").and_then(Value::as_array).filter(|errors| !errors.is_empty()) {
            None => Ok(answer),
            Some(errors) => {
                let first = errors.first().and_then(|error| error.get("message")).and_then(Value::as_str);
                let why = clean_line(first.unwrap_or("no reason is given"));
                Err(Error::Broken { what: "answer a question in GraphQL".to_owned(), why })
            }
        }
    }

    /// Writes something, once: whoever asks for it knows what to look at before it is tried again.
    pub async fn write(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        self.ask(method, path, body).await
    }

    /// Asks until there is an answer or no hope.
    async fn repeating(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let mut pause = self.inner.first_pause;
        let mut repetitions = 0;
        loop {
            let error = match self.ask(method.clone(), path, body).await {
                Err(error) if error.is_transient() && repetitions < REPETITIONS => error,
                ended => return ended,
            };
            let asked = if let Error::Busy { after, .. } = &error { *after } else { None };
            let wait = asked.unwrap_or_else(|| jittered(pause)).min(LONGEST_PAUSE);
            tracing::debug!(path, %error, repetitions, "Nautobot is asked again");
            tokio::time::sleep(wait).await;
            pause *= 2;
            repetitions += 1;
        }
    }

    /// Asks once.
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let inner = &self.inner;
        // Fails only when it is closed, which nobody does.
        let _room = inner.room.acquire().await;
        let accept = inner.accept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut request = inner
            .http
            .request(method.clone(), format!("{}{path}", inner.base))
            .header(AUTHORIZATION, inner.token.clone())
            .header(ACCEPT, accept)
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.to_string());
        }
        let what = described(&method, path);
        let response = request.send().await.map_err(|error| self.of_request(&error))?;
        self.answered(&what, method == Method::GET, response).await
    }

    /// What an answer says.
    async fn answered(&self, what: &str, is_read: bool, response: Response) -> Result<Value, Error> {
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = header(CONTENT_TYPE).starts_with("application/json");
        let is_packed = header(CONTENT_ENCODING).eq_ignore_ascii_case("gzip");
        let after = header(RETRY_AFTER).parse().ok().map(Duration::from_secs);
        if status.is_redirection() {
            let to = clean_line(header(reqwest::header::LOCATION));
            let why = format!("it sends us on to {to}");
            return Err(Error::NotNautobot { server: self.inner.server.clone(), source: Some(why.into()) });
        }
        if matches!(status.as_u16(), 429 | 502 | 503 | 504) {
            return Err(Error::Busy { status: status.to_string(), after });
        }
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let bytes = self.body(response, is_packed).await?;
        if !is_json && status == StatusCode::UNAUTHORIZED {
            return Err(unauthorised(what, &self.inner.server));
        }
        if !is_json {
            // A proxy's page of HTML, or another program altogether. What is refused to a write may be for what stands in it.
            let why = format!("{status}, and no JSON");
            let is_broken = status.is_server_error() || (status.is_client_error() && !is_read);
            return Err(if is_broken {
                Error::Broken { what: what.to_owned(), why }
            } else {
                Error::NotNautobot { server: self.inner.server.clone(), source: Some(why.into()) }
            });
        }
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Error::Senseless { what: what.to_owned(), why: error.to_string() })?;
        if status.is_success() { Ok(value) } else { Err(refused(what, &self.inner.server, status, &value)) }
    }

    /// The body, as far as it may go.
    async fn body(&self, mut response: Response, is_packed: bool) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.of_request(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Error::TooLarge { limit: LARGEST });
            }
            body.extend_from_slice(&chunk);
        }
        if !is_packed {
            return Ok(body);
        }
        let mut plain = Vec::new();
        // One byte more than allowed tells a small bomb from an answer that just fits.
        let unpacked = flate2::read::GzDecoder::new(body.as_slice()).take(LARGEST as u64 + 1).read_to_end(&mut plain);
        unpacked.map_err(|error| Error::Senseless { what: "a request".to_owned(), why: error.to_string() })?;
        if plain.len() > LARGEST { Err(Error::TooLarge { limit: LARGEST }) } else { Ok(plain) }
    }

    /// What a request that got no answer means.
    fn of_request(&self, error: &reqwest::Error) -> Error {
        let server = self.inner.server.clone();
        if let Some(tls) = tls::cause(error) {
            return if tls::is_no_tls(tls) {
                let why = "it does not speak TLS; its address may begin with http://".into();
                Error::NotNautobot { server, source: Some(why) }
            } else {
                Error::Untrusted { server, source: Some(tls::why(tls).into()) }
            };
        }
        if error.is_timeout() && !error.is_connect() {
            return Error::Slow { server, within: self.inner.call_timeout };
        }
        let mut cause: &dyn StdError = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Error::Unreachable { server, source: Some(clean_line(&cause.to_string()).into()) }
    }

    /// Whether the log of changes was refused to this connection: it is not asked for again.
    pub(super) fn sees_no_changes(&self) -> bool {
        self.inner.hides_changes.load(Ordering::Relaxed)
    }

    /// The log of changes was refused.
    pub(super) fn hide_changes(&self) {
        self.inner.hides_changes.store(true, Ordering::Relaxed);
    }

    /// Where it is, for messages.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.inner.server
    }
}

/// A refusal, as the situation that it is. There is no 401: the words of a 403 tell what is meant.
fn refused(what: &str, server: &str, status: StatusCode, value: &Value) -> Error {
    let detail = value.get("detail").and_then(Value::as_str).map(clean_line).filter(|detail| !detail.trim().is_empty());
    match status {
        StatusCode::UNAUTHORIZED => {
            detail.map_or_else(|| unauthorised(what, server), |detail| Error::Credentials { detail })
        }
        StatusCode::FORBIDDEN => {
            let detail = detail.unwrap_or_else(|| format!("{server} says {status} to {what}, without a reason"));
            // "You do not have permission to perform this action." is about the action, everything else about the token.
            if detail.to_lowercase().contains("permission") {
                Error::Forbidden { what: what.to_owned() }
            } else {
                Error::Credentials { detail }
            }
        }
        StatusCode::NOT_FOUND => Error::NotFound { what: what.to_owned() },
        // The server is another version than when the connection was made: the next one asks anew.
        status if status.is_server_error() || status == StatusCode::NOT_ACCEPTABLE => {
            let why = value.get("error").and_then(Value::as_str).map(clean_line).or(detail);
            Error::Broken { what: what.to_owned(), why: why.unwrap_or_else(|| status.to_string()) }
        }
        _ => Error::Refused { what: what.to_owned(), why: detail.unwrap_or_else(|| wire::faults(value)) },
    }
}

/// The token is refused, and nobody says why.
fn unauthorised(what: &str, server: &str) -> Error {
    Error::Unauthorised { server: server.to_owned(), what: what.to_owned() }
}

/// A request in words: `change maintenance/…`.
fn described(method: &Method, path: &str) -> String {
    let verb = match *method {
        Method::POST => "make",
        Method::PATCH => "change",
        Method::DELETE => "delete",
        _ => "read",
    };
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    format!("{verb} {}", path.strip_prefix("plugins/circuit-maintenance/").unwrap_or(path))
}

/// Whether an address is on this machine.
fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]")
}

/// Between half of `pause` and all of it, so that those who lost the same server do not come back together.
fn jittered(pause: Duration) -> Duration {
    let random = u32::try_from(uuid::Uuid::new_v4().as_u128() & 0xffff).unwrap_or_default();
    pause / 2 + pause * random / 0x2_0000
}
