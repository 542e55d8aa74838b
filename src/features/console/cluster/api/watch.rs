//! Lists of both kinds of objects, and what is told of them afterwards.

use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, sleep_until, timeout};

use super::send::{Answer, LARGEST};
use super::{Api, segment};
use crate::features::console::cluster::model::{Definition, Instance, Key};
use crate::features::console::cluster::wire::{
    self, Event, Named, Object, VirtualMachine, VirtualMachineInstance, WatchError,
};
use crate::features::console::error::Error;
use crate::text::clean_line;

/// Objects on a page.
const PAGE: usize = 500;
/// Pages of a list. More machines are in no cluster.
const MOST_PAGES: usize = 100;
/// The API ends a watch after this time, and it is begun anew; one without a word for longer is taken for dead.
const WATCHED_S: u64 = 240;
const WATCH_SILENCE: Duration = Duration::from_secs(WATCHED_S + 30);
/// A watch that ends is not begun anew more often than this.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Something that a watch tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// It is new, or different.
    Is(Key, T),
    /// It is gone.
    Gone(Key),
}

/// A list, and where a watch goes on from it.
#[derive(Debug)]
pub struct Listed<T> {
    /// What there is.
    pub items: Vec<(Key, T)>,
    /// The names of what is there and cannot be read.
    pub unread: Vec<String>,
    /// The version of it.
    pub version: String,
}

/// The first error of a watch that goes on from where it was is that too much has happened since.
#[derive(Debug)]
enum Ended {
    /// The list has to be asked for again.
    Expired,
    /// It goes on from the last version.
    Quietly,
}

/// A kind of object that is listed and watched.
pub(super) trait Kind {
    /// As the API sends it.
    type Object: Object;
    /// Its name in paths.
    const PLURAL: &'static str;
}

impl Kind for Definition {
    type Object = VirtualMachine;
    const PLURAL: &'static str = "virtualmachines";
}

impl Kind for Instance {
    type Object = VirtualMachineInstance;
    const PLURAL: &'static str = "virtualmachineinstances";
}

impl Api {
    /// Everything of one kind, page by page.
    pub(super) async fn list<K: Kind>(
        &self,
        namespace: Option<&str>,
    ) -> Result<Listed<<K::Object as Object>::Out>, Error> {
        let path = path_of::<K>(namespace);
        let mut listed = Listed { items: Vec::new(), unread: Vec::new(), version: String::new() };
        let mut goes_on = String::new();
        for _ in 0..MOST_PAGES {
            let answer = self.send(Method::GET, &format!("{path}?limit={PAGE}{goes_on}"), None).await?;
            let json = self.checked(answer).await?;
            let (items, unread, metadata) = wire::page::<K::Object>(&json).map_err(|error| self.senseless(&error))?;
            listed.items.extend(items);
            listed.unread.extend(unread);
            listed.version = metadata.resource_version;
            match metadata.goes_on.filter(|token| !token.is_empty()) {
                Some(token) => goes_on = format!("&continue={}", segment(&token)),
                None => break,
            }
        }
        Ok(listed)
    }

    /// Tells of changes until the list has to be asked for again.
    pub(super) async fn watch<K: Kind>(
        &self,
        namespace: Option<&str>,
        mut version: String,
        mut tell: impl FnMut(Told<<K::Object as Object>::Out>) + Send,
    ) -> Result<(), Error> {
        let path = path_of::<K>(namespace);
        loop {
            let next = Instant::now() + WATCH_EVERY;
            let query = format!(
                "watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCHED_S}&resourceVersion={}",
                segment(&version)
            );
            let answer = self.send(Method::GET, &format!("{path}?{query}"), None).await?;
            if answer.status == StatusCode::GONE {
                return Ok(());
            }
            match self.follow::<K>(answer, &mut version, &mut tell).await? {
                Ended::Expired => return Ok(()),
                Ended::Quietly => sleep_until(next).await,
            }
        }
    }

    /// Tells what comes on one connection.
    async fn follow<K: Kind>(
        &self,
        mut answer: Answer,
        version: &mut String,
        tell: &mut (impl FnMut(Told<<K::Object as Object>::Out>) + Send),
    ) -> Result<Ended, Error> {
        if !answer.status.is_success() {
            return self.checked(answer).await.map(|_| Ended::Expired);
        }
        let mut unread = BytesMut::new();
        loop {
            // One that is dead is begun anew like one that has ended.
            let Ok(Some(frame)) = timeout(WATCH_SILENCE, answer.body.frame()).await else { return Ok(Ended::Quietly) };
            let Ok(frame) = frame else { return Ok(Ended::Quietly) };
            let Ok(data) = frame.into_data() else { continue };
            unread.extend_from_slice(&data);
            if unread.len() > LARGEST {
                return Err(self.senseless(&"a line without end"));
            }
            while let Some(end) = memchr::memchr(b'\n', &unread) {
                let line = unread.split_to(end);
                unread.advance(1);
                if let Some(ended) = self.told::<K>(&line, version, tell)? {
                    return Ok(ended);
                }
            }
        }
    }

    /// Tells of one line.
    fn told<K: Kind>(
        &self,
        line: &[u8],
        version: &mut String,
        tell: &mut (impl FnMut(Told<<K::Object as Object>::Out>) + Send),
    ) -> Result<Option<Ended>, Error> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let event: Event = serde_json::from_slice(line).map_err(|error| self.senseless(&error))?;
        if event.kind == "ERROR" {
            let error: WatchError = serde_json::from_value(event.object).unwrap_or_default();
            return match error.code {
                410 | 504 => Ok(Some(Ended::Expired)),
                status => Err(Error::Api { server: self.server(), status, message: clean_line(&error.message) }),
            };
        }
        let named = Named::of(&event.object);
        if !named.metadata.resource_version.is_empty() {
            version.clone_from(&named.metadata.resource_version);
        }
        match event.kind.as_str() {
            "ADDED" | "MODIFIED" => match serde_json::from_value::<K::Object>(event.object) {
                Ok(object) => {
                    let (key, object) = object.read();
                    tell(Told::Is(key, object));
                }
                // The others are told all the same.
                Err(error) => tracing::warn!("{} of {} cannot be read: {error}", named.key().1, self.server()),
            },
            "DELETED" => tell(Told::Gone(named.key())),
            _ => {}
        }
        Ok(None)
    }
}

/// The path of everything of one kind.
fn path_of<K: Kind>(namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("/apis/kubevirt.io/v1/namespaces/{}/{}", segment(namespace), K::PLURAL),
        None => format!("/apis/kubevirt.io/v1/{}", K::PLURAL),
    }
}
