//! The last warnings, for the in-app log. Readers take the latest snapshot from a `watch`; nobody waits for anybody.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::clock;
use crate::text::clean_line;

/// How many entries are kept; more than anybody reads at 03:00.
const KEPT: usize = 200;

/// The longest text of an entry, in characters; the file has it all.
const LONGEST_TEXT: usize = 500;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something may fail soon.
    Warning,
    /// Something failed.
    Error,
}

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was said last.
    pub at: DateTime<Utc>,
    /// How bad it is.
    pub severity: Severity,
    /// The module it comes from, without `noctui::`.
    pub target: String,
    /// Message and fields on one line, safe to draw.
    pub text: String,
    /// How often it was said in a row.
    pub times: u32,
}

/// The last warnings, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recent {
    /// Cheap to clone, since every reader takes a copy.
    entries: VecDeque<Arc<Entry>>,
    /// How many were ever said, repetitions included.
    said: u64,
}

impl Recent {
    /// The entries, newest first.
    pub fn newest_first(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().rev().map(AsRef::as_ref)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was said yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many were ever said: grows with each, so that a reader sees how many it has not read.
    #[must_use]
    pub fn said(&self) -> u64 {
        self.said
    }

    /// Adds an entry, or counts it where it repeats the last one: a dead backend says the same every few seconds.
    pub(crate) fn add(&mut self, entry: Entry) {
        self.said += 1;
        let last = self.entries.back_mut().map(Arc::make_mut);
        if let Some(last) = last
            .filter(|last| (last.severity, &last.target, &last.text) == (entry.severity, &entry.target, &entry.text))
        {
            last.times = last.times.saturating_add(1);
            last.at = entry.at;
            return;
        }
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(Arc::new(entry));
    }
}

/// Collects warnings out of what is logged.
#[derive(Debug)]
pub(super) struct Warnings(watch::Sender<Recent>);

/// The collector and what it collects: newest wins, readers see the latest only.
pub(super) fn layer() -> (Warnings, watch::Receiver<Recent>) {
    let (sender, receiver) = watch::channel(Recent::default());
    (Warnings(sender), receiver)
}

impl Warnings {
    /// Where to say what cannot be logged.
    pub(super) fn sender(&self) -> watch::Sender<Recent> {
        self.0.clone()
    }
}

/// Says something of the log itself.
pub(super) fn say(recent: &watch::Sender<Recent>, severity: Severity, text: &str) {
    add(recent, severity, "logging", text);
}

/// Adds what was said now.
fn add(recent: &watch::Sender<Recent>, severity: Severity, target: &str, text: &str) {
    let target = target.strip_prefix("noctui::").unwrap_or(target).to_owned();
    let text = clean_line(text).chars().take(LONGEST_TEXT).collect();
    let entry = Entry { at: clock::now(), severity, target, text, times: 1 };
    recent.send_modify(|recent| recent.add(entry));
}

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let severity = match *event.metadata().level() {
            tracing::Level::ERROR => Severity::Error,
            tracing::Level::WARN => Severity::Warning,
            _ => return,
        };
        let mut line = Line::default();
        event.record(&mut line);
        add(&self.0, severity, event.metadata().target(), &line.text());
    }
}

/// An event's message and fields as they are read.
#[derive(Default)]
struct Line {
    /// The sentence.
    message: String,
    /// Each field as `name: value`, with a comma between two.
    fields: String,
}

impl Line {
    /// The sentence, and the fields behind it in brackets.
    fn text(self) -> String {
        match (self.message.is_empty(), self.fields.is_empty()) {
            (_, true) => self.message,
            (true, false) => self.fields,
            (false, false) => format!("{} ({})", self.message, self.fields),
        }
    }
}

/// The name of a field in words, and the unit that it ends in: `again_s` is `again`, in seconds.
fn named(name: &str) -> (String, &'static str) {
    let (name, unit) = [("_s", " s"), ("_ms", " ms")]
        .into_iter()
        .find_map(|(end, unit)| Some((name.strip_suffix(end)?, unit)))
        .unwrap_or((name, ""));
    (name.replace('_', " "), unit)
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a text cannot fail; the value's own Debug may, and then what it wrote so far stands.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            let (name, unit) = named(field.name());
            let comma = if self.fields.is_empty() { "" } else { ", " };
            write!(self.fields, "{comma}{name}: {value:?}{unit}")
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    /// What is collected while `log` runs.
    fn collected(log: impl FnOnce()) -> Recent {
        let (layer, recent) = layer();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        recent.borrow().clone()
    }

    #[test]
    fn warnings_and_errors_are_kept_with_their_fields_and_the_rest_is_not() {
        let recent = collected(|| {
            tracing::info!("all is well");
            tracing::warn!(target: "noctui::config::watch", seconds = 3, file = "a b", "slow");
            tracing::error!("dead");
        });
        let kept: Vec<_> = recent.newest_first().map(|e| (e.severity, e.target.as_str(), e.text.as_str())).collect();
        let here = module_path!().strip_prefix("noctui::").unwrap();
        assert_eq!(
            kept,
            [(Severity::Error, here, "dead"), (Severity::Warning, "config::watch", "slow (seconds: 3, file: a b)")]
        );
    }

    #[test]
    fn fields_read_as_words_with_their_units() {
        let recent = collected(|| tracing::warn!(source = "noc", reason = "no route", again_s = 40, "a source fails"));
        let text = &recent.newest_first().next().unwrap().text;
        assert_eq!(text, "a source fails (source: noc, reason: no route, again: 40 s)");
    }

    #[test]
    fn a_repeated_warning_is_counted_not_repeated() {
        let recent = collected(|| (0..5).for_each(|_| tracing::warn!("still down")));
        assert_eq!((recent.len(), recent.said()), (1, 5));
        assert_eq!(recent.newest_first().next().unwrap().times, 5);
    }

    #[test]
    fn only_the_newest_are_kept() {
        let recent = collected(|| (0..KEPT + 7).for_each(|number| tracing::warn!(number)));
        assert_eq!(recent.len(), KEPT);
        assert_eq!(recent.newest_first().next().unwrap().text, format!("number: {}", KEPT + 6));
        assert_eq!(recent.said(), (KEPT + 7) as u64);
    }

    #[test]
    fn what_a_mail_says_cannot_drive_the_terminal_or_fill_memory() {
        let recent = collected(|| tracing::warn!(subject = %format!("\u{1b}[2J{}", "x".repeat(10_000)), "odd"));
        let text = &recent.newest_first().next().unwrap().text;
        assert!(text.starts_with("odd (subject: ␛[2Jx"), "{text}");
        assert_eq!(text.chars().count(), LONGEST_TEXT);
    }
}
