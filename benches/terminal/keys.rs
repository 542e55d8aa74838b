//! Cursor keys, single and held.

use std::time::{Duration, Instant};

use crate::SILENCE;
use crate::figures::{remark, spread, times};
use crate::support::Session;

/// How many single keys are measured.
const KEYS: usize = 600;
/// A key's answer is complete after so much silence.
const KEY_SILENCE: Duration = Duration::from_millis(8);
/// How long a key is held.
const HELD: Duration = Duration::from_secs(5);
/// How often a held key repeats.
const REPEAT: Duration = Duration::from_millis(33);

/// Keys and their name.
type Keys = (&'static str, fn(usize) -> &'static str);

/// In turns of ten, so that neither end of the list is met; and all the way down, where every key moves all rows.
const SINGLE: [Keys; 2] =
    [("within the screen", |key| if key / 10 % 2 == 0 { "j" } else { "k" }), ("moving the list", |_| "j")];

/// Single keys first, then held ones; goes back to the top.
pub(crate) fn measure(session: &mut Session) {
    for (name, key) in SINGLE {
        single(session, name, key);
    }
    for (name, key) in [("j", "j"), ("k", "k"), ("down", "\x1b[B")] {
        held(session, name, key);
    }
    session.send("g");
    session.settle(SILENCE);
}

/// From a key to the frame that it changes.
fn single(session: &mut Session, name: &str, key: fn(usize) -> &'static str) {
    let (mut answers, mut bytes) = (Vec::new(), Vec::new());
    for number in 0..KEYS {
        let before = session.screen.bytes();
        let pressed = Instant::now();
        session.send(key(number));
        if session.wait_for_output(SILENCE) {
            while session.screen.is_update_open() {
                session.wait_for_output(SILENCE);
            }
            answers.push(pressed.elapsed());
        }
        session.settle(KEY_SILENCE);
        bytes.push((session.screen.bytes() - before) as f64);
    }
    times(&format!("key to frame, {name}"), &answers, &[(50, 0.5), (99, 5.0)]);
    spread(&format!("bytes per key, {name}"), bytes, "B", &[(50, 250.0), (99, 250.0)]);
    if answers.len() < KEYS {
        remark("keys without an answer", (KEYS - answers.len()) as f64, "");
    }
}

/// A cursor key held down.
fn held(session: &mut Session, name: &str, key: &str) {
    let before = session.screen.bytes();
    let start = Instant::now();
    let mut keys = 0;
    while start.elapsed() < HELD {
        session.send(key);
        keys += 1;
        session.read_for(REPEAT);
    }
    session.settle(SILENCE);
    let each = (session.screen.bytes() - before) as f64 / f64::from(keys);
    crate::figures::figure(&format!("bytes per held key, {name}"), each, "B", 250.0);
}
