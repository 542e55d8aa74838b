//! The calls, and how one is sent.

use std::error::Error as StdError;
use std::fmt::Write as _;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use serde_json::Value;

use super::answer::{Answer, read};
use super::{Client, Server, proxy};
use crate::features::lab::error::Error;
use crate::secret::Secret;
use crate::text::clean_line;
use crate::tls::{self, Trust};

/// Bytes that an answer may have: ten thousand forwards and their firewall.
const LARGEST: usize = 16 << 20;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// The forwards.
    List,
    /// A new forward.
    Make,
    /// The end of a forward.
    Remove,
    /// The addresses.
    Addresses,
    /// The firewall.
    Health,
    /// The front server's machines.
    Inventory,
    /// A token for name and password.
    Login,
}

impl Call {
    /// What it is called in messages.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::List => "listing forwards",
            Self::Make => "making a forward",
            Self::Remove => "deleting a forward",
            Self::Addresses => "listing addresses",
            Self::Health => "the health check",
            Self::Inventory => "the inventory",
            Self::Login => "logging in",
        }
    }

    /// Below the server's address. A slash at its end would be another path.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::List | Self::Make | Self::Remove => "/api/1/ipam/portmap",
            Self::Addresses => "/api/1/ipam/addr",
            Self::Health => "/api/1/ipam/healthcheck",
            Self::Inventory => "/api/1/inf/inventory",
            Self::Login => "/api/2/auth/token",
        }
    }

    /// Whether a token is sent.
    pub(super) const fn needs_token(self) -> bool {
        !matches!(self, Self::Health | Self::Login)
    }

    /// Whether it changes a lab.
    pub(super) const fn writes(self) -> bool {
        matches!(self, Self::Make | Self::Remove)
    }

    /// Of HTTP.
    fn method(self) -> Method {
        match self {
            Self::List | Self::Addresses | Self::Health | Self::Inventory => Method::GET,
            Self::Make | Self::Login => Method::POST,
            Self::Remove => Method::DELETE,
        }
    }
}

/// `?conn_port=50045`, with everything that means something in an address written as `%XX`.
pub(super) fn query(filter: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (at, (name, value)) in filter.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                text.push(char::from(byte));
            } else {
                let _infallible = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// A client of HTTP for a server. It follows no redirect: the token is for this host alone. Proxies are those of the
/// environment.
pub(super) fn http(server: &Server) -> Result<reqwest::Client, Error> {
    let setup = |source| Error::Setup { server: server.url.to_string(), source };
    let mut tls = tls::config(&server.trust).map_err(|error| setup(error.into()))?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let builder = reqwest::Client::builder();
    let builder = if server.url.is_here() { builder.no_proxy() } else { builder };
    builder
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .connect_timeout(server.connect_timeout)
        .timeout(server.call_timeout)
        // Servers that close a connection behind an answer without saying so would make a write on it unheard.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("noctui/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| setup(error.into()))
}

/// Sends a request, reads the answer, and says what it means. Cancel safety: dropping it breaks the request off, and
/// nobody knows then what became of it.
pub(super) async fn exchange(
    http: &reqwest::Client,
    call: Call,
    server: &str,
    target: &str,
    token: Option<&Secret>,
    body: Option<&Value>,
) -> Result<(u16, Value), Error> {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let mut request = http.request(call.method(), target).header("X-REQUEST-ID", &id);
    if let Some(token) = token {
        let mut value = HeaderValue::from_str(token.expose()).map_err(|_| Error::BadToken)?;
        value.set_sensitive(true);
        request = request.header("X-Auth", value);
    }
    if let Some(body) = body {
        request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
    }
    let mut response = request.send().await.map_err(|error| of_request(call, server, &error))?;
    let status = response.status().as_u16();
    let location =
        response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| of_request(call, server, &error))? {
        if bytes.len() + chunk.len() > LARGEST {
            let what = format!("it is longer than {} MiB", LARGEST >> 20);
            return Err(Error::Senseless { server: server.to_owned(), call: call.title(), what });
        }
        bytes.extend_from_slice(&chunk);
    }
    tracing::debug!(server, call = call.title(), request = id, status, bytes = bytes.len(), "answered");
    let content = read(&Answer { call, server, status, body: &bytes, location: &location })?;
    Ok((status, content))
}

impl Client {
    /// See [`exchange`]; explains what only the token can explain.
    pub(super) async fn send(
        &self,
        call: Call,
        target: &str,
        token: Option<&Secret>,
        body: Option<&Value>,
    ) -> Result<(u16, Value), Error> {
        let answered = exchange(&self.inner.http, call, self.server(), target, token, body).await;
        match (answered, token) {
            (Err(Error::Untrusted { server, source, .. }), _) => {
                let by_authority = matches!(self.inner.server.trust, Trust::File(_));
                Err(Error::Untrusted { server, by_authority, source })
            }
            // The gateway looks for the version before anything else, and stumbles where there is none.
            (Err(Error::Page { status: 500, .. }), Some(token)) if lacks_version(token) => Err(Error::OddToken),
            // Addresses are for everybody's tokens, as long as they are of the second version.
            (Err(Error::NotOwner { user }), Some(token)) if call == Call::Addresses => {
                let version = super::keeper::claims(token).and_then(|claims| claims.version);
                match version {
                    Some(version) if version != 2 => Err(Error::OldToken { version, call: call.title() }),
                    Some(_) | None => Err(Error::NotOwner { user }),
                }
            }
            (answered, _) => answered,
        }
    }
}

/// Whether a token says no version of itself.
fn lacks_version(token: &Secret) -> bool {
    super::keeper::claims(token).is_some_and(|claims| claims.version.is_none())
}

/// What a request that got no answer means.
fn of_request(call: Call, server: &str, error: &reqwest::Error) -> Error {
    let server = server.to_owned();
    if let Some(tls) = tls::cause(error) {
        return if tls::is_no_tls(tls) {
            Error::NoTls { server }
        } else {
            Error::Untrusted { server, by_authority: false, source: Some(tls::why(tls).into()) }
        };
    }
    let mut cause: &dyn StdError = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return Error::NoHttp { server };
        }
    }
    let said = cause.to_string();
    // A library says more about that, with where to read on.
    let is_cut = said.contains("close_notify");
    let said = if is_cut { "the connection was closed in the middle of the answer" } else { &said };
    let source = Some(clean_line(said).into());
    if error.is_connect() {
        let is_here = server.parse::<crate::config::Url>().is_ok_and(|url| url.is_here());
        let variable = |name: &str| std::env::var(name).ok();
        if let Some(proxy) = proxy::of(&server, variable).filter(|_| !is_here) {
            let proxy::Proxy { address, variable } = proxy;
            let source = clean_line(&proxy::why(&cause.to_string())).into();
            return Error::Proxy { server, proxy: address, variable, source };
        }
        Error::Unreachable { server, source }
    } else {
        Error::Lost { server, call: call.title(), writes: call.writes(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_cannot_become_another_one() {
        assert_eq!(query(&[]), "");
        let filter = [("name", "web 01&conn_port=1%".to_owned()), ("conn_port", "50045".to_owned())];
        assert_eq!(query(&filter), "?name=web%2001%26conn_port%3D1%25&conn_port=50045");
    }
}
