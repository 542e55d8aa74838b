//! One function for each call to the API (`kubevirt.io/v1`, `subresources.kubevirt.io/v1`, and the core API's logs).

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::access::{Cluster, Keeper, Pass};
use super::model::{Action, Definition, Instance, Key};
use super::status;
use super::wire::{self, Event, Named, Object, VirtualMachine, VirtualMachineInstance, WatchError};
use crate::features::console::dial::{self, Through, Way};
use crate::features::console::error::Error;
use crate::features::console::link::{self, Carrier, Link};
use crate::text::clean_line;

/// How long the way to the head of an answer may take.
const WITHIN: Duration = Duration::from_secs(15);
/// How long the rest of one may take.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// Objects on a page.
const PAGE: usize = 500;
/// Pages of a list. More machines are in no cluster.
const MOST_PAGES: usize = 100;
/// The largest page or line of a watch.
const LARGEST: usize = 64 << 20;
/// The API ends a watch after this time, and it is begun anew; one without a word for longer is taken for dead.
const WATCHED_S: u64 = 240;
const WATCH_SILENCE: Duration = Duration::from_secs(WATCHED_S + 30);
/// A watch that ends is not begun anew more often than this.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// The largest log that is read.
const LARGEST_LOG: usize = 1 << 20;
/// The container that keeps what the serial line said.
const SERIAL_LOG: &str = "guest-console-log";

/// Which of a machine's consoles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Which {
    /// Its serial line.
    Serial,
    /// Its screen.
    Screen,
}

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

/// The API of a cluster. Clones share what lets them in.
#[derive(Debug, Clone)]
pub struct Api {
    cluster: Arc<Cluster>,
    keeper: Keeper,
    /// How long the way to the head of an answer may take.
    within: Duration,
}

/// The head of an answer, and the connection that the rest comes on.
struct Answer {
    status: StatusCode,
    body: Incoming,
    /// Carries the connection as long as the answer is read.
    _connection: JoinSet<()>,
}

/// The first error of a watch that goes on from where it was is that too much has happened since.
#[derive(Debug)]
enum Ended {
    /// The list has to be asked for again.
    Expired,
    /// It goes on from the last version.
    Quietly,
}

/// A kind of object: its name in paths.
trait Kind {
    type Object: Object;
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
    /// Asks nothing yet.
    #[must_use]
    pub fn new(cluster: Cluster) -> Self {
        let cluster = Arc::new(cluster);
        Self { keeper: Keeper::new(Arc::clone(&cluster)), cluster, within: WITHIN }
    }

    /// The same with less patience, for answers and for plugins.
    #[cfg(test)]
    pub(super) fn with_patience(self, within: Duration) -> Self {
        Self { keeper: self.keeper.with_patience(within), within, ..self }
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Every definition, in one namespace or in all.
    ///
    /// # Errors
    /// Where they cannot be had.
    pub async fn definitions(&self, namespace: Option<&str>) -> Result<Listed<Definition>, Error> {
        self.list::<Definition>(namespace).await
    }

    /// Every instance, in one namespace or in all.
    ///
    /// # Errors
    /// Where they cannot be had.
    pub async fn instances(&self, namespace: Option<&str>) -> Result<Listed<Instance>, Error> {
        self.list::<Instance>(namespace).await
    }

    /// Tells of every change of a definition after `version`, until the list has to be asked for again.
    ///
    /// # Errors
    /// Where the cluster does not tell any more.
    pub async fn watch_definitions(
        &self,
        namespace: Option<&str>,
        version: String,
        tell: impl FnMut(Told<Definition>) + Send,
    ) -> Result<(), Error> {
        self.watch::<Definition>(namespace, version, tell).await
    }

    /// The same of instances.
    ///
    /// # Errors
    /// Where the cluster does not tell any more.
    pub async fn watch_instances(
        &self,
        namespace: Option<&str>,
        version: String,
        tell: impl FnMut(Told<Instance>) + Send,
    ) -> Result<(), Error> {
        self.watch::<Instance>(namespace, version, tell).await
    }

    /// Does something to a machine. That it was taken does not mean that it is done.
    ///
    /// # Errors
    /// Where it was refused, or nobody knows whether it was taken.
    pub async fn act(&self, (namespace, name): &Key, action: Action) -> Result<(), Error> {
        let plural = if action.is_for_instances() { Instance::PLURAL } else { Definition::PLURAL };
        let path = format!(
            "/apis/subresources.kubevirt.io/v1/namespaces/{}/{plural}/{}/{}",
            segment(namespace),
            segment(name),
            action.as_str()
        );
        let answer = match self.send(Method::PUT, &path, Some("{}")).await {
            // Sent is sent: what did not answer may have done it.
            Err(Error::NoAnswer { server, .. }) => return Err(Error::OutcomeUnknown { server, what: action.as_str() }),
            answer => answer?,
        };
        self.checked(answer).await.map(drop)
    }

    /// Opens a console. Whoever had it before loses it, unless it is a screen that `preserves` them.
    ///
    /// # Errors
    /// Where it cannot be had, in the API's words.
    pub async fn console(&self, (namespace, name): &Key, which: Which, preserves: bool) -> Result<Link, Error> {
        let what = match (which, preserves) {
            (Which::Serial, _) => "console",
            (Which::Screen, false) => "vnc",
            (Which::Screen, true) => "vnc?preserveSession=true",
        };
        let path = format!(
            "/apis/subresources.kubevirt.io/v1/namespaces/{}/virtualmachineinstances/{}/{what}",
            segment(namespace),
            segment(name)
        );
        match self.websocket(&path, name).await {
            Err(Error::Api { status: 401, .. }) if self.keeper.forget().await => self.websocket(&path, name).await,
            opened => opened,
        }
    }

    /// What the serial line of a running machine said last, so many lines; nothing where the cluster keeps none.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub async fn serial_log(&self, (namespace, name): &Key, lines: usize) -> Result<Bytes, Error> {
        let pods = format!("/api/v1/namespaces/{}/pods", segment(namespace));
        let label = format!("kubevirt.io%3Dvirt-launcher%2Cvm.kubevirt.io%2Fname%3D{}", segment(name));
        let answer = self.send(Method::GET, &format!("{pods}?labelSelector={label}&limit=50"), None).await?;
        let json = self.checked(answer).await?;
        let list: Pods = serde_json::from_slice(&json).map_err(|error| self.senseless(&error))?;
        let runs = |pod: &&Pod| pod.status.phase == "Running";
        let Some(pod) = list.items.iter().find(runs) else { return Ok(Bytes::new()) };
        let pod = segment(&pod.metadata.name);
        let path = format!("{pods}/{pod}/log?container={SERIAL_LOG}&tailLines={lines}&limitBytes={LARGEST_LOG}");
        let answer = self.send(Method::GET, &path, None).await?;
        // Without such a container nothing is kept.
        if answer.status == StatusCode::BAD_REQUEST || answer.status == StatusCode::NOT_FOUND {
            return Ok(Bytes::new());
        }
        self.checked(answer).await
    }

    /// Everything of one kind, page by page.
    async fn list<K: Kind>(&self, namespace: Option<&str>) -> Result<Listed<<K::Object as Object>::Out>, Error> {
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
    async fn watch<K: Kind>(
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

    /// Sends a request; once more where what lets us in may have changed.
    async fn send(&self, method: Method, path: &str, body: Option<&'static str>) -> Result<Answer, Error> {
        // What lets us in has a time of its own: while a plugin takes it, the API was not asked.
        let once = |method| async {
            let pass = self.keeper.pass().await?;
            timeout(self.within, self.send_once(pass, method, path, body))
                .await
                .unwrap_or_else(|_| Err(self.late(self.within)))
        };
        let answer = once(method.clone()).await?;
        if answer.status == StatusCode::UNAUTHORIZED && self.keeper.forget().await {
            return once(method).await;
        }
        Ok(answer)
    }

    /// Nothing was said for so long.
    fn late(&self, after: Duration) -> Error {
        Error::NoAnswer { server: self.server(), after }
    }

    /// Sends a request on a connection of its own.
    async fn send_once(
        &self,
        pass: Pass,
        method: Method,
        path: &str,
        body: Option<&'static str>,
    ) -> Result<Answer, Error> {
        let stream = self.connect(&pass).await?;
        let lost = |error: hyper::Error| Error::Unreachable { server: self.server(), source: error.into() };
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            // What goes wrong on it is told to whoever reads the answer.
            let _ = connection.await;
        });
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.cluster.path));
        if let Some(headers) = request.headers_mut() {
            headers.extend(pass.headers);
            headers.insert(header::HOST, self.host());
            headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::USER_AGENT, HeaderValue::from_static("noctui"));
        }
        let request = request.body(Full::new(Bytes::from_static(body.unwrap_or_default().as_bytes())));
        let request = request.map_err(|error| self.senseless(&error))?;
        let response = sender.send_request(request).await.map_err(lost)?;
        Ok(Answer { status: response.status(), body: response.into_body(), _connection: carrying })
    }

    /// Opens a websocket.
    async fn websocket(&self, path: &str, machine: &str) -> Result<Link, Error> {
        let pass = self.keeper.pass().await?;
        let opened = timeout(self.within, self.upgrade(pass, path, machine)).await;
        opened.unwrap_or_else(|_| Err(self.late(self.within)))
    }

    /// The same, for as long as it takes.
    async fn upgrade(&self, pass: Pass, path: &str, machine: &str) -> Result<Link, Error> {
        let stream = self.connect(&pass).await?;
        let scheme = if self.cluster.is_tls { "wss" } else { "ws" };
        let address = format!("{scheme}://{}{}{path}", self.cluster.endpoint, self.cluster.path);
        let mut request = address.into_client_request().map_err(|error| link::senseless(machine, &error))?;
        // No subprotocol: the API takes none for one, and names none then.
        request.headers_mut().extend(pass.headers);
        link::upgrade(stream, request, &self.cluster.endpoint, machine).await
    }

    /// A connection to the API.
    async fn connect(&self, pass: &Pass) -> Result<Box<dyn Carrier>, Error> {
        let cluster = &self.cluster;
        let name = cluster.server_name.as_deref().unwrap_or(&cluster.endpoint.host);
        let through = cluster.proxy.as_ref().map_or(Through::Surroundings, Through::Proxy);
        let way = Way { endpoint: &cluster.endpoint, tls: pass.tls.as_ref().map(|tls| (tls, name)), through };
        // Whose certificate it may be stands elsewhere than for proxies, and so does the name that is looked for in it.
        dial::connect(way).await.map_err(|error| {
            let Error::Untrusted { server, source } = error else { return error };
            let is_other_name = source.to_string().contains("name in the address");
            match cluster.server_name.clone().filter(|_| is_other_name) {
                Some(name) => Error::OtherServerName { server, name },
                None => Error::UntrustedCluster { server, source },
            }
        })
    }

    /// The body of an answer that is none of the API's noes.
    async fn checked(&self, answer: Answer) -> Result<Bytes, Error> {
        let Answer { status, body, _connection } = answer;
        let server = || self.server();
        let body = http_body_util::Limited::new(body, LARGEST).collect();
        let body = timeout(BODY_WITHIN, body).await.map_err(|_| self.late(BODY_WITHIN))?;
        let body = body.map_err(|error| Error::Unreachable { server: server(), source: error })?.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        let unsaid = || status.canonical_reason().unwrap_or("no reason").to_owned();
        let message = status::message(&body).unwrap_or_else(unsaid);
        Err(Error::Api { server: server(), status: status.as_u16(), message })
    }

    /// Host and port.
    fn server(&self) -> String {
        self.cluster.endpoint.to_string()
    }

    /// The same as a header.
    fn host(&self) -> HeaderValue {
        HeaderValue::try_from(self.server()).unwrap_or(HeaderValue::from_static("localhost"))
    }

    /// What came is not what the API says.
    fn senseless(&self, why: &dyn std::fmt::Display) -> Error {
        Error::NoKubeVirt { server: self.server(), why: clean_line(&why.to_string()) }
    }
}

/// The pods of a machine.
#[derive(serde::Deserialize)]
struct Pods {
    #[serde(default = "Vec::new")]
    items: Vec<Pod>,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Pod {
    metadata: PodMetadata,
    status: PodStatus,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct PodMetadata {
    name: String,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct PodStatus {
    phase: String,
}

/// The path of everything of one kind.
fn path_of<K: Kind>(namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("/apis/kubevirt.io/v1/namespaces/{}/{}", segment(namespace), K::PLURAL),
        None => format!("/apis/kubevirt.io/v1/{}", K::PLURAL),
    }
}

/// A name as part of a path or query: what is not plain is escaped, byte by byte (RFC 3986).
fn segment(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
