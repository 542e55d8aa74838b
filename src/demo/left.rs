//! What demos leave behind that were killed: the next one removes it.
//!
//! The temporary folder may be everybody's. Removed is only what belongs to this user, is a folder and no link, and says
//! itself which process made it, which does not run any more.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::cli::discard;
use super::mailbox::PREFIX;
use crate::process::{Fate, Owner};

/// The file that says whose a folder is.
const SIGN: &str = ".made-by";
/// More than such a file has.
const SIGN_BYTES: u64 = 4096;

/// Writes into a demo's folder which process it belongs to.
pub(super) fn sign(folder: &Path) {
    let Owner { host, boot, pid, start } = Owner::of_this_process();
    if let Err(error) = fs::write(folder.join(SIGN), format!("{host}\n{boot}\n{pid}\n{start}\n")) {
        tracing::warn!(%error, "the demo's folder will stay if the demo is killed");
    }
}

/// Removes from `base` the folders of demos that do not run any more.
pub(super) fn remove(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.filter_map(Result::ok) {
        let is_named_so = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_named_so && is_left(&entry.path()) {
            discard(&entry.path());
        }
    }
}

/// Whether a folder is ours and its demo is gone.
fn is_left(folder: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    let is_ours = fs::symlink_metadata(folder).is_ok_and(|about| about.is_dir() && about.uid() == user);
    is_ours && owner(folder).is_some_and(|owner| owner.fate() == Fate::Dead)
}

/// Who made it, as it says itself.
fn owner(folder: &Path) -> Option<Owner> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = fs::File::options().read(true).custom_flags(flags.cast_signed()).open(folder.join(SIGN)).ok()?;
    let mut text = String::new();
    file.take(SIGN_BYTES).read_to_string(&mut text).ok()?;
    let mut lines = text.lines().map(str::to_owned);
    let (host, boot, pid, start) = (lines.next()?, lines.next()?, lines.next()?.parse().ok()?, lines.next()?);
    Some(Owner { host, boot, pid, start })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder of a demo that these lines tell of.
    fn folder(base: &Path, name: &str, lines: &str) {
        fs::create_dir_all(base.join(name).join("data")).unwrap();
        fs::write(base.join(name).join(SIGN), lines).unwrap();
    }

    #[test]
    fn the_folders_of_dead_demos_go_and_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("tmp");
        let Owner { host, boot, pid, .. } = Owner::of_this_process();
        let dead = format!("{host}\n{boot}\n{pid}\n1\n");
        folder(&base, "noctui-demo-1-0", &dead);
        folder(&base, "noctui-demo-2-0", &format!("another host\n{boot}\n{pid}\n1\n"));
        folder(&base, "noctui-demo-3-0", "");
        folder(&base, "mine", &dead);
        folder(dir.path(), "elsewhere", &dead);
        symlink(dir.path().join("elsewhere"), base.join("noctui-demo-4-0")).unwrap();
        fs::create_dir(base.join("noctui-demo-5-0")).unwrap();
        sign(&base.join("noctui-demo-5-0"));
        remove(&base);
        let mut left: Vec<_> = fs::read_dir(&base).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["mine", "noctui-demo-2-0", "noctui-demo-3-0", "noctui-demo-4-0", "noctui-demo-5-0"]);
        assert!(dir.path().join("elsewhere").exists());
    }
}
