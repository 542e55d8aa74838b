//! From the configuration to what the screen needs of it.

use std::collections::BTreeMap;

use super::commands;
use super::keymap::{Conflict, Keymap};
use super::{Context, Settings, themes};
use crate::colour::ColourDepth;
use crate::config::{Config, Kind, Problem, When, nearest};
use crate::features::cloudvision::worker::InstanceView;
use crate::features::console::pane::{ClusterView, ProxyView, View};
use crate::features::lab::surroundings::Surroundings;
use crate::features::lab::worker::LabView;
use crate::key::Key;
use crate::text::clean_line;
use crate::tls::Trust;
use crate::ui::theme::Theme;
use crate::ui::time::Zone;

impl Settings {
    /// The settings of `config` on a terminal with so many colours. Problems are those of the key map and of the theme in
    /// use; the settings are usable all the same.
    #[must_use]
    pub fn new(config: &Config, depth: ColourDepth, utf8: bool) -> (Self, Vec<Problem>) {
        let (keymap, mut problems) = keymap(config);
        let (themes, broken) = themes::all(config, depth == ColourDepth::Mono);
        // A theme that nobody uses keeps nobody from working.
        problems.extend(broken.into_iter().filter(|(name, _)| *name == config.theme).map(|(_, problem)| problem));
        let theme = themes.iter().find(|theme| theme.name == config.theme).or(themes.first()).cloned();
        let here = local_zone(config.shell_zone);
        let (local_zone, configured_zone) = match config.time_zone {
            None => (here, None),
            Some(crate::config::Zone::Utc) => (here, Some(Zone::Utc)),
            Some(crate::config::Zone::Local) => (here, Some(here)),
            Some(crate::config::Zone::Named(zone)) => (Zone::Named(zone), Some(Zone::Named(zone))),
        };
        let settings = Self {
            theme: theme.unwrap_or_else(Theme::plain),
            themes,
            local_zone,
            unread_zone: config.shell_zone_unread.as_deref().filter(|_| local_zone == here).map(clean_line),
            configured_zone,
            ascii: match config.ascii {
                When::Always => true,
                When::Never => false,
                When::Auto => !utf8,
            },
            mouse: config.mouse,
            read_only: config.refuses_writes(None),
            contexts: contexts(config),
            who: config.who.clone(),
            cloudvision: config.cloudvision.iter().map(instance_view).collect(),
            labs: config.labs.iter().map(lab_view).collect(),
            connect: config.connect.clone(),
            surroundings: Surroundings::default(),
            nautobot: config.nautobot.is_some(),
            absent_nautobot: config.nautobot.is_none().then(|| unset(config, "[nautobot] url", "")),
            consoles: consoles_view(config),
            mail_sources: config.maintenance.sources.iter().map(|source| source.name.clone()).collect(),
            keymap,
            absent: absent(config),
        };
        (settings, problems)
    }
}

impl Settings {
    /// How things look in `zone` at `now`.
    pub(crate) fn look(&self, zone: Zone, now: chrono::DateTime<chrono::Utc>) -> crate::ui::Look<'_> {
        crate::ui::Look { theme: &self.theme, keys: self.keymap.names(), ascii: self.ascii, zone, now }
    }
}

/// The mistakes in `config` that only the screen can see: keys of no command, keys of two commands, themes that are
/// incomplete or no themes.
#[must_use]
pub fn problems(config: &Config) -> Vec<Problem> {
    let mut problems = keymap(config).1;
    problems.extend(themes::all(config, false).1.into_iter().map(|(_, problem)| problem));
    problems
}

/// The contexts, the one to start in first.
fn contexts(config: &Config) -> Vec<Context> {
    let make = |context: &crate::config::Context| Context {
        name: context.name.clone(),
        production: context.kind == Kind::Production,
        read_only: context.read_only,
        cloudvision: context.cloudvision.clone(),
        lab: context.lab.clone(),
    };
    let first = config.context.iter();
    let others = config.contexts.iter().filter(|context| Some(*context) != config.context.as_ref());
    first.chain(others).map(make).collect()
}

/// The zone that the shell names, else that of this machine, or UTC where it cannot be told.
fn local_zone(of_shell: Option<chrono_tz::Tz>) -> Zone {
    let of_machine = || iana_time_zone::get_timezone().ok()?.parse().ok();
    match of_shell.or_else(of_machine) {
        None | Some(chrono_tz::UTC | chrono_tz::Etc::UTC) => Zone::Utc,
        Some(zone) => Zone::Named(zone),
    }
}

/// The table's keys with the configuration's laid over them.
fn keymap(config: &Config) -> (Keymap, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut overrides: BTreeMap<String, Vec<Key>> = BTreeMap::new();
    for (name, keys) in &config.keys {
        let problem = |what: String, because: String, remedy: String| Problem {
            origin: keys.origin.clone(),
            key: format!("keys.{name}"),
            what,
            because,
            remedy,
        };
        if commands::by_name(name).is_none() {
            let known = commands::COMMANDS.iter().map(|spec| spec.name);
            let remedy = nearest(name, known).map_or_else(
                || "`?` lists the commands with their names; docs/keys.md has the tables".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            problems.push(problem(format!("keys.{name} is set"), "there is no such command".to_owned(), remedy));
            continue;
        }
        overrides.insert(name.clone(), keys.value.clone());
    }
    let (keymap, conflicts) = Keymap::new(&overrides);
    for conflict in conflicts {
        let command = conflict.command();
        let origin = config.keys.iter().find(|(name, _)| name == command).map(|(_, keys)| keys.origin.clone());
        let Some(origin) = origin else { continue };
        let (written, because, remedy) = match conflict {
            Conflict::Twice { key, taken_by, .. } => (
                key.to_string(),
                format!("keys.{taken_by} has that key in the same place"),
                "give one of them another key".to_owned(),
            ),
            Conflict::Taken { key, from, .. } => (
                key.to_string(),
                format!("that is the only key of {}", from.join(" and of ")),
                format!("give {} another one in [keys], or \"none\"", from.join(" and ")),
            ),
            Conflict::Stuck { because, .. } => ("none".to_owned(), because.to_owned(), format!("give {command} a key")),
        };
        problems.push(Problem {
            origin,
            key: format!("keys.{command}"),
            what: format!("keys.{command} = {written:?}"),
            because,
            remedy,
        });
    }
    (keymap, problems)
}

/// A CloudVision as its panes show it.
fn instance_view(instance: &crate::config::CloudVision) -> InstanceView {
    InstanceView {
        name: instance.name.clone(),
        server: instance.servers.first().map_or_else(String::new, ToString::to_string),
        production: instance.kind == Kind::Production,
        read_only: instance.read_only,
        unverified: instance.trust == Trust::Anybody,
    }
}

/// A lab as its pane shows it.
fn lab_view(lab: &crate::config::Lab) -> LabView {
    LabView {
        name: lab.name.clone(),
        server: lab.url.to_string(),
        gateway: lab.gateway.clone(),
        has_shell: lab.gateway_shell.is_some(),
        production: lab.kind == Kind::Production,
        read_only: lab.read_only,
        unverified: lab.trust == Trust::Anybody,
        plain: lab.open_ways().next().is_some(),
    }
}

/// The machines with consoles as their pane shows them.
fn consoles_view(config: &Config) -> View {
    let cluster = config.console.as_ref().map(|cluster| ClusterView {
        place: match &cluster.kubeconfig {
            Some(path) => crate::text::clean_line(&path.display().to_string()),
            None => "the cluster around this pod".to_owned(),
        },
        production: cluster.kind == Kind::Production,
        read_only: cluster.read_only,
        all_namespaces: cluster.all_namespaces,
    });
    let proxy = |proxy: &crate::config::ConsoleProxy| {
        let urls = || proxy.serial.iter().chain(&proxy.screen);
        ProxyView {
            name: proxy.name.clone(),
            server: urls().next().map_or_else(String::new, ToString::to_string),
            plain: urls().any(|url| !url.tls && !url.endpoint.is_here()),
        }
    };
    View {
        cluster,
        proxies: config.console_proxies.iter().map(proxy).collect(),
        escape: config.console_escape,
        pictures: config.console_pictures,
        is_withheld: false,
    }
}

/// What is said of a backend that is not configured. What matters fits on a line of half of a screen of 120 columns; what
/// follows the line end is for those with more room.
fn unset(config: &Config, what: &str, more: &str) -> String {
    format!("not configured: {what}\n{more}in {}", clean_line(&config.paths.shown))
}

/// What the panes say whose backends are not there.
fn absent(config: &Config) -> [Option<String>; 5] {
    let unset = |what: &str, more: &str| unset(config, what, more);
    let lab = config.labs.is_empty().then(|| unset("[[lab]] name, url", ""));
    let without_cloudvision = |more: &str| unset("[[cloudvision]] name, server", more);
    let changes = config.cloudvision.is_empty().then(|| without_cloudvision(""));
    let deploys = config.cloudvision.is_empty().then(|| without_cloudvision("[[deploy]] name, dir "));
    let has_definitions = config.vmcp.key_file.is_some() || config.vmcp.dir.is_dir();
    let is_empty = config.console.is_none() && config.console_proxies.is_empty() && !has_definitions;
    let console = is_empty.then(|| unset("[console] kubeconfig = \"~/.kube/config\"", ""));
    let maintenance = config.maintenance.sources.is_empty().then(|| {
        format!(
            "no source of mails is configured yet\n\nto watch a mailbox, write into {}:\n\n    [[maintenance.source]]\n    \
             name = \"noc\"\n    kind = \"maildir\"\n    path = \"~/Maildir\"\n\nto read mails once:   noctui maintenance \
             import FILE…\nto look around:       noctui demo",
            config.paths.config.display()
        )
    });
    [maintenance, deploys, changes, lab, console]
}
