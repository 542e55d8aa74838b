//! Mails that name more than one window: none is dropped, and none is told that no longer holds.

use super::*;

/// A line that [`LINES`] reads as a window.
fn window(day: u32, hours: &str) -> String {
    let (from, to) = hours.split_once('-').unwrap();
    format!("<p>From 2026-03-{day:02} {from}:00 UTC to 2026-03-{day:02} {to}:00 UTC</p>")
}

/// The days, hours and circuits that a page gives after its id.
fn told(page: &str) -> Result<Vec<(String, Vec<String>)>, String> {
    let page = format!("<p>Id: M-1</p>{page}");
    match read(&rule(LINES, ""), &page) {
        Verdict::Parsed { notices, .. } => Ok(notices
            .iter()
            .map(|notice| {
                let window = format!("{}-{}", notice.start.format("%-d %H"), notice.end.format("%H"));
                (window, notice.circuits.iter().map(|circuit| circuit.circuit_id.clone()).collect())
            })
            .collect()),
        Verdict::Failed { reason, .. } => Err(reason),
        other @ (Verdict::Ignored { .. } | Verdict::Unknown { .. }) => panic!("{other:?}"),
    }
}

/// The windows and circuits of a page, as they are expected.
fn are(windows: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let circuits = |circuits: &[&str]| circuits.iter().map(|circuit| (*circuit).to_owned()).collect();
    windows.iter().map(|(window, of)| ((*window).to_owned(), circuits(of))).collect()
}

#[test]
fn every_window_of_a_page_is_told_with_the_circuits_that_stand_with_it() {
    let (one, two) = (window(3, "01-05"), window(4, "02-06"));
    let list = "<p>Circuit C-1</p><p>Circuit C-2</p>";
    let both: &[&str] = &["C-1", "C-2"];
    let all = Ok(are(&[("3 01-05", both), ("4 02-06", both)]));
    assert_eq!(told(&format!("{one}{two}{list}")), all);
    assert_eq!(told(&format!("{list}{one}{two}")), all);
    assert_eq!(told(&format!("{one}{list}{two}")), all);
    let each = Ok(are(&[("3 01-05", &["C-1"]), ("4 02-06", &["C-2"])]));
    assert_eq!(told(&format!("{one}<p>Circuit C-1</p>{two}<p>Circuit C-2</p>")), each);
    assert_eq!(told(&format!("<p>Circuit C-1</p>{one}<p>Circuit C-2</p>{two}")), each);
    // A window that is told again beside another circuit is one.
    let again = format!("{one}<p>Circuit C-1</p>{two}<p>Circuit C-2</p>{one}<p>Circuit C-3</p>");
    assert_eq!(told(&again), Ok(are(&[("3 01-05", &["C-1", "C-3"]), ("4 02-06", &["C-2"])])));
    let unclear = told(&format!("<p>Circuit C-1</p>{one}{two}<p>Circuit C-2</p>")).unwrap_err();
    assert!(unclear.starts_with("html + date: 2 windows are named, of which one alone would be read"), "{unclear}");
}

#[test]
fn the_same_window_told_again_is_no_other() {
    let one = window(3, "01-05");
    let circuit = "<p>Circuit C-1</p>";
    for again in [
        one.clone(),
        window(3, "02-03"),
        "<p>From 2026-03-03 02:00 +0100 to 2026-03-03 06:00 +0100</p>".to_owned(),
        // By a clock that the rule does not know.
        "<p>From 2026-03-02 20:00 XST to 2026-03-03 00:00 XST</p>".to_owned(),
        "<p>From 2 pm to 3 pm nobody answers the telephone</p>".to_owned(),
        "<p>From Ghent to Bruges</p>".to_owned(),
    ] {
        assert_eq!(told(&format!("{one}{again}{circuit}")), Ok(are(&[("3 01-05", &["C-1"])])), "{again}");
    }
}

#[test]
fn what_may_be_another_window_and_cannot_be_told_apart_is_a_reason() {
    let one = window(3, "01-05");
    for (other, why) in [
        (window(3, "03-07"), "begins before another ends"),
        (window(5, "09-07"), "which is not after its start"),
        ("<p>From 2026-02-30 01:00 to 2026-02-30 02:00</p>".to_owned(), "does not exist"),
        ("<p>From 2026-03-20 20:00 XST to 2026-03-21 00:00 XST</p>".to_owned(), "the clock of"),
        ("<p>Id: M-2</p>".to_owned() + &window(5, "01-05"), "there are 2 ids, too"),
    ] {
        let reason = told(&format!("{one}{other}<p>Circuit C-1</p>")).unwrap_err();
        assert!(reason.contains(why), "{reason}");
    }
    // Of two without a zone one may be the other by another clock.
    let local = |hours: &str| window(3, hours).replace(" UTC", "");
    let reason = told(&format!("{}{}<p>Circuit C-1</p>", local("01-03"), local("10-12"))).unwrap_err();
    assert!(reason.contains("by another clock"), "{reason}");
}

#[test]
fn starts_and_ends_of_several_windows_belong_together_in_their_order() {
    let text = rule(
        "[[part.html.step]]\nlabel = 'Id:'\nfield = 'maintenance_id'\n\
         [[part.html.step]]\nlabel = 'Start:'\nfield = 'start'\n[[part.html.step]]\nlabel = 'End:'\nfield = 'end'\n\
         [[part.html.step]]\nfind = '^Circuit (?<circuit>\\S+)'\n",
        "",
    );
    let pair = |day: u32| format!("<p>Start: 2026-03-{day:02} 01:00 UTC</p><p>End: 2026-03-{day:02} 05:00 UTC</p>");
    let page = format!("<p>Id: M-1</p>{}{}<p>Circuit C-1</p>", pair(3), pair(4));
    let days: Vec<String> = notices(&text, &page).iter().map(|notice| notice.start.format("%d").to_string()).collect();
    assert_eq!(days, ["03", "04"]);
    let lacks = page.replace("<p>End: 2026-03-04 05:00 UTC</p>", "");
    assert!(reason(&text, &lacks).contains("they have 2 starts and 1 ends"));
    let moved = text.replace("status = 'CONFIRMED'", "status = 'RE-SCHEDULED'");
    // The status of a mail counts, not what a rule says of all.
    assert_eq!(notices(&moved, &page).len(), 2);
    let says = text.clone() + "[[part.html.step]]\nfind = '^Status (?<status>\\S+)'\n";
    assert!(reason(&says, &format!("<p>Status RE-SCHEDULED</p>{page}")).contains("which of them holds is not said"));
    let with_old = page.replace("<p>Start: 2026-03-03", "<p>New windows</p><p>Start: 2026-03-03");
    let old = format!("<p>Old window</p>{}", pair(2));
    assert_eq!(notices(&says, &format!("<p>Status RE-SCHEDULED</p>{old}{with_old}")).len(), 2);
}

#[test]
fn a_window_that_no_longer_holds_is_told_only_where_it_is_cancelled() {
    let (old, new) = (window(3, "01-05"), window(4, "02-06"));
    let circuit = "<p>Circuit C-1</p>";
    for word in ["Original", "PREVIOUS", "Prior", "Old", "Initial", "Former", "Superseded"] {
        for page in [
            format!("<p>{word} window</p>{old}<p>New window</p>{new}{circuit}"),
            format!("<p>{word} window:</p>{old}<p>Window:</p>{new}{circuit}"),
            format!("{new}<p>{word} schedule (UTC)</p><p>1st day</p>{old}{circuit}"),
            format!("<p>{word} windows</p>{old}{}<p>Now</p>{new}{circuit}", window(2, "01-05")),
        ] {
            assert_eq!(told(&page), Ok(are(&[("4 02-06", &["C-1"])])), "{page}");
        }
    }
    let only = format!("<p>Original window</p>{old}{circuit}");
    let reason = told(&only).unwrap_err();
    assert!(reason.contains("no longer holds: \"2026-03-03 01:00 UTC\""), "{reason}");
    let cancelled = rule(LINES, "").replace("'CONFIRMED'", "'CANCELLED'");
    assert_eq!(notices(&cancelled, &format!("<p>Id: M-1</p>{only}")).len(), 1);
    // A heading far above, of which a text stands between, is none of the window.
    let text = "<p>Previous work</p><p>The works that were done last month are not over yet, as we told you.</p>";
    assert_eq!(told(&format!("{text}{new}{circuit}")), Ok(are(&[("4 02-06", &["C-1"])])));
}

#[test]
fn a_word_in_the_label_says_that_a_window_no_longer_holds() {
    let text = rule(
        "[[part.html.step]]\nlabel = 'Id'\nfield = 'maintenance_id'\n\
         [[part.html.step]]\nlabel_pattern = '(?i)^.*\\bstart\\b.*$'\nvalue = 'next'\nfield = 'start'\n\
         [[part.html.step]]\nlabel_pattern = '(?i)^.*\\bend\\b.*$'\nvalue = 'next'\nfield = 'end'\n\
         [[part.html.step]]\nfind = '^Circuit (?<circuit>\\S+)'\n",
        "",
    );
    let row = |label: &str, at: &str| format!("<tr><td>{label}</td><td>2026-03-{at}:00</td></tr>");
    let pair = |word: &str, day: &str| {
        row(&format!("{word} Start"), &format!("{day} 01")) + &row(&format!("{word} End"), &format!("{day} 05"))
    };
    let lines = |rows: &str| rows.replace("</td><td>", "<br>");
    for rows in [pair("Original", "03") + &pair("", "04"), pair("", "04") + &pair("Former", "03")] {
        for rows in [lines(&rows), rows] {
            let page = format!("<table><tr><td>Id</td><td>M-1</td></tr>{rows}</table><p>Circuit C-1</p>");
            let read = notices(&text, &page);
            assert_eq!(read.len(), 1, "{page}");
            assert_eq!(read[0].start.format("%d %H").to_string(), "04 01", "{page}");
            assert_eq!(read[0].end.format("%d %H").to_string(), "04 05", "{page}");
        }
    }
}

#[test]
fn a_mail_that_quotes_an_older_notice_has_the_windows_of_the_newest() {
    let quote = |page: &str| format!("<blockquote type=\"cite\"><p>Id: M-1</p>{page}</blockquote>");
    let circuit = "<p>Circuit C-1</p>";
    let (old, new) = (window(3, "01-05"), window(4, "02-06"));
    let day = |page: &str| told(page).map(|told| told.into_iter().map(|(window, _)| window).collect::<Vec<_>>());
    let page = format!("{new}{circuit}<p>On Sun, NOC wrote:</p>{}", quote(&format!("{old}{circuit}")));
    assert_eq!(day(&page), Ok(vec!["4 02-06".to_owned()]));
    // A window that cannot be told apart is not read from what is below it.
    let page =
        format!("{new}{}{circuit}<p>On Sun, NOC wrote:</p>{}", window(4, "03-07"), quote(&format!("{old}{circuit}")));
    assert!(day(&page).is_err());
}

#[test]
fn each_circuit_once_with_the_worst_of_its_impacts() {
    let text = rule(
        &LINES.replace(
            "[[part.html.step]]\nfind = '^Circuit (?<circuit>\\S+)'",
            "[[part.html.step]]\nlabel = 'Impact'\nlist = ['circuit', 'impact']\nuntil = 'Impact'\nkeep = 'worst'",
        ),
        "",
    );
    let list = |one: &str, two: &str| {
        format!("<p>Impact</p><p>C-1</p><p>{one}</p>")
            + &if two.is_empty() { String::new() } else { format!("<p>C-2</p><p>{two}</p>") }
    };
    let head = "<p>Id: M-1</p>".to_owned() + &window(3, "01-05");
    for (lists, one, two) in [
        (list("risk", "down") + &list("down", ""), Impact::Outage, Impact::Outage),
        (list("risk", "risk") + &list("risk", "down"), Impact::NoImpact, Impact::Outage),
        (list("down", "down") + &list("risk", "risk"), Impact::Outage, Impact::Outage),
    ] {
        let read = notices(&text, &(head.clone() + &lists));
        assert_eq!(circuits(&read[0]), [("C-1", one), ("C-2", two)], "{lists}");
    }
}
