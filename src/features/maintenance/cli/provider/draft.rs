//! `noctui provider new`: the draft of a rule from a sample mail.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use super::super::{failed, parse};
use super::Own;
use crate::config::Flags;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::{guess, mail};
use crate::output;
use crate::trouble::Trouble;

/// What was typed after `new`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A mail of the provider.
    mail: PathBuf,
    /// The name of the rule: small letters, digits, dashes; the name in the sender's domain if absent. The draft takes the
    /// place of a built-in rule only where its name is given here.
    #[arg(long, value_parser = slug)]
    slug: Option<String>,
    /// Write it into the folder of your own rules instead of printing it. Nothing is overwritten.
    #[arg(long)]
    save: bool,
    /// Where the user's own rules are.
    #[command(flatten)]
    own: Own,
}

/// A name that a rule file can have.
fn slug(typed: &str) -> Result<String, String> {
    let is_slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if typed.is_empty() || !typed.bytes().all(is_slug) {
        return Err("use small letters, digits and dashes only".to_owned());
    }
    Ok(typed.to_owned())
}

/// Drafts a rule.
pub(super) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    let raw = parse::read_file(&args.mail)?;
    let mail = mail::read(&raw).with_context(|| args.mail.display().to_string())?;
    let named = guess::provider_of(&mail.envelope.sender);
    let slug = args.slug.clone().unwrap_or(if named.is_empty() { "provider".to_owned() } else { named });
    let text = guess::draft(&mail, &slug);
    if !args.save {
        output::print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let replaces = Rules::embedded().slugs().contains(&slug.as_str());
    if replaces && args.slug.is_none() {
        let trouble = Trouble::new(&format!("a built-in rule is called {slug}, and the draft would take its place"))
            .to_do(&format!(
                "see what that makes of the mail with noctui provider test {slug} {}; take another name with --slug, \
                 or --slug {slug} if it is meant",
                args.mail.display()
            ));
        return Ok(failed(&[trouble]));
    }
    let dir = args.own.dir(flags);
    let file = dir.join(format!("{slug}.toml"));
    match write(&dir, &file, &text) {
        Ok(()) => {
            let (file, mail) = (file.display(), args.mail.display());
            let instead = if replaces { ", in place of the built-in rule" } else { "" };
            output::print(&format!("wrote {file}{instead}; next: noctui provider test {slug} {mail}\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let trouble = Trouble::new(&format!("{} is there already", file.display()))
                .to_do("take another name with --slug, or print the draft without --save");
            Ok(failed(&[trouble]))
        }
        Err(error) => Err(error).with_context(|| format!("cannot write {}", file.display())),
    }
}

/// Writes a file that must not be there.
fn write(dir: &Path, file: &Path, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    File::create_new(file)?.write_all(text.as_bytes())
}
