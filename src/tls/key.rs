//! The public key of a certificate of any version of X.509, for certificates whose authorities nobody asks for.
//!
//! webpki reads certificates of version 3 alone. Old management stations show such of version 1, which have no extensions:
//! nothing can be checked in them but that the other side has their key (RFC 5280 §4.1).

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, DigitallySignedStruct, Error};

/// Tags of DER (X.690 §8).
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
/// Of the version, which those of version 1 leave out.
const VERSION: u8 = 0xa0;

/// Whether a certificate was refused only for its version.
pub(super) fn is_old(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::Other(other)) if other.to_string() == "UnsupportedCertVersion")
}

/// Checks a signature by the key of a certificate that was refused for its version; anything else stays refused.
pub(super) fn verify_old(
    refused: Error,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
    known: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    if !is_old(&refused) {
        return Err(refused);
    }
    let (algorithm, key) = of(certificate).ok_or(CertificateError::BadEncoding)?;
    let fitting =
        known.mapping.iter().filter(|(scheme, _)| *scheme == signature.scheme).flat_map(|(_, fitting)| *fitting);
    let mut fitting = fitting.filter(|it| it.public_key_alg_id().as_ref() == algorithm);
    if fitting.any(|it| it.verify_signature(key, message, signature.signature()).is_ok()) {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(CertificateError::BadSignature.into())
    }
}

/// Algorithm and key of a certificate.
fn of(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (certificate, _) = tagged(SEQUENCE, certificate)?;
    let (mut fields, _) = tagged(SEQUENCE, certificate)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    // Serial number, algorithm of the signature, issuer, validity, subject.
    for _ in 0..5 {
        fields = element(fields)?.2;
    }
    let (info, _) = tagged(SEQUENCE, fields)?;
    let (algorithm, rest) = tagged(SEQUENCE, info)?;
    let (bits, _) = tagged(BIT_STRING, rest)?;
    let (0, key) = bits.split_first()? else { return None };
    Some((algorithm, key))
}

/// The content of the first element, which has this tag, and what follows it.
fn tagged(wanted: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(der)?;
    (tag == wanted).then_some((content, rest))
}

/// The first element: its tag, its content, and what follows it.
pub(super) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.is_empty() || bytes.len() > 4 {
            return None;
        }
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_has_no_key() {
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 0x80],
            &[0x30, 0x82, 0xff],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x03, 0x30, 0x01, 0x02],
        ] {
            assert_eq!(of(der), None, "{der:?}");
        }
    }
}
