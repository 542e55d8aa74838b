//! `noctui maintenance dismiss`: mails that could not be read and that nobody need look at any more.

use std::process::ExitCode;

use serde::Serialize;

use super::{Session, failed};
use crate::features::maintenance::store::NotificationKey;
use crate::features::maintenance::store::dismiss::{bring_back, dismiss};
use crate::features::maintenance::store::unparsed;
use crate::output;
use crate::trouble::Trouble;

/// What was typed after `dismiss`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The mails: their ids stand in `noctui maintenance mails`.
    #[arg(required = true, value_name = "ID", value_parser = super::number)]
    mails: Vec<i64>,
    /// Bring dismissed mails back.
    #[arg(long)]
    back: bool,
    /// How it is done and said.
    #[command(flatten)]
    manner: super::act::Manner,
}

/// What became of a mail, in JSON.
#[derive(Debug, Serialize)]
struct Turned {
    id: NotificationKey,
    result: &'static str,
}

/// Dismisses mails, or brings them back: all or, where one is not there, none.
pub(super) fn run(args: Args, session: &Session) -> anyhow::Result<ExitCode> {
    let keys: Vec<NotificationKey> = args.mails.iter().map(|id| NotificationKey(*id)).collect();
    let actor = session.actor(args.manner.who);
    let back = args.back;
    let done = session.store.write_blocking(move |connection| {
        let mut turned = Vec::with_capacity(keys.len());
        let mut gone = Vec::new();
        for key in &keys {
            match unparsed::notification(connection, *key)? {
                None => gone.push(*key),
                Some(mail) => {
                    let is_dismissed = mail.notification.dismissed.is_some();
                    let result = match (mail.notification.outcome.needs_a_look(), is_dismissed == back, back) {
                        (false, ..) => "was-read",
                        (true, false, true) => "was-not-dismissed",
                        (true, false, false) => "was-dismissed",
                        (true, true, true) => "brought-back",
                        (true, true, false) => "dismissed",
                    };
                    turned.push(Turned { id: *key, result });
                }
            }
        }
        if !gone.is_empty() {
            return Ok(Err(gone));
        }
        if back {
            bring_back(connection, &keys, &actor)?
        } else {
            dismiss(connection, &keys, &actor)?
        };
        Ok(Ok(turned))
    })?;
    let turned = match done {
        Ok(turned) => turned,
        Err(gone) => {
            let none = |key: &NotificationKey| {
                Trouble::new(&format!("there is no mail {key}")).to_do("noctui maintenance mails --all lists all mails")
            };
            return Ok(failed(&gone.iter().map(none).collect::<Vec<_>>()));
        }
    };
    if args.manner.json {
        output::print_json(&turned)?;
        return Ok(ExitCode::SUCCESS);
    }
    let words = |result: &str| match result {
        "was-read" => "was read, there is nothing to dismiss".to_owned(),
        other => other.replace('-', " "),
    };
    let lines = turned.iter().map(|mail| format!("mail {}: {}\n", mail.id, words(mail.result)));
    output::print(&lines.collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}
