//! The inventory and topology studio: which devices it has, and what a deployment has to tell it.

use serde_json::{Map, Value, json};

use super::layout::TOPOLOGY_STUDIO;
use super::lookup::Placed;
use crate::features::cloudvision::client::studio::Input;

/// The list of devices. An entry may be null; it keeps its index.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Topology(Vec<Value>);

/// More entries than any network has: a list that claims more is damaged.
const MOST_ENTRIES: usize = 1 << 20;

impl Topology {
    /// Puts the pieces together in which the server tells it.
    pub(super) fn new(pieces: &[Input]) -> Self {
        let mut root = Value::Object(Map::new());
        for piece in pieces {
            place(&mut root, &piece.path, &piece.value);
        }
        match root.get_mut("devices").map(Value::take) {
            Some(Value::Array(devices)) => Self(devices),
            _ => Self::default(),
        }
    }

    /// What has to be written so that these devices have their names and addresses, and no other entry is touched.
    pub(super) fn writes(&self, placed: &[Placed]) -> Vec<Input> {
        let mut next = self.0.len();
        let mut writes = Vec::new();
        for device in placed {
            let query = format!("device:{}", device.id.as_str());
            let entry = self.0.iter().position(|entry| entry.pointer("/tags/query").is_some_and(|it| *it == query));
            let (path, value) = if let Some(index) = entry {
                let known = self.0.get(index).and_then(|entry| entry.pointer("/inputs/device"));
                let mut known = known.and_then(Value::as_object).cloned().unwrap_or_default();
                let is_right = known.get("hostname").is_some_and(|name| *name == device.hostname)
                    && known.get("macAddress").is_some_and(|mac| *mac == device.mac);
                if is_right {
                    continue;
                }
                known.insert("hostname".to_owned(), device.hostname.clone().into());
                known.insert("macAddress".to_owned(), device.mac.clone().into());
                (vec!["devices".to_owned(), index.to_string(), "inputs".to_owned(), "device".to_owned()], known.into())
            } else {
                next += 1;
                (vec!["devices".to_owned(), (next - 1).to_string()], entry_of(device, &query))
            };
            writes.push(Input { studio: TOPOLOGY_STUDIO, path, value });
        }
        writes
    }

    /// What has to be written where `self` is wanted and `seen` is there, so that nothing else of `self` is lost.
    pub(super) fn repairs(&self, seen: &Self) -> Vec<Input> {
        let differs = |(index, entry): &(usize, &Value)| seen.0.get(*index) != Some(*entry);
        let write = |(index, entry): (usize, &Value)| Input {
            studio: TOPOLOGY_STUDIO,
            path: vec!["devices".to_owned(), index.to_string()],
            value: entry.clone(),
        };
        self.0.iter().enumerate().filter(differs).map(write).collect()
    }

    /// What it is after these writes.
    pub(super) fn with(mut self, writes: &[Input]) -> Self {
        let mut root = json!({ "devices": std::mem::take(&mut self.0) });
        for write in writes {
            place(&mut root, &write.path, &write.value);
        }
        match root.get_mut("devices").map(Value::take) {
            Some(Value::Array(devices)) => Self(devices),
            _ => Self::default(),
        }
    }
}

/// The entry of a device that the studio does not have yet.
fn entry_of(device: &Placed, query: &str) -> Value {
    json!({
        "inputs": { "device": {
            "hostname": device.hostname, "macAddress": device.mac, "modelName": "", "interfaces": [],
        } },
        "tags": { "query": query },
    })
}

/// Sets the value at a path, making members and entries on the way. At the empty path an object is merged.
fn place(root: &mut Value, path: &[String], value: &Value) {
    let Some((last, way)) = path.split_last() else {
        match (root, value) {
            (Value::Object(root), Value::Object(more)) => root.extend(more.clone()),
            (root, value) => *root = value.clone(),
        }
        return;
    };
    let mut at = root;
    for part in way {
        let Some(next) = child(at, part) else { return };
        at = next;
    }
    if let Some(place) = child(at, last) {
        *place = value.clone();
    }
}

/// The member or entry called `part`; made where it is missing. None where an index is beyond every sense.
fn child<'a>(value: &'a mut Value, part: &str) -> Option<&'a mut Value> {
    if let Ok(index) = part.parse::<usize>() {
        if index >= MOST_ENTRIES {
            return None;
        }
        if value.is_null() {
            *value = Value::Array(Vec::new());
        }
        if let Value::Array(entries) = value {
            if entries.len() <= index {
                entries.resize(index + 1, Value::Null);
            }
            return entries.get_mut(index);
        }
    }
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().map(|members| members.entry(part.to_owned()).or_insert(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::cloudvision::model::DeviceId;

    fn piece(path: &[&str], value: Value) -> Input {
        Input { studio: TOPOLOGY_STUDIO, path: path.iter().map(|part| (*part).to_owned()).collect(), value }
    }

    fn placed(serial: &str, hostname: &str, mac: &str) -> Placed {
        let id = DeviceId::new(serial);
        Placed { wanted: 0, hostname: hostname.to_owned(), id, mac: mac.to_owned(), streaming: true }
    }

    fn entry(serial: &str, hostname: &str) -> Value {
        entry_of(&placed(serial, hostname, "00:1c:73:00:00:01"), &format!("device:{serial}"))
    }

    #[test]
    fn a_device_that_is_known_as_it_is_needs_no_write() {
        let topology = Topology::new(&[piece(&[], json!({ "devices": [entry("A", "leaf1")], "other": 1 }))]);
        assert_eq!(topology.writes(&[placed("A", "leaf1", "00:1c:73:00:00:01")]), []);
    }

    #[test]
    fn new_devices_come_behind_the_last_entry_even_if_it_is_null() {
        let pieces = [piece(&["devices", "0"], entry("A", "leaf1")), piece(&["devices", "2"], Value::Null)];
        let writes = Topology::new(&pieces).writes(&[placed("B", "leaf2", "m"), placed("C", "leaf3", "m")]);
        let paths: Vec<_> = writes.iter().map(|write| write.path.join("/")).collect();
        assert_eq!(paths, ["devices/3", "devices/4"]);
        assert_eq!(writes[0].value["tags"]["query"], "device:B");
    }

    #[test]
    fn another_name_is_written_with_all_that_was_known_of_the_device() {
        let mut known = entry("A", "old");
        known["inputs"]["device"]["modelName"] = "DCS-7050".into();
        let topology = Topology::new(&[piece(&["devices"], json!([known]))]);
        let writes = topology.writes(&[placed("A", "leaf1", "00:1c:73:00:00:01")]);
        assert_eq!(writes.len(), 1);
        assert_eq!(writes[0].path.join("/"), "devices/0/inputs/device");
        assert_eq!(writes[0].value["modelName"], "DCS-7050");
        assert_eq!(writes[0].value["hostname"], "leaf1");
    }

    #[test]
    fn an_entry_that_somebody_added_at_the_same_place_is_put_back_and_ours_comes_behind_it() {
        let mainline = Topology::new(&[piece(&["devices"], json!([entry("A", "leaf1"), entry("X", "theirs")]))]);
        let seen = Topology::new(&[piece(&["devices"], json!([entry("A", "leaf1"), entry("B", "ours")]))]);
        let ours = [placed("B", "ours", "00:1c:73:00:00:01")];
        let wanted = mainline.clone().with(&mainline.writes(&ours));
        let repairs = wanted.repairs(&seen);
        let written: Vec<_> = repairs
            .iter()
            .map(|write| (write.path.join("/"), write.value["inputs"]["device"]["hostname"].clone()))
            .collect();
        assert_eq!(written, [("devices/1".to_owned(), "theirs".into()), ("devices/2".to_owned(), "ours".into())]);
    }

    #[test]
    fn damaged_pieces_are_survived() {
        let pieces = [
            piece(&["devices", "99999999999"], json!(1)),
            piece(&["devices", "x"], json!(1)),
            piece(&["a", "0"], json!(2)),
        ];
        assert_eq!(Topology::new(&pieces), Topology::default());
    }
}
