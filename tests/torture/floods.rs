//! Too much at once: a slow link, a huge paste, keys without end.

use std::time::{Duration, Instant};

use crate::subject::{self, ESC};
use crate::support::{Random, Session, paste_of_keys};

/// Bytes of a paste that cannot be meant. How long it takes is measured by `cargo bench --bench terminal`.
const MEGABYTE: usize = 1 << 20;

#[test]
fn a_megabyte_of_paste_is_dealt_with_and_none_of_its_keys_runs() {
    let mut session = subject::ready(subject::start());
    let before = session.screen.text();
    session.send(paste_of_keys(MEGABYTE));
    // The answer to a key behind the paste shows that the paste is over.
    session.send("?");
    session.wait_for("help", |screen| screen.text() != before && screen.text().contains("─ Help "));
    session.send(ESC);
    session.quit("\x03");
}

#[test]
fn a_megabyte_of_paste_into_a_text_is_refused_and_the_text_stays() {
    let mut session = subject::ready(subject::start());
    for (opens, place) in [("/", "/zay"), ("n", "zay")] {
        session.send(opens);
        session.send("zay");
        session.wait_for("what is typed", |screen| screen.text().contains(place) && !screen.modes().is_cursor_hidden);
        session.send(paste_of_keys(MEGABYTE));
        session.wait_for_text("too much to paste");
        session.send("o");
        session.wait_for("one more letter", |screen| screen.text().contains(&format!("{place}o")));
        session.send(ESC);
        session.wait_for("the end of typing", |screen| screen.modes().is_cursor_hidden);
    }
    session.quit("\x03");
}

#[test]
#[ignore = "takes half a minute on purpose: the link is slow"]
fn a_link_of_4_kb_a_second_ends_in_the_same_screen() {
    const KEYS: &str = "jjjjjjjjjjjjjjjjjjjjkkkkkGgjjjjj";
    let mut fast = subject::ready(subject::start());
    fast.send(KEYS);
    let mut slow = subject::start().link(4000).spawn();
    subject::wait_until_complete(&mut slow);
    for key in KEYS.chars() {
        slow.send(key.to_string());
        slow.read_for(Duration::from_millis(33));
    }
    // Only now: whatever came late on either side has come.
    subject::wait_until_complete(&mut fast);
    let shown = subject::timeless(&fast.screen);
    slow.wait_for(&format!("a screen like\n{}\n", fast.screen), |screen| {
        subject::is_like(&subject::timeless(screen), &shown)
    });
    println!("{} bytes over the slow link, {} over the fast one", slow.screen.bytes(), fast.screen.bytes());
    slow.quit("\x03");
}

/// What the program wrote last, without control sequences.
fn last_words(session: &Session) -> String {
    let raw = session.screen.raw();
    let tail = String::from_utf8_lossy(&raw[raw.len().saturating_sub(4000)..]).into_owned();
    tail.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// What is typed: keys, sequences, halves of sequences, and what no terminal sends.
const PIECES: &[&str] = &[
    "j",
    "k",
    "g",
    "G",
    "h",
    "l",
    "a",
    "n",
    "u",
    "e",
    "o",
    "y",
    "z",
    "s",
    "t",
    "r",
    "x",
    "?",
    "/",
    ":",
    "1",
    "2",
    "3",
    "4",
    "5",
    "0",
    " ",
    "\r",
    "\t",
    "\x1b",
    "\x7f",
    "\x04",
    "\x15",
    "\x06",
    "\x02",
    "\x0c",
    "\x12",
    "\x1a",
    "\x17",
    "zayo",
    "quit",
    "note",
    "漢字",
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[H",
    "\x1b[F",
    "\x1b[Z",
    "\x1b[1;5C",
    "\x1bOP",
    "\x1b[3~",
    "\x1b[I",
    "\x1b[O",
    "\x1b[200~pasted\rq\x1b[201~",
    "\x1b[<0;10;5M\x1b[<0;10;5m",
    "\x1b[<64;40;12M",
    "\x1b[<65;200;90M",
    "\x1b[<32;1;1M",
    "\x1b[",
    "\x1b[9999999999;;;~",
    "\x1b]11;?\x07",
    "\x1bP",
    "\u{7f}\u{80}",
    "\x00",
    "[",
    "]",
    "q",
    "\x03",
];

#[test]
#[ignore = "takes a minute on purpose"]
fn random_keys_for_a_minute_never_break_it() {
    let mut random = Random::new();
    let end = Instant::now() + Duration::from_mins(1);
    let (mut sessions, mut keys) = (0, 0);
    while Instant::now() < end {
        let size = (u16::try_from(1 + random.below(200)).unwrap(), u16::try_from(1 + random.below(60)).unwrap());
        // What is typed may change what others look at, so everything is its own.
        let mut session = subject::demo().size(size.0, size.1).spawn();
        session.wait_for("the screen", |screen| screen.modes().is_alternate_screen);
        sessions += 1;
        while Instant::now() < end && session.poll_end().is_none() {
            // A program that has just ended does not take what is typed.
            if !session.try_send(random.one_of(PIECES)) {
                break;
            }
            keys += 1;
            if random.below(200) == 0 {
                session.resize(
                    u16::try_from(1 + random.below(200)).unwrap(),
                    u16::try_from(1 + random.below(60)).unwrap(),
                );
            }
            session.read_within(Duration::from_millis(1));
        }
        if Instant::now() >= end {
            // Out of whatever it is in: a paste that never ended is ended by Ctrl-C after a silence, a console is left by its
            // own key, and what stands behind one that dropped goes nowhere before a pause. A picture that moves is never silent.
            session.read_for(Duration::from_millis(1200));
            for keys in ["\x03", "\x1d", ESC, ESC, "\x03", "\x03"] {
                session.read_for(Duration::from_secs(1));
                session.try_send(keys);
            }
        }
        let status = session.wait_for_end();
        assert!(status.success(), "{status} after {keys} keys, its last words: {}", last_words(&session));
        session.assert_restored();
    }
    println!("{keys} keys in {sessions} sessions");
}
