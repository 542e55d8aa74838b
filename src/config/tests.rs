//! The layers as a whole: which one wins, and what is said when one is wrong.

use std::path::Path;

use super::*;
use crate::secret::SecretFrom;
use crate::tls::Trust;

/// Resolves `text` as the file of a user named anna, with these flags and variables.
fn inspect_text(text: &str, flags: &Flags, variables: &[(&str, &str)]) -> Inspection {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    let home = [("HOME", "/home/anna"), ("USER", "anna")];
    let environment = Environment::of(home.into_iter().chain(variables.iter().copied()));
    inspect(&Flags { config: Some(path), ..flags.clone() }, &environment)
}

/// The configuration of `text`, which must be sound.
fn config(text: &str) -> Config {
    let inspection = inspect_text(text, &Flags::default(), &[]);
    assert_eq!(inspection.problems, []);
    inspection.config
}

/// What is wrong with `text`, as `line:column what / because / do`.
fn problems(text: &str) -> Vec<String> {
    let told = |problem: &Problem| {
        let Origin::File { line, column, .. } = problem.origin else { panic!("{problem:?}") };
        format!("{line}:{column} {} / {} / {}", problem.what, problem.because, problem.remedy)
    };
    inspect_text(text, &Flags::default(), &[]).problems.iter().map(told).collect()
}

#[test]
fn flags_beat_the_environment_which_beats_the_file_which_beats_the_default() {
    let color = |text, flag, variables: &[_]| {
        let flags = Flags { color: flag, ..Flags::default() };
        inspect_text(text, &flags, variables).config.color
    };
    let variable = [("NOCTUI_COLOR", "always")];
    assert_eq!(color("", None, &[]), When::Auto);
    assert_eq!(color("color = 'never'", None, &[]), When::Never);
    assert_eq!(color("color = 'never'", None, &variable), When::Always);
    assert_eq!(color("color = 'never'", Some(When::Auto), &variable), When::Auto);
}

#[test]
fn every_layer_can_make_noctui_read_only_and_none_can_undo_it() {
    let file = inspect_text("read_only = true", &Flags::default(), &[("NOCTUI_READ_ONLY", "0")]).config;
    assert_eq!(file.read_only, Some(ReadOnly::File));
    assert_eq!(file.refuses_writes(None).as_deref(), Some("the configuration says read_only = true"));
    let variable = inspect_text("", &Flags::default(), &[("NOCTUI_READ_ONLY", "1")]).config;
    assert_eq!(variable.read_only, Some(ReadOnly::Variable));
    let context = config("[[context]]\nname = 'prod'\nread_only = true").context;
    assert_eq!(config("").refuses_writes(context.as_ref()).as_deref(), Some("context prod has read_only = true"));
    assert_eq!(config("").refuses_writes(None), None);
}

#[test]
fn the_local_zone_is_the_one_that_tz_names() {
    let config = |tz| inspect_text("", &Flags::default(), &[("TZ", tz)]).config;
    let zone = |tz| (config(tz).shell_zone, config(tz).shell_zone_unread);
    assert_eq!(zone(":America/Denver"), (Some(chrono_tz::America::Denver), None));
    assert_eq!(zone("<+03>-3"), (Some(chrono_tz::Etc::GMTMinus3), None));
    assert_eq!(zone(""), (None, None));
    assert_eq!(zone("XYZ-1ABC"), (None, Some("XYZ-1ABC".to_owned())));
}

#[test]
fn a_source_is_expected_where_its_path_says_and_one_without_a_path_has_its_name_all_the_same() {
    let source = |path: &str| format!("[[maintenance.source]]\nname = 'noc'\nkind = 'maildir'\n{path}\n");
    let nowhere = inspect_text(&source("path = '/nonexistent/Maildir'"), &Flags::default(), &[]);
    let warnings: Vec<String> = nowhere.expected.iter().filter_map(Expected::warning).map(|told| told.what).collect();
    assert_eq!(warnings, ["warning: `maintenance.source.path` is /nonexistent/Maildir"]);
    let file = inspect_text(&source("path = '/dev/null'"), &Flags::default(), &[]);
    let why: Vec<String> = file.expected.iter().filter_map(Expected::warning).map(|told| told.because).collect();
    assert_eq!(why, ["it is no folder"]);
    let dir = tempfile::tempdir().unwrap();
    let why = |dir: &Path| {
        let found = inspect_text(&source(&format!("path = {dir:?}")), &Flags::default(), &[]);
        found.expected.iter().filter_map(Expected::warning).map(|told| told.because).collect::<Vec<_>>()
    };
    assert_eq!(why(dir.path()), ["it has neither `new` nor `cur`, so no mail is found in it"]);
    std::fs::create_dir(dir.path().join("new")).unwrap();
    assert!(why(dir.path()).is_empty());
    let twice = problems(&(source("") + &source("path = '/var/mail'")));
    assert_eq!(twice.iter().filter(|told| told.contains("another section has that name")).count(), 1, "{twice:?}");
}

#[test]
fn a_lab_that_is_reached_without_encryption_is_warned_of_unless_it_is_here() {
    let warnings = |url: &str| {
        let inspection = inspect_text(&format!("[[lab]]\nname = 'training'\nurl = '{url}'\n"), &Flags::default(), &[]);
        assert_eq!(inspection.problems, []);
        inspection.warnings.iter().map(|told| (told.key.clone(), told.what.clone())).collect::<Vec<_>>()
    };
    let said = "warning: nothing is encrypted on the way to http://lab.example/api";
    assert_eq!(warnings("http://lab.example/api"), [("lab.url".to_owned(), said.to_owned())]);
    assert_eq!(warnings("http://127.0.0.1:8080"), []);
    assert_eq!(warnings("https://lab.example"), []);
}

#[test]
fn folders_follow_xdg_and_paths_are_expanded_and_absolute() {
    let text = "data_dir = '~/noc'\n[maintenance.providers]\ndir = 'rules'\n[console]\nkubeconfig = '$HOME/.kube/config'\n\
                [[maintenance.source]]\nname = 'noc'\nkind = 'maildir'\npath = '~/Maildir'";
    let inspection = inspect_text(text, &Flags::default(), &[("XDG_STATE_HOME", "/var/state")]);
    assert_eq!(inspection.problems, []);
    let Config { paths, maintenance, console, .. } = inspection.config;
    assert_eq!(paths.data, Path::new("/home/anna/noc"));
    assert_eq!(paths.state, Path::new("/var/state/noctui"));
    assert_eq!(paths.cache, Path::new("/home/anna/.cache/noctui"));
    assert_eq!(paths.log, Path::new("/var/state/noctui/noctui.log"));
    assert_eq!(maintenance.providers_dir, paths.config_dir().join("rules"));
    let kubeconfig = console.and_then(|cluster| cluster.kubeconfig);
    assert_eq!(kubeconfig.as_deref(), Some(Path::new("/home/anna/.kube/config")));
    let maildir = SourceFrom::Maildir { path: "/home/anna/Maildir".into() };
    assert_eq!(maintenance.sources, [Source { name: "noc".into(), from: maildir }]);
}

#[test]
fn without_a_file_everything_has_its_default() {
    let inspection = inspect(&Flags::default(), &Environment::of([("HOME", "/nonexistent/anna"), ("USER", "anna")]));
    assert_eq!(inspection.problems, []);
    assert_eq!(inspection.found, Found::Nothing);
    assert_eq!(inspection.config.paths.config, Path::new("/nonexistent/anna/.config/noctui/config.toml"));
    assert_eq!(inspection.config.who, "anna");
    assert_eq!(inspection.config.maintenance.retention.past_days, Some(730));
}

#[test]
fn a_file_that_was_asked_for_must_exist() {
    let flags = Flags { config: Some("/nonexistent/noctui.toml".into()), ..Flags::default() };
    let Problems(problems) = load(&flags, &Environment::of([("HOME", "/home/anna")])).unwrap_err();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(
        problem.trouble().to_string(),
        "--config: cannot read /nonexistent/noctui.toml\n  because  there is no such file\n  \
         do       correct the path, or make the file with `noctui config init`"
    );
}

#[test]
fn a_missing_home_is_said_once() {
    let Problems(problems) = load(&Flags::default(), &Environment::of([])).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems.first().unwrap().what, "your home folder is not known");
}

#[test]
fn the_person_behind_sudo_acknowledges() {
    let who = |text, variables: &[_]| inspect_text(text, &Flags::default(), variables).config.who;
    assert_eq!(who("", &[("SUDO_USER", "bert")]), "bert");
    assert_eq!(who("who = 'carla'", &[("SUDO_USER", "bert")]), "carla");
    assert_eq!(who("who = 'carla'", &[("NOCTUI_WHO", "dora")]), "dora");
    assert_eq!(who("", &[("SUDO_USER", "b\u{1b}[2J")]), "b␛[2J");
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_the_nearest_name() {
    let text = "teme = 'dark'\ncolor = 'alway'\nmouse = 'yes'\n\n[log]\nlevle = 'info'\nfiles = 0\nmax_size = 4096\n";
    assert_eq!(
        problems(text),
        [
            "1:1 there is no setting `teme` / the top level has \"theme\", \"time_zone\", \"mouse\", \
             \"color\", \"ascii\", \"read_only\", \"data_dir\", \"who\", \"default_context\", \"context\", \
             \"maintenance\", \"keys\", \"log\", \"cloudvision\", \"deploy\", \"nautobot\", \"lab\", \"connect\", \"console\" and \"vmcp\" / write `theme`, or remove the line",
            "2:9 `color` cannot be 'alway' / it takes \"auto\", \"always\" or \"never\" / write color = \"always\"",
            "3:9 `mouse` cannot be 'yes' / it takes true or false / \
             write one that is accepted, or remove the line to have the default",
            "6:1 there is no setting `log.levle` / [log] has \"level\", \"max_size\" and \"files\" / \
             write `level`, or remove the line",
            "7:9 `log.files` cannot be 0 / it takes 1 to 50 / write a value within these bounds",
            "8:12 `log.max_size` cannot be 4096 / it takes a size with its unit such as \"512 KiB\", \"4 MiB\" or \
             \"1 GiB\" / write one that is accepted, or remove the line to have the default",
        ]
    );
}

#[test]
fn a_setting_in_another_section_is_told_where_it_belongs() {
    let told = problems("files = 3\n[log]\ntheme = 'dark'\n[console]\nraw_size_limit = '1 MiB'\n");
    let ends = |line: &str, end: &str| assert!(line.ends_with(end), "{told:#?}");
    assert_eq!(told.len(), 3, "{told:#?}");
    ends(&told[0], "`files` belongs to [log]: move it there");
    ends(&told[1], "`theme` belongs to the top level: move it above the first [section]");
    ends(&told[2], "`raw_size_limit` belongs to [maintenance]: move it there");
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    let told = problems("[[lab]]\nname = 'x'\nurl = 'https://anna:secret@lab.example'\n").join("");
    assert!(told.contains("'https://***@lab.example'") && !told.contains("secret"), "{told}");
}

#[test]
fn a_token_in_the_wrong_place_is_not_repeated() {
    for key in ["token_env", "token_command", "token"] {
        let told = problems(&format!("[[cloudvision]]\nname = 'a'\nserver = 'a'\n{key} = 'eyJh.secret; x'\n"));
        assert!(told.len() == 1 && told[0].starts_with("4:") && !told[0].contains("secret"), "{told:#?}");
    }
}

#[test]
fn an_instance_and_a_target_have_careful_defaults() {
    let text = "[[cloudvision]]\nname = 'a'\nserver = 'cvp.example'\n[[deploy]]\nname = 'dc1'\ndir = 'avd'\n";
    let config = config(text);
    let [instance] = config.cloudvision.as_slice() else { panic!("{config:?}") };
    assert_eq!((instance.kind, &instance.trust, instance.read_only), (Kind::Production, &Trust::System, false));
    assert_eq!(instance.token, SecretFrom::Variable("NOCTUI_CLOUDVISION_TOKEN".into()));
    assert_eq!((instance.connect_timeout.as_secs(), instance.call_timeout.as_secs()), (10, 600));
    let [target] = config.deploys.as_slice() else { panic!("{config:?}") };
    assert_eq!((target.cloudvision.as_str(), target.after, target.force), ("a", After::Pending, false));
    assert_eq!(target.dir, config.paths.config_dir().join("avd"));
}

#[test]
fn a_fingerprint_stands_alone() {
    let pin = "AB:".repeat(31) + "AB";
    let instance = format!("[[cloudvision]]\nname = 'a'\nserver = 'a'\nfingerprint = '{pin}'\n");
    assert_eq!(config(&instance).cloudvision[0].trust, Trust::Pinned(pin.parse().unwrap()));
    let lab = format!("[[lab]]\nname = 'a'\nurl = 'https://a'\nfingerprint = '{pin}'\n");
    assert_eq!(config(&lab).labs[0].trust, Trust::Pinned(pin.parse().unwrap()));
    for text in [instance, lab] {
        let told = problems(&format!("{text}verify_tls = false\nca_file = 'ca.pem'\n")).join("\n");
        assert!(told.contains("beside `ca_file`") && told.contains("beside `verify_tls = false`"), "{told}");
    }
    let told = problems("[[cloudvision]]\nname = 'a'\nserver = 'a'\nfingerprint = 'AB:CD'\n").join("");
    assert!(told.contains("64 hexadecimal digits"), "{told}");
}

#[test]
fn the_variable_with_the_token_counts_for_every_instance() {
    let text = "[[cloudvision]]\nname = 'a'\nserver = 'a'\ntoken_file = 'token'\n\
                [[cloudvision]]\nname = 'b'\nserver = 'b'\ntoken_command = 'pass show b'\n";
    let tokens = |variables: &[_]| {
        let inspection = inspect_text(text, &Flags::default(), variables);
        assert_eq!(inspection.problems, []);
        let tokens: Vec<String> = inspection.config.cloudvision.iter().map(|a| a.token.to_string()).collect();
        (tokens, format!("{:?}", inspection.config).contains("t0ken"))
    };
    let (own, _) = tokens(&[]);
    assert!(own[0].ends_with("/token") && own[1] == "the output of pass", "{own:?}");
    let (overridden, leaked) = tokens(&[("NOCTUI_CLOUDVISION_TOKEN", "t0ken")]);
    assert_eq!(overridden, ["the variable NOCTUI_CLOUDVISION_TOKEN"; 2]);
    assert!(!leaked);
}

#[test]
fn a_context_works_with_the_instance_it_names_or_the_only_one() {
    let one = "[[cloudvision]]\nname = 'a'\nserver = 'a'\n";
    let two = "[[cloudvision]]\nname = 'b'\nserver = 'b'\nread_only = true\n[[context]]\nname = 'x'\ncloudvision = 'b'\n\
               [[context]]\nname = 'y'\n";
    let name = |config: &Config, context| config.cloudvision_of(context).map(|instance| instance.name.clone());
    assert_eq!(name(&config(one), None).as_deref(), Some("a"));
    let config = config(&format!("{one}{two}"));
    assert_eq!(name(&config, config.contexts.first()).as_deref(), Some("b"));
    assert_eq!(name(&config, config.contexts.get(1)), None);
    let refused = |at: usize| config.refuses_writes_to(&config.cloudvision[at], config.context.as_ref());
    assert_eq!((refused(0), refused(1).as_deref()), (None, Some("CloudVision b has read_only = true")));
}

#[test]
fn what_a_section_needs_and_lacks_is_told() {
    let text = "[[context]]\nkind = 'lab'\n[[maintenance.source]]\nname = 'a'\npth = '~'\n\
                [[maintenance.source]]\nname = 'b'\nkind = 'maildir'\npth = '~'\n";
    let told = problems(text);
    let begins = |line: &str, start: &str| assert!(line.starts_with(start), "{told:#?}");
    assert_eq!(told.len(), 4, "{told:#?}");
    begins(&told[0], "1:1 `name` is missing from [[context]] / it takes a name");
    begins(&told[1], "3:1 `kind` is missing from [[maintenance.source]] / it takes \"maildir\"");
    begins(&told[2], "6:1 `path` is missing from [[maintenance.source]] / it takes a path");
    begins(&told[3], "9:1 there is no setting `maintenance.source.pth`");
}

#[test]
fn two_of_a_name_and_a_context_that_is_not_there_are_told() {
    let text = "default_context = 'prd'\n[[context]]\nname = 'prod'\n[[context]]\nname = 'prod'\n";
    assert_eq!(
        problems(text),
        [
            "1:19 there is no context \"prd\" / the contexts are \"prod\" / write \"prod\"",
            "5:8 `context.name` cannot be \"prod\" / another section has that name / give each its own name",
        ]
    );
    let flags = Flags { context: Some("lab".into()), ..Flags::default() };
    let asked = inspect_text("", &flags, &[]).problems;
    assert_eq!(asked.first().map(|problem| problem.origin.to_string()).as_deref(), Some("--context"));
}

#[test]
fn a_wrong_shape_is_told() {
    let text = "log = 3\ncontext = 'prod'\nmaintenance = []\n[keys]\nquit = 3\nrefresh = ['r', 5]\nhelp = 'none'\n";
    let told = problems(text);
    assert_eq!(told.len(), 5, "{told:#?}");
    for (line, start) in told.iter().zip([
        "1:7 `log` cannot be 3 / it takes a section: write [log] on a line of its own",
        "2:11 `context` cannot be 'prod' / it takes a list of sections: write [[context]] on a line of its own for each",
        "3:15 `maintenance` cannot be [] / it takes a section",
        "5:8 `keys.quit` cannot be 3 / it takes a key such as",
        "6:11 `keys.refresh` cannot be ['r', 5] / it takes a key such as",
    ]) {
        assert!(line.starts_with(start), "{line}\n{start}");
    }
}

#[test]
fn a_line_that_is_not_toml_is_told_once_and_hides_nothing_else() {
    let told = problems("theme = dark\ncolor = 'alway'\nmouse = = true\n[[context]]\n");
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].starts_with("1:9 `theme` is not written as TOML / "), "{}", told[0]);
    assert!(told[1].starts_with("2:9 `color` cannot be 'alway'"), "{}", told[1]);
    assert!(told[2].starts_with("3:9 `mouse` is not written as TOML / "), "{}", told[2]);
}

#[test]
fn a_section_whose_name_is_broken_does_not_make_its_settings_unknown() {
    let told = problems("theme = 'dark'\n[log\nlevel = 'info'\n");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("2:"), "{told:#?}");
}

#[test]
fn wrong_variables_are_told_with_the_nearest_word() {
    let inspection = inspect_text("", &Flags::default(), &[("NOCTUI_COLOR", "alwys"), ("NOCTUI_READ_ONLY", "maybe")]);
    let told: Vec<String> = inspection.problems.iter().map(|problem| problem.trouble().to_string()).collect();
    assert_eq!(
        told,
        [
            "NOCTUI_COLOR: it cannot be \"alwys\"\n  because  it takes \"auto\", \"always\" or \"never\"\n  \
             do       set NOCTUI_COLOR=always",
            "NOCTUI_READ_ONLY: it cannot be \"maybe\"\n  because  it takes true or false\n  \
             do       correct or unset NOCTUI_READ_ONLY",
        ]
    );
}

#[test]
fn keys_are_handed_on_with_their_place() {
    let keys = config("[keys]\nquit = ['q', 'ctrl-c']\nrefresh = 'none'\n").keys;
    let plain: Vec<(&str, String, usize)> = keys
        .iter()
        .map(|(command, keys)| {
            let names: Vec<String> = keys.value.iter().map(ToString::to_string).collect();
            (command.as_str(), names.join(" "), keys.origin.line())
        })
        .collect();
    assert_eq!(plain, [("quit", "q ctrl-c".to_owned(), 2), ("refresh", String::new(), 3)]);
}

#[test]
fn a_key_that_does_not_exist_is_told() {
    let told = problems("[keys]\nquit = ['q', 'crtl-c']\nhelp = ''\n");
    assert!(told[0].starts_with("2:8 `keys.quit` cannot be ['q', 'crtl-c'] / `crtl-c` is not a key"), "{told:#?}");
    assert!(told[1].starts_with("3:8 `keys.help` cannot be '' / a key is missing"), "{told:#?}");
}

#[test]
fn a_file_that_is_no_configuration_is_refused_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mbox");
    std::fs::write(&path, vec![b'x'; (256 << 10) + 1]).unwrap();
    let flags = |path: &Path| Flags { config: Some(path.to_owned()), ..Flags::default() };
    let because = |path: &Path| {
        let Problems(problems) = load(&flags(path), &Environment::of([("HOME", "/home/anna")])).unwrap_err();
        problems.into_iter().next().unwrap().because
    };
    assert_eq!(because(&path), "it is larger than 256 KiB");
    std::fs::write(&path, b"who = '\xff'").unwrap();
    assert_eq!(because(&path), "line 1 is not UTF-8 text");
    assert!(because(dir.path()).to_lowercase().contains("directory"));
}

#[test]
fn a_file_full_of_mistakes_is_cut_to_what_can_be_read() {
    let many: Vec<String> = (0..20_000).map(|number| format!("a{number} = 1\n")).collect();
    let told = problems(&many.concat());
    assert_eq!(told.len(), 101);
    assert_eq!(told[100], "101:1 19900 more problems begin here / only the first 100 are told / correct those first");
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    for text in [format!("theme = {}", "[".repeat(100_000)), format!("theme = {}", "{a=".repeat(80_000))] {
        assert!(!problems(&text).is_empty());
    }
}

#[test]
fn places_are_counted_in_characters_and_whatever_ends_a_line() {
    let told = problems("# ÄÖÜ\r\n'thäme' = 1\r\n[log]\r\nlevel =  'x'\r\n");
    assert!(told[0].starts_with("2:1 ") && told[1].starts_with("4:10 "), "{told:#?}");
    assert!(problems("\u{feff}theme = 'x'\n")[0].starts_with("1:"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "(?s).{0,200}") {
        let _ = file::read(&Path::new("config.toml").into(), &text);
    }

    #[test]
    fn no_almost_right_text_makes_reading_panic(
        lines in proptest::collection::vec("(\\[{0,2}(log|context|keys|maintenance(\\.source)?)\\]{0,2}|(level|name|kind|path|theme) ?=? ?['\"]?[a-zä0-9]{0,5}['\"]?)", 0..12)
    ) {
        let _ = file::read(&Path::new("config.toml").into(), &lines.join("\n"));
    }
}

/// A mailbox with these lines.
fn mailbox(lines: &str) -> String {
    format!("[[maintenance.source]]\nname = 'noc'\nkind = 'imap'\nserver = 'imap.example'\nuser = 'noc'\n{lines}\n")
}

#[test]
fn a_mailbox_needs_little_and_has_a_password_from_one_place() {
    let inspection = inspect_text(&mailbox("password_env = 'PW'"), &Flags::default(), &[]);
    assert_eq!(inspection.problems, []);
    let [Source { from: SourceFrom::Imap(imap), .. }] = inspection.config.maintenance.sources.as_slice() else {
        panic!("one mailbox")
    };
    assert_eq!((imap.server.to_string().as_str(), imap.tls), ("imap.example:993", MailTls::Implicit));
    assert_eq!(
        (imap.folders.as_slice(), imap.wanted.since_days, imap.idle),
        (["INBOX".to_owned()].as_slice(), Some(30), true)
    );
    assert_eq!(imap.login, Login { auth: Auth::Password, proof: Proof::Kept(SecretFrom::Variable("PW".to_owned())) });
    let none = problems(&mailbox(""));
    assert!(none.len() == 1 && none[0].contains("`password_file` is missing from [[maintenance.source]]"), "{none:?}");
    let both = problems(&mailbox("password_env = 'PW'\npassword_command = 'pass show noc'"));
    assert!(
        both.len() == 1 && both[0].contains("`maintenance.source.password_command` cannot stand beside"),
        "{both:?}"
    );
}

#[test]
fn passwords_go_to_other_machines_under_tls_only() {
    let lines = |server: &str| mailbox("password_env = 'PW'\ntls = 'none'").replace("imap.example", server);
    for server in ["127.0.0.1:1143", "[::1]:1143", "localhost"] {
        assert_eq!(problems(&lines(server)), [""; 0], "{server}");
    }
    for server in ["imap.example", "192.0.2.1", "127.0.0.1.example", "localhost.example"] {
        let told = problems(&lines(server));
        assert!(
            told.len() == 1 && told[0].contains("`maintenance.source.tls` cannot be \"none\""),
            "{server}: {told:?}"
        );
    }
}

#[test]
fn a_folder_of_an_account_is_read_by_one_source() {
    let one = mailbox("password_env = 'PW'\nfolders = ['INBOX', 'Works']");
    let other = |folder| one.replace("'noc'\nkind", "'other'\nkind").replace("'INBOX', 'Works'", folder);
    let told = problems(&(one.clone() + &other("'inbox'")));
    assert!(told.len() == 1 && told[0].contains("source \"other\" reads what source \"noc\" reads"), "{told:?}");
    assert_eq!(problems(&(one.clone() + &other("'Others'"))), [""; 0]);
    assert_eq!(problems(&mailbox("password_env = 'PW'\nfolders = ['INBOX', 'INBOX']")).len(), 1);
}

#[test]
fn tokens_are_fetched_where_the_login_wants_them_and_say_what_they_lack() {
    let oauth = |lines: &str| mailbox(&format!("auth = 'xoauth2'\n[maintenance.source.oauth]\n{lines}"));
    let inspection = inspect_text(
        &oauth("provider = 'microsoft'\nclient_id = 'an app'\ntenant = 'lakeside'"),
        &Flags::default(),
        &[],
    );
    assert_eq!(inspection.problems, []);
    let [Source { from: SourceFrom::Imap(imap), .. }] = inspection.config.maintenance.sources.as_slice() else {
        panic!("one mailbox")
    };
    let Proof::Fetched(oauth_of) = &imap.login.proof else { panic!("{:?}", imap.login) };
    assert_eq!(oauth_of.token_url, "https://login.microsoftonline.com/lakeside/oauth2/v2.0/token");
    assert!(oauth_of.kept_in.ends_with("noctui/tokens/noc"), "{}", oauth_of.kept_in.display());
    assert!(!oauth_of.in_keyring);
    let elsewhere = problems(&oauth("provider = 'microsoft'\nclient_id = 'an app'\nkeep_in = 'cloud'"));
    assert!(elsewhere.len() == 1 && elsewhere[0].contains("keep_in"), "{elsewhere:?}");
    for (lines, lacks) in [
        ("provider = 'google'", "`client_id` is missing"),
        ("provider = 'microsoft'\ngrant = 'application'\nclient_id = 'x'", "`client_secret_file` is missing"),
        ("provider = 'google'\ngrant = 'service-account'", "`key_file` is missing"),
        ("client_id = 'x'", "`provider` is missing"),
    ] {
        let told = problems(&oauth(lines));
        assert!(told.len() == 1 && told[0].contains(lacks), "{lines}: {told:?}");
    }
}

#[test]
fn mailboxes_over_https_have_tokens_of_their_own_service_and_go_to_other_machines_under_tls_only() {
    let source = |kind: &str, lines: &str, provider: &str| {
        format!(
            "[[maintenance.source]]\nname = 'noc'\nkind = '{kind}'\nuser = 'noc@lakeside.example'\n{lines}\n\
             [maintenance.source.oauth]\nprovider = '{provider}'\nclient_id = 'an app'\n"
        )
    };
    let web = |text: &str| {
        let inspection = inspect_text(text, &Flags::default(), &[]);
        assert_eq!(inspection.problems, []);
        let [Source { from: SourceFrom::Web(web), .. }] = inspection.config.maintenance.sources.as_slice() else {
            panic!("one mailbox")
        };
        (**web).clone()
    };
    let gmail = web(&source("gmail", "", "google"));
    assert_eq!(
        (gmail.url.as_str(), gmail.folders.as_slice()),
        ("https://gmail.googleapis.com", ["INBOX".to_owned()].as_slice())
    );
    assert_eq!(gmail.oauth.scopes, ["https://www.googleapis.com/auth/gmail.readonly"]);
    // Marking mails takes more.
    let labels = source("gmail", "", "google") + "[maintenance.source.labels]\nparsed = 'noc/read'\n";
    let labelled = web(&labels);
    assert_eq!(labelled.oauth.scopes, ["https://www.googleapis.com/auth/gmail.modify"]);
    assert_eq!(labelled.labels, [("parsed", "noc/read".to_owned())]);
    let graph = web(&source("microsoft", "", "microsoft"));
    assert_eq!(graph.oauth.scopes, ["https://graph.microsoft.com/Mail.Read", "offline_access"]);
    assert_eq!(web(&source("gmail", "url = 'http://127.0.0.1:1'", "google")).url, "http://127.0.0.1:1");
    for (text, told) in [
        (source("gmail", "url = 'http://gmail.example'", "google"), "`maintenance.source.url` cannot be"),
        (source("gmail", "", "microsoft"), "the tokens of kind = \"gmail\" are given by another provider"),
        (
            "[[maintenance.source]]\nname = 'noc'\nkind = 'gmail'\nuser = 'noc'\n".to_owned(),
            "[maintenance.source.oauth] is missing",
        ),
        (
            source("gmail", "", "google") + "token_url = 'http://tokens.example'\n",
            "`maintenance.source.oauth.token_url` cannot be",
        ),
    ] {
        let problems = problems(&text);
        assert!(problems.len() == 1 && problems[0].contains(told), "{text}: {problems:?}");
    }
}

#[test]
fn a_name_that_is_there_twice_is_told_whatever_else_is_wrong_with_the_section() {
    for (section, key) in [("cloudvision", "server = 7"), ("deploy", "dir = 7"), ("lab", "url = 7")] {
        let told = problems(&format!("[[{section}]]\nname = 'dup'\n{key}\n\n[[{section}]]\nname = 'dup'\n{key}\n"));
        let twice = told.iter().filter(|told| told.contains("another section has that name")).count();
        assert_eq!(twice, 1, "{section}: {told:?}");
    }
}

#[test]
fn a_secret_in_the_file_is_answered_with_the_places_where_it_may_be() {
    let told = problems("[[cloudvision]]\nname = 'a'\nserver = 'cvp.example'\ntoken = 'abc'\n");
    assert!(told.iter().any(|told| told.contains("no token stands in this file")), "{told:?}");
    assert!(!told.concat().contains("abc"), "{told:?}");
}
