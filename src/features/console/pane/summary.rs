//! What the pane says of itself: in its title, on its tab, in the header, in the footer.

use chrono::{DateTime, TimeDelta, Utc};

use super::console::Shown;
use super::{Command, State};
use crate::features::console::cluster::Which;
use crate::features::console::cluster::model::Being;
use crate::features::console::model::{Grant, Row};
use crate::features::console::worker::Health;
use crate::text::counted;
use crate::ui::page::Span;
use crate::ui::theme::{self, Role};
use crate::ui::time::{Zone, age};

impl State {
    /// The cluster, for titles.
    pub(crate) fn badge_of_cluster(&self) -> Vec<Span> {
        let Some(cluster) = &self.view.cluster else { return vec![] };
        let role = if cluster.production { Role::ContextProd } else { Role::ContextLab };
        let mut spans = vec![(self.cluster_name.clone().unwrap_or_default(), role)];
        if cluster.read_only {
            spans.push((" read-only".to_owned(), Role::Warning));
        }
        spans
    }

    /// The figures of the title, in the order of their weight.
    pub(crate) fn heading(&self) -> Vec<String> {
        let open = self.consoles.iter().filter(|console| console.is_open()).count();
        let active = self.consoles.iter().filter(|console| console.is_active).count();
        let vms = || self.vms.iter().flatten();
        let being = |being: Being| vms().filter(|vm| vm.being() == being).count();
        let (failed, paused, stopped) = (being(Being::Failed), being(Being::Paused), being(Being::Stopped));
        let machines = vms().count() + self.proxied.values().map(|(rows, _)| rows.len()).sum::<usize>();
        let definitions = self.definitions.len();
        let parts = [
            (failed, format!("{failed} failed")),
            (active, format!("{active} with news")),
            (open, format!("{} open", counted(open, "console"))),
            (paused, format!("{paused} paused")),
            (stopped, format!("{stopped} stopped")),
            (machines, counted(machines, "machine")),
            (definitions, counted(definitions, "definition")),
        ];
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, said)| said).collect()
    }

    /// The number on the tab: consoles that said something since anybody looked.
    pub(crate) fn badge(&self) -> Option<String> {
        let count = self.consoles.iter().filter(|console| console.is_active).count();
        (count > 0).then(|| count.to_string())
    }

    /// The cluster and the proxies in one word for the header, and their whole story. `None` where none is configured.
    pub(crate) fn connection(&self, zone: Zone, now: DateTime<Utc>) -> Option<(theme::State, String, Vec<String>)> {
        let mut story = Vec::new();
        let mut told = None;
        if let Some(cluster) = &self.view.cluster {
            let kind = if cluster.production { "production" } else { "lab" };
            let name = self.cluster_name.as_deref().unwrap_or("cluster");
            let only = if cluster.read_only { ", read-only" } else { "" };
            story.push(format!("{name}  {}  {kind}{only}", cluster.place));
            told = Some(match &self.health {
                Health::Connecting => {
                    story.push("  connecting".to_owned());
                    (theme::State::Progress, "connecting".to_owned())
                }
                Health::Live => {
                    story.push(format!("  it is listened to; told last {} ago", age(self.told_at, now)));
                    story.extend(self.hidden.as_ref().map(|hidden| format!("  {}", hidden.one_line())));
                    match &self.hidden {
                        Some(_) => (theme::State::Warning, "in part".to_owned()),
                        None => (theme::State::Active, "live".to_owned()),
                    }
                }
                Health::Failing { trouble, word, retry_at } => {
                    story.push(format!("  {}", trouble.what()));
                    story.extend(trouble.because().iter().map(|because| format!("    because  {because}")));
                    story.extend(trouble.remedy().map(|remedy| format!("    do       {remedy}")));
                    story.push(format!("  {}", tried_again(*retry_at, zone, now, " in the pane")));
                    (theme::State::Failed, (*word).to_owned())
                }
            });
        }
        for proxy in &self.view.proxies {
            story.push(format!("{}  {}{}", proxy.name, proxy.server, if proxy.plain { ", not encrypted" } else { "" }));
            let trouble = self.proxied.get(&proxy.name).and_then(|(_, trouble)| trouble.as_ref());
            story.extend(trouble.map(|trouble| format!("  {}", trouble.one_line())));
            let grants = self.proxied.get(&proxy.name).map_or(&[][..], |(rows, _)| rows);
            let is_without = |grant: &Grant| matches!(grant, Grant::None(_));
            if grants.iter().any(|row| is_without(&row.grant)) || (trouble.is_some() && grants.is_empty()) {
                told.get_or_insert((theme::State::Failed, "no token".to_owned()));
            }
            if let Some(Grant::Token { expires: Some(end), .. }) = grants.first().map(|row| &row.grant) {
                if *end <= now {
                    story.push(format!("  its token ended {} ago", age(*end, now)));
                    told.get_or_insert((theme::State::Warning, "expired".to_owned()));
                } else {
                    story.push(format!("  its token ends at {}", zone.short(*end, now)));
                }
            }
        }
        let is_any = self.view.cluster.is_some() || !self.view.proxies.is_empty();
        is_any.then(|| {
            let (state, word) = told.unwrap_or((theme::State::Active, "ready".to_owned()));
            (state, word, story)
        })
    }

    /// Every instant that a text on the screen counts to.
    pub(crate) fn instants(&self, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let ends = self.proxied.values().flat_map(|(rows, _)| rows).flat_map(|row| match row.grant {
            Grant::Token { begins, expires, .. } => [begins, expires],
            Grant::Asked | Grant::Made | Grant::None(_) => [None, None],
        });
        let ends = ends.flatten();
        let retry = match &self.health {
            Health::Failing { retry_at, .. } => Some(*retry_at),
            Health::Connecting | Health::Live => None,
        };
        let ends = ends.chain(retry);
        // At the end itself it reads differently.
        let ends: std::collections::BTreeSet<DateTime<Utc>> = ends
            .filter(|end| *end + TimeDelta::seconds(1) > now)
            .flat_map(|end| [end, end + TimeDelta::seconds(1)])
            .collect();
        ends.into_iter().collect()
    }

    /// The word for a command in the footer; `None` where it makes no sense now.
    pub(crate) fn hint(&self, command: Command, word: &'static str, now: DateTime<Utc>) -> Option<&'static str> {
        let row = self.row_on_screen();
        let console = self.console();
        let is_screen = console.is_some_and(|console| matches!(console.shown, Shown::Screen(_)));
        let is_open = console.is_some_and(super::Console::is_open);
        let makes_sense = match command {
            Command::Open => match row {
                Some(at @ Row::Vm(vm)) => vm.no_serial().is_none() || vm.no_screen().is_none() || self.has_open(at),
                Some(at @ Row::Proxied(row)) => row.objection(now).is_none() || self.has_open(at),
                Some(Row::Definition(_)) | None => false,
            },
            Command::Screen => match row {
                Some(Row::Vm(vm)) => vm.no_screen().is_none(),
                Some(at @ Row::Proxied(row)) => {
                    row.has.1 && (row.objection(now).is_none() || self.has_one_open(at, Which::Screen))
                }
                Some(Row::Definition(_)) | None => false,
            },
            Command::Details => row.is_some(),
            Command::Act(action) => self.possible(action).is_ok(),
            Command::EditDefinition => matches!(row, Some(Row::Definition(_))),
            Command::Copy => matches!(row, Some(Row::Vm(vm)) if !vm.addresses().is_empty()),
            Command::Consoles => !self.consoles.is_empty(),
            Command::Attach | Command::Size if self.no_typing().is_some() => false,
            Command::Attach | Command::Log => is_open && !(command == Command::Log && is_screen),
            Command::Size => is_open && !is_screen,
            Command::Find => console.is_some_and(|console| match &console.shown {
                Shown::Serial(_) => true,
                Shown::Screen(screen) => screen.is_text(),
            }),
            Command::Mode | Command::Scale => is_screen,
            Command::NextConsole => self.consoles.len() > 1,
            Command::Reattach => console.is_some_and(super::Console::is_over),
            Command::CopyScreen | Command::Detach => console.is_some(),
            Command::Filter
            | Command::NewDefinition
            | Command::CopyTunnel
            | Command::Refresh
            | Command::Next
            | Command::Previous
            | Command::Close
            | Command::PreviousConsole
            | Command::FindAbove
            | Command::FindBelow
            | Command::CopyAll
            | Command::Save
            | Command::PanLeft
            | Command::PanRight
            | Command::ThreeFingers
            | Command::VirtualConsole(_) => true,
        };
        makes_sense.then_some(word)
    }
}

/// When a cluster that does not answer is tried again, and the key for that, with where it works; no time that is past.
pub(super) fn tried_again(retry_at: DateTime<Utc>, zone: Zone, now: DateTime<Utc>, place: &str) -> String {
    if retry_at <= now {
        return "trying again now …".to_owned();
    }
    format!("tries again at {}; <console-refresh>{place} tries now", zone.local(retry_at).format("%H:%M:%S"))
}
