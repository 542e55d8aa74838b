//! Which certificate is meant, by its hash.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// SHA-256 of a certificate as it is sent (DER).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// A text is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is the SHA-256 of a certificate: 64 hexadecimal digits, with or without colons")]
pub struct BadFingerprint;

impl FromStr for Fingerprint {
    type Err = BadFingerprint;

    fn from_str(text: &str) -> Result<Self, BadFingerprint> {
        let text = text.trim();
        let text = text.strip_prefix("sha256:").or_else(|| text.strip_prefix("SHA256:")).unwrap_or(text);
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
        let mut bytes = [0; 32];
        if digits.len() != bytes.len() * 2 {
            return Err(BadFingerprint);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            // `from_str_radix` would take a sign.
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|it| it.is_ascii_hexdigit()));
            let value = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
            *byte = value.ok_or(BadFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

/// As `openssl x509 -fingerprint -sha256` writes it.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_programs_write_it() {
        let written = "AB:CD:".to_owned() + &"01:".repeat(29) + "EF";
        let read = written.parse::<Fingerprint>().unwrap();
        assert_eq!(read.to_string(), written);
        for same in
            [format!("sha256:{written}"), written.replace(':', "").to_lowercase(), format!(" SHA256:{written} ")]
        {
            assert_eq!(same.parse(), Ok(read), "{same}");
        }
        for wrong in ["", "AB:CD", "sha1:AB", &"+1".repeat(32), &"é".repeat(32), &"0".repeat(66)] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(BadFingerprint), "{wrong}");
        }
    }
}
