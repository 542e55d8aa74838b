//! How the certificate of a server is checked: settings of which one excludes the others.

use std::path::PathBuf;

use super::problem::At;
use super::resolve::{Layers, value};
use super::value::{Fingerprint, WrittenPath};

/// The settings that say it, as dotted names.
pub(super) struct Keys {
    /// Whom to trust.
    pub(super) ca_file: &'static str,
    /// Which certificate alone to trust.
    pub(super) fingerprint: &'static str,
}

/// What stands in them.
pub(super) struct Written {
    /// Whom to trust.
    pub(super) ca_file: Option<At<WrittenPath>>,
    /// Which certificate alone to trust.
    pub(super) fingerprint: Option<At<Fingerprint>>,
    /// Whether to check at all.
    pub(super) verify_tls: Option<At<bool>>,
}

/// What they come to.
pub(super) struct Checks {
    /// Certificates to trust instead of the system's.
    pub(super) ca_file: Option<PathBuf>,
    /// The SHA-256 of the only certificate to trust.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Whether the certificate is checked at all.
    pub(super) verify_tls: bool,
}

impl Layers<'_> {
    /// How a certificate is checked. Settings that contradict each other are noted.
    pub(super) fn certificate(&mut self, keys: &Keys, written: Written) -> Checks {
        let Written { ca_file, fingerprint, verify_tls } = written;
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
        Checks { ca_file, fingerprint: value(fingerprint), verify_tls }
    }
}
