mod above;
mod beside;
mod calendars;
mod forwarded;
mod innocent;
mod large;
mod mistakes;
mod own;
mod quoted;
mod sender;
mod several;
mod windows;

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::features::maintenance::model::{Impact, Notice, Status};

/// The rules in the binary, read once: reading them takes longer than most of what is done with them here.
static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

/// The shortest rule that gives notices, with more steps for its page and more sections.
fn rule(steps: &str, sections: &str) -> String {
    format!(
        "name = 'Test'\norganizer = 'noc@test.example'\nsenders = ['noc@test.example']\nprocessors = [['html', 'date']]\n\
         impact = [['down', 'OUTAGE'], ['risk', 'NO-IMPACT']]\n\
         {sections}\n[default]\naccount = '1'\nstatus = 'CONFIRMED'\n\n{steps}"
    )
}

/// Steps for an id, a window and circuits that are lines.
const LINES: &str = r"
[[part.html.step]]
label = 'Id:'
field = 'maintenance_id'
[[part.html.step]]
find = '^From (?<start>.+) to (?<end>.+)$'
[[part.html.step]]
find = '^Circuit (?<circuit>\S+)'
";

/// Rules with one of the user, `test`.
fn with_rule(text: &str) -> (Rules, Vec<RuleError>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("test.toml"), text).unwrap();
    Rules::with_user_dir(folder.path())
}

/// What the user's rule makes of a page.
fn read(text: &str, page: &str) -> Verdict {
    let (rules, errors) = with_rule(text);
    assert_eq!(errors, []);
    rules.read(mail("noc@test.example", "x", page).as_bytes(), Some("test")).verdict
}

/// The notices that the user's rule makes of a page.
fn notices(text: &str, page: &str) -> Vec<Notice> {
    let verdict = read(text, page);
    let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
    notices
}

/// The reason why the user's rule cannot read a page.
fn reason(text: &str, page: &str) -> String {
    let verdict = read(text, page);
    let Verdict::Failed { reason, .. } = verdict else { panic!("{verdict:?}") };
    reason
}

/// Circuits and impacts of a notice.
fn circuits(notice: &Notice) -> Vec<(&str, Impact)> {
    notice.circuits.iter().map(|circuit| (circuit.circuit_id.as_str(), circuit.impact)).collect()
}

/// A mail whose body is a page.
fn mail(from: &str, subject: &str, page: &str) -> String {
    format!(
        "From: {from}\r\nSubject: {subject}\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n{page}"
    )
}

/// A page that [`LINES`] reads.
const PAGE: &str = "<p>Id: M-1</p><p>From 2026-03-03 01:00 to 2026-03-03 05:00</p><p>Circuit C-1</p>";

/// A mail with a calendar of the provider `name`.
fn calendar(from: &str, name: &str, more: &str) -> String {
    format!(
        "From: {from}\r\nSubject: works\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nContent-Type: text/calendar\r\n\r\n\
         BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260303T010000Z\r\nDTEND:20260303T050000Z\r\n\
         DTSTAMP:20260302T100000Z\r\nX-MAINTNOTE-PROVIDER:{name}\r\nX-MAINTNOTE-ACCOUNT:1\r\n\
         X-MAINTNOTE-MAINTENANCE-ID:W-1\r\nX-MAINTNOTE-OBJECT-ID:C-1\r\nX-MAINTNOTE-IMPACT:OUTAGE\r\n{more}\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

#[test]
fn every_rule_in_the_binary_compiles() {
    let errors: Vec<String> = Rules::embedded().check().iter().map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(Rules::embedded().slugs().len() > 30);
}

#[test]
fn rules_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Rules>();
}

#[test]
fn a_spreadsheet_that_cannot_be_read_is_named_as_the_reason() {
    let text = rule(LINES, "")
        .replace("'html', 'date'", "'html', 'xlsx', 'date'")
        .replace("Circuit (?<circuit>", "No (?<circuit>")
        + "[[part.xlsx.step]]\ncolumns = [{ header = 'Circuit', field = 'circuit' }]\n";
    let (rules, errors) = with_rule(&text);
    assert_eq!(errors, []);
    let raw = format!(
        "From: noc@test.example\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/html\r\n\r\n{PAGE}\r\n--b\r\n\
         Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet; name=a.xlsx\r\n\r\nPK\x03\x04\r\n--b--\r\n"
    );
    let Verdict::Failed { reason, .. } = rules.read(raw.as_bytes(), Some("test")).verdict else { panic!() };
    assert!(reason.contains("no circuits found"), "{reason}");
    assert!(reason.ends_with("; the spreadsheet cannot be read: it is damaged, or no spreadsheet"), "{reason}");
}

#[test]
fn a_calendar_that_is_cancelled_in_the_words_of_calendars_alone_says_so_beside_its_record() {
    let summary = |raw: &str| {
        let Verdict::Parsed { notices, .. } = Rules::embedded().read(raw.as_bytes(), None).verdict else {
            panic!("{raw}")
        };
        let contract = serde_json::to_value(&notices[0]).unwrap();
        assert_eq!(
            (contract["status"].as_str(), contract.as_object().unwrap().len()),
            (Some(notices[0].status.as_str()), 12)
        );
        (notices[0].status, notices[0].summary.clone(), notices[0].says_cancelled)
    };
    let plain = calendar("x@y.example", "Y", "SUMMARY:Works\r\n");
    assert_eq!(summary(&plain), (Status::NoChange, "Works".to_owned(), false));
    let said = (Status::NoChange, "Works".to_owned(), true);
    assert_eq!(summary(&plain.replace("SUMMARY", "STATUS:CANCELLED\r\nSUMMARY")), said);
    assert_eq!(summary(&plain.replace("BEGIN:VEVENT", "METHOD:CANCEL\r\nBEGIN:VEVENT")), said);
    let confirmed = plain.replace("SUMMARY", "STATUS:CANCELLED\r\nX-MAINTNOTE-STATUS:CONFIRMED\r\nSUMMARY");
    assert_eq!(summary(&confirmed), (Status::Confirmed, "Works".to_owned(), false));
}

#[test]
fn a_cancellation_that_cannot_be_read_says_first_that_it_is_one() {
    let reason = |raw: &str| {
        let verdict = RULES.read(raw.as_bytes(), None).verdict;
        let Verdict::Failed { reason, .. } = verdict else { panic!("{verdict:?}") };
        reason
    };
    let raw = calendar("x@y.example", "Y", "SUMMARY:Works\r\n").replace("X-MAINTNOTE-OBJECT-ID:C-1\r\n", "");
    assert_eq!(reason(&raw), "no circuits found, and the maintenance is planned");
    let why = "the calendar says cancelled; no circuits found, and X-MAINTNOTE-STATUS does not say cancelled";
    assert_eq!(reason(&raw.replace("BEGIN:VEVENT", "METHOD:CANCEL\r\nBEGIN:VEVENT")), why);
    assert_eq!(reason(&raw.replace("SUMMARY", "Status:Cancelled\r\nSUMMARY")), why);
    let other = raw.replace("SUMMARY", "X-MAINTNOTE-STATUS:CANCELLED\r\nSUMMARY").replace("ACCOUNT:1", "ACCOUNT:");
    assert_eq!(reason(&other), "the calendar says cancelled; no account found");
    assert_eq!(
        reason(&other.replace("END:VCALENDAR", "")),
        "the calendar says cancelled; ical: the calendar is cut or absent"
    );
}

#[test]
fn a_calendar_in_the_text_of_a_mail_is_read_unless_an_answer_quotes_it() {
    let raw = calendar("x@y.example", "Y", "SUMMARY:Works\r\n");
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    let text = head.replace("text/calendar", "text/plain");
    let quoted = format!("> {}\r\n", body.trim_end().replace("\r\n", "\r\n> "));
    let html = head.replace("text/calendar", "text/html");
    let page = format!("{html}\r\n\r\n<html><body><pre>{body}</pre></body></html>");
    let read = |raw: &str| RULES.read(raw.as_bytes(), None).verdict;
    let wanted = read(&raw);
    assert!(matches!(wanted, Verdict::Parsed { .. }), "{wanted:?}");
    let broken = format!("{html}\r\n\r\n<p>Dear all,</p>{}", body.replace("\r\n", "<br>\r\n"));
    for mail in [
        format!("{text}\r\n\r\nDear all, see below.\r\n\r\n{body}\r\nRegards\r\n"),
        format!("{text}\r\n\r\n{quoted}"),
        page,
        broken,
    ] {
        assert_eq!(read(&mail), wanted, "{mail}");
        let answer = format!("Subject: Re: {}", mail.split_once("Subject: ").unwrap().1);
        let answer = format!("{}{answer}", mail.split_once("Subject: ").unwrap().0);
        let Verdict::Unknown { reason } = read(&answer) else { panic!("{answer}") };
        assert!(
            reason.ends_with(
                "; the mail is an answer, and the calendar that it quotes is not read, for it may be out of date"
            ),
            "{reason}"
        );
    }
}

#[test]
fn a_zone_that_says_its_offset_is_known() {
    for (zone, hour) in [("UTC+2", 23), ("GMT+0200", 23), ("\"UTC-05:00\"", 6)] {
        let raw = calendar("x@y.example", "Y", "")
            .replace("DTSTART:20260303T010000Z", &format!("DTSTART;TZID={zone}:20260303T010000"));
        let raw = raw.replace("DTEND:20260303T050000Z", "DTEND:20260304T050000Z");
        let Verdict::Parsed { notices, .. } = Rules::embedded().read(raw.as_bytes(), None).verdict else {
            panic!("{zone}")
        };
        assert_eq!(chrono::Timelike::hour(&notices[0].start), hour, "{zone}");
    }
    let raw =
        calendar("x@y.example", "Y", "").replace("DTSTART:20260303T010000Z", "DTSTART;TZID=UTC+99:20260303T010000");
    assert!(matches!(Rules::embedded().read(raw.as_bytes(), None).verdict, Verdict::Failed { .. }));
}

#[test]
fn an_unknown_slug_and_an_unknown_mail_say_so() {
    let rules = Rules::embedded();
    let reason = |verdict| {
        let Verdict::Unknown { reason } = verdict else { panic!("{verdict:?}") };
        reason
    };
    assert!(reason(rules.read(b"Subject: x\r\n\r\nx", Some("nobody")).verdict).starts_with("no provider \"nobody\""));
    let unknown = reason(rules.read(mail("friend@home.example", "Lunch", "<p>Soup</p>").as_bytes(), None).verdict);
    assert_eq!(unknown, "no rule knows its senders (friend@home.example) or its content");
    assert!(reason(rules.read(b"", None).verdict).contains("no mail"));
}

#[test]
fn senders_shared_by_two_providers_are_told_apart_by_content() {
    let rules = Rules::embedded();
    for (name, slug) in [("arelion.com", "arelion"), ("Telia Carrier", "telia")] {
        let verdict = rules.read(calendar("support@arelion.com", name, "").as_bytes(), None).verdict;
        assert!(matches!(&verdict, Verdict::Parsed { provider, .. } if provider == slug), "{verdict:?}");
    }
}

#[test]
fn a_colleagues_forward_is_known_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let text = rule(LINES, "signs = ['Test Carrier NOC']");
    fs::write(folder.path().join("test.toml"), text).unwrap();
    let (rules, _) = Rules::with_user_dir(folder.path());
    for hint in ["<p>Test carrier NOC</p>", "<p>From: NOC &lt;noc@test.example&gt;</p>"] {
        let raw = mail("desk@corp.example", "Fwd: x", &format!("{hint}{PAGE}"));
        let verdict = rules.read(raw.as_bytes(), None).verdict;
        assert!(matches!(&verdict, Verdict::Parsed { provider, .. } if provider == "test"), "{hint}: {verdict:?}");
    }
}

#[test]
fn an_answer_that_quotes_a_notice_is_none_unless_the_provider_writes_it() {
    let (rules, _) = with_rule(&rule(LINES, "signs = ['Test Carrier NOC']"));
    let page = format!("<p>Can you move it?</p><p>Test Carrier NOC</p>{PAGE}");
    let verdict = |from, subject| rules.read(mail(from, subject, &page).as_bytes(), None).verdict;
    for subject in ["Re: works", "[noc] AW: works", "RE: Fwd: works"] {
        assert!(matches!(verdict("ann@corp.example", subject), Verdict::Ignored { .. }), "{subject}");
        assert!(matches!(verdict("noc@test.example", subject), Verdict::Parsed { .. }), "{subject}");
    }
    assert!(matches!(verdict("ann@corp.example", "Fwd: Re: works"), Verdict::Parsed { .. }));
    let accepted = calendar("ann@corp.example", "New Net", "").replace("BEGIN:VEVENT", "METHOD:REPLY\r\nBEGIN:VEVENT");
    assert!(matches!(rules.read(accepted.as_bytes(), None).verdict, Verdict::Unknown { .. }));
}

#[test]
fn a_calendar_of_an_unknown_sender_goes_by_the_name_it_gives() {
    let verdict = Rules::embedded().read(calendar("noc@new.example", "New \u{1b}[1mNet ", "").as_bytes(), None).verdict;
    let Verdict::Parsed { provider, notices } = verdict else { panic!("{verdict:?}") };
    assert_eq!(provider, "New ␛[1mNet");
    assert_eq!(notices[0].status, Status::NoChange);
    assert_eq!(notices[0].sequence, -1);
}

#[test]
fn a_calendar_satisfies_every_include_but_not_an_exclude() {
    let rules = Rules::embedded();
    let parsed = rules.read(calendar("gsoc-planned-event@pccwglobal.com", "PCCW Global", "").as_bytes(), Some("pccw"));
    assert!(matches!(parsed.verdict, Verdict::Parsed { .. }), "{parsed:?}");
    let raw = calendar("support@arelion.com", "arelion.com", "").replace("works", "Disturbance Information: 1");
    assert!(matches!(rules.read(raw.as_bytes(), None).verdict, Verdict::Ignored { .. }));
}

#[test]
fn a_calendars_own_impact_comes_first_and_its_words_are_exact() {
    let raw = calendar("x@y.example", "Y", "X-MAINTNOTE-STATUS:CONFIRMED\r\n")
        .replace("OBJECT-ID:", "OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=DEGRADED:");
    let Verdict::Parsed { notices, .. } = Rules::embedded().read(raw.as_bytes(), None).verdict else { panic!() };
    assert_eq!(circuits(&notices[0]), [("C-1", Impact::Degraded)]);
    let raw = raw.replace("CONFIRMED", "confirmed");
    assert!(matches!(Rules::embedded().read(raw.as_bytes(), None).verdict, Verdict::Failed { .. }));
}

#[test]
fn a_calendar_that_nests_without_end_is_an_error() {
    let deep = "BEGIN:VCALENDAR\r\n".to_owned() + &"BEGIN:VEVENT\r\n".repeat(100_000);
    assert!(calendar::read(&Part::text(Kind::Ical, &deep)).is_err_and(|reason| reason.contains("nests too deeply")));
}

#[test]
fn a_value_is_beside_its_label_below_it_or_behind_it_and_never_another_label() {
    let steps = "[[part.html.step]]\nlabel = 'Id'\nfield = 'maintenance_id'\n\
        [[part.html.step]]\nlabel = 'Note'\nfield = 'summary'\n\
        [[part.html.step]]\nlabel = 'Who:'\nfield = 'account'\n"
        .to_owned()
        + LINES;
    let tail = "<p>From 2026-03-03 01:00 to 2026-03-03 05:00</p><p>Circuit C-1</p>";
    for (page, id, summary) in [
        ("<p>Id: M-1</p><p>Note</p><p>works</p>", "M-1", "works"),
        ("<table><tr><td>Id<td>:<td>M-1<tr><td>Note<td><td>works</table>", "M-1", "works"),
        ("<table><tr><td>Id<td>M-1<tr><td>Note<td><tr><td>Who:<td>me</table>", "M-1", ""),
        ("<p>Id</p><p>M-1</p><p>Note</p><p>Who: me</p>", "M-1", ""),
        ("<p>ID&nbsp;&nbsp;M-1</p>", "M-1", ""),
    ] {
        let notices = notices(&rule(&steps, ""), &format!("{page}{tail}"));
        assert_eq!((notices[0].maintenance_id.as_str(), notices[0].summary.as_str()), (id, summary), "{page}");
    }
}

#[test]
fn lists_end_with_their_table_and_the_last_one_can_count() {
    let steps =
        "[[part.html.step]]\nlabel = 'Impact'\nlist = ['circuit', 'impact']\nkeep = 'last'\n".to_owned() + LINES;
    let page = "<p>Id: M-1</p><p>From 2026-03-03 01:00 to 2026-03-03 05:00</p>\
        <table><tr><td>Impact<tr><td>A<td>down</table><table><tr><td>Impact<tr><td>B<td>at risk<tr><td>C<td>down</table>\
        <p>Thank</p><p>you</p>";
    assert_eq!(circuits(&notices(&rule(&steps, ""), page)[0]), [("B", Impact::NoImpact), ("C", Impact::Outage)]);
}

#[test]
fn tables_are_known_by_their_header_and_rows_by_shape_and_content() {
    let steps = "[[part.html.step]]\ncolumns = [\n  { header = ['Circuit', 'Service'], field = 'circuit', not = ['-'] },\n\
        { header = 'Old Id', field = 'circuit', optional = true },\n  { header = 'Effect', field = 'impact', never = 'none' },\n]\n"
        .to_owned()
        + LINES;
    let page = "<p>Id: M-1</p><p>From 2026-03-03 01:00 to 2026-03-03 05:00</p>\
        <table><tr><th>Other<th>Effect<tr><td>X<td>down</table>\
        <table><tr><td colspan=3>Your services<tr><th>SERVICE:<th>Effect<th>Old id<tr><td>A<td>down<td>B<tr><td>-<td>risk<td>D\
        <tr><td>E<td>none<td>F</table>";
    assert_eq!(circuits(&notices(&rule(&steps, ""), page)[0]), [("A", Impact::Outage), ("D", Impact::NoImpact)]);
}

#[test]
fn repeated_blocks_are_maintenances_with_what_they_have_in_common() {
    let steps = "[[part.html.step]]\nlabel = 'Ticket'\nuntil = 'Regards'\nrepeat = [\n\
        { label = 'Ticket', field = 'maintenance_id' },\n\
        { find = '^(?<start>\\d\\S+ \\S+) - (?<end>.+)$' },\n\
        { find = '^Circuit (?<circuit>\\S+)' },\n]\n\
        [[part.html.step]]\nfind = '^(?<summary>Works.*)$'\n";
    let page = "<p>Works in Ghent</p><p>Ticket T-1</p><p>2026-03-03 01:00 - 2026-03-03 05:00</p><p>Circuit A</p>\
        <p>Ticket T-2</p><p>2026-03-04 01:00 - 2026-03-04 05:00</p><p>Circuit B</p><p>Regards</p>";
    let notices = notices(&rule(steps, ""), page);
    let said: Vec<_> =
        notices.iter().map(|n| (n.maintenance_id.as_str(), circuits(n)[0].0, n.summary.as_str())).collect();
    assert_eq!(said, [("T-1", "A", "Works in Ghent"), ("T-2", "B", "Works in Ghent")]);
}

#[test]
fn windows_are_each_or_from_the_earliest_to_the_latest() {
    let page = "<p>Id: M-1</p><p>Circuit C</p><p>Night 2026-03-04 01:00 until 2026-03-04 05:00</p>\
        <p>Night 2026-03-03 01:00 until 2026-03-03 05:00</p>";
    let steps = |keep: &str, more: &str| {
        format!("{LINES}[[part.html.step]]\nfind = '^Night (?<start>.+) until (?<end>.+)$'\nkeep = '{keep}'\n{more}")
    };
    let each = notices(&rule(&steps("all", ""), "").replace("[default]", "[default]\nwindow_suffix = '-{n}'"), page);
    let ids: Vec<_> = each.iter().map(|notice| notice.maintenance_id.as_str()).collect();
    assert_eq!(ids, ["M-1", "M-1-2"]);
    let split = "[[part.html.step]]\nfind = '^Night (?<start>.+) until'\nkeep = 'earliest'\n\
        [[part.html.step]]\nfind = 'until (?<end>.+)$'\nkeep = 'latest'\n";
    let whole = notices(&rule(&format!("{LINES}{split}"), ""), page);
    assert_eq!((whole.len(), (whole[0].end - whole[0].start).num_hours()), (1, 28));
}

#[test]
fn letters_of_zones_mean_what_the_rule_says_and_nothing_else() {
    let zones = "[dates.zones]\nCT = 'America/Chicago'\n";
    let page = PAGE.replace("01:00", "01:00 CT").replace("05:00", "05:00 CT");
    assert_eq!(notices(&rule(LINES, zones), &page)[0].start.to_rfc3339(), "2026-03-03T07:00:00+00:00");
    assert!(reason(&rule(LINES, ""), &page).contains("time zone \"CT\" in \"2026-03-03 01:00 CT\" is not known"));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for (from, to, want) in [
        ("Id: M-1", "", "no maintenance_id found"),
        ("Circuit C-1", "", "no circuits found, and the maintenance is confirmed"),
        ("From 2026", "At 2026", "no start of the window found"),
        ("2026-03-03 05:00", "2026-02-30 05:00", "does not exist"),
        ("2026-03-03 05:00", "2026-03-03 01:00", "not after its start"),
        ("2026-03-03 05:00", "the morning", "no date and time in \"the morning\""),
    ] {
        let reason = reason(&rule(LINES, ""), &PAGE.replace(from, to));
        assert!(reason.contains(want), "{reason}");
    }
    let no_date = mail("noc@test.example", "x", PAGE).replace("Mon, 2 Mar 2026 10:00:00 +0000", "soon");
    let (rules, _) = with_rule(&rule(LINES, ""));
    assert!(matches!(rules.read(no_date.as_bytes(), Some("test")).verdict, Verdict::Failed { .. }));
}

#[test]
fn of_several_pages_the_one_that_says_most_is_read() {
    let (rules, _) = with_rule(&rule(LINES, ""));
    let raw = format!(
        "From: noc@test.example\r\nSubject: x\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Id: M-0</p>\r\n\
         --b\r\nContent-Type: text/html\r\n\r\n{PAGE}\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Id: M-2</p>\r\n--b--\r\n"
    );
    let Verdict::Parsed { notices, .. } = rules.read(raw.as_bytes(), None).verdict else { panic!() };
    assert_eq!(notices[0].maintenance_id, "M-1");
}

#[test]
fn the_headers_that_count_are_those_of_the_mail_that_the_page_is_in() {
    let steps = format!("{LINES}\n[[part.subject.step]]\nfind = '^(?:Fwd: )?(?<summary>\\w+)'");
    let text = rule(&steps, "").replace("[['html', 'date']]", "[['html', 'subject', 'date']]");
    let (rules, errors) = with_rule(&text);
    assert_eq!(errors, []);
    let inner = mail("noc@test.example", "Cancelled", PAGE).replace("Date: Mon, 2 Mar", "Date: Sun, 1 Mar");
    let outer = format!(
        "From: desk@corp.example\r\nSubject: tonight\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Circuit C-9</p>\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    );
    let verdict = rules.read(outer.as_bytes(), Some("test")).verdict;
    let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        (notices[0].summary.as_str(), notices[0].stamp.to_rfc3339().as_str()),
        ("Cancelled", "2026-03-01T10:00:00+00:00")
    );
}

#[test]
fn lines_end_where_those_of_the_html_do_if_the_rule_says_so() {
    let page = "<div>Id: M-1\n From 2026-03-03 01:00 to 2026-03-03 05:00\nCircuit C-1\n</div>";
    assert!(reason(&rule(LINES, ""), page).contains("found"));
    let broken = format!("[part.html]\nbreak_at = [\"line-end\"]\n{LINES}");
    assert_eq!(circuits(&notices(&rule(&broken, ""), page)[0]), [("C-1", Impact::Outage)]);
}

#[test]
fn escape_sequences_never_get_into_a_notice() {
    let page = PAGE.replace("M-1", "M\u{1b}]0;x\u{7}-1").replace("C-1", "C\u{9b}1");
    let notices = notices(&rule(LINES, ""), &page);
    assert!(!format!("{notices:?}").contains(['\u{1b}', '\u{7}', '\u{9b}']), "{notices:?}");
}

#[test]
fn reading_takes_time_in_proportion_to_the_mail() {
    // A quadratic step would need minutes here.
    let rows = "<tr><td>Circuit C-1</td><td>Id</td><td>x</td></tr>".repeat(4000);
    let page = format!("<p>Id: M-1</p><p>From 2026-03-03 01:00 to 2026-03-03 05:00</p><table>{rows}</table>");
    assert_eq!(notices(&rule(LINES, ""), &page)[0].circuits.len(), 4000);
}

#[test]
fn a_badly_written_circuit_does_not_cost_the_notice() {
    let calendar = |objects: &str| {
        format!(
            "From: x@new.example\nSubject: x\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n\
             UID:1\r\nSUMMARY:x\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260201T000000Z\r\nDTEND:20260201T040000Z\r\n\
             X-MAINTNOTE-PROVIDER:New Net\r\nX-MAINTNOTE-ACCOUNT:1\r\nX-MAINTNOTE-MAINTENANCE-ID:M-1\r\n\
             X-MAINTNOTE-STATUS:CONFIRMED\r\n{objects}END:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    };
    let long = "L".repeat(600);
    let objects = format!(
        "X-MAINTNOTE-OBJECT-ID:\r\nX-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:None\r\n\
         X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:A-1\r\n\
         X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=DEGRADED:{long}\r\n"
    );
    let verdict = Rules::embedded().read(calendar(&objects).as_bytes(), None).verdict;
    let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
    let cut = format!("{}…", "L".repeat(499));
    assert_eq!(circuits(&notices[0]), [("A-1", Impact::Outage), (&cut, Impact::Degraded)]);
    let verdict = Rules::embedded().read(calendar("X-MAINTNOTE-OBJECT-ID:\r\n").as_bytes(), None).verdict;
    assert!(matches!(&verdict, Verdict::Failed { reason, .. } if reason.contains("no circuits found")), "{verdict:?}");
}

#[test]
fn an_account_that_is_too_long_is_cut_and_an_id_is_refused() {
    let account = "[[part.html.step]]\nlabel = 'For:'\nfield = 'account'\n";
    let long = "x".repeat(501);
    let page =
        format!("<p>Id: M-1</p><p>For: {long}</p><p>From 2026-03-03 01:00 to 2026-03-03 05:00</p><p>Circuit C-1</p>");
    let cut = &notices(&rule(&format!("{account}{LINES}"), ""), &page)[0].account;
    assert_eq!((cut.chars().count(), cut.ends_with('…')), (500, true));
    let page = format!("<p>Id: {long}</p><p>From 2026-03-03 01:00 to 2026-03-03 05:00</p><p>Circuit C-1</p>");
    assert_eq!(reason(&rule(LINES, ""), &page), "html + date: the maintenance_id is longer than 500 characters");
}

#[test]
fn a_date_without_a_year_is_near_the_notice_and_an_end_without_a_date_is_on_the_day_of_its_start_or_the_next() {
    let nights = "[[part.html.step]]\nlabel = 'Id:'\nfield = 'maintenance_id'\n[[part.html.step]]\n\
                  find = '^Night: (?<start>.+) – (?<end>.+)$'\nkeep = 'all'\n[[part.html.step]]\nfind = '^Circuit (?<circuit>\\S+)'\n";
    let page = "<p>Id: M-1</p><p>Night: 28 Dec, 11:30 PM EST – 4:00 AM</p><p>Night: 2 Jan, 01:00 – 05:00 UTC</p><p>Circuit C-1</p>";
    let page_of = |text: &str| {
        let raw = mail("noc@test.example", "x", page).replace("Mon, 2 Mar 2026", "Tue, 22 Dec 2026");
        let (rules, errors) = with_rule(text);
        assert_eq!(errors, []);
        rules.read(raw.as_bytes(), Some("test")).verdict
    };
    let Verdict::Parsed { notices, .. } =
        page_of(&rule(nights, "[dates]\nyear = 'near'\nzones = { EST = 'America/New_York' }"))
    else {
        panic!("{:?}", page_of(&rule(nights, "")))
    };
    let windows: Vec<String> = notices
        .iter()
        .map(|notice| format!("{} {}", notice.start.format("%F %R"), notice.end.format("%F %R")))
        .collect();
    assert_eq!(windows, ["2026-12-29 04:30 2026-12-29 09:00", "2027-01-02 01:00 2027-01-02 05:00"]);
}

#[test]
fn what_was_not_found_is_told_in_words() {
    let missing =
        |step: &str| reason(&rule(&format!("[[part.html.step]]\n{step}\nrequired = true\n{LINES}"), ""), "<p>x</p>");
    assert_eq!(
        missing("label = ['Start Time:', 'Begin:']\nfield = 'start'"),
        "html + date: html: the line \"Start Time:\" or \"Begin:\" was not found"
    );
    assert_eq!(
        missing("find = '^Ticket#(?<maintenance_id>\\d+).*for (?<account>\\w+)$'"),
        "html + date: html: no maintenance id and no account: nothing reads like \"Ticket#…for …\""
    );
    assert_eq!(
        missing("columns = [{ header = 'Line', field = 'circuit' }, { at = 2, field = 'impact' }]"),
        "html + date: html: no table with rows under \"line\" was found"
    );
    let filter = "include = [{ part = 'html', find = '(?i)\\bwork +notice\\b' }]";
    let verdict = read(&rule(LINES, filter), "<p>x</p>");
    assert!(
        matches!(&verdict, Verdict::Ignored { reason, .. } if reason == "it lacks \"work notice\" in its html"),
        "{verdict:?}"
    );
}

/// Mails that look like mails: pieces of real ones in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("From: mr@zayo.com\r\n"),
        Just("From: smc@lumen.com\r\n"),
        Just("Subject: Scheduled Maintenance =?utf-8?q?=00=1b?= CRQ1-1 [1/1/2026 0:0:0 GMT - 2/1/2026 0:0:0 GMT]\r\n"),
        Just("Date: Mon, 31 Feb 2026 25:61:00 +9999\r\n"),
        Just("Content-Type: multipart/mixed; boundary=b\r\n"),
        Just("Content-Type: text/html; charset=utf-7\r\n"),
        Just("Content-Type: text/calendar\r\n"),
        Just("Content-Type: message/rfc822\r\n"),
        Just("Content-Type: text/csv\r\n"),
        Just("Content-Transfer-Encoding: base64\r\n"),
        Just("Content-Transfer-Encoding: quoted-printable\r\n"),
        Just("\r\n"),
        Just("--b\r\n"),
        Just("--b--\r\n"),
        Just("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;TZID=X:20260101T000000\r\n"),
        Just("X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=:\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"),
        Just("<table><tr><th>Start<th>End<tr><td>2026-02-30 99:99 GMT<td>x GMT"),
        Just("<b>Maintenance Ticket #: </b>TTN-1<br>01-Nov-2026 00:01 to ( GMT )</table></table>"),
        Just("<td><tr><table><svg><math><template><p><b><i>"),
        Just("Customer Name<td>Circuit ID\r\n"),
        Just("\u{130}\u{307}ß\u{202e}\u{0}"),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_never_panic(raw in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let rules = &*RULES;
        let _ = rules.read(&raw, None);
        let _ = crate::features::maintenance::mail::readable(&raw);
    }

    #[test]
    fn pieces_of_mails_in_any_order_never_panic(raw in pieces(), which in 0..40_usize) {
        let rules = &*RULES;
        let _ = rules.read(raw.as_bytes(), None);
        let slugs = rules.slugs();
        let _ = rules.read(raw.as_bytes(), slugs.get(which % slugs.len()).copied());
        let shown = crate::features::maintenance::mail::readable(raw.as_bytes());
        prop_assert!(shown.lines.iter().all(|line| !line.contains(|c: char| c.is_control())));
    }

    #[test]
    fn every_part_alone_is_survived_by_every_rule(text in "\\PC{0,300}", kind in 0..7_usize) {
        let rules = &*RULES;
        for slug in rules.slugs() {
            let _ = rules.read_parts(vec![Part::from_file(Kind::ALL[kind], text.clone().into_bytes())], Some(slug));
        }
    }
}
