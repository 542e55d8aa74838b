//! Folders of configurations.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::super::super::model::TagLabel;
use super::*;

/// An AVD project in a folder of its own.
struct Project(tempfile::TempDir);

impl Project {
    /// A project with these files.
    fn with(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = Self(dir);
        for (path, text) in files {
            project.write(path, text.as_bytes());
        }
        project
    }

    /// Writes a file.
    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// What is read of the folder `dir` in the project.
    fn read_at(&self, dir: &str, filters: Filters) -> Result<Read, Problems> {
        from_folder(&Selection { dir: self.0.path().join(dir), filters })
    }

    /// What is read of the project, which must be sound.
    fn read(&self) -> Read {
        self.read_at("", Filters::default()).unwrap()
    }

    /// Everything that is wrong with the project.
    fn wrong(&self, filters: Filters) -> Vec<String> {
        let Problems(problems) = self.read_at("", filters).unwrap_err();
        told(&problems, &format!("{}/", self.0.path().display()))
    }

    /// The warnings of a sound project.
    fn warnings(&self) -> Vec<String> {
        told(&self.read().warnings, &format!("{}/", self.0.path().display()))
    }
}

/// The host names of what was read.
fn hostnames(read: &Read) -> Vec<&str> {
    read.deployment.devices.iter().map(|device| device.hostname.as_str()).collect()
}

/// Tags as `label:value`, those of interfaces with `@interface`.
fn tags(tags: &[TagLabel]) -> Vec<String> {
    let at = |tag: &TagLabel| tag.interface.as_ref().map_or(String::new(), |name| format!("@{name}"));
    tags.iter().map(|tag| format!("{}:{}{}", tag.label.label, tag.label.value, at(tag))).collect()
}

/// Filters of these patterns.
fn filters(include: &[&str], exclude: &[&str], tags: &[&str]) -> Filters {
    let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    Filters {
        include: patterns(include),
        exclude: patterns(exclude),
        tags: tags.iter().map(|text| text.parse().unwrap()).collect(),
    }
}

/// A structured configuration as AVD writes it today.
const LEAF1: &str = "hostname: leaf1\n\
    serial_number: OLDPLACE\n\
    router_bgp:\n  as: '65101'\n  description: \"unclosed: {[\"\n\
    metadata:\n  platform: 7050X3\n  is_deployed: true\n  system_mac_address: 00:1c:73:00:00:01\n  serial_number: JPE00000001\n  \
    cv_tags:\n    device_tags:\n    - name: role\n      value: leaf\n    - name: pod\n      value: '1'\n    \
    interface_tags:\n    - interface: Ethernet1\n      tags:\n      - name: peer\n        value: spine1\n\
    vlans:\n- id: 10\n  name: users\n";

#[test]
fn a_folder_is_found_from_the_project_down_to_the_configurations() {
    let project = Project::with(&[
        ("ansible.cfg", "[defaults]\n"),
        ("intended/configs/leaf1.cfg", "hostname leaf1\r\nend\r\n"),
        ("intended/structured_configs/leaf1.yml", LEAF1),
    ]);
    let expected = project.read();
    assert_eq!(expected.warnings, []);
    for dir in ["intended", "intended/configs", "intended/configs/../configs"] {
        let read = project.read_at(dir, Filters::default()).unwrap();
        let [device] = read.deployment.devices.as_slice() else { panic!("{read:?}") };
        assert_eq!(device.serial.as_deref(), Some("JPE00000001"), "{dir}");
    }
    let [device] = expected.deployment.devices.as_slice() else { panic!("{expected:?}") };
    assert_eq!(device.config.as_ref().unwrap().as_str(), "hostname leaf1\nend\n");
    assert_eq!(device.mac.as_deref(), Some("00:1c:73:00:00:01"));
    assert_eq!(tags(&device.tags), ["pod:1", "role:leaf", "peer:spine1@Ethernet1"]);
    assert_eq!(device.origin.to_string(), project.0.path().join("intended/configs/leaf1.cfg").display().to_string());
}

#[test]
fn a_plain_folder_needs_nothing_but_configurations() {
    let project = Project::with(&[
        ("leaf2.cfg", "hostname leaf2\n"),
        ("leaf10.cfg", "hostname leaf10"),
        ("README.md", "no configuration"),
        (".leaf3.cfg", "an editor's"),
        ("ansible.cfg", "[defaults]"),
    ]);
    assert_eq!(hostnames(&project.read()), ["leaf10", "leaf2"]);
    assert_eq!(project.warnings(), ["ansible.cfg: the file is left out (ansible.cfg is Ansible's own configuration)"]);
}

#[test]
fn what_older_versions_and_json_say_is_read_alike() {
    let old = "serial_number: JPE00000002\nis_deployed: true\nmetadata:\n  system_mac_address: 001C.7300.0002\n\
               cv_device_tags:\n- {name: role, value: leaf}\n";
    let json = r#"{"hostname": "leaf3", "metadata": {"serial_number": "JPE00000003", "cv_tags": {"device_tags":
        [{"name": "site", "value": "Z\u00fcrich \ud83d\ude00"}], "interface_tags": []}}}"#;
    let project = Project::with(&[
        ("configs/leaf2.cfg", "a"),
        ("structured_configs/leaf2.yaml", old),
        ("configs/leaf3.cfg", "b"),
        ("structured_configs/leaf3.json", json),
    ]);
    let read = project.read();
    let facts: Vec<_> = read
        .deployment
        .devices
        .iter()
        .map(|device| (device.serial.clone().unwrap(), device.mac.clone(), tags(&device.tags)))
        .collect();
    assert_eq!(
        facts,
        [
            ("JPE00000002".into(), Some("00:1c:73:00:00:02".into()), vec!["role:leaf".to_owned()]),
            ("JPE00000003".into(), None, vec!["site:Zürich 😀".to_owned()]),
        ]
    );
}

#[test]
fn values_are_text_as_it_was_written_and_anchors_are_followed() {
    let text = "shared: &tags\n- name: rack\n  value: 007\nmetadata:\n  serial_number: 12345678901\n  \
                system_mac_address: ''\n  cv_tags:\n    device_tags: *tags\n";
    let project = Project::with(&[("configs/a.cfg", "a"), ("structured_configs/a.yml", text)]);
    let read = project.read();
    let device = read.deployment.devices.first().unwrap();
    assert_eq!((device.serial.as_deref(), device.mac.as_deref()), (Some("12345678901"), None));
    assert_eq!(tags(&device.tags), ["rack:007"]);
}

#[test]
fn what_is_not_deployed_is_left_out_and_what_a_manifest_brings_keeps_its_tags() {
    let project = Project::with(&[
        ("configs/off.cfg", ""),
        ("structured_configs/off.yml", "metadata:\n  is_deployed: false\n"),
        ("configs/on.cfg", "hostname on"),
        ("structured_configs/on.yml", "metadata: {}\n"),
        ("configs/manifest.cfg", "hostname manifest"),
        (
            "structured_configs/manifest.yml",
            "metadata:\n  cv_use_static_config_manifest: true\n  cv_tags:\n    device_tags:\n    - name: a\n      value: b\n",
        ),
    ]);
    let read = project.read();
    assert_eq!(hostnames(&read), ["manifest", "on"]);
    assert_eq!(read.deployment.devices[0].config, None);
    let warned = "configs/manifest.cfg: the configuration is left out (cv_use_static_config_manifest is set, and noctui \
                  deploys no manifests)";
    assert_eq!(project.warnings(), [warned]);
}

#[test]
fn files_without_their_counterpart_are_warned_of() {
    let project = Project::with(&[
        ("configs/leaf1.cfg", "a"),
        ("configs/gone.cfg", "b"),
        ("structured_configs/leaf1.yml", "metadata: {}\n"),
        ("structured_configs/new.yml", "metadata: {}\n"),
        ("structured_configs/spare.yml", "metadata:\n  is_deployed: false\n"),
    ]);
    let warned = project.warnings();
    assert_eq!(hostnames(&project.read()), ["gone", "leaf1"]);
    assert_eq!(warned.len(), 2, "{warned:#?}");
    assert!(warned[0].starts_with("configs/gone.cfg: there is no structured configuration"), "{warned:#?}");
    assert!(warned[1].starts_with("structured_configs/new.yml: there is no configuration"), "{warned:#?}");
}

#[test]
fn patterns_and_tags_choose_devices_and_what_is_not_chosen_may_be_wrong() {
    let role = |role: &str, pod: &str| {
        format!(
            "metadata:\n  cv_tags:\n    device_tags:\n    - {{name: role, value: {role}}}\n    - {{name: pod, value: {pod}}}\n"
        )
    };
    let project = Project::with(&[
        ("configs/leaf-1.cfg", "a"),
        ("configs/leaf-2.cfg", "b"),
        ("configs/spine-1.cfg", "c"),
        ("configs/broken.cfg", ""),
        ("structured_configs/leaf-1.yml", &role("leaf", "dc1-a")),
        ("structured_configs/leaf-2.yml", &role("leaf", "dc2-a")),
        ("structured_configs/spine-1.yml", &role("spine", "dc1-a")),
    ]);
    let read = |filters: Filters| {
        let read = project.read_at("", filters).unwrap();
        hostnames(&read).join(" ")
    };
    assert_eq!(read(filters(&["leaf-*"], &[], &[])), "leaf-1 leaf-2");
    assert_eq!(read(filters(&["*-?"], &["*-2"], &[])), "leaf-1 spine-1");
    assert_eq!(read(filters(&[], &[], &["role:leaf", "role:spine", "pod:dc1-*"])), "leaf-1 spine-1");
    assert_eq!(read(filters(&["leaf-*"], &[], &["pod:dc2-*"])), "leaf-2");
}

#[test]
fn a_pattern_that_matches_nothing_is_refused() {
    let project = Project::with(&[
        ("configs/leaf1.cfg", "a"),
        ("structured_configs/leaf1.yml", LEAF1),
        ("configs/leaf2.cfg", "b"),
    ]);
    assert_eq!(
        project.wrong(filters(&["leaf*", "spine*"], &["border*"], &[])),
        [
            "configs: no host name matches \"spine*\" (there are leaf1, leaf2)",
            "configs: no host name matches \"border*\" (there are leaf1, leaf2)",
        ]
    );
    // The tags of interfaces are not those of the device.
    assert_eq!(
        project.wrong(filters(&[], &[], &["role:leaf", "peer:spine1"])),
        ["configs: no device has a tag \"peer:spine1\" (tags are those in intended/structured_configs)"]
    );
    assert_eq!(
        project.wrong(filters(&["leaf*"], &["leaf?"], &[])),
        [": there is nothing to deploy (every device is left out by the filters, or is not deployed)"]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let project = Project::with(&[
        ("configs/bad name.cfg", "a"),
        ("configs/empty.cfg", " \n\t\n"),
        ("configs/Leaf1.cfg", "a"),
        ("configs/leaf1.cfg", "a"),
        ("configs/list.cfg", "a"),
        ("structured_configs/list.yml", "- a\n- b\n"),
        ("configs/many.cfg", "a"),
        (
            "structured_configs/many.yml",
            "a: 1\nmetadata:\n  is_deployed: perhaps\n  serial_number: [1]\n  system_mac_address: '00:1c'\n  cv_tags:\n    \
             device_tags:\n    - name: role\n    - name: ' '\n      value: x\n    interface_tags:\n    - tags: []\n",
        ),
        ("configs/two.cfg", "a"),
        ("structured_configs/two.yml", ""),
        ("structured_configs/two.json", "{}"),
        ("configs/yaml.cfg", "a"),
        ("structured_configs/yaml.yml", "metadata:\n  cv_tags: {a: [}\n"),
    ]);
    project.write("configs/latin.cfg", b"hostname latin\nbanner K\xf6ln\n");
    project.write("configs/binary.cfg", b"hostname binary\n\n\0ELF");
    fs::create_dir(project.0.path().join("configs/dir.cfg")).unwrap();
    symlink("loop.cfg", project.0.path().join("configs/loop.cfg")).unwrap();
    symlink("nowhere", project.0.path().join("configs/dangling.cfg")).unwrap();
    insta::assert_snapshot!(project.wrong(Filters::default()).join("\n"));
}

#[test]
fn devices_that_cannot_be_told_apart_are_refused() {
    let facts =
        |serial: &str, mac: &str| format!("metadata:\n  serial_number: {serial}\n  system_mac_address: {mac}\n");
    let mac = "00:1c:73:00:00:0";
    let project = Project::with(&[
        ("configs/a.cfg", "a"),
        ("structured_configs/a.yml", &facts("JPE00000001", &format!("{mac}1"))),
        ("configs/b.cfg", "b"),
        ("structured_configs/b.yml", &facts("JPE00000001", &format!("{mac}2"))),
        ("configs/c.cfg", "c"),
        ("structured_configs/c.yml", &facts("JPE00000003", "001c.7300.0004")),
        ("configs/d.cfg", "d"),
        ("structured_configs/d.yml", &facts("~", "00-1C-73-00-00-04")),
    ]);
    assert_eq!(
        project.wrong(Filters::default()),
        [
            "structured_configs/b.yml:2: a and b have one serial number, JPE00000001 (both would be deployed to one device)",
            "structured_configs/d.yml:3: c and d have one MAC address, 00:1c:73:00:00:04 (not all of them have a serial \
             number to tell them apart)",
        ]
    );
    project.write("structured_configs/b.yml", facts("JPE00000002", &format!("{mac}1")).as_bytes());
    project.write("structured_configs/d.yml", b"metadata: {}\n");
    let warned = "structured_configs/b.yml:2: a and b have one MAC address, 00:1c:73:00:00:01 (their serial numbers \
                  differ, and those count)";
    assert_eq!(project.warnings(), [warned]);
}

#[test]
fn folders_that_are_none_are_told() {
    let project = Project::with(&[("leaf1.cfg", "a"), ("empty/readme", "")]);
    let wrong = |dir: &str| {
        let Problems(problems) = project.read_at(dir, Filters::default()).unwrap_err();
        told(&problems, &format!("{}/", project.0.path().display())).join("\n")
    };
    assert_eq!(wrong("missing"), "missing: it cannot be read (No such file or directory (os error 2))");
    assert_eq!(wrong("leaf1.cfg"), "leaf1.cfg: it cannot be read (Not a directory (os error 20))");
    assert_eq!(
        wrong("empty"),
        "empty: there are no configurations (it has no file HOSTNAME.cfg, and no folder intended/configs or configs)"
    );
}

#[test]
fn links_to_files_are_followed() {
    let project = Project::with(&[("elsewhere", "hostname leaf1"), ("configs/x.txt", "")]);
    symlink(Path::new("../elsewhere"), project.0.path().join("configs/leaf1.cfg")).unwrap();
    assert_eq!(hostnames(&project.read()), ["leaf1"]);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let project = Project::with(&[("configs/x.txt", "")]);
    let path = project.0.path().join("configs/leaf1.cfg");
    let pipe = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &path, pipe, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
    assert_eq!(
        project.wrong(Filters::default()),
        ["configs/leaf1.cfg: this is not a file (a folder or device has that name)"]
    );
}
