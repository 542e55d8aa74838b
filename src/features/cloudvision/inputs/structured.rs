//! What AVD's structured configuration says of a device: `intended/structured_configs/HOSTNAME.yml`, `.yaml` or `.json`.
//!
//! It stands in `metadata`; where nothing stands there, what older versions of AVD wrote at the outermost level counts.
//! Everything else in the file is left alone.

use std::path::Path;

use super::super::model::{Label, TagLabel};
use super::check::{self, Fault};
use super::problem::{Findings, Place, Problem};
use super::tree::Node;
use super::{json, yaml};

/// The outermost members that are read.
const MEMBERS: [&str; 7] = [
    "metadata",
    "is_deployed",
    "serial_number",
    "system_mac_address",
    "cv_device_tags",
    "cv_interface_tags",
    "cv_use_static_config_manifest",
];

/// The most tags of one device and its interfaces.
const MOST_TAGS: usize = 100_000;

/// What is said of a device.
#[derive(Debug)]
pub(super) struct Facts {
    /// Whether it is to be deployed at all.
    pub(super) deployed: bool,
    /// Whether its configuration is brought by a static configuration manifest instead.
    pub(super) manifest: bool,
    /// Its serial number.
    pub(super) serial: Option<String>,
    /// Its system MAC address.
    pub(super) mac: Option<String>,
    /// Its tags and those of its interfaces, sorted, without doubles.
    pub(super) tags: Vec<TagLabel>,
    /// Where the serial number stands, else the MAC address, else the file.
    pub(super) identity: Place,
}

/// Reads the structured configuration in `bytes`, which came from `path`. `None` where something is wrong with it, which
/// is noted.
pub(super) fn read(path: &Path, bytes: &[u8], findings: &mut Findings) -> Option<Facts> {
    let place = Place::file(path);
    let no_text = |line| Problem::new(&place.at(line), "the file is not UTF-8", "it is a text", "render it anew");
    let Ok(text) = std::str::from_utf8(bytes) else {
        findings.refuse(no_text(None));
        return None;
    };
    let mut reading = Reading { place: &place, findings, sound: true };
    let read = if path.extension().is_some_and(|extension| extension == "json") {
        json::read(bytes).map(|node| reading.facts(Some(&node))).map_err(|bad| (Some(bad.line), bad.why, "JSON"))
    } else {
        let read = yaml::with_members(text, &MEMBERS, |node| reading.facts(node));
        read.map_err(|bad| (bad.line, bad.why, "YAML"))
    };
    match read {
        Ok(facts) => reading.sound.then_some(facts),
        Err((line, why, kind)) => {
            let what = format!("this is not {kind} that can be read");
            findings.refuse(Problem::new(&place.at(line), &what, &why, "render it anew, or correct it"));
            None
        }
    }
}

/// A structured configuration being read.
struct Reading<'a> {
    /// The file.
    place: &'a Place,
    /// Where problems are noted.
    findings: &'a mut Findings,
    /// Whether there were none in this file.
    sound: bool,
}

impl Reading<'_> {
    /// What is said, without what is wrong.
    fn facts(&mut self, root: Option<&Node<'_>>) -> Facts {
        if let Some(root) = root.filter(|root| root.members().is_none() && !root.is_null()) {
            self.refuse(root, "a structured configuration", "an object");
        }
        let root = root.filter(|root| root.members().is_some());
        let metadata = root.and_then(|root| root.get("metadata"));
        let metadata = metadata.filter(|metadata| self.is_object(metadata, "metadata"));
        let said = |key: &str| metadata.and_then(|node| node.get(key)).or_else(|| root?.get(key));
        let cv_tags = metadata.and_then(|metadata| metadata.get("cv_tags"));
        let cv_tags = cv_tags.filter(|tags| self.is_object(tags, "metadata.cv_tags"));
        let tags = |key: &str, old: &str| cv_tags.and_then(|tags| tags.get(key)).or_else(|| root?.get(old));
        let (serial, mac) = (said("serial_number"), said("system_mac_address"));
        let line = serial.or(mac).and_then(|node| node.line);
        let mut facts = Facts {
            deployed: self.boolean(said("is_deployed"), "is_deployed").unwrap_or(true),
            manifest: self
                .boolean(said("cv_use_static_config_manifest"), "cv_use_static_config_manifest")
                .unwrap_or(false),
            serial: self.checked(serial, "serial_number", check::serial),
            mac: self.checked(mac, "system_mac_address", check::mac),
            tags: Vec::new(),
            identity: self.place.at(line),
        };
        self.device_tags(tags("device_tags", "cv_device_tags"), None, &mut facts.tags);
        self.interface_tags(tags("interface_tags", "cv_interface_tags"), &mut facts.tags);
        if facts.tags.len() > MOST_TAGS {
            let what = format!("the device has more than {MOST_TAGS} tags");
            self.note(&Problem::new(self.place, &what, "nobody could deploy them", "leave some out"));
        }
        facts.tags.sort();
        facts.tags.dedup();
        facts
    }

    /// Notes that `node`, which is `what`, should be `accepted`.
    fn refuse(&mut self, node: &Node<'_>, what: &str, accepted: &str) {
        let what = format!("{what} is {}", node.kind());
        self.note(&Problem::new(
            &self.place.at(node.line),
            &what,
            &format!("it has to be {accepted}"),
            "render it anew",
        ));
    }

    /// Notes a problem.
    fn note(&mut self, problem: &Problem) {
        self.sound = false;
        self.findings.refuse(problem.clone());
    }

    /// Whether `node` is an object; if not it is noted.
    fn is_object(&mut self, node: &Node<'_>, what: &str) -> bool {
        let is = node.members().is_some();
        if !is {
            self.refuse(node, what, "an object");
        }
        is
    }

    /// What `node` says, if it says anything.
    fn boolean(&mut self, node: Option<&Node<'_>>, what: &str) -> Option<bool> {
        let node = node?;
        let said = node.boolean();
        if said.is_none() {
            self.refuse(node, what, "true or false");
        }
        said
    }

    /// The text of `node` through `check`; an empty one says nothing.
    fn checked(
        &mut self,
        node: Option<&Node<'_>>,
        what: &str,
        check: impl Fn(&str) -> Result<String, Fault>,
    ) -> Option<String> {
        let node = node?;
        let Some(text) = node.text() else {
            self.refuse(node, what, "text");
            return None;
        };
        if text.is_empty() {
            return None;
        }
        check(text).map_err(|fault| self.note(&fault.at(&self.place.at(node.line)))).ok()
    }

    /// The list in `node`, if there is one.
    fn list<'n, 't>(&mut self, node: Option<&'n Node<'t>>, what: &str) -> &'n [std::rc::Rc<Node<'t>>] {
        let Some(node) = node else { return &[] };
        node.items().unwrap_or_else(|| {
            self.refuse(node, what, "a list");
            &[]
        })
    }

    /// Adds the tags in a list of `{name, value}`.
    fn device_tags(&mut self, node: Option<&Node<'_>>, interface: Option<&str>, all: &mut Vec<TagLabel>) {
        for item in self.list(node, "a list of tags") {
            // One more is enough to be told.
            if all.len() > MOST_TAGS {
                return;
            }
            if let Some(label) = self.tag(item) {
                all.push(TagLabel { interface: interface.map(str::to_owned), label });
            }
        }
    }

    /// The tag in `{name, value}`.
    fn tag(&mut self, item: &Node<'_>) -> Option<Label> {
        let part = |key: &str| item.get(key).and_then(Node::text);
        let (Some(name), Some(value)) = (part("name"), part("value")) else {
            self.refuse(item, "a tag", "an object with a name and a value, both text");
            return None;
        };
        check::tag(name, value).map_err(|fault| self.note(&fault.at(&self.place.at(item.line)))).ok()
    }

    /// Adds the tags in a list of `{interface, tags}`.
    fn interface_tags(&mut self, node: Option<&Node<'_>>, all: &mut Vec<TagLabel>) {
        for item in self.list(node, "metadata.cv_tags.interface_tags") {
            let interface = item.get("interface").and_then(Node::text);
            match interface.filter(|name| !name.trim().is_empty() && name.chars().all(crate::text::is_harmless)) {
                Some(interface) => self.device_tags(item.get("tags"), Some(interface), all),
                None => self.refuse(item, "an entry of interface_tags", "an object with an interface and its tags"),
            }
            if all.len() > MOST_TAGS {
                return;
            }
        }
    }
}
