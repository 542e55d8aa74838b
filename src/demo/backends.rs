//! The simulated backends of the demo, also without its screen: `noctui demo --backends-only`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::features::cloudvision::sim::{Fabric, Pace, Setup, Simulator};
use crate::output;

/// The file in the demo's folder that holds the certificate of the simulated CloudVision's authority.
const AUTHORITY: &str = "cloudvision-ca.pem";

/// The simulated CloudVision takes so long as to be watched, and not so long as to be waited for.
const PACE: Pace = Pace {
    create: Duration::from_millis(200),
    build: Duration::from_secs(4),
    submit: Duration::from_secs(1),
    rebase: Duration::from_millis(500),
    stage: Duration::from_secs(3),
};

/// Starts a simulated CloudVision with the demo's fabric.
pub(crate) async fn cloudvision(port: u16) -> anyhow::Result<Simulator> {
    let fabric = Fabric::demo().context("read the demo's fabric")?;
    let setup = Setup { pace: PACE, port, ..Setup::new(fabric) };
    Simulator::start(setup).await.context("start the simulated CloudVision")
}

/// Runs the backends until a signal ends them. Says first how they are reached; `folder` gets what is needed for it.
pub fn serve(folder: &Path, port: u16) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let simulator = cloudvision(port).await?;
        let authority = folder.join(AUTHORITY);
        fs::write(&authority, simulator.authority()).with_context(|| format!("write {}", authority.display()))?;
        output::print(&format!(
            "CloudVision is simulated at {}\n\
             export NOCTUI_CLOUDVISION_TOKEN={}\n\
             noctui deploy --server {} --ca-file {} …\n",
            simulator.address(),
            simulator.token(),
            simulator.address(),
            authority.display(),
        ))?;
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        simulator.stop().await;
        Ok(())
    })
}
