//! The file that a lab's token or password is in: somebody who puts another one there does not want to wait until it is
//! looked for again.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::blocking;
use crate::config::{Lab, LabToken};
use crate::secret::SecretFrom;

/// How often it is looked at, while there is something to wait for.
const EVERY: Duration = Duration::from_secs(1);

/// What tells a file from what it was.
type Stamp = Option<(SystemTime, u64)>;

/// Where the token, or the password for one, is put by somebody; `None` where that is no file.
pub(super) fn file(lab: &Lab) -> Option<PathBuf> {
    match &lab.token {
        LabToken::Vlab(path)
        | LabToken::Kept(SecretFrom::File(path))
        | LabToken::Login { password: SecretFrom::File(path), .. } => Some(path.clone()),
        LabToken::Kept(_) | LabToken::Login { .. } => None,
    }
}

/// A file that is looked at.
#[derive(Debug)]
pub(super) struct Watch {
    path: PathBuf,
    stamp: Stamp,
}

impl Watch {
    /// Begins with what the file is now: before it is read, so that nothing that comes then is missed.
    pub(super) async fn begin(path: PathBuf) -> Self {
        let stamp = stamp(&path).await;
        Self { path, stamp }
    }

    /// Waits until the file is another one.
    ///
    /// Cancel safety: what it is compared with stays as it is.
    pub(super) async fn changed(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            if stamp(&self.path).await != self.stamp {
                return;
            }
        }
    }
}

/// What tells the file from what it was; `None` where there is none.
async fn stamp(path: &Path) -> Stamp {
    let path = path.to_owned();
    let about = blocking::run(move || std::fs::metadata(path)).await.ok()?;
    Some((about.modified().ok()?, about.len()))
}
