//! `noctui provider test`: how a rule reads mails, step by step.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::super::{failed, parse};
use super::{Own, unknown};
use crate::config::Flags;
use crate::features::maintenance::mail;
use crate::features::maintenance::model::{Notice, Verdict};
use crate::features::maintenance::rules::{Explanation, PartSeen, Place, ProcessorSeen, Rules, StepSeen, ValueSeen};
use crate::output;
use crate::text::{clean_line, clean_text, counted};
use crate::trouble::Trouble;

/// What was typed after `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The rule: a slug, or a file that ends with .toml.
    rule: String,
    /// Mails of the provider.
    #[arg(required = true, value_name = "MAIL")]
    mails: Vec<PathBuf>,
    /// Where the user's own rules are.
    #[command(flatten)]
    own: Own,
    /// Print a JSON array with one object for each mail.
    #[arg(long)]
    json: bool,
}

/// A mail in JSON.
#[derive(Debug, Serialize)]
struct Tested<'t> {
    mail: String,
    result: &'static str,
    reason: String,
    notices: &'t [Notice],
    #[serde(flatten)]
    explanation: &'t Explanation,
}

/// Explains how a rule reads each mail.
pub(super) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    let (rules, slug) = match rules(args, flags) {
        Ok(found) => found,
        Err(trouble) => return Ok(failed(&[trouble])),
    };
    let mut all_read = true;
    let mut explained = Vec::with_capacity(args.mails.len());
    for path in &args.mails {
        let raw = parse::read_file(path)?;
        let mail = mail::read(&raw).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        let Some(explanation) = rules.explain(&slug, &mail) else {
            return Ok(failed(&[unknown(&rules, &slug)]));
        };
        all_read &= matches!(explanation.verdict, Verdict::Parsed { .. } | Verdict::Ignored { .. });
        explained.push((path, explanation));
    }
    if args.json {
        output::print_json(&explained.iter().map(|(path, explanation)| tested(path, explanation)).collect::<Vec<_>>())?;
    } else {
        let pages: Vec<String> = explained.iter().map(|(path, explanation)| page(path, explanation)).collect();
        output::print(&clean_text(&pages.join("\n")))?;
    }
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::from(output::EXIT_NO) })
}

/// The rules with the one that was named, and its slug.
fn rules(args: &Args, flags: &Flags) -> Result<(Rules, String), Trouble> {
    let file = Path::new(&args.rule);
    let (rules, errors) = args.own.rules(flags);
    if file.extension().is_some_and(|end| end == "toml") {
        let wrong = |error: crate::features::maintenance::rules::RuleError| {
            let trouble = Trouble::new(&format!("{} has an error", args.rule));
            trouble.caused_by(&RuleLine(&error).to_string()).to_do(&error.fix)
        };
        return rules.with_file(file).map_err(wrong);
    }
    if rules.text(&args.rule).is_none() {
        return Err(match errors.iter().find(|error| super::stem(&error.file) == args.rule) {
            Some(error) => Trouble::new("the rule is not used").caused_by(&error.to_string()),
            None => unknown(&rules, &args.rule),
        });
    }
    Ok((rules, args.rule.clone()))
}

/// Line, key and problem of an error, without its fix.
struct RuleLine<'e>(&'e crate::features::maintenance::rules::RuleError);

impl std::fmt::Display for RuleLine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.line > 0 {
            write!(f, "line {}: ", self.0.line)?;
        }
        let key = if self.0.key.is_empty() { String::new() } else { format!("{}: ", self.0.key) };
        write!(f, "{key}{}", self.0.problem)
    }
}

/// Word, reason and notices of a verdict.
fn result(verdict: &Verdict) -> (&'static str, &str, &[Notice]) {
    match verdict {
        Verdict::Parsed { notices, .. } => ("parsed", "", notices),
        Verdict::Ignored { reason, .. } => ("ignored", reason, &[]),
        Verdict::Failed { reason, .. } => ("parsing-failed", reason, &[]),
        Verdict::Unknown { reason } => ("unknown-provider", reason, &[]),
    }
}

/// A mail in JSON.
fn tested<'t>(path: &Path, explanation: &'t Explanation) -> Tested<'t> {
    let (result, reason, notices) = result(&explanation.verdict);
    Tested { mail: path.display().to_string(), result, reason: clean_line(reason), notices, explanation }
}

/// A mail for people.
fn page(path: &Path, explanation: &Explanation) -> String {
    let (_, reason, notices) = result(&explanation.verdict);
    let slug = &explanation.slug;
    let said = match &explanation.verdict {
        Verdict::Parsed { .. } => format!("{slug} reads {}", counted(notices.len(), "window")),
        Verdict::Ignored { .. } => format!("{slug} takes it for no maintenance: {reason}"),
        Verdict::Failed { .. } | Verdict::Unknown { .. } => format!("{slug} does not read it: {reason}"),
    };
    let mut text = format!("{}: {said}\n", path.display());
    recognition(&mut text, explanation);
    for filter in &explanation.filters {
        let occurs = if filter.occurs { "occurs" } else { "does not occur" };
        let _ = writeln!(text, "  {} '{}' in its {}: {occurs}", filter.filter, filter.find, filter.part);
    }
    for processor in &explanation.processors {
        describe_processor(&mut text, processor);
    }
    if !explanation.fields.is_empty() {
        text.push_str("  fields\n");
    }
    for field in &explanation.fields {
        let from = field.from.join("; ");
        for value in field.values.iter().take(20) {
            let _ = writeln!(text, "    {:<15} {value}", field.field);
        }
        if field.values.len() > 20 {
            let _ = writeln!(text, "    {:<15} and {} more", "", field.values.len() - 20);
        }
        if !field.values.is_empty() {
            let _ = writeln!(text, "    {:<15}   from {from}", "");
        }
    }
    for notice in notices {
        let mut page = String::new();
        parse::describe(&mut page, slug, notice);
        page.lines().for_each(|line| {
            let _ = writeln!(text, "  {line}");
        });
    }
    text
}

/// Why noctui takes the mail for one of this provider, or for one of another.
fn recognition(text: &mut String, explanation: &Explanation) {
    let by = explanation.recognised_by.join(", ");
    let by = if by.is_empty() { "no sender and no sign of the rule is in it".to_owned() } else { by };
    let _ = writeln!(text, "  recognised by: {by}");
    match &explanation.taken_by {
        Some(taken) if *taken == explanation.slug => {}
        Some(taken) => {
            let _ = writeln!(text, "  careful: when it comes by mail, {taken} takes it");
        }
        None => {
            text.push_str("  careful: when it comes by mail, no rule takes it; give the rule `senders` or `signs`\n");
        }
    }
}

/// A processor for people.
fn describe_processor(text: &mut String, processor: &ProcessorSeen) {
    let said = if processor.problem.is_empty() {
        format!("gives {}", counted(processor.notices, "window"))
    } else {
        format!("gives nothing: {}", processor.problem)
    };
    let _ = writeln!(text, "  processor {}: {said}", processor.parts);
    processor.read.iter().for_each(|part| describe_part(text, part));
}

/// A part for people.
fn describe_part(text: &mut String, part: &PartSeen) {
    let kind = part.kind.filter(|kind| *kind != part.part).map(|kind| format!(" (from {kind})")).unwrap_or_default();
    let problem = if part.problem.is_empty() { String::new() } else { format!(": {}", part.problem) };
    let _ = writeln!(text, "    part {}{kind}{problem}", part.part);
    for value in &part.values {
        let _ = writeln!(text, "        {:<15} {}", value.field, value.value);
    }
    part.steps.iter().for_each(|step| describe_step(text, step));
}

/// A step for people.
fn describe_step(text: &mut String, step: &StepSeen) {
    let line = if step.rule_line > 0 { format!("rule line {}: ", step.rule_line) } else { String::new() };
    let required = if step.required { ", required" } else { "" };
    let _ = writeln!(text, "      {line}{}{required}", step.looks_for);
    step.found.iter().for_each(|value| describe_value(text, value));
    if step.found.is_empty() && step.nearest.is_empty() {
        text.push_str("        finds nothing, and nothing comes near\n");
    } else if step.found.is_empty() {
        text.push_str("        finds nothing; nearest:\n");
    }
    for near in &step.nearest {
        let _ = writeln!(text, "          {}  {}\n            {}", place(&near.place), near.text, near.because);
    }
}

/// A value for people.
fn describe_value(text: &mut String, value: &ValueSeen) {
    let means = match (value.field, value.means.as_str()) {
        ("status" | "impact", "") => ", which is none of the rule's words".to_owned(),
        (_, "") => String::new(),
        (_, same) if same == value.value => String::new(),
        (_, means) => format!(", which means {means}"),
    };
    let late = if value.too_late { "; not used, the field has a value already" } else { "" };
    let _ = writeln!(text, "        {:<15} {}  [{}{means}{late}]", value.field, value.value, place(&value.place));
}

/// A place for people.
fn place(place: &Place) -> String {
    if place.cell.is_empty() { format!("line {}", place.line) } else { format!("line {}, {}", place.line, place.cell) }
}
