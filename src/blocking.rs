//! Work that blocks, done on a thread where that delays nobody; and work of others that may panic, which nobody has to see.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::pin::pin;
use std::task::Poll;

use tokio::task::spawn_blocking;

/// What `work` gives, done on a thread for blocking work; a panic in it goes on here. When the runtime is being shut down
/// it is not done, and this waits for ever: the waiting task ends with its runtime.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_ending) => std::future::pending().await,
        },
    }
}

thread_local! {
    /// Whether a panic on this thread is an answer to whoever called what panics.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What was called has panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

/// What a library makes of what somebody else has sent, also where that makes it panic: no terminal shows that.
pub(crate) async fn caught<F: Future>(work: F) -> Result<F::Output, Panicked> {
    let mut work = pin!(work);
    let polled = poll_fn(|cx| {
        let before = IS_CAUGHT.replace(true);
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        IS_CAUGHT.set(before);
        polled.map_or(Poll::Ready(Err(Panicked)), |polled| polled.map(Ok))
    });
    polled.await
}

/// From now on the hook that is set now hears of no panic that [`caught`] catches; once, at the start of `main`. A hook that is set
/// later, such as the one of `crate::logging`, hears of all.
pub(crate) fn keep_caught_panics_quiet() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if !IS_CAUGHT.get() {
            usual(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_that_is_caught_is_known_as_one_meanwhile_and_an_error_then() {
        assert!(!IS_CAUGHT.get());
        assert_eq!(caught(async { IS_CAUGHT.get() }).await, Ok(true));
        assert_eq!(caught(async { panic!("broken") }).await, Err::<(), _>(Panicked));
        assert!(!IS_CAUGHT.get());
    }

    #[tokio::test]
    async fn what_the_work_gives_is_given() {
        assert_eq!(run(|| 6 * 7).await, 42);
    }

    #[tokio::test]
    async fn a_panic_of_the_work_is_one_of_whoever_waits_for_it() {
        let panic = AssertUnwindSafe(run(|| panic!("broken"))).catch_unwind().await.unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"broken"));
    }

    #[test]
    fn a_runtime_that_ends_is_no_panic() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (ended, has_ended) = std::sync::mpsc::channel();
        let handle = runtime.handle().clone();
        runtime.shutdown_background();
        // The runtime takes no work any more, so what is spawned on it is cancelled.
        std::thread::spawn(move || {
            let _inside = handle.enter();
            ended.send(run(|| ()).now_or_never()).unwrap();
        });
        assert_eq!(has_ended.recv(), Ok(None));
    }
}
