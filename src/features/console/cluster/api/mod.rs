//! One function for each call to the API (`kubevirt.io/v1`, `subresources.kubevirt.io/v1`, and the core API's logs).

mod send;
mod watch;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

use self::watch::Kind as _;
pub use self::watch::{Listed, Told};
use super::access::{Cluster, Keeper};
use super::model::{Action, Definition, Instance, Key};
use crate::features::console::error::Error;
use crate::features::console::link::Link;

/// How long the way to the head of an answer may take.
const WITHIN: Duration = Duration::from_secs(15);
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

/// The API of a cluster. Clones share what lets them in.
#[derive(Debug, Clone)]
pub struct Api {
    cluster: Arc<Cluster>,
    keeper: Keeper,
    /// How long the way to the head of an answer may take.
    within: Duration,
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
