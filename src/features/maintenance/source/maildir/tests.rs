//! A real Maildir in a temporary folder, real inotify. The deadline only guards against hanging.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Mutex;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::{MAX_MAIL_BYTES, Refusal, channel};
use super::*;

/// Far beyond what any of these takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// The one mail that came.
fn one(mails: Vec<Received>) -> Received {
    let [mail] = mails.try_into().expect("mails come one by one");
    mail
}

/// Mails, each as the file that it was.
type Kept = BTreeSet<(String, Option<Stamp>)>;

/// A Maildir and the watch on it.
struct Fixture {
    /// Removed at the end.
    dir: TempDir,
    /// What the watch tells.
    events: mpsc::Receiver<Event>,
    /// Keys that count as recorded, as whatever file.
    recorded: Arc<Mutex<BTreeSet<String>>>,
    /// Mails that do as the file that they were.
    kept: Arc<Mutex<Kept>>,
    /// Has it look where the path leads.
    check: watch::Sender<u64>,
    /// Ends the watch.
    stop: CancellationToken,
    /// The watch.
    tasks: JoinSet<()>,
}

impl Fixture {
    /// A watch on `maildir` in a folder that `prepare` has filled.
    fn with(prepare: impl FnOnce(&Path), change: impl FnOnce(Maildir) -> Maildir) -> Self {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path());
        let (out, events) = channel();
        let mut fixture = Self {
            events,
            recorded: Arc::default(),
            kept: Arc::default(),
            check: watch::Sender::new(0),
            stop: CancellationToken::new(),
            tasks: JoinSet::new(),
            dir,
        };
        fixture.start(out, change);
        fixture
    }

    /// A watch on an empty Maildir.
    fn empty() -> Self {
        Self::with(make, |maildir| maildir)
    }

    /// Starts a watch that tells `out`.
    fn start(&mut self, out: Sender<Event>, change: impl FnOnce(Maildir) -> Maildir) {
        let (recorded, kept) = (Arc::clone(&self.recorded), Arc::clone(&self.kept));
        let handled: Handled = Arc::new(move |key, stamp| {
            recorded.lock().unwrap().contains(key) || kept.lock().unwrap().contains(&(key.to_owned(), stamp))
        });
        let maildir = change(Maildir::new(self.dir.path().join("box")));
        self.tasks.spawn(maildir.watch(handled, out, self.check.subscribe(), self.stop.clone()));
    }

    /// Ends the watch.
    async fn end(&mut self) {
        self.stop.cancel();
        self.tasks.join_next().await;
    }

    /// Begins another one.
    fn begin(&mut self) {
        self.stop = CancellationToken::new();
        let (out, events) = channel();
        self.events = events;
        self.start(out, |maildir| maildir);
    }

    /// `box/REST`.
    fn path(&self, rest: &str) -> PathBuf {
        self.dir.path().join("box").join(rest)
    }

    /// Delivers as deliverers do.
    fn deliver(&self, name: &str, body: &str) {
        deliver(self.dir.path(), name, body);
    }

    /// The next thing told.
    async fn next(&mut self) -> Event {
        timeout(DEADLINE, self.events.recv()).await.expect("something is told in time").expect("the watch runs")
    }

    /// The next mail; states before it are skipped.
    async fn next_mail(&mut self) -> Received {
        loop {
            if let Event::Received(received) = self.next().await {
                return one(received);
            }
        }
    }

    /// Waits until it is told that the Maildir fails for a reason in which these words are.
    async fn failing_for(&mut self, words: &[&str]) {
        loop {
            match self.next().await {
                Event::State(State::Failing { reason }) if words.iter().all(|word| reason.contains(word)) => return,
                Event::State(State::Watching { .. }) => panic!("not every mail was read"),
                Event::Received(_) | Event::State(_) | Event::Bookmark { .. } | Event::Alert(_) => {}
            }
        }
    }

    /// Reads until everything that was there has been handed out. Returns the keys of the mails.
    async fn until_watching(&mut self) -> Vec<String> {
        let mut keys = Vec::new();
        loop {
            match self.next().await {
                Event::Received(received) => keys.push(one(received).key),
                Event::State(State::Watching { .. }) => return keys,
                Event::State(_) | Event::Bookmark { .. } | Event::Alert(_) => {}
            }
        }
    }
}

/// Makes `box` in `dir`.
fn make(dir: &Path) {
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(dir.join("box").join(folder)).unwrap();
    }
}

/// Writes to `tmp/` and renames to `new/`.
fn deliver(dir: &Path, name: &str, body: &str) {
    let tmp = dir.join("box/tmp").join(name);
    fs::write(&tmp, body).unwrap();
    fs::rename(tmp, dir.join("box/new").join(name)).unwrap();
}

/// The error of a mail without content.
fn refusal(received: Received) -> Refusal {
    received.body.expect_err("the mail is refused")
}

#[tokio::test]
async fn what_was_there_comes_first_in_the_order_of_delivery() {
    let mut fixture = Fixture::with(
        |dir| {
            make(dir);
            for name in ["1700000003.c", "1700000001.a", "1700000002.b"] {
                deliver(dir, name, name);
            }
            fs::rename(dir.join("box/new/1700000002.b"), dir.join("box/cur/1700000002.b:2,S")).unwrap();
        },
        |maildir| maildir,
    );
    assert_eq!(fixture.next().await, Event::State(State::Reading { mails: 3 }));
    assert_eq!(fixture.until_watching().await, ["1700000001.a", "1700000002.b", "1700000003.c"]);
}

#[tokio::test]
async fn a_delivery_is_handed_out_with_its_time_and_bytes() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    fixture.deliver("1700000009.x", "Subject: x\r\n\r\n");
    let received = fixture.next_mail().await;
    assert_eq!(received.key, "1700000009.x");
    assert_eq!(received.delivered.unwrap().timestamp(), 1_700_000_009);
    assert_eq!(received.body.unwrap(), b"Subject: x\r\n\r\n");
}

#[tokio::test]
async fn a_mail_that_is_moved_and_flagged_is_no_new_mail() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    fixture.deliver("1700000001.a", "a");
    assert_eq!(fixture.next_mail().await.key, "1700000001.a");
    fs::rename(fixture.path("new/1700000001.a"), fixture.path("cur/1700000001.a:2,")).unwrap();
    fs::rename(fixture.path("cur/1700000001.a:2,"), fixture.path("cur/1700000001.a:2,S")).unwrap();
    fixture.deliver("1700000002.b", "b");
    assert_eq!(fixture.next_mail().await.key, "1700000002.b");
}

#[tokio::test]
async fn a_mail_recorded_before_is_not_read_again() {
    let mut fixture = Fixture::empty();
    fixture.recorded.lock().unwrap().insert("1700000001.a".to_owned());
    fixture.until_watching().await;
    fixture.deliver("1700000001.a", "a");
    fixture.deliver("1700000002.b", "b");
    assert_eq!(fixture.next_mail().await.key, "1700000002.b");
}

#[tokio::test]
async fn mails_from_before_a_given_time_are_left_alone() {
    let since = DateTime::from_timestamp(1_700_000_002, 0).unwrap();
    let mut fixture = Fixture::with(
        |dir| {
            make(dir);
            for name in ["1700000001.a", "1700000002.b"] {
                deliver(dir, name, name);
            }
        },
        |maildir| maildir.since(since),
    );
    assert_eq!(fixture.until_watching().await, ["1700000002.b"]);
}

#[tokio::test]
async fn a_mail_that_was_not_recorded_comes_again_after_a_restart() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    fixture.deliver("1700000001.a", "a");
    fixture.next_mail().await;
    fixture.end().await;
    fixture.begin();
    assert_eq!(fixture.until_watching().await, ["1700000001.a"]);
}

#[tokio::test]
async fn a_mail_deleted_at_once_disturbs_nothing() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    for number in 0..50 {
        let name = format!("1700000000.{number}");
        fixture.deliver(&name, "gone");
        fs::remove_file(fixture.path("new").join(name)).unwrap();
    }
    fixture.deliver("1700000001.stays", "here");
    while fixture.next_mail().await.key != "1700000001.stays" {}
}

#[tokio::test]
async fn a_burst_of_2000_mails_arrives_whole_although_the_reader_is_slow() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    let sent: BTreeSet<_> = (0..2_000).map(|number| format!("{}.burst", 1_700_000_000 + number)).collect();
    for name in &sent {
        fixture.deliver(name, name);
    }
    let mut received = BTreeSet::new();
    while received.len() < sent.len() {
        let mail = fixture.next_mail().await;
        assert_eq!(mail.body.unwrap(), mail.key.as_bytes());
        assert!(received.insert(mail.key), "each comes once");
        tokio::task::yield_now().await;
    }
    assert_eq!(received, sent);
}

#[tokio::test]
async fn pipes_folders_and_loops_are_refused_and_never_waited_for() {
    let mut fixture = Fixture::with(
        |dir| {
            make(dir);
            let new = dir.join("box/new");
            rustix::fs::mknodat(rustix::fs::CWD, new.join("1"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
            fs::create_dir(new.join("2")).unwrap();
            symlink("3", new.join("3")).unwrap();
            symlink("/dev/zero", new.join("4")).unwrap();
            drop(std::os::unix::net::UnixListener::bind(new.join("5")).unwrap());
            symlink("nowhere", new.join("6")).unwrap();
        },
        |maildir| maildir,
    );
    let mut refused = Vec::new();
    loop {
        match fixture.next().await {
            Event::Received(received) => {
                let received = one(received);
                refused.push((received.key.clone(), refusal(received)));
            }
            Event::State(State::Failing { reason }) => {
                assert!(reason.starts_with("5 mails not read: "), "{reason}");
                break;
            }
            Event::State(State::Watching { .. }) => panic!("not every mail was read"),
            Event::State(_) | Event::Bookmark { .. } | Event::Alert(_) => {}
        }
    }
    refused.sort_by(|a, b| a.0.cmp(&b.0));
    let kinds: Vec<_> = refused
        .iter()
        .map(|(key, refusal)| match refusal {
            Refusal::NotAFile { kind } => (key.as_str(), *kind),
            Refusal::Unreadable { .. } => (key.as_str(), "unreadable"),
            Refusal::TooLarge { .. } => (key.as_str(), "too large"),
            Refusal::Garbled { .. } | Refusal::Empty | Refusal::Other { .. } => (key.as_str(), "another"),
        })
        .collect();
    let expected =
        [("1", "a named pipe"), ("2", "a folder"), ("3", "unreadable"), ("4", "a device"), ("5", "a socket")];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn an_empty_file_is_an_empty_mail() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    fixture.deliver("1700000001.empty", "");
    assert_eq!(fixture.next_mail().await.body, Ok(Vec::new()));
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_told_with_its_size() {
    let mut fixture = Fixture::with(
        |dir| {
            make(dir);
            fs::File::create(dir.join("box/new/1700000001.big")).unwrap().set_len(MAX_MAIL_BYTES + 1).unwrap();
        },
        |maildir| maildir,
    );
    let refusal = refusal(fixture.next_mail().await);
    assert_eq!(refusal, Refusal::TooLarge { bytes: MAX_MAIL_BYTES + 1 });
    assert!(refusal.is_lasting());
}

#[tokio::test]
async fn an_unreadable_mail_is_told_once_and_comes_when_it_may_be_read() {
    if rustix::process::geteuid().is_root() {
        // Nothing is unreadable to root: a link into nowhere that becomes a loop has to stand in.
        let mut fixture = Fixture::with(
            |dir| {
                make(dir);
                symlink("1700000001.locked", dir.join("box/new/1700000001.locked")).unwrap();
            },
            |maildir| maildir,
        );
        assert!(!refusal(fixture.next_mail().await).is_lasting());
        fixture.failing_for(&["1 mail not read: ", "new/1700000001.locked: cannot be read: "]).await;
        fs::remove_file(fixture.path("new/1700000001.locked")).unwrap();
        fixture.deliver("1700000001.locked", "open");
        assert_eq!(fixture.until_watching().await, ["1700000001.locked"]);
        return;
    }
    let mut fixture = Fixture::with(
        |dir| {
            make(dir);
            deliver(dir, "1700000001.locked", "open");
            fs::set_permissions(dir.join("box/new/1700000001.locked"), Permissions::from_mode(0o000)).unwrap();
        },
        |maildir| maildir,
    );
    assert!(!refusal(fixture.next_mail().await).is_lasting());
    fixture.failing_for(&["1 mail not read: ", "new/1700000001.locked: cannot be read: Permission denied"]).await;
    fs::set_permissions(fixture.path("new/1700000001.locked"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(fixture.until_watching().await, ["1700000001.locked"]);
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_is_no_longer_told_when_it_is_gone_or_when_another_process_has_read_it() {
    let mut fixture = Fixture::with(make, |maildir| Maildir { look_every: Duration::from_millis(50), ..maildir });
    fixture.until_watching().await;
    symlink("1700000001.gone", fixture.path("new/1700000001.gone")).unwrap();
    fixture.failing_for(&["1 mail not read: "]).await;
    symlink("1700000002.read", fixture.path("new/1700000002.read")).unwrap();
    fixture.failing_for(&["2 mails not read: "]).await;
    fs::remove_file(fixture.path("new/1700000001.gone")).unwrap();
    fixture.failing_for(&["1 mail not read: ", "new/1700000002.read"]).await;
    fixture.recorded.lock().unwrap().insert("1700000002.read".to_owned());
    assert_eq!(fixture.until_watching().await, [""; 0]);
}

#[tokio::test]
async fn a_maildir_that_appears_later_is_found_and_one_that_goes_is_missed() {
    let mut fixture = Fixture::with(|_| {}, |maildir| maildir);
    assert!(matches!(fixture.next().await, Event::State(State::Failing { .. })));
    make(fixture.dir.path());
    fixture.until_watching().await;
    fixture.deliver("1700000001.a", "a");
    assert_eq!(fixture.next_mail().await.key, "1700000001.a");
    fs::remove_dir_all(fixture.path("")).unwrap();
    while !matches!(fixture.next().await, Event::State(State::Failing { .. })) {}
    make(fixture.dir.path());
    fixture.until_watching().await;
    fixture.deliver("1700000002.b", "b");
    assert_eq!(fixture.next_mail().await.key, "1700000002.b");
}

#[tokio::test]
async fn a_folder_that_is_no_maildir_says_so() {
    let mut fixture = Fixture::with(|dir| fs::create_dir(dir.join("box")).unwrap(), |maildir| maildir);
    let Event::State(State::Failing { reason }) = fixture.next().await else { panic!("it fails") };
    assert!(reason.starts_with("no Maildir: ") && reason.ends_with(" has neither new/ nor cur/"), "{reason}");
}

#[tokio::test]
async fn a_mail_written_in_place_is_read_when_it_is_complete() {
    use std::io::Write;
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    let mut file = fs::File::create(fixture.path("new/1700000001.slow")).unwrap();
    for _ in 0..100 {
        file.write_all(b"line\r\n").unwrap();
        tokio::task::yield_now().await;
    }
    drop(file);
    assert_eq!(fixture.next_mail().await.body.unwrap().len(), 600);
}

#[tokio::test]
async fn where_the_system_tells_nothing_it_looks_again() {
    let look = |maildir: Maildir| Maildir { look_every: Duration::from_millis(1), always_look: true, ..maildir };
    let mut fixture = Fixture::with(make, look);
    assert_eq!(
        fixture.next().await,
        Event::State(State::Watching { looks_every: Some(Duration::from_millis(1)), is_whole: true })
    );
    fixture.deliver("1700000001.a", "a");
    assert_eq!(fixture.next_mail().await.key, "1700000001.a");
    fs::rename(fixture.path("new/1700000001.a"), fixture.path("cur/1700000001.a:2,S")).unwrap();
    fixture.deliver("1700000002.b", "b");
    assert_eq!(fixture.next_mail().await.key, "1700000002.b");
}

#[tokio::test]
async fn nothing_in_the_mailbox_is_changed() {
    let mut fixture = Fixture::with(
        |dir| {
            make(dir);
            deliver(dir, "1700000001.a", "a");
        },
        |maildir| maildir,
    );
    let before = fs::metadata(fixture.path("new/1700000001.a")).unwrap().modified().unwrap();
    fixture.until_watching().await;
    assert_eq!(fs::metadata(fixture.path("new/1700000001.a")).unwrap().modified().unwrap(), before);
    assert_eq!(
        fs::read_dir(fixture.path("cur")).unwrap().count() + fs::read_dir(fixture.path("tmp")).unwrap().count(),
        0
    );
}

#[tokio::test]
async fn the_watch_ends_when_told_and_when_nobody_listens() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    fixture.stop.cancel();
    timeout(DEADLINE, fixture.tasks.join_next()).await.expect("it ends").unwrap().unwrap();

    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    fixture.events.close();
    fixture.deliver("1700000001.a", "a");
    timeout(DEADLINE, fixture.tasks.join_next()).await.expect("it ends").unwrap().unwrap();
}

#[tokio::test]
async fn keys_that_were_recorded_are_forgotten() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    let (out, _events) = channel();
    let recorded = Arc::clone(&fixture.recorded);
    let mut watch = Watch {
        maildir: Arc::new(Maildir::new(fixture.path(""))),
        handled: Arc::new(move |key, _| recorded.lock().unwrap().contains(key)),
        out,
        check: fixture.check.subscribe(),
        told: None,
        handed_out: (0..MAX_HANDED_OUT).map(|number| (number.to_string(), None)).collect(),
        prune_at: MAX_HANDED_OUT,
        refused: Refused::default(),
        ripening: HashMap::new(),
    };
    fixture.recorded.lock().unwrap().extend((1..MAX_HANDED_OUT).map(|number| number.to_string()));
    watch.prune().await.unwrap();
    assert_eq!(watch.handed_out, BTreeSet::from([("0".to_owned(), None)]));
}

#[tokio::test]
async fn a_mail_whose_writer_halts_is_read_again_when_it_is_whole() {
    use std::io::Write;
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    let mut file = fs::File::create(fixture.path("new/1700000001.slow")).unwrap();
    file.write_all(b"the beginning").unwrap();
    assert_eq!(fixture.next_mail().await.body.unwrap(), b"the beginning");
    file.write_all(b" and the end").unwrap();
    drop(file);
    let whole = fixture.next_mail().await;
    assert_eq!(
        (whole.key.as_str(), whole.body.unwrap().as_slice()),
        ("1700000001.slow", &b"the beginning and the end"[..])
    );
}

#[tokio::test]
async fn a_file_that_is_another_than_the_one_that_was_recorded_is_read_and_flags_make_it_no_other() {
    let mut fixture = Fixture::empty();
    fixture.until_watching().await;
    for name in ["1700000001.kept", "1700000002.grown", "notice.eml"] {
        fixture.deliver(name, name);
        let mail = fixture.next_mail().await;
        fixture.kept.lock().unwrap().insert((mail.key, mail.stamp));
    }
    fixture.end().await;
    fs::rename(fixture.path("new/1700000001.kept"), fixture.path("cur/1700000001.kept:2,S")).unwrap();
    fs::write(fixture.path("new/1700000002.grown"), "1700000002.grown and more").unwrap();
    fs::remove_file(fixture.path("new/notice.eml")).unwrap();
    fixture.deliver("notice.eml", "another in the end".get(..10).unwrap());
    fixture.begin();
    assert_eq!(fixture.until_watching().await, ["1700000002.grown", "notice.eml"]);
}

#[tokio::test]
async fn a_file_that_was_just_written_when_it_is_listed_is_left_alone_for_a_moment() {
    let mut fixture = Fixture::with(
        |dir| {
            make(dir);
            fs::write(dir.join("box/new/1700000001.slow"), "perhaps the beginning").unwrap();
        },
        |maildir| maildir,
    );
    let written: DateTime<Utc> =
        fixture.next_mail().await.stamp.map(|stamp| DateTime::from_timestamp_nanos(stamp.written_at)).unwrap();
    assert!((clock::now() - written).to_std().unwrap() >= SETTLE_GROWING);
    // Not for ever, and not where another clock is ahead.
    let settles = |age: i64| {
        let written_at = (clock::now() - chrono::TimeDelta::milliseconds(age)).timestamp_nanos_opt().unwrap();
        settles_in(Stamp { bytes: 1, written_at })
    };
    assert_eq!((settles(1_000), settles(-3_600_000)), (None, None));
}

#[tokio::test]
async fn of_a_name_that_is_of_two_files_each_is_read_once_even_if_the_other_was_read_before() {
    let mut fixture = Fixture::with(
        |dir| {
            make(dir);
            deliver(dir, "notice.eml", "one");
        },
        |maildir| maildir,
    );
    for file in ["one", "another"] {
        let mail = fixture.next_mail().await;
        assert_eq!(mail.body.unwrap(), file.as_bytes());
        fixture.kept.lock().unwrap().insert((mail.key, mail.stamp));
        fixture.end().await;
        if file == "one" {
            fs::rename(fixture.path("new/notice.eml"), fixture.path("cur/notice.eml:2,S")).unwrap();
            fixture.deliver("notice.eml", "another");
        }
        fixture.begin();
    }
    assert_eq!(fixture.until_watching().await, [""; 0], "nor are they read in turns");
    let none: Handled = Arc::new(|_, _| false);
    assert_eq!(survey(&fixture.path(""), &none).unwrap().0.mails, Ok(2));
}

#[tokio::test]
async fn a_path_that_leads_elsewhere_by_now_is_followed_when_it_is_time_to_look() {
    let other = tempfile::tempdir().unwrap();
    make(other.path());
    let mut fixture = Fixture::with(
        |dir| {
            fs::create_dir(dir.join("above")).unwrap();
            make(&dir.join("above"));
            symlink("above/box", dir.join("box")).unwrap();
        },
        |maildir| maildir,
    );
    fixture.until_watching().await;
    // A folder further up is another, and then a link on the way.
    fs::rename(fixture.dir.path().join("above"), fixture.dir.path().join("before")).unwrap();
    make(&fixture.dir.path().join("above"));
    fixture.deliver("1700000001.a", "a");
    fixture.check.send_modify(|count| *count += 1);
    assert_eq!(fixture.next_mail().await.key, "1700000001.a");
    fs::remove_file(fixture.dir.path().join("box")).unwrap();
    symlink(other.path().join("box"), fixture.dir.path().join("box")).unwrap();
    fixture.deliver("1700000002.b", "b");
    fixture.check.send_modify(|count| *count += 1);
    assert_eq!(fixture.next_mail().await.key, "1700000002.b");
}
