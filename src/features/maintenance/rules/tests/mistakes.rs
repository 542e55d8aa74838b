//! Rule files of users: what they add, and every mistake in them.

use super::*;

#[test]
fn a_file_of_the_user_adds_a_provider_or_takes_the_place_of_one() {
    let folder = tempfile::tempdir().unwrap();
    for slug in ["test", "arelion"] {
        fs::write(folder.path().join(format!("{slug}.toml")), rule(LINES, "")).unwrap();
    }
    let (rules, errors) = Rules::with_user_dir(folder.path());
    assert_eq!(errors, []);
    assert!(rules.slugs().contains(&"test"));
    for slug in ["test", "arelion"] {
        let verdict = rules.read(mail("x@y.example", "x", PAGE).as_bytes(), Some(slug)).verdict;
        assert!(matches!(verdict, Verdict::Parsed { provider, .. } if provider == slug));
    }
}

/// A rule by which windows without an end are so many minutes long.
fn with_minutes(minutes: i32) -> String {
    let section = "\n[default]\naccount = '1'\nstatus = 'CONFIRMED'\n";
    let keys = "\ndefault.account = '1'\ndefault.status = 'CONFIRMED'\n";
    rule(LINES, &format!("default.minutes = {minutes}")).replace(section, keys)
}

#[test]
fn a_broken_file_names_file_line_key_and_fix_and_disables_only_itself() {
    for (text, line, key, problem, fix) in [
        (
            rule("[[part.html.step]]\nlable = 'x'", ""),
            12,
            "lable",
            "there is no setting `lable`",
            "did you mean `label`? Else write one of",
        ),
        (rule("[[part.html.step]]\nfind = '(x'", ""), 12, "find", "unclosed group", "regular expression"),
        (
            rule("[[part.html.step]]\nfind = '(?<circut>x)'", ""),
            12,
            "find",
            "the group \"circut\" is no field",
            "name groups",
        ),
        (rule("[[part.html.step]]\nfind = 'x'\nlabel = 'y'", ""), 12, "step", "several things", "exactly one"),
        (rule("[[part.html.step]]\nkeep = 'last'", ""), 11, "step", "looks for nothing", "exactly one"),
        (
            rule("[[part.html.step]]\ncolumns = [\n{ field = 'circuit' }]", ""),
            13,
            "columns",
            "no place",
            "header or at",
        ),
        (rule("[[part.html.step]]\ncolumns = []", ""), 12, "columns", "it is empty", "header ="),
        (rule("[[part.html.step]]\nlabel = []\nfield = 'account'", ""), 12, "label", "it is empty", "words"),
        (rule("[[part.html.step]]\nlabel = 'x'", ""), 12, "step", "takes nothing from what it finds", "field ="),
        (rule("[[part.html.step]]\nfind = 'x'", ""), 12, "step", "takes nothing from what it finds", "field ="),
        (with_minutes(0), 6, "minutes", "no minutes", "leave it out"),
        (with_minutes(-5), 6, "default.minutes", "-5", "a whole number"),
        (rule("[[part.html.step]]\nfind = 'x'\ncells = [2]", ""), 12, "columns", "it has none", "leave them out"),
        (rule(LINES, "status = [['done', 'DONE']]"), 6, "status", "\"DONE\" is not known", "COMPLETED"),
        (rule(LINES, "[dates]\nzone = 'Berlin'\n"), 7, "zone", "\"Berlin\" is no time zone", "IANA"),
        (rule(&format!("[part.page]\nbreak_at = []\n{LINES}"), ""), 11, "from", "\"page\" is no kind of part", "html"),
        (
            rule(LINES, "").replace("'date'", "'dates'"),
            4,
            "processors",
            "there is no [part.dates]",
            "[[part.dates.step]]",
        ),
        ("organizer = ".to_owned(), 1, "organizer", "", ""),
    ] {
        let (rules, errors) = with_rule(&text);
        let [error] = errors.as_slice() else { panic!("{text}: {errors:?}") };
        assert!(error.file.ends_with("test.toml"));
        assert_eq!((error.line, error.key.as_str()), (line, key), "{error}");
        assert!(error.problem.contains(problem), "{error}");
        assert!(error.fix.contains(fix), "{error}");
        assert!(!rules.slugs().contains(&"test") && rules.slugs().contains(&"arelion"));
    }
}

#[test]
fn every_mistake_of_a_file_is_told_at_once_in_its_order() {
    let text = "nam = 'x'\norganizer = 'noc@test.example'\nsenders = ['x.example', '@test.example', 'a@b@c']\nsigns = ['']\n\
                processors = [['html', 'pages']]\nstatus = [['done', 'DONE']]\n[dates]\norder = 'mixed'\nzone = 'Berlin'\n\
                [[part.html.step]]\nfind = '('\nfield = 'circut'\nkeep = 'last'\n[[part.html.step]]\nkeep = 'last'\n";
    let (_, errors) = with_rule(text);
    let told: Vec<(usize, &str)> = errors.iter().map(|error| (error.line, error.key.as_str())).collect();
    assert_eq!(
        told,
        [
            (1, "nam"),
            (3, "senders"),
            (3, "senders"),
            (4, "signs"),
            (5, "processors"),
            (6, "status"),
            (8, "order"),
            (9, "zone"),
            (11, "find"),
            (12, "field"),
            (14, "step")
        ],
        "{errors:#?}"
    );
    let listed = Rules::embedded().list(&errors);
    assert_eq!(listed.iter().filter(|listed| listed.slug == "test").count(), 1);
}

#[test]
fn what_is_written_in_place_of_another_kind_is_told_without_the_words_of_programs() {
    for (line, problem, fix) in [
        ("processors = 'html'", "it is the text \"html\"", "write a list"),
        ("processors = []\ngeneric = 'yes'", "it is the text \"yes\"", "write true or false"),
        ("processors = []\nname = 5", "it is the number `5`", "write a text"),
    ] {
        let (_, errors) = with_rule(&format!("organizer = 'x'\n{line}\n"));
        assert!(errors.iter().any(|error| error.problem == problem && error.fix.starts_with(fix)), "{errors:?}");
    }
}

#[test]
fn senders_that_no_mail_has_and_signs_that_every_mail_has_are_mistakes() {
    for sender in ["x.example", "*@x.example", "NOC <a@x.example>", "a@b@c", "@", "", "a@x.example, b@x.example"] {
        let (_, errors) = with_rule(&rule(LINES, "").replace("noc@test.example']\np", &format!("{sender}']\np")));
        let [error] = errors.as_slice() else { panic!("{sender}: {errors:?}") };
        assert_eq!((error.line, error.key.as_str()), (3, "senders"), "{error}");
        assert!(error.fix.contains("\"@provider.example\" for all of its domain"), "{error}");
    }
    for sign in ["", "a", " ab "] {
        let (_, errors) = with_rule(&rule(LINES, &format!("signs = ['{sign}']")));
        assert!(matches!(errors.as_slice(), [error] if error.key == "signs" && error.line == 6), "{errors:?}");
    }
    let (_, errors) =
        with_rule(&rule(LINES, "").replace("noc@test.example']\np", "NOC@test.example', '@x.example']\np"));
    assert_eq!(errors, []);
}

#[test]
fn own_rules_that_share_a_sender_or_have_none_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one.toml"), rule(LINES, "")).unwrap();
    fs::write(folder.path().join("two.toml"), rule(LINES, "")).unwrap();
    fs::write(folder.path().join("zero.toml"), rule(LINES, "").replace("senders = ['noc@test.example']\n", ""))
        .unwrap();
    let (rules, errors) = Rules::with_user_dir(folder.path());
    assert_eq!(errors, []);
    let warnings: Vec<String> = rules.warnings().iter().map(ToString::to_string).collect();
    let [shared, none] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(
        shared.contains("two.toml:3: senders: warning: \"noc@test.example\" is a sender of one.toml, too"),
        "{shared}"
    );
    assert!(none.contains("zero.toml: senders: warning: no mail is known as this provider's by it"), "{none}");
}

#[test]
fn what_is_no_file_in_the_folder_of_rules_is_told_and_what_editors_leave_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, kind) = (folder.path().join("pipe.toml"), rustix::fs::FileType::Fifo);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, 0o600.into(), 0).unwrap();
    fs::create_dir(folder.path().join("folder.toml")).unwrap();
    fs::write(folder.path().join(".#x.toml"), "").unwrap();
    let (_, errors) = Rules::with_user_dir(folder.path());
    let told: Vec<&str> = errors.iter().map(|error| error.problem.as_str()).collect();
    assert_eq!(
        told,
        ["it cannot be read: it is a folder, and no file", "it cannot be read: it is a pipe, and no file"]
    );
}

#[test]
fn a_pattern_that_would_take_all_memory_is_an_error() {
    let (_, errors) = with_rule(&rule(
        r"[[part.html.step]]
find = '(\w{500}){500}'",
        "",
    ));
    assert!(errors[0].problem.contains("size limit"), "{:?}", errors[0]);
}
