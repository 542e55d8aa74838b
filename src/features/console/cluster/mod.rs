//! Virtual machines of a cluster: KubeVirt's API (`kubevirt.io/v1`, written for 1.x), as its own clients use it.
//!
//! What is spoken is plain HTTP/1.1 with JSON, and websockets for consoles; a connection is opened for each request, which are
//! few. `kubeconfig` says where the cluster is and what lets us in, `access` keeps that, `api` asks, `wire` reads what comes.

mod access;
pub mod api;
mod exec;
pub mod kubeconfig;
mod listing;
pub mod model;
mod power;
pub(super) mod status;
#[cfg(test)]
mod tests;
mod wire;

use crate::config::ConsoleCluster;
use crate::features::console::error::Error;

pub use self::access::{Cluster, User};
pub use self::api::{Api, Told, Which};
pub use self::listing::Found;

/// The cluster that the configuration names. Blocks while files are read.
///
/// # Errors
/// Where it cannot be made out.
pub fn configured(config: &ConsoleCluster) -> Result<Cluster, Error> {
    let namespace = config.namespace.as_ref().map(ToString::to_string);
    match &config.kubeconfig {
        Some(path) => {
            let choice = kubeconfig::Choice { context: config.context.clone(), namespace };
            kubeconfig::load(std::slice::from_ref(path), &choice)
        }
        None => kubeconfig::in_cluster(|name| std::env::var(name).ok(), namespace.as_deref()).ok_or_else(|| {
            let why = "KUBERNETES_SERVICE_HOST is not set: this is no pod".to_owned();
            Error::Kubeconfig { path: "of the pod".to_owned(), why }
        }),
    }
}
