//! What a client asks with: its salt and the id of its host.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

/// The parameter with the salt.
pub(super) const SALT: &str = "cvm_salt";
/// The parameter with the id of the host.
pub(super) const HOST_ID: &str = "cvm_hostid";

/// What salts are made of. None of it needs to be encoded in an address.
const SALT_LETTERS: &[u8; 63] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
/// As many characters as clients draw.
const SALT_LENGTH: usize = 64;
/// The longest salt or id that is taken: clients use 64 characters.
const LONGEST: usize = 256;

/// What a client draws for each request, and gets back in what is signed: an old answer does not fit a new request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salt(String);

/// The host that asks. Clients make it of a number of their own and the site's domain; here it is only letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostId(String);

/// A parameter that clients send is missing or is nothing that they send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadParameter {
    /// It is not there.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// It is there, without a value.
    #[error("the parameter {0} is empty")]
    Empty(&'static str),
    /// It is there more than once.
    #[error("the parameter {0} is there more than once")]
    Twice(&'static str),
    /// It is too long.
    #[error("the parameter {0} is longer than 256 characters")]
    TooLong(&'static str),
    /// It has characters that no client sends.
    #[error("the parameter {0} has characters other than letters, digits and -")]
    Characters(&'static str),
}

impl Salt {
    /// A fresh one; `None` where the system gives no random bytes.
    #[must_use]
    pub fn random() -> Option<Self> {
        let mut salt = String::with_capacity(SALT_LENGTH);
        let random = SystemRandom::new();
        while salt.len() < SALT_LENGTH {
            let mut bytes = [0; SALT_LENGTH];
            random.fill(&mut bytes).ok()?;
            // 252 is the last multiple of 63 in a byte; above it the first letters would come more often.
            let letters = bytes.iter().filter(|byte| **byte < 252);
            let letters = letters.filter_map(|byte| SALT_LETTERS.get(usize::from(*byte) % SALT_LETTERS.len()));
            salt.extend(letters.take(SALT_LENGTH - salt.len()).map(|letter| char::from(*letter)));
        }
        Some(Self(salt))
    }

    /// As it is sent and signed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the one of a query.
    pub(super) fn of_query(query: &str) -> Result<Self, BadParameter> {
        Ok(Self(checked(SALT, parameter(SALT, query)?)?.to_owned()))
    }
}

impl HostId {
    /// One that no other host has, for `domain`, made as clients make theirs; `None` where the system gives no random bytes.
    #[must_use]
    pub fn random(domain: &str) -> Option<Self> {
        let number = Salt::random()?;
        let digest = Sha256::digest(format!("{}|{domain}", number.as_str()));
        let mut id = String::new();
        for byte in digest {
            // Writing to a text cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        Some(Self(id))
    }

    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the one of a query.
    pub(super) fn of_query(query: &str) -> Result<Self, BadParameter> {
        Ok(Self(checked(HOST_ID, parameter(HOST_ID, query)?)?.to_owned()))
    }
}

impl FromStr for Salt {
    type Err = BadParameter;

    fn from_str(text: &str) -> Result<Self, BadParameter> {
        checked(SALT, text).map(|text| Self(text.to_owned()))
    }
}

impl FromStr for HostId {
    type Err = BadParameter;

    fn from_str(text: &str) -> Result<Self, BadParameter> {
        checked(HOST_ID, text).map(|text| Self(text.to_owned()))
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of the parameter `name` in a query, as it is written there.
fn parameter<'q>(name: &'static str, query: &'q str) -> Result<&'q str, BadParameter> {
    let named = |pair: &'q str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    };
    let mut values = query.split('&').filter_map(named);
    let value = values.next().ok_or(BadParameter::Missing(name))?;
    if values.next().is_some() { Err(BadParameter::Twice(name)) } else { Ok(value) }
}

/// `value`, where a client could have sent it.
fn checked<'v>(name: &'static str, value: &'v str) -> Result<&'v str, BadParameter> {
    if value.is_empty() {
        Err(BadParameter::Empty(name))
    } else if value.len() > LONGEST {
        Err(BadParameter::TooLong(name))
    } else if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        Err(BadParameter::Characters(name))
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_salt_has_64_letters_and_is_never_the_same() {
        let salts: Vec<_> = (0..50).map(|_| Salt::random().unwrap()).collect();
        for (index, salt) in salts.iter().enumerate() {
            assert_eq!(salt.as_str().len(), 64);
            assert_eq!(salt.as_str().parse(), Ok(salt.clone()));
            assert!(!salts[..index].contains(salt));
        }
    }

    #[test]
    fn a_host_id_is_64_hexadecimal_digits() {
        let id = HostId::random("lab.example").unwrap();
        assert_eq!(id.as_str().len(), 64);
        assert!(id.as_str().bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    }

    #[test]
    fn what_no_client_sends_is_told_by_name() {
        let salt = |query: &str| Salt::of_query(query).map(|salt| salt.0).map_err(|error| error.to_string());
        assert_eq!(salt("a=b&cvm_salt=Zk-3&cvm_hostid=1"), Ok("Zk-3".to_owned()));
        for (query, why) in [
            ("", "the parameter cvm_salt is missing"),
            ("cvm_hostid=1", "the parameter cvm_salt is missing"),
            ("CVM_SALT=1", "the parameter cvm_salt is missing"),
            ("cvm_salt=&a", "the parameter cvm_salt is empty"),
            ("cvm_salt", "the parameter cvm_salt is empty"),
            ("cvm_salt=a&cvm_salt=b", "the parameter cvm_salt is there more than once"),
            ("cvm_salt=a%20b", "the parameter cvm_salt has characters other than letters, digits and -"),
            ("cvm_salt=a\u{e9}", "the parameter cvm_salt has characters other than letters, digits and -"),
        ] {
            assert_eq!(salt(query), Err(why.to_owned()), "{query}");
        }
        let long = format!("cvm_salt={}", "x".repeat(257));
        assert_eq!(salt(&long), Err("the parameter cvm_salt is longer than 256 characters".to_owned()));
        assert_eq!(HostId::of_query("cvm_salt=a"), Err(BadParameter::Missing(HOST_ID)));
    }
}
