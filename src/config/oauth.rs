//! `[maintenance.source.oauth]`: tokens that noctui fetches itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::problem::{At, Origin, Problem};
use super::reader::Section;
use super::resolve::{Layers, value};
use super::secret::{self, SecretSection};
use super::value::{Account, Grant, KeptIn, List, Name, Provider, Scope, Url, WrittenPath};
use crate::secret::SecretFrom;

/// The settings that say where an application's secret is kept.
const CLIENT_SECRET: secret::Keys = secret::Keys {
    what: "a client secret",
    variable: "maintenance.source.oauth.client_secret_env",
    file: "maintenance.source.oauth.client_secret_file",
    command: "maintenance.source.oauth.client_secret_command",
    keyring: "maintenance.source.oauth.client_secret_keyring",
    usual: Some("maintenance.source.oauth.client_secret_file"),
};

/// How tokens for an account are had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth {
    /// Who gives them.
    pub provider: Provider,
    /// To whom.
    pub grant: Grant,
    /// The application's name with the provider; empty for a service account, whose key says it.
    pub client_id: String,
    /// What proves the application, if it has something.
    pub client_secret: Option<SecretFrom>,
    /// The key of a service account.
    pub key_file: Option<PathBuf>,
    /// What the tokens are for; what the provider wants for mail where there is none.
    pub scopes: Vec<String>,
    /// What they are for besides.
    pub extra_scopes: Vec<String>,
    /// Where tokens are fetched.
    pub token_url: String,
    /// Where somebody is sent to sign in.
    pub authorize_url: String,
    /// Where a code is fetched that somebody types elsewhere to sign in; `None` where the provider has no such thing for
    /// mail.
    pub device_url: Option<String>,
    /// The file where the refresh token of somebody who signed in is kept.
    pub kept_in: PathBuf,
    /// Whether the keyring keeps it instead, where it can.
    pub in_keyring: bool,
}

/// `[maintenance.source.oauth]`. What it requires is `None` only where that was reported.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OAuthSection {
    /// Where it begins.
    origin: Origin,
    /// `provider`, required
    provider: Option<At<Provider>>,
    /// `grant`
    grant: Option<At<Grant>>,
    /// `client_id`
    client_id: Option<At<Account>>,
    /// `client_secret_file`, `client_secret_env`, `client_secret_command`, `client_secret_keyring`
    client_secret: SecretSection,
    /// `tenant`
    tenant: Option<At<Name>>,
    /// `key_file`
    key_file: Option<At<WrittenPath>>,
    /// `scopes`
    scopes: Option<At<List<Scope>>>,
    /// `extra_scopes`
    extra_scopes: Option<At<List<Scope>>>,
    /// `keep_in`
    keep_in: Option<At<KeptIn>>,
    /// `token_url`
    token_url: Option<At<Url>>,
    /// `authorize_url`
    authorize_url: Option<At<Url>>,
    /// `device_url`
    device_url: Option<At<Url>>,
}

/// Reads the section; `None` where it is not written.
pub(super) fn read_oauth(mut section: Section<'_, '_>) -> Option<OAuthSection> {
    if !section.is_written() {
        return None;
    }
    let oauth = OAuthSection {
        origin: section.origin(),
        provider: section.require("provider"),
        grant: section.read("grant"),
        client_id: section.read("client_id"),
        client_secret: SecretSection::read(&mut section, &CLIENT_SECRET),
        tenant: section.read("tenant"),
        key_file: section.read_instead("key_file"),
        scopes: section.read("scopes"),
        extra_scopes: section.read("extra_scopes"),
        keep_in: section.read("keep_in"),
        token_url: section.read_instead("token_url"),
        authorize_url: section.read_instead("authorize_url"),
        device_url: section.read_instead("device_url"),
    };
    section.finish();
    Some(oauth)
}

impl Layers<'_> {
    /// How tokens are had for the source called `name`; `None` where something is missing, which was noted.
    pub(super) fn oauth(&mut self, section: OAuthSection, name: &str, data: &Path) -> Option<OAuth> {
        let grant = section.grant.as_ref().map_or(Grant::User, |at| at.value);
        let client_secret = self.secret(&CLIENT_SECRET, section.client_secret);
        let client_secret = client_secret.map(|(secret, _)| secret);
        let key_file =
            section.key_file.and_then(|file| self.expected_path("maintenance.source.oauth.key_file", &file, true));
        let provider = section.provider?.value;
        let mut lack = |key: &str, because: &str| {
            self.problems.push(Problem {
                origin: section.origin.clone(),
                key: format!("maintenance.source.oauth.{key}"),
                what: format!("`{key}` is missing from [maintenance.source.oauth]"),
                because: because.to_owned(),
                remedy: format!("add `{key} = …`"),
            });
        };
        let client_id = value(section.client_id).map(|Account(id)| id);
        match grant {
            Grant::ServiceAccount if key_file.is_none() => {
                lack("key_file", "a service account is proved by its key");
                return None;
            }
            Grant::User | Grant::Application if client_id.is_none() => {
                lack("client_id", "tokens are given to an application that the provider knows");
                return None;
            }
            Grant::Application if client_secret.is_none() => {
                lack("client_secret_file", "an application by itself has to prove who it is");
                return None;
            }
            Grant::User | Grant::Application | Grant::ServiceAccount => {}
        }
        let tenant = value(section.tenant).map_or_else(|| "organizations".to_owned(), |Name(tenant)| tenant);
        let base = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0");
        let (token, authorize, device) = match provider {
            Provider::Google => (
                "https://oauth2.googleapis.com/token".to_owned(),
                "https://accounts.google.com/o/oauth2/v2/auth".to_owned(),
                // Theirs is not for mail.
                None,
            ),
            Provider::Microsoft => {
                (format!("{base}/token"), format!("{base}/authorize"), Some(format!("{base}/devicecode")))
            }
        };
        let [token_url, authorize_url, device_url] = [
            ("maintenance.source.oauth.token_url", section.token_url),
            ("maintenance.source.oauth.authorize_url", section.authorize_url),
            ("maintenance.source.oauth.device_url", section.device_url),
        ]
        .map(|(key, url)| url.and_then(|url| self.protected(key, url)));
        Some(OAuth {
            provider,
            grant,
            client_id: client_id.unwrap_or_default(),
            client_secret,
            key_file,
            scopes: written(section.scopes),
            extra_scopes: written(section.extra_scopes),
            token_url: token_url.unwrap_or(token),
            authorize_url: authorize_url.unwrap_or(authorize),
            device_url: device_url.or(device),
            kept_in: data.join("tokens").join(file_name(name)),
            in_keyring: value(section.keep_in) == Some(KeptIn::Keyring),
        })
    }
}

impl Layers<'_> {
    /// An address that tokens are sent to: under TLS, or to this very machine; another one is noted.
    pub(super) fn protected(&mut self, key: &'static str, url: At<Url>) -> Option<String> {
        let At { value: url, origin } = url;
        if url.is_open() {
            let because = "tokens and mails could be read on the way; only this machine itself needs no TLS".to_owned();
            self.refuse(&origin, key, &url.to_string(), because, "write it with https://");
            return None;
        }
        Some(url.as_str().to_owned())
    }
}

/// Scopes as they are written.
fn written(scopes: Option<At<List<Scope>>>) -> Vec<String> {
    value(scopes).map_or_else(Vec::new, |List(scopes)| scopes.into_iter().map(|Scope(scope)| scope).collect())
}

/// A source's name as that of a file.
fn file_name(name: &str) -> String {
    let mut file = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            file.push(char::from(byte));
        } else {
            let _ = write!(file, "_{byte:02x}");
        }
    }
    file
}
