//! The user's circuits: read anew when their file changes, and put beside what the store says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::Report;
use super::watched::{Current, Read};
use crate::blocking;
use crate::config::Problem;
use crate::features::maintenance::inventory::{Inventory, KnownCircuit, Standing};
use crate::features::maintenance::store::detail::circuits_of;
use crate::features::maintenance::store::list::Row;
use crate::store::Error;
use crate::trouble::Trouble;
use crate::watching::FolderChanges;

/// Keeps an inventory up to date with its file.
pub(super) struct Reading {
    /// What is kept up to date.
    inventory: Current<Inventory>,
    /// Circuits that come from elsewhere.
    more: Current<Vec<KnownCircuit>>,
    /// The file.
    file: PathBuf,
    /// What was wrong with it the last time.
    problems: Vec<Problem>,
}

impl Reading {
    /// Of `file`, which was not read yet.
    pub(super) const fn new(inventory: Current<Inventory>, more: Current<Vec<KnownCircuit>>, file: PathBuf) -> Self {
        Self { inventory, more, file, problems: Vec::new() }
    }

    /// What changes in the folder of the file.
    pub(super) fn changes(&self) -> notify::Result<FolderChanges> {
        FolderChanges::of(self.file.parent().unwrap_or(Path::new("/")))
    }
}

impl Read for Reading {
    /// Circuits stay known while the file cannot be read.
    async fn read(&mut self) -> Option<Report> {
        let file = self.file.clone();
        let more = self.more.now();
        let read = move || {
            let (inventory, problems) = Inventory::read(&file);
            // One that cannot be read leaves what is known.
            if inventory.is_there() { (inventory.with_more(&more), problems) } else { (inventory, problems) }
        };
        let (inventory, problems) = blocking::run(read).await;
        let is_same = !inventory.is_there() || inventory == *self.inventory.now();
        if is_same && problems == self.problems {
            return None;
        }
        for problem in problems.iter().take(20) {
            tracing::warn!("{}", problem.trouble().one_line());
        }
        let circuits = inventory.circuits().len();
        if inventory.is_there() {
            self.inventory.replace(inventory);
        }
        let told = problems.iter().take(20).map(Problem::trouble).collect::<Vec<Trouble>>();
        self.problems = problems;
        Some(Report::CircuitsRead { circuits, problems: told })
    }
}

/// Puts what is known of circuits beside an answer of the store.
pub(super) fn mark(connection: &Connection, report: &mut Report, inventory: &Inventory) -> Result<(), Error> {
    if !inventory.is_there() {
        return Ok(());
    }
    if let Report::Listed { window, .. } | Report::Extended { window, .. } = report {
        mark_rows(connection, &mut window.rows, inventory)?;
    } else if let Report::Opened { detail: Ok(Some(detail)), .. } = report {
        let detail = Arc::make_mut(detail);
        detail.standings = inventory.standings(&detail.provider, &detail.circuits);
    }
    Ok(())
}

/// Counts the circuits of rows that the inventory does not have.
pub(crate) fn mark_rows(connection: &Connection, rows: &mut [Row], inventory: &Inventory) -> Result<(), Error> {
    for row in rows {
        let circuits = circuits_of(connection, row.key.maintenance)?;
        let standings = inventory.standings(&row.provider, &circuits);
        row.unknown_circuits = standings.iter().filter(|standing| **standing == Standing::Unknown).count();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc::{Receiver, channel};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::features::maintenance::worker::watched::keep_reading;

    /// The next report; the time is a guard against hanging.
    async fn next(reports: &mut Receiver<Report>) -> (usize, Vec<Trouble>) {
        let report = tokio::time::timeout(Duration::from_mins(1), reports.recv()).await.unwrap().unwrap();
        let Report::CircuitsRead { circuits, problems } = report else { panic!("{report:?}") };
        (circuits, problems)
    }

    #[tokio::test]
    async fn circuits_are_read_again_and_stay_known_while_their_file_has_a_mistake() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("circuits.csv");
        std::fs::write(&file, "id\nA-1\n").unwrap();
        let current = Current::new(Inventory::read(&file).0);
        let reading = Reading::new(current.clone(), Current::new(Vec::new()), file.clone());
        let (out, mut reports) = channel(8);
        let stop = CancellationToken::new();
        let mut tasks = tokio::task::JoinSet::new();
        let changes = reading.changes().unwrap();
        tasks.spawn(keep_reading(reading, changes, out, stop.clone()));
        std::fs::write(&file, "id\nA-1\nB-2\n").unwrap();
        assert_eq!(next(&mut reports).await, (2, vec![]));
        assert!(current.now().standing("x", "b2").known().is_some());
        std::fs::write(&file, "nothing\n").unwrap();
        let (_, problems) = next(&mut reports).await;
        assert!(problems[0].one_line().contains("circuits.csv:1:1"), "{problems:?}");
        assert!(current.now().standing("x", "b2").known().is_some());
        stop.cancel();
        tasks.join_next().await.unwrap().unwrap();
    }
}
