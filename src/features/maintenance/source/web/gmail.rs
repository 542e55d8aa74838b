//! The Gmail API, `https://developers.google.com/workspace/gmail/api/reference/rest`: lists of ids, the history since a point
//! in it, mails as they came, labels.

use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::ask::{Answer, Asker, Request, query, segment};
use super::hand::{self, Handed};
use super::label::{Marked, Untold};
use super::letter::{Content, Letter, leaves, named};
use super::{Connection, dated, is_of_one, kept, listed_since};
use crate::clock;
use crate::config::WebMail;
use crate::features::maintenance::source::imap::plan::is_wanted;
use crate::features::maintenance::source::remote::Fault;
use crate::features::maintenance::source::{Desk, Event, Received};

/// Where everything of the mailbox that the token is for stands.
const MAILBOX: &str = "/gmail/v1/users/me";
/// Ids of one page, the most there are.
const PAGE: &str = "500";
/// Pages of one list: a mailbox with more mails than that within `since` is no mailbox of notifications.
const PAGES: usize = 400;
/// Senders that a question names; for more everybody's mails are looked at.
const SENDERS: usize = 40;
/// Mails that are labelled together, the most there are.
const TOGETHER: usize = 1000;

/// Mails are sent with padding or without.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Labels that are put on mails and taken off them, as the service calls them.
#[derive(Debug, Default)]
struct Exchange {
    add: Vec<String>,
    remove: Vec<String>,
}

impl Connection {
    /// Hands out what is new under a label, and then a bookmark; or says why it cannot be read.
    pub(super) async fn read_label(&mut self, name: &str, desk: &mut Desk) -> Result<Result<Handed, String>, Fault> {
        let Some(label) = self.label_id(name).await? else {
            return Ok(Err(format!("there is no such label; there are {}", self.some_names())));
        };
        let now = clock::now();
        let (kept, looked_at) = kept(desk, name, now).await;
        let since_then = match kept.as_deref().and_then(|mark| point_of(mark, &label)) {
            Some(point) => self.history(point, &label).await?,
            None => None,
        };
        let (ids, point) = if let Some(since_then) = since_then {
            since_then
        } else {
            if kept.is_some() {
                tracing::info!(
                    label = name,
                    "the history does not lead from there to now, or it is another label; it is listed anew"
                );
            }
            // Before the list, so that what comes meanwhile is in the history.
            let profile = self.one(&format!("{MAILBOX}/profile")).await?;
            let point = text(&profile, "historyId").ok_or_else(|| self.asker.garbled("no historyId"))?.to_owned();
            let since = listed_since(&self.config, looked_at, now);
            (self.list(&label, since).await?, point)
        };
        let again = self.asked_again(name, desk).await;
        let (asker, config) = (&self.asker, &self.config);
        let handed = hand::hand_out(ids, again, desk, |id| fetch(asker, config, id)).await?;
        if handed.trouble.is_none() {
            let bookmark = dated(&format!("history {point} {label}"), now);
            desk.hand_out(Event::Bookmark { folder: name.to_owned(), bookmark }).await?;
        }
        Ok(Ok(handed))
    }

    /// The ids of the mails under a label that came since then and are wanted as far as the service can tell, the newest
    /// first.
    async fn list(&self, label: &str, since: Option<DateTime<Utc>>) -> Result<Vec<String>, Fault> {
        let mut question = vec![("labelIds", label.to_owned()), ("maxResults", PAGE.to_owned())];
        let search = search(&self.config, since);
        if !search.is_empty() {
            question.push(("q", search));
        }
        let mut ids = Vec::new();
        let mut page: Option<String> = None;
        for _ in 0..PAGES {
            let mut asked = question.clone();
            asked.extend(page.take().map(|page| ("pageToken", page)));
            let answer = self.one(&format!("{MAILBOX}/messages?{}", query(&asked))).await?;
            if !answer.is_object() {
                // Nothing at all is not said of no mails.
                return Err(self.asker.garbled("a list of mails that is none"));
            }
            ids.extend(each(&answer, "messages").filter_map(|message| text(message, "id")).map(str::to_owned));
            match text(&answer, "nextPageToken") {
                Some(next) => page = Some(next.to_owned()),
                None => return Ok(ids),
            }
        }
        tracing::warn!("a label has more mails than are looked at; a smaller `since` leaves fewer");
        Ok(ids)
    }

    /// The ids of the mails that came under a label since a point in the history, and the point now; `None` where the
    /// history does not go back that far, or makes no sense.
    async fn history(&self, since: &str, label: &str) -> Result<Option<(Vec<String>, String)>, Fault> {
        let question = vec![
            ("startHistoryId", since.to_owned()),
            ("labelId", label.to_owned()),
            ("maxResults", PAGE.to_owned()),
            ("historyTypes", "messageAdded".to_owned()),
            // A filter or a person may put a mail there later.
            ("historyTypes", "labelAdded".to_owned()),
        ];
        let (mut ids, mut seen) = (Vec::new(), HashSet::new());
        let mut page: Option<String> = None;
        for _ in 0..PAGES {
            let mut asked = question.clone();
            asked.extend(page.take().map(|page| ("pageToken", page)));
            let target = format!("{MAILBOX}/history?{}", query(&asked));
            let Ok(answer) = self.asker.object(Request::get(&target)).await? else { return Ok(None) };
            for entry in each(&answer, "history") {
                let added = each(entry, "messagesAdded").chain(each(entry, "labelsAdded"));
                for id in added.filter_map(|added| text(added.get("message")?, "id")) {
                    if seen.insert(id.to_owned()) {
                        ids.push(id.to_owned());
                    }
                }
            }
            match (text(&answer, "nextPageToken"), text(&answer, "historyId")) {
                (Some(next), _) => page = Some(next.to_owned()),
                (None, Some(point)) => {
                    // The oldest come first there.
                    ids.reverse();
                    return Ok(Some((ids, point.to_owned())));
                }
                // Who does not say how far that goes has not said that it is all.
                (None, None) => {
                    tracing::warn!("a history does not say how far it goes");
                    return Ok(None);
                }
            }
        }
        // So much came that a list is the shorter way.
        Ok(None)
    }

    /// What the service calls a label.
    async fn label_id(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let known = |names: &[(String, String)]| {
            names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, id)| id.clone())
        };
        if let Some(id) = known(&self.names) {
            return Ok(Some(id));
        }
        // It may have been made since.
        let answer = self.one(&format!("{MAILBOX}/labels")).await?;
        let named = |label: &Value| Some((text(label, "name")?.to_owned(), text(label, "id")?.to_owned()));
        self.names = each(&answer, "labels").filter_map(named).collect();
        Ok(known(&self.names))
    }

    /// Some of the labels there are, for somebody who looks for one.
    fn some_names(&self) -> String {
        self.names.iter().take(20).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// How many mails there are under a label, or why that cannot be said.
    pub(super) async fn count_label(&mut self, name: &str) -> Result<Result<u32, String>, Fault> {
        let Some(id) = self.label_id(name).await? else {
            return Ok(Err(format!("there is no such label; there are {}", self.some_names())));
        };
        let answer = self.one(&format!("{MAILBOX}/labels/{}", segment(&id))).await?;
        let many = answer.get("messagesTotal").and_then(Value::as_u64);
        let many = many.ok_or_else(|| self.asker.garbled("a label without messagesTotal"))?;
        Ok(Ok(u32::try_from(many).unwrap_or(u32::MAX)))
    }

    /// Labels mails with what became of them, and takes the label off that they had before.
    pub(super) async fn label_in_gmail(&mut self, untold: &[Untold], marked: &mut Marked) {
        let mut turns: Vec<Vec<&Untold>> = Vec::new();
        for mail in untold {
            match turns.iter_mut().find(|turn| turn.first().is_some_and(|one| one.1 == mail.1 && one.2 == mail.2)) {
                Some(turn) => turn.push(mail),
                None => turns.push(vec![mail]),
            }
        }
        for turn in turns {
            let Some((_, outcome, before)) = turn.first() else { continue };
            let change = match self.exchange_of(outcome, before.as_deref()).await {
                Ok(Ok(change)) => change,
                // It says nothing of the mails of other outcomes.
                Ok(Err(why)) => {
                    for mail in turn {
                        marked.failed(mail, why.clone());
                    }
                    continue;
                }
                Err(fault) => return marked.end(fault),
            };
            let mut portions: VecDeque<&[&Untold]> = turn.chunks(TOGETHER).collect();
            while let Some(mails) = portions.pop_front() {
                match (self.modify(mails, &change).await, mails) {
                    (Ok(()), _) => {
                        for mail in mails {
                            marked.done(mail);
                        }
                    }
                    (Err(fault), [mail]) => marked.refused(mail, fault),
                    // One of them may be in the way of the others.
                    (Err(fault), _) if is_of_one(&fault) => {
                        let (front, back) = mails.split_at(mails.len() / 2);
                        portions.push_front(back);
                        portions.push_front(front);
                    }
                    (Err(fault), _) => marked.end(fault),
                }
                if marked.is_over() {
                    return;
                }
            }
        }
    }

    /// What to change of mails with this outcome, whose label says another or none; or which label there is none of.
    async fn exchange_of(&mut self, outcome: &str, before: Option<&str>) -> Result<Result<Exchange, String>, Fault> {
        let mut change = Exchange::default();
        for (into, outcome) in [(&mut change.add, Some(outcome)), (&mut change.remove, before)] {
            let Some(name) = outcome.and_then(|outcome| self.label_for(outcome)).map(str::to_owned) else { continue };
            match self.label_id(&name).await? {
                Some(id) => into.push(id),
                None => return Ok(Err(format!("there is no label {name} to mark mails with; make it in Gmail"))),
            }
        }
        change.remove.retain(|label| !change.add.contains(label));
        Ok(Ok(change))
    }

    /// Changes the labels of mails.
    async fn modify(&self, mails: &[&Untold], Exchange { add, remove }: &Exchange) -> Result<(), Fault> {
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = mails.iter().map(|(id, ..)| id.as_str()).collect();
        let body = json!({"ids": ids, "addLabelIds": add, "removeLabelIds": remove});
        let target = format!("{MAILBOX}/messages/batchModify");
        let changed = self.asker.object(Request::change(Method::POST, &target, &body)).await?;
        changed.map(drop).map_err(|said| self.refused(&target, said))
    }

    /// What is said of something that has to be there and is not.
    fn refused(&self, target: &str, said: String) -> Fault {
        let asked = target.split('?').next().unwrap_or_default().to_owned();
        Fault::Refused { server: self.asker.server(), asked, said }
    }

    /// An object that has to be there.
    async fn one(&self, target: &str) -> Result<Value, Fault> {
        let found = self.asker.object(Request::get(target)).await?;
        found.map_err(|said| self.refused(target, said))
    }
}

/// A mail as it came, or the [`beginning`] of it.
async fn fetch(asker: &Asker, config: &WebMail, id: String) -> Result<Option<Received>, Fault> {
    let message = format!("{MAILBOX}/messages/{}", segment(&id));
    if !config.wanted.senders.is_empty() || !config.limit_from.is_empty() {
        // The history knows nothing of senders, and a question of few headers.
        let Some(about) = about(asker, config, &message).await? else { return Ok(None) };
        if !is_wanted_mail(config, &about) {
            return Ok(None);
        }
    }
    let most = encoded_len(usize::try_from(config.wanted.max_size_bytes).unwrap_or(usize::MAX));
    let target = format!("{message}?format=raw");
    let body = match asker.ask(Request { most, ..Request::get(&target) }).await? {
        Answer::Gone { .. } => return Ok(None),
        Answer::Here { cut: Some(size), .. } => return beginning(asker, config, id, size).await,
        Answer::Here { body, cut: None } => body,
    };
    let answer: Value = serde_json::from_slice(&body).map_err(|_| asker.garbled("a mail that is no JSON"))?;
    let raw = text(&answer, "raw").and_then(|raw| BASE64.decode(raw).ok());
    let raw = raw.ok_or_else(|| asker.garbled("a mail that is no base64url"))?;
    Ok(Some(Received::whole(id, delivered(&answer), Ok(raw))))
}

/// The beginning of a mail that is larger than is wanted: its headers, and its parts that somebody reads, in their order and
/// as far as they are not too large together. What else is attached is left out.
async fn beginning(asker: &Asker, config: &WebMail, id: String, size: u64) -> Result<Option<Received>, Fault> {
    let message = format!("{MAILBOX}/messages/{}", segment(&id));
    let most = usize::try_from(config.wanted.max_size_bytes).unwrap_or(usize::MAX);
    let target = format!("{message}?format=full");
    let whole = match asker.ask(Request { most: encoded_len(most), ..Request::get(&target) }).await? {
        Answer::Gone { .. } => return Ok(None),
        Answer::Here { cut: Some(_), .. } => None,
        Answer::Here { body, cut: None } => Some(body),
    };
    let (about, leaves, is_too_long) = match whole {
        Some(body) => {
            let about: Value = serde_json::from_slice(&body).map_err(|_| asker.garbled("a mail that is no JSON"))?;
            let leaves = leaves(about.get("payload").unwrap_or(&Value::Null));
            (about, leaves, false)
        }
        // Its text alone is too large.
        None => match about(asker, config, &message).await? {
            Some(about) => (about, Vec::new(), true),
            None => return Ok(None),
        },
    };
    let (mut letter, mut room) = (Letter::begin(&about), most);
    if is_too_long {
        letter.cut("");
    }
    for leaf in leaves {
        let content = match leaf.content {
            Content::Here(content) => Some(content),
            Content::Elsewhere { size, .. } if size > room => None,
            Content::Elsewhere { id, .. } => {
                let target = format!("{message}/attachments/{}", segment(&id));
                match asker.object(Request { most: encoded_len(room), ..Request::get(&target) }).await? {
                    Ok(answer) => text(&answer, "data").and_then(|data| BASE64.decode(data).ok()),
                    Err(_) => None,
                }
            }
        };
        let Some(content) = content.filter(|content| content.len() <= room) else {
            letter.cut(&leaf.kind);
            break;
        };
        room -= content.len();
        letter.add(&leaf.kind, &content);
    }
    let size = about.get("sizeEstimate").and_then(Value::as_u64).unwrap_or(size);
    let delivered = delivered(&about);
    Ok(Some(Received { key: id, delivered, body: Ok(letter.end()), cut_from: Some(size), stamp: None }))
}

/// Four letters for three bytes, and what is around them.
fn encoded_len(bytes: usize) -> usize {
    (bytes / 3).saturating_mul(4).saturating_add(64 << 10)
}

/// The headers of a mail, its size and when it came; `None` if it is gone.
async fn about(asker: &Asker, config: &WebMail, message: &str) -> Result<Option<Value>, Fault> {
    let mut question = vec![("format", "metadata".to_owned())];
    let headers = ["From", "To", "Subject", "Date", "Message-ID", config.wanted.sender_header.as_str()];
    question.extend(headers.map(|header| ("metadataHeaders", header.to_owned())));
    Ok(asker.object(Request::get(&format!("{message}?{}", query(&question)))).await?.ok())
}

/// Whether somebody wants a mail with these headers.
fn is_wanted_mail(config: &WebMail, about: &Value) -> bool {
    let of = |name: &str| {
        let mut text = String::new();
        for (known, value) in pairs(about).filter(|(known, _)| known.eq_ignore_ascii_case(name)) {
            let _infallible = write!(text, "{known}: {value}\r\n");
        }
        text.push_str("\r\n");
        text.into_bytes()
    };
    let from = crate::config::Wanted { senders: config.limit_from.clone(), ..config.wanted.clone() };
    is_wanted(&config.wanted, &of(&config.wanted.sender_header)) && is_wanted(&from, &of("From"))
}

/// The headers of a mail, one after the other.
fn pairs(about: &Value) -> impl Iterator<Item = (&str, &str)> {
    named(about.get("payload").unwrap_or(&Value::Null))
}

/// When a mail came: milliseconds, as a text.
fn delivered(message: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(text(message, "internalDate")?.parse().ok()?)
}

/// How far the history was read by a bookmark, if it is one of this label. Of one from before they had the label it is not
/// known.
fn point_of<'k>(mark: &'k str, label: &str) -> Option<&'k str> {
    let kept = mark.strip_prefix("history ")?;
    match kept.split_once(' ') {
        Some((point, of)) => (of == label).then_some(point),
        None => Some(kept),
    }
}

/// What the service is asked to search for: since when, and from whom.
fn search(config: &WebMail, since: Option<DateTime<Utc>>) -> String {
    let mut words = Vec::new();
    if let Some(since) = since {
        // A day alone would be one in the zone of the account.
        words.push(format!("after:{}", since.timestamp()));
    }
    // It searches no other header.
    let is_from = config.wanted.sender_header.eq_ignore_ascii_case("From");
    let senders = if is_from { &config.wanted.senders } else { &config.limit_from };
    if !senders.is_empty() && senders.len() <= SENDERS {
        let from: Vec<String> =
            senders.iter().map(|sender| format!("from:{}", sender.trim_start_matches('@'))).collect();
        words.push(format!("{{{}}}", from.join(" ")));
    }
    words.join(" ")
}

/// A text of an object.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// The elements of a list in an object; a list without any is often left out.
pub(super) fn each<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter()
}
