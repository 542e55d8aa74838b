//! One CloudVision as the screen knows it: how it is doing, and what it told.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::features::cloudvision::model::{
    Change, ChangeAction, ChangeId, ChangeState, Device, DeviceId, Workspace, WorkspaceId,
};
use crate::features::cloudvision::worker::{Delta, Health, InstanceView};
use crate::text::counted;
use crate::ui::page::Span;
use crate::ui::theme::{self, Role};
use crate::ui::time::{Zone, age};

/// What was changed within this time nobody has seen.
pub(super) const UNSEEN: TimeDelta = TimeDelta::milliseconds(300);

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    /// As configured.
    pub(super) view: InstanceView,
    /// How it is doing.
    pub(super) health: Health,
    /// Its change controls.
    pub(super) changes: Collection<ChangeId, Entry>,
    /// Its workspaces.
    pub(super) workspaces: Collection<WorkspaceId, Workspace>,
    /// Its devices.
    pub(super) devices: Collection<DeviceId, Device>,
    /// The workspaces that deployments from here have made and not submitted, with their targets.
    pub(super) unsubmitted: BTreeMap<WorkspaceId, Option<String>>,
}

/// Things of one kind, by their id.
#[derive(Debug, Clone)]
pub(super) struct Collection<K, T> {
    /// The things.
    pub(super) items: BTreeMap<K, T>,
    /// As of when; `None` before anything was told.
    pub(super) told_at: Option<DateTime<Utc>>,
}

/// A change control, and what the screen makes of it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// As it was told last.
    pub(super) change: Arc<Change>,
    /// In small letters, what a filter looks through.
    pub(super) text: String,
    /// Whether it is new, or in another state, since somebody looked.
    pub(super) is_news: bool,
    /// When its content or state was changed on the screen.
    pub(super) changed_at: DateTime<Utc>,
    /// The states that it will come to by what was asked for here: they are no news.
    expected: Vec<ChangeState>,
}

impl Entry {
    /// A change control, which stood so `before`; `at` it came to the screen, as one of the first or not.
    fn of(change: Arc<Change>, before: Option<&Self>, is_first: bool, at: DateTime<Utc>) -> Self {
        let differs =
            before.is_none_or(|before| before.change.state != change.state || before.change.version != change.version);
        // By what was asked for here it is in this state; what comes after it is still to come.
        let awaited = before.and_then(|before| {
            let at = before.expected.iter().position(|state| *state == change.state)?;
            before.expected.get(at + 1..)
        });
        let expected = match (differs, awaited, before) {
            (true, Some(rest), _) => rest.to_vec(),
            (_, _, before) => before.map(|before| before.expected.clone()).unwrap_or_default(),
        };
        let text = [change.id.as_str(), &change.name, &change.notes, &change.created_by, change.state.name()];
        Self {
            text: text.join("\n").to_lowercase(),
            is_news: if differs { !is_first && awaited.is_none() } else { before.is_some_and(|before| before.is_news) },
            expected,
            changed_at: before.filter(|_| !differs).map_or(at, |before| before.changed_at),
            change,
        }
    }
}

impl Entry {
    /// Something was asked for here.
    pub(super) fn expect(&mut self, action: &ChangeAction) {
        use ChangeState::{Approved, Pending, Running, Scheduled, Stopped};
        self.expected = match action {
            ChangeAction::Approve | ChangeAction::Unschedule => vec![Approved],
            ChangeAction::Unapprove => vec![Pending],
            ChangeAction::Start => vec![Running],
            ChangeAction::ApproveAndStart => vec![Approved, Running],
            ChangeAction::Stop => vec![Stopped],
            ChangeAction::Schedule(_) => vec![Scheduled],
            // Another version takes the approval away.
            ChangeAction::Edit { .. } | ChangeAction::Arrange(_) => vec![self.change.state, Pending],
            ChangeAction::Delete => vec![],
        };
    }

    /// What was asked for here is not done.
    pub(super) fn expect_nothing(&mut self) {
        self.expected.clear();
    }
}

impl<K: Ord, T> Default for Collection<K, T> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), told_at: None }
    }
}

impl<K: Ord + Clone, T> Collection<K, T> {
    /// Takes in what was told, each thing made by `make` of what it was before. False if it is older than what is known.
    fn apply<S>(&mut self, delta: Delta<S, K>, key: impl Fn(&S) -> K, make: impl Fn(S, Option<&T>) -> T) -> bool {
        if delta.all && self.told_at.is_some_and(|told_at| delta.at < told_at) {
            return false;
        }
        let upserts = delta.upserts.into_iter();
        if delta.all {
            let new = upserts.map(|thing| {
                let key = key(&thing);
                let item = make(thing, self.items.get(&key));
                (key, item)
            });
            self.items = new.collect();
        } else {
            for thing in upserts {
                let key = key(&thing);
                let item = make(thing, self.items.get(&key));
                self.items.insert(key, item);
            }
            for key in &delta.removed {
                self.items.remove(key);
            }
        }
        self.told_at = self.told_at.max(Some(delta.at));
        true
    }
}

impl Instance {
    /// One of which nothing was heard yet.
    pub(super) fn new(view: InstanceView) -> Self {
        Self {
            view,
            health: Health::Connecting,
            changes: Collection::default(),
            workspaces: Collection::default(),
            devices: Collection::default(),
            unsubmitted: BTreeMap::new(),
        }
    }

    /// Change controls were told.
    pub(super) fn changes_told(&mut self, delta: Delta<Arc<Change>, ChangeId>, now: DateTime<Utc>) -> bool {
        let is_first = self.changes.told_at.is_none();
        self.changes.apply(delta, |change| change.id.clone(), |change, before| Entry::of(change, before, is_first, now))
    }

    /// Workspaces were told.
    pub(super) fn workspaces_told(&mut self, delta: Delta<Workspace, WorkspaceId>) -> bool {
        self.workspaces.apply(delta, |workspace| workspace.id.clone(), |workspace, _| workspace)
    }

    /// Devices were told.
    pub(super) fn devices_told(&mut self, delta: Delta<Device, DeviceId>) -> bool {
        self.devices.apply(delta, |device| device.id.clone(), |device, _| device)
    }

    /// The workspaces of deployments from here that are open though nobody deploys in them any more.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Workspace> {
        let found = self.unsubmitted.keys().filter_map(|id| self.workspaces.items.get(id));
        found.filter(|workspace| workspace.state.is_open())
    }

    /// Why nothing may be done with what was told at `told_at`; `None` if it is what CloudVision holds now. What was told
    /// before `started` was told to an earlier process.
    pub(super) fn stale(
        &self,
        told_at: Option<DateTime<Utc>>,
        started: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let name = &self.view.name;
        match &self.health {
            Health::Connecting => Some(format!("{name} is not connected yet")),
            Health::Failing { word, since, .. } => Some(match since {
                Some(since) => format!("{name} cannot be heard ({word}) for {}", age(*since, now)),
                None => format!("{name} cannot be heard ({word})"),
            }),
            Health::Live { .. } => match told_at {
                Some(at) if at >= started => None,
                Some(_) => Some(format!("{name} has not told yet how it stands now")),
                None => Some(format!("{name} is still being read")),
            },
        }
    }

    /// When it is tried again to hear it, in words and in few; `None` where it is heard.
    pub(super) fn again(&self, zone: Zone, now: DateTime<Utc>) -> Option<(String, String)> {
        let Health::Failing { retry_at, .. } = self.health else { return None };
        let briefly = match retry_at {
            Some(at) if at > now => format!("again {}", zone.local(at).format("%H:%M:%S")),
            Some(_) => "again now".to_owned(),
            None => "not again".to_owned(),
        };
        Some((again(retry_at, zone, now), briefly))
    }

    /// That it cannot be heard, in few words; `None` where it is heard.
    pub(super) fn unheard(&self, now: DateTime<Utc>) -> Option<String> {
        let Health::Failing { word, since, .. } = &self.health else { return None };
        let since = since.map_or_else(String::new, |since| format!(" {}", age(since, now)));
        Some(format!("{} {word}{since}", self.view.name))
    }

    /// The name of a device, as far as it is known.
    pub(super) fn hostname<'a>(&'a self, device: &'a DeviceId) -> &'a str {
        let known = self.devices.items.get(device).map(|device| device.hostname.as_str());
        known.filter(|name| !name.is_empty()).unwrap_or(device.as_str())
    }

    /// The role in which its name is written.
    pub(super) fn role(&self) -> Role {
        if self.view.production { Role::ContextProd } else { Role::ContextLab }
    }

    /// Its name as it stands in titles: production in its colour, and what is unusual about it in words.
    pub(super) fn badge(&self) -> Vec<Span> {
        let mut spans = vec![(self.view.name.clone(), self.role())];
        if self.view.read_only {
            spans.push((" read-only".to_owned(), Role::Warning));
        }
        if self.view.unverified {
            spans.push((" TLS not verified".to_owned(), Role::Warning));
        }
        spans
    }

    /// State and word for the header.
    pub(super) fn state(&self, now: DateTime<Utc>) -> (theme::State, String) {
        match &self.health {
            Health::Connecting => (
                theme::State::Progress,
                self.changes.told_at.map_or_else(|| "connecting".to_owned(), |at| age(at, now)),
            ),
            Health::Live { unanswered: Some(_), .. } => (theme::State::Progress, "checking".to_owned()),
            Health::Live { .. } if self.view.unverified => (theme::State::Warning, "live, TLS not verified".to_owned()),
            Health::Live { .. } => (theme::State::Active, "live".to_owned()),
            Health::Failing { word, since, .. } => {
                let age = since.map_or_else(String::new, |since| format!(" {}", age(since, now)));
                (theme::State::Failed, format!("{word}{age}"))
            }
        }
    }

    /// How many workspaces are kept, with so many `lost` ones, whose process is no more; and how to come to them. Nothing
    /// where none is.
    pub(super) fn kept_words(&self, lost: usize) -> Option<String> {
        let kept = self.kept().count() + lost;
        let many = counted(kept, "workspace");
        let (are, them) = if kept == 1 { ("is", "it") } else { ("are", "them") };
        (kept > 0).then(|| format!("{many} of deployments from here {are} open still: <workspaces> lists {them}"))
    }

    /// All about it, a line each.
    pub(super) fn story(&self, lost: usize, zone: Zone, now: DateTime<Utc>) -> Vec<String> {
        let view = &self.view;
        let kind = if view.production { "production" } else { "lab" };
        let mut first = format!("{}  {}  {kind}", view.name, view.server);
        for (is_so, words) in [(view.read_only, "read-only"), (view.unverified, "its certificate is not verified")] {
            if is_so {
                first = format!("{first}, {words}");
            }
        }
        let mut lines = vec![first];
        match &self.health {
            Health::Connecting => lines.push("  connecting".to_owned()),
            Health::Live { version, unanswered: None } => lines.push(format!("  live; version {version}")),
            Health::Live { version, unanswered: Some(at) } => lines.push(format!(
                "  version {version}; asked at {} whether it is there, and no answer yet",
                zone.local(*at).format("%H:%M:%S")
            )),
            Health::Failing { trouble, since, retry_at, .. } => {
                lines.push(format!("  {}", trouble.what()));
                lines.extend(trouble.because().iter().map(|because| format!("    because  {because}")));
                lines.extend(trouble.remedy().map(|remedy| format!("    do       {remedy}")));
                let since = since.map_or_else(|| "never".to_owned(), |at| format!("{} ago", age(at, now)));
                lines.push(format!("  heard last: {since}; {}", again(*retry_at, zone, now)));
            }
        }
        lines.push(format!(
            "  {}, {}, {}",
            counted(self.changes.items.len(), "change control"),
            counted(self.workspaces.items.len(), "workspace"),
            counted(self.devices.items.len(), "device")
        ));
        lines.extend(self.kept_words(lost).map(|words| format!("  {words}")));
        lines
    }
}

/// When it is tried again to hear what cannot be heard.
pub(super) fn again(retry_at: Option<DateTime<Utc>>, zone: Zone, now: DateTime<Utc>) -> String {
    match retry_at {
        Some(at) if at <= now => "trying again now".to_owned(),
        Some(at) => format!("tries again at {}", zone.local(at).format("%H:%M:%S")),
        None => "not tried again by itself".to_owned(),
    }
}
