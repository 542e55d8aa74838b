//! One folder, read to its end.

use std::collections::{BTreeSet, VecDeque};

use super::fetch::{Failed, Left, Named, Where};
use super::names::{decoded, encoded};
use super::plan::{self, Bookmark, LISTED, Listed};
use super::wire::{Code, Fetched, Told};
use super::{Connection, Desk, Event};
use crate::clock;
use crate::features::maintenance::source::State;
use crate::features::maintenance::source::remote::Fault;

/// The command that opens a folder without leaving a trace in it.
pub(super) const EXAMINE: &str = "EXAMINE";
/// What a search is asked for that finds every mail.
const EVERYTHING: &str = "ALL";
/// Folders that are named to somebody who looks for one.
const NAMED: usize = 20;
/// How old a bookmark of a folder without news may become before it is put anew.
const RENEW_S: i64 = 86_400;

/// A folder that is open.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Which of those that are configured.
    pub(super) index: usize,
    /// Under which its numbers hold.
    pub(super) validity: u32,
    /// The number that its next mail will have at the least.
    next: Option<u32>,
    /// Mails in it, once that was told.
    exists: Option<u32>,
    /// Whether there are more than there were when it was last looked at.
    pub(super) has_grown: bool,
}

impl Open {
    /// Takes note of what the server tells of the folder without having been asked.
    pub(super) fn hear(&mut self, told: &Told) {
        match told {
            Told::Exists(mails) => {
                self.has_grown |= self.exists.is_none_or(|before| *mails > before);
                self.exists = Some(*mails);
            }
            Told::Expunged => self.exists = self.exists.map(|mails| mails.saturating_sub(1)),
            _ => {}
        }
    }
}

impl Connection {
    /// Hands out what is new in a folder, and then a bookmark; or says which mails the server does not give out.
    pub(super) async fn read_folder(
        &mut self,
        index: usize,
        name: &str,
        is_pushed: bool,
        desk: &mut Desk,
    ) -> Result<Option<Fault>, Fault> {
        let is_open = self.open.as_ref().is_some_and(|open| open.index == index);
        // What was handed out on this connection may not be recorded yet.
        let kept = match self.marks.get(name) {
            Some(mark) => Some((*mark, true)),
            None => desk.bookmark(name).await.and_then(|mark| Some((Bookmark::read(&mark.text)?, mark.is_current))),
        };
        let is_current = kept.is_some_and(|(_, is_current)| is_current);
        let kept = kept.map(|(kept, _)| kept);
        let is_opened = !(is_pushed && is_open);
        if is_opened {
            self.examine(index, name).await?;
        }
        let now = clock::now();
        let Some(open) = &mut self.open else { return Ok(None) };
        let (validity, last) = (open.validity, open.next.and_then(|next| next.checked_sub(1)));
        // What is told from here on is looked at afterwards.
        let has_grown = std::mem::take(&mut open.has_grown) || !is_pushed;
        let same = kept.filter(|kept| kept.validity == validity);
        let is_put_back = match same.zip(last) {
            Some((kept, last)) if is_opened && last < kept.done => self.ends_before(last).await?,
            _ => false,
        };
        let era = same.map_or(0, |kept| kept.era.saturating_add(u32::from(is_put_back)));
        let at = Where { index, folder: name.to_owned(), validity, era };
        let known = same.filter(|kept| is_current && !is_put_back && !kept.is_ahead(now));
        self.left = Left::default();
        if self.doubt().is_new() {
            let away = desk.away().await;
            self.doubt().learn(away);
        }
        let again = asked_again(&at, desk).await;
        let top = match known {
            // RFC 9051 §2.3.1.1: what comes has this number or a higher one.
            Some(Bookmark { done, at: put, .. })
                if !has_grown || (!is_pushed && last.is_some_and(|last| last <= done)) =>
            {
                if now.timestamp() - put < RENEW_S && again.is_empty() {
                    return Ok(None);
                }
                done
            }
            Some(Bookmark { done, .. }) => self.read_above(done, &at, desk).await?.max(last.unwrap_or_default()),
            None => {
                if let Some(kept) = kept {
                    tracing::info!(folder = name, was = kept.validity, is = validity, "a folder is read anew");
                }
                let since = plan::since(&self.config.wanted, kept, now);
                self.read_from(since, last, &at, desk).await?
            }
        };
        if !again.is_empty() {
            let listed = self.list(&again, &at).await?;
            self.hand_out(listed, 0, &at, desk).await?;
        }
        self.fetch_left(is_pushed, &at, desk).await?;
        if let Some(withheld) = self.seek(&at, desk).await? {
            // No bookmark may stand behind a mail that is asked for again.
            return Ok(Some(withheld));
        }
        let done = known.map_or(top, |known| known.done.max(top));
        let mark = Bookmark { validity, done, at: now.timestamp(), era };
        self.marks.insert(name.to_owned(), mark);
        desk.hand_out(Event::Bookmark { folder: name.to_owned(), bookmark: mark.text() }).await?;
        Ok(None)
    }

    /// Whether no mail has a number above `last`. A server that says so falsely is not believed: it would be read anew at
    /// every look.
    async fn ends_before(&mut self, last: u32) -> Result<bool, Fault> {
        if self.open.as_ref().is_some_and(|open| open.exists == Some(0)) {
            return Ok(true);
        }
        let found = self.search("UID *").await?;
        Ok(found.into_iter().all(|uid| uid <= last))
    }

    /// Opens a folder.
    pub(super) async fn examine(&mut self, index: usize, name: &str) -> Result<(), Fault> {
        // While it fails, none is open.
        self.open = None;
        let mut open = Open { index, ..Open::default() };
        let mut validity = None;
        let command = format!("{EXAMINE} {}", encoded(name));
        let heard = |told| match told {
            Told::Note { code: Some(Code::Validity(number)), .. } => validity = Some(number),
            Told::Note { code: Some(Code::Next(number)), .. } => open.next = Some(number),
            Told::Exists(mails) => open.exists = Some(mails),
            _ => {}
        };
        self.wire.ask(&command, EXAMINE, heard).await?;
        // Without it numbers hold for this connection only: one that no other has had.
        open.validity = validity.unwrap_or_else(|| u32::try_from(clock::now().timestamp()).unwrap_or_default());
        self.open = Some(open);
        Ok(())
    }

    /// Hands out mails with a number above `done`; answers the highest one that there is.
    async fn read_above(&mut self, done: u32, at: &Where, desk: &mut Desk) -> Result<u32, Fault> {
        let Some(first) = done.checked_add(1) else { return Ok(done) };
        let conditions = plan::conditions(&self.config.wanted, None);
        let found = self.search(&format!("UID {first}:*{conditions}")).await?;
        // The star is the last mail, also when that has a lower number.
        let mut found: Vec<u32> = found.into_iter().filter(|uid| *uid > done).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        let top = found.first().copied().unwrap_or(done);
        let mut left = found.len();
        for uids in found.chunks(LISTED) {
            left -= uids.len();
            let listed = self.list(uids, at).await?;
            self.hand_out(listed, left, at, desk).await?;
        }
        Ok(top)
    }

    /// Hands out the mails since a day, the newest first; answers the highest number below which all are done then.
    async fn read_from(
        &mut self,
        since: Option<chrono::NaiveDate>,
        last: Option<u32>,
        at: &Where,
        desk: &mut Desk,
    ) -> Result<u32, Fault> {
        let conditions = plan::conditions(&self.config.wanted, since);
        let criteria = if conditions.is_empty() { EVERYTHING } else { conditions.trim_start() };
        let mut found = self.search(criteria).await?;
        found.sort_unstable_by(|a, b| b.cmp(a));
        let mut top = found.first().copied().max(last).unwrap_or_default();
        let mut left = found.len();
        for uids in found.chunks(LISTED) {
            // Reading years of mail takes a while; what comes meanwhile does not wait for it.
            if self.open.as_mut().is_some_and(|open| std::mem::take(&mut open.has_grown)) {
                top = self.read_above(top, at, desk).await?.max(top);
            }
            left -= uids.len();
            let listed = self.list(uids, at).await?;
            self.hand_out(listed, left, at, desk).await?;
        }
        Ok(top)
    }

    /// Hands out those of the mails that were not before, and says that so many more may follow.
    async fn hand_out(&mut self, listed: Vec<Listed>, left: usize, at: &Where, desk: &mut Desk) -> Result<(), Fault> {
        let place = at.clone();
        let new = desk.unhandled(listed, move |mail| place.key(mail.uid)).await;
        if new.is_empty() {
            return Ok(());
        }
        desk.tell(State::Reading { mails: new.len() + left }).await?;
        self.fetch(new, at, desk).await
    }

    /// The numbers that a search finds. A server that says yes and nothing of what it found is believed that it found nothing
    /// where it says so of no mail alone: the last one of a folder is there.
    pub(super) async fn search(&mut self, criteria: &str) -> Result<Vec<u32>, Fault> {
        if let Some(found) = self.searched(criteria).await? {
            return Ok(found);
        }
        if self.open.as_ref().is_some_and(|open| open.exists == Some(0)) {
            return Ok(Vec::new());
        }
        let finds = criteria != EVERYTHING && self.searched("UID *").await?.is_some_and(|last| !last.is_empty());
        if finds { Ok(Vec::new()) } else { Err(self.wire.refused("UID SEARCH", "it says yes, and not what it found")) }
    }

    /// The numbers that a search finds; `None` where the server does not say, not even that there are none.
    async fn searched(&mut self, criteria: &str) -> Result<Option<Vec<u32>>, Fault> {
        let (mut found, open) = (None::<Vec<u32>>, &mut self.open);
        let take = |told| match told {
            Told::Found(numbers) => found.get_or_insert_default().extend(numbers),
            other => {
                if let Some(open) = open.as_mut() {
                    open.hear(&other);
                }
            }
        };
        self.wire.ask(&format!("UID SEARCH {criteria}"), "UID SEARCH", take).await?;
        Ok(found)
    }

    /// Sizes and times of mails that were found; those only that somebody wants, as far as their headers tell. Those that
    /// the server tells nothing of are left for [`Self::seek`].
    async fn list(&mut self, uids: &[u32], at: &Where) -> Result<Vec<Listed>, Fault> {
        let mut listed = Vec::new();
        let mut portions = VecDeque::from([uids.to_vec()]);
        while let Some(portion) = portions.pop_front().filter(|_| self.left.stopped.is_none()) {
            let mut untold: BTreeSet<u32> = portion.iter().copied().collect();
            let told = self.list_once(&portion, &mut untold, &mut listed).await;
            self.left.has_listed |= untold.len() < portion.len();
            match told {
                Ok(()) => self.left.unlisted.extend(untold),
                Err(fault) => {
                    let why = self.go_on(fault, at).await?;
                    match *portion.as_slice() {
                        [uid] if !untold.is_empty() => self.left.failed.push(Failed { uid, delivered: None, why }),
                        _ => portions.extend(plan::pieces(untold.into_iter().collect())),
                    }
                }
            }
        }
        Ok(listed)
    }

    /// Asks for sizes and times once. What was told is taken, and taken out of `untold`, also where it ends badly.
    async fn list_once(
        &mut self,
        uids: &[u32],
        untold: &mut BTreeSet<u32>,
        listed: &mut Vec<Listed>,
    ) -> Result<(), Fault> {
        let wanted = &self.config.wanted;
        let headers = if wanted.senders.is_empty() {
            String::new()
        } else {
            format!(" BODY.PEEK[HEADER.FIELDS ({})]", wanted.sender_header)
        };
        // All of them at once: each answer says of which mail it is.
        let sets = plan::sets(uids);
        let mut tags = Vec::with_capacity(sets.len());
        for set in sets {
            tags.push(self.wire.send(&format!("UID FETCH {set} (UID RFC822.SIZE INTERNALDATE{headers})")).await?);
        }
        let open = &mut self.open;
        let mut take = |told| match told {
            // What is told of another mail, or twice, or of flags alone, was not asked for.
            Told::Fetched(Fetched { uid: Some(uid), size: Some(size), date, headers, .. }) if untold.remove(&uid) => {
                if headers.as_deref().is_none_or(|headers| plan::is_wanted(wanted, headers)) {
                    let delivered = date.as_deref().and_then(plan::delivered);
                    listed.push(Listed { uid, size: u64::from(size), delivered });
                }
            }
            other => {
                if let Some(open) = open.as_mut() {
                    open.hear(&other);
                }
            }
        };
        let mut refused = None;
        for tag in tags {
            // The answers behind a refusal come all the same.
            match self.wire.finish(&tag, "UID FETCH", &mut take).await {
                Ok(_) => {}
                Err(fault @ Fault::Refused { .. }) => refused = Some(fault),
                Err(fault) => return Err(fault),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// How many mails a folder has that is not open.
    pub(super) async fn count(&mut self, name: &str) -> Result<u32, Fault> {
        let mut counted = None;
        let take = |told| {
            if let Told::Folder { mails: Some(number), .. } = told {
                counted = Some(number);
            }
        };
        self.wire.ask(&format!("STATUS {} (MESSAGES)", encoded(name)), "STATUS", take).await?;
        counted.ok_or_else(|| self.wire.refused("STATUS", "it says yes, and no number of mails"))
    }

    /// The names of folders, for somebody who looks for one.
    pub(super) async fn folder_names(&mut self) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        let take = |told| {
            if let Told::Listed(name) = told {
                names.push(decoded(&name));
            }
        };
        self.wire.ask("LIST \"\" \"*\"", "LIST", take).await?;
        names.truncate(NAMED);
        Ok(names)
    }
}

/// The mails of a folder that were given up and that somebody wants to be asked for again, by their numbers.
async fn asked_again(at: &Where, desk: &Desk) -> Vec<u32> {
    let (mut again, mut gone) = (Vec::new(), Vec::new());
    for key in desk.asked_again().await {
        match at.named(&key) {
            Named::Now(uid) => again.push(uid),
            // The folder was read anew since, and it with it.
            Named::Once => gone.push(key),
            Named::Elsewhere => {}
        }
    }
    desk.gone(gone).await;
    again.sort_unstable();
    again
}
