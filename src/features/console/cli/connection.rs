//! Which proxy a subcommand goes through, and what lets it in.

use std::path::PathBuf;

use crate::clock;
use crate::config::{Access, Config, ConsoleProxy, MachineName, ProxyUrl};
use crate::features::console::access::Pass;
use crate::features::console::error::Error;
use crate::features::console::link::{self, Link, Route};
use crate::output;
use crate::secret::SecretFrom;
use crate::tls::Trust;
use crate::trouble::Trouble;

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
    /// The namespace of the machines, for tokens that are made.
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
    /// Trust the authorities in this PEM file, and no others.
    #[arg(long, value_name = "PATH")]
    ca_file: Option<PathBuf>,
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
    /// The proxy.
    route: Route,
    /// What lets us in.
    pass: Pass,
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
    if path == std::path::Path::new("-") { PathBuf::from("/dev/stdin") } else { path.to_owned() }
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
                    "name the proxy's address with --url, or with [[console.proxy]] in the configuration".to_owned()
                }
            };
            Trouble::new(&format!("it is not said where the {what} of {} is", self.machine)).to_do(&remedy)
        };
        let url = url.ok_or_else(nowhere)?;
        let ca_file = self.ca_file.clone().or_else(|| configured.and_then(|proxy| proxy.ca_file.clone()));
        let called = configured.map_or_else(|| url.endpoint.to_string(), |proxy| proxy.name.clone());
        let pass = self.access.pass(configured, called, config);
        let trust = ca_file.map_or(Trust::System, Trust::File);
        Ok(Way { machine: self.machine.clone(), route: Route { url, trust }, pass })
    }
}

impl Way {
    /// Opens the console.
    pub(super) async fn open(&self) -> Result<Link, Error> {
        let ticket = self.pass.ticket(&self.machine, clock::now()).await?;
        if let Some(warning) = ticket.warning {
            output::complain(&format!("noctui: warning: {warning}"));
        }
        link::open(&self.route, &ticket.token, &self.machine).await
    }

    /// Says what should be known before anything is sent.
    pub(super) fn warn(&self) {
        let host = &self.route.url.endpoint.host;
        let is_here = host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        if !self.route.url.tls && !is_here {
            output::complain(
                "noctui: warning: it goes without TLS: whoever is in between sees the token and all that is typed",
            );
        }
    }
}
