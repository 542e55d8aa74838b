//! `noctui serve`: what noctui does without a screen. Sources are read, backends are followed, and whoever opens the screen
//! finds all of it there.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use super::backends::Backends;
use super::terminal::{Caught, Signals, StopSignal};
use crate::app::{Message, Model, Settings};
use crate::colour::ColourDepth;
use crate::config::{Config, Environment, Flags};
use crate::features::maintenance::worker::{NautobotHealth, Report, SourceHealth};
use crate::logging::{self, Logging};
use crate::state::ViewState;
use crate::ui::theme::State;
use crate::{clock, output, text};

/// Serves until a signal ends it, and says on standard error what changes, a line each.
///
/// # Errors
/// When signals cannot be caught or threads not be started.
pub fn serve(config: Config, flags: &Flags, environment: &Environment, logging: &Logging) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    logging::record_panics();
    runtime.block_on(run(config, flags, environment, logging))
}

/// The loop: signals first, then what the workers tell. Nothing wakes it but them.
async fn run(
    mut config: Config,
    flags: &Flags,
    environment: &Environment,
    logging: &Logging,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::catch()?;
    // Keys and themes are nothing to it: what is wrong with them keeps no mail from being read.
    let mut model = Model::new(settings(&config), &ViewState::default(), (80, 24), clock::now());
    let mut backends = Backends::start(&config, &model)?;
    for effect in model.begin() {
        backends.ask(effect);
    }
    let mut reloads = backends.threads().watch_config(flags, environment, &config);
    let mut told = Told::default();
    output::complain("noctui: serving; ctrl-c or SIGTERM ends it");
    tell_if_idle(&config);
    let signal = loop {
        let message = tokio::select! {
            biased;
            caught = signals.next() => match caught {
                Caught::Stop(signal) => break signal,
                Caught::Continued | Caught::WindowChanged => continue,
            },
            message = backends.next() => message,
            Some(read) = reloads.recv() => match read {
                Ok(read) => {
                    logging.set(&read.log);
                    backends.reconfigure(&read);
                    config = read;
                    output::complain("noctui: the configuration was read again");
                    tell_if_idle(&config);
                    Message::Reconfigured(Box::new(settings(&config)))
                }
                Err(problems) => {
                    for problem in problems.0 {
                        output::complain(&format!("noctui: {}", problem.trouble().one_line()));
                    }
                    continue;
                }
            },
        };
        super::log(&message);
        told.message(&message);
        for effect in model.update(message, clock::now()) {
            backends.ask(effect);
        }
        backends.set_up(&model);
        told.connections(&model);
    };
    backends.begin_to_stop(&model);
    backends.stop(&mut model).await;
    // Who hangs up did not ask for an end.
    Ok(if signal == StopSignal::Hangup { ExitCode::from(signal.exit_code()) } else { ExitCode::SUCCESS })
}

/// What the model needs of a configuration where nobody looks.
fn settings(config: &Config) -> Settings {
    Settings::new(config, ColourDepth::Mono, true).0
}

/// Says what would otherwise look like work.
fn tell_if_idle(config: &Config) {
    let has_consoles = config.console.is_some() || !config.console_proxies.is_empty();
    let has_devices = !config.cloudvision.is_empty() || !config.labs.is_empty() || has_consoles;
    if config.maintenance.sources.is_empty() && config.nautobot.is_none() && !has_devices {
        output::complain(&format!(
            "noctui: {} names no source and no backend: there is nothing to do until it does",
            text::clean_line(&config.paths.config.to_string_lossy())
        ));
    }
}

/// The backend that has the sources of mails.
const MAIL: &str = "mail";
/// The backend that is Nautobot.
const NAUTOBOT: &str = "nb";

/// What was said.
#[derive(Default)]
struct Told {
    /// The state of each backend.
    states: BTreeMap<&'static str, (State, Vec<String>)>,
    /// What is wrong with each source of mails.
    sources: BTreeMap<String, Option<String>>,
    /// Mails of each source, and those of them that were not understood.
    received: BTreeMap<String, (usize, usize)>,
    /// What is read by another process, and by which.
    elsewhere: BTreeMap<String, String>,
    /// Of what is it not known yet which process reads it; each with its backend.
    opening: BTreeSet<(&'static str, String)>,
}

/// Who reads something, as far as that is known.
enum Reader<'a> {
    /// Nobody says yet.
    Unknown,
    /// Nobody at present, for a reason that is told by itself.
    Nobody,
    /// This process.
    Ours,
    /// Another process on this data directory.
    Other(&'a str),
}

impl Told {
    /// Says what a message tells by itself: mails that came, and what went wrong.
    fn message(&mut self, message: &Message) {
        if let Some(trouble) = message.trouble() {
            output::complain(&format!("noctui: {}", trouble.one_line()));
        }
        if matches!(message, Message::Reconfigured(_)) {
            self.opening.clear();
        }
        let Message::Maintenance(report) = message else { return };
        if matches!(report.as_ref(), Report::PutBack) {
            output::complain("noctui: a backup was put back; sources are read anew");
        }
        if let Report::Nautobot(state) = report.as_ref() {
            self.say_who_reads(
                NAUTOBOT,
                "Nautobot",
                &match &state.health {
                    NautobotHealth::Connecting => Reader::Unknown,
                    NautobotHealth::Elsewhere { label, .. } => Reader::Other(label),
                    NautobotHealth::Reading | NautobotHealth::Live | NautobotHealth::Failing { .. } => Reader::Ours,
                },
            );
        }
        let Report::Source(state) = report.as_ref() else { return };
        self.say_who_reads(
            MAIL,
            &state.name,
            &match &state.health {
                SourceHealth::Starting => Reader::Unknown,
                SourceHealth::Standby { holder, .. } => Reader::Other(holder),
                SourceHealth::Reading(_)
                | SourceHealth::Watching
                | SourceHealth::Failing(_)
                | SourceHealth::Down { .. } => Reader::Ours,
                SourceHealth::Paused { .. } | SourceHealth::Waiting { .. } => Reader::Nobody,
            },
        );
        let now = (state.received, state.unparsed);
        let before = self.received.insert(state.name.clone(), now).unwrap_or_default();
        // A worker that was started again counts from the beginning.
        let new = state.received.checked_sub(before.0).unwrap_or(state.received);
        let unparsed = state.unparsed.checked_sub(before.1).unwrap_or(state.unparsed);
        if new > 0 {
            let name = text::clean_line(&state.name);
            let mails = if new == 1 { "mail" } else { "mails" };
            let of_them = match unparsed {
                0 => String::new(),
                _ if new == 1 => ", not understood; `noctui maintenance mails` says why".to_owned(),
                _ => format!(", {unparsed} of them not understood; `noctui maintenance mails` says why"),
            };
            output::complain(&format!("{name}: {new} {mails}{of_them}"));
        }
    }

    /// Says so where another process reads something, and where this one does from now on.
    fn say_who_reads(&mut self, backend: &'static str, name: &str, reader: &Reader<'_>) {
        if let Some(line) = self.who_reads(backend, &text::clean_line(name), reader) {
            output::complain(&line);
        }
    }

    /// The line for that.
    fn who_reads(&mut self, backend: &'static str, name: &str, reader: &Reader<'_>) -> Option<String> {
        let key = (backend, name.to_owned());
        match reader {
            Reader::Unknown => {
                self.opening.insert(key);
                None
            }
            Reader::Nobody => {
                self.opening.remove(&key);
                self.elsewhere.remove(name);
                None
            }
            Reader::Ours => {
                self.opening.remove(&key);
                let was = self.elsewhere.remove(name);
                was.map(|_| format!("{name}: read here from now on"))
            }
            Reader::Other(holder) => {
                self.opening.remove(&key);
                let was = self.elsewhere.insert(name.to_owned(), (*holder).to_owned());
                let is_new = was.is_none_or(|was| was != *holder);
                is_new.then(|| format!("{name}: read by {holder}; this one takes over when that ends"))
            }
        }
    }

    /// Says which backends are in another state than before, and why where that is not a good one.
    fn connections(&mut self, model: &Model) {
        for connection in model.connections() {
            let is_under_way = connection.state == State::Progress;
            // A glance at new mail is nothing to tell, nor that it is looked whose turn it is.
            let is_opening = self.opening.iter().any(|(backend, _)| *backend == connection.name);
            if is_under_way && (is_opening || self.states.contains_key(connection.name)) {
                continue;
            }
            let is_well = is_under_way || matches!(connection.state, State::Done | State::Active);
            // Of several sources each is told for itself, when it changes.
            let is_mail = connection.name == MAIL;
            let changes = if is_mail { self.sources(model.source_troubles()) } else { Vec::new() };
            let why = if is_well || is_mail { Vec::new() } else { connection.story };
            let now = (connection.state, why);
            let is_same = self.states.get(connection.name) == Some(&now);
            if is_same && (is_well || changes.is_empty()) {
                continue;
            }
            output::complain(&format!("{}: {}", connection.name, connection.word));
            let changes = changes.iter().filter(|_| !is_well);
            for line in now.1.iter().chain(changes) {
                output::complain(&format!("  {}", line.trim_start()));
            }
            self.states.insert(connection.name, now);
        }
    }

    /// The lines of sources that are otherwise than before.
    fn sources(&mut self, troubles: Vec<(String, Option<String>)>) -> Vec<String> {
        let mut lines = Vec::new();
        for (source, trouble) in troubles {
            let before = self.sources.insert(source.clone(), trouble.clone());
            if before.as_ref() == Some(&trouble) {
                continue;
            }
            match (before, trouble) {
                (_, Some(trouble)) => lines.extend([source, trouble]),
                (Some(Some(_)), None) => lines.extend([source, "it is read again".to_owned()]),
                (_, None) => {}
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_of_a_source_is_told_once() {
        let mut told = Told::default();
        let of = |source: &str, why: Option<&str>| (source.to_owned(), why.map(str::to_owned));
        let fails = of("a  /a", Some("failing: no folder"));
        assert_eq!(told.sources(vec![fails.clone(), of("b  /b", None)]), ["a  /a", "failing: no folder"]);
        // The other one changes: nothing is new of the first.
        assert_eq!(told.sources(vec![fails.clone()]), [] as [&str; 0]);
        assert_eq!(told.sources(vec![fails.clone(), of("b  /b", Some("paused by ann"))]), ["b  /b", "paused by ann"]);
        assert_eq!(told.sources(vec![fails, of("b  /b", None)]), ["b  /b", "it is read again"]);
        assert_eq!(told.sources(vec![of("a  /a", None)]), ["a  /a", "it is read again"]);
    }

    #[test]
    fn who_reads_a_source_is_told_when_it_is_another_process_and_when_that_ends() {
        let mut told = Told::default();
        let mut said = |reader: Reader<'_>| told.who_reads(MAIL, "noc", &reader);
        assert_eq!((said(Reader::Unknown), said(Reader::Ours)), (None, None), "who is alone need not hear of it");
        let by = |who: &str| Some(format!("noc: read by {who}; this one takes over when that ends"));
        assert_eq!(said(Reader::Other("process 1")), by("process 1"));
        assert_eq!((said(Reader::Other("process 1")), said(Reader::Unknown)), (None, None));
        assert_eq!(said(Reader::Other("process 2")), by("process 2"));
        assert_eq!(said(Reader::Ours).as_deref(), Some("noc: read here from now on"));
        assert_eq!(said(Reader::Ours), None);
        assert_eq!(said(Reader::Other("process 3")), by("process 3"));
        assert_eq!((said(Reader::Nobody), said(Reader::Ours)), (None, None), "that it rested was told");
    }
}
