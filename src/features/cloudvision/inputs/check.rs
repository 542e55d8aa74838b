//! What a name, a number, a tag and a configuration have to look like, and which of them may not be there twice.

use std::collections::BTreeMap;

use super::super::model::{ConfigText, Label, Wanted};
use super::LARGEST_CONFIG;
use super::problem::{Findings, Place, Problem};
use crate::text::is_harmless;

/// The most letters of a host name: what DNS carries as one (RFC 1035 §2.3.4, without the lengths of its labels).
pub(super) const LONGEST_HOSTNAME: usize = 253;

/// What is wrong with one value, wherever it stands.
#[derive(Debug)]
pub(super) struct Fault {
    /// The line in the text, counted from 1, where one is meant.
    line: Option<usize>,
    /// What is wrong.
    what: String,
    /// What is accepted, or why it cannot be.
    because: &'static str,
    /// What to do.
    remedy: &'static str,
}

impl Fault {
    /// The fault as a problem at `place`, on the fault's own line if it has one.
    pub(super) fn at(&self, place: &Place) -> Problem {
        let place = if self.line.is_some() { place.at(self.line) } else { place.clone() };
        Problem::new(&place, &self.what, self.because, self.remedy)
    }
}

/// A configuration out of its bytes.
pub(super) fn config(bytes: &[u8]) -> Result<ConfigText, Fault> {
    let line_of = |at: usize| Some(bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1);
    let binary = |at: usize, what: &str| Fault {
        line: line_of(at),
        what: what.to_owned(),
        because: "a configuration is UTF-8 text",
        remedy: "render it anew, or save it as UTF-8",
    };
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(binary(at, "the configuration is binary: it has a NUL byte"));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| binary(error.valid_up_to(), "the configuration is not UTF-8"))?;
    // What a terminal would act on has no place in a configuration; EOS marks the end of banners by words.
    let is_strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some((at, found)) = text.char_indices().find(|(_, c)| is_strange(*c)) {
        return Err(Fault {
            line: line_of(at),
            what: format!("the configuration has the control character U+{:04X}", u32::from(found)),
            because: "devices and terminals would act on it",
            remedy: "render it anew without it",
        });
    }
    if text.trim().is_empty() {
        return Err(Fault {
            line: None,
            what: "the configuration is empty".to_owned(),
            because: "it would take everything from the device",
            remedy: "render it anew, or leave the device out",
        });
    }
    let config = ConfigText::new(text);
    let bytes = config.as_str().len();
    if bytes > LARGEST_CONFIG {
        return Err(Fault {
            line: None,
            what: format!("the configuration has {} KiB", bytes.div_ceil(1024)),
            because: "CloudVision takes messages of 1024 KiB, and a configuration goes into one as a whole",
            remedy: "make it smaller, or leave the device out",
        });
    }
    Ok(config)
}

/// Whether `text` can be the name of a device in a folder: what CloudVision, a path and a query can carry.
pub(super) fn is_hostname(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_HOSTNAME).contains(&text.len())
        && text.bytes().all(plain)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// A serial number. Those of virtual devices are longer than those of real ones, and may be any word.
pub(super) fn serial(text: &str) -> Result<String, Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(Fault {
        line: None,
        what: format!("{text:?} is no serial number"),
        because: "it has 1 to 64 letters, digits, dots, dashes and underscores",
        remedy: "correct it, or leave it out",
    })
}

/// A MAC address as CloudVision writes it, out of any of the usual spellings.
pub(super) fn mac(text: &str) -> Result<String, Fault> {
    let groups: Vec<&str> = text.split([':', '-', '.']).collect();
    let length = match (groups.len(), text.contains('.')) {
        (6, false) => 2,
        (3, true) => 4,
        (1, false) => 12,
        _ => 0,
    };
    let hex = |group: &&str| group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    if length == 0 || !groups.iter().all(hex) {
        return Err(Fault {
            line: None,
            what: format!("{text:?} is no MAC address"),
            because: "it is written 00:1c:73:00:00:01 or 001c.7300.0001",
            remedy: "correct it, or leave it out",
        });
    }
    let digits = groups.concat().to_ascii_lowercase();
    let pairs: Vec<&str> = (0..6).filter_map(|pair| digits.get(pair * 2..pair * 2 + 2)).collect();
    Ok(pairs.join(":"))
}

/// A tag. Label and value are taken as they are written, blanks included; a value may be empty.
pub(super) fn tag(label: &str, value: &str) -> Result<Label, Fault> {
    let fault =
        |what: String, because| Err(Fault { line: None, what, because, remedy: "correct the tag, or leave it out" });
    if label.trim().is_empty() {
        return fault("the label of a tag is empty".to_owned(), "CloudVision finds tags by their label");
    }
    if !label.chars().chain(value.chars()).all(is_harmless) {
        let because = "labels and values have no line ends, control characters and invisible characters";
        return fault(format!("the tag {label:?} cannot be {value:?}"), because);
    }
    Ok(Label { label: label.to_owned(), value: value.to_owned() })
}

/// A device, and where it is said which one it is.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The device.
    pub(super) wanted: Wanted,
    /// Where its serial number, else its MAC address, else its name stands.
    pub(super) identity: Place,
}

/// Notes devices that cannot be told from one another, as CloudVision looks them up: by serial number, else by MAC address.
pub(super) fn duplicates(devices: &[Candidate], findings: &mut Findings) {
    let serial = |candidate: &Candidate| candidate.wanted.serial.clone();
    for (serial, same) in groups(devices, serial) {
        let what = format!("{} have one serial number, {serial}", names(&same));
        let because = "both would be deployed to one device";
        let Some(last) = same.last() else { continue };
        findings.refuse(Problem::new(&last.identity, &what, because, "correct the one that is wrong"));
    }
    for (mac, same) in groups(devices, |candidate| candidate.wanted.mac.clone()) {
        let Some(last) = same.last() else { continue };
        let what = format!("{} have one MAC address, {mac}", names(&same));
        if same.iter().all(|candidate| candidate.wanted.serial.is_some()) {
            let because = "their serial numbers differ, and those count";
            findings.warn(Problem::new(&last.identity, &what, because, "correct the one that is wrong"));
        } else {
            let because = "not all of them have a serial number to tell them apart";
            let remedy = "correct the one that is wrong, or give each its serial number";
            findings.refuse(Problem::new(&last.identity, &what, because, remedy));
        }
    }
}

/// The devices that share what `key` says, by what they share.
fn groups(devices: &[Candidate], key: impl Fn(&Candidate) -> Option<String>) -> BTreeMap<String, Vec<&Candidate>> {
    let mut groups: BTreeMap<String, Vec<&Candidate>> = BTreeMap::new();
    for candidate in devices {
        if let Some(key) = key(candidate) {
            groups.entry(key).or_default().push(candidate);
        }
    }
    groups.retain(|_, same| same.len() > 1);
    groups
}

/// The names of devices, as in a sentence.
fn names(devices: &[&Candidate]) -> String {
    let names: Vec<&str> = devices.iter().map(|candidate| candidate.wanted.hostname.as_str()).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
