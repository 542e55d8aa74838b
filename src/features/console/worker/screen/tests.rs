//! A screen against a VNC server that is played here, over a websocket without a network.

use std::path::PathBuf;
use std::sync::Arc;

use futures::{SinkExt as _, StreamExt as _};
use tokio::io::DuplexStream;
use tokio::sync::mpsc::channel;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::*;
use crate::features::console::link::{Carrier, Patience};
use crate::features::console::worker::Setup;

/// Far beyond what anything takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than a picture is waited for that may be asked for.
const QUIET: Duration = Duration::from_millis(150);
/// What is asked of a screen of 4 x 2: the first picture, what has changed since, and a sign of life.
const WHOLE: [u8; 10] = [3, 0, 0, 0, 0, 0, 0, 4, 0, 2];
const CHANGES: [u8; 10] = [3, 1, 0, 0, 0, 0, 0, 4, 0, 2];
const SIGN: [u8; 10] = [3, 0, 0, 0, 0, 0, 0, 1, 0, 1];

/// A server at the far end of a link.
struct Server(WebSocketStream<DuplexStream>);

impl Server {
    async fn say(&mut self, bytes: &[u8]) {
        self.0.send(Message::Binary(bytes.to_vec().into())).await.unwrap();
    }

    /// The next message of the client; pings apart.
    async fn hear(&mut self) -> Vec<u8> {
        loop {
            if let Message::Binary(bytes) = self.0.next().await.unwrap().unwrap() {
                return bytes.to_vec();
            }
        }
    }

    /// Lets the client in, at a screen of 4 x 2.
    async fn let_in(&mut self) {
        self.say(b"RFB 003.008\n").await;
        self.hear().await;
        self.say(&[1, 1]).await;
        self.hear().await;
        self.say(&[0; 4]).await;
        self.hear().await;
        self.say(&[0, 4, 0, 2, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, 0, 0, 0, 0]).await;
    }

    /// An update of so many pixels from the corner, all grey.
    async fn update(&mut self, (width, height): (u8, u8)) {
        let mut update = vec![0, 0, 0, 1, 0, 0, 0, 0, 0, width, 0, height, 0, 0, 0, 0];
        update.extend(vec![0x80; usize::from(width) * usize::from(height) * 4]);
        self.say(&update).await;
    }

    /// The next request for an update.
    async fn asked(&mut self) -> Vec<u8> {
        loop {
            let message = self.hear().await;
            if message.first() == Some(&3) {
                return message;
            }
        }
    }
}

/// A link, and the server at its other end.
async fn pair() -> (Link, Server) {
    let (here, there) = tokio::io::duplex(1 << 16);
    let here: Box<dyn Carrier> = Box::new(here);
    let socket = WebSocketStream::from_raw_socket(here, Role::Client, None).await;
    let link = Link::new("leaf1".to_owned(), socket, Patience::USUAL);
    (link, Server(WebSocketStream::from_raw_socket(there, Role::Server, None).await))
}

/// Shows the screen until it ends, while somebody looks at every picture; why it ended, and how many pictures were told.
async fn shown(link: &mut Link, times: Times) -> (Result<Why, rfb::Error>, usize) {
    let (reports, mut told) = channel(64);
    let setup = Setup {
        cluster: None,
        proxies: Vec::new(),
        definitions: PathBuf::new(),
        logs: PathBuf::new(),
        who: String::new(),
    };
    let shared = Shared { setup: Arc::new(setup), reports, api: Arc::default() };
    let (order, orders) = channel(64);
    let target = Target::Vm((String::new(), "leaf1".to_owned()));
    let (stop, wishes) = (CancellationToken::new(), Wishes::default());
    let typed = Typing { password: oneshot::channel().1, within: times.within };
    let mut pictures = 0;
    let looking = async {
        while let Some(report) = told.recv().await {
            if matches!(report, Report::Shown { .. }) {
                pictures += 1;
                order.send(Order::Seen { is_looked_at: true }).await.unwrap();
            }
        }
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = show(&shared, (1, &target), link, (&wishes, typed, times), orders, &stop) => ended,
        () = looking => unreachable!(),
    };
    (ended, pictures)
}

#[tokio::test]
async fn a_screen_that_never_comes_is_given_up() {
    let (mut link, _silent) = pair().await;
    let times = Times { within: Duration::from_millis(50), quiet: PATIENCE, cut_every: PATIENCE };
    let (ended, _) = shown(&mut link, times).await;
    assert!(matches!(ended, Ok(Why::Late)), "it was not given up");
}

#[tokio::test]
async fn a_quiet_screen_is_asked_for_a_sign_of_life_and_what_is_the_same_is_no_picture() {
    let (mut link, mut server) = pair().await;
    let times = Times { within: PATIENCE, quiet: QUIET, cut_every: PATIENCE };
    let playing = async {
        server.let_in().await;
        assert_eq!(server.asked().await, WHOLE);
        server.update((4, 2)).await;
        // Servers answer all that they were asked at once: then the changes are asked for again.
        for _ in 0..3 {
            let mut asked = Vec::new();
            while asked.last().map(Vec::as_slice) != Some(&SIGN[..]) {
                asked.push(server.asked().await);
            }
            assert!(asked.iter().filter(|one| one[..] == CHANGES).count() <= 1, "{asked:?}");
            assert!(asked.iter().all(|one| one[..] == CHANGES || one[..] == SIGN), "{asked:?}");
            server.update((1, 1)).await;
        }
        server.0.close(None).await.unwrap();
    };
    let ((ended, pictures), ()) = timeout(PATIENCE, async { tokio::join!(shown(&mut link, times), playing) })
        .await
        .expect("nobody asked for a sign of life");
    assert!(matches!(ended, Ok(Why::Over) | Err(rfb::Error::Ended(_))));
    assert_eq!(pictures, 1);
}

#[tokio::test]
async fn a_proxy_that_notices_the_end_when_something_is_sent_is_sent_something() {
    let (mut link, mut server) = pair().await;
    let times = Times { within: PATIENCE, quiet: QUIET, cut_every: PATIENCE };
    let playing = async {
        server.let_in().await;
        assert_eq!(server.asked().await, WHOLE);
        server.update((4, 2)).await;
        // As the real one: the machine is gone here, and nothing is said of it until something comes for the machine.
        assert_eq!(server.asked().await, CHANGES);
        assert_eq!(server.asked().await, SIGN);
        server.0.close(Some(CloseFrame { code: CloseCode::Error, reason: "".into() })).await.unwrap();
    };
    let both = async { tokio::join!(shown(&mut link, times), playing) };
    let ((ended, pictures), ()) = timeout(PATIENCE, both).await.expect("it is taken for open");
    assert!(matches!(ended, Ok(Why::Over) | Err(rfb::Error::Ended(_))));
    assert_eq!(pictures, 1);
    assert!(matches!(link.end(), Err(Error::Lost { .. })), "{link:?}");
}
