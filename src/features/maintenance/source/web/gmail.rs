//! The Gmail API, `https://developers.google.com/workspace/gmail/api/reference/rest`: lists of ids, the history since a point
//! in it, mails as they came, labels.

use std::collections::HashSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::ask::{Answer, Asker, Request, query, segment};
use super::hand::{self, Handed};
use super::{Connection, dated, kept, listed_since};
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
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Connection {
    /// Hands out what is new under a label, and then a bookmark; or says why it cannot be read.
    pub(super) async fn read_label(&mut self, name: &str, desk: &mut Desk) -> Result<Result<Handed, String>, Fault> {
        let Some(label) = self.label_id(name).await? else {
            return Ok(Err(format!("there is no such label; there are {}", self.some_names())));
        };
        let now = clock::now();
        let (kept, looked_at) = kept(desk, name, now).await;
        let since_then = match kept.as_deref().and_then(|kept| kept.strip_prefix("history ")) {
            Some(point) => self.history(point, &label).await?,
            None => None,
        };
        let (ids, point) = if let Some(since_then) = since_then {
            since_then
        } else {
            if kept.is_some() {
                tracing::info!(label = name, "the history does not lead from there to now; the label is listed anew");
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
            let bookmark = dated(&format!("history {point}"), now);
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

    /// Labels mails with what became of them, and takes the label off that they had before; or says what is in the way.
    pub(super) async fn label_in_gmail(
        &mut self,
        untold: &[(String, &'static str, Option<String>)],
    ) -> Result<Result<(), String>, Fault> {
        let mut turns: Vec<(&'static str, Option<&str>)> = Vec::new();
        for (_, outcome, before) in untold {
            if !turns.contains(&(*outcome, before.as_deref())) {
                turns.push((*outcome, before.as_deref()));
            }
        }
        for (outcome, before) in turns {
            let ids: Vec<&str> = untold
                .iter()
                .filter(|(_, other, was)| *other == outcome && was.as_deref() == before)
                .map(|(id, ..)| id.as_str())
                .collect();
            let (mut add, mut remove) = (Vec::new(), Vec::new());
            for (into, outcome) in [(&mut add, Some(outcome)), (&mut remove, before)] {
                let Some(name) = outcome.and_then(|outcome| self.label_for(outcome)).map(str::to_owned) else {
                    continue;
                };
                match self.label_id(&name).await? {
                    Some(id) => into.push(id),
                    None => return Ok(Err(format!("there is no label {name} to mark mails with; make it in Gmail"))),
                }
            }
            remove.retain(|label| !add.contains(label));
            if add.is_empty() && remove.is_empty() {
                continue;
            }
            for ids in ids.chunks(TOGETHER) {
                let body = json!({"ids": ids, "addLabelIds": add, "removeLabelIds": remove});
                let target = format!("{MAILBOX}/messages/batchModify");
                if let Err(said) = self.asker.object(Request::change(Method::POST, &target, &body)).await? {
                    return Ok(Err(format!("mails cannot be labelled: {said}")));
                }
            }
        }
        Ok(Ok(()))
    }

    /// An object that has to be there.
    async fn one(&self, target: &str) -> Result<Value, Fault> {
        let found = self.asker.object(Request::get(target)).await?;
        found.map_err(|said| Fault::Refused {
            server: self.asker.server(),
            asked: target.split('?').next().unwrap_or_default().to_owned(),
            said,
        })
    }
}

/// A mail as it came. Of one that is larger than is wanted only the headers.
async fn fetch(asker: &Asker, config: &WebMail, id: String) -> Result<Option<Received>, Fault> {
    let message = format!("{MAILBOX}/messages/{}", segment(&id));
    if !config.wanted.senders.is_empty() || !config.limit_from.is_empty() {
        // The history knows nothing of senders, and a question of few headers.
        let Some(about) = about(asker, config, &message).await? else { return Ok(None) };
        if !is_wanted_mail(config, &about) {
            return Ok(None);
        }
    }
    // Four letters for three bytes, and what is around them.
    let most = usize::try_from(config.wanted.max_size_bytes / 3 * 4).unwrap_or(usize::MAX).saturating_add(64 << 10);
    let target = format!("{message}?format=raw");
    let body = match asker.ask(Request { most, ..Request::get(&target) }).await? {
        Answer::Gone { .. } => return Ok(None),
        Answer::Here { cut: Some(size), .. } => {
            let Some(about) = about(asker, config, &message).await? else { return Ok(None) };
            let size = about.get("sizeEstimate").and_then(Value::as_u64).unwrap_or(size);
            let delivered = delivered(&about);
            return Ok(Some(Received { key: id, delivered, body: Ok(headers(&about)), cut_from: Some(size) }));
        }
        Answer::Here { body, cut: None } => body,
    };
    let answer: Value = serde_json::from_slice(&body).map_err(|_| asker.garbled("a mail that is no JSON"))?;
    let raw = text(&answer, "raw").and_then(|raw| BASE64.decode(raw).ok());
    let raw = raw.ok_or_else(|| asker.garbled("a mail that is no base64url"))?;
    Ok(Some(Received::whole(id, delivered(&answer), Ok(raw))))
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
    let headers = about.pointer("/payload/headers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    headers.iter().filter_map(|header| Some((text(header, "name")?, text(header, "value")?)))
}

/// The headers as they stand in a mail.
fn headers(about: &Value) -> Vec<u8> {
    let mut lines = String::new();
    for (name, value) in pairs(about) {
        let _infallible = write!(lines, "{name}: {}\r\n", value.replace(['\r', '\n'], " "));
    }
    lines.push_str("\r\n");
    lines.into_bytes()
}

/// When a mail came: milliseconds, as a text.
fn delivered(message: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(text(message, "internalDate")?.parse().ok()?)
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
fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// The elements of a list in an object; a list without any is often left out.
fn each<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter()
}
