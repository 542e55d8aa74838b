//! What every call passes: the log, the token, the size of its message, and whatever was told to go wrong with it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tower::ServiceExt;

use super::response::{Open, watched};
use crate::features::cloudvision::sim::pages;
use crate::features::cloudvision::sim::script::Effect;
use crate::features::cloudvision::sim::world::{World, lock};

/// More than this is not read at all.
const LARGEST: usize = 64 << 20;
/// Bytes before a message that say how long it is.
const PREFIX: usize = 5;

/// The call is not answered.
#[derive(Debug, thiserror::Error)]
#[error("the connection was broken on purpose, or by the client")]
pub(crate) struct Broken;

/// Answers one call that came over a connection.
pub(super) async fn pass(
    world: Arc<World>,
    routes: Router,
    connection: CancellationToken,
    request: Request<Incoming>,
) -> Result<Response<Body>, Broken> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(|_| Broken)?.to_bytes();
    let method = parts.uri.path().to_owned();
    let is_call = method.starts_with("/arista.");
    let size = if is_call { body.len().saturating_sub(PREFIX) } else { body.len() };
    let open = Open::new(&world, &method, size);
    let is_in_turn = world.in_turn.load(Ordering::Relaxed) && !method.ends_with("/Subscribe");
    let _turn = if is_in_turn { Some(world.turn.lock().await) } else { None };
    let latency = *lock(&world.latency);
    if !latency.is_zero() {
        sleep(latency).await;
    }
    let effect = world.faults.take(&method);
    match &effect {
        Some(Effect::Refuse(code, message)) => return Ok(refused(Status::new(*code, message.clone()), is_call, open)),
        Some(Effect::Delay(delay)) => sleep(*delay).await,
        Some(Effect::Cut) => {
            connection.cancel();
            return Err(Broken);
        }
        _ => {}
    }
    if let Err(status) = allowed(&world, &method, &parts.headers, is_call.then_some(size)) {
        return Ok(refused(status, is_call, open));
    }
    let response = if is_call {
        // A router's error is one that cannot happen.
        let Ok(response) = routes.oneshot(Request::from_parts(parts, Body::from(body))).await;
        response
    } else {
        pages::answer(&world, &parts, &body)
    };
    if effect == Some(Effect::LoseAnswer) {
        connection.cancel();
        return Err(Broken);
    }
    if effect == Some(Effect::Swallow) {
        return std::future::pending().await;
    }
    let (parts, body) = response.into_parts();
    Ok(Response::from_parts(parts, watched(body, open, effect)))
}

/// Whether a call may be served: it brings the token, and its message is not too large.
fn allowed(world: &World, method: &str, headers: &HeaderMap, message: Option<usize>) -> Result<(), Status> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if method == pages::LOGIN {
        let (name, password) = &world.login;
        let wanted = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
        return if given == wanted { Ok(()) } else { Err(Status::unauthenticated("wrong name or password")) };
    }
    let token = given.strip_prefix("Bearer ").unwrap_or_default();
    if !lock(&world.tokens).iter().any(|known| known == token) {
        return Err(Status::unauthenticated("the token is missing, wrong or expired"));
    }
    match message.filter(|size| *size > world.message_limit) {
        Some(size) => {
            let limit = world.message_limit;
            Err(Status::resource_exhausted(format!("grpc: received message larger than max ({size} vs. {limit})")))
        }
        None => Ok(()),
    }
}

/// The answer to a call that is not served.
fn refused(status: Status, is_call: bool, open: Open) -> Response<Body> {
    if is_call {
        // What has no body is over at once; the log is told here, when `open` goes.
        drop(open);
        return status.into_http();
    }
    let is_stranger = status.code() == Code::Unauthenticated;
    let code = if is_stranger { StatusCode::UNAUTHORIZED } else { StatusCode::SERVICE_UNAVAILABLE };
    let (parts, body) = pages::plain(code, status.message()).into_parts();
    Response::from_parts(parts, watched(body, open, None))
}
