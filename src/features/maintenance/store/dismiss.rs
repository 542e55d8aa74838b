//! Mails that could not be read and that nobody need look at any more: they stay in the store, in a list of their own.

use rusqlite::Connection;

use super::NotificationKey;
use super::action::{Actor, Done, Inverse};
use super::undo::remember;
use crate::store::Error;

/// Dismisses mails. One that was read, or dismissed before, is left as it is.
pub fn dismiss(connection: &Connection, keys: &[NotificationKey], actor: &Actor) -> Result<Done, Error> {
    let done = turn(connection, keys, Some(actor))?;
    remember(connection, done.inverse.as_ref(), actor)?;
    Ok(done)
}

/// Brings dismissed mails back among those that need a look.
pub fn bring_back(connection: &Connection, keys: &[NotificationKey], actor: &Actor) -> Result<Done, Error> {
    let done = turn(connection, keys, None)?;
    remember(connection, done.inverse.as_ref(), actor)?;
    Ok(done)
}

/// Dismisses mails in the name of `by`, or brings them back.
pub(super) fn turn(connection: &Connection, keys: &[NotificationKey], by: Option<&Actor>) -> Result<Done, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE notification SET dismissed_at = ?2, dismissed_by = ?3
         WHERE id = ?1 AND (dismissed_at IS NULL) = (?2 IS NOT NULL)
             AND outcome IN ('parsing-failed', 'unknown-provider')",
    )?;
    let mut turned = Vec::new();
    for key in keys {
        if update.execute((key, by.map(|actor| actor.at.timestamp()), by.map(Actor::name)))? > 0 {
            turned.push(*key);
        }
    }
    let mails = turned.len();
    let inverse = if by.is_some() { Inverse::BringBack(turned) } else { Inverse::Dismiss(turned) };
    Ok(Done { mails, inverse: (mails > 0).then_some(inverse), ..Done::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::model::{Outcome, Verdict};
    use crate::features::maintenance::store::count::counts;
    use crate::features::maintenance::store::record::{Limits, record, record_again};
    use crate::features::maintenance::store::testing::{empty, hour, mail, notice};
    use crate::features::maintenance::store::undo::undo_last;
    use crate::features::maintenance::store::unparsed::{NotificationAnchor, Which, notification, notifications};

    fn anna() -> Actor {
        Actor { who: "anna".to_owned(), at: hour(50) }
    }

    /// So many mails that no rule knows.
    fn unknown(connection: &Connection, mails: usize) -> Vec<NotificationKey> {
        let one = |n: usize| {
            let (delivery, mut reading) = mail(&n.to_string(), hour(0), vec![]);
            reading.verdict = Verdict::Unknown { reason: "no rule".to_owned() };
            record(connection, &delivery, &reading, Limits::default()).unwrap().notification
        };
        (0..mails).map(one).collect()
    }

    fn keys(connection: &Connection, which: Which) -> Vec<NotificationKey> {
        let window = notifications(connection, which, "", NotificationAnchor::Top, 9).unwrap();
        window.rows.into_iter().map(|row| row.key).collect()
    }

    fn need_a_look(connection: &Connection) -> u64 {
        counts(connection, hour(0)).unwrap().need_a_look
    }

    #[test]
    fn a_dismissed_mail_is_kept_in_a_list_of_its_own_and_named_after_who_dismissed_it() {
        let connection = empty();
        let mails = unknown(&connection, 3);
        let done = dismiss(&connection, &[mails[1], mails[1], NotificationKey(99)], &anna()).unwrap();
        assert_eq!((done.mails, done.inverse), (1, Some(Inverse::BringBack(vec![mails[1]]))));
        assert_eq!(keys(&connection, Which::NeedALook), [mails[2], mails[0]]);
        assert_eq!(keys(&connection, Which::Dismissed), [mails[1]]);
        assert_eq!(keys(&connection, Which::All).len(), 3);
        assert_eq!(need_a_look(&connection), 2);
        let told = notification(&connection, mails[1]).unwrap().unwrap().notification.dismissed;
        assert_eq!(told, Some(("anna".to_owned(), hour(50))));
    }

    #[test]
    fn it_comes_back_by_hand_and_by_undo_in_any_process() {
        let connection = empty();
        let mails = unknown(&connection, 2);
        dismiss(&connection, &mails, &anna()).unwrap();
        assert_eq!(bring_back(&connection, &mails[..1], &anna()).unwrap().mails, 1);
        assert_eq!((keys(&connection, Which::NeedALook), need_a_look(&connection)), (vec![mails[0]], 1));
        // The bringing back first, then the dismissal of the other.
        assert!(matches!(undo_last(&connection, &anna()).unwrap().unwrap().inverse, Inverse::Dismiss(_)));
        assert_eq!(need_a_look(&connection), 0);
        let last = undo_last(&connection, &anna()).unwrap().unwrap();
        assert!(matches!(last.inverse, Inverse::BringBack(_)) && last.done.mails == 2);
        assert_eq!(need_a_look(&connection), 2);
        assert_eq!(undo_last(&connection, &anna()).unwrap(), None);
    }

    #[test]
    fn a_mail_that_is_read_after_all_is_no_longer_among_the_dismissed() {
        let connection = empty();
        let mails = unknown(&connection, 1);
        dismiss(&connection, &mails, &anna()).unwrap();
        let (_, reading) = mail("0", hour(0), vec![notice(hour(0))]);
        let recorded = record_again(&connection, mails[0], hour(0), &reading).unwrap();
        assert_eq!(recorded.outcome, Outcome::Parsed);
        assert_eq!((keys(&connection, Which::Dismissed), need_a_look(&connection)), (vec![], 0));
        assert_eq!(dismiss(&connection, &mails, &anna()).unwrap().mails, 0);
        connection.execute("DELETE FROM notification", []).unwrap();
        assert_eq!(need_a_look(&connection), 0);
    }
}
