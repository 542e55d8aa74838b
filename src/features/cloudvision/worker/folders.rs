//! Tells when something in the folders of the targets has changed: whoever renders configurations sees at once what that
//! means for the next deployment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::config::Deploy;
use crate::watching::{FolderWatch, is_change};

/// What is written file by file is taken for complete after so much silence.
const SILENCE: Duration = Duration::from_millis(300);
/// What never ends is looked at all the same after this long.
const LONGEST: Duration = Duration::from_secs(5);
/// Where configurations and what describes them may be, below the folder of a target or beside it.
const INNER: [&str; 7] = [
    ".",
    "intended",
    "intended/configs",
    "intended/structured_configs",
    "configs",
    "structured_configs",
    "../structured_configs",
];

/// A watch on the folders of all targets. Costs nothing while nothing changes.
pub(super) struct Folders {
    /// The folders of the targets.
    roots: Vec<PathBuf>,
    /// The system's watch; `None` where it has none, which is logged.
    watch: Option<FolderWatch>,
    /// Rung after every change.
    bell: Arc<Notify>,
}

impl Folders {
    /// Watches the folders of these targets. Blocks.
    pub(super) fn watch(deploys: &[Deploy]) -> Self {
        let bell = Arc::new(Notify::new());
        let told = Arc::clone(&bell);
        let watch = FolderWatch::new(move |event| {
            if event.map_or(true, |event| is_change(event.kind)) {
                told.notify_one();
            }
        });
        let watch = watch.inspect_err(|error| tracing::warn!(%error, "the folders of targets are not watched")).ok();
        let roots = deploys.iter().map(|deploy| deploy.dir.clone()).collect();
        let mut this = Self { roots, watch, bell };
        this.watch_again();
        this
    }

    /// Watches what there is by now. Blocks.
    pub(super) fn watch_again(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        watch.unwatch_all();
        for root in &self.roots {
            let inner = INNER.iter().map(|inner| root.join(inner)).filter(|folder| folder.is_dir());
            // A folder that is not there comes below one that is.
            let above = nearest(root).filter(|above| *above != root.as_path()).map(Path::to_owned);
            for folder in inner.chain(above) {
                if let Err(error) = watch.watch(&folder) {
                    tracing::warn!(folder = %folder.display(), %error, "a folder of a target is not watched");
                }
            }
        }
    }

    /// Waits until something has changed and is quiet again.
    ///
    /// Cancel safety: a change that was not told is forgotten; whoever stops waiting reads the folders anyway.
    pub(super) async fn changed(&self) {
        self.bell.notified().await;
        let latest = Instant::now() + LONGEST;
        while Instant::now() < latest {
            let quiet = timeout(SILENCE, self.bell.notified());
            if !matches!(timeout_at(latest, quiet).await, Ok(Ok(()))) {
                return;
            }
        }
    }
}

/// The folder itself, or the last one on the way to it that exists.
fn nearest(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|above| above.is_dir())
}
