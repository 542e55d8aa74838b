//! Asks for somebody else's definition, as a client does.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::header::{ACCEPT, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Response, Url};

use super::answer::Answer;
use super::error::Error;
use super::reading::LARGEST;
use super::request::{HOST_ID, HostId, SALT, Salt};
use crate::text::clean_line;
use crate::tls::{self, Trust};

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long all of it may take.
const WITHIN: Duration = Duration::from_secs(30);
/// Of what an answer says instead of a definition, so many characters are shown.
const EXCERPT: usize = 200;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The endpoint's address.
    pub url: String,
    /// The salt to send; a fresh one unless an old answer is wanted again.
    pub salt: Option<Salt>,
    /// The id to send; one of nobody unless said.
    pub host_id: Option<HostId>,
    /// Whose certificates are trusted.
    pub trust: Trust,
}

/// An answer, and what was asked with.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The answer. Nobody has verified it.
    pub answer: Answer,
    /// The salt that was sent.
    pub salt: Salt,
    /// The id that was sent.
    pub host_id: HostId,
    /// Whether the way there was TLS. Without, whoever is in between reads the secret.
    pub private: bool,
}

/// Asks for a definition. Redirections are not followed: clients are told one address.
///
/// # Errors
/// Where nothing comes back that is a definition with a signature.
pub async fn fetch(wanted: &Wanted) -> Result<Fetched, Error> {
    let bad = |why| Error::Address { url: clean_line(&wanted.url), why };
    let url = Url::parse(&wanted.url).map_err(|_| bad("it is no address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it is neither http nor https"));
    }
    if url.password().is_some() || !url.username().is_empty() {
        return Err(bad("it has a user or a password in it"));
    }
    if url.fragment().is_some() {
        return Err(bad("it has a fragment (#), which is never sent"));
    }
    let host = host_of(&url).ok_or_else(|| bad("it names no host"))?;
    let salt = wanted.salt.clone().map_or_else(Salt::random, Some).ok_or(Error::NotRandom)?;
    let domain = url.host_str().unwrap_or_default();
    let host_id = wanted.host_id.clone().map_or_else(|| HostId::random(domain), Some).ok_or(Error::NotRandom)?;
    // As clients write it: behind what is there, in this order.
    let separator = if wanted.url.contains('?') { '&' } else { '?' };
    let asked = format!("{}{separator}{SALT}={}&{HOST_ID}={}", wanted.url, salt.as_str(), host_id.as_str());
    let client = client(&wanted.trust).map_err(|source| Error::Unreachable { host: host.clone(), source })?;
    let sent = client.get(asked).header(ACCEPT, "application/json").send().await;
    let response = sent.map_err(|error| unreachable(&host, &error))?;
    let (status, elsewhere) = (response.status(), response.headers().get(LOCATION).cloned());
    let body = body(response, &host).await?;
    if status != reqwest::StatusCode::OK {
        let said = match elsewhere.as_ref().filter(|_| status.is_redirection()) {
            Some(place) => format!("it sends us to {}", place.to_str().unwrap_or("somewhere")),
            None => String::from_utf8_lossy(&body).chars().take(EXCERPT).collect(),
        };
        return Err(Error::Status { host, status: status.to_string(), said: clean_line(said.trim()) });
    }
    let answer = Answer::read(&body, &host)?;
    Ok(Fetched { answer, salt, host_id, private: url.scheme() == "https" })
}

/// A client that checks certificates and goes nowhere else.
fn client(trust: &Trust) -> Result<reqwest::Client, Box<dyn StdError + Send + Sync>> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::config(trust)?)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_WITHIN)
        .timeout(WITHIN);
    Ok(builder.build()?)
}

/// Host and port, as they are told.
fn host_of(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// The body, where it is no larger than a definition.
async fn body(mut response: Response, host: &str) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(host, &error))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Error::NoAnswer { from: host.to_owned(), why: "it is larger than 1 MiB".to_owned() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The deepest cause of a request that got no answer; what is about certificates before all.
fn unreachable(host: &str, error: &reqwest::Error) -> Error {
    let mut cause: &dyn StdError = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let why = tls::cause(error).map_or_else(|| cause.to_string(), tls::why);
    let why = if error.is_timeout() { format!("no answer within {} s", WITHIN.as_secs()) } else { why };
    Error::Unreachable { host: host.to_owned(), source: clean_line(&why).into() }
}
