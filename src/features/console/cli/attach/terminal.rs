//! The user's own terminal: taken as it is, and given back as it was.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use tokio::sync::{mpsc, oneshot};

use super::modes::Modes;

/// Chunks of what was typed, and of what is to be shown. What is typed waits in the terminal where they are full, what is to
/// be shown in the network.
const CHUNKS: usize = 64;
/// What is read at once.
const CHUNK: usize = 4096;
/// What is written at once: a slow terminal takes it soon, and whoever leaves is not kept by more of it.
const PIECE: usize = 512;
/// A terminal that has not taken the rest after this time is not waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Ends a control sequence that was cut in the middle; terminals ignore it elsewhere.
const CANCEL: char = '\u{18}';
/// Terminals keep their title on a stack, and take it off again; others ignore both.
const KEEP_TITLE: &str = "\u{1b}[22;0t";
const GIVE_TITLE_BACK: &str = "\u{1b}[23;0t";

/// A terminal whose keys come byte by byte. Dropping it sets it back.
#[derive(Debug)]
pub(super) struct Raw {
    before: Termios,
}

impl Raw {
    /// Takes the terminal that standard input is.
    pub(super) fn take() -> io::Result<Self> {
        let raw = Self { before: tcgetattr(io::stdin())? };
        raw.again()?;
        Ok(raw)
    }

    /// Whether standard input and output are a terminal; otherwise which of them is none.
    pub(super) fn is_possible() -> Result<(), &'static str> {
        match (io::stdin().is_terminal(), io::stdout().is_terminal()) {
            (true, true) => Ok(()),
            (false, _) => Err("standard input"),
            (true, false) => Err("standard output"),
        }
    }

    /// Takes it once more, after the process was stopped and something else had it.
    pub(super) fn again(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // What was typed for the machine is not for the shell.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// What is typed, chunk by chunk; it ends with the terminal. The thread behind it waits for keys until the process ends.
pub(super) fn keys() -> mpsc::Receiver<Vec<u8>> {
    let (sender, keys) = mpsc::channel(CHUNKS);
    std::thread::spawn(move || {
        let mut bytes = [0; CHUNK];
        loop {
            match io::stdin().lock().read(&mut bytes) {
                Ok(length @ 1..) => {
                    if sender.blocking_send(bytes.get(..length).unwrap_or_default().to_vec()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
            }
        }
    });
    keys
}

/// What shows the output of the machine.
#[derive(Debug)]
pub(super) struct Output {
    /// To the thread that writes; none once it ended.
    chunks: Option<mpsc::Sender<Bytes>>,
    /// Set when nobody wants to see the rest.
    is_over: Arc<AtomicBool>,
    /// Comes when all was written, with what the terminal is left in.
    done: oneshot::Receiver<Modes>,
}

impl Output {
    /// Starts the thread that writes to standard output, and into `log` where there is one.
    pub(super) fn start(mut log: Option<File>) -> Self {
        let (sender, mut chunks) = mpsc::channel::<Bytes>(CHUNKS);
        let (finished, done) = oneshot::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_over);
        std::thread::spawn(move || {
            let mut modes = Modes::default();
            let mut stdout = io::stdout().lock();
            let mut written = stdout.write_all(KEEP_TITLE.as_bytes()).and_then(|()| stdout.flush());
            let is_wanted = |written: &io::Result<()>| written.is_ok() && !stop.load(Ordering::Relaxed);
            while let Some(chunk) = chunks.blocking_recv() {
                if !is_wanted(&written) {
                    break;
                }
                if let Some(file) = &mut log
                    && let Err(error) = file.write_all(&chunk)
                {
                    tracing::warn!(%error, "the log of the console cannot be written");
                    log = None;
                }
                for piece in chunk.chunks(PIECE) {
                    if is_wanted(&written) {
                        modes.see(piece);
                        written = stdout.write_all(piece).and_then(|()| stdout.flush());
                    }
                }
            }
            drop(stdout);
            let _ = finished.send(modes);
        });
        Self { chunks: Some(sender), is_over, done }
    }

    /// A place for the next chunk; none once nothing can be shown any more.
    ///
    /// Cancel safety: a place that was not used is given back.
    pub(super) async fn place(&self) -> Option<mpsc::Permit<'_, Bytes>> {
        self.chunks.as_ref()?.reserve().await.ok()
    }

    /// Ends it, and takes back what the machine has changed. What was not shown yet is shown only where `to_the_end` wants it.
    pub(super) async fn end(mut self, to_the_end: bool) {
        self.is_over.store(!to_the_end, Ordering::Relaxed);
        self.chunks = None;
        // A terminal that takes nothing would not take this either.
        if let Ok(Ok(modes)) = tokio::time::timeout(LAST_WORDS, &mut self.done).await {
            let mut stdout = io::stdout().lock();
            let undo = format!("{CANCEL}{}{GIVE_TITLE_BACK}", modes.undo());
            let _ = stdout.write_all(undo.as_bytes()).and_then(|()| stdout.flush());
        }
    }
}
