//! Nothing is done and nothing happens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::SILENCE;
use crate::figures::{figure, megabytes, remark};
use crate::frames::is_counting_down;
use crate::support::Session;

/// How long nothing is done. The kernel counts processor time in hundredths of a second.
const IDLE: Duration = Duration::from_secs(30);
/// How long before and after a full minute the screen may change: times on it are told in minutes.
const TURN: Duration = Duration::from_secs(2);

/// Looks at a session that has done all it had to do.
pub(crate) fn measure(session: &mut Session) {
    session.settle(SILENCE);
    let process = session.process();
    figure("resident, MB", megabytes(process.resident_kib() * 1024), "MB", 25.0);
    figure("resident at its most, MB", megabytes(process.peak_kib() * 1024), "MB", 25.0);
    remark("threads", process.threads() as f64, "");
    if to_the_minute() < IDLE + TURN {
        session.read_for(to_the_minute() + TURN);
    }
    let (bytes, wake_ups, cpu) = (session.screen.bytes(), process.wake_ups(), process.cpu_time());
    session.read_for(IDLE);
    let per_s = |count: u64| count as f64 / IDLE.as_secs_f64();
    let worked = process.cpu_time().saturating_sub(cpu).as_secs_f64() / IDLE.as_secs_f64();
    figure("idle, bytes/s", per_s(u64::try_from(session.screen.bytes() - bytes).unwrap()), "", 0.0);
    figure("idle, wake-ups/s", per_s(process.wake_ups_since(&wake_ups)), "", 2.0);
    figure("idle, hundredths of a core", worked * 100.0, "", 0.1);
    if is_counting_down(&session.screen) {
        remark("  with seconds counted down on the screen", 1.0, "/s");
    }
    session.read_for(to_the_minute().saturating_sub(TURN));
    let bytes = session.screen.bytes();
    session.read_for(TURN * 2);
    remark("a minute's turn", (session.screen.bytes() - bytes) as f64, "B");
}

/// How long it is until the next full minute.
fn to_the_minute() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Duration::from_mins(now.as_secs() / 60 + 1).saturating_sub(now)
}
