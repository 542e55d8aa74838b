//! Forms that are posted to whoever gives tokens, and their answers. Neither is ever logged.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use serde_json::Value;
use zeroize::Zeroizing;

use super::WITHIN;
use crate::config::Grant;
use crate::features::maintenance::source::remote::{Fault, unsaid};
use crate::text::clean_line;
use crate::tls::{self, Trust};

/// Bytes of an answer; those with tokens have a few thousand.
const LARGEST: usize = 256 << 10;
/// Characters of a provider's words that are kept.
const SAID: usize = 200;
/// The longest pause that is believed, in seconds.
const LONGEST_PAUSE_S: u64 = 86_400;
/// Errors that pass: RFC 6749 §4.1.2.1, which Microsoft has here as well, and RFC 8628 §3.5.
const PASSING: [&str; 3] = ["temporarily_unavailable", "server_error", "slow_down"];

/// Posts to one place.
#[derive(Debug)]
pub(super) struct Poster {
    /// The client; it follows no redirect.
    http: reqwest::Client,
    /// Where.
    url: String,
}

/// An answer in JSON.
#[derive(Debug)]
pub(super) struct Answer {
    /// Where it is from.
    url: String,
    /// The number of HTTP.
    status: u16,
    /// The object; null where there is none.
    json: Value,
    /// How long to leave it alone, where it says so.
    again_in: Option<Duration>,
}

impl Poster {
    /// To `url`.
    pub(super) fn new(url: &str) -> Result<Self, Fault> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(&Trust::System)?)
            .redirect(Policy::none())
            .no_proxy_on_loopback(url)
            .connect_timeout(Duration::from_secs(10))
            .timeout(WITHIN)
            .build()
            .map_err(|error| unreachable(url, &error))?;
        Ok(Self { http, url: url.to_owned() })
    }

    /// Posts a form.
    pub(super) async fn post(&self, form: &[(&str, String)]) -> Result<Answer, Fault> {
        let body = Zeroizing::new(encoded(form));
        let request = self
            .http
            .post(&self.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(body.to_string());
        let mut response = request.send().await.map_err(|error| unreachable(&self.url, &error))?;
        let status = response.status().as_u16();
        let again_in = again_in(response.headers());
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&self.url, &error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(self.garbled("it does not end"));
            }
            body.extend_from_slice(&chunk);
        }
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Answer { url: self.url.clone(), status, json, again_in })
    }

    /// An answer that cannot be understood.
    pub(super) fn garbled(&self, said: &str) -> Fault {
        Fault::Garbled { server: self.url.clone(), said: said.to_owned() }
    }
}

impl Answer {
    /// A text of it.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name).and_then(Value::as_str)
    }

    /// A number of it; some write numbers between quotes.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let value = self.json.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// The answer, if it grants what was asked for. A refusal of the login is one that says so: what passes, and what whoever stands
    /// in between answers, is no word of the login.
    pub(super) fn granted(self, user: &str, grant: Grant) -> Result<Self, Fault> {
        let error = self.text("error");
        match self.status {
            200 => Ok(self),
            // RFC 6749 §5.2: trying the same again cannot help.
            400 | 401 | 403 if error.is_some_and(|error| !PASSING.contains(&error)) => {
                let is_application = matches!(error, Some("invalid_client" | "unauthorized_client"));
                let (user, said) = (user.to_owned(), self.error().unwrap_or_default());
                Err(match grant {
                    Grant::User if is_application => Fault::Application { user, said },
                    Grant::User | Grant::Application | Grant::ServiceAccount => Fault::SignIn { user, said, grant },
                })
            }
            status => {
                let said = self.error().map_or_else(|| unsaid(status), |words| format!("{status} {words}"));
                Err(Fault::NoToken { server: self.url, said, again_in: self.again_in })
            }
        }
    }

    /// What it says of an error, harmless, if it does.
    fn error(&self) -> Option<String> {
        let words = [self.text("error")?, self.text("error_description").unwrap_or_default()];
        Some(clean_line(words.join(" ").trim()).chars().take(SAID).collect())
    }
}

/// How long to wait before the next attempt (RFC 9110 §10.2.3), where that is said in seconds.
fn again_in(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_PAUSE_S)))
}

/// Requests to this machine go to no proxy.
trait Loopback {
    fn no_proxy_on_loopback(self, url: &str) -> Self;
}

impl Loopback for reqwest::ClientBuilder {
    fn no_proxy_on_loopback(self, url: &str) -> Self {
        if url.starts_with("http://127.0.0.1") { self.no_proxy() } else { self }
    }
}

/// No answer came.
fn unreachable(url: &str, error: &reqwest::Error) -> Fault {
    let mut cause: &dyn std::error::Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    Fault::Unreachable { server: url.to_owned(), source: io::Error::other(clean_line(&cause.to_string())) }
}

/// A form as it is sent (WHATWG URL §5.2, with every byte but letters, digits and `*-._` spelled out).
pub(super) fn encoded(form: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in form {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => text.push(char::from(byte)),
                b' ' => text.push('+'),
                other => {
                    let _ = write!(text, "%{other:02X}");
                }
            }
        }
    }
    text
}

/// The fields of a form or a query, read back.
pub(in crate::features::maintenance::source) fn decoded(text: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let hex: Vec<u8> = rest.by_ref().take(2).collect();
                    let number = std::str::from_utf8(&hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    number.unwrap_or(b'%')
                }
                other => other,
            });
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(name, value)| (plain(name), plain(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trouble::Remedy as _;

    /// What comes of an answer with this status and this body.
    fn fault(status: u16, body: &str, grant: Grant) -> Fault {
        let json = serde_json::from_str(body).unwrap_or_default();
        let answer = Answer { url: "https://login.example/token".to_owned(), status, json, again_in: None };
        answer.granted("noc@lakeside.example", grant).err().unwrap()
    }

    #[test]
    fn a_refusal_is_what_says_that_it_is_one() {
        for code in [
            "invalid_grant",
            "invalid_client",
            "unauthorized_client",
            "invalid_request",
            "invalid_scope",
            "unsupported_grant_type",
            "interaction_required",
            "consent_required",
            "invalid_resource",
            "another",
        ] {
            for status in [400, 401, 403] {
                let body = format!("{{\"error\": \"{code}\", \"error_description\": \"why\"}}");
                for grant in [Grant::User, Grant::Application, Grant::ServiceAccount] {
                    let fault = fault(status, &body, grant);
                    assert!(fault.is_of_login(), "{fault:?}");
                    assert_eq!(fault.to_string(), format!("there is no token for noc@lakeside.example: {code} why"));
                }
            }
        }
    }

    #[test]
    fn who_is_busy_and_who_stands_in_between_refuses_nobody() {
        let html = "<html>log in to this network</html>";
        for (status, body, said) in [
            (400, r#"{"error": "temporarily_unavailable"}"#, "400 temporarily_unavailable"),
            (400, r#"{"error": "server_error"}"#, "400 server_error"),
            (403, r#"{"error": "slow_down"}"#, "403 slow_down"),
            (429, r#"{"error": "invalid_request"}"#, "429 invalid_request"),
            (500, r#"{"error": "server_error"}"#, "500 server_error"),
            (503, "", "503 Service Unavailable, without a reason"),
            (302, html, "302 Found, without a reason"),
            (400, html, "400 Bad Request, without a reason"),
            (401, "", "401 Unauthorized, without a reason"),
            (403, html, "403 Forbidden, without a reason"),
            (403, r#"{"message": "blocked"}"#, "403 Forbidden, without a reason"),
        ] {
            let fault = fault(status, body, Grant::ServiceAccount);
            assert!(!fault.is_of_login(), "{fault:?}");
            assert_eq!(fault.to_string(), format!("https://login.example/token gives no token now: {said}"));
            assert!(fault.remedy().contains("tries it again by itself"), "{}", fault.remedy());
        }
    }

    #[test]
    fn a_wrong_client_secret_is_corrected_before_anybody_signs_in() {
        for code in ["invalid_client", "unauthorized_client"] {
            let remedy = fault(401, &format!("{{\"error\": \"{code}\"}}"), Grant::User).remedy().into_owned();
            assert!(remedy.starts_with("correct client_id and client_secret in "), "{remedy}");
        }
        let remedy = fault(400, r#"{"error": "invalid_grant"}"#, Grant::User).remedy().into_owned();
        assert!(remedy.starts_with("sign in with `noctui source login`"), "{remedy}");
    }

    #[test]
    fn the_pause_that_is_asked_for_is_kept_to() {
        let asked = |text: &str| again_in(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]));
        assert_eq!(asked("30"), Some(Duration::from_secs(30)));
        assert_eq!(asked("99999999"), Some(Duration::from_secs(LONGEST_PAUSE_S)));
        assert_eq!((asked("soon"), again_in(&HeaderMap::new())), (None, None));
    }
}
