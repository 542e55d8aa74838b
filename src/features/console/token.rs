//! The tokens of the websocket proxy: JSON Web Tokens (RFC 7519) signed with HMAC-SHA256, which say whose machines may be
//! reached until when.
//!
//! The proxy looks at them when a connection is opened and never again: a session outlives its token. Of what is wrong with
//! one it says nothing but `invalid token`, so everything that can be seen from here is told before.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::MachineName;
use crate::secret::{BadSecret, Secret};

/// The header of every token that is made here, and the algorithm that the proxy takes.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const ALGORITHM: &str = "HS256";
/// More machines than any lab has.
const MOST_MACHINES: usize = 1000;

/// What a token says. Nothing of it is proved before [`Token::is_signed_by`] was asked.
#[derive(Debug, Clone)]
pub struct Token {
    /// As it is sent.
    secret: Secret,
    /// The algorithm that its header names.
    pub algorithm: String,
    /// Whose it is; empty where it does not say.
    pub user: String,
    /// The lab and the instance of it; empty where it does not say.
    pub lab: String,
    /// See [`Token::lab`].
    pub lab_instance: String,
    /// The namespace of the machines; empty where it does not say.
    pub namespace: String,
    /// The machines that may be reached.
    pub machines: Vec<String>,
    /// Until when; `None` is for ever.
    pub expires: Option<DateTime<Utc>>,
    /// What the proxy wants to be there and is not, by the names in the token.
    pub missing: Vec<&'static str>,
}

/// What is to be in a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whose it is, for the log of the proxy.
    pub user: String,
    /// The lab.
    pub lab: String,
    /// The instance of the lab.
    pub lab_instance: String,
    /// The namespace of the machines.
    pub namespace: String,
    /// The machines that may be reached.
    pub machines: Vec<MachineName>,
    /// Until when.
    pub expires: DateTime<Utc>,
}

/// How long a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// For ever: it names no end.
    Forever,
    /// For this long.
    For(TimeDelta),
    /// It ended so long ago.
    EndedAgo(TimeDelta),
}

/// A text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It is no text that could be sent.
    #[error(transparent)]
    Secret(#[from] BadSecret),
    /// It does not have three parts.
    #[error("it does not have three parts with dots between")]
    Parts,
    /// A part is not written as it has to be.
    #[error("its {0} is not base64url of a JSON object")]
    Part(&'static str),
}

/// The claims, as they are sent.
#[derive(Serialize)]
struct Claims<'a> {
    id: &'a str,
    exp: i64,
    lab_instance: LabInstance<'a>,
}

/// The claim that is about machines.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "they are named as they are sent")]
struct LabInstance<'a> {
    lab_id: &'a str,
    lab_instance_id: &'a str,
    namespace_name: &'a str,
    allowed_vmi_names: Vec<&'a str>,
}

/// The header, as it is read.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    alg: String,
}

impl Token {
    /// Reads a token. What it says is not proved.
    ///
    /// # Errors
    /// Where it is none.
    pub fn read(text: &str) -> Result<Self, BadToken> {
        let secret = Secret::read(text)?;
        let mut parts = secret.expose().split('.');
        let (Some(header), Some(claims), Some(_signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadToken::Parts);
        };
        let header = decode(header).and_then(|json| serde_json::from_slice::<Header>(&json).ok());
        let algorithm = header.ok_or(BadToken::Part("header"))?.alg;
        let claims = decode(claims).and_then(|json| serde_json::from_slice::<Value>(&json).ok());
        let claims = claims.filter(Value::is_object).ok_or(BadToken::Part("middle"))?;
        let lab = claims.get("lab_instance").unwrap_or(&Value::Null);
        let machines = lab.get("allowed_vmi_names").and_then(Value::as_array);
        let mut missing = Vec::new();
        let mut wanted = |there: bool, name| {
            if !there {
                missing.push(name);
            }
        };
        wanted(claims.get("id").is_some(), "id");
        wanted(lab.get("lab_id").is_some(), "lab_instance.lab_id");
        wanted(lab.get("lab_instance_id").is_some(), "lab_instance.lab_instance_id");
        wanted(lab.get("namespace_name").is_some(), "lab_instance.namespace_name");
        wanted(machines.is_some(), "lab_instance.allowed_vmi_names");
        let names = machines.into_iter().flatten().filter_map(Value::as_str).take(MOST_MACHINES);
        Ok(Self {
            user: text_of(claims.get("id")),
            lab: text_of(lab.get("lab_id")),
            lab_instance: text_of(lab.get("lab_instance_id")),
            namespace: text_of(lab.get("namespace_name")),
            machines: names.map(str::to_owned).collect(),
            expires: claims.get("exp").and_then(Value::as_f64).and_then(time_of),
            algorithm,
            missing,
            secret,
        })
    }

    /// Makes a token and signs it with `key`.
    #[must_use]
    pub fn sign(grant: &Grant, key: &Secret) -> Option<Self> {
        let claims = Claims {
            id: &grant.user,
            exp: grant.expires.timestamp(),
            lab_instance: LabInstance {
                lab_id: &grant.lab,
                lab_instance_id: &grant.lab_instance,
                namespace_name: &grant.namespace,
                allowed_vmi_names: grant.machines.iter().map(MachineName::as_str).collect(),
            },
        };
        let claims = serde_json::to_vec(&claims).ok()?;
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&hmac_key(key), signed.as_bytes());
        Self::read(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))).ok()
    }

    /// As it is sent.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Whether `key` signed it, with the algorithm that the proxy takes.
    #[must_use]
    pub fn is_signed_by(&self, key: &Secret) -> bool {
        let Some((signed, signature)) = self.secret.expose().rsplit_once('.') else { return false };
        let signature = URL_SAFE_NO_PAD.decode(signature);
        let verify = |signature: Vec<u8>| hmac::verify(&hmac_key(key), signed.as_bytes(), &signature).is_ok();
        self.algorithm == ALGORITHM && signature.is_ok_and(verify)
    }

    /// How long it is good for.
    #[must_use]
    pub fn left(&self, now: DateTime<Utc>) -> Left {
        match self.expires {
            None => Left::Forever,
            Some(expires) if expires > now => Left::For(expires - now),
            Some(expires) => Left::EndedAgo(now - expires),
        }
    }

    /// Whether it names this machine.
    #[must_use]
    pub fn allows(&self, machine: &MachineName) -> bool {
        self.machines.iter().any(|name| name == machine.as_str())
    }

    /// Why the proxy would refuse it for a machine, or for any; `None` where nothing speaks against it. The signature is for
    /// the proxy to check.
    #[must_use]
    pub fn objection(&self, machine: Option<&MachineName>, now: DateTime<Utc>) -> Option<String> {
        if self.algorithm != ALGORITHM {
            return Some("the token is not signed with HS256, which proxies take alone".to_owned());
        }
        if let Some(missing) = self.missing.first() {
            return Some(format!("the token does not say `{missing}`"));
        }
        if let Left::EndedAgo(ago) = self.left(now) {
            return Some(format!("the token ended {} ago", duration(ago)));
        }
        machine.filter(|machine| !self.allows(machine)).map(|machine| format!("the token is not for {machine}"))
    }
}

/// A time for people: `12 s`, `9 min`, `3 h 20 min`, `12 d`.
#[must_use]
pub fn duration(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, ..) => format!("{days} d"),
    }
}

/// The key as HMAC takes it.
fn hmac_key(key: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes())
}

/// A part of a token. Some libraries pad.
fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()
}

/// A claim as text: ids are numbers or texts.
fn text_of(claim: Option<&Value>) -> String {
    match claim {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A time as seconds since 1970, also with a fraction. One beyond all calendars is one that never comes.
fn time_of(seconds: f64) -> Option<DateTime<Utc>> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what does not fit is beyond all calendars, as its neighbours are"
    )]
    let milliseconds = (seconds * 1000.0) as i64;
    DateTime::from_timestamp_millis(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T02:00:00Z".parse().unwrap()
    }

    fn key() -> Secret {
        Secret::read("a-shared-secret").unwrap()
    }

    fn grant() -> Grant {
        Grant {
            user: "anna".to_owned(),
            lab: "3".to_owned(),
            lab_instance: "7".to_owned(),
            namespace: "lab-7".to_owned(),
            machines: vec!["leaf1".parse().unwrap(), "leaf2".parse().unwrap()],
            expires: now() + TimeDelta::minutes(10),
        }
    }

    /// A token of these claims, signed.
    fn of(claims: &Value) -> Result<Token, BadToken> {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = hmac::sign(&hmac_key(&key()), signed.as_bytes());
        Token::read(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    #[test]
    fn the_token_of_the_specification_is_signed_by_its_key() {
        // RFC 7515 §A.1: the key is 64 bytes that are no text, so the signature is checked with it directly.
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                      eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let key = hmac::Key::new(hmac::HMAC_SHA256, &URL_SAFE_NO_PAD.decode(key).unwrap());
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let token = Token::read(&format!("{signed}.{signature}")).unwrap();
        assert_eq!((token.algorithm.as_str(), token.missing.len()), ("HS256", 5));
        assert_eq!(token.expires.unwrap().to_rfc3339(), "2011-03-22T18:43:00+00:00");
    }

    #[test]
    fn what_is_signed_here_reads_back_and_is_signed_by_this_key_alone() {
        let token = Token::sign(&grant(), &key()).unwrap();
        assert_eq!((token.user.as_str(), token.namespace.as_str()), ("anna", "lab-7"));
        assert_eq!((token.lab.as_str(), token.lab_instance.as_str()), ("3", "7"));
        assert_eq!(token.machines, ["leaf1", "leaf2"]);
        assert_eq!(token.left(now()), Left::For(TimeDelta::minutes(10)));
        assert!(token.is_signed_by(&key()) && !token.is_signed_by(&Secret::read("another").unwrap()));
        let (signed, _) = token.secret().expose().rsplit_once('.').unwrap();
        assert!(!Token::read(&format!("{signed}.")).unwrap().is_signed_by(&key()));
        assert_eq!(format!("{:?}", token.secret()), "***");
    }

    #[test]
    fn an_end_with_a_fraction_is_taken_and_without_one_it_is_for_ever() {
        let claims = |exp: Value| {
            let names = serde_json::json!({ "lab_id": 3, "lab_instance_id": 7, "namespace_name": "n", "allowed_vmi_names": ["a"] });
            let mut claims = serde_json::json!({ "id": 12, "lab_instance": names });
            if !exp.is_null() {
                claims["exp"] = exp;
            }
            of(&claims).unwrap()
        };
        let half = claims(serde_json::json!(1_795_226_400.5));
        assert_eq!(half.expires.unwrap().timestamp_millis(), 1_795_226_400_500);
        assert_eq!((half.user.as_str(), half.lab.as_str()), ("12", "3"));
        let forever = claims(Value::Null);
        assert_eq!((forever.left(now()), forever.objection(None, now())), (Left::Forever, None));
        assert_eq!(claims(serde_json::json!(1e300)).expires, None);
    }

    #[test]
    fn what_the_proxy_would_refuse_is_told() {
        let token = Token::sign(&grant(), &key()).unwrap();
        let objection = |token: &Token, machine: &str, at| token.objection(Some(&machine.parse().unwrap()), at);
        assert_eq!(objection(&token, "leaf1", now()), None);
        assert_eq!(objection(&token, "spine1", now()).unwrap(), "the token is not for spine1");
        let late = now() + TimeDelta::minutes(75);
        assert_eq!(objection(&token, "leaf1", late).unwrap(), "the token ended 1 h 5 min ago");
        let poor = of(&serde_json::json!({ "id": "a" })).unwrap();
        assert_eq!(objection(&poor, "leaf1", now()).unwrap(), "the token does not say `lab_instance.lab_id`");
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let (_, rest) = token.secret().expose().split_once('.').unwrap();
        let unsigned = Token::read(&format!("{header}.{rest}")).unwrap();
        assert!(objection(&unsigned, "leaf1", now()).unwrap().contains("not signed with HS256"));
        assert!(!unsigned.is_signed_by(&key()));
    }

    #[test]
    fn what_is_no_token_is_told() {
        let why = |text: &str| Token::read(text).unwrap_err().to_string();
        assert_eq!(why("abc"), "it does not have three parts with dots between");
        assert_eq!(why("a.b.c.d"), "it does not have three parts with dots between");
        assert_eq!(why("!.b.c"), "its header is not base64url of a JSON object");
        assert_eq!(why("e30.W10.x"), "its middle is not base64url of a JSON object");
        assert_eq!(why(""), "it is empty");
    }
}
