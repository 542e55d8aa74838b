//! `[[maintenance.source]]` of `kind = "gmail"` and `kind = "microsoft"`: mailboxes that are read over HTTPS.

use std::path::Path;
use std::time::Duration;

use super::certificate::{self, CertificateSection};
use super::oauth::{OAuth, OAuthSection, read_oauth};
use super::problem::{At, Origin, Problem};
use super::reader::Section;
use super::resolve::{Layers, value};
use super::source::{Wanted, WantedSection, read_wanted};
use super::value::{Account, Folder, List, Provider, Sender, Span, Url};
use crate::tls::Trust;

/// Whose interface it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Google's Gmail API.
    Gmail,
    /// Microsoft Graph.
    Microsoft,
}

/// A mailbox that is read over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebMail {
    /// Whose interface it is.
    pub service: Service,
    /// Where it is.
    pub url: String,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// The mailbox.
    pub user: String,
    /// How tokens are had.
    pub oauth: OAuth,
    /// The labels or folders that are read; at least one, none twice.
    pub folders: Vec<String>,
    /// Which mails of them.
    pub wanted: Wanted,
    /// Where the sender is in another header than From: whom the server is asked for mails from. Everybody where there is
    /// none.
    pub limit_from: Vec<String>,
    /// The pause between two looks.
    pub poll_every: Duration,
    /// What mails are labelled with, by what became of them, as outcomes are called.
    pub labels: Vec<(&'static str, String)>,
}

/// What can become of a mail, as outcomes are called.
const OUTCOMES: [&str; 6] =
    ["parsed", "unknown-provider", "parsing-failed", "ignored", "out-of-sequence", "unknown-cids"];

/// The settings that say which certificates are trusted.
const CERTIFICATE: certificate::Keys =
    certificate::Keys { ca_file: "maintenance.source.ca_file", fingerprint: "maintenance.source.fingerprint" };

/// The settings of one. What it requires is `None` only where that was reported.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WebSection {
    /// Which kind it is.
    service: Service,
    /// `user`, required
    user: Option<At<Account>>,
    /// `url`
    url: Option<At<Url>>,
    /// `ca_file`, `fingerprint`
    certificate: CertificateSection,
    /// `folders`
    folders: Option<At<List<Folder>>>,
    /// `poll`
    poll: Option<At<Span>>,
    /// `limit_from`
    limit_from: Option<At<List<Sender>>>,
    /// Which mails.
    wanted: WantedSection,
    /// `[maintenance.source.oauth]`
    oauth: Option<OAuthSection>,
    /// `[maintenance.source.labels]`
    labels: Vec<(&'static str, Option<At<Folder>>)>,
}

/// Reads one.
pub(super) fn read_web(service: Service, section: &mut Section<'_, '_>) -> WebSection {
    let mut labels = section.section("labels");
    let read = OUTCOMES.map(|outcome| (outcome, labels.read::<Folder>(outcome)));
    labels.finish();
    WebSection {
        service,
        user: section.require("user"),
        url: section.read_instead("url"),
        certificate: CertificateSection::read_checked(section),
        folders: section.read("folders"),
        poll: section.read("poll"),
        limit_from: section.read("limit_from"),
        wanted: read_wanted(section),
        oauth: read_oauth(section.section("oauth")),
        labels: read.into(),
    }
}

impl Layers<'_> {
    /// A mailbox that is read over HTTPS; `None` where something it needs is missing, which was noted.
    pub(super) fn web(&mut self, origin: &Origin, name: &str, data: &Path, section: WebSection) -> Option<WebMail> {
        let (kind, provider, usual) = match section.service {
            Service::Gmail => ("gmail", Provider::Google, "https://gmail.googleapis.com"),
            Service::Microsoft => ("microsoft", Provider::Microsoft, "https://graph.microsoft.com"),
        };
        let seconds = |seconds| Span(Duration::from_secs(seconds));
        let poll = self.within("maintenance.source.poll", section.poll, (seconds(10), seconds(900)), seconds(120));
        let wanted = self.wanted(section.wanted);
        let trust = self.trust(&CERTIFICATE, section.certificate);
        let labels: Vec<(&'static str, String)> =
            section.labels.into_iter().filter_map(|(outcome, label)| Some((outcome, value(label)?.0))).collect();
        let Some(oauth) = section.oauth else {
            self.problems.push(Problem {
                origin: origin.clone(),
                key: "maintenance.source.oauth".to_owned(),
                what: "[maintenance.source.oauth] is missing".to_owned(),
                because: format!("kind = \"{kind}\" is read with tokens"),
                remedy: "add the section; `noctui config init` shows one".to_owned(),
            });
            return None;
        };
        let mut oauth = self.oauth(oauth, name, data)?;
        if oauth.provider != provider {
            self.problems.push(Problem {
                origin: origin.clone(),
                key: "maintenance.source.oauth.provider".to_owned(),
                what: format!("the tokens of kind = \"{kind}\" are given by another provider"),
                because: "each service takes its own tokens only".to_owned(),
                remedy: format!("write `provider = {:?}`", provider.as_str()),
            });
            return None;
        }
        if oauth.scopes.is_empty() {
            oauth.scopes = scopes(section.service, &oauth, !labels.is_empty());
        }
        let url = section.url.and_then(|url| self.protected("maintenance.source.url", url));
        let folders = value(section.folders).map_or_else(|| vec![Folder("INBOX".to_owned())], |List(folders)| folders);
        Some(WebMail {
            service: section.service,
            url: url.unwrap_or_else(|| usual.to_owned()),
            trust,
            user: value(section.user)?.0,
            oauth,
            folders: folders.into_iter().map(|Folder(name)| name).collect(),
            wanted,
            limit_from: value(section.limit_from)
                .map_or_else(Vec::new, |List(senders)| senders.into_iter().map(|Sender(sender)| sender).collect()),
            poll_every: poll.0,
            labels,
        })
    }
}

/// What tokens have to be for: reading, and where mails are labelled changing that.
fn scopes(service: Service, oauth: &OAuth, writes: bool) -> Vec<String> {
    use super::value::Grant;
    let scopes: &[&str] = match (service, oauth.grant, writes) {
        (Service::Gmail, _, false) => &["https://www.googleapis.com/auth/gmail.readonly"],
        (Service::Gmail, _, true) => &["https://www.googleapis.com/auth/gmail.modify"],
        (Service::Microsoft, Grant::Application | Grant::ServiceAccount, _) => {
            &["https://graph.microsoft.com/.default"]
        }
        (Service::Microsoft, Grant::User, false) => &["https://graph.microsoft.com/Mail.Read", "offline_access"],
        (Service::Microsoft, Grant::User, true) => &["https://graph.microsoft.com/Mail.ReadWrite", "offline_access"],
    };
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}
