//! Whose turn it is to read a source.
//!
//! Of the processes on a data directory one reads a source at a time: a login, connections and mail go over the wire once,
//! and a Maildir is listed once. It has a lease on it in the store, which it puts off; when it dies another one takes over,
//! within seconds on the same machine, and otherwise when the lease has run out. What it records the others show at once,
//! from the store.
//!
//! A source that somebody lets rest is read by nobody.

use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::memory::Memory;
use crate::clock;
use crate::features::maintenance::store::source::{self, Claim, Holder, Known, Progress};
use crate::features::maintenance::worker::{SourceHealth, SourceState};
use crate::store::{Error, Store};

/// How long a lease lasts, unless it is put off.
const LEASE: Duration = Duration::from_mins(3);
/// How often it is put off. Each time is a commit, after which the screens of other processes on the data directory look again.
const PUT_OFF: Duration = Duration::from_mins(1);
/// How often somebody who waits for their turn looks whether who has it has died; all that wait in a process at the same time.
const LOOK: Duration = Duration::from_secs(5);

/// What looks are counted from.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// This process among all that ever held a lease. A feed that begins anew in it has the lease of the one before.
static PROCESS: LazyLock<String> = LazyLock::new(|| uuid::Uuid::new_v4().to_string());

/// How a source goes, as others want to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Going {
    /// Mails taken by this process.
    received: usize,
    /// Those of them that had not come before.
    fresh: usize,
    /// Whether everything there is was read.
    is_complete: bool,
    /// When that was; `None` where what is new is told at once, and it is so all the time.
    looked_at: Option<DateTime<Utc>>,
    /// What is wrong.
    failure: Option<String>,
    /// When it is tried again.
    next_at: Option<DateTime<Utc>>,
}

impl Going {
    /// What the header is told, in fewer words; `is_whole` of a look at all of the source.
    pub(super) fn of(state: &SourceState, is_whole: bool) -> Self {
        let (is_complete, failure, next_at) = match &state.health {
            SourceHealth::Watching => (is_whole, None, state.next_at),
            SourceHealth::Failing(reason) => (false, Some(reason.clone()), None),
            SourceHealth::Down { trouble, again_at, .. } => (false, Some(trouble.one_line()), *again_at),
            SourceHealth::Waiting { why, again_at, .. } => (false, Some(why.clone()), Some(*again_at)),
            SourceHealth::Starting
            | SourceHealth::Reading(_)
            | SourceHealth::Paused { .. }
            | SourceHealth::Standby { .. } => (false, None, None),
        };
        let looked_at = state.fresh_at.filter(|_| state.next_at.is_some());
        Self { received: state.received, fresh: state.fresh, is_complete, looked_at, failure, next_at }
    }

    /// Whether others have to know of it now and not only in time.
    fn is_news(&self, told: &Self) -> bool {
        (self.is_complete, &self.failure) != (told.is_complete, &told.failure)
    }
}

/// A feed's place among those who would read the same source.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// Where leases are.
    store: Store,
    /// The source's name in the configuration.
    name: String,
    /// What it reads.
    scope: String,
    /// This feed.
    holder: Holder,
    /// See [`PUT_OFF`].
    pub(super) put_off_every: Duration,
    /// Whether a look that somebody wants begins the source anew: it has no ear for that meanwhile.
    begins_anew: bool,
    /// Changes when somebody in this process wants all sources to be looked at.
    sync: watch::Receiver<u64>,
    /// When somebody in another process last wanted this one to be looked at.
    wanted_at: i64,
    /// When a backup was last put back.
    put_back_at: Option<i64>,
    /// Whether somebody wants a look and was not told yet how one went that began after that.
    is_asked: bool,
    /// What others were told.
    told: Going,
    /// The failure that others were told.
    failed: Option<(DateTime<Utc>, String)>,
    /// What was known of the source when the turn was asked for.
    seen: Option<Known>,
    /// When the source was last read to the end, by whoever reads it.
    complete_at: Option<DateTime<Utc>>,
}

/// When all that wait for their turn look next.
fn next_look() -> Instant {
    let since = START.elapsed();
    let looks = u32::try_from(since.as_millis() / LOOK.as_millis()).unwrap_or(u32::MAX);
    *START + LOOK.saturating_mul(looks.saturating_add(1))
}

/// Why a source is not read while another configuration on the same data directory has its name for something else.
/// `scope` is what this one would read.
pub(crate) fn namesake(holder: &str, reads: &str, scope: &str) -> String {
    let account = |scope: &str| scope.split('\n').next().unwrap_or_default().to_owned();
    let reads = account(reads);
    if reads == account(scope) {
        return format!(
            "{holder} reads other folders of {reads}, or other mails of them, under this name, and this one is not read \
             meanwhile; give both the same folders, since, senders and sender_header, or one of the two another name"
        );
    }
    format!(
        "{holder} reads {reads} under this name, and this one is not read meanwhile; give one of the two another name"
    )
}

impl Turn {
    /// It is nobody's turn yet.
    pub(super) fn new(
        store: Store,
        (name, scope): (&str, &str),
        begins_anew: bool,
        sync: watch::Receiver<u64>,
    ) -> Self {
        Self {
            store,
            name: name.to_owned(),
            scope: scope.to_owned(),
            holder: Holder::of(&PROCESS, scope),
            put_off_every: PUT_OFF,
            begins_anew,
            sync,
            wanted_at: 0,
            put_back_at: None,
            is_asked: false,
            told: Going::default(),
            failed: None,
            seen: None,
            complete_at: None,
        }
    }

    /// Takes the turn. What is in the way of it, if something is.
    pub(super) async fn take(&mut self) -> Result<Option<SourceHealth>, Error> {
        // Looking is cheap; claiming is a commit.
        let known = self.known().await?;
        self.is_asked |= known.wanted_at > self.wanted_at;
        (self.wanted_at, self.put_back_at) = (known.wanted_at, known.put_back_at);
        self.complete_at = known.complete_at;
        self.seen = Some(known.clone());
        if let Some((who, at)) = known.paused {
            return Ok(Some(SourceHealth::Paused { who, at }));
        }
        let failure = known.failed.as_ref().map(|(_, why)| why.clone());
        if let Some(other) = known.reader(clock::now()).filter(|other| !other.is_of_process_of(&self.holder)) {
            if let Some(reads) = other.reads_instead_of(&self.scope) {
                // When that was complete says nothing of this one.
                self.complete_at = None;
                return Ok(Some(SourceHealth::Failing(namesake(&other.owner.label(), reads, &self.scope))));
            }
            return Ok(Some(SourceHealth::Standby { holder: other.owner.label(), failure }));
        }
        Ok(match self.claim().await? {
            Claim::Ours => None,
            Claim::Of { label } => Some(SourceHealth::Standby { holder: label, failure }),
            Claim::Paused { who, at } => Some(SourceHealth::Paused { who, at }),
        })
    }

    /// When the source was last read to the end, by whoever read it when the turn was asked for.
    pub(super) fn complete_at(&self) -> Option<DateTime<Utc>> {
        self.complete_at
    }

    /// Waits until it may have become our turn. Who wants the source to be looked at meanwhile asks whoever reads it.
    pub(super) async fn changed(&mut self) {
        let mut changes = self.store.changes();
        // What is told with a lease that is put off is announced to nobody.
        let read_again_at = Instant::now() + self.put_off_every;
        loop {
            tokio::select! {
                _ = changes.changed() => return,
                Ok(()) = self.sync.changed() => {
                    let name = self.name.clone();
                    let asked = self.store.write(move |c| source::want(c, &name, clock::now())).await;
                    if let Err(error) = asked {
                        tracing::warn!(%error, "whoever reads the source was not asked to look");
                    }
                    return;
                }
                // The system is asked, and not the store.
                () = sleep_until(next_look()) => {
                    let is_held = |seen: &Known| seen.paused.is_some() || seen.reader(clock::now()).is_some();
                    if Instant::now() >= read_again_at || !self.seen.as_ref().is_some_and(is_held) {
                        return;
                    }
                }
            }
        }
    }

    /// Keeps the turn until it is over: somebody lets the source rest, another process has taken it, a backup was put back,
    /// or a Maildir is to be looked at anew. `wanted` is changed when somebody wants a look now.
    pub(super) async fn keep(&mut self, mut going: watch::Receiver<Going>, wanted: &watch::Sender<u64>) {
        let mut changes = self.store.changes();
        let mut put_off_at = Instant::now() + self.put_off_every;
        loop {
            // Cancel safety: each branch only waits.
            tokio::select! {
                told = changes.changed() => if told.is_err() { return },
                Ok(()) = self.sync.changed() => {
                    if self.begins_anew {
                        return;
                    }
                    wanted.send_modify(|count| *count = count.wrapping_add(1));
                    continue;
                }
                Ok(()) = going.changed() => {
                    let now = going.borrow_and_update().clone();
                    let is_answer = self.is_asked && (now.is_complete || now.failure.is_some());
                    self.is_asked &= !is_answer;
                    if is_answer || now.is_news(&self.told) {
                        self.tell(now).await;
                    }
                    continue;
                }
                () = sleep_until(put_off_at) => {
                    put_off_at = Instant::now() + self.put_off_every;
                    // Not taken for seen: somebody may wait for it.
                    let now = going.borrow().clone();
                    match self.put_off(now).await {
                        // A Maildir begins anew for a look, and this only asks it whether it is still where it was.
                        Ok(Claim::Ours) if self.begins_anew => wanted.send_modify(|count| *count = count.wrapping_add(1)),
                        Ok(Claim::Ours) => {}
                        Ok(Claim::Of { .. } | Claim::Paused { .. }) => return,
                        Err(error) => tracing::warn!(%error, source = self.name, "the lease is not put off"),
                    }
                    continue;
                }
            }
            let Ok(known) = self.known().await else { continue };
            let is_taken = known.holder.as_ref().is_some_and(|(holder, _)| holder.id != self.holder.id);
            let is_put_back = known.put_back_at != self.put_back_at;
            if known.paused.is_some() || is_put_back || is_taken {
                return;
            }
            if known.wanted_at > self.wanted_at {
                (self.wanted_at, self.is_asked) = (known.wanted_at, true);
                if self.begins_anew {
                    return;
                }
                wanted.send_modify(|count| *count = count.wrapping_add(1));
            }
        }
    }

    /// Puts a bookmark of a folder; answers whether it is still our turn.
    pub(super) async fn put(&self, memory: &Memory, folder: String, bookmark: String) -> Result<bool, Error> {
        let (name, holder) = (self.name.clone(), self.holder.id.clone());
        let Memory { label, wanted, .. } = memory.clone();
        self.store
            .write(move |c| source::put_bookmark(c, (&name, &holder), (&label, &folder), (&wanted, &bookmark)))
            .await
    }

    /// Lets another one read the source.
    pub(super) async fn give_back(&mut self, going: Going) {
        let progress = self.progress(going);
        let (name, holder) = (self.name.clone(), self.holder.id.clone());
        let given_back = self.store.write(move |c| {
            source::tell(c, &name, &holder, &progress)?;
            source::release(c, &name, &holder)
        });
        if let Err(error) = given_back.await {
            tracing::warn!(%error, source = self.name, "the lease is not given back; it runs out");
        }
    }

    /// Takes the lease.
    async fn claim(&self) -> Result<Claim, Error> {
        let (name, holder) = (self.name.clone(), self.holder.clone());
        let now = clock::now();
        self.store.write(move |c| source::claim(c, &name, &holder, now, now + LEASE)).await
    }

    /// Puts the lease off, and tells others how it goes.
    async fn put_off(&mut self, going: Going) -> Result<Claim, Error> {
        let told = self.told.clone();
        let progress = self.progress(going);
        let (name, holder, now) = (self.name.clone(), self.holder.clone(), clock::now());
        let put_off = self.store.write_quietly(move |c| {
            let claim = source::claim(c, &name, &holder, now, now + LEASE)?;
            if claim == Claim::Ours {
                source::tell(c, &name, &holder.id, &progress)?;
            }
            Ok(claim)
        });
        let put_off = put_off.await;
        if put_off.is_err() {
            self.told = told;
        }
        put_off
    }

    /// What is known of the source.
    async fn known(&self) -> Result<Known, Error> {
        let (name, scope) = (self.name.clone(), self.scope.clone());
        self.store.read(move |c| source::known_of(c, &name, &scope)).await
    }

    /// Tells others how it goes.
    async fn tell(&mut self, going: Going) {
        let progress = self.progress(going);
        let (name, holder) = (self.name.clone(), self.holder.id.clone());
        if let Err(error) = self.store.write(move |c| source::tell(c, &name, &holder, &progress)).await {
            tracing::warn!(%error, source = self.name, "how the source goes is not told");
        }
    }

    /// What is new of how it goes, which is told now.
    fn progress(&mut self, going: Going) -> Progress {
        let now = clock::now();
        // What is known from before somebody asked is no answer.
        if !self.is_asked {
            self.failed = going.failure.clone().map(|why| (now, why));
        }
        let progress = Progress {
            received: going.received.saturating_sub(self.told.received) as u64,
            fresh: going.fresh.saturating_sub(self.told.fresh) as u64,
            complete_at: (going.is_complete && !self.is_asked).then(|| going.looked_at.unwrap_or(now)),
            failed: self.failed.clone(),
            next_at: going.next_at,
            wanted_at: self.wanted_at,
        };
        self.told = going;
        progress
    }
}
