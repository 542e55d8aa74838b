//! What is kept and what is not: mails that wait, actions from before the start, what retention removed.

use chrono::TimeDelta;

use super::desk::{DATABASE, Desk, MAILBOX, settings};
use crate::colour::ColourDepth;
use crate::features::maintenance::pane::State;
use crate::features::maintenance::worker::{Report, SourceHealth};

#[test]
fn mails_that_the_store_does_not_take_are_a_failure_of_their_source_with_reason_and_next_try() {
    let mut desk = Desk::live(120, 30);
    assert!(desk.row("noctui").contains("mail ● live"));
    desk.source(SourceHealth::Waiting {
        reason: "no space",
        why: "no space left for /var/noctui.db".to_owned(),
        mails: 109,
        again_at: desk.now + TimeDelta::seconds(40),
    });
    assert!(desk.row("noctui").contains("mail ✗ no space"), "{}", desk.screen());
    desk.press("c");
    let story = "109 mails wait: no space left for /var/noctui.db; tried again at 02:48:57 UTC";
    assert!(desk.shows(story), "{}", desk.screen());
}

#[test]
fn the_header_says_in_words_why_a_source_fails_and_shows_it_before_the_clock() {
    let reason = "cannot be opened: Permission denied (os error 13): /home/ines/Maildir";
    let mut desk = Desk::live(120, 30);
    desk.source(SourceHealth::Failing(reason.to_owned()));
    assert!(desk.row("noctui").contains("mail ✗ cannot be opened  "), "{}", desk.screen());
    desk.press("c");
    assert!(desk.shows("Permission denied"), "{}", desk.screen());
    let contexts = "read_only = true\n[[context]]\nname = 'production'\nkind = 'production'\n";
    let settings = settings(&format!("{contexts}{MAILBOX}"), ColourDepth::Sixteen, true);
    let mut desk = Desk::with(settings, Some(&DATABASE), 40, 10);
    desk.source(SourceHealth::Watching);
    let header = |desk: &Desk| desk.screen().lines().next().unwrap_or_default().to_owned();
    assert_eq!(header(&desk), "noctui  production  READ-ONLY  UTC 02:48");
    desk.source(SourceHealth::Failing(reason.to_owned()));
    assert_eq!(header(&desk), "noctui  production  READ-ONLY      mail✗");
    desk.resize(46, 10);
    assert_eq!(header(&desk), "noctui  production  READ-ONLY  mail✗ UTC 02:48");
}

#[test]
fn undo_says_what_it_undid_and_undoes_what_was_done_before_the_start() {
    let mut desk = Desk::live(80, 24);
    desk.press("a");
    assert!(desk.row("TTN-0007195301").ends_with('✓') && !desk.row("TTN-0007195301").starts_with('▎'));
    // As after a restart: the store alone knows of it.
    desk.model.maintenance = State::new("ines", None);
    let begun = desk.model.begin();
    desk.carry_out(begun);
    desk.press("u");
    assert!(desk.row("TTN-0007195301").ends_with('·'), "{}", desk.screen());
    assert!(desk.row("TTN-0007195301").starts_with('▎'), "the sign of news is there again: {}", desk.screen());
    assert!(desk.shows("undone: acknowledgement taken back: zayo TTN-0007195301"), "{}", desk.screen());
    desk.press("u");
    assert!(desk.shows("there is nothing left to undo of what ines did"), "{}", desk.screen());
}

#[test]
fn what_retention_removed_is_told() {
    let mut desk = Desk::live(80, 24);
    desk.report(Report::Forgotten { maintenances: 3, notifications: 1 });
    assert!(desk.shows("3 maintenances and one mail older than"), "{}", desk.screen());
}
