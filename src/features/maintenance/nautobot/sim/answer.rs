//! What goes back to a client.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

/// An answer before it is bytes.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// Its status.
    pub(super) status: StatusCode,
    /// Its content; `None` has none.
    pub(super) body: Option<Value>,
    /// Whether it tells the version of the API: failures and the app's read-only views do not.
    pub(super) tells_version: bool,
}

impl Answer {
    /// With this status.
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body), tells_version: true }
    }

    /// 200
    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// 204
    pub(super) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, tells_version: true }
    }

    /// 400
    pub(super) fn bad(body: Value) -> Self {
        Self::new(StatusCode::BAD_REQUEST, body)
    }

    /// A status with one sentence.
    pub(super) fn detail(status: StatusCode, detail: &str) -> Self {
        Self::new(status, json!({ "detail": detail }))
    }

    /// 403 in these words: there is no 401.
    pub(super) fn forbidden(detail: &str) -> Self {
        Self::detail(StatusCode::FORBIDDEN, detail)
    }

    /// The view failed.
    pub(super) fn broken(error: &str) -> Self {
        let body = json!({
            "error": error, "exception": "FieldError", "nautobot_version": super::VERSION, "python_version": "3.12.3",
        });
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, body: Some(body), tells_version: false }
    }

    /// As bytes.
    pub(super) fn into_response(self, version: &str) -> Response<Full<Bytes>> {
        let bytes = self.body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut response = Response::new(Full::new(bytes));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let (true, Ok(version)) = (self.tells_version, HeaderValue::from_str(version)) {
            headers.insert("api-version", version);
        }
        response
    }
}

/// A page of HTML, as a proxy in front of the server answers.
pub(super) fn html(status: StatusCode) -> Response<Full<Bytes>> {
    let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>nginx</body></html>");
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}
