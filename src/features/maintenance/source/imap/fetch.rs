//! Mails, two commands on their way at a time: while one answer is recorded, the next one comes.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::doubt::{Break, Doubt};
use super::login::is_passing;
use super::plan::{self, BEGINNING, Listed};
use super::wire::{Fetched, Said, Told};
use super::{Connection, Desk, Event};
use crate::clock;
use crate::features::maintenance::source::remote::Fault;
use crate::features::maintenance::source::{Received, Refusal};

/// Commands on their way.
const FLYING: usize = 2;
/// Bytes a second below which a server counts as one that does not answer.
const SLOWEST: u64 = 4 << 10;

/// Where mails are.
#[derive(Debug, Clone)]
pub(super) struct Where {
    /// The folder.
    pub(super) folder: String,
    /// Under which its numbers hold.
    pub(super) validity: u32,
}

impl Where {
    /// What a mail is called for good.
    pub(super) fn key(&self, uid: u32) -> String {
        format!("{}/{}/{uid}", self.folder, self.validity)
    }

    /// Which mail of this folder is called so.
    pub(super) fn named(&self, key: &str) -> Named {
        let mut parts = key.rsplitn(3, '/');
        let (uid, validity, folder) = (parts.next(), parts.next(), parts.next());
        if folder != Some(&*self.folder) {
            return Named::Elsewhere;
        }
        let uid = uid.filter(|_| validity == Some(&self.validity.to_string())).and_then(|uid| uid.parse().ok());
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
    /// Mails that stayed away before: the others come first.
    doubted: Vec<Listed>,
    /// Mails that a search found, and of which the server then told nothing.
    pub(super) unlisted: Vec<u32>,
    /// Mails that were asked for and did not come.
    absent: Vec<Listed>,
    /// Whether the server told of any mail,
    pub(super) has_listed: bool,
    /// and whether it sent one.
    has_sent: bool,
}

impl Connection {
    /// Fetches mails and hands them out; those that stayed away before stay behind for [`Self::fetch_doubted`].
    pub(super) async fn fetch(&mut self, mails: Vec<Listed>, at: &Where, desk: &mut Desk) -> Result<(), Fault> {
        let (doubted, mails): (Vec<_>, Vec<_>) = {
            let doubt = self.doubt();
            mails.into_iter().partition(|mail| doubt.is_doubted(&at.key(mail.uid)))
        };
        self.left.doubted.extend(doubted);
        self.try_fetch(plan::portions(mails, self.config.wanted.max_size_bytes), at, desk).await
    }

    /// Fetches the mails that stayed away before, as carefully as that is asked for, those first that did so least.
    pub(super) async fn fetch_doubted(&mut self, at: &Where, desk: &mut Desk) -> Result<(), Fault> {
        let now = clock::now();
        let mut mails = std::mem::take(&mut self.left.doubted);
        // A folder that grows while it is read tells of some twice.
        mails.sort_unstable_by_key(|mail| mail.uid);
        mails.dedup_by_key(|mail| mail.uid);
        let mut portions = Vec::new();
        let lost = {
            let doubt = self.doubt();
            let (lost, mails): (Vec<_>, Vec<_>) =
                mails.into_iter().partition(|mail| doubt.is_lost(&at.key(mail.uid), now));
            let (mut alone, together): (Vec<_>, Vec<_>) =
                mails.into_iter().partition(|mail| doubt.is_alone(&at.key(mail.uid)));
            alone.sort_by_key(|mail| doubt.looks(&at.key(mail.uid)));
            portions.extend(plan::portions(together, self.config.wanted.max_size_bytes));
            portions.extend(alone.into_iter().map(|mail| vec![mail]));
            lost
        };
        if !lost.is_empty() {
            let lost = lost.iter().map(|mail| given_up(mail.uid, mail.delivered, at)).collect();
            desk.hand_out(Event::Received(lost)).await?;
        }
        self.try_fetch(portions, at, desk).await
    }

    /// Fetches mails and hands them out, and keeps of which of them the connection broke.
    async fn try_fetch(&mut self, portions: Vec<Vec<Listed>>, at: &Where, desk: &mut Desk) -> Result<(), Fault> {
        let fetched = self.fetch_all(portions.into(), at, desk).await;
        let changes = {
            let (mut doubt, now) = (self.doubt(), clock::now());
            match &fetched {
                Ok(()) => doubt.arrived(),
                Err(Fault::Garbled { .. } | Fault::Unreadable { .. }) => doubt.broke(Break::Garbled, now),
                Err(Fault::Refused { said, .. }) if is_passing(said) => doubt.put_off(),
                Err(Fault::Refused { .. } | Fault::Closed { .. } | Fault::Short { .. } | Fault::Late { .. }) => {
                    doubt.broke(Break::Lost, now);
                }
                Err(_) => doubt.put_off(),
            }
            doubt.changes()
        };
        desk.keep_away(changes).await;
        fetched
    }

    /// Fetches them; the connection may break over it.
    async fn fetch_all(
        &mut self,
        mut portions: VecDeque<Vec<Listed>>,
        at: &Where,
        desk: &mut Desk,
    ) -> Result<(), Fault> {
        let largest = self.config.wanted.max_size_bytes;
        let mut flights: VecDeque<Flight> = VecDeque::new();
        let mut bodies: HashMap<u32, Vec<u8>> = HashMap::new();
        let mut watched = String::new();
        loop {
            while flights.len() < FLYING
                && (flights.is_empty() || !self.is_alone(flights.iter().flat_map(|flight| &flight.mails), at))
                && let Some(mails) = portions.pop_front()
            {
                if !flights.is_empty() && self.is_alone(&mails, at) {
                    portions.push_front(mails);
                    break;
                }
                flights.push_back(self.take_off(mails, largest).await?);
            }
            let Some(first) = flights.front() else { return Ok(()) };
            if first.tag != watched {
                watched.clone_from(&first.tag);
                self.doubt().sent(first.mails.iter().map(|mail| at.key(mail.uid)).collect(), clock::now());
            }
            let bytes = first.mails.iter().map(|mail| mail.size.min(largest)).sum::<u64>();
            let patience = self.wire.patience() + Duration::from_secs(bytes / SLOWEST);
            match self.wire.next("UID FETCH", patience).await? {
                // Only what was asked for: a server may send more than can be held.
                Told::Fetched(Fetched { uid: Some(uid), body: Some(body), .. })
                    if flights.iter().flat_map(|flight| &flight.mails).any(|mail| mail.uid == uid) =>
                {
                    bodies.insert(uid, body);
                }
                Told::Done { tag, said: Said::Ok, .. } if tag == first.tag => {
                    let Some(flight) = flights.pop_front() else { return Ok(()) };
                    let (came, absent): (Vec<_>, Vec<_>) =
                        flight.mails.into_iter().partition(|mail| bodies.contains_key(&mail.uid));
                    {
                        let mut doubt = self.doubt();
                        if absent.is_empty() {
                            doubt.arrived();
                        } else {
                            for mail in &came {
                                doubt.settled(&at.key(mail.uid));
                            }
                            doubt.put_off();
                        }
                    }
                    self.left.has_sent |= !came.is_empty();
                    self.left.absent.extend(absent);
                    let landed = landed(came, &mut bodies, at, largest);
                    if !landed.is_empty() {
                        desk.hand_out(Event::Received(landed)).await?;
                    }
                }
                Told::Done { text, .. } => return Err(self.wire.refused("UID FETCH", &text)),
                other => {
                    if let Some(open) = &mut self.open {
                        open.hear(&other);
                    }
                }
            }
        }
    }

    /// Looks for mails that did not come though the server says that all is well. As a rule somebody has deleted them. One
    /// that is there is never passed over: it is asked for again, and given up in the end with a word that says so. What is
    /// wrong with those that are asked for again.
    pub(super) async fn seek(&mut self, at: &Where, desk: &mut Desk) -> Result<Option<Fault>, Fault> {
        let Left { unlisted, absent, has_listed, has_sent, .. } = std::mem::take(&mut self.left);
        let unlisted = unlisted.into_iter().map(|uid| (uid, None, has_listed));
        let mut missed: Vec<_> =
            unlisted.chain(absent.into_iter().map(|mail| (mail.uid, mail.delivered, has_sent))).collect();
        missed.sort_unstable();
        missed.dedup_by_key(|(uid, ..)| *uid);
        let is_of_several = missed.len() > 1;
        // Some of a list were recorded before, and are nobody's concern.
        let place = at.clone();
        let missed = desk.unhandled(missed, move |(uid, ..)| place.key(*uid)).await;
        if missed.is_empty() {
            return Ok(None);
        }
        let uids: Vec<u32> = missed.iter().map(|(uid, ..)| *uid).collect();
        let mut there = BTreeSet::new();
        for set in plan::sets(&uids) {
            there.extend(self.search(&format!("UID {set}")).await?);
        }
        let (missed, gone): (Vec<_>, Vec<_>) = missed.into_iter().partition(|(uid, ..)| there.contains(uid));
        let (lost, left, changes) = {
            let (mut doubt, now) = (self.doubt(), clock::now());
            for (uid, ..) in &gone {
                doubt.settled(&at.key(*uid));
            }
            let (lost, left): (Vec<_>, Vec<_>) = missed.into_iter().partition(|(uid, _, has_come)| {
                // Where none of several came, it is the server that cannot.
                doubt.stayed_away(&at.key(*uid), is_of_several && !has_come, now)
            });
            (lost, left, doubt.changes())
        };
        desk.keep_away(changes).await;
        desk.gone(gone.into_iter().map(|(uid, ..)| at.key(uid)).collect()).await;
        if !lost.is_empty() {
            let lost = lost.into_iter().map(|(uid, delivered, _)| given_up(uid, delivered, at)).collect();
            desk.hand_out(Event::Received(lost)).await?;
        }
        let Some((uid, ..)) = left.first() else { return Ok(None) };
        let more = match left.len() {
            1 => String::new(),
            mails => format!(" and {} more", mails - 1),
        };
        let mail = format!("mail {uid} of {}{more}", at.folder);
        Ok(Some(Fault::Withheld { server: self.wire.server().to_owned(), mail }))
    }

    /// Asks for mails: for all of each, or for the beginning of large ones. One byte more than is taken, so that one that is
    /// larger than the server says is known to be cut.
    async fn take_off(&mut self, mails: Vec<Listed>, largest: u64) -> Result<Flight, Fault> {
        let is_large = mails.iter().any(|mail| mail.size > largest);
        let bytes = if is_large { BEGINNING } else { largest + 1 };
        let uids: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
        let set = plan::sets(&uids).join(",");
        let tag = self.wire.send(&format!("UID FETCH {set} (UID BODY.PEEK[]<0.{bytes}>)")).await?;
        Ok(Flight { tag, mails })
    }

    /// Whether one of these is to be fetched by itself.
    fn is_alone<'m>(&self, mails: impl IntoIterator<Item = &'m Listed>, at: &Where) -> bool {
        let doubt = self.doubt();
        mails.into_iter().any(|mail| doubt.is_alone(&at.key(mail.uid)))
    }

    /// What connections broke at.
    pub(super) fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The mails that came.
fn landed(mails: Vec<Listed>, bodies: &mut HashMap<u32, Vec<u8>>, at: &Where, largest: u64) -> Vec<Received> {
    let received = |mail: Listed| {
        let mut body = bodies.remove(&mail.uid)?;
        let most = usize::try_from(largest).unwrap_or(usize::MAX);
        let is_cut = mail.size > largest || body.len() > most;
        let cut_from = is_cut.then(|| mail.size.max(body.len() as u64));
        body.truncate(most);
        Some(Received { key: at.key(mail.uid), delivered: mail.delivered, body: Ok(body), cut_from })
    };
    mails.into_iter().filter_map(received).collect()
}

/// A mail that cannot be had.
fn given_up(uid: u32, delivered: Option<DateTime<Utc>>, at: &Where) -> Received {
    let reason = format!("mail {uid} of {} does not come: fetching it fails every time", at.folder);
    Received::whole(at.key(uid), delivered, Err(Refusal::Garbled { reason }))
}
