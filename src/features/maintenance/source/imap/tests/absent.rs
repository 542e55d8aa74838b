//! Mails that are there and do not come.

use chrono::TimeDelta;

use super::strange::{FETCH, IDLE, LISTED, examine};
use super::*;

/// The mail 5 is not told of where the mails 5 and 9 are listed.
const UNLISTED: &str = "S: * 1 FETCH (UID 5 RFC822.SIZE 4)\n";

/// A mail that stayed away so often, the first time so many minutes ago.
pub(super) fn away(key: &str, looks: u32, minutes: i64) -> Arc<Kept> {
    let away = Away { since: crate::clock::now() - TimeDelta::minutes(minutes), looks };
    Arc::new(Kept { away: Mutex::new([(key.to_owned(), away)].into()), ..Kept::default() })
}

impl Kept {
    /// At how many looks each stayed away.
    fn looks(&self) -> Vec<(String, u32)> {
        self.away.lock().unwrap().iter().map(|(key, away)| (key.clone(), away.looks)).collect()
    }
}

/// The mails 5 and 9 are found, 9 is told of and comes, and 5 is looked for.
fn without_five(found: &str) -> String {
    let nine =
        "C: n5 UID FETCH 9 (UID BODY.PEEK[]<0.65537>)\nS: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n5 OK fetched\n";
    format!(
        "{LOGIN}{}{}{nine}C: n6 UID SEARCH UID 5\nS: * SEARCH{found}\nS: n6 OK found\n",
        examine(2, 7),
        LISTED.replace(UNLISTED, "")
    )
}

#[tokio::test]
async fn a_mail_that_is_found_and_not_told_of_is_asked_for_again_and_keeps_the_bookmark_back() {
    let whole = format!("{}{LISTED}{FETCH}", examine(2, 7)).replace("5,9 (UID BODY", "9 (UID BODY");
    let whole = format!(
        "{whole}S: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n5 OK fetched\n\
         C: n6 UID FETCH 5 (UID BODY.PEEK[]<0.65537>)\nS: * 1 FETCH (UID 5 BODY[]<0> \"five\")\nS: n6 OK fetched\n{}",
        IDLE.replace("n6", "n7")
    );
    // It is asked for again soon.
    let idle = "C: n7 IDLE\nS: + idling\nC: DONE\nS: n7 OK done\n";
    let conversation = format!("{}{idle}{}", without_five(" 5"), later(&whole, 6));
    let before = Before::default();
    let kept = Arc::clone(&before.absences);
    let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
    let (mails, trouble, again_in) = reading.read_to_trouble().await;
    assert_eq!(mails, pairs(&[("INBOX/7/9", "nine")]), "the other one comes");
    assert!(trouble.contains("mail 5 of INBOX, which it did not send"), "{trouble}");
    assert!(trouble.contains("given up after half an hour and five looks"), "{trouble}");
    assert!(!trouble.contains("check the address"), "the server is a mail server: {trouble}");
    assert!(again_in.is_some());
    assert_eq!(kept.looks(), [("INBOX/7/5".to_owned(), 1)]);
    // It is doubted and comes after the others; then nothing is known against it.
    let (mails, marks) = reading.read_to_the_end().await;
    assert_eq!((mails, marks), (pairs(&[("INBOX/7/9", "nine"), ("INBOX/7/5", "five")]), vec![9]));
    assert_eq!(kept.looks(), []);
}

#[tokio::test]
async fn a_mail_that_was_deleted_between_two_questions_is_passed_over() {
    let conversation = format!("{}{}", without_five(""), IDLE.replace("n6", "n7"));
    let before = Before { absences: away("INBOX/7/5", 1, 1), ..Before::default() };
    let kept = Arc::clone(&before.absences);
    let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (pairs(&[("INBOX/7/9", "nine")]), vec![9]));
    assert_eq!(kept.looks(), []);
}

#[tokio::test]
async fn a_mail_that_never_comes_is_given_up_by_time_over_processes_too() {
    let nothing = format!("{LOGIN}{}{LISTED}{}", examine(2, 7), FETCH.replace("5,9", "9"));
    let there = "S: n5 OK fetched\nC: n6 UID SEARCH UID 9\nS: * SEARCH 9\nS: n6 OK found\n";
    let withheld = ["", "S: * 2 FETCH (UID 9 BODY[]<0> NIL)\n", "S: * 2 FETCH (UID 77 BODY[]<0> \"nine\")\n"]
        .map(|said| (format!("{nothing}{said}{there}"), 9));
    let unlisted = (without_five(" 5"), 5);
    for (conversation, uid) in withheld.into_iter().chain([unlisted]) {
        let (key, recorded) = (format!("INBOX/7/{uid}"), format!("INBOX/7/{}", 14 - uid));
        let conversation = match uid {
            9 => conversation,
            _ => conversation.replace(
                "C: n5 UID FETCH 9 (UID BODY.PEEK[]<0.65537>)\nS: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n5 OK fetched\n",
                "",
            ),
        };
        let conversation = if uid == 5 { conversation.replace("n6", "n5") } else { conversation };
        // One process each: what the one before found out is kept.
        for (looks, minutes, is_given_up) in [(0, 0, false), (4, 29, false), (3, 60, false), (4, 31, true)] {
            let idle = if uid == 5 { IDLE.to_owned() } else { IDLE.replace("n6", "n7") };
            let end = if is_given_up { idle } else { String::new() };
            let absences = if looks == 0 { Arc::default() } else { away(&key, looks, minutes) };
            let before = Before { recorded: [recorded.clone()].into(), absences, ..Before::default() };
            let kept = Arc::clone(&before.absences);
            let mut reading = Reading::of(&[&format!("{conversation}{end}")], 64, before, |_| ()).await;
            if is_given_up {
                let (mails, marks) = reading.read_to_the_end().await;
                assert!(
                    matches!(&mails[..], [(given, why)] if *given == key && why.contains("does not come")),
                    "{mails:?}"
                );
                assert_eq!(marks, [9]);
            } else {
                let (mails, trouble, _) = reading.read_to_trouble().await;
                assert_eq!(mails, []);
                assert!(trouble.contains(&format!("mail {uid} of INBOX, which it did not send")), "{trouble}");
            }
            assert_eq!(kept.looks(), [(key.clone(), looks + 1)]);
        }
    }
}

#[tokio::test]
async fn a_server_that_gives_out_nothing_at_all_is_never_believed_and_no_mail_is_given_up_for_it() {
    let nothing = format!(
        "{LOGIN}{}{}C: n5 UID SEARCH UID 5,9\nS: * SEARCH 5 9\nS: n5 OK found\n",
        examine(2, 7),
        LISTED.replace(UNLISTED, "").replace("S: * 2 FETCH (UID 9 RFC822.SIZE 4)\n", "")
    );
    // Also where only one of them is new.
    let one = nothing.replace("UID SEARCH UID 5,9", "UID SEARCH UID 5").replace("SEARCH 5 9\nS: n5", "SEARCH 5\nS: n5");
    for (conversation, recorded, told) in [(nothing, vec![], "5 of INBOX and 1 more"), (one, vec![9], "5 of INBOX")] {
        let recorded = recorded.into_iter().map(|uid: u32| format!("INBOX/7/{uid}")).collect();
        let before = Before { recorded, ..Before::default() };
        let kept = Arc::clone(&before.absences);
        let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
        let (mails, trouble, again_in) = reading.read_to_trouble().await;
        assert_eq!(mails, []);
        assert!(trouble.contains(&format!("mail {told}, which it did not send")), "{trouble}");
        assert!(again_in.is_some());
        assert_eq!(kept.looks(), []);
    }
}

#[tokio::test]
async fn what_came_since_is_compared_with_what_is_there_as_well() {
    let grown = examine(2, 7).replace("UIDNEXT 10", "UIDNEXT 13");
    let conversation = format!(
        "{LOGIN}{grown}C: n3 UID SEARCH UID 10:*\nS: * SEARCH 10 12\nS: n3 OK found\n\
         C: n4 UID FETCH 10,12 (UID RFC822.SIZE INTERNALDATE)\nS: n4 OK listed\n\
         C: n5 UID SEARCH UID 10,12\nS: * SEARCH 12\nS: n5 OK found\n"
    );
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), |_| ()).await;
    let (mails, trouble, _) = reading.read_to_trouble().await;
    assert_eq!(mails, []);
    assert!(trouble.contains("mail 12 of INBOX, which it did not send"), "{trouble}");
}

#[tokio::test]
async fn mails_that_a_connection_broke_over_come_after_all_others_in_the_next_process() {
    let broken = format!("{LOGIN}{}{LISTED}{FETCH}", examine(2, 7)).replace("5,9 (UID BODY", "5 (UID BODY");
    let order = format!(
        "{broken}S: * 1 FETCH (UID 5 BODY[]<0> \"five\")\nS: n5 OK fetched\nC: n6 UID FETCH 9 (UID BODY.PEEK[]<0.65537>)\n"
    );
    let again = format!("{LOGIN}{}C: n3 UID SEARCH UID 9\nS: * SEARCH 9\nS: n3 OK found\n", examine(2, 7));
    // Where the server does not come back it is no mail's fault.
    for (conversations, told, looks) in [
        (vec![&*order, &again], "does not give out mail 9 of INBOX: it closes the connection", 2),
        (vec![&*order], "closed the connection", 1),
    ] {
        let before = Before { absences: away("INBOX/7/9", 1, 10), ..Before::default() };
        let kept = Arc::clone(&before.absences);
        let mut reading = Reading::of(&conversations, 64, before, |_| ()).await;
        let (mails, trouble, _) = reading.read_to_trouble().await;
        assert_eq!(mails, pairs(&[("INBOX/7/5", "five")]), "the older one comes");
        assert!(trouble.contains(told), "{trouble}");
        assert_eq!(kept.looks(), [("INBOX/7/9".to_owned(), looks)]);
    }
}

#[tokio::test]
async fn a_mail_that_is_asked_for_again_is_asked_for_by_its_number_however_old_it_is() {
    let asked = format!("{LOGIN}{}C: n3 UID FETCH 2:3 (UID RFC822.SIZE INTERNALDATE)\n", examine(2, 7));
    let conversation = format!(
        "{asked}S: * 1 FETCH (UID 2 RFC822.SIZE 3)\nS: n3 OK listed\n\
         C: n4 UID FETCH 2 (UID BODY.PEEK[]<0.65537>)\nS: * 1 FETCH (UID 2 BODY[]<0> \"two\")\nS: n4 OK fetched\n\
         C: n5 UID SEARCH UID 3\nS: * SEARCH\nS: n5 OK found\n{IDLE}"
    );
    let again = ["INBOX/7/2", "INBOX/7/3", "INBOX/6/4", "Works/7/8"].map(str::to_owned).into();
    let absences = Arc::new(Kept { again: Mutex::new(again), ..Kept::default() });
    let before = Before { absences, ..Before::read_to(7, 9) };
    let kept = Arc::clone(&before.absences);
    let mut reading = Reading::of(&[&conversation], 64, before, |imap| imap.wanted.since_days = Some(1)).await;
    assert_eq!(reading.read_to_the_end().await, (pairs(&[("INBOX/7/2", "two")]), vec![9]));
    // One is gone, another had its number before the folder was numbered anew; of a third nothing is known here.
    assert_eq!(kept.asked_again(), ["INBOX/7/2", "Works/7/8"]);
}

#[tokio::test]
async fn a_mail_that_does_not_come_is_not_asked_for_at_every_other_one_that_comes() {
    let list = |tag: u32, set: &str, uid: u32| {
        format!(
            "C: n{tag} UID FETCH {set} (UID RFC822.SIZE INTERNALDATE)\nS: * 3 FETCH (UID 10 RFC822.SIZE 4)\n\
             S: * 4 FETCH (UID {uid} RFC822.SIZE 4)\nS: n{tag} OK\n"
        )
    };
    let conversation = format!(
        "{LOGIN}{}C: n3 UID SEARCH UID 10:*\nS: * SEARCH 10\nS: n3 OK\n{}\
         C: n5 UID FETCH 10 (UID BODY.PEEK[]<0.65537>)\nS: n5 NO [SERVERBUG] sorry\n\
         C: n6 UID SEARCH UID 10\nS: * SEARCH 10\nS: n6 OK\n\
         C: n7 IDLE\nS: + idling\nS: * 3 EXISTS\nC: DONE\nS: n7 OK\n\
         C: n8 UID SEARCH UID 10:*\nS: * SEARCH 10 11\nS: n8 OK\n{}\
         C: n10 UID FETCH 11 (UID BODY.PEEK[]<0.65537>)\nS: * 4 FETCH (UID 11 BODY[]<0> \"more\")\nS: n10 OK\n",
        examine(2, 7).replace("UIDNEXT 10", "UIDNEXT 11"),
        list(4, "10", 10),
        list(9, "10:11", 11),
    );
    let before = Before { absences: away("INBOX/7/10", 1, 1), ..Before::read_to(7, 9) };
    let kept = Arc::clone(&before.absences);
    let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
    for came in [vec![], pairs(&[("INBOX/7/11", "more")])] {
        let (mails, trouble, _) = reading.read_to_trouble().await;
        assert_eq!(mails, came);
        assert!(trouble.contains("does not give out mail 10 of INBOX: it "), "{trouble}");
    }
    assert_eq!(kept.looks(), [("INBOX/7/10".to_owned(), 2)]);
}
