//! What keeps a cluster from answering is told as what it is.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::features::console::cluster::model::Action;
use crate::trouble::Trouble;

/// As long as is waited here.
const SOON: Duration = Duration::from_millis(50);

/// The API of a cluster that takes connections and never says a word; the user gets in with this.
async fn silent(user: &str) -> (Api, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut taking = JoinSet::new();
    taking.spawn(async move {
        let mut taken = Vec::new();
        while let Ok(connection) = listener.accept().await {
            taken.push(connection);
        }
    });
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\n\
         clusters: [{{name: lab, cluster: {{server: \"http://127.0.0.1:{port}\"}}}}]\n\
         users: [{{name: anna, user: {user}}}]\n\
         contexts: [{{name: lab, context: {{cluster: lab, user: anna}}}}]\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    let cluster = kubeconfig::load(&[path], &kubeconfig::Choice::default()).unwrap();
    (Api::new(cluster).with_patience(SOON), taking)
}

/// What is told of an error.
fn told<T>(result: Result<T, Error>) -> String {
    result.map(drop).map_err(|error| Trouble::of(&error).one_line()).unwrap_err()
}

#[tokio::test]
async fn a_cluster_that_says_nothing_is_told_as_a_cluster() {
    let (api, _taking) = silent("{token: abc}").await;
    let listed = told(api.definitions(None).await);
    assert!(listed.contains("has not answered within") && listed.contains("`server` in the kubeconfig"), "{listed}");
    let key = ("default".to_owned(), "leaf1".to_owned());
    let opened = told(api.console(&key, Which::Screen, false).await);
    assert!(opened.contains("has not answered") && !opened.contains("websocket"), "{opened}");
    let acted = told(api.act(&key, Action::Start).await);
    assert!(acted.contains("whether start was done is not known"), "{acted}");
}

#[tokio::test]
async fn a_plugin_that_hangs_is_told_as_one_and_the_cluster_was_not_asked() {
    let plugin = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sleep, args: [\"600\"], \
                  interactiveMode: Never}}";
    let (api, _taking) = silent(plugin).await;
    let key = ("default".to_owned(), "leaf1".to_owned());
    for told in [
        told(api.definitions(None).await),
        told(api.console(&key, Which::Serial, false).await),
        told(api.act(&key, Action::Start).await),
    ] {
        assert!(told.contains("/bin/sleep gives no credentials for lab: it gave nothing within"), "{told}");
        assert!(told.contains("run /bin/sleep in a shell"), "{told}");
    }
}
