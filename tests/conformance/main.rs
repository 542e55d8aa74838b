//! `proto/` against the published definitions: every message, field, enum value and method that we name has to be there,
//! with the same number, type and label. What we leave out does not matter.
//!
//! The published ones are those of the Python package `cloudvision`, read in a virtual environment below the build
//! folder. It is made at the first run; only the two packages that hold the descriptors are installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod compare;
mod definitions;
#[path = "../support/skip.rs"]
mod skip;

use std::path::{Path, PathBuf};
use std::process::Command;

use noctui::features::cloudvision::pb::DESCRIPTORS;
use prost::Message;
use prost_types::FileDescriptorSet;

use self::compare::differences;
use self::definitions::{Definitions, Field};

/// What is installed. The first is the reference; the other one reads it, and any version that it takes will do.
const PACKAGES: [&str; 2] = ["cloudvision==1.34.1", "protobuf>=6.33.6,<8"];

/// Our own definitions.
fn ours() -> Definitions {
    Definitions::from(FileDescriptorSet::decode(DESCRIPTORS).unwrap())
}

/// The published definitions of the same protobuf packages, or why there are none here.
fn published(packages: &[String]) -> Result<Definitions, String> {
    let python = environment()?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/descriptors.py");
    let printed = output(Command::new(python).arg(program).args(packages))?;
    Ok(serde_json::from_slice(&printed).unwrap())
}

/// The Python of the virtual environment, which is made unless it is there.
fn environment() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGES[0]);
    let python = folder.join("bin/python");
    let whole = folder.join("whole");
    if !whole.is_file() {
        output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        output(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--no-deps"]).args(PACKAGES))?;
        std::fs::write(whole, "").unwrap();
    }
    Ok(python)
}

/// What a command prints, or what it says when it fails.
fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let said = || format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    if output.status.success() { Ok(output.stdout) } else { Err(said()) }
}

#[test]
fn every_definition_of_ours_is_one_of_the_published() {
    let ours = ours();
    let published = match published(&ours.packages()) {
        Ok(published) => published,
        Err(lacking) => return skip::skip(&format!("the published definitions of CloudVision ({lacking})")),
    };
    let faults = differences(&ours, &published);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    println!("{} of {} published agree", ours.extent(), published.extent());
    assert!(published.messages.len() > 2 * ours.messages.len(), "the published definitions are not all there");
}

#[test]
fn our_definitions_are_there_and_name_the_packages_of_the_wire() {
    let ours = ours();
    assert!(ours.messages.len() > 100, "{}", ours.extent());
    assert!(ours.enums.len() > 15, "{}", ours.extent());
    assert!(ours.services.len() > 15, "{}", ours.extent());
    assert!(ours.packages().contains(&"arista.workspace.v1".to_owned()), "{:?}", ours.packages());
}

#[test]
fn a_number_a_type_a_label_a_name_and_a_method_that_differ_are_each_seen() {
    let (ours, message) = (ours(), "arista.workspace.v1.WorkspaceConfig");
    let changed = |change: &dyn Fn(&mut Field)| {
        let mut other = ours.clone();
        change(other.messages.get_mut(message).unwrap().get_mut("request").unwrap());
        differences(&ours, &other)
    };
    assert_eq!(differences(&ours, &ours), [""; 0]);
    assert_eq!(changed(&|field| field.number = 7).len(), 1);
    assert_eq!(changed(&|field| field.r#type = 5).len(), 1);
    assert_eq!(changed(&|field| field.type_name.push('X')).len(), 1);
    assert_eq!(changed(&|field| field.label = 3).len(), 1);

    let mut other = ours.clone();
    other.messages.get_mut(message).unwrap().remove("display_name");
    other.messages.remove("arista.inventory.v1.DeviceKey");
    other.enums.get_mut("arista.workspace.v1.Request").unwrap().insert("REQUEST_SUBMIT".to_owned(), 33);
    other.services.get_mut("arista.inventory.v1.DeviceService").unwrap().get_mut("GetAll").unwrap().server_streaming =
        false;
    other.syntax.insert("fmp".to_owned(), "proto2".to_owned());
    assert_eq!(
        differences(&ours, &other),
        [
            "fmp: ours is \"proto3\", published is \"proto2\"",
            "arista.inventory.v1.DeviceKey is not published",
            "arista.workspace.v1.WorkspaceConfig display_name is not published",
            "arista.workspace.v1.Request REQUEST_SUBMIT: ours is 3, published is 33",
            "arista.inventory.v1.DeviceService GetAll: ours is Method { input: \"arista.inventory.v1.DeviceStreamRequest\", \
             output: \"arista.inventory.v1.DeviceStreamResponse\", client_streaming: false, server_streaming: true }, \
             published is Method { input: \"arista.inventory.v1.DeviceStreamRequest\", \
             output: \"arista.inventory.v1.DeviceStreamResponse\", client_streaming: false, server_streaming: false }",
        ]
    );
}
