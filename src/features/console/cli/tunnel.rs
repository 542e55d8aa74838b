//! `noctui console tunnel`: a local port for a viewer of one's own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Context as _;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

use super::connection::{Console, RouteArgs, Way};
use crate::config::{Config, SshPlace};
use crate::here::Here;
use crate::output;
use crate::text::clean_line;
use crate::trouble::Trouble;

/// The port that viewers look at first.
const USUAL_PORT: u16 = 5900;

/// What was typed after `console tunnel`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The way there.
    #[command(flatten)]
    route: RouteArgs,
    /// Carry the serial line instead of the screen.
    #[arg(long)]
    serial: bool,
    /// Listen on this port of the loopback; a free one unless said.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// End after one connection.
    #[arg(long)]
    once: bool,
    /// Print where it listens as JSON.
    #[arg(long)]
    json: bool,
}

/// Carries connections, one after the other, until a signal comes.
pub(super) fn run(args: &Args, config: &Config) -> anyhow::Result<ExitCode> {
    let console = if args.serial { Console::Serial } else { Console::Screen };
    let way = args.route.way(console, config)?;
    way.warn();
    if let Some(why) = way.no_typing(config) {
        let trouble = Trouble::new("no port is opened: whoever connects could type at the machine");
        let look = "look with `noctui console screenshot`, or in noctui itself";
        return Err(trouble.caused_by(&format!("read-only, since {why}")).to_do(look).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Vec::new();
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            signals.push(signal(kind).context("listen for signals")?);
        }
        way.check().await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(|error| {
            let trouble = Trouble::new(&format!("cannot listen on port {}", args.port)).caused_by(&error.to_string());
            trouble.to_do("name another port, or none for a free one")
        })?;
        let address = listener.local_addr()?;
        tell(address, console, config.connect.here.as_ref(), args.json)?;
        tokio::select! {
            code = serve(&listener, &way, args.once) => Ok(code),
            _ = futures::future::select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))) => Ok(ExitCode::SUCCESS),
        }
    })
}

/// Says where it listens, and how it is reached from the machine that one sits at.
fn tell(address: SocketAddr, console: Console, here: Option<&SshPlace>, json: bool) -> anyhow::Result<()> {
    let port = address.port();
    let near = if console == Console::Screen { USUAL_PORT } else { port };
    let here = Here::read(|name| std::env::var_os(name)).or(here);
    let mut words = vec!["ssh".to_owned(), "-L".to_owned(), format!("{near}:{address}")];
    words.extend(here.options());
    words.push(here.login());
    let ssh = clean_line(&words.join(" "));
    if json {
        return Ok(output::print_json(&serde_json::json!({ "address": address.to_string(), "ssh": ssh }))?);
    }
    let viewer = match console {
        Console::Screen => format!("vncviewer localhost:{near}"),
        Console::Serial => format!("socat -,rawer tcp:localhost:{near}"),
    };
    Ok(output::print(&format!("listening on {address}\nwhere you sit:  {ssh}\nand then:       {viewer}\n"))?)
}

/// Takes one viewer at a time: the machine has one line, and a second one would take it from the first.
async fn serve(listener: &TcpListener, way: &Way, once: bool) -> ExitCode {
    loop {
        let (viewer, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                output::complain(&format!("noctui: cannot take a connection: {error}"));
                return ExitCode::from(output::EXIT_FAILED);
            }
        };
        output::complain(&format!("noctui: {peer} is connected to {}", way.machine));
        let carried = tokio::select! {
            carried = carry(viewer, way) => carried,
            () = refuse_others(listener, way) => Ok(()),
        };
        let failed = carried.is_err();
        match carried {
            Ok(()) => output::complain(&format!("noctui: {peer} is gone")),
            Err(trouble) => output::complain(&format!("noctui: {trouble}")),
        }
        if once {
            return if failed { ExitCode::from(output::EXIT_FAILED) } else { ExitCode::SUCCESS };
        }
    }
}

/// Carries bytes between a viewer and the machine until one of them ends.
async fn carry(mut viewer: TcpStream, way: &Way) -> Result<(), Trouble> {
    let _ = viewer.set_nodelay(true);
    let mut link = way.open().await.map_err(|error| Trouble::of(&error))?;
    let copied = copy_bidirectional(&mut viewer, &mut link).await;
    let ended = link.end();
    link.close().await;
    ended.map_err(|error| Trouble::of(&error))?;
    // A viewer that goes without a word is a viewer that goes.
    copied.map(|_| ()).or(Ok(()))
}

/// Turns away whoever comes while somebody is there; never done by itself.
async fn refuse_others(listener: &TcpListener, way: &Way) {
    loop {
        match listener.accept().await {
            Ok((other, peer)) => {
                drop(other);
                output::complain(&format!("noctui: {peer} was turned away: somebody is connected to {}", way.machine));
            }
            Err(_) => std::future::pending().await,
        }
    }
}
