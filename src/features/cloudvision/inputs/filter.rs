//! Which of the devices in a folder are meant.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::model::TagLabel;
use super::problem::{Findings, Place, Problem};
use crate::config::{Pattern, TagFilter};
use crate::text::first_of;

/// What chooses devices. All that is said has to hold; nothing said chooses every device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// One of these has to match the host name.
    pub include: Vec<Pattern>,
    /// None of these may.
    pub exclude: Vec<Pattern>,
    /// The device's own tags: of each label that is named here, one of the values.
    pub tags: Vec<TagFilter>,
}

impl Filters {
    /// Whether the host name is right.
    pub(super) fn pick_name(&self, hostname: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(hostname));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// Whether the tags are right.
    pub(super) fn pick_tags(&self, tags: &[TagLabel]) -> bool {
        let labels: BTreeSet<&str> = self.tags.iter().map(|filter| filter.label.as_str()).collect();
        labels.iter().all(|label| self.tags.iter().any(|filter| filter.label == *label && carries(tags, filter)))
    }

    /// Refuses patterns that match none of the host names of `folder`: somebody means a device that is not there, or
    /// leaves out one under a wrong name.
    pub(super) fn refuse_unmatched_names(&self, hostnames: &[&str], folder: &Path, findings: &mut Findings) {
        for pattern in self.include.iter().chain(&self.exclude) {
            if !hostnames.iter().any(|hostname| pattern.matches(hostname)) {
                let what = format!("no host name matches \"{pattern}\"");
                let remedy = "correct the pattern, or leave it out";
                findings.refuse(Problem::new(&Place::file(folder), &what, &examples(hostnames), remedy));
            }
        }
    }

    /// Refuses filters that match the tags of no device.
    pub(super) fn refuse_unmatched_tags(&self, devices: &[Vec<TagLabel>], folder: &Path, findings: &mut Findings) {
        for filter in &self.tags {
            if !devices.iter().any(|tags| carries(tags, filter)) {
                let what = format!("no device has a tag \"{filter}\"");
                let because = "tags are those in intended/structured_configs";
                findings.refuse(Problem::new(&Place::file(folder), &what, because, "correct the tag, or leave it out"));
            }
        }
    }
}

/// Whether one of the device's own tags is meant.
fn carries(tags: &[TagLabel], filter: &TagFilter) -> bool {
    let own = tags.iter().filter(|tag| tag.interface.is_none() && tag.label.label == filter.label);
    own.clone().any(|tag| filter.value.matches(&tag.label.value))
}

/// Some of the host names, for somebody who mistyped a pattern.
fn examples(hostnames: &[&str]) -> String {
    const SOME: usize = 6;
    format!("there are {}", first_of(hostnames, SOME))
}
