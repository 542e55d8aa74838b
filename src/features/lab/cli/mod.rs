//! `noctui lab`: forwards from the command line, by the same functions as the screen.

mod change;
mod connect;
mod look;
mod running;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::blocking;
use crate::config::{self, Config, Environment, Flags, Lab};
use crate::features::lab::act::Actor;
use crate::features::lab::model::{Place, Protocol};
use crate::features::lab::open_store;
use crate::features::lab::worker::open_lab;
use crate::output;
use crate::tls::Trust;
use crate::trouble::Trouble;

/// Which lab.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// The name of a `[[lab]]` in the configuration; with only one it is that one.
    #[arg(long, value_name = "NAME")]
    lab: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What can be typed after `lab`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List machines and forwards, with what is true of each as measured from here.
    List {
        /// Do not measure: nothing but the lab itself is asked.
        #[arg(long)]
        no_measure: bool,
        /// Which lab.
        #[command(flatten)]
        which: Which,
    },
    /// Make a forward; one that leads there already is used.
    Add {
        /// The machine's name.
        #[arg(value_name = "MACHINE")]
        name: String,
        /// What for; its port follows from the machine's component.
        #[arg(long, value_name = "PROTOCOL")]
        protocol: Option<Protocol>,
        /// The machine's port.
        #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
        port: Option<u16>,
        /// The machine's address, where the lab does not know it.
        #[arg(long, value_name = "ADDRESS")]
        address: Option<String>,
        /// What it is, where the lab does not know it.
        #[arg(long, value_name = "NAME")]
        component: Option<String>,
        /// Which lab.
        #[command(flatten)]
        which: Which,
    },
    /// Delete a forward.
    Remove {
        /// The gateway's port (50064), or a machine and its port (web01:22, web01:ssh).
        #[arg(value_name = "FORWARD")]
        place: Place,
        /// Delete it although the lab belongs to production; the machine's name, or the port of what has none, says that this one
        /// is meant.
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
        /// Which lab.
        #[command(flatten)]
        which: Which,
    },
    /// List the addresses that the gateway knows.
    Addr {
        /// Of this machine alone.
        #[arg(value_name = "MACHINE")]
        name: Option<String>,
        /// Which lab.
        #[command(flatten)]
        which: Which,
    },
    /// Connect over a forward, making it first where there is none.
    Connect(Box<connect::Args>),
    /// Say what is wrong with a lab; exit code 1 where something is.
    Check {
        /// Which lab.
        #[command(flatten)]
        which: Which,
    },
    /// Write the forwards into a new file, or to standard output.
    Save {
        /// The file, or - for standard output.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Which lab.
        #[command(flatten)]
        which: Which,
    },
    /// Make the forwards of a file that are missing.
    Restore {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Only say what would be made.
        #[arg(long)]
        dry_run: bool,
        /// Which lab.
        #[command(flatten)]
        which: Which,
    },
}

/// A lab that was asked for, with a connection to it.
struct Desk {
    /// In whose name, by which connection.
    actor: Actor,
    /// As configured.
    lab: Lab,
    /// Why nothing may be changed.
    read_only: Option<String>,
    /// Whether it is production.
    production: bool,
}

/// Runs `noctui lab`.
pub(crate) fn run(command: Command, flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = config::load(flags, &Environment::of_this_process())?;
    let _logging = crate::logging::start(&config.log, &config.paths.log);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::List { no_measure, which } => {
                look::list(&which.open(&config).await?, !no_measure, which.json).await
            }
            Command::Addr { name, which } => look::addresses(&which.open(&config).await?, name, which.json).await,
            Command::Check { which } => look::check(&which.open(&config).await?, which.json).await,
            Command::Save { file, which } => look::save(&which.open(&config).await?, &file, which.json).await,
            Command::Add { name, protocol, port, address, component, which } => {
                let desk = which.open(&config).await?;
                let wanted = change::Asked { name, protocol, port, address, component };
                change::add(&desk, wanted, which.json).await
            }
            Command::Remove { place, confirm, which } => {
                change::remove(&which.open(&config).await?, &place, confirm.as_deref(), which.json).await
            }
            Command::Restore { file, dry_run, which } => {
                change::restore(&which.open(&config).await?, &file, dry_run, which.json).await
            }
            Command::Connect(args) => connect::run(*args, &config).await,
        }
    })
}

impl Which {
    /// The lab that is meant, and a connection to it.
    async fn open(&self, config: &Config) -> anyhow::Result<Desk> {
        let lab = self.find(config)?.clone();
        if lab.trust == Trust::Anybody {
            output::complain(&format!("noctui: the certificate of {} is not checked", lab.url));
        }
        for url in lab.open_ways() {
            output::complain(&format!("noctui: nothing is encrypted on the way to {url}"));
        }
        let data = config.paths.data.clone();
        let store = blocking::run(move || open_store(&data)).await?;
        let client = open_lab(&lab).await.map_err(|error| Trouble::of(&error))?;
        let read_only = config.refuses_writes_to_lab(&lab, config.context.as_ref());
        let (shell, gateway) = (lab.gateway_shell.clone(), lab.gateway.clone());
        let actor = Actor { client, store, who: config.who.clone(), lab: lab.name.clone(), shell, gateway };
        let production = config.is_production(Some(lab.kind));
        Ok(Desk { actor, lab, read_only, production })
    }

    /// The configured lab that is meant.
    fn find<'a>(&self, config: &'a Config) -> Result<&'a Lab, Trouble> {
        let known = || config.labs.iter().map(|lab| lab.name.as_str()).collect::<Vec<_>>().join(", ");
        let remedy = |what: &str| {
            if config.labs.is_empty() {
                "add [[lab]] with name and url to the configuration".to_owned()
            } else {
                format!("{what}: the configuration has {}", known())
            }
        };
        match &self.lab {
            Some(name) => config.lab_named(name).ok_or_else(|| {
                Trouble::new(&format!("there is no lab {name} in the configuration")).to_do(&remedy("name another"))
            }),
            None => config
                .lab_of(config.context.as_ref())
                .ok_or_else(|| Trouble::new("it is not said which lab is meant").to_do(&remedy("name it with --lab"))),
        }
    }
}

impl Desk {
    /// Refuses to change anything where that was forbidden.
    fn writable(&self) -> Result<(), Trouble> {
        match &self.read_only {
            Some(why) => Err(Trouble::new("nothing is changed").caused_by(why)),
            None => Ok(()),
        }
    }

    /// The gateway's host as seen from here.
    fn host(&self, told: &str) -> String {
        self.lab.gateway.clone().unwrap_or_else(|| told.to_owned())
    }
}
