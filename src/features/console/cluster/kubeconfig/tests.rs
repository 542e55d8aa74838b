//! What kubeconfigs say.

use std::path::Path;

use super::*;

/// A file with this text in a folder.
fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

const CONFIG: &str = r#"
apiVersion: v1
kind: Config
current-context: lab
clusters:
- name: lab
  cluster:
    server: https://[2001:db8::1]:6443/k8s/clusters/c-1/
    certificate-authority: pki/ca.crt
    tls-server-name: api.lab.example
- name: plain
  cluster: {server: "http://127.0.0.1:8001"}
users:
- name: anna
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: bin/login
      args: [--cluster, lab]
      env: [{name: A, value: b}]
      installHint: install it
      interactiveMode: IfAvailable
- name: bert
  user: {token: abc.def}
contexts:
- name: lab
  context: {cluster: lab, user: anna, namespace: training}
- name: bert@plain
  context: {cluster: plain, user: bert}
- name: lost
  context: {cluster: nowhere, user: anna}
"#;

#[test]
fn a_context_leads_to_its_cluster_and_its_user() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "config", CONFIG);
    let lab = load(std::slice::from_ref(&path), &Choice::default()).unwrap();
    assert_eq!((lab.name.as_str(), lab.endpoint.to_string().as_str()), ("lab", "[2001:db8::1]:6443"));
    assert_eq!((lab.is_tls, lab.path.as_str(), lab.namespace.as_str()), (true, "/k8s/clusters/c-1", "training"));
    assert_eq!(lab.trust, Trust::File(folder.path().join("pki/ca.crt")));
    assert_eq!(lab.server_name.as_deref(), Some("api.lab.example"));
    let exec = lab.user.exec.unwrap();
    assert_eq!(exec.command, folder.path().join("bin/login").display().to_string());
    assert_eq!(exec.hint.as_deref(), Some("install it"));

    let choice = Choice { context: Some("bert@plain".to_owned()), namespace: Some("other".to_owned()) };
    let plain = load(&[path], &choice).unwrap();
    assert_eq!((plain.is_tls, plain.endpoint.port, plain.namespace.as_str()), (false, 8001, "other"));
    assert_eq!(plain.user.token.unwrap().expose(), "abc.def");
}

#[test]
fn several_files_are_one_and_the_first_counts() {
    let folder = tempfile::tempdir().unwrap();
    let first = write(
        folder.path(),
        "first",
        "current-context: bert@plain\nusers: [{name: bert, user: {token: first}}]\nclusters: null\n",
    );
    std::fs::create_dir(folder.path().join("two")).unwrap();
    let second = write(&folder.path().join("two"), "second", CONFIG);
    let loaded = load(&[first.clone(), second.clone()], &Choice::default()).unwrap();
    assert_eq!((loaded.name.as_str(), loaded.user.token.unwrap().expose()), ("bert@plain", "first"));
    // A path is from its own file.
    let choice = Choice { context: Some("lab".to_owned()), namespace: None };
    let loaded = load(&[first, second], &choice).unwrap();
    assert_eq!(loaded.trust, Trust::File(folder.path().join("two/pki/ca.crt")));
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let told = |text: &str, context: Option<&str>| {
        let path = write(folder.path(), "config", text);
        let choice = Choice { context: context.map(str::to_owned), namespace: None };
        load(&[path], &choice).unwrap_err().to_string()
    };
    assert!(told("", None).contains("no current-context"));
    assert!(told(CONFIG, Some("laab")).contains("no context laab; there is lab, bert@plain, lost"));
    assert!(told(CONFIG, Some("lost")).contains("nowhere"));
    assert!(told("a: [", None).contains("line "));
    assert!(told("clusters: 3", None).contains("invalid type"));
    let old = CONFIG.replace("{token: abc.def}", "{auth-provider: {name: oidc}}");
    assert!(told(&old, Some("bert@plain")).contains("auth-provider"));
    let half = CONFIG.replace("{token: abc.def}", "{client-certificate-data: YQ==}");
    assert!(told(&half, Some("bert@plain")).contains("without its key"));
    let told = load(&[folder.path().join("none")], &Choice::default()).unwrap_err().to_string();
    assert!(told.contains("none cannot be used"), "{told}");
}

#[test]
fn a_pod_finds_the_cluster_around_it() {
    let variable = |name: &str| match name {
        "KUBERNETES_SERVICE_HOST" => Some("10.96.0.1".to_owned()),
        "KUBERNETES_SERVICE_PORT" => Some("6443".to_owned()),
        _ => None,
    };
    let cluster = in_cluster(variable, Some("lab")).unwrap();
    assert_eq!((cluster.endpoint.to_string().as_str(), cluster.namespace.as_str()), ("10.96.0.1:6443", "lab"));
    assert!(in_cluster(|_| None, None).is_none());
}

#[test]
fn the_usual_files_are_those_of_the_variable_or_of_the_home() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(usual_files(Some("/a:/b:".as_ref()), None), [PathBuf::from("/a"), PathBuf::from("/b")]);
    let there = folder.path().join("there");
    std::fs::write(&there, "").unwrap();
    let several = std::env::join_paths([Path::new("/nowhere"), there.as_path()]).unwrap();
    assert_eq!(usual_files(Some(&several), None), [there]);
    assert!(usual_files(None, Some(folder.path())).is_empty());
    std::fs::create_dir(folder.path().join(".kube")).unwrap();
    std::fs::write(folder.path().join(".kube/config"), "").unwrap();
    assert_eq!(usual_files(Some("".as_ref()), Some(folder.path())), [folder.path().join(".kube/config")]);
}

/// What a program of a kubeconfig gives.
async fn asked(script: &str) -> Result<super::super::exec::Given, Error> {
    let folder = tempfile::tempdir().unwrap();
    let text = serde_json::json!({
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": "https://192.0.2.1:6443"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "anna"}}],
        "users": [{"name": "anna", "user": {"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
            "env": [{"name": "GREETING", "value": "hello"}], "provideClusterInfo": true, "installHint": "install it",
        }}}],
    });
    let path = write(folder.path(), "config", &text.to_string());
    let exec = load(&[path], &Choice::default()).unwrap().user.exec.unwrap();
    exec.ask("lab", std::time::Duration::from_secs(30)).await
}

#[tokio::test]
async fn a_program_gives_a_token_for_what_it_is_told_of_the_cluster() {
    let script = r#"case "$KUBERNETES_EXEC_INFO" in *192.0.2.1:6443*) ;; *) exit 3;; esac
        echo "{\"kind\": \"ExecCredential\", \"status\": {\"token\": \"$GREETING.x\", \"expirationTimestamp\": \"2026-11-21T03:00:00Z\"}}""#;
    let given = asked(script).await.unwrap();
    assert_eq!(given.token.unwrap().expose(), "hello.x");
    assert_eq!(given.ends_at.unwrap().to_rfc3339(), "2026-11-21T03:00:00+00:00");
}

#[tokio::test]
async fn a_program_that_gives_nothing_is_told_with_its_words_and_the_hint() {
    let told = |error: Error| (error.to_string(), crate::trouble::Remedy::remedy(&error).into_owned());
    let (what, remedy) = told(asked("echo not logged in >&2; exit 1").await.unwrap_err());
    assert!(what.contains("not logged in") && remedy == "install it", "{what}: {remedy}");
    assert!(told(asked("echo '{}'").await.unwrap_err()).0.contains("no ExecCredential"));
    assert!(told(asked("echo '{\"status\": {}}'").await.unwrap_err()).0.contains("neither a token nor a certificate"));
}
