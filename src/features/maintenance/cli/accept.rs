//! `noctui maintenance accept`: a person says what a mail means that no rule reads.

use std::fmt::Write as _;
use std::process::ExitCode;

use chrono::{DateTime, Utc};

use super::{Session, failed, json, name, time};
use crate::features::maintenance::guess::Suggestion;
use crate::features::maintenance::model::{Outcome, Status};
use crate::features::maintenance::store::NotificationKey;
use crate::features::maintenance::store::accept::{Refused, accept};
use crate::features::maintenance::store::by_hand::Field;
use crate::features::maintenance::store::detail::detail;
use crate::features::maintenance::store::unparsed::{self, Opened};
use crate::features::maintenance::typed;
use crate::output;
use crate::trouble::Trouble;

/// What was typed after `accept`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The mail: its id stands in `noctui maintenance mails`.
    #[arg(value_name = "ID", value_parser = super::number)]
    mail: i64,
    /// The provider, in place of what is suggested; so with all that follow.
    #[arg(long, value_name = "NAME", value_parser = word)]
    provider: Option<String>,
    /// The provider's id of the maintenance.
    #[arg(long, value_name = "ID", value_parser = word)]
    maintenance_id: Option<String>,
    /// The customer's account.
    #[arg(long, value_name = "TEXT", value_parser = word)]
    account: Option<String>,
    /// Where it stands, such as confirmed or cancelled.
    #[arg(long, value_name = "STATUS", value_parser = typed::status)]
    status: Option<Status>,
    /// Start of the window: `2026-11-21 22:00` in UTC, or with a zone as `2026-11-21T23:00:00+01:00`.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    start: Option<DateTime<Utc>>,
    /// End of the window.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    end: Option<DateTime<Utc>>,
    /// A circuit; repeat it for each.
    #[arg(long = "circuit", value_name = "ID", value_parser = word)]
    circuits: Vec<String>,
    /// One line on what is done.
    #[arg(long, value_name = "TEXT", value_parser = word)]
    summary: Option<String>,
    /// How it is done and said.
    #[command(flatten)]
    manner: super::act::Manner,
}

/// A text with something in it.
pub(super) fn word(typed: &str) -> Result<String, String> {
    let word = crate::text::clean_line(typed).trim().to_owned();
    if word.is_empty() || word.chars().count() > 500 { Err("write 1 to 500 characters".to_owned()) } else { Ok(word) }
}

/// A point in time.
pub(super) fn instant(typed: &str) -> Result<DateTime<Utc>, String> {
    typed::instant(typed).map_err(|why| why.to_string())
}

/// Accepts what is suggested for a mail, corrected by what was typed.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let key = NotificationKey(args.mail);
    let opened = session.store.read_blocking(|connection| unparsed::notification(connection, key))?;
    let Some(Opened { notification, raw, .. }) = opened else { return Ok(failed(&[refused(Refused::Gone, key)])) };
    if !notification.outcome.needs_a_look() {
        return Ok(failed(&[refused(Refused::IsRead, key)]));
    }
    let suggested = Suggestion::of(raw.as_deref().unwrap_or_default());
    let suggested = suggested.unwrap_or_else(|| Suggestion::nothing(&notification.sender));
    let suggested = suggested.whose(notification.provider.as_deref());
    let suggestion = corrected(suggested.clone(), args);
    let typed = typed_instead(&suggested, &suggestion);
    let stamp = notification.dated.unwrap_or(notification.received_at).min(notification.received_at);
    let Some(notice) = suggestion.notice(stamp, &notification.sender) else {
        return Ok(failed(&[lacking(&suggestion, key)]));
    };
    let actor = session.actor(args.manner.who.clone());
    let accepted = session.store.write_blocking(move |connection| {
        let accepted = match accept(connection, key, &notice, &typed, &actor)? {
            Ok(accepted) => accepted,
            Err(why) => return Ok(Err(why)),
        };
        let details = accepted.windows.iter().filter_map(|window| detail(connection, *window, actor.at).transpose());
        details.collect::<Result<Vec<_>, _>>().map(Ok)
    })?;
    let details = match accepted {
        Ok(details) => details,
        Err(why) => return Ok(failed(&[refused(why, key)])),
    };
    if args.manner.json {
        output::print_json(&details.iter().map(|detail| json::Acted::of(detail, "accepted")).collect::<Vec<_>>())?;
    } else {
        let lines = details.iter().map(|detail| {
            let name = name::full(&detail.provider, &detail.maintenance_id);
            format!("{name}: accepted, {} to {}\n", time(detail.start), time(detail.end))
        });
        output::print(&lines.collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The suggestion with what was typed in place of what is suggested.
fn corrected(mut suggestion: Suggestion, args: &Args) -> Suggestion {
    if let Some(provider) = &args.provider {
        suggestion.provider.clone_from(provider);
    }
    if let Some(summary) = &args.summary {
        suggestion.summary.clone_from(summary);
    }
    if !args.circuits.is_empty() {
        suggestion.circuits.clone_from(&args.circuits);
    }
    suggestion.maintenance_id = args.maintenance_id.clone().or(suggestion.maintenance_id);
    suggestion.account = args.account.clone().or(suggestion.account);
    suggestion.status = args.status.unwrap_or(suggestion.status);
    suggestion.start = args.start.or(suggestion.start);
    suggestion.end = args.end.or(suggestion.end);
    suggestion.missing = suggestion.lacking();
    suggestion
}

/// What was typed instead of what is suggested: it is set by hand.
fn typed_instead(suggested: &Suggestion, corrected: &Suggestion) -> Vec<Field> {
    let is_other = |field: &Field| match field {
        Field::Window => (suggested.start, suggested.end) != (corrected.start, corrected.end),
        Field::Status => suggested.status != corrected.status,
        Field::Circuits => suggested.circuits != corrected.circuits,
        Field::Summary => suggested.summary != corrected.summary,
    };
    Field::ALL.into_iter().filter(is_other).collect()
}

/// What is lacking, and how it is given.
fn lacking(suggestion: &Suggestion, key: NotificationKey) -> Trouble {
    if suggestion.missing.is_empty() {
        let how = if suggestion.start == suggestion.end { "when" } else { "before" };
        return Trouble::new(&format!("the window ends {how} it begins")).to_do("give --start and --end");
    }
    let mut flags = String::new();
    for what in &suggestion.missing {
        let _ = write!(flags, " --{} …", what.trim_end_matches('s').replace('_', "-"));
    }
    Trouble::new(&format!("mail {key} does not say enough for a maintenance"))
        .caused_by(&format!("nothing was found for {}", suggestion.missing.join(", ")))
        .to_do(&format!("read it with `noctui maintenance mails {key}` and add{flags}"))
}

/// Why it was not accepted.
pub(super) fn refused(why: Refused, key: NotificationKey) -> Trouble {
    match why {
        Refused::Gone => Trouble::new(&format!("there is no mail {key}"))
            .to_do("noctui maintenance mails lists those that could not be read"),
        Refused::IsRead => Trouble::new(&format!("mail {key} was read, there is nothing to accept"))
            .to_do("noctui maintenance mails lists those that could not be read"),
        Refused::IsOlder => Trouble::new(&format!("mail {key} is older than what is known of this maintenance"))
            .to_do("nothing need be done; a newer notice counts"),
    }
}

/// A suggestion for people, marked as one; empty if there is none.
pub(super) fn described(suggestion: Option<&Suggestion>, outcome: Outcome, key: NotificationKey) -> String {
    let Some(suggestion) = suggestion.filter(|_| outcome.needs_a_look()) else { return String::new() };
    let mut text = "SUGGESTION, guessed and not read by a rule; nothing of it is stored:\n".to_owned();
    for (label, value) in suggestion.lines() {
        let _ = writeln!(text, "  {label:<12} {value}");
    }
    let how = if suggestion.missing.is_empty() { "" } else { " with what is missing" };
    let _ = writeln!(text, "  `noctui maintenance accept {key}`{how} makes a maintenance of it\n");
    text
}
