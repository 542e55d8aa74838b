//! A stream that never ends by itself: when it breaks it is opened again, and nothing is lost, since every stream begins
//! with what is.

use std::time::Duration;

use prost::Message;
use tokio::time::sleep;
use tonic::{Status, Streaming};

use super::Client;
use super::call::jittered;
use crate::features::cloudvision::error::Error;

/// The pause before a broken stream is opened again; it doubles up to [`LONGEST_PAUSE`] until a message comes.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// After so much silence whoever waits for something looks for it; the time doubles up to [`LONGEST_SILENCE`] until something
/// is heard.
const FIRST_SILENCE: Duration = Duration::from_secs(3);
/// The longest time without a look.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// How long nothing is heard before somebody looks.
#[derive(Debug)]
pub struct Silence(Duration);

impl Default for Silence {
    fn default() -> Self {
        Self(FIRST_SILENCE)
    }
}

/// What came first.
#[derive(Debug)]
pub enum Heard<A, T> {
    /// The subscription told this.
    Told(Told<A>),
    /// It said nothing, and this was seen.
    Seen(T),
}

/// What a subscription tells.
#[derive(Debug)]
pub enum Told<A> {
    /// A stream was opened: what follows is everything that is, then what changes.
    Opened,
    /// A message of it.
    Message(A),
    /// It broke, or could not be opened, and is opened again after this pause.
    Broken {
        /// Why.
        error: Error,
        /// How long nothing is heard at least.
        pause: Duration,
    },
}

/// A stream of `A` that answers `Q`.
#[derive(Debug)]
pub struct Subscription<Q, A> {
    /// The connection.
    client: Client,
    /// `/package.Service/Subscribe`.
    method: &'static str,
    /// What is asked for.
    request: Q,
    /// The stream while it is open.
    stream: Option<Streaming<A>>,
    /// How long is waited before it is opened; nothing at first.
    wait: Option<Duration>,
    /// The pause after that.
    pause: Duration,
}

impl<Q, A> Subscription<Q, A>
where
    Q: Message + Clone + 'static,
    A: Message + Default + 'static,
{
    /// Prepares one; the stream is opened by [`Subscription::next`].
    pub(super) fn new(client: &Client, method: &'static str, request: Q) -> Self {
        Self { client: client.clone(), method, request, stream: None, wait: None, pause: FIRST_PAUSE }
    }

    /// The next thing it tells.
    ///
    /// Cancel safety: a message that was received is returned; a stream that is being opened is opened by the next call.
    ///
    /// # Errors
    /// What trying again cannot mend: a token that is not accepted, a service that does not exist.
    pub async fn next(&mut self) -> Result<Told<A>, Error> {
        if let Some(stream) = &mut self.stream {
            let status = match stream.message().await {
                Ok(Some(message)) => {
                    self.pause = FIRST_PAUSE;
                    self.client.answered();
                    return Ok(Told::Message(message));
                }
                Ok(None) => Status::unavailable("the stream ended"),
                Err(status) => status,
            };
            self.stream = None;
            return self.broken(&status);
        }
        if let Some(wait) = self.wait {
            sleep(wait).await;
            self.wait = None;
        }
        match self.client.open(self.method, self.request.clone()).await {
            Ok(stream) => {
                self.stream = Some(stream);
                Ok(Told::Opened)
            }
            Err(status) => self.broken(&status),
        }
    }

    /// The next thing it tells, or what `look` sees where it says nothing for a while: a stream can be open, or be opened for
    /// ever, and tell nothing of what happens.
    ///
    /// Cancel safety: as that of [`Subscription::next`]; a look that is under way is given up.
    ///
    /// # Errors
    /// As those of [`Subscription::next`].
    pub async fn next_or<T>(
        &mut self,
        silence: &mut Silence,
        look: impl Future<Output = T>,
    ) -> Result<Heard<A, T>, Error> {
        let quiet = silence.0;
        let looking = async {
            sleep(quiet).await;
            look.await
        };
        tokio::select! {
            biased;
            told = self.next() => {
                if let Ok(Told::Message(_)) = &told {
                    *silence = Silence::default();
                }
                told.map(Heard::Told)
            }
            seen = looking => {
                silence.0 = (quiet * 2).min(LONGEST_SILENCE);
                Ok(Heard::Seen(seen))
            }
        }
    }

    /// Plans the next attempt.
    fn broken(&mut self, status: &Status) -> Result<Told<A>, Error> {
        let error = self.client.error(self.method, status);
        if !error.is_transient() {
            return Err(error);
        }
        let pause = jittered(self.pause);
        self.wait = Some(pause);
        self.client.asks_again(&error, pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        tracing::info!(method = self.method, %error, pause_ms = pause.as_millis(), "a stream broke");
        Ok(Told::Broken { error, pause })
    }
}
