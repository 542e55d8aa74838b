//! What an answer means: every status of the service, with the texts by which its causes are told apart, and pages of HTML
//! where data was asked for.

use serde_json::Value;

use super::call::Call;
use crate::features::lab::error::{Error, Seen};
use crate::features::lab::wire::{Envelope, short};

/// An answer as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    /// To what.
    pub(super) call: Call,
    /// Whose.
    pub(super) server: &'a str,
    /// The status.
    pub(super) status: u16,
    /// The bytes.
    pub(super) body: &'a [u8],
    /// Where it sends its callers; empty where it does not.
    pub(super) location: &'a str,
}

/// The content of an answer, or what went wrong. A body that is no JSON is never repeated.
pub(super) fn read(answer: &Answer<'_>) -> Result<Value, Error> {
    let json: Option<Value> = serde_json::from_slice(answer.body).ok().filter(Value::is_object);
    match (answer.status, json) {
        // The health check has no envelope.
        (200, Some(body)) if answer.call == Call::Health => Ok(body),
        (200 | 202, Some(body)) => {
            let envelope = envelope(body);
            match envelope.message() {
                Some(message) => Err(Error::Refused { call: answer.call.title(), message }),
                None => Ok(envelope.content),
            }
        }
        (_, Some(body)) => Err(answer.told(&envelope(body))),
        (_, None) => Err(answer.page()),
    }
}

/// The parts of an answer; what is none has none.
fn envelope(body: Value) -> Envelope {
    serde_json::from_value(body).unwrap_or(Envelope { error: Value::Null, content: Value::Null })
}

impl Answer<'_> {
    /// What an answer with a reason means.
    fn told(&self, envelope: &Envelope) -> Error {
        let message = envelope.message().filter(|message| !message.trim().is_empty());
        let server = || self.server.to_owned();
        if self.status == 500 && self.call != Call::Login {
            return self.failed(message.unwrap_or_default());
        }
        let message = message.unwrap_or_else(|| format!("status {}", self.status));
        if self.call == Call::Login {
            return self.login(message);
        }
        if let Some(error) = self.no_inventory(&message) {
            return error;
        }
        match self.status {
            401 => unauthorised(&message),
            403 => Error::NotOwner { user: between(&message, "user ", " does not") },
            404 if message.starts_with("unable to find host") => {
                Error::NoGateway { server: server(), source: Some(message.into()) }
            }
            404 => Error::NoService { server: server(), call: self.call.title(), status: 404 },
            429 => Error::TooMany { server: server(), call: self.call.title() },
            502 | 503 => Error::Away { server: server() },
            504 => self.slow(),
            501.. => self.stumbled(message),
            _ => Error::Refused { call: self.call.title(), message },
        }
    }

    /// What status 500 with a reason means.
    fn failed(&self, message: String) -> Error {
        if let Some(command) = message.strip_prefix("Command Failure: ") {
            // A rule is refused where its address or port is none. Anything else that fails says nothing of what was asked, and
            // whether something was done is seen afterwards.
            let is_making = self.call == Call::Make;
            return if is_making && command.contains("iptables-save") {
                Error::Unsaved { port: None }
            } else if is_making && command.contains(" -A ") {
                Error::FirewallRefused { command: short(command) }
            } else {
                self.stumbled(message)
            };
        }
        if message.starts_with("Unable to find iptable rule") {
            return Error::NoRule { port: 0, by_hand: None };
        }
        if message.starts_with("Unable to find newly created") {
            return Error::NotTaken;
        }
        if message.starts_with("not enough values to unpack") {
            return Error::ForeignRule { chain: None, rule: None };
        }
        let of_database = ["connection to server", "could not connect to server", "server closed the connection"];
        if of_database.iter().any(|known| message.starts_with(known)) {
            return Error::DatabaseDown;
        }
        self.stumbled(message)
    }

    /// It stumbled, with what it says of that.
    fn stumbled(&self, message: String) -> Error {
        let source = (!message.is_empty()).then(|| message.into());
        Error::Stumbled { call: self.call.title(), seen: Seen::NotLooked, source }
    }

    /// What it means that the front server does not tell its machines.
    fn no_inventory(&self, message: &str) -> Option<Error> {
        let refused_to = match self.status {
            403 => Some(between(message, "user ", " does not")),
            502..=504 => None,
            _ => return None,
        };
        (self.call == Call::Inventory).then_some(Error::NoInventory { status: self.status, refused_to })
    }

    /// What a refused login means.
    fn login(&self, message: String) -> Error {
        match self.status {
            503 => Error::LoginAway { message },
            504 => Error::LoginAway { message: "the server did not answer in time".to_owned() },
            404 => Error::NoService { server: self.server.to_owned(), call: self.call.title(), status: 404 },
            // The name is put in by whoever knows it.
            _ => Error::LoginRefused { user: String::new(), message },
        }
    }

    /// What a page means where data was asked for.
    fn page(&self) -> Error {
        let (server, call, status) = (self.server.to_owned(), self.call.title(), self.status);
        if let Some(error) = self.no_inventory("") {
            return error;
        }
        match (status, self.call) {
            (300..=399, _) if !self.location.is_empty() => {
                // What is behind the question mark may be a secret of whoever sends on.
                let to = self.location.split(['?', '#']).next().unwrap_or_default();
                Error::SentOn { server, call, to: short(to) }
            }
            (200..=299, _) if self.is_html() => Error::WebPage { server, call },
            (200 | 202, _) => {
                let what = if self.body.trim_ascii().is_empty() { "it is empty" } else { "it is no JSON" };
                Error::Senseless { server, call, what: what.to_owned() }
            }
            (429, _) => Error::TooMany { server, call },
            (200..=399, _) => Error::Empty { server, call, status },
            (404 | 405, _) => Error::NoService { server, call, status },
            (500, Call::Addresses) => Error::DatabaseDown,
            (502 | 503, _) => Error::Away { server },
            (504, _) => self.slow(),
            (401 | 403, Call::Login) => self.login(format!("status {status}, without a reason")),
            (401, _) => Error::BadToken,
            _ => Error::Page { server, call, writes: self.call.writes(), status },
        }
    }
}

impl Answer<'_> {
    /// An answer that the front server did not wait for.
    fn slow(&self) -> Error {
        Error::Slow { server: self.server.to_owned(), call: self.call.title(), writes: self.call.writes() }
    }

    /// Whether it looks like a page for people.
    fn is_html(&self) -> bool {
        let start = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        start == Some(&b'<')
    }
}

/// Why a token does not hold.
fn unauthorised(message: &str) -> Error {
    if message.starts_with("No auth token") {
        Error::NoToken(None)
    } else if message.starts_with("No Valid Session") {
        Error::Expired
    } else if let Some(rest) = message.strip_prefix("Token generated by ") {
        let (made_for, seen_as) = rest.split_once(", but sent from ").unwrap_or((rest, "another address"));
        Error::Elsewhere { made_for: made_for.to_owned(), seen_as: seen_as.trim_end_matches('.').to_owned() }
    } else {
        Error::BadToken
    }
}

/// What stands between two texts; `you` where they do not stand there.
fn between(text: &str, before: &str, after: &str) -> String {
    let inner = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    inner.map_or_else(|| "you".to_owned(), |(inner, _)| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trouble::{Remedy as _, Trouble};

    fn told(call: Call, status: u16, body: &str) -> String {
        let answer = Answer { call, server: "https://lab.example", status, body: body.as_bytes(), location: "" };
        let error = read(&answer).unwrap_err();
        assert!(!error.remedy().is_empty());
        let told = Trouble::of(&error).one_line();
        assert!(!told.contains('<'), "{told}");
        error.to_string()
    }

    fn error(text: &str) -> String {
        json!({"error": text, "content": {}, "params": {}}).to_string()
    }

    #[test]
    fn every_refusal_of_the_service_is_told_in_our_words() {
        use Call::{Addresses, Inventory, List, Make};
        for (call, status, text, wanted) in [
            (List, 401, "No auth token sent in HTTP header", "there is no token for this lab"),
            (List, 401, "No Valid Session Found", "the token has expired"),
            (List, 401, "Invalid auth token supplied", "the gateway does not accept the token"),
            (
                List,
                401,
                "Token generated by 198.51.100.7, but sent from 203.0.113.9",
                "the token was made for 198.51.100.7, and the gateway sees you as 203.0.113.9",
            ),
            (List, 403, "user pat does not have access", "the gateway is not pat's: it serves its owner alone"),
            (
                Make,
                400,
                "No JSON content body sent in HTTP request",
                "the gateway refused making a forward: No JSON content body sent in HTTP request",
            ),
            (
                Make,
                400,
                "Input does not match schema.\nInput: {'a': 1}\nSchema: {}",
                "the gateway refused making a forward: Input does not match schema.",
            ),
            (
                List,
                400,
                "Param conn_port must be a number, supplied: abc",
                "the gateway refused listing forwards: Param conn_port must be a number, supplied: abc",
            ),
            (
                Addresses,
                400,
                "Params are mutually exclusive. Supplied: name, addr",
                "the gateway refused listing addresses: Params are mutually exclusive. Supplied: name, addr",
            ),
            (
                List,
                429,
                "slow down",
                "https://lab.example takes no more requests for now: listing forwards answered 429",
            ),
            (Inventory, 403, "user pat does not have access", "the front server does not tell its machines to pat"),
            (
                List,
                404,
                "unable to find host pat.vlab.local for /api/1/ipam/portmap",
                "https://lab.example does not find your gateway",
            ),
        ] {
            assert_eq!(told(call, status, &error(text)), wanted);
        }
    }

    #[test]
    fn every_failure_of_the_service_is_told_in_our_words() {
        use Call::{Inventory, List, Make, Remove};
        for (call, status, text, wanted) in [
            (
                Make,
                500,
                "Command Failure: sudo iptables -A FORWARD -p tcp -d x --dport 22 -j ACCEPT",
                "the gateway's firewall refused: sudo iptables -A FORWARD -p tcp -d x --dport 22 -j ACCEPT",
            ),
            (
                Make,
                500,
                "Command Failure: sudo iptables-save > /etc/iptables/rules.v4",
                "the gateway made the forward and could not save it: one of its ports is open, and in no list",
            ),
            (
                Remove,
                500,
                "Command Failure: iptables -t filter -D FORWARD 9",
                // What became of it is seen afterwards.
                "the gateway stumbled over deleting a forward",
            ),
            (
                Remove,
                500,
                "Command Failure: sudo iptables -t nat -D PREROUTING 3",
                "the gateway stumbled over deleting a forward",
            ),
            (
                Make,
                500,
                "Command Failure: sudo iptables --numeric -L FORWARD -t filter --line-numbers",
                "the gateway stumbled over making a forward",
            ),
            (List, 500, "relation \"ipam\" does not exist", "the gateway stumbled over listing forwards"),
            (List, 500, "", "the gateway stumbled over listing forwards"),
            (List, 500, "server closed the connection unexpectedly", "the gateway's database does not answer"),
            (Inventory, 503, "service unavailable", "the front server cannot tell its machines now (503)"),
            (
                Remove,
                500,
                "Unable to find iptable rule",
                "the gateway lacks a rule of this forward, and so cannot delete it",
            ),
            (
                Make,
                500,
                "Unable to find newly created FORWARD rule for 01.2.3.4:22",
                "the firewall took the rule in another form: it stays behind, and the forward was not made",
            ),
            (
                Make,
                500,
                "not enough values to unpack (expected 3, got 1)",
                "a rule in the gateway's firewall is no forward: nothing can be made or deleted until it is gone",
            ),
            (
                List,
                500,
                "connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" failed",
                "the gateway's database does not answer",
            ),
            (List, 503, "service unavailable", "the gateway behind https://lab.example is not there"),
            (
                List,
                504,
                "service unavailable",
                "the gateway behind https://lab.example did not answer to listing forwards in time",
            ),
        ] {
            assert_eq!(told(call, status, &error(text)), wanted);
        }
    }

    #[test]
    fn a_page_is_never_repeated_and_means_what_it_means_there() {
        let page = "<!DOCTYPE HTML><title>500 Internal Server Error</title>";
        assert_eq!(
            told(Call::Make, 500, page),
            "https://lab.example answered making a forward with a page (500) instead of data"
        );
        assert_eq!(told(Call::Addresses, 500, page), "the gateway's database does not answer");
        assert!(told(Call::List, 404, page).ends_with("listing forwards answered 404"));
        assert!(told(Call::Remove, 405, page).ends_with("deleting a forward answered 405"));
        assert_eq!(
            told(Call::Remove, 500, page),
            "https://lab.example answered deleting a forward with a page (500) instead of data"
        );
        assert_eq!(
            told(Call::Make, 400, page),
            "https://lab.example answered making a forward with a page (400) instead of data"
        );
        assert_eq!(told(Call::List, 200, page), "https://lab.example answered listing forwards with a web page");
        assert_eq!(
            told(Call::List, 200, "[1,2"),
            "the answer of https://lab.example to listing forwards cannot be read: it is no JSON"
        );
        assert_eq!(told(Call::List, 200, "[1,2"), told(Call::List, 200, "{\"error\": nu"));
        assert!(told(Call::List, 200, " ").ends_with("it is empty"));
        assert_eq!(
            told(Call::List, 204, ""),
            "https://lab.example answered listing forwards with status 204 and no data"
        );
        assert_eq!(
            told(Call::List, 302, ""),
            "https://lab.example answered listing forwards with status 302 and no data"
        );
        assert!(told(Call::List, 429, page).starts_with("https://lab.example takes no more requests for now"));
        assert_eq!(told(Call::List, 503, ""), "the gateway behind https://lab.example is not there");
    }

    #[test]
    fn whoever_sends_on_is_told_with_where_to() {
        let location = "https://login.example/sso?session=secret";
        let answer = Answer { call: Call::List, server: "https://lab.example", status: 302, body: b"", location };
        let told = Trouble::of(&read(&answer).unwrap_err()).to_string();
        assert!(told.contains("it sends on to https://login.example/sso\n"), "{told}");
    }

    #[test]
    fn only_what_changes_something_may_have_been_done() {
        let advice = |call| {
            let answer = Answer { call, server: "https://lab.example", status: 504, body: b"", location: "" };
            read(&answer).unwrap_err().remedy().into_owned()
        };
        assert!(advice(Call::Make).contains("may have been done"));
        assert!(!advice(Call::List).contains("may have been done"), "{}", advice(Call::List));
    }

    #[test]
    fn logging_in_is_refused_for_reasons_of_its_own() {
        let refused = |status, body: Value| told(Call::Login, status, &body.to_string());
        assert_eq!(
            refused(401, json!({"error": "Invalid username or password"})),
            "logging in as  was refused: Invalid username or password"
        );
        let mute = Answer { call: Call::Login, server: "https://lab.example", status: 401, body: b"", location: "" };
        assert_eq!(read(&mute).unwrap_err().to_string(), "logging in as  was refused: status 401, without a reason");
        assert!(refused(400, json!({"error": ["No password supplied"]})).ends_with("No password supplied"));
        assert!(refused(403, json!({"error": "Account locked", "content": {"token": ""}})).ends_with("Account locked"));
        assert_eq!(
            refused(503, json!({"error": "LDAP server unavailable"})),
            "logging in is not possible: LDAP server unavailable"
        );
    }
}
