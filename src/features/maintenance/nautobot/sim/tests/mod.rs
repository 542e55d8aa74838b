//! The simulated Nautobot holds its clients to what surprises in the real one: a test for each that fails where it is
//! lenient. It is asked as any client would ask, with bytes of its own.

mod lists;
mod writes;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Options, Sim, Small, TOKEN, Trouble, Verb, small};

/// The maintenance with this path under `/api/`.
const MAINTENANCE: &str = "plugins/circuit-maintenance/maintenance/";
const IMPACT: &str = "plugins/circuit-maintenance/circuitimpact/";
const NOTE: &str = "plugins/circuit-maintenance/note/";

/// When the simulation starts.
fn start() -> DateTime<Utc> {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

/// A simulation with a provider and a circuit.
async fn sim() -> (Sim, Small) {
    let sim = Sim::start(Options::new(start())).await.unwrap();
    let small = small(&sim);
    (sim, small)
}

/// A client that follows no redirect.
fn http() -> reqwest::Client {
    let tls = crate::tls::config(&crate::tls::Trust::Anybody).unwrap();
    let http = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    http.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// An answer as it came.
async fn raw(sim: &Sim, method: Method, path: &str, body: Option<Value>, auth: &str) -> Response {
    let request = http().request(method, format!("{}/api/{path}", sim.url())).header(ACCEPT, "application/json");
    let request = if auth.is_empty() { request } else { request.header(AUTHORIZATION, auth) };
    let request = match body {
        Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_string()),
        None => request,
    };
    request.send().await.unwrap()
}

/// Status and content of an answer to a valid token.
async fn ask(sim: &Sim, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let response = raw(sim, method, path, body, &format!("Token {TOKEN}")).await;
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn get(sim: &Sim, path: &str) -> (u16, Value) {
    ask(sim, Method::GET, path, None).await
}

async fn post(sim: &Sim, path: &str, body: Value) -> (u16, Value) {
    ask(sim, Method::POST, path, Some(body)).await
}

#[tokio::test]
async fn there_is_no_401_and_the_words_of_a_403_tell_what_is_wrong() {
    let (sim, _) = sim().await;
    for (auth, detail) in [
        (String::new(), "Authentication credentials were not provided."),
        (format!("Bearer {TOKEN}"), "Authentication credentials were not provided."),
        ("Token 0000".to_owned(), "Invalid token"),
    ] {
        let response = raw(&sim, Method::GET, "status/", None, &auth).await;
        assert_eq!(response.status(), 403, "{auth}");
        let told: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(told["detail"], detail);
    }
    for detail in ["Token expired", "User inactive"] {
        sim.set(|options| options.rejects = detail.to_owned());
        assert_eq!(get(&sim, "status/").await, (403, json!({ "detail": detail })));
    }
    sim.set(|options| options.rejects.clear());
    sim.set(|options| options.write_enabled = false);
    let (status, told) = post(&sim, NOTE, json!({})).await;
    assert_eq!((status, &told["detail"]), (403, &json!("You do not have permission to perform this action.")));
    sim.set(|options| options.denied.push((Verb::View, "circuits/providers".to_owned())));
    let (status, told) = get(&sim, "circuits/providers/").await;
    assert_eq!((status, &told["detail"]), (403, &json!("You do not have permission to perform this action.")));
}

#[tokio::test]
async fn a_path_without_its_slash_is_a_redirect_for_writes_too() {
    let (sim, _) = sim().await;
    for method in [Method::GET, Method::POST, Method::PATCH] {
        let path = MAINTENANCE.trim_end_matches('/');
        let response = raw(&sim, method, path, Some(json!({})), &format!("Token {TOKEN}")).await;
        assert_eq!(response.status(), 301);
        assert!(response.headers()["location"].to_str().unwrap().ends_with("/maintenance/"));
    }
    assert_eq!(sim.all("plugins/circuit-maintenance/maintenance").len(), 0);
}

#[tokio::test]
async fn a_version_that_is_unknown_is_refused_and_failures_tell_none() {
    let (sim, _) = sim().await;
    let asked = |version: &str| {
        let accept = format!("application/json; version={version}");
        let request = http().get(format!("{}/api/status/", sim.url())).header(ACCEPT, accept);
        request.header(AUTHORIZATION, format!("Token {TOKEN}")).send()
    };
    let known = asked("2.4").await.unwrap();
    assert_eq!((known.status().as_u16(), known.headers()["api-version"].to_str().unwrap()), (200, "2.4"));
    let unknown = asked("4.0").await.unwrap();
    assert_eq!(unknown.status(), 406);
    let told: Value = serde_json::from_slice(&unknown.bytes().await.unwrap()).unwrap();
    assert!(told["detail"].as_str().unwrap().starts_with("Invalid version \"4.0\" in \"Accept\" header."), "{told}");
    let auth = format!("Token {TOKEN}");
    let root = raw(&sim, Method::GET, "plugins/circuit-maintenance/", None, &auth).await;
    assert!(root.status() == 200 && !root.headers().contains_key("api-version"));
    let broken = raw(&sim, Method::GET, &format!("{MAINTENANCE}?provider=x"), None, &auth).await;
    assert!(broken.status() == 500 && !broken.headers().contains_key("api-version"));
}

#[tokio::test]
async fn a_site_may_live_under_a_prefix_and_without_the_app() {
    let (sim, _) = sim().await;
    let bare = sim.url();
    sim.set(|options| options.prefix = "/nautobot".to_owned());
    assert_eq!(get(&sim, "status/").await.1["nautobot-version"], "3.1.8");
    let auth = format!("Token {TOKEN}");
    let without = http().get(format!("{bare}/api/status/")).header(AUTHORIZATION, auth).send().await.unwrap();
    assert_eq!(without.status(), 404);
    sim.set(|options| options.has_app = false);
    assert_eq!(get(&sim, "plugins/circuit-maintenance/").await.0, 404);
    assert_eq!(get(&sim, "status/").await.1["nautobot-apps"], json!({}));
}

#[tokio::test]
async fn a_proxy_answers_in_html_and_asks_to_wait() {
    let (sim, _) = sim().await;
    sim.plan("GET /api/status/", 0, 1, Trouble::Proxy(502));
    sim.plan("GET /api/status/", 0, 1, Trouble::Busy(7));
    let auth = format!("Token {TOKEN}");
    let broken = raw(&sim, Method::GET, "status/", None, &auth).await;
    assert_eq!((broken.status().as_u16(), broken.headers()["content-type"].to_str().unwrap()), (502, "text/html"));
    let busy = raw(&sim, Method::GET, "status/", None, &auth).await;
    assert_eq!((busy.status().as_u16(), busy.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(get(&sim, "status/").await.0, 200);
}

#[tokio::test]
async fn graphql_mangles_enums_writes_times_another_way_and_fails_with_200() {
    let (sim, small) = sim().await;
    let id = small.maintenance(&sim, "Lumen-CHG1", "2026-11-22T08:00:00Z", "2026-11-22T14:00:00Z");
    sim.patch(MAINTENANCE.trim_end_matches('/'), &id, json!({"status": "IN-PROCESS"}));
    let ask = async |query: &str, variables: Value| {
        post(&sim, "graphql/", json!({"query": query, "variables": variables})).await
    };
    let query = "query($s:[String]){circuit_maintenances(status:$s){name status start_time circuitimpact_set{impact circuit{cid provider{name}}}}}";
    // Asked for by the real word, told in letters that GraphQL allows.
    let (status, told) = ask(query, json!({"s": ["IN-PROCESS"]})).await;
    let one = &told["data"]["circuit_maintenances"][0];
    assert_eq!(
        (status, &one["status"], &one["start_time"]),
        (200, &json!("IN_PROCESS"), &json!("2026-11-22T08:00:00+00:00"))
    );
    assert_eq!(one["circuitimpact_set"][0]["circuit"]["provider"]["name"], "Lumen");
    assert_eq!(ask(query, json!({"s": ["IN_PROCESS"]})).await.1["data"]["circuit_maintenances"], json!([]));
    // In the schema, and fails when it runs.
    let (status, told) = ask("{circuit_maintenances{circuitimpact{id}}}", json!({})).await;
    assert!(
        status == 200 && told["data"]["circuit_maintenances"].is_null() && told["errors"][0]["message"].is_string()
    );
    let (status, told) = ask("{circuit_maintenances(provider:\"Lumen\"){id}}", json!({})).await;
    assert!(status == 200 && told["errors"].is_array(), "{told}");
    for wrong in ["{circuit_maintenances{nonsense}}", "{circuit_maintenances{id", "{app_notes{id}}", "mutation{x{id}}"]
    {
        assert_eq!(ask(wrong, json!({})).await.0, 400, "{wrong}");
    }
    // The notes there are the core's, and without permission a list is empty.
    assert_eq!(
        ask("{circuit_maintenances{notes{id}}}", json!({})).await.1["data"]["circuit_maintenances"][0]["notes"],
        json!([])
    );
    sim.set(|options| options.denied.push((Verb::View, "circuits/circuits".to_owned())));
    assert_eq!(ask("{circuits{id}}", json!({})).await, (200, json!({"data": {"circuits": []}})));
    let body = Some(json!({"query": "{circuits{id}}"}));
    assert_eq!(raw(&sim, Method::POST, "graphql/", body, "").await.status(), 403);
    sim.pass(chrono::TimeDelta::hours(1));
    sim.patch(MAINTENANCE.trim_end_matches('/'), &id, json!({"ack": true}));
    let since = "query($t:[String]){circuit_maintenances(last_updated__gte:$t){id}}";
    let came = async |since_when: &str| {
        ask(since, json!({"t": [since_when]})).await.1["data"]["circuit_maintenances"].as_array().unwrap().len()
    };
    assert_eq!((came("2026-11-21T02:30:00Z").await, came("2026-11-21T04:00:00Z").await), (1, 0));
    sim.set(|options| options.graphql = false);
    assert_eq!(ask("{circuits{id}}", json!({})).await.0, 404);
}
