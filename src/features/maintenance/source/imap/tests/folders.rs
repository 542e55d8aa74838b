//! Several folders, none of which holds up another; and folders that are not what they were.

use super::strange::{FETCH, IDLE, LISTED, examine};
use super::*;

/// The folders INBOX and Works.
fn two(imap: &mut Imap) {
    imap.folders.push("Works".to_owned());
}

/// Opens Works, which is empty.
fn works(tag: u32) -> String {
    format!(
        "C: n{tag} EXAMINE \"Works\"\nS: * 0 EXISTS\nS: * OK [UIDVALIDITY 1] v\nS: * OK [UIDNEXT 1] n\nS: n{tag} OK open\n"
    )
}

/// INBOX, both of its mails together, from the command with this tag on.
fn inbox(tag: u32) -> String {
    let both = "S: * 1 FETCH (UID 5 BODY[]<0> \"five\")\nS: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n5 OK fetched\n";
    later(&format!("{}{LISTED}{FETCH}{both}", examine(2, 7)), tag - 2)
}

#[tokio::test]
async fn one_folder_that_cannot_be_read_holds_up_no_other() {
    let search = format!("{LOGIN}{}C: n3 UID SEARCH ALL\n", works(2)).replace("* 0 EXISTS", "* 1 EXISTS");
    let (first, other) = ("five", "nine");
    for (answer, told) in [
        ("S: n3 NO sorry\n", "refused UID SEARCH: sorry"),
        ("S: n3 BAD what\n", "refused UID SEARCH: what"),
        ("S: * BYE no\n", "closed the connection: no"),
        ("", "closed the connection"),
        ("S: zz9 OK done\n", "cannot be understood"),
    ] {
        let refused = answer.starts_with("S: n3");
        let conversations = if refused {
            vec![format!("{search}{answer}{}", inbox(4))]
        } else {
            vec![format!("{search}{answer}"), format!("{LOGIN}{}", inbox(2))]
        };
        let conversations: Vec<&str> = conversations.iter().map(String::as_str).collect();
        let mut reading = Reading::of(&conversations, 64, Before::default(), two).await;
        let mut mails = Vec::new();
        loop {
            match reading.next().await {
                Event::Received(received) => mails.extend(received.into_iter().map(content).map(|(_, text)| text)),
                Event::Bookmark { folder, .. } => assert_eq!(folder, "INBOX"),
                Event::State(State::Failing { reason }) => {
                    assert!(reason.starts_with("folder Works: ") && reason.contains(told), "{reason}");
                    break;
                }
                Event::State(State::Reading { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(mails, [first, other], "{answer}");
    }
}

#[tokio::test]
async fn mail_that_keeps_coming_into_the_first_folder_puts_off_no_other() {
    let nothing_new = |tag: u32| format!("C: n{tag} UID SEARCH UID 10:*\nS: * SEARCH 9\nS: n{tag} OK found\n");
    let conversation = format!(
        "{LOGIN}{}C: n3 UID SEARCH ALL\nS: * SEARCH\nS: n3 OK\n{}\
         C: n5 IDLE\nS: + idling\n~ 600\nS: * 3 EXISTS\nC: DONE\nS: n5 OK\n{}\
         C: n7 IDLE\nS: + idling\n~ 600\nS: * 4 EXISTS\nC: DONE\nS: n7 OK\n{}{}{}",
        works(2),
        examine(4, 7),
        nothing_new(6),
        works(8),
        examine(9, 7),
        IDLE.replace("n6", "n10"),
    );
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), two).await;
    let mut wholes = Vec::new();
    while wholes.len() < 3 {
        if let Event::State(State::Watching { is_whole, .. }) = reading.next().await {
            wholes.push(is_whole);
        }
    }
    assert_eq!(wholes, [true, false, true]);
}

#[tokio::test]
async fn a_list_that_is_refused_for_one_mail_is_had_of_the_others() {
    let list = |tag: u32, set: &str, answer: &str| {
        format!("C: n{tag} UID FETCH {set} (UID RFC822.SIZE INTERNALDATE)\n{answer}")
    };
    let conversation = format!(
        "{LOGIN}{}C: n3 UID SEARCH ALL\nS: * SEARCH 2 5 9\nS: n3 OK\n{}{}{}\
         C: n7 UID FETCH 2,9 (UID BODY.PEEK[]<0.65537>)\nS: * 1 FETCH (UID 2 BODY[]<0> \"two\")\n\
         S: * 3 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n7 OK\n\
         C: n8 UID SEARCH UID 5\nS: * SEARCH 5\nS: n8 OK\n",
        examine(2, 7),
        list(4, "2,5,9", "S: * 1 FETCH (UID 2 RFC822.SIZE 3)\nS: n4 NO [SERVERBUG] sorry\n"),
        list(5, "5", "S: n5 NO [SERVERBUG] sorry\n"),
        list(6, "9", "S: * 3 FETCH (UID 9 RFC822.SIZE 4)\nS: n6 OK\n"),
    );
    let mut reading = Reading::of(&[&conversation], 64, Before::default(), |_| ()).await;
    let (mails, trouble, _) = reading.read_to_trouble().await;
    assert_eq!(mails, pairs(&[("INBOX/7/2", "two"), ("INBOX/7/9", "nine")]));
    assert!(trouble.contains("does not give out mail 5 of INBOX: it refuses UID FETCH"), "{trouble}");
}

#[tokio::test]
async fn a_folder_of_a_backup_that_was_put_back_is_read_anew_under_other_names() {
    let put_back = examine(2, 7);
    let conversation = format!(
        "{LOGIN}{put_back}C: n3 UID SEARCH UID *\nS: * SEARCH 9\nS: n3 OK\n{}{}{}",
        later(&format!("{LISTED}{FETCH}"), 1),
        "S: * 1 FETCH (UID 5 BODY[]<0> \"five\")\nS: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n6 OK fetched\n",
        IDLE.replace("n6", "n7"),
    );
    // Mails had these numbers before.
    let recorded = ["INBOX/7/5", "INBOX/7/9", "INBOX/7/12"].map(str::to_owned).into();
    let before = Before { recorded, ..Before::read_to(7, 12) };
    let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
    let (mails, marks) = reading.read_to_the_end().await;
    assert_eq!((mails, marks), (pairs(&[("INBOX/7.1/5", "five"), ("INBOX/7.1/9", "nine")]), vec![9]));
    // A server that only says that its numbers begin anew is not believed.
    let lie = put_back.replace("UIDNEXT 10", "UIDNEXT 3");
    let lie = format!("{LOGIN}{lie}C: n3 UID SEARCH UID *\nS: * SEARCH 9\nS: n3 OK\n{}", IDLE.replace("n6", "n4"));
    let mut reading = Reading::of(&[&lie], 64, Before::read_to(7, 9), |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (vec![], vec![]));
}

#[tokio::test]
async fn what_was_looked_at_by_a_clock_that_was_ahead_is_looked_at_again() {
    let conversation = format!(
        "{LOGIN}{}{LISTED}C: n5 UID FETCH 9 (UID BODY.PEEK[]<0.65537>)\nS: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n5 OK\n{IDLE}",
        examine(2, 7)
    );
    let mark = |ahead: i64| Bookmark { validity: 7, done: 9, at: crate::clock::now().timestamp() + ahead, era: 0 };
    let before = Before { recorded: ["INBOX/7/5".to_owned()].into(), ..Before::marked(mark(60 * 86_400)) };
    let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (pairs(&[("INBOX/7/9", "nine")]), vec![9]));
    // The usual differences of clocks are none.
    let quiet = format!("{LOGIN}{}{}", examine(2, 7), IDLE.replace("n6", "n3"));
    let mut reading = Reading::of(&[&quiet], 64, Before::marked(mark(600)), |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (vec![], vec![]));
}

#[tokio::test]
async fn what_was_looked_at_for_other_senders_is_looked_at_again() {
    let conversation = format!(
        "{LOGIN}{}{LISTED}C: n5 UID FETCH 9 (UID BODY.PEEK[]<0.65537>)\nS: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n5 OK\n{IDLE}",
        examine(2, 7)
    );
    let recorded = ["INBOX/7/5".to_owned()].into();
    let before = Before { recorded, is_of_others: true, ..Before::read_to(7, 9) };
    let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (pairs(&[("INBOX/7/9", "nine")]), vec![9]));
}
