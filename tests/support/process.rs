//! A process as /proc tells it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::time::Duration;

/// Ticks of the processor clock in a second, as the kernel counts them for programs (always 100 on Linux).
const TICKS_PER_S: f64 = 100.0;

/// A process by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) i32);

impl Process {
    /// Processor time used so far by all its threads.
    pub(crate) fn cpu_time(self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        // Behind the name, which is in brackets and may hold anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        Duration::from_secs_f64(ticks / TICKS_PER_S)
    }

    /// How often each of its threads has waited for something so far, by the number of the thread.
    pub(crate) fn wake_ups(self) -> HashMap<OsString, u64> {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.0)) else { return HashMap::new() };
        let status = |thread: &fs::DirEntry| fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let waited = |thread: fs::DirEntry| (thread.file_name(), value(&status(&thread), "voluntary_ctxt_switches:"));
        threads.flatten().map(waited).collect()
    }

    /// How often its threads have waited since; those that have ended meanwhile are left out.
    pub(crate) fn wake_ups_since(self, before: &HashMap<OsString, u64>) -> u64 {
        let since = |(thread, now): (OsString, u64)| now - before.get(&thread).copied().unwrap_or_default();
        self.wake_ups().into_iter().map(since).sum()
    }

    /// How many threads it has.
    pub(crate) fn threads(self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.0)).map_or(0, Iterator::count)
    }

    /// Memory in use, in KiB.
    pub(crate) fn resident_kib(self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        value(&status, "VmRSS:")
    }

    /// The most memory that was ever in use, in KiB.
    pub(crate) fn peak_kib(self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        value(&status, "VmHWM:")
    }

    /// The letter of its state: R runs, S sleeps, T is stopped, Z has ended.
    pub(crate) fn state(self) -> Option<char> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        stat.rsplit(')').next()?.trim_start().chars().next()
    }

    /// The processes it has started.
    pub(crate) fn children(self) -> Vec<Self> {
        let list = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.0)).unwrap_or_default();
        list.split_whitespace().filter_map(|number| number.parse().ok()).map(Self).collect()
    }
}

/// The number behind `name`.
fn value(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or_default()
}
