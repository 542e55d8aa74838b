//! Versions, and what came with them.

use std::cmp::Ordering;

/// A version as the server names it: `CVaaS`, which is newer than all others, or year, minor and patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version(pub(super) String);

impl Version {
    /// `SetSome` of configlets and of their assignments: 2024.2.0.
    pub(super) fn has_bulk_configlets(&self) -> bool {
        self.is_at_least([2024, 2, 0])
    }

    /// The REBASE request: 2026.2.0. The fields that are absent from older servers are taken to have come with it.
    pub(super) fn has_rebase(&self) -> bool {
        self.is_at_least([2026, 2, 0])
    }

    /// Compares by number; what is no number is zero.
    fn is_at_least(&self, wanted: [u32; 3]) -> bool {
        if self.0 == "CVaaS" {
            return true;
        }
        let mut numbers = self.0.split('.').map(|number| number.parse().unwrap_or(0));
        let ours: [u32; 3] = std::array::from_fn(|_| numbers.next().unwrap_or(0));
        ours.cmp(&wanted) != Ordering::Less
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let version = |text: &str| Version(text.to_owned());
        assert!(version("CVaaS").has_rebase());
        assert!(version("2026.2.0").has_rebase() && version("2026.10.0").has_rebase());
        assert!(!version("2026.1.9").has_rebase() && version("2024.2.0").has_bulk_configlets());
        assert!(!version("2024.1.3").has_bulk_configlets());
    }
}
