//! Microsoft 365.

use super::microsoft::Microsoft;
use super::*;

/// So many mails of one sender in the inbox, a minute apart.
fn fill(microsoft: &Microsoft, mails: usize) {
    for number in 0..mails {
        let received = format!("2026-11-21T02:{number:02}:00Z");
        microsoft.state().deliver("inbox", mail("noc@isp.example", &format!("mail {number}")), &received);
    }
}

#[tokio::test]
async fn a_mailbox_is_read_page_by_page_and_then_what_changed() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    fill(&microsoft, 8);
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Microsoft, &url));
    kept.read(&config).await.unwrap();
    let subjects: Vec<String> = (0..8).rev().map(|number| format!("mail {number}")).collect();
    assert_eq!(kept.subjects(), subjects);
    let first = kept.mails.lock().unwrap()[0].clone();
    assert_eq!(first.delivered.unwrap().to_rfc3339(), "2026-11-21T02:07:00+00:00");
    assert_eq!(first.body.unwrap(), mail("noc@isp.example", "mail 7"));
    microsoft.state().asked.clear();
    kept.read(&config).await.unwrap();
    assert_eq!(microsoft.state().asked, ["mailFolders/inbox/messages/delta"]);
    // Something came, something went, something was touched.
    fill(&microsoft, 1);
    {
        let mut state = microsoft.state();
        state.changes += 2;
        let changes = state.changes;
        (state.messages[2].is_removed, state.messages[2].changed) = (true, changes);
        state.messages[3].changed = changes;
    }
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 9);
}

#[tokio::test]
async fn a_link_that_is_too_old_loses_and_doubles_nothing() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    fill(&microsoft, 4);
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Microsoft, &url));
    kept.read(&config).await.unwrap();
    fill(&microsoft, 1);
    microsoft.state().forgotten = 100;
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 5);
}

#[tokio::test]
async fn after_an_absence_longer_than_since_it_is_looked_back_to_the_last_look() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    let (kept, mut config) = (Arc::new(Kept::default()), config(Service::Microsoft, &url));
    config.wanted.since_days = Some(30);
    let days_ago =
        |days| (crate::clock::now() - TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    microsoft.state().deliver("inbox", mail("noc@isp.example", "first"), &days_ago(1));
    kept.read(&config).await.unwrap();
    kept.last_looked(45);
    for (days, subject) in [(60, "before"), (40, "meanwhile"), (2, "lately")] {
        microsoft.state().deliver("inbox", mail("noc@isp.example", subject), &days_ago(days));
    }
    microsoft.state().forgotten = 100;
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["first", "lately", "meanwhile"]);
}

#[tokio::test]
async fn of_more_mails_than_changes_tell_of_none_is_left_out() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    let (kept, mut config) = (Arc::new(Kept::default()), config(Service::Microsoft, &url));
    config.wanted.since_days = Some(30);
    config.wanted.senders = vec!["noc@isp.example".to_owned()];
    let days_ago =
        |days| (crate::clock::now() - TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    microsoft.state().page = 200;
    // Many of one second, as after a move, and those behind them.
    for _ in 0..5000 {
        microsoft.state().deliver("inbox", mail("news@isp.example", "a newsletter"), &days_ago(9));
    }
    for day in [12, 9, 2] {
        microsoft.state().deliver("inbox", mail("noc@isp.example", &format!("{day} days ago")), &days_ago(day));
    }
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["2 days ago", "9 days ago", "12 days ago"]);
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 3);
}

#[tokio::test]
async fn a_folder_that_took_the_place_of_another_is_read() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    let (kept, mut config) = (Arc::new(Kept::default()), config(Service::Microsoft, &url));
    config.folders = vec!["Wartung".to_owned()];
    microsoft.state().deliver("f1", mail("noc@isp.example", "before"), "2026-11-21T02:01:00Z");
    kept.read(&config).await.unwrap();
    // The old one is thrown away, and lives on there.
    microsoft.state().folders[1] = ("f3".to_owned(), String::new(), "Wartung".to_owned());
    microsoft.state().deliver("f3", mail("noc@isp.example", "after"), "2026-11-21T02:02:00Z");
    microsoft.state().deliver("f1", mail("noc@isp.example", "thrown away"), "2026-11-21T02:03:00Z");
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["before", "after"]);
}

#[tokio::test]
async fn the_token_goes_to_no_other_server() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    fill(&microsoft, 8);
    microsoft.state().leads_elsewhere = true;
    let told = Arc::new(Kept::default()).read(&config(Service::Microsoft, &url)).await.unwrap_err();
    assert!(matches!(&told, Fault::Garbled { said, .. } if said == "it sends us to another server"), "{told:?}");
}

#[tokio::test]
async fn what_goes_wrong_for_a_while_is_asked_again() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    fill(&microsoft, 3);
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Microsoft, &url));
    microsoft.state().door.faults = vec![(429, Some(0)), (503, Some(0)), (504, None)];
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 3);
    microsoft.state().door.faults = vec![(429, Some(600))];
    let told = kept.read(&config).await.unwrap_err();
    assert_eq!(told.again_in(), Some(Duration::from_mins(10)));
    // An answer that is no, however often it is asked.
    microsoft.state().door.faults = vec![(400, None)];
    assert!(matches!(kept.read(&config).await.unwrap_err(), Fault::Refused { .. }));
}

#[tokio::test]
async fn a_mail_that_the_server_cannot_give_keeps_no_other_away() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Microsoft, &url));
    fill(&microsoft, 1);
    kept.read(&config).await.unwrap();
    fill(&microsoft, 4);
    let ids: Vec<String> = microsoft.state().messages.iter().map(|message| message.id.clone()).collect();
    microsoft.state().withheld = vec![
        (ids[4].clone(), 500, "ErrorMimeContentConversionFailed"),
        (ids[3].clone(), 400, "ErrorMimeContentInvalid"),
        (ids[1].clone(), 403, "ErrorAccessDenied"),
    ];
    let read = kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["mail 0", "mail 1"]);
    assert!(
        read.troubles[0].starts_with("folder INBOX: 3 mails do not come, and are asked for again: ")
            && read.troubles[0].contains("ErrorMimeContentConversionFailed"),
        "{:?}",
        read.troubles
    );
    // Nor do those that come later, and what it can give in the end is there.
    fill(&microsoft, 1);
    microsoft.state().withheld.remove(1);
    let read = kept.read(&config).await.unwrap();
    assert!(read.troubles[0].starts_with("folder INBOX: 2 mails do not come"), "{:?}", read.troubles);
    // One alone is not the server's fault either.
    microsoft.state().withheld.remove(0);
    let read = kept.read(&config).await.unwrap();
    assert!(read.troubles[0].contains("one mail does not come, and is asked for again: "), "{:?}", read.troubles);
    assert!(read.troubles[0].contains("403 ErrorAccessDenied"), "{:?}", read.troubles);
    microsoft.state().withheld.clear();
    assert_eq!(kept.read(&config).await.unwrap().troubles, [""; 0]);
    assert_eq!(kept.subjects().len(), 6);
}

#[tokio::test]
async fn a_server_that_gives_no_mail_at_all_is_told_as_that() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    let (kept, config) = (Arc::new(Kept::default()), config(Service::Microsoft, &url));
    fill(&microsoft, 9);
    let ids: Vec<String> = microsoft.state().messages.iter().map(|message| message.id.clone()).collect();
    for (status, code) in [(503, "ServiceUnavailable"), (403, "ErrorAccessDenied")] {
        microsoft.state().withheld = ids.iter().map(|id| (id.clone(), status, code)).collect();
        let told = kept.read(&config).await.unwrap_err();
        assert_eq!(matches!(told, Fault::Busy { .. }), status == 503, "{told:?}");
        assert_eq!(matches!(told, Fault::Forbidden { .. }), status == 403, "{told:?}");
    }
    microsoft.state().withheld.clear();
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects().len(), 9);
}

#[tokio::test]
async fn folders_in_folders_are_found_by_name_and_senders_by_header() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    microsoft.state().deliver("f2", mail("noc@isp.example", "there"), "2026-11-21T02:00:00Z");
    microsoft.state().deliver("f2", mail("anna@lakeside.example", "not this one"), "2026-11-21T02:00:00Z");
    microsoft.state().deliver("f2", mail("noc@isp.example", "old"), "1900-01-01T00:00:00Z");
    let mut config = config(Service::Microsoft, &url);
    config.folders = vec!["Wartung/O'Neil's".to_owned(), "Wartung/Nowhere".to_owned()];
    config.wanted.senders = vec!["noc@isp.example".to_owned()];
    config.wanted.since_days = Some(36_500);
    let kept = Arc::new(Kept::default());
    let read = kept.read(&config).await.unwrap();
    assert_eq!(read.troubles, ["folder Wartung/Nowhere: there is no such folder; there are O'Neil's"]);
    assert_eq!(kept.subjects(), ["there"]);
    let mut session = Mailbox::with_pause(&config, PAUSE).open().await.unwrap();
    assert_eq!(session.survey().await.unwrap()[0].mails, Ok(3));
    config.wanted.sender_header = "X-Original-Sender".to_owned();
    config.wanted.senders = vec!["other@isp.example".to_owned()];
    config.limit_from = vec!["anna@lakeside.example".to_owned()];
    let kept = Arc::new(Kept::default());
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["not this one"]);
}

#[tokio::test]
async fn a_mail_from_before_that_somebody_reads_now_is_not_fetched() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    microsoft.state().deliver("inbox", mail("noc@isp.example", "old"), "1900-01-01T00:00:00Z");
    fill(&microsoft, 1);
    let mut config = config(Service::Microsoft, &url);
    config.wanted.since_days = Some(36_500);
    let kept = Arc::new(Kept::default());
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["mail 0"]);
    {
        let mut state = microsoft.state();
        state.changes += 1;
        let changes = state.changes;
        for message in &mut state.messages {
            (message.is_read, message.changed) = (true, changes);
        }
    }
    kept.read(&config).await.unwrap();
    assert_eq!(kept.subjects(), ["mail 0"]);
}

#[tokio::test]
async fn mails_get_a_category_for_what_became_of_them_and_keep_their_others() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    fill(&microsoft, 2);
    let mut config = config(Service::Microsoft, &url);
    config.labels = vec![("parsed", "noctui read".to_owned()), ("ignored", "noctui ignored".to_owned())];
    let kept = Arc::new(Kept::default());
    kept.read(&config).await.unwrap();
    let categories = |at: usize| microsoft.state().messages[at].categories.clone();
    assert_eq!(categories(0), ["theirs", "noctui read"]);
    let first = microsoft.state().messages[0].id.clone();
    kept.fates.lock().unwrap().get_mut(&first).unwrap().0 = "ignored";
    kept.read(&config).await.unwrap();
    assert_eq!(categories(0), ["theirs", "noctui ignored"]);
    assert_eq!(kept.subjects().len(), 2, "a category is no new mail");
}

#[tokio::test]
async fn new_mails_do_not_wait_until_all_others_have_their_category() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    fill(&microsoft, 40);
    let mut config = config(Service::Microsoft, &url);
    config.labels = vec![("parsed", "noctui read".to_owned())];
    config.poll_every = std::time::Duration::from_nanos(1);
    let kept = Arc::new(Kept::default());
    let labelled = || {
        let told = kept.fates.lock().unwrap().values().filter(|(_, told)| told.is_some()).count();
        let state = microsoft.state();
        (told, state.messages.iter().filter(|one| one.categories.contains(&"noctui read".to_owned())).count())
    };
    let mut seen = Vec::new();
    let each = |look: usize| {
        seen.push((labelled(), kept.subjects().len()));
        if look == 1 {
            microsoft.state().deliver("inbox", mail("noc@isp.example", "new"), "2026-11-21T09:00:00Z");
        }
    };
    kept.catch_up(&config, 4, each).await.unwrap();
    // A portion is known to be labelled when the next look is made, which finds the new mail.
    assert_eq!(seen, [((0, 0), 0), ((15, 15), 40), ((30, 30), 41), ((41, 41), 41)]);
}

#[tokio::test]
async fn a_folder_that_is_refused_holds_up_neither_the_others_nor_their_categories() {
    for (status, code) in [(403, "ErrorAccessDenied"), (400, "ErrorInvalidRequest"), (500, "ErrorInternalServerError")]
    {
        let (microsoft, url, _tasks) = Microsoft::start().await;
        fill(&microsoft, 2);
        microsoft.state().refused = vec![("GET mailFolders/f1/".to_owned(), status, code)];
        let mut config = config(Service::Microsoft, &url);
        config.labels = vec![("parsed", "noctui read".to_owned())];
        config.folders = vec!["Wartung".to_owned(), "INBOX".to_owned()];
        let kept = Arc::new(Kept::default());
        let read = kept.read(&config).await.unwrap();
        assert_eq!(kept.subjects(), ["mail 1", "mail 0"], "{status}");
        let [trouble] = read.troubles.as_slice() else { panic!("{read:?}") };
        assert!(trouble.starts_with("folder Wartung: ") && trouble.contains(code), "{trouble}");
        assert_eq!(microsoft.state().messages[1].categories, ["theirs", "noctui read"]);
        // Of that folder no bookmark was put: once it can be read, all of it is.
        microsoft.state().deliver("f1", mail("noc@isp.example", "mail there"), "2026-11-21T01:00:00Z");
        microsoft.state().refused.clear();
        assert!(kept.read(&config).await.unwrap().troubles.is_empty());
        assert_eq!(kept.subjects()[2], "mail there");
        // Where none can be read it is the server's.
        microsoft.state().refused = vec![("GET mailFolders/".to_owned(), status, code)];
        assert!(kept.read(&config).await.is_err(), "{status}");
    }
}

#[tokio::test]
async fn a_mail_that_cannot_have_a_category_keeps_it_from_no_other() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    fill(&microsoft, 30);
    let bad: Vec<String> = microsoft.state().messages[..10].iter().map(|message| message.id.clone()).collect();
    let refused = |id: &String| (format!("PATCH messages/{id}"), 400, "ErrorInvalidRequest");
    microsoft.state().refused = bad.iter().map(refused).collect();
    let mut config = config(Service::Microsoft, &url);
    config.labels = vec![("parsed", "noctui read".to_owned())];
    let kept = Arc::new(Kept::default());
    // So many are refused one after the other that none more is tried; the next looks begin with the others.
    let troubles = kept.looks(&config, 3).await.unwrap();
    assert!(troubles[2][0].starts_with("10 mails not labelled"), "{troubles:?}");
    let labelled = |from: usize| {
        let state = microsoft.state();
        state.messages.iter().skip(from).filter(|one| one.categories == ["theirs", "noctui read"]).count()
    };
    assert_eq!((labelled(10), labelled(0)), (20, 20));
    microsoft.state().refused.clear();
    assert!(kept.looks(&config, 1).await.unwrap()[0].is_empty());
    assert_eq!(labelled(0), 30);
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_cut() {
    let (microsoft, url, _tasks) = Microsoft::start().await;
    let mut large = mail("noc@isp.example", "large");
    large.resize(300_000, b'x');
    microsoft.state().deliver("inbox", large, "2026-11-21T02:00:00Z");
    let mut config = config(Service::Microsoft, &url);
    config.wanted.max_size_bytes = 64 << 10;
    let kept = Arc::new(Kept::default());
    kept.read(&config).await.unwrap();
    let mail = kept.mails.lock().unwrap()[0].clone();
    assert_eq!((mail.body.unwrap().len(), mail.cut_from), (64 << 10, Some(300_000)));
}
