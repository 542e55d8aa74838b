//! What a client gets: a definition with its signature, and whether it believes it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;
use serde_json::Value;

use super::definition::{Definition, Field, SIGNATURE};
use super::error::Error;
use super::key::{PublicKey, SigningKey};
use super::request::Salt;
use super::{canonical, reading};

/// Clients read base64 with or without its padding.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A definition with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What is signed.
    #[serde(flatten)]
    definition: Definition,
    /// In base64.
    signature: String,
    /// Fields that no signature covers, and no client reads: what clients skip.
    #[serde(skip)]
    skipped: Vec<String>,
}

/// What comes of verifying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The key signed these fields with this salt.
    Valid,
    /// It did not.
    Invalid,
}

impl Answer {
    /// Signs `definition` for the client that drew `salt`.
    ///
    /// # Errors
    /// Where the key cannot sign.
    pub fn sign(definition: &Definition, salt: &Salt, key: &SigningKey) -> Result<Self, Error> {
        let signature = key.sign(canonical::bytes(definition, salt).as_bytes())?;
        Ok(Self { definition: definition.clone(), signature, skipped: Vec::new() })
    }

    /// The bytes that are signed for `salt`.
    #[must_use]
    pub fn canonical(definition: &Definition, salt: &Salt) -> String {
        canonical::bytes(definition, salt)
    }

    /// Reads an answer as a client does: what it skips is set apart, what would deceive it is refused.
    ///
    /// # Errors
    /// Where it has no signature, or has a field twice, or fields inside of others, which clients take for outer ones.
    pub fn read(json: &[u8], from: &str) -> Result<Self, Error> {
        let no = |why: String| Error::NoAnswer { from: from.to_owned(), why };
        let members = reading::json(json).map_err(|problems| no(problems.iter().map(|p| p.what.as_str()).collect()))?;
        let mut fields: BTreeMap<String, Field> = BTreeMap::new();
        let (mut signature, mut skipped) = (None, Vec::new());
        for (name, value) in members {
            if fields.contains_key(&name) || skipped.contains(&name) || name == SIGNATURE && signature.is_some() {
                return Err(no(format!("`{name}` is there twice")));
            }
            match value {
                Value::String(text) if name == SIGNATURE => signature = Some(text),
                _ if name.eq_ignore_ascii_case(SIGNATURE) => {
                    return Err(no(format!("`{name}` would be taken for the signature")));
                }
                Value::Object(_) => {
                    return Err(no(format!("`{name}` has fields inside, which clients take for outer ones")));
                }
                Value::String(text) => _ = fields.insert(name, Field::Text(text)),
                Value::Number(_) => match super::definition::field(&value) {
                    Ok(field) => _ = fields.insert(name, field),
                    Err(_) => skipped.push(name),
                },
                Value::Null | Value::Bool(_) | Value::Array(_) => skipped.push(name),
            }
        }
        let signature = signature.ok_or_else(|| no("it has no signature".to_owned()))?;
        Ok(Self { definition: Definition::of_fields(fields), signature, skipped })
    }

    /// Whether `key` signed this for `salt`.
    #[must_use]
    pub fn verify(&self, salt: &Salt, key: &PublicKey) -> Verdict {
        let signature: String = self.signature.split_ascii_whitespace().collect();
        let bytes = canonical::bytes(&self.definition, salt);
        match TOLERANT.decode(signature.trim_end_matches('=')) {
            Ok(signature) if key.verifies(bytes.as_bytes(), &signature) => Verdict::Valid,
            _ => Verdict::Invalid,
        }
    }

    /// What it defines.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The signature in base64, as it came.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The fields that clients skip and no signature covers.
    #[must_use]
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }
}
