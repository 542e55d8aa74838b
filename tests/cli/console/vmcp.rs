//! `noctui vmcp`, with keys that `openssl` makes and signatures that it verifies.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::json::{documented, fields};
use crate::skip::skip;
use crate::support::{Home, transcript};

/// A home with a key of 2048 bits and a definition; none where there is no `openssl`.
fn desk() -> Option<Home> {
    let home = Home::new();
    if !openssl(&home, &["genrsa", "-traditional", "-out", "key.pem", "2048"]) {
        skip("openssl makes the keys for signing definitions of machines");
        return None;
    }
    home.configure("[vmcp]\nkey_file = '~/key.pem'\n");
    let dir = home.config().with_file_name("vmcp");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("lab-1.json"), DEFINITION).unwrap();
    Some(home)
}

/// A definition that clients take.
const DEFINITION: &str = r#"{"name": "lab-1", "secret": "pr0t3ct/this", "cpus": 2, "memory": 2048, "flags": 17,
    "canOverride": "memory", "headless": true, "userData": "[amiconfig]\nplugins=cernvm\n"}"#;

/// Runs `openssl` in the home; false where it is missing.
fn openssl(home: &Home, arguments: &[&str]) -> bool {
    let Ok(output) = Command::new("openssl").args(arguments).current_dir(home.path()).output() else { return false };
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

/// What a command prints as JSON.
fn printed(home: &Home, arguments: &[&str]) -> Value {
    let output = home.noctui(arguments.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Writes a file that nobody else may read.
fn write(home: &Home, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = home.path().join(name);
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    path
}

#[test]
fn what_is_signed_is_verified_here_and_by_openssl() {
    let Some(home) = desk() else { return };
    let signed = printed(&home, &["vmcp", "sign", "lab-1", "--salt", "Zk3-QpX0", "--json"]);
    assert_eq!(signed["answer"]["headless"], 1);
    assert_eq!(signed["flags"], json!(["64-bit guest", "show a window"]));
    let canonical = signed["canonical"].as_str().unwrap();
    assert!(
        canonical.starts_with("canoverride=memory\ncpus=2\n") && canonical.ends_with("%0A\nZk3-QpX0"),
        "{canonical}"
    );

    write(&home, "canonical", canonical);
    let signature = signed["answer"]["signature"].as_str().unwrap();
    write(&home, "signature", base64::engine::general_purpose::STANDARD.decode(signature).unwrap());
    openssl(&home, &["rsa", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
    openssl(&home, &["dgst", "-sha512", "-verify", "public.pem", "-signature", "signature", "canonical"]);

    write(&home, "answer.json", signed["answer"].to_string());
    let by_own_key = transcript(&home, &mut home.noctui(["vmcp", "verify", "answer.json", "--salt", "Zk3-QpX0"]));
    insta::assert_snapshot!("vmcp_verify", by_own_key);
    // The public half as `noctui vmcp key` prints it, and in a list of domains.
    let public = home.noctui(["vmcp", "key"]).output().unwrap().stdout;
    write(&home, "list", [b"other.example=AAAA\nlab.example=".as_slice(), &public].concat());
    for key in [&["public.pem"][..], &["list", "--domain", "lab.example"]] {
        let arguments = ["vmcp", "verify", "answer.json", "--salt", "Zk3-QpX0", "--public-key"].into_iter();
        home.noctui(arguments.chain(key.iter().copied())).assert().success();
    }
    let no = transcript(&home, &mut home.noctui(["vmcp", "verify", "answer.json", "--salt", "Zk3-QpX1"]));
    assert!(no.contains("the signature is NOT valid") && no.ends_with("--- exit code 1\n"), "{no}");
}

#[test]
fn every_field_that_is_printed_is_documented() {
    let Some(home) = desk() else { return };
    let signed = printed(&home, &["vmcp", "sign", "lab-1", "--salt", "abc", "--json"]);
    write(&home, "answer.json", signed["answer"].to_string());
    let verified = printed(&home, &["vmcp", "verify", "answer.json", "--salt", "abc", "--json"]);
    let mut found = std::collections::BTreeSet::new();
    for value in [signed, verified, printed(&home, &["vmcp", "key", "--json"])] {
        let mut value = value;
        // What is in a definition is for its author to say.
        for name in ["answer", "definition"] {
            value.as_object_mut().unwrap().entry(name).and_modify(|inner| *inner = Value::Null);
        }
        fields(&value, &mut found);
    }
    let documented = documented("## Definitions of machines");
    let missing: Vec<_> = found.difference(&documented).collect();
    assert!(missing.is_empty(), "{missing:?} are not documented");
    assert!(documented.is_superset(&["peer", "status", "why", "at", "host_id"].map(str::to_owned).into()));
}

#[test]
fn keys_of_every_form_sign_or_say_why_not() {
    let Some(home) = desk() else { return };
    let sign = |key: &str| {
        let mut command = home.noctui(["vmcp", "sign", "lab-1", "--salt", "abc", "--key-file", key]);
        transcript(&home, &mut command)
    };
    openssl(&home, &["pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-out", "pkcs8.pem"]);
    assert_eq!(sign("pkcs8.pem"), sign("key.pem"), "one key has one signature");
    openssl(&home, &["pkcs8", "-topk8", "-in", "key.pem", "-out", "locked.pem", "-passout", "pass:abc"]);
    openssl(&home, &["rsa", "-traditional", "-aes128", "-in", "key.pem", "-out", "old.pem", "-passout", "pass:abc"]);
    openssl(&home, &["rsa", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
    openssl(&home, &["genrsa", "-out", "short.pem", "1024"]);
    openssl(&home, &["genpkey", "-algorithm", "ed25519", "-out", "ed25519.pem"]);
    openssl(&home, &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.pem"]);
    write(&home, "nothing.pem", "abc");
    write(&home, "ssh.pem", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n");
    let mut told = String::new();
    for key in [
        "locked.pem",
        "old.pem",
        "public.pem",
        "short.pem",
        "ed25519.pem",
        "ec.pem",
        "nothing.pem",
        "ssh.pem",
        "missing.pem",
    ] {
        let path = home.path().join(key);
        if path.exists() {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
        }
        told.push_str(&sign(key));
    }
    insta::assert_snapshot!("vmcp_keys", told);
}

#[test]
fn a_key_that_others_can_read_signs_nothing() {
    let Some(home) = desk() else { return };
    for mode in [0o640, 0o604, 0o602] {
        let path = home.path().join("key.pem");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let told = transcript(&home, &mut home.noctui(["vmcp", "sign", "lab-1", "--salt", "abc"]));
        let want = format!("noctui: the key ~/key.pem is open to others (mode {mode:o})\n");
        assert!(told.contains(&want) && told.contains("chmod 600 ~/key.pem") && told.ends_with("code 2\n"), "{told}");
    }
}

#[test]
fn a_definition_that_clients_refuse_or_cannot_get_is_told() {
    let Some(home) = desk() else { return };
    let dir = home.config().with_file_name("vmcp");
    std::fs::write(dir.join("old.toml"), "name = 'My first VM'\nram = 128\n").unwrap();
    std::fs::write(dir.join("broken.json"), r#"{"a": 1.5, "g": {"x": 1}}"#).unwrap();
    std::fs::write(dir.join("lab-2.json"), DEFINITION).unwrap();
    std::fs::write(dir.join("lab-2.toml"), "name = 'lab-2'\n").unwrap();
    let mut told = String::new();
    for name in ["old", "broken", "lab-2", "lab-3", "../config", "./nowhere.json"] {
        let mut command = home.noctui(["vmcp", "sign", name, "--salt", "abc", "--preview"]);
        told.push_str(&transcript(&home, &mut command));
    }
    insta::assert_snapshot!("vmcp_definitions", told);
    let wrong = transcript(&home, &mut home.noctui(["vmcp", "sign", "lab-1", "--salt", "a b"]));
    assert!(wrong.contains("the parameter cvm_salt has characters other than letters, digits and -"), "{wrong}");
}

#[test]
fn what_is_previewed_is_what_is_signed_to_the_byte() {
    let Some(home) = desk() else { return };
    let mut command = home.noctui(["vmcp", "sign", "lab-1", "--salt", "abc", "--preview"]);
    let output = command.output().unwrap();
    assert!(output.stdout.ends_with(b"\nabc"), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_folder_that_is_not_there_is_not_served() {
    let Some(home) = desk() else { return };
    let words = ["vmcp", "serve", "--listen", "127.0.0.1:0", "--dir", "nosuch"];
    let told = transcript(&home, &mut home.noctui(words));
    assert!(told.contains("there is no folder of definitions nosuch") && told.ends_with("exit code 2\n"), "{told}");
}

/// `noctui vmcp serve`, on a port of its own.
struct Serving {
    child: Child,
    address: String,
    /// What it complains of behind its first line.
    complaints: BufReader<ChildStderr>,
}

/// A test that fails leaves nothing running.
impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn start(home: &Home) -> Self {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("noctui"));
        command.env_clear().env("HOME", home.path()).env("USER", "anna").current_dir(home.path());
        command.args(["vmcp", "serve", "--listen", "127.0.0.1:0", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut complaints = BufReader::new(child.stderr.take().unwrap());
        complaints.read_line(&mut line).unwrap();
        let (_, address) = line.trim().split_once("http://").unwrap_or_else(|| panic!("{line}"));
        let address = address.trim_end_matches("/NAME").to_owned();
        Self { child, address, complaints }
    }

    /// Sends these bytes, and gives all that comes back.
    fn answer(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A server that closes on a request that is too large resets the connection.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    /// Status and body of a GET.
    fn get(&self, path: &str) -> (u16, String) {
        let answer = self.answer(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Ends it as Ctrl-C does; what it told of the requests, and its exit code.
    fn end(mut self) -> (Vec<Value>, Option<i32>) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let mut told = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
        let code = self.child.wait().unwrap().code();
        (told.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), code)
    }
}

#[test]
fn what_is_served_is_fetched_and_verified() {
    let Some(home) = desk() else { return };
    let serving = Serving::start(&home);
    let url = format!("http://{}/lab-1", serving.address);
    let fetched = printed(&home, &["vmcp", "fetch", &url, "--json"]);
    assert_eq!((&fetched["valid"], &fetched["definition"]["secret"]), (&json!(true), &json!("pr0t3ct/this")));
    assert_eq!(fetched["salt"].as_str().unwrap().len(), 64);
    let shown = transcript(&home, &mut home.noctui(["vmcp", "fetch", &url, "--salt", "abc"]));
    insta::assert_snapshot!("vmcp_fetch", shown.replace(&serving.address, "ADDRESS"));

    // Somebody else's key does not vouch for it.
    openssl(&home, &["genrsa", "-out", "other.pem", "2048"]);
    openssl(&home, &["rsa", "-in", "other.pem", "-pubout", "-out", "other.pub"]);
    home.noctui(["vmcp", "fetch", &url, "--public-key", "other.pub"]).assert().code(1);
    let nowhere = format!("http://{}/lab-2", serving.address);
    let missing = transcript(&home, &mut home.noctui(["vmcp", "fetch", &nowhere]));
    assert!(missing.contains("answers with 404 Not Found: there is no such definition"), "{missing}");

    let (told, code) = serving.end();
    assert_eq!(code, Some(0));
    assert_eq!(told.iter().map(|one| one["status"].as_u64().unwrap()).collect::<Vec<_>>(), [200, 200, 200, 404]);
    assert_eq!(told[0]["host_id"], fetched["host_id"]);
}

#[test]
fn what_clients_would_refuse_or_ignore_is_said_when_serving_begins() {
    let Some(home) = desk() else { return };
    let dir = home.config().with_file_name("vmcp");
    std::fs::write(dir.join("bad.toml"), "name = 'My first VM'\nsecret = 's'\ndiskURL = 'http://x.example/d'\n")
        .unwrap();
    std::fs::write(dir.join("small.toml"), "name = 'small'\nsecret = 's'\nram = 128\n").unwrap();
    // Left out for its name, each; two of one machine with different secrets; one that anybody resumes.
    for (file, text) in [
        ("we ird.json", "{}"),
        ("ok.JSON", "{}"),
        ("notes.txt", ""),
        (".hidden", ""),
        ("d1.toml", "name = 'dup'\nsecret = 'one'\n"),
        ("d2.toml", "name = 'dup'\nsecret = 'two'\n"),
        ("d3.toml", "name = 'small'\nsecret = 's'\n"),
        ("open.toml", "name = 'open'\nsecret = ''\n"),
    ] {
        std::fs::write(dir.join(file), text).unwrap();
    }
    let mut serving = Serving::start(&home);
    let pid = rustix::process::Pid::from_child(&serving.child);
    assert_eq!(serving.get("/small?cvm_salt=a&cvm_hostid=b").0, 200);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    serving.child.wait().unwrap();
    let mut told = String::new();
    serving.complaints.read_to_string(&mut told).unwrap();
    assert!(
        told.contains("bad is not served: clients refuse it: ") && told.contains("small: clients ignore `ram`"),
        "{told}"
    );
    for said in [
        "the file we ird.json is not served: names of definitions have letters",
        "the file ok.JSON is not served: its name ends in neither .json nor .toml",
        "the file notes.txt is not served",
        "d1 and d2 define the machine dup with different secrets",
        "open: its `secret` is empty",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(!told.contains(".hidden") && !told.contains("define the machine small"), "{told}");
    let names = told.lines().find(|line| line.contains("definitions: ")).unwrap();
    assert!(names.contains("small") && !names.contains("bad"), "{names}");
}

#[test]
fn wrong_requests_are_answered_clearly() {
    let Some(home) = desk() else { return };
    let dir = home.config().with_file_name("vmcp");
    std::fs::write(dir.join("old.toml"), "name = 'My first VM'\nsecret = 's'\n").unwrap();
    let serving = Serving::start(&home);
    for (path, status, says) in [
        ("/lab-1?cvm_hostid=ab12", 400, "the parameter cvm_salt is missing\n"),
        ("/lab-1?cvm_salt=ab12", 400, "the parameter cvm_hostid is missing\n"),
        ("/lab-1", 400, "the parameter cvm_salt is missing, and the parameter cvm_hostid is missing\n"),
        (
            "/lab-1?cvm_salt=a+b&cvm_hostid=1",
            400,
            "the parameter cvm_salt has characters other than letters, digits and -\n",
        ),
        (
            "/lab-1?cvm_salt=a&cvm_hostid=%41",
            400,
            "the parameter cvm_hostid has characters other than letters, digits and -\n",
        ),
        ("/lab-1?cvm_salt=a&cvm_salt=a&cvm_hostid=1", 400, "the parameter cvm_salt is there more than once\n"),
        ("/lab-9?cvm_salt=a&cvm_hostid=1", 404, "there is no such definition\n"),
        (
            "/..%2fconfig?cvm_salt=a&cvm_hostid=1",
            404,
            "there is no such definition: the address is /NAME?cvm_salt=…&cvm_hostid=…\n",
        ),
        ("/old?cvm_salt=a&cvm_hostid=1", 500, "the definition cannot be served; the log of this server says why\n"),
    ] {
        assert_eq!(serving.get(path), (status, says.to_owned()), "{path}");
    }
    let (status, body) = serving.get("/lab-1?x=y&cvm_salt=a-B9&cvm_hostid=1");
    assert_eq!((status, &serde_json::from_str::<Value>(&body).unwrap()["name"]), (200, &json!("lab-1")));
    let post = serving.answer("POST /lab-1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
    assert!(post.starts_with("HTTP/1.1 405 ") && post.contains("allow: GET, HEAD"), "{post}");
    let head = serving.answer("HEAD /lab-1?cvm_salt=a&cvm_hostid=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    let endless = serving.answer(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(40 << 10)));
    assert!(endless.is_empty() || endless.starts_with("HTTP/1.1 4"), "{endless}");
    let (told, _) = serving.end();
    let why = |status: u64| told.iter().find(|one| one["status"] == status).unwrap()["why"].as_str().unwrap();
    assert!(why(500).contains("`name` has characters other than"), "{told:?}");
}

#[test]
fn there_has_to_be_somebody_who_vouches() {
    let home = Home::new();
    let told = transcript(&home, &mut home.noctui(["vmcp", "fetch", "http://192.0.2.1/x"]));
    assert!(told.contains("it is not said whose signature it should be") && told.ends_with("code 2\n"), "{told}");
    for (url, why) in [
        ("ftp://192.0.2.1/x", "it is neither http nor https"),
        ("http://me:pw@192.0.2.1/x", "it has a user or a password in it"),
        ("nowhere", "it is no address"),
        ("http://192.0.2.1/x#y", "it has a fragment"),
    ] {
        let told = transcript(&home, &mut home.noctui(["vmcp", "fetch", "--unverified", url]));
        assert!(told.contains(why), "{told}");
    }
    assert!(Path::new(&home.path().join("nothing")).symlink_metadata().is_err());
}
