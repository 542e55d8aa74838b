//! Microsoft Graph, `https://learn.microsoft.com/graph/api/message-delta`: what changed in a folder since a link that it
//! gave, mails as they came, categories.

use std::collections::HashSet;
use std::pin::pin;

use chrono::{DateTime, SecondsFormat, Utc};
use futures::stream::{self, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};

use super::ask::{Answer, Asker, Request, query, segment};
use super::hand::{self, Handed};
use super::label::{Marked, Untold};
use super::{Connection, dated, kept, listed_since};
use crate::clock;
use crate::config::WebMail;
use crate::features::maintenance::source::imap::plan::is_wanted;
use crate::features::maintenance::source::remote::Fault;
use crate::features::maintenance::source::{Desk, Event, Received};

/// Ids stay the same when a mail is moved, and a page is as large as it can be.
const PREFER: &str = "IdType=\"ImmutableId\", odata.maxpagesize=200";
/// Pages of one look.
const PAGES: usize = 1000;
/// Of a folder that is listed from a time on, Graph tells of so many mails and leaves the others out without a word.
const TOLD: usize = 5000;
/// Mails of one page of a list.
const LISTED: &str = "200";
/// Folders that Graph knows under a name of their own, in every language.
const WELL_KNOWN: [&str; 6] = ["inbox", "archive", "junkemail", "deleteditems", "msgfolderroot", "clutter"];
/// Folders that are named to somebody who looks for one.
const NAMED: usize = 20;

/// A mail's id, and when it came.
type Listed = (String, Option<DateTime<Utc>>);

/// What changed in a folder.
struct Changes {
    /// The mails that are wanted as far as that can be told.
    mails: Vec<Listed>,
    /// How many there are with those that are not.
    told: usize,
    /// Where to ask next time.
    link: String,
}

impl Connection {
    /// Where everything of the mailbox stands.
    fn mailbox(&self) -> String {
        format!("/v1.0/users/{}", segment(&self.config.user))
    }

    /// Hands out what is new in a folder, and then a bookmark; or says why it cannot be read.
    pub(super) async fn read_folder(&mut self, name: &str, desk: &mut Desk) -> Result<Result<Handed, String>, Fault> {
        let id = match self.folder_id(name).await? {
            Ok(id) => id,
            Err(why) => return Ok(Err(why)),
        };
        let now = clock::now();
        let (kept, looked_at) = kept(desk, name, now).await;
        // Of another server's, and of another folder that had the name, the folder is listed anew.
        let kept = kept.filter(|link| link.starts_with(&self.config.url));
        let since_then = match kept.as_deref().and_then(|mark| link_of(mark, &id)) {
            Some(link) => self.changes(link.to_owned()).await?,
            None => None,
        };
        let changes = if let Some(changes) = since_then {
            changes
        } else {
            if kept.is_some() {
                tracing::info!(folder = name, "what changed is not known, or it is another folder; it is listed anew");
            }
            let since = listed_since(&self.config, looked_at, now);
            let Some(changes) = self.listed_anew(&id, since).await? else { return Ok(Err("it is gone".to_owned())) };
            changes
        };
        let Changes { mut mails, link, .. } = changes;
        // The newest first, so that a first look shows this week at once.
        mails.sort_by_key(|(_, received)| std::cmp::Reverse(*received));
        let times: std::collections::HashMap<String, Option<DateTime<Utc>>> = mails.iter().cloned().collect();
        let again = self.asked_again(name, desk).await;
        let (asker, config, mailbox) = (&self.asker, &self.config, self.mailbox());
        let ids = mails.into_iter().map(|(id, _)| id).collect();
        let handed = hand::hand_out(ids, again, desk, |id| {
            let delivered = times.get(&id).copied().flatten();
            fetch(asker, config, format!("{mailbox}/messages/{}", segment(&id)), id, delivered)
        })
        .await?;
        if handed.trouble.is_none() {
            desk.hand_out(Event::Bookmark { folder: name.to_owned(), bookmark: dated(&format!("{link} {id}"), now) })
                .await?;
        }
        Ok(Ok(handed))
    }

    /// Where a folder is asked for the first time, or anew, for the mails that came since then.
    fn first_link(&self, folder: &str, since: Option<DateTime<Utc>>) -> String {
        let mut question = vec![("$select", "receivedDateTime,from".to_owned())];
        if let Some(since) = since {
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            question.push(("$filter", format!("receivedDateTime ge {since}")));
        }
        format!("{}/mailFolders/{}/messages/delta?{}", self.mailbox(), segment(folder), query(&question))
    }

    /// What changed since a link was given; `None` where that is not known any more.
    async fn changes(&self, link: String) -> Result<Option<Changes>, Fault> {
        let mut changes = Changes { mails: Vec::new(), told: 0, link };
        for _ in 0..PAGES {
            let request = Request { prefer: Some(PREFER), ..Request::get(&changes.link) };
            let Ok(answer) = self.asker.object(request).await? else { return Ok(None) };
            let mails = values(&answer);
            changes.told += mails.len();
            changes.mails.extend(mails.iter().filter_map(|mail| self.listed(mail)));
            match (text(&answer, "@odata.nextLink"), text(&answer, "@odata.deltaLink")) {
                (Some(next), _) => next.clone_into(&mut changes.link),
                (None, Some(delta)) => {
                    delta.clone_into(&mut changes.link);
                    return Ok(Some(changes));
                }
                (None, None) => return Err(self.asker.garbled("changes that do not end")),
            }
        }
        Err(self.asker.garbled("changes that do not end"))
    }

    /// A mail of a list, if it is wanted as far as that can be told.
    fn listed(&self, mail: &Value) -> Option<Listed> {
        // What was deleted or moved away is no news: a maintenance stays one. Nor is it news that somebody read a
        // mail: that is told of those from before `since`, too, with nothing else about them.
        let is_removed = mail.get("@removed").is_some();
        let received = text(mail, "receivedDateTime")?;
        let id = text(mail, "id").filter(|_| !is_removed && self.is_from_wanted(mail))?;
        Some((id.to_owned(), received.parse().ok()))
    }

    /// All of a folder that came since then, and where to ask next time; `None` if it is not there.
    async fn listed_anew(&self, folder: &str, since: Option<DateTime<Utc>>) -> Result<Option<Changes>, Fault> {
        let Some(mut changes) = self.changes(self.first_link(folder, since)).await? else { return Ok(None) };
        if let Some(since) = since.filter(|_| changes.told >= TOLD) {
            let known: HashSet<String> = changes.mails.iter().map(|(id, _)| id.clone()).collect();
            let Some(all) = self.all_since(folder, since).await? else { return Ok(None) };
            changes.mails.extend(all.into_iter().filter(|(id, _)| !known.contains(id)));
        }
        Ok(Some(changes))
    }

    /// The mails of a folder that came since then, asked for page by page by when they came: what comes and goes meanwhile
    /// moves none of them from one page to another that was read.
    async fn all_since(&self, folder: &str, since: DateTime<Utc>) -> Result<Option<Vec<Listed>>, Fault> {
        let mut since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let (mut all, mut known) = (Vec::new(), HashSet::new());
        let mut target = self.list_link(folder, &since);
        for _ in 0..PAGES {
            let request = Request { prefer: Some(PREFER), ..Request::get(&target) };
            let Ok(answer) = self.asker.object(request).await? else { return Ok(None) };
            let mails = values(&answer);
            all.extend(mails.iter().filter_map(|mail| self.listed(mail)).filter(|(id, _)| known.insert(id.clone())));
            let Some(next) = text(&answer, "@odata.nextLink") else { return Ok(Some(all)) };
            match mails.last().and_then(|mail| text(mail, "receivedDateTime")).filter(|last| *last != since) {
                Some(last) => {
                    last.clone_into(&mut since);
                    target = self.list_link(folder, &since);
                }
                // All of one second.
                None => next.clone_into(&mut target),
            }
        }
        Err(self.asker.garbled("a list that does not end"))
    }

    /// Where the mails of a folder are listed that came since then.
    fn list_link(&self, folder: &str, since: &str) -> String {
        let question = query(&[
            ("$select", "receivedDateTime,from".to_owned()),
            ("$filter", format!("receivedDateTime ge {since}")),
            ("$orderby", "receivedDateTime".to_owned()),
            ("$top", LISTED.to_owned()),
        ]);
        format!("{}/mailFolders/{}/messages?{question}", self.mailbox(), segment(folder))
    }

    /// Whether a mail is from somebody whose mails are wanted, as far as From tells.
    fn is_from_wanted(&self, mail: &Value) -> bool {
        let wanted = &self.config.wanted;
        let is_from = wanted.sender_header.eq_ignore_ascii_case("From");
        let senders = if is_from { &wanted.senders } else { &self.config.limit_from };
        let Some(address) = mail.pointer("/from/emailAddress/address").and_then(Value::as_str) else {
            // A mail without a sender is looked at whole.
            return true;
        };
        let of = crate::config::Wanted { senders: senders.clone(), ..wanted.clone() };
        is_wanted(&of, format!("From: <{}>\r\n\r\n", address.replace(['\r', '\n'], "")).as_bytes())
    }

    /// What Graph calls a folder, or why there is none. A folder in another is written with a slash. Asked for at every look:
    /// one that was renamed or thrown away keeps its id, and another may have its name.
    async fn folder_id(&self, name: &str) -> Result<Result<String, String>, Fault> {
        let mut at: Option<String> = None;
        for part in name.split('/') {
            let lower = part.to_lowercase();
            if at.is_none() && WELL_KNOWN.contains(&lower.as_str()) {
                at = Some(lower);
                continue;
            }
            let below = match &at {
                Some(above) => format!("{}/mailFolders/{}/childFolders", self.mailbox(), segment(above)),
                None => format!("{}/mailFolders", self.mailbox()),
            };
            // A quote is written twice.
            let filter = format!("displayName eq '{}'", part.replace('\'', "''"));
            let question = query(&[("$filter", filter), ("$select", "id,displayName".to_owned())]);
            let found = match self.asker.object(Request::get(&format!("{below}?{question}"))).await? {
                Ok(found) => found,
                Err(said) => return Ok(Err(said)),
            };
            match found.pointer("/value/0").and_then(|folder| text(folder, "id")) {
                Some(id) => at = Some(id.to_owned()),
                None => {
                    return Ok(Err(format!("there is no such folder; there are {}", self.some_folders(&below).await?)));
                }
            }
        }
        Ok(at.ok_or_else(|| "a folder has a name".to_owned()))
    }

    /// Some of the folders there are, for somebody who looks for one.
    async fn some_folders(&self, below: &str) -> Result<String, Fault> {
        let target =
            format!("{below}?{}", query(&[("$top", NAMED.to_string()), ("$select", "displayName".to_owned())]));
        let found = self.asker.object(Request::get(&target)).await?.unwrap_or_default();
        Ok(values(&found).iter().filter_map(|folder| text(folder, "displayName")).collect::<Vec<_>>().join(", "))
    }

    /// How many mails a folder has, or why that cannot be said.
    pub(super) async fn count_folder(&self, name: &str) -> Result<Result<u32, String>, Fault> {
        let id = match self.folder_id(name).await? {
            Ok(id) => id,
            Err(why) => return Ok(Err(why)),
        };
        let target = format!("{}/mailFolders/{}?$select=totalItemCount", self.mailbox(), segment(&id));
        let found = match self.asker.object(Request::get(&target)).await? {
            Ok(found) => found,
            Err(said) => return Ok(Err(said)),
        };
        let many = found.get("totalItemCount").and_then(Value::as_u64);
        let many = many.ok_or_else(|| self.asker.garbled("a folder without totalItemCount"))?;
        Ok(Ok(u32::try_from(many).unwrap_or(u32::MAX)))
    }

    /// Gives mails a category for what became of them.
    pub(super) async fn categorise(&self, untold: &[Untold], marked: &mut Marked) {
        let each: Vec<_> = untold.iter().map(|mail| self.categorise_one(mail)).collect();
        let mut exchanged = pin!(stream::iter(each).buffered(hand::AT_ONCE));
        while let Some((mail, exchanged)) = exchanged.next().await {
            match exchanged {
                Ok(()) => marked.done(mail),
                Err(fault) => marked.refused(mail, fault),
            }
            if marked.is_over() {
                return;
            }
        }
    }

    /// Gives one mail a category for what became of it.
    async fn categorise_one<'m>(&self, mail: &'m Untold) -> (&'m Untold, Result<(), Fault>) {
        let (id, outcome, before) = mail;
        let add = self.label_for(outcome);
        let remove = before.as_deref().and_then(|before| self.label_for(before)).filter(|label| Some(*label) != add);
        (mail, self.exchange(id, add, remove).await)
    }

    /// Gives a mail one category, and takes another one away; others stay.
    async fn exchange(&self, id: &str, add: Option<&str>, remove: Option<&str>) -> Result<(), Fault> {
        if add.is_none() && remove.is_none() {
            return Ok(());
        }
        let target = format!("{}/messages/{}", self.mailbox(), segment(id));
        let look = format!("{target}?$select=categories");
        // A mail that is gone needs none.
        let Ok(mail) = self.asker.object(Request { prefer: Some(PREFER), ..Request::get(&look) }).await? else {
            return Ok(());
        };
        let has = mail.get("categories").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut categories: Vec<&str> =
            has.iter().filter_map(Value::as_str).filter(|name| Some(*name) != remove).collect();
        if let Some(add) = add.filter(|add| !categories.contains(add)) {
            categories.push(add);
        }
        let body = json!({"categories": categories});
        let change = Request { prefer: Some(PREFER), ..Request::change(Method::PATCH, &target, &body) };
        // One that went meanwhile needs none either.
        let _gone = self.asker.object(change).await?;
        Ok(())
    }
}

/// A mail as it came, from `target`; `None` if it is gone or nobody wants it.
async fn fetch(
    asker: &Asker,
    config: &WebMail,
    target: String,
    id: String,
    delivered: Option<DateTime<Utc>>,
) -> Result<Option<Received>, Fault> {
    let most = usize::try_from(config.wanted.max_size_bytes).unwrap_or(usize::MAX);
    let target = format!("{target}/$value");
    let request = Request { most, prefer: Some(PREFER), ..Request::get(&target) };
    let Answer::Here { body, cut } = asker.ask(request).await? else { return Ok(None) };
    if !config.wanted.senders.is_empty() && !is_wanted(&config.wanted, &header_of(&body, &config.wanted.sender_header))
    {
        return Ok(None);
    }
    Ok(Some(Received { key: id, delivered, body: Ok(body), cut_from: cut, stamp: None }))
}

/// One header of a mail with the lines that belong to it.
fn header_of(raw: &[u8], name: &str) -> Vec<u8> {
    let mut header = Vec::new();
    let mut is_it = false;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            break;
        }
        if !line.first().is_some_and(u8::is_ascii_whitespace) {
            let known = line.split(|byte| *byte == b':').next().unwrap_or_default();
            is_it = known.eq_ignore_ascii_case(name.as_bytes());
        }
        if is_it {
            header.extend_from_slice(line);
        }
    }
    header.extend_from_slice(b"\r\n");
    header
}

/// The link of a bookmark, if it is one of this folder. Of one from before they had the folder it is not known.
fn link_of<'k>(mark: &'k str, folder: &str) -> Option<&'k str> {
    match mark.split_once(' ') {
        Some((link, of)) => (of == folder).then_some(link),
        None => Some(mark),
    }
}

/// The objects of a list.
fn values(answer: &Value) -> &[Value] {
    answer.get("value").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text of an object.
fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}
