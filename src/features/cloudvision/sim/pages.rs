//! What is read by plain HTTP on the same port: login, version, and the configurations that builds compare.

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::world::{World, lock};

/// Gives a session id for a name and a password; it serves as a token.
pub(super) const LOGIN: &str = "/cvpservice/login/authenticate.do";
/// Gives the server's version.
const VERSION: &str = "/cvpservice/cvpInfo/getCvpInfo.do";

/// Answers a request whose sender was let in.
pub(super) fn answer(world: &World, request: &Parts, body: &Bytes) -> Response<Body> {
    match (&request.method, request.uri.path()) {
        (&Method::POST, LOGIN) if serde_json::from_slice::<Value>(body).is_ok_and(|body| body.is_object()) => {
            let session = format!("session_{}", world.state().fresh_id());
            lock(&world.tokens).push(session.clone());
            json(&json!({ "sessionId": session, "userName": world.login.0 }))
        }
        (&Method::POST, LOGIN) => plain(StatusCode::BAD_REQUEST, "the body has to be a JSON object"),
        (&Method::GET, VERSION) => json(&json!({ "version": world.state().version.0 })),
        (&Method::GET, path) => match world.state().texts.get(path) {
            Some(text) => plain(StatusCode::OK, text),
            None => plain(StatusCode::NOT_FOUND, "there is nothing here"),
        },
        _ => plain(StatusCode::METHOD_NOT_ALLOWED, "not with this method"),
    }
}

/// An answer in JSON.
fn json(value: &Value) -> Response<Body> {
    let mut response = plain(StatusCode::OK, &value.to_string());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer in plain text. The lines of a comparison are JSON, but no type is promised for them.
pub(super) fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    // What goes out is counted piece by piece, so that its length would not be known any more.
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    response
}
