//! Why a certificate is not trusted, in words that somebody can act on.

use std::fmt;

use chrono::DateTime;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError as Bad, Error};

use super::Fingerprint;
use super::key::is_old;
use crate::text::{clean_line, first_of};

/// Names of a certificate that are told.
const NAMES: usize = 4;

/// Why a certificate is not trusted. Its words are harmless.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Distrust {
    /// What is wrong with it.
    pub(crate) flaw: Flaw,
    /// Its fingerprint, where the certificate came so far.
    pub(crate) found: Option<Fingerprint>,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It is that of an authority: such a server has signed for itself, mostly. webpki takes no authority's certificate for
    /// a server's, even where that very one is given as trusted.
    Own,
    /// Nobody who is trusted has signed it.
    Unsigned,
    /// It has expired, if it is told then.
    Expired(Option<String>),
    /// It does not hold yet, but from then on, if that is told.
    NotYet(Option<String>),
    /// Its authority has revoked it.
    Revoked,
    /// It is for these names.
    OtherName(Vec<String>),
    /// It is of a version of X.509 in which nothing can be checked.
    Old,
    /// It is not the one that was given by this fingerprint.
    Differs(Fingerprint),
    /// Something else, in words.
    Other(String),
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found.map(|found| found.to_string());
        if let (Flaw::Differs(given), Some(found)) = (&self.flaw, &found) {
            return write!(f, "its fingerprint is {found}, and the one that was given is {given}");
        }
        write!(f, "{}", self.flaw)?;
        found.map_or(Ok(()), |found| write!(f, "; its fingerprint is {found}"))
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("it signs its own certificate, which is an authority's (CA:TRUE) and no server's"),
            Self::Unsigned => f.write_str("its certificate was signed by nobody who is trusted here"),
            Self::Expired(None) => f.write_str("its certificate has expired"),
            Self::Expired(Some(at)) => write!(f, "its certificate has expired {at}"),
            Self::NotYet(None) => f.write_str("its certificate does not hold yet"),
            Self::NotYet(Some(at)) => write!(f, "its certificate does not hold before {at}"),
            Self::Revoked => f.write_str("its certificate was revoked"),
            Self::OtherName(names) if names.is_empty() => {
                f.write_str("its certificate has no name (subjectAltName) that is the one in the address")
            }
            Self::OtherName(names) => {
                write!(f, "its certificate is for {}, and not for the name in the address", first_of(names, NAMES))
            }
            Self::Old => {
                f.write_str("its certificate is of version 1 of X.509, in which no name and no use can be checked")
            }
            Self::Differs(given) => write!(f, "its fingerprint is not {given}, which was given"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl Distrust {
    /// What `error`, of a check or of a connection, says of a certificate.
    pub(crate) fn of(error: &Error) -> Self {
        if let Error::Other(other) = error
            && let Some(told) = other.0.downcast_ref::<Self>()
        {
            return told.clone();
        }
        let own = if let Error::General(text) = error { Some(text.clone()) } else { None };
        let words = own.unwrap_or_else(|| error.to_string());
        Self { flaw: Flaw::Other(clean_line(&words)), found: None }
    }

    /// What a check has found in the certificate of this fingerprint.
    pub(super) fn found_in(error: &Error, found: Fingerprint) -> Self {
        Self { flaw: flaw(error), found: Some(found) }
    }

    /// As an error of TLS.
    pub(super) fn into_error(self) -> Error {
        Error::Other(rustls::OtherError(std::sync::Arc::new(self)))
    }
}

/// What the check of a certificate found.
fn flaw(error: &Error) -> Flaw {
    let Error::InvalidCertificate(bad) = error else { return Flaw::Other(clean_line(&error.to_string())) };
    if let Bad::ExpiredContext { not_after, .. } = bad {
        return Flaw::Expired(time(*not_after));
    }
    if let Bad::NotValidYetContext { not_before, .. } = bad {
        return Flaw::NotYet(time(*not_before));
    }
    if let Bad::NotValidForNameContext { presented, .. } = bad {
        return Flaw::OtherName(presented.iter().map(|name| clean_line(name_of(name))).collect());
    }
    let is_own = matches!(bad, Bad::Other(cause) if cause.to_string() == "CaUsedAsEndEntity");
    let known = [
        (is_old(error), Flaw::Old),
        (is_own, Flaw::Own),
        (matches!(bad, Bad::UnknownIssuer | Bad::BadSignature), Flaw::Unsigned),
        (*bad == Bad::Expired, Flaw::Expired(None)),
        (*bad == Bad::NotValidYet, Flaw::NotYet(None)),
        (*bad == Bad::NotValidForName, Flaw::OtherName(Vec::new())),
        (*bad == Bad::Revoked, Flaw::Revoked),
    ];
    let found = known.into_iter().find(|(is_so, _)| *is_so);
    let other = || Flaw::Other(clean_line(&format!("its certificate cannot be trusted: {bad}")));
    found.map_or_else(other, |(_, flaw)| flaw)
}

/// `cvp.example` of `DnsName("cvp.example")`, as webpki writes names.
fn name_of(presented: &str) -> &str {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(presented).trim_matches('"')
}

/// A time of a certificate.
fn time(at: UnixTime) -> Option<String> {
    let seconds = i64::try_from(at.as_secs()).ok()?;
    Some(DateTime::from_timestamp(seconds, 0)?.format("%Y-%m-%d %H:%M UTC").to_string())
}
