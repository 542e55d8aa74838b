//! The provider rules in force: read anew when a file in the user's folder changes.

use std::path::PathBuf;

use super::Report;
use super::watched::{Current, Read};
use crate::blocking;
use crate::features::maintenance::rules::{RuleError, Rules, Sender};
use crate::trouble::Trouble;
use crate::watching::FolderChanges;

/// Keeps a rulebook up to date with a folder.
pub(super) struct Reading {
    /// What is kept up to date.
    rulebook: Current<Rules>,
    /// Addresses that are known from elsewhere to send for a rule.
    senders: Current<Vec<Sender>>,
    /// The user's rules.
    dir: PathBuf,
    /// The errors that were told last.
    errors: Vec<RuleError>,
}

impl Reading {
    /// Of `dir`, whose rules, read with `errors`, are in `rulebook`.
    pub(super) const fn new(
        rulebook: Current<Rules>,
        senders: Current<Vec<Sender>>,
        dir: PathBuf,
        errors: Vec<RuleError>,
    ) -> Self {
        Self { rulebook, senders, dir, errors }
    }

    /// What changes in the folder.
    pub(super) fn changes(&self) -> notify::Result<FolderChanges> {
        FolderChanges::of(&self.dir)
    }
}

impl Read for Reading {
    async fn read(&mut self) -> Option<Report> {
        let dir = self.dir.clone();
        let (rules, errors) = blocking::run(move || Rules::with_user_dir(&dir)).await;
        let rules = rules.with_senders(self.senders.now().to_vec());
        let rules = rules.with_sender_headers(self.rulebook.now().sender_headers().to_vec());
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc::{Receiver, channel};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::features::maintenance::worker::watched::keep_reading;

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
        let rulebook = Current::new(rules);
        let reading = Reading::new(rulebook.clone(), Current::new(Vec::new()), dir.clone(), errors);
        let (out, mut reports) = channel(8);
        let stop = CancellationToken::new();
        let mut tasks = tokio::task::JoinSet::new();
        let changes = reading.changes().unwrap();
        tasks.spawn(keep_reading(reading, changes, out, stop.clone()));
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
