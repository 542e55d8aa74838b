//! What it costs to read a mailbox from a real server, next to `mbsync`, which only copies it: a first look at 20,000 mails
//! in mails a second, and a look that finds nothing in round trips and bytes.
//!
//! `cargo bench --bench imap` starts Dovecot on loopback with a mailbox of our own notifications; `NOCTUI_BENCH_ROWS` is
//! another number of mails. Machines are busy, so both are measured in turn, three times, and the best counts.
//! mbsync is measured as it comes, which makes every mail durable by itself; noctui makes many durable with one commit.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement prints, and fails where it cannot be set up"
)]

#[path = "../../tests/e2e/imap/dovecot.rs"]
mod dovecot;
mod proxy;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dovecot::{Dovecot, Home};
use proxy::Proxy;
use support::mailbox::announcement;

/// How often each is measured.
const ROUNDS: usize = 3;

fn main() {
    let mails = std::env::var("NOCTUI_BENCH_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let Some(mut server) = Dovecot::start() else { return };
    let bytes = fill(&mut server, mails);
    println!("{mails} mails, {} bytes each", bytes / mails.max(1));
    // Dovecot makes its index now, so that the first to be measured does not wait for it.
    noctui(&Home::with(&server.source("")));
    let with_mbsync = Command::new("mbsync").arg("--version").stdout(Stdio::null()).status().is_ok();
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    let mut homes = Vec::new();
    for round in 0..ROUNDS {
        let home = Home::with(&server.source(""));
        let took = noctui(&home);
        ours = ours.min(took);
        print!("round {}: noctui {:.1} s", round + 1, took.as_secs_f64());
        homes.push(home);
        if with_mbsync {
            let copy = tempfile::tempdir().unwrap();
            let took = mbsync(copy.path(), server.plain);
            theirs = theirs.min(took);
            print!(", mbsync {:.1} s", took.as_secs_f64());
        }
        println!();
    }
    rate("noctui, parsed and stored", mails, ours);
    if with_mbsync {
        rate("mbsync, copied", mails, theirs);
        println!("noctui is {:.2} times as fast", theirs.as_secs_f64() / ours.as_secs_f64());
    } else {
        println!("mbsync is not installed (the package isync)");
    }
    nothing_new(&server, with_mbsync);
}

/// What a look costs that finds nothing.
fn nothing_new(server: &Dovecot, with_mbsync: bool) {
    let proxy = Proxy::start(server.plain);
    let source = server.source("").replace(&format!(":{}'", server.plain), &format!(":{}'", proxy.port));
    let home = Home::with(&source);
    noctui(&home);
    proxy.take();
    let took = noctui(&home);
    println!("nothing new: noctui {} in {:.2} s", proxy.take(), took.as_secs_f64());
    if with_mbsync {
        let copy = tempfile::tempdir().unwrap();
        mbsync(copy.path(), proxy.port);
        proxy.take();
        let took = mbsync(copy.path(), proxy.port);
        println!("nothing new: mbsync {} in {:.2} s", proxy.take(), took.as_secs_f64());
    }
}

/// Fills the mailbox with notifications: our own of every provider, and calendars of their own in between. Answers their
/// bytes.
fn fill(server: &mut Dovecot, mails: usize) -> usize {
    let mut samples = Vec::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/fixtures");
    for folder in fs::read_dir(fixtures).unwrap() {
        let files = fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path());
        let mails = files.filter(|file| file.extension().is_some_and(|end| end == "eml"));
        samples.extend(mails.map(|file| fs::read(file).unwrap()));
    }
    let mut bytes = 0;
    for number in 0..mails {
        let mail = match samples.get(number / 2 % samples.len()).filter(|_| number % 2 == 1) {
            // Each is a mail of its own.
            Some(sample) => [format!("X-Number: {number}\n").as_bytes(), &without_id(sample, number)].concat(),
            None => announcement(number).into_bytes(),
        };
        let mail: Vec<u8> = mail.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
        bytes += mail.len();
        server.deliver(&mail);
    }
    bytes
}

/// A mail under another Message-ID.
fn without_id(mail: &[u8], number: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(mail);
    let id = regex::Regex::new("(?im)^message-id:.*$").unwrap();
    let new = format!("Message-ID: <{number}@mx.example>");
    let text = if id.is_match(&text) { id.replace(&text, new.as_str()).into_owned() } else { format!("{new}\n{text}") };
    text.into_bytes()
}

/// Reads the mailbox into `home`.
fn noctui(home: &Home) -> Duration {
    let began = Instant::now();
    let status = home.noctui(&["source", "sync"]).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    began.elapsed()
}

/// Copies the mailbox into a folder.
fn mbsync(folder: &Path, port: u16) -> Duration {
    let dir = folder.display();
    let config = format!(
        "IMAPAccount noc\nHost 127.0.0.1\nPort {port}\nUser noc\nPass \"pass word\"\nSSLType None\nAuthMechs LOGIN\n\n\
         IMAPStore far\nAccount noc\n\n\
         MaildirStore near\nPath {dir}/\nInbox {dir}/INBOX\n\n\
         Channel noc\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n"
    );
    fs::write(folder.join("mbsyncrc"), config).unwrap();
    let began = Instant::now();
    let output = Command::new("mbsync").arg("-c").arg(folder.join("mbsyncrc")).arg("-q").arg("noc").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    began.elapsed()
}

/// Prints mails a second.
#[expect(clippy::cast_precision_loss, reason = "mails of one mailbox")]
fn rate(what: &str, mails: usize, took: Duration) {
    println!("{what}: {:.0} mails/s", mails as f64 / took.as_secs_f64());
}
