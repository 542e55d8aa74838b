//! Writes a deployment down in the store: each step before it is taken, and in the audit log what was asked for and what
//! came of it.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use rusqlite::Connection;
use serde_json::json;

use super::failure::Failure;
use super::order::{Fact, Order, Outcome, Reach, Recorder, WorkspaceFate};
use super::plan::{ConfigPlan, DevicePlan};
use crate::clock;
use crate::features::cloudvision::model::{ChangeId, Deployment, DeploymentId};
use crate::features::cloudvision::store::audit::{self, AuditKey, Outcome as Result_, Request, Settlement, What};
use crate::features::cloudvision::store::journal::{self, Claim, Ending, Entry, Facts, NewDeployment, Phase};
use crate::features::cloudvision::store::{DeviceRecord, Instance};
use crate::process::Owner;
use crate::store::{Error, Store};
use crate::text::{clean_line, counted};
use crate::trouble::Trouble;

/// What a deployment is called in the journal.
#[derive(Debug, Clone)]
pub struct About {
    /// Where to.
    pub instance: Instance,
    /// The configured target; `None` for a folder or a request.
    pub target: Option<String>,
    /// Where it was read: a path, or `-`.
    pub source: String,
}

/// The journal of one deployment.
pub struct Journal {
    /// Where it is kept.
    store: Store,
    /// The right to write about it.
    claim: Claim,
    /// What it is called.
    about: About,
    /// In whose name.
    who: String,
    /// What the audit log calls it: a deployment, or a mere build.
    what: What,
    /// The workspace's name.
    workspace_name: String,
    /// What is wanted, with its hashes.
    wanted: Vec<DeviceRecord>,
    /// Rows of the audit log that are not settled, in their order.
    open: Mutex<Vec<(What, AuditKey)>>,
}

/// Why a deployment was not begun.
#[derive(Debug)]
pub enum NotBegun {
    /// Another process is deploying the same target.
    UnderWay(Trouble),
    /// The store takes nothing.
    Unwritten(Trouble),
}

impl From<NotBegun> for Trouble {
    fn from(why: NotBegun) -> Self {
        match why {
            NotBegun::UnderWay(trouble) | NotBegun::Unwritten(trouble) => trouble,
        }
    }
}

/// That another process is deploying the same target.
fn under_way(other: &Entry) -> Trouble {
    let target = clean_line(other.target.as_deref().unwrap_or(&other.source));
    let began = other.started_at.format("%Y-%m-%d %H:%M UTC");
    let of = format!("{} of {}", other.owner.label(), clean_line(&other.who));
    Trouble::new(&format!("{target} is being deployed already"))
        .caused_by(&format!("{of} began it {began}, and has not ended it"))
        .to_do("end it there, or wait for it; nothing was sent from here")
}

impl Journal {
    /// Begins it, unless another process is deploying the same target.
    ///
    /// # Errors
    /// When somebody else is at it, or the store takes nothing.
    pub async fn begin(store: &Store, about: About, order: &Order) -> Result<Self, NotBegun> {
        let wanted = records(&order.deployment);
        let new = NewDeployment {
            instance: about.instance.clone(),
            target: about.target.clone(),
            source: about.source.clone(),
            who: order.who.clone(),
            owner: Owner::of_this_process(),
            options: json!({
                "advance": order.advance.as_str(),
                "reach": order.reach.as_str(),
                "force": order.force,
                "strict_tags": order.deployment.strict_tags,
                "delete_workspace": order.deployment.delete_workspace,
                "change_name": order.deployment.change_name,
                "change_notes": order.deployment.change_notes,
            }),
            devices: wanted.clone(),
            at: clock::now(),
        };
        let alone = order.reach == Reach::Submit;
        let begun = store.write(move |connection| {
            // Looked for and begun in one transaction: of two that want to begin at once one finds the other.
            match if alone { journal::under_way(connection, &new)? } else { None } {
                Some(other) => Ok(Err(other)),
                None => journal::begin(connection, &new).map(Ok),
            }
        });
        let claim = begun.await.map_err(|error| NotBegun::Unwritten(Trouble::of(&error)))?;
        let claim = claim.map_err(|other| NotBegun::UnderWay(under_way(&other)))?;
        Ok(Self {
            store: store.clone(),
            claim,
            about,
            who: order.who.clone(),
            what: if order.reach == Reach::Submit { What::Deploy } else { What::Build },
            workspace_name: order.workspace_name.clone(),
            wanted,
            open: Mutex::default(),
        })
    }

    /// Which deployment it is of.
    #[must_use]
    pub fn id(&self) -> &DeploymentId {
        &self.claim.id
    }

    /// Ends it with what came of it.
    ///
    /// # Errors
    /// When the store takes nothing; it is found as unfinished then.
    pub async fn end(&self, outcome: &Outcome) -> Result<(), Trouble> {
        let (ending, text) = ending(outcome);
        // A workspace that may be open is found by whoever looks for what is unfinished.
        let is_left = matches!(outcome.workspace, Some((_, WorkspaceFate::LeftBehind(_))));
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        let change = outcome.change.as_ref().map(|change| (change.id.as_str().to_owned(), change.name.clone()));
        let settlements: Vec<_> =
            open.into_iter().map(|(what, key)| (key, settlement(what, outcome, &text, change.clone()))).collect();
        let claim = self.claim.clone();
        let at = clock::now();
        let attempt = self.failed_attempt(outcome, &text);
        let wanted = self.wanted.clone();
        let written = self.store.write(move |connection| {
            if let Some((request, settlement)) = &attempt {
                let key = audit::request(connection, request)?;
                audit::add_devices(connection, key, &wanted)?;
                audit::settle(connection, key, settlement)?;
            }
            for (key, settlement) in &settlements {
                audit::settle(connection, *key, settlement)?;
            }
            if !is_left {
                return journal::end(connection, &claim, ending, &text, at);
            }
            // Whoever ends it tells the same story.
            match journal::entry(connection, &claim.id)? {
                Some(entry) => {
                    let facts = Facts { message: Some(text), ..Facts::default() };
                    journal::advance(connection, &claim, entry.phase, &facts, at)
                }
                None => Ok(Ok(())),
            }
        });
        written.await.map_err(|error| Trouble::of(&error))?.map_err(|refusal| Trouble::of(&refusal))
    }

    /// What the audit log has of a deployment that failed before it could ask for its workspace: who tried what, and why it
    /// came to nothing. One that somebody cancelled by then was wanted no more, and asked for nothing.
    fn failed_attempt(&self, outcome: &Outcome, text: &str) -> Option<(Request, Settlement)> {
        let failed = !matches!(outcome.result, Ok(()) | Err(Failure::Cancelled | Failure::Left { .. }));
        (failed && outcome.workspace.is_none()).then(|| {
            let nothing = (String::new(), String::new());
            let request = self.request(self.what, nothing, json!({ "source": self.about.source }));
            (request, settlement(self.what, outcome, text, None))
        })
    }

    /// Writes a step down, and in the audit log what it asks for.
    async fn step(&self, fact: Fact) -> Result<(), Trouble> {
        let (phase, facts) = phase_of(&fact);
        let (claim, at) = (self.claim.clone(), clock::now());
        let asked = self.asked(&fact);
        let devices = if let Fact::Writing(planned) | Fact::Lacking(planned) = &fact {
            // The journal tells what is to be brought to devices, the audit log what is new in CloudVision.
            let is_new = |plan: &DevicePlan| matches!(plan.config, ConfigPlan::New | ConfigPlan::Changed);
            Some((self.devices(planned, DevicePlan::is_configured), self.devices(planned, is_new)))
        } else {
            None
        };
        let what = self.what;
        // Whoever goes on has the answer to what was asked of the change control before.
        let answered = if phase > Phase::Submitted { self.steps_of_change() } else { Vec::new() };
        let settled = answered.clone();
        let written = self.store.write(move |connection| {
            for key in &settled {
                let (outcome, text) = (Result_::Ok, String::new());
                audit::settle(connection, *key, &Settlement { outcome, text, object: None, at })?;
            }
            if let Err(refusal) = journal::advance(connection, &claim, phase, &facts, at)? {
                return Ok(Err(refusal));
            }
            let mut anew = None;
            if let Some((brought, devices)) = devices {
                if let Err(refusal) = journal::set_devices(connection, &claim, &brought)? {
                    return Ok(Err(refusal));
                }
                anew = set_audited_devices(connection, &claim.id, what, &devices, at)?;
            }
            let asked =
                asked.map(|asked| Ok::<_, Error>((asked.what, audit::request(connection, &asked)?))).transpose()?;
            Ok(Ok((anew, asked)))
        });
        let (anew, asked) =
            written.await.map_err(|error| Trouble::of(&error))?.map_err(|refusal| Trouble::of(&refusal))?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, key)| !answered.contains(key));
        if let Some(key) = anew {
            open.retain(|(open, _)| *open != what);
            open.push((what, key));
        }
        open.extend(asked);
        Ok(())
    }

    /// The open rows of the audit log about steps of the change control.
    fn steps_of_change(&self) -> Vec<AuditKey> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().filter(|(what, _)| *what != self.what).map(|(_, key)| *key).collect()
    }

    /// What a step asks CloudVision for, if the audit log is to know it.
    fn asked(&self, fact: &Fact) -> Option<Request> {
        // A deployment is filed under its change control, which is known only when it is settled.
        let named = |change: &ChangeId, name: &str| (change.as_str().to_owned(), name.to_owned());
        let (what, called, details) = match fact {
            Fact::WorkspaceRequested(id) => (
                self.what,
                (String::new(), String::new()),
                json!({ "workspace": id.as_str(), "workspace_name": self.workspace_name }),
            ),
            Fact::Naming { change, from, to } => {
                let name = to.as_ref().unwrap_or(from);
                (What::Edit, named(change, name), json!({ "name_before": from, "name": to }))
            }
            Fact::Approving { change, name } => (What::Approve, named(change, name), json!({})),
            Fact::Starting { change, name } => (What::Start, named(change, name), json!({})),
            Fact::Writing(_)
            | Fact::BuildRequested
            | Fact::Lacking(_)
            | Fact::Built(_)
            | Fact::SubmitRequested
            | Fact::Submitted(_)
            | Fact::Waiting(_) => return None,
        };
        Some(self.request(what, called, details))
    }

    /// A row of the audit log about this deployment.
    fn request(&self, what: What, (object, object_name): (String, String), details: serde_json::Value) -> Request {
        Request {
            at: clock::now(),
            who: self.who.clone(),
            instance: self.about.instance.clone(),
            target: self.about.target.clone(),
            what,
            object,
            object_name,
            details,
            deployment: Some(self.claim.id.clone()),
        }
    }

    /// What is wanted, with what is known of it by now.
    fn devices(&self, planned: &[DevicePlan], is_changed: impl Fn(&DevicePlan) -> bool) -> Vec<DeviceRecord> {
        let known = |record: &DeviceRecord| {
            let plan = planned.iter().find(|plan| plan.hostname == record.hostname);
            DeviceRecord {
                serial: plan.map(|plan| plan.id.as_str().to_owned()).or_else(|| record.serial.clone()),
                changed: plan.map(&is_changed),
                ..record.clone()
            }
        };
        self.wanted.iter().map(known).collect()
    }
}

/// Writes into the audit log which devices are written to. Where it says something else by now, since what is in force has
/// moved, its row is ended and another one begun, whose key is returned: what stands there is never changed.
fn set_audited_devices(
    connection: &Connection,
    id: &DeploymentId,
    what: What,
    devices: &[DeviceRecord],
    at: DateTime<Utc>,
) -> Result<Option<AuditKey>, Error> {
    let Some(row) = audit::unsettled(connection, id)?.into_iter().find(|row| row.request.what == what) else {
        return Ok(None);
    };
    let known = audit::devices(connection, row.key)?;
    if known.is_empty() {
        audit::add_devices(connection, row.key, devices)?;
        return Ok(None);
    }
    // They are read in the order of their names.
    if known.len() == devices.len() && devices.iter().all(|device| known.contains(device)) {
        return Ok(None);
    }
    let text = "nothing was submitted: what was in force had moved, and it was begun anew".to_owned();
    audit::settle(connection, row.key, &Settlement { outcome: Result_::Failed, text, object: None, at })?;
    let key = audit::request(connection, &Request { at, ..row.request })?;
    audit::add_devices(connection, key, devices)?;
    Ok(Some(key))
}

impl Recorder for Journal {
    fn record(&self, fact: Fact) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(self.step(fact))
    }
}

/// How a deployment ended, and why.
#[must_use]
pub fn ending(outcome: &Outcome) -> (Ending, String) {
    match &outcome.result {
        Ok(()) if outcome.nothing_to_do => (Ending::NothingToDo, outcome.waiting.join("; ")),
        Ok(()) => (Ending::Done, String::new()),
        Err(Failure::Cancelled) => (Ending::Cancelled, cancelled(outcome)),
        Err(failure @ Failure::Left { .. }) => (Ending::Cancelled, failure.to_string()),
        Err(failure @ Failure::Unknown { .. }) => (Ending::Unknown, failure.to_string()),
        Err(failure @ Failure::WorkspaceGone { .. }) => (Ending::Abandoned, failure.to_string()),
        Err(failure) => (Ending::Failed, failure.problems().join("; ")),
    }
}

/// Why one was cancelled, and what has become of its workspace.
fn cancelled(outcome: &Outcome) -> String {
    let why = if outcome.is_left { "noctui was ended, or its terminal went away" } else { "cancelled" };
    match &outcome.workspace {
        None => format!("{why}; nothing was made yet"),
        Some((_, WorkspaceFate::Abandoned)) => format!("{why}; its workspace is abandoned"),
        Some((id, WorkspaceFate::LeftBehind(_) | WorkspaceFate::Kept)) => {
            format!("{why}; its workspace {id} may be open")
        }
        Some((_, WorkspaceFate::Submitted | WorkspaceFate::Deleted)) => why.to_owned(),
    }
}

/// What is wanted of each device.
fn records(deployment: &Deployment) -> Vec<DeviceRecord> {
    let record = |wanted: &crate::features::cloudvision::model::Wanted| DeviceRecord {
        hostname: wanted.hostname.clone(),
        serial: wanted.serial.clone(),
        sha256: wanted.config.as_ref().map(|config| config.digest().to_owned()),
        changed: None,
    };
    deployment.devices.iter().map(record).collect()
}

/// The phase that begins with a fact, and what is known with it.
fn phase_of(fact: &Fact) -> (Phase, Facts) {
    let nothing = Facts::default();
    let of_change = |id: &ChangeId| Facts { change: Some(id.clone()), ..Facts::default() };
    match fact {
        Fact::WorkspaceRequested(id) => {
            (Phase::WorkspaceRequested, Facts { workspace: Some(id.clone()), ..Facts::default() })
        }
        Fact::Writing(_) => (Phase::Writing, nothing),
        Fact::BuildRequested | Fact::Lacking(_) => (Phase::Building, nothing),
        Fact::Built(build) => (Phase::Built, Facts { build: build.clone(), ..Facts::default() }),
        Fact::SubmitRequested => (Phase::SubmitRequested, nothing),
        Fact::Submitted(change) => (Phase::Submitted, Facts { change: change.clone(), ..Facts::default() }),
        Fact::Naming { change, .. } => (Phase::ChangeNamed, of_change(change)),
        Fact::Approving { change, .. } => (Phase::Approving, of_change(change)),
        Fact::Starting { change, .. } => (Phase::Starting, of_change(change)),
        Fact::Waiting(id) => (Phase::Waiting, of_change(id)),
    }
}

/// What came of something that was asked for.
fn settlement(what: What, outcome: &Outcome, text: &str, change: Option<(String, String)>) -> Settlement {
    let is_in_force = matches!(outcome.workspace, Some((_, WorkspaceFate::Submitted | WorkspaceFate::Deleted)));
    let result = match (&outcome.result, what) {
        (Err(Failure::Unknown { .. }), _) => Result_::Unknown,
        (Err(Failure::ChangeStep { what: failed, .. }), What::Edit) if failed.contains("named") => Result_::Failed,
        (Err(Failure::ChangeStep { what: failed, .. }), What::Approve) if failed.contains("approved") => {
            Result_::Failed
        }
        (Err(Failure::ChangeStep { what: failed, .. }), What::Start) if failed.contains("started") => Result_::Failed,
        (Err(_), What::Deploy | What::Build) if !is_in_force => Result_::Failed,
        // What was asked for was done; what failed, if anything did, came after it.
        (Ok(()) | Err(_), _) => Result_::Ok,
    };
    let text = match (what, result) {
        (What::Build, Result_::Ok) => "built and validated; nothing was submitted",
        (What::Deploy, Result_::Ok) if outcome.running.is_some() && outcome.nothing_to_do => {
            "all of it is in force, and runs"
        }
        // What went wrong with the deployment did not with this.
        (what, Result_::Ok) if what != What::Deploy => "",
        _ => text,
    };
    // What was asked for beside configurations, of which the devices tell.
    let is_there = what == What::Deploy && result == Result_::Ok;
    let mut parts = if is_there { beside(&outcome.devices) } else { Vec::new() };
    parts.extend((!text.is_empty()).then(|| text.to_owned()));
    Settlement { outcome: result, text: parts.join("; "), object: change, at: clock::now() }
}

/// What becomes of devices beside their configurations, in words.
fn beside(devices: &[DevicePlan]) -> Vec<String> {
    let count = |of: fn(&DevicePlan) -> usize| devices.iter().map(of).sum::<usize>();
    let (added, removed) = (count(|device| device.tags_added.len()), count(|device| device.tags_removed.len()));
    let tagged = count(|device| usize::from(!device.tags_added.is_empty() || !device.tags_removed.is_empty()));
    let again = count(|device| usize::from(device.again));
    let parts = [
        (tagged, format!("tags +{added} -{removed} of {}", counted(tagged, "device"))),
        (again, format!("{} brought again what CloudVision held", counted(again, "device"))),
    ];
    parts.into_iter().filter(|(many, _)| *many > 0).map(|(_, words)| words).collect()
}
