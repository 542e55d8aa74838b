//! Requests with a token, and what their answers mean.
//!
//! What can help is repeated: with another token where this one is refused, and after a pause where the server is busy or
//! not well. A server that says how long it wants to be left alone is left alone for as long.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::redirect::Policy;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use crate::clock;
use crate::config::{Grant, WebMail};
use crate::features::maintenance::source::oauth::Tokens;
use crate::features::maintenance::source::remote::{Fault, unsaid};
use crate::secret::Secret;
use crate::text::clean_line;
use crate::tls::{self, Trust};

/// How long a part of an answer may take.
const WITHIN: Duration = Duration::from_mins(1);
/// The first pause before a request is repeated; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often a request is repeated.
const REPEATS: u32 = 4;
/// A server that wants to be left alone for longer is told of instead of being waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Bytes of an answer in JSON without a mail in it: lists have up to 500 rows.
const LARGEST: usize = 8 << 20;
/// Characters of a server's words that are kept.
const SAID: usize = 300;

/// Asks one server for one mailbox.
#[derive(Debug)]
pub(super) struct Asker {
    /// As configured.
    trust: Trust,
    /// Made at first use: certificates are read from files.
    http: OnceCell<reqwest::Client>,
    /// Where all requests go, without a slash at the end.
    base: String,
    /// Whose mailbox it is.
    user: String,
    /// What proves who we are.
    tokens: Tokens,
    /// How they are had.
    grant: Grant,
    /// See [`FIRST_PAUSE`].
    first_pause: Duration,
}

/// An answer that says what was asked for, or that it is not there.
#[derive(Debug)]
pub(super) enum Answer {
    /// Here it is.
    Here {
        /// Its bytes.
        body: Vec<u8>,
        /// How many there are in all, where those are not all of them.
        cut: Option<u64>,
    },
    /// It is not there, or not any more.
    Gone {
        /// The server's words.
        said: String,
    },
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    /// How.
    pub(super) method: Method,
    /// Behind the base, or all of it where the server gave it.
    pub(super) target: &'a str,
    /// What is sent.
    pub(super) body: Option<&'a Value>,
    /// A header besides.
    pub(super) prefer: Option<&'static str>,
    /// Bytes of an answer that are taken.
    pub(super) most: usize,
}

impl<'a> Request<'a> {
    /// A question.
    pub(super) fn get(target: &'a str) -> Self {
        Self { method: Method::GET, target, body: None, prefer: None, most: LARGEST }
    }

    /// A change.
    pub(super) fn change(method: Method, target: &'a str, body: &'a Value) -> Self {
        Self { method, body: Some(body), ..Self::get(target) }
    }
}

/// What came of one attempt.
enum Attempt {
    /// An answer.
    Answered(Answer),
    /// The token is not accepted.
    Refused(String),
    /// Another attempt may help, after this long if the server says so.
    Later { said: String, after: Option<Duration> },
}

impl Asker {
    /// Nothing was asked yet.
    pub(super) fn new(config: &WebMail) -> Self {
        Self {
            trust: config.trust.clone(),
            http: OnceCell::new(),
            base: config.url.clone(),
            user: config.user.clone(),
            tokens: Tokens::new(&config.oauth, &config.user),
            grant: config.oauth.grant,
            first_pause: FIRST_PAUSE,
        }
    }

    /// The same with another first pause.
    #[cfg(test)]
    pub(super) fn with_pause(self, first_pause: Duration) -> Self {
        Self { first_pause, ..self }
    }

    /// Has a token that holds.
    pub(super) async fn begin(&self) -> Result<(), Fault> {
        self.tokens.token().await.map(drop)
    }

    /// The server, for messages.
    pub(super) fn server(&self) -> String {
        self.base.clone()
    }

    /// An answer that cannot be understood.
    pub(super) fn garbled(&self, said: &str) -> Fault {
        Fault::Garbled { server: self.server(), said: said.to_owned() }
    }

    /// Asks for an object; `None` where it is not there.
    pub(super) async fn object(&self, request: Request<'_>) -> Result<Result<Value, String>, Fault> {
        match self.ask(request).await? {
            Answer::Gone { said } => Ok(Err(said)),
            Answer::Here { cut: Some(_), .. } => Err(self.garbled("an answer does not end")),
            // Some changes are answered with nothing.
            Answer::Here { body, cut: None } if body.is_empty() => Ok(Ok(Value::Null)),
            Answer::Here { body, cut: None } => serde_json::from_slice(&body)
                .map(Ok)
                .map_err(|error| self.garbled(&clean_line(&format!("no JSON: {error}")))),
        }
    }

    /// Asks, and asks again where that can help.
    pub(super) async fn ask(&self, request: Request<'_>) -> Result<Answer, Fault> {
        let url = self.url(request.target)?;
        let (mut repeats, mut pause, mut refused) = (0, self.first_pause, false);
        loop {
            let token = self.tokens.token().await?;
            match self.attempt(&request, &url, &token).await? {
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Refused(said) => {
                    self.tokens.forget().await;
                    if std::mem::replace(&mut refused, true) {
                        let (server, user) = (self.server(), self.user.clone());
                        return Err(Fault::Token { server, user, said, grant: self.grant });
                    }
                }
                Attempt::Later { said, after } => {
                    if repeats == REPEATS || after.is_some_and(|after| after > LONGEST_PAUSE) {
                        return Err(Fault::Busy { server: self.server(), said, again_in: after });
                    }
                    tracing::debug!(server = self.base, said, "asked again after a pause");
                    sleep(after.unwrap_or_else(|| jittered(pause))).await;
                    (repeats, pause) = (repeats + 1, pause * 2);
                }
            }
        }
    }

    /// The whole address. One that the server gave has to be its own: the token is for nobody else.
    fn url(&self, target: &str) -> Result<String, Fault> {
        if target.starts_with('/') {
            return Ok(format!("{}{target}", self.base));
        }
        let rest = target.strip_prefix(&self.base).filter(|rest| rest.starts_with('/'));
        rest.map(|_| target.to_owned()).ok_or_else(|| self.garbled("it sends us to another server"))
    }

    /// The client.
    async fn http(&self) -> Result<&reqwest::Client, Fault> {
        let make = || async {
            let trust = self.trust.clone();
            let mut tls = crate::blocking::run(move || tls::config(&trust)).await?;
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            let builder = reqwest::Client::builder();
            let is_here = ["http://127.0.0.1", "https://127.0.0.1", "https://localhost"];
            let is_here = is_here.iter().any(|here| self.base.starts_with(here));
            let builder = if is_here { builder.no_proxy() } else { builder };
            builder
                .tls_backend_preconfigured(tls)
                .redirect(Policy::none())
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(WITHIN)
                .user_agent(concat!("noctui/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| self.no_answer(&error))
        };
        self.http.get_or_try_init(make).await
    }

    /// Asks once.
    async fn attempt(&self, request: &Request<'_>, url: &str, token: &Secret) -> Result<Attempt, Fault> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map_err(|_| self.garbled("a token that is none"))?;
        bearer.set_sensitive(true);
        let mut built =
            self.http().await?.request(request.method.clone(), url).header(AUTHORIZATION, bearer).header(ACCEPT, "*/*");
        if let Some(prefer) = request.prefer {
            built = built.header("Prefer", prefer);
        }
        if let Some(body) = request.body {
            built = built.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let mut response = match built.send().await {
            Ok(response) => response,
            // A connection that was kept open may have ended meanwhile.
            Err(error) if !error.is_connect() && !error.is_builder() => {
                return Ok(Attempt::Later { said: cause(&error), after: None });
            }
            Err(error) => return Err(self.no_answer(&error)),
        };
        let status = response.status().as_u16();
        let after = retry_after(response.headers(), clock::now());
        let challenge = challenge(response.headers());
        let (body, cut) = match body(&mut response, request.most).await {
            Ok(read) => read,
            Err(error) => return Ok(Attempt::Later { said: cause(&error), after: None }),
        };
        let said = || told(status, [words(&body), challenge.clone()]);
        Ok(match status {
            200..=299 => Attempt::Answered(Answer::Here { body, cut }),
            401 => Attempt::Refused(said()),
            404 if has_no_mailbox(&body) => {
                return Err(Fault::NoMailbox { server: self.server(), user: self.user.clone(), said: said() });
            }
            404 | 410 => Attempt::Answered(Answer::Gone { said: said() }),
            429 | 500 | 502 | 503 | 504 => Attempt::Later { said: said(), after },
            // Google says so with this, too.
            403 if is_rate_limit(&body) => Attempt::Later { said: said(), after },
            _ => {
                let asked = format!("{} {}", request.method, request.target.split('?').next().unwrap_or_default());
                let (server, said) = (self.server(), said());
                return Err(match status {
                    403 => Fault::Forbidden { server, asked, said, grant: self.grant },
                    _ => Fault::Refused { server, asked, said },
                });
            }
        })
    }

    /// No answer came.
    fn no_answer(&self, error: &reqwest::Error) -> Fault {
        let source = io::Error::other(cause(error));
        if tls::cause(error).is_some() {
            return Fault::Handshake {
                server: self.server(),
                source,
                is_pinned: matches!(self.trust, Trust::Pinned(_)),
            };
        }
        Fault::Unreachable { server: self.server(), source }
    }
}

/// At most so many bytes of an answer, and how many there are where there are more.
async fn body(response: &mut Response, most: usize) -> reqwest::Result<(Vec<u8>, Option<u64>)> {
    let length = response.content_length();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = most - body.len();
        if chunk.len() > room {
            body.extend_from_slice(chunk.get(..room).unwrap_or_default());
            let least = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
            return Ok((body, Some(length.unwrap_or(least).max(least))));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, None))
}

/// `a=b&c=d`, with everything that means something in an address written as `%XX`. Names stay as they are.
pub(super) fn query(fields: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(&segment(value));
    }
    text
}

/// A text as a part of a path or a query.
pub(super) fn segment(text: &str) -> String {
    let mut part = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            part.push(char::from(byte));
        } else {
            let _infallible = write!(part, "%{byte:02X}");
        }
    }
    part
}

/// When a request may be repeated: seconds or a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(86_400)));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?.to_utc();
    Some((at - now).to_std().unwrap_or_default().min(Duration::from_hours(24)))
}

/// Whether an answer says that there were too many requests.
fn is_rate_limit(body: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
    let reasons = value.pointer("/error/errors").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_one = |reason: &Value| {
        matches!(reason.get("reason").and_then(Value::as_str), Some("rateLimitExceeded" | "userRateLimitExceeded"))
    };
    reasons.iter().any(is_one)
}

/// Whether Graph says that the account is none or has no mailbox, rather than that a folder or a mail is gone.
fn has_no_mailbox(body: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
    let code = value.pointer("/error/code").and_then(Value::as_str);
    matches!(code, Some("MailboxNotEnabledForRESTAPI" | "MailboxNotSupportedForRESTAPI" | "ErrorInvalidUser"))
}

/// What an answer says of an error, harmless. Both services wrap it alike.
fn words(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (code, message) = (text("/error/code"), text("/error/message"));
    clean_line(format!("{code} {message}").trim()).chars().take(SAID).collect()
}

/// Why a token is refused, as a header says it where the body says nothing (RFC 6750 §3), harmless.
fn challenge(headers: &HeaderMap) -> String {
    let text = headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let quoted = |name: &str| {
        let (_, rest) = text.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    let words = quoted("error_description").or_else(|| quoted("error")).unwrap_or_default();
    clean_line(words).chars().take(SAID).collect()
}

/// An answer that is no good, in words: the first of `words` that are any, else that there are none.
fn told(status: u16, words: [String; 2]) -> String {
    match words.into_iter().find(|words| !words.is_empty()) {
        Some(words) => format!("{status} {words}"),
        None => unsaid(status),
    }
}

/// What is behind an error, harmless; never an address, which may have a mailbox in it.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    clean_line(&cause.to_string())
}

/// A pause of about this length, so that those who were sent away together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let random = u32::try_from(uuid::Uuid::new_v4().as_u128() & 0xffff).unwrap_or_default();
    pause / 2 + pause * random / 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_how_long_it_wants_to_be_left_alone() {
        let now = "2026-11-21T02:00:00Z".parse().unwrap();
        let after = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(after("17"), Some(Duration::from_secs(17)));
        assert_eq!(after("Sat, 21 Nov 2026 02:01:00 GMT"), Some(Duration::from_mins(1)));
        assert_eq!(after("Sat, 21 Nov 2026 01:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn what_a_server_refuses_without_a_body_has_words() {
        let challenge = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(WWW_AUTHENTICATE, text.parse().unwrap());
            super::challenge(&headers)
        };
        let of_google = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";
        let of_graph = "Bearer realm=\"\", error=\"invalid_token\", error_description=\"Lifetime validation failed\"";
        assert_eq!([challenge(of_google), challenge(of_graph)], ["invalid_token", "Lifetime validation failed"]);
        assert_eq!([challenge("Bearer"), challenge("Basic error=\"x")], ["", ""]);
        let none = || [String::new(), String::new()];
        assert_eq!(told(401, none()), "401 Unauthorized, without a reason");
        assert_eq!(told(499, none()), "499 of its own, without a reason");
        assert_eq!(told(401, [String::new(), "invalid_token".to_owned()]), "401 invalid_token");
        assert_eq!(told(401, ["no".to_owned(), "invalid_token".to_owned()]), "401 no");
    }
}
