//! A filter, key by key, from the key to the screen that shows its result.

use std::time::{Duration, Instant};

use crate::SILENCE;
use crate::figures::{remark, times};
use crate::frames::{Replay, below_the_header, pieces};
use crate::support::Session;

/// What is typed: what many match, what one matches, what none does, and all but some.
const TEXTS: [(&str, &str); 4] = [
    ("unselective", "zayo fibre london"),
    ("selective", "TTN-0001050000"),
    ("matching nothing", "xyzzy /nowhere/"),
    ("excluding", "!zayo !colt 99"),
];
/// Deletes the last character.
const BACKSPACE: &str = "\x7f";
/// An answer is complete after so much silence.
const ANSWERED: Duration = Duration::from_millis(150);

/// Types each of the texts and takes it back.
pub(crate) fn measure(session: &mut Session) {
    for (name, text) in TEXTS {
        let mut answers = Vec::new();
        session.send("/");
        session.settle(SILENCE);
        let mut typed = String::new();
        let keys = text.split("").filter(|key| !key.is_empty()).chain(std::iter::repeat_n(BACKSPACE, text.len()));
        for key in keys {
            let time = answer(session, key);
            if key == BACKSPACE {
                typed.truncate(typed.len() - 1);
            } else {
                typed.push_str(key);
            }
            answers.push((time, typed.clone()));
        }
        session.send("\x1b[27u");
        session.settle(SILENCE);
        let all: Vec<Duration> = answers.iter().filter_map(|(time, _)| *time).collect();
        times(&format!("filter key to result, {name}"), &all, &[(50, 30.0), (99, 30.0), (100, 30.0)]);
        if let Some((Some(time), text)) = answers.iter().max() {
            remark(&format!("  slowest: /{text}"), time.as_secs_f64() * 1000.0, "ms");
        }
        if all.len() < answers.len() {
            remark("keys without an answer", (answers.len() - all.len()) as f64, "");
        }
    }
}

/// From `key` to the screen that does not change any more.
fn answer(session: &mut Session, key: &str) -> Option<Duration> {
    let mut replay = Replay::from_now(session, session.screen.size());
    let pressed = Instant::now();
    session.send(key);
    let pieces = pieces(session, pressed, SILENCE, ANSWERED);
    let result = below_the_header(&session.screen);
    replay.when(session, &pieces, |screen| below_the_header(screen) == result)
}
