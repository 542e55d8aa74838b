//! What somebody ordered, what is told on the way, and what came of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::agreement::Agreement;
use super::failure::Failure;
use super::plan::DevicePlan;
use crate::features::cloudvision::model::{
    BuildId, BuildReport, Change, ChangeId, Deployment, DeviceId, DiffLine, WorkspaceId,
};
use crate::features::cloudvision::store::journal::Brought;
use crate::trouble::Trouble;

/// How long it waits before it tries again what was cancelled while nobody answered.
const PAUSE: Duration = Duration::from_secs(2);

/// How far a deployment goes in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing is written; the differences are told.
    Compare,
    /// The workspace is built and then abandoned.
    Build,
    /// The workspace is submitted.
    Submit,
}

impl Reach {
    /// Its word in the journal, which later versions of noctui read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compare => "compare",
            Self::Build => "build",
            Self::Submit => "submit",
        }
    }
}

/// How far the change control is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Advance {
    /// It waits for somebody's approval.
    Pending,
    /// It is approved.
    Approved,
    /// It is approved and started.
    Started,
    /// And it is waited for.
    Completed,
}

impl Advance {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Started, Self::Completed];

    /// Its word in the journal, which later versions of noctui read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Started => "started",
            Self::Completed => "completed",
        }
    }

    /// The one of this word; `None` where no version of noctui that is known here has written it.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|advance| advance.as_str() == word)
    }
}

/// When a deployment waits after its build, until somebody has looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Review {
    /// Never.
    Never,
    /// Always.
    Always,
    /// Where another device than these gets another configuration: to these somebody has agreed, by their names.
    Beyond(BTreeSet<String>),
}

impl Review {
    /// Whether it waits if this becomes of the devices.
    #[must_use]
    pub fn is_due(&self, devices: &[DevicePlan]) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Beyond(_) => self.unforeseen(devices).next().is_some(),
        }
    }

    /// The names of the devices that get another configuration, and nobody has agreed to that.
    pub(super) fn unforeseen<'a>(&self, devices: &'a [DevicePlan]) -> impl Iterator<Item = &'a str> {
        let agreed = if let Self::Beyond(agreed) = self { Some(agreed) } else { None };
        devices
            .iter()
            .filter(|device| device.is_configured())
            .map(|device| device.hostname.as_str())
            .filter(move |name| agreed.is_some_and(|agreed| !agreed.contains(*name)))
    }
}

/// What is ordered.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct Order {
    /// What is wanted.
    pub deployment: Arc<Deployment>,
    /// The workspace's name.
    pub workspace_name: String,
    /// How far it goes.
    pub reach: Reach,
    /// How far the change control is taken.
    pub advance: Advance,
    /// Whether it is submitted although devices do not stream. They are not validated then.
    pub force: bool,
    /// Whether the workspace stays open where it is not submitted, to be looked at.
    pub keep_workspace: bool,
    /// Whether every step of a build is told. Costs one more stream.
    pub follow_build: bool,
    /// When it waits after the build until it is told to go on.
    pub review: Review,
    /// Whether devices are to be brought what CloudVision holds even where nothing has to be written.
    pub again: bool,
    /// What the last deployment was to bring. Where its change control does not exist any more, or was stopped or failed
    /// before, it is made again.
    pub brought: Option<Brought>,
    /// Who approves and starts, for the notes of it.
    pub who: String,
}

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Devices are looked up.
    Devices,
    /// What is wanted is compared with what is in force.
    Compare,
    /// The workspace is made.
    Workspace,
    /// It is written to.
    Upload,
    /// It is built.
    Build,
    /// Somebody looks at what the build found.
    Review,
    /// It is submitted.
    Submit,
    /// The change control is named, approved, started.
    Change,
    /// The change control runs.
    Run,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Devices,
        Self::Compare,
        Self::Workspace,
        Self::Upload,
        Self::Build,
        Self::Review,
        Self::Submit,
        Self::Change,
        Self::Run,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::Compare => "compare",
            Self::Workspace => "workspace",
            Self::Upload => "upload",
            Self::Build => "build",
            Self::Review => "review",
            Self::Submit => "submit",
            Self::Change => "change control",
            Self::Run => "run",
        }
    }
}

/// What is told on the way.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step begins; the one before is over.
    Began(Step),
    /// A step is done; a few words on it.
    Finished(Step, String),
    /// What has to be changed, device by device.
    Planned(Arc<Vec<DevicePlan>>),
    /// The differences of what is wanted to what is in force.
    Compared(Arc<Vec<DeviceDiff>>),
    /// The differences of what is wanted to what runs on devices, as CloudVision computed them. A device without any is
    /// among them without lines; one that was not compared is missing.
    Computed(Arc<Vec<DeviceDiff>>),
    /// The workspace is about to be made.
    Workspace(WorkspaceId),
    /// So many devices of so many are through the build.
    Building {
        /// Through.
        done: usize,
        /// Known so far.
        total: usize,
        /// What is done to those that come last.
        stage: &'static str,
    },
    /// What the build found.
    Built(Arc<BuildReport>),
    /// The change control as it stands.
    Change(Arc<Change>),
    /// Something to look at.
    Warning(String),
    /// The server does not answer and is asked again, and why; nothing once it answers.
    Silence(Option<String>),
    /// What is in force moved; everything is done again with what it is now.
    Overtaken(usize),
}

/// Something about to be done, or done, that has to be written down first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The workspace is about to be made.
    WorkspaceRequested(WorkspaceId),
    /// It is about to be written to: this changes.
    Writing(Vec<DevicePlan>),
    /// A build is about to be asked for.
    BuildRequested,
    /// It was built, and this changes: devices were found that do not run what is in force for them.
    Lacking(Vec<DevicePlan>),
    /// It was built, and somebody is to look at it.
    Built(Option<BuildId>),
    /// It is about to be submitted.
    SubmitRequested,
    /// It was submitted, and this is its change control.
    Submitted(Option<ChangeId>),
    /// The change control is about to be named.
    Naming {
        /// Which.
        change: ChangeId,
        /// Its name until then.
        from: String,
        /// Its name from then on; `None` where only its description changes.
        to: Option<String>,
    },
    /// The change control is about to be approved.
    Approving {
        /// Which.
        change: ChangeId,
        /// What it is called.
        name: String,
    },
    /// The change control is about to be started.
    Starting {
        /// Which.
        change: ChangeId,
        /// What it is called.
        name: String,
    },
    /// The change control is waited for.
    Waiting(ChangeId),
}

/// Where facts are written down, durably, before the deployment goes on.
pub trait Recorder: Send + Sync {
    /// Writes one down.
    fn record(&self, fact: Fact) -> BoxFuture<'_, Result<(), Trouble>>;
}

/// Writes nothing down.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unrecorded;

impl Recorder for Unrecorded {
    fn record(&self, _fact: Fact) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What steers a deployment while it runs, and where it tells of itself.
#[derive(Clone)]
pub struct Controls {
    /// Cancelled when it is to end: nothing further is sent then. Before the submission the workspace is abandoned, if need
    /// be once the server answers again; after it, the change control stays as it is.
    pub cancel: tokio_util::sync::CancellationToken,
    /// Cancelled, together with `cancel`, when the process is to end: what was sent is waited for only for a short time.
    pub leave: tokio_util::sync::CancellationToken,
    /// Given, look by look, when it may go on after the review.
    pub go_on: Agreement,
    /// To whoever watches; the deployment waits when it is full, and goes on when nobody listens any more.
    pub events: mpsc::Sender<Event>,
    /// The journal.
    pub recorder: Arc<dyn Recorder>,
}

impl Controls {
    /// Tells something.
    pub(super) async fn tell(&self, event: Event) {
        let _nobody_listens = self.events.send(event).await;
    }

    /// Waits a little before something is tried again. False when the process is to end.
    pub(super) async fn pause(&self) -> bool {
        tokio::select! {
            () = self.leave.cancelled() => false,
            () = tokio::time::sleep(PAUSE) => true,
        }
    }

    /// Writes something down.
    pub(super) async fn record(&self, fact: Fact) -> Result<(), Failure> {
        self.recorder.record(fact).await.map_err(Failure::Journal)
    }
}

/// What has become of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceFate {
    /// It was submitted.
    Submitted,
    /// It was submitted, and deleted since.
    Deleted,
    /// It is open still.
    Kept,
    /// It was thrown away.
    Abandoned,
    /// It should have been thrown away, and perhaps was not.
    LeftBehind(String),
}

/// The difference of one device's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceDiff {
    /// The device.
    pub device: DeviceId,
    /// Its name.
    pub hostname: String,
    /// Line by line, with some lines around each change.
    pub lines: Vec<DiffLine>,
}

/// What came of a deployment.
#[derive(Debug)]
pub struct Outcome {
    /// Whether all that was ordered happened.
    pub result: Result<(), Failure>,
    /// Whether there was nothing to change.
    pub nothing_to_do: bool,
    /// How many of the devices whose configuration was in force already run it; nothing where that was not compared.
    pub running: Option<usize>,
    /// Which change controls have still to bring what is in force already, or did not, in words.
    pub waiting: Vec<String>,
    /// Device by device; empty where it did not come so far.
    pub devices: Vec<DevicePlan>,
    /// The differences of what is wanted to what is in force, where they were asked for.
    pub diffs: Arc<Vec<DeviceDiff>>,
    /// What the last build found.
    pub report: Option<Arc<BuildReport>>,
    /// The workspace, if one was made.
    pub workspace: Option<(WorkspaceId, WorkspaceFate)>,
    /// The change control, if there is one.
    pub change: Option<Arc<Change>>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
    /// Whether the process was to end.
    pub is_left: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_goes_is_read_back_as_it_was_written_and_as_earlier_versions_wrote_it() {
        for advance in Advance::ALL {
            assert_eq!(Advance::of_word(advance.as_str()), Some(advance));
        }
        let written = ["pending", "approved", "started", "completed"];
        assert_eq!(written.map(Advance::of_word), Advance::ALL.map(Some), "journals hold these");
        assert_eq!(Advance::of_word("Started"), None);
        assert_eq!([Reach::Compare, Reach::Build, Reach::Submit].map(Reach::as_str), ["compare", "build", "submit"]);
    }
}
