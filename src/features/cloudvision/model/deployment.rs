//! What somebody wants deployed: checked, complete, and independent of where it was written.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// An EOS configuration as it is sent: UTF-8 with `\n` at the ends of lines and otherwise to the byte as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigText {
    /// The text.
    text: Arc<str>,
    /// SHA-256 of it, in hexadecimal: what CloudVision tells of a configlet.
    digest: Arc<str>,
}

impl ConfigText {
    /// Makes `\r\n` and single `\r` of `written` into `\n`, and nothing else: trailing blanks and a missing last line end
    /// are kept.
    #[must_use]
    pub fn new(written: &str) -> Self {
        let text =
            if written.contains('\r') { written.replace("\r\n", "\n").replace('\r', "\n") } else { written.to_owned() };
        let mut digest = String::with_capacity(64);
        for byte in Sha256::digest(text.as_bytes()) {
            let _infallible = write!(digest, "{byte:02x}");
        }
        Self { text: text.into(), digest: digest.into() }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, in 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// Configurations hold passwords: only the length and the digest are told.
impl fmt::Debug for ConfigText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigText({} bytes, {})", self.text.len(), self.digest)
    }
}

/// A label and its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    /// What is said.
    pub label: String,
    /// Of this device or interface.
    pub value: String,
}

/// A tag that a device or one of its interfaces is to carry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagLabel {
    /// `None` for the device itself.
    pub interface: Option<String>,
    /// Label and value.
    pub label: Label,
}

/// Where a part of the input stands, for messages about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// A member of a request: `devices.leaf1.configlet`.
    Request(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(&crate::text::clean_line(&path.display().to_string())),
            Self::Request(place) => f.write_str(&crate::text::clean_line(place)),
        }
    }
}

/// One device that is wanted some way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Without the domain.
    pub hostname: String,
    /// Serial number, if the input says it.
    pub serial: Option<String>,
    /// System MAC address, if the input says it.
    pub mac: Option<String>,
    /// Its whole configuration; `None` where only tags are wanted.
    pub config: Option<ConfigText>,
    /// Sorted, without doubles.
    pub tags: Vec<TagLabel>,
    /// Where it was written.
    pub origin: Origin,
}

/// Everything one deployment brings to CloudVision. Hostnames are unique, and so are the serial numbers that are said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Sorted by hostname; never empty.
    pub devices: Vec<Wanted>,
    /// Whether other user tags of devices with wanted tags are taken from them. Otherwise only those go whose label is
    /// wanted with another value.
    pub strict_tags: bool,
    /// The change control's name; CloudVision makes one up otherwise.
    pub change_name: Option<String>,
    /// The change control's description.
    pub change_notes: Option<String>,
    /// Whether the workspace is deleted once it is submitted.
    pub delete_workspace: bool,
}
