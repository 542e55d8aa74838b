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

/// Leaves in every state, each time in a new session.
pub(crate) fn measure(subject: &Subject, size: (u16, u16)) {
    let measured =
        |begin: &mut dyn FnMut() -> Session| -> Vec<Duration> { (0..ROUNDS).map(|_| end(begin())).collect() };
    times("quit at rest", &measured(&mut || subject.ready(size)), BUDGET);
    let first_bytes = &mut || {
        let mut session = subject.start(size).spawn();
        session.wait_for_output(PREPARATION);
        session
    };
    times("quit at the first bytes", &measured(first_bytes), BUDGET);
    let Some(folder) = &subject.folder else { return };
    let filtering = &mut || {
        let mut session = subject.ready(size);
        session.send("/e");
        session.wait_for_output(PREPARATION);
        // Out of the text, in which q is a letter.
        session.send("\r");
        session
    };
    times("quit while a filter is looked up", &measured(filtering), BUDGET);
    let mailbox = Mailbox::at(&folder.join("Maildir"));
    let mut mails = 0;
    let arriving = &mut || {
        let mut session = subject.ready(size);
        mailbox.announce(mails..mails + MAILS);
        mails += MAILS;
        session.read_for(ARRIVING);
        session
    };
    times("quit while mails arrive", &measured(arriving), BUDGET);
}

/// Types `q` and waits for the process to be gone.
fn end(mut session: Session) -> Duration {
    let asked = Instant::now();
    session.send("q");
    assert!(session.wait_for_end().success());
    asked.elapsed()
}
