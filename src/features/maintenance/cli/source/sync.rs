//! `noctui source sync`: what is new, now, by the same worker as behind the screen.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Named, named};
use crate::clock;
use crate::features::maintenance::cli::{Session, tidy};
use crate::features::maintenance::store::given_up::{self, ask_again};
use crate::features::maintenance::store::source::{self, Known};
use crate::features::maintenance::worker::{self, Report, Setup, SourceHealth, SourceState};
use crate::output::{self, EXIT_FAILED, Progress};
use crate::process::Owner;
use crate::store::{Error, Store};
use crate::text::{clean_line, counted};
use crate::trouble::Trouble;

/// Between the worker and this.
const REPORTS: usize = 256;
/// How long whoever reads a source has to look once they are asked.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked whether they have, where nothing tells that.
const LOOK: Duration = Duration::from_millis(200);

/// What was typed after `sync`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which sources.
    #[command(flatten)]
    named: Named,
    /// Ask again for mails that were given up because they never came, however old they are.
    #[arg(long)]
    again: bool,
}

/// What came of a source, in JSON.
#[derive(Debug, Serialize)]
struct Synced {
    name: String,
    result: &'static str,
    mails: usize,
    /// Those of them that had not come before.
    new: usize,
    trouble: Option<Trouble>,
}

/// Reads every source that is named to its end; one that fails does not hold up the others.
pub(super) fn run(Args { named: args, again }: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let sources = match named(session, &args.names) {
        Ok(sources) => sources,
        Err(code) => return Ok(code),
    };
    let labels: Vec<(String, String)> =
        sources.iter().map(|source| (source.name.clone(), worker::label(&source.from))).collect();
    if *again {
        let asked = labels.clone();
        session.store.write_blocking(move |connection| {
            asked.iter().try_for_each(|(name, label)| ask_again(connection, name, label).map(drop))
        })?;
    }
    let names: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
    let setup = Setup { sources, ..Setup::of(&session.config) };
    let rules = session.rules();
    let store = session.store.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (reports, mut told) = mpsc::channel(REPORTS);
    let stop = CancellationToken::new();
    let mut progress = Progress::begin();
    let synced = runtime.block_on(async {
        let feeding = worker::feed(setup, session.store.clone(), rules, reports, stop.clone());
        let listening = async {
            let synced = listen(&names, &mut told, &store, &mut progress, PATIENCE).await;
            stop.cancel();
            // What is still told is let go of, so that nobody waits for room.
            while told.recv().await.is_some() {}
            synced
        };
        tokio::join!(feeding, listening).1
    });
    progress.clear();
    // A source of which nothing was heard is not one that has nothing.
    let unheard = |name: &String| Synced {
        name: clean_line(name),
        result: "failed",
        mails: 0,
        new: 0,
        trouble: Some(Trouble::new("nothing was heard of it before reading ended").to_do("look into the log")),
    };
    let mut synced = synced;
    let synced: Vec<Synced> = names.iter().map(|name| synced.remove(name).unwrap_or_else(|| unheard(name))).collect();
    if args.json {
        output::print_json(&synced)?;
    }
    for Synced { name, result, mails, new, trouble } in &synced {
        match trouble {
            Some(trouble) => output::complain(&format!("noctui: {name}: {trouble}")),
            None if args.json => {}
            None => {
                output::print(&format!("{name}: {result}, {}{}\n", counted(*mails, "mail"), of_them(*mails, *new)))?;
            }
        }
    }
    for (name, label) in labels.iter().filter(|_| !args.json) {
        let left = session.store.read_blocking(|connection| given_up::of(connection, label))?;
        if let Some(told) = left.told(name) {
            output::complain(&format!("noctui: {}: {told}", clean_line(name)));
        }
    }
    tidy::forget(session);
    let failed = synced.iter().any(|synced| synced.trouble.is_some());
    Ok(if failed { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}

/// How many of the mails are new, where some are not: a folder that is numbered anew brings all of its mails again.
fn of_them(mails: usize, new: usize) -> String {
    match new {
        new if new >= mails => String::new(),
        0 => ", none of them new".to_owned(),
        new => format!(", {new} of them new"),
    }
}

/// What came of each source, as the worker tells it, or whoever reads it instead and is asked: for that it has `patience`.
async fn listen(
    names: &[String],
    told: &mut Receiver<Report>,
    store: &Store,
    progress: &mut Progress,
    patience: Duration,
) -> BTreeMap<String, Synced> {
    let mut synced: BTreeMap<String, Synced> = BTreeMap::new();
    let (mut asked, mut answers) = (BTreeSet::new(), JoinSet::new());
    while synced.len() < names.len() {
        // Cancel safety: each branch only waits.
        let state = tokio::select! {
            report = told.recv() => match report {
                Some(Report::Source(state)) => state,
                Some(_) => continue,
                None => break,
            },
            Some(Ok((name, answer))) = answers.join_next(), if !answers.is_empty() => {
                match answer {
                    Some(answer) => {
                        synced.entry(name).or_insert(answer);
                    }
                    None => {
                        asked.remove(&name);
                    }
                }
                continue;
            }
        };
        progress.show(|| format!("{}: {}", clean_line(&state.name), counted(state.received, "mail")));
        if let SourceHealth::Standby { holder, .. } = &state.health {
            if asked.insert(state.name.clone()) {
                let name = clean_line(&state.name);
                output::complain(&format!("noctui: {name}: {holder} reads it and is asked to look now"));
                answers.spawn(ask(store.clone(), state.name.clone(), patience));
            }
        } else if let Some(end) = end(&state) {
            synced.entry(state.name.clone()).or_insert(end);
        }
    }
    synced
}

/// Asks whoever reads a source to look, and waits for how that went, at most `patience`. `None` when this process reads it
/// by now: whoever did has ended.
async fn ask(store: Store, name: String, patience: Duration) -> (String, Option<Synced>) {
    let synced = |result, trouble| Synced { name: clean_line(&name), result, mails: 0, new: 0, trouble: Some(trouble) };
    let answer = match timeout(patience, answer(&store, &name)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            Some(synced("failed", Trouble::new("whoever reads it was not asked").caused_by(&error.to_string())))
        }
        Err(_) => {
            let why = format!("whoever reads it has not looked within {} s of being asked", patience.as_secs());
            let to_do =
                "see who reads it with `noctui source list`; if that process is stopped, let it go on or end it";
            Some(synced("asked", Trouble::new(&why).to_do(to_do)))
        }
    };
    (name, answer)
}

/// The answer itself; see [`ask`].
async fn answer(store: &Store, name: &str) -> Result<Option<Synced>, Error> {
    let mut changes = store.changes();
    let before = loop {
        let asked = name.to_owned();
        if let Some(before) = store.write(move |c| source::ask(c, &asked, clock::now())).await? {
            break before;
        }
        sleep(LOOK).await;
    };
    let ours = Owner::of_this_process();
    loop {
        let asked = name.to_owned();
        let known = store.read(move |c| source::known(c, &asked)).await?;
        if known.reader(clock::now()).is_some_and(|holder| holder.owner == ours) {
            return Ok(None);
        }
        if let Some((result, trouble)) = told_since(&before, &known) {
            let mails = usize::try_from(known.received.saturating_sub(before.received)).unwrap_or(usize::MAX);
            let new = usize::try_from(known.fresh.saturating_sub(before.fresh)).unwrap_or(usize::MAX);
            return Ok(Some(Synced { name: clean_line(name), result, mails, new, trouble }));
        }
        // Cancel safety: each branch only waits.
        tokio::select! {
            _ = changes.changed() => {}
            () = sleep(LOOK) => {}
        }
    }
}

/// What whoever reads a source has told of it since.
fn told_since(before: &Known, now: &Known) -> Option<(&'static str, Option<Trouble>)> {
    if let Some((who, _)) = &now.paused {
        return Some(("paused", Some(paused(who))));
    }
    if let Some((_, why)) = now.failed.as_ref().filter(|_| now.failed != before.failed) {
        return Some(("failed", Some(Trouble::new("whoever reads it cannot").caused_by(why))));
    }
    (now.complete_at != before.complete_at).then_some(("complete", None))
}

/// It rests.
fn paused(who: &str) -> Trouble {
    Trouble::new(&format!("it is paused by {who}")).to_do("`noctui source resume` it first")
}

/// What came of a source, once that is known.
fn end(state: &SourceState) -> Option<Synced> {
    let (result, trouble) = match &state.health {
        SourceHealth::Starting | SourceHealth::Reading(_) | SourceHealth::Standby { .. } => return None,
        SourceHealth::Watching => ("complete", None),
        SourceHealth::Failing(reason) => ("failed", Some(Trouble::new(reason))),
        SourceHealth::Down { trouble, .. } => ("failed", Some(trouble.clone())),
        SourceHealth::Paused { who, .. } => ("paused", Some(paused(who))),
        SourceHealth::Waiting { why, .. } => {
            let trouble = Trouble::new("its mails cannot be recorded").caused_by(why);
            ("failed", Some(trouble))
        }
    };
    Some(Synced { name: clean_line(&state.name), result, mails: state.received, new: state.fresh, trouble })
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;
    use crate::features::maintenance::store::source::Holder;
    use crate::features::open_store;

    /// Far beyond what any of these takes.
    const FAR: Duration = Duration::from_secs(25);

    /// Another process that reads the source `noc`, or is thought to. It ends with the value.
    struct Reader {
        child: Child,
        store: Store,
        _home: tempfile::TempDir,
    }

    impl Reader {
        async fn begin() -> Self {
            let home = tempfile::tempdir().unwrap();
            let store = open_store(home.path()).unwrap();
            let child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            let holder = Holder { id: "other".to_owned(), owner: Owner::of_process(child.id()) };
            let (now, hour) = (clock::now(), chrono::TimeDelta::hours(1));
            store.write(move |c| source::claim(c, "noc", &holder, now, now + hour)).await.unwrap();
            Self { child, store, _home: home }
        }

        /// What `source sync` says of it, which lets it have so long.
        async fn sync(&self, patience: Duration) -> Synced {
            let (reports, mut told) = mpsc::channel(1);
            let health = SourceHealth::Standby { holder: "process 1".to_owned(), failure: None };
            let state = SourceState {
                name: "noc".to_owned(),
                place: String::new(),
                health,
                fresh_at: None,
                next_at: None,
                received: 0,
                fresh: 0,
                unparsed: 0,
                alert: None,
            };
            reports.send(Report::Source(state)).await.unwrap();
            let names = ["noc".to_owned()];
            let synced = listen(&names, &mut told, &self.store, &mut Progress::begin(), patience).await;
            synced.into_values().next().unwrap()
        }

        /// Tells this of a look once it is asked for one.
        async fn answer(&self, told: source::Progress) {
            let mut changes = self.store.changes();
            let wanted_at = loop {
                let known = self.store.read(|c| source::known(c, "noc")).await.unwrap();
                if known.wanted_at > 0 {
                    break known.wanted_at;
                }
                changes.changed().await.unwrap();
            };
            let told = source::Progress { wanted_at, ..told };
            self.store.write(move |c| source::tell(c, "noc", "other", &told)).await.unwrap();
        }
    }

    impl Drop for Reader {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[tokio::test]
    async fn whoever_reads_a_source_and_does_not_look_is_waited_for_so_long_and_no_longer() {
        let reader = Reader::begin().await;
        let synced = timeout(FAR, reader.sync(Duration::from_secs(1))).await.expect("it is not waited for for ever");
        let trouble = synced.trouble.unwrap().one_line();
        assert_eq!(synced.result, "asked");
        assert!(trouble.contains("has not looked within 1 s") && trouble.contains("noctui source list"), "{trouble}");
    }

    #[tokio::test]
    async fn what_whoever_reads_a_source_tells_meanwhile_is_told() {
        let mut reader = Reader::begin().await;
        let failed = Some((clock::now(), "no answer".to_owned()));
        let told = source::Progress { failed, ..source::Progress::default() };
        let (synced, ()) = tokio::join!(reader.sync(FAR), reader.answer(told));
        let trouble = synced.trouble.unwrap().one_line();
        assert_eq!(synced.result, "failed");
        assert!(trouble.contains("whoever reads it cannot: no answer"), "{trouble}");
        let told =
            source::Progress { received: 3, fresh: 1, complete_at: Some(clock::now()), ..source::Progress::default() };
        reader = Reader::begin().await;
        let (synced, ()) = tokio::join!(reader.sync(FAR), reader.answer(told));
        assert_eq!((synced.result, synced.mails, synced.new, synced.trouble), ("complete", 3, 1, None));
        assert_eq!(
            [(3, 3), (3, 1), (3, 0), (0, 0)].map(|(mails, new)| of_them(mails, new)),
            ["", ", 1 of them new", ", none of them new", ""]
        );
    }
}
