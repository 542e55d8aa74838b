//! Which proxy a subcommand goes through, and what lets it in.

use std::path::{Path, PathBuf};

use crate::clock;
use crate::config::{Access, Config, ConsoleCluster, ConsoleProxy, Kind, MachineName, ProxyUrl};
use crate::features::console::access::Pass;
use crate::features::console::cluster::{self, Api, Cluster, Which, kubeconfig};
use crate::features::console::error::Error;
use crate::features::console::link::{self, Link, Route};
use crate::output;
use crate::secret::SecretFrom;
use crate::tls::Trust;
use crate::trouble::Trouble;

/// What `-` stands for.
const STANDARD_INPUT: &str = "/dev/stdin";

/// The flags that say what lets us in.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AccessArgs {
    /// Use this proxy of the configuration.
    #[arg(long, value_name = "NAME")]
    pub(super) proxy: Option<String>,
    /// Take the token from this file; `-` is standard input.
    #[arg(long, value_name = "PATH", conflicts_with = "key_file")]
    pub(super) token_file: Option<PathBuf>,
    /// Make tokens with the key in this file, with which the proxy checks them.
    #[arg(long, value_name = "PATH")]
    pub(super) key_file: Option<PathBuf>,
    /// The namespace of the machines: in the cluster, and in tokens that are made.
    #[arg(long, value_name = "NAME")]
    pub(super) namespace: Option<MachineName>,
}

/// The flags that say where a console is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RouteArgs {
    /// The machine.
    #[arg(value_name = "VM")]
    pub(super) machine: MachineName,
    /// Go through the proxy at this address, which stands before the token.
    #[arg(long, value_name = "URL", conflicts_with = "proxy")]
    url: Option<ProxyUrl>,
    /// What lets us in.
    #[command(flatten)]
    access: AccessArgs,
    /// Trust the authorities in this PEM file, and no others, at a proxy.
    #[arg(long, value_name = "PATH")]
    ca_file: Option<PathBuf>,
    /// Go through the API of the cluster of this kubeconfig; without a proxy through that of the configuration, of KUBECONFIG
    /// or the usual one.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["url", "proxy", "token_file", "key_file"])]
    kubeconfig: Option<PathBuf>,
    /// Take this context of the kubeconfig.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["url", "proxy", "token_file", "key_file"])]
    kube_context: Option<String>,
}

/// The flags that say which cluster is meant.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ClusterArgs {
    /// Take this kubeconfig; that of the configuration, of KUBECONFIG or the usual one unless said.
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<PathBuf>,
    /// Take this context of the kubeconfig; its current one unless said or configured.
    #[arg(long, value_name = "NAME")]
    kube_context: Option<String>,
    /// The namespace of the machines.
    #[arg(short = 'n', long, value_name = "NAME")]
    namespace: Option<MachineName>,
}

impl ClusterArgs {
    /// The cluster that is meant: of the flags, else of the configuration, else as other programs find it.
    pub(super) fn find(&self, config: &Config) -> Result<Option<Cluster>, Error> {
        find(self.kubeconfig.as_deref(), self.kube_context.as_deref(), self.namespace.as_ref(), config)
    }

    /// Whether the configuration wants the machines of all namespaces, and nobody says otherwise.
    pub(super) fn is_everywhere(&self, config: &Config) -> bool {
        let is_configured = self.kubeconfig.is_none() && self.namespace.is_none();
        is_configured && config.console.as_ref().is_some_and(|cluster| cluster.all_namespaces)
    }
}

/// The cluster that is meant.
fn find(
    kubeconfig: Option<&Path>,
    context: Option<&str>,
    namespace: Option<&MachineName>,
    config: &Config,
) -> Result<Option<Cluster>, Error> {
    let own = || ConsoleCluster {
        kubeconfig: None,
        context: None,
        namespace: None,
        all_namespaces: false,
        kind: Kind::Lab,
        read_only: false,
    };
    let with = |cluster: ConsoleCluster| ConsoleCluster {
        context: context.map(str::to_owned).or(cluster.context),
        namespace: namespace.cloned().or(cluster.namespace),
        ..cluster
    };
    if let Some(path) = kubeconfig {
        return cluster::configured(&with(ConsoleCluster { kubeconfig: Some(path.to_owned()), ..own() })).map(Some);
    }
    if let Some(configured) = &config.console {
        return cluster::configured(&with(configured.clone())).map(Some);
    }
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let files = kubeconfig::usual_files(std::env::var_os("KUBECONFIG").as_deref(), home.as_deref());
    let namespace = namespace.map(ToString::to_string);
    if files.is_empty() {
        return Ok(kubeconfig::in_cluster(|name| std::env::var(name).ok(), namespace.as_deref()));
    }
    kubeconfig::load(&files, &kubeconfig::Choice { context: context.map(str::to_owned), namespace }).map(Some)
}

/// What of a machine is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Console {
    /// Its serial line.
    Serial,
    /// Its screen.
    Screen,
}

/// The way to one console.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// The machine.
    pub(super) machine: MachineName,
    /// What leads there.
    by: By,
}

/// What leads to a console.
#[derive(Debug, Clone)]
enum By {
    /// A proxy, and what lets us in.
    Proxy(Box<Route>, Pass),
    /// The API of a cluster: the namespace, and which console.
    Cluster(Api, String, Console),
}

impl AccessArgs {
    /// The configured proxy that is meant: the one that is named, else the only one that `fits`.
    pub(super) fn configured<'c>(
        &self,
        config: &'c Config,
        fits: impl Fn(&ConsoleProxy) -> bool,
    ) -> Result<Option<&'c ConsoleProxy>, Trouble> {
        let known = || config.console_proxies.iter().map(|proxy| proxy.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(name) = &self.proxy else {
            let mut fitting = config.console_proxies.iter().filter(|proxy| fits(proxy));
            return match (fitting.next(), fitting.next()) {
                (Some(_), Some(_)) => Err(Trouble::new("it is not said which proxy is meant")
                    .to_do(&format!("name it with --proxy: the configuration has {}", known()))),
                (only, _) => Ok(only),
            };
        };
        let found = config.console_proxies.iter().find(|proxy| proxy.name == *name);
        let known = if config.console_proxies.is_empty() { "none".to_owned() } else { known() };
        let unknown = || {
            Trouble::new(&format!("there is no proxy {name} in the configuration")).to_do(&format!("it has {known}"))
        };
        found.map(Some).ok_or_else(unknown)
    }

    /// What lets us in: of the flags, else of the variables, else of the proxy.
    pub(super) fn pass(&self, proxy: Option<&ConsoleProxy>, called: String, config: &Config) -> Pass {
        let access = match (&self.token_file, &self.key_file) {
            (Some(path), _) => Access::Token(SecretFrom::File(file(path))),
            (None, Some(path)) => Access::Key(SecretFrom::File(file(path))),
            (None, None) => Pass::over(|name| std::env::var_os(name), proxy.map(|proxy| &proxy.access)),
        };
        let namespace = self.namespace.clone().or_else(|| proxy.and_then(|proxy| proxy.namespace.clone()));
        Pass { proxy: called, access, namespace, user: config.who.clone() }
    }
}

/// The file that is meant; `-` is standard input.
fn file(path: &std::path::Path) -> PathBuf {
    if path == Path::new("-") { PathBuf::from(STANDARD_INPUT) } else { path.to_owned() }
}

impl RouteArgs {
    /// The way to the console of the machine.
    pub(super) fn way(&self, console: Console, config: &Config) -> Result<Way, Trouble> {
        let of = |proxy: &ConsoleProxy| match console {
            Console::Serial => proxy.serial.clone(),
            Console::Screen => proxy.screen.clone(),
        };
        let what = match console {
            Console::Serial => "serial",
            Console::Screen => "screen",
        };
        // Whoever names a proxy, or what lets in at one, means a proxy.
        let is_proxy = self.url.is_some()
            || self.access.proxy.is_some()
            || self.access.token_file.is_some()
            || self.access.key_file.is_some()
            || config.console_proxies.iter().any(|proxy| proxy.machines.contains(&self.machine));
        let is_cluster = self.kubeconfig.is_some() || self.kube_context.is_some() || config.console.is_some();
        if !is_proxy && (is_cluster || config.console_proxies.is_empty()) {
            let (file, context) = (self.kubeconfig.as_deref(), self.kube_context.as_deref());
            let found =
                find(file, context, self.access.namespace.as_ref(), config).map_err(|error| Trouble::of(&error))?;
            if let Some(cluster) = found {
                let namespace = cluster.namespace.clone();
                let by = By::Cluster(Api::new(cluster), namespace, console);
                return Ok(Way { machine: self.machine.clone(), by });
            }
        }
        let knows = |proxy: &ConsoleProxy| proxy.machines.is_empty() || proxy.machines.contains(&self.machine);
        let configured = match &self.url {
            // What is configured of an address holds for it however it is named.
            Some(url) => config.console_proxies.iter().find(|proxy| of(proxy).as_ref() == Some(url)),
            None => self.access.configured(config, |proxy| of(proxy).is_some() && knows(proxy))?,
        };
        let url = self.url.clone().or_else(|| configured.and_then(of));
        let nowhere = || {
            let remedy = match configured {
                Some(proxy) => format!("add `{what} = …` to the [[console.proxy]] {}, or say --url", proxy.name),
                None => {
                    "name a kubeconfig with --kubeconfig, KUBECONFIG or [console], or a proxy with --url or [[console.proxy]]"
                        .to_owned()
                }
            };
            Trouble::new(&format!("it is not said where the {what} of {} is", self.machine)).to_do(&remedy)
        };
        let url = url.ok_or_else(nowhere)?;
        let trust = self.ca_file.clone().map(Trust::File);
        let trust = trust.or_else(|| configured.map(|proxy| proxy.trust.clone())).unwrap_or_default();
        let called = configured.map_or_else(|| url.endpoint.to_string(), |proxy| proxy.name.clone());
        let pass = self.access.pass(configured, called, config);
        Ok(Way { machine: self.machine.clone(), by: By::Proxy(Box::new(Route { url, trust }), pass) })
    }
}

impl Way {
    /// Opens the console.
    pub(super) async fn open(&self) -> Result<Link, Error> {
        let (route, pass) = match &self.by {
            By::Proxy(route, pass) => (route, pass),
            By::Cluster(api, namespace, console) => {
                let which = match console {
                    Console::Serial => Which::Serial,
                    Console::Screen => Which::Screen,
                };
                return api.console(&(namespace.clone(), self.machine.to_string()), which, false).await;
            }
        };
        let ticket = pass.ticket(&self.machine, clock::now()).await?;
        if let Some(warning) = ticket.warning {
            output::complain(&format!("noctui: warning: {warning}"));
        }
        link::open(route, &ticket.token, &self.machine).await
    }

    /// Looks whether there is such a console, before anybody waits for it.
    ///
    /// Whoever may not list machines is not kept from their consoles by that.
    pub(super) async fn check(&self) -> Result<(), Trouble> {
        let (api, namespace, console) = match &self.by {
            By::Cluster(api, namespace, console) => (api, namespace, *console),
            By::Proxy(_, pass) => {
                // What comes from there can be read once.
                let is_standard_input = |from: &SecretFrom| *from == SecretFrom::File(PathBuf::from(STANDARD_INPUT));
                if matches!(&pass.access, Access::Token(from) | Access::Key(from) if is_standard_input(from)) {
                    return Ok(());
                }
                let ticket = pass.ticket(&self.machine, clock::now()).await;
                return ticket.map(drop).map_err(|error| Trouble::of(&error));
            }
        };
        let found = match api.machines(Some(namespace.as_str())).await {
            Err(Error::Api { status: 403, .. }) => return Ok(()),
            found => found.map_err(|error| Trouble::of(&error))?,
        };
        if found.hidden.is_some() {
            return Ok(());
        }
        let vms = found.vms();
        let name = self.machine.as_str();
        let Some(vm) = vms.iter().find(|vm| vm.name == name) else {
            let what = format!("there is no machine {name} in the namespace {namespace}");
            return Err(Trouble::new(&what).to_do("see `noctui console list --all-namespaces` for what there is"));
        };
        let (objection, is_without) = match console {
            Console::Serial => (vm.no_serial(), !vm.devices().serial),
            Console::Screen => (vm.no_screen(), !vm.devices().screen),
        };
        let Some(why) = objection else { return Ok(()) };
        let remedy = match console {
            Console::Serial if is_without => {
                "look at its screen with `noctui console screenshot`, or open a port for a viewer with `noctui console tunnel`"
                    .to_owned()
            }
            Console::Screen if is_without => "attach to its serial line with `noctui console attach`".to_owned(),
            Console::Serial | Console::Screen => format!("`noctui console start {name}` starts one that is stopped"),
        };
        // The other one is as far away while it does not run.
        let starts = (is_without && !vm.is_running()).then(|| format!(" once it runs: `noctui console start {name}`"));
        let remedy = remedy + starts.as_deref().unwrap_or_default();
        Err(Trouble::new(&why).to_do(&remedy))
    }

    /// Opens the console. Where the cluster refuses, what is known of the machine says more than its words.
    pub(super) async fn opened(&self) -> Result<Link, Trouble> {
        match self.open().await {
            Ok(link) => Ok(link),
            Err(error @ Error::Api { status: 400 | 404 | 409, .. }) => {
                self.check().await?;
                Err(Trouble::of(&error))
            }
            Err(error) => Err(Trouble::of(&error)),
        }
    }

    /// Why nothing may be typed at the machine; `None` where it may.
    pub(super) fn no_typing(&self, config: &Config) -> Option<String> {
        let cluster = config.console.as_ref().filter(|_| matches!(self.by, By::Cluster(..)));
        config.refuses_writes_to_cluster(cluster, config.context.as_ref())
    }

    /// Says what should be known before anything is sent.
    pub(super) fn warn(&self) {
        let (is_tls, endpoint) = match &self.by {
            By::Proxy(route, _) => (route.url.tls, &route.url.endpoint),
            By::Cluster(api, ..) => (api.cluster().is_tls, &api.cluster().endpoint),
        };
        if let By::Cluster(api, ..) = &self.by
            && api.cluster().trust == Trust::Anybody
        {
            output::complain(&format!("noctui: warning: the certificate of {endpoint} is not checked"));
        }
        if !is_tls && !endpoint.is_here() {
            output::complain(
                "noctui: warning: it goes without TLS: whoever is in between sees the token and all that is typed",
            );
        }
    }
}
