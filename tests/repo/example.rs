//! `config.example.toml` has every setting, and what it shows is the default.

use std::collections::BTreeSet;
use std::path::PathBuf;

use noctui::app::Settings;
use noctui::colour::ColourDepth;
use noctui::config::{
    CloudVision, Config, Connect, ConsoleProxy, Deploy, Environment, Flags, Imap, Inspection, Lab, Login, Nautobot,
    OAuth, Proof, Source, SourceFrom, Wanted, WebMail, Zone, inspect,
};
use noctui::features::maintenance::store::record;
use noctui::secret::SecretFrom;
use noctui::tls::Trust;

use crate::files;

/// Reads `text` as the configuration of a user.
fn inspect_text(text: &str) -> Inspection {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join(".config/noctui/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(config, text).unwrap();
    let home = home.path().to_str().unwrap();
    let mut inspection = inspect(&Flags::default(), &Environment::of([("HOME", home), ("USER", "anna")]));
    // Each reading has a home of its own.
    let paths = &mut inspection.config.paths;
    for path in [&mut paths.config, &mut paths.data, &mut paths.state, &mut paths.cache, &mut paths.log] {
        *path = path.strip_prefix(home).unwrap().to_owned();
    }
    for folder in [&mut inspection.config.maintenance.providers_dir, &mut inspection.config.vmcp.dir] {
        *folder = folder.strip_prefix(home).unwrap().to_owned();
    }
    inspection
}

/// The configuration of `text`, which must be sound.
fn config(text: &str) -> Config {
    let inspection = inspect_text(text);
    assert_eq!(inspection.problems, []);
    inspection.config
}

/// The example as it stands in the repository.
fn example() -> String {
    files::read("config.example.toml".as_ref())
}

/// The example with every setting in force: a line that begins with `#` and no blank loses the `#`.
fn every_setting() -> String {
    let comment = regex::Regex::new("(?m)^#([^ \n])").unwrap();
    comment.replace_all(&example(), "$1").into_owned()
}

#[test]
fn as_it_stands_it_changes_nothing() {
    assert_eq!(config(&example()), config(""));
}

#[test]
fn it_has_every_setting_and_no_other() {
    let inspection = inspect_text(&every_setting());
    assert_eq!(inspection.problems, [], "settings that do not exist");
    // Of sections that are there more than once each shows what the others do not.
    let shown = names("", &toml::Value::Table(every_setting().parse().unwrap()));
    let lacking: Vec<&String> = inspection.unset.iter().filter(|name| !shown.contains(*name)).collect();
    assert_eq!(lacking, [""; 0], "settings that the example lacks");
}

/// The dotted names of all settings below `value`.
fn names(of: &str, value: &toml::Value) -> BTreeSet<String> {
    if let Some(table) = value.as_table() {
        let dotted = |key: &String| if of.is_empty() { key.clone() } else { format!("{of}.{key}") };
        return table.iter().flat_map(|(key, value)| names(&dotted(key), value)).collect();
    }
    match value.as_array().filter(|items| items.iter().all(toml::Value::is_table)) {
        Some(sections) => sections.iter().flat_map(|section| names(of, section)).collect(),
        None => BTreeSet::from([of.to_owned()]),
    }
}

#[test]
fn the_keys_it_shows_belong_to_commands() {
    let shown = regex::Regex::new(r"(?m)^#   (\w+ = .*)$").unwrap();
    let keys: Vec<String> = shown.captures_iter(&example()).map(|line| line[1].to_owned()).collect();
    assert!(keys.len() > 1, "{keys:?}");
    let config = config(&format!("[keys]\n{}", keys.join("\n")));
    assert_eq!(config.keys.len(), keys.len());
    assert_eq!(Settings::new(&config, ColourDepth::Sixteen, true).1, []);
}

#[test]
fn what_it_shows_is_the_default() {
    let mut shown = config(&every_setting());
    let default = config("");
    // These have no default; what stands there is an example, and says so.
    assert_eq!(shown.time_zone.take(), Some(Zone::Utc));
    assert_eq!(shown.context.take().unwrap().name, "prod-emea");
    assert_eq!(shown.contexts.len(), 1);
    assert!(shown.maintenance.circuits.take().is_some());
    assert_eq!(shown.maintenance.sources.len(), 3);
    assert_eq!((shown.cloudvision.len(), shown.deploys.len()), (1, 1));
    assert!(shown.labs.len() == 1 && shown.console.is_some() && shown.vmcp.key_file.take().is_some());
    assert!(shown.console_proxies.len() == 1 && shown.nautobot.is_some());
    let Config { cloudvision, deploys, labs, console, console_proxies, nautobot, .. } = default.clone();
    let contexts = Vec::new();
    shown = Config { contexts, cloudvision, deploys, labs, console, console_proxies, nautobot, ..shown };
    // The first choices among the programs that are looked for.
    let Connect { ssh, sftp, scp, rdp, https, vnc, telnet, .. } = default.connect.clone();
    assert!(shown.connect.here.take().is_some());
    shown.connect = Connect { ssh, sftp, scp, rdp, https, vnc, telnet, ..shown.connect };
    shown.maintenance.sources.clear();
    assert_eq!(shown, default);
}

#[test]
fn the_keys_it_gives_as_examples_are_keys_of_commands() {
    let example = example();
    let keys: Vec<&str> = example.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    assert!(keys.len() > 1, "{keys:?}");
    let config = config(&format!("[keys]\n{}\n", keys.join("\n")));
    assert_eq!(config.keys.len(), keys.len());
    assert_eq!(noctui::app::problems(&config), []);
}

#[test]
fn the_defaults_are_those_of_the_store() {
    let config = config("").maintenance;
    assert_eq!(config.raw_size_limit_bytes, record::Limits::default().raw_bytes as u64);
}

#[test]
fn what_it_shows_inside_a_repeated_section_is_the_default_there() {
    let shown = config(&every_setting());
    assert!(matches!(shown.maintenance.sources[0].from, SourceFrom::Maildir { .. }));
    let least = config(
        "[[context]]\nname = 'prod-emea'\ncloudvision = 'prod'\nlab = 'training'\n\
         [[lab]]\nname = 'training'\nurl = 'https://vlab.example'\n\
         [nautobot]\nurl = 'https://nautobot.example'\n\
         [[cloudvision]]\nname = 'prod'\nserver = 'cvp.example'\n\
         [[deploy]]\nname = 'dc1'\ndir = '~/avd/dc1'\n\
         [[maintenance.source]]\nname = 'noc mailbox'\nkind = 'maildir'\npath = '~/Maildir'\n\
         [[console.proxy]]\nname = 'training'\nserial = 'wss://lab.example:5001/console'\n\
         [[maintenance.source]]\nname = 'noc account'\nkind = 'imap'\nserver = 'imap.example'\n\
         user = 'noc@lakeside.example'\npassword_file = '~/.config/noctui/noc-password'\n\
         [[maintenance.source]]\nname = 'noc gmail'\nkind = 'gmail'\nuser = 'noc@lakeside.example'\n\
         [maintenance.source.oauth]\nprovider = 'google'\ngrant = 'service-account'\nkey_file = '~/key.json'\n",
    );
    assert_eq!(shown.contexts, least.contexts);
    let (least_labs, least_nautobot) = (least.labs.clone(), least.nautobot.clone());
    let without_home = |config: &Config| {
        let [
            maildir,
            Source { name, from: SourceFrom::Imap(imap) },
            Source { name: of_web, from: SourceFrom::Web(web) },
        ] = config.maintenance.sources.as_slice()
        else {
            panic!("three sources")
        };
        // These have no default, and the password's file is in a home folder of its own.
        let secret = SecretFrom::Keyring(String::new());
        let wanted = Wanted { senders: Vec::new(), ..imap.wanted.clone() };
        let login = Login { proof: Proof::Kept(secret), ..imap.login.clone() };
        let oauth = OAuth { key_file: None, kept_in: PathBuf::new(), scopes: Vec::new(), ..web.oauth.clone() };
        let wanted_of_web = Wanted { senders: Vec::new(), ..web.wanted.clone() };
        let web =
            WebMail { oauth, wanted: wanted_of_web, labels: Vec::new(), limit_from: Vec::new(), ..(**web).clone() };
        let imap = Imap { trust: Trust::System, wanted, login, ..(**imap).clone() };
        ((maildir.name.clone(), name.clone(), of_web.clone()), imap, web)
    };
    assert_eq!(without_home(&shown), without_home(&least));

    let ([proxy], [least_proxy]) = (shown.console_proxies.as_slice(), least.console_proxies.as_slice()) else {
        panic!("one proxy")
    };
    assert!(proxy.screen.is_some() && proxy.namespace.is_some() && matches!(proxy.trust, Trust::File(_)));
    assert_eq!(proxy.machines.len(), 2);
    let ConsoleProxy { screen, namespace, trust, machines, .. } = least_proxy.clone();
    assert_eq!(&ConsoleProxy { screen, namespace, trust, machines, ..proxy.clone() }, least_proxy);
    for key in ["key_env", "key_file", "key_command", "key_keyring"] {
        assert!(example().contains(key), "{key}");
    }

    // What has no default is an example, and said to be none.
    let [instance] = shown.cloudvision.as_slice() else { panic!("one instance") };
    assert!(matches!(instance.trust, Trust::File(_)) && instance.color.is_some());
    assert_eq!([CloudVision { trust: Trust::System, color: None, ..instance.clone() }], least.cloudvision.as_slice());
    let ([target], [least]) = (shown.deploys.as_slice(), least.deploys.as_slice()) else { panic!("one target") };
    assert!(!target.include.is_empty() && !target.exclude.is_empty() && !target.tags.is_empty());
    let Deploy { include, exclude, tags, change_name, change_notes, dir, .. } = least.clone();
    let written = Deploy { include, exclude, tags, change_name, change_notes, dir, ..target.clone() };
    assert_eq!(&written, least);
    let Some(nautobot) = &shown.nautobot else { panic!("one Nautobot") };
    assert!(matches!(nautobot.trust, Trust::File(_)));
    assert_eq!(Some(&Nautobot { trust: Trust::System, ..nautobot.clone() }), least_nautobot.as_ref());
    let [lab] = shown.labs.as_slice() else { panic!("one lab") };
    assert!(matches!(lab.trust, Trust::File(_)) && lab.gateway.is_some() && lab.gateway_shell.is_some());
    let plain = Lab { trust: Trust::System, gateway: None, gateway_shell: None, ..lab.clone() };
    assert_eq!([plain], least_labs.as_slice());
    for key in [
        "token_file",
        "token_command",
        "token_keyring",
        "fingerprint",
        "password_env",
        "password_command",
        "password_keyring",
    ] {
        assert!(example().contains(&format!("# - {key}: ")), "{key}");
    }
}

#[test]
fn every_variable_it_names_exists_and_every_other_is_named_by_the_help() {
    let example = example();
    let variable = regex::Regex::new("NOCTUI_[A-Z_]+").unwrap();
    let mut named: Vec<&str> = variable.find_iter(&example).map(|found| found.as_str()).collect();
    named.sort_unstable();
    named.dedup();
    let resolve = files::read("src/config/resolve.rs".as_ref());
    let mut known: Vec<&str> = variable.find_iter(&resolve).map(|found| found.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    let help = files::read("src/cli.rs".as_ref());
    for name in &named {
        assert!(*name == "NOCTUI_" || known.contains(name), "{name} is in the example but not in the code");
    }
    for name in &known {
        assert!(help.contains(name), "{name} is in the code but not in the help");
    }
    assert!(known.len() >= 13, "{known:?}");
}
