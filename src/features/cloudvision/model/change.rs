//! A change control: what brings a submitted workspace to the devices.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::{ChangeId, DeviceId};

/// The version of a change control's content, to the nanosecond as the server told it: an approval is for exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// Seconds since 1970.
    pub seconds: i64,
    /// And so many nanoseconds.
    pub nanos: i32,
}

/// As people and scripts write it down: a time in UTC with all its digits.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u32::try_from(self.nanos).ok().and_then(|nanos| DateTime::from_timestamp(self.seconds, nanos)) {
            Some(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::Nanos, true)),
            None => write!(f, "{}:{}", self.seconds, self.nanos),
        }
    }
}

impl FromStr for Version {
    type Err = &'static str;

    /// Reads what [`Display`](fmt::Display) writes, `SECONDS:NANOS`, and the two as JSON has them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pair = || {
            let (seconds, nanos) = text.split_once(':')?;
            Some(Self { seconds: seconds.parse().ok()?, nanos: nanos.parse().ok()? })
        };
        let time = || {
            let at = DateTime::parse_from_rfc3339(text).ok()?;
            Some(Self { seconds: at.timestamp(), nanos: i32::try_from(at.timestamp_subsec_nanos()).ok()? })
        };
        let json = || serde_json::from_str(text).ok();
        pair()
            .or_else(time)
            .or_else(json)
            .ok_or("it is a time with all its digits, as change show tells it, with --json, too")
    }
}

/// Where a change control stands, as a person would say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeState {
    /// Nobody approved it.
    Pending,
    /// Approved, not started.
    Approved,
    /// Approved, and starts by itself at a time.
    Scheduled,
    /// Its stages run.
    Running,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// A state that this version of noctui does not know, by its number.
    Unknown(i32),
}

impl ChangeState {
    /// Whether nothing will happen to it any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Stopped)
    }
}

/// Who set a flag, when, and with which words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who; empty if that is not told.
    pub by: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// May be empty.
    pub notes: String,
}

/// How a stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// Not begun.
    Planned,
    /// Under way.
    Running,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
}

/// One step of a stage's action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    pub name: String,
    /// How it stands; one that was left out counts as completed.
    pub state: StageState,
    /// What it says; may be empty.
    pub message: String,
}

/// A stage: an action, or rows of further stages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// What people call it.
    pub name: String,
    /// The action's name, if it has one.
    pub action: Option<String>,
    /// The device that the action is about, if it says so.
    pub device: Option<DeviceId>,
    /// Ids of stages: the rows one after the other, the stages of a row side by side.
    pub rows: Vec<Vec<String>>,
    /// How it stands.
    pub state: StageState,
    /// Why it failed.
    pub error: Option<String>,
    /// When it began.
    pub started: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// The steps of its action.
    pub steps: Vec<Step>,
}

/// What CloudVision found when it checked a change control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeCheck {
    /// A newer change control ran on one of its devices.
    Obsoleted,
    /// Another one runs on one of its devices.
    ConcurrentExecution,
    /// Something that this version of noctui does not know, by its number.
    Unknown(i32),
}

impl ChangeCheck {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Obsoleted => "obsoleted: a newer change control ran on one of its devices",
            Self::ConcurrentExecution => "concurrent: another change control runs on one of its devices",
            Self::Unknown(_) => "warned of by CloudVision, for a reason that this version does not know",
        }
    }
}

/// How the stages of the first level follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExecutionOrder {
    /// One after the other.
    Serial,
    /// All at once.
    Parallel,
    /// As somebody laid them out.
    Mixed,
}

impl ExecutionOrder {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Serial => "one after the other",
            Self::Parallel => "all at once",
            Self::Mixed => "in an order of their own",
        }
    }
}

/// A change control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// What people call it.
    pub name: String,
    /// Its description; may be empty.
    pub notes: String,
    /// Where it stands.
    pub state: ChangeState,
    /// The version of name, notes and stages.
    pub version: Option<Version>,
    /// Who made it; empty if that is not told.
    pub created_by: String,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Who changed it last; empty if that is not told.
    pub edited_by: String,
    /// The approval in force.
    pub approval: Option<Approval>,
    /// Who started it.
    pub start: Option<Approval>,
    /// When it starts by itself.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// Why it failed.
    pub error: Option<String>,
    /// The devices it touches.
    pub devices: Vec<DeviceId>,
    /// Where its tree of stages begins.
    pub root: String,
    /// By id. A stage that is named in a row and missing here was not told.
    pub stages: BTreeMap<String, Stage>,
    /// What CloudVision found when it checked it.
    pub checks: Vec<ChangeCheck>,
}

/// Something done to a change control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeAction {
    /// Approve the version that was read.
    Approve,
    /// Take the approval back.
    Unapprove,
    /// Start it.
    Start,
    /// Approve the version that was read, then start it.
    ApproveAndStart,
    /// Stop it.
    Stop,
    /// Let it start by itself.
    Schedule(DateTime<Utc>),
    /// No longer let it start by itself.
    Unschedule,
    /// Delete it.
    Delete,
    /// Give it another name and description.
    Edit {
        /// `None` keeps it.
        name: Option<String>,
        /// `None` keeps it.
        notes: Option<String>,
    },
    /// Lay the stages of the first level out anew.
    Arrange(ExecutionOrder),
}

impl Change {
    /// The devices to which it has brought what it was to bring: where all of it is done all, else those whose stage is.
    #[must_use]
    pub fn brought(&self) -> BTreeSet<&DeviceId> {
        if self.state == ChangeState::Completed {
            return self.devices.iter().collect();
        }
        let done = self.stages.values().filter(|stage| stage.state == StageState::Completed);
        done.filter_map(|stage| stage.device.as_ref()).collect()
    }

    /// The devices to which it has not brought what it was to bring, and no newer one among `all` has brought anything since.
    #[must_use]
    pub fn lacking<'a>(&'a self, all: impl IntoIterator<Item = &'a Self>) -> BTreeSet<&'a DeviceId> {
        let brought = self.brought();
        let mut lacking: BTreeSet<&DeviceId> = self.devices.iter().filter(|device| !brought.contains(device)).collect();
        for newer in all.into_iter().filter(|other| other.id != self.id && other.created_at > self.created_at) {
            if newer.devices.iter().any(|device| lacking.contains(device)) {
                let brought = newer.brought();
                lacking.retain(|device| !brought.contains(device));
            }
        }
        lacking
    }

    /// When it ended, as far as its stages tell.
    #[must_use]
    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.stages.values().filter_map(|stage| stage.ended).max()
    }

    /// How many stages with an action have ended, and how many there are.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let actions = self.stages.values().filter(|stage| stage.action.is_some());
        let ended = actions.clone().filter(|stage| matches!(stage.state, StageState::Completed | StageState::Failed));
        (ended.count(), actions.count())
    }

    /// How the stages of the first level follow each other.
    #[must_use]
    pub fn order(&self) -> ExecutionOrder {
        let Some(root) = self.stages.get(&self.root) else { return ExecutionOrder::Mixed };
        if root.rows.len() <= 1 {
            ExecutionOrder::Parallel
        } else if root.rows.iter().all(|row| row.len() <= 1) {
            ExecutionOrder::Serial
        } else {
            ExecutionOrder::Mixed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written_to_the_nanosecond() {
        for version in [Version { seconds: 1_795_000_000, nanos: 7 }, Version { seconds: 0, nanos: 999_999_999 }] {
            assert_eq!(version.to_string().parse(), Ok(version));
            assert_eq!(format!("{}:{}", version.seconds, version.nanos).parse(), Ok(version));
        }
        assert_eq!(Version { seconds: 1_795_000_000, nanos: 7 }.to_string(), "2026-11-18T11:06:40.000000007Z");
        for wrong in ["", "now", "1795000000", "1795000000.7", "2026-11-18"] {
            assert!(wrong.parse::<Version>().is_err(), "{wrong}");
        }
    }
}
