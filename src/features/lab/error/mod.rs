//! What can go wrong with a lab, and what to do about each.

mod kind;
mod remedy;
mod seen;

#[expect(unreachable_pub, reason = "it is a part of the error, which is public")]
pub use self::seen::Seen;
use super::model::{Chain, Unwanted};

/// What is behind an error, already made harmless.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A situation that somebody can act on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its settings cannot be used.
    #[error("the connection to {server} cannot be set up")]
    Setup {
        /// Which server.
        server: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Nothing was sent.
    #[error("cannot reach {server}")]
    Unreachable {
        /// Which server.
        server: String,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// A proxy of the environment does not lead there. Nothing was sent.
    #[error("cannot reach {server} by way of the proxy {proxy} ({variable})")]
    Proxy {
        /// Which server.
        server: String,
        /// The proxy.
        proxy: String,
        /// The variable that names it.
        variable: &'static str,
        /// Why.
        source: Cause,
    },
    /// Its certificate is not trusted.
    #[error("{server} is not trusted")]
    Untrusted {
        /// Which server.
        server: String,
        /// Whether an authority is named by `ca_file`.
        by_authority: bool,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// It was asked, and the answer did not come.
    #[error("{server} did not answer to {call}")]
    Lost {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
        /// Whether that changes something, and may have.
        writes: bool,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// It speaks no TLS at this port.
    #[error("{server} does not speak TLS at this port")]
    NoTls {
        /// Which server.
        server: String,
    },
    /// It speaks something else, TLS perhaps.
    #[error("{server} does not speak plain HTTP at this port")]
    NoHttp {
        /// Which server.
        server: String,
    },
    /// The front server knows no gateway of this user.
    #[error("{server} does not find your gateway")]
    NoGateway {
        /// Which server.
        server: String,
        /// As it says it.
        #[source]
        source: Option<Cause>,
    },
    /// The gateway, or the way from the front server to it, is down.
    #[error("the gateway behind {server} is not there")]
    Away {
        /// Which server.
        server: String,
    },
    /// The gateway does not answer the front server in time.
    #[error("the gateway behind {server} did not answer to {call} in time")]
    Slow {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
        /// Whether that changes something, and may have.
        writes: bool,
    },
    /// The address serves something else.
    #[error("{server} does not have the port-forward service: {call} answered {status}")]
    NoService {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
        /// The status.
        status: u16,
    },
    /// A page instead of an answer.
    #[error("{server} answered {call} with a page ({status}) instead of data")]
    Page {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
        /// Whether that changes something, and may have.
        writes: bool,
        /// The status.
        status: u16,
    },
    /// It answered without a word.
    #[error("{server} answered {call} with status {status} and no data")]
    Empty {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
        /// The status.
        status: u16,
    },
    /// It wants to be left alone for a while, and did nothing.
    #[error("{server} takes no more requests for now: {call} answered 429")]
    TooMany {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
    },
    /// The front server does not tell its machines.
    #[error("the front server {}", match refused_to {
        Some(user) => format!("does not tell its machines to {user}"),
        None => format!("cannot tell its machines now ({status})"),
    })]
    NoInventory {
        /// The status.
        status: u16,
        /// Whom it refused; `None` where it is only not there.
        refused_to: Option<String>,
    },
    /// Nobody can log in at the server that is configured for that.
    #[error("{what}")]
    NoLogin {
        /// What went wrong.
        what: String,
        /// It in a word.
        word: &'static str,
        /// Whether it may be better the next time.
        is_transient: bool,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// A page for people where data was asked for, as if all were well.
    #[error("{server} answered {call} with a web page")]
    WebPage {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
    },
    /// It sends its callers elsewhere.
    #[error("{server} does not answer {call} itself: it sends on to {to}")]
    SentOn {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
        /// Where to, harmless.
        to: String,
    },
    /// An answer that cannot be read.
    #[error("the answer of {server} to {call} cannot be read: {what}")]
    Senseless {
        /// Which server.
        server: String,
        /// What was asked.
        call: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// There is no token to send.
    #[error("there is no token for this lab")]
    NoToken(#[source] Option<crate::secret::NoSecret>),
    /// There is no password to log in with.
    #[error("there is no password to log in with for this lab")]
    NoPassword(#[source] crate::secret::NoSecret),
    /// The file of vLab's own program has none.
    #[error("{file} has no token for {server}")]
    NotInFile {
        /// The file.
        file: String,
        /// The lab's address, by which it is looked for.
        server: String,
        /// What is there instead.
        #[source]
        source: Cause,
    },
    /// The token has ended.
    #[error("the token has expired")]
    Expired,
    /// The token is none that the gateway knows.
    #[error("the gateway does not accept the token")]
    BadToken,
    /// The token lacks its version, which the gateway answers with an error of its own.
    #[error("the token has no version: the gateway cannot read it")]
    OddToken,
    /// The token is of a version that is not taken for this.
    #[error("the token has version {version}, which the gateway does not take for {call}")]
    OldToken {
        /// Of the token.
        version: i64,
        /// What was asked.
        call: &'static str,
    },
    /// The token is bound to another address.
    #[error("the token was made for {made_for}, and the gateway sees you as {seen_as}")]
    Elsewhere {
        /// The address in the token.
        made_for: String,
        /// The address that the request came from.
        seen_as: String,
    },
    /// The gateway belongs to somebody else.
    #[error("the gateway is not {user}'s: it serves its owner alone")]
    NotOwner {
        /// The user of the token.
        user: String,
    },
    /// Logging in with name and password was refused.
    #[error("logging in as {user} was refused: {message}")]
    LoginRefused {
        /// Who.
        user: String,
        /// As the server says it.
        message: String,
    },
    /// Nobody can log in at present.
    #[error("logging in is not possible: {message}")]
    LoginAway {
        /// As the server says it.
        message: String,
    },
    /// The request was found wrong.
    #[error("the gateway refused {call}: {message}")]
    Refused {
        /// What was asked.
        call: &'static str,
        /// As the gateway says it.
        message: String,
    },
    /// The firewall refused a rule.
    #[error("the gateway's firewall refused: {command}")]
    FirewallRefused {
        /// The command that failed.
        command: String,
    },
    /// The rules are in force and were not saved, so the record was taken back.
    #[error("the gateway made the forward and could not save it: {} is open, and in no list", match port {
        Some(port) => format!("port {port}"),
        None => "one of its ports".to_owned(),
    })]
    Unsaved {
        /// The gateway's port, where it could be told.
        port: Option<u16>,
    },
    /// The port that it gave leads to another machine.
    #[error("the gateway gave port {port}, which its firewall leads to {to} by a rule in no list")]
    Misled {
        /// The gateway's port.
        port: u16,
        /// Where it leads, harmless.
        to: String,
        /// What ends that rule in the gateway's shell, where its address is one.
        by_hand: Option<String>,
    },
    /// A deletion stopped half-way.
    #[error("the gateway stopped half-way: the forward on {port} is dead, and its record cannot be deleted any more")]
    HalfDeleted {
        /// The gateway's port.
        port: u16,
        /// What ends its record, and the rules that are left, in the gateway's shell.
        by_hand: String,
        /// As the gateway says it.
        #[source]
        source: Option<Cause>,
    },
    /// It leads to port 0, which the service takes and never deletes.
    #[error("the service cannot delete a forward to port 0")]
    Undeletable {
        /// What deletes it in the gateway's shell, where its address is one.
        by_hand: Option<String>,
    },
    /// There is no rule to delete.
    #[error("{}", match by_hand {
        Some(_) => "the gateway has no rule for this forward, and so cannot delete its record",
        None => "the gateway lacks a rule of this forward, and so cannot delete it",
    })]
    NoRule {
        /// The gateway's port.
        port: u16,
        /// What ends its record in the gateway's shell; `None` where nobody knows whether its port is open.
        by_hand: Option<String>,
    },
    /// It works, and one of its two rules is missing.
    #[error("the forward on {port} works, but its rule of the chain FORWARD is missing: the gateway cannot delete it")]
    Half {
        /// The gateway's port.
        port: u16,
        /// What gives it that rule back in the gateway's shell, where its address is one.
        by_hand: Option<String>,
    },
    /// It works, and the service passes over one of its two rules, which stands in the place of one of the gateway's own.
    #[error("{what}: the gateway cannot delete it")]
    Overlooked {
        /// What is missing.
        what: String,
        /// What puts that back in the gateway's shell.
        by_hand: String,
    },
    /// The gateway says that it was made, and does not list it.
    #[error("the gateway says that the forward is on port {port}, and does not list it there")]
    NotMade {
        /// The gateway's port.
        port: u16,
    },
    /// The rule was made and is not as it was meant.
    #[error("the firewall took the rule in another form: it stays behind, and the forward was not made")]
    NotTaken,
    /// Somebody's own rule is among the forwards.
    #[error("{}", Chain::stumbling(chain.as_slice()))]
    ForeignRule {
        /// Of which chain, where that is known.
        chain: Option<Chain>,
        /// As the listing has it, where it is known; harmless text.
        rule: Option<String>,
    },
    /// The gateway's database is down.
    #[error("the gateway's database does not answer")]
    DatabaseDown,
    /// There is no port left.
    #[error("the gateway found no free port: it has {taken} forwards, and usually 101 ports for them")]
    Full {
        /// The forwards that it lists.
        taken: usize,
    },
    /// It stumbled, over nothing that was wrong with what was asked.
    #[error("the gateway stumbled over {call}{}", seen.after_an_answer())]
    Stumbled {
        /// What was asked.
        call: &'static str,
        /// What there is to be seen of it.
        seen: Seen,
        /// As the gateway says it.
        #[source]
        source: Option<Cause>,
    },
    /// No answer tells what became of a change.
    #[error("{what}; {}", seen.without_an_answer())]
    Unheard {
        /// What came instead of an answer.
        what: String,
        /// It in a word.
        word: &'static str,
        /// What there is to be seen of the change.
        seen: Seen,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// The forward is not as it was shown.
    #[error("port {port} is not the forward that was meant any more")]
    Changed {
        /// The gateway's port.
        port: u16,
    },
    /// It is not there.
    #[error("port {port} is not in the gateway's list")]
    NotListed {
        /// The gateway's port.
        port: u16,
    },
    /// It was said and is still there.
    #[error("the gateway says that port {port} is deleted, and still lists it")]
    StillThere {
        /// The gateway's port.
        port: u16,
    },
    /// It cannot be made.
    #[error("the forward cannot be made")]
    Unwanted(#[from] Unwanted),
}
