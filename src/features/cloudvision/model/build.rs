//! What a build of a workspace found.

use serde::{Deserialize, Serialize};

use super::{BuildId, DeviceId};

/// How a build, or a device in it, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildState {
    /// Not begun, or not told.
    Unspecified,
    /// Under way.
    InProgress,
    /// Somebody stopped it.
    Canceled,
    /// Fine.
    Success,
    /// Not fine: it cannot be submitted.
    Fail,
    /// Nothing to do.
    Skipped,
    /// A state that this version of noctui does not know, by its number.
    Unknown(i32),
}

/// Something a build found wrong, or warns of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The words of the device or of CloudVision.
    pub message: String,
    /// The line of the configlet, counted from one.
    pub line: Option<u32>,
    /// The configlet's or studio's id or name, whichever is told.
    pub source: Option<String>,
}

/// How many lines the running configuration would gain, lose and change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
    /// Only in the designed configuration.
    pub added: u32,
    /// Only in the running one.
    pub removed: u32,
    /// In both, with other words.
    pub changed: u32,
}

/// What a build found in one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceBuild {
    /// Which.
    pub device: DeviceId,
    /// Its name as far as known, else the serial number.
    pub hostname: String,
    /// Whether this deployment asked for it; a tag can touch others.
    pub wanted: bool,
    /// How it stands.
    pub state: BuildState,
    /// Designed against running, where CloudVision compared them.
    pub lines: Option<LineCounts>,
    /// Whether the device runs what is designed for it; nothing where that was not compared.
    pub runs_it: Option<bool>,
    /// Why it cannot be submitted.
    pub errors: Vec<Fault>,
    /// What to look at.
    pub warnings: Vec<Fault>,
    /// Why nothing was validated, in words: `not streaming`.
    pub skipped: Option<String>,
    /// Where CloudVision keeps the difference: a path on its host.
    pub diff_path: Option<String>,
}

/// What a build found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildReport {
    /// Which build.
    pub build: Option<BuildId>,
    /// How it ended.
    pub state: BuildState,
    /// What is wrong with no device in particular.
    pub errors: Vec<Fault>,
    /// By device, those with errors first, then by name.
    pub devices: Vec<DeviceBuild>,
}

impl BuildReport {
    /// How many errors there are, and how many warnings.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let errors: usize = self.devices.iter().map(|device| device.errors.len()).sum();
        (self.errors.len() + errors, self.devices.iter().map(|device| device.warnings.len()).sum())
    }
}

/// What a line of a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineOp {
    /// In both.
    Same,
    /// Only in the new one.
    Added,
    /// Only in the old one.
    Removed,
    /// Lines left out between two of these; its text says how many.
    Gap,
}

/// One line of a difference between two configurations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// What it is.
    pub op: LineOp,
    /// The line, without its end, harmless to draw.
    pub text: String,
}

impl DiffLine {
    /// As a unified diff has it: the text after a mark of one column, `@` where lines are left out.
    #[must_use]
    pub fn marked(&self) -> String {
        let mark = match self.op {
            LineOp::Same => ' ',
            LineOp::Added => '+',
            LineOp::Removed => '-',
            LineOp::Gap => '@',
        };
        format!("{mark}{}", self.text)
    }
}
