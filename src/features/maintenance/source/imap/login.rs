//! Proving who we are: passwords and tokens (RFC 9051 §6.2, RFC 4616, RFC 7628, and XOAUTH2 as Google and Microsoft have
//! it).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::wire::{Said, Told, Wire, worded};
use crate::config::Auth;
use crate::features::maintenance::source::remote::Fault;
use crate::secret::Secret;
use crate::text::clean_line;

/// Codes that say that trying again later may help (RFC 5530 §3).
const PASSING: [&str; 5] = ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[OVERQUOTA]"];
/// Characters of what a server says of a token that are kept.
const SAID: usize = 200;

/// Logs in, and finds out what the server can do then.
pub(super) async fn login(wire: &mut Wire, auth: Auth, user: &str, secret: &Secret, port: u16) -> Result<(), Fault> {
    let secret = secret.expose();
    let attempt = match auth {
        Auth::Password if wire.can("AUTH=PLAIN") => {
            authenticate(wire, "PLAIN", &Zeroizing::new(format!("\0{user}\0{secret}")), "").await?
        }
        Auth::Password if wire.can("LOGINDISABLED") => {
            let server = wire.server().to_owned();
            return Err(Fault::Unprotected { server, lacks: "does not take passwords on this connection" });
        }
        Auth::Password => log_in(wire, user, secret).await?,
        Auth::XOAuth2 => {
            let response = Zeroizing::new(format!("user={user}\x01auth=Bearer {secret}\x01\x01"));
            authenticate(wire, "XOAUTH2", &response, "").await?
        }
        Auth::OAuthBearer => {
            let host = wire.server().rsplit_once(':').map_or("", |(host, _)| host).to_owned();
            let name = user.replace('=', "=3D").replace(',', "=2C");
            let response =
                Zeroizing::new(format!("n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {secret}\x01\x01"));
            authenticate(wire, "OAUTHBEARER", &response, "\x01").await?
        }
    };
    outcome(wire, user, attempt)?;
    if !wire.has_told_capabilities() {
        wire.ask("CAPABILITY", "CAPABILITY", drop).await?;
    }
    Ok(())
}

/// How the attempt ended.
struct Attempt {
    /// How the server meant it.
    said: Said,
    /// Its words.
    text: String,
    /// What it said of a token that it does not take.
    challenge: String,
}

/// `LOGIN`, for servers without `AUTHENTICATE PLAIN`.
async fn log_in(wire: &mut Wire, user: &str, password: &str) -> Result<Attempt, Fault> {
    wire.forget_capabilities();
    let mut pieces = login_command(user, password).into_iter();
    let tag = wire.send(&pieces.next().unwrap_or_default()).await?;
    loop {
        match wire.next("LOGIN", wire.patience()).await? {
            Told::Go(_) => match pieces.next() {
                Some(piece) => wire.send_on(&piece).await?,
                None => return Err(wire.refused("LOGIN", "it asks for more than there is")),
            },
            Told::Done { tag: done, said, text } if done == tag => {
                return Ok(Attempt { said, text, challenge: String::new() });
            }
            _ => {}
        }
    }
}

/// `LOGIN` in pieces, each but the first to be sent when the server asks for it: a literal is announced at the end of a
/// line and begins the next (RFC 9051 §4.3).
fn login_command(user: &str, password: &str) -> Vec<Zeroizing<String>> {
    let mut pieces = vec![Zeroizing::new("LOGIN".to_owned())];
    for text in [user, password] {
        let Some(last) = pieces.last_mut() else { continue };
        if text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
            last.push_str(&Zeroizing::new(format!(" {}", quoted(text))));
        } else {
            let _ = write!(last, " {{{}}}", text.len());
            pieces.push(Zeroizing::new(text.to_owned()));
        }
    }
    pieces
}

/// `AUTHENTICATE`: the response goes along where the server allows that, else when it asks. When it asks again it says
/// what is wrong and wants to hear `resigned`.
async fn authenticate(
    wire: &mut Wire,
    mechanism: &'static str,
    response: &str,
    resigned: &str,
) -> Result<Attempt, Fault> {
    let encoded = Zeroizing::new(STANDARD.encode(response));
    let at_once = wire.can("SASL-IR");
    let command = if at_once {
        Zeroizing::new(format!("AUTHENTICATE {mechanism} {}", *encoded))
    } else {
        Zeroizing::new(format!("AUTHENTICATE {mechanism}"))
    };
    wire.forget_capabilities();
    let tag = wire.send(&command).await?;
    let (mut is_sent, mut challenge) = (at_once, String::new());
    loop {
        match wire.next("AUTHENTICATE", wire.patience()).await? {
            Told::Go(_) if !is_sent => {
                wire.send_on(&encoded).await?;
                is_sent = true;
            }
            Told::Go(text) if challenge.is_empty() => {
                let json = STANDARD.decode(&text).map_or(text, |bytes| String::from_utf8_lossy(&bytes).into_owned());
                challenge = clean_line(&json).chars().take(SAID).collect();
                wire.send_on(&STANDARD.encode(resigned)).await?;
            }
            Told::Go(_) => return Err(wire.refused("AUTHENTICATE", "it asks again and again")),
            Told::Done { tag: done, said, text } if done == tag => {
                return Ok(Attempt { said, text, challenge });
            }
            _ => {}
        }
    }
}

/// Whether the attempt has succeeded; if not, whether another may.
fn outcome(wire: &Wire, user: &str, attempt: Attempt) -> Result<(), Fault> {
    let Attempt { said, text, challenge } = attempt;
    let words = if challenge.is_empty() { text.clone() } else { format!("{text} ({challenge})") };
    match said {
        Said::Ok => Ok(()),
        Said::No if !is_passing(&text) => {
            Err(Fault::Login { server: wire.server().to_owned(), user: user.to_owned(), said: worded(&words) })
        }
        Said::No | Said::Bad | Said::PreAuth | Said::Bye => Err(wire.refused("the login", &words)),
    }
}

/// Whether a server says no for now only.
fn is_passing(said: &str) -> bool {
    let said = said.to_ascii_uppercase();
    PASSING.iter().any(|code| said.starts_with(code)) || said.contains("THROTTLED")
}

/// A text between quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_ascii_goes_as_a_literal() {
        let pieces = |user, password| -> Vec<String> {
            login_command(user, password).into_iter().map(|piece| piece.to_string()).collect()
        };
        assert_eq!(pieces("noc", "a \"b\\"), ["LOGIN \"noc\" \"a \\\"b\\\\\""]);
        assert_eq!(pieces("noc", "grün"), ["LOGIN \"noc\" {5}", "grün"]);
        assert_eq!(pieces("nöc", "x"), ["LOGIN {4}", "nöc \"x\""]);
        assert_eq!(pieces("nöc", "grün"), ["LOGIN {4}", "nöc {5}", "grün"]);
    }
}
