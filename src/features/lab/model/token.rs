//! What a token says of itself. It is never verified here: the gateway does that, and what is read is only shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::text::clean_line;

/// The claims of a token. Text in it is harmless.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// Whose it is; empty where it does not say.
    pub username: String,
    /// The front server that made it.
    pub issuer: String,
    /// When it was made.
    pub issued_at: Option<DateTime<Utc>>,
    /// When it ends; `None` for one that never does.
    pub expires_at: Option<DateTime<Utc>>,
    /// 1 or 2; the second is bound to an address. `None` makes gateways answer with an error of theirs.
    pub version: Option<i64>,
    /// The address that it was made for, and the only one from which it is accepted.
    pub client_ip: String,
}

/// A token that is held, as far as it may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// What it says of itself; nothing where it cannot be read.
    pub claims: Claims,
    /// Where it came from.
    pub from: String,
    /// Whether noctui gets another one by itself before it ends, as long as logging in is not refused.
    pub renews: bool,
    /// Why logging in for another one was refused the last time; it is not tried again by itself then.
    pub refused: Option<String>,
    /// What should be known about the place where it is kept.
    pub warning: Option<String>,
}

/// As it is encoded. Times are numbers with a fraction.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    username: serde_json::Value,
    #[serde(default)]
    iss: serde_json::Value,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    exp: Option<f64>,
    #[serde(default)]
    version: serde_json::Value,
    #[serde(default)]
    client_ip: serde_json::Value,
}

impl Claims {
    /// Reads the middle part of a JSON web token (RFC 7519 §3); `None` where it is none.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&bytes).ok()?;
        let written: Written = serde_json::from_value(object.into()).ok()?;
        let text = |value: serde_json::Value| value.as_str().map(clean_line).unwrap_or_default();
        Some(Self {
            username: text(written.username),
            issuer: text(written.iss),
            issued_at: written.iat.and_then(time),
            expires_at: written.exp.and_then(time),
            // As a text it is odd, and takes nothing from the rest.
            version: written.version.as_i64().or_else(|| written.version.as_str()?.trim().parse().ok()),
            client_ip: text(written.client_ip),
        })
    }

    /// How long before its end it is renewed: ten minutes, or a quarter of its life where that is shorter.
    #[must_use]
    pub fn renew_before(&self) -> TimeDelta {
        let usual = TimeDelta::minutes(10);
        let life = self.issued_at.zip(self.expires_at).map(|(from, to)| to - from);
        life.filter(|life| *life > TimeDelta::zero()).map_or(usual, |life| usual.min(life / 4))
    }

    /// Whether it should be renewed now.
    #[must_use]
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end - self.renew_before() <= now)
    }

    /// Whether no gateway takes it any more.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// Seconds since 1970, with a fraction, as long as they are a time that can be shown.
fn time(seconds: f64) -> Option<DateTime<Utc>> {
    /// The year 9999.
    const LAST: f64 = 253_402_300_799.0;
    if !(0.0..=LAST).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it was just compared with both ends")]
    DateTime::from_timestamp_millis((seconds * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn claims_are_read_and_made_harmless() {
        let text = r#"{"exp":1795220300.5,"iat":1795220000.0,"iss":"https://vlab.example","username":"pat\u001b[2J","version":2,"client_ip":"198.51.100.7","email":"pat@vlab.example"}"#;
        let claims = Claims::read(&token(text)).unwrap();
        assert_eq!(claims.username, "pat␛[2J");
        assert_eq!((claims.version, claims.client_ip.as_str()), (Some(2), "198.51.100.7"));
        assert_eq!(claims.expires_at.unwrap() - claims.issued_at.unwrap(), TimeDelta::milliseconds(300_500));
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        let senseless =
            [String::new(), "abc".into(), "a.b.c".into(), token("[1]"), token("{") + ".x", token("{\"exp\":\"x\"}")];
        for text in senseless {
            assert_eq!(Claims::read(&text), None, "{text}");
        }
        let text = Claims::read(&token(r#"{"exp":1795220300,"username":"pat","version":"2"}"#)).unwrap();
        assert_eq!((text.version, text.username.as_str(), text.expires_at.is_some()), (Some(2), "pat", true));
        let odd = Claims::read(&token(r#"{"exp":1e300,"username":7}"#)).unwrap();
        assert_eq!((odd.expires_at, odd.username.as_str()), (None, ""));
    }

    #[test]
    fn it_is_renewed_ten_minutes_early_and_a_short_one_in_its_last_quarter() {
        let now = "2026-11-21T02:48:17Z".parse().unwrap();
        let lasting = |minutes: i64, left: i64| Claims {
            issued_at: Some(now - TimeDelta::minutes(minutes - left)),
            expires_at: Some(now + TimeDelta::minutes(left)),
            ..Claims::default()
        };
        assert!(!lasting(480, 11).is_due(now) && lasting(480, 10).is_due(now));
        assert!(!lasting(5, 2).is_due(now) && lasting(5, 1).is_due(now));
        assert!(lasting(5, 0).is_over(now) && !Claims::default().is_over(now) && !Claims::default().is_due(now));
    }
}
