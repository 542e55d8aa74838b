//! `noctui source check`: whether sources can be read, and if not, what to do about it.

use std::process::ExitCode;

use serde::Serialize;

use super::{Named, kind, named, place};
use crate::config::{Proof, Source, SourceFrom};
use crate::features::maintenance::cli::Session;
use crate::features::maintenance::source::imap::Mailbox;
use crate::features::maintenance::source::remote::{Fault, Seen, survey};
use crate::features::maintenance::source::{maildir, oauth, web};
use crate::features::maintenance::store::given_up;
use crate::features::maintenance::worker::label;
use crate::output::{self, EXIT_NO};
use crate::text::{clean_line, counted};
use crate::trouble::Trouble;

/// What was found, in JSON.
#[derive(Debug, Serialize)]
struct Checked {
    name: String,
    kind: &'static str,
    place: String,
    ok: bool,
    folders: Vec<Folder>,
    labels: Vec<Folder>,
    given_up: u64,
    trouble: Option<Trouble>,
    /// The same in words.
    #[serde(skip)]
    lost: Option<String>,
    /// What should be known of where its password, its key or its secret is kept.
    #[serde(skip)]
    warnings: Vec<String>,
}

/// A folder, in JSON.
#[derive(Debug, Serialize)]
struct Folder {
    #[serde(rename = "folder")]
    name: String,
    mails: Option<u32>,
    error: Option<String>,
}

/// Looks at every source that is named; one that cannot be read does not hold up the others.
pub(super) fn run(args: &Named, session: &Session) -> anyhow::Result<ExitCode> {
    let sources = match named(session, &args.names) {
        Ok(sources) => sources,
        Err(code) => return Ok(code),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let checked: Vec<Checked> =
        runtime.block_on(futures::future::join_all(sources.iter().map(|source| check(session, source))));
    runtime.shutdown_background();
    if args.json {
        output::print_json(&checked)?;
    } else {
        for source in &checked {
            say(source)?;
        }
    }
    Ok(if checked.iter().all(|source| source.ok) { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NO) })
}

/// Looks at one source.
async fn check(session: &Session, source: &Source) -> Checked {
    let seen = match &source.from {
        SourceFrom::Maildir { path } => maildir::survey(path, &super::handled(session, source))
            .map(|(seen, refused)| (vec![seen], refused))
            .map_err(|reason| Trouble::new(&reason).to_do("correct `path`, or have the mail program make it")),
        SourceFrom::Imap(config) => told(survey(&Mailbox::new(config)).await).map(|seen| (seen, None)),
        SourceFrom::Web(config) => told(survey(&web::Mailbox::new(config)).await).map(|seen| (seen, None)),
    };
    let (seen, trouble) = match seen {
        Ok(seen) => seen,
        Err(trouble) => (Vec::new(), Some(trouble)),
    };
    let ok = trouble.is_none() && seen.iter().all(|seen| seen.mails.is_ok());
    let (labels, folders): (Vec<Seen>, Vec<Seen>) = seen.into_iter().partition(|seen| seen.is_label);
    let told = |seen: Vec<Seen>| seen.into_iter().map(Folder::of).collect();
    let (name, folders, labels) = (clean_line(&source.name), told(folders), told(labels));
    let from = label(&source.from);
    // Whether the source can be read does not hang on the store.
    let left = session.store.read(move |connection| given_up::of(connection, &from)).await.unwrap_or_default();
    let lost = left.told(&source.name);
    let given_up = left.mails + left.again;
    let warnings = match &source.from {
        SourceFrom::Imap(config) => match &config.login.proof {
            Proof::Kept(from) => from.warning().into_iter().collect(),
            Proof::Fetched(oauth) => oauth::warnings(oauth),
        },
        SourceFrom::Web(config) => oauth::warnings(&config.oauth),
        SourceFrom::Maildir { .. } => Vec::new(),
    };
    Checked { name, kind: kind(source), place: place(source), ok, folders, labels, given_up, trouble, lost, warnings }
}

/// What was seen of an account, or its trouble in words.
fn told(seen: Result<Vec<Seen>, Fault>) -> Result<Vec<Seen>, Trouble> {
    seen.map_err(|fault| Trouble::of(&fault))
}

impl Folder {
    /// A folder that was looked at.
    fn of(seen: Seen) -> Self {
        let (mails, error) = match seen.mails {
            Ok(mails) => (Some(mails), None),
            Err(error) => (None, Some(clean_line(&error))),
        };
        Self { name: clean_line(&seen.folder), mails, error }
    }
}

/// Says what was found; what is wrong on standard error.
fn say(source: &Checked) -> std::io::Result<()> {
    let Checked { name, place, ok, folders, labels, trouble, lost, warnings, .. } = source;
    let is_read = *ok || (trouble.is_none() && folders.iter().all(|folder| folder.error.is_none()));
    let verdict = match (is_read, folders.is_empty()) {
        (true, _) => "can be read",
        (false, true) => "cannot be read",
        (false, false) => "cannot be read in full",
    };
    output::print(&format!("{name} ({place}): {verdict}\n"))?;
    for Folder { name: folder, mails, .. } in folders {
        if let Some(mails) = mails {
            output::print(&format!(
                "  {folder}: {}\n",
                counted(usize::try_from(*mails).unwrap_or(usize::MAX), "mail")
            ))?;
        }
    }
    if let Some(lost) = lost {
        output::print(&format!("  {lost}\n"))?;
    }
    for Folder { name: folder, error, .. } in folders {
        if let Some(error) = error {
            let trouble = Trouble::new(&format!("{name}: folder {folder} cannot be read"))
                .caused_by(error)
                .to_do("correct `folders` in the configuration");
            output::complain(&format!("noctui: {trouble}"));
        }
    }
    for Folder { name: label, error, .. } in labels {
        if let Some(error) = error {
            let trouble = Trouble::new(&format!("{name}: mails cannot be labelled {label}"))
                .caused_by(error)
                .to_do("make the label in Gmail, or correct [maintenance.source.labels]");
            output::complain(&format!("noctui: {trouble}"));
        }
    }
    if let Some(trouble) = trouble {
        output::complain(&format!("noctui: {name}: {trouble}"));
    }
    for warning in warnings {
        output::complain(&format!("noctui: {name}: warning: {warning}"));
    }
    Ok(())
}
