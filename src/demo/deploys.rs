//! What the demo has to deploy: folders of rendered configurations, written as an AVD project has them.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Error;
use crate::features::cloudvision::sim::{Fabric, FabricDevice, Objection};

/// The targets.
const DEPLOYS: &str = include_str!("../../assets/demo/deploys.toml");

/// All targets, and what simulated devices say of their lines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deploys {
    /// In the order of the configuration.
    target: Vec<Target>,
    /// In any order.
    objection: Vec<Objected>,
}

/// A target.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    /// Its name, also of its folder.
    name: String,
    /// Which CloudVision.
    cloudvision: String,
    /// Whether it waits for a look after the build.
    #[serde(default)]
    protected: bool,
    /// How far `D` goes.
    after: Option<String>,
    /// Host names.
    devices: Vec<String>,
    /// In the order in which they are made.
    #[serde(default)]
    edit: Vec<Edit>,
}

/// A difference to what devices run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// Host names.
    devices: Vec<String>,
    /// What stands there now.
    find: String,
    /// What takes the place of all of it.
    put: String,
}

/// A line that devices do not take as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Objected {
    /// The line.
    line: String,
    /// What they say.
    message: String,
    /// Whether they refuse it.
    refuses: bool,
}

impl Deploys {
    /// Those of the demo.
    pub(super) fn built_in() -> Result<Self, Error> {
        Ok(toml::from_str(DEPLOYS)?)
    }

    /// What the simulated devices are to say.
    pub(super) fn objections(&self) -> impl Iterator<Item = Objection> {
        self.objection.iter().map(|objected| Objection {
            line: objected.line.clone(),
            message: objected.message.clone(),
            refuses: objected.refuses,
        })
    }

    /// Writes the folders into `folder`; the sections of the configuration that name them.
    pub(super) fn write(&self, folder: &Path, fabrics: &[&Fabric]) -> Result<String, Error> {
        let mut sections = String::new();
        for target in &self.target {
            let dir = folder.join(&target.name);
            self::write(&dir, target, fabrics)?;
            sections.push_str(&section(target, &dir));
        }
        Ok(sections)
    }
}

/// Writes a target's configurations, with the serial numbers of their devices.
fn write(dir: &Path, target: &Target, fabrics: &[&Fabric]) -> Result<(), Error> {
    let disk = |source| Error::Disk { folder: dir.to_owned(), source };
    let (configs, facts) = (dir.join("intended/configs"), dir.join("intended/structured_configs"));
    [&configs, &facts].into_iter().try_for_each(fs::create_dir_all).map_err(disk)?;
    for name in &target.devices {
        let device = fabrics.iter().flat_map(|fabric| &fabric.device).find(|device| device.hostname == *name);
        let device = device.ok_or_else(|| Error::Story(format!("{} has no device {name}", target.name)))?;
        let text = rendered(target, device)?;
        put(configs.join(format!("{name}.cfg")), &text).map_err(disk)?;
        let metadata = format!(
            "metadata:\n  serial_number: {}\n  cv_tags:\n    device_tags:\n      - name: role\n        value: {}\n",
            device.serial, device.role
        );
        put(facts.join(format!("{name}.yml")), &metadata).map_err(disk)?;
    }
    Ok(())
}

/// Writes a file.
fn put(path: PathBuf, text: &str) -> io::Result<()> {
    fs::write(path, text)
}

/// What a device is to run.
fn rendered(target: &Target, device: &FabricDevice) -> Result<String, Error> {
    let mut text = device.running_configuration();
    for edit in target.edit.iter().filter(|edit| edit.devices.contains(&device.hostname)) {
        if !text.contains(&edit.find) {
            return Err(Error::Story(format!("{} does not run {:?}", device.hostname, edit.find)));
        }
        text = text.replacen(&edit.find, &edit.put, 1);
    }
    Ok(text)
}

/// A target in the configuration.
fn section(target: &Target, dir: &Path) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut section = format!(
        "\n[[deploy]]\nname = {}\ncloudvision = {}\ndir = {}\nchange_name = \"{{target}} {{date}} {{time}}\"\n",
        quoted(&target.name),
        quoted(&target.cloudvision),
        quoted(&dir.to_string_lossy()),
    );
    if target.protected {
        section.push_str("protected = true\n");
    }
    if let Some(after) = &target.after {
        let _infallible = writeln!(section, "after = {}", quoted(after));
    }
    section
}
