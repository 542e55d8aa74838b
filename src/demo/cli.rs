//! `noctui demo`: what can be typed, and the folder that a demo lives in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;

use super::backends::Backends;
use super::faults::Fault;
use super::{Error, Prepared, Schedule, left, look_again, mailbox, prepare};
use crate::features::maintenance::store::seed;
use crate::features::{lab, maintenance};
use crate::store;
use crate::trouble::Trouble;

/// `noctui demo`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Let nothing arrive while you watch.
    #[arg(long)]
    pub still: bool,
    /// Fill the store with this many maintenances first.
    #[arg(long, value_name = "N")]
    pub scale: Option<u32>,
    /// Vary the ids and the circuits.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Keep everything in this new folder; without it the demo leaves nothing behind.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Show no screen: run the simulated backends until a signal ends them, and say how they are reached.
    #[arg(long, conflicts_with_all = ["still", "scale", "prepare"])]
    pub backends_only: bool,
    /// Let the simulated CloudVision listen on this port of 127.0.0.1 instead of any that is free.
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Have the simulated CloudVision do this wrong: build-failure, rebase, unauthenticated, unavailable, slow-stream,
    /// broken-stream, submit-failure, inactive-device or latency=MS. Repeatable.
    #[arg(long = "fault", value_name = "FAULT", conflicts_with = "prepare")]
    pub faults: Vec<Fault>,
    /// Only write the mails and the configuration to this new folder, and say how to look at them.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["keep", "still", "scale"])]
    pub prepare: Option<PathBuf>,
    /// Taken only to be refused, in the place of the flag of all subcommands, which the help would list.
    #[arg(long, hide = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// The same.
    #[arg(long, hide = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Hand a line to the shell of the simulated gateway at this address, as somebody would who logs in to a real one.
    #[arg(long, hide = true, num_args = 2, value_names = ["ADDRESS", "LINE"])]
    pub gateway_shell: Option<Vec<String>>,
}

/// A demo and its folder, which goes when this is dropped unless it was asked for by name.
#[derive(Debug)]
pub struct Demo {
    /// What is in the folder. Its schedule may be taken out for [`deliver`](super::deliver).
    pub prepared: Prepared,
    /// Whether the folder stays.
    keep: bool,
}

impl Demo {
    /// Makes the demo that `arguments` ask for; `data_dir`, as typed for every subcommand, names a folder to keep too.
    pub fn make(arguments: &Arguments, data_dir: Option<&Path>, now: DateTime<Utc>) -> Result<Self, Error> {
        let named = arguments.keep.as_deref().or(arguments.prepare.as_deref()).or(data_dir);
        let folder = named.map_or_else(mailbox::make_temporary_folder, |folder| Ok(folder.to_owned()));
        let folder = folder.map_err(|source| Error::Disk { folder: std::env::temp_dir(), source })?;
        let prepared = prepare(&folder, now, arguments.seed).inspect_err(|_| {
            if named.is_none() {
                discard(&folder);
            }
        })?;
        if named.is_none() {
            left::sign(&folder);
            left::remove(&std::env::temp_dir());
        }
        Ok(Self { prepared, keep: named.is_some() })
    }

    /// Starts the simulated backends, and adds them to the configuration.
    pub fn start_backends(&self, arguments: &Arguments, now: DateTime<Utc>) -> Result<Backends, Error> {
        let backends = Backends::start(arguments.port, now, arguments.seed, &arguments.faults)?;
        backends.configure(&self.prepared.folder, &self.prepared.config)?;
        Ok(backends)
    }

    /// Fills the store with maintenances, for seeing noctui with many of them.
    pub fn fill(&self, count: u32, seed: u64, now: DateTime<Utc>) -> Result<(), store::Error> {
        let store = maintenance::open_store(&self.prepared.folder.join("data"))?;
        seed::fill(&store, u64::from(count), now, seed, |_| {})
    }

    /// The mails that come later, for [`deliver`](super::deliver).
    pub fn take_schedule(&mut self) -> Schedule {
        self.prepared.schedule.take()
    }

    /// What to tell somebody who made a demo without looking at it.
    #[must_use]
    pub fn directions(&self) -> String {
        let folder = self.prepared.folder.display();
        let (later, _) = self.prepared.schedule.len_and_end();
        format!(
            "{} mails in {folder}/Maildir; the {later} that would arrive later are left out.\n\
             {}\n",
            self.prepared.delivered,
            look_again(&self.prepared.folder)
        )
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if !self.keep {
            discard(&self.prepared.folder);
        }
    }
}

/// Hands a line to the shell of the simulated gateway at an address.
pub(crate) fn hand_over(address: &str, line: &str) -> anyhow::Result<ExitCode> {
    let trouble = |why: &str| Trouble::new("the simulated gateway did not do it").caused_by(why);
    let gateway = address.parse().map_err(|_| trouble("its address is host:port"))?;
    let said = lab::sim::hand_over(gateway, line).map_err(|error| trouble(&error.to_string()))?;
    Ok(said.map(|()| ExitCode::SUCCESS).map_err(|said| trouble(&said))?)
}

/// Removes a demo's folder.
pub(super) fn discard(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        tracing::warn!(folder = %folder.display(), %error, "the demo's folder stays");
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// A command line of its own.
    #[derive(Parser)]
    struct Cli {
        /// As typed.
        #[command(flatten)]
        arguments: Arguments,
    }

    /// The demo of this command line.
    fn demo(words: &[&str], data_dir: Option<&Path>) -> Demo {
        let cli = Cli::parse_from(std::iter::once(&"demo").chain(words));
        Demo::make(&cli.arguments, data_dir, "2026-11-21T02:48:17Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_demo_leaves_nothing_behind() {
        let (one, other) = (demo(&[], None), demo(&[], None));
        let folder = one.prepared.folder.clone();
        assert_ne!(folder, other.prepared.folder);
        assert!(folder.join("Maildir/new").is_dir());
        drop(one);
        assert!(!folder.exists());
        assert!(other.prepared.folder.exists());
    }

    #[test]
    fn a_demo_that_was_asked_for_by_name_stays() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("kept");
        let directions = demo(&["--prepare", folder.to_str().unwrap()], None).directions();
        assert!(folder.join("config.toml").exists());
        assert!(directions.contains(folder.to_str().unwrap()), "{directions}");
        let folder = dir.path().join("data");
        drop(demo(&[], Some(&folder)));
        assert!(folder.join("config.toml").exists());
    }
}
