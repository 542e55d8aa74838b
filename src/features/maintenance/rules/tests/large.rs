//! What is too large to be read whole is said to be; a piece of it is never taken for all.

use super::*;

/// What becomes of a page whose sender the rule knows.
fn verdict(text: &str, page: &str) -> Verdict {
    let (rules, errors) = with_rule(text);
    assert_eq!(errors, []);
    rules.read(mail("noc@test.example", "x", page).as_bytes(), None).verdict
}

#[test]
fn a_page_of_thousands_of_circuits_is_read_whole() {
    let style = "font-family:Arial;".repeat(40);
    let circuits = (0..6_000).fold(String::new(), |all, n| {
        all + &format!("<p style='{style}'><span><b><i>Circuit C-{n}</i></b></span></p>")
    });
    let Verdict::Parsed { notices, .. } = verdict(&rule(LINES, ""), &(PAGE.to_owned() + &circuits)) else { panic!() };
    assert_eq!(notices[0].circuits.len(), 6_001);
}

#[test]
fn a_page_that_is_too_large_is_a_failure_that_says_so_whatever_the_filters_look_for() {
    let attributes = (0..20_000).fold(String::new(), |all, n| all + &format!(" a{n}"));
    let wanted = "[[include]]\npart = 'html'\nfind = 'Circuit'\n";
    let unwanted = "[[exclude]]\npart = 'html'\nfind = 'Circuit'\n";
    for filters in ["", wanted, unwanted] {
        for (page, why) in [
            (format!("<p{attributes}>{PAGE}"), "one of its elements has thousands of attributes"),
            (format!("{PAGE}<p{attributes}>more"), "one of its elements has thousands of attributes"),
            (format!("{PAGE}{}", "<div>".repeat(40_000)), "its elements are in one another more than 400 deep"),
        ] {
            let Verdict::Failed { reason, .. } = verdict(&rule(LINES, filters), &page) else { panic!("{filters}") };
            assert_eq!(reason, format!("the page is too large: {why}"), "{filters}");
        }
    }
}

#[test]
fn separated_values_that_are_too_many_are_a_failure_and_no_shorter_list() {
    let text = rule(LINES, "").replace("'html', 'date'", "'html', 'csv', 'date'")
        + "[[part.csv.step]]\ncolumns = [{ header = 'Circuit', field = 'circuit' }]\n";
    let (rules, errors) = with_rule(&text);
    assert_eq!(errors, []);
    let read = |rows: usize| {
        let csv = (0..rows).fold(String::new(), |all, n| all + &format!("S-{n},x\r\n"));
        let raw = format!(
            "From: noc@test.example\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n{}\r\n--b\r\n\
             Content-Type: text/csv; name=a.csv\r\n\r\nCircuit,Site\r\n{csv}\r\n--b--\r\n",
            PAGE.replace("Circuit", "No"),
        );
        rules.read(raw.as_bytes(), Some("test")).verdict
    };
    let Verdict::Parsed { notices, .. } = read(10_000) else { panic!() };
    assert_eq!(notices[0].circuits.len(), 10_000);
    let Verdict::Failed { reason, .. } = read(20_001) else { panic!() };
    assert!(reason.contains("the separated values are too many: more than 20000 rows"), "{reason}");
}
