//! What has become of deployments whose process died: CloudVision knows, and the journal and the audit log are told.
//!
//! A deployment writes each step down before it takes it. Where its process is gone, its workspace tells how far it came:
//! submitted, thrown away, never made, or open still. An open workspace stays for somebody to look at and to abandon; all
//! that is still done is to give a change control the name that it was to have, where nobody has approved it yet.

use super::order::Advance;
use crate::clock;
use crate::features::cloudvision::actor::{Actor, Wish};
use crate::features::cloudvision::model::{
    Change, ChangeAction, ChangeId, ChangeState, Workspace, WorkspaceId, WorkspaceState,
};
use crate::features::cloudvision::store::audit::{self, Outcome, Settlement, What};
use crate::features::cloudvision::store::journal::{self, Ending, Entry, Facts, Phase};
use crate::process::{Fate, Owner};
use crate::store::Store;
use crate::trouble::Trouble;

/// A deployment that another process began and did not end.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// As the journal has it.
    pub entry: Entry,
    /// How it stands now.
    pub standing: Standing,
}

/// How a deployment of another process stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its process runs, or nobody here can tell.
    Owned,
    /// Its process is gone, and its workspace is open.
    Open(WorkspaceId),
    /// Its process is gone; it has ended, which was not known before.
    Ended {
        /// How.
        ending: Ending,
        /// In words.
        result: String,
    },
}

/// What is to be written down of a deployment.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    /// How it ended.
    ending: Ending,
    /// In words.
    result: String,
    /// Whether it was submitted and the journal does not know that.
    is_news: bool,
    /// The change control of the submission.
    change: Option<ChangeId>,
    /// How far that was taken, if it exists.
    reached: Option<Advance>,
    /// What that is called, if it exists.
    called: Option<String>,
    /// Whether that has the name and the description that were ordered.
    is_named: bool,
}

/// Finds out what has become of the deployments that other processes left on the CloudVision of `actor`, and writes down
/// those that have ended. Where `may_write`, their change controls are named as was ordered.
///
/// # Errors
/// When CloudVision or the store does not answer.
pub(crate) async fn settle(actor: &Actor, may_write: bool) -> Result<Vec<Left>, Trouble> {
    let (client, store, server) = (&actor.client, &actor.store, &actor.instance.server);
    let unfinished = store.read(journal::unfinished).await.map_err(|error| Trouble::of(&error))?;
    let mut all = Vec::new();
    for left in unfinished {
        let mut entry = left.entry;
        let is_here = entry.instance.server == *server;
        if left.fate == Fate::Ours || (left.fate != Fate::Dead && !is_here) {
            continue;
        }
        if left.fate != Fate::Dead {
            all.push(Left { entry, standing: Standing::Owned });
            continue;
        }
        let workspace = match &entry.workspace {
            Some(id) if !entry.phase.is_in_force() || !is_here => {
                client.workspace(id).await.map_err(|error| Trouble::of(&error))?
            }
            _ => None,
        };
        // Of another CloudVision, unless this one knows the workspace: then it was addressed otherwise.
        if !is_here && workspace.is_none() {
            continue;
        }
        let change = entry.change.as_ref().or_else(|| workspace.as_ref()?.changes.first());
        let change = match change {
            Some(id) => Some((id, client.change(id).await.map_err(|error| Trouble::of(&error))?)),
            None => None,
        };
        let change = change.as_ref().map(|(id, change)| (*id, change.as_ref()));
        let standing = match (verdict(&entry, workspace.as_ref(), change), &entry.workspace) {
            (Some(mut verdict), _) => {
                // The name that it is given below, where it is.
                let is_free =
                    may_write && verdict.reached == Some(Advance::Pending) && entry.phase <= Phase::ChangeNamed;
                if let (true, Some(name)) = (is_free, ordered(&entry, "change_name")) {
                    verdict.called = Some(name.to_owned());
                }
                let standing = Standing::Ended { ending: verdict.ending, result: verdict.result.clone() };
                entry.change.clone_from(&verdict.change);
                let is_ours = write_down(store, entry.clone(), verdict).await?;
                if is_ours && may_write {
                    name(actor, &entry).await;
                }
                standing
            }
            (None, Some(id)) => {
                let id = id.clone();
                // Of one that was to be submitted it is not known yet.
                if entry.phase < Phase::SubmitRequested {
                    told_open(store, &entry, &id).await?;
                }
                Standing::Open(id)
            }
            (None, None) => continue,
        };
        all.push(Left { entry, standing });
    }
    Ok(all)
}

/// What a deployment without a process has come to; nothing while its workspace is open. `change` is the change control of
/// its submission, and how that stands if it exists.
fn verdict(
    entry: &Entry,
    workspace: Option<&Workspace>,
    change: Option<(&ChangeId, Option<&Change>)>,
) -> Option<Verdict> {
    let ended = |ending, result: String| {
        Some(Verdict { ending, result, is_news: false, change: None, reached: None, called: None, is_named: false })
    };
    let left = entry.left();
    if entry.phase.is_in_force() {
        return Some(in_force(entry, false, change));
    }
    if entry.workspace.is_none() {
        return ended(Ending::Failed, "left before it changed anything".to_owned());
    }
    let Some(workspace) = workspace else {
        return ended(Ending::Abandoned, format!("{left}; there is no workspace of it"));
    };
    match workspace.state {
        WorkspaceState::Submitted => Some(in_force(entry, true, change)),
        WorkspaceState::Abandoned => ended(Ending::Abandoned, format!("{left}; its workspace is abandoned")),
        WorkspaceState::RolledBack => ended(Ending::Abandoned, format!("{left}; what it submitted was rolled back")),
        WorkspaceState::Pending | WorkspaceState::Conflicts | WorkspaceState::Unknown(_) => None,
    }
}

/// What a deployment has come to that is in force.
fn in_force(entry: &Entry, is_news: bool, change: Option<(&ChangeId, Option<&Change>)>) -> Verdict {
    let submitted = "left unfinished after it was submitted";
    let ordered = entry.options.get("advance").and_then(|advance| Advance::of_word(advance.as_str()?));
    // What nobody here can read is not said to have failed.
    let ordered = ordered.unwrap_or(Advance::Pending);
    let found = change.and_then(|(_, found)| found);
    let reached = found.map(|found| reached(found.state));
    let (ending, result) = match (change, found, reached) {
        (None, _, _) => (Ending::Done, format!("{submitted}; no device changes")),
        (Some(_), Some(found), Some(reached)) => {
            let state = found.state.name();
            match found.state {
                ChangeState::Failed | ChangeState::Stopped => {
                    (Ending::Failed, format!("{submitted}; its change control is {state}"))
                }
                ChangeState::Running if ordered == Advance::Completed => {
                    (Ending::Unknown, format!("{submitted}; its change control is {state}"))
                }
                _ if reached < ordered => {
                    (Ending::Failed, format!("{submitted}; its change control is {state}, and was not taken further"))
                }
                ChangeState::Pending
                | ChangeState::Approved
                | ChangeState::Scheduled
                | ChangeState::Running
                | ChangeState::Completed
                | ChangeState::Unknown(_) => (Ending::Done, format!("{submitted}; its change control is {state}")),
            }
        }
        (Some(_), _, _) => (Ending::Failed, format!("{submitted}; its change control does not exist any more")),
    };
    let called = found.map(|found| found.name.clone());
    let is_named = found.is_some_and(|found| is_named(entry, found));
    Verdict { ending, result, is_news, change: change.map(|(id, _)| id.clone()), reached, called, is_named }
}

/// How far a change control was taken that is in this state.
fn reached(state: ChangeState) -> Advance {
    match state {
        ChangeState::Pending | ChangeState::Unknown(_) => Advance::Pending,
        ChangeState::Approved | ChangeState::Scheduled => Advance::Approved,
        ChangeState::Running | ChangeState::Failed | ChangeState::Stopped => Advance::Started,
        ChangeState::Completed => Advance::Completed,
    }
}

/// What was ordered of a change control: `change_name`, `change_notes`.
fn ordered<'a>(entry: &'a Entry, key: &str) -> Option<&'a str> {
    entry.options.get(key).and_then(|text| text.as_str())
}

/// Whether a change control has the name and the description that it was to have.
fn is_named(entry: &Entry, found: &Change) -> bool {
    ordered(entry, "change_name").is_none_or(|name| name == found.name)
        && ordered(entry, "change_notes").is_none_or(|notes| notes == found.notes)
}

/// Gives the change control of a deployment the name and the description that it was to have, unless that was done or
/// somebody has approved it as it is. That it cannot be done is logged: the change control is there, and can be renamed.
async fn name(actor: &Actor, entry: &Entry) {
    let Some(id) = entry.change.as_ref().filter(|_| entry.phase <= Phase::ChangeNamed) else { return };
    let named = async {
        let Some(change) = actor.client.change(id).await.map_err(|error| Trouble::of(&error))? else { return Ok(()) };
        let ordered = |key| ordered(entry, key).map(str::to_owned);
        let name = ordered("change_name").filter(|name| *name != change.name);
        let notes = ordered("change_notes").filter(|notes| *notes != change.notes);
        if change.state != ChangeState::Pending || (name.is_none() && notes.is_none()) {
            return Ok(());
        }
        let action = ChangeAction::Edit { name, notes };
        let deployment = Some((entry.id.clone(), entry.target.clone()));
        let wish = Wish { change: id.clone(), version: change.version, action, notes: String::new(), deployment };
        actor.change(&wish).await.map(|_| ())
    };
    if let Err::<(), Trouble>(trouble) = named.await {
        tracing::warn!(change = id.as_str(), what = trouble.what(), "a change control did not get its name");
    }
}

/// Tells the audit log what has become of a deployment by now whose workspace is open, and in which nobody goes on.
async fn told_open(store: &Store, entry: &Entry, workspace: &WorkspaceId) -> Result<(), Trouble> {
    let (id, at) = (entry.id.clone(), clock::now());
    let text = format!("{}; its workspace {workspace} was open still", entry.left());
    let written = store.write(move |connection| {
        for row in audit::unsettled(connection, &id)? {
            let settlement = Settlement { outcome: Outcome::Failed, text: text.clone(), object: None, at };
            audit::settle(connection, row.key, &settlement)?;
        }
        Ok(())
    });
    written.await.map_err(|error| Trouble::of(&error))
}

/// Ends a deployment in the journal and in the audit log, unless somebody else does so at the same time: false then.
async fn write_down(store: &Store, entry: Entry, verdict: Verdict) -> Result<bool, Trouble> {
    let at = clock::now();
    let written = store.write(move |connection| {
        let Ok(claim) = journal::adopt(connection, &entry, &Owner::of_this_process(), at)? else { return Ok(false) };
        let change = entry.change.clone();
        if verdict.is_news {
            let facts = Facts { change: change.clone(), ..Facts::default() };
            // From an early phase, too: the request was sent and its phase not written.
            for phase in [Phase::Building, Phase::SubmitRequested, Phase::Submitted] {
                if phase > entry.phase {
                    let _in_order = journal::advance(connection, &claim, phase, &facts, at)?;
                }
            }
        }
        let is_in_force = entry.phase.is_in_force() || verdict.is_news;
        for row in audit::unsettled(connection, &entry.id)? {
            let has_reached = |advance| verdict.reached.is_some_and(|reached| reached >= advance);
            let outcome = match (row.request.what, is_in_force) {
                (What::Deploy, true) if verdict.ending != Ending::Failed => Outcome::Ok,
                // Of one in force, what was ordered further was not done: as the list of deployments has it.
                (What::Deploy, true) | (_, false) => Outcome::Failed,
                // Nothing was heard of these; how the change control stands tells of some of them.
                (What::Approve, true) if has_reached(Advance::Approved) => Outcome::Ok,
                (What::Start, true) if has_reached(Advance::Started) => Outcome::Ok,
                (What::Edit, true) if verdict.is_named => Outcome::Ok,
                (_, true) => Outcome::Unknown,
            };
            let called = verdict.called.clone().unwrap_or_default();
            let object = change.as_ref().map(|change| (change.as_str().to_owned(), called));
            let settlement = Settlement { outcome, text: verdict.result.clone(), object, at };
            audit::settle(connection, row.key, &settlement)?;
        }
        let _not_over = journal::end(connection, &claim, verdict.ending, &verdict.result, at)?;
        Ok(true)
    });
    written.await.map_err(|error| Trouble::of(&error))
}
