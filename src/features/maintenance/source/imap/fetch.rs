//! Mails, two commands on their way at a time: while one answer is recorded, the next one comes.

use std::collections::{HashMap, VecDeque};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::doubt::{Break, Doubt};
use super::login::is_passing;
use super::plan::{self, BEGINNING, Listed};
use super::wire::{Fetched, Said, Told};
use super::{Connection, Desk, Event};
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
}

/// Mails that were asked for together.
struct Flight {
    /// Of the command.
    tag: String,
    /// Which.
    mails: Vec<Listed>,
}

impl Connection {
    /// Fetches mails and hands them out.
    pub(super) async fn fetch(&mut self, mails: Vec<Listed>, at: &Where, desk: &mut Desk) -> Result<(), Fault> {
        let fetched = self.fetch_all(mails, at, desk).await;
        let mut doubt = self.doubt();
        match &fetched {
            Ok(()) => doubt.arrived(),
            Err(Fault::Garbled { .. } | Fault::Unreadable { .. }) => doubt.broke(Break::Garbled),
            Err(Fault::Refused { said, .. }) if is_passing(said) => doubt.put_off(),
            Err(Fault::Refused { .. } | Fault::Closed { .. } | Fault::Short { .. } | Fault::Late { .. }) => {
                doubt.broke(Break::Lost);
            }
            Err(_) => doubt.put_off(),
        }
        drop(doubt);
        fetched
    }

    /// Fetches them; the connection may break over it.
    async fn fetch_all(&mut self, mails: Vec<Listed>, at: &Where, desk: &mut Desk) -> Result<(), Fault> {
        let largest = self.config.wanted.max_size_bytes;
        let (lost, mails): (Vec<_>, Vec<_>) = {
            let doubt = self.doubt();
            mails.into_iter().partition(|mail| doubt.is_lost(&at.key(mail.uid)))
        };
        if !lost.is_empty() {
            desk.hand_out(Event::Received(lost.iter().map(|mail| given_up(mail, at)).collect())).await?;
        }
        let mut portions: VecDeque<Vec<Listed>> = VecDeque::new();
        for portion in plan::portions(mails, largest) {
            let doubt = self.doubt();
            let (alone, together): (Vec<_>, Vec<_>) =
                portion.into_iter().partition(|mail| doubt.is_alone(&at.key(mail.uid)));
            portions.extend((!together.is_empty()).then_some(together));
            portions.extend(alone.into_iter().map(|mail| vec![mail]));
        }
        let mut flights: VecDeque<Flight> = VecDeque::new();
        let mut bodies: HashMap<u32, Vec<u8>> = HashMap::new();
        let (mut watched, mut absent) = (String::new(), Vec::new());
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
            let Some(first) = flights.front() else { return self.seek(absent, at).await };
            if first.tag != watched {
                watched.clone_from(&first.tag);
                self.doubt().sent(first.mails.iter().map(|mail| at.key(mail.uid)).collect());
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
                    let came = |mail: &Listed| bodies.contains_key(&mail.uid);
                    if flight.mails.iter().all(came) {
                        self.doubt().arrived();
                    } else {
                        self.doubt().put_off();
                        absent.extend(flight.mails.iter().filter(|mail| !came(mail)).map(|mail| mail.uid));
                    }
                    let landed = landed(flight.mails, &mut bodies, at, largest);
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
    /// that is there is never passed over: it is asked for again, and given up in the end with a word that says so.
    async fn seek(&mut self, absent: Vec<u32>, at: &Where) -> Result<(), Fault> {
        if absent.is_empty() {
            return Ok(());
        }
        let there = self.search(&format!("UID {}", plan::sets(&absent).join(","))).await?;
        let kept: Vec<u32> = absent.into_iter().filter(|uid| there.contains(uid)).collect();
        let Some(uid) = kept.first() else { return Ok(()) };
        let mail = format!("mail {uid} of {}", at.folder);
        let mut doubt = self.doubt();
        doubt.sent(kept.iter().map(|uid| at.key(*uid)).collect());
        // Nothing came that cannot be read: as a rule the server is unwell, and it is given time.
        doubt.broke(Break::Lost);
        drop(doubt);
        Err(Fault::Withheld { server: self.wire.server().to_owned(), mail })
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
    fn doubt(&self) -> MutexGuard<'_, Doubt> {
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
fn given_up(mail: &Listed, at: &Where) -> Received {
    let reason = format!("mail {} of {} does not come: fetching it fails every time", mail.uid, at.folder);
    Received::whole(at.key(mail.uid), mail.delivered, Err(Refusal::Garbled { reason }))
}
