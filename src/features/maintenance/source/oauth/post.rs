//! Forms that are posted to whoever gives tokens, and their answers. Neither is ever logged.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
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
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&self.url, &error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(self.garbled("it does not end"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { url: self.url.clone(), status, json: serde_json::from_slice(&body).unwrap_or_default() })
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

    /// The answer, if it grants what was asked for.
    pub(super) fn granted(self, user: &str, grant: Grant) -> Result<Self, Fault> {
        match self.status {
            200 => Ok(self),
            // RFC 6749 §5.2: trying the same again cannot help.
            400 | 401 | 403 => Err(Fault::SignIn { user: user.to_owned(), said: self.words(), grant }),
            status => {
                let said = self.error().map_or_else(|| unsaid(status), |words| format!("{status} {words}"));
                Err(Fault::Refused { server: self.url, asked: "a token".to_owned(), said })
            }
        }
    }

    /// What it says of an error, harmless; of one that says nothing, who says so and with which status.
    pub(super) fn words(&self) -> String {
        self.error().unwrap_or_else(|| format!("{} says {}", self.url, unsaid(self.status)))
    }

    /// What it says of an error, harmless, if it does.
    fn error(&self) -> Option<String> {
        let words = [self.text("error")?, self.text("error_description").unwrap_or_default()];
        Some(clean_line(words.join(" ").trim()).chars().take(SAID).collect())
    }
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

    #[test]
    fn a_refusal_without_a_body_says_who_refuses() {
        let url = "https://login.example/token";
        let refused = |status| {
            let answer = Answer { url: url.to_owned(), status, json: Value::Null };
            answer.granted("noc@lakeside.example", Grant::Application).err().unwrap().to_string()
        };
        assert_eq!(
            refused(401),
            format!("there is no token for noc@lakeside.example: {url} says 401 Unauthorized, without a reason")
        );
        assert_eq!(refused(500), format!("{url} refused a token: 500 Internal Server Error, without a reason"));
    }
}
