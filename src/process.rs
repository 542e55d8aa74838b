//! Which process something belongs to, a deployment or a mailbox that is read, and whether that process still runs.
//!
//! A number alone does not say: the system gives it to another process later, after a reboot soon. So the time the process
//! was started goes with it, and the boot it was started in. The data directory may be shared between hosts or
//! containers: of a process elsewhere nothing can be said from here.

use crate::text::clean_line;

/// A process, so that it is told from every other that ever had its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The host, or the container on it.
    pub(crate) host: String,
    /// What differs from boot to boot; empty where [`Owner::start`] does.
    pub(crate) boot: String,
    /// Its number.
    pub(crate) pid: u32,
    /// When it was started, as the system tells it; empty if it does not.
    pub(crate) start: String,
}

/// What has become of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is this process.
    Ours,
    /// It runs.
    Alive,
    /// It does not run any more.
    Dead,
    /// That cannot be told from here: another host, another container, or a system that does not tell.
    Elsewhere,
}

impl Owner {
    /// This process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::of_process(std::process::id())
    }

    /// The process of this host with this number.
    pub(crate) fn of_process(pid: u32) -> Self {
        let start = match system::look(pid) {
            Look::Runs(start) => start,
            Look::Gone | Look::Unknown => String::new(),
        };
        Self { host: system::host(), boot: system::boot(), pid, start }
    }

    /// What has become of it; asks the system, not the database.
    #[must_use]
    pub fn fate(&self) -> Fate {
        let this = Self::of_this_process();
        if *self == this {
            Fate::Ours
        } else if self.host != this.host {
            Fate::Elsewhere
        } else if self.boot != this.boot {
            Fate::Dead
        } else {
            match system::look(self.pid) {
                Look::Unknown => Fate::Elsewhere,
                Look::Runs(start) if start == self.start => Fate::Alive,
                // None, or its number was given to another.
                Look::Gone | Look::Runs(_) => Fate::Dead,
            }
        }
    }

    /// Whether it is stopped, as by Ctrl-Z, and does nothing until somebody continues it; false where that cannot be told.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.fate() == Fate::Alive && system::is_stopped(self.pid)
    }

    /// Its number and its host, for messages.
    #[must_use]
    pub fn label(&self) -> String {
        let host = self.host.split(' ').next().unwrap_or_default();
        clean_line(&format!("process {} on {host}", self.pid))
    }
}

/// What the system says of a process's number.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// A process that was started then has it.
    Runs(String),
    /// None has it.
    Gone,
    /// It does not say.
    Unknown,
}

#[cfg(target_os = "linux")]
mod system {
    //! `proc(5)`

    use std::io::ErrorKind;

    use super::Look;

    /// Name, machine and namespace of process numbers: containers of one host have numbers of their own.
    pub(super) fn host() -> String {
        let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let name = read("/proc/sys/kernel/hostname");
        format!("{name} {} {}", read("/etc/machine-id"), namespace.display())
    }

    /// Start times count from the boot.
    pub(super) fn boot() -> String {
        read("/proc/sys/kernel/random/boot_id")
    }

    /// Looks for a process.
    pub(super) fn look(pid: u32) -> Look {
        match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => parse(&stat),
            // ESRCH: it ended while it was read.
            Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(3) => {
                if std::path::Path::new("/proc/self/stat").exists() {
                    Look::Gone
                } else {
                    Look::Unknown
                }
            }
            Err(_) => Look::Unknown,
        }
    }

    /// Whether the process with this number is stopped.
    pub(super) fn is_stopped(pid: u32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
        matches!(state, Some("T" | "t"))
    }

    /// State is the first and `starttime` the twentieth field behind the program's name, which may contain anything.
    pub(super) fn parse(stat: &str) -> Look {
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        match (fields.first(), fields.get(19)) {
            // Ended; only its number is still kept.
            (Some(&("Z" | "X" | "x")), _) => Look::Gone,
            (Some(_), Some(ticks)) => Look::Runs((*ticks).to_owned()),
            _ => Look::Unknown,
        }
    }

    fn read(path: &str) -> String {
        std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    //! `ps(1)` and `hostname(1)`, which every Unix has.

    use std::process::Command;

    use super::Look;

    /// The name.
    pub(super) fn host() -> String {
        run("hostname", &[]).map_or_else(String::new, |(_, name)| name)
    }

    /// Start times are dates here.
    pub(super) fn boot() -> String {
        String::new()
    }

    /// Looks for a process.
    pub(super) fn look(pid: u32) -> Look {
        match run("ps", &["-o", "lstart=", "-p", &pid.to_string()]) {
            Some((true, start)) if !start.is_empty() => Look::Runs(start),
            Some(_) => Look::Gone,
            None => Look::Unknown,
        }
    }

    /// Whether the process with this number is stopped.
    pub(super) fn is_stopped(pid: u32) -> bool {
        run("ps", &["-o", "state=", "-p", &pid.to_string()]).is_some_and(|(_, state)| state.starts_with('T'))
    }

    /// Whether it succeeded, and what it printed; `None` if it cannot be run.
    fn run(program: &str, arguments: &[&str]) -> Option<(bool, String)> {
        let output = Command::new(program).args(arguments).env("LC_ALL", "C").env("TZ", "UTC").output().ok()?;
        Some((output.status.success(), String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// Another process as an owner, with its handle: it runs until its input is closed.
    fn another() -> (std::process::Child, Owner) {
        let child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let owner = Owner::of_process(child.id());
        (child, owner)
    }

    #[test]
    fn this_process_knows_itself() {
        let owner = Owner::of_this_process();
        assert_eq!(owner.fate(), Fate::Ours);
        assert!(!owner.start.is_empty() && !owner.host.is_empty());
        assert!(owner.label().starts_with(&format!("process {} on ", owner.pid)), "{}", owner.label());
    }

    #[test]
    fn another_process_is_alive_until_it_ends() {
        let (mut child, owner) = another();
        assert_eq!(owner.fate(), Fate::Alive);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(owner.fate(), Fate::Dead);
    }

    #[tokio::test]
    async fn a_stopped_process_is_alive_and_does_nothing() {
        let (mut child, owner) = another();
        let pid = rustix::process::Pid::from_child(&child);
        assert!(!owner.is_stopped() && !Owner::of_this_process().is_stopped());
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        while !owner.is_stopped() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        assert_eq!(owner.fate(), Fate::Alive);
        rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
        while owner.is_stopped() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_number_that_was_given_again_is_another_process() {
        let (mut child, owner) = another();
        let before = Owner { start: "1".to_owned(), ..owner };
        assert_eq!(before.fate(), Fate::Dead);
        let ours = Owner { start: "1".to_owned(), ..Owner::of_this_process() };
        assert_eq!(ours.fate(), Fate::Dead);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_process_of_an_earlier_boot_is_dead_and_one_elsewhere_is_not_judged() {
        let ours = Owner::of_this_process();
        assert_eq!(Owner { boot: "an earlier one".to_owned(), ..ours.clone() }.fate(), Fate::Dead);
        assert_eq!(Owner { host: "jump-host-2".to_owned(), ..ours }.fate(), Fate::Elsewhere);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_can_be_called_anything() {
        let fields = "S 1 42 42 0 -1 4194560 100 0 0 0 1 2 3 4 20 0 1 0 777 1000 10 18446744073709551615";
        assert_eq!(system::parse(&format!("42 (a) R 1 (b) {fields}")), Look::Runs("777".to_owned()));
        assert_eq!(system::parse(&format!("42 (a) {}", fields.replacen('S', "Z", 1))), Look::Gone);
        assert_eq!(system::parse("42 (a) S 1"), Look::Unknown);
        assert_eq!(system::parse(""), Look::Unknown);
    }
}
