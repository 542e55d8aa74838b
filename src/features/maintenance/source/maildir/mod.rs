//! A watched Maildir: what is there comes first, in the order of delivery, then what arrives.
//!
//! The mailbox is only read. An idle watch costs nothing: changes come from the system (inotify). Only on network file
//! systems, whose servers do not tell of what others deliver, it looks again once in a while.

mod changes;
mod listing;
mod refused;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::future;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::Sender;
use tokio::sync::watch::Receiver;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use self::changes::{Changes, Gathered, Touch};
use self::listing::FOLDERS;
pub(super) use self::listing::{Entry, is_maildir, list};
use self::refused::Refused;
pub use self::refused::{Found, survey, unread};
use super::read::{Unread, read_stamped};
use super::{Event, Handled, Received, Stamp, State};
use crate::clock;

/// The pause between two looks where the system does not tell of changes.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Lets a burst of deliveries become one sorted batch.
const SETTLE: Duration = Duration::from_millis(20);
/// How long a file that was created in place must be left alone by its writer before it counts as complete. Deliverers
/// rename; this is for `cp mail Maildir/new/` and for those who link. Of a writer who halts for longer the mail is read as far
/// as it is there, and again when there is more of it.
const SETTLE_GROWING: Duration = Duration::from_secs(1);
/// Keys remembered before those that have been recorded meanwhile are forgotten again.
const MAX_HANDED_OUT: usize = 4_096;

/// Attempts to open a Maildir whose folders come and go while it is opened.
const MAX_OPENINGS: usize = 10;

/// A Maildir to be watched.
#[derive(Debug, Clone)]
pub struct Maildir {
    /// The folder that has `new/` and `cur/`.
    root: PathBuf,
    /// See [`LOOK_EVERY`].
    look_every: Duration,
    /// Whether to look again even where the system tells of changes.
    always_look: bool,
    /// What was delivered before is left alone.
    since: DateTime<Utc>,
}

impl Maildir {
    /// The Maildir at `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        // Absolute, so that there is always a folder above it that exists.
        Self {
            root: std::path::absolute(&root).unwrap_or(root),
            look_every: LOOK_EVERY,
            always_look: false,
            since: DateTime::UNIX_EPOCH,
        }
    }

    /// Leaves mails alone that were delivered before `since`, as far as they are there when it looks.
    #[must_use]
    pub fn since(self, since: DateTime<Utc>) -> Self {
        Self { since, ..self }
    }

    /// Hands every mail that is not `handled` to `out`, once, until `stop` is cancelled or the reader is gone; a file that
    /// is another later, once more. Whenever `check` changes it looks whether the path still leads where it led.
    ///
    /// Mails that were refused for a reason that may pass come again when they change. Cancel safety: it only reads, so
    /// it may be dropped anywhere; what was not taken from the channel comes again next time.
    pub async fn watch(self, handled: Handled, out: Sender<Event>, check: Receiver<u64>, stop: CancellationToken) {
        let mut watch = Watch {
            maildir: Arc::new(self),
            handled,
            out,
            check,
            told: None,
            handed_out: BTreeSet::new(),
            prune_at: MAX_HANDED_OUT,
            refused: Refused::default(),
            ripening: HashMap::new(),
        };
        stop.run_until_cancelled(watch.run()).await;
    }
}

/// The reader is gone, or the runtime is going down: the watch ends.
#[derive(Debug)]
struct Ended;

/// A watch under way.
struct Watch {
    /// What is watched.
    maildir: Arc<Maildir>,
    /// Asked before a mail is read.
    handled: Handled,
    /// Where mails go.
    out: Sender<Event>,
    /// Changes when it is time to look where the path leads: the system tells nothing of links, and of folders further up.
    check: Receiver<u64>,
    /// The state that was told last, so that it is told once.
    told: Option<State>,
    /// Keys that went out and are perhaps not recorded yet, and as what.
    handed_out: BTreeSet<(String, Option<Stamp>)>,
    /// Size of `handed_out` at which to forget what has been recorded.
    prune_at: usize,
    /// Mails that are there and cannot be read.
    refused: Refused,
    /// Files that changed, and when they may be read.
    ripening: HashMap<PathBuf, Instant>,
}

impl Watch {
    /// Watches, through every disappearance of the Maildir.
    async fn run(&mut self) -> Result<(), Ended> {
        loop {
            match self.open().await? {
                Ok(opened) => self.follow(opened).await?,
                Err(reason) => {
                    self.tell(State::Failing { reason }).await?;
                    self.await_appearance().await?;
                }
            }
        }
    }

    /// Sets up the watch before anything is listed, so that nothing falls between.
    async fn open(&self) -> Result<Result<Opened, String>, Ended> {
        let maildir = Arc::clone(&self.maildir);
        blocking(move || maildir.open()).await
    }

    /// Hands out what is there and what comes, until the folders themselves change.
    async fn follow(&mut self, opened: Opened) -> Result<(), Ended> {
        loop {
            if let Err(reason) = self.hand_out_all().await? {
                self.tell(State::Failing { reason }).await?;
                sleep(self.maildir.look_every).await;
                return Ok(());
            }
            self.tell_how_it_goes(&opened).await?;
            let next_look = opened.looks_every.map(|pause| Instant::now() + pause);
            let gathered = self.hand_out_changes(&opened, next_look).await?;
            if gathered.open_again {
                return Ok(());
            }
        }
    }

    /// Lists the Maildir and hands out what is new in it.
    async fn hand_out_all(&mut self) -> Result<Result<(), String>, Ended> {
        self.ripening.clear();
        let (maildir, handled) = (Arc::clone(&self.maildir), Arc::clone(&self.handled));
        let mut entries = match blocking(move || list(&maildir.root, &handled)).await? {
            Ok(entries) => entries,
            Err(error) => return Ok(Err(format!("cannot be listed: {error}: {}", self.maildir.root.display()))),
        };
        entries.retain(|entry| {
            let recent = entry.delivered.is_none_or(|delivered| delivered >= self.maildir.since);
            recent && !self.is_handed_out(entry)
        });
        // Whoever writes one of them may be in the middle of it.
        if let Some(wait) = entries.iter().filter_map(|entry| settles_in(entry.stamp?)).max() {
            sleep(wait).await;
        }
        // Those that were refused are tried again, but they are no news.
        let listed: HashSet<&String> = entries.iter().map(|entry| &entry.key).collect();
        self.refused.retain(|key| listed.contains(key));
        let mails = entries.iter().filter(|entry| !self.refused.contains(&entry.key)).count();
        if mails > 0 {
            self.tell(State::Reading { mails }).await?;
        }
        for entry in entries {
            self.hand_out(entry).await?;
        }
        Ok(Ok(()))
    }

    /// Hands out mails as they arrive. Returns when the Maildir has to be listed or opened again.
    async fn hand_out_changes(&mut self, opened: &Opened, next_look: Option<Instant>) -> Result<Gathered, Ended> {
        let mut next_try = Instant::now() + self.maildir.look_every;
        loop {
            // Cancel safety: each branch only waits; what was gathered stays gathered.
            tokio::select! {
                gathered = opened.next_change() => {
                    if gathered.open_again || gathered.list_again {
                        return Ok(gathered);
                    }
                    self.ripen(gathered);
                }
                () = at(self.ripening.values().min().copied()) => {
                    self.hand_out_ripe().await?;
                    self.tell_how_it_goes(opened).await?;
                }
                // What a link points to may be readable by now, or another process may have read the mail.
                () = sleep_until(next_try), if !self.refused.is_empty() => {
                    next_try = Instant::now() + self.maildir.look_every;
                    self.ripening.extend(self.refused.paths().map(|path| (path, Instant::now())));
                }
                Ok(()) = self.check.changed() => {
                    let (maildir, watched) = (Arc::clone(&self.maildir), opened.places);
                    if blocking(move || maildir.places() != watched).await? {
                        return Ok(Gathered { open_again: true, ..Gathered::default() });
                    }
                }
                // Where the system tells nothing, it does not tell either that the folders are others now.
                () = at(next_look) => return Ok(Gathered { open_again: true, ..Gathered::default() }),
            }
        }
    }

    /// Notes when the files that changed may be read.
    fn ripen(&mut self, gathered: Gathered) {
        let now = Instant::now();
        for (path, touch) in gathered.files {
            let settle = match touch {
                Touch::Complete => SETTLE,
                Touch::Growing => SETTLE_GROWING,
            };
            self.ripening.insert(path, now + settle);
        }
    }

    /// Hands out the changed files whose time has come.
    async fn hand_out_ripe(&mut self) -> Result<(), Ended> {
        let now = Instant::now();
        let ripe: Vec<PathBuf> = self.ripening.extract_if(|_, due| *due <= now).map(|(path, _)| path).collect();
        let handled = Arc::clone(&self.handled);
        let entries = blocking(move || {
            let mut entries: Vec<_> = ripe.into_iter().filter_map(Entry::at).collect();
            entries.sort_unstable();
            entries.into_iter().partition::<Vec<_>, _>(|entry| handled(&entry.key, entry.stamp))
        });
        let (recorded, entries) = entries.await?;
        for entry in recorded {
            self.refused.remove(&entry.key);
        }
        for entry in entries {
            self.hand_out(entry).await?;
        }
        Ok(())
    }

    /// Whether a mail went out as it is.
    fn is_handed_out(&self, entry: &Entry) -> bool {
        let mut from = self.handed_out.range((entry.key.clone(), entry.stamp)..);
        from.next().is_some_and(|(key, stamp)| *key == entry.key && (entry.stamp.is_none() || *stamp == entry.stamp))
    }

    /// Reads one mail and hands it out, unless that was done before.
    async fn hand_out(&mut self, entry: Entry) -> Result<(), Ended> {
        if self.is_handed_out(&entry) {
            return Ok(());
        }
        let Entry { delivered, key, path, stamp } = entry;
        let at = path.clone();
        let (body, stamp) = match blocking(move || read_stamped(&at)).await? {
            Ok((bytes, stamp)) => (Ok(bytes), Some(stamp)),
            // Deleted, or moved to cur/: then the move was gathered as well.
            Err(Unread::Vanished) => {
                self.refused.vanished(&key, &path);
                return Ok(());
            }
            Err(Unread::Refused(refusal)) => (Err(refusal), stamp),
        };
        match &body {
            // Told once.
            Err(refusal) if !refusal.is_lasting() => {
                if !self.refused.insert(&key, path, refusal) {
                    return Ok(());
                }
            }
            _ => {
                self.refused.remove(&key);
                self.handed_out.insert((key.clone(), stamp));
            }
        }
        let received = Received { stamp, ..Received::whole(key, delivered, body) };
        self.send(Event::Received(vec![received])).await?;
        self.prune().await
    }

    /// Forgets the keys that the reader has recorded, so that the memory does not grow with the mailbox.
    async fn prune(&mut self) -> Result<(), Ended> {
        if self.handed_out.len() < self.prune_at {
            return Ok(());
        }
        let (mut keys, handled) = (std::mem::take(&mut self.handed_out), Arc::clone(&self.handled));
        self.handed_out = blocking(move || {
            keys.retain(|(key, _)| !handled(key, None));
            keys
        })
        .await?;
        self.prune_at = MAX_HANDED_OUT.max(self.handed_out.len() * 2);
        Ok(())
    }

    /// Waits until something changes on the way to a Maildir that is not there.
    async fn await_appearance(&mut self) -> Result<(), Ended> {
        let maildir = Arc::clone(&self.maildir);
        let Some(above) = blocking(move || maildir.above()).await? else { return Ok(()) };
        let next_look = above.looks_every.map(|pause| Instant::now() + pause);
        tokio::select! {
            _ = above.next_change() => {}
            Ok(()) = self.check.changed() => {}
            () = at(next_look) => {}
        }
        Ok(())
    }

    /// Tells that everything there is was handed out, or which mails of it cannot be read.
    async fn tell_how_it_goes(&mut self, opened: &Opened) -> Result<(), Ended> {
        let reason = self.refused.trouble().map(|trouble| trouble.one_line());
        let watching = State::Watching { looks_every: opened.looks_every, is_whole: true };
        self.tell(reason.map_or(watching, |reason| State::Failing { reason })).await
    }

    /// Tells the reader of a new state.
    async fn tell(&mut self, state: State) -> Result<(), Ended> {
        if self.told.as_ref() == Some(&state) {
            return Ok(());
        }
        self.told = Some(state.clone());
        self.send(Event::State(state)).await
    }

    /// Waits for room in the channel.
    async fn send(&self, event: Event) -> Result<(), Ended> {
        self.out.send(event).await.map_err(|_| Ended)
    }
}

/// How changes in some folders become known.
struct Opened {
    /// `None` when the system refused a watch.
    changes: Option<Changes>,
    /// The pause between two looks, where looking is needed.
    looks_every: Option<Duration>,
    /// What is watched, from before it was.
    places: Places,
}

/// Which folders a Maildir and those in it are, by device and inode.
type Places = [Option<(u64, u64)>; 1 + FOLDERS.len()];

impl Opened {
    /// The next changes; never, when the system does not tell.
    async fn next_change(&self) -> Gathered {
        match &self.changes {
            Some(changes) => changes.next().await,
            None => future::pending().await,
        }
    }
}

impl Maildir {
    /// Blocks. The error says what is missing.
    fn open(&self) -> Result<Opened, String> {
        for _ in 0..MAX_OPENINGS {
            if !is_maildir(&self.root) {
                break;
            }
            let places = self.places();
            let watch = Changes::of_maildir(&self.root);
            if !watch.as_ref().is_err_and(is_gone) {
                return Ok(self.opened(watch, &self.root, places));
            }
        }
        let root = self.root.display();
        Err(match self.root.metadata() {
            Ok(metadata) if metadata.is_dir() => format!("no Maildir: {root} has neither new/ nor cur/"),
            Ok(_) => format!("no folder: {root}"),
            Err(error) => format!("cannot be opened: {error}: {root}"),
        })
    }

    /// Blocks. The watch on what is there of the way to the Maildir; `None` when the way changed meanwhile, so that it
    /// has to be opened once more.
    fn above(&self) -> Option<Opened> {
        let nearest = || self.root.ancestors().find(|folder| folder.is_dir()).unwrap_or(&self.root);
        let watched = nearest();
        let watch = Changes::above(watched, &self.root);
        if watch.as_ref().is_err_and(is_gone) || nearest() != watched || is_maildir(&self.root) {
            return None;
        }
        Some(self.opened(watch, watched, Places::default()))
    }

    /// Looks now and then where `watch` does not tell all, or nothing.
    fn opened(&self, watch: notify::Result<Changes>, folder: &Path, places: Places) -> Opened {
        let changes = watch
            .inspect_err(|error| tracing::warn!(folder = %folder.display(), %error, "no watch; looking now and then"))
            .ok();
        let look = self.always_look || changes.is_none() || is_remote(folder);
        Opened { changes, looks_every: look.then_some(self.look_every), places }
    }

    /// Blocks. Where the path leads now.
    fn places(&self) -> Places {
        let [new, cur] = FOLDERS.map(|folder| self.root.join(folder));
        [&self.root, &new, &cur].map(|folder| folder.metadata().ok().map(|found| (found.dev(), found.ino())))
    }
}

/// How long a file has still to be left alone before it counts as complete; `None` where it does.
fn settles_in(stamp: Stamp) -> Option<Duration> {
    let now = clock::now().timestamp_nanos_opt()?;
    let age = u64::try_from(now.checked_sub(stamp.written_at)?).ok()?;
    SETTLE_GROWING.checked_sub(Duration::from_nanos(age)).filter(|left| !left.is_zero())
}

/// Whether a folder went away before the watch on it was set up.
fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound | notify::ErrorKind::WatchNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        notify::ErrorKind::Generic(_) | notify::ErrorKind::InvalidConfig(_) | notify::ErrorKind::MaxFilesWatch => false,
    }
}

/// Whether others may change what is below `path` without this system's knowing.
#[cfg(target_os = "linux")]
fn is_remote(path: &Path) -> bool {
    /// Of `linux/magic.h` and the file systems' own headers: NFS, SMB, CIFS, SMB2, AFS, 9P, Ceph, FUSE (sshfs), Lustre,
    /// GPFS.
    const REMOTE: [u32; 10] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x5346_414f,
        0x0102_1997,
        0x00c3_6400,
        0x6573_5546,
        0x0bd0_0bd0,
        0x4750_4653,
    ];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bit pattern of 32 bits")]
    rustix::fs::statfs(path).is_ok_and(|status| REMOTE.contains(&(status.f_type as u32)))
}

/// Elsewhere the watcher's own word has to do.
#[cfg(not(target_os = "linux"))]
fn is_remote(_path: &Path) -> bool {
    false
}

/// Waits until `when`; for ever when there is no such time.
async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => future::pending().await,
    }
}

/// Runs `work` where blocking is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Ended> {
    spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "reading the Maildir broke off");
        Ended
    })
}

#[cfg(test)]
mod tests;
