//! Calendar files of maintenances, for the screen and for the subcommand.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::ical::{self, Entry};
use super::store::detail::Detail;

/// Files of the same name that a folder may hold before somebody should tidy it up.
const MOST: u32 = 999;
/// Characters of a file's name before its number and ending; every file system takes more.
const STEM: usize = 80;

/// Writes a calendar of `details` to a new file in `dir` and answers with its path. Nothing is overwritten: where the
/// name is taken, the file gets a number.
///
/// # Errors
/// When `dir` cannot be written to, or holds [`MOST`] files of that name.
pub fn write_new(dir: &Path, details: &[Detail], now: DateTime<Utc>) -> io::Result<PathBuf> {
    let calendar = ical::calendar(details.iter().map(entry));
    let stem = stem(details, now);
    for number in 1..=MOST {
        let name = if number == 1 { format!("{stem}.ics") } else { format!("{stem}-{number}.ics") };
        let path = dir.join(name);
        match NewFile::create(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(mut file) => {
                file.write(&calendar)?;
                return file.finish().map(|()| path);
            }
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, format!("{MOST} files called {stem} are there already")))
}

/// A file that was not there before, and goes again unless it is finished: half a calendar would be taken for a whole one.
#[derive(Debug)]
pub(super) struct NewFile {
    /// Where it is.
    path: PathBuf,
    /// What was written to it; `None` once it is finished.
    out: Option<BufWriter<File>>,
}

impl NewFile {
    /// Makes it; `AlreadyExists` where something is, a link without an end too.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().write(true).create_new(true).open(path)?;
        Ok(Self { path: path.to_owned(), out: Some(BufWriter::new(file)) })
    }

    /// Writes `text` behind what is there.
    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), |out| out.write_all(text.as_bytes()))
    }

    /// Writes the rest, and the file stays.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)?;
        self.out = None;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.out.is_some() {
            // Nothing can be done when that fails too.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// One window as the calendar takes it.
pub(super) fn entry(detail: &Detail) -> Entry {
    let own = detail.windows.iter().find(|window| window.key == detail.key).map_or(1, |window| window.window);
    Entry {
        provider: detail.provider.clone(),
        account: detail.account.clone(),
        maintenance_id: detail.maintenance_id.clone(),
        window: usize::try_from(own.saturating_sub(1)).unwrap_or(usize::MAX),
        start: detail.start,
        end: detail.end,
        status: detail.status,
        says_cancelled: detail.says_cancelled,
        circuits: detail.circuits.clone(),
        standings: detail.standings.clone(),
        summary: detail.summary.clone(),
        organizer: detail.organizer.clone(),
        revision: detail.revision,
        stamp: detail.stamp,
    }
}

/// What the file is called before its ending: after its one maintenance, else after the day.
fn stem(details: &[Detail], now: DateTime<Utc>) -> String {
    let day = || format!("maintenances-{}", now.format("%Y-%m-%d"));
    let Some(first) = details.first() else { return day() };
    let is_first = |detail: &Detail| detail.provider == first.provider && detail.maintenance_id == first.maintenance_id;
    if details.iter().all(is_first) { plain(&format!("{}-{}", first.provider, first.maintenance_id)) } else { day() }
}

/// `text` as a file name that means the same everywhere: it cannot leave the folder, hide or be taken for a flag.
fn plain(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = text.chars().map(keep).take(STEM).collect();
    let name = name.trim_start_matches(['.', '-']);
    if name.is_empty() { "maintenance".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use icalendar::{Calendar, CalendarComponent, Component};

    use super::*;
    use crate::features::maintenance::model::{Circuit, Impact, Status};
    use crate::features::maintenance::store::MaintenanceKey;
    use crate::features::maintenance::store::detail::Sibling;
    use crate::features::maintenance::store::list::{Acknowledged, Group};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Window `window` of that provider's maintenance.
    fn detail(provider: &str, maintenance_id: &str, window: u32) -> Detail {
        let (start, end) = (at("2026-11-21T23:00:00Z"), at("2026-11-22T05:00:00Z"));
        let key = MaintenanceKey(i64::from(window));
        Detail {
            key,
            provider: provider.to_owned(),
            maintenance_id: maintenance_id.to_owned(),
            windows: vec![Sibling { key, window, status: Status::Confirmed, start, end }],
            account: "7714".to_owned(),
            organizer: "noc@carrier.example".to_owned(),
            uid: "0".to_owned(),
            summary: "Splicing".to_owned(),
            status: Status::Confirmed,
            says_cancelled: false,
            group: Group::Later,
            start,
            end,
            stamp: at("2026-11-20T08:30:00Z"),
            sequence: 1,
            revision: 2,
            seen_revision: 1,
            acknowledged: Acknowledged::No,
            ticket: String::new(),
            assignee: String::new(),
            by_hand: None,
            circuits: vec![Circuit { circuit_id: "IC-1".to_owned(), impact: Impact::Outage }],
            standings: Vec::new(),
            events: Vec::new(),
            notifications: Vec::new(),
            notes: Vec::new(),
            acknowledgements: Vec::new(),
            nautobot: None,
        }
    }

    #[test]
    fn a_file_that_is_there_stays_and_the_next_one_gets_a_number() {
        let dir = tempfile::tempdir().unwrap();
        let (details, now) = ([detail("cogent", "VN1/2", 1)], at("2026-11-21T02:48:00Z"));
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), dir.path().join("cogent-VN1-2-2.ics")).unwrap();
        let first = write_new(dir.path(), &details, now).unwrap();
        let second = write_new(dir.path(), &details, now).unwrap();
        assert_eq!(first, dir.path().join("cogent-VN1-2.ics"));
        assert_eq!(second, dir.path().join("cogent-VN1-2-3.ics"));
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn several_maintenances_are_called_after_the_day_and_all_of_them_are_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let details = [detail("cogent", "VN1", 1), detail("zayo", "TTN-1", 1), detail("zayo", "TTN-1", 2)];
        let path = write_new(dir.path(), &details, at("2026-11-21T02:48:00Z")).unwrap();
        assert!(path.ends_with("maintenances-2026-11-21.ics"));
        let calendar: Calendar = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let uids: std::collections::BTreeSet<_> =
            calendar.components.iter().filter_map(CalendarComponent::as_event).filter_map(Component::get_uid).collect();
        assert_eq!(uids.len(), 3);
    }

    #[test]
    fn a_file_that_is_not_finished_goes_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.ics");
        let mut file = NewFile::create(&path).unwrap();
        file.write(&"x".repeat(100_000)).unwrap();
        assert!(path.exists());
        drop(file);
        assert!(!path.exists());
        NewFile::create(&path).unwrap().finish().unwrap();
        assert!(path.exists());
    }

    #[test]
    fn no_id_leads_out_of_the_folder() {
        for (text, name) in
            [("../../etc/passwd", "etc-passwd"), ("-rf", "rf"), ("…", "maintenance"), ("a b/c\n", "a-b-c-")]
        {
            assert_eq!(plain(text), name, "{text}");
        }
        assert!(plain(&"x".repeat(500)).len() <= STEM);
    }
}
