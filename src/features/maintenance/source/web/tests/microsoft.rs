//! Microsoft Graph as its reference says: <https://learn.microsoft.com/graph/api/message-delta> and the pages beside it. Links are
//! whole addresses that the client has to use as they are; a link that is too old is answered with 410.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::server::{Answers, Asked, Door, Said, serve};

/// Mails that are told of in all where changes are filtered.
const FILTERED: usize = 5000;
/// Where everything stands.
const MAILBOX: &str = "/v1.0/users/noc%40lakeside.example/";

/// A mail.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) folder: String,
    pub(super) raw: Vec<u8>,
    /// As Graph writes it.
    pub(super) received: String,
    pub(super) categories: Vec<String>,
    /// When it last changed, in changes of the mailbox.
    pub(super) changed: u64,
    pub(super) is_removed: bool,
    /// Whether nothing about it changed but that somebody read it.
    pub(super) is_read: bool,
}

/// All there is.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) door: Door,
    pub(super) messages: Vec<Message>,
    pub(super) changes: u64,
    /// Links from before are not known any more.
    pub(super) forgotten: u64,
    /// Folders: id, the one above, name.
    pub(super) folders: Vec<(String, String, String)>,
    pub(super) asked: Vec<String>,
    /// Mails of one page of changes, whatever is preferred.
    pub(super) page: usize,
    /// Where the next page is said to be, instead of here.
    pub(super) leads_elsewhere: bool,
    /// Mails that it cannot give: the id, and with which status and code it says so.
    pub(super) withheld: Vec<(String, u16, &'static str)>,
    /// How requests begin that it refuses, such as `PATCH messages/`, with which status and code.
    pub(super) refused: Vec<(String, u16, &'static str)>,
}

impl State {
    /// A mail comes into a folder.
    pub(super) fn deliver(&mut self, folder: &str, raw: Vec<u8>, received: &str) {
        self.changes += 1;
        self.messages.push(Message {
            // Ids have signs that mean something in an address.
            id: format!("AAkALg/{}+=", self.messages.len()),
            folder: folder.to_owned(),
            raw,
            received: received.to_owned(),
            categories: vec!["theirs".to_owned()],
            changed: self.changes,
            is_removed: false,
            is_read: false,
        });
    }
}

/// The service.
#[derive(Debug)]
pub(super) struct Microsoft {
    state: Mutex<State>,
    url: OnceLock<String>,
}

impl Microsoft {
    /// With an empty mailbox; its address and what it runs in.
    pub(super) async fn start() -> (Arc<Self>, String, JoinSet<()>) {
        let folders = [("inbox", "", "Inbox"), ("f1", "", "Wartung"), ("f2", "f1", "O'Neil's")];
        let folders = folders.map(|(id, above, name)| (id.to_owned(), above.to_owned(), name.to_owned()));
        let state = State { folders: folders.into(), page: 3, ..State::default() };
        let microsoft = Arc::new(Self { state: Mutex::new(state), url: OnceLock::new() });
        let (url, tasks) = serve(Arc::clone(&microsoft)).await;
        microsoft.url.set(url.clone()).unwrap();
        (microsoft, url, tasks)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn error(status: u16, code: &str) -> Said {
    Said::json(status, &json!({"error": {"code": code, "message": "The request cannot be answered."}}))
}

/// The sender in a mail.
fn sender(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw).into_owned();
    let from = text.lines().find_map(|line| line.strip_prefix("From: <")).unwrap_or_default();
    from.trim_end_matches('>').to_owned()
}

impl Microsoft {
    /// One page of what changed in a folder.
    fn delta(&self, state: &State, folder: &str, asked: &Asked) -> Said {
        let (since, filter, from) = match (asked.field("$deltatoken"), asked.field("$skiptoken")) {
            (Some(token), _) => (token.parse::<u64>().unwrap(), None, 0),
            (None, Some(token)) => {
                let parts: Vec<&str> = token.split('_').collect();
                (
                    parts[0].parse().unwrap(),
                    Some(parts[2]).filter(|filter| !filter.is_empty()),
                    parts[1].parse().unwrap(),
                )
            }
            (None, None) => {
                assert!(asked.field("$select").unwrap().contains("receivedDateTime"));
                (0, asked.field("$filter").map(|filter| filter.strip_prefix("receivedDateTime ge ").unwrap()), 0)
            }
        };
        if since > 0 && since < state.forgotten {
            return error(410, "syncStateNotFound");
        }
        let is_new = |message: &&Message| message.folder == folder && message.changed > since;
        // That a mail was read is told whatever is filtered for.
        let is_since =
            |message: &&Message| message.is_read || filter.is_none_or(|filter| message.received.as_str() >= filter);
        let rows: Vec<Value> = state
            .messages
            .iter()
            .filter(|message| is_new(message) && is_since(message))
            .map(|message| {
                if message.is_removed {
                    return json!({"id": message.id, "@removed": {"reason": "deleted"}});
                }
                if message.is_read {
                    return json!({"id": message.id, "isRead": true});
                }
                json!({"@odata.etag": "W/\"1\"", "id": message.id, "receivedDateTime": message.received,
                       "from": {"emailAddress": {"name": "", "address": sender(&message.raw)}}})
            })
            .take(if filter.is_some() { FILTERED } else { usize::MAX })
            .collect();
        let here: Vec<Value> = rows.iter().skip(from).take(state.page).cloned().collect();
        let base = format!("{}{}", self.url.get().unwrap(), asked.path);
        let mut answer = json!({"@odata.context": "x", "value": here});
        if from + state.page < rows.len() {
            let base = if state.leads_elsewhere { "http://127.0.0.1:1/delta".to_owned() } else { base };
            answer["@odata.nextLink"] =
                format!("{base}?$skiptoken={since}_{}_{}", from + state.page, filter.unwrap_or_default()).into();
        } else {
            answer["@odata.deltaLink"] = format!("{base}?$deltatoken={}", state.changes).into();
        }
        Said::json(200, &answer)
    }
}

/// One page of the mails of a folder, by when they came.
fn list(state: &State, folder: &str, asked: &Asked, url: &str) -> Said {
    let field = |name: &str| asked.field(name).unwrap();
    assert_eq!(field("$orderby"), "receivedDateTime");
    let filter = field("$filter");
    let since = filter.strip_prefix("receivedDateTime ge ").unwrap();
    let top: usize = field("$top").parse().unwrap();
    let skip: usize = asked.field("$skip").map_or(0, |skip| skip.parse().unwrap());
    let here =
        |message: &&Message| message.folder == folder && !message.is_removed && message.received.as_str() >= since;
    let mut found: Vec<&Message> = state.messages.iter().filter(here).collect();
    found.sort_by_key(|message| &message.received);
    let page: Vec<Value> = found
        .iter()
        .skip(skip)
        .take(top)
        .map(|message| {
            json!({"id": message.id, "receivedDateTime": message.received,
                   "from": {"emailAddress": {"address": sender(&message.raw)}}})
        })
        .collect();
    let mut answer = json!({"value": page});
    if skip + top < found.len() {
        answer["@odata.nextLink"] = format!(
            "{url}{}?$select=receivedDateTime&$orderby=receivedDateTime&$filter=receivedDateTime%20ge%20{since}&$top={top}&$skip={}",
            asked.path,
            skip + top
        )
        .into();
    }
    Said::json(200, &answer)
}

impl Answers for Microsoft {
    fn answer(&self, asked: &Asked) -> Said {
        let state = &mut *self.state();
        if let Some(said) = state.door.pass(asked) {
            return said;
        }
        let Some(rest) = asked.path.strip_prefix(MAILBOX) else { panic!("{}", asked.path) };
        state.asked.push(rest.to_owned());
        let request = format!("{} {}", asked.method, super::server_decoded(rest));
        if let Some((_, status, code)) = state.refused.iter().find(|(refused, ..)| request.starts_with(refused)) {
            return error(*status, code);
        }
        let parts: Vec<&str> = rest.split('/').collect();
        let is_immutable =
            asked.headers.get("prefer").is_some_and(|prefer| prefer.to_str().unwrap().contains("ImmutableId"));
        let plain = |id: &str| super::server_decoded(id);
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["mailFolders"] | ["mailFolders", _, "childFolders"]) => {
                let above = if parts.len() == 1 { String::new() } else { plain(parts[1]) };
                let name = asked.field("$filter").map(|filter| {
                    filter.strip_prefix("displayName eq '").unwrap().strip_suffix('\'').unwrap().replace("''", "'")
                });
                let found = state
                    .folders
                    .iter()
                    .filter(|(_, other, known)| *other == above && name.as_ref().is_none_or(|name| name == known));
                let found: Vec<Value> = found.map(|(id, _, name)| json!({"id": id, "displayName": name})).collect();
                Said::json(200, &json!({"value": found}))
            }
            ("GET", ["mailFolders", id]) => {
                let id = plain(id);
                let many = state.messages.iter().filter(|message| message.folder == id).count();
                Said::json(200, &json!({"totalItemCount": many}))
            }
            ("GET", ["mailFolders", id, "messages", "delta"]) => {
                assert!(is_immutable);
                self.delta(state, &plain(id), asked)
            }
            ("GET", ["mailFolders", id, "messages"]) => {
                assert!(is_immutable);
                list(state, &plain(id), asked, self.url.get().unwrap())
            }
            (method, ["messages", id] | ["messages", id, "$value"]) => {
                assert!(is_immutable);
                let id = plain(id);
                let Some(message) = state.messages.iter_mut().find(|message| message.id == id && !message.is_removed)
                else {
                    return error(404, "ErrorItemNotFound");
                };
                let withheld = state.withheld.iter().find(|(withheld, ..)| parts.len() == 3 && *withheld == id);
                if let Some((_, status, code)) = withheld {
                    return error(*status, code);
                }
                match (method, parts.len()) {
                    ("GET", 3) => Said {
                        status: 200,
                        headers: vec![("content-type", "text/plain".to_owned())],
                        body: message.raw.clone(),
                    },
                    ("GET", _) => Said::json(200, &json!({"id": message.id, "categories": message.categories})),
                    ("PATCH", 2) => {
                        let body = asked.json();
                        message.categories = body["categories"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|name| name.as_str().unwrap().to_owned())
                            .collect();
                        state.changes += 1;
                        message.changed = state.changes;
                        Said::json(200, &json!({"id": id}))
                    }
                    _ => panic!("{method} {rest}"),
                }
            }
            _ => panic!("{} {rest}", asked.method),
        }
    }
}
