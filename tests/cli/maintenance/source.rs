//! `noctui source …` where no server is needed.

use std::process::{Child, Stdio};

use predicates::str::contains;

use super::assert_transcript;
use crate::support::{Home, transcript};

#[test]
fn a_list_has_a_word_for_each_source_and_sentences_under_it() {
    let home = Home::new();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(part)).unwrap();
    }
    home.configure(
        "[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/Maildir'\n\
         [[maintenance.source]]\nname = 'rests'\nkind = 'maildir'\npath = '~/Maildir'\n\
         [[maintenance.source]]\nname = 'gone'\nkind = 'maildir'\npath = '~/Nowhere'\n\
         [[maintenance.source]]\nname = 'nowhere'\nkind = 'imap'\nserver = '127.0.0.1:1'\ntls = 'none'\nuser = 'noc'\n\
         password_command = ['printf', 'pw']\n",
    );
    home.noctui(["source", "pause", "rests", "--who", "anna"]).assert().success();
    home.noctui(["source", "sync", "nowhere"]).assert().code(2);
    std::fs::write(home.path().join("Maildir/new/1795226400.M1P1.noc"), "Subject: nobody has read it\n\n").unwrap();
    assert_transcript("source_list", &transcript(&home, &mut home.noctui(["source", "list"])));
}

#[test]
fn a_mail_of_a_maildir_that_cannot_be_read_is_told_by_whoever_looks() {
    let home = Home::new();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(part)).unwrap();
    }
    home.configure("[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/Maildir'\n");
    let new = home.path().join("Maildir/new");
    std::fs::write(new.join("1795226400.M1P1.noc"), "Subject: this can be read\n\n").unwrap();
    // As unreadable as a mail of another user, to root as well.
    let unreadable = new.join("1795226401.M1P1.noc");
    std::os::unix::fs::symlink(&unreadable, &unreadable).unwrap();
    let told = |command: &str, code: i32| {
        let output = home.noctui(["source", command]).assert().code(code).get_output().clone();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let why = "1795226401.M1P1.noc: cannot be read: Too many levels of symbolic links";
    for (command, code) in [("sync", 2), ("check", 1), ("list", 0)] {
        let told = told(command, code).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("1 mail not read") && told.contains(why) && told.contains("chmod"), "{command}: {told}");
        assert!(!told.contains("can be read") && !told.contains("complete, "), "{command}: {told}");
    }
    std::fs::remove_file(&unreadable).unwrap();
    std::fs::write(&unreadable, "Subject: this, too\n\n").unwrap();
    assert!(told("check", 0).contains("can be read"));
    assert!(told("sync", 0).contains("complete, 1 mail"));
    assert!(told("list", 0).contains("complete"));
}

#[test]
fn a_file_that_was_not_whole_or_has_another_mail_by_now_is_read_again() {
    let home = Home::new();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(part)).unwrap();
    }
    home.configure("[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/Maildir'\n");
    let file = home.path().join("Maildir/new/notice.eml");
    let sync = || home.noctui(["source", "sync"]).assert().success().stdout("folder: complete, 1 mail\n");
    let mails = || super::json(&home, &["mails", "--all"]);
    let outcomes = || mails().as_array().unwrap().iter().map(|mail| mail["outcome"].clone()).collect::<Vec<_>>();
    // Half of it is there, as a copy over a slow line has it.
    let mail = super::one("halcyon", "HC-1").mail();
    let (half, _) = mail.split_at(mail.find("DTEND").unwrap());
    std::fs::write(&file, half).unwrap();
    sync();
    assert_eq!(outcomes(), ["unknown-provider"]);
    std::fs::write(&file, &mail).unwrap();
    sync();
    assert_eq!(outcomes(), ["parsed"]);
    let before = super::json(&home, &["list", "--all"]);
    assert_eq!(before[0]["name"], "halcyon/HC-1", "{before}");
    // Read and flagged, touched, and put where it was: that is no news.
    std::fs::rename(&file, home.path().join("Maildir/cur/notice.eml:2,S")).unwrap();
    home.noctui(["source", "sync"]).assert().success().stdout("folder: complete, 0 mails\n");
    let touched = std::fs::File::options().append(true).open(home.path().join("Maildir/cur/notice.eml:2,S")).unwrap();
    touched.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    home.noctui(["source", "sync"]).assert().success();
    assert_eq!((outcomes().len(), super::json(&home, &["list", "--all"])), (1, before));
    // Another mail has the name.
    std::fs::remove_file(home.path().join("Maildir/cur/notice.eml:2,S")).unwrap();
    std::fs::write(&file, super::one("halcyon", "HC-2").mail()).unwrap();
    sync();
    assert_eq!(outcomes(), ["parsed", "parsed"]);
}

#[test]
fn a_mail_that_was_given_up_is_told_and_asked_for_again() {
    let home = Home::new();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(part)).unwrap();
    }
    home.configure("[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/Maildir'\n");
    let name = "1795226400.M1P1.noc";
    std::fs::write(home.path().join("Maildir/new").join(name), super::one("halcyon", "HC-1").mail()).unwrap();
    home.noctui(["source", "sync"]).assert().success();
    // As if it were a server's that never gave it out.
    let database = rusqlite::Connection::open(home.path().join(".local/share/noctui/noctui.db")).unwrap();
    database
        .execute_batch(
            "UPDATE notification SET outcome = 'parsing-failed', size = 0, kept = 0, body_hash = x'00';
             UPDATE source_item SET lacks = 1;",
        )
        .unwrap();
    drop(database);
    let told = |command: &str| {
        let output = home.noctui(["source", command]).assert().success().get_output().clone();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    for command in ["list", "check", "sync"] {
        let said = told(command);
        assert!(said.contains("1 mail given up: `noctui source sync --again folder` asks for them again"), "{said}");
    }
    let again = home.noctui(["source", "sync", "--again", "folder"]).assert().success();
    again.stdout("folder: complete, 1 mail\n").stderr("");
    assert!(!told("list").contains("given up"));
    let mails = super::json(&home, &["mails", "--all"]);
    assert_eq!((mails.as_array().unwrap().len(), &mails[0]["outcome"]), (1, &"parsed".into()), "{mails}");
}

#[test]
fn a_maildir_that_rests_or_is_gone_keeps_when_it_was_last_complete() {
    let home = Home::new();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(part)).unwrap();
    }
    home.configure("[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/Maildir'\n");
    home.noctui(["source", "sync"]).assert().success();
    let list = || -> serde_json::Value {
        let output = home.noctui(["source", "list", "--json"]).assert().success().get_output().stdout.clone();
        serde_json::from_slice(&output).unwrap()
    };
    home.noctui(["source", "pause", "folder", "--who", "anna"]).assert().success();
    let paused = list();
    assert_eq!(paused[0]["state"], "paused");
    assert!(paused[0]["complete"].is_string(), "{paused}");
    home.noctui(["source", "resume", "folder"]).assert().success();
    std::fs::rename(home.path().join("Maildir"), home.path().join("Elsewhere")).unwrap();
    let gone = list();
    assert_eq!((&gone[0]["state"], &gone[0]["complete"]), (&"failed".into(), &paused[0]["complete"]), "{gone}");
}

#[test]
fn a_sender_that_no_rule_names_is_assigned_and_its_mails_are_read_again() {
    let home = Home::new();
    let mail = "From: works@elsewhere.example\nSubject: Works EW-20418\nDate: 10 Jan 2024 09:30:00 +0000\n\n\
                Start: 2026-12-03 22:00 UTC\nCircuit: AB-1234\n";
    std::fs::write(home.path().join("mail.eml"), mail).unwrap();
    home.noctui(["maintenance", "import", "mail.eml"]).assert().success();
    assert_eq!(super::json(&home, &["mails", "1"])["suggestion"]["provider"], "elsewhere");
    let assign = |arguments: &[&str]| home.noctui([&["provider", "sender"], arguments].concat()).assert();
    assign(&["works@elsewhere.example", "nobody"]).code(2);
    assign(&["elsewhere", "colt"]).code(2);
    let said = assign(&["Works@Elsewhere.example", "colt", "--who", "ben"]).success().get_output().stdout.clone();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(said, "works@elsewhere.example: colt, 0 mails read again, 1 still cannot be\n");
    // Now the rule is named that could not read it.
    let opened = super::json(&home, &["mails", "1"]);
    assert_eq!(opened["outcome"], "parsing-failed");
    // And what is suggested is that provider's, whatever its address looks like.
    assert_eq!(opened["suggestion"]["provider"], "colt");
    let listed = assign(&[]).success().get_output().stdout.clone();
    let listed = String::from_utf8(listed).unwrap();
    assert!(listed.contains("works@elsewhere.example  colt      ben"), "{listed}");
    assign(&["works@elsewhere.example", "--remove"]).success();
    assign(&["works@elsewhere.example", "--remove"]).code(2);
    // What could not be read as the provider's is of an unknown sender again, and so it is after an undo.
    assert_eq!(super::json(&home, &["mails", "1"])["outcome"], "unknown-provider");
    assign(&["works@elsewhere.example", "colt"]).success();
    assert_eq!(super::json(&home, &["mails", "1"])["outcome"], "parsing-failed");
    let undone = home.noctui(["maintenance", "undo"]).assert().success();
    undone.stdout("works@elsewhere.example: nobody's, 0 mails read again, 1 still cannot be\n");
    let opened = super::json(&home, &["mails", "1"]);
    assert_eq!(
        (&opened["outcome"], &opened["suggestion"]["provider"]),
        (&"unknown-provider".into(), &"elsewhere".into())
    );
}

#[test]
fn that_a_sender_is_nobodys_is_taken_back_like_anything_else() {
    let home = Home::new();
    let mail = "From: works@elsewhere.example\nSubject: Works EW-20418\nDate: 10 Jan 2024 09:30:00 +0000\n\nSoon\n";
    std::fs::write(home.path().join("mail.eml"), mail).unwrap();
    home.noctui(["maintenance", "import", "mail.eml"]).assert().success();
    let outcome = || super::json(&home, &["mails", "1"])["outcome"].clone();
    let sender = |arguments: &[&str]| home.noctui([&["provider", "sender"], arguments].concat()).assert();
    sender(&["works@elsewhere.example", "colt"]).success();
    let removed = sender(&["works@elsewhere.example", "--remove", "--who", "ben"]).success();
    removed.stdout("works@elsewhere.example: nobody's, 0 mails read again, 1 still cannot be\n");
    assert_eq!(outcome(), "unknown-provider");
    let undone = home.noctui(["maintenance", "undo", "--who", "ben"]).assert().success();
    undone.stdout("works@elsewhere.example: colt, 0 mails read again, 1 still cannot be\n");
    assert_eq!(outcome(), "parsing-failed");
    home.noctui(["maintenance", "undo", "--who", "ben"]).assert().code(2).stderr(contains("ben has nothing to undo"));
    // Somebody has said something else since: that stays.
    sender(&["works@elsewhere.example", "--remove", "--who", "ben"]).success();
    sender(&["works@elsewhere.example", "zayo"]).success();
    home.noctui(["maintenance", "undo", "--who", "ben"]).assert().code(2);
    sender(&[]).success().stdout(contains("zayo"));
}

/// A process that reads the sources, ended with the value.
pub(super) struct Serving(Child);

impl Serving {
    /// One that has the only source.
    pub(super) fn of(home: &Home) -> Self {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_noctui"));
        command.env_clear().env("HOME", home.path()).arg("serve").stdin(Stdio::null());
        let mut serving = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        loop {
            let list = home.noctui(["source", "list", "--json"]).output().unwrap().stdout;
            let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
            if list.pointer("/0/reader").is_some_and(serde_json::Value::is_string) {
                return serving;
            }
            assert!(serving.0.try_wait().unwrap().is_none(), "it has ended: {list}");
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn who_syncs_waits_until_whoever_reads_the_source_has_looked() {
    let home = Home::new();
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(home.path().join("Maildir").join(part)).unwrap();
    }
    home.configure("[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/Maildir'\n");
    let serving = Serving::of(&home);
    for round in 1..=3 {
        for mail in 0..40 {
            let id = format!("HC-{round}-{mail}");
            let path = home.path().join(format!("Maildir/new/1795226400.M{round}P{mail}.noc"));
            std::fs::write(path, super::one("halcyon", "HC-MANY").mail().replace("HC-MANY", &id)).unwrap();
        }
        let output = home.noctui(["source", "sync"]).assert().success().get_output().clone();
        let list = super::json(&home, &["list", "--all"]);
        assert_eq!(list.as_array().unwrap().len(), round * 40);
        let (told, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(told.starts_with("folder: complete, ") && said.contains("is asked to look now"), "{told}{said}");
    }
    // Without it the next one reads itself.
    drop(serving);
    std::fs::write(home.path().join("Maildir/new/1795226400.M9P9.noc"), super::one("halcyon", "HC-9").mail()).unwrap();
    let output = home.noctui(["source", "sync"]).assert().success().get_output().clone();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "folder: complete, 1 mail\n");
}

#[test]
fn a_source_that_has_got_the_name_of_another_one_was_never_complete() {
    let home = Home::new();
    for part in ["Old", "New"].iter().flat_map(|folder| ["cur", "new", "tmp"].map(|part| format!("{folder}/{part}"))) {
        std::fs::create_dir_all(home.path().join(part)).unwrap();
    }
    let configure = |folder: &str| {
        home.configure(&format!("[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/{folder}'\n"));
    };
    configure("Old");
    home.noctui(["source", "sync"]).assert().success();
    let complete = || {
        let output = home.noctui(["source", "list", "--json"]).assert().success().get_output().stdout.clone();
        let told: serde_json::Value = serde_json::from_slice(&output).unwrap();
        told[0]["complete"].clone()
    };
    // A Maildir that is empty is complete as it is found; one with a mail is as complete as somebody read it.
    std::fs::write(home.path().join("Old/new/1795226400.M1P1.noc"), super::one("halcyon", "HC-1").mail()).unwrap();
    assert!(complete().is_string());
    configure("New");
    std::fs::write(home.path().join("New/new/1795226400.M2P2.noc"), super::one("halcyon", "HC-1").mail()).unwrap();
    assert!(complete().is_null(), "{}", complete());
    // Its one mail is one that was read from the other: taken, and not new.
    configure("Old");
    home.noctui(["source", "sync"]).assert().success().stdout("folder: complete, 1 mail\n");
    configure("New");
    home.noctui(["source", "sync"]).assert().success().stdout("folder: complete, 1 mail, none of them new\n");
}

#[test]
fn a_source_is_not_shown_as_read_while_its_name_is_read_for_something_else() {
    let home = Home::new();
    let configuration = |folder: &str| {
        for part in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(home.path().join(folder).join(part)).unwrap();
        }
        format!("[[maintenance.source]]\nname = 'folder'\nkind = 'maildir'\npath = '~/{folder}'\n")
    };
    let other = home.path().join("other.toml");
    std::fs::write(&other, configuration("Other")).unwrap();
    home.configure(&configuration("Maildir"));
    let mail = super::one("halcyon", "HC-1").mail();
    std::fs::write(home.path().join("Other/new/1795226400.M1P1.noc"), mail).unwrap();
    let serving = Serving::of(&home);
    let told = |command: &str, code: i32| {
        let arguments = ["--config", other.to_str().unwrap(), "source", command];
        let output = home.noctui(arguments).assert().code(code).get_output().clone();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    for (command, code) in [("list", 0), ("sync", 2)] {
        let told = told(command, code);
        let why = format!(
            "reads maildir {} under this name, and this one is not read",
            home.path().join("Maildir").display()
        );
        assert!(told.contains(&why), "{command}: {told}");
    }
    assert!(!told("list", 0).contains("complete"));
    // Nothing is lost: it is read as soon as the other one is not.
    drop(serving);
    assert_eq!(told("sync", 0), "folder: complete, 1 mail\n");
}
