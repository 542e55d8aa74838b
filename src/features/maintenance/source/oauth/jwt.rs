//! The assertion of a service account that acts for a mailbox (RFC 7523 §3), signed with its key.

use std::fs::File;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;

use crate::config::OAuth;

/// Clocks differ: it is made a little before now.
const BACK_S: i64 = 30;
/// How long it holds; the provider takes no longer ones.
const LASTS_S: i64 = 3600;
/// More than any key file has.
const LARGEST: u64 = 64 << 10;

/// The key of a service account, as Google hands it out.
#[derive(Deserialize)]
struct Key {
    client_email: String,
    #[serde(rename = "private_key")]
    pem: String,
    #[serde(default)]
    private_key_id: String,
}

/// The assertion for the mailbox of `user`, or why there can be none, in words. Blocks.
pub(super) fn assertion(config: &OAuth, scopes: &str, user: &str, now: DateTime<Utc>) -> Result<String, String> {
    let path = config.key_file.as_deref().ok_or("there is no key")?;
    let mut text = zeroize::Zeroizing::new(String::new());
    File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    // What is wrong with it is told without repeating it.
    let key: Key =
        serde_json::from_str(&text).map_err(|_| format!("{} is no key of a service account", path.display()))?;
    let broken = |what: &str| format!("the private key in {} {what}", path.display());
    let pem = PrivatePkcs8KeyDer::from_pem_slice(key.pem.as_bytes()).map_err(|_| broken("is no PKCS#8 in PEM"))?;
    let pair =
        RsaKeyPair::from_pkcs8(pem.secret_pkcs8_der()).map_err(|error| broken(&format!("is refused: {error}")))?;
    let made = now.timestamp() - BACK_S;
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": key.private_key_id});
    let claims = json!({
        "iss": key.client_email, "sub": user, "scope": scopes, "aud": config.token_url,
        "iat": made, "exp": made + LASTS_S,
    });
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| broken("cannot sign"))?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
