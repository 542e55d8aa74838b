//! Mails whose content never came: each is recorded with the reason, and can be asked for again.

use rusqlite::{Connection, OptionalExtension as _};

use super::record::{Delivery, Recorded};
use super::{NotificationKey, away};
use crate::store::Error;
use crate::text::{clean_line, counted};

/// Mails of a source that never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GivenUp {
    /// Those that nobody asks for any more.
    pub mails: u64,
    /// Those that are asked for again, and did not come since.
    pub again: u64,
}

impl GivenUp {
    /// What is said of them, with what to do about those of the source called `name`; `None` where there are none.
    #[must_use]
    pub fn told(self, name: &str) -> Option<String> {
        let many = |mails: u64| counted(usize::try_from(mails).unwrap_or(usize::MAX), "mail");
        let given_up = (self.mails > 0).then(|| {
            let name = clean_line(name);
            format!("{} given up: `noctui source sync --again {name}` asks for them again", many(self.mails))
        });
        let again = (self.again > 0).then(|| format!("{} asked for again, and not come yet", many(self.again)));
        let told: Vec<String> = [given_up, again].into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// The mails of a source that never came and are still listed; those that were dismissed need no look any more.
pub fn of(connection: &Connection, source: &str) -> Result<GivenUp, Error> {
    let mut query = connection.prepare_cached(
        "SELECT coalesce(sum(i.lacks = 1), 0), coalesce(sum(i.lacks = 2), 0) FROM source_item i
         JOIN notification n ON n.id = i.notification
         WHERE i.source = ?1 AND i.lacks > 0 AND n.dismissed_at IS NULL",
    )?;
    let (mails, again): (i64, i64) = query.query_row([source], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(GivenUp { mails: u64::try_from(mails).unwrap_or_default(), again: u64::try_from(again).unwrap_or_default() })
}

/// What stands for this mail in the store if its content never came.
pub(in crate::features::maintenance) fn stand_in(
    connection: &Connection,
    delivery: &Delivery,
) -> Result<Option<NotificationKey>, Error> {
    let mut query = connection.prepare_cached(
        "SELECT notification FROM source_item WHERE source = ?1 AND item = ?2 AND lacks > 0 AND notification IS NOT NULL",
    )?;
    Ok(query.query_row([&delivery.source, &delivery.item], |row| row.get(0)).optional()?)
}

/// A mail was recorded: whether it is given up, and that what stood for it is needed no more if it has come.
pub(in crate::features::maintenance) fn settle(
    connection: &Connection,
    delivery: &Delivery,
    (stood_in, recorded): (Option<NotificationKey>, &Recorded),
    is_given_up: bool,
) -> Result<(), Error> {
    if is_given_up {
        connection
            .prepare_cached("UPDATE source_item SET lacks = 1 WHERE source = ?1 AND item = ?2")?
            .execute([&delivery.source, &delivery.item])?;
    } else if let Some(stood_in) = stood_in.filter(|stood_in| *stood_in != recorded.notification) {
        connection.prepare_cached("DELETE FROM notification WHERE id = ?1")?.execute([stood_in])?;
    }
    away::settle(connection, &delivery.source, &delivery.item)
}

/// The mails of a source that somebody wants to be asked for again, by their items.
pub fn asked_again(connection: &Connection, source: &str) -> Result<Vec<String>, Error> {
    let mut query = connection.prepare_cached("SELECT item FROM source_item WHERE source = ?1 AND lacks = 2")?;
    let items = query.query_map([source], |row| row.get(0))?;
    Ok(items.collect::<rusqlite::Result<_>>()?)
}

/// Of those these are not there any more: nobody can ask for them. What stands for each stays until it is dismissed.
pub fn gone(connection: &Connection, source: &str, items: &[String]) -> Result<(), Error> {
    let mut settle =
        connection.prepare_cached("UPDATE source_item SET lacks = 0 WHERE source = ?1 AND item = ?2 AND lacks = 2")?;
    for item in items {
        settle.execute([source, item])?;
    }
    Ok(())
}

/// Asks for the mails of a source again that were given up, however old they are: whichever process reads it next asks for
/// each by its name. How many are asked for; nothing is done where there are none.
pub fn ask_again(connection: &Connection, name: &str, source: &str) -> Result<u64, Error> {
    connection
        .prepare_cached(
            "UPDATE source_item SET lacks = 2 WHERE source = ?1 AND lacks = 1
                 AND notification IN (SELECT id FROM notification WHERE dismissed_at IS NULL)",
        )?
        .execute([source])?;
    let asked = of(connection, source)?.again;
    if asked > 0 {
        connection.prepare_cached("DELETE FROM source_away WHERE source = ?1")?.execute([source])?;
        // Nobody's: whoever reads it begins anew, and remembers of no mail that it does not come.
        connection
            .prepare_cached(
                "UPDATE source_state SET holder = '', held_until = 0 WHERE name = ?1 AND holder IS NOT NULL",
            )?
            .execute([name])?;
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::maintenance::model::{Envelope, Reading, Verdict};
    use crate::features::maintenance::store::record::{Limits, is_recorded, record};
    use crate::features::maintenance::store::source::{self, Claim, Holder};
    use crate::features::maintenance::store::testing::{empty, hour};
    use crate::process::Owner;

    fn delivery(raw: &[u8]) -> Delivery {
        Delivery {
            source: "imap".to_owned(),
            item: "INBOX/7/9".to_owned(),
            raw: raw.to_vec(),
            size: raw.len() as u64,
            received_at: hour(0),
            recorded_at: hour(0),
        }
    }

    fn take(c: &Connection, delivery: &Delivery, is_given_up: bool) -> Recorded {
        let verdict = Verdict::Failed { provider: String::new(), reason: "it does not come".to_owned() };
        let reading = Reading { envelope: Envelope::default(), verdict };
        let stood_in = stand_in(c, delivery).unwrap();
        let recorded = record(c, delivery, &reading, Limits::default()).unwrap();
        settle(c, delivery, (stood_in, &recorded), is_given_up).unwrap();
        recorded
    }

    #[test]
    fn a_mail_that_was_given_up_is_asked_for_again_and_stands_there_once() {
        let c = empty();
        let asked = || !is_recorded(&c, "imap", "INBOX/7/9", None).unwrap();
        let mails = || c.query_row("SELECT count(*) FROM notification", [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(ask_again(&c, "noc", "imap").unwrap(), 0);
        let first = take(&c, &delivery(b""), true);
        assert_eq!((of(&c, "imap").unwrap(), asked()), (GivenUp { mails: 1, again: 0 }, false));
        // It is given up once more.
        assert_eq!((ask_again(&c, "noc", "imap").unwrap(), asked()), (1, true));
        assert_eq!(take(&c, &delivery(b""), true).notification, first.notification);
        assert_eq!((of(&c, "imap").unwrap().mails, asked(), mails()), (1, false, 1));
        // Asked for again, it comes; what stood for it goes.
        ask_again(&c, "noc", "imap").unwrap();
        assert_eq!(of(&c, "imap").unwrap(), GivenUp { mails: 0, again: 1 });
        take(&c, &delivery(b"Subject: here\r\n\r\nI am"), false);
        assert_eq!((of(&c, "imap").unwrap(), asked(), mails()), (GivenUp::default(), false, 1));
    }

    #[test]
    fn whoever_reads_the_source_begins_anew_and_may_go_on_reading_it() {
        let c = empty();
        let holder = Holder { id: "1".to_owned(), owner: Owner::of_this_process() };
        source::claim(&c, "noc", &holder, hour(0), hour(1)).unwrap();
        source::put_bookmark(&c, ("noc", "1"), ("imap", "INBOX"), ("", "7 9")).unwrap();
        take(&c, &delivery(b""), true);
        let stale = [("INBOX/7/9".to_owned(), Some(crate::features::maintenance::source::Away::from(hour(0))))];
        away::keep(&c, "imap", &stale, hour(0)).unwrap();
        ask_again(&c, "noc", "imap").unwrap();
        // How far it was read stays: who was away for longer than `since` goes on from there.
        assert_eq!(source::bookmark(&c, ("imap", "INBOX"), "").unwrap().unwrap().text, "7 9");
        assert_eq!(asked_again(&c, "imap").unwrap(), ["INBOX/7/9"]);
        assert_eq!(away::of(&c, "imap").unwrap(), []);
        gone(&c, "imap", &["INBOX/7/9".to_owned()]).unwrap();
        assert_eq!((asked_again(&c, "imap").unwrap(), of(&c, "imap").unwrap()), (vec![], GivenUp::default()));
        assert!(
            !source::put_bookmark(&c, ("noc", "1"), ("imap", "INBOX"), ("", "7 9")).unwrap(),
            "what is read now may lack it"
        );
        assert!(source::known(&c, "noc").unwrap().holder.is_some_and(|(now, _)| now.id != holder.id));
        assert_eq!(source::claim(&c, "noc", &holder, hour(0), hour(1)).unwrap(), Claim::Ours);
    }
}
