//! Servers that are started for a test, and end with it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A wait that takes this long has failed.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A program that runs until it is dropped.
pub(crate) struct Server(pub(crate) Child);

impl Server {
    /// Starts `command` with nothing to read and nobody to complain to; none where it is not installed.
    pub(crate) fn start(command: &mut Command) -> Option<Self> {
        command.stdin(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => Some(Self(child)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until `wanted` gives something.
pub(crate) fn wait_for<T>(what: &str, mut wanted: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = wanted() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
        // Not a wait for a result: only a pause between two looks.
        rustix::event::poll(&mut [], Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 20_000_000 })).unwrap();
    }
}

/// Waits until a socket takes connections.
pub(crate) fn wait_for_socket(path: &Path) {
    wait_for("the server's socket", || std::os::unix::net::UnixStream::connect(path).ok());
}

/// A picture of red, green and blue as `0x00RRGGBB`.
pub(crate) fn pixels(rgb: &[u8]) -> Vec<u32> {
    rgb.chunks_exact(3).map(|pixel| u32::from_be_bytes([0, pixel[0], pixel[1], pixel[2]])).collect()
}
