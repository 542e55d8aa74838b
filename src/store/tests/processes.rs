//! Several stores and processes on one directory.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn stores_on_one_directory_take_turns_and_see_each_other() {
    for open in [open as fn(&Path) -> Store, rollback] {
        let dir = tempfile::tempdir().unwrap();
        let stores = [open(dir.path()), open(dir.path()), open(dir.path())];
        let writes = (0..30).map(|n| {
            let store = stores[n % 3].clone();
            async move {
                store.write(insert(&format!("word {n}"))).await.unwrap();
                store.read(words).await.unwrap()
            }
        });
        futures::future::join_all(writes).await;
        for store in &stores {
            assert_eq!(store.read(words).await.unwrap().len(), 30);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_commit_is_announced_and_another_stores_too() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (open(dir.path()), open(dir.path()));
    let mut changes = store.changes();
    let next = async |changes: &mut Receiver<u64>| {
        tokio::time::timeout(GENEROUS, changes.changed()).await.expect("an announcement").unwrap();
    };
    store.write(insert("own")).await.unwrap();
    next(&mut changes).await;
    other.write(insert("other's")).await.unwrap();
    next(&mut changes).await;
    assert_eq!(store.read(words).await.unwrap().len(), 2);
    other.write(insert("other's second")).await.unwrap();
    next(&mut changes).await;
}

#[test]
fn a_store_that_another_holds_for_too_long_is_busy() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &Options { waits: false, ..Options::new(MIGRATIONS) }).unwrap();
    let other = open(dir.path());
    let error = other.write_blocking(move |_| {
        let busy = store.write_blocking(insert("refused"));
        Ok(busy.unwrap_err())
    });
    let error = error.unwrap();
    assert!(matches!(error, Error::Busy { .. }) && error.is_transient(), "{error:?}");
}

/// Says to a copy of this test that it is a writer, and on which directory, with which words, in which journal mode.
const WRITER: &str = "NOCTUI_TEST_WRITER";

/// A process that writes words one after the other and says each one that was confirmed, until it is killed.
struct Writer {
    process: std::process::Child,
    said: std::io::Lines<std::io::BufReader<std::process::ChildStdout>>,
}

impl Writer {
    fn start(dir: &Path, name: &str, journal: &str) -> Self {
        let mut process = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::tests::processes::a_killed_process_loses_nothing_that_was_confirmed",
                "--nocapture",
            ])
            .env(WRITER, format!("{journal} {name} {}", dir.display()))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let said = std::io::BufRead::lines(std::io::BufReader::new(process.stdout.take().unwrap()));
        Self { process, said }
    }

    /// What this process does in the copy.
    fn run(order: &str) {
        let [journal, name, dir] = order.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{order}") };
        let store = if journal == "wal" { open(Path::new(dir)) } else { rollback(Path::new(dir)) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for n in 0.. {
            runtime.block_on(async {
                let word = |m| format!("{name} {n} {m}");
                let (first, second) = tokio::join!(
                    store.write(insert(&word(0))),
                    futures::future::try_join_all((1..4).map(|m| store.write_in_batch(insert(&word(m)))))
                );
                first.unwrap();
                second.unwrap();
                for m in 0..4 {
                    println!("confirmed {}", word(m));
                }
            });
        }
    }

    /// The next `n` words that were confirmed.
    fn confirmed(&mut self, n: usize) -> Vec<String> {
        let words = self
            .said
            .by_ref()
            .map(Result::unwrap)
            .filter_map(|line| line.split_once("confirmed ").map(|(_, word)| word.to_owned()));
        words.take(n).collect()
    }

    /// SIGKILL, and what else it had said.
    fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.confirmed(usize::MAX)
    }
}

#[test]
fn stores_that_are_opened_at_once_on_a_new_directory_agree() {
    for journal in [Journal::Auto, Journal::Rollback] {
        for _ in 0..40 {
            let dir = tempfile::tempdir().unwrap();
            let start = std::sync::Barrier::new(3);
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        start.wait();
                        Store::open(dir.path(), &Options { journal, ..Options::new(MIGRATIONS) }).unwrap();
                    });
                }
            });
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_confirmed() {
    if let Ok(order) = std::env::var(WRITER) {
        return Writer::run(&order);
    }
    for journal in ["wal", "truncate"] {
        let dir = tempfile::tempdir().unwrap();
        let mut confirmed = Vec::new();
        // Two processes at a time on one directory; each round ends at another moment of their work.
        for (round, moment) in [1, 23, 6, 58, 101].into_iter().enumerate() {
            let mut one = Writer::start(dir.path(), &format!("one-{round}"), journal);
            let mut two = Writer::start(dir.path(), &format!("two-{round}"), journal);
            confirmed.extend(two.confirmed(1));
            confirmed.extend(one.confirmed(moment));
            confirmed.extend(one.kill());
            confirmed.extend(two.confirmed(moment));
            confirmed.extend(two.kill());
        }
        assert!(confirmed.len() > 300, "the writers hardly wrote");
        let store = open(dir.path());
        let (verdict, found) = store
            .read_blocking(|connection| {
                let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
                Ok((verdict, words(connection)?.into_iter().collect::<std::collections::HashSet<_>>()))
            })
            .unwrap();
        assert_eq!(verdict, "ok");
        let lost: Vec<_> = confirmed.iter().filter(|word| !found.contains(*word)).collect();
        assert!(lost.is_empty(), "lost {} of {} in {journal}, first {:?}", lost.len(), confirmed.len(), lost.first());
    }
}
