//! RSA keys: the private one that signs, the public one that clients have.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    KeyPair, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_SHA512, RsaKeyPair, UnparsedPublicKey,
};
use rustix::process::getuid;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use super::error::{BadKey, Error};

/// No key is as large.
const LARGEST: u64 = 64 << 10;
/// The algorithm in a public key: rsaEncryption, without parameters (RFC 8017 §A.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// DER's tags.
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// A private key. It prints as nothing.
pub struct SigningKey(RsaKeyPair);

/// A public key, as ring takes it: `RSAPublicKey` in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl SigningKey {
    /// Reads the key in `path`: RSA in PEM, as PKCS#1 or PKCS#8. Blocks while the file is read.
    ///
    /// # Errors
    /// Where others can read the file, or it holds something else.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        // Of the file that was opened: another one can come to lie at the path meanwhile.
        let about = file.metadata().map_err(unreadable)?;
        let (mode, owner, own) = (about.mode() & 0o777, about.uid(), getuid().as_raw());
        if mode & 0o077 != 0 {
            return Err(Error::OpenKey { path: path.to_owned(), mode });
        }
        if owner != own && owner != 0 {
            return Err(Error::ForeignKey { path: path.to_owned(), uid: owner });
        }
        let mut pem = Zeroizing::new(Vec::with_capacity(usize::try_from(about.len().min(LARGEST)).unwrap_or(0) + 1));
        file.take(LARGEST).read_to_end(&mut pem).map_err(unreadable)?;
        Self::from_pem(&pem).map_err(|why| Error::NoSigningKey { path: path.to_owned(), why })
    }

    /// Reads the key in a PEM text.
    pub(super) fn from_pem(pem: &[u8]) -> Result<Self, BadKey> {
        let has = |words: &str| pem.windows(words.len()).any(|window| window == words.as_bytes());
        if has("BEGIN ENCRYPTED PRIVATE KEY") || has("Proc-Type: 4,ENCRYPTED") {
            return Err(BadKey::Encrypted);
        }
        if has("BEGIN OPENSSH PRIVATE KEY") {
            return Err(BadKey::OpenSsh);
        }
        if has("BEGIN EC PRIVATE KEY") {
            return Err(BadKey::NotRsa);
        }
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| match () {
            () if has("BEGIN PUBLIC KEY") || has("BEGIN RSA PUBLIC KEY") || has("BEGIN CERTIFICATE") => BadKey::Public,
            () => BadKey::NotPem,
        })?;
        let read = if let PrivateKeyDer::Pkcs1(key) = &key {
            RsaKeyPair::from_der(key.secret_pkcs1_der())
        } else if let PrivateKeyDer::Pkcs8(key) = &key {
            RsaKeyPair::from_pkcs8(key.secret_pkcs8_der())
        } else {
            return Err(BadKey::NotRsa);
        };
        // ring's words are for those who know DER; of all it says only one thing changes what to do.
        read.map(Self).map_err(|why| match why.to_string().as_str() {
            "WrongAlgorithm" => BadKey::NotRsa,
            _ => BadKey::Rejected,
        })
    }

    /// The signature over `bytes`, in base64.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<String, Error> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), bytes, &mut signature);
        signed.map_err(|_| Error::Unsigned)?;
        Ok(STANDARD.encode(signature))
    }

    /// The half that clients have.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PublicKey {
    /// Reads a public key: PEM, base64 as in the clients' list of domains, or that list itself and one of its domains.
    ///
    /// # Errors
    /// Where `text`, which came from `from`, is none of that.
    pub fn read(text: &str, domain: Option<&str>, from: &str) -> Result<Self, Error> {
        let no = |why| Error::NoPublicKey { from: from.to_owned(), why };
        let text = text.trim();
        let encoded = if let Some((_, rest)) = text.split_once("-----BEGIN ") {
            let (kind, rest) = rest.split_once("-----").ok_or_else(|| no("it is cut off"))?;
            let (body, _) = rest.split_once("-----END").ok_or_else(|| no("it is cut off"))?;
            match kind {
                "PUBLIC KEY" | "RSA PUBLIC KEY" => body,
                "CERTIFICATE" => return Err(no("it is a certificate: take its key out with `openssl x509 -pubkey`")),
                _ => return Err(no("it is no public key; `noctui vmcp key` prints the public half of a private one")),
            }
        } else {
            listed(text, domain).map_err(no)?
        };
        let encoded: String = encoded.split_ascii_whitespace().collect();
        let der = STANDARD.decode(encoded).map_err(|_| no("it takes PEM, or base64 on one line"))?;
        let inner = unwrap(&der).unwrap_or(&der);
        // An RSA public key is a sequence that begins with its modulus, an integer.
        match element(inner) {
            Some((SEQUENCE, [0x02, ..], [])) => Ok(Self(inner.to_vec())),
            _ => Err(no("it is no RSA key")),
        }
    }

    /// As in the clients' list of domains: `SubjectPublicKeyInfo` (RFC 5280 §4.1) in base64.
    #[must_use]
    pub fn to_base64(&self) -> String {
        // Before the key stands how many bits of its last byte do not count.
        let mut key = vec![0];
        key.extend_from_slice(&self.0);
        let mut info = RSA_ENCRYPTION.to_vec();
        info.extend(wrap(BIT_STRING, &key));
        STANDARD.encode(wrap(SEQUENCE, &info))
    }

    /// Whether `signature` is one over `bytes` by this key. Clients take keys of any size; the least here is 1024 bits.
    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, &self.0)
            .verify(bytes, signature)
            .is_ok()
    }
}

/// The key of `domain` in a list of `domain=key`; the text itself where it is no list.
fn listed<'t>(text: &'t str, domain: Option<&str>) -> Result<&'t str, &'static str> {
    // Base64 has `=` at its end alone.
    let line = |line: &'t str| line.trim().split_once('=').filter(|(_, key)| !key.trim_start_matches('=').is_empty());
    match domain {
        Some(domain) => {
            let mut lines = text.lines().filter_map(line);
            let found = lines.find(|(name, _)| name.trim() == domain).map(|(_, key)| key.trim());
            found.ok_or("it lists no key for this domain")
        }
        None if text.lines().any(|one| line(one).is_some()) => Err("it lists several domains: name one with --domain"),
        None => Ok(text),
    }
}

/// The key inside a `SubjectPublicKeyInfo` of RSA.
fn unwrap(der: &[u8]) -> Option<&[u8]> {
    let (SEQUENCE, info, []) = element(der)? else { return None };
    let (BIT_STRING, [0, key @ ..], []) = element(info.strip_prefix(&RSA_ENCRYPTION)?)? else { return None };
    Some(key)
}

/// The first element of `der`: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// An element of DER.
fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
    let mut element = vec![tag];
    match (digits.as_slice(), u8::try_from(digits.len())) {
        ([], _) => element.push(0),
        (&[one], _) if one < 0x80 => element.push(one),
        (many, Ok(count)) => {
            element.push(0x80 | count);
            element.extend_from_slice(many);
        }
        // No length has more than eight digits.
        (_, Err(_)) => {}
    }
    element.extend_from_slice(content);
    element
}
