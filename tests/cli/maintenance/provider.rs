//! `noctui provider …`

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::Value;

use crate::support::Home;

/// A mail of a provider that no rule in the binary knows.
const MAIL: &str = "From: Bramble NOC <noc@bramble.example>\nSubject: [Bramble] Planned maintenance BR-2041 - Reminder\n\
    Date: Mon, 2 Nov 2026 10:15:00 +0100\nContent-Type: text/html\n\n<p><b>Reason:</b> Splice</p><table>\
    <tr><td>Start (CET)</td><td>14/11/2026 23:30</td></tr><tr><td>End (CET)</td><td>15/11/2026 04:00</td></tr></table>\
    <table><tr><th>Service</th><th>Effect</th></tr><tr><td>BN-100-7741</td><td>Loss</td></tr></table>";

/// A home folder with the mail in it.
fn home() -> Home {
    let home = Home::new();
    std::fs::write(home.path().join("notice.eml"), MAIL).unwrap();
    home
}

/// Writes a rule file of the user.
fn own_rule(home: &Home, name: &str, text: &str) {
    let dir = home.path().join(".config/noctui/providers");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(name), text).unwrap();
}

/// What a command that succeeds prints, read as JSON.
fn json(home: &Home, arguments: &[&str]) -> Value {
    let output = home.noctui([arguments, &["--json"]].concat()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_list_tells_built_in_rules_from_own_ones_and_from_those_with_an_error() {
    let home = home();
    let rule = "name = 'X'\norganizer = 'x@x.example'\nsenders = ['@x.example']\nprocessors = [['html', 'date']]\n[part.html]\n";
    own_rule(&home, "xylo.toml", rule);
    own_rule(&home, "zayo.toml", rule);
    own_rule(&home, "broken.toml", "organizer = 'x@x.example'\nprocesors = []\n");
    let list = json(&home, &["provider", "list"]);
    let row = |slug: &str| list.as_array().unwrap().iter().find(|row| row["slug"] == slug).unwrap();
    assert_eq!(
        (&row("xylo")["origin"], &row("zayo")["origin"], &row("cogent")["origin"]),
        (&"own".into(), &"replaced".into(), &"built-in".into())
    );
    assert_eq!(row("xylo")["formats"], serde_json::json!(["html"]));
    let broken = row("broken");
    assert_eq!(
        (&broken["origin"], &broken["error"]["line"], &broken["error"]["key"]),
        (&"disabled".into(), &2.into(), &"procesors".into())
    );
    assert!(broken["error"]["fix"].as_str().unwrap().contains("`processors`"), "{broken}");
    home.noctui(["provider", "list"]).assert().success().stderr(contains("broken.toml:2: procesors"));
}

#[test]
fn a_rule_file_is_shown_as_it_is() {
    let home = home();
    home.noctui(["provider", "show", "zayo"])
        .assert()
        .success()
        .stdout(contains("# assets/providers/zayo.toml\nname = \"Zayo\""));
    home.noctui(["provider", "show", "zaio"]).assert().code(2).stderr(contains("did you mean \"zayo\"?"));
}

#[test]
fn a_draft_is_saved_tried_and_then_reads_the_mail_by_itself() {
    let home = home();
    home.noctui(["maintenance", "parse", "notice.eml"]).assert().code(2).stderr(contains("no rule knows"));
    home.noctui(["provider", "new", "notice.eml", "--save"])
        .assert()
        .success()
        .stdout(contains("noctui provider test bramble"));
    home.noctui(["provider", "new", "notice.eml", "--save"]).assert().code(2).stderr(contains("is there already"));
    home.noctui(["provider", "test", "bramble", "notice.eml"])
        .assert()
        .success()
        .stdout(contains("bramble reads 1 window").and(contains("from html line 3 (t0 r0 c2), rule line")));
    home.noctui(["maintenance", "parse", "notice.eml"])
        .assert()
        .success()
        .stdout(contains("bramble BR-2041 confirmed"));
}

#[test]
fn a_draft_takes_the_place_of_a_built_in_rule_only_where_that_is_said() {
    let home = home();
    let mail = std::fs::read_to_string(home.path().join("notice.eml")).unwrap();
    let mail = mail.lines().map(|line| if line.starts_with("From:") { "From: noc@zayo.com" } else { line });
    std::fs::write(home.path().join("zayo.eml"), mail.collect::<Vec<_>>().join("\n")).unwrap();
    let refused = contains("a built-in rule is called zayo").and(contains("--slug zayo"));
    home.noctui(["provider", "new", "zayo.eml", "--save"]).assert().code(2).stderr(refused);
    home.noctui(["provider", "list"]).assert().success().stdout(contains("replaced").not());
    home.noctui(["provider", "new", "zayo.eml", "--slug", "zayo", "--save"])
        .assert()
        .success()
        .stdout(contains("in place of the built-in rule"));
}

#[test]
fn a_test_says_why_a_mail_does_not_read() {
    let home = home();
    home.noctui(["provider", "new", "notice.eml", "--slug", "draft", "--save"]).assert().success();
    let file = home.path().join(".config/noctui/providers/draft.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("\"Service\"", "\"Servise\"");
    std::fs::write(home.path().join("mine.toml"), text).unwrap();
    home.noctui(["provider", "test", "mine.toml", "notice.eml"])
        .assert()
        .code(1)
        .stdout(contains("mine does not read it").and(contains("as a header it lacks \"servise\"")));
    let tested = json(&home, &["provider", "test", "mine.toml", "notice.eml"]);
    assert_eq!(tested[0]["result"], "parsing-failed");
    let steps = tested[0]["processors"][1]["read"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["nearest"][0]["because"], "as a header it lacks \"servise\"");
}

#[test]
fn a_test_of_a_file_with_an_error_says_where_and_what_to_write() {
    let home = home();
    std::fs::write(
        home.path().join("bad.toml"),
        "organizer = 'x'\nprocessors = [['html']]\n[[part.html.step]]\nfind = '('\n",
    )
    .unwrap();
    home.noctui(["provider", "test", "bad.toml", "notice.eml"])
        .assert()
        .code(2)
        .stderr(contains("line 4: find: unclosed group").and(contains("write a regular expression")));
    home.noctui(["provider", "test", "nobody", "notice.eml"])
        .assert()
        .code(2)
        .stderr(contains("there is no rule \"nobody\""));
}

#[test]
fn a_test_and_a_parse_agree_on_the_impact_of_each_circuit() {
    let home = home();
    let rule = "name = 'X'\norganizer = 'x@x.example'\nsenders = ['@bramble.example']\nprocessors = [['html', 'date']]\n\
        impact = [['down', 'OUTAGE'], ['risk', 'NO-IMPACT']]\n[default]\naccount = '1'\nstatus = 'CONFIRMED'\n\
        [[part.html.step]]\nlabel = 'Id:'\nfield = 'maintenance_id'\n\
        [[part.html.step]]\nfind = '^From (?<start>.+) to (?<end>.+)$'\n\
        [[part.html.step]]\nlabel = 'Lines:'\nsplit = ','\npattern = '(?<circuit>C-\\d) \\((?<impact>\\w+)\\)'\n";
    own_rule(&home, "xylo.toml", rule);
    let page = "<p>Id: M-1</p><p>From 2026-03-03 01:00 to 2026-03-03 05:00</p><p>Lines: C-1 (down), C-2 (risk)</p>";
    let head = MAIL.split_once("\n\n").unwrap().0;
    std::fs::write(home.path().join("notice.eml"), format!("{head}\n\n{page}")).unwrap();
    let parsed = json(&home, &["maintenance", "parse", "notice.eml"]);
    let wanted = serde_json::json!([
        { "circuit_id": "C-1", "impact": "OUTAGE" },
        { "circuit_id": "C-2", "impact": "NO-IMPACT" }
    ]);
    assert_eq!(parsed[0]["circuits"], wanted, "{parsed}");
    home.noctui(["provider", "test", "xylo", "notice.eml"])
        .assert()
        .success()
        .stdout(contains("C-1 OUTAGE").and(contains("C-2 NO-IMPACT")));
}
