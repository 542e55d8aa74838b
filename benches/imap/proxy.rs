//! A door to the server that counts what goes through.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What went through since it was last asked.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Traffic {
    /// Times that the client spoke after the server had.
    round_trips: usize,
    /// Bytes from the client.
    sent: usize,
    /// Bytes from the server.
    received: usize,
    /// Whether the server spoke last.
    answered: bool,
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} round trips, {} bytes sent, {} received", self.round_trips, self.sent, self.received)
    }
}

/// The door.
pub(crate) struct Proxy {
    /// Where it is.
    pub(crate) port: u16,
    traffic: Arc<Mutex<Traffic>>,
}

impl Proxy {
    /// Opens a door to `port`.
    pub(crate) fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let this = Self { port: listener.local_addr().unwrap().port(), traffic: Arc::default() };
        let traffic = Arc::clone(&this.traffic);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                for (from, to, is_client) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap(), true),
                    (server.try_clone().unwrap(), client.try_clone().unwrap(), false),
                ] {
                    let traffic = Arc::clone(&traffic);
                    thread::spawn(move || carry(from, to, is_client, &traffic));
                }
            }
        });
        this
    }

    /// What went through since this was last asked.
    pub(crate) fn take(&self) -> Traffic {
        std::mem::take(&mut self.traffic.lock().unwrap())
    }
}

/// Carries bytes until one side has enough.
fn carry(mut from: TcpStream, mut to: TcpStream, is_client: bool, traffic: &Mutex<Traffic>) {
    let _ = to.set_nodelay(true);
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        {
            let mut traffic = traffic.lock().unwrap();
            if is_client {
                traffic.sent += read;
                traffic.round_trips += usize::from(std::mem::take(&mut traffic.answered));
            } else {
                traffic.received += read;
                traffic.answered = true;
            }
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
