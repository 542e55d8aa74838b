//! One lab as the screen knows it: how it is doing, what it told, what was measured.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::features::lab::model::{
    Holding, Key, Part, Reach, Row, Since, Snapshot, end_leftover, leftover, other_rule, rows,
};
use crate::features::lab::store::temporary::Temporary;
use crate::features::lab::worker::{Health, LabView};
use crate::text::counted;
use crate::ui::page::Span;
use crate::ui::theme::{self, Role};
use crate::ui::time::{Zone, age, brief_distance};

/// The word for a token that the server calls expired.
const EXPIRED: &str = "expired";

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct LabState {
    /// As configured.
    pub(super) view: LabView,
    /// How it is doing.
    pub(super) health: Health,
    /// What it told; `None` before anything was told.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    /// Since when its machines answer pings, or do not.
    pub(super) since: Arc<Since>,
    /// As of when.
    pub(super) told_at: Option<DateTime<Utc>>,
    /// What was measured, by the gateway's port.
    pub(super) reached: BTreeMap<u16, Reach>,
    /// Its table, made of all that.
    pub(super) table: Vec<Row>,
    /// The token that is held.
    pub(super) token: Option<Holding>,
    /// Whether it was said that the token has ended.
    pub(super) is_end_told: bool,
    /// The forwards that were made for connections.
    pub(super) temporary: Vec<Temporary>,
}

/// Whether every word of the filter stands in one of the texts of a row, and none that it excludes.
pub(super) fn fits(row: &Row, filter: &str) -> bool {
    if filter.trim().is_empty() {
        return true;
    }
    let number = |number: Option<u16>| number.map_or_else(String::new, |number| number.to_string());
    let banner = match &row.reach {
        Some(Reach::Open { banner, .. }) => banner.as_str(),
        _ => "",
    };
    let (port, target) = (number(row.port), number(row.target));
    let texts = [
        row.name.as_str(),
        &row.component,
        &row.address,
        row.state.as_str(),
        row.protocol.unwrap_or(""),
        &port,
        &target,
        banner,
    ];
    filter.split_whitespace().all(|word| {
        let (excludes, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
        let word = word.to_lowercase();
        word.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&word)) != excludes
    })
}

/// When a lab that failed is asked again: `tries again at 02:48:47`.
pub(super) fn again(retry_at: Option<DateTime<Utc>>, zone: Zone, now: DateTime<Utc>) -> String {
    match retry_at {
        None => "not tried again by itself before the password is another one".to_owned(),
        Some(at) if at <= now => "trying again now".to_owned(),
        Some(at) => format!("tries again at {}", zone.local(at).format("%H:%M:%S")),
    }
}

impl LabState {
    /// One of which nothing was heard yet.
    pub(super) fn new(view: LabView) -> Self {
        Self {
            view,
            health: Health::Connecting,
            snapshot: None,
            since: Arc::default(),
            told_at: None,
            reached: BTreeMap::new(),
            table: Vec::new(),
            token: None,
            is_end_told: false,
            temporary: Vec::new(),
        }
    }

    /// Makes its table anew.
    pub(super) fn remake(&mut self) {
        if let Some(snapshot) = &self.snapshot {
            self.table = rows(snapshot, &self.reached, &self.since);
        }
    }

    /// Its table; `None` before anything was told.
    pub(super) fn rows(&self) -> Option<&[Row]> {
        self.snapshot.as_ref().map(|_| self.table.as_slice())
    }

    /// The row of this key.
    pub(super) fn row(&self, key: &Key) -> Option<Row> {
        self.rows()?.iter().find(|row| row.key() == *key).cloned()
    }

    /// For which connection the forward of a row was made, if for one.
    pub(super) fn temporary(&self, row: &Row) -> Option<&Temporary> {
        let forward = row.forward()?;
        self.temporary.iter().find(|it| it.forward == forward)
    }

    /// The gateway's host as seen from here, once it is known.
    pub(super) fn host(&self) -> Option<String> {
        let told = || self.snapshot.as_ref().map(|snapshot| snapshot.gateway.clone());
        self.view.gateway.clone().or_else(told).filter(|host| !host.is_empty())
    }

    /// Why nothing may be changed now; `None` if what is shown is what the lab has.
    pub(super) fn stale(&self, started: DateTime<Utc>, now: DateTime<Utc>) -> Option<String> {
        let name = &self.view.name;
        match &self.health {
            Health::Connecting => Some(format!("{name} has not answered yet")),
            Health::Failing { word, since, .. } => {
                // A refusal is an answer.
                let is_silent = matches!(*word, "offline" | "no answer" | "gateway" | "stopped");
                let what = if is_silent { "does not answer" } else { "cannot be read" };
                let since = since.map_or_else(String::new, |since| format!(" for {}", age(since, now)));
                Some(format!("{name} {what} ({word}){since}"))
            }
            Health::Live { .. } => match self.told_at {
                Some(at) if at >= started => None,
                _ => Some(format!("{name} is still being read")),
            },
        }
    }

    /// What keeps anything from being made or deleted, as far as the firewall tells: somebody's own rule, over which the service
    /// stumbles.
    pub(super) fn hindrance(&self) -> Option<String> {
        self.snapshot.as_ref()?.firewall.as_ref()?.hindrance()
    }

    /// What it did not tell last time, and how old is what is shown of that.
    pub(super) fn untold(&self, now: DateTime<Utc>) -> Vec<String> {
        let untold = self.snapshot.iter().flat_map(|snapshot| &snapshot.untold);
        let words = untold.map(|(part, at)| match at {
            Some(at) => format!("{} {} old", part.name(), age(*at, now)),
            None => format!("no {}", part.name()),
        });
        words.collect()
    }

    /// The role in which its name is written.
    pub(super) fn role(&self) -> Role {
        if self.view.production { Role::ContextProd } else { Role::ContextLab }
    }

    /// Its name as it stands in titles, with what is unusual about it in words.
    pub(super) fn badge(&self) -> Vec<Span> {
        let mut spans = vec![(self.view.name.clone(), self.role())];
        for (is_so, words) in [
            (self.view.read_only, " read-only"),
            (self.view.unverified, " TLS not verified"),
            (self.view.plain, " not encrypted"),
        ] {
            if is_so {
                spans.push((words.to_owned(), Role::Warning));
            }
        }
        spans
    }

    /// How long the token still holds: `token ends 41m`.
    pub(super) fn countdown(&self, now: DateTime<Utc>) -> Option<String> {
        let end = self.token.as_ref()?.claims.expires_at?;
        Some(if self.is_disputed(now) {
            "token expired, says the server".to_owned()
        } else if end <= now {
            "token expired".to_owned()
        } else {
            format!("token {}", brief_distance(DateTime::UNIX_EPOCH, end, now))
        })
    }

    /// Whether the server calls a token expired whose end is still to come.
    fn is_disputed(&self, now: DateTime<Utc>) -> bool {
        let is_over = self.token.as_ref().is_none_or(|token| token.claims.is_over(now));
        !is_over && matches!(self.health, Health::Failing { word: EXPIRED, .. })
    }

    /// State and word for the header.
    pub(super) fn state(&self, now: DateTime<Utc>) -> (theme::State, String) {
        let is_over = self.token.as_ref().is_some_and(|token| token.claims.is_over(now));
        match &self.health {
            Health::Connecting => {
                (theme::State::Progress, self.told_at.map_or_else(|| "connecting".to_owned(), |at| age(at, now)))
            }
            Health::Live { .. } if is_over => (theme::State::Warning, "expired".to_owned()),
            Health::Live { .. } if self.view.unverified => (theme::State::Warning, "live, TLS not verified".to_owned()),
            Health::Live { .. } if self.snapshot.as_ref().is_some_and(|snapshot| !snapshot.untold.is_empty()) => {
                (theme::State::Warning, "incomplete".to_owned())
            }
            Health::Live { at } => (theme::State::Active, age(*at, now)),
            Health::Failing { word, since, .. } => {
                let age = since.map_or_else(String::new, |since| format!(" {}", age(since, now)));
                (theme::State::Failed, format!("{word}{age}"))
            }
        }
    }

    /// All about it, a line each.
    pub(super) fn story(&self, zone: Zone, now: DateTime<Utc>) -> Vec<String> {
        let view = &self.view;
        let kind = if view.production { "production" } else { "lab" };
        let mut first = format!("{}  {}  {kind}", view.name, view.server);
        for (is_so, words) in [
            (view.read_only, "read-only"),
            (view.unverified, "its certificate is not verified"),
            (view.plain, "nothing is encrypted on the way"),
        ] {
            if is_so {
                first = format!("{first}, {words}");
            }
        }
        let mut lines = vec![first];
        match &self.health {
            Health::Connecting => lines.push("  connecting".to_owned()),
            Health::Live { at } => lines.push(format!("  answered {} ago", age(*at, now))),
            Health::Failing { trouble, since, retry_at, .. } => {
                lines.push(format!("  {}", trouble.what()));
                lines.extend(trouble.because().iter().map(|because| format!("    because  {because}")));
                lines.extend(trouble.remedy().map(|remedy| format!("    do       {remedy}")));
                let since = since.map_or_else(|| "never".to_owned(), |at| format!("{} ago", age(at, now)));
                lines.push(format!("  answered last: {since}; {}", again(*retry_at, zone, now)));
            }
        }
        lines.extend(self.token_story(zone, now));
        lines.extend(self.temporary.iter().map(|it| {
            let what = if it.is_left() { "left behind" } else { "not to stay" };
            format!("  {what}: {}", it.words())
        }));
        if let Some(snapshot) = &self.snapshot {
            let machines = snapshot.machines.len();
            lines.push(format!(
                "  gateway {}, {}, {}",
                snapshot.gateway,
                counted(snapshot.forwards.len(), "forward"),
                counted(machines, "machine")
            ));
            if snapshot.unreadable > 0 {
                let many = counted(snapshot.unreadable, "forward");
                lines.push(format!("  {many} of the list cannot be read"));
            }
            lines.extend(snapshot.doubts.iter().map(|doubt| format!("  {doubt}")));
            for (part, at) in snapshot.untold.iter().filter_map(|(part, at)| Some((part, (*at)?))) {
                let verb = if *part == Part::Addresses { "are" } else { "is" };
                let age = age(at, now);
                lines.push(format!(
                    "  the {} {verb} shown as told {age} ago; no deletion is proposed meanwhile",
                    part.name()
                ));
            }
            match &snapshot.firewall {
                None => {
                    lines.push("  without the health check, what is dead or unlisted cannot be seen".to_owned());
                }
                Some(firewall) => {
                    for (left, rules) in firewall.left() {
                        let by_hand = end_leftover(left, rules).map(|line| format!("; on the gateway: {line}"));
                        lines.push(format!("  {}{}", leftover(left, firewall.lets_all), by_hand.unwrap_or_default()));
                    }
                    lines.extend(firewall.others.iter().map(|rule| format!("  {}", other_rule(rule))));
                }
            }
        }
        lines
    }

    /// What there is to say about the token.
    pub(super) fn token_story(&self, zone: Zone, now: DateTime<Utc>) -> Vec<String> {
        let Some(token) = &self.token else { return vec![] };
        let claims = &token.claims;
        let user = if claims.username.is_empty() { "nobody known" } else { &claims.username };
        let end = match claims.expires_at {
            Some(end) if end <= now => format!(", expired {} ago", age(end, now)),
            Some(end) => format!(", {} ({})", brief_distance(DateTime::UNIX_EPOCH, end, now), zone.short(end, now)),
            None => ", never ends".to_owned(),
        };
        let renewed = if token.renews && token.refused.is_none() { ", renewed by itself" } else { "" };
        let line = format!("  token of {user}, {}{end}{renewed}", token.from);
        let mut lines = vec![line];
        if self.is_disputed(now) {
            lines.push(
                "  the server says that it has expired: its clock is another one, or the token was revoked".to_owned(),
            );
        }
        if !claims.client_ip.is_empty() {
            lines.push(format!("  it holds for {} alone", claims.client_ip));
        }
        if let Some(why) = &token.refused {
            lines.push(format!(
                "  it is not renewed: logging in was refused ({why}); that is tried again with another password, or when the \
                 lab is read again by hand"
            ));
        }
        lines.extend(token.warning.as_ref().map(|warning| format!("  {warning}")));
        lines
    }
}
