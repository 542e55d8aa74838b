//! Gmail.

use super::google::Google;
use super::*;

/// So many mails of one sender, a second apart.
fn fill(google: &Google, mails: usize) {
    let mut state = google.state();
    for number in 0..mails {
        let at = 1_795_220_000_000 + i64::try_from(number).unwrap() * 1000;
        state.deliver(mail("noc@isp.example", &format!("mail {number}")), at);
    }
}

#[tokio::test]
async fn a_mailbox_is_read_page_by_page_the_newest_first_and_then_what_is_new() {
    let (google, url, _tasks) = Google::start().await;
    fill(&google, 8);
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Gmail, &url));
    kept.read(&config).await.unwrap();
    let subjects: Vec<String> = (0..8).rev().map(|number| format!("mail {number}")).collect();
    assert_eq!(kept.subjects(), subjects);
    assert_eq!(google.state().door.scope, "mail extra");
    let first = kept.mails.lock().unwrap()[0].clone();
    assert_eq!(first.delivered.unwrap().timestamp(), 1_795_220_007);
    assert_eq!(first.body.unwrap(), mail("noc@isp.example", "mail 7"));
    // Nothing is new: one question for labels, one for the history.
    google.state().asked.clear();
    kept.read(&config).await.unwrap();
    assert_eq!(google.state().asked, ["labels", "history"]);
    // Something is, and something old was put into the inbox again.
    google.state().deliver(mail("noc@isp.example", "new"), 1_795_230_000_000);
    let old = google.state().messages[0].id.clone();
    google.state().mark(&old, "INBOX");
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 9);
    assert_eq!(kept.subjects().last().unwrap(), "new");
    assert!(
        google.state().messages.iter().all(|message| message.labels.contains(&"UNREAD".to_owned())),
        "nothing is marked as read"
    );
}

#[tokio::test]
async fn a_history_that_does_not_go_back_far_enough_loses_and_doubles_nothing() {
    let (google, url, _tasks) = Google::start().await;
    fill(&google, 4);
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Gmail, &url));
    kept.read(&config).await.unwrap();
    google.state().deliver(mail("noc@isp.example", "new"), 1_795_230_000_000);
    let point = google.state().point;
    google.state().forgotten = point + 1;
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 5);
    google.state().forgotten = 0;
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 5);
}

#[tokio::test]
async fn after_an_absence_longer_than_since_it_is_looked_back_to_the_last_look() {
    let (google, url, _tasks) = Google::start().await;
    let (kept, mut config) = (Arc::new(Kept::default()), config(Service::Gmail, &url));
    config.wanted.since_days = Some(30);
    let days_ago = |days| (crate::clock::now() - TimeDelta::days(days)).timestamp_millis();
    google.state().deliver(mail("noc@isp.example", "first"), days_ago(1));
    kept.read(&config).await.unwrap();
    // Forty-five days without a look, and the history does not go back that far.
    kept.last_looked(45);
    for (days, subject) in [(60, "before"), (40, "meanwhile"), (2, "lately")] {
        google.state().deliver(mail("noc@isp.example", subject), days_ago(days));
    }
    let point = google.state().point;
    google.state().forgotten = point + 1;
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["first", "lately", "meanwhile"]);
    // A mark of an older version says nothing of when that was.
    assert_eq!((undated("1000"), undated("1000 90").1.map(|at| at.timestamp())), (("1000", None), Some(90)));
}

#[tokio::test]
async fn a_mail_that_never_comes_is_given_up_over_processes_and_asked_for_again_however_old_it_is() {
    let (google, url, _tasks) = Google::start().await;
    let (kept, mut config) = (Arc::new(Kept::default()), config(Service::Gmail, &url));
    config.wanted.since_days = Some(30);
    let old = (crate::clock::now() - TimeDelta::days(29)).timestamp_millis();
    let id = google.state().deliver(mail("noc@isp.example", "old"), old);
    google.state().withheld = vec![(id.clone(), 200)];
    for looks in 1..=4 {
        let read = kept.read(&config).await.unwrap();
        assert!(read.troubles[0].contains("one mail does not come"), "{:?}", read.troubles);
        assert_eq!(kept.away.lock().unwrap()[&id].looks, looks);
    }
    kept.away.lock().unwrap().get_mut(&id).unwrap().since -= TimeDelta::minutes(31);
    assert_eq!(kept.read(&config).await.unwrap().troubles, [""; 0]);
    let given_up = kept.mails.lock().unwrap().pop().unwrap();
    assert!(given_up.key == id && given_up.body.is_err(), "{given_up:?}");
    // The server is well by now, and the mail older than what is listed.
    google.state().withheld.clear();
    google.state().messages[0].at -= 86_400_000 * 30;
    kept.away.lock().unwrap().clear();
    kept.again.lock().unwrap().extend([id, "18cgone".to_owned()]);
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["old"]);
    assert_eq!(kept.again.lock().unwrap().len(), 1, "one of them is gone");
}

#[tokio::test]
async fn a_history_that_does_not_say_how_far_it_goes_moves_no_mark_and_loses_no_mail() {
    for (body, is_listed) in [("{}", true), ("{\"history\": []}", true), ("", false)] {
        let (google, url, _tasks) = Google::start().await;
        fill(&google, 2);
        let (kept, config) = (Arc::new(Kept::default()), config(Service::Gmail, &url));
        kept.read(&config).await.unwrap();
        let mark = kept.bookmarks.lock().unwrap()["INBOX"].clone();
        google.state().deliver(mail("noc@isp.example", "new"), 1_795_230_000_000);
        google.state().senseless = Some(body);
        let read = kept.read(&config).await;
        if is_listed {
            read.unwrap();
            let point = google.state().point;
            assert_eq!(kept.subjects().len(), 3, "{body}");
            assert!(kept.bookmarks.lock().unwrap()["INBOX"].starts_with(&format!("history {point} ")));
        } else {
            // Mails are answered so, too.
            assert!(matches!(read, Err(Fault::Garbled { .. })), "{read:?}");
            assert_eq!(kept.bookmarks.lock().unwrap()["INBOX"], mark);
        }
        google.state().senseless = None;
        kept.read(&config).await.unwrap();
        assert_eq!(kept.subjects().len(), 3, "{body}");
    }
}

#[tokio::test]
async fn what_goes_wrong_for_a_while_is_asked_again() {
    let (google, url, _tasks) = Google::start().await;
    fill(&google, 3);
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Gmail, &url));
    google.state().door.faults = vec![(503, None), (429, Some(0)), (500, None), (403, None)];
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 3);
    // A token that ends in the middle is fetched anew, once.
    google.state().deliver(mail("noc@isp.example", "new"), 1_795_230_000_000);
    let tokens = google.state().door.issued;
    google.state().door.expires_after = Some(2);
    kept.read(&config).await.unwrap();
    assert_eq!(
        (kept.subjects().len(), google.state().door.issued),
        (4, tokens + 2),
        "one for the connection, one more"
    );
    // One that wants to be left alone for long is left alone, and says for how long.
    google.state().door.faults = vec![(429, Some(900))];
    let told = kept.read(&config).await.unwrap_err();
    assert_eq!(told.again_in(), Some(Duration::from_mins(15)), "{told:?}");
    google.state().door.faults = vec![(502, None); 5];
    assert!(matches!(kept.read(&config).await.unwrap_err(), Fault::Busy { again_in: None, .. }));
}

#[tokio::test]
async fn a_token_that_is_refused_without_a_word_is_told_with_who_refuses_it() {
    let (google, url, _tasks) = Google::start().await;
    google.state().door.is_mute = true;
    let told = Arc::new(Kept::default()).read(&config(Service::Gmail, &url)).await.unwrap_err();
    let expected =
        format!("{url} does not accept the token of noc@lakeside.example: 401 Unauthorized, without a reason");
    assert_eq!(told.to_string(), expected);
}

#[tokio::test]
async fn a_mail_that_the_server_cannot_give_keeps_no_other_away() {
    let (google, url, _tasks) = Google::start().await;
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Gmail, &url));
    fill(&google, 1);
    kept.read(&config).await.unwrap();
    fill(&google, 4);
    let ids: Vec<String> = google.state().messages.iter().map(|message| message.id.clone()).collect();
    google.state().withheld = vec![(ids[4].clone(), 500), (ids[2].clone(), 200)];
    let read = kept.read(&config).await.unwrap();
    assert!(read.troubles[0].starts_with("folder INBOX: 2 mails do not come"), "{:?}", read.troubles);
    assert_eq!(kept.subjects().len(), 3);
    google.state().withheld.clear();
    assert_eq!(kept.read(&config).await.unwrap().troubles, [""; 0]);
    assert_eq!(kept.subjects().len(), 5);
}

#[tokio::test]
async fn mails_of_named_senders_are_fetched_and_no_others() {
    let (google, url, _tasks) = Google::start().await;
    fill(&google, 2);
    google.state().deliver(mail("anna@lakeside.example", "lunch"), 1_795_230_000_000);
    let mut config = config(Service::Gmail, &url);
    config.wanted.senders = vec!["@isp.example".to_owned()];
    config.wanted.since_days = Some(36_500);
    let kept = Arc::new(Kept::default());
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["mail 1", "mail 0"]);
    let asked = google.state().asked.clone();
    assert!(
        asked.iter().any(|asked| asked.starts_with("messages after:") && asked.ends_with(" {from:isp.example}")),
        "{asked:?}"
    );
    // What comes later is not searched for, and is left out all the same.
    google.state().deliver(mail("anna@lakeside.example", "dinner"), 1_795_240_000_000);
    google.state().deliver(mail("noc@isp.example", "new"), 1_795_250_000_000);
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["mail 1", "mail 0", "new"]);
    // The sender is in another header, which cannot be searched: From is.
    config.wanted.sender_header = "X-Original-Sender".to_owned();
    config.wanted.senders = vec!["other@isp.example".to_owned()];
    config.limit_from = vec!["anna@lakeside.example".to_owned()];
    let kept = Arc::new(Kept::default());
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["dinner", "lunch"]);
}

/// A mail of a provider with a list, a calendar, and something large between them that nobody reads.
fn with_attachments(text: usize, list: usize) -> Vec<u8> {
    let mut raw = b"From: <noc@isp.example>\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
                   --b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n"
        .to_vec();
    // What Gmail tells of is UTF-8, whatever it was.
    raw.extend(b"St\xf6rung ".repeat(text / 8));
    raw.extend(b"\r\n--b\r\nContent-Type: application/pdf; name=map.pdf\r\nContent-Disposition: attachment; filename=map.pdf\r\n\r\n");
    raw.resize(raw.len() + 200_000, b'x');
    raw.extend(b"\r\n--b\r\nContent-Type: text/csv; name=list.csv\r\nContent-Disposition: attachment; filename=list.csv\r\n\r\n");
    raw.extend("LINE-1,outage\r\n".repeat(list / 15).as_bytes());
    raw.extend(b"\r\n--b\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n--b--\r\n");
    raw
}

#[tokio::test]
async fn of_a_mail_that_is_too_large_comes_what_somebody_reads() {
    use crate::features::maintenance::mail::{self as parts, Kind};
    let (google, url, _tasks) = Google::start().await;
    for (text, list) in [(900, 6_000), (900, 90_000), (150_000, 600)] {
        google.state().deliver(with_attachments(text, list), 1_795_220_000_000);
    }
    let mut config = config(Service::Gmail, &url);
    config.wanted.max_size_bytes = 64 << 10;
    let kept = Arc::new(Kept::default());
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["large"; 3]);
    let mails = kept.mails.lock().unwrap();
    let read = |at: usize| {
        let raw = mails[at].body.clone().unwrap();
        assert!(raw.len() < 100_000 && mails[at].cut_from.is_some_and(|from| from > 200_000));
        let kinds: Vec<(Kind, String)> = parts::read(&raw)
            .unwrap()
            .parts
            .iter()
            .filter(|part| !matches!(part.kind(), Kind::Subject | Kind::Date | Kind::Csv))
            .map(|part| (part.kind(), part.as_text().chars().take(8).collect()))
            .collect();
        (parts::is_piece(&raw), raw.windows(12).any(|some| some == b"TElORS0xLG91"), kinds)
    };
    let all = vec![(Kind::Text, "Störung ".to_owned()), (Kind::Ical, "BEGIN:VC".to_owned())];
    // The newest comes first. All of one is there; the list of another is too long, and so is the text of the third.
    assert_eq!(read(2), (false, true, all));
    assert_eq!(read(1), (true, false, vec![(Kind::Text, "Störung ".to_owned())]));
    assert!(read(0).0);
}

#[tokio::test]
async fn another_label_that_has_the_name_is_listed_anew() {
    let (google, url, _tasks) = Google::start().await;
    google.state().labels.push(("Label_7".to_owned(), "Carriers".to_owned()));
    let mut config = config(Service::Gmail, &url);
    config.folders = vec!["Carriers".to_owned()];
    let kept = Arc::new(Kept::default());
    let before = google.state().deliver(mail("noc@isp.example", "before"), 1_795_220_000_000);
    google.state().mark(&before, "Label_8");
    let rename = || {
        let mut state = google.state();
        for (_, name) in state.labels.iter_mut().filter(|(id, _)| id == "Label_7") {
            "Old".clone_into(name);
        }
        state.labels.push(("Label_8".to_owned(), "Carriers".to_owned()));
    };
    kept.between(&config, rename).await.unwrap();
    assert_eq!(kept.subjects(), ["before"]);
}

#[tokio::test]
async fn mails_are_labelled_with_what_became_of_them_by_name() {
    let (google, url, _tasks) = Google::start().await;
    fill(&google, 2);
    let mut config = config(Service::Gmail, &url);
    config.labels = vec![("parsed", "noc/read".to_owned()), ("unknown-provider", "noc/unknown".to_owned())];
    let kept = Arc::new(Kept::default());
    let read = kept.read(&config).await.unwrap();
    assert!(read.troubles[0].contains("there is no label noc/read"), "{read:?}");
    google
        .state()
        .labels
        .extend([("Label_7".to_owned(), "noc/read".to_owned()), ("Label_8".to_owned(), "noc/unknown".to_owned())]);
    assert_eq!(kept.read(&config).await.unwrap().troubles, Vec::<String>::new());
    let labels = |google: &Google, at: usize| google.state().messages[at].labels.clone();
    assert_eq!(labels(&google, 0), ["INBOX", "UNREAD", "Label_7"]);
    // Read again by other rules it is something else.
    let first = google.state().messages[0].id.clone();
    kept.fates.lock().unwrap().get_mut(&first).unwrap().0 = "unknown-provider";
    kept.read(&config).await.unwrap();
    assert_eq!(
        (labels(&google, 0), labels(&google, 1)),
        (
            vec!["INBOX".to_owned(), "UNREAD".to_owned(), "Label_8".to_owned()],
            vec!["INBOX".to_owned(), "UNREAD".to_owned(), "Label_7".to_owned()]
        )
    );
    // One without a label of its own loses the other.
    kept.fates.lock().unwrap().get_mut(&first).unwrap().0 = "ignored";
    kept.read(&config).await.unwrap();
    assert_eq!(labels(&google, 0), ["INBOX", "UNREAD"]);
}

#[tokio::test]
async fn a_mail_or_a_label_that_cannot_be_had_keeps_no_other_mail_from_its_label() {
    let (google, url, _tasks) = Google::start().await;
    google.state().labels.push(("Label_7".to_owned(), "noc/read".to_owned()));
    let ids: Vec<String> = (0..20)
        .map(|number| google.state().deliver(mail("noc@isp.example", &format!("mail {number}")), 1_795_220_000_000))
        .collect();
    google.state().stuck = vec![ids[4].clone(), ids[5].clone()];
    let mut config = config(Service::Gmail, &url);
    config.labels = vec![("ignored", "noc/ignored".to_owned()), ("parsed", "noc/read".to_owned())];
    let kept = Arc::new(Kept::default());
    kept.fates.lock().unwrap().insert(ids[0].clone(), ("ignored", None));
    let read = kept.read(&config).await.unwrap();
    let [trouble] = read.troubles.as_slice() else { panic!("{read:?}") };
    assert!(
        trouble.starts_with("3 mails not labelled, which is tried again: there is no label noc/ignored"),
        "{trouble}"
    );
    let labelled = || {
        let state = google.state();
        state.messages.iter().filter(|one| one.labels.contains(&"Label_7".to_owned())).count()
    };
    assert_eq!(labelled(), 17);
    google.state().stuck.clear();
    google.state().labels.push(("Label_8".to_owned(), "noc/ignored".to_owned()));
    assert!(kept.read(&config).await.unwrap().troubles.is_empty());
    assert_eq!(labelled(), 19);
}

#[tokio::test]
async fn a_label_that_is_not_there_is_told_with_those_that_are() {
    let (_google, url, _tasks) = Google::start().await;
    let mut config = config(Service::Gmail, &url);
    config.folders = vec!["Missing".to_owned(), "inbox".to_owned()];
    let mut session = Mailbox::with_pause(&config, PAUSE).open().await.unwrap();
    let seen = session.survey().await.unwrap();
    assert_eq!(seen[0].mails, Err("there is no such label; there are INBOX, UNREAD".to_owned()));
    assert_eq!(seen[1].mails, Ok(0));
    config.labels = vec![("parsed", "noc/read".to_owned())];
    let seen = Mailbox::with_pause(&config, PAUSE).open().await.unwrap().survey().await.unwrap();
    assert!(seen[2].is_label && seen[2].folder == "noc/read" && seen[2].mails.is_err(), "{seen:?}");
    config.labels.clear();
    let read = Arc::new(Kept::default()).read(&config).await.unwrap();
    assert_eq!(read.troubles, ["folder Missing: there is no such label; there are INBOX, UNREAD"]);
}
