//! From the key that leaves to the end of the process: at rest, and in the middle of everything.

use std::time::{Duration, Instant};

use crate::figures::times;
use crate::support::Session;
use crate::support::mailbox::Mailbox;
use crate::{PREPARATION, Subject};

/// How often it is left.
const ROUNDS: usize = 15;
/// Mails that arrive at once.
const MAILS: usize = 400;
/// How long they have been arriving when it is left; reading them takes several times as long.
const ARRIVING: Duration = Duration::from_millis(100);
/// Most that leaving may take.
const BUDGET: &[(usize, f64)] = &[(50, 10.0), (99, 10.0)];

/// Leaves in states that change nothing in the store, each time in a new session.
pub(crate) fn measure(subject: &Subject, size: (u16, u16)) {
    rounds("quit at rest", || subject.ready(size));
    rounds("quit at the first bytes", || {
        let mut session = subject.start(size).spawn();
        session.wait_for_output(PREPARATION);
        session
    });
    if subject.folder.is_some() {
        rounds("quit while a filter is looked up", || {
            let mut session = subject.ready(size);
            session.send("/e");
            session.wait_for_output(PREPARATION);
            // Out of the text, in which q is a letter.
            session.send("\r");
            session
        });
    }
}

/// Takes the terminal away, each time of a new session.
pub(crate) fn measure_without_terminal(subject: &Subject, size: (u16, u16)) {
    let gone = |mut session: Session| {
        let process = session.process();
        session.settle(crate::SILENCE);
        session.end_without_terminal(process).0
    };
    let leaving: Vec<Duration> = std::iter::repeat_with(|| subject.ready(size)).take(ROUNDS).map(gone).collect();
    times("terminal gone", &leaving, &[(99, 1000.0)]);
}

/// Leaves while mails arrive. Comes last of all: the mails that were not read in time are read by the next session, and
/// since they are years old their text is forgotten again a minute later, which is not what idling costs.
pub(crate) fn measure_amid_mails(subject: &Subject, size: (u16, u16), mails: &mut std::ops::RangeFrom<usize>) {
    let Some(folder) = &subject.folder else { return };
    let mailbox = Mailbox::at(&folder.join("Maildir"));
    rounds("quit while mails arrive", || {
        let mut session = subject.ready(size);
        mailbox.announce(mails.start..mails.start + MAILS);
        mails.start += MAILS;
        session.read_for(ARRIVING);
        session
    });
}

/// Leaves sessions that were begun in this way.
fn rounds(name: &str, begin: impl FnMut() -> Session) {
    let leaving: Vec<Duration> = std::iter::repeat_with(begin).take(ROUNDS).map(end).collect();
    times(name, &leaving, BUDGET);
}

/// Types `q` and waits for the process to be gone.
fn end(mut session: Session) -> Duration {
    let asked = Instant::now();
    session.send("q");
    assert!(session.wait_for_end().success());
    asked.elapsed()
}
