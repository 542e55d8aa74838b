use std::fs;

use super::*;
use crate::features::maintenance::mail;

/// A mail with this page.
fn mail(page: &str) -> Mail {
    let raw = format!(
        "From: noc@test.example\nSubject: Work T-77 - planned\nDate: Mon, 2 Nov 2026 10:15:00 +0000\n\
         Content-Type: text/html\n\n{page}"
    );
    mail::read(raw.as_bytes()).unwrap()
}

/// What a rule of these steps makes of a page.
fn explain(steps: &str, page: &str) -> Explanation {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.toml");
    let head = "organizer = 'noc@test.example'\nsenders = ['noc@test.example']\n\
                processors = [['html', 'subject', 'date']]\nstatus = [['planned', 'CONFIRMED']]\n\
                [default]\naccount = '1'\n[[part.subject.step]]\nfind = '(?<maintenance_id>T-\\d+) - (?<status>\\w+)'\n";
    fs::write(&file, format!("{head}{steps}")).unwrap();
    let (rules, slug) = Rules::embedded().with_file(&file).unwrap();
    rules.explain(&slug, &mail(page)).unwrap()
}

/// The steps of the page.
fn steps(explanation: &Explanation) -> &[StepSeen] {
    &explanation.processors[0].read[0].steps
}

/// What came nearest to the first step, as place, text and reason.
fn nearest(steps_written: &str, page: &str) -> Vec<(usize, String, String)> {
    let explanation = explain(steps_written, page);
    let near = |near: &Near| (near.place.line, near.text.clone(), near.because.clone());
    steps(&explanation)[0].nearest.iter().map(near).collect()
}

const WINDOW: &str = "[[part.html.step]]\nlabel = 'From'\nfield = 'start'\n[[part.html.step]]\nlabel = 'To'\nfield = 'end'\n\
                      [[part.html.step]]\nlabel = 'Line'\nfield = 'circuit'\n";
const PAGE: &str = "<table><tr><td>From</td><td>2026-11-20 22:00</td></tr><tr><td>To</td><td>2026-11-21 04:00</td></tr></table>\
                    <p>Line L-1</p><p>Line L-2</p>";

#[test]
fn every_field_of_a_notice_says_where_it_is_from() {
    let explanation = explain(WINDOW, PAGE);
    assert!(matches!(explanation.verdict, Verdict::Parsed { .. }), "{:?}", explanation.verdict);
    let from = |field: &str| explanation.fields.iter().find(|seen| seen.field == field).unwrap().from.join("; ");
    assert_eq!(from("start"), "html line 2 (t0 r0 c2), rule line 10");
    assert_eq!(from("circuit"), "html line 5, rule line 16; html line 6, rule line 16");
    assert_eq!(from("maintenance_id"), "subject line 1, rule line 8");
    assert_eq!(from("stamp"), "date");
    assert_eq!(from("account"), "[default] of the rule");
    assert_eq!(explanation.recognised_by, ["sender noc@test.example"]);
    assert_eq!(explanation.taken_by.as_deref(), Some("test"));
}

#[test]
fn what_comes_second_is_told_as_not_used() {
    let explanation =
        explain("[[part.html.step]]\nlabel = 'Why'\nfield = 'summary'\n", "<p>Why: one</p><p>Why: two</p>");
    let late: Vec<bool> = steps(&explanation)[0].found.iter().map(|value| value.too_late).collect();
    assert_eq!(late, [false, true]);
}

#[test]
fn a_pattern_that_fits_in_part_says_how_far() {
    let near = nearest(
        "[[part.html.step]]\nfind = 'Ticket (?<uid>[A-Z]+) for (?<account>\\w+)'\n",
        "<p>x</p><p>Ticket AB of Ada</p>",
    );
    assert_eq!(near.len(), 1);
    let (line, text, because) = &near[0];
    assert_eq!((*line, text.as_str()), (2, "Ticket AB of Ada"));
    assert!(
        because.contains("it fits as far as \"Ticket AB\"") || because.contains("as far as \"Ticket AB \""),
        "{because}"
    );
    assert!(because.contains("there is"), "{because}");
    assert_eq!(nearest("[[part.html.step]]\nfind = 'Wholly (?<uid>\\d+)'\n", "<p>nothing of it</p>"), []);
}

#[test]
fn a_label_that_gives_nothing_says_why() {
    let because = |steps: &str, page: &str| nearest(steps, page).remove(0).2;
    let label = |more: &str| format!("[[part.html.step]]\nlabel = 'Reason'\n{more}\n");
    assert!(because(&label("field = 'summary'"), "<p>Raeson: fibre</p>").contains("begins nearly like \"reason\""));
    assert!(because(&label("field = 'summary'"), "<p>The Reason is age</p>").contains("label_is = \"within\""));
    assert!(because(&label("field = 'summary'"), "<p>Reason:</p>").contains("no value stands beside or below"));
    assert!(because(&label("field = 'summary'\nnot = ['none']"), "<p>Reason: none</p>").contains("one of `not`"));
    assert!(
        because(&label("pattern = '^age (?<summary>.+)'"), "<p>Reason: old</p>").contains("does not fit `pattern`")
    );
    assert!(
        because(&label("field = 'summary'\nafter = 'Below'"), "<p>Reason: old</p>")
            .contains("no line above it begins with `after`")
    );
    assert!(because(&label("field = 'summary'\nin = ['b']"), "<p>Reason: old</p>").contains("elements of `in`"));
    let words = label("field = 'status'\nwords = [['go', 'CONFIRMED']]");
    assert!(because(&words, "<p>Reason: stop</p>").contains("none of `words`"));
}

#[test]
fn a_table_says_which_headers_it_lacks_and_why_rows_do_not_count() {
    let columns = "[[part.html.step]]\ncolumns = [{ header = 'Line', field = 'circuit', need = '^L-' }, { header = 'Effect', field = 'impact' }]\n";
    let page = |head: &str, row: &str| format!("<table><tr>{head}</tr><tr>{row}</tr></table>");
    let lacks = nearest(columns, &page("<th>Line</th><th>Site</th>", "<td>L-1</td><td>Ghent</td>"));
    assert_eq!(lacks[0].2, "as a header it lacks \"effect\"");
    let row = nearest(columns, &page("<th>Line</th><th>Effect</th>", "<td>X-1</td><td>down</td>"));
    assert_eq!(row[0], (3, "X-1 | down".to_owned(), "\"X-1\" does not fit `need`".to_owned()));
}

#[test]
fn no_pattern_and_no_page_makes_it_panic() {
    for find in ["((((a)b)c", "[", "a|b|(?<uid>zzzz)q", "(?x) t e s t (?<uid>\\d)", "é{2}ü(?<uid>x)test", "test\\"] {
        let steps = format!("[[part.html.step]]\nfind = '{find}'\n");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.toml");
        fs::write(&file, format!("organizer = 'x'\nprocessors = [['html']]\n{steps}")).unwrap();
        let Ok((rules, slug)) = Rules::embedded().with_file(&file) else { continue };
        for page in ["", "<table><tr><td>", "tést éé ü test\u{202e}", "<p>t e s t</p>"] {
            assert!(rules.explain(&slug, &mail(page)).is_some());
        }
    }
}

#[test]
fn every_rule_in_the_binary_can_be_explained() {
    let rules = Rules::embedded();
    for slug in rules.slugs() {
        let explanation = rules.explain(slug, &mail(PAGE)).unwrap();
        assert!(!explanation.processors.is_empty() || explanation.filters.iter().any(|filter| filter.occurs), "{slug}");
    }
}
