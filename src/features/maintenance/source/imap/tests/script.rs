//! A server that says what it is told to, and hears what it is told to expect.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::DEADLINE;

/// Where a scripted server listens. What it hears and does not expect ends the test.
pub(super) struct Server {
    /// The port on loopback.
    pub(super) port: u16,
    /// The conversations.
    tasks: JoinSet<()>,
}

impl Server {
    /// Holds these conversations one after the other, one a connection. Lines begin with `S: ` (said, with a line end) or
    /// `C: ` (heard), or `~ ` (a pause, in milliseconds). What is said goes out in pieces of so many bytes.
    pub(super) async fn start(conversations: Vec<String>, piece: usize) -> Self {
        Self::on(Self::listen().await, conversations, piece)
    }

    /// A port to hold conversations at.
    pub(super) async fn listen() -> TcpListener {
        TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
    }

    /// The same as [`Server::start`] where somebody listens already.
    pub(super) fn on(listener: TcpListener, conversations: Vec<String>, piece: usize) -> Self {
        let port = listener.local_addr().unwrap().port();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            for conversation in conversations {
                let (stream, _) = listener.accept().await.unwrap();
                hold(stream, &conversation, piece).await;
            }
        });
        Self { port, tasks }
    }

    /// Waits until every conversation was held to its end.
    pub(super) async fn finish(mut self) {
        timeout(DEADLINE, self.tasks.join_next()).await.expect("all was said in time").unwrap().unwrap();
    }
}

/// Holds one conversation. It ends with the connection open where the last line is `C: …`, until the other side closes.
async fn hold(stream: TcpStream, conversation: &str, piece: usize) {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    for step in steps(conversation) {
        match step {
            Step::Say(text) => {
                for piece in text.as_bytes().chunks(piece) {
                    // The other side may have had enough.
                    if stream.write_all(piece).await.is_err() {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            }
            Step::Hear(expected) => {
                let mut line = String::new();
                timeout(DEADLINE, stream.read_line(&mut line)).await.expect("it is said in time").unwrap();
                assert_eq!(line.trim_end_matches("\r\n"), expected);
            }
            Step::Pause(pause) => tokio::time::sleep(pause).await,
            Step::WaitForTheEnd => {
                let mut rest = Vec::new();
                let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
                assert_eq!(String::from_utf8_lossy(&rest), "");
            }
        }
    }
}

/// A step of a conversation.
enum Step {
    Say(String),
    Hear(String),
    Pause(Duration),
    WaitForTheEnd,
}

/// The steps that a text describes. Lines without a mark go on with what is said.
fn steps(conversation: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in conversation.lines() {
        if let Some(said) = line.strip_prefix("S: ") {
            steps.push(Step::Say(format!("{said}\r\n")));
        } else if let Some(heard) = line.strip_prefix("C: ") {
            steps.push(Step::Hear(heard.to_owned()));
        } else if let Some(pause) = line.strip_prefix("~ ") {
            steps.push(Step::Pause(Duration::from_millis(pause.parse().unwrap())));
        } else if line == "…" {
            steps.push(Step::WaitForTheEnd);
        } else if line == "--" {
            // Without its line end.
            let Some(Step::Say(said)) = steps.last_mut() else { panic!("nothing is said yet") };
            said.truncate(said.len() - 2);
        } else {
            let Some(Step::Say(said)) = steps.last_mut() else { panic!("nothing is said yet") };
            said.push_str(line);
            said.push_str("\r\n");
        }
    }
    steps
}

/// Gives these tokens one after the other, one a connection, and what is no word as a refusal; answers where, and the task that does it.
pub(super) async fn tokens(tokens: &'static [&'static str]) -> (String, JoinSet<()>) {
    let listener = Server::listen().await;
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        for token in tokens {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut body = 0;
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                if let Some(length) = line.to_lowercase().strip_prefix("content-length:") {
                    body = length.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            stream.read_exact(&mut vec![0; body]).await.unwrap();
            let (status, json) = if token.starts_with(['{', '<']) {
                ("400 Bad Request", (*token).to_owned())
            } else {
                ("200 OK", format!("{{\"access_token\": \"{token}\", \"expires_in\": 3600}}"))
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close");
            let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{json}", json.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, tasks)
}
