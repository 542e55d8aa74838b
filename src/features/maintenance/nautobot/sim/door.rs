//! HTTP: who may enter, in which version, and what is broken on purpose.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::answer::{Answer, html};
use super::schema::Table;
use super::{Options, Site, Trouble, VERSION, Verb, graphql, list, lock, write};
use crate::listening;

/// Bytes that a request may have.
const LARGEST: usize = 8 << 20;
/// Bytes that its query may have: uWSGI as it comes takes 4096 for the whole head, in a form of its own, and closes the
/// connection on a longer one (measured with Nautobot 3.1.8).
const LONGEST_QUERY: usize = 1_800;
/// The versions of the interface.
const VERSIONS: [&str; 7] = ["2.0", "2.1", "2.2", "2.3", "2.4", "3.0", "3.1"];

/// Takes connections until the end.
pub(super) async fn listen(site: Arc<Site>, listener: TcpListener) -> Infallible {
    listening::serve_each("simulated Nautobot", listener, &site.tasks, &site.stop, |socket, _| {
        serve(Arc::clone(&site), socket)
    })
    .await
}

/// Why a connection ends in the middle.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here on purpose")]
struct Ended;

/// Serves one connection.
async fn serve(site: Arc<Site>, socket: TcpStream) -> Result<(), listening::Ended> {
    // uWSGI as it came for long closes a connection behind its answer and does not say so: what is sent on it then is lost.
    let is_used = Arc::new(AtomicBool::new(false));
    let service = service_fn(move |request| {
        let (site, was_used) = (Arc::clone(&site), is_used.swap(true, Ordering::Relaxed));
        async move {
            if was_used {
                return Err(Ended);
            }
            let _busy = Busy::new(&site);
            pass(&site, request).await
        }
    });
    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await
}

/// A request that is being answered, until this goes away: a client may leave before it is.
struct Busy<'a>(&'a Site);

impl<'a> Busy<'a> {
    fn new(site: &'a Site) -> Self {
        site.busiest.fetch_max(site.busy.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        Self(site)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One request, or the trouble that was planned for it.
async fn pass(site: &Site, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Ended> {
    let (head, body) = request.into_parts();
    let named = format!("{} {}", head.method, head.uri);
    lock(&site.log).push(named.clone());
    let latency = *lock(&site.latency);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if head.uri.query().is_some_and(|query| query.len() > LONGEST_QUERY) {
        return Err(Ended);
    }
    let trouble = planned(site, &named);
    match trouble {
        Some(Trouble::HangUp) => return Err(Ended),
        Some(Trouble::Proxy(status)) => {
            return Ok(html(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY)));
        }
        Some(Trouble::Busy(seconds)) => {
            let mut response = html(StatusCode::TOO_MANY_REQUESTS);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            return Ok(response);
        }
        Some(Trouble::LoseAnswer) | None => {}
    }
    let bytes = Limited::new(body, LARGEST).collect().await.map_err(|_| Ended)?.to_bytes();
    if let Ok(body) = serde_json::from_slice(&bytes) {
        lock(&site.bodies).push((named, body));
    }
    let options = lock(&site.options).clone();
    let response = answer(site, &options, &head, &bytes);
    if trouble == Some(Trouble::LoseAnswer) {
        return Err(Ended);
    }
    Ok(response)
}

/// The trouble that was planned for a request.
fn planned(site: &Site, named: &str) -> Option<Trouble> {
    let mut planned = lock(&site.planned);
    let found = planned.iter_mut().find(|planned| planned.times > 0 && named.contains(&planned.on))?;
    if found.after > 0 {
        found.after -= 1;
        return None;
    }
    found.times -= 1;
    Some(found.trouble.clone())
}

/// The answer to a request.
fn answer(site: &Site, options: &Options, head: &http::request::Parts, body: &[u8]) -> Response<Full<Bytes>> {
    let path = head.uri.path();
    let Some(api) = path.strip_prefix(options.prefix.as_str()).and_then(|rest| rest.strip_prefix("/api/")) else {
        return html(StatusCode::NOT_FOUND);
    };
    if !api.ends_with('/') && !api.is_empty() {
        // As the framework does it: a client that follows makes a GET of it.
        let mut response = html(StatusCode::MOVED_PERMANENTLY);
        let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(to) = HeaderValue::from_str(&format!("{path}/{query}")) {
            response.headers_mut().insert(header::LOCATION, to);
        }
        return response;
    }
    let version = match version(&head.headers) {
        Ok(version) => version,
        Err(refused) => return refused.into_response(VERSIONS[6]),
    };
    let answered = entered(&head.headers, options).and_then(|()| {
        route(site, options, &head.method, api, head.uri.query().unwrap_or_default(), body, &head.headers)
    });
    answered.unwrap_or_else(|refused| refused).into_response(version)
}

/// The version that is asked for: the newest, where none is.
fn version(headers: &HeaderMap) -> Result<&'static str, Answer> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let Some((_, asked)) = accept.split_once("version=") else { return Ok(VERSIONS[6]) };
    let asked = asked.split([';', ',']).next().unwrap_or_default().trim();
    VERSIONS.into_iter().find(|version| *version == asked).ok_or_else(|| {
        let known = VERSIONS.join(", ");
        let text = format!("Invalid version \"{asked}\" in \"Accept\" header. Supported versions are: {known}");
        Answer::detail(StatusCode::NOT_ACCEPTABLE, &text)
    })
}

/// Whether the token is one. There is no 401.
fn entered(headers: &HeaderMap, options: &Options) -> Result<(), Answer> {
    let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok()).unwrap_or_default();
    match given.strip_prefix("Token ") {
        Some(_) if !options.rejects.is_empty() => Err(Answer::forbidden(&options.rejects)),
        Some(token) if token == options.token => Ok(()),
        Some(_) => Err(Answer::forbidden("Invalid token")),
        // `Bearer` is not understood.
        None => Err(Answer::forbidden("Authentication credentials were not provided.")),
    }
}

/// Finds what a request is about.
fn route(
    site: &Site,
    options: &Options,
    method: &Method,
    api: &str,
    query: &str,
    body: &[u8],
    headers: &HeaderMap,
) -> Result<Answer, Answer> {
    let missing = || Answer::detail(StatusCode::NOT_FOUND, "Not found.");
    let only = |wanted: &Method| if method == wanted { Ok(()) } else { Err(not_allowed(method)) };
    let api = api.trim_end_matches('/');
    if api.starts_with("plugins/") && !options.has_app {
        return Err(missing());
    }
    match api {
        "status" => only(&Method::GET).map(|()| Answer::ok(status(options))),
        "plugins/circuit-maintenance" => {
            only(&Method::GET)?;
            let mut endpoints = serde_json::Map::new();
            for name in
                ["maintenance", "circuitimpact", "note", "rawnotification", "parsednotification", "notificationsource"]
            {
                let url = format!("{}/api/plugins/circuit-maintenance/{name}/", options.host);
                endpoints.insert(name.to_owned(), json!(url));
            }
            Ok(Answer { tells_version: false, ..Answer::ok(Value::Object(endpoints)) })
        }
        "graphql" if !options.graphql => Err(missing()),
        "graphql" => {
            only(&Method::POST)?;
            Ok(graphql::answer(&lock(&site.world), &read(body, headers)?, options))
        }
        _ => {
            let (table, id) = match Table::at(api) {
                Some(table) => (table, None),
                None => api
                    .rsplit_once('/')
                    .and_then(|(path, id)| Some((Table::at(path)?, Some(id))))
                    .ok_or_else(missing)?,
            };
            objects(site, options, method, table, id, query, body, headers)
        }
    }
}

/// What is asked of the objects of a table.
#[expect(clippy::too_many_arguments, reason = "each is a part of the request, taken apart by the caller")]
fn objects(
    site: &Site,
    options: &Options,
    method: &Method,
    table: &'static Table,
    id: Option<&str>,
    query: &str,
    body: &[u8],
    headers: &HeaderMap,
) -> Result<Answer, Answer> {
    let verb = match *method {
        Method::GET => Verb::View,
        Method::POST if id.is_none() => Verb::Add,
        Method::PATCH | Method::PUT => Verb::Change,
        Method::DELETE => Verb::Delete,
        _ => return Err(not_allowed(method)),
    };
    if verb != Verb::View && !table.writable {
        return Err(not_allowed(method));
    }
    if options.refuses(verb, table.path) {
        return Err(Answer::forbidden("You do not have permission to perform this action."));
    }
    let mut world = lock(&site.world);
    let host = format!("{}{}", options.host, options.prefix);
    match (verb, id) {
        (Verb::View, None) => {
            let answer = list::list(&world, table, query, &host, options);
            let tells_version = answer.tells_version && (table.writable || !table.is_of_the_app());
            Ok(Answer { tells_version, ..answer })
        }
        (Verb::View, Some(id)) => {
            let found = world.get(table.path, id).filter(|found| !options.hidden.contains(&found.id));
            let found = found.ok_or_else(|| write::missing(table))?;
            Ok(Answer::ok(world.shown(table, found, 0, &host)))
        }
        (Verb::Add, _) => Ok(write::create(&mut world, table, &read(body, headers)?, &host, options)),
        (Verb::Change, id) => Ok(write::change(&mut world, table, id, &read(body, headers)?, &host, options)),
        (Verb::Delete, Some(id)) => Ok(write::delete(&mut world, table, Some(id), &Value::Null)),
        (Verb::Delete, None) => Ok(write::delete(&mut world, table, None, &read(body, headers)?)),
    }
}

/// 405
fn not_allowed(method: &Method) -> Answer {
    Answer::detail(StatusCode::METHOD_NOT_ALLOWED, &format!("Method \"{method}\" not allowed."))
}

/// The content of a request.
fn read(body: &[u8], headers: &HeaderMap) -> Result<Value, Answer> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        let text = format!("Unsupported media type \"{kind}\" in request.");
        return Err(Answer::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, &text));
    }
    serde_json::from_slice(body).map_err(|error| Answer::bad(json!({"detail": format!("JSON parse error - {error}")})))
}

/// The state of the server, which says what is installed.
fn status(options: &Options) -> Value {
    let apps = if options.has_app { json!({"nautobot_circuit_maintenance": "3.1.1"}) } else { json!({}) };
    json!({
        "django-version": "5.2.7", "nautobot-version": VERSION, "nautobot-apps": apps, "python-version": "3.12.3",
        "celery-workers-running": 1,
    })
}
