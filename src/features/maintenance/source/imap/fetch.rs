//! Mails, two commands on their way at a time: while one answer is recorded, the next one comes.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::doubt::Doubt;
use super::plan::{self, BEGINNING, Listed};
use super::wire::{Fetched, Said, Told};
use super::{Connection, Desk, Event, is_lost};
use crate::clock;
use crate::features::maintenance::source::remote::Fault;
use crate::features::maintenance::source::{Received, Refusal};

/// Commands on their way.
const FLYING: usize = 2;
/// Bytes a second below which a server counts as one that does not answer.
const SLOWEST: u64 = 4 << 10;
/// What a look at a folder may spend on finding out which mails the server does not give out: a refusal costs 1,
const MOST_SPENT: u32 = 120;
/// a connection that is lost so much,
const A_CONNECTION: u32 = 12;
/// and waiting for nothing so much.
const A_WAIT: u32 = 40;

/// Where mails are.
#[derive(Debug, Clone)]
pub(super) struct Where {
    /// Which of those that are configured.
    pub(super) index: usize,
    /// The folder.
    pub(super) folder: String,
    /// Under which its numbers hold,
    pub(super) validity: u32,
    /// and since when: see [`plan::Bookmark::era`].
    pub(super) era: u32,
}

impl Where {
    /// What a mail is called for good.
    pub(super) fn key(&self, uid: u32) -> String {
        format!("{}/{}/{uid}", self.folder, self.numbering())
    }

    /// Under what its numbers hold, as keys have it.
    fn numbering(&self) -> String {
        match self.era {
            0 => self.validity.to_string(),
            era => format!("{}.{era}", self.validity),
        }
    }

    /// Which mail of this folder is called so.
    pub(super) fn named(&self, key: &str) -> Named {
        let mut parts = key.rsplitn(3, '/');
        let (uid, validity, folder) = (parts.next(), parts.next(), parts.next());
        if folder != Some(&*self.folder) {
            return Named::Elsewhere;
        }
        let uid = uid.filter(|_| validity == Some(&self.numbering())).and_then(|uid| uid.parse().ok());
        uid.map_or(Named::Once, Named::Now)
    }
}

/// What a name of a mail says in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// The mail with this number.
    Now(u32),
    /// One that had a number which holds no more.
    Once,
    /// One of another folder.
    Elsewhere,
}

/// Mails that were asked for together.
struct Flight {
    /// Of the command.
    tag: String,
    /// Which.
    mails: Vec<Listed>,
}

/// What is left of a folder when everything else of it was handed out.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Parts of what could not be had together: which mail it is for is found when the others have come.
    suspects: VecDeque<Vec<Listed>>,
    /// Mails that stayed away before: the others come first.
    doubted: Vec<Listed>,
    /// One of them where they are not asked for at this look.
    put_off: Option<u32>,
    /// Mails that a search found, and of which the server then told nothing.
    pub(super) unlisted: Vec<u32>,
    /// Mails that were asked for and did not come.
    absent: Vec<Listed>,
    /// Mails that were asked for alone, which failed.
    pub(super) failed: Vec<Failed>,
    /// Whether the server told of any mail,
    pub(super) has_listed: bool,
    /// and whether it sent one.
    has_sent: bool,
    /// What has failed so far, by what that costs.
    spent: u32,
    /// Why no more is asked for at this look.
    pub(super) stopped: Option<Fault>,
}

/// A mail that was asked for alone, which failed.
#[derive(Debug)]
pub(super) struct Failed {
    /// Its number in the folder.
    pub(super) uid: u32,
    /// When it was delivered, where that is known.
    pub(super) delivered: Option<DateTime<Utc>>,
    /// What the server did instead.
    pub(super) why: String,
}

/// A mail that is there and did not come.
struct Missed {
    /// Its number in the folder.
    uid: u32,
    /// When it was delivered, where that is known.
    delivered: Option<DateTime<Utc>>,
    /// What the server did instead, if it did not say that all is well.
    why: Option<String>,
    /// Whether others came.
    has_come: bool,
}

impl Connection {
    /// Fetches mails and hands them out; those that stayed away before stay behind for [`Self::fetch_left`].
    pub(super) async fn fetch(&mut self, mails: Vec<Listed>, at: &Where, desk: &mut Desk) -> Result<(), Fault> {
        let (doubted, mails): (Vec<_>, Vec<_>) = {
            let doubt = self.doubt();
            mails.into_iter().partition(|mail| doubt.is_doubted(&at.key(mail.uid)))
        };
        self.left.doubted.extend(doubted);
        let portions = plan::portions(mails, self.config.wanted.max_size_bytes);
        self.fetch_all(portions.into(), FLYING, at, desk).await
    }

    /// Fetches what is left when the others have come: in ever smaller portions what could not be had together, and then one by
    /// one the mails that stayed away before, those first that did so least; these not at every mail that comes.
    pub(super) async fn fetch_left(&mut self, is_pushed: bool, at: &Where, desk: &mut Desk) -> Result<(), Fault> {
        while let Some(portion) = self.left.suspects.pop_front().filter(|_| self.left.stopped.is_none()) {
            self.fetch_all([portion].into(), 1, at, desk).await?;
        }
        let mut mails = std::mem::take(&mut self.left.doubted);
        // A folder that grows while it is read tells of some twice.
        mails.sort_unstable_by_key(|mail| mail.uid);
        mails.dedup_by_key(|mail| mail.uid);
        if is_pushed {
            self.left.put_off = mails.first().map(|mail| mail.uid);
            return Ok(());
        }
        {
            let doubt = self.doubt();
            mails.sort_by_key(|mail| doubt.looks(&at.key(mail.uid)));
        }
        self.fetch_all(mails.into_iter().map(|mail| vec![mail]).collect(), 1, at, desk).await
    }

    /// Fetches mails, so many portions on their way at a time. What fails is kept for [`Self::fetch_left`], or told by
    /// [`Self::seek`] where it is one mail.
    async fn fetch_all(
        &mut self,
        mut portions: VecDeque<Vec<Listed>>,
        flying: usize,
        at: &Where,
        desk: &mut Desk,
    ) -> Result<(), Fault> {
        let largest = self.config.wanted.max_size_bytes;
        let mut flights: VecDeque<Flight> = VecDeque::new();
        let mut bodies: HashMap<u32, Vec<u8>> = HashMap::new();
        loop {
            let mut is_sent = true;
            while is_sent
                && self.left.stopped.is_none()
                && flights.len() < flying
                && let Some(mails) = portions.pop_front()
            {
                match self.take_off(&mails, largest).await {
                    Ok(tag) => flights.push_back(Flight { tag, mails }),
                    Err(fault) if flights.is_empty() => {
                        self.go_on(fault, at).await?;
                        self.left.suspects.push_back(mails);
                    }
                    // What breaks the connection is what it was asked before.
                    Err(_) => {
                        portions.push_front(mails);
                        is_sent = false;
                    }
                }
            }
            if flights.is_empty() {
                if portions.is_empty() || self.left.stopped.is_some() {
                    return Ok(());
                }
                continue;
            }
            let answered = self.answer(&flights, &mut bodies).await;
            let Some(Flight { mails, .. }) = flights.pop_front() else { return Ok(()) };
            match answered {
                Ok(()) => {
                    let (came, absent): (Vec<_>, Vec<_>) =
                        mails.into_iter().partition(|mail| bodies.contains_key(&mail.uid));
                    let changes = {
                        let mut doubt = self.doubt();
                        for mail in &came {
                            doubt.settled(&at.key(mail.uid));
                        }
                        doubt.changes()
                    };
                    desk.keep_away(changes).await;
                    self.left.has_sent |= !came.is_empty();
                    self.left.absent.extend(absent);
                    let landed = landed(came, &mut bodies, at, largest);
                    if !landed.is_empty() {
                        desk.hand_out(Event::Received(landed)).await?;
                    }
                }
                Err(fault) => {
                    if is_lost(&fault) {
                        // What came without its end may be half of it. Of what was asked for behind it nothing came.
                        bodies.clear();
                        for flight in flights.drain(..).rev() {
                            portions.push_front(flight.mails);
                        }
                    }
                    for mail in &mails {
                        bodies.remove(&mail.uid);
                    }
                    let why = self.go_on(fault, at).await?;
                    match mails.as_slice() {
                        [Listed { uid, delivered, .. }] => {
                            self.left.failed.push(Failed { uid: *uid, delivered: *delivered, why });
                        }
                        _ => self.left.suspects.extend(plan::pieces(mails)),
                    }
                }
            }
        }
    }

    /// Takes mails as they come, until everything was said of those that were asked for first.
    async fn answer(&mut self, flights: &VecDeque<Flight>, bodies: &mut HashMap<u32, Vec<u8>>) -> Result<(), Fault> {
        let Some(first) = flights.front() else { return Ok(()) };
        let largest = self.config.wanted.max_size_bytes;
        let bytes = first.mails.iter().map(|mail| mail.size.min(largest)).sum::<u64>();
        let patience = self.wire.patience() + Duration::from_secs(bytes / SLOWEST);
        loop {
            match self.wire.next("UID FETCH", patience).await? {
                // Only what was asked for: a server may send more than can be held.
                Told::Fetched(Fetched { uid: Some(uid), body: Some(body), .. })
                    if flights.iter().flat_map(|flight| &flight.mails).any(|mail| mail.uid == uid) =>
                {
                    bodies.insert(uid, body);
                }
                Told::Done { tag, said: Said::Ok, .. } if tag == first.tag => return Ok(()),
                Told::Done { tag, text, .. } => return Err(self.wire.not_done(&first.tag, &tag, "UID FETCH", &text)),
                other => {
                    if let Some(open) = &mut self.open {
                        open.hear(&other);
                    }
                }
            }
        }
    }

    /// Goes on after something failed that may be for single mails, on another connection where this one is lost: why it failed,
    /// in words. Where none comes about it was not for them, and the fault is given back.
    pub(super) async fn go_on(&mut self, fault: Fault, at: &Where) -> Result<String, Fault> {
        let Some((why, cost)) = of_a_mail(&fault) else { return Err(fault) };
        if is_lost(&fault) {
            match self.connect_again().await {
                Ok(()) => {}
                // To be told to somebody who does something about it.
                Err(login) if login.is_of_login() => return Err(login),
                Err(_) => return Err(fault),
            }
            self.examine(at.index, &at.folder).await?;
            if self.open.as_ref().is_none_or(|open| open.validity != at.validity) {
                return Err(fault);
            }
        }
        self.left.spent += cost;
        if self.left.spent > MOST_SPENT {
            self.left.stopped.get_or_insert(fault);
        }
        Ok(why)
    }

    /// Looks for mails that did not come. As a rule somebody has deleted them. One that is there is never passed over: it is
    /// asked for again, and given up in the end with a word that says so. What is wrong with those that are asked for again.
    pub(super) async fn seek(&mut self, at: &Where, desk: &mut Desk) -> Result<Option<Fault>, Fault> {
        let Left { unlisted, absent, failed, has_listed, has_sent, stopped, put_off, .. } =
            std::mem::take(&mut self.left);
        let stopped = stopped.or_else(|| {
            let (server, mail) = (self.wire.server().to_owned(), format!("mail {} of {}", put_off?, at.folder));
            Some(Fault::Unsent { server, mail, why: "it did not at the last look".to_owned() })
        });
        let unlisted = unlisted.into_iter().map(|uid| Missed { uid, delivered: None, why: None, has_come: has_listed });
        let absent = absent.into_iter().map(|Listed { uid, delivered, .. }| (uid, delivered, None));
        let failed = failed.into_iter().map(|Failed { uid, delivered, why }| (uid, delivered, Some(why)));
        let asked = absent.chain(failed);
        let asked = asked.map(|(uid, delivered, why)| Missed { uid, delivered, why, has_come: has_sent });
        let mut missed: Vec<Missed> = unlisted.chain(asked).collect();
        missed.sort_unstable_by_key(|mail| mail.uid);
        missed.dedup_by_key(|mail| mail.uid);
        let is_of_several = missed.len() > 1;
        // Some of a list were recorded before, and are nobody's concern.
        let place = at.clone();
        let missed = desk.unhandled(missed, move |mail| place.key(mail.uid)).await;
        if missed.is_empty() {
            return Ok(stopped);
        }
        let uids: Vec<u32> = missed.iter().map(|mail| mail.uid).collect();
        let mut there = BTreeSet::new();
        for set in plan::sets(&uids) {
            there.extend(self.search(&format!("UID {set}")).await?);
        }
        let (missed, gone): (Vec<_>, Vec<_>) = missed.into_iter().partition(|mail| there.contains(&mail.uid));
        let (lost, left, changes) = {
            let (mut doubt, now) = (self.doubt(), clock::now());
            for mail in &gone {
                doubt.settled(&at.key(mail.uid));
            }
            let (lost, left): (Vec<_>, Vec<_>) = missed.into_iter().partition(|mail| {
                // Where none of several came, it is the server that cannot.
                doubt.stayed_away(&at.key(mail.uid), is_of_several && !mail.has_come, now)
            });
            (lost, left, doubt.changes())
        };
        desk.keep_away(changes).await;
        desk.gone(gone.into_iter().map(|mail| at.key(mail.uid)).collect()).await;
        if !lost.is_empty() {
            let lost = lost.into_iter().map(|mail| given_up(&mail, at)).collect();
            desk.hand_out(Event::Received(lost)).await?;
        }
        let many = left.len();
        let Some(Missed { uid, why, .. }) = left.into_iter().next() else { return Ok(stopped) };
        let more = match many {
            1 => String::new(),
            mails => format!(" and {} more", mails - 1),
        };
        let (server, mail) = (self.wire.server().to_owned(), format!("mail {uid} of {}{more}", at.folder));
        Ok(Some(match why {
            Some(why) => Fault::Unsent { server, mail, why },
            None => Fault::Withheld { server, mail },
        }))
    }

    /// Asks for mails: for all of each, or for the beginning of large ones. One byte more than is taken, so that one that is
    /// larger than the server says is known to be cut.
    async fn take_off(&mut self, mails: &[Listed], largest: u64) -> Result<String, Fault> {
        let is_large = mails.iter().any(|mail| mail.size > largest);
        let bytes = if is_large { BEGINNING } else { largest + 1 };
        let uids: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
        let set = plan::sets(&uids).join(",");
        self.wire.send(&format!("UID FETCH {set} (UID BODY.PEEK[]<0.{bytes}>)")).await
    }

    /// Mails that did not come.
    pub(super) fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.mailbox.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a server did instead of giving a mail out, in words, and what that costs; `None` of what is not for a mail.
fn of_a_mail(fault: &Fault) -> Option<(String, u32)> {
    Some(match fault {
        Fault::Refused { asked, said, .. } => (format!("it refuses {asked}: {said}"), 1),
        Fault::Closed { said: Some(said), .. } => (format!("it closes the connection: {said}"), A_CONNECTION),
        Fault::Closed { said: None, .. } => ("it closes the connection".to_owned(), A_CONNECTION),
        Fault::Short { announced, came, .. } => {
            (format!("it announces {announced} bytes and sends {came} of them"), A_CONNECTION)
        }
        Fault::Garbled { said, .. } | Fault::Unreadable { said, .. } => {
            (format!("what it sends cannot be understood: {said}"), A_CONNECTION)
        }
        Fault::Late { after, .. } => (format!("it does not answer within {} s", after.as_secs()), A_WAIT),
        _ => return None,
    })
}

/// The mails that came.
fn landed(mails: Vec<Listed>, bodies: &mut HashMap<u32, Vec<u8>>, at: &Where, largest: u64) -> Vec<Received> {
    let received = |mail: Listed| {
        let mut body = bodies.remove(&mail.uid)?;
        let most = usize::try_from(largest).unwrap_or(usize::MAX);
        let is_cut = mail.size > largest || body.len() > most;
        let cut_from = is_cut.then(|| mail.size.max(body.len() as u64));
        body.truncate(most);
        Some(Received { key: at.key(mail.uid), delivered: mail.delivered, body: Ok(body), cut_from, stamp: None })
    };
    mails.into_iter().filter_map(received).collect()
}

/// A mail that cannot be had.
fn given_up(mail: &Missed, at: &Where) -> Received {
    let why = mail.why.as_deref().unwrap_or("the server says that it fetched it, and sends nothing");
    let reason = format!("mail {} of {} does not come: fetching it fails every time: {why}", mail.uid, at.folder);
    Received::whole(at.key(mail.uid), mail.delivered, Err(Refusal::Garbled { reason }))
}
