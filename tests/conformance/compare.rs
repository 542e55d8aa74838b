//! Where our definitions are not the published ones.

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::definitions::Definitions;

/// One line for everything of `ours` that is missing from `published` or differs there.
pub(crate) fn differences(ours: &Definitions, published: &Definitions) -> Vec<String> {
    let mut faults = Vec::new();
    one_by_one("", &ours.syntax, &published.syntax, &mut faults);
    member_by_member(&ours.messages, &published.messages, &mut faults);
    member_by_member(&ours.enums, &published.enums, &mut faults);
    member_by_member(&ours.services, &published.services, &mut faults);
    faults
}

/// Compares definitions that have members.
fn member_by_member<T: PartialEq + Debug>(
    ours: &BTreeMap<String, BTreeMap<String, T>>,
    published: &BTreeMap<String, BTreeMap<String, T>>,
    faults: &mut Vec<String>,
) {
    for (name, members) in ours {
        match published.get(name) {
            None => faults.push(format!("{name} is not published")),
            Some(theirs) => one_by_one(&format!("{name} "), members, theirs, faults),
        }
    }
}

/// Compares the members of one definition.
fn one_by_one<T: PartialEq + Debug>(
    prefix: &str,
    ours: &BTreeMap<String, T>,
    published: &BTreeMap<String, T>,
    faults: &mut Vec<String>,
) {
    for (name, our) in ours {
        match published.get(name) {
            None => faults.push(format!("{prefix}{name} is not published")),
            Some(their) if their == our => {}
            Some(their) => faults.push(format!("{prefix}{name}: ours is {our:?}, published is {their:?}")),
        }
    }
}
