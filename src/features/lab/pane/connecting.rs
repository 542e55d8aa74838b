//! From Enter to a program at a forward, and back.

use chrono::{DateTime, Utc};

use super::{Outcome, Purpose, State};
use crate::config::Tmux;
use crate::errand::{Errand, Returned, Room};
use crate::features::lab::act::Change;
use crate::features::lab::connect::{self, Launch, Target, Tunnel, line};
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
    /// Whether what is made for it goes afterwards.
    pub(super) removes: bool,
    /// The forward that was made for it and goes afterwards.
    pub(super) temporary: Option<Forward>,
    /// The gateway's port, where the forward was made for it and stays.
    pub(super) made: Option<u16>,
    /// What is offered where the program fails at once and may have wanted a display, and since when it runs.
    pub(super) instead: Option<(Tunnel, DateTime<Utc>)>,
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
        if lab.snapshot.is_some() && lab.host().is_none() {
            return Outcome::warn("the gateway tells no address: say it as `gateway` in [[lab]]");
        }
        let existing = own.or_else(found).zip(lab.host());
        if existing.is_none() && (!may_write || lab.view.read_only) {
            return Outcome::warn("there is no forward to use, and read-only keeps one from being made");
        }
        if existing.is_none() && lab.snapshot.as_ref().and_then(|it| it.machines.get(&row.name)?.exists) == Some(false)
        {
            let name = &row.name;
            return Outcome::warn(format!(
                "the inventory has no machine {name}: no forward is made to it; <lab-new> makes one all the same"
            ));
        }
        let title = wanted.title();
        let said =
            if existing.is_some() { format!("connecting to {title}") } else { format!("making a forward to {title}") };
        let remove_after = self.connect.remove_after;
        let job = self.order(Purpose::Connect(Connection {
            lab: name.clone(),
            title,
            removes: remove_after,
            temporary: None,
            made: None,
            instead: None,
            within: None,
        }));
        self.connecting = Some(job);
        Outcome::done(said).and([Request::Prepare { lab: name, job, existing, wanted, protocol, remove_after }])
    }

    /// Nobody waits for it any more.
    pub(super) fn end_connection(&mut self) -> Option<Outcome> {
        let job = self.connecting.take()?;
        Some(Outcome::done("no longer waiting for the connection").and([Request::Cancel { job }]))
    }

    /// The forward is there and answers, or why not.
    pub(super) fn ready(
        &mut self,
        job: u64,
        result: Result<Prepared, (Trouble, Option<Forward>)>,
        now: DateTime<Utc>,
    ) -> Outcome {
        let is_awaited = self.connecting == Some(job);
        if is_awaited {
            self.connecting = None;
        }
        let Some(Purpose::Connect(connection)) = self.jobs.remove(&job) else { return Outcome::none() };
        match result {
            // What does not go afterwards is deleted as any other: nobody waits for it any more.
            Err((_, made)) if !is_awaited => self.tidy(&connection.lab, made, connection.removes),
            Err((trouble, made)) => {
                let made = made.filter(|_| connection.removes);
                Outcome { requests: self.tidy(&connection.lab, made, true).requests, ..Outcome::failed(trouble) }
            }
            Ok(Prepared { forward, is_new, goes, .. }) if !is_awaited => {
                self.tidy(&connection.lab, (is_new || goes).then_some(forward), goes)
            }
            Ok(prepared) => self.begin_program(job, connection, prepared, now),
        }
    }

    /// Begins the program of a connection, or offers the line that brings the port to where there is a display.
    fn begin_program(
        &mut self,
        job: u64,
        mut connection: Connection,
        prepared: Prepared,
        now: DateTime<Utc>,
    ) -> Outcome {
        let Prepared { forward, host, is_new, goes, launch, instead } = prepared;
        let at = connect::address(&host, forward.port);
        let greeting =
            format!("noctui: {} of {} by {at}; noctui is back when this ends", connection.title, connection.lab);
        let made = if is_new {
            format!("; the forward was made for this, on {}, and stays", forward.port)
        } else {
            String::new()
        };
        let (words, room) = match launch {
            Launch::Tunnel(tunnel) => return offer(&tunnel, &made),
            Launch::Terminal(words) => (words, Room::Terminal),
            Launch::Beside(words) => (words, Room::Beside),
            Launch::Tmux(words) => {
                let split = self.connect.tmux == Tmux::Split;
                connection.within = Some(if split { "a pane of tmux" } else { "a window of tmux" });
                (words, Room::Beside)
            }
        };
        let said = (room == Room::Beside && connection.within.is_none()).then(|| {
            let unseen = if is_new && connection.removes { ", since its end is not known" } else { "" };
            format!("started {}{made}{unseen}", line(&words))
        });
        connection.made = (is_new && !goes).then_some(forward.port);
        connection.temporary = (goes && room == Room::Terminal).then_some(forward);
        connection.instead = instead.filter(|_| room == Room::Terminal).map(|tunnel| (tunnel, now));
        self.jobs.insert(job, Purpose::Connect(connection));
        let outcome = said.map_or_else(Outcome::none, Outcome::done);
        Outcome { errand: Some(Errand { id: job, words, room, greeting }), ..outcome }
    }

    /// The program has started: should it outlive noctui, its forward is not cleaned up under it.
    pub(crate) fn started(&self, id: u64, pid: u32) -> Option<Request> {
        let Some(Purpose::Connect(Connection { lab, temporary: Some(forward), .. })) = self.jobs.get(&id) else {
            return None;
        };
        Some(Request::Started { lab: lab.clone(), forward: forward.clone(), pid })
    }

    /// The program has ended.
    pub(crate) fn returned(&mut self, returned: Returned, now: DateTime<Utc>) -> Outcome {
        let Some(Purpose::Connect(connection)) = self.jobs.remove(&returned.id) else { return Outcome::none() };
        let Connection { lab, title, temporary, made, instead, within, .. } = connection;
        let made =
            made.map_or_else(String::new, |port| format!("; the forward was made for this, on {port}, and stays"));
        let has_failed = !matches!(returned.outcome, Ok(0));
        if let Some((tunnel, _)) = instead.filter(|(_, begun)| has_failed && now - *begun < connect::AT_ONCE) {
            // It is going to be used from elsewhere.
            let kept = temporary.map(|forward| Request::Keep { lab, forward });
            let failed = match returned.outcome {
                Ok(code) => format!("{title}: the program ended with {code}; "),
                Err(why) => format!("{title}: the program cannot be started: {why}; "),
            };
            let outcome = offer(&tunnel, &made);
            let said = format!("{failed}{}{made}", tunnel.advice());
            return Outcome { copy: outcome.copy, ..Outcome::warn(said) }.and(kept);
        }
        let tidied = self.tidy(&lab, temporary, true);
        let outcome = match (within, returned.outcome) {
            (Some(within), Ok(0)) => Outcome::done(format!("{title} is opened in {within}{made}")),
            (Some(within), Ok(code)) => Outcome::failed(
                Trouble::new(&format!("{title} was not opened in {within}"))
                    .caused_by(&format!("tmux ended with {code}"))
                    .to_do("make room for it, or say tmux = \"off\" in [connect]"),
            ),
            (None, Ok(0)) => Outcome::done(format!("back from {title}{made}")),
            (None, Ok(code)) => Outcome::warn(format!("back from {title}: the program ended with {code}{made}")),
            (_, Err(why)) => Outcome::failed(
                Trouble::new("the program cannot be started").caused_by(&why).to_do("name another one in [connect]"),
            ),
        };
        Outcome { requests: tidied.requests, ..outcome }
    }

    /// Removes a forward that was made for a connection; one that was `noted` as such only where nobody else wants it.
    fn tidy(&mut self, lab: &str, forward: Option<Forward>, noted: bool) -> Outcome {
        let Some(forward) = forward else { return Outcome::none() };
        let job = self.order(Purpose::Tidy(forward.clone()));
        let changes = vec![if noted { Change::Tidy(forward) } else { Change::Remove(forward) }];
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

    /// What is opened where that command has run, where it only brings the port to a display.
    pub(super) fn address_there(&self) -> Option<String> {
        let (row, lab) = (self.row_on_screen()?, self.lab()?);
        let target = Target::of(&lab.view.name, &lab.host()?, &row.usable()?, None);
        let launch = connect::launch(&self.connect, &target, &self.around, false).ok()?;
        if let Launch::Tunnel(Tunnel { address, .. }) = launch { Some(address) } else { None }
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

/// The line that brings a port to where there is a display, for the clipboard.
fn offer(tunnel: &Tunnel, more: &str) -> Outcome {
    let Tunnel { words, address } = tunnel;
    let line = line(words);
    // What to do fits on a narrow screen; what follows is there with the whole message.
    let said = format!("ssh -L copied: run it at a display and open {address}; there is none here: {line}{more}");
    Outcome { copy: Some(line), ..Outcome::done(said) }
}

/// The forward that a row without one wants: to the usual port of its component, or to that of a protocol.
fn wanted_for(row: &model::Row, protocol: Option<Protocol>) -> Result<Wanted, String> {
    let kind = component(&row.component);
    if protocol == Some(Protocol::Sftp) && !kind.protocols.contains(&Protocol::Ssh) {
        let (name, component) = (&row.name, &row.component);
        return Err(format!(
            "{name} is a {component}, which has no sftp unless somebody put it there; <lab-new> makes a forward to 22"
        ));
    }
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
