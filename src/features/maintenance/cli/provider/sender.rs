//! `noctui provider sender`: whose mails come from addresses that no rule names.

use std::process::ExitCode;

use super::{Own, unknown};
use crate::config::Flags;
use crate::features::maintenance::cli::{Session, failed, time, who};
use crate::features::maintenance::store::sender::{self, Assigned};
use crate::features::maintenance::worker::{Done, Report, assign, reread_from};
use crate::output;
use crate::table::Table;
use crate::text::{clean_line, counted};
use crate::trouble::Trouble;

/// What was typed after `sender`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address; without one those that were assigned are listed.
    #[arg(value_name = "ADDRESS", value_parser = address)]
    address: Option<String>,
    /// The provider whose rule reads its mails, as `noctui provider list` names it.
    #[arg(value_name = "SLUG", requires = "address", conflicts_with = "remove")]
    slug: Option<String>,
    /// Its mails are nobody's any more: what they have said stays, and those that said nothing are read again.
    #[arg(long, requires = "address")]
    remove: bool,
    /// Act in this name instead of the configured one.
    #[arg(long, value_name = "WHO", value_parser = who)]
    who: Option<String>,
    /// Where the user's own rules are.
    #[command(flatten)]
    own: Own,
}

/// An address.
fn address(typed: &str) -> Result<String, String> {
    let is_one = typed.rsplit_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
    let is_plain = clean_line(typed) == typed && !typed.contains(char::is_whitespace) && typed.len() <= 254;
    if is_one && is_plain { Ok(typed.to_lowercase()) } else { Err("write it as name@domain".to_owned()) }
}

/// Lists, assigns or removes.
pub(super) fn run(args: &Args, flags: &Flags) -> anyhow::Result<ExitCode> {
    let session = Session::open(flags)?;
    match (&args.address, &args.slug) {
        (None, _) => list(&session),
        (Some(address), Some(slug)) => put(address, slug, args, flags, &session),
        (Some(address), None) if args.remove => {
            let (removed, actor) = (address.clone(), session.actor(args.who.clone()));
            let removed =
                session.store.write_blocking(move |connection| sender::forget(connection, &removed, &actor))?;
            if removed.is_some() {
                let (rules, _) = args.own.rules(flags);
                let again = reread_from(&session.store, &rules, &session.inventory(), address)?;
                output::print(&told(address, None, again))?;
                return Ok(ExitCode::SUCCESS);
            }
            let trouble = Trouble::new(&format!("{address} is assigned to nobody"))
                .to_do("`noctui provider sender` lists those that are");
            Ok(failed(&[trouble]))
        }
        (Some(address), None) => {
            let trouble = Trouble::new(&format!("nothing says whose the mails from {address} are"))
                .to_do("name the provider behind it, or --remove");
            Ok(failed(&[trouble]))
        }
    }
}

/// Lists what was assigned.
fn list(session: &Session) -> anyhow::Result<ExitCode> {
    let assigned = session.store.read_blocking(sender::list)?;
    let titles = ["ADDRESS", "PROVIDER", "BY", "AT"].map(str::to_owned);
    let rows = assigned.into_iter().map(|Assigned { address, provider, who, at }| [address, provider, who, time(at)]);
    let table: Vec<[String; 4]> = std::iter::once(titles).chain(rows).collect();
    output::print(&Table::new(output::columns()).lines(&table))?;
    Ok(ExitCode::SUCCESS)
}

/// Assigns an address, and reads its mails again.
fn put(address: &str, slug: &str, args: &Args, flags: &Flags, session: &Session) -> anyhow::Result<ExitCode> {
    let (rules, _) = args.own.rules(flags);
    if !rules.slugs().contains(&slug) {
        return Ok(failed(&[unknown(&rules, slug)]));
    }
    let (inventory, actor) = (session.inventory(), session.actor(args.who.clone()));
    let done = assign(&session.store, &rules, &inventory, address.to_owned(), slug.to_owned(), &actor)?;
    let Report::Done { done: Done::Assigned { read, unread, .. }, .. } = done else { return Ok(ExitCode::SUCCESS) };
    output::print(&told(address, Some(slug), (read, unread)))?;
    Ok(ExitCode::SUCCESS)
}

/// Whose the mails from an address are now, and how many of those that had said nothing say something, and how many do not.
pub(in crate::features::maintenance::cli) fn told(
    address: &str,
    provider: Option<&str>,
    (read, unread): (usize, usize),
) -> String {
    let left = if unread > 0 { format!(", {unread} still cannot be") } else { String::new() };
    format!("{address}: {}, {} read again{left}\n", provider.unwrap_or("nobody's"), counted(read, "mail"))
}
