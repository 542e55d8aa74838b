//! `noctui maintenance parse`: what the rules make of a notification, without storing it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::{Environment, Flags, inspect};
use crate::features::maintenance::mail::{self, Kind, MAX_PARSED_BYTES, MailError, Part};
use crate::features::maintenance::model::{Notice, Verdict, status_in_words};
use crate::features::maintenance::rules::Rules;
use crate::output;
use crate::trouble::Trouble;

/// What was typed after `parse`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The mail; standard input if absent or `-`, unless parts are given.
    #[arg(value_name = "EMLFILE")]
    mail: Option<PathBuf>,
    /// Read it by the rule of this provider instead of finding out whose it is.
    #[arg(long, value_name = "SLUG")]
    provider: Option<String>,
    /// A part that came without a mail around it; several make one notification. The types are email, ical, html, text,
    /// subject, date, csv and xlsx.
    #[arg(long = "part", value_name = "TYPE=PATH", value_parser = part)]
    parts: Vec<(PartType, PathBuf)>,
    /// Your own rules are in this folder, in place of the one in the configuration.
    #[arg(long, value_name = "PATH")]
    providers_dir: Option<PathBuf>,
    /// Print the parts as rules see them: place in a table, `*` where the line begins bold, the line.
    #[arg(long, conflicts_with = "json")]
    lines: bool,
    /// Print the notices as a JSON array.
    #[arg(long)]
    json: bool,
}

/// What a file given by `--part` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartType {
    /// A whole mail, whose parts count.
    Email,
    /// One part.
    Kind(Kind),
}

/// Reads `TYPE=PATH`.
fn part(text: &str) -> Result<(PartType, PathBuf), String> {
    let (word, path) = text.split_once('=').ok_or("write TYPE=PATH, such as html=notice.html")?;
    let kind = match word {
        "email" => PartType::Email,
        word => PartType::Kind(Kind::from_word(word).ok_or_else(|| {
            format!("{word:?} is no type of part; write email, {}", Kind::ALL.map(Kind::as_str).join(", "))
        })?),
    };
    Ok((kind, PathBuf::from(path)))
}

/// Reads a notification and prints what it says.
pub(super) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    if args.lines {
        return print_lines(args);
    }
    let rules = rules(args, flags);
    let provider = args.provider.as_deref();
    let (verdict, broken) = if args.parts.is_empty() {
        let raw = mail_bytes(args)?;
        let broken = mend(&raw);
        (rules.read(&raw, provider).verdict, broken)
    } else {
        (rules.read_parts(parts(args)?, provider), None)
    };
    let advice = broken.unwrap_or_else(|| advise(&verdict, provider, &rules));
    print(verdict, advice, args.json)
}

/// The mail that was given.
fn mail_bytes(args: &Args) -> anyhow::Result<Vec<u8>> {
    match args.mail.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => read_file(path),
        None => read_bounded(stdin().lock()).context("standard input"),
    }
}

/// Prints the parts as rules see them.
fn print_lines(args: &Args) -> anyhow::Result<ExitCode> {
    let parts = if args.parts.is_empty() { mail::read(&mail_bytes(args)?)?.parts } else { parts(args)? };
    for part in parts {
        output::print(&format!("[{}]\n{}", part.kind().as_str(), part.lines_for_people()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The rules, with the user's own. Broken files are named, and the rest goes on.
fn rules(args: &Args, flags: &Flags) -> Rules {
    let configured = || inspect(flags, &Environment::of_this_process()).config.maintenance.providers_dir;
    let (rules, errors) = Rules::with_user_dir(&args.providers_dir.clone().unwrap_or_else(configured));
    for error in errors {
        output::complain(&format!("noctui: rule left out: {error}"));
    }
    rules
}

/// The parts that were given one by one, in their order, and behind them those of the mail, if there is one too.
fn parts(args: &Args) -> anyhow::Result<Vec<Part>> {
    let mut parts = Vec::with_capacity(args.parts.len());
    for (kind, path) in &args.parts {
        let bytes = read_file(path)?;
        match kind {
            PartType::Kind(kind) => parts.push(Part::from_file(*kind, bytes)),
            PartType::Email => parts.extend(mail::read(&bytes).with_context(|| path.display().to_string())?.parts),
        }
    }
    if args.mail.is_some() {
        parts.extend(mail::read(&mail_bytes(args)?)?.parts);
    }
    Ok(parts)
}

/// A file, as far as a mail may be long.
pub(super) fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let open = || {
        let file = File::open(path)?;
        let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if size > MAX_PARSED_BYTES {
            anyhow::bail!(MailError::TooLarge { bytes: size });
        }
        read_bounded(file)
    };
    open().with_context(|| format!("cannot read {}", path.display()))
}

/// Everything from a reader, as far as a mail may be long.
fn read_bounded(reader: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_PARSED_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(
        bytes.len() <= MAX_PARSED_BYTES,
        "more than the {MAX_PARSED_BYTES} bytes that noctui parses of a mail"
    );
    Ok(bytes)
}

/// Prints a verdict; an error where there are no notices because the mail could not be read.
fn print(verdict: Verdict, advice: &str, json: bool) -> anyhow::Result<ExitCode> {
    let (notices, said) = match verdict {
        Verdict::Parsed { provider, notices } => {
            let said = notices.iter().fold(String::new(), |mut said, notice| {
                describe(&mut said, &provider, notice);
                said
            });
            (notices, said)
        }
        Verdict::Ignored { provider, reason } => (Vec::new(), format!("{provider}: not a maintenance: {reason}\n")),
        Verdict::Failed { provider, reason } => return Err(unread(&format!("{provider}: {reason}"), advice).into()),
        Verdict::Unknown { reason } => return Err(unread(&reason, advice).into()),
    };
    if json {
        output::print_json(&notices)?;
    } else {
        output::print(&said)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Why there are no notices, and what fits that.
fn unread(reason: &str, advice: &str) -> Trouble {
    Trouble::new(reason).to_do(advice)
}

/// What to do about a mail that cannot be taken apart; `None` about others.
fn mend(raw: &[u8]) -> Option<&'static str> {
    if raw.trim_ascii().is_empty() {
        return Some("look at what should have written it: it is empty");
    }
    mail::read(raw).err().map(|error| match error {
        MailError::NoHeaders => {
            "give it the mail with its headers, as it was received; a part of one is read with --part TYPE=PATH"
        }
        MailError::TooLarge { .. } => "save the part that has the notice, and read that alone with --part TYPE=PATH",
        MailError::TooDeep | MailError::TooManyParts => {
            "save the mail inside that has the notice as a file of its own, and read that"
        }
    })
}

/// What to do about a mail that the rules cannot read.
fn advise(verdict: &Verdict, provider: Option<&str>, rules: &Rules) -> &'static str {
    match (verdict, provider) {
        (Verdict::Failed { reason, .. }, _) if reason.contains("ical: ") && !reason.contains("has no ") => {
            "see the calendar with --lines; ask its sender for a sound one, or enter what it means with noctui \
             maintenance create"
        }
        (_, Some(slug)) if !rules.slugs().contains(&slug) => {
            "name one of them, or leave --provider out: then the mail itself says whose it is"
        }
        (_, Some(_)) => {
            "see what its rule sees of it with --lines; leave --provider out if it may be somebody else's, or correct \
             the rule: noctui provider test says which step fails"
        }
        (Verdict::Failed { .. }, None) => {
            "see what its rule sees of it with --lines; if it is somebody else's, name whose with --provider, or correct \
             the rule: noctui provider test says which step fails"
        }
        (Verdict::Unknown { .. } | Verdict::Parsed { .. } | Verdict::Ignored { .. }, None) => {
            "see what rules see of it with --lines; name whose it is with --provider, or draft a rule with noctui \
             provider new"
        }
    }
}

/// A notice, for people.
pub(super) fn describe(said: &mut String, provider: &str, notice: &Notice) {
    let time = "%Y-%m-%d %H:%M UTC";
    let status = status_in_words(notice.status, notice.says_cancelled);
    let _ = writeln!(said, "{provider} {} {status}", notice.maintenance_id);
    let _ = writeln!(said, "  window    {} to {}", notice.start.format(time), notice.end.format(time));
    let _ = writeln!(said, "  account   {}", notice.account);
    for circuit in &notice.circuits {
        let _ = writeln!(said, "  circuit   {}  {}", circuit.circuit_id, circuit.impact.word());
    }
    if !notice.summary.is_empty() {
        let _ = writeln!(said, "  summary   {}", notice.summary);
    }
    let _ = writeln!(said, "  notice of {}", notice.stamp.format(time));
    if let Some(sent) = notice.sent {
        let _ = writeln!(said, "  forwarded; sent {}", sent.format(time));
    }
}
