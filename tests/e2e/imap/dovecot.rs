//! Dovecot with one account, and what is done to it.
#![allow(dead_code, reason = "the benchmark uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a harness fails loudly")]

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Instant;

use noctui::config::{Config, Environment, Flags, load};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::mailbox::announcement;
use crate::support::skip::skip;

/// Whose mails they are where the tests run as root: Dovecot reads mail for nobody with the number 0.
const NOBODY: u32 = 65_534;

/// A server that runs until it is dropped.
pub(crate) struct Dovecot {
    /// Everything it has.
    folder: TempDir,
    /// The server.
    child: Option<Child>,
    /// Without TLS, and for STARTTLS.
    pub(crate) plain: u16,
    /// With TLS.
    pub(crate) tls: u16,
    /// Mails delivered so far.
    delivered: usize,
}

impl Dovecot {
    /// Starts one; `None`, said loudly, where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = program() else {
            skip("no Dovecot (the package dovecot-imapd)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let ports = [free_port(), free_port()];
        let mut this = Self { folder, child: None, plain: ports[0], tls: ports[1], delivered: 0 };
        this.prepare();
        this.launch(&program);
        Some(this)
    }

    /// Everything but the process.
    fn prepare(&self) {
        let path = |name: &str| self.folder.path().join(name);
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        fs::write(path("cert.pem"), key.cert.pem()).unwrap();
        let mut hex = String::new();
        for byte in Sha256::digest(key.cert.der()) {
            write!(hex, "{byte:02x}").unwrap();
        }
        fs::write(path("cert.sha256"), hex).unwrap();
        fs::write(path("key.pem"), key.signing_key.serialize_pem()).unwrap();
        fs::write(path("users"), "noc:{PLAIN}pass word::::::\n").unwrap();
        fs::write(path("password"), "pass word\n").unwrap();
        for folder in ["new", "cur", "tmp"] {
            fs::create_dir_all(self.maildir().join(folder)).unwrap();
        }
        self.give_away();
        let dir = self.folder.path().display();
        let is_root = rustix::process::geteuid().is_root();
        let (uid, gid) = if is_root {
            (NOBODY, NOBODY)
        } else {
            (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
        };
        let mut text = format!(
            "base_dir = {dir}/base\nlog_path = {dir}/log\nprotocols = imap\nlisten = 127.0.0.1\nssl = yes\n\
             ssl_cert = <{dir}/cert.pem\nssl_key = <{dir}/key.pem\ndisable_plaintext_auth = no\n\
             mail_location = maildir:~/Maildir\nmaildir_very_dirty_syncs = no\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n\
             mail_max_userip_connections = 100\nmailbox_idle_check_interval = 1 secs\n\
             passdb {{\n  driver = passwd-file\n  args = {dir}/users\n}}\n\
             userdb {{\n  driver = static\n  args = uid={uid} gid={gid} home={dir}/home\n}}\n\
             service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {}\n  }}\n  inet_listener imaps {{\n    port = {}\n  }}\n}}\n\
             service anvil {{\n  chroot =\n}}\n",
            self.plain, self.tls
        );
        if !is_root {
            let user = std::env::var("USER").unwrap_or_default();
            let _ = write!(text, "default_login_user = {user}\ndefault_internal_user = {user}\n");
        }
        fs::write(path("dovecot.conf"), text).unwrap();
    }

    /// Starts the process and waits until it listens.
    fn launch(&mut self, program: &Path) {
        let config = self.folder.path().join("dovecot.conf");
        let mut command = Command::new(program);
        command.arg("-F").arg("-c").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = self.child.insert(command.spawn().unwrap());
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.plain)).is_err() {
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert_eq!(child.try_wait().unwrap(), None, "Dovecot has ended:\n{}", log());
            assert!(began.elapsed() < DEADLINE, "Dovecot does not listen:\n{}", log());
            std::thread::yield_now();
        }
    }

    /// Ends the server and every connection to it.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = rustix::process::Pid::from_child(&child);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            let _ = child.wait();
        }
    }

    /// Starts it again.
    pub(crate) fn start_again(&mut self) {
        if let Some(program) = program() {
            self.launch(&program);
        }
    }

    /// The Maildir of the account.
    pub(crate) fn maildir(&self) -> PathBuf {
        self.folder.path().join("home/Maildir")
    }

    /// Another folder of the account.
    pub(crate) fn make_folder(&self, name: &str) {
        let folder = self.maildir().join(format!(".{name}"));
        for part in ["new", "cur", "tmp"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        fs::write(folder.join("maildirfolder"), "").unwrap();
        self.give_away();
    }

    /// Delivers a mail to the inbox.
    pub(crate) fn deliver(&mut self, mail: &[u8]) {
        self.deliver_to(&self.maildir(), mail);
    }

    /// Delivers a mail to a folder.
    pub(crate) fn deliver_to(&mut self, folder: &Path, mail: &[u8]) {
        let name = format!("{}.M{:06}P1.mx.example", 1_795_000_000 + self.delivered, self.delivered);
        let written = folder.join("tmp").join(&name);
        fs::write(&written, mail).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(&written, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        fs::rename(written, folder.join("new").join(name)).unwrap();
        self.delivered += 1;
    }

    /// Delivers the announcements with these numbers, each as one that came over the wire.
    pub(crate) fn announce(&mut self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            self.deliver(announcement(number).replace('\n', "\r\n").as_bytes());
        }
    }

    /// Lets the inbox be numbered anew, as after a restored backup.
    pub(crate) fn renumber(&mut self, validity: u32) {
        self.stop();
        for entry in fs::read_dir(self.maildir()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"dovecot")) {
                fs::remove_file(path).unwrap();
            }
        }
        let list = self.maildir().join("dovecot-uidlist");
        fs::write(list, format!("3 V{validity} N1 G0123456789abcdef0123456789abcdef\n")).unwrap();
        self.give_away();
        self.start_again();
    }

    /// The names of all files, with the flags of mails.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = ["new", "cur"]
            .iter()
            .flat_map(|folder| fs::read_dir(self.maildir().join(folder)).unwrap())
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A source that reads it, with these lines besides.
    pub(crate) fn source(&self, lines: &str) -> String {
        let (dir, plain) = (self.folder.path().display(), self.plain);
        let place = if lines.contains("server = ") {
            String::new()
        } else {
            format!("server = '127.0.0.1:{plain}'\ntls = 'none'\n")
        };
        format!(
            "[[maintenance.source]]\nname = 'noc'\nkind = 'imap'\nuser = 'noc'\npassword_file = '{dir}/password'\n\
             since = 'forever'\n{place}{lines}\n"
        )
        .replace("CERT", &format!("{dir}/cert.pem"))
        .replace("FINGERPRINT", fs::read_to_string(self.folder.path().join("cert.sha256")).unwrap().trim())
    }

    /// Gives every file of the account to whom it is read for.
    fn give_away(&self) {
        if rustix::process::geteuid().is_root() {
            give(&self.folder.path().join("home"));
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Gives a folder and everything in it to nobody.
fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}

/// Where Dovecot is installed.
fn program() -> Option<PathBuf> {
    let places = ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot"];
    places.into_iter().map(PathBuf::from).find(|path| path.is_file())
}

/// A port that nobody listens at, each time another one. They are below those that systems give to whoever asks for any:
/// two servers that start side by side would be given the same one, and a server that is away for a moment could lose its own.
fn free_port() -> u16 {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 18_000;
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let from = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap();
    loop {
        let port = FIRST + (from + GIVEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A user's folders and configuration.
pub(crate) struct Home(TempDir);

impl Home {
    /// One with this configuration.
    pub(crate) fn with(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config.toml"), format!("who = 'anna'\n{config}")).unwrap();
        Self(dir)
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// The configuration.
    pub(crate) fn config(&self) -> Config {
        let flags = Flags {
            config: Some(self.0.path().join("config.toml")),
            data_dir: Some(self.0.path().join("data")),
            ..Flags::default()
        };
        load(&flags, &Environment::of([("HOME", self.0.path().to_str().unwrap()), ("USER", "anna")])).unwrap()
    }

    /// A command of noctui on it.
    pub(crate) fn noctui(&self, args: &[&str]) -> Command {
        // `.ci/run` names what it releases, for what takes minutes.
        let released = std::env::var_os("NOCTUI_RELEASED");
        let mut command = Command::new(released.unwrap_or_else(|| env!("CARGO_BIN_EXE_noctui").into()));
        command.env_clear().env("HOME", self.0.path()).env("USER", "anna").env("PATH", "/usr/bin:/bin");
        command.arg("--config").arg(self.path("config.toml")).arg("--data-dir").arg(self.path("data")).args(args);
        command.stdin(Stdio::null());
        command
    }

    /// What a command prints as JSON, with its exit code and what it complains of.
    pub(crate) fn json(&self, args: &[&str]) -> (serde_json::Value, i32, String) {
        let output = self.noctui(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{said}", String::from_utf8_lossy(&output.stdout)));
        (value, output.status.code().unwrap(), said)
    }

    /// A question to the database.
    pub(crate) fn count(&self, sql: &str) -> usize {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let Ok(database) = rusqlite::Connection::open_with_flags(self.path("data/noctui.db"), flags) else { return 0 };
        database.busy_timeout(DEADLINE).unwrap();
        database.query_row(sql, [], |row| row.get::<_, i64>(0)).map_or(0, |count| usize::try_from(count).unwrap())
    }

    /// Fails unless each of the first announcements was recorded once.
    pub(crate) fn assert_holds_each_once(&self, mails: usize) {
        assert_eq!(self.count("SELECT count(*) FROM notification"), mails, "notifications");
        assert_eq!(self.count("SELECT count(*) FROM notification WHERE outcome = 'parsed'"), mails, "read ones");
        assert_eq!(self.count("SELECT count(*) FROM maintenance"), mails, "maintenances");
        assert_eq!(self.count("SELECT count(*) FROM event"), mails, "first notices");
    }
}
