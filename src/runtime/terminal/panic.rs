//! What a panic does to the screen: nothing, unless noctui ends by it.
//!
//! A panic that a task's supervisor catches stays in the log and the screen stays up. One that ends the screen's loop unwinds
//! through [`Terminal`](super::Terminal), which restores the terminal first and only then tells what happened.

use std::panic::PanicHookInfo;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

use super::guard::{self, Unfinished};
use crate::output;
use crate::trouble::Trouble;

/// The thread that runs the screen.
static SCREEN_THREAD: Mutex<Option<ThreadId>> = Mutex::new(None);
/// The last panic of that thread, to be told once the terminal is restored.
static STORY: Mutex<Option<Trouble>> = Mutex::new(None);
/// That thread has panicked and its loop has not come round since: it is on its way out.
static IS_UNWINDING: AtomicBool = AtomicBool::new(false);

/// Installs the hook; once, at the start of `main`, before the hook of `crate::logging`, which logs and then calls this
/// one. While there is no screen, panics are told as usual. `log` is where the person is sent for more.
pub fn install_hook(log: &Path) {
    let log = log.to_owned();
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !guard::is_taken() {
            usual(panic);
            return;
        }
        if *lock(&SCREEN_THREAD) != Some(thread::current().id()) {
            return;
        }
        *lock(&STORY) = Some(story_of(panic, &log));
        if IS_UNWINDING.swap(true, Ordering::Relaxed) {
            // A panic on the way out aborts the process at once, and nobody else will restore the terminal.
            guard::give_back(Unfinished { is_frame_cut: true, is_in_paste: false });
            tell();
        }
    }));
}

/// The screen's loop runs on this thread, and has not been ended by a panic so far.
pub(super) fn loop_is_alive() {
    IS_UNWINDING.store(false, Ordering::Relaxed);
}

/// This thread runs the screen from now on.
pub(super) fn watch_this_thread() {
    *lock(&SCREEN_THREAD) = Some(thread::current().id());
    loop_is_alive();
}

/// Tells what happened, if something did, on a terminal that is restored.
pub(super) fn tell() {
    if let Some(story) = lock(&STORY).take() {
        output::complain(&format!("noctui: {story}"));
    }
}

/// What happened, where, and what to do about it.
fn story_of(panic: &PanicHookInfo<'_>, log: &Path) -> Trouble {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    Trouble::new("a fault of noctui itself has ended it")
        .caused_by(&format!("{message} ({place}, version {})", env!("CARGO_PKG_VERSION")))
        .to_do(&format!("please report this, with the end of {}", log.display()))
}

/// The value, also after a panic of whoever held it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
