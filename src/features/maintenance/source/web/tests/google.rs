//! The Gmail API as its reference says: <https://developers.google.com/workspace/gmail/api/reference/rest>. Lists leave out what
//! is empty, numbers of the history are texts, changes are answered with nothing.

use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use mail_parser::{MessageParser, MimeHeaders as _, PartType};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::server::{Answers, Asked, Door, Said, serve};

/// Ids of one page, whatever is asked for.
const PAGE: usize = 3;

/// A mail.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) labels: Vec<String>,
    pub(super) raw: Vec<u8>,
    /// Milliseconds.
    pub(super) at: i64,
}

/// All there is.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) door: Door,
    /// In the order of their arrival.
    pub(super) messages: Vec<Message>,
    /// What happened: the point in the history, the mail, the label that it got, and whether it came with it.
    history: Vec<(u64, String, String, bool)>,
    pub(super) point: u64,
    /// What was before is not known any more.
    pub(super) forgotten: u64,
    /// What is answered to everybody who asks for the history, or for mails.
    pub(super) senseless: Option<&'static str>,
    /// Labels by id.
    pub(super) labels: Vec<(String, String)>,
    /// Paths that were asked for, with what was searched for.
    pub(super) asked: Vec<String>,
    /// Mails that it cannot give, with the status that says so: with 200 the mail itself is left out.
    pub(super) withheld: Vec<(String, u16)>,
    /// Mails whose labels cannot be changed; a request with one of them changes none.
    pub(super) stuck: Vec<String>,
}

impl State {
    /// A mail comes into the inbox.
    pub(super) fn deliver(&mut self, raw: Vec<u8>, at: i64) -> String {
        let id = format!("18c{:013x}", self.messages.len());
        self.messages.push(Message { id: id.clone(), labels: vec!["INBOX".to_owned(), "UNREAD".to_owned()], raw, at });
        self.point += 7;
        self.history.push((self.point, id.clone(), "INBOX".to_owned(), true));
        id
    }

    /// A mail gets a label.
    pub(super) fn mark(&mut self, id: &str, label: &str) {
        self.point += 7;
        self.history.push((self.point, id.to_owned(), label.to_owned(), false));
        self.messages.iter_mut().find(|message| message.id == id).unwrap().labels.push(label.to_owned());
    }
}

/// The service.
#[derive(Debug)]
pub(super) struct Google {
    state: Mutex<State>,
}

impl Google {
    /// With an empty mailbox; its address and what it runs in.
    pub(super) async fn start() -> (Arc<Self>, String, JoinSet<()>) {
        let labels = ["INBOX", "UNREAD"].map(|name| (name.to_owned(), name.to_owned()));
        let state = State { point: 1000, labels: labels.into(), ..State::default() };
        let google = Arc::new(Self { state: Mutex::new(state) });
        let (url, tasks) = serve(Arc::clone(&google)).await;
        (google, url, tasks)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn error(status: u16, message: &str) -> Said {
    Said::json(status, &json!({"error": {"code": status, "message": message, "errors": [{"reason": "notFound"}]}}))
}

/// Some of `ids`, as a page that goes on where there are more.
fn page(name: &str, rows: &[Value], asked: &Asked) -> Value {
    let most: usize = asked.field("maxResults").unwrap().parse().unwrap();
    assert!(most <= 500);
    let from: usize = asked.field("pageToken").map_or(0, |token| token.strip_prefix("page-").unwrap().parse().unwrap());
    let rest = &rows[from.min(rows.len())..];
    let here = &rest[..rest.len().min(PAGE.min(most))];
    let mut answer = json!({"resultSizeEstimate": 201});
    if !here.is_empty() {
        answer[name] = here.into();
    }
    if here.len() < rest.len() {
        answer["nextPageToken"] = format!("page-{}", from + here.len()).into();
    }
    answer
}

/// Whether a mail has what is searched for.
fn matches(message: &Message, search: &str) -> bool {
    let after =
        search.split_whitespace().find_map(|word| word.strip_prefix("after:")).map(|at| at.parse::<i64>().unwrap());
    let text = String::from_utf8_lossy(&message.raw).to_lowercase();
    let from = text.lines().find(|line| line.starts_with("from:")).unwrap_or_default().to_owned();
    let senders: Vec<&str> = search.split(['{', '}', ' ']).filter_map(|word| word.strip_prefix("from:")).collect();
    after.is_none_or(|after| message.at / 1000 >= after)
        && (senders.is_empty() || senders.iter().any(|sender| from.contains(sender)))
}

/// A mail as it is asked for.
fn message(state: &State, id: &str, asked: &Asked) -> Said {
    let Some(message) = state.messages.iter().find(|message| message.id == id) else {
        return error(404, "Requested entity was not found.");
    };
    let mut answer = json!({
        "id": message.id, "labelIds": message.labels, "sizeEstimate": message.raw.len(),
        "historyId": state.point.to_string(), "internalDate": message.at.to_string(),
    });
    let withheld = state.withheld.iter().find(|(withheld, _)| withheld == id).map(|(_, status)| *status);
    match asked.field("format").unwrap() {
        "raw" if withheld == Some(200) => {}
        "raw" if withheld.is_some() => return error(withheld.unwrap_or_default(), "Backend Error"),
        "raw" => answer["raw"] = URL_SAFE.encode(&message.raw).into(),
        "metadata" => {
            let wanted: Vec<&str> = asked
                .query
                .iter()
                .filter(|(name, _)| name == "metadataHeaders")
                .map(|(_, name)| name.as_str())
                .collect();
            let text = String::from_utf8_lossy(&message.raw).into_owned();
            let header = |line: &str| {
                let (name, value) = line.split_once(": ")?;
                wanted
                    .iter()
                    .any(|wanted| wanted.eq_ignore_ascii_case(name))
                    .then(|| json!({"name": name, "value": value}))
            };
            let headers: Vec<Value> = text.lines().take_while(|line| !line.is_empty()).filter_map(header).collect();
            answer["payload"] = json!({"headers": headers});
        }
        "full" => {
            let parsed = MessageParser::default().parse(&message.raw).unwrap();
            answer["payload"] = part(&parsed, 0);
        }
        other => panic!("{other}"),
    }
    Said::json(200, &answer)
}

/// A part of a mail with those inside it; what has a name is to be asked for by itself.
fn part(message: &mail_parser::Message<'_>, index: usize) -> Value {
    let part = &message.parts[index];
    let headers: Vec<Value> = message.raw_message[part.raw_header_offset() as usize..part.raw_body_offset() as usize]
        .split(|byte| *byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok()?.trim_end().split_once(": "))
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let kind = part.content_type();
    let mime = kind.map_or("text/plain".to_owned(), |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap()));
    let name = part.attachment_name().unwrap_or_default();
    let mut told = json!({"partId": index.to_string(), "mimeType": mime, "filename": name, "headers": headers});
    if let PartType::Multipart(inside) = &part.body {
        told["parts"] = inside.iter().map(|inside| self::part(message, *inside as usize)).collect();
        told["body"] = json!({"size": 0});
    } else if name.is_empty() {
        told["body"] = json!({"size": part.contents().len(), "data": URL_SAFE.encode(part.contents())});
    } else {
        told["body"] = json!({"size": part.contents().len(), "attachmentId": format!("ANGjdJ{index}")});
    }
    told
}

impl Answers for Google {
    fn answer(&self, asked: &Asked) -> Said {
        let state = &mut *self.state();
        if let Some(said) = state.door.pass(asked) {
            return said;
        }
        let rest = asked.path.strip_prefix("/gmail/v1/users/me/").unwrap_or_else(|| panic!("{}", asked.path));
        state.asked.push(format!("{rest} {}", asked.field("q").unwrap_or_default()).trim().to_owned());
        let parts: Vec<&str> = rest.split('/').collect();
        if let Some(body) =
            state.senseless.filter(|body| parts == ["history"] || parts == ["messages"] && body.is_empty())
        {
            return Said { status: 200, headers: vec![], body: body.into() };
        }
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["profile"]) => {
                Said::json(200, &json!({"emailAddress": "noc@lakeside.example", "historyId": state.point.to_string()}))
            }
            ("GET", ["labels"]) => {
                let labels: Vec<Value> =
                    state.labels.iter().map(|(id, name)| json!({"id": id, "name": name, "type": "user"})).collect();
                Said::json(200, &json!({"labels": labels}))
            }
            ("GET", ["labels", id]) => {
                let many =
                    state.messages.iter().filter(|message| message.labels.iter().any(|label| label == id)).count();
                Said::json(200, &json!({"id": id, "messagesTotal": many}))
            }
            ("GET", ["messages"]) => {
                let label = asked.field("labelIds").unwrap();
                let search = asked.field("q").unwrap_or_default();
                let has =
                    |message: &&Message| message.labels.iter().any(|known| known == label) && matches(message, search);
                let rows: Vec<Value> = state
                    .messages
                    .iter()
                    .rev()
                    .filter(has)
                    .map(|message| json!({"id": message.id, "threadId": message.id}))
                    .collect();
                Said::json(200, &page("messages", &rows, asked))
            }
            ("GET", ["history"]) => {
                let since: u64 = asked.field("startHistoryId").unwrap().parse().unwrap();
                if since < state.forgotten {
                    return error(404, "Requested entity was not found.");
                }
                let (label, kinds): (&str, Vec<&str>) = (
                    asked.field("labelId").unwrap(),
                    asked
                        .query
                        .iter()
                        .filter(|(name, _)| name == "historyTypes")
                        .map(|(_, kind)| kind.as_str())
                        .collect(),
                );
                let row = |(point, id, got, came): &(u64, String, String, bool)| {
                    let name = if *came { "messagesAdded" } else { "labelsAdded" };
                    assert!(kinds.contains(&name.replace("sA", "A").as_str()), "{kinds:?}");
                    (*point > since && got == label)
                        .then(|| json!({"id": point.to_string(), name: [{"message": {"id": id, "threadId": id}}]}))
                };
                let rows: Vec<Value> = state.history.iter().filter_map(row).collect();
                let mut answer = page("history", &rows, asked);
                answer["historyId"] = state.point.to_string().into();
                Said::json(200, &answer)
            }
            ("POST", ["messages", "batchModify"]) => {
                let body = asked.json();
                let list = |name: &str| -> Vec<String> {
                    body[name].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
                };
                let (ids, add, remove) = (list("ids"), list("addLabelIds"), list("removeLabelIds"));
                assert!((1..=1000).contains(&ids.len()));
                if add.iter().chain(&remove).any(|label| !state.labels.iter().any(|(id, _)| id == label)) {
                    return error(400, "Invalid label");
                }
                if ids.iter().any(|id| state.stuck.contains(id)) {
                    return error(400, "Precondition check failed.");
                }
                for message in state.messages.iter_mut().filter(|message| ids.contains(&message.id)) {
                    message.labels.retain(|label| !remove.contains(label));
                    message.labels.extend(add.iter().cloned());
                }
                Said { status: 204, headers: vec![], body: vec![] }
            }
            ("GET", ["messages", id]) => message(state, id, asked),
            ("GET", ["messages", id, "attachments", attachment]) => {
                let message = state.messages.iter().find(|message| message.id == *id).unwrap();
                let parsed = MessageParser::default().parse(&message.raw).unwrap();
                let index: usize = attachment.strip_prefix("ANGjdJ").unwrap().parse().unwrap();
                let content = parsed.parts[index].contents();
                Said::json(200, &json!({"size": content.len(), "data": URL_SAFE.encode(content)}))
            }
            _ => panic!("{} {}", asked.method, asked.path),
        }
    }
}
