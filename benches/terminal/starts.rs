//! From exec to the first frame and to the complete list.

use crate::figures::times;
use crate::frames::{Replay, below_the_header, pieces};
use crate::{PREPARATION, SILENCE, Subject};

/// How often the program is started.
const STARTS: usize = 15;

/// Starts again and again.
pub(crate) fn measure(subject: &Subject, size: (u16, u16)) {
    let (mut first, mut list, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut session = subject.start(size).spawn();
        let started = session.started();
        let pieces = pieces(&mut session, started, PREPARATION, SILENCE);
        let complete = below_the_header(&session.screen);
        // The title has the figures; the rows of the list are below.
        let rows = |seen: &[String]| seen.iter().skip(1).cloned().collect::<Vec<_>>();
        let is_drawn = |rows: Vec<String>| rows.iter().any(|row| !row.is_empty());
        let when = |wanted: &dyn Fn(Vec<String>) -> bool| {
            let mut replay = Replay::from_the_start(size);
            replay.when(&session, &pieces, |screen| wanted(below_the_header(screen)))
        };
        first.extend(when(&is_drawn));
        list.extend(when(&|seen| rows(&seen) == rows(&complete)));
        all.extend(when(&|seen| seen == complete));
        session.quit("q");
    }
    times("first frame", &first, &[(50, 15.0)]);
    times("complete list", &list, &[(50, 40.0)]);
    times("complete list and figures", &all, &[(50, 40.0)]);
}
