//! `noctui maintenance undo`: takes back what somebody did last, in whichever process.

use std::process::ExitCode;

use super::provider::sender;
use super::{Session, failed, json, name};
use crate::features::maintenance::store::action::Inverse;
use crate::features::maintenance::store::detail::detail;
use crate::features::maintenance::store::undo::undo_last;
use crate::features::maintenance::worker::reread_from;
use crate::output;
use crate::text::counted;
use crate::trouble::Trouble;

/// What was typed after `undo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How it is done and said.
    #[command(flatten)]
    manner: super::act::Manner,
}

/// `noctui maintenance undo`
pub(super) fn run(args: Args, session: &Session) -> anyhow::Result<ExitCode> {
    let actor = session.actor(args.manner.who);
    let who = actor.who.clone();
    let undone = session.store.write_blocking(move |connection| {
        let Some((inverse, done)) = undo_last(connection, &actor)? else { return Ok(None) };
        let mut details = Vec::with_capacity(done.done.len());
        for key in done.done {
            details.extend(detail(connection, key, actor.at)?);
        }
        Ok(Some((inverse, details, done.mails)))
    })?;
    let Some((inverse, details, mails)) = undone else {
        let trouble = Trouble::new(&format!("{who} has nothing to undo"))
            .caused_by("only what was done in the last days, and in this name, can be undone")
            .to_do("name who did it with --who, or do the opposite: ack, unack");
        return Ok(failed(&[trouble]));
    };
    let mut of_sender = String::new();
    if let Inverse::Unassign(assignment) = &inverse {
        let address = assignment.address();
        let again = reread_from(&session.store, &session.rules(), &session.inventory(), address)?;
        of_sender = sender::told(address, assignment.before(), again);
    }
    let (result, words) = match inverse {
        Inverse::Withdraw(_) => ("withdrawn", "acknowledgement taken back"),
        Inverse::Reinstate(_) => ("acknowledged", "acknowledged again"),
        Inverse::RemoveNotes(_) => ("note-removed", "note removed"),
        Inverse::RestoreNotes(_) => ("noted", "note written again"),
        Inverse::See(_) => ("unseen", "shown as news again"),
        Inverse::Dismiss(_) => ("dismissed", "dismissed again"),
        Inverse::BringBack(_) => ("brought-back", "no longer dismissed"),
        Inverse::Unedit(_) => ("unedited", "as it was before"),
        Inverse::Detach(_) => ("detached", "the mail belongs to it no more"),
        Inverse::Unassign(_) => ("unassigned", ""),
        Inverse::Unaccept(_) => ("unaccepted", "changed back, the suggestion is no longer accepted"),
    };
    if args.manner.json {
        output::print_json(&details.iter().map(|detail| json::Acted::of(detail, result)).collect::<Vec<_>>())?;
    } else {
        let lines = details.iter().map(|detail| {
            let window =
                detail.windows.iter().find(|window| window.key == detail.key).filter(|_| detail.windows.len() > 1);
            let window = window.map_or_else(String::new, |window| format!(" window {}", window.window));
            format!("{}{window}: {words}\n", name::full(&detail.provider, &detail.maintenance_id))
        });
        let lines: String = lines.collect();
        let gone = match (lines.is_empty(), mails) {
            (false, _) => String::new(),
            // What only the acceptance had made known is gone.
            (true, 0) if result == "unaccepted" => "the accepted suggestion was taken back\n".to_owned(),
            (true, 0) => "what had been made known by hand is gone again\n".to_owned(),
            (true, _) if result == "unassigned" => of_sender,
            (true, mails) => format!("{}: {words}\n", counted(mails, "mail")),
        };
        output::print(&format!("{lines}{gone}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
