//! `noctui console list`, and what changes machines: `start`, `stop`, `restart`, `pause`, `unpause`.

use std::process::ExitCode;

use serde::Serialize;

use super::connection::ClusterArgs;
use crate::clock;
use crate::config::{Access, Config, ConsoleProxy};
use crate::confirm::Meant;
use crate::features::console::access::Pass;
use crate::features::console::cluster::Api;
use crate::features::console::cluster::model::{Action, Condition, Interface, Vm};
use crate::features::console::model::{Grant, Proxied, left_out, proxied};
use crate::output;
use crate::table::Table;
use crate::trouble::Trouble;

/// What was typed after `console list`.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Which cluster.
    #[command(flatten)]
    cluster: ClusterArgs,
    /// The machines of all namespaces.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What was typed after `console start` and the others.
#[derive(Debug, clap::Args)]
pub(crate) struct ActArgs {
    /// The machine.
    #[arg(value_name = "VM")]
    machine: crate::config::MachineName,
    /// Start, stop, restart or pause it although it belongs to production; the name says that this one is meant.
    #[arg(long, value_name = "VM")]
    confirm: Option<String>,
    /// Which cluster.
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A machine in JSON.
#[derive(Serialize)]
struct Json<'a> {
    name: &'a str,
    namespace: &'a str,
    /// The cluster's context, or the proxy.
    from: &'a str,
    kind: &'static str,
    state: Option<&'a str>,
    being: Option<crate::features::console::cluster::model::Being>,
    node: Option<&'a str>,
    addresses: Vec<&'a str>,
    interfaces: &'a [Interface],
    created: Option<String>,
    running_since: Option<String>,
    guest: Option<&'a str>,
    strategy: Option<&'a str>,
    conditions: Vec<&'a Condition>,
    serial: Can,
    screen: Can,
    token_expires: Option<String>,
}

/// Whether a console can be opened, and why not.
#[derive(Serialize)]
struct Can {
    possible: bool,
    why: Option<String>,
}

impl Can {
    /// What an objection says.
    fn of(why: Option<String>) -> Self {
        Self { possible: why.is_none(), why }
    }
}

/// A time as it is told in JSON.
fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// `noctui console list`
pub(super) fn list(args: &ListArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let cluster = args.cluster.find(config).map_err(|error| Trouble::of(&error))?;
        if cluster.is_none() && config.console_proxies.is_empty() {
            return Err(nowhere().into());
        }
        let (mut vms, mut failed) = (Vec::new(), false);
        let mut name = String::new();
        if let Some(cluster) = cluster {
            let everywhere = args.all_namespaces || args.cluster.is_everywhere(config);
            let namespace = (!everywhere).then(|| cluster.namespace.clone());
            name.clone_from(&cluster.name);
            let api = Api::new(cluster);
            let found = api.machines(namespace.as_deref()).await.map_err(|error| Trouble::of(&error))?;
            if let Some(hidden) = &found.hidden {
                failed = true;
                output::complain(&format!("noctui: {hidden}"));
            }
            vms = found.vms();
        }
        let mut rows = Vec::new();
        for proxy in &config.console_proxies {
            match behind(proxy, config).await {
                Ok(mut found) => rows.append(&mut found),
                Err(trouble) => {
                    failed = true;
                    output::complain(&format!("noctui: {trouble}"));
                }
            }
        }
        if args.json {
            print_json(&vms, &rows, &name)?;
        } else {
            output::print(&table(&vms, &rows))?;
        }
        Ok(if failed { ExitCode::from(output::EXIT_FAILED) } else { ExitCode::SUCCESS })
    })
}

/// The machines behind a proxy, as far as its token tells.
async fn behind(proxy: &ConsoleProxy, config: &Config) -> Result<Vec<Proxied>, Trouble> {
    let access = Pass::over(|name| std::env::var_os(name), Some(&proxy.access));
    let pass = Pass { proxy: proxy.name.clone(), access, namespace: proxy.namespace.clone(), user: config.who.clone() };
    let proxy = ConsoleProxy { access: pass.access.clone(), ..proxy.clone() };
    let token = match &pass.access {
        Access::Key(_) => None,
        Access::Token(from) => {
            let ticket = pass.kept(from).await.map_err(|error| Trouble::of(&error))?;
            if let Some(warning) = ticket.warning {
                output::complain(&format!("noctui: warning: {warning}"));
            }
            if let Some(trouble) = left_out(&proxy, &ticket.token) {
                output::complain(&format!("noctui: warning: {}", trouble.one_line()));
            }
            Some(ticket.token)
        }
    };
    Ok(proxied(&proxy, Ok(token.as_ref()), clock::now()))
}

/// Prints an array of all of them.
fn print_json(vms: &[Vm], rows: &[Proxied], name: &str) -> std::io::Result<()> {
    let now = clock::now();
    let of_cluster = vms.iter().map(|vm| {
        let instance = vm.instance.as_ref();
        Json {
            name: &vm.name,
            namespace: &vm.namespace,
            from: name,
            kind: "cluster",
            state: Some(vm.state()),
            being: Some(vm.being()),
            node: instance.and_then(|instance| instance.node.as_deref()),
            addresses: vm.addresses(),
            interfaces: instance.map_or(&[], |instance| &instance.interfaces),
            created: vm.created().map(time),
            running_since: instance.and_then(|instance| instance.running_since).map(time),
            guest: instance.and_then(|instance| instance.guest.as_deref()),
            strategy: vm.definition.as_ref().map(|definition| definition.strategy.as_str()),
            conditions: vm.conditions().collect(),
            serial: Can::of(vm.no_serial()),
            screen: Can::of(vm.no_screen()),
            token_expires: None,
        }
    });
    let behind = rows.iter().map(|row| {
        let can = |is_there: bool, what: &str| {
            let missing = (!is_there).then(|| format!("`{what}` is missing from the [[console.proxy]] {}", row.proxy));
            Can::of(missing.or_else(|| row.objection(now)))
        };
        let token_expires = match row.grant {
            Grant::Token { expires, .. } => expires.map(time),
            Grant::Asked | Grant::Made | Grant::None(_) => None,
        };
        Json {
            name: row.machine.as_str(),
            namespace: &row.namespace,
            from: &row.proxy,
            kind: "proxy",
            state: None,
            being: None,
            node: None,
            addresses: Vec::new(),
            interfaces: &[],
            created: None,
            running_since: None,
            guest: None,
            strategy: None,
            conditions: Vec::new(),
            serial: can(row.has.0, "serial"),
            screen: can(row.has.1, "screen"),
            token_expires,
        }
    });
    output::print_json(&of_cluster.chain(behind).collect::<Vec<_>>())
}

/// All of them as a table.
fn table(vms: &[Vm], rows: &[Proxied]) -> String {
    let now = clock::now();
    let head = ["STATE", "MACHINE", "NAMESPACE", "NODE", "ADDRESSES", "AGE", "CONSOLES", "NOTE"];
    let mut lines = vec![head.map(str::to_owned)];
    let consoles = |serial: bool, screen: bool| match (serial, screen) {
        (true, true) => "serial, screen",
        (true, false) => "serial",
        (false, true) => "screen",
        (false, false) => "",
    };
    for vm in vms {
        let instance = vm.instance.as_ref();
        lines.push([
            vm.state().to_owned(),
            vm.name.clone(),
            vm.namespace.clone(),
            instance.and_then(|instance| instance.node.clone()).unwrap_or_default(),
            vm.addresses().join(" "),
            vm.created().map_or_else(String::new, |at| crate::features::console::token::duration(now - at)),
            consoles(vm.no_serial().is_none(), vm.no_screen().is_none()).to_owned(),
            instance.and_then(|instance| instance.guest.clone()).unwrap_or_default(),
        ]);
    }
    for row in rows {
        let note = match (row.objection(now), &row.grant) {
            (Some(why), _) => why,
            (None, Grant::Token { expires: Some(end), .. }) => {
                format!("by {}, token good for {}", row.proxy, crate::features::console::token::duration(*end - now))
            }
            (None, Grant::Token { .. } | Grant::Made | Grant::Asked | Grant::None(_)) => format!("by {}", row.proxy),
        };
        let blank = String::new;
        let what = consoles(row.has.0, row.has.1).to_owned();
        lines.push([blank(), row.machine.to_string(), row.namespace.clone(), blank(), blank(), blank(), what, note]);
    }
    Table::new(output::columns()).lines(&lines)
}

/// There is no cluster that could be asked.
pub(super) fn nowhere() -> Trouble {
    Trouble::new("it is not said where machines are")
        .to_do("name a kubeconfig with --kubeconfig, KUBECONFIG or `kubeconfig` in [console], or a [[console.proxy]]")
}

/// `noctui console start` and the others
pub(super) fn act(args: &ActArgs, action: Action, config: &Config) -> anyhow::Result<ExitCode> {
    if let Some(why) = config.refuses_writes_to_cluster(config.console.as_ref(), config.context.as_ref()) {
        return Err(Trouble::new("nothing is changed").caused_by(&why).into());
    }
    let wants_name = action != Action::Unpause;
    let production = config.is_production(config.console.as_ref().map(|cluster| cluster.kind));
    let name = args.machine.as_str();
    let because = (wants_name && production).then(|| format!("{name} belongs to production"));
    Meant { kind: "machine", name, because, look: "noctui console list" }.confirmed_by(args.confirm.as_deref())?;
    let without = || {
        if config.console_proxies.is_empty() {
            return nowhere();
        }
        Trouble::new("nothing is changed: machines behind a proxy have no power actions")
            .to_do("ask whoever runs the lab, or name the cluster with --kubeconfig, KUBECONFIG or [console]")
    };
    let cluster = args.cluster.find(config).map_err(|error| Trouble::of(&error))?.ok_or_else(without)?;
    let key = (cluster.namespace.clone(), args.machine.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Api::new(cluster).act(&key, action)).map_err(|error| Trouble::of(&error))?;
    if args.json {
        output::print_json(&serde_json::json!({
            "name": key.1, "namespace": key.0, "action": action.as_str(), "taken": true,
        }))?;
    } else {
        output::print(&format!("{} {}: the cluster has taken it\n", action.doing(), key.1))?;
    }
    Ok(ExitCode::SUCCESS)
}
