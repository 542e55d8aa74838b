//! `noctui maintenance show`

use std::fmt::Write as _;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::name::{self, Named, Which};
use super::{Session, failed, json, mails, time};
use crate::features::maintenance::inventory::Inventory;
use crate::features::maintenance::nautobot::store::outbox::State;
use crate::features::maintenance::nautobot::store::standing::Absence;
use crate::features::maintenance::store::MOST_CIRCUITS;
use crate::features::maintenance::store::change::Change;
use crate::features::maintenance::store::detail::{self, Detail, SetByHand};
use crate::features::maintenance::store::event::{self, Event, EventKind, Moment, Told};
use crate::features::maintenance::store::list::Acknowledged;
use crate::output;
use crate::store::Error;
use crate::trouble::Trouble;
use crate::ui::time::{Zone, distance, span};

/// What was typed after `show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The maintenance, as PROVIDER/ID; ID alone where only one provider uses it.
    #[arg(value_name = "NAME")]
    name: String,
    /// Which windows.
    #[command(flatten)]
    which: Which,
    /// Show the newest mail that speaks of it, as text.
    #[arg(long)]
    mail: bool,
    /// Print JSON: an array with an object for each window, or with --mail one object.
    #[arg(long)]
    json: bool,
}

/// Shows a maintenance or its newest mail. Looking at it here leaves it new or changed for those who have not looked.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let (now, inventory) = (session.now, session.inventory());
    let read = session.store.read_blocking(|connection| {
        Ok(match name::find(connection, &args.name, args.which, now)? {
            Ok(named) => Ok(details(connection, &named, &inventory, now)?),
            Err(trouble) => Err(trouble),
        })
    })?;
    let details = match read {
        Ok(details) => details,
        Err(trouble) => return Ok(failed(&[trouble])),
    };
    if args.mail {
        return show_mail(&details, args.json, session);
    }
    if args.json {
        output::print_json(&details.iter().map(json::Shown::of).collect::<Vec<_>>())?;
    } else {
        let pages: Vec<String> = details.iter().map(|detail| page(detail, now)).collect();
        output::print(&pages.join("\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything about the windows that are meant.
fn details(
    connection: &Connection,
    named: &Named,
    inventory: &Inventory,
    now: DateTime<Utc>,
) -> Result<Vec<Detail>, Error> {
    let with_standings = |detail: Detail| detail.with_standings(inventory);
    named
        .windows
        .iter()
        .filter_map(|window| detail::detail(connection, window.key, now).transpose())
        .map(|detail| detail.map(with_standings))
        .collect()
}

/// The newest mail that speaks of any of `details`.
fn show_mail(details: &[Detail], json: bool, session: &Session) -> anyhow::Result<ExitCode> {
    let newest = details
        .iter()
        .filter_map(|detail| detail.notifications.first())
        .max_by_key(|notification| (notification.dated.unwrap_or(notification.received_at), notification.key));
    let Some(newest) = newest else {
        let trouble = Trouble::new("there is no mail to show")
            .caused_by("the store no longer keeps it")
            .to_do("look for it in the mailbox; show it without --mail to see what it said");
        return Ok(failed(&[trouble]));
    };
    mails::show(newest.key, json, session)
}

/// A page on one window for people.
fn page(detail: &Detail, now: DateTime<Utc>) -> String {
    let mut page = format!(
        "{}  {}\n",
        name::full(&detail.provider, &detail.maintenance_id),
        detail.status.word_at(detail.end, now)
    );
    let mut field = |label: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(page, "  {label:<14}{text}");
        }
    };
    field("Window", &Zone::Utc.window(detail.start, detail.end));
    let long = format!("{} long", span(detail.end - detail.start));
    let early = detail.status.ended_early(detail.end, now);
    field(" ", &if early { long } else { format!("{}, {long}", distance(detail.start, detail.end, now)) });
    for sibling in detail.windows.iter().filter(|_| detail.windows.len() > 1) {
        let this = if sibling.key == detail.key { ", this one" } else { "" };
        let window = Zone::Utc.window(sibling.start, sibling.end);
        field(
            &format!(" {} of {}", sibling.window, detail.windows.len()),
            &format!("{window}, {}{this}", sibling.status.word_at(sibling.end, now)),
        );
    }
    if detail.says_cancelled {
        let status = detail.status.word();
        field("Calendar", &format!("the calendar says cancelled without a status of its own; it stays {status}"));
    }
    field("Acknowledged", &acknowledged(&detail.acknowledged));
    field("Ticket", &detail.ticket);
    field("Assignee", &detail.assignee);
    if let Some(set) = &detail.by_hand {
        field("By hand", &by_hand(set));
        for change in &set.would_change {
            field(" ", &changed(change));
        }
    }
    field("Summary", &detail.summary);
    field("Account", &detail.account);
    field("Contact", detail.contact());
    if detail.circuits.is_empty() {
        field("Circuits", "none named");
    }
    for (row, circuit) in detail.circuits.iter().enumerate() {
        let label = if row == 0 { "Circuits" } else { " " };
        let remark = Some(detail.standing(row).remark()).filter(|remark| !remark.is_empty());
        let remark = remark.map(|remark| format!("  ({remark})")).unwrap_or_default();
        field(label, &format!("{:<9}  {}{remark}", circuit.impact.word(), circuit.circuit_id));
    }
    if detail.may_lack_circuits() {
        field(" ", &format!("at most {MOST_CIRCUITS} circuits are kept: the mail may name more"));
    }
    if let Some(known) = &detail.nautobot {
        let absent = known.absence.as_ref().map(Absence::told).unwrap_or_default();
        let record = known.record.as_ref().map_or(&*absent, |(_, name, _)| name);
        field("Nautobot", record);
        let stuck = known.outbox.iter().filter(|entry| entry.state != State::Waiting).count();
        field(
            " ",
            &match (known.outbox.len(), stuck) {
                (0, _) => String::new(),
                (all, 0) => format!("{all} in the outbox"),
                (all, stuck) => format!("{all} in the outbox, {stuck} of which need somebody (`noctui outbox list`)"),
            },
        );
        field(" ", known.conflict.as_deref().unwrap_or_default());
    }
    notes(&mut page, detail);
    history(&mut page, detail);
    mails(&mut page, detail);
    page
}

/// What was set by hand, and what notices would make of it.
fn by_hand(set: &SetByHand) -> String {
    let fields: Vec<&str> = set.fields.iter().map(|field| field.as_str()).collect();
    let head = format!("{} by {}, {}", fields.join(", "), set.who, time(set.at));
    match (set.is_announced, set.would_change.is_empty(), set.is_news) {
        (false, ..) => format!("{head}; no notice has spoken of it"),
        (true, true, _) => format!("{head}; no notice says otherwise"),
        (true, false, true) => format!("{head}; a later notice would change (edit --take, or --keep):"),
        (true, false, false) => format!("{head}; notices say otherwise (edit --take):"),
    }
}

/// By whom and when.
fn acknowledged(acknowledged: &Acknowledged) -> String {
    match acknowledged {
        Acknowledged::No => "no".to_owned(),
        Acknowledged::Yes { by, at } => format!("by {by}, {}", time(*at)),
        Acknowledged::Before { by, at } => format!("by {by}, {}; it has changed since", time(*at)),
    }
}

/// Who wrote what.
fn notes(page: &mut String, detail: &Detail) {
    for (row, note) in detail.notes.iter().enumerate() {
        let heading = if row == 0 { "\n  Notes\n" } else { "" };
        let _ = writeln!(page, "{heading}  {}  {}", time(note.at), note.who);
        for line in note.text.lines() {
            let _ = writeln!(page, "      {line}");
        }
    }
}

/// What happened, the newest first.
fn history(page: &mut String, detail: &Detail) {
    let _ = writeln!(page, "\n  History");
    for Told { event, when, came } in event::history(&detail.events) {
        let when = match when {
            Moment::At(at) => time(at),
            // As wide as a time.
            Moment::On(day) => format!("{:<20}", day.format("%Y-%m-%d")),
        };
        let came = came.map(|at| format!(" (came {})", time(at))).unwrap_or_default();
        let _ = writeln!(page, "  {when}  {}{came}", happened(event));
        for change in &event.changes {
            let _ = writeln!(page, "      {}", changed(change));
        }
    }
}

/// An event in words.
pub(super) fn happened(event: &Event) -> String {
    let who = event.who.as_deref().unwrap_or("somebody");
    match event.kind {
        EventKind::FirstNotice => "first notice".to_owned(),
        EventKind::Changed => "a notice changed it".to_owned(),
        EventKind::Unchanged => "another notice, nothing new".to_owned(),
        EventKind::Unlisted => "no longer listed by a newer notice".to_owned(),
        EventKind::Untold => "no notice tells of it any more: its mail, read again, says otherwise".to_owned(),
        EventKind::OutOfSequence if event.changes.is_empty() => "an older notice came late, nothing changed".to_owned(),
        EventKind::OutOfSequence => "an older notice came late, and told what no newer one says".to_owned(),
        EventKind::Acknowledged => format!("acknowledged by {who}"),
        EventKind::Unacknowledged => format!("acknowledgement taken back by {who}"),
        EventKind::NoteAdded => format!("note by {who}"),
        EventKind::NoteRemoved => format!("note removed by {who}"),
        EventKind::Accepted => format!("suggestion accepted by {who}"),
        EventKind::FilledIn => format!("filled in by hand by {who}, of a mail"),
        EventKind::Unaccepted => format!("accepted suggestion taken back by {who}"),
        EventKind::Withheld => "a notice would change what was set by hand".to_owned(),
        EventKind::Made => format!("made by hand by {who}"),
        EventKind::Edited => format!("corrected by {who}"),
        EventKind::Unedited => format!("made as it was before by {who}"),
        EventKind::Taken => format!("what the notices say taken over by {who}"),
        EventKind::Kept => format!("kept as it was set by {who}"),
        EventKind::Attached => format!("a mail attached by {who}"),
        EventKind::Detached => format!("an attached mail taken off by {who}"),
        EventKind::FromNautobot if event.changes.is_empty() => "came from Nautobot".to_owned(),
        EventKind::FromNautobot => "changed in Nautobot".to_owned(),
        EventKind::GoneFromNautobot => "no longer in Nautobot".to_owned(),
    }
}

/// From what to what.
fn changed(change: &Change) -> String {
    match change {
        Change::Window { from_start, from_end, to_start, to_end } => {
            let [from, to] = Zone::Utc.moved([*from_start, *from_end], [*to_start, *to_end]);
            format!("window: {from} -> {to}")
        }
        Change::Status { from, to } => format!("status: {} -> {}", from.word(), to.word()),
        Change::CalendarCancelled => "the calendar says cancelled".to_owned(),
        Change::CalendarNotCancelled => "the calendar no longer says cancelled".to_owned(),
        Change::CircuitAdded { circuit_id, impact } => format!("circuit added: {circuit_id} ({})", impact.word()),
        Change::CircuitRemoved { circuit_id, impact } => format!("circuit removed: {circuit_id} ({})", impact.word()),
        Change::Impact { circuit_id, from, to } => {
            format!("impact on {circuit_id}: {} -> {}", from.word(), to.word())
        }
        Change::Summary { from, to } => format!("summary: {from} -> {to}"),
        Change::Ticket { from: _, to } => format!("ticket: {}", if to.is_empty() { "none" } else { to }),
        Change::Assignee { from: _, to } => format!("assignee: {}", if to.is_empty() { "nobody" } else { to }),
        Change::Note { text } => text.clone(),
    }
}

/// The mails behind it, the newest first.
fn mails(page: &mut String, detail: &Detail) {
    for (row, mail) in detail.notifications.iter().enumerate() {
        let heading = if row == 0 { "\n  Mails\n" } else { "" };
        let at = time(mail.dated.unwrap_or(mail.received_at));
        let _ = writeln!(page, "{heading}  {at}  {}  {}  {}", mail.outcome.as_str(), mail.sender, mail.subject);
    }
}
