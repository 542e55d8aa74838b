//! Answers: JSON in its envelope, and the pages that come instead.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

/// An answer before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    status: u16,
    is_json: bool,
    body: String,
}

/// What Flask says instead of data.
const PAGES: [(u16, &str, &str); 4] = [
    (400, "Bad Request", "The browser (or proxy) sent a request that this server could not understand."),
    (404, "Not Found", "The requested URL was not found on the server."),
    (405, "Method Not Allowed", "The method is not allowed for the requested URL."),
    (500, "Internal Server Error", "The server encountered an internal error and was unable to complete your request."),
];

/// A success with content in the usual envelope.
pub(super) fn ok(content: &Value, params: &Value) -> Answer {
    Answer::json(200, &json!({"error": null, "content": content, "params": params}))
}

/// A failure in the usual envelope.
pub(super) fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"error": message, "content": {}, "params": {}}))
}

/// A failure of the front server, which has no envelope.
pub(super) fn front_error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": message }))
}

impl Answer {
    /// Any JSON.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, is_json: true, body: body.to_string() }
    }

    /// The page for a status.
    pub(super) fn page(status: u16) -> Self {
        let found = PAGES.iter().find(|(known, ..)| *known == status);
        let (_, title, text) = found.copied().unwrap_or((status, "Error", ""));
        let body = format!(
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
        );
        Self { status, is_json: false, body }
    }

    /// What comes when the service stumbles.
    pub(super) fn crashed() -> Self {
        Self::page(500)
    }

    /// The same, cut off in the middle.
    pub(super) fn truncated(mut self) -> Self {
        let half = self.body.len() / 2;
        self.body.truncate((0..=half).rev().find(|at| self.body.is_char_boundary(*at)).unwrap_or(0));
        self
    }

    /// As it is sent.
    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let kind = if self.is_json { "application/json" } else { "text/html; charset=utf-8" };
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
        response
    }
}
