//! A configuration, a mailbox and a data directory, and sessions that work on them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use noctui::store::FILE_NAME;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::support::mailbox::{Mailbox, id};
use crate::support::{Screen, Session, Start};

/// The sign of a row that is acknowledged.
const ACKNOWLEDGED: char = '✓';

/// Everything that outlives a session.
pub(crate) struct World {
    folder: TempDir,
    /// Where mails arrive.
    pub(crate) mailbox: Mailbox,
}

impl World {
    /// A world in which the announcements below `mails` lie in the mailbox.
    pub(crate) fn with(mails: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::make(&folder.path().join("Maildir"));
        mailbox.announce(0..mails);
        let source = format!(
            "who = 'anna'\n[[maintenance.source]]\nname = 'noc mailbox'\nkind = 'maildir'\npath = '{}'\n",
            mailbox.path().display()
        );
        fs::write(folder.path().join("config.toml"), source).unwrap();
        Self { folder, mailbox }
    }

    /// Runs a subcommand in it, which has to go well.
    pub(crate) fn run(&self, arguments: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_noctui"));
        let output = command.args(arguments).args(self.flags()).envs(self.variables()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A session in it, not yet started.
    pub(crate) fn start(&self) -> Start {
        let flags = self.flags();
        let start = Start::noctui(&flags.each_ref().map(String::as_str));
        self.variables().into_iter().fold(start, |start, (name, value)| start.variable(name, value))
    }

    /// The flags by which a noctui works in it.
    pub(crate) fn flags(&self) -> [String; 4] {
        ["--config".to_owned(), self.path("config.toml"), "--data-dir".to_owned(), self.path("data")]
    }

    /// The variables that go with them.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        [("NOCTUI_STATE_DIR", self.path("state")), ("NOCTUI_CACHE_DIR", self.path("cache"))]
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A session whose mailbox is read to the end, with these many maintenances on the screen.
    pub(crate) fn ready(&self, maintenances: usize) -> Session {
        let mut session = self.start().spawn();
        wait_until_read(&mut session, maintenances);
        session
    }

    /// The database, opened as any other program would.
    pub(crate) fn database(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(self.database_path(), flags).unwrap();
        database.busy_timeout(crate::support::DEADLINE).unwrap();
        database
    }

    /// The saved view; empty as long as there is none.
    pub(crate) fn view(&self) -> String {
        fs::read_to_string(self.folder.path().join("state").join("view.json")).unwrap_or_default()
    }

    /// The file of the database.
    pub(crate) fn database_path(&self) -> PathBuf {
        self.folder.path().join("data").join(FILE_NAME)
    }

    /// Fails unless the database is sound and holds each of the announcements below `mails` exactly once.
    pub(crate) fn assert_holds_each_once(&self, mails: usize) {
        self.assert_sound();
        let database = self.database();
        let count = |sql| count(&database, sql).unwrap();
        assert_eq!(count("SELECT count(*) FROM notification"), mails, "notifications");
        assert_eq!(count("SELECT count(*) FROM notification WHERE outcome = 'parsed'"), mails, "read ones");
        let ids: Vec<String> = column(&database, "SELECT maintenance_id FROM maintenance ORDER BY maintenance_id");
        assert_eq!(ids, (0..mails).map(id).collect::<Vec<_>>());
        assert_eq!(count("SELECT count(*) FROM event"), mails, "first notices");
    }

    /// Fails unless the database is sound.
    pub(crate) fn assert_sound(&self) {
        let database = self.database();
        assert_eq!(column(&database, "PRAGMA integrity_check"), ["ok"]);
        assert_eq!(count(&database, "SELECT count(*) FROM pragma_foreign_key_check"), Some(0));
    }
}

/// The number that is asked for; none where its table does not exist.
pub(crate) fn count(database: &Connection, sql: &str) -> Option<usize> {
    let number: i64 = database.query_row(sql, [], |row| row.get(0)).ok()?;
    usize::try_from(number).ok()
}

/// The texts of one column.
pub(crate) fn column(database: &Connection, sql: &str) -> Vec<String> {
    let mut query = database.prepare(sql).unwrap();
    query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Waits until the mailbox is read to the end and this many maintenances are counted.
pub(crate) fn wait_until_read(session: &mut Session, maintenances: usize) {
    session.wait_for(&format!("{maintenances} maintenances"), |screen| {
        let rows = screen.rows();
        // The numbers may come before the list: a key that is typed then has nothing to act on.
        let is_listed = maintenances == 0 || rows.iter().any(|row| row.contains(" HC-"));
        rows[0].contains("mail ● live") && is_counted(screen, maintenances, "unacknowledged") && is_listed
    });
}

/// Whether the title counts so many of `what`.
pub(crate) fn is_counted(screen: &Screen, count: usize, what: &str) -> bool {
    screen.rows().iter().any(|row| row.contains(&format!(" {count} {what} ")))
}

/// The row of the list in which the maintenance with this number stands.
pub(crate) fn row(screen: &Screen, number: usize) -> Option<String> {
    screen.rows().into_iter().find(|row| row.contains(&id(number)) && row.contains("in "))
}

/// Whether the maintenance with this number is in the list.
pub(crate) fn is_listed(screen: &Screen, number: usize) -> bool {
    row(screen, number).is_some()
}

/// Whether it is in the list and acknowledged there.
pub(crate) fn is_acknowledged(screen: &Screen, number: usize) -> bool {
    row(screen, number).is_some_and(|row| row.contains(ACKNOWLEDGED))
}
