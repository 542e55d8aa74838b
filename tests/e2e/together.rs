//! Two noctui on one data directory and one mailbox.

use rustix::process::Signal;

use crate::night::look_for;
use crate::support::mailbox::id;
use crate::world::{World, is_acknowledged, is_listed, wait_until_read};

/// Mails that both find when both start for the first time.
const MAILS: usize = 50;

#[test]
fn what_one_acknowledges_notes_and_undoes_the_other_sees() {
    let world = World::with(3);
    let (mut one, mut other) = (world.ready(3), world.ready(3));
    one.send("a");
    one.wait_for("the acknowledgement", |screen| is_acknowledged(screen, 0));
    other.wait_for("the acknowledgement of the other", |screen| is_acknowledged(screen, 0));
    look_for(&mut other, 2);
    other.send("a");
    other.wait_for("the acknowledgement", |screen| is_acknowledged(screen, 2));
    one.wait_for("the acknowledgement of the other", |screen| is_acknowledged(screen, 2));
    one.send("\r");
    one.wait_for_text("Splicing in duct 0");
    other.send("/\x15\rg");
    other.wait_for("all rows", |screen| is_listed(screen, 0));
    other.send("nfrom the other screen\r");
    other.wait_for_text("note written on ");
    one.wait_for_text("from the other screen");
    other.send("uu");
    one.send("\x1b[27u");
    one.wait_for("the undone acknowledgement", |screen| is_listed(screen, 2) && !is_acknowledged(screen, 2));
    one.quit("q");
    other.quit("q");
    world.assert_sound();
}

#[test]
fn two_that_start_at_once_on_a_new_data_directory_record_every_mail_once() {
    let world = World::with(MAILS);
    let (mut one, mut other) = (world.start().spawn(), world.start().spawn());
    wait_until_read(&mut one, MAILS);
    wait_until_read(&mut other, MAILS);
    world.mailbox.announce(MAILS..MAILS + 1);
    for session in [&mut one, &mut other] {
        look_for(session, MAILS);
        assert!(session.screen.text().contains(&id(MAILS)));
    }
    one.quit("q");
    other.quit("q");
    world.assert_holds_each_once(MAILS + 1);
}

#[test]
fn one_reads_the_mailbox_and_the_other_takes_over_when_it_is_killed() {
    let world = World::with(2);
    let mut one = world.ready(2);
    let mut other = world.ready(2);
    other.send("S");
    other.wait_for_text("elsewhere");
    other.send("\x1b[27u");
    one.signal(Signal::KILL);
    assert!(!one.wait_for_end().success());
    world.mailbox.announce(2..3);
    look_for(&mut other, 2);
    other.quit("q");
    world.assert_holds_each_once(3);
}
