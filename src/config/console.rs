//! `[console]`: where consoles of machines are reached, and `[vmcp]`: definitions of machines that are signed here.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::problem::{At, Origin, Problem};
use super::reader::Section;
use super::resolve::{Layers, value};
use super::secret::{Keys, SecretSection, leaf};
use super::value::{EscapeKey, Kind, KubeContext, List, MachineName, Name, Pictures, ProxyUrl, WrittenPath};
use crate::secret::SecretFrom;
use crate::tls::Trust;

/// The variable with the token of every websocket proxy, whatever the file says.
pub const CONSOLE_TOKEN_VARIABLE: &str = super::resolve::CONSOLE_TOKEN;
/// The variable with the key that signs tokens.
pub const CONSOLE_KEY_VARIABLE: &str = super::resolve::CONSOLE_KEY;

/// Where the token of a proxy may be kept.
const TOKEN: Keys = Keys {
    what: "a token",
    variable: "console.proxy.token_env",
    file: "console.proxy.token_file",
    command: "console.proxy.token_command",
    keyring: "console.proxy.token_keyring",
    usual: Some("console.proxy.token_env"),
};
/// Where the key that signs tokens may be kept.
const KEY: Keys = Keys {
    what: "a key",
    variable: "console.proxy.key_env",
    file: "console.proxy.key_file",
    command: "console.proxy.key_command",
    keyring: "console.proxy.key_keyring",
    usual: None,
};

/// A websocket proxy in front of machines' consoles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleProxy {
    /// Shown wherever it could be mistaken for another; unique.
    pub name: String,
    /// Where serial lines are.
    pub serial: Option<ProxyUrl>,
    /// Where screens are. One of the two is there.
    pub screen: Option<ProxyUrl>,
    /// The machines that are known to be behind it; those of the token where there is none.
    pub machines: Vec<MachineName>,
    /// The namespace of the machines, which tokens that are made here name.
    pub namespace: Option<MachineName>,
    /// What lets us in.
    pub access: Access,
    /// Whose certificates are trusted.
    pub trust: Trust,
}

/// The cluster whose machines are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleCluster {
    /// The kubeconfig; `None` is the cluster around this pod.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; the current one where nothing is said.
    pub context: Option<String>,
    /// The namespace; that of the context where nothing is said.
    pub namespace: Option<MachineName>,
    /// Whether the machines of all namespaces are shown.
    pub all_namespaces: bool,
    /// What is at stake there.
    pub kind: Kind,
    /// Whether nothing is started or stopped there.
    pub read_only: bool,
}

/// What a websocket proxy lets us in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// A token that somebody gave us.
    Token(SecretFrom),
    /// The key that tokens are signed with: they are made here when they are needed.
    Key(SecretFrom),
}

/// Definitions of machines that are signed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vmcp {
    /// The folder of definitions, which need not exist.
    pub dir: PathBuf,
    /// The private key; none signs nothing.
    pub key_file: Option<PathBuf>,
    /// Where `noctui vmcp serve` listens.
    pub listen: SocketAddr,
}

/// `[console]` as written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ConsoleSection {
    /// `kubeconfig`
    kubeconfig: Option<At<WrittenPath>>,
    /// `in_cluster`
    in_cluster: Option<At<bool>>,
    /// `kube_context`
    kube_context: Option<At<KubeContext>>,
    /// `namespace`
    namespace: Option<At<MachineName>>,
    /// `all_namespaces`
    all_namespaces: Option<At<bool>>,
    /// `kind`
    kind: Option<At<Kind>>,
    /// `read_only`
    read_only: Option<At<bool>>,
    /// `pictures`
    pub(super) pictures: Option<At<Pictures>>,
    /// `escape`
    pub(super) escape: Option<At<EscapeKey>>,
    /// `[[console.proxy]]`
    pub(super) proxies: Vec<ProxySection>,
}

/// One `[[console.proxy]]`. What it requires is `None` only where that was reported as a problem.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProxySection {
    /// Where it begins.
    origin: Origin,
    /// `name`, required
    name: Option<At<Name>>,
    /// `serial`
    serial: Option<At<ProxyUrl>>,
    /// `screen`
    screen: Option<At<ProxyUrl>>,
    /// `machines`
    machines: Option<At<List<MachineName>>>,
    /// `namespace`
    namespace: Option<At<MachineName>>,
    /// `token_env`, `token_file`, `token_command`, `token_keyring`
    token: SecretSection,
    /// `key_env`, `key_file`, `key_command`, `key_keyring`
    key: SecretSection,
    /// `ca_file`
    ca_file: Option<At<WrittenPath>>,
}

/// `[vmcp]` as written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct VmcpSection {
    /// `dir`
    dir: Option<At<WrittenPath>>,
    /// `key_file`
    key_file: Option<At<WrittenPath>>,
    /// `listen`
    listen: Option<At<SocketAddr>>,
}

/// Reads `[console]`.
pub(super) fn read(mut section: Section<'_, '_>) -> ConsoleSection {
    let console = ConsoleSection {
        kubeconfig: section.read("kubeconfig"),
        in_cluster: section.read_instead("in_cluster"),
        kube_context: section.read("kube_context"),
        namespace: section.read("namespace"),
        all_namespaces: section.read("all_namespaces"),
        kind: section.read("kind"),
        read_only: section.read("read_only"),
        pictures: section.read("pictures"),
        escape: section.read("escape"),
        proxies: section.sections("proxy").into_iter().map(read_proxy).collect(),
    };
    section.finish();
    console
}

/// Reads one `[[console.proxy]]`.
fn read_proxy(mut section: Section<'_, '_>) -> ProxySection {
    let proxy = ProxySection {
        origin: section.origin(),
        name: section.require("name"),
        serial: section.read("serial"),
        screen: section.read("screen"),
        machines: section.read("machines"),
        namespace: section.read("namespace"),
        token: SecretSection::read(&mut section, &TOKEN),
        key: SecretSection::read(&mut section, &KEY),
        ca_file: section.read("ca_file"),
    };
    section.finish();
    proxy
}

/// Reads `[vmcp]`.
pub(super) fn read_vmcp(mut section: Section<'_, '_>) -> VmcpSection {
    let vmcp =
        VmcpSection { dir: section.read("dir"), key_file: section.read("key_file"), listen: section.read("listen") };
    section.finish();
    vmcp
}

impl Layers<'_> {
    /// The cluster, where one is named; and the rest of the section, which is not about it.
    pub(super) fn console_cluster(&mut self, section: &mut ConsoleSection) -> Option<ConsoleCluster> {
        let kubeconfig = section.kubeconfig.take();
        let in_cluster = section.in_cluster.take();
        if let (Some(_), Some(at)) = (&kubeconfig, in_cluster.as_ref().filter(|at| at.value)) {
            self.problems.push(Problem {
                origin: at.origin.clone(),
                key: "console.in_cluster".to_owned(),
                what: "`in_cluster` cannot stand beside `kubeconfig`".to_owned(),
                because: "one cluster is shown: the one of the kubeconfig, or the one around this pod".to_owned(),
                remedy: "remove one of the two".to_owned(),
            });
        }
        let kubeconfig = kubeconfig.and_then(|at| self.expected_path("console.kubeconfig", &at, false));
        let is_around = value(in_cluster).unwrap_or(false);
        let (context, namespace) = (value(section.kube_context.take()), value(section.namespace.take()));
        let all_namespaces = value(section.all_namespaces.take()).unwrap_or(false);
        let (kind, read_only) = (value(section.kind.take()), value(section.read_only.take()).unwrap_or(false));
        (kubeconfig.is_some() || is_around).then(|| ConsoleCluster {
            kubeconfig,
            context: context.map(|KubeContext(name)| name),
            namespace,
            all_namespaces,
            kind: kind.unwrap_or(Kind::Lab),
            read_only,
        })
    }

    /// Every proxy with a name of its own and an address.
    pub(super) fn console_proxies(&mut self, sections: Vec<ProxySection>) -> Vec<ConsoleProxy> {
        let mut proxies: Vec<ConsoleProxy> = Vec::new();
        for section in sections {
            let Some((name, proxy)) = self.console_proxy(section) else { continue };
            if proxies.iter().any(|other| other.name == proxy.name) {
                self.taken("console.proxy.name", &name);
            } else {
                proxies.push(proxy);
            }
        }
        proxies
    }

    /// One proxy, and its name with its place; `None` where something it needs is missing, which was noted.
    fn console_proxy(&mut self, section: ProxySection) -> Option<(At<Name>, ConsoleProxy)> {
        let ProxySection { origin, name, serial, screen, machines, namespace, token, key, ca_file } = section;
        if serial.is_none() && screen.is_none() {
            self.problems.push(Problem {
                origin,
                key: "console.proxy".to_owned(),
                what: "`serial` and `screen` are missing from [[console.proxy]]".to_owned(),
                because: "a proxy leads to serial lines or to screens".to_owned(),
                remedy: "add `serial = …` or `screen = …` with its address".to_owned(),
            });
        }
        let access = self.access(token, key);
        let ca_file = ca_file.and_then(|ca| self.expected_path("console.proxy.ca_file", &ca, false));
        let trust = ca_file.map_or(Trust::System, Trust::File);
        let (serial, screen) = (value(serial), value(screen));
        let name = name.filter(|_| serial.is_some() || screen.is_some())?;
        let proxy = ConsoleProxy {
            name: name.value.0.clone(),
            serial,
            screen,
            machines: value(machines).map_or_else(Vec::new, |List(machines)| machines),
            namespace: value(namespace),
            access,
            trust,
        };
        Some((name, proxy))
    }

    /// The one thing that lets us in.
    fn access(&mut self, token: SecretSection, key: SecretSection) -> Access {
        let token = self.secret(&TOKEN, token);
        let key = self.secret(&KEY, key);
        match (token, key) {
            (Some((token, _)), None) => Access::Token(token),
            (None, Some((key, _))) => Access::Key(key),
            (None, None) => Access::Token(SecretFrom::Variable(CONSOLE_TOKEN_VARIABLE.to_owned())),
            (Some((token, _)), Some((key, origin))) => {
                let because = "a proxy lets us in for one token, or for those that one key signs";
                self.contradiction(&origin, KEY.of(&key), leaf(TOKEN.of(&token)), because);
                Access::Token(token)
            }
        }
    }

    /// `[vmcp]`; `config` is the configuration file.
    pub(super) fn vmcp(&mut self, section: VmcpSection, config: &Path) -> Vmcp {
        let dir = section.dir.and_then(|dir| self.expected_path("vmcp.dir", &dir, false));
        Vmcp {
            dir: dir.unwrap_or_else(|| config.parent().unwrap_or(Path::new("/")).join("vmcp")),
            key_file: section.key_file.and_then(|key| self.expected_path("vmcp.key_file", &key, true)),
            listen: value(section.listen).unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 5680))),
        }
    }
}
