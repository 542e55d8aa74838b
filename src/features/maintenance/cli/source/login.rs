//! `noctui source login`

use std::io::BufRead as _;
use std::process::ExitCode;

use tokio::sync::mpsc;

use super::{failed, named};
use crate::clock;
use crate::config::{Grant, Proof, SourceFrom};
use crate::features::maintenance::cli::Session;
use crate::features::maintenance::source::oauth::sign_in::{Step, sign_in};
use crate::features::maintenance::store::source;
use crate::output;
use crate::store::Error;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// What was typed after `login`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The source by its name in the configuration.
    name: String,
}

/// Lets somebody sign in, and keeps what comes of it for every later run.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let sources = match named(session, std::slice::from_ref(&args.name)) {
        Ok(sources) => sources,
        Err(code) => return Ok(code),
    };
    let oauth = sources.iter().find_map(|source| match &source.from {
        SourceFrom::Imap(imap) => match &imap.login.proof {
            Proof::Fetched(oauth) if oauth.grant == Grant::User => Some((&**oauth, imap.user.clone())),
            Proof::Fetched(_) | Proof::Kept(_) => None,
        },
        SourceFrom::Web(web) if web.oauth.grant == Grant::User => Some((&web.oauth, web.user.clone())),
        SourceFrom::Web(_) | SourceFrom::Maildir { .. } => None,
    });
    let Some((oauth, user)) = oauth else {
        let trouble = Trouble::new(&format!("nobody signs in for source {:?}", args.name))
            .caused_by("that is for sources with [maintenance.source.oauth] and grant = \"user\"; of IMAP with auth = \"xoauth2\" or \"oauthbearer\"")
            .to_do("`noctui source check` says whether it can be read as it is");
        return Ok(failed(&[trouble]));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // From the keyboard; a line too many waits there.
    let (lines, mut pasted) = mpsc::channel(1);
    runtime.spawn_blocking(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    let say = |step| match step {
        Step::Code { url, code } => output::complain(&format!("open {url} in a browser, and type {code}")),
        Step::Browser { url } => output::complain(&format!(
            "open this address in a browser; where it ends at a page that cannot be shown, paste the address of that page \
             here\n{url}"
        )),
    };
    let signed_in = runtime.block_on(sign_in(oauth, &user, say, &mut pasted));
    // Somebody may be waited for at the keyboard.
    runtime.shutdown_background();
    let place = match signed_in {
        Ok(place) => place,
        Err(fault) => return Ok(failed(&[Trouble::of(&fault)])),
    };
    let (name, place) = (clean_line(&args.name), clean_line(&place.to_string()));
    output::print(&format!("{name}: {} is signed in; the refresh token is kept {place}\n", clean_line(&user)))?;
    match ask(&args.name, session) {
        Ok(None) => {}
        Ok(Some(reader)) => output::print(&format!("{name}: {reader} reads it, and is asked to look now\n"))?,
        // Whoever reads it would wait for somebody to ask.
        Err(error) => {
            let trouble = Trouble::of(&error).to_do(&format!("`noctui source sync {name}` has whoever reads it go on"));
            output::complain(&format!("noctui: {trouble}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks whoever reads the source to look now, which it does not by itself once its login was refused. Who that is.
fn ask(name: &str, session: &Session) -> Result<Option<String>, Error> {
    let (name, now) = (name.to_owned(), clock::now());
    session.store.write_blocking(move |connection| {
        let known = source::known(connection, &name)?;
        let reader = known.reader(now).map(|holder| holder.owner.label());
        if reader.is_some() {
            source::want(connection, &name, now)?;
        }
        Ok(reader)
    })
}
