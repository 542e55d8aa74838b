//! The state, and what happens to it by itself in the course of time.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::{Duration, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::door::Calls;
use super::door::Faults;
use super::script::{Pace, Step};
use super::state::State;

/// What calls, scripts and timers share.
#[derive(Debug)]
pub(super) struct World {
    state: Mutex<State>,
    /// What clients have to bring.
    pub(super) tokens: Mutex<Vec<String>>,
    /// Name and password of who may log in.
    pub(super) login: (String, String),
    /// How long the server's steps take.
    pub(super) pace: Mutex<Pace>,
    /// Before every call is served.
    pub(super) latency: Mutex<Duration>,
    /// Whether calls wait for one another,
    pub(super) in_turn: AtomicBool,
    /// and the turn.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Bytes that a request may have.
    pub(super) message_limit: usize,
    /// Bytes of JSON in one message of studio inputs.
    pub(super) inputs_limit: usize,
    /// Whether interfaces of tags come back as `NAME@SERIAL`.
    pub(super) long_interfaces: bool,
    /// The log of calls.
    pub(super) calls: Calls,
    /// What happens to calls.
    pub(super) faults: Faults,
    /// Wakes those who wait for a step that is held.
    held: watch::Sender<()>,
    /// Everything that runs beside the calls.
    pub(super) tasks: TaskTracker,
    /// The end.
    pub(super) stop: CancellationToken,
}

/// What [`World::new`] is made of, beside the state.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) token: String,
    pub(super) login: (String, String),
    pub(super) pace: Pace,
    pub(super) message_limit: usize,
    pub(super) inputs_limit: usize,
    pub(super) long_interfaces: bool,
}

impl World {
    /// A world in this state.
    pub(super) fn new(state: State, rules: Rules) -> Self {
        Self {
            state: Mutex::new(state),
            tokens: Mutex::new(vec![rules.token]),
            login: rules.login,
            pace: Mutex::new(rules.pace),
            latency: Mutex::default(),
            in_turn: AtomicBool::new(false),
            turn: tokio::sync::Mutex::default(),
            message_limit: rules.message_limit,
            inputs_limit: rules.inputs_limit,
            long_interfaces: rules.long_interfaces,
            calls: Calls::default(),
            faults: Faults::default(),
            held: watch::Sender::new(()),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// The state, for as long as the guard lives.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Does something after a step of the server has taken its time.
    pub(super) fn after(self: &Arc<Self>, step: Step, then: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let world = Arc::clone(self);
        self.tasks.spawn(async move {
            let end = world.stop.clone();
            if end.run_until_cancelled(world.pass(step)).await.is_some() {
                then(&world);
            }
        });
    }

    /// Does something at a time.
    pub(super) fn after_wait(self: &Arc<Self>, wait: Duration, then: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let world = Arc::clone(self);
        self.tasks.spawn(async move {
            if world.stop.run_until_cancelled(sleep(wait)).await.is_some() {
                then(&world);
            }
        });
    }

    /// Lets a step take its time, and waits while it is held.
    async fn pass(&self, step: Step) {
        let takes = step.takes(&lock(&self.pace));
        if !takes.is_zero() {
            sleep(takes).await;
        }
        let mut held = self.held.subscribe();
        while self.state().script.held.contains(&step) {
            // Fails only when the sender is gone, which is ours.
            let _woken = held.changed().await;
        }
    }

    /// Has a step stand still, or go on.
    pub(super) fn hold(&self, step: Step, stand: bool) {
        let held = &mut self.state().script.held;
        if stand {
            held.insert(step);
        } else {
            held.remove(&step);
        }
        self.held.send_replace(());
    }
}

/// What a lock guards. A panic while it was held leaves data that is still whole: writes are single assignments.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
