//! `noctui maintenance …` on a store of its own.

mod accept;
mod act;
mod circuits;
mod edit;
mod export;
mod import;
mod json;
mod list;
mod login;
mod mails;
mod nautobot;
mod notice;
mod parse;
mod provider;
mod reparse;
mod show;
mod source;

use std::path::{Path, PathBuf};

use serde_json::Value;

use self::notice::Notice;
use crate::support::Home;

/// A user who has imported some mails.
fn home_with(notices: &[Notice]) -> Home {
    let home = Home::new();
    let mails = write(&home, notices);
    home.noctui(["maintenance", "import", mails.to_str().unwrap()]).assert().success();
    home
}

/// Writes the mails of `notices` into a folder, in their order by name.
fn write(home: &Home, notices: &[Notice]) -> PathBuf {
    let mails = home.path().join("mails");
    std::fs::create_dir_all(&mails).unwrap();
    for (number, notice) in notices.iter().enumerate() {
        std::fs::write(mails.join(format!("{number:03}.eml")), notice.mail()).unwrap();
    }
    mails
}

/// What `noctui maintenance …` prints when it succeeds.
fn said(home: &Home, arguments: &[&str]) -> String {
    let output = home.noctui([&["maintenance"], arguments].concat()).assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

/// The same, read as JSON.
fn json(home: &Home, arguments: &[&str]) -> Value {
    serde_json::from_str(&said(home, &[arguments, &["--json"]].concat())).unwrap()
}

/// The strings under `key` in an array of objects.
fn each<'v>(array: &'v Value, key: &str) -> Vec<&'v str> {
    array.as_array().unwrap().iter().map(|object| object[key].as_str().unwrap()).collect()
}

/// Compares a transcript with its snapshot; what depends on when and where it was made reads as `[…]`.
fn assert_transcript(name: &str, transcript: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    // The notices are of 2024 about 2099; everything in between is the time of the test.
    settings.add_filter(r"20(?:2[5-9]|[3-8]\d)-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[now]");
    settings.add_filter(r"20(?:2[5-9]|[3-8]\d)-\d\d-\d\d \d\d:\d\d UTC", "[now]");
    settings.add_filter(r"in \d+ ?d|\d+d ago", "[distance]");
    settings.bind(|| insta::assert_snapshot!(name, transcript));
}

/// The shape of one maintenance that the tests share: a single window in 2099.
fn one(provider: &'static str, id: &'static str) -> Notice {
    Notice { provider, id, ..Notice::default() }
}

/// Whether a folder has a file of that name.
fn has(folder: &Path, name: &str) -> bool {
    folder.join(name).exists()
}
