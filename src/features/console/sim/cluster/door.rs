//! Where requests come in: HTTP/1.1 with or without TLS, and websockets on it.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use chrono::SecondsFormat;
use futures::stream;
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::state::{DEFINITIONS, INSTANCES, Power};
use super::{ClusterFault, World, objects};
use crate::clock;
use crate::features::console::cluster::model::{Action, Key};
use crate::features::console::link::Carrier;
use crate::features::console::sim::Line;
use crate::features::console::sim::door::{relay, secured};
use crate::listening::{self, Ended};

/// What is answered with.
type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Takes connections until the end.
pub(super) async fn listen(world: Arc<World>, listener: TcpListener, tls: Option<TlsAcceptor>) -> Infallible {
    listening::serve_each("simulated cluster", listener, &world.tasks, &world.stop, |socket, _| {
        connection(Arc::clone(&world), socket, tls.clone())
    })
    .await
}

/// Serves one connection.
async fn connection(world: Arc<World>, socket: TcpStream, tls: Option<TlsAcceptor>) -> Result<(), Ended> {
    let stream = secured(socket, tls).await?;
    let service = service_fn(move |request| {
        let world = Arc::clone(&world);
        async move { Ok::<_, Infallible>(answer(&world, request).await) }
    });
    let builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await
}

/// Text or JSON with a status.
fn plain(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}

/// JSON with a status.
fn json(status: u16, body: &Value) -> Response<Body> {
    plain(status, "application/json", body.to_string())
}

/// The API's no.
fn no(status: u16, reason: &str, message: &str) -> Response<Body> {
    json(status, &objects::status(status, reason, message))
}

/// One request.
async fn answer(world: &Arc<World>, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let call = format!("{} {path}{}{query}", request.method(), if query.is_empty() { "" } else { "?" });
    world.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    let wanted = format!("Bearer {}", world.token.expose());
    let is_known =
        request.headers().get(header::AUTHORIZATION).is_some_and(|found| found.as_bytes() == wanted.as_bytes());
    match world.fault() {
        Some(ClusterFault::Mute) => std::future::pending().await,
        Some(ClusterFault::Unauthorized) => return no(401, "Unauthorized", "Unauthorized"),
        _ if !is_known => return no(401, "Unauthorized", "Unauthorized"),
        Some(ClusterFault::Forbidden) => {
            return no(
                403,
                "Forbidden",
                "virtualmachines.kubevirt.io is forbidden: User \"somebody\" cannot list resource",
            );
        }
        Some(ClusterFault::NotInstalled) => {
            return no(404, "NotFound", "the server could not find the requested resource");
        }
        Some(ClusterFault::NoConsole(status, message)) if path.ends_with("/console") || path.ends_with("/vnc") => {
            return no(status, "BadRequest", &message);
        }
        Some(ClusterFault::Gone) if parameter(&query, "watch") == Some("true") => {
            return no(410, "Expired", "too old resource version");
        }
        Some(ClusterFault::ForbiddenKind(kind)) if path.rsplit('/').next() == Some(kind) => {
            return no(
                403,
                "Forbidden",
                &format!("{kind}.kubevirt.io is forbidden: User \"somebody\" cannot list resource"),
            );
        }
        Some(ClusterFault::NoConsole(..) | ClusterFault::Gone | ClusterFault::ForbiddenKind(_)) | None => {}
    }
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["apis", "kubevirt.io", "v1", plural] => objects_of(world, plural, None, &query),
        ["apis", "kubevirt.io", "v1", "namespaces", namespace, plural] => {
            objects_of(world, plural, Some(namespace), &query)
        }
        ["apis", "subresources.kubevirt.io", "v1", "namespaces", namespace, plural, name, verb] => {
            let key = ((*namespace).to_owned(), (*name).to_owned());
            match *verb {
                "console" | "vnc" => console(world, &key, verb, &query, request),
                verb => act(world, &key, plural, verb),
            }
        }
        ["api", "v1", "namespaces", namespace, "pods"] => pods(world, namespace, &query),
        ["api", "v1", "namespaces", namespace, "pods", pod, "log"] => {
            let name = pod.trim_start_matches("virt-launcher-").trim_end_matches("-x7k2p");
            match world.state().machine(namespace, name) {
                Some(machine) if !machine.serial_log.is_empty() => plain(200, "text/plain", machine.serial_log.clone()),
                _ => no(400, "BadRequest", "container guest-console-log is not valid for pod"),
            }
        }
        _ => no(404, "NotFound", "the server could not find the requested resource"),
    }
}

/// A parameter of a query.
fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// A list, or a watch.
fn objects_of(world: &Arc<World>, plural: &str, namespace: Option<&str>, query: &str) -> Response<Body> {
    if plural != DEFINITIONS && plural != INSTANCES {
        return no(404, "NotFound", "the server could not find the requested resource");
    }
    if parameter(query, "watch") == Some("true") {
        let from = parameter(query, "resourceVersion").and_then(|version| version.parse().ok()).unwrap_or(0);
        return watched(world, plural.to_owned(), namespace.map(str::to_owned), from);
    }
    let state = world.state();
    let items = state.objects(plural, namespace);
    let limit = parameter(query, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let from: usize = parameter(query, "continue").and_then(|from| from.parse().ok()).unwrap_or(0);
    let page: Vec<Value> = items.iter().skip(from).take(limit).cloned().collect();
    let next = from.saturating_add(page.len());
    let mut metadata = json!({"resourceVersion": state.version().to_string()});
    if let (true, Some(metadata)) = (next < items.len(), metadata.as_object_mut()) {
        metadata.insert("continue".to_owned(), json!(next.to_string()));
    }
    json(200, &json!({"apiVersion": "kubevirt.io/v1", "kind": "List", "metadata": metadata, "items": page}))
}

/// Tells of what happens, a line each, until too much has.
fn watched(world: &Arc<World>, plural: String, namespace: Option<String>, from: u64) -> Response<Body> {
    let changes = world.changed.subscribe();
    let world = Arc::clone(world);
    let lines = stream::unfold((changes, from, false), move |(mut changes, version, is_over)| {
        let (world, plural, namespace) = (Arc::clone(&world), plural.clone(), namespace.clone());
        async move {
            if is_over {
                return None;
            }
            loop {
                let (lines, now, is_over) = {
                    let state = world.state();
                    let now = state.version();
                    if let Some(events) = state.since(version, &plural, namespace.as_deref()) {
                        let lines = events.iter().fold(String::new(), |lines, event| lines + &event.to_string() + "\n");
                        (lines, now, false)
                    } else {
                        let gone = objects::status(410, "Expired", "too old resource version");
                        (format!("{}\n", json!({"type": "ERROR", "object": gone})), now, true)
                    }
                };
                if !lines.is_empty() {
                    let frame = Ok::<_, Infallible>(Frame::data(Bytes::from(lines)));
                    return Some((frame, (changes, now, is_over)));
                }
                changes.changed().await.ok()?;
            }
        }
    });
    let mut response = Response::new(StreamBody::new(lines).boxed_unsync());
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

/// Power.
fn act(world: &Arc<World>, key: &Key, plural: &str, verb: &str) -> Response<Body> {
    let action = match (plural, verb) {
        (DEFINITIONS, "start") => Action::Start,
        (DEFINITIONS, "stop") => Action::Stop,
        (DEFINITIONS, "restart") => Action::Restart,
        (INSTANCES, "pause") => Action::Pause,
        (INSTANCES, "unpause") => Action::Unpause,
        _ => return no(404, "NotFound", "the server could not find the requested resource"),
    };
    let now = || clock::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let later = match world.state().act(key, action, &now()) {
        Ok(later) => later,
        Err(status) => {
            let code = status.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
            return json(code.unwrap_or(500), &status);
        }
    };
    if action == Action::Restart {
        // The old instance goes at once, and its lines with it.
        restart_lines(world, key);
    }
    world.tell();
    if let Some(power) = later {
        let (world, key) = (Arc::clone(world), key.clone());
        let (tasks, stop) = (world.tasks.clone(), world.stop.clone());
        tasks.spawn(async move {
            if stop.run_until_cancelled(tokio::time::sleep(world.power_takes)).await.is_none() {
                return;
            }
            let mut state = world.state();
            state.set(&key, power, &now());
            drop(state);
            if power == Power::Stopped {
                restart_lines(&world, &key);
            }
            world.tell();
        });
    }
    // Pausing is done when it is answered; power is on its way.
    plain(if action.is_for_instances() { 200 } else { 202 }, "application/json", "")
}

/// What is at the ends of a machine's lines starts anew; whoever was attached sees them break.
fn restart_lines(world: &World, key: &Key) {
    if let Some(machine) = world.state().machine(&key.0, &key.1) {
        [&machine.serial, &machine.screen].into_iter().flatten().for_each(|line| line.restart());
    }
}

/// The pod of a machine.
fn pods(world: &Arc<World>, namespace: &str, query: &str) -> Response<Body> {
    let name = parameter(query, "labelSelector").and_then(|label| label.rsplit_once("%3D")).map(|(_, name)| name);
    let state = world.state();
    let machine = name.and_then(|name| state.machine(namespace, name));
    let items: Vec<Value> = machine
        .filter(|machine| machine.power != Power::Stopped)
        .map(|machine| {
            json!({"metadata": {"name": format!("virt-launcher-{}-x7k2p", machine.key.1)}, "status": {"phase": "Running"}})
        })
        .into_iter()
        .collect();
    json(200, &json!({"kind": "PodList", "apiVersion": "v1", "items": items}))
}

/// A console.
fn console(world: &Arc<World>, key: &Key, verb: &str, query: &str, mut request: Request<Incoming>) -> Response<Body> {
    let line: Arc<Line> = {
        let state = world.state();
        let Some(machine) = state.machine(&key.0, &key.1).filter(|machine| machine.power != Power::Stopped) else {
            let message = format!("virtualmachineinstance.kubevirt.io \"{}\" not found", key.1);
            return no(404, "NotFound", &message);
        };
        if machine.power == Power::Starting {
            return no(400, "BadRequest", "VMI is not running");
        }
        let (line, without) = match verb {
            "console" => (&machine.serial, "No serial consoles are present."),
            _ => (&machine.screen, "No graphics devices are present."),
        };
        match line {
            Some(line) => Arc::clone(line),
            None => return no(400, "BadRequest", without),
        }
    };
    if parameter(query, "preserveSession") == Some("true") && line.is_in_use() {
        return no(500, "InternalError", "Active VNC connection. Request denied.");
    }
    let Some(accept) = request.headers().get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()))
    else {
        return no(400, "BadRequest", "websocket: the client is not using the websocket protocol");
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let stop = world.stop.clone();
    world.tasks.spawn(async move {
        let serve = async {
            let Ok(upgraded) = upgrade.await else { return };
            let stream: Box<dyn Carrier> = Box::new(TokioIo::new(upgraded));
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            let _ = relay(socket, &line, None).await;
        };
        stop.run_until_cancelled(serve).await
    });
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .body(Full::new(Bytes::new()).boxed_unsync());
    response.unwrap_or_else(|_| no(500, "InternalError", "no upgrade"))
}
