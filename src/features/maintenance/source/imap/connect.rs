//! From nothing to a connection that is protected and greeted.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::guard::Io;
use super::wire::{Said, Told, Wire};
use crate::config::{Imap, MailTls};
use crate::features::maintenance::source::remote::Fault;
use crate::tls;

/// How long each step of connecting may take.
const STEP: Duration = Duration::from_secs(10);

/// Connects to the server of `config`, up to where somebody can log in.
pub(super) async fn connect(config: &Imap, patience: Duration) -> Result<Wire, Fault> {
    let server = config.server.to_string();
    let plain = plain(config, &server).await?;
    let mut wire = match config.tls {
        MailTls::Implicit => Wire::new(protect(config, &server, Box::new(plain)).await?, &server, patience),
        MailTls::StartTls | MailTls::None => Wire::new(Box::new(plain), &server, patience),
    };
    greet(&mut wire, config.tls == MailTls::Implicit).await?;
    if config.tls == MailTls::StartTls {
        if !wire.has_told_capabilities() {
            wire.ask("CAPABILITY", "CAPABILITY", drop).await?;
        }
        if !wire.can("STARTTLS") {
            return Err(Fault::Unprotected { server, lacks: "does not offer STARTTLS" });
        }
        wire.ask("STARTTLS", "STARTTLS", drop).await?;
        // What was said before this is nobody's word.
        wire = Wire::new(protect(config, &server, wire.into_io()).await?, &server, patience);
    }
    if !wire.has_told_capabilities() {
        wire.ask("CAPABILITY", "CAPABILITY", drop).await?;
    }
    Ok(wire)
}

/// A connection without protection.
async fn plain(config: &Imap, server: &str) -> Result<TcpStream, Fault> {
    let unreachable = |source| Fault::Unreachable { server: server.to_owned(), source };
    let connecting = TcpStream::connect((config.server.host.as_str(), config.server.port));
    let stream = timeout(STEP, connecting).await.map_err(|_| unreachable(late()))?.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    Ok(stream)
}

/// TLS on a connection.
async fn protect(config: &Imap, server: &str, stream: Box<dyn Io>) -> Result<Box<dyn Io>, Fault> {
    let handshake = |source: io::Error| {
        // No word of a certificate.
        let said = match (tls::cause(&source), source.kind()) {
            (Some(error), _) => tls::is_no_tls(error).then(|| "it does not speak it at this port".to_owned()),
            (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                Some("it closed the connection".to_owned())
            }
            (None, io::ErrorKind::TimedOut) => Some(source.to_string()),
            (None, _) => None,
        };
        if let Some(said) = said {
            return Fault::NoTls { server: server.to_owned(), said };
        }
        let words = tls::cause(&source).map(tls::why);
        let source = words.map_or(source, io::Error::other);
        let is_pinned = matches!(config.trust, tls::Trust::Pinned(_));
        Fault::Handshake { server: server.to_owned(), source, is_pinned }
    };
    let trust = config.trust.clone();
    // Certificates are read from files.
    let client = crate::blocking::run(move || tls::config(&trust)).await?;
    let name = ServerName::try_from(config.server.host.clone())
        .map_err(|error| handshake(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let connecting = TlsConnector::from(Arc::new(client)).connect(name, stream);
    let stream = timeout(STEP, connecting).await.map_err(|_| handshake(late()))?.map_err(handshake)?;
    Ok(Box::new(stream))
}

/// Waits for the greeting, which has to ask for a login.
async fn greet(wire: &mut Wire, is_protected: bool) -> Result<(), Fault> {
    let greeting = wire.next("the connection", STEP.min(wire.patience())).await.map_err(|fault| match fault {
        Fault::Late { server, after, .. } => Fault::Silent { server, after, is_protected },
        other => other,
    });
    match greeting? {
        Told::Note { said: Said::Ok, .. } => Ok(()),
        Told::Note { said: Said::PreAuth, .. } => {
            // Somebody in between could say so to keep a password or TLS from being asked for.
            Err(Fault::Unprotected { server: wire.server().to_owned(), lacks: "wants no login" })
        }
        Told::Note { text, .. } => Err(wire.refused("the connection", &text)),
        _ => Err(Fault::Garbled { server: wire.server().to_owned(), said: "its greeting".to_owned() }),
    }
}

/// Nothing came in time.
fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("nothing came of it within {} s", STEP.as_secs()))
}
