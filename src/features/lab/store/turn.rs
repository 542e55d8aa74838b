//! Who makes a forward first where several processes want the same one.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;

use super::owner_of;
use crate::features::lab::model::Wanted;
use crate::process::Fate;
use crate::store::Error;

/// Nobody waits longer for another process than this: its answer would have come, or never does.
const LONGEST: TimeDelta = TimeDelta::minutes(5);
/// The same of a process of which nobody here can say whether it lives.
const ELSEWHERE: TimeDelta = TimeDelta::minutes(1);

/// Whether somebody who asked before action `id` may be making the same forward just now.
pub fn is_another_ahead(
    connection: &Connection,
    server: &str,
    wanted: &Wanted,
    id: i64,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut query = connection.prepare_cached(
        "SELECT at, owner_host, owner_boot, owner_pid, owner_start FROM lab_action INDEXED BY lab_action_of
         WHERE server = ?1 AND name = ?2 AND address = ?3 AND target = ?4 AND id < ?5 AND what = 'add'
           AND result = 'requested'",
    )?;
    let Wanted { name, address, target, .. } = wanted;
    let mut rows = query.query((server, name, address, target, id))?;
    while let Some(row) = rows.next()? {
        let Some(owner) = owner_of(row)? else { continue };
        let longest = match owner.fate() {
            Fate::Dead => continue,
            Fate::Ours | Fate::Alive => LONGEST,
            Fate::Elsewhere => ELSEWHERE,
        };
        let age = now - DateTime::from_timestamp(row.get("at")?, 0).unwrap_or_default();
        if age < longest {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::store::{Came, adding, begin, settle};
    use crate::process::Owner;

    #[test]
    fn whoever_asked_first_is_first_as_long_as_an_answer_can_come() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::features::open_store(dir.path()).unwrap();
        let at = |seconds: i64| DateTime::from_timestamp(1_795_220_000 + seconds, 0).unwrap();
        let wanted = |target| Wanted {
            name: "web01".to_owned(),
            component: "CentOS".to_owned(),
            address: "192.168.1.20".to_owned(),
            target,
        };
        let ours = Owner::of_this_process();
        let dead = Owner { start: "another time".to_owned(), ..ours.clone() };
        let elsewhere = Owner { host: "another host".to_owned(), ..ours.clone() };
        let told = store.write_blocking(move |c| {
            let ask = |owner: &Owner, target| begin(c, &adding("anna", "training", "s", &wanted(target)), owner, at(0));
            let ahead = |target, id, seconds| is_another_ahead(c, "s", &wanted(target), id, at(seconds));
            let (_, first, second) = (ask(&dead, 22)?, ask(&ours, 22)?, ask(&ours, 22)?);
            let before = [ahead(22, first, 1)?, ahead(22, second, 1)?, ahead(23, second, 1)?, ahead(22, second, 300)?];
            settle(c, first, (Came::Ok, ""), Some(50_001), at(2))?;
            let after = ahead(22, second, 3)?;
            let (_, late) = (ask(&elsewhere, 443)?, ask(&ours, 443)?);
            Ok((before, after, [ahead(443, late, 59)?, ahead(443, late, 60)?]))
        });
        assert_eq!(told.unwrap(), ([false, true, false, false], false, [true, false]));
    }
}
