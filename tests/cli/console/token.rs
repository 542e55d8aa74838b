//! `noctui console token`, and what is told of tokens before a proxy is asked.

use noctui::features::console::sim::Machine;
use serde_json::Value;

use super::{Desk, KEY, write_private};
use crate::json::{documented, fields};
use crate::support::{Home, transcript};

/// A home with a key in a file.
fn home() -> Home {
    let home = Home::new();
    write_private(&home, "key", KEY);
    home
}

/// What a command prints, and its exit code.
fn run(home: &Home, arguments: &[&str], token: Option<&str>) -> (String, String, i32) {
    let mut command = home.noctui(arguments.iter().copied());
    if let Some(token) = token {
        command.env("NOCTUI_CONSOLE_TOKEN", token);
    }
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

/// A token for two machines.
fn mint(home: &Home, life: &str) -> String {
    let words =
        ["console", "token", "mint", "leaf1", "leaf2", "--key-file", "key", "--namespace", "lab-7", "--life", life];
    let (token, complaints, code) = run(home, &words, None);
    assert_eq!((complaints.as_str(), code), ("", 0));
    token.trim().to_owned()
}

#[test]
fn what_is_minted_is_read_and_its_signature_is_checked() {
    let home = home();
    let token = mint(&home, "10m");
    assert_eq!(token.matches('.').count(), 2);
    let inspect = ["console", "token", "inspect", "--key-file", "key", "--json"];
    let (json, _, code) = run(&home, &inspect, Some(&token));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["machines"], &json["namespace"]), (&serde_json::json!(["leaf1", "leaf2"]), &"lab-7".into()));
    assert_eq!((&json["signed"], &json["refused"], code), (&true.into(), &Value::Null, 0));
    assert!((1..=600).contains(&json["left_s"].as_i64().unwrap()), "{json}");
    assert_eq!(json["user"], "anna");
    let (text, _, _) = run(&home, &["console", "token", "inspect"], Some(&token));
    assert!(text.starts_with("machines   leaf1 leaf2\nnamespace  lab-7\nuser       anna\n"), "{text}");
    assert!(text.contains("not checked"), "{text}");

    let mut found = std::collections::BTreeSet::new();
    fields(&json, &mut found);
    found.insert("token".to_owned());
    let documented = documented("## Tokens");
    assert_eq!(found, documented);
}

#[test]
fn a_token_is_read_from_a_file_and_from_standard_input() {
    let home = home();
    let token = mint(&home, "2h");
    write_private(&home, "token", &token);
    let (text, complaints, code) = run(&home, &["console", "token", "inspect", "--token-file", "token"], None);
    assert!(text.contains("leaf1 leaf2") && complaints.is_empty() && code == 0, "{text}{complaints}");
    // The advice beside a signature that was not checked can be followed.
    assert!(text.contains("not checked: --key-file names the key"), "{text}");
    let with_key = ["console", "token", "inspect", "--token-file", "token", "--key-file", "key"];
    assert!(run(&home, &with_key, None).0.contains("signed     by this key"));
    let mut command = home.noctui(["console", "token", "inspect", "--token-file", "token"]);
    let output = command.env("NOCTUI_CONSOLE_KEY", KEY).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("by this key"), "{output:?}");
    let mut command = home.noctui(["console", "token", "inspect", "--token-file", "-"]);
    let output = command.write_stdin(token).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_token_that_a_proxy_would_refuse_is_a_no() {
    let home = home();
    let token = mint(&home, "10m");
    write_private(&home, "other", "another-secret");
    let inspect = ["console", "token", "inspect", "--key-file", "other"];
    let (text, _, code) = run(&home, &inspect, Some(&token));
    assert!(text.contains("NOT by this key") && text.contains("refused    another key signed it\n"), "{text}");
    assert_eq!(code, 1);
    // RFC 7515's example, which ended in 2011 and is for no machine.
    let old = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
               cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let (text, _, code) = run(&home, &["console", "token", "inspect"], Some(old));
    assert!(
        text.contains("\nended      ") && !text.contains("\ngood") && text.contains("the token does not say `id`"),
        "{text}"
    );
    assert_eq!(code, 1);
    let (_, complaints, code) = run(&home, &["console", "token", "inspect"], Some("nonsense"));
    assert!(
        complaints.contains("what should be the token for the proxy is none") && !complaints.contains("nonsense"),
        "{complaints}"
    );
    assert_eq!(code, 2);
}

#[test]
fn what_is_missing_for_a_token_is_told() {
    let home = home();
    let told = |arguments: &[&str]| {
        let words = ["console", "token", "mint", "leaf1"].into_iter().chain(arguments.iter().copied());
        transcript(&home, &mut home.noctui(words))
    };
    assert!(told(&[]).contains("NOCTUI_CONSOLE_KEY"));
    assert!(told(&["--key-file", "key"]).contains("the namespace of the machines is not said"));
    assert!(told(&["--key-file", "missing", "--namespace", "a"]).contains("cannot read the key from missing"));
    write_private(&home, "empty", "");
    let empty = told(&["--key-file", "empty", "--namespace", "a"]);
    assert!(empty.contains("the content of empty is no key") && !empty.contains("is no token"), "{empty}");
    for life in ["0s", "31d", "10", "x", "-1m"] {
        let told = told(&["--key-file", "key", "--namespace", "a", &format!("--life={life}")]);
        assert!(told.contains("it takes 1s to 30d"), "{told}");
    }
    let everything = told(&["--key-file", "key", "--namespace", "a"]) + &told(&["--key-file", "key"]);
    assert!(!everything.contains(KEY), "the key itself is never told");
}

#[test]
fn a_proxy_is_not_asked_what_the_token_says_already() {
    let desk = Desk::of("leaf1", Machine::Switch);
    let (url, home) = (desk.sim.url().to_string(), &desk.home);
    let token = mint(home, "10m");
    let shot = |machine: &str, token: &str| {
        run(home, &["console", "screenshot", machine, "--text", "--url", &url], Some(token)).1
    };
    assert!(shot("spine1", &token).contains("would not let us in: the token is not for spine1"));
    // What only the proxy can know, it says: its reason is told although its code is that of a normal end.
    write_private(home, "key", "another-secret");
    let forged = mint(home, "10m");
    let told = shot("leaf1", &forged);
    assert!(
        told.contains("noctui: the proxy refuses: invalid token\n") && told.contains("signed with another key"),
        "{told}"
    );
}

#[test]
fn a_configured_proxy_says_where_and_lets_in() {
    let desk = Desk::of("leaf1", super::boot_screen());
    let url = desk.sim.url();
    let config = format!(
        "[[console.proxy]]\nname = 'training'\nscreen = '{url}'\nnamespace = 'lab-7'\nkey_file = '~/key'\nmachines = ['leaf1']\n"
    );
    desk.home.configure(&config);
    let told = transcript(&desk.home, &mut desk.home.noctui(["console", "screenshot", "leaf1", "--text"]));
    assert!(told.starts_with("Booting from disk...\n"), "{told}");
    let serial = transcript(
        &desk.home,
        &mut desk.home.noctui(["console", "tunnel", "leaf1", "--serial", "--proxy", "training"]),
    );
    assert!(
        serial.contains("it is not said where the serial of leaf1 is") && serial.contains("add `serial = …`"),
        "{serial}"
    );
    let other = transcript(&desk.home, &mut desk.home.noctui(["console", "tunnel", "leaf1", "--proxy", "trainning"]));
    assert!(
        other.contains("there is no proxy trainning in the configuration") && other.contains("it has training"),
        "{other}"
    );
}

/// A token of these claims that the key signs, with this algorithm in its header.
fn signed(algorithm: &str, claims: &Value) -> String {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let header = serde_json::json!({ "alg": algorithm, "typ": "JWT" });
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY.as_bytes());
    let signature = ring::hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", encode(signature.as_ref()))
}

#[test]
fn what_the_library_of_proxies_refuses_is_refused_here_too() {
    let home = home();
    let lab =
        serde_json::json!({ "lab_id": 1, "lab_instance_id": 2, "namespace_name": "n", "allowed_vmi_names": ["leaf1"] });
    let inspect = ["console", "token", "inspect", "--key-file", "key"];
    for (name, value, says) in [
        ("exp", Value::Null, "the token's `exp` is no number of seconds"),
        ("exp", true.into(), "the token ended"),
        ("nbf", 99_999_999_999_u64.into(), "the token is not good yet"),
        ("aud", "lab".into(), "the token is meant for somebody else"),
    ] {
        let mut claims = serde_json::json!({ "id": 1, "exp": 99_999_999_999_u64, "lab_instance": lab });
        claims[name] = value;
        let (text, _, code) = run(&home, &inspect, Some(&signed("HS256", &claims)));
        assert!(text.contains(&format!("refused    {says}")) && !text.contains("\ngood"), "{text}");
        assert!(text.contains("signed     by this key") && code == 1, "{text}");
    }
    let claims = serde_json::json!({ "id": 1, "lab_instance": lab });
    let (text, _, code) = run(&home, &inspect, Some(&signed("HS512", &claims)));
    assert!(text.contains("signed     not checked: ") && !text.contains("NOT by this key") && code == 1, "{text}");
}

#[test]
fn names_that_no_machine_can_have_are_not_left_out_without_a_word() {
    let home = home();
    let lab = serde_json::json!({
        "lab_id": 1, "lab_instance_id": 2, "namespace_name": "n", "allowed_vmi_names": ["leaf1", "a/b", "\u{1b}[31mred"],
    });
    write_private(&home, "token", &signed("HS256", &serde_json::json!({ "id": 1, "lab_instance": lab })));
    home.configure("[[console.proxy]]\nname = 'training'\nserial = 'ws://127.0.0.1:9/'\ntoken_file = '~/token'\n");
    let told = transcript(&home, &mut home.noctui(["console", "list"]));
    assert!(told.contains("leaf1") && told.contains("exit code 0"), "{told}");
    assert!(told.contains("names 2 machines that cannot be asked for: a/b"), "{told}");
}
