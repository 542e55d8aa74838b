//! A deployment as `--json` prints it: the answer of CVProxy, with more beside it.

use serde::Serialize;

use crate::features::cloudvision::deploy::{ConfigPlan, DevicePlan, Outcome, WorkspaceFate};
use crate::features::cloudvision::model::{BuildReport, DiffLine, TagLabel};
use crate::trouble::Trouble;

/// What came of a deployment.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// `ok` or `error`.
    status: &'static str,
    /// The change control's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    change_control: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    /// Everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

/// What CVProxy does not tell.
#[derive(Debug, Serialize)]
struct Details {
    /// Whether nothing had to be changed.
    nothing_to_do: bool,
    /// How many devices whose configuration was in force already run it; nothing where that was not compared.
    running: Option<usize>,
    /// The change control.
    change: Option<ChangeDetails>,
    /// The workspace.
    workspace: Option<WorkspaceDetails>,
    /// Device by device.
    devices: Vec<DeviceDetails>,
    /// What the build found.
    build: Option<BuildReport>,
    /// What should be looked at.
    warnings: Vec<String>,
}

/// A change control.
#[derive(Debug, Serialize)]
struct ChangeDetails {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Where it stands.
    state: &'static str,
}

/// A workspace.
#[derive(Debug, Serialize)]
struct WorkspaceDetails {
    /// Its id.
    id: String,
    /// What has become of it.
    state: &'static str,
}

/// A device.
#[derive(Debug, Serialize)]
struct DeviceDetails {
    /// Its name.
    hostname: String,
    /// Its serial number.
    serial_number: String,
    /// Whether it streams.
    streaming: bool,
    /// `none`, `new`, `changed` or `unchanged`.
    configuration: &'static str,
    /// Whether it is brought what was in force for it already and it does not run.
    brought_again: bool,
    /// Tags it gets.
    tags_added: Vec<String>,
    /// Tags that are taken from it.
    tags_removed: Vec<String>,
    /// The difference as lines that begin with a blank, `+`, `-`, or `@` where lines are left out; only where it was
    /// compared.
    diff: Option<Vec<String>>,
}

impl Answer {
    /// Of a deployment that was tried.
    pub(super) fn of(outcome: &Outcome) -> Self {
        let errors = outcome.result.as_ref().err().map(|failure| {
            let mut errors = failure.problems();
            errors.extend(super::told::left_behind(outcome));
            errors
        });
        let status = if errors.is_none() { "ok" } else { "error" };
        let change = outcome.change.as_ref();
        Self {
            status,
            change_control: change.filter(|_| errors.is_none()).map(|change| change.name.clone()),
            errors: errors.unwrap_or_default(),
            details: Some(Details {
                nothing_to_do: outcome.nothing_to_do,
                running: outcome.running,
                change: change.map(|change| ChangeDetails {
                    id: change.id.to_string(),
                    name: change.name.clone(),
                    state: change.state.name(),
                }),
                workspace: outcome.workspace.as_ref().map(|(id, fate)| WorkspaceDetails {
                    id: id.to_string(),
                    state: match fate {
                        WorkspaceFate::Submitted => "submitted",
                        WorkspaceFate::Deleted => "deleted",
                        WorkspaceFate::Kept => "pending",
                        WorkspaceFate::Abandoned => "abandoned",
                        WorkspaceFate::LeftBehind(_) => "unknown",
                    },
                }),
                devices: outcome.devices.iter().map(|device| DeviceDetails::of(device, outcome)).collect(),
                build: outcome.report.as_deref().cloned(),
                warnings: outcome.warnings.clone(),
            }),
        }
    }

    /// Of one that was not begun.
    pub(super) fn refused(troubles: &[Trouble]) -> Self {
        let errors = troubles.iter().map(Trouble::one_line).collect();
        Self { status: "error", change_control: None, errors, details: None }
    }
}

impl DeviceDetails {
    /// Of one device.
    fn of(device: &DevicePlan, outcome: &Outcome) -> Self {
        let tags = |tags: &[TagLabel]| {
            let place = |tag: &TagLabel| tag.interface.as_ref().map_or_else(String::new, |name| format!("@{name}"));
            tags.iter().map(|tag| format!("{}:{}{}", tag.label.label, tag.label.value, place(tag))).collect()
        };
        let diff = outcome.diffs.iter().find(|diff| diff.device == device.id);
        Self {
            hostname: device.hostname.clone(),
            serial_number: device.id.to_string(),
            streaming: device.streaming,
            configuration: match device.config {
                ConfigPlan::None => "none",
                ConfigPlan::New => "new",
                ConfigPlan::Changed => "changed",
                ConfigPlan::Same => "unchanged",
            },
            brought_again: device.again,
            tags_added: tags(&device.tags_added),
            tags_removed: tags(&device.tags_removed),
            diff: diff.map(|diff| diff.lines.iter().map(DiffLine::marked).collect()),
        }
    }
}
