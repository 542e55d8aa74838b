//! What a provider says above a notice that it quotes.

use super::quoted::{below, lines, page, with_signs};
use super::*;

/// Who sends the notices, and somebody who gets them.
const NOC: &str = "noc@test.example";
/// See [`NOC`].
const ANN: &str = "ann@corp.example";

/// What a page says with [`LINES`] and more of a rule.
fn verdict(sections: &str, (from, subject): (&str, &str), page: &str) -> Verdict {
    let steps = "[[part.html.step]]\nfind = '^Ticket (?<status>\\w+)$'\nkeep = 'last'\n";
    let (rules, errors) = with_rule(&rule(&format!("{LINES}{steps}"), sections));
    assert_eq!(errors, []);
    rules.read(mail(from, subject, page).as_bytes(), Some("test")).verdict
}

/// The status of what a mail tells, or why it is not read.
fn status(head: (&str, &str), page: &str) -> Result<&'static str, String> {
    const WORDS: &str = "status = [['resolved', 'COMPLETED'], ['opened', 'CONFIRMED'], ['moved', 'RE-SCHEDULED']]\n";
    match verdict(WORDS, head, page) {
        Verdict::Parsed { notices, .. } => Ok(notices[0].status.as_str()),
        Verdict::Failed { reason, .. } => Err(reason),
        other @ (Verdict::Ignored { .. } | Verdict::Unknown { .. }) => panic!("{other:?}"),
    }
}

/// A page below the headers of a mail of this sender and subject.
fn below_mail(from: &str, subject: &str, page: &str) -> String {
    below(page).replace(NOC, from).replace("Subject:</b> Works", &format!("Subject:</b> {subject}"))
}

#[test]
fn the_subject_tells_it_where_it_is_not_that_of_the_mail_that_is_quoted() {
    let told = |subject: &str, quoted: &str| {
        status((NOC, subject), &format!("<p>Please see below.</p>{}", below_mail(NOC, quoted, &page(5)))).unwrap()
    };
    assert_eq!(told("COMPLETED: Works", "Works"), "COMPLETED");
    assert_eq!(told("[CANCELLED] RE: Works", "Works"), "CANCELLED");
    assert_eq!(told("RE: Works - completed", "Works"), "COMPLETED");
    assert_eq!(told("RE: Works (started)", "Works"), "IN-PROCESS");
    assert_eq!(told("RE: Works", "Works"), "CONFIRMED");
    assert_eq!(told("RE: COMPLETED: Works", "COMPLETED: Works"), "CONFIRMED");
    assert_eq!(told("RE: RESCHEDULED: Works", "RESCHEDULED: Works"), "CONFIRMED");
    let unknown = format!("<p>See below.</p><p>On 2 March 2026, NOC wrote:</p>{}", page(5));
    assert_eq!(status((NOC, "RE: Works - completed"), &unknown).unwrap(), "CONFIRMED");
    assert_eq!(status((NOC, "COMPLETED: RE: Works"), &unknown).unwrap(), "COMPLETED");
}

#[test]
fn new_times_above_count_where_they_can_be_read_and_nothing_counts_where_not() {
    let longer = "<p>We need to extend the window.</p><p>From 2026-03-05 01:00 to 2026-03-05 08:00</p>";
    let Verdict::Parsed { notices, .. } = verdict("", (NOC, "RE: Works"), &format!("{longer}{}", below(&page(5))))
    else {
        panic!()
    };
    assert_eq!(notices[0].end.to_rfc3339(), "2026-03-05T08:00:00+00:00");
    assert_eq!(notices[0].status, Status::ReScheduled);
    assert_eq!(notices[0].circuits.len(), 1);
    // The old times once more are no new ones.
    for above in [
        longer.replace("08:00", "05:00").as_str(),
        "<p>We need to extend the window until 08:00 UTC.</p>",
        "<p>The maintenance has been rescheduled to the same hours of Thursday.</p>",
        "<p>The work has been started late. It will be extended.</p>",
        "<p>Ticket moved</p>",
    ] {
        let reason = status((NOC, "RE: Works"), &format!("{above}{}", below(&page(5)))).unwrap_err();
        assert!(reason.contains("speaks of new times above the notice that it quotes"), "{above}: {reason}");
    }
}

#[test]
fn that_the_times_were_moved_is_nothing_new_above_a_notice_that_says_so() {
    let moved = format!("<p>Ticket moved</p>{}", page(5));
    let told = |above: &str| status((NOC, "RE: Works"), &format!("<p>{above}</p>{}", below(&moved)));
    assert_eq!(told("Hello, yes, the maintenance has been rescheduled.").unwrap(), "RE-SCHEDULED");
    assert_eq!(told("The maintenance will be extended, the new times are below.").unwrap(), "RE-SCHEDULED");
    assert_eq!(told("The maintenance has been completed.").unwrap(), "COMPLETED");
    told("The maintenance has been rescheduled again.").unwrap_err();
    told("We have to postpone the maintenance.").unwrap_err();
}

#[test]
fn words_of_the_rule_count_as_well() {
    let planned = format!("<p>Ticket opened</p>{}", page(5));
    let told = |above: &str| status((NOC, "RE: Works"), &format!("{above}{}", below(&planned))).unwrap();
    assert_eq!(told("<p>Ticket resolved</p>"), "COMPLETED");
    assert_eq!(told("<p>Ticket updated</p>"), "CONFIRMED");
    let words = "status = [['/^postponed/', 'CANCELLED'], ['opened', 'CONFIRMED']]\n";
    let page = format!("<p>The maintenance has been postponed.</p>{}", below(&planned));
    let Verdict::Parsed { notices, .. } = verdict(words, (NOC, "RE: Works"), &page) else { panic!() };
    assert_eq!(notices[0].status, Status::Cancelled);
}

#[test]
fn the_newest_word_of_the_provider_counts_and_nobody_elses() {
    let done = "<p>The maintenance has been completed.</p>";
    let off = "<p>The maintenance has been cancelled.</p>";
    let thanks = "<p>Thanks for your question, circuit C-5 is not impacted.</p>";
    let notice = below(&page(5));
    let told = |from: &str, page: &str| status((from, "RE: Works"), page).unwrap();
    assert_eq!(told(NOC, &format!("{thanks}{notice}")), "CONFIRMED");
    assert_eq!(told(NOC, &format!("{done}{}", below(&format!("{off}{notice}")))), "COMPLETED");
    assert_eq!(told(NOC, &format!("{thanks}{}", below(&format!("{off}{notice}")))), "CANCELLED");
    // What a customer wrote in between.
    assert_eq!(told(NOC, &format!("{thanks}{}", below_mail(ANN, "RE: Works", &format!("{off}{notice}")))), "CONFIRMED");
    let forwarded = |letter: &str, page: &str| status((ANN, "FW: Works"), &format!("{letter}{page}")).unwrap();
    assert_eq!(forwarded(done, &notice), "CONFIRMED");
    assert_eq!(forwarded("<p>FYI</p>", &below(&format!("{off}{notice}"))), "CANCELLED");
}

#[test]
fn what_is_not_clear_changes_nothing() {
    let told = |above: &str| status((NOC, "RE: Works"), &format!("{above}{}", below(&page(5)))).unwrap();
    assert_eq!(told("<p>The maintenance has been cancelled.</p><p>The work has been completed.</p>"), "CONFIRMED");
    assert_eq!(told("<p>Dear Ann,</p><p>thanks for the LOA. This has been completed.</p>"), "CONFIRMED");
    assert_eq!(told("<p>Dear Ann,</p><p>This has been completed, thanks.</p>"), "COMPLETED");
    assert_eq!(
        told("<p>The work has started at 01:00.</p><p>It is over: the work has been completed.</p>"),
        "COMPLETED"
    );
    // A notice that is whole says all by itself.
    let whole = format!("<p>The maintenance of M-3 has been cancelled.</p>{}{}", page(5), below(&page(3)));
    assert_eq!(status((NOC, "RE: Works"), &whole).unwrap(), "CONFIRMED");
}

#[test]
fn another_maintenance_that_is_named_above_a_notice_is_not_the_one_that_is_quoted() {
    let read = |above: &str| {
        let verdict = verdict("", (NOC, "RE: Works"), &format!("{above}{}", below(&page(5))));
        let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}: {above}") };
        (notices[0].maintenance_id.clone(), notices[0].status)
    };
    let done = "<p>The maintenance has been completed.</p>";
    assert_eq!(read(&format!("<p>Id: M-4</p>{done}")), ("M-5".to_owned(), Status::Confirmed));
    assert_eq!(read(&format!("<p>Id: M-5</p>{done}")), ("M-5".to_owned(), Status::Completed));
    assert_eq!(read(&format!("<p>Id: see below</p>{done}")), ("M-5".to_owned(), Status::Completed));
}

#[test]
fn what_is_told_above_is_as_new_as_the_mail_even_if_the_notice_has_a_date_of_its_own() {
    let dated = format!("{LINES}[[part.html.step]]\nlabel = 'Sent on:'\nfield = 'stamp'\n");
    let (rules, _) = with_rule(&rule(&dated, ""));
    let stamp = |above: &str| {
        let page = format!("<p>{above}</p>{}", below(&format!("<p>Sent on: 2026-02-01 10:00</p>{}", page(5))));
        let Verdict::Parsed { notices, .. } = rules.read(mail(NOC, "RE: Works", &page).as_bytes(), None).verdict else {
            panic!()
        };
        notices[0].stamp.to_rfc3339()
    };
    assert_eq!(stamp("The maintenance has been completed."), "2026-03-02T10:00:00+00:00");
    assert_eq!(stamp("Thanks for your question."), "2026-02-01T10:00:00+00:00");
}

#[test]
fn it_counts_in_text_and_where_the_notice_takes_all_layers() {
    let text = rule(&LINES.replace("html", "text"), "").replace("'html'", "'text'");
    let (rules, errors) = with_rule(&text);
    assert_eq!(errors, []);
    let read = |body: &str| {
        let raw = mail(NOC, "RE: Works", body).replace("text/html", "text/plain");
        let verdict = rules.read(raw.as_bytes(), Some("test")).verdict;
        let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}: {body}") };
        (notices[0].maintenance_id.clone(), notices[0].status)
    };
    // A line of plain text is cut anywhere.
    let above = "Dear customer,\n\nwe would like to inform you that the planned maintenance of tonight\nhas been \
                 completed, and thank you for your patience.\n\n";
    let quoted = with_signs(&lines(5));
    assert_eq!(read(&format!("{above}On 2 March 2026, NOC wrote:\n{quoted}")), ("M-5".to_owned(), Status::Completed));
    let without_id = quoted.replace("Id: M-5", "Works");
    let both = format!("Id: M-7\n\n{above}On 2 March 2026, NOC wrote:\n{without_id}");
    assert_eq!(read(&both), ("M-7".to_owned(), Status::Completed));
}

#[test]
fn whoever_asks_is_told_which_sentence_it_was() {
    let (rules, _) = with_rule(&rule(LINES, ""));
    let page = format!("<p>The maintenance has been completed.</p>{}", below(&page(5)));
    let taken = crate::features::maintenance::mail::read(mail(NOC, "RE: Works", &page).as_bytes()).unwrap();
    let explanation = rules.explain("test", &taken).unwrap();
    let status = explanation.fields.iter().find(|field| field.field == "status").unwrap();
    assert_eq!(status.values, ["COMPLETED"]);
    assert_eq!(status.from, ["above the notice that is quoted: \"The maintenance has been completed.\""]);
}
