//! Answers clients: a small HTTP server that signs the definition asked for with the client's salt.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::Answer;
use super::error::Error;
use super::folder::{Folder, is_name};
use super::key::SigningKey;
use super::remarks::{Severity, remarks};
use super::request::{HostId, Salt};
use crate::blocking;
use crate::trouble::Trouble;

/// Connections that are served at once; others wait to be taken.
const CONNECTIONS: usize = 64;
/// The largest head of a request.
const LARGEST_HEAD: usize = 16 << 10;
/// How long a client may take for its head, and for all it wants on one connection.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
const CONNECTION_WITHIN: Duration = Duration::from_mins(2);
/// Between two tries to take a connection where the system has none to give.
const PAUSE: Duration = Duration::from_millis(100);

/// What is served.
#[derive(Debug)]
pub struct Settings {
    /// Where the definitions are. They are read again for each request.
    pub folder: Folder,
    /// What signs them.
    pub key: SigningKey,
}

/// One request, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Who asked.
    pub peer: SocketAddr,
    /// The definition that was asked for; empty where no name was understood.
    pub name: String,
    /// The host that asked, where it said so.
    pub host_id: Option<HostId>,
    /// The status of the answer.
    pub status: u16,
    /// What was wrong; empty where nothing was.
    pub why: String,
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    settings: Arc<Settings>,
    /// Requests that were answered: to whoever started the server. One that is full makes answers wait.
    served: mpsc::Sender<Served>,
}

/// A page: status, what it says, what was wrong, who asked.
type Page = (StatusCode, Result<String, String>, Option<HostId>);

impl Server {
    /// Listens on `address`.
    ///
    /// # Errors
    /// Where the system does not let it.
    pub async fn bind(address: &str, settings: Settings, served: mpsc::Sender<Served>) -> Result<Self, Error> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| Error::Listen { address: address.to_owned(), source })?;
        Ok(Self { listener, settings: Arc::new(settings), served })
    }

    /// Where it listens; `None` where the system does not say.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Answers until `stop` is cancelled; requests that are being answered then are finished.
    ///
    /// Cancel safety: `accept` loses no connection when it is dropped.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { break };
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => {
                    let (settings, served, stop) = (Arc::clone(&self.settings), self.served.clone(), stop.clone());
                    tasks.spawn(async move {
                        if timeout(CONNECTION_WITHIN, connection(socket, peer, settings, served, stop)).await.is_err() {
                            tracing::info!(%peer, "a connection was ended: it took too long");
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        tasks.close();
        tasks.wait().await;
    }
}

/// Serves one connection.
async fn connection(
    socket: TcpStream,
    peer: SocketAddr,
    settings: Arc<Settings>,
    served: mpsc::Sender<Served>,
    stop: CancellationToken,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (settings, served) = (Arc::clone(&settings), served.clone());
        async move {
            let is_head = request.method() == Method::HEAD;
            let name = request.uri().path().trim_start_matches('/').to_owned();
            let name = if is_name(&name) { name } else { String::new() };
            let (status, said, host_id) = answer(&settings, &request, &name).await;
            let why = said.as_ref().err().cloned().unwrap_or_default();
            // Nobody may be listening any more; the client is answered all the same.
            let _ = served.send(Served { peer, name, host_id, status: status.as_u16(), why }).await;
            Ok::<_, Infallible>(page(status, said, is_head))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(LARGEST_HEAD).keep_alive(true);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(socket), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended");
    }
}

/// What to answer.
async fn answer(settings: &Arc<Settings>, request: &Request<Incoming>, name: &str) -> Page {
    let no = |status, why: &str| (status, Err(why.to_owned()), None);
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return no(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered");
    }
    if name.is_empty() {
        return no(StatusCode::NOT_FOUND, "there is no such definition: the address is /NAME?cvm_salt=…&cvm_hostid=…");
    }
    let query = request.uri().query().unwrap_or_default();
    let host_id = HostId::of_query(query);
    let salt = match (Salt::of_query(query), &host_id) {
        (Ok(salt), Ok(_)) => salt,
        // Both at once: nobody has to ask twice to learn of the second.
        (Err(salt), Err(host_id)) => return no(StatusCode::BAD_REQUEST, &format!("{salt}, and {host_id}")),
        (Err(why), Ok(_)) | (Ok(_), &Err(why)) => return no(StatusCode::BAD_REQUEST, &why.to_string()),
    };
    let (settings, name) = (Arc::clone(settings), name.to_owned());
    let (status, said) = blocking::run(move || sign(&settings, &name, &salt)).await;
    (status, said, host_id.ok())
}

/// Reads the definition and signs it. Blocks.
fn sign(settings: &Settings, name: &str, salt: &Salt) -> (StatusCode, Result<String, String>) {
    let broken = |error: &Error| (StatusCode::INTERNAL_SERVER_ERROR, Err(Trouble::of(error).one_line()));
    let definition = match settings.folder.read(name) {
        Ok((_, Ok(definition))) => definition,
        Ok((path, Err(problems))) => {
            let source = path.display().to_string();
            let told: Vec<_> = problems.iter().map(|problem| problem.trouble(&source).one_line()).collect();
            return (StatusCode::INTERNAL_SERVER_ERROR, Err(told.join("; ")));
        }
        Err(Error::Unknown { .. }) => return (StatusCode::NOT_FOUND, Err("there is no such definition".to_owned())),
        Err(error) => return broken(&error),
    };
    // What clients refuse is refused here, where it can be read why.
    let refused: Vec<_> = remarks(&definition).into_iter().filter(|one| one.severity == Severity::Refused).collect();
    if !refused.is_empty() {
        let told: Vec<_> = refused.iter().map(ToString::to_string).collect();
        return (StatusCode::INTERNAL_SERVER_ERROR, Err(told.join("; ")));
    }
    match Answer::sign(&definition, salt, &settings.key) {
        Ok(answer) => match serde_json::to_string(&answer) {
            Ok(json) => (StatusCode::OK, Ok(json)),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Err(error.to_string())),
        },
        Err(error) => broken(&error),
    }
}

/// The response. What went wrong on this side is for this side's log: clients learn of their own mistakes alone.
fn page(status: StatusCode, said: Result<String, String>, is_head: bool) -> Response<Full<Bytes>> {
    let (kind, text) = match said {
        Ok(json) => ("application/json", json),
        Err(_) if status.is_server_error() => (
            "text/plain; charset=utf-8",
            "the definition cannot be served; the log of this server says why\n".to_owned(),
        ),
        Err(why) => ("text/plain; charset=utf-8", format!("{why}\n")),
    };
    let body = if is_head { Bytes::new() } else { Bytes::from(text) };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
