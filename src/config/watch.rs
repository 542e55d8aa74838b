//! Notices that the configuration changed and reads it anew.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinError;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Config, Environment, Flags, Origin, Problem, Problems, load, paths, says_something, themes};
use crate::watching::FolderWatch;

/// A change is read once nothing has changed for this long: editors write in several steps.
const QUIET: Duration = Duration::from_millis(100);

/// A file that keeps changing is read this often.
const PATIENCE: Duration = Duration::from_secs(1);

/// A file that is gone or empty is believed to be so after this long: some editors take it away before they put the new
/// one in its place.
const GONE: Duration = Duration::from_secs(1);

/// As many links are followed from the configuration file; the kernel gives up at about as many.
const LINKS: usize = 32;

/// Why changes go unnoticed.
#[derive(Debug, thiserror::Error)]
#[error("changes of the configuration go unnoticed until noctui starts again")]
pub struct Unwatched(#[from] notify::Error);

/// What is looked at: names in folders, since editors put a new file in the place of the old one.
#[derive(Debug, Default, PartialEq, Eq)]
struct Points {
    /// The folders that are watched. They exist.
    folders: BTreeSet<PathBuf>,
    /// The names in them that matter.
    names: BTreeSet<OsString>,
    /// The folder in which every theme matters, also a new one.
    themes: PathBuf,
}

/// Watches the configuration. While nothing changes it costs a sleeping thread.
#[derive(Debug)]
pub struct Watch {
    /// What the command line says, which stays.
    flags: Flags,
    /// The variables, which stay.
    environment: Environment,
    /// The configuration file.
    path: PathBuf,
    /// What was read last.
    last: Result<Config, Problems>,
    /// Whether what is in force was written in the file, so that a file without a word takes something away.
    is_written: bool,
    /// Shared with the watcher's thread, which looks into it for each event.
    points: Arc<Mutex<Points>>,
    /// The watch on the folders.
    on_folders: FolderWatch,
    /// From the watcher's thread; one waiting event stands for any number, and it closes with the watcher.
    events: Receiver<()>,
    /// Whether something changed that was not read yet.
    pending: bool,
}

impl Watch {
    /// Watches for what differs from `current`, which was loaded with these flags and variables.
    pub fn new(flags: Flags, environment: Environment, current: Config) -> Result<Self, Unwatched> {
        let (sender, events) = channel(1);
        let points = Arc::new(Mutex::new(Points::default()));
        let matter = Arc::clone(&points);
        let on_folders = FolderWatch::new(move |event| {
            if event.map_or(true, |event| lock(&matter).matter_to(&event)) {
                // Full means that the reader will look anyway.
                let _ = sender.try_send(());
            }
        })?;
        let path = current.paths.config.clone();
        let is_written = says_something(&path);
        let mut this = Self {
            flags,
            environment,
            path,
            last: Ok(current),
            is_written,
            points,
            on_folders,
            events,
            pending: false,
        };
        this.rearm()?;
        Ok(this)
    }

    /// Waits until the configuration says something else and reads it. After an error keep what you have and show the
    /// problems; when the mistakes are gone the configuration is told again, even where it is as before. A file that was
    /// removed or emptied is such a mistake: nobody loses `read_only` or a source by a slip.
    ///
    /// It looks at folders, which may be on a network: await it in a task of its own, not in the loop of the screen.
    ///
    /// Cancel safety: dropped while waiting, nothing is lost; the next call goes on.
    pub async fn changed(&mut self) -> Result<Config, Problems> {
        loop {
            if !self.pending && self.events.recv().await.is_none() {
                // The watcher is ours, so this does not happen; if it did, nothing would ever change.
                std::future::pending::<()>().await;
            }
            self.pending = true;
            self.settle().await;
            if let Err(error) = self.rearm() {
                tracing::warn!(%error, path = %self.path.display(), "cannot watch the configuration");
            }
            let mut read = self.read().await;
            if matches!(read, Ok((_, false))) && self.is_written {
                sleep(GONE).await;
                read = self.read().await;
            }
            self.pending = false;
            match read {
                Ok((read, says_something)) => {
                    let read = if self.is_written && !says_something { Err(self.gone()) } else { read };
                    self.is_written |= read.is_ok() && says_something;
                    if read != self.last {
                        self.last.clone_from(&read);
                        return read;
                    }
                }
                Err(error) => tracing::error!(%error, "reading the configuration failed"),
            }
        }
    }

    /// What the configuration is now, and whether its file says anything.
    async fn read(&self) -> Result<(Result<Config, Problems>, bool), JoinError> {
        let (flags, environment, path) = (self.flags.clone(), self.environment.clone(), self.path.clone());
        let gone = self.gone();
        let read = move || {
            // Somebody may never come to the other end of a pipe.
            let is_pipe = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
            let read = if is_pipe { Err(gone) } else { load(&flags, &environment) };
            (read, says_something(&path))
        };
        tokio::task::spawn_blocking(read).await
    }

    /// The file that says what is in force is gone, or empty.
    fn gone(&self) -> Problems {
        let what = match self.path.metadata() {
            Err(_) => "the file is gone",
            Ok(metadata) if metadata.is_dir() => "a folder is in the place of the file",
            Ok(metadata) if !metadata.is_file() => "a pipe or a device is in the place of the file",
            Ok(_) => "the file is empty",
        };
        Problems(vec![Problem {
            origin: Origin::File { path: self.path.as_path().into(), line: 0, column: 0 },
            key: String::new(),
            what: what.to_owned(),
            because: "what it said stays in force".to_owned(),
            remedy: "write it again, or start noctui anew to do without it".to_owned(),
        }])
    }

    /// Waits until nothing has changed for a while.
    async fn settle(&mut self) {
        let latest = Instant::now() + PATIENCE;
        loop {
            let quiet = (Instant::now() + QUIET).min(latest);
            tokio::select! {
                biased;
                () = sleep_until(quiet) => return,
                Some(()) = self.events.recv() => {}
            }
        }
    }

    /// Watches the folders that matter now; one that was made anew needs a new watch although its name is the same.
    fn rearm(&mut self) -> Result<(), notify::Error> {
        let new = Points::of_configuration(&self.path);
        self.on_folders.unwatch_all();
        let watched = new.folders.iter().try_for_each(|folder| self.on_folders.watch(folder));
        *lock(&self.points) = new;
        watched
    }
}

/// The points; a thread that panicked while it held them did not leave them half written.
fn lock(points: &Mutex<Points>) -> MutexGuard<'_, Points> {
    points.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Points {
    /// What decides on the configuration file `path` and on the themes beside it.
    fn of_configuration(path: &Path) -> Self {
        let mut points = Self::of(path);
        points.themes = paths::themes_dir(path);
        for path in [points.themes.clone()].into_iter().chain(themes::paths(&points.themes)) {
            let Self { folders, names, themes: _ } = Self::of(&path);
            points.folders.extend(folders);
            points.names.extend(names);
        }
        if points.themes.is_dir() {
            points.folders.insert(points.themes.clone());
        }
        points
    }

    /// What decides on the content of `path`: its name in its folder, and the same for what it is a link to. Where the
    /// folder does not exist, the first of its parents that does, and the next name on the way.
    fn of(path: &Path) -> Self {
        let mut points = Self::default();
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            points.add(&path);
            let Ok(target) = std::fs::read_link(&path) else { break };
            let folder = path.parent().unwrap_or(Path::new("/"));
            // `config.toml -> ..data/config.toml` changes when `..data`, itself a link, is replaced.
            points.names.extend(target.iter().next().filter(|_| target.is_relative()).map(OsStr::to_owned));
            path = folder.join(target);
        }
        points
    }

    /// Adds the nearest existing folder above `path` and the name that leads on from there.
    fn add(&mut self, path: &Path) {
        let mut steps = path.ancestors();
        let mut name = steps.next().and_then(Path::file_name);
        for folder in steps {
            if folder.is_dir() {
                self.names.extend(name.map(OsStr::to_owned));
                self.folders.insert(folder.to_owned());
                return;
            }
            name = folder.file_name();
        }
    }

    /// Whether the configuration may have changed with `event`. Our own reading is an event too and is none of those.
    fn matter_to(&self, event: &Event) -> bool {
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let reading = matches!(event.kind, EventKind::Access(_)) && event.kind != written;
        let named = |path: &PathBuf| {
            let is_theme =
                || path.parent() == Some(&self.themes) && path.extension().is_some_and(|extension| extension == "toml");
            path.file_name().is_some_and(|name| self.names.contains(name)) || self.folders.contains(path) || is_theme()
        };
        // Events may have been dropped by the kernel.
        event.need_rescan() || (!reading && event.paths.iter().any(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A user's home folder with the configuration `text`, and the watch on it.
    fn watched(home: &Path, text: Option<&str>) -> Watch {
        if let Some(text) = text {
            write(home, text);
        }
        let environment = Environment::of([("HOME", home.to_str().unwrap())]);
        let current = load(&Flags::default(), &environment).unwrap();
        Watch::new(Flags::default(), environment, current).unwrap()
    }

    fn config(home: &Path) -> PathBuf {
        home.join(".config/noctui/config.toml")
    }

    /// Writes the configuration as editors do: beside it, then in its place.
    fn write(home: &Path, text: &str) {
        let path = config(home);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path.with_extension("swp"), text).unwrap();
        std::fs::rename(path.with_extension("swp"), path).unwrap();
    }

    /// The next change, which must come.
    async fn next(watch: &mut Watch) -> Result<Config, Problems> {
        // Only a guard against hanging: a busy machine may be slow.
        tokio::time::timeout(Duration::from_mins(1), watch.changed()).await.expect("the change goes unnoticed")
    }

    #[tokio::test]
    async fn a_file_put_in_the_place_of_the_old_one_is_read() {
        let home = tempfile::tempdir().unwrap();
        let mut watch = watched(home.path(), Some(""));
        write(home.path(), "theme = 'light'");
        assert_eq!(next(&mut watch).await.unwrap().theme, "light");
        std::fs::write(config(home.path()), "theme = 'high-contrast'").unwrap();
        assert_eq!(next(&mut watch).await.unwrap().theme, "high-contrast");
    }

    #[tokio::test]
    async fn a_file_that_is_removed_or_emptied_takes_nothing_away_and_that_is_said() {
        let home = tempfile::tempdir().unwrap();
        let mut watch = watched(home.path(), Some("read_only = true"));
        std::fs::remove_file(config(home.path())).unwrap();
        let what = |read: Result<Config, Problems>| read.unwrap_err().0[0].what.clone();
        assert_eq!(what(next(&mut watch).await), "the file is gone");
        write(home.path(), "\n");
        assert_eq!(what(next(&mut watch).await), "the file is empty");
        std::fs::remove_file(config(home.path())).unwrap();
        std::fs::create_dir(config(home.path())).unwrap();
        assert_eq!(what(next(&mut watch).await), "a folder is in the place of the file");
        std::fs::remove_dir(config(home.path())).unwrap();
        let (pipe, kind) = (config(home.path()), rustix::fs::FileType::Fifo);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, 0o600.into(), 0).unwrap();
        assert_eq!(what(next(&mut watch).await), "a pipe or a device is in the place of the file");
        write(home.path(), "read_only = true");
        assert!(next(&mut watch).await.unwrap().read_only.is_some(), "what is written again is read again");
        write(home.path(), "# nothing but a remark");
        assert_eq!(next(&mut watch).await.unwrap().read_only, None, "somebody wrote that");
    }

    #[tokio::test]
    async fn an_editor_that_takes_the_file_away_first_is_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let mut watch = watched(home.path(), Some("theme = 'light'"));
        std::fs::rename(config(home.path()), home.path().join("config.toml~")).unwrap();
        let (path, quiet) = (config(home.path()), QUIET * 4);
        let editor = async move {
            sleep(quiet).await;
            std::fs::write(path, "theme = 'high-contrast'").unwrap();
        };
        let (read, ()) = tokio::join!(next(&mut watch), editor);
        assert_eq!(read.unwrap().theme, "high-contrast");
    }

    #[tokio::test]
    async fn mistakes_are_told_and_so_is_their_end() {
        let home = tempfile::tempdir().unwrap();
        let mut watch = watched(home.path(), Some("theme = 'light'"));
        write(home.path(), "theme = 'lihgt'");
        let Problems(problems) = next(&mut watch).await.unwrap_err();
        assert_eq!(problems.first().unwrap().remedy, "write \"light\"");
        write(home.path(), "theme = 'light'");
        assert_eq!(next(&mut watch).await.unwrap().theme, "light");
    }

    #[tokio::test]
    async fn a_first_configuration_is_noticed_although_its_folders_are_new() {
        let home = tempfile::tempdir().unwrap();
        let mut watch = watched(home.path(), None);
        write(home.path(), "theme = 'light'");
        assert_eq!(next(&mut watch).await.unwrap().theme, "light");
        std::fs::remove_dir_all(home.path().join(".config")).unwrap();
        next(&mut watch).await.unwrap_err();
        write(home.path(), "theme = 'light'");
        assert_eq!(next(&mut watch).await.unwrap().theme, "light");
    }

    #[tokio::test]
    async fn what_says_the_same_is_no_change() {
        let home = tempfile::tempdir().unwrap();
        let mut watch = watched(home.path(), Some("mouse = true"));
        write(home.path(), "# a remark\nmouse = true");
        std::fs::write(home.path().join(".config/noctui/other"), "").unwrap();
        let cancelled = tokio::time::timeout(QUIET * 3, watch.changed()).await;
        assert!(cancelled.is_err(), "{cancelled:?}");
        // The wait that was given up lost nothing.
        write(home.path(), "mouse = false");
        assert!(!next(&mut watch).await.unwrap().mouse);
    }

    #[tokio::test]
    async fn themes_are_part_of_the_configuration() {
        let home = tempfile::tempdir().unwrap();
        let themes = home.path().join(".config/noctui/themes");
        let mut watch = watched(home.path(), Some(""));
        std::fs::create_dir_all(&themes).unwrap();
        std::fs::write(themes.join("mine.toml"), "text = {}").unwrap();
        let texts = |config: &Config| config.themes.iter().map(|file| file.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&next(&mut watch).await.unwrap()), ["text = {}"]);
        std::fs::write(themes.join("mine.toml"), "muted = {}").unwrap();
        assert_eq!(texts(&next(&mut watch).await.unwrap()), ["muted = {}"]);
        write(home.path(), "theme = 'mine'");
        assert_eq!(next(&mut watch).await.unwrap().theme, "mine");
        std::fs::remove_file(themes.join("mine.toml")).unwrap();
        let Problems(problems) = next(&mut watch).await.unwrap_err();
        assert_eq!(problems.first().unwrap().what, "there is no theme \"mine\"");
    }

    #[tokio::test]
    async fn links_are_followed() {
        let home = tempfile::tempdir().unwrap();
        let dotfiles = home.path().join("dotfiles");
        std::fs::create_dir(&dotfiles).unwrap();
        std::fs::write(dotfiles.join("noctui.toml"), "").unwrap();
        std::fs::create_dir_all(config(home.path()).parent().unwrap()).unwrap();
        symlink("../../dotfiles/noctui.toml", config(home.path())).unwrap();
        let mut watch = watched(home.path(), None);
        std::fs::write(dotfiles.join("noctui.toml"), "theme = 'light'").unwrap();
        assert_eq!(next(&mut watch).await.unwrap().theme, "light");
    }

    #[tokio::test]
    async fn a_folder_swapped_by_a_link_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".config/noctui");
        for (name, text) in [("..1", ""), ("..2", "theme = 'light'")] {
            std::fs::create_dir_all(folder.join(name)).unwrap();
            std::fs::write(folder.join(name).join("config.toml"), text).unwrap();
        }
        symlink("..1", folder.join("..data")).unwrap();
        symlink("..data/config.toml", folder.join("config.toml")).unwrap();
        let mut watch = watched(home.path(), None);
        symlink("..2", folder.join("..new")).unwrap();
        std::fs::rename(folder.join("..new"), folder.join("..data")).unwrap();
        assert_eq!(next(&mut watch).await.unwrap().theme, "light");
    }

    #[test]
    fn a_ring_of_links_ends() {
        let home = tempfile::tempdir().unwrap();
        symlink("b", home.path().join("a")).unwrap();
        symlink("a", home.path().join("b")).unwrap();
        let points = Points::of(&home.path().join("a"));
        assert_eq!(points.names, ["a".into(), "b".into()].into());
    }

    #[test]
    fn neighbours_and_reading_do_not_wake_noctui() {
        let (folders, names) = (["/c".into(), "/c/themes".into()].into(), ["config.toml".into()].into());
        let points = Points { folders, names, themes: "/c/themes".into() };
        let event = |kind, path: &str| Event::new(kind).add_path(path.into());
        let open = EventKind::Access(AccessKind::Open(AccessMode::Any));
        let modify = EventKind::Modify(notify::event::ModifyKind::Any);
        assert!(!points.matter_to(&event(open, "/c/config.toml")));
        assert!(!points.matter_to(&event(modify, "/c/.bash_history")));
        assert!(points.matter_to(&event(modify, "/c/config.toml")));
        assert!(points.matter_to(&event(modify, "/c/themes/mine.toml")));
        assert!(!points.matter_to(&event(modify, "/c/themes/.mine.toml.swp")));
        assert!(points.matter_to(&event(EventKind::Remove(notify::event::RemoveKind::Folder), "/c")));
    }
}
