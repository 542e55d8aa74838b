//! Notices that somebody forwarded as text: when they were first sent.

use super::*;

/// What a colleague forwards on 2 March 2026 at ten, sent by the provider on `day` of February at nine.
fn below(day: u32, page: &str) -> String {
    format!(
        "<div><p><b>From:</b> NOC &lt;noc@test.example&gt;<br><b>Sent:</b> {day} February 2026 09:00<br>\
         <b>To:</b> us@corp.example<br><b>Subject:</b> Works</p></div>{page}"
    )
}

/// Day of February on which the notice was sent, of a mail that was not sent before by somebody else.
fn sent(rule: &str, from: &str, body: &str) -> Option<String> {
    let (rules, errors) = with_rule(rule);
    assert_eq!(errors, []);
    let verdict = rules.read(mail(from, "Works", body).as_bytes(), Some("test")).verdict;
    let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(notices[0].made(), notices[0].sent.unwrap_or(notices[0].stamp));
    notices[0].sent.map(|sent| sent.format("%d %H:%M").to_string())
}

const COLLEAGUE: &str = "ann@corp.example";
const PROVIDER: &str = "noc@test.example";

#[test]
fn a_notice_that_a_colleague_forwards_was_made_when_it_was_sent_and_keeps_its_stamp() {
    let rule = rule(LINES, "");
    let body = format!("<p>FYI</p>{}", below(20, PAGE));
    assert_eq!(sent(&rule, COLLEAGUE, &body).as_deref(), Some("20 09:00"));
    let (rules, _) = with_rule(&rule);
    let verdict = rules.read(mail(COLLEAGUE, "Works", &body).as_bytes(), Some("test")).verdict;
    let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(notices[0].stamp.to_rfc3339(), "2026-03-02T10:00:00+00:00");
    // Handed on twice, with a word each time.
    let twice = format!("<p>FYI</p>{}", below(21, &format!("<p>For you, too</p>{}", below(20, PAGE))));
    assert_eq!(sent(&rule, COLLEAGUE, &twice).as_deref(), Some("20 09:00"));
}

#[test]
fn what_the_provider_sends_itself_is_of_that_day_whatever_it_quotes() {
    let rule = rule(LINES, "");
    assert_eq!(sent(&rule, PROVIDER, &format!("<p>As announced.</p>{}", below(20, PAGE))), None);
    assert_eq!(sent(&rule, PROVIDER, &format!("{PAGE}{}", below(20, PAGE))), None);
    assert_eq!(sent(&rule, COLLEAGUE, &format!("{PAGE}{}", below(20, "<p>Hello</p>"))), None);
}

#[test]
fn what_the_provider_added_above_its_notice_is_as_new_as_that() {
    let rule = rule(
        &format!("{LINES}[[part.html.step]]\nfind = '(?<status>has been completed|is planned)'\n"),
        "status = [['completed', 'COMPLETED'], ['planned', 'CONFIRMED']]\n",
    );
    let planned = below(20, &format!("<p>This is planned</p>{PAGE}"));
    let done = format!("<p>FYI</p>{}", below(22, &format!("<p>This has been completed.</p>{planned}")));
    assert_eq!(sent(&rule, COLLEAGUE, &done).as_deref(), Some("22 09:00"));
}

#[test]
fn a_notice_with_a_stamp_of_its_own_keeps_that() {
    let rule = rule(&format!("{LINES}[[part.html.step]]\nlabel = 'Issued:'\nfield = 'stamp'\n"), "");
    let body = |issued: &str| format!("<p>FYI</p>{}", below(20, &format!("{PAGE}<p>Issued: {issued}</p>")));
    let stamp = |issued: &str| sent(&rule, COLLEAGUE, &body(issued));
    assert_eq!(stamp("2026-02-19 12:00"), None);
    // A clock that is ahead of the forward says nothing.
    assert_eq!(stamp("2026-03-03 12:00").as_deref(), Some("20 09:00"));
}

#[test]
fn a_subject_that_is_the_summary_says_nothing_of_who_passed_it_on() {
    let steps = format!("{LINES}\n[[part.subject.step]]\nfind = '^(?<summary>.+)$'");
    let (rules, errors) = with_rule(&rule(&steps, "").replace("[['html', 'date']]", "[['html', 'subject', 'date']]"));
    assert_eq!(errors, []);
    let summary = |subject: &str| {
        let verdict = rules.read(mail("noc@test.example", subject, PAGE).as_bytes(), Some("test")).verdict;
        let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
        notices[0].summary.clone()
    };
    for subject in ["Works: night 2", "FW: Works: night 2", "[noc] Fwd: FW: Works: night 2", "WG: Works: night 2"] {
        assert_eq!(summary(subject), "Works: night 2", "{subject}");
    }
    assert_eq!(summary("[5-77] Works"), "[5-77] Works");
}
