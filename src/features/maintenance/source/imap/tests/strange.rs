//! What goes wrong: refusals, ends in the middle, answers that nobody can read.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::config::{Grant, OAuth, Provider};

/// Opens a folder of two mails under these numbers.
pub(super) fn examine(tag: u32, validity: u32) -> String {
    format!(
        "C: n{tag} EXAMINE \"INBOX\"\nS: * 2 EXISTS\nS: * OK [UIDVALIDITY {validity}] valid\n\
         S: * OK [UIDNEXT 10] next\nS: n{tag} OK open\n"
    )
}

/// Lists the mails 5 and 9 from the third command on, and asks for them.
pub(super) const LISTED: &str = "C: n3 UID SEARCH ALL\n\
                      S: * SEARCH 5 9\n\
                      S: n3 OK found\n\
                      C: n4 UID FETCH 5,9 (UID RFC822.SIZE INTERNALDATE)\n\
                      S: * 1 FETCH (UID 5 RFC822.SIZE 4)\n\
                      S: * 2 FETCH (UID 9 RFC822.SIZE 4)\n\
                      S: n4 OK listed\n";
pub(super) const FETCH: &str = "C: n5 UID FETCH 5,9 (UID BODY.PEEK[]<0.65537>)\n";
const BOTH: &str =
    "S: * 1 FETCH (UID 5 BODY[]<0> \"five\")\nS: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n5 OK fetched\n";
pub(super) const IDLE: &str = "C: n6 IDLE\nS: + idling\n…\n";

/// The mails 5 and 9.
fn both(validity: u32) -> Vec<(String, String)> {
    [(5, "five"), (9, "nine")].map(|(uid, text)| (format!("INBOX/{validity}/{uid}"), text.to_owned())).to_vec()
}

#[tokio::test]
async fn a_folder_that_is_numbered_anew_is_read_anew() {
    let conversation = format!("{LOGIN}{}{LISTED}{FETCH}{BOTH}{IDLE}", examine(2, 8));
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), |_| ()).await;
    assert_eq!(reading.read_to_the_end().await, (both(8), vec![9]));
}

#[tokio::test]
async fn a_search_that_is_refused_is_an_error_and_no_empty_folder() {
    for answer in ["NO [LIMIT] too many", "BAD what"] {
        let conversation = format!("{LOGIN}{}C: n3 UID SEARCH ALL\nS: * SEARCH 5\nS: n3 {answer}\n", examine(2, 7));
        let mut reading = Reading::of(&[&conversation], 64, Before::default(), |_| ()).await;
        let (mails, trouble, again_in) = reading.read_to_trouble().await;
        assert_eq!(mails, []);
        let words = answer.split_once(' ').unwrap().1;
        assert!(trouble.contains(&format!("refused UID SEARCH: {words}")), "{trouble}");
        assert!(again_in.is_some());
    }
}

#[tokio::test]
async fn a_search_that_is_answered_with_yes_and_nothing_else_is_no_empty_folder() {
    let senders = |imap: &mut Imap| imap.wanted.senders = vec!["@isp.example".to_owned()];
    let every = |_: &mut Imap| ();
    let yes = "S: n3 OK found\n";
    let asked =
        format!("{LOGIN}{}C: n3 UID SEARCH FROM \"@isp.example\"\n{yes}C: n4 UID SEARCH UID *\n", examine(2, 7));
    for (conversation, change) in [
        (format!("{LOGIN}{}C: n3 UID SEARCH ALL\n{yes}", examine(2, 7)), every as fn(&mut Imap)),
        (format!("{asked}S: n4 OK found\n"), senders),
        (format!("{asked}S: * SEARCH\nS: n4 OK found\n"), senders),
    ] {
        let mut reading = Reading::of(&[&conversation], 64, Before::default(), change).await;
        let (mails, trouble, again_in) = reading.read_to_trouble().await;
        assert_eq!(mails, []);
        assert!(trouble.contains("refused UID SEARCH: it says yes, and not what it found"), "{trouble}");
        assert!(again_in.is_some());
    }
    // Some servers say nothing where they find nothing.
    let finds = format!("{asked}S: * SEARCH 9\nS: n4 OK found\nC: n5 IDLE\nS: + idling\n…\n");
    let empty = examine(2, 7).replace("* 2 EXISTS", "* 0 EXISTS");
    let none = format!("{LOGIN}{empty}C: n3 UID SEARCH ALL\n{yes}C: n4 IDLE\nS: + idling\n…\n");
    for (conversation, change) in [(finds, senders as fn(&mut Imap)), (none, every)] {
        let mut reading = Reading::of(&[&conversation], 64, Before::default(), change).await;
        assert_eq!(reading.read_to_the_end().await, (vec![], vec![9]));
    }
}

/// The mails 5 and 9 one by one, from the command with this tag on.
pub(super) fn one_by_one(tag: u32) -> String {
    let next = tag + 1;
    format!(
        "C: n{tag} UID FETCH 5 (UID BODY.PEEK[]<0.65537>)\nS: * 1 FETCH (UID 5 BODY[]<0> \"five\")\nS: n{tag} OK fetched\n\
         C: n{next} UID FETCH 9 (UID BODY.PEEK[]<0.65537>)\nS: * 2 FETCH (UID 9 BODY[]<0> \"nine\")\nS: n{next} OK fetched\n"
    )
}

#[tokio::test]
async fn after_an_end_in_the_middle_of_a_fetch_the_mails_come_on_the_next_connection_at_the_same_look() {
    for end in ["S: * 1 FETCH (UID 5 BODY[]<0> \"five\")\n", "S: * 1 FETCH (UID 5 BODY[]<0> {4}\nfi\n--\n", ""] {
        let broken = format!("{LOGIN}{}{LISTED}{FETCH}{end}", examine(2, 7));
        let whole = format!("{LOGIN}{}{}{}", examine(2, 7), one_by_one(3), IDLE.replace("n6", "n5"));
        let before = Before::default();
        let kept = Arc::clone(&before.absences);
        let mut reading = Reading::of(&[&broken, &whole], 64, before, |_| ()).await;
        // What came without its end may be half of it.
        assert_eq!(reading.read_to_the_end().await, (both(7), vec![9]));
        assert!(kept.away().is_empty());
    }
}

#[tokio::test]
async fn an_end_of_the_connection_behind_which_there_is_no_other_is_no_mails_fault() {
    let broken = format!("{LOGIN}{}{LISTED}{FETCH}", examine(2, 7));
    let before = Before::default();
    let kept = Arc::clone(&before.absences);
    let mut reading = Reading::of(&[&broken], 64, before, |_| ()).await;
    let (mails, trouble, again_in) = reading.read_to_trouble().await;
    assert_eq!(mails, []);
    assert!(trouble.contains("closed the connection"), "{trouble}");
    assert!(again_in.unwrap() <= Duration::from_secs(1));
    assert!(kept.away().is_empty());
}

#[tokio::test]
async fn a_server_that_lies_about_how_much_it_sends_is_told_so_with_advice_that_is_true() {
    let literal = |bytes: u64| format!("S: * 1 FETCH (UID 5 BODY[]<0> {{{bytes}}}\nfive)\nS: n5 OK fetched\n");
    let short = "announced 60 bytes in its answer to UID FETCH and sent 22 of them, then ";
    for (answer, told, advice) in [
        (
            literal(4_000_000_000),
            "cannot be understood: its answer to UID FETCH: 4000000000 bytes announced at once, where 83886080 are the most",
            "does not keep to its protocol",
        ),
        (literal(2), "cannot be understood: its answer to UID FETCH", "does not keep to its protocol"),
        (format!("{}…\n", literal(60)), &format!("{short}nothing for 3 s"), "does not send what it announces"),
        (literal(60), &format!("{short}closed the connection"), "does not send what it announces"),
    ] {
        let conversation = format!("{LOGIN}{}{LISTED}{FETCH}{answer}", examine(2, 7));
        let server = Server::start(vec![conversation], 64).await;
        let mut reading = Reading::within(Duration::from_secs(3), server, Before::default(), |_| ());
        let (mails, trouble, again_in) = reading.read_to_trouble().await;
        assert_eq!(mails, [], "none of it may be true");
        assert!(trouble.contains(told) && trouble.contains(advice), "{trouble}");
        assert!(!trouble.contains("check the address"), "{trouble}");
        assert!(again_in.is_some());
    }
}

#[tokio::test]
async fn a_line_without_end_is_not_listened_to() {
    let text = "a".repeat(300 << 10);
    let answer = format!("S: * 1 FETCH (UID 5 BODY[]<0> \"{text}\n--\n…\n");
    let conversation = format!("{LOGIN}{}{LISTED}{FETCH}{answer}", examine(2, 7));
    let server = Server::start(vec![conversation], 4096).await;
    let mut reading = Reading::within(Duration::from_secs(30), server, Before::default(), |_| ());
    let (mails, trouble, again_in) = reading.read_to_trouble().await;
    assert_eq!(mails, []);
    let told = "cannot be understood: its answer to UID FETCH: a line of more than 256 KiB";
    assert!(trouble.contains(told) && again_in.is_some(), "{trouble}");
}

#[tokio::test]
async fn a_port_that_waits_for_tls_or_does_not_speak_it_is_told_as_one() {
    let told = async |conversation: &str, tls: MailTls| {
        let server = Server::start(vec![conversation.to_owned()], 64).await;
        let imap = Imap { tls, ..config(server.port) };
        let mailbox = Mailbox::new(&imap).with_times(Duration::from_secs(1), Duration::from_secs(1));
        let Err(fault) = mailbox.open().await else { panic!("it is no server") };
        crate::trouble::Trouble::of(&fault).one_line()
    };
    let speaks_none = "it does not speak it at this port";
    for (greeting, why) in [
        ("S: * OK [CAPABILITY IMAP4rev1] ready\n", speaks_none),
        ("S: HTTP/1.1 400 Bad Request\n", speaks_none),
        ("~ 100\n", "it closed the connection"),
    ] {
        let told = told(greeting, MailTls::Implicit).await;
        assert!(told.contains(&format!(": {why}; check `tls` and the port")), "{told}");
        assert!(!told.contains("ca_file") && !told.contains("InvalidContentType"), "{told}");
    }
    for tls in [MailTls::None, MailTls::StartTls] {
        let told = told("…\n", tls).await;
        assert!(told.contains("said nothing within 1 s of the connection; check `tls` and the port"), "{told}");
        assert!(told.contains("waits for TLS") && told.contains("only slow"), "{told}");
    }
}

#[tokio::test]
async fn a_fetch_that_is_refused_moves_no_bookmark_and_finds_the_mail_that_it_is_refused_for() {
    let answer = |tag: u32, uid: u32, is_given: bool| {
        let sent = if is_given {
            format!("S: * 1 FETCH (UID {uid} BODY[]<0> \"text\")\nS: n{tag} OK\n")
        } else {
            format!("S: n{tag} NO [SERVERBUG] sorry\n")
        };
        format!("C: n{tag} UID FETCH {uid} (UID BODY.PEEK[]<0.65537>)\n{sent}")
    };
    let begin = format!("{LOGIN}{}{LISTED}{FETCH}S: n5 NO [SERVERBUG] sorry\n", examine(2, 7));
    for (five, nine, missing, told, looks) in [
        (
            true,
            false,
            "9",
            "mail 9 of INBOX: it refuses UID FETCH: [SERVERBUG] sorry",
            vec![("INBOX/7/9".to_owned(), 1)],
        ),
        // Where none comes it is the server.
        (false, false, "5 9", "mail 5 of INBOX and 1 more: it refuses UID FETCH: [SERVERBUG] sorry", vec![]),
    ] {
        let sought =
            format!("C: n8 UID SEARCH UID {}\nS: * SEARCH {missing}\nS: n8 OK found\n", missing.replace(' ', ","));
        let conversation = format!("{begin}{}{}{sought}", answer(6, 5, five), answer(7, 9, nine));
        let before = Before::default();
        let kept = Arc::clone(&before.absences);
        let mut reading = Reading::of(&[&conversation], 64, before, |_| ()).await;
        let (mails, trouble, _) = reading.read_to_trouble().await;
        assert_eq!(mails.len(), usize::from(five));
        assert!(trouble.contains(&format!("does not give out {told}")), "{trouble}");
        assert!(trouble.contains("given up after half an hour and five looks"), "{trouble}");
        assert_eq!(kept.away().into_iter().map(|(key, away)| (key, away.looks)).collect::<Vec<_>>(), looks);
    }
}

#[tokio::test]
async fn a_good_bye_while_waiting_is_told_and_connected_after() {
    let bye = format!("{LOGIN}{}C: n3 IDLE\nS: + idling\nS: * BYE shutting down\n", examine(2, 7));
    let back = format!("{LOGIN}{}C: n3 IDLE\nS: + idling\n…\n", examine(2, 7));
    let mut reading = Reading::of(&[&bye, &back], 64, Before::read_to(7, 9), |_| ()).await;
    reading.read_to_the_end().await;
    let (_, trouble, _) = reading.read_to_trouble().await;
    assert!(trouble.contains("closed the connection: shutting down"), "{trouble}");
    reading.read_to_the_end().await;
}

#[tokio::test]
async fn what_the_server_asks_to_tell_is_told() {
    let conversation = format!(
        "{}{}C: n3 IDLE\nS: + idling\n…\n",
        LOGIN.replace("welcome\n", "welcome\nS: * OK [ALERT] the disk is \u{1b}[31mfull\n"),
        examine(2, 7)
    );
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), |_| ()).await;
    assert_eq!(reading.next().await, Event::Alert("the disk is \u{241b}[31mfull".to_owned()));
}

#[tokio::test]
async fn a_login_that_is_refused_is_not_tried_again_by_itself() {
    let refused = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\n\
                   C: n1 AUTHENTICATE PLAIN AG5vYwBwdw==\n\
                   S: n1 NO [AUTHENTICATIONFAILED] no such account\n";
    let later = format!("{LOGIN}{}C: n3 IDLE\nS: + idling\n…\n", examine(2, 7));
    let mut reading = Reading::of(&[refused, &later], 64, Before::read_to(7, 9), |_| ()).await;
    let (_, trouble, again_in) = reading.read_to_trouble().await;
    assert!(trouble.contains("does not accept the login of noc: [AUTHENTICATIONFAILED] no such account"), "{trouble}");
    assert_eq!(again_in, None);
    // Somebody has corrected the password.
    reading.wanted.send_modify(|count| *count += 1);
    reading.read_to_the_end().await;
}

#[tokio::test]
async fn a_server_that_is_too_busy_for_a_login_is_tried_again() {
    let busy = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\n\
                C: n1 AUTHENTICATE PLAIN\n\
                S: + \n\
                C: AG5vYwBwdw==\n\
                S: n1 NO [UNAVAILABLE] later\n";
    let mut reading = Reading::of(&[busy], 64, Before::default(), |_| ()).await;
    let (_, _, again_in) = reading.read_to_trouble().await;
    assert!(again_in.is_some());
}

#[tokio::test]
async fn a_token_that_is_refused_is_answered_fetched_anew_and_then_given_up() {
    let token = |auth| move |imap: &mut Imap| imap.login.auth = auth;
    let error = "eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiYmVhcmVyIn0=";
    let greeting = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER] ready\n";
    for (auth, command, resigned) in [
        (Auth::XOAuth2, "XOAUTH2 dXNlcj1ub2MBYXV0aD1CZWFyZXIgcHcBAQ==", ""),
        (Auth::OAuthBearer, "OAUTHBEARER ", "AQ=="),
    ] {
        let refused = |port: u16| {
            use base64::Engine as _;
            let bearer = format!("n,a=noc,\x01host=127.0.0.1\x01port={port}\x01auth=Bearer pw\x01\x01");
            let command = match auth {
                Auth::OAuthBearer => {
                    format!("{command}{}", base64::engine::general_purpose::STANDARD.encode(bearer))
                }
                Auth::XOAuth2 | Auth::Password => command.to_owned(),
            };
            format!(
                "{greeting}C: n1 AUTHENTICATE {command}\nS: + {error}\nC: {resigned}\nS: n1 NO [AUTHENTICATIONFAILED] no\n"
            )
        };
        // The port is part of what is sent.
        let listener = Server::listen().await;
        let conversation = refused(listener.local_addr().unwrap().port());
        let server = Server::on(listener, vec![conversation.clone(), conversation], 64);
        let mut reading = Reading::with(server, Before::default(), token(auth));
        let (_, trouble, again_in) = reading.read_to_trouble().await;
        assert!(trouble.contains("{\"status\":\"400\",\"schemes\":\"bearer\"}"), "{trouble}");
        assert_eq!(again_in, None);
        reading.server.finish().await;
    }
}

/// A login with tokens that are fetched from `url`.
fn fetched(grant: Grant, url: &str, dir: &std::path::Path) -> Login {
    let kept_in = dir.join("noc");
    std::fs::write(&kept_in, "kept").unwrap();
    std::fs::set_permissions(&kept_in, std::fs::Permissions::from_mode(0o600)).unwrap();
    let oauth = OAuth {
        provider: Provider::Microsoft,
        grant,
        client_id: "an app".to_owned(),
        client_secret: Some(SecretFrom::Command(["printf", "secret"].map(str::to_owned).to_vec())),
        key_file: None,
        scopes: Vec::new(),
        extra_scopes: Vec::new(),
        token_url: url.to_owned(),
        authorize_url: url.to_owned(),
        device_url: None,
        kept_in,
        in_keyring: false,
    };
    Login { auth: Auth::XOAuth2, proof: Proof::Fetched(Box::new(oauth)) }
}

#[tokio::test]
async fn who_gives_tokens_and_is_busy_once_is_asked_again_by_itself() {
    let token = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\n\
                 C: n1 AUTHENTICATE XOAUTH2 dXNlcj1ub2MBYXV0aD1CZWFyZXIgb25lAQE=\n\
                 S: n1 OK [CAPABILITY IMAP4rev1 IDLE] welcome\n";
    let (url, _giver) = script::tokens(&["{\"error\": \"temporarily_unavailable\"}", "<html>", "one"]).await;
    let dir = tempfile::tempdir().unwrap();
    let login = fetched(Grant::User, &url, dir.path());
    let conversation = format!("{token}{}{LISTED}{FETCH}{BOTH}{IDLE}", examine(2, 7));
    let mut reading = Reading::of(&[&conversation], 64, Before::default(), |imap| imap.login = login).await;
    for said in ["400 temporarily_unavailable", "400 Bad Request, without a reason"] {
        let (_, trouble, again_in) = reading.read_to_trouble().await;
        assert!(trouble.contains(&format!("gives no token now: {said}; wait: ")), "{trouble}");
        assert!(again_in.is_some(), "{trouble}");
    }
    assert_eq!(reading.read_to_the_end().await, (both(7), vec![9]));
}

#[tokio::test]
async fn a_fetched_token_that_is_refused_is_told_as_one_with_its_own_advice_and_fetched_anew() {
    use base64::Engine as _;
    for (grant, advice) in [
        (Grant::User, "sign in anew with `noctui source login`, as the `user` of this source"),
        (Grant::Application, "check `user`, and what an administrator lets the application do"),
    ] {
        let refused = |token: &str| {
            let proof = format!("user=noc\x01auth=Bearer {token}\x01\x01");
            let proof = base64::engine::general_purpose::STANDARD.encode(proof);
            format!(
                "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\nC: n1 AUTHENTICATE XOAUTH2 {proof}\n\
                 S: n1 NO [AUTHENTICATIONFAILED] not this mailbox\n"
            )
        };
        let server = Server::start(["one", "two"].map(refused).to_vec(), 64).await;
        let (url, _giver) = script::tokens(&["one", "two"]).await;
        let dir = tempfile::tempdir().unwrap();
        let config = Imap { login: fetched(grant, &url, dir.path()), ..config(server.port) };
        let mailbox = Mailbox::new(&config).with_times(Duration::from_secs(20), Duration::from_secs(1));
        for _ in ["one", "two"] {
            let Err(fault) = mailbox.open().await else { panic!("it is let in") };
            assert!(matches!(fault, Fault::Token { .. }) && fault.brief() == "token refused", "{fault:?}");
            let told = crate::trouble::Trouble::of(&fault).one_line();
            assert!(
                told.contains("does not accept the token of noc: [AUTHENTICATIONFAILED] not this mailbox"),
                "{told}"
            );
            assert!(told.ends_with(advice), "{told}");
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn a_count_without_a_number_is_an_error_and_no_empty_folder() {
    for answer in ["S: * STATUS \"INBOX\" ()\n", "S: * STATUS \"INBOX\" (UIDNEXT 10)\n", ""] {
        let conversation = format!(
            "{LOGIN}C: n2 STATUS \"INBOX\" (MESSAGES)\n{answer}S: n2 OK done\nC: n3 LIST \"\" \"*\"\n\
             S: * LIST () \"/\" \"INBOX\"\nS: n3 OK listed\n"
        );
        let server = Server::start(vec![conversation], 64).await;
        let mailbox = Mailbox::new(&config(server.port)).with_times(Duration::from_secs(20), Duration::from_secs(1));
        let seen = mailbox.open().await.unwrap().survey().await.unwrap();
        let why = "it says yes, and no number of mails; the folders are INBOX".to_owned();
        assert_eq!(seen.into_iter().map(|folder| folder.mails).collect::<Vec<_>>(), [Err(why)], "{answer}");
    }
}

#[tokio::test]
async fn a_server_that_wants_no_login_or_greets_with_a_good_bye_is_not_trusted() {
    for (greeting, told) in [
        ("S: * PREAUTH [CAPABILITY IMAP4rev1] welcome back\n", "wants no login"),
        ("S: * BYE too many connections\n", "closed the connection: too many connections"),
        ("S: HTTP/1.1 400 Bad Request\n", "sends what cannot be understood"),
    ] {
        let mut reading = Reading::of(&[greeting], 64, Before::default(), |_| ()).await;
        let (_, trouble, again_in) = reading.read_to_trouble().await;
        assert!(trouble.contains(told), "{trouble}");
        assert!(again_in.is_some());
    }
}

#[tokio::test]
async fn of_a_large_mail_the_beginning_is_fetched_and_a_size_that_is_not_true_is_noticed() {
    let conversation = format!(
        "{LOGIN}{}\
         C: n3 UID SEARCH ALL\n\
         S: * SEARCH 5 9\n\
         S: n3 OK found\n\
         C: n4 UID FETCH 5,9 (UID RFC822.SIZE INTERNALDATE)\n\
         S: * 1 FETCH (UID 5 RFC822.SIZE 40000000)\n\
         S: * 2 FETCH (UID 9 RFC822.SIZE 3)\n\
         S: n4 OK listed\n\
         C: n5 UID FETCH 9 (UID BODY.PEEK[]<0.65537>)\n\
         C: n6 UID FETCH 5 (UID BODY.PEEK[]<0.262144>)\n\
         S: * 2 FETCH (UID 9 BODY[]<0> {{65537}}\n{})\n\
         S: n5 OK fetched\n\
         S: * 1 FETCH (UID 5 BODY[]<0> \"Subject: 5\")\n\
         S: n6 OK fetched\n\
         C: n7 IDLE\nS: + idling\n…\n",
        examine(2, 7),
        "x".repeat(65_537)
    );
    let mut reading = Reading::of(&[&conversation], 1 << 20, Before::default(), |_| ()).await;
    let mut cut = Vec::new();
    while cut.len() < 2 {
        if let Event::Received(mails) = reading.next().await {
            cut.extend(mails.into_iter().map(|mail| (mail.key, mail.body.unwrap().len(), mail.cut_from)));
        }
    }
    let expected = [("INBOX/7/9".to_owned(), 65_536, Some(65_537)), ("INBOX/7/5".to_owned(), 10, Some(40_000_000))];
    assert_eq!(cut, expected);
}

#[tokio::test]
async fn one_mail_that_nobody_can_read_does_not_hold_up_the_others_and_is_given_up_by_time() {
    let open = examine(2, 7);
    let five = one_by_one(3).split_inclusive('\n').take(3).collect::<String>();
    let nine = "C: n4 UID FETCH 9 (UID BODY.PEEK[]<0.65537>)\n";
    let garbled = "S: * nonsense nonsense\n";
    let sought = format!("{LOGIN}{open}C: n3 UID SEARCH UID 9\nS: * SEARCH 9\nS: n3 OK found\n");
    for how in [garbled, "S: * BYE internal error\n", ""] {
        let together = format!("{LOGIN}{open}{LISTED}{FETCH}{how}");
        let alone = format!("{LOGIN}{open}{five}{nine}{how}");
        let before = Before::default();
        let kept = Arc::clone(&before.absences);
        let mut reading = Reading::of(&[&together, &alone, &sought], 64, before, |_| ()).await;
        let (mails, trouble, _) = reading.read_to_trouble().await;
        assert_eq!(mails, both(7)[..1]);
        assert!(trouble.contains("does not give out mail 9 of INBOX: "), "{trouble}");
        assert!(!trouble.contains("nonsense"), "mails are not for messages: {trouble}");
        let away = kept.away();
        assert!(matches!(&away[..], [(key, away)] if key == "INBOX/7/9" && away.looks == 1), "{away:?}");
    }
    let last = format!("{LOGIN}{open}{LISTED}{}{}{garbled}", later(&five, 2), later(nine, 2));
    let given_up = format!("{sought}{}", IDLE.replace("n6", "n4"));
    let before = Before { absences: super::absent::away("INBOX/7/9", 4, 31), ..Before::default() };
    let mut reading = Reading::of(&[&last, &given_up], 64, before, |_| ()).await;
    let (mails, marks) = reading.read_to_the_end().await;
    assert_eq!((mails.len(), marks), (2, vec![9]));
    assert!(mails[1].1.contains("mail 9 of INBOX does not come: fetching it fails every time"), "{mails:?}");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_told_and_the_others_are_read() {
    let conversation = format!(
        "{LOGIN}\
         C: n2 EXAMINE \"Works\"\n\
         S: n2 NO [NONEXISTENT] no such folder\n\
         {}{}C: n6 IDLE\nS: + idling\n…\n",
        examine(3, 7),
        LISTED.replace("n4", "n5").replace("n3", "n4").replace("SEARCH 5 9", "SEARCH").replace(
            "C: n5 UID FETCH 5,9 (UID RFC822.SIZE INTERNALDATE)\nS: * 1 FETCH (UID 5 RFC822.SIZE 4)\nS: * 2 FETCH (UID 9 RFC822.SIZE 4)\nS: n5 OK listed\n",
            ""
        )
    )
    .replace("C: n6 IDLE", "C: n5 IDLE");
    let folders = |imap: &mut Imap| imap.folders.push("Works".to_owned());
    let mut reading = Reading::of(&[&conversation], 64, Before::default(), folders).await;
    assert!(matches!(reading.next().await, Event::Bookmark { folder, .. } if folder == "INBOX"));
    let told = Event::State(State::Failing { reason: "folder Works: [NONEXISTENT] no such folder".to_owned() });
    assert_eq!(reading.next().await, told);
}

#[tokio::test]
async fn a_server_that_refuses_to_tell_is_asked() {
    let conversation = format!(
        "{LOGIN}{}\
         C: n3 IDLE\n\
         S: n3 NO not now\n\
         C: n4 EXAMINE \"INBOX\"\n",
        examine(2, 7)
    );
    let quick = |imap: &mut Imap| imap.poll_every = Duration::from_millis(20);
    let mut reading = Reading::of(&[&conversation], 64, Before::read_to(7, 9), quick).await;
    reading.read_to_the_end().await;
    reading.server.finish().await;
}
