//! Notifications into the tables.

use super::testing::{empty, hour, mail, notice};
use super::*;
use crate::features::maintenance::model::{Outcome, Status};
use crate::features::maintenance::store::record::{Limits, Merged, Novelty, record};

#[test]
fn a_first_notice_makes_a_maintenance_and_the_same_mail_again_changes_nothing() {
    let connection = empty();
    let (received, reading) = mail("1", hour(1), vec![notice(hour(0))]);
    let first = record(&connection, &received, &reading, Limits::default()).unwrap();
    assert_eq!((first.outcome, first.novelty), (Outcome::Parsed, Novelty::New));
    let [(key, Merged::Created)] = first.merged[..] else { panic!("{first:?}") };
    let again = record(&connection, &received, &reading, Limits::default()).unwrap();
    assert_eq!((again.notification, again.novelty, again.merged.len()), (first.notification, Novelty::Duplicate, 0));
    let detail = detail::detail(&connection, key, hour(0)).unwrap().unwrap();
    assert_eq!((detail.status, detail.revision, detail.events.len()), (Status::Confirmed, 1, 1));
}
