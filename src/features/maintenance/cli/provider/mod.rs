//! `noctui provider …`: the rules that read providers' mails, for those who write them.

mod draft;
mod list;
pub(super) mod sender;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::failed;
use crate::config::{Environment, Flags, inspect};
use crate::features::maintenance::rules::{RuleError, Rules};
use crate::output;
use crate::text::clean_text;
use crate::trouble::Trouble;

/// The subcommands of `noctui provider`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the rules: where each is from, whose mails it reads, and what is wrong with your own.
    List(list::Args),
    /// Print a rule file.
    Show(ShowArgs),
    /// Explain how a rule reads mails: what each step finds and where, and why it finds nothing. Exit with 1 if a mail is not
    /// understood; one that the rule ignores is.
    Test(test::Args),
    /// Draft a rule file from a sample mail.
    New(draft::Args),
    /// Say whose mails come from an address that no rule names, and read them again; without an address list what was said.
    Sender(sender::Args),
}

/// Where the user's own rules are.
#[derive(Debug, clap::Args)]
pub(super) struct Own {
    /// Your own rules are in this folder, in place of the one in the configuration.
    #[arg(long, value_name = "PATH")]
    providers_dir: Option<PathBuf>,
}

/// What was typed after `show`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// The provider, as `noctui provider list` names it.
    slug: String,
    /// Where the user's own rules are.
    #[command(flatten)]
    own: Own,
}

/// Runs one of them.
pub(crate) fn run(command: &Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(args) => list::run(args, flags),
        Command::Show(args) => show(args, flags),
        Command::Test(args) => test::run(args, flags),
        Command::New(args) => draft::run(args, flags),
        Command::Sender(args) => sender::run(args, flags),
    }
}

impl Own {
    /// The folder of the user's own rules.
    fn dir(&self, flags: &Flags) -> PathBuf {
        let configured = || inspect(flags, &Environment::of_this_process()).config.maintenance.providers_dir;
        self.providers_dir.clone().unwrap_or_else(configured)
    }

    /// All rules, and what is wrong with the user's own.
    fn rules(&self, flags: &Flags) -> (Rules, Vec<RuleError>) {
        Rules::with_user_dir(&self.dir(flags))
    }
}

/// `noctui provider show`
fn show(args: &ShowArgs, flags: &Flags) -> anyhow::Result<ExitCode> {
    let (rules, errors) = args.own.rules(flags);
    let Some((file, text)) = rules.text(&args.slug) else {
        return Ok(failed(&[unknown(&rules, &args.slug)]));
    };
    for error in errors.iter().filter(|error| stem(&error.file) == args.slug) {
        let trouble = Trouble::new("this is the built-in rule; yours is not used").caused_by(&error.to_string());
        output::complain(&format!("noctui: {trouble}"));
    }
    output::print(&format!("# {}\n{}", file.display(), clean_text(text)))?;
    if !text.ends_with('\n') {
        output::print("\n")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said of a slug that no rule has.
fn unknown(rules: &Rules, slug: &str) -> Trouble {
    let trouble = Trouble::new(&format!("there is no rule {slug:?}"));
    match crate::config::nearest(slug, rules.slugs()) {
        Some(near) => {
            trouble.to_do(&format!("did you mean {near:?}? `noctui provider list` names all; a file ends with .toml"))
        }
        None => trouble.to_do("`noctui provider list` names all; a file ends with .toml"),
    }
}

/// The name of a rule file without its end.
fn stem(file: &Path) -> std::borrow::Cow<'_, str> {
    file.file_stem().unwrap_or_default().to_string_lossy()
}
