//! `noctui provider list`

use std::process::ExitCode;

use serde::Serialize;

use super::Own;
use crate::config::Flags;
use crate::features::maintenance::rules::{Listed, Origin, RuleError};
use crate::output;
use crate::table::Table;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// What was typed after `list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the user's own rules are.
    #[command(flatten)]
    own: Own,
    /// Print a JSON array with one object for each rule.
    #[arg(long)]
    json: bool,
}

/// A rule in JSON.
#[derive(Debug, Serialize)]
struct Row<'r> {
    slug: &'r str,
    name: &'r str,
    origin: &'static str,
    file: String,
    senders: &'r [String],
    signs: &'r [String],
    formats: &'r [&'static str],
    error: Option<Wrong<'r>>,
}

/// What is wrong with a rule file, in JSON.
#[derive(Debug, Serialize)]
struct Wrong<'r> {
    line: usize,
    key: &'r str,
    problem: &'r str,
    fix: &'r str,
}

impl<'r> Wrong<'r> {
    /// Of an error.
    fn of(error: &'r RuleError) -> Self {
        Self { line: error.line, key: &error.key, problem: &error.problem, fix: &error.fix }
    }
}

/// Lists every rule; a file with an error is listed, named on standard error, and does not hold up the others.
pub(super) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    let (rules, errors) = args.own.rules(flags);
    let listed = rules.list(&errors);
    if args.json {
        let rows: Vec<Row<'_>> = listed.iter().map(row).collect();
        output::print_json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let titles = ["SLUG", "ORIGIN", "NAME", "FORMATS", "SENDERS"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(titles).chain(listed.iter().map(cells)).collect();
    output::print(&Table::new(output::columns()).lines(&rows))?;
    for error in &errors {
        let trouble = Trouble::new("a provider rule is not used").caused_by(&error.to_string());
        output::complain(&format!("noctui: {trouble}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// A rule in JSON.
fn row(listed: &Listed) -> Row<'_> {
    Row {
        slug: &listed.slug,
        name: &listed.name,
        origin: listed.origin.as_str(),
        file: listed.file.display().to_string(),
        senders: &listed.senders,
        signs: &listed.signs,
        formats: &listed.formats,
        error: listed.error.as_ref().map(Wrong::of),
    }
}

/// A rule in words.
fn cells(listed: &Listed) -> [String; 5] {
    let senders = match &listed.error {
        Some(error) if listed.origin == Origin::Disabled => {
            let line = if error.line > 0 { format!(" in line {}", error.line) } else { String::new() };
            format!("error{line}: {}", error.problem)
        }
        _ => listed.senders.join(" "),
    };
    [
        clean_line(&listed.slug),
        listed.origin.as_str().to_owned(),
        clean_line(&listed.name),
        listed.formats.join(" "),
        clean_line(&senders),
    ]
}
