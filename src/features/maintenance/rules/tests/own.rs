//! What a notice says of itself in a sentence, where its rule finds no status in it.

use super::innocent::{NEAR, SENTENCES};
use super::quoted::{below, page};
use super::*;

/// The sender of a provider, the subject of its notices, their body with `{}` for a sentence, and their id.
struct Layout {
    from: &'static str,
    subject: &'static str,
    kind: &'static str,
    body: &'static str,
    id: &'static str,
}

/// Notices of 29 March 2026 that say no status.
const LAYOUTS: [Layout; 5] = [
    Layout {
        from: "peering-noc@group.apple.com",
        subject: "Apple (AS714) Net Maintenance Notice for AS12345 in Chicago",
        kind: "plain",
        body: "Apple (AS714) Network Maintenance Notification\nReference Internal Ticket: CHG000777888\n\n{}\n\nDetails:\n\
               Start Time: 29 Mar 2026 00:30 UTC\nEnd Time: 29 Mar 2026 04:30 UTC\n\nPeer AS: 12345\n",
        id: "CHG000777888",
    },
    Layout {
        from: "support@megaport.com",
        subject: "Megaport Maintenance Notification",
        kind: "html",
        body: "<p>Hi Gen, Inc.</p><p>Please be advised that <b>X-777</b> concerns the services below.</p><p>{}</p>\
               <table><tr><th>Service ID</th><td></td></tr><tr><td>SVC-1</td><td></td></tr></table>\
               <p><b>Start Date and Time:</b> Sun, 29 Mar 2026 00:30:00 UTC</p>\
               <p><b>End Date and Time:</b> Sun, 29 Mar 2026 04:30:00 UTC</p>",
        id: "X-777",
    },
    Layout {
        from: "tickets@aquacomms.com",
        subject: "Aqua Comms Planned Outage Work ISSUE=23456 PROJ=17",
        kind: "html",
        body: "<p>Dear Foo,</p><p>{}</p><table><tr><td>Ticket Number:</td><td>23456</td></tr>\
               <tr><td>Scheduled Start Date &amp; Time:</td><td>00:30 29/03/2026 GMT</td></tr>\
               <tr><td>Scheduled End Date &amp; Time:</td><td>04:30 29/03/2026 GMT</td></tr>\
               <tr><td>Service ID:</td><td>SVC-1</td></tr></table>",
        id: "23456",
    },
    Layout {
        from: "NO-REPLY-sched-maint@EMEA.verizonbusiness.com",
        subject: "Verizon Maintenance",
        kind: "html",
        body: "<p>Dear Verizon Customer,</p><p>{}</p><p>Verizon MASTARS Request number: 777-1</p>\
               <p>Maintenance Date/Time (GMT): 3/29/2026 00:30 - 3/29/2026 04:30</p>\
               <table><tr><th>Company Name</th><th>Circuit ID</th></tr><tr><td>ACME</td><td>C1</td></tr></table>",
        id: "777-1",
    },
    Layout {
        from: "no-reply-aws@amazon.com",
        subject: "[r] AWS Direct Connect Planned Maintenance Notification [AWS Account: 123456789012]",
        kind: "plain",
        body: "Hello,\n\n{}\n\nThe planned maintenance is announced for the time of\n\
               Sun, 29 Mar 2026 00:30:00 GMT to Sun, 29 Mar 2026 04:30:00 GMT.\n\ndxvif-0abc1234\n",
        id: "dxvif-0abc1234",
    },
];

/// The statuses of what a mail tells, or why it is not read.
fn statuses(layout: &Layout, sentence: &str) -> Result<Vec<&'static str>, String> {
    let Layout { from, subject, kind, body, id } = layout;
    let body = body.replace("{}", &sentence.replace("{id}", id));
    let date = "Mon, 02 Mar 2026 10:00:00 +0000";
    let raw =
        format!("From: {from}\nSubject: {subject}\nDate: {date}\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n");
    match RULES.read(raw.as_bytes(), None).verdict {
        Verdict::Parsed { notices, .. } => Ok(notices.iter().map(|notice| notice.status.as_str()).collect()),
        other @ (Verdict::Failed { .. } | Verdict::Ignored { .. } | Verdict::Unknown { .. }) => {
            Err(format!("{other:?}"))
        }
    }
}

/// Whether every layout tells `status` with each of the sentences.
fn all_tell(status: &str, sentences: &[&str]) {
    let mut wrong = Vec::new();
    for layout in &LAYOUTS {
        for sentence in sentences {
            let told = statuses(layout, sentence);
            if told.as_deref() != Ok(&[status]) {
                wrong.push(format!("{}: {sentence}: {told:?}", layout.from));
            }
        }
    }
    assert!(wrong.is_empty(), "not {status}:\n{}", wrong.join("\n"));
}

#[test]
fn a_sentence_of_the_notice_takes_the_place_of_the_default() {
    all_tell("CONFIRMED", &["We will upgrade our network."]);
    all_tell(
        "CANCELLED",
        &[
            "The planned maintenance {id} has been cancelled.",
            "Maintenance {id} has been cancelled.",
            "Please be advised that maintenance {id} has been canceled.",
            "We regret to inform you that the maintenance described below has been cancelled.",
            "This maintenance (ref. {id}) has been cancelled by the carrier.",
            "The maintenance below was cancelled due to weather.",
            "The work scheduled for 29 Mar 2026 has been cancelled.",
            "The work scheduled for Sunday, March 29, 2026 00:30 UTC has been cancelled.",
            "The work scheduled for 29/03/2026 has been cancelled.",
            "This maintenance will not take place.",
            "The maintenance will no longer take place.",
            "Unfortunately we need to cancel this maintenance.",
            "Due to technical reasons, the maintenance has been cancelled. We apologise for any inconvenience.",
            "The maintenance has been cancelled. A new date will be communicated.",
            "The maintenance that was planned for 29 March 2026 has been cancelled.",
            "Please note that the following maintenance, {id}, has been cancelled.",
            "Update 2: this maintenance has been cancelled.",
            "THIS MAINTENANCE HAS BEEN CANCELLED",
            "Maintenance cancelled.",
            "Planned Work - CANCELLED",
            "*** CANCELLED ***",
            "Status: Cancelled",
            "It was decided to cancel this maintenance.",
            "A decision was made to cancel the works below.",
            "We've cancelled this maintenance.",
            "Unfortunately we have to cancel the maintenance.",
            "This is a cancellation notice for the below maintenance.",
            "As announced earlier, this maintenance has been cancelled.",
            "Please disregard the previous notice, as this maintenance has been cancelled.",
            "This job has been cancelled.",
            "The planned network upgrade has been cancelled.",
            "The repair has been cancelled.",
            "2 March 2026: This maintenance has been cancelled.",
            "Latest update (2 March 2026 10:00 UTC): this maintenance has been cancelled.",
        ],
    );
    all_tell(
        "COMPLETED",
        &[
            "The maintenance {id} has been completed.",
            "The maintenance described below has been completed.",
            "The work scheduled for 29 Mar 2026 has been completed.",
            "This maintenance is now complete.",
            "The maintenance is completed.",
            "The maintenance was completed at 04:10.",
            "Maintenance {id} is completed.",
            "The maintenance ended at 04:10 UTC.",
            "The maintenance window is over.",
            "The maintenance was carried out successfully.",
            "Status: Completed",
            "The planned maintenance on our site from Sun, 29 Mar 2026 00:30:00 GMT to Sun, 29 Mar 2026 04:30:00 GMT has been completed.",
        ],
    );
    all_tell(
        "RE-SCHEDULED",
        &[
            "The maintenance {id} has been rescheduled to the window below.",
            "The times of this maintenance have been updated.",
            "We have to reschedule this maintenance, see the new times below.",
            "Please note that this maintenance has been postponed to the new window below.",
            "The planned maintenance of Sat, 7 Mar 2026 01:00:00 GMT has been rescheduled and will now take place as follows.",
        ],
    );
    all_tell(
        "IN-PROCESS",
        &[
            "The maintenance {id} has started.",
            "The maintenance {id} is in progress.",
            "This maintenance is starting now.",
            "Our engineers have started the work.",
        ],
    );
}

#[test]
fn its_id_stands_for_it() {
    let told = |layout: &Layout, has_become: &str| {
        statuses(layout, &format!("Please be advised that {{id}} has been {has_become}.")).unwrap()
    };
    let [with_ids @ .., without] = &LAYOUTS;
    for layout in with_ids {
        assert_eq!(told(layout, "cancelled"), ["CANCELLED"], "{}", layout.from);
        assert_eq!(told(layout, "completed"), ["COMPLETED"], "{}", layout.from);
        assert_eq!(told(layout, "rescheduled"), ["RE-SCHEDULED"], "{}", layout.from);
    }
    // A circuit is no maintenance.
    assert_eq!(told(without, "cancelled"), ["CONFIRMED"]);
}

#[test]
fn what_is_announced_may_be_or_was_before_leaves_the_default() {
    all_tell(
        "CONFIRMED",
        &[
            "You will be informed once the maintenance {id} has been completed.",
            "We will inform you that the maintenance {id} has been completed.",
            "If the maintenance {id} is cancelled, we will tell you.",
            "The maintenance {id} has not been postponed.",
            "Has the maintenance {id} been completed?",
            "The previous maintenance has been completed; this one is additional.",
            "The maintenance CHG000000001 has been completed.",
            "The maintenance of M-3 has been cancelled.",
            "The maintenance 9 has been cancelled.",
            "The maintenance CHG000000001 which was completed is replaced by this one.",
            "The work scheduled for 7 Mar 2026 has been completed.",
            "The work scheduled for 2026-03-07 has been completed.",
            "The first part of the maintenance {id} has been completed.",
            "This maintenance {id} was postponed last month.",
            "This maintenance has been scheduled after a previous one was completed.",
            "The work is completed between 00:30 and 04:30.",
            "This maintenance is being carried out to extend our network.",
            "We are carrying out this maintenance to extend our network.",
            "The maintenance {id} is starting on 29 March.",
            "This is extended maintenance.",
            "The old router is in the way. It has been moved.",
            "Completed",
            "Update history:\nThe maintenance {id} has been completed.",
            "02/03/2026 10:00 - The maintenance {id} has been rescheduled from 1 March.",
            "2 March 2026 10:00 UTC\nThe maintenance {id} has been rescheduled from 1 March.",
            "The maintenance {id} has been rescheduled. The maintenance {id} has been completed.",
        ],
    );
}

#[test]
fn one_that_is_forwarded_says_the_same() {
    for layout in LAYOUTS.iter().filter(|layout| layout.kind == "plain") {
        let Layout { from, subject, body, .. } = layout;
        let body = body.replace("{}", "The maintenance described below has been cancelled.");
        let raw = format!(
            "From: ann@customer.example\nSubject: tonight\nDate: Mon, 02 Mar 2026 10:00:00 +0000\n\nSee below.\n\n\
             -----Original Message-----\nFrom: {from}\nSent: Monday\nTo: noc@customer.example\nSubject: {subject}\n\n{body}\n"
        );
        let verdict = RULES.read(raw.as_bytes(), None).verdict;
        let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
        assert_eq!(notices[0].status, Status::Cancelled, "{from}");
    }
}

#[test]
fn what_only_sounds_like_news_is_none() {
    all_tell("CONFIRMED", SENTENCES);
    all_tell("CONFIRMED", NEAR);
}

/// The mail of a layout in answer to one of its own, with a sentence above it; its status, or why it is not read.
fn above(layout: &Layout, sentence: &str) -> Result<&'static str, String> {
    let Layout { from, subject, body, .. } = layout;
    let quoted = body.replace("{}", "We will upgrade our network.");
    let raw = format!(
        "From: {from}\nSubject: RE: {subject}\nDate: Mon, 02 Mar 2026 10:00:00 +0000\n\nDear peers,\n{sentence}\n\nKind regards\n\n\
         From: NOC <{from}>\nSent: Sunday, 1 March 2026 10:00\nTo: noc@customer.example\nSubject: {subject}\n\n{quoted}\n"
    );
    match RULES.read(raw.as_bytes(), None).verdict {
        Verdict::Parsed { notices, .. } => Ok(notices[0].status.as_str()),
        Verdict::Failed { reason, .. } => Err(reason),
        other @ (Verdict::Ignored { .. } | Verdict::Unknown { .. }) => Err(format!("{other:?}")),
    }
}

#[test]
fn what_only_sounds_like_news_is_none_above_what_is_quoted() {
    for layout in LAYOUTS.iter().filter(|layout| layout.kind == "plain") {
        let told = SENTENCES.iter().chain(NEAR).map(|sentence| (*sentence, above(layout, sentence)));
        let wrong: Vec<_> = told.filter(|(_, told)| told.as_deref() != Ok("CONFIRMED")).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", layout.from);
    }
}

#[test]
fn a_cancellation_above_what_is_quoted_in_words_that_are_not_known_is_for_somebody_to_look_at() {
    for sentence in [
        "We regret to tell that it was decided to cancel the works below due to a strike.",
        "Sadly our supplier was forced to call off the planned maintenance tonight.",
        "Unfortunately, as of this morning the maintenance in Ghent has been cancelled.",
    ] {
        let reason = above(&LAYOUTS[0], sentence).unwrap_err();
        assert!(reason.contains("speaks of a cancellation above the notice that it quotes"), "{reason}");
        assert!(reason.contains(sentence), "{reason}");
    }
    for (sentence, status) in [
        ("Unfortunately it was decided to cancel the works below.", "CANCELLED"),
        ("This has been cancelled.", "CANCELLED"),
        ("Cancelled.", "CANCELLED"),
        ("Maintenance completed", "COMPLETED"),
        ("Work is completed", "COMPLETED"),
    ] {
        assert_eq!(above(&LAYOUTS[0], sentence).as_deref(), Ok(status), "{sentence}");
    }
}

/// The status that the shortest rule gives to a page with a sentence; `steps` are more of it.
fn status(steps: &str, sentence: &str, page: &str) -> &'static str {
    notices(&rule(&format!("{LINES}{steps}"), ""), &format!("<p>{sentence}</p>{page}"))[0].status.as_str()
}

#[test]
fn of_several_maintenances_all_are_meant_where_none_is_named() {
    let steps = "[[part.html.step]]\nlabel = 'Id:'\nrepeat = [\n\
                 { label = 'Id:', field = 'maintenance_id' },\n\
                 { find = '^From (?<start>.+) to (?<end>.+)$' },\n\
                 { find = '^Circuit (?<circuit>.+)$' },\n]\n";
    let told = |sentence: &str| {
        let page = format!("<p>{sentence}</p>{}{}", page(5), page(9));
        let all = notices(&rule(steps, ""), &page);
        all.iter().map(|notice| notice.status.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(told("The works have been cancelled."), ["CANCELLED", "CANCELLED"]);
    assert_eq!(told("The maintenance M-5 has been cancelled."), ["CONFIRMED", "CONFIRMED"]);
    assert_eq!(told("The works of 5 March 2026 have been cancelled."), ["CONFIRMED", "CONFIRMED"]);
}

#[test]
fn what_will_not_be_or_is_over_needs_no_circuits() {
    let page = page(5);
    let without = page.split("<p>Circuit").next().unwrap();
    let told = |sentence: &str| read(&rule(LINES, ""), &format!("<p>{sentence}</p>{without}"));
    for (sentence, status) in [
        ("The maintenance M-5 has been cancelled.", Status::Cancelled),
        ("The maintenance M-5 has been completed.", Status::Completed),
    ] {
        let Verdict::Parsed { notices, .. } = told(sentence) else { panic!("{:?}", told(sentence)) };
        assert_eq!((notices[0].status, &*notices[0].circuits), (status, &[][..]));
    }
    for sentence in ["The maintenance M-6 has been cancelled.", "The maintenance M-5 has been rescheduled."] {
        let Verdict::Failed { reason, .. } = told(sentence) else { panic!("{:?}", told(sentence)) };
        assert!(reason.contains("no circuits found"), "{reason}");
    }
}

#[test]
fn what_is_postponed_is_what_the_rule_says() {
    let postponed = "<p>The maintenance has been postponed.</p>";
    let status =
        |sections: &str| notices(&rule(LINES, sections), &format!("{postponed}{}", page(5)))[0].status.as_str();
    assert_eq!(status(""), "RE-SCHEDULED");
    assert_eq!(status("status = [['/^postponed/', 'CANCELLED'], ['opened', 'CONFIRMED']]\n"), "CANCELLED");
}

#[test]
fn one_of_several_circuits_is_not_the_maintenance() {
    let told = |circuits: &[&str], sentence: &str| {
        let lines = circuits.iter().fold(String::new(), |all, circuit| all + &format!("<p>Circuit {circuit}</p>"));
        let page = page(5);
        let page = page.split("<p>Circuit").next().unwrap();
        status("", sentence, &format!("{page}{lines}"))
    };
    let sentence = "The maintenance of C-1 has been cancelled.";
    assert_eq!(told(&["C-1"], sentence), "CANCELLED");
    assert_eq!(told(&["C-1", "C-2"], sentence), "CONFIRMED");
}

#[test]
fn a_status_that_a_step_finds_stays() {
    let steps = "[[part.html.step]]\nlabel = 'Status:'\nfield = 'status'\n";
    let sentence = "The maintenance has been cancelled.";
    assert_eq!(status(steps, sentence, &page(5)), "CANCELLED");
    assert_eq!(status(steps, sentence, &format!("<p>Status: CONFIRMED</p>{}", page(5))), "CONFIRMED");
    assert_eq!(status("", "The maintenance PW-9 has been cancelled.", &page(5)), "CONFIRMED");
}

#[test]
fn of_what_is_quoted_the_notice_that_is_read_counts() {
    let told = |above: &str, sentence: &str| {
        let (rules, errors) = with_rule(&rule(LINES, ""));
        assert_eq!(errors, []);
        let quoted = below(&format!("<p>{sentence}</p>{}", page(5)));
        let mail = mail("noc@test.example", "RE: Works", &format!("<p>{above}</p>{quoted}"));
        let Verdict::Parsed { notices, .. } = rules.read(mail.as_bytes(), Some("test")).verdict else { panic!() };
        notices[0].status.as_str()
    };
    let cancelled = "The maintenance has been cancelled.";
    assert_eq!(told("Please see below.", "We will work."), "CONFIRMED");
    assert_eq!(told("Please see below.", cancelled), "CANCELLED");
    assert_eq!(told("The maintenance has been completed.", "We will work."), "COMPLETED");
    assert_eq!(told("The maintenance has been completed.", cancelled), "COMPLETED");
}

#[test]
fn it_is_explained_by_its_sentence() {
    let page = format!("<p>The maintenance has been cancelled.</p>{}", page(5));
    let (rules, _) = with_rule(&rule(LINES, ""));
    let raw = mail("noc@test.example", "x", &page);
    let explained = rules.explain("test", &mail::read(raw.as_bytes()).unwrap());
    let text = serde_json::to_string(&explained.unwrap()).unwrap();
    assert!(text.contains(r#"a sentence of the notice: \"The maintenance has been cancelled.\""#), "{text}");
}

#[test]
fn a_subject_tells_what_it_says_and_not_its_opposite() {
    let told = |more: &str| {
        let Layout { from, subject, kind, body, .. } = &LAYOUTS[1];
        let body = body.replace("{}", "We will upgrade our network.");
        let raw = format!(
            "From: {from}\nSubject: {subject} - {more}\nDate: Mon, 02 Mar 2026 10:00:00 +0000\n\
             Content-Type: text/{kind}; charset=utf-8\n\n{body}\n"
        );
        let verdict = RULES.read(raw.as_bytes(), None).verdict;
        let Verdict::Parsed { notices, .. } = verdict else { panic!("{more}: {verdict:?}") };
        notices[0].status.as_str()
    };
    for (more, status) in [
        ("CANCELLED", "CANCELLED"),
        ("Cancellation", "CANCELLED"),
        ("Not completed", "CANCELLED"),
        ("Completed", "COMPLETED"),
        ("Completion of the planned works", "COMPLETED"),
        ("Rescheduled", "RE-SCHEDULED"),
        ("NOT CANCELLED, as planned", "CONFIRMED"),
        ("Cancellation withdrawn", "CONFIRMED"),
        ("Reinstated: previously cancelled", "CONFIRMED"),
        ("Echo cancellation module upgrade", "CONFIRMED"),
        ("completion of ring migration in Ghent", "CONFIRMED"),
        ("not yet completed", "CONFIRMED"),
        ("no longer cancelled", "CONFIRMED"),
        ("cancellation revoked", "CONFIRMED"),
        ("may be rescheduled", "CONFIRMED"),
        ("can be cancelled until 20 March", "CONFIRMED"),
        ("replaces cancelled CHG0001234", "CONFIRMED"),
        ("Phase 1 completed, phase 2 planned", "CONFIRMED"),
        ("site survey completed", "CONFIRMED"),
        ("to be completed by April", "CONFIRMED"),
        ("had to be cancelled", "CANCELLED"),
    ] {
        assert_eq!(told(more), status, "{more}");
    }
}

#[test]
fn what_crown_castle_will_tell_and_equinix_has_done_is_no_completion() {
    let equinix = RULES.entries["equinix"].rule().unwrap();
    let means = |subject: &str| equinix.status.meaning(subject);
    assert_eq!(means("COMPLETED - Scheduled Upgrade"), Some("COMPLETED"));
    assert_eq!(means("Scheduled Upgrade - Maintenance Completed"), Some("COMPLETED"));
    assert_eq!(means("Network Maintenance - Work Being Completed by Vendor"), None);
    assert_eq!(means("Network Maintenance - Work to be completed by Vendor"), None);
    let crown_castle = |sentence: &str| {
        let rule = RULES.entries["crowncastle"].rule().unwrap();
        let found = read::found(rule, &Part::text(Kind::Html, &format!("<p>{sentence}</p>")));
        found.iter().any(|found| found.field == file::Field::Status)
    };
    assert!(crown_castle(
        "This message is being sent to inform you that the work associated with today’s maintenance window has been completed. Thank you."
    ));
    assert!(crown_castle("The maintenance has been completed."));
    assert!(!crown_castle("You will be informed once the maintenance has been completed."));
}

#[test]
fn what_the_steps_of_a_rule_find_is_said_of_the_maintenance() {
    let has_status = |slug: &str, kind: Kind, text: &str| {
        let rule = RULES.entries[slug].rule().unwrap();
        let reader = rule.processors.iter().flatten().find(|reader| reader.from.contains(&kind)).unwrap();
        read::read_leaf(rule, reader, &Part::text(kind, text)).unwrap().status.map(Status::as_str)
    };
    for (slug, sentence, status) in [
        ("telstra", "The maintenance has been cancelled.", Some("CANCELLED")),
        (
            "telstra",
            "The planned maintenance to our network infrastructure has been rescheduled.",
            Some("RE-SCHEDULED"),
        ),
        ("telstra", "If the work has been cancelled, you will be informed.", None),
        ("telstra", "You will be informed once the work has been completed successfully.", None),
        ("telstra", "Any earlier notice with this reference has been withdrawn.", None),
        ("telstra", "This maintenance is part of a project that has been rescheduled.", None),
        (
            "seaborn",
            "Be advised that this maintenance has been cancelled and the details are below:",
            Some("CANCELLED"),
        ),
        (
            "seaborn",
            "Be advised that a planned maintenance activity has been successfully completed.",
            Some("COMPLETED"),
        ),
        ("seaborn", "Be advised that the project has been cancelled.", None),
    ] {
        assert_eq!(has_status(slug, Kind::Html, &format!("<p>{sentence}</p>")), status, "{slug}: {sentence}");
    }
    for slug in ["cogent", "flag", "globalcloudxchange", "tata", "vodafone"] {
        let rest = "FLAG | P1 | A | PE1 | E | N | R | 12-Feb-2024 09:00 (GMT) - 12-Feb-2024 17:00 (GMT)";
        let rest = if slug == "globalcloudxchange" { rest.split_once("A | ").unwrap().1 } else { rest };
        let told = |more: &str| has_status(slug, Kind::Subject, &format!("{rest} {more}"));
        assert_eq!(told("Cancelled"), Some("CANCELLED"), "{slug}");
        assert_eq!(told("Completed"), Some("COMPLETED"), "{slug}");
        assert_eq!(told("Completion of the planned works"), Some("COMPLETED"), "{slug}");
        for more in
            ["completion of ring migration", "(not cancelled)", "reminder: do not cancel", "Cancelled order site"]
        {
            assert!(told(more).is_none_or(|told| told == "CONFIRMED"), "{slug}: {more}: {:?}", told(more));
        }
    }
}

#[test]
fn what_is_old_and_no_window_leaves_the_window() {
    all_tell(
        "CONFIRMED",
        &[
            "The old splice enclosure will be replaced.",
            "Original parts are used.",
            "The previous router is switched off.",
        ],
    );
}
