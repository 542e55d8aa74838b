//! How the certificate of a server is checked: settings of which one excludes the others.

use super::problem::At;
use super::reader::Section;
use super::resolve::{Layers, value};
use super::value::{Setting, WrittenPath};
use crate::tls::{Fingerprint, Trust};

/// The settings that say it, as dotted names.
pub(super) struct Keys {
    /// Whom to trust.
    pub(super) ca_file: &'static str,
    /// Which certificate alone to trust.
    pub(super) fingerprint: &'static str,
}

/// What stands in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CertificateSection {
    /// `ca_file`
    pub(super) ca_file: Option<At<WrittenPath>>,
    /// `fingerprint`
    pub(super) fingerprint: Option<At<Fingerprint>>,
    /// `verify_tls`
    verify_tls: Option<At<bool>>,
}

impl CertificateSection {
    /// Reads the settings of a server whose certificate need not be checked.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        Self { verify_tls: section.read("verify_tls"), ..Self::read_checked(section) }
    }

    /// Reads those of one whose certificate is always checked.
    pub(super) fn read_checked(section: &mut Section<'_, '_>) -> Self {
        Self { ca_file: section.read("ca_file"), fingerprint: section.read_instead("fingerprint"), verify_tls: None }
    }
}

impl Setting for Fingerprint {
    fn takes() -> String {
        "the SHA-256 of the certificate: 64 hexadecimal digits, with or without colons".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Layers<'_> {
    /// Whose certificates are trusted. Settings that contradict each other are noted.
    pub(super) fn trust(&mut self, keys: &Keys, written: CertificateSection) -> Trust {
        let CertificateSection { ca_file, fingerprint, verify_tls } = written;
        let verify_tls = value(verify_tls).unwrap_or(true);
        if let Some(ca) = ca_file.as_ref().filter(|_| !verify_tls) {
            self.contradiction(&ca.origin, keys.ca_file, "verify_tls = false", "no certificate is checked then");
        }
        if let Some(pinned) = &fingerprint {
            let others = [("ca_file", ca_file.is_some()), ("verify_tls = false", !verify_tls)];
            for (other, _) in others.into_iter().filter(|(_, is_said)| *is_said) {
                let because = "one certificate is trusted then, and no other";
                self.contradiction(&pinned.origin, keys.fingerprint, other, because);
            }
        }
        let ca_file = ca_file.and_then(|ca| self.expected_path(keys.ca_file, &ca, false));
        match (value(fingerprint), ca_file) {
            _ if !verify_tls => Trust::Anybody,
            (Some(pinned), _) => Trust::Pinned(pinned),
            (None, Some(path)) => Trust::File(path),
            (None, None) => Trust::System,
        }
    }
}
