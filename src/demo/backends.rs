//! The simulated backends of the demo: two instances of CloudVision, a Nautobot, a lab and a cluster, with their own thread, so
//! that nothing that they do delays the screen.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::Error;
use super::deploys::Deploys;
use super::faults::Fault;
use super::{consoles, lab, nautobot};
use crate::features::cloudvision::sim::{Fabric, Pace, Setup, Simulator};
use crate::features::lab::sim::Simulator as Lab;
use crate::features::maintenance::nautobot::sim::TOKEN;
use crate::output;

/// The simulated instances take so long as to be watched, and not so long as to be waited for.
const PACE: Pace = Pace {
    create: Duration::from_millis(200),
    build: Duration::from_secs(4),
    submit: Duration::from_secs(1),
    rebase: Duration::from_millis(500),
    stage: Duration::from_secs(3),
};

/// A simulated CloudVision of the demo.
#[derive(Debug)]
struct Instance {
    /// Its name in the configuration.
    name: &'static str,
    /// What kind of network it has, as in the configuration.
    kind: &'static str,
    /// What it starts with.
    fabric: Fabric,
}

/// How a simulated CloudVision is reached.
#[derive(Debug)]
struct Door {
    /// Host and port.
    address: String,
    /// The certificate of its authority.
    authority: String,
    /// What every call has to bring.
    token: String,
}

/// Simulated backends that run. They stop when this is dropped.
#[derive(Debug)]
pub struct Backends {
    /// Whose they are, in the order of the configuration.
    instances: Vec<Instance>,
    /// One for each instance.
    doors: Vec<Door>,
    /// What they deploy.
    deploys: Deploys,
    /// Where the Nautobot is.
    nautobot: String,
    /// How the lab is reached: its address, and a token.
    lab: (String, String),
    /// How the cluster is reached: a kubeconfig.
    kubeconfig: String,
    /// Where the lab's token is put, once that is known.
    token_file: watch::Sender<Option<PathBuf>>,
    /// Ends them.
    stop: CancellationToken,
    /// Where they run; `None` only while dropping.
    thread: Option<JoinHandle<()>>,
}

impl Backends {
    /// Starts them on 127.0.0.1, the first on this port unless it is zero. The Nautobot knows what the mails of `seed` name,
    /// and `faults` happen to both instances of CloudVision.
    pub(crate) fn start(port: u16, now: DateTime<Utc>, seed: u64, faults: &[Fault]) -> Result<Self, Error> {
        let instances = vec![
            Instance { name: "prod", kind: "production", fabric: Fabric::demo()? },
            Instance { name: "lab", kind: "lab", fabric: Fabric::lab()? },
        ];
        let deploys = Deploys::built_in()?;
        let setups = instances.iter().zip([port, 0]).map(|(instance, port)| Setup {
            pace: PACE,
            port,
            ..Setup::new(instance.fabric.clone())
        });
        let (stop, (ready, opened)) = (CancellationToken::new(), oneshot::channel());
        let (setups, objections) = (setups.collect(), deploys.objections().collect::<Vec<_>>());
        let fabrics: Vec<Fabric> = instances.iter().map(|instance| instance.fabric.clone()).collect();
        let faults = faults.to_vec();
        let until = stop.clone();
        let (token_file, written) = watch::channel(None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Backend)?;
        let serve = async move {
            let opened = async {
                let simulators = open(setups).await.map_err(Error::Backend)?;
                let nautobot = nautobot::start(now, seed).await?;
                let lab = lab::start().await.map_err(Error::Lab)?;
                Ok((simulators, nautobot, lab, consoles::start().await.map_err(Error::Backend)?))
            };
            let (simulators, nautobot, lab, cluster) = match opened.await {
                Ok(opened) => opened,
                Err(error) => {
                    let _nobody_waits = ready.send(Err(error));
                    return;
                }
            };
            for (simulator, fabric) in simulators.iter().zip(&fabrics) {
                objections.iter().cloned().for_each(|objection| simulator.object_to(objection));
                for fault in &faults {
                    fault.happen(simulator, fabric);
                }
            }
            let lab_door = (lab.url().to_owned(), lab.token());
            let told = (simulators.iter().map(door).collect(), nautobot.url(), lab_door, cluster.kubeconfig());
            let _nobody_waits = ready.send(Ok(told));
            let goes_on = async { tokio::join!(renew(&lab, written), consoles::play(&cluster)) };
            until.run_until_cancelled(goes_on).await;
            for simulator in simulators {
                simulator.stop().await;
            }
            lab.stop().await;
        };
        let thread = thread::Builder::new().name("demo".to_owned()).spawn(move || runtime.block_on(serve));
        let thread = thread.map_err(Error::Backend)?;
        let crashed = |_| Err(Error::Backend(io::Error::other("the thread has crashed")));
        let (doors, nautobot, lab, kubeconfig) = opened.blocking_recv().unwrap_or_else(crashed)?;
        let thread = Some(thread);
        Ok(Self { instances, doors, deploys, nautobot, lab, kubeconfig, token_file, stop, thread })
    }

    /// Adds them and what is deployed to them to the configuration in `folder`.
    pub(crate) fn configure(&self, folder: &Path, config: &Path) -> Result<(), Error> {
        let disk = |source| Error::Disk { folder: folder.to_owned(), source };
        let mut sections = String::new();
        for (instance, door) in self.instances.iter().zip(&self.doors) {
            let [authority, token] = ["ca.pem", "token"].map(|end| folder.join(format!("{}-{end}", instance.name)));
            fs::write(&authority, &door.authority).map_err(disk)?;
            write_privately(&token, &door.token).map_err(disk)?;
            let path = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned());
            let _infallible = write!(
                sections,
                "\n[[cloudvision]]\nname = {:?}\nserver = {:?}\nkind = {:?}\nca_file = {}\ntoken_file = {}\n",
                instance.name,
                door.address,
                instance.kind,
                path(&authority),
                path(&token),
            );
        }
        let fabrics: Vec<&Fabric> = self.instances.iter().map(|instance| &instance.fabric).collect();
        let token = folder.join("nautobot-token");
        write_privately(&token, TOKEN).map_err(disk)?;
        let _infallible = write!(
            sections,
            "\n[nautobot]\nurl = {:?}\ntoken_file = {}\npoll = \"15 s\"\nwrite_maintenances = true\n",
            self.nautobot,
            toml::Value::from(token.to_string_lossy().into_owned()),
        );
        let token = folder.join("training-token");
        write_privately(&token, &self.lab.1).map_err(disk)?;
        let _infallible = write!(
            sections,
            "\n[[lab]]\nname = \"training\"\nurl = {:?}\ntoken_file = {}\nrefresh = \"15 s\"\ngateway_shell = {}\n",
            self.lab.0,
            toml::Value::from(token.to_string_lossy().into_owned()),
            toml::Value::from(gateway_shell(&self.lab.0)),
        );
        self.token_file.send_replace(Some(token));
        let kubeconfig = folder.join("kubeconfig");
        write_privately(&kubeconfig, &self.kubeconfig).map_err(disk)?;
        let definitions = folder.join("vmcp");
        fs::create_dir_all(&definitions).map_err(disk)?;
        for (name, text) in consoles::DEFINITIONS {
            fs::write(definitions.join(name), text).map_err(disk)?;
        }
        let path = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned());
        let _infallible = write!(
            sections,
            "\n[console]\nkubeconfig = {}\n\n[vmcp]\ndir = {}\n",
            path(&kubeconfig),
            path(&definitions)
        );
        sections.push_str(&self.deploys.write(&folder.join("deploys"), &fabrics)?);
        OpenOptions::new()
            .append(true)
            .open(config)
            .and_then(|mut file| file.write_all(sections.as_bytes()))
            .map_err(disk)
    }

    /// Waits until a signal ends the program. Says first how the backends are reached.
    pub fn serve(&self, folder: &Path) -> anyhow::Result<()> {
        let mut told = String::new();
        for (instance, door) in self.instances.iter().zip(&self.doors) {
            let _infallible = writeln!(told, "CloudVision {} is simulated at {}", instance.name, door.address);
        }
        let _infallible = writeln!(told, "Nautobot is simulated at {}", self.nautobot);
        let _infallible = writeln!(told, "the lab training is simulated at {}", self.lab.0);
        let _infallible = writeln!(told, "a cluster with KubeVirt is simulated, see {}/kubeconfig", folder.display());
        let folder = folder.display();
        let noctui = format!("noctui --config {folder}/config.toml --data-dir {folder}/data");
        output::print(&format!(
            "{told}\n{noctui}\n{noctui} change list --cloudvision prod\n{noctui} deploy --dry-run fra1-fabric\n\
             {noctui} lab list\n{noctui} nautobot sync\n{noctui} console list\n"
        ))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            Ok(())
        })
    }
}

impl Drop for Backends {
    fn drop(&mut self) {
        self.stop.cancel();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::warn!("the demo's backends have crashed");
        }
    }
}

/// What hands a line to the simulated gateway's shell: this very program. `noctui` where nobody knows which that is.
fn gateway_shell(url: &str) -> Vec<String> {
    let program = std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    let address = url.split_once("://").map_or(url, |(_, address)| address).to_owned();
    vec![program.unwrap_or_else(|| "noctui".to_owned()), "demo".to_owned(), "--gateway-shell".to_owned(), address]
}

/// Starts all of them.
async fn open(setups: Vec<Setup>) -> io::Result<Vec<Simulator>> {
    let mut simulators = Vec::new();
    for setup in setups {
        simulators.push(Simulator::start(setup).await?);
    }
    Ok(simulators)
}

/// How one is reached.
fn door(simulator: &Simulator) -> Door {
    Door {
        address: simulator.address().to_string(),
        authority: simulator.authority().to_owned(),
        token: simulator.token().to_owned(),
    }
}

/// Puts another token into the lab's file, some time after each has ended: until then it can be seen how that looks. Ends
/// never.
async fn renew(lab: &Lab, mut written: watch::Receiver<Option<PathBuf>>) {
    loop {
        tokio::time::sleep(lab::TOKEN_HOLDS + lab::TOKEN_IS_LATE).await;
        let Some(path) = written.borrow_and_update().clone() else { continue };
        if let Err(error) = fs::write(&path, lab.token()) {
            tracing::warn!(%error, "the demo's lab has no new token");
        }
    }
}

/// Writes a file that only its owner reads.
fn write_privately(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}
