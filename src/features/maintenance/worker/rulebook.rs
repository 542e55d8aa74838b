//! The provider rules in force: read anew when a file in the user's folder changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use super::Report;
use crate::blocking;
use crate::features::maintenance::rules::{RuleError, Rules};
use crate::trouble::Trouble;
use crate::watching::FolderWatch;

/// A change is read once nothing has changed for this long: editors write in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// The rules in force, shared by everybody who reads mails.
#[derive(Debug, Clone)]
pub(super) struct Rulebook(Arc<Mutex<Arc<Rules>>>);

impl Rulebook {
    /// These rules.
    pub(super) fn new(rules: Rules) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(rules))))
    }

    /// The rules as they are now.
    pub(super) fn now(&self) -> Arc<Rules> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in their place.
    fn replace(&self, rules: Rules) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}

/// Keeps a rulebook up to date with a folder.
pub(super) struct Reading {
    /// What is kept up to date.
    rulebook: Rulebook,
    /// The user's rules.
    dir: PathBuf,
    /// The errors that were told last.
    errors: Vec<RuleError>,
    /// The watch on the folder, or on the nearest one above that is there.
    watch: FolderWatch,
    /// From the watcher's thread; one waiting event stands for any number, and it closes with the watch.
    events: Receiver<()>,
}

impl Reading {
    /// Watches `dir`, whose rules, read with `errors`, are in `rulebook`.
    pub(super) fn begin(rulebook: Rulebook, dir: PathBuf, errors: Vec<RuleError>) -> notify::Result<Self> {
        let (sender, events) = channel(1);
        let watch = FolderWatch::new(move |event| {
            if event.map_or(true, |event| is_change(&event)) {
                // Full means that the folder will be read anyway.
                let _ = sender.try_send(());
            }
        })?;
        let mut this = Self { rulebook, dir, errors, watch, events };
        this.arm()?;
        Ok(this)
    }

    /// Watches the folder as it is now: one that was made anew needs a new watch.
    fn arm(&mut self) -> notify::Result<()> {
        self.watch.unwatch_all();
        let nearest = self.dir.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        self.watch.watch(nearest)
    }

    /// Reads the rules whenever they change, and tells `reports`, until `stop` is cancelled or nobody listens.
    ///
    /// Cancel safety: what is waited for can be dropped at any time; rules are replaced as a whole.
    pub(super) async fn run(mut self, reports: Sender<Report>, stop: CancellationToken) {
        loop {
            // Read before the first wait as well: they may have changed between their reading and the watch.
            if let Some(report) = self.read().await
                && reports.send(report).await.is_err()
            {
                return;
            }
            let Some(Some(())) = stop.run_until_cancelled(self.events.recv()).await else { return };
            if stop.run_until_cancelled(tokio::time::sleep(QUIET)).await.is_none() {
                return;
            }
            let _ = self.events.try_recv();
            if let Err(error) = self.arm() {
                tracing::warn!(%error, dir = %self.dir.display(), "cannot watch the provider rules");
            }
        }
    }

    /// Reads the folder; what is to be told if that makes a difference.
    async fn read(&mut self) -> Option<Report> {
        let dir = self.dir.clone();
        let (rules, errors) = blocking::run(move || Rules::with_user_dir(&dir)).await;
        if rules.says_the_same_as(&self.rulebook.now()) && errors == self.errors {
            return None;
        }
        let problems: Vec<Trouble> = errors.iter().map(|error| error.clone().problem().trouble()).collect();
        for problem in &errors {
            tracing::warn!(%problem, "a provider rule is not used");
        }
        tracing::info!(problems = problems.len(), "provider rules read again");
        self.rulebook.replace(rules);
        self.errors = errors;
        Some(Report::RulesRead { problems })
    }
}

/// Whether something was written; reading a file is an event, too.
fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "organizer = 'x@x.example'\nprocessors = [['html', 'date']]\n[part.html]\n";

    /// The next report; the time is a guard against hanging.
    async fn next(reports: &mut Receiver<Report>) -> Vec<Trouble> {
        let report = tokio::time::timeout(Duration::from_mins(1), reports.recv()).await.unwrap().unwrap();
        let Report::RulesRead { problems } = report else { panic!("{report:?}") };
        problems
    }

    #[tokio::test]
    async fn rules_are_read_again_when_a_file_is_written_and_when_it_goes() {
        let home = tempfile::tempdir().unwrap();
        // The folder is not there yet.
        let dir = home.path().join("providers");
        let (rules, errors) = Rules::with_user_dir(&dir);
        let rulebook = Rulebook::new(rules);
        let reading = Reading::begin(rulebook.clone(), dir.clone(), errors).unwrap();
        let (out, mut reports) = channel(8);
        let stop = CancellationToken::new();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(reading.run(out, stop.clone()));
        let has = |slug: &str| rulebook.now().slugs().contains(&slug);
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("own.toml"), RULE).unwrap();
        assert_eq!(next(&mut reports).await, []);
        assert!(has("own"));
        std::fs::write(dir.join("broken.toml"), "organizer = 1").unwrap();
        let problems = next(&mut reports).await;
        assert!(problems[0].one_line().contains("broken.toml"), "{problems:?}");
        assert!(has("own") && !has("broken"));
        std::fs::remove_file(dir.join("broken.toml")).unwrap();
        assert_eq!(next(&mut reports).await, []);
        stop.cancel();
        tasks.join_next().await.unwrap().unwrap();
    }
}
