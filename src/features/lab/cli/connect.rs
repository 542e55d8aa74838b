//! `noctui lab connect`

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use super::change::{Asked, machine, no_such, several, unlisted};
use super::running::{self, Signals, start};
use super::{Desk, Which};
use crate::clock;
use crate::config::Config;
use crate::features::lab::act::{Change, Outcome, silent, wait_until_open};
use crate::features::lab::connect::{
    AT_ONCE, Launch, Surroundings, Target, Tunnel, UNKNOWN_PORT, instead, launch, line,
};
use crate::features::lab::error::Error;
use crate::features::lab::model::{self, Forward, Led, Place, Protocol, Row, Since, Snapshot, Wanted, component};
use crate::features::lab::store;
use crate::output;
use crate::trouble::Trouble;
use crate::ui::time::age;

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
    /// Only print the command; nothing is made and nothing is waited for.
    #[arg(long)]
    print: bool,
    /// For scp: files, of which :PATH is one of the machine; those that begin with a dash come behind --.
    #[arg(value_name = "FILES")]
    files: Vec<String>,
    /// Which lab.
    #[command(flatten)]
    which: Which,
}

/// How a connection ended.
struct Ended {
    /// Of the program, or of noctui.
    code: ExitCode,
    /// Whether the forward is going to be used from elsewhere.
    keeps: bool,
    /// Whether a program has used it.
    used: bool,
}

/// Runs it.
pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<ExitCode> {
    let desk = args.which.open(config).await?;
    let (found, gateway) = match desk.actor.list().await {
        Ok((forwards, gateway, _)) => (find(&desk, forwards, &args.wished()).await?, gateway),
        Err(error) => {
            let (forward, gateway) = remembered(&desk, &args.wished(), &error).await?;
            (Some(forward), gateway)
        }
    };
    if args.print || args.which.json {
        let Some(forward) = found else { return Err(not_yet(&desk, &args.place).await.into()) };
        return args.tell(&desk, &gateway, &forward, config);
    }
    // From here on nothing ends noctui before it has put its things in order.
    let mut signals = Signals::listen()?;
    let removes = args.remove_after || config.connect.remove_after;
    let (forward, is_new, goes) = match (found, &args.place) {
        (Some(forward), _) => {
            let goes = desk.actor.use_for_connection(&forward, removes).await?;
            (forward, false, goes)
        }
        (None, Place::Machine { name, target }) => {
            let wanted = wanted(&desk, name, *target, args.protocol).await?;
            // What no program can use need not be made.
            let planned = args.target(&desk, &gateway, &wanted.on(UNKNOWN_PORT));
            launch(&config.connect, &planned, &around(), true)?;
            make(&desk, wanted, removes).await?
        }
        (None, Place::Port(_)) => return Err(no_such().into()),
    };
    let ended = args.connect(&desk, &gateway, &forward, config, &mut signals).await;
    let (keeps, used) = ended.as_ref().map_or((false, false), |ended| (ended.keeps, ended.used));
    let (title, port) = (forward.title(), forward.port);
    if goes && !keeps {
        output::complain(&match desk.actor.carry_out(&Change::Tidy(forward)).await {
            Outcome::Failed { trouble } => format!("noctui: {trouble}"),
            Outcome::Stays { why, .. } => format!("noctui: the forward to {title} stays on {port}: {why}"),
            Outcome::Removed { .. } | Outcome::Made { .. } | Outcome::Found { .. } | Outcome::Mended { .. } => {
                format!("noctui: the forward to {title} was removed again")
            }
        });
        return ended.map(|ended| ended.code);
    }
    if goes {
        desk.actor.keep(&forward).await;
    }
    if (is_new || goes) && !used {
        output::complain(&format!("noctui: the forward to {title} stays; noctui lab remove {port} deletes it"));
    }
    ended.map(|ended| ended.code)
}

/// The forward that a connection is to use; `None` where a machine has none that works.
async fn find(desk: &Desk, mut forwards: Vec<Forward>, place: &Place) -> Result<Option<Forward>, Trouble> {
    forwards.retain(|forward| place.fits(forward));
    if forwards.is_empty() {
        let Place::Port(port) = place else { return Ok(None) };
        // What is in no list can be used as well, on the screen and here.
        let used = unlisted(desk, *port).await?.and_then(|row| row.usable());
        return used.map(Some).ok_or_else(no_such);
    }
    let firewall = desk.actor.client.firewall().await;
    let snapshot = Snapshot { forwards, firewall, ..Snapshot::default() };
    let living: Vec<&Forward> = snapshot.forwards.iter().filter(|forward| !snapshot.is_dead(forward)).collect();
    match (place, living.is_empty()) {
        (Place::Port(port), true) => Err(dead(&snapshot, *port)),
        (Place::Machine { .. }, true) => Ok(None),
        (_, false) => choose(living, place).map(|forward| Some(forward.clone())),
    }
}

/// The forward that a connection is to use although the lab does not answer, as that told it last, and the gateway's host: the
/// ports are the gateway's, and work without the service.
async fn remembered(desk: &Desk, place: &Place, error: &Error) -> Result<(Forward, String), Trouble> {
    let trouble = Trouble::of(error);
    let server = desk.actor.client.server().to_owned();
    let known = desk.actor.store.read(move |connection| store::load(connection, &server)).await;
    let known = known.inspect_err(|error| tracing::warn!(%error, "what was known of a lab cannot be read"));
    let Some((snapshot, at)) = known.ok().flatten() else { return Err(trouble) };
    let rows = model::rows(&snapshot, &BTreeMap::new(), &Since::new());
    let usable: Vec<Forward> = rows.iter().filter_map(Row::usable).filter(|forward| place.fits(forward)).collect();
    if usable.is_empty() {
        return Err(trouble);
    }
    let forward = choose(usable.iter().collect(), place)?.clone();
    let (title, port, age) = (forward.title(), forward.port, age(at, clock::now()));
    output::complain(&format!("noctui: {}; {title} on {port} is used as it was told {age} ago", trouble.what()));
    Ok((forward, snapshot.gateway))
}

/// Why the forward on a port cannot be used.
fn dead(snapshot: &Snapshot, port: u16) -> Trouble {
    let led = snapshot.forwards.iter().find(|forward| forward.port == port).and_then(|forward| snapshot.led(forward));
    let why = match led {
        Some(Led::Elsewhere(rule)) => format!("the gateway's firewall leads it to {}:{}", rule.address, rule.target),
        Some(Led::Nowhere | Led::There) | None => "the gateway's firewall has no rule for it".to_owned(),
    };
    Trouble::new(&format!("the forward on {port} is dead"))
        .caused_by(&why)
        .to_do("connect to the machine by its name: another forward is made")
}

/// The one that is meant: of a machine that for its usual protocol, and of several that lead to the same place any.
fn choose<'f>(mut forwards: Vec<&'f Forward>, place: &Place) -> Result<&'f Forward, Trouble> {
    if let (Place::Machine { target: None, .. }, Some(first)) = (place, forwards.first()) {
        let kind = component(&first.component);
        let ports = kind.protocols.iter().filter_map(|protocol| kind.port(*protocol));
        let usual = ports.into_iter().find(|port| forwards.iter().any(|forward| forward.target == *port));
        forwards.retain(|forward| usual.is_none_or(|port| forward.target == port));
    }
    let place_of = |forward: &Forward| (forward.name.clone(), forward.address.clone(), forward.target);
    let is_one_place = forwards.windows(2).all(|pair| match pair {
        [one, other] => place_of(one) == place_of(other),
        _ => true,
    });
    let lowest = forwards.iter().min_by_key(|forward| forward.port).copied();
    lowest.filter(|_| is_one_place).ok_or_else(|| several(&forwards))
}

impl Args {
    /// The forward that is meant: a machine without a port means the one for the protocol, where there is one.
    fn wished(&self) -> Place {
        match (&self.place, self.protocol) {
            (Place::Machine { name, target: None }, Some(protocol)) => {
                Place::Machine { name: name.clone(), target: Some(model::Target::Protocol(protocol)) }
            }
            (place, _) => place.clone(),
        }
    }

    /// What is started, and how.
    fn target(&self, desk: &Desk, gateway: &str, forward: &Forward) -> Target {
        let named = match &self.place {
            Place::Machine { target: Some(model::Target::Protocol(protocol)), .. } => Some(*protocol),
            Place::Machine { .. } | Place::Port(_) => None,
        };
        let mut target = Target::of(&desk.lab.name, &desk.host(gateway), forward, self.protocol.or(named));
        target.files.clone_from(&self.files);
        if let Some(user) = &self.user {
            target.user.clone_from(user);
        }
        target
    }

    /// Prints what would be started.
    fn tell(&self, desk: &Desk, gateway: &str, forward: &Forward, config: &Config) -> anyhow::Result<ExitCode> {
        let target = self.target(desk, gateway, forward);
        let (words, opens) = match launch(&config.connect, &target, &around(), true)? {
            Launch::Terminal(words) | Launch::Beside(words) | Launch::Tmux(words) => (words, None),
            Launch::Tunnel(Tunnel { words, address }) => (words, Some(address)),
        };
        if self.which.json {
            let told = serde_json::json!({"address": target.address(), "command": words, "forward": forward, "then_open": opens});
            output::print_json(&told)?;
        } else {
            output::print(&format!("{}\n", line(&words)))?;
            if let Some(address) = opens {
                output::complain(&format!(
                    "noctui: there is no display here; run it where there is one, then open {address}"
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Waits until something answers, and runs the program.
    async fn connect(
        &self,
        desk: &Desk,
        gateway: &str,
        forward: &Forward,
        config: &Config,
        signals: &mut Signals,
    ) -> anyhow::Result<Ended> {
        let target = self.target(desk, gateway, forward);
        // What cannot be started need not be waited for.
        let launch = launch(&config.connect, &target, &around(), true)?;
        let told_to_wait = async {
            tokio::time::sleep(SILENCE).await;
            output::complain(&format!("noctui: nothing answers on {} yet; still waiting", target.address()));
            std::future::pending().await
        };
        let reach = tokio::select! {
            reach = wait_until_open(&target.host, forward) => reach,
            reach = told_to_wait => reach,
            signal = signals.next() => {
                output::complain("noctui: no longer waiting for an answer");
                return Ok(Ended { code: signal.code(), keeps: false, used: false });
            }
        };
        if !reach.is_open() {
            let power = machine(desk, &forward.name).await.ok().flatten().and_then(|machine| machine.power);
            return Err(silent(&target.host, forward, &reach, power.as_deref()).into());
        }
        match launch {
            Launch::Terminal(words) | Launch::Beside(words) | Launch::Tmux(words) => {
                let started = async |pid| desk.actor.started(forward, pid).await;
                let (begun, tunnel) = (clock::now(), instead(&config.connect, &target, &around()));
                match (start(&words, signals, started).await, tunnel) {
                    (Ok(running::Ended { code, failed: true }), Some(tunnel)) if clock::now() - begun < AT_ONCE => {
                        offer(&tunnel)?;
                        Ok(Ended { code, keeps: true, used: false })
                    }
                    (Ok(ended), _) => Ok(Ended { code: ended.code, keeps: false, used: true }),
                    (Err(trouble), Some(tunnel)) => {
                        output::complain(&format!("noctui: {trouble}"));
                        offer(&tunnel)?;
                        Ok(Ended { code: ExitCode::from(output::EXIT_FAILED), keeps: true, used: false })
                    }
                    (Err(trouble), None) => Err(trouble.into()),
                }
            }
            Launch::Tunnel(tunnel) => {
                offer(&tunnel)?;
                Ok(Ended { code: ExitCode::SUCCESS, keeps: true, used: false })
            }
        }
    }
}

/// Prints the line that brings the port to where there is a display.
fn offer(tunnel: &Tunnel) -> anyhow::Result<()> {
    output::complain("noctui: there is no display here; run this where there is one:");
    output::print(&format!("{}\n", line(&tunnel.words)))?;
    output::complain(&format!("noctui: and then open {}", tunnel.address));
    Ok(())
}

/// Why nothing can be printed: there is no forward, or no such machine.
async fn not_yet(desk: &Desk, place: &Place) -> Trouble {
    if let Place::Machine { name, .. } = place
        && let Ok(None) = machine(desk, name).await
    {
        return no_machine(name);
    }
    Trouble::new("there is no forward for this yet, and only printing makes none")
        .to_do("make it with noctui lab add, or connect")
}

/// The lab knows none of this name.
fn no_machine(name: &str) -> Trouble {
    Trouble::new(&format!("the lab knows no machine {}", crate::text::clean_line(name)))
        .to_do("noctui lab list shows those that it knows; noctui lab add --address makes a forward to another one")
}

/// What surrounds this process. The shell waits for the program anyway: tmux has no part in it.
fn around() -> Surroundings {
    Surroundings { is_tmux: false, ..Surroundings::read(|name| std::env::var_os(name)) }
}

/// How long is waited for an answer without a word.
const SILENCE: Duration = Duration::from_secs(2);

/// The forward that is to be made to a machine.
async fn wanted(
    desk: &Desk,
    name: &str,
    target: Option<model::Target>,
    protocol: Option<Protocol>,
) -> anyhow::Result<Wanted> {
    desk.writable()?;
    let known = machine(desk, name).await?.ok_or_else(|| no_machine(name))?;
    if known.exists == Some(false) {
        let what = format!("the inventory has no machine {}: no forward is made to it", crate::text::clean_line(name));
        return Err(Trouble::new(&what).to_do("noctui lab add makes one all the same").into());
    }
    let kind = known.component.clone();
    let port = target.and_then(|target| target.port(&kind));
    let asked = Asked { name: name.to_owned(), protocol, port, address: None, component: None };
    Ok(asked.wanted(Some(&known))?)
}

/// Makes it; for this connection alone where it is to go afterwards. Tells as well whether it was made, and whether it goes.
async fn make(desk: &Desk, wanted: Wanted, removes: bool) -> anyhow::Result<(Forward, bool, bool)> {
    let (outcome, goes) = if removes {
        desk.actor.make_for_connection(&wanted).await
    } else {
        (desk.actor.carry_out(&Change::Add(wanted)).await, false)
    };
    let is_new = matches!(outcome, Outcome::Made { .. });
    match outcome {
        Outcome::Made { forward, .. }
        | Outcome::Found { forward, .. }
        | Outcome::Stays { forward, .. }
        | Outcome::Removed { forward }
        | Outcome::Mended { forward } => {
            output::complain(&format!("noctui: {} is on port {}", forward.title(), forward.port));
            Ok((forward, is_new, goes))
        }
        Outcome::Failed { trouble } => Err(trouble.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(port: u16, component: &str, address: &str, target: u16) -> Forward {
        let (name, component, address) = ("web01".to_owned(), component.to_owned(), address.to_owned());
        Forward { port, name, component, address, target }
    }

    #[test]
    fn a_machine_alone_means_its_usual_protocol_and_of_duplicates_any() {
        let choose = |forwards: &[Forward], place: &str| {
            let place: Place = place.parse().unwrap();
            let fitting = forwards.iter().filter(|forward| place.fits(forward)).collect();
            super::choose(fitting, &place).map(|forward| forward.port).map_err(|trouble| trouble.one_line())
        };
        let own = [
            forward(50_071, "CentOS", "192.168.1.20", 3389),
            forward(50_064, "CentOS", "192.168.1.20", 22),
            forward(50_052, "CentOS", "192.168.1.20", 22),
        ];
        assert_eq!(choose(&own, "web01"), Ok(50_052));
        assert_eq!(choose(&own, "web01:ssh"), Ok(50_052));
        assert_eq!(choose(&own, "web01:rdp"), Ok(50_071));
        assert_eq!(choose(&own, "50064"), Ok(50_064));
        // Two machines of one name are two places.
        let two = [forward(50_001, "OneFS", "192.168.1.21", 8080), forward(50_002, "OneFS", "192.168.1.22", 8080)];
        assert!(choose(&two, "web01").unwrap_err().starts_with("more than one forward is meant"));
        let odd = [forward(50_001, "Weird", "192.168.1.21", 4444)];
        assert_eq!(choose(&odd, "web01"), Ok(50_001));
    }
}
