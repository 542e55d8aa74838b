//! `noctui lab connect`

use std::process::ExitCode;

use tokio::process::Command;

use super::change::{Asked, machine, only};
use super::{Desk, Which};
use crate::config::Config;
use crate::features::lab::act::{Change, Outcome, wait_until_open};
use crate::features::lab::connect::{Launch, Surroundings, Target, launch, line};
use crate::features::lab::model::{Forward, Place, Protocol};
use crate::output;
use crate::trouble::Trouble;

/// What can be typed after `connect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The gateway's port (50064), or a machine and its port (web01, web01:22, web01:ssh).
    #[arg(value_name = "FORWARD")]
    place: Place,
    /// How: ssh, sftp, scp, rdp, https, vnc, telnet.
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Option<Protocol>,
    /// As whom, instead of the component's usual user.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Remove the forward afterwards if it was made for this.
    #[arg(long)]
    remove_after: bool,
    /// Only print the command.
    #[arg(long)]
    print: bool,
    /// For scp: files, of which :PATH is one of the machine.
    #[arg(value_name = "FILES", last = true)]
    files: Vec<String>,
    /// Which lab.
    #[command(flatten)]
    which: Which,
}

/// Runs it.
pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<ExitCode> {
    let desk = args.which.open(config).await?;
    let (forwards, gateway, _) = desk.actor.client.list().await.map_err(|error| Trouble::of(&error))?;
    let wished = args.wished();
    let several = forwards.iter().any(|forward| wished.fits(forward));
    let (forward, is_new) = match (only(&forwards, &wished), &args.place) {
        (Ok(forward), _) => (forward.clone(), false),
        (Err(_), Place::Machine { name, target }) if !several => {
            (make(&desk, name, *target, args.protocol).await?, true)
        }
        // Several fit, or a port was named: nothing is guessed.
        (Err(trouble), _) => return Err(trouble.into()),
    };
    let host = desk.host(&gateway);
    let reach = wait_until_open(&host, &forward).await;
    if !reach.is_open() {
        return Err(Trouble::new(&format!("{} does not answer on {host}:{}", forward.title(), forward.port))
            .caused_by(&reach.words())
            .to_do("switch the machine on, or wait until its service has started")
            .into());
    }
    let mut target = Target::of(&desk.lab.name, &host, &forward, args.protocol);
    target.files = args.files;
    if let Some(user) = args.user {
        target.user = user;
    }
    // Here the shell waits for the program anyway: tmux has no part in it.
    let around = Surroundings { is_tmux: false, ..Surroundings::read(|name| std::env::var_os(name)) };
    let words = match launch(&config.connect, &target, &around, true)? {
        Launch::Terminal(words) | Launch::Beside(words) => words,
        Launch::Tunnel { line, address } => {
            output::complain("noctui: there is no display here; run this where there is one:");
            output::print(&format!("{line}\n"))?;
            output::complain(&format!("noctui: and then open {address}"));
            return Ok(ExitCode::SUCCESS);
        }
    };
    if args.print || args.which.json {
        if args.which.json {
            let told =
                serde_json::json!({"address": target.address(), "command": words, "forward": forward, "made": is_new});
            output::print_json(&told)?;
        } else {
            output::print(&format!("{}\n", line(&words)))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let code = start(&words).await?;
    if is_new && (args.remove_after || config.connect.remove_after) {
        match desk.actor.carry_out(&Change::Remove(forward.clone())).await {
            Outcome::Failed { trouble } => output::complain(&format!("noctui: {trouble}")),
            Outcome::Removed { .. } | Outcome::Made { .. } | Outcome::Found { .. } => {
                output::complain(&format!("noctui: the forward to {} was removed again", forward.title()));
            }
        }
    }
    Ok(code)
}

impl Args {
    /// The forward that is meant: a machine without a port means the one for the protocol, where there is one.
    fn wished(&self) -> Place {
        match (&self.place, self.protocol) {
            (Place::Machine { name, target: None }, Some(protocol)) => Place::Machine {
                name: name.clone(),
                target: Some(crate::features::lab::model::Target::Protocol(protocol)),
            },
            (place, _) => place.clone(),
        }
    }
}

/// Makes a forward to a machine.
async fn make(
    desk: &Desk,
    name: &str,
    target: Option<crate::features::lab::model::Target>,
    protocol: Option<Protocol>,
) -> anyhow::Result<Forward> {
    desk.writable()?;
    let known = machine(desk, name).await?;
    let kind = known.as_ref().map(|machine| machine.component.clone()).unwrap_or_default();
    let port = target.and_then(|target| target.port(&kind));
    let asked = Asked { name: name.to_owned(), protocol, port, address: None, component: None };
    match desk.actor.carry_out(&Change::Add(asked.wanted(known.as_ref())?)).await {
        Outcome::Made { forward } | Outcome::Found { forward } | Outcome::Removed { forward } => {
            output::complain(&format!("noctui: {} is on port {}", forward.title(), forward.port));
            Ok(forward)
        }
        Outcome::Failed { trouble } => Err(trouble.into()),
    }
}

/// Runs a program in this terminal; its exit code becomes ours.
async fn start(words: &[String]) -> anyhow::Result<ExitCode> {
    let (program, arguments) = words.split_first().ok_or_else(|| Trouble::new("there is no program"))?;
    let status = Command::new(program).args(arguments).status().await.map_err(|error| {
        Trouble::new(&format!("cannot start {program}"))
            .caused_by(&error.to_string())
            .to_do("name another one in [connect]")
    })?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(output::EXIT_FAILED)))
}
