//! Where a cluster is and what lets us in, from the files that `kubectl` uses, or from inside of a pod.

mod file;
#[cfg(test)]
mod tests;
mod yaml;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use self::file::File;
use super::access::{Cluster, User};
use super::exec::Exec;
use crate::config::Endpoint;
use crate::features::console::error::Error;
use crate::secret::Secret;
use crate::text::clean_line;
use crate::tls::{ClientCertificate, Trust};

/// The largest file that is read.
const LARGEST: u64 = 8 << 20;
/// Where a pod finds its account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Which part of a kubeconfig is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The context; the current one where nobody says.
    pub context: Option<String>,
    /// The namespace; that of the context where nobody says.
    pub namespace: Option<String>,
}

/// The files that `KUBECONFIG` names, else the usual one where it is there.
#[must_use]
pub fn usual_files(variable: Option<&std::ffi::OsStr>, home: Option<&Path>) -> Vec<PathBuf> {
    if let Some(variable) = variable.filter(|variable| !variable.is_empty()) {
        let named: Vec<_> = std::env::split_paths(variable).filter(|path| !path.as_os_str().is_empty()).collect();
        // As other clients do: one of several that is not there is passed over.
        let there: Vec<_> = named.iter().filter(|path| path.exists()).cloned().collect();
        return if there.is_empty() { named } else { there };
    }
    let usual = home.map(|home| home.join(".kube/config"));
    usual.into_iter().filter(|path| path.is_file()).collect()
}

/// The cluster that these files and this choice name. Of two entries with one name the first counts.
///
/// # Errors
/// Where a file cannot be read, or does not say what is needed.
pub fn load(paths: &[PathBuf], choice: &Choice) -> Result<Cluster, Error> {
    let mut whole = File::default();
    let mut folders: Vec<(PathBuf, usize, usize)> = Vec::new();
    for path in paths {
        let file = read(path)?;
        whole.current_context = whole.current_context.or(file.current_context).filter(|name| !name.is_empty());
        let (clusters, users) = (file.clusters.unwrap_or_default(), file.users.unwrap_or_default());
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        folders.push((folder, clusters.len(), users.len()));
        whole.clusters.get_or_insert_default().extend(clusters);
        whole.users.get_or_insert_default().extend(users);
        whole.contexts.get_or_insert_default().extend(file.contexts.unwrap_or_default());
    }
    let first = paths.first().cloned().unwrap_or_default();
    let bad = |why: String| Error::Kubeconfig { path: clean_line(&first.display().to_string()), why: clean_line(&why) };
    Choose { whole: &whole, folders: &folders, bad: &bad }.cluster(choice)
}

/// The cluster around this pod; `None` where there is none.
pub fn in_cluster(variable: impl Fn(&str) -> Option<String>, namespace: Option<&str>) -> Option<Cluster> {
    let host = variable("KUBERNETES_SERVICE_HOST")?;
    let port = variable("KUBERNETES_SERVICE_PORT").and_then(|port| port.parse().ok()).unwrap_or(443);
    let folder = Path::new(ACCOUNT);
    let own = || std::fs::read_to_string(folder.join("namespace")).ok().map(|name| name.trim().to_owned());
    Some(Cluster {
        name: "in-cluster".to_owned(),
        endpoint: Endpoint { host, port },
        is_tls: true,
        path: String::new(),
        trust: Trust::File(folder.join("ca.crt")),
        server_name: None,
        proxy: None,
        namespace: namespace.map(str::to_owned).or_else(own).unwrap_or_else(|| "default".to_owned()),
        user: User { token_file: Some(folder.join("token")), ..User::default() },
    })
}

/// Reads one file.
fn read(path: &Path) -> Result<File, Error> {
    let bad = |why: String| Error::Kubeconfig { path: clean_line(&path.display().to_string()), why: clean_line(&why) };
    let mut text = Zeroizing::new(String::new());
    let opened = std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    opened.map_err(|error| bad(error.to_string()))?;
    let value = yaml::read(&text).map_err(bad)?;
    if value.is_null() {
        return Ok(File::default());
    }
    serde_json::from_value(value).map_err(|error| bad(error.to_string()))
}

/// What was read, and where relative paths in it begin.
struct Choose<'a> {
    whole: &'a File,
    /// The folder of each file, and how many clusters and users it has.
    folders: &'a [(PathBuf, usize, usize)],
    bad: &'a dyn Fn(String) -> Error,
}

impl Choose<'_> {
    /// What is meant.
    fn cluster(&self, choice: &Choice) -> Result<Cluster, Error> {
        let bad = self.bad;
        let contexts = self.whole.contexts.as_deref().unwrap_or_default();
        let name = choice.context.clone().or_else(|| self.whole.current_context.clone());
        let name = name.ok_or_else(|| bad("it has no current-context".to_owned()))?;
        let known = || contexts.iter().map(|context| context.name.as_str()).collect::<Vec<_>>().join(", ");
        let context = contexts.iter().find(|context| context.name == name);
        let context = &context.ok_or_else(|| bad(format!("it has no context {name}; there is {}", known())))?.context;

        let clusters = self.whole.clusters.as_deref().unwrap_or_default();
        let wanted = context.cluster.as_deref().unwrap_or_default();
        let at = clusters.iter().position(|cluster| cluster.name == wanted);
        let at = at.ok_or_else(|| bad(format!("the context {name} names the cluster {wanted:?}, which it has not")))?;
        let cluster = clusters.get(at).map(|named| named.cluster.clone()).unwrap_or_default();
        let folder = self.folder(at, |(_, clusters, _)| *clusters);
        let server = cluster.server.as_deref().unwrap_or_default();
        let (is_tls, endpoint, path) =
            address(server).ok_or_else(|| bad(format!("the cluster {wanted} has no server that could be asked")))?;

        let trust = if cluster.insecure_skip_tls_verify {
            Trust::Anybody
        } else if let Some(data) = filled(cluster.certificate_authority_data.as_deref()) {
            let pem = self.decoded("certificate-authority-data", data)?;
            let pem = String::from_utf8(pem.to_vec());
            Trust::Given(pem.map_err(|_| bad("certificate-authority-data is no PEM".to_owned()))?.into())
        } else if let Some(path) = filled(cluster.certificate_authority.as_deref()) {
            Trust::File(folder.join(path))
        } else {
            Trust::System
        };
        let proxy = filled(cluster.proxy_url.as_deref())
            .map(|proxy| proxy.parse().map_err(|_| bad("proxy-url is no address".to_owned())))
            .transpose()?;
        let namespace = choice.namespace.as_deref().or(filled(context.namespace.as_deref())).unwrap_or("default");
        let user = match filled(context.user.as_deref()) {
            Some(user) => self.user(user, &cluster)?,
            None => User::default(),
        };
        Ok(Cluster {
            name: clean_line(&name),
            endpoint,
            is_tls,
            path,
            trust,
            server_name: filled(cluster.tls_server_name.as_deref()).map(str::to_owned),
            proxy,
            namespace: namespace.to_owned(),
            user,
        })
    }

    /// A user, with what is in its files.
    fn user(&self, name: &str, cluster: &file::Cluster) -> Result<User, Error> {
        let bad = self.bad;
        let users = self.whole.users.as_deref().unwrap_or_default();
        let at = users.iter().position(|user| user.name == name);
        let at = at.ok_or_else(|| bad(format!("a context names the user {name:?}, which it has not")))?;
        let user = users.get(at).and_then(|named| named.user.clone()).unwrap_or_default();
        let folder = self.folder(at, |(.., users)| *users);
        if user.auth_provider.is_some() {
            return Err(bad(format!(
                "the user {name} has an auth-provider, which clients do not have any more: use exec"
            )));
        }
        let part = |data: Option<&str>, path: Option<&str>, what: &str| match (filled(data), filled(path)) {
            (Some(data), _) => self.decoded(what, data).map(Some),
            (None, Some(path)) => {
                let read = std::fs::read(folder.join(path)).map(Zeroizing::new);
                read.map(Some).map_err(|error| bad(format!("{what}: {}: {error}", folder.join(path).display())))
            }
            (None, None) => Ok(None),
        };
        let chain =
            part(user.client_certificate_data.as_deref(), user.client_certificate.as_deref(), "client-certificate")?;
        let key = part(user.client_key_data.as_deref(), user.client_key.as_deref(), "client-key")?;
        let certificate = match (chain, key) {
            (Some(chain), Some(key)) => Some(Arc::new(ClientCertificate { chain: chain.as_slice().into(), key })),
            (None, None) => None,
            _ => {
                return Err(bad(format!("the user {name} has a client certificate without its key, or the key alone")));
            }
        };
        let secret = |what: &str, text: &str| Secret::read(text).map_err(|error| bad(format!("{what}: {error}")));
        let token = filled(user.token.as_deref()).map(|token| secret("token", token)).transpose()?;
        let password = match (filled(user.username.as_deref()), user.password.as_deref()) {
            (Some(user), Some(password)) => Some((user.to_owned(), Zeroizing::new(password.to_owned()))),
            _ => None,
        };
        let exec = user.exec.map(|exec| {
            // A name with a slash is a path from here, as clients have it.
            let command = if exec.command.contains('/') {
                folder.join(&exec.command).display().to_string()
            } else {
                exec.command.clone()
            };
            Arc::new(Exec {
                version: exec.api_version.unwrap_or_else(|| "client.authentication.k8s.io/v1".to_owned()),
                command,
                arguments: exec.args.unwrap_or_default(),
                variables: exec.env.unwrap_or_default().into_iter().map(|one| (one.name, one.value)).collect(),
                hint: exec.install_hint.map(|hint| clean_line(&hint)),
                cluster: exec.provide_cluster_info.then(|| {
                    serde_json::json!({
                        "server": cluster.server,
                        "certificate-authority-data": cluster.certificate_authority_data,
                        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
                        "tls-server-name": cluster.tls_server_name,
                        "proxy-url": cluster.proxy_url,
                    })
                }),
                wants_terminal: exec.interactive_mode.as_deref() == Some("Always"),
            })
        });
        let token_file = filled(user.token_file.as_deref()).map(|path| folder.join(path));
        Ok(User { token, token_file, certificate, password, exec, acts_as: user.acts_as })
    }

    /// The folder of the file that has the entry at this place.
    fn folder(&self, at: usize, many: impl Fn(&(PathBuf, usize, usize)) -> usize) -> &Path {
        let mut left = at;
        for entry in self.folders {
            match left.checked_sub(many(entry)) {
                Some(rest) => left = rest,
                None => return &entry.0,
            }
        }
        Path::new("/")
    }

    /// What was written in base64.
    fn decoded(&self, what: &str, data: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let data: Zeroizing<String> = Zeroizing::new(data.split_whitespace().collect());
        let decoded = STANDARD.decode(data.as_bytes()).map(Zeroizing::new);
        decoded.map_err(|_| (self.bad)(format!("{what} is not base64")))
    }
}

/// What is written, if it is more than nothing.
fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Whether there is TLS, the server, and the path in front of all others.
fn address(text: &str) -> Option<(bool, Endpoint, String)> {
    let uri: http::Uri = text.parse().ok()?;
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return None,
    };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    Some((is_tls, Endpoint { host, port }, uri.path().trim_end_matches('/').to_owned()))
}
