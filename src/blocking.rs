//! Work that blocks, done on a thread where that delays nobody.

use std::panic::resume_unwind;

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

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use futures::FutureExt;

    use super::*;

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
