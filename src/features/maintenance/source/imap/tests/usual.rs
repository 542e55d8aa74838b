//! What happens every day: a first look, new mail, nothing new, waiting.

use super::*;

/// Opens a folder of three mails, numbered up to 9.
const EXAMINE: &str = "C: n2 EXAMINE \"INBOX\"\n\
                       S: * 3 EXISTS\n\
                       S: * OK [UIDVALIDITY 7] valid\n\
                       S: * OK [UIDNEXT 10] next\n\
                       S: n2 OK [READ-ONLY] open\n";

/// Waits for news in the folder; nothing comes.
fn idles(tag: u32) -> String {
    format!("C: n{tag} IDLE\nS: + idling\n…\n")
}

#[tokio::test]
async fn a_first_look_hands_out_everything_and_then_a_bookmark_however_it_is_cut_on_the_way() {
    let conversation = format!(
        "{LOGIN}{EXAMINE}\
         C: n3 UID SEARCH ALL\n\
         S: * SEARCH 9 2 5\n\
         S: n3 OK found\n\
         C: n4 UID FETCH 2,5,9 (UID RFC822.SIZE INTERNALDATE)\n\
         S: * 1 FETCH (UID 2 RFC822.SIZE 3 INTERNALDATE \"21-Nov-2026 02:00:00 +0100\")\n\
         S: * 2 FETCH (RFC822.SIZE 5 UID 5 INTERNALDATE \" 1-Nov-2026 02:00:00 +0000\")\n\
         S: * 2 FETCH (FLAGS (\\Seen))\n\
         S: * 3 FETCH (UID 9 RFC822.SIZE 4 INTERNALDATE \"21-Nov-2026 03:00:00 +0100\")\n\
         S: n4 OK listed\n\
         C: n5 UID FETCH 2,5,9 (UID BODY.PEEK[]<0.65537>)\n\
         S: * 3 FETCH (UID 9 BODY[]<0> {{6}}\nni\nne)\n\
         S: * 1 FETCH (UID 2 FLAGS (\\Seen))\n\
         S: * 1 FETCH (BODY[]<0> \"two\" UID 2)\n\
         S: * 2 FETCH (UID 5 BODY[]<0> {{4}}\n\u{fc}\u{fc})\n\
         S: n5 OK fetched\n{}",
        idles(6)
    );
    for piece in [1, 7, 64, usize::MAX] {
        let mut reading = Reading::of(&[&conversation], piece, Before::default(), |_| ()).await;
        let (mails, marks) = reading.read_to_the_end().await;
        let expected = [("INBOX/7/2", "two"), ("INBOX/7/5", "\u{fc}\u{fc}"), ("INBOX/7/9", "ni\r\nne")];
        assert_eq!((mails, marks), (pairs(&expected), vec![9]), "in pieces of {piece}");
    }
}

#[tokio::test]
async fn a_folder_without_news_costs_one_question() {
    let conversation = format!("{LOGIN}{EXAMINE}{}", idles(3));
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (vec![], vec![]));
}

#[tokio::test]
async fn the_last_mail_that_every_range_without_end_has_is_not_new() {
    // No UIDNEXT: whether something is new has to be asked.
    let conversation = format!(
        "{LOGIN}\
         C: n2 EXAMINE \"INBOX\"\n\
         S: * 3 EXISTS\n\
         S: * OK [UIDVALIDITY 7] valid\n\
         S: n2 OK open\n\
         C: n3 UID SEARCH UID 10:*\n\
         S: * SEARCH 9\n\
         S: n3 OK found\n{}",
        idles(4)
    );
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (vec![], vec![9]));
}

#[tokio::test]
async fn mail_that_comes_while_waiting_is_fetched_at_once_and_by_its_number() {
    let conversation = format!(
        "{LOGIN}{EXAMINE}\
         C: n3 IDLE\n\
         S: * OK Still here\n\
         S: + idling\n\
         S: * OK Still here\n\
         S: * 1 FETCH (FLAGS (\\Seen))\n\
         S: * 4 EXISTS\n\
         C: DONE\n\
         S: * 5 EXISTS\n\
         S: n3 OK done\n\
         C: n4 UID SEARCH UID 10:*\n\
         S: * SEARCH 10 12\n\
         S: n4 OK found\n\
         C: n5 UID FETCH 10,12 (UID RFC822.SIZE INTERNALDATE)\n\
         S: * 4 FETCH (UID 10 RFC822.SIZE 3 INTERNALDATE \"21-Nov-2026 03:00:00 +0100\")\n\
         S: * 5 FETCH (UID 12 RFC822.SIZE 6 INTERNALDATE \"21-Nov-2026 03:00:00 +0100\")\n\
         S: n5 OK listed\n\
         C: n6 UID FETCH 10,12 (UID BODY.PEEK[]<0.65537>)\n\
         S: * 4 FETCH (UID 10 BODY[]<0> \"ten\")\n\
         S: * 5 FETCH (UID 12 BODY[]<0> \"twelve\")\n\
         S: n6 OK fetched\n{}",
        idles(7)
    );
    for piece in [1, usize::MAX] {
        let mut reading = Reading::of(&[&conversation], piece, Before::read_to(7, 9), |_| ()).await;
        assert_eq!(reading.read_to_the_end().await, (vec![], vec![]));
        let expected = pairs(&[("INBOX/7/10", "ten"), ("INBOX/7/12", "twelve")]);
        assert_eq!(reading.read_to_the_end().await, (expected, vec![12]));
    }
}

#[tokio::test]
async fn a_server_that_says_it_lives_is_looked_at_in_time_all_the_same() {
    let still_here = "S: * OK Still here\n".repeat(300);
    let conversation = format!(
        "{LOGIN}{EXAMINE}\
         C: n3 IDLE\n\
         S: + idling\n\
         {still_here}\
         C: DONE\n\
         S: n3 OK done\n\
         C: n4 EXAMINE \"INBOX\"\n\
         S: * 3 EXISTS\n\
         S: * OK [UIDVALIDITY 7] valid\n\
         S: * OK [UIDNEXT 10] next\n\
         S: n4 OK open\n{}",
        idles(5)
    );
    let mut reading = Reading::of(&[&conversation], usize::MAX, Before::read_to(7, 9), |_| ()).await;
    reading.read_to_the_end().await;
    // It says so until the last moment; nobody is told of anything.
    let quiet = timeout(Duration::from_secs(3), reading.events.recv()).await;
    assert!(quiet.is_err(), "{quiet:?}");
}

#[tokio::test]
async fn whoever_wants_a_look_has_it_at_once() {
    let conversation = format!(
        "{LOGIN}{EXAMINE}\
         C: n3 IDLE\n\
         S: + idling\n\
         C: DONE\n\
         S: n3 OK done\n\
         C: n4 EXAMINE \"INBOX\"\n\
         S: * 3 EXISTS\n\
         S: * OK [UIDVALIDITY 7] valid\n\
         S: * OK [UIDNEXT 10] next\n\
         S: n4 OK open\n\
         C: n5 IDLE\n"
    );
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), |_| ()).await;
    reading.read_to_the_end().await;
    reading.wanted.send_modify(|count| *count += 1);
    reading.server.finish().await;
}

#[tokio::test]
async fn senders_are_asked_for_on_the_server_and_looked_at_again_here() {
    let conversation = format!(
        "{LOGIN}{EXAMINE}\
         C: n3 UID SEARCH OR FROM \"mr@isp.example\" FROM \"@carrier.example\"\n\
         S: * SEARCH 2 5\n\
         S: n3 OK found\n\
         C: n4 UID FETCH 2,5 (UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (From)])\n\
         S: * 1 FETCH (UID 2 RFC822.SIZE 3 BODY[HEADER.FIELDS (From)] {{26}}\nFrom: mr@isp.example.net\n\n)\n\
         S: * 2 FETCH (UID 5 RFC822.SIZE 3 BODY[HEADER.FIELDS (From)] {{33}}\nFrom: NOC <noc@Carrier.example>\n\n)\n\
         S: n4 OK listed\n\
         C: n5 UID FETCH 5 (UID BODY.PEEK[]<0.65537>)\n\
         S: * 2 FETCH (UID 5 BODY[]<0> \"five\")\n\
         S: n5 OK fetched\n{}",
        idles(6)
    )
    .replace("{26}", "{28}")
    .replace("{33}", "{35}");
    let senders = |imap: &mut Imap| {
        imap.wanted.senders = ["mr@isp.example", "@carrier.example"].map(str::to_owned).to_vec();
    };
    let mut reading = Reading::of(&[&conversation], 64, Before::default(), senders).await;
    assert_eq!(reading.read_to_the_end().await, (pairs(&[("INBOX/7/5", "five")]), vec![9]));
}

#[tokio::test]
async fn mails_that_were_recorded_before_are_not_fetched_again() {
    let conversation = format!(
        "{LOGIN}{EXAMINE}\
         C: n3 UID SEARCH ALL\n\
         S: * SEARCH 2 5 9\n\
         S: n3 OK found\n\
         C: n4 UID FETCH 2,5,9 (UID RFC822.SIZE INTERNALDATE)\n\
         S: * 1 FETCH (UID 2 RFC822.SIZE 3)\n\
         S: * 2 FETCH (UID 5 RFC822.SIZE 5)\n\
         S: * 3 FETCH (UID 9 RFC822.SIZE 4)\n\
         S: n4 OK listed\n\
         C: n5 UID FETCH 5 (UID BODY.PEEK[]<0.65537>)\n\
         S: n5 OK it is gone meanwhile\n\
         C: n6 UID SEARCH UID 5\n\
         S: * SEARCH\n\
         S: n6 OK found\n{}",
        idles(7)
    );
    let recorded = ["INBOX/7/2", "INBOX/7/9"].map(str::to_owned).into();
    let before = Before { recorded, ..Before::default() };
    let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (vec![], vec![9]));
}

#[tokio::test]
async fn a_server_that_does_not_tell_is_asked_every_time() {
    let conversation = format!(
        "{LOGIN}{EXAMINE}\
         C: n3 EXAMINE \"INBOX\"\n\
         S: * 3 EXISTS\n\
         S: * OK [UIDVALIDITY 7] valid\n\
         S: * OK [UIDNEXT 10] next\n\
         S: n3 OK open\n\
         C: n4 EXAMINE \"INBOX\"\n"
    );
    let polled = |imap: &mut Imap| (imap.idle, imap.poll_every) = (false, Duration::from_millis(20));
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), polled).await;
    reading.read_to_the_end().await;
    reading.server.finish().await;
}

#[tokio::test]
async fn the_first_folder_is_read_last_and_waited_in() {
    let conversation = format!(
        "{LOGIN}\
         C: n2 EXAMINE \"W&APY-rks\"\n\
         S: * 0 EXISTS\n\
         S: * OK [UIDVALIDITY 1] valid\n\
         S: * OK [UIDNEXT 1] next\n\
         S: n2 OK open\n\
         C: n3 UID SEARCH ALL\n\
         S: * SEARCH\n\
         S: n3 OK found\n\
         {}{}",
        EXAMINE.replace("n2", "n4"),
        idles(5)
    );
    let folders = |imap: &mut Imap| imap.folders.push("W\u{f6}rks".to_owned());
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), folders).await;
    assert_eq!(reading.read_to_the_end().await, (vec![], vec![0]));
}
