//! The story as a whole: complete, readable by others, the same every time.

use std::collections::{BTreeMap, BTreeSet};

use mail_parser::{MessageParser, PartType};
use regex::Regex;

use super::announcement::{Item, resolve};
use super::story::Effect;
use super::*;
use crate::config::{Environment, SourceFrom};
use crate::features::maintenance::model::{Impact, Outcome, Status};

/// A start in the small hours of a winter night.
pub(super) fn tonight() -> DateTime<Utc> {
    "2026-11-21T02:48:17Z".parse().unwrap()
}

/// Every text in a mail, those of attached mails included.
fn texts(mail: &mail_parser::Message<'_>) -> Vec<String> {
    let mut texts = vec![mail.subject().unwrap_or_default().to_owned()];
    for part in &mail.parts {
        match &part.body {
            PartType::Text(text) | PartType::Html(text) => {
                assert!(!part.is_encoding_problem, "{:?}", mail.subject());
                texts.push(text.to_string());
            }
            PartType::Message(inner) => texts.extend(self::texts(inner)),
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Multipart(_) => {}
        }
    }
    texts
}

/// Makes a demo in a folder that is removed at the end.
fn prepared(seed: u64) -> (tempfile::TempDir, Prepared) {
    let dir = tempfile::tempdir().unwrap();
    let prepared = prepare(&dir.path().join("demo"), tonight(), seed).unwrap();
    (dir, prepared)
}

/// Names and contents of the files below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    ["new", "cur", "tmp"]
        .into_iter()
        .flat_map(|part| std::fs::read_dir(folder.join(part)).unwrap())
        .map(|file| file.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn the_story_has_enough_of_everything() {
    let story = Story::built_in().unwrap();
    let items = resolve(&story, tonight(), 1).unwrap();
    let past = items.iter().filter(|item| item.arrives() <= tonight()).count();
    assert!(past >= 90, "{past} mails before the start");
    assert!(items.len() - past >= 30, "{} mails afterwards", items.len() - past);

    let (mut providers, mut statuses, mut impacts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut outcomes = BTreeSet::new();
    for item in items.iter().filter(|item| item.arrives() <= tonight()) {
        match item {
            Item::Announcement(announcement) => {
                providers.insert(announcement.provider.slug.as_str());
                statuses.insert(announcement.status.as_str());
                impacts.extend(announcement.circuits.iter().map(|circuit| match circuit.effect {
                    Effect::Impact(impact) => impact.as_str(),
                    Effect::Untouched => "untouched",
                }));
            }
            Item::Other { other, .. } => {
                let known = |slug: &String| story.provider.iter().any(|provider| provider.slug == *slug);
                assert_eq!(other.provider.as_ref().is_some_and(known), other.outcome != Outcome::UnknownProvider);
                outcomes.insert(other.outcome.as_str());
            }
        }
    }
    assert_eq!(providers.len(), 16, "{providers:?}");
    assert_eq!(statuses.len(), Status::ALL.len(), "{statuses:?}");
    assert_eq!(impacts.len(), Impact::ALL.len() + 1, "{impacts:?}");
    let expected = [Outcome::Ignored, Outcome::ParsingFailed, Outcome::UnknownProvider].map(Outcome::as_str);
    assert_eq!(outcomes, BTreeSet::from(expected));
}

#[test]
fn some_maintenances_are_under_way_and_some_begin_soon_whenever_it_starts() {
    let story = Story::built_in().unwrap();
    for day in 0..366 {
        let now = tonight() + TimeDelta::days(day) + TimeDelta::minutes(day * 97);
        let items = resolve(&story, now, 1).unwrap();
        let windows = || {
            items.iter().filter_map(|item| match item {
                Item::Announcement(announcement) => Some(announcement.windows.iter()),
                Item::Other { .. } => None,
            })
        };
        let active = windows().flatten().filter(|window| window.start <= now && now < window.end).count();
        let soon = windows().flatten().filter(|w| w.start > now && w.start < now + TimeDelta::days(1)).count();
        assert!(active >= 7 && soon >= 8, "{now}: {active} under way, {soon} soon");
        assert!(windows().flatten().all(|window| window.end - window.start <= TimeDelta::days(4)));
    }
}

#[test]
fn what_is_said_of_work_that_begins_or_is_done_comes_when_it_does_whenever_it_starts() {
    let story = Story::built_in().unwrap();
    for hour in 0..24 {
        let now = tonight() + TimeDelta::hours(hour);
        for item in resolve(&story, now, 1).unwrap() {
            let Item::Announcement(mail) = item else { continue };
            let (first, last) = (mail.windows.first().unwrap(), mail.windows.last().unwrap());
            let is_timely = match mail.status {
                Status::InProcess => mail.arrives > first.start - TimeDelta::minutes(15) && mail.arrives < last.end,
                Status::Completed => mail.arrives > first.start,
                Status::Tentative | Status::Confirmed | Status::Cancelled | Status::ReScheduled | Status::NoChange => {
                    true
                }
            };
            assert!(is_timely, "{now}: {:?} {:?} at {}, window {first:?}", mail.ids, mail.status, mail.arrives);
        }
    }
}

#[test]
fn every_mail_is_valid_and_names_what_it_is_about() {
    let story = Story::built_in().unwrap();
    let open = Regex::new(r"\{[a-z]+\}").unwrap();
    let mut ids = BTreeSet::new();
    for item in &resolve(&story, tonight(), 1).unwrap() {
        let bytes = formats::mail(item);
        let mail = MessageParser::default().parse(&bytes).unwrap();
        for header in ["From", "To", "Date", "Subject", "Message-ID", "MIME-Version"] {
            assert!(mail.header(header).is_some(), "{header} in {:?}", mail.subject());
        }
        assert!(mail.date().unwrap().is_valid());
        let texts = texts(&mail);
        assert!(texts.len() > 1, "{:?}", mail.subject());
        assert!(texts.iter().all(|text| !open.is_match(text)), "{texts:?}");
        if let Item::Announcement(announcement) = item {
            assert!(announcement.ids.iter().all(|id| texts.iter().any(|text| text.contains(id))), "{texts:?}");
            assert!(announcement.ids.iter().all(|id| !id.contains('#')));
            assert!(announcement.circuits.iter().all(|circuit| !circuit.id.contains('#')));
            ids.insert((mail.message_id().unwrap().to_owned(), announcement.sequence));
        }
    }
    assert!(ids.len() > 100);
}

#[test]
fn mails_differ_in_every_way_in_which_mails_differ() {
    let story = Story::built_in().unwrap();
    let mails: Vec<_> = resolve(&story, tonight(), 1).unwrap().iter().map(formats::mail).collect();
    for trait_ in [
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Transfer-Encoding: 8bit",
        "Content-Transfer-Encoding: 7bit",
        "charset=iso-8859-1",
        "Content-Type: multipart/alternative",
        "Content-Type: multipart/mixed",
        "Content-Type: message/rfc822",
        "Content-Type: text/csv; charset=utf-16",
        "List-ID: ",
        "=?UTF-8?B?",
        "=?utf-8?q?",
        "Subject: [ EXTERNAL ] ",
        "\r\n\r\n",
    ] {
        let found = mails.iter().filter(|mail| String::from_utf8_lossy(mail).contains(trait_)).count();
        assert!(found > 0, "no mail has {trait_:?}");
    }
}

#[test]
fn hostile_text_is_in_the_mails_as_it_was_written() {
    let (_dir, prepared) = prepared(1);
    let hostile = files(&prepared.folder.join("Maildir")).into_values().find_map(|mail| {
        let mail = MessageParser::default().parse(&mail)?.into_owned();
        mail.subject()?.contains('\u{1b}').then_some(mail)
    });
    let hostile = hostile.expect("a subject with an escape sequence");
    assert!(hostile.subject().unwrap().contains("\u{1b}]0;you have been renamed\u{7}"));
    let unfolded = texts(&hostile).concat().replace("\r\n ", "");
    assert!(unfolded.contains("\u{1b}]52\\;c\\;"), "{unfolded:?}");
}

#[test]
fn the_same_start_and_seed_give_the_same_demo() {
    let (dir, one) = prepared(1);
    let mails = files(&one.folder.join("Maildir"));
    assert_eq!(mails.len(), one.delivered);
    drop(dir);
    let again = prepared(1);
    assert_eq!(files(&again.1.folder.join("Maildir")), mails);
    assert_eq!(again.1.schedule.arrivals.len(), one.schedule.arrivals.len());
    assert!(again.1.schedule.arrivals.iter().zip(&one.schedule.arrivals).all(|(a, b)| a.mail == b.mail));
    let other = prepared(2);
    assert_ne!(files(&other.1.folder.join("Maildir")), mails);
}

#[test]
fn mails_keep_coming_while_somebody_watches() {
    let (_dir, prepared) = prepared(1);
    let times: Vec<_> = prepared.schedule.arrivals.iter().map(|arrival| arrival.after.as_secs()).collect();
    assert!(times[0] <= 10, "the first after {} s", times[0]);
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (10..=40).contains(gap)), "{gaps:?}");
    assert!(prepared.schedule.len_and_end().1 >= Duration::from_mins(10));
}

#[tokio::test]
async fn the_whole_schedule_is_delivered() {
    let (_dir, mut prepared) = prepared(1);
    for arrival in &mut prepared.schedule.arrivals {
        // The minutes of a watcher are milliseconds here.
        arrival.after /= 60_000;
    }
    let expected = prepared.schedule.len_and_end().0;
    assert_eq!(deliver(prepared.schedule, CancellationToken::new()).await.unwrap(), expected);
    assert_eq!(files(&prepared.folder.join("Maildir")).len(), prepared.delivered + expected);
    assert_eq!(std::fs::read_dir(prepared.folder.join("Maildir/tmp")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_demo_that_is_stopped_delivers_nothing_more() {
    let (_dir, prepared) = prepared(1);
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(deliver(prepared.schedule, stop).await.unwrap(), 0);
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine"), "x").unwrap();
    assert!(matches!(prepare(dir.path(), tonight(), 1), Err(Error::NotEmpty { .. })));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn the_command_that_looks_again_touches_nothing_else_of_the_users() {
    let (_dir, prepared) = prepared(1);
    let written = std::fs::read_to_string(&prepared.config).unwrap();
    let command = written.lines().find_map(|line| line.strip_prefix("#   ")).unwrap();
    let (variables, flags): (Vec<&str>, Vec<&str>) = command.split(' ').partition(|word| word.contains('='));
    let variables = variables.iter().map(|word| word.split_once('=').unwrap()).chain([("HOME", "/home/ines")]);
    let ["noctui", "--config", config, "--data-dir", data] = flags[..] else { panic!("{command}") };
    let flags = Flags { config: Some(config.into()), data_dir: Some(data.into()), ..Flags::default() };
    let paths = crate::config::load(&flags, &Environment::of(variables)).unwrap().paths;
    for path in [&paths.config, &paths.data, &paths.state, &paths.cache, &paths.log] {
        assert!(path.starts_with(&prepared.folder), "{}", path.display());
    }
    let of_the_demo = crate::config::load(&prepared.flags(), &Environment::of([("HOME", "/home/ines")])).unwrap().paths;
    assert_eq!(paths, of_the_demo);
}

#[test]
fn the_configuration_it_writes_names_its_mailbox() {
    let (_dir, prepared) = prepared(1);
    let config = crate::config::load(&prepared.flags(), &Environment::of([("HOME", "/nowhere")])).unwrap();
    let [source] = config.maintenance.sources.as_slice() else { panic!("one source") };
    let SourceFrom::Maildir { path } = &source.from else { panic!("a Maildir") };
    assert_eq!(*path, prepared.folder.join("Maildir"));
}
