//! Sources on servers, as the header and its story tell of them.

use chrono::TimeDelta;

use super::desk::{Desk, MAILBOX, settings};
use crate::colour::ColourDepth;
use crate::features::maintenance::store::given_up::GivenUp;
use crate::features::maintenance::store::source::Known;
use crate::features::maintenance::worker::{Report, SourceFacts, SourceHealth};
use crate::trouble::Trouble;

#[test]
fn a_server_that_cannot_be_read_is_told_with_its_reason_and_when_it_is_tried_again() {
    let mut desk = Desk::live(120, 30);
    let trouble = Trouble::new("imap.example:993 closed the connection").to_do("wait; it is tried again");
    let down = |again_at| SourceHealth::Down { brief: "disconnected", trouble: trouble.clone(), again_at };
    desk.source(down(Some(desk.now + TimeDelta::seconds(40))));
    assert!(desk.row("noctui").contains("mail ✗ disconnected"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("imap.example:993 closed the connection"), "{}", desk.screen());
    assert!(desk.shows("tried again at 02:48:57 UTC"), "{}", desk.screen());
    desk.press("esc");
    desk.source(down(None));
    desk.press("c");
    assert!(desk.shows("not tried again by itself"), "{}", desk.screen());
}

#[test]
fn a_mail_that_cannot_be_read_is_told_wherever_somebody_looks() {
    let mut desk = Desk::with(settings(MAILBOX, ColourDepth::Sixteen, true), None, 120, 30);
    desk.source(SourceHealth::Watching);
    desk.press("m");
    assert!(desk.shows("every mail was read: nothing needs a look"), "{}", desk.screen());
    let reason = "1 mail not read: /home/ines/Maildir/new/2: cannot be read: Permission denied (os error 13)";
    desk.source(SourceHealth::Failing(reason.to_owned()));
    assert!(desk.row("noctui").contains("mail ✗ 1 mail not read"), "{}", desk.screen());
    assert!(!desk.shows("every mail was read"), "{}", desk.screen());
    assert!(desk.shows("not every mail is here: demo mailbox: 1 mail not read; S says more"), "{}", desk.screen());
    desk.press("esc S");
    assert!(desk.row("demo mailbox").contains("1 mail not read"), "{}", desk.screen());
    desk.press("esc c");
    assert!(desk.shows("new/2: cannot be read: Permission denied"), "{}", desk.screen());
}

/// A mail of the mailbox is given up.
const GIVEN_UP: [&str; 2] = [
    "INSERT INTO notification (source, item, received_at, sender, subject, outcome, reason, size, kept, whole_hash,
             body_hash) VALUES ('maildir /home/ines/Maildir', '9', 0, '', '', 'parsing-failed', '', 0, 0, x'00', x'00')",
    "INSERT INTO source_item (source, item, notification, lacks)
             SELECT source, item, id, 1 FROM notification WHERE item = '9'",
];

#[test]
fn what_is_known_of_a_source_is_asked_for_anew_each_minute() {
    let mut desk = Desk::with(settings(MAILBOX, ColourDepth::Sixteen, true), None, 120, 30);
    desk.source(SourceHealth::Watching);
    desk.press("S");
    // Nobody is told of it, as of a lease that is put off.
    for statement in GIVEN_UP {
        desk.write_elsewhere(statement);
    }
    assert!(!desk.shows("given up"), "{}", desk.screen());
    desk.wait(TimeDelta::minutes(1));
    assert!(desk.shows("given up"), "{}", desk.screen());
}

#[test]
fn a_source_whose_news_are_told_at_once_is_complete_all_the_time() {
    let mut desk = Desk::with(settings(MAILBOX, ColourDepth::Sixteen, true), None, 120, 30);
    desk.source(SourceHealth::Watching);
    desk.wait(TimeDelta::minutes(18));
    desk.press("c");
    assert!(desk.shows("last complete <1m ago"), "{}", desk.screen());
    desk.source(SourceHealth::Failing("no folder".to_owned()));
    desk.wait(TimeDelta::minutes(18));
    assert!(!desk.shows("last complete <1m ago"), "{}", desk.screen());
}

#[test]
fn mails_that_were_given_up_are_told_under_their_source() {
    let mut desk = Desk::with(settings(MAILBOX, ColourDepth::Sixteen, true), None, 120, 30);
    desk.source(SourceHealth::Watching);
    desk.press("S");
    assert!(!desk.shows("given up"), "{}", desk.screen());
    desk.press("esc");
    for statement in GIVEN_UP {
        desk.write_elsewhere(statement);
    }
    desk.press("S");
    assert!(desk.shows("1 mail given up: `noctui source sync --again"), "{}", desk.screen());
}

#[test]
fn the_name_of_a_source_has_the_room_there_is_and_stands_whole_below() {
    let name = "dovecot with a rather long name of its own";
    for (columns, is_whole) in [(200, true), (130, true), (100, false), (80, false), (40, false)] {
        let mut desk = Desk::live(columns, 40);
        desk.press("S");
        let facts = SourceFacts {
            name: name.to_owned(),
            kind: "imap",
            place: "noc at imap.example: INBOX".to_owned(),
            known: Known::default(),
            reader: None,
            mails: 3,
            outcomes: Vec::new(),
            given_up: GivenUp::default(),
        };
        desk.report(Report::Sources(Ok(vec![facts])));
        let (row, named) = (desk.row("dovecot"), desk.shows("Name "));
        assert_eq!((row.contains(name), named), (is_whole, !is_whole), "{columns}:\n{}", desk.screen());
        assert!(!named || columns == 40 || desk.shows(&format!("Name        {name}")), "{}", desk.screen());
        assert!(columns < 100 || row.contains("imap"), "{row}");
    }
}

#[test]
fn a_source_that_rests_is_a_warning_and_one_that_another_process_reads_is_none() {
    let mut desk = Desk::live(120, 30);
    let standby = |failure: Option<&str>| SourceHealth::Standby {
        holder: "process 7 on jump-host".to_owned(),
        failure: failure.map(str::to_owned),
    };
    desk.source(standby(None));
    assert!(desk.row("noctui").contains("mail ● live"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("read by process 7 on jump-host"), "{}", desk.screen());
    desk.press("esc");
    desk.source(standby(Some("imap.example:993 refuses the password")));
    assert!(desk.row("noctui").contains("mail ✗ fails elsewhere"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("failing for process 7 on jump-host: imap.example:993 refuses"), "{}", desk.screen());
    desk.press("esc");
    desk.source(SourceHealth::Paused { who: "anna".to_owned(), at: desk.now - TimeDelta::seconds(330) });
    assert!(desk.row("noctui").contains("mail ▲ paused"), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("paused by anna 5m ago"), "{}", desk.screen());
}

#[test]
fn without_a_source_nothing_is_asked_for_new_mail_and_that_is_said() {
    let mut desk = Desk::new(120, 30);
    desk.press("r");
    assert!(desk.shows("no source is configured; [[maintenance.source]]"), "{}", desk.screen());
    desk.source(SourceHealth::Watching);
    desk.press("r");
    assert!(desk.shows("asking the sources for new mail"), "{}", desk.screen());
}

#[test]
fn what_needs_a_source_is_offered_where_there_is_one() {
    for columns in [40, 120] {
        let mut desk = Desk::live(columns, 10);
        desk.press("S");
        assert!(desk.shows("p pause"), "{}", desk.screen());
        desk.report(Report::Sources(Ok(Vec::new())));
        assert!(desk.shows("no source is configured"), "{}", desk.screen());
        assert!(!desk.shows("pause") && !desk.shows("r sync"), "{}", desk.screen());
    }
}

#[test]
fn a_backup_that_was_put_back_is_told() {
    let mut desk = Desk::live(120, 30);
    desk.report(Report::PutBack);
    assert!(desk.shows("a backup was put back; sources are read anew"), "{}", desk.screen());
}
