//! The tokens of the websocket proxy: JSON Web Tokens (RFC 7519) signed with HMAC-SHA256, which say whose machines may be
//! reached until when.
//!
//! The proxy looks at them when a connection is opened and never again: a session outlives its token. Of what is wrong with
//! one it says nothing but `invalid token`, so everything that can be seen from here is told before.

mod python;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;
use serde::Serialize;
use serde_json::Value;

use self::python::{Time, decode, machines_of, read_json, text_of};
use crate::config::MachineName;
use crate::secret::{BadSecret, Secret};

/// The header of every token that is made here, and the algorithm that the proxy takes.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const ALGORITHM: &str = "HS256";

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
    /// Where the machines are one text instead of a list: proxies let in to every name that stands anywhere in it.
    within: Option<String>,
    /// From when on; `None` is always.
    pub begins: Option<DateTime<Utc>>,
    /// Until when; `None` is for ever, unless [`Token::faults`] has something about `exp`.
    pub expires: Option<DateTime<Utc>>,
    /// What the proxy wants to be there and is not, by the names in the token.
    pub missing: Vec<&'static str>,
    /// What else the proxy does not take, at any time and for any machine.
    pub faults: Vec<String>,
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
        let object = |part| decode(part).and_then(|json| read_json(&json)).filter(Value::is_object);
        let header = object(header).ok_or(BadToken::Part("header"))?;
        let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default().to_owned();
        let claims = object(claims).ok_or(BadToken::Part("middle"))?;
        let lab = claims.get("lab_instance").unwrap_or(&Value::Null);
        let names = lab.get("allowed_vmi_names");
        let (machines, within) = machines_of(names);
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
        wanted(names.is_some(), "lab_instance.allowed_vmi_names");
        let [issued, begins, expires] = ["iat", "nbf", "exp"].map(|name| Time::of(claims.get(name)));
        let mut faults = Vec::new();
        for (name, time) in [("iat", issued), ("nbf", begins), ("exp", expires)] {
            if time == Time::Senseless {
                faults.push(format!("the token's `{name}` is no number of seconds"));
            }
        }
        if claims.get("aud").is_some() {
            faults.push("the token is meant for somebody else: it names an `aud`, and proxies have none".to_owned());
        }
        if secret.expose().contains('/') {
            faults.push("the token has a `/` in it, which ends it in the address that proxies are asked at".to_owned());
        }
        match (names, machines.is_empty()) {
            (Some(Value::Null | Value::Bool(_) | Value::Number(_)), _) => {
                faults.push("the token's `lab_instance.allowed_vmi_names` is no list".to_owned());
            }
            (Some(_), true) => faults.push("the token names no machine".to_owned()),
            (Some(_), false) | (None, _) => {}
        }
        Ok(Self {
            user: text_of(claims.get("id")),
            lab: text_of(lab.get("lab_id")),
            lab_instance: text_of(lab.get("lab_instance_id")),
            namespace: text_of(lab.get("namespace_name")),
            machines,
            within,
            begins: begins.at(),
            expires: expires.at().filter(|end| *end < DateTime::<Utc>::MAX_UTC),
            algorithm,
            missing,
            faults,
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

    /// Whether it is signed with the algorithm that the proxy takes; whose signature another one is cannot be told here.
    #[must_use]
    pub fn is_of_known_algorithm(&self) -> bool {
        self.algorithm == ALGORITHM
    }

    /// Whether `key` signed it, with the algorithm that the proxy takes.
    #[must_use]
    pub fn is_signed_by(&self, key: &Secret) -> bool {
        let Some((signed, signature)) = self.secret.expose().rsplit_once('.') else { return false };
        let signature = decode(signature);
        let verify = |signature: Vec<u8>| hmac::verify(&hmac_key(key), signed.as_bytes(), &signature).is_ok();
        self.algorithm == ALGORITHM && signature.is_some_and(verify)
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

    /// A time at which it is good as far as its times go: `now`, or the nearest one.
    #[must_use]
    pub fn good_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let begun = self.begins.map_or(now, |begins| begins.max(now));
        let before = |end: DateTime<Utc>| end.checked_sub_signed(TimeDelta::milliseconds(1)).unwrap_or(end);
        self.expires.map_or(begun, |end| begun.min(before(end)))
    }

    /// The machines that it names and nobody can ask for, since no machine has such a name; as it has them, which may be
    /// anything.
    #[must_use]
    pub fn unaskable(&self) -> Vec<&str> {
        self.machines.iter().map(String::as_str).filter(|name| name.parse::<MachineName>().is_err()).collect()
    }

    /// Whether it names this machine.
    #[must_use]
    pub fn allows(&self, machine: &MachineName) -> bool {
        let is_within = self.within.as_ref().is_some_and(|text| text.contains(machine.as_str()));
        is_within || self.machines.iter().any(|name| name == machine.as_str())
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
        if let Some(fault) = self.faults.first() {
            return Some(fault.clone());
        }
        if let Left::EndedAgo(ago) = self.left(now) {
            return Some(format!("the token ended {} ago", duration(ago)));
        }
        if let Some(wait) = self.begins.map(|begins| begins - now).filter(|wait| *wait > TimeDelta::zero()) {
            return Some(format!("the token is not good yet: it begins in {}", duration(wait)));
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
