//! Which CloudVision it is: `CVaaS`, or year, minor and patch.

use std::fmt;

use serde::Deserialize;

use super::Client;
use super::call::Repeat;
use crate::features::cloudvision::error::Error;

/// Where it is told.
const PATH: &str = "/cvpservice/cvpInfo/getCvpInfo.do";
/// What asking for it is called.
const WHAT: &str = "the question for its version";

/// A version; the hosted one is newer than every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// On premises: `2024.3.1`.
    Released {
        /// Four digits.
        year: u16,
        /// Of that year.
        minor: u16,
        /// Of that release.
        patch: u16,
    },
    /// The hosted one, which is always the newest.
    Hosted,
}

impl Version {
    /// A release.
    #[must_use]
    pub const fn new(year: u16, minor: u16, patch: u16) -> Self {
        Self::Released { year, minor, patch }
    }

    /// Below this, what a deployment needs is missing.
    pub const OLDEST: Self = Self::new(2024, 1, 0);
    /// From this on, configlets and containers can be written in bulk.
    pub const BULK: Self = Self::new(2024, 2, 0);
    /// From this on, a workspace can follow what is in force.
    pub const REBASE: Self = Self::new(2026, 2, 0);

    /// Reads one; nothing where `text` is something else.
    fn read(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("cvaas") {
            return Some(Self::Hosted);
        }
        let mut numbers = text.splitn(3, '.').map(|part| {
            let digits = part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            digits.parse::<u16>().ok()
        });
        Some(Self::new(numbers.next()??, numbers.next()??, numbers.next()??))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hosted => f.write_str("CVaaS"),
            Self::Released { year, minor, patch } => write!(f, "{year}.{minor}.{patch}"),
        }
    }
}

/// The page.
#[derive(Deserialize)]
struct Info {
    /// `CVaaS` or `YYYY.N.N`.
    version: String,
}

impl Client {
    /// Its version, asked for once.
    pub async fn version(&self) -> Result<Version, Error> {
        self.inner.version.get_or_try_init(|| self.ask_version()).await.copied()
    }

    /// Asks for the version.
    async fn ask_version(&self) -> Result<Version, Error> {
        let senseless = |what: String| Error::Senseless { call: WHAT, what };
        let page = self.page(WHAT, PATH, Repeat::Safe).await?;
        let info: Info = serde_json::from_slice(&page).map_err(|error| senseless(error.to_string()))?;
        Version::read(&info.version).ok_or_else(|| senseless(format!("the version {:?}", info.version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers_and_the_hosted_one_is_the_newest() {
        let read = |text| Version::read(text).unwrap();
        assert!(read("2024.10.0") > read("2024.9.9"));
        assert!(read("CVaaS") > read("2030.1.0"));
        assert_eq!(read("2024.3.1-rc2"), Version::new(2024, 3, 1));
        for wrong in ["", "2024", "a.b.c", "2024.3", "99999.1.1"] {
            assert_eq!(Version::read(wrong), None, "{wrong}");
        }
    }
}
