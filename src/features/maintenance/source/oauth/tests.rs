//! Tokens from a provider on loopback that answers as the specifications say.

use std::collections::VecDeque;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::sign_in::{Step, sign_in};
use super::*;

/// What was asked, field by field.
type Asked = Arc<Mutex<Vec<Vec<(String, String)>>>>;

/// A provider that gives these answers one after the other.
struct Giver {
    url: String,
    asked: Asked,
    _tasks: JoinSet<()>,
}

impl Giver {
    async fn of(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let mut answers: VecDeque<(u16, String)> =
            answers.iter().map(|(status, text)| (*status, (*text).to_owned())).collect();
        let asked = Asked::default();
        let noted = Arc::clone(&asked);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Some((status, text)) = answers.pop_front() {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                let body = loop {
                    let mut buffer = [0; 4096];
                    let read = stream.read(&mut buffer).await.unwrap();
                    request.extend_from_slice(&buffer[..read]);
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.to_lowercase().split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse();
                    if body.len() >= length.unwrap() {
                        break body.to_owned();
                    }
                };
                noted.lock().unwrap().push(post::decoded(&body));
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                    text.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, asked, _tasks: tasks }
    }

    /// A field of what was asked.
    fn field(&self, request: usize, name: &str) -> Option<String> {
        let asked = self.asked.lock().unwrap();
        asked[request].iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// How often it was asked.
    fn times(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn config(giver: &Giver, grant: Grant, dir: &Path) -> OAuth {
    OAuth {
        provider: Provider::Microsoft,
        grant,
        client_id: "an app".to_owned(),
        client_secret: None,
        key_file: None,
        scopes: Vec::new(),
        extra_scopes: Vec::new(),
        token_url: giver.url.clone(),
        authorize_url: giver.url.clone(),
        device_url: None,
        kept_in: dir.join("tokens/noc"),
        in_keyring: false,
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_while_it_holds_and_the_next_refresh_token_is_kept() {
    let giver = Giver::of(&[
        (200, r#"{"access_token": "one", "expires_in": 3600, "refresh_token": "second"}"#),
        (200, r#"{"access_token": "two", "expires_in": "3600"}"#),
    ])
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = config(&giver, Grant::User, dir.path());
    keep::write_file(&config.kept_in, "first").unwrap();
    let tokens = Tokens::new(&config, "noc@lakeside.example");
    for _ in 0..3 {
        assert_eq!(tokens.token().await.unwrap().expose(), "one");
    }
    assert_eq!(giver.times(), 1);
    assert_eq!(giver.field(0, "refresh_token").as_deref(), Some("first"));
    assert_eq!(
        giver.field(0, "scope").as_deref(),
        Some("https://outlook.office.com/IMAP.AccessAsUser.All offline_access")
    );
    tokens.forget().await;
    assert_eq!(tokens.token().await.unwrap().expose(), "two");
    assert_eq!(giver.field(1, "refresh_token").as_deref(), Some("second"));
    let mode = std::fs::metadata(&config.kept_in).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_token_is_fetched_anew_before_it_ends() {
    let giver = Giver::of(&[
        (200, r#"{"access_token": "one", "expires_in": 60}"#),
        (200, r#"{"access_token": "two", "expires_in": 60}"#),
    ])
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = config(&giver, Grant::Application, dir.path());
    let tokens = Tokens::new(&config, "noc@lakeside.example");
    tokens.token().await.unwrap();
    // Half a minute is the least that one is used, however short it holds.
    let until = tokens.held.lock().await.as_ref().unwrap().until;
    assert!((clock::now() + TimeDelta::seconds(31)) > until);
    tokens.held.lock().await.as_mut().unwrap().until = clock::now() - TimeDelta::seconds(1);
    assert_eq!(tokens.token().await.unwrap().expose(), "two");
    assert_eq!(giver.field(0, "grant_type").as_deref(), Some("client_credentials"));
}

#[tokio::test]
async fn who_is_not_signed_in_any_more_has_to_do_so_and_a_busy_provider_is_asked_later() {
    let giver = Giver::of(&[
        (400, r#"{"error": "invalid_grant", "error_description": "AADSTS70000: expired \u001b[2J"}"#),
        (503, "busy"),
        (429, r#"{"error": "slow"}"#),
    ])
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = config(&giver, Grant::User, dir.path());
    let tokens = Tokens::new(&config, "noc@lakeside.example");
    let told = tokens.token().await.unwrap_err();
    assert!(matches!(&told, Fault::SignIn { said, .. } if said == "nobody has signed in yet"), "{told:?}");
    keep::write_file(&config.kept_in, "first").unwrap();
    let told = tokens.token().await.unwrap_err();
    assert!(
        matches!(&told, Fault::SignIn { said, .. } if said.starts_with("invalid_grant AADSTS70000: expired \u{241b}")),
        "{told:?}"
    );
    for status in ["503", "429"] {
        let told = tokens.token().await.unwrap_err();
        assert!(matches!(&told, Fault::NoToken { said, .. } if said.starts_with(status)), "{told:?}");
    }
    std::fs::set_permissions(&config.kept_in, PermissionsExt::from_mode(0o644)).unwrap();
    let told = tokens.token().await.unwrap_err();
    assert!(matches!(&told, Fault::SignIn { said, .. } if said.contains("others may read")), "{told:?}");
}

#[tokio::test]
async fn a_service_account_signs_for_the_mailbox() {
    let giver = Giver::of(&[(200, r#"{"access_token": "one"}"#)]).await;
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key.json");
    let pem = dir.path().join("key.pem");
    let made = std::process::Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"])
        .arg(&pem)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("SKIPPED: there is no openssl to make a key with");
        return;
    }
    let private = std::fs::read_to_string(&pem).unwrap();
    let account = serde_json::json!({
        "type": "service_account", "client_email": "noctui@project.example", "private_key": private, "private_key_id": "k1",
    });
    std::fs::write(&key, account.to_string()).unwrap();
    let config = OAuth {
        provider: Provider::Google,
        key_file: Some(key.clone()),
        ..config(&giver, Grant::ServiceAccount, dir.path())
    };
    let tokens = Tokens::new(&config, "noc@lakeside.example");
    assert_eq!(tokens.token().await.unwrap().expose(), "one");
    assert_eq!(giver.field(0, "grant_type").as_deref(), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    let assertion = giver.field(0, "assertion").unwrap();
    let parts: Vec<&str> = assertion.split('.').collect();
    let part = |at: usize| URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&part(1)).unwrap();
    assert_eq!(
        (claims["sub"].as_str(), claims["iss"].as_str()),
        (Some("noc@lakeside.example"), Some("noctui@project.example"))
    );
    assert_eq!(claims["scope"], "https://mail.google.com/");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    // By another program: the signature is that of the key.
    let (signed, signature, public) = (dir.path().join("signed"), dir.path().join("sig"), dir.path().join("pub.pem"));
    std::fs::write(&signed, format!("{}.{}", parts[0], parts[1])).unwrap();
    std::fs::write(&signature, part(2)).unwrap();
    let openssl = |args: &[&str], files: &[&Path]| {
        let output = std::process::Command::new("openssl").args(args).args(files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    openssl(&["rsa", "-pubout", "-in", pem.to_str().unwrap(), "-out"], &[&public]);
    openssl(
        &["dgst", "-sha256", "-verify", public.to_str().unwrap(), "-signature", signature.to_str().unwrap()],
        &[&signed],
    );
    std::fs::write(&key, "{}").unwrap();
    tokens.forget().await;
    let told = tokens.token().await.unwrap_err();
    assert!(
        matches!(&told, Fault::SignIn { said, .. } if said.ends_with("is no key of a service account")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_code_is_typed_elsewhere_and_waited_for() {
    let giver = Giver::of(&[
        (200, r#"{"device_code": "dev", "user_code": "AB-12", "verification_uri": "https://login.example/d", "interval": 0}"#),
        (400, r#"{"error": "authorization_pending"}"#),
        (200, r#"{"access_token": "one", "refresh_token": "kept"}"#),
    ])
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = OAuth { device_url: Some(giver.url.clone()), ..config(&giver, Grant::User, dir.path()) };
    let (mut said, (_keys, mut pasted)) = (None, mpsc::channel(1));
    let place = sign_in(&config, "noc@lakeside.example", |step| said = Some(step), &mut pasted).await.unwrap();
    assert_eq!(place, Place::File { path: config.kept_in.clone(), no_keyring: None });
    assert_eq!(said, Some(Step::Code { url: "https://login.example/d".to_owned(), code: "AB-12".to_owned() }));
    assert_eq!(giver.field(2, "device_code").as_deref(), Some("dev"));
    assert_eq!(keep::read_file(&config.kept_in).unwrap().unwrap().expose(), "kept");
}

#[tokio::test]
async fn a_browser_comes_back_with_the_right_state_or_its_address_is_pasted() {
    for by_paste in [false, true] {
        let giver = Giver::of(&[(200, r#"{"access_token": "one", "refresh_token": "kept"}"#)]).await;
        let dir = tempfile::tempdir().unwrap();
        let config = OAuth { provider: Provider::Google, ..config(&giver, Grant::User, dir.path()) };
        let (keys, mut pasted) = mpsc::channel(8);
        let (told, mut steps) = mpsc::channel(1);
        let browser = async {
            let Some(Step::Browser { url }) = steps.recv().await else { panic!("a browser is asked for") };
            let query = post::decoded(url.split_once('?').unwrap().1);
            let field = |name: &str| query.iter().find(|(known, _)| known == name).unwrap().1.clone();
            let (redirect, state) = (field("redirect_uri"), field("state"));
            assert_eq!((field("code_challenge_method").as_str(), field("access_type").as_str()), ("S256", "offline"));
            for state in ["guessed", state.as_str()] {
                let query = post::encoded(&[("state", state.to_owned()), ("code", "c 1".to_owned())]);
                if by_paste {
                    keys.send(format!("{redirect}?{query}\n")).await.unwrap();
                } else {
                    let address = redirect.trim_start_matches("http://").trim_end_matches('/');
                    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                    let request = format!("GET /?{query} HTTP/1.1\r\nHost: {address}\r\n\r\n");
                    stream.write_all(request.as_bytes()).await.unwrap();
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).await.unwrap();
                    assert!(answer.contains("can be closed"), "{answer}");
                }
            }
            field("code_challenge")
        };
        let signing = sign_in(&config, "noc@lakeside.example", |step| told.try_send(step).unwrap(), &mut pasted);
        let (signed, challenge) = tokio::join!(signing, browser);
        signed.unwrap();
        assert_eq!(giver.field(0, "code").as_deref(), Some("c 1"));
        let verifier = giver.field(0, "code_verifier").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())), challenge);
        assert_eq!(keep::read_file(&config.kept_in).unwrap().unwrap().expose(), "kept");
    }
}
