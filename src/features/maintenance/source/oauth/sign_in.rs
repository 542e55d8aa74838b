//! Signing in, once: a person with a browser lets noctui read their mailbox.
//!
//! Where the provider has it, with a code that is typed into any browser (RFC 8628), which works over SSH. Otherwise with
//! the browser's answer at an address of this machine (RFC 8252 §7.3) and PKCE (RFC 7636); where the browser is on another
//! machine, its address bar has the answer, and can be pasted.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep, timeout_at};

use super::post::{Poster, decoded, encoded};
use super::{Place, client_secret, keep, scopes};
use crate::config::{Grant, OAuth, Provider};
use crate::features::maintenance::source::remote::Fault;
use crate::text::clean_line;

/// How long somebody may take.
const WITHIN: Duration = Duration::from_mins(5);
/// The pause between two questions whether they are done, unless the provider says another.
const PAUSE_S: i64 = 5;
/// Bytes of what a browser asks for.
const LARGEST: usize = 16 << 10;
/// What the browser shows at the end.
const PAGE: &str = "noctui has its answer. This window can be closed.\n";

/// What somebody is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Open this address and type this code.
    Code {
        /// The address.
        url: String,
        /// The code.
        code: String,
    },
    /// Open this address; where the browser is on another machine, paste the address that it ends at.
    Browser {
        /// The address.
        url: String,
    },
}

/// Lets somebody sign in, and keeps the refresh token that comes of it; where. `say` shows what is to be done, `pasted` has lines
/// that were typed meanwhile.
pub async fn sign_in(
    config: &OAuth,
    user: &str,
    say: impl FnOnce(Step),
    pasted: &mut Receiver<String>,
) -> Result<Place, Fault> {
    let refresh = match &config.device_url {
        Some(url) => with_code(config, url, user, say).await?,
        None => with_browser(config, user, say, pasted).await?,
    };
    keep::write(config, &refresh).await.map_err(|said| Fault::SignIn {
        user: user.to_owned(),
        said,
        grant: Grant::User,
    })
}

/// The device authorization grant, RFC 8628.
async fn with_code(config: &OAuth, url: &str, user: &str, say: impl FnOnce(Step)) -> Result<String, Fault> {
    let poster = Poster::new(url)?;
    let form = [("client_id", config.client_id.clone()), ("scope", scopes(config))];
    let answer = poster.post(&form).await?.granted(user, Grant::User)?;
    let (Some(device), Some(code)) = (answer.text("device_code"), answer.text("user_code")) else {
        return Err(poster.garbled("there is no code in it"));
    };
    let address = answer.text("verification_uri").or(answer.text("verification_url")).unwrap_or_default();
    say(Step::Code { url: clean_line(address), code: clean_line(code) });
    let lasts = u64::try_from(answer.number("expires_in").unwrap_or_default()).unwrap_or_default();
    let end = Instant::now() + WITHIN.max(Duration::from_secs(lasts.min(1800)));
    let mut pause = seconds(answer.number("interval").unwrap_or(PAUSE_S));
    let tokens = Poster::new(&config.token_url)?;
    let mut form = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code".to_owned()),
        ("client_id", config.client_id.clone()),
        ("device_code", device.to_owned()),
    ];
    form.extend(client_secret(config).await?.map(|secret| ("client_secret", secret.expose().to_owned())));
    loop {
        sleep(pause).await;
        if Instant::now() >= end {
            return Err(late(user));
        }
        let answer = tokens.post(&form).await?;
        match answer.text("error") {
            Some("authorization_pending") => {}
            // RFC 8628 §3.5.
            Some("slow_down") => pause += Duration::from_secs(5),
            _ => match answer.granted(user, Grant::User) {
                // The code holds on.
                Err(Fault::NoToken { again_in, .. }) => {
                    pause = pause.max(again_in.unwrap_or_default()) + Duration::from_secs(5);
                }
                granted => return refresh_token(&granted?, user),
            },
        }
    }
}

/// The authorization code grant with PKCE, and a redirection to this machine.
async fn with_browser(
    config: &OAuth,
    user: &str,
    say: impl FnOnce(Step),
    pasted: &mut Receiver<String>,
) -> Result<String, Fault> {
    let unreachable = |source| Fault::Unreachable { server: "127.0.0.1".to_owned(), source };
    // Bound before anybody is sent anywhere, by address: a name may mean another machine.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(unreachable)?;
    let redirect = format!("http://127.0.0.1:{}/", listener.local_addr().map_err(unreachable)?.port());
    let (verifier, state) = (random(), random());
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let mut query = vec![
        ("response_type", "code".to_owned()),
        ("client_id", config.client_id.clone()),
        ("redirect_uri", redirect.clone()),
        ("scope", scopes(config)),
        ("state", state.clone()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
        ("login_hint", user.to_owned()),
    ];
    if config.provider == Provider::Google {
        // Otherwise there is a refresh token the first time only.
        query.extend([("access_type", "offline".to_owned()), ("prompt", "consent".to_owned())]);
    }
    say(Step::Browser { url: format!("{}?{}", config.authorize_url, encoded(&query)) });
    let end = Instant::now() + WITHIN;
    let code = loop {
        // Cancel safety: a browser whose question is dropped asks again or is told by its user.
        let answer = tokio::select! {
            accepted = timeout_at(end, listener.accept()) => match accepted {
                Err(_) => return Err(late(user)),
                Ok(Err(error)) => return Err(unreachable(error)),
                Ok(Ok((stream, _))) => asked(stream).await,
            },
            Some(line) = pasted.recv() => line.trim().split_once('?').map(|(_, query)| query.to_owned()),
        };
        let Some(answer) = answer else { continue };
        let fields = decoded(&answer);
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        // Anybody on this machine can ask for the page; who does not know the state was not sent by us.
        if field("state") != Some(state.as_str()) {
            continue;
        }
        match (field("code"), field("error")) {
            (Some(code), _) => break code.to_owned(),
            (None, Some(error)) => {
                return Err(Fault::SignIn { user: user.to_owned(), said: clean_line(error), grant: Grant::User });
            }
            (None, None) => {}
        }
    };
    let tokens = Poster::new(&config.token_url)?;
    let mut form = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", code),
        ("redirect_uri", redirect),
        ("client_id", config.client_id.clone()),
        ("code_verifier", verifier),
    ];
    form.extend(client_secret(config).await?.map(|secret| ("client_secret", secret.expose().to_owned())));
    refresh_token(&tokens.post(&form).await?.granted(user, Grant::User)?, user)
}

/// What a browser asks for behind the question mark, once it was answered.
async fn asked(mut stream: TcpStream) -> Option<String> {
    let end = Instant::now() + Duration::from_secs(5);
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") && request.len() < LARGEST {
        let mut buffer = [0; 2048];
        match timeout_at(end, stream.read(&mut buffer)).await {
            Ok(Ok(read)) if read > 0 => request.extend_from_slice(buffer.get(..read)?),
            _ => return None,
        }
    }
    let line = String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next()?).into_owned();
    let query = line.strip_prefix("GET /?")?.split(' ').next()?.to_owned();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    );
    let _ = timeout_at(end, stream.write_all(answer.as_bytes())).await;
    Some(query)
}

/// The refresh token in an answer.
fn refresh_token(answer: &super::Answer, user: &str) -> Result<String, Fault> {
    let said = "the provider gave no refresh token; `scopes` may lack offline_access".to_owned();
    answer.text("refresh_token").map(str::to_owned).ok_or_else(|| Fault::SignIn {
        user: user.to_owned(),
        said,
        grant: Grant::User,
    })
}

/// Nobody has signed in.
fn late(user: &str) -> Fault {
    Fault::SignIn {
        user: user.to_owned(),
        said: "nobody signed in within the time there is".to_owned(),
        grant: Grant::User,
    }
}

/// A pause as a provider tells it.
fn seconds(told: i64) -> Duration {
    Duration::from_secs(u64::try_from(told.clamp(0, 60)).unwrap_or_default())
}

/// What nobody can guess: 256 bits.
fn random() -> String {
    let bytes = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes.map(uuid::Uuid::into_bytes).concat()))
}
