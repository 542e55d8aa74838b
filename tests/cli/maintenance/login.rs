//! `noctui source login`: where what comes of it is kept.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use predicates::str::contains;

use super::source::Serving;
use crate::support::Home;

/// Gives codes and tokens over HTTP until the test ends, and has a mailbox; what it was asked.
fn giver() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = String::new();
            while !is_whole(&request) {
                let mut bytes = [0; 4096];
                let read = stream.read(&mut bytes).unwrap();
                assert!(read > 0, "cut off: {request}");
                request.push_str(std::str::from_utf8(bytes.get(..read).unwrap()).unwrap());
            }
            let body = if request.starts_with("POST /device ") {
                r#"{"device_code": "dev", "user_code": "AB-12", "verification_uri": "https://login.example/d", "interval": 0}"#
            } else if request.starts_with("POST /token ") {
                r#"{"access_token": "one", "refresh_token": "kept"}"#
            } else {
                r#"{"id": "inbox", "totalItemCount": 3}"#
            };
            log.lock().unwrap().push(request);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            stream.write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        }
    });
    (url, asked)
}

/// Whether a request has arrived with its body.
fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// A program that stands for the keyring of a desktop; it keeps one entry in a file.
fn keyring(folder: &Path) {
    let program = folder.join("secret-tool");
    let text = "#!/bin/sh\ncase $1 in\nstore) /bin/cat > \"$HOME/entry\"; echo \"$*\" > \"$HOME/stored\";;\n\
                lookup) /bin/cat \"$HOME/entry\";;\nesac\n";
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn a_refresh_token_is_kept_in_a_file_for_nobody_else_to_read() {
    let (home, (url, asked)) = (Home::new(), giver());
    configure(&home, &url, "");
    home.noctui(["source", "login", "noc"])
        .assert()
        .success()
        .stderr(contains("open https://login.example/d in a browser, and type AB-12"))
        .stdout(contains("noc@lakeside.example is signed in; the refresh token is kept in "))
        .stdout(predicates::str::ends_with("tokens/noc, for you alone to read\n"));
    let file = home.path().join(".local/share/noctui/tokens/noc");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // And used from there.
    asked.lock().unwrap().clear();
    home.noctui(["source", "check", "noc"]).assert().success().stdout(contains("INBOX: 3 mails"));
    assert!(asked.lock().unwrap()[0].contains("refresh_token=kept"), "{asked:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_refresh_token_is_kept_in_the_keyring_where_there_is_one_and_otherwise_told_to_be_in_a_file() {
    let (home, (url, asked)) = (Home::new(), giver());
    configure(&home, &url, "keep_in = 'keyring'\n");
    let file = home.path().join(".local/share/noctui/tokens/noc");
    let run = |words: &[&str], path: &str| {
        let mut command = home.noctui(words.iter().copied());
        command.env("PATH", home.path().join(path)).assert()
    };
    run(&["source", "login", "noc"], "nothing")
        .success()
        .stdout(contains("for you alone to read, and not in the keyring: secret-tool is not installed\n"));
    assert!(file.exists());
    keyring(&home.path().join("desktop"));
    run(&["source", "login", "noc"], "desktop")
        .success()
        .stdout(contains("the refresh token is kept in the keyring\n"));
    assert!(!file.exists(), "an older token is in the way");
    assert_eq!(std::fs::read_to_string(home.path().join("entry")).unwrap(), "kept");
    let stored = std::fs::read_to_string(home.path().join("stored")).unwrap();
    assert!(stored.ends_with("tokens/noc\n") && !stored.contains("kept"), "{stored}");
    asked.lock().unwrap().clear();
    run(&["source", "check", "noc"], "desktop").success().stdout(contains("INBOX: 3 mails"));
    assert!(asked.lock().unwrap()[0].contains("refresh_token=kept"), "{asked:?}");
    // A keyring that is locked is not taken for a login that never was.
    run(&["source", "check", "noc"], "nothing").code(1).stderr(contains("or the keyring is locked"));
}

#[test]
fn whoever_reads_the_source_goes_on_once_somebody_has_signed_in() {
    let (home, (url, asked)) = (Home::new(), giver());
    configure(&home, &url, "");
    let _serving = Serving::of(&home);
    let wait = |what: &str, is_so: &dyn Fn() -> bool| {
        let begun = std::time::Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < std::time::Duration::from_mins(1), "{what}");
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
    };
    wait("it needs a login", &|| {
        let list = home.noctui(["source", "list", "--json"]).output().unwrap().stdout;
        String::from_utf8(list).unwrap().contains("nobody has signed in yet")
    });
    assert!(asked.lock().unwrap().is_empty());
    home.noctui(["source", "login", "noc"])
        .assert()
        .success()
        .stdout(contains("noc: process "))
        .stdout(contains(" reads it, and is asked to look now\n"));
    wait("it goes on", &|| asked.lock().unwrap().iter().any(|asked| asked.contains("refresh_token=kept")));
}

#[test]
fn a_key_or_a_secret_that_everybody_may_read_is_told() {
    let (home, (url, _asked)) = (Home::new(), giver());
    let [key, secret] = ["key.json", "client"].map(|name| home.path().join(name));
    let mode = |mode: u32| {
        for file in [&key, &secret] {
            std::fs::write(file, "secret").unwrap();
            std::fs::set_permissions(file, PermissionsExt::from_mode(mode)).unwrap();
        }
    };
    configure(&home, &url, &format!("key_file = '{}'\nclient_secret_file = '{}'\n", key.display(), secret.display()));
    let warning = |file: &Path| contains(format!("noc: warning: everybody may read {}: chmod 600", file.display()));
    let (of_key, of_secret) = (warning(&key), warning(&secret));
    mode(0o644);
    let check = || home.noctui(["source", "check", "noc"]).assert();
    check().stderr(of_key.clone()).stderr(of_secret.clone());
    mode(0o600);
    check()
        .stderr(predicates::prelude::PredicateBooleanExt::not(of_key))
        .stderr(predicates::prelude::PredicateBooleanExt::not(of_secret));
}

/// A mailbox of somebody who signs in at `url`.
fn configure(home: &Home, url: &str, lines: &str) {
    home.configure(&format!(
        "[[maintenance.source]]\nname = 'noc'\nkind = 'microsoft'\nuser = 'noc@lakeside.example'\nurl = '{url}'\n\
         [maintenance.source.oauth]\nprovider = 'microsoft'\nclient_id = 'an app'\ntoken_url = '{url}/token'\n\
         device_url = '{url}/device'\n{lines}"
    ));
}
