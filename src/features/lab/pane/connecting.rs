//! From Enter to a program at a forward, and back.

use chrono::{DateTime, Utc};

use super::{Outcome, Purpose, State};
use crate::config::Tmux;
use crate::errand::{Errand, Returned, Room};
use crate::features::lab::act::Change;
use crate::features::lab::connect::{self, Launch, Target, line};
use crate::features::lab::model::{self, Forward, Protocol, Wanted, component};
use crate::features::lab::worker::{Prepared, Request};
use crate::trouble::Trouble;

/// A connection on its way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Connection {
    /// Of which lab.
    pub(super) lab: String,
    /// To which machine.
    pub(super) title: String,
    /// The forward that was made for it and goes afterwards.
    pub(super) temporary: Option<Forward>,
    /// Where tmux has it, in words: then what ends is not the program.
    pub(super) within: Option<&'static str>,
}

impl State {
    /// Enter, or `f`: uses the forward of the row, making one first where there is none. `may_write` says whether it may be
    /// made.
    pub(super) fn begin_connection(&mut self, protocol: Option<Protocol>, may_write: bool) -> Outcome {
        if self.connecting.is_some() {
            return Outcome::warn("a connection is on its way already; <back> ends the wait");
        }
        let (Some(row), Some(lab)) = (self.row_on_screen().cloned(), self.lab()) else {
            return Outcome::warn("there is nothing to connect to here");
        };
        let name = lab.view.name.clone();
        // Files go over the port for shells, whatever port the row is about.
        let own = row
            .usable()
            .filter(|forward| protocol.is_none_or(|it| component(&row.component).port(it) == Some(forward.target)));
        let wanted = own.as_ref().map_or_else(|| wanted_for(&row, protocol), |forward| Ok(forward.wanted()));
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(why) => return Outcome::warn(why),
        };
        let found = || lab.snapshot.as_ref().and_then(|snapshot| snapshot.existing(&wanted).cloned());
        let existing = own.or_else(found).zip(lab.host());
        if existing.is_none() && (!may_write || lab.view.read_only) {
            return Outcome::warn("there is no forward to use, and read-only keeps one from being made");
        }
        let title = wanted.title();
        let said =
            if existing.is_some() { format!("connecting to {title}") } else { format!("making a forward to {title}") };
        let remove_after = self.connect.remove_after;
        let job = self.order(Purpose::Connect(Connection { lab: name.clone(), title, temporary: None, within: None }));
        self.connecting = Some(job);
        Outcome::done(said).and([Request::Prepare { lab: name, job, existing, wanted, protocol, remove_after }])
    }

    /// Nobody waits for it any more.
    pub(super) fn end_connection(&mut self) -> Option<Outcome> {
        let job = self.connecting.take()?;
        Some(Outcome::done("no longer waiting for the connection").and([Request::Cancel { job }]))
    }

    /// The forward is there and answers, or why not.
    pub(super) fn ready(&mut self, job: u64, result: Result<Prepared, (Trouble, Option<Forward>)>) -> Outcome {
        let is_awaited = self.connecting == Some(job);
        if is_awaited {
            self.connecting = None;
        }
        let Some(Purpose::Connect(mut connection)) = self.jobs.remove(&job) else { return Outcome::none() };
        match result {
            Err((_, made)) if !is_awaited => self.tidy(&connection.lab, made),
            Err((trouble, made)) => {
                let outcome = Outcome::failed(trouble);
                let tidied = if self.connect.remove_after { self.tidy(&connection.lab, made) } else { Outcome::none() };
                Outcome { requests: tidied.requests, ..outcome }
            }
            Ok(prepared) if !is_awaited => self.tidy(&connection.lab, prepared.is_new.then_some(prepared.forward)),
            Ok(Prepared { forward, host, is_new, launch }) => {
                let at = connect::address(&host, forward.port);
                let greeting = format!(
                    "noctui: {} of {} by {at}; noctui is back when this ends",
                    connection.title, connection.lab
                );
                let temporary = (is_new && self.connect.remove_after).then(|| forward.clone());
                let (words, room) = match launch {
                    Launch::Tunnel { words, address } => {
                        let line = line(&words);
                        let said =
                            format!("no display here; run where there is one, then open {address} (copied): {line}");
                        return Outcome { copy: Some(line), ..Outcome::done(said) };
                    }
                    Launch::Terminal(words) => (words, Room::Terminal),
                    Launch::Beside(words) => (words, Room::Beside),
                    Launch::Tmux(words) => {
                        let split = self.connect.tmux == Tmux::Split;
                        connection.within = Some(if split { "a pane of tmux" } else { "a window of tmux" });
                        (words, Room::Beside)
                    }
                };
                let said = match (room, &temporary) {
                    _ if connection.within.is_some() => None,
                    (Room::Beside, Some(_)) => {
                        Some(format!("started {}; the forward stays, since its end is not known", line(&words)))
                    }
                    (Room::Beside, None) => Some(format!("started {}", line(&words))),
                    (Room::Terminal, _) => None,
                };
                connection.temporary = temporary.filter(|_| room == Room::Terminal);
                self.jobs.insert(job, Purpose::Connect(connection));
                let outcome = said.map_or_else(Outcome::none, Outcome::done);
                Outcome { errand: Some(Errand { id: job, words, room, greeting }), ..outcome }
            }
        }
    }

    /// The program has ended.
    pub(crate) fn returned(&mut self, returned: Returned) -> Outcome {
        let Some(Purpose::Connect(connection)) = self.jobs.remove(&returned.id) else { return Outcome::none() };
        let tidied = self.tidy(&connection.lab, connection.temporary.clone());
        let outcome = match (connection.within, returned.outcome) {
            (Some(within), Ok(0)) => Outcome::done(format!("{} is opened in {within}", connection.title)),
            (Some(within), Ok(code)) => Outcome::failed(
                Trouble::new(&format!("{} was not opened in {within}", connection.title))
                    .caused_by(&format!("tmux ended with {code}"))
                    .to_do("make room for it, or say tmux = \"off\" in [connect]"),
            ),
            (None, Ok(0)) => Outcome::done(format!("back from {}", connection.title)),
            (None, Ok(code)) => Outcome::warn(format!("back from {}: the program ended with {code}", connection.title)),
            (_, Err(why)) => Outcome::failed(
                Trouble::new("the program cannot be started").caused_by(&why).to_do("name another one in [connect]"),
            ),
        };
        Outcome { requests: tidied.requests, ..outcome }
    }

    /// Removes a forward that was made for a connection.
    fn tidy(&mut self, lab: &str, forward: Option<Forward>) -> Outcome {
        let Some(forward) = forward else { return Outcome::none() };
        let job = self.order(Purpose::Tidy(forward.clone()));
        let changes = vec![Change::Tidy(forward)];
        Outcome::none().and([Request::Change { lab: lab.to_owned(), job, changes }])
    }

    /// The command that uses the forward of the row, for the clipboard.
    pub(super) fn command_line(&self) -> Result<String, String> {
        let (row, lab) = (self.row_on_screen().ok_or("there is nothing here")?, self.lab().ok_or("there is no lab")?);
        let (forward, host) =
            row.usable().zip(lab.host()).ok_or("there is no forward to use; <lab-connect> makes one")?;
        let target = Target::of(&lab.view.name, &host, &forward, None);
        let words =
            connect::to_copy(&self.connect, &target, &self.around).map_err(|trouble| Trouble::one_line(&trouble))?;
        Ok(line(&words))
    }

    /// `HOST:PORT` of the row.
    pub(super) fn address(&self) -> Option<String> {
        self.address_of(self.row_on_screen()?)
    }

    /// The same of any row.
    pub(super) fn address_of(&self, row: &model::Row) -> Option<String> {
        Some(connect::address(&self.lab()?.host()?, row.port?))
    }

    /// Since when it is waited for a connection.
    pub(super) fn is_connecting(&self) -> bool {
        self.connecting.is_some()
    }

    /// Whether what is under the cursor came there a moment ago without anybody's doing.
    pub(super) fn is_too_soon(&self, now: DateTime<Utc>) -> bool {
        now - self.settled_at < super::UNSEEN
    }
}

/// The forward that a row without one wants: to the usual port of its component, or to that of a protocol.
fn wanted_for(row: &model::Row, protocol: Option<Protocol>) -> Result<Wanted, String> {
    let kind = component(&row.component);
    let asked = protocol.and_then(|protocol| kind.port(protocol));
    let target = asked.or(row.target).or_else(|| kind.usual_port()).ok_or_else(|| {
        format!("people reach {} at its console; <lab-new> makes a forward to a port of it", row.name)
    })?;
    let wanted =
        Wanted { name: row.name.clone(), component: row.component.clone(), address: row.address.clone(), target };
    wanted
        .check_new()
        .map_err(|why| format!("no forward can be made to {}: {why}; <lab-new> asks for the rest", row.name))?;
    Ok(wanted)
}
