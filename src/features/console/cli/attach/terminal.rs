//! The user's own terminal: taken as it is, and given back as it was.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::sync::{mpsc, oneshot};

use super::modes::{KEEP_TITLE, Modes};

/// Chunks of what was typed, and of what is to be shown. What is typed waits in the terminal where they are full, what is to
/// be shown in the network.
const CHUNKS: usize = 64;
/// What is read at once.
const CHUNK: usize = 4096;
/// What is written at once: a slow terminal takes it soon, and whoever leaves is not kept by more of it.
const PIECE: usize = 512;
/// A terminal that has not taken the rest after this time is not waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// For what is typed and lost.
const BELL: &str = "\u{7}";
/// Columns and rows of a terminal that does not say.
const USUAL_SIZE: (u16, u16) = (80, 24);

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
    /// Set when the bell is to ring.
    rings: Arc<AtomicBool>,
    /// Comes when all was written, with what the terminal is left in, and why the log is not whole.
    done: oneshot::Receiver<(Modes, Option<io::Error>)>,
}

/// What the machine says, written down.
#[derive(Debug)]
struct Log {
    /// None where none is wanted, or it could not be written.
    file: Option<File>,
    /// Why it ended.
    failed: Option<io::Error>,
    /// Whether that was not said yet.
    is_unsaid: bool,
}

impl Log {
    /// Writes a piece down.
    fn write(&mut self, bytes: &[u8]) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.write_all(bytes)
        {
            self.fail(error);
        }
    }

    /// What was taken may still not have a place: some file systems look for one when they are asked to keep it.
    fn keep(&mut self) {
        let kept = self.file.as_ref().map_or(Ok(()), File::sync_data);
        // Pipes and devices keep nothing.
        let is_none_to_keep =
            |error: &io::Error| matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported);
        if let Err(error) = kept
            && !is_none_to_keep(&error)
        {
            self.fail(error);
        }
    }

    /// It has ended, for this reason.
    fn fail(&mut self, error: io::Error) {
        tracing::warn!(%error, "the log of the console cannot be written");
        (self.file, self.failed, self.is_unsaid) = (None, Some(error), true);
    }

    /// What is to be said of it, once: whoever looks at the machine learns at once that it is not written down any more.
    fn news(&mut self) -> Option<String> {
        let error = self.failed.as_ref().filter(|_| self.is_unsaid)?;
        let said = format!("\r\nnoctui: the log has ended: {error}; the console goes on\r\n");
        self.is_unsaid = false;
        Some(said)
    }
}

impl Output {
    /// Starts the thread that writes to standard output, and into `log` where there is one.
    pub(super) fn start(log: Option<File>) -> Self {
        let (sender, mut chunks) = mpsc::channel::<Bytes>(CHUNKS);
        let (finished, done) = oneshot::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_over);
        let rings = Arc::new(AtomicBool::new(false));
        let wanted = Arc::clone(&rings);
        std::thread::spawn(move || {
            let mut modes = Modes::new(size());
            let mut log = Log { file: log, failed: None, is_unsaid: false };
            let mut stdout = io::stdout().lock();
            let mut write = |bytes: &[u8]| stdout.write_all(bytes).and_then(|()| stdout.flush());
            let mut written = write(KEEP_TITLE.as_bytes());
            let is_wanted = |written: &io::Result<()>| written.is_ok() && !stop.load(Ordering::Relaxed);
            while let Some(chunk) = chunks.blocking_recv() {
                if !is_wanted(&written) {
                    break;
                }
                log.write(&chunk);
                for piece in chunk.chunks(PIECE) {
                    if is_wanted(&written) {
                        modes.see(piece);
                        written = write(piece);
                    }
                }
                // Nothing of one's own in the middle of a sequence.
                if modes.is_between() {
                    let bell = wanted.swap(false, Ordering::Relaxed).then(|| BELL.to_owned());
                    for own in log.news().into_iter().chain(bell) {
                        written = written.and_then(|()| write(own.as_bytes()));
                    }
                }
            }
            log.keep();
            drop(stdout);
            let _ = finished.send((modes, log.failed));
        });
        Self { chunks: Some(sender), is_over, rings, done }
    }

    /// Rings the bell, as soon as that disturbs nothing.
    pub(super) fn ring(&self) {
        self.rings.store(true, Ordering::Relaxed);
        if let Some(chunks) = &self.chunks {
            // Nothing to show wakes whoever shows; where others wait, they do.
            let _ = chunks.try_send(Bytes::new());
        }
    }

    /// A place for the next chunk; none once nothing can be shown any more.
    ///
    /// Cancel safety: a place that was not used is given back.
    pub(super) async fn place(&self) -> Option<mpsc::Permit<'_, Bytes>> {
        self.chunks.as_ref()?.reserve().await.ok()
    }

    /// Ends it, and takes back what the machine has changed. What was not shown yet is shown only where `to_the_end` wants it.
    ///
    /// # Errors
    /// Where the log is not whole.
    pub(super) async fn end(mut self, to_the_end: bool) -> io::Result<()> {
        self.is_over.store(!to_the_end, Ordering::Relaxed);
        self.chunks = None;
        // A terminal that takes nothing would not take this either.
        let Ok(Ok((modes, failed))) = tokio::time::timeout(LAST_WORDS, &mut self.done).await else { return Ok(()) };
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(modes.undo().as_bytes()).and_then(|()| stdout.flush());
        failed.map_or(Ok(()), Err)
    }
}

/// Columns and rows of the terminal.
fn size() -> (u16, u16) {
    let size = tcgetwinsize(io::stdout()).ok().map(|size| (size.ws_col, size.ws_row));
    size.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL_SIZE)
}
