//! HTTP on loopback, for services that tests make up from documentation.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::features::maintenance::source::oauth::decoded;

/// A request.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Asked {
    /// A field of the query.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The token.
    pub(super) fn bearer(&self) -> &str {
        let header = self.headers.get("authorization").and_then(|value| value.to_str().ok());
        header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default()
    }

    /// The body in JSON.
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An answer.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Said {
    /// In JSON.
    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: value.to_string().into_bytes(),
        }
    }
}

/// What answers requests.
pub(super) trait Answers: Send + Sync + 'static {
    fn answer(&self, asked: &Asked) -> Said;
}

/// Serves `answers`; its address, and what it runs in.
pub(super) async fn serve(answers: Arc<impl Answers>) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answers = Arc::clone(&answers);
            connections.spawn(async move {
                let service = service_fn(move |request| pass(Arc::clone(&answers), request));
                let served = Builder::new(TokioExecutor::new())
                    .http1_only()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                drop(served);
            });
        }
    });
    (url, tasks)
}

async fn pass(answers: Arc<impl Answers>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let asked = Asked {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: decoded(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body,
    };
    let Said { status, headers, body } = answers.answer(&asked);
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(body.into())).unwrap())
}

/// The tokens of a service, and what it is told to get wrong.
#[derive(Debug, Default)]
pub(super) struct Door {
    /// The token that holds; another one each time one is asked for.
    pub(super) issued: u64,
    /// Whether the newest token is refused.
    is_expired: bool,
    /// Whether every token is, without a word.
    pub(super) is_mute: bool,
    /// After how many requests it is.
    pub(super) expires_after: Option<u32>,
    /// What the next requests come to instead of an answer: status, and after how many seconds.
    pub(super) faults: Vec<(u16, Option<u64>)>,
    /// The scopes that tokens were asked for.
    pub(super) scope: String,
}

impl Door {
    /// What a request comes to before anybody looks at it.
    pub(super) fn pass(&mut self, asked: &Asked) -> Option<Said> {
        if asked.path == "/token" {
            let form = decoded(std::str::from_utf8(&asked.body).unwrap());
            let field =
                |name: &str| form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
            assert_eq!((field("grant_type"), field("client_secret")), ("client_credentials", "s3cret"));
            field("scope").clone_into(&mut self.scope);
            (self.issued, self.is_expired) = (self.issued + 1, false);
            let token = serde_json::json!({"access_token": format!("token-{}", self.issued), "expires_in": 3599, "token_type": "Bearer"});
            return Some(Said::json(200, &token));
        }
        if self.is_mute {
            return Some(Said { status: 401, headers: vec![], body: vec![] });
        }
        if self.expires_after == Some(0) {
            (self.is_expired, self.expires_after) = (true, None);
        }
        self.expires_after = self.expires_after.map(|left| left - 1);
        if self.is_expired || asked.bearer() != format!("token-{}", self.issued) {
            let error = serde_json::json!({"error": {"code": 401, "message": "Request had invalid authentication credentials.", "status": "UNAUTHENTICATED"}});
            return Some(Said::json(401, &error));
        }
        let (status, after) = if self.faults.is_empty() { return None } else { self.faults.remove(0) };
        let reason = if status == 403 { "rateLimitExceeded" } else { "backendError" };
        let error =
            serde_json::json!({"error": {"code": status, "message": "not now", "errors": [{"reason": reason}]}});
        let mut said = Said::json(status, &error);
        said.headers.extend(after.map(|after| ("retry-after", after.to_string())));
        Some(said)
    }
}
