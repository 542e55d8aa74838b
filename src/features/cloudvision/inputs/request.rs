//! CVProxy's request: JSON with devices, their configurations in Base64, and where to deploy them.
//!
//! What CVProxy 1.6.4 accepts and can deploy is accepted, in the same spelling: an empty list as `tags`, and Base64 whose
//! last digit has bits to spare, included. Refused is what it refuses, and beyond that what could only do harm: an empty or
//! binary configuration, a member that is written twice (it takes the last one), a label that is empty or blank, control
//! characters in tags, names and tokens, a line end behind a host name or serial number, and no devices at all in the shape
//! of an empty list or text.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::super::model::{ConfigText, Deployment, Origin, TagLabel, Wanted};
use super::check::{self, Candidate, LONGEST_HOSTNAME};
use super::problem::{Findings, Place, Problem, Problems};
use super::tree::Node;
use super::{LARGEST_FILE, LARGEST_TOTAL, MOST_DEVICES, json};
use crate::config::{Endpoint, nearest};
use crate::secret::Secret;
use crate::text::is_harmless;

/// The largest request.
const LARGEST_REQUEST: u64 = 256 << 20;

/// What UTF-8 of some editors begins with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// As Python decodes: padding is required, bits to spare in the last digit are let be.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// The members of a request.
const MEMBERS: [&str; 6] =
    ["devices", "cv_server", "cv_token", "cv_change_control_name", "cv_delete_workspace", "cv_strict_tags"];

/// The members of a device.
const DEVICE_MEMBERS: [&str; 3] = ["configlet", "serial_number", "tags"];

/// What is said beside a request, and so need not stand in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given {
    /// The server.
    pub server: bool,
    /// The token.
    pub token: bool,
}

/// A request that is sound.
#[derive(Debug, Clone)]
pub struct Request {
    /// `cv_server`
    pub server: Option<Endpoint>,
    /// `cv_token`
    pub token: Option<Secret>,
    /// Everything else.
    pub deployment: Deployment,
    /// What keeps nobody from going on and should be known.
    pub warnings: Vec<Problem>,
}

/// Reads a request from a file or from standard input, up to 256 MiB.
pub fn read_request(from: impl io::Read, given: Given) -> Result<Request, Problems> {
    let mut bytes = Zeroizing::new(Vec::new());
    let whole = Place::member("");
    from.take(LARGEST_REQUEST + 1).read_to_end(&mut bytes).map_err(|error| {
        let what = "the request cannot be read";
        Problems(vec![Problem::new(&whole, what, &error.to_string(), "name a file that can be read")])
    })?;
    if bytes.len() as u64 > LARGEST_REQUEST {
        let what = format!("the request is larger than {} MiB", LARGEST_REQUEST >> 20);
        return Err(Problems(vec![Problem::new(&whole, &what, "it is read as a whole", "deploy in several requests")]));
    }
    from_request(&bytes, given)
}

/// Reads a request from the file at `path`, or from standard input for `-`.
pub fn read_request_at(path: &Path, given: Given) -> Result<Request, Problems> {
    if path == Path::new("-") {
        return read_request(io::stdin().lock(), given);
    }
    let file = File::open(path).map_err(|error| Problems(vec![Problem::unreadable(path, &error)]))?;
    read_request(file, given)
}

/// Reads the request in `bytes`.
pub fn from_request(bytes: &[u8], given: Given) -> Result<Request, Problems> {
    // Some editors begin what they save with it (RFC 8259 §8.1 lets a reader ignore it).
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let root = json::read(bytes).map_err(|bad| {
        let mut place = Place::member("request");
        place.line = Some(bad.line);
        let because = format!("{} at column {}", bad.why, bad.column);
        Problems(vec![Problem::new(&place, "the request is not JSON", &because, "correct it")])
    })?;
    let mut reading = Reading::default();
    let request = reading.request(&root, given);
    let warnings = reading.findings.finish()?;
    // Without a problem nothing is missing.
    let missing = || Problem::new(&Place::member(""), "the request is not complete", "", "correct it");
    let (server, token, deployment) = request.ok_or_else(|| Problems(vec![missing()]))?;
    Ok(Request { server, token, deployment, warnings })
}

/// A request being read.
#[derive(Default)]
struct Reading {
    /// What is wrong so far.
    findings: Findings,
    /// The bytes of all configurations so far.
    total: u64,
}

impl Reading {
    /// The whole request; `None` where a part is missing or wrong.
    fn request(&mut self, root: &Node<'_>, given: Given) -> Option<(Option<Endpoint>, Option<Secret>, Deployment)> {
        let required = [("devices", true), ("cv_server", !given.server), ("cv_token", !given.token)];
        let required: Vec<&str> = required.into_iter().filter_map(|(key, is_so)| is_so.then_some(key)).collect();
        self.members("", root, &MEMBERS, &required)?;
        let devices = self.devices(root);
        let server = self.word(root, "cv_server");
        let server =
            server.and_then(|server| self.accept("cv_server", "this is no server", server.trim().parse::<Endpoint>()));
        let token = self.word(root, "cv_token");
        let token = token.and_then(|token| self.accept("cv_token", "this is no token", Secret::read(token)));
        let change_name = self.word(root, "cv_change_control_name").map(str::to_owned);
        if change_name.as_ref().is_some_and(|name| !name.chars().all(is_harmless)) {
            self.refuse("cv_change_control_name", "it has line ends, control characters or invisible characters", "");
        }
        let delete_workspace = self.boolean(root, "cv_delete_workspace");
        let strict_tags = self.boolean(root, "cv_strict_tags");
        let deployment = Deployment { devices, strict_tags, change_name, change_notes: None, delete_workspace };
        Some((server, token, deployment))
    }

    /// Notes that what stands at `path` cannot be.
    fn refuse(&mut self, path: &str, what: &str, because: &str) {
        self.findings.refuse(Problem::new(&Place::member(path), what, because, "correct the request"));
    }

    /// What was read, or `None` with the error noted.
    fn accept<T, E: std::error::Error>(&mut self, path: &str, what: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.refuse(path, what, &error.to_string())).ok()
    }

    /// Checks that `node` is an object with all members of `required` and none but those of `known`, each once.
    fn members(&mut self, path: &str, node: &Node<'_>, known: &[&str], required: &[&str]) -> Option<()> {
        let Some(members) = node.members() else {
            let what = if path.is_empty() { "the request is" } else { "it is" };
            self.refuse(path, &format!("{what} {}", node.kind()), "it has to be an object");
            return None;
        };
        let within = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        for member in members.iter().filter(|member| !known.contains(&&*member.key)) {
            let near = nearest(&member.key, known.iter().copied());
            let because =
                near.map_or_else(|| format!("there are {}", known.join(", ")), |near| format!("did you mean {near}?"));
            self.refuse(&within(&member.key), "there is no such member", &because);
        }
        self.once(path, node);
        // A null is there, and of a wrong type.
        for key in required.iter().filter(|key| members.iter().all(|member| member.key != **key)) {
            self.refuse(&within(key), "it is missing", "it is required");
        }
        Some(())
    }

    /// Notes members that are written twice.
    fn once(&mut self, path: &str, node: &Node<'_>) {
        let mut seen = BTreeSet::new();
        for member in node.members().unwrap_or_default() {
            if !seen.insert(&*member.key) {
                let dot = if path.is_empty() { "" } else { "." };
                self.refuse(
                    &format!("{path}{dot}{}", member.key),
                    "it is written twice",
                    "only one of them could count",
                );
            }
        }
    }

    /// The text of a member that is not blank.
    fn word<'n>(&mut self, root: &'n Node<'_>, key: &str) -> Option<&'n str> {
        let node = member(root, key)?;
        match node.quoted() {
            Some(text) if text.trim().is_empty() => {
                self.refuse(key, "it is blank", "give it a value, or leave it out");
                None
            }
            Some(text) => Some(text),
            None => {
                self.refuse(key, &format!("it is {}", node.kind()), "it has to be text");
                None
            }
        }
    }

    /// What a member says; false if it is not there.
    fn boolean(&mut self, root: &Node<'_>, key: &str) -> bool {
        let Some(node) = member(root, key) else { return false };
        let said = node.boolean();
        if said.is_none() {
            self.refuse(key, &format!("it is {}", node.kind()), "it has to be true or false");
        }
        said.unwrap_or(false)
    }

    /// Every device, sorted by host name.
    fn devices(&mut self, root: &Node<'_>) -> Vec<Wanted> {
        let Some(node) = member(root, "devices") else { return Vec::new() };
        let members = match node.members() {
            Some([]) => {
                self.refuse("devices", "it is empty", "a request has one device at least");
                return Vec::new();
            }
            Some(members) if members.len() > MOST_DEVICES => {
                let because = format!("one deployment has {MOST_DEVICES} at most");
                self.refuse("devices", "there are too many devices", &because);
                return Vec::new();
            }
            Some(members) => members,
            None => {
                self.refuse("devices", &format!("it is {}", node.kind()), "it has to be an object");
                return Vec::new();
            }
        };
        self.once("devices", node);
        let read = members.iter().filter_map(|member| self.device(&member.key, &member.node));
        let mut candidates: Vec<Candidate> = read.collect();
        candidates.sort_by(|a, b| a.wanted.hostname.cmp(&b.wanted.hostname));
        check::duplicates(&candidates, &mut self.findings);
        candidates.into_iter().map(|candidate| candidate.wanted).collect()
    }

    /// One device; `None` where something is wrong with it.
    fn device(&mut self, hostname: &str, node: &Node<'_>) -> Option<Candidate> {
        let path = format!("devices.{hostname}");
        if hostname.len() > LONGEST_HOSTNAME {
            let because =
                format!("a host name has {LONGEST_HOSTNAME} letters at most, and this one {}", hostname.len());
            self.refuse(&path, "this is no host name", &because);
        } else if !is_hostname(hostname) {
            let because =
                "a host name has small letters, digits, dots, dashes and underscores, and begins with a letter";
            self.refuse(&path, "this is no host name", because);
        }
        self.members(&path, node, &DEVICE_MEMBERS, &["configlet"])?;
        let serial = member(node, "serial_number").map(|node| self.serial(&format!("{path}.serial_number"), node));
        let tags = member(node, "tags").map_or_else(Vec::new, |node| self.tags(&format!("{path}.tags"), node));
        let config = self.config(&format!("{path}.configlet"), member(node, "configlet")?)?;
        let identity = Place::member(&if serial.is_some() { format!("{path}.serial_number") } else { path.clone() });
        let wanted = Wanted {
            hostname: hostname.to_owned(),
            serial: serial.flatten(),
            mac: None,
            config: Some(config),
            tags,
            origin: Origin::Request(path),
        };
        Some(Candidate { wanted, identity })
    }

    /// A serial number: a capital letter and ten capital letters or digits.
    fn serial(&mut self, path: &str, node: &Node<'_>) -> Option<String> {
        let capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let fits = |text: &&str| {
            text.len() == 11 && text.bytes().all(capital) && !text.starts_with(|c: char| c.is_ascii_digit())
        };
        let serial = node.quoted().filter(fits);
        if serial.is_none() {
            let because = "it is text of eleven capital letters and digits, a letter first";
            self.refuse(path, "this is no serial number", because);
        }
        serial.map(str::to_owned)
    }

    /// The tags of a device, sorted.
    fn tags(&mut self, path: &str, node: &Node<'_>) -> Vec<TagLabel> {
        // Some languages write an empty object as an empty list; CVProxy lets an empty list and an empty text be.
        if node.items().is_some_and(<[_]>::is_empty) || node.quoted() == Some("") {
            return Vec::new();
        }
        let members = match node.members() {
            Some([]) => {
                self.refuse(path, "it is empty", "leave it out where there are no tags");
                return Vec::new();
            }
            Some(members) => members,
            None => {
                self.refuse(path, &format!("it is {}", node.kind()), "it has to be an object of labels and values");
                return Vec::new();
            }
        };
        self.once(path, node);
        let mut tags = Vec::new();
        for member in members {
            let path = format!("{path}.{}", member.key);
            match member.node.quoted().map(|value| check::tag(&member.key, value)) {
                Some(Ok(label)) => tags.push(TagLabel { interface: None, label }),
                Some(Err(fault)) => self.findings.refuse(fault.at(&Place::member(&path))),
                None => self.refuse(&path, &format!("it is {}", member.node.kind()), "the value of a tag is text"),
            }
        }
        tags.sort();
        tags.dedup();
        tags
    }

    /// The configuration of a device.
    fn config(&mut self, path: &str, node: &Node<'_>) -> Option<ConfigText> {
        let Some(text) = node.quoted() else {
            self.refuse(path, &format!("it is {}", node.kind()), "it has to be text: the configuration in Base64");
            return None;
        };
        if text.is_empty() {
            self.refuse(path, "the configuration is empty", "it would take everything from the device");
            return None;
        }
        if text.len() as u64 / 4 * 3 > LARGEST_FILE + 3 {
            self.refuse(
                path,
                &format!("it is larger than {} MiB", LARGEST_FILE >> 20),
                "CloudVision would not take it",
            );
            return None;
        }
        let bytes = match BASE64.decode(text) {
            Ok(bytes) => bytes,
            Err(error) => {
                let error = error.to_string();
                let error = error.trim_end_matches('.');
                let because = format!("{error}; it takes the standard alphabet with padding, without line ends");
                self.refuse(path, "it is not Base64", &because);
                return None;
            }
        };
        self.total += bytes.len() as u64;
        if self.total > LARGEST_TOTAL {
            self.refuse(path, "the configurations up to this one are too large", "deploy in several requests");
            return None;
        }
        check::config(&bytes).map_err(|fault| self.findings.refuse(fault.at(&Place::member(path)))).ok()
    }
}

/// The member `key`, be it null.
fn member<'n>(node: &'n Node<'_>, key: &str) -> Option<&'n Node<'n>> {
    let member = node.members()?.iter().rev().find(|member| member.key == key)?;
    Some(&member.node)
}

/// Whether `text` can name a device of a request.
fn is_hostname(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-');
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(plain)
}
