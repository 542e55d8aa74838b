//! What stands beside what: the impact of each circuit, the zone of each time.

use super::*;

/// The circuits that steps find on a page beside an id and a window.
fn found(step: &str, page: &str) -> Vec<(String, Impact)> {
    let text = rule(&format!("{step}\n{}", LINES.replace("'^Circuit (?<circuit>\\S+)'", "'^None (?<circuit>x)'")), "");
    let page = PAGE.replace("<p>Circuit C-1</p>", page);
    let notice = notices(&text, &page).remove(0);
    notice.circuits.into_iter().map(|circuit| (circuit.circuit_id, circuit.impact)).collect()
}

#[test]
fn the_impact_in_a_match_is_that_of_its_circuit() {
    const PATTERN: &str = r"'(?<circuit>C-\d)(?: \((?<impact>\w+)\))?'";
    let label = |more: &str| format!("[[part.html.step]]\nlabel = 'Lines:'\n{more}pattern = {PATTERN}\n");
    let lines = "<p>Lines: C-2 (risk), C-1 (down), C-3</p>";
    let wanted = [("C-2", Impact::NoImpact), ("C-1", Impact::Outage), ("C-3", Impact::Outage)];
    let wanted = wanted.map(|(id, impact)| (id.to_owned(), impact));
    assert_eq!(found(&label("split = ','\n"), lines), wanted);
    assert_eq!(found(&label(""), lines), wanted);
    assert_eq!(found(&label("value = 'each'\nsplit = ','\n"), &lines.replace(", C-1", "</p><p>C-1")), wanted);
    let cells = "<table><tr><th>Lines</th></tr><tr><td>C-2 (risk), C-1 (down), C-3</td></tr></table>";
    let column = format!("[[part.html.step]]\ncolumns = [{{ header = 'Lines', split = ',', pattern = {PATTERN} }}]\n");
    assert_eq!(found(&column, cells), wanted);
}

#[test]
fn an_impact_that_no_circuit_has_for_itself_is_that_of_all_beside_it() {
    let row = "<table><tr><th>Lines</th><th>Effect</th></tr><tr><td>C-2, C-1 (down)</td><td>risk</td></tr></table>";
    let step = |pattern: &str| {
        format!(
            "[[part.html.step]]\ncolumns = [{{ header = 'Lines', {pattern} }}, {{ header = 'Effect', field = 'impact' }}]\n"
        )
    };
    let each = step(r"split = ',', pattern = '(?<circuit>C-\d)(?: \((?<impact>\w+)\))?'");
    let wanted = |last: Impact| vec![("C-2".to_owned(), Impact::NoImpact), ("C-1".to_owned(), last)];
    assert_eq!(found(&each, row), wanted(Impact::Outage));
    let ids = step("split = ',', field = 'circuit'");
    assert_eq!(found(&ids, &row.replace(" (down)", "")), wanted(Impact::NoImpact));
    let alternatives = "[[part.html.step]]\nlabel = 'Lines:'\npattern = '(?<circuit>C-\\d)|(?<impact>risk)'\n";
    assert_eq!(found(alternatives, "<p>Lines: C-2, C-1: risk</p>"), wanted(Impact::NoImpact));
}

#[test]
fn the_zone_in_a_match_is_that_of_its_time() {
    let windows = r"
[[part.html.step]]
label = 'Windows:'
split = ';'
pattern = '(?<start>\S+ \S+) to (?<end>\S+ \S+) (?<zone>\w+)'
keep = 'all'
";
    let zones = "[dates.zones]\nET = 'America/New_York'\nCT = 'America/Chicago'\n";
    let text = rule(&(windows.to_owned() + LINES), zones);
    let page = PAGE.replace(
        "<p>From 2026-03-03 01:00 to 2026-03-03 05:00</p>",
        "<p>Windows: 2026-03-03 01:00 to 2026-03-03 05:00 ET; 2026-03-04 01:00 to 2026-03-04 05:00 CT</p>",
    );
    let starts: Vec<String> = notices(&text, &page).iter().map(|notice| notice.start.to_rfc3339()).collect();
    assert_eq!(starts, ["2026-03-03T06:00:00+00:00", "2026-03-04T07:00:00+00:00"]);
}

#[test]
fn letters_beside_a_time_are_no_name_of_a_zone_and_a_name_is() {
    let label = LINES.to_owned()
        + "[[part.html.step]]\nlabel_pattern = '^Start \\((?<zone>\\S+)\\)'\nfield = 'start'\n\
           [[part.html.step]]\nlabel_pattern = '^End \\((?<zone>\\S+)\\)'\nfield = 'end'\n";
    let page = |zone: &str| {
        let window = format!("<p>Start ({zone}): 2026-03-03 01:00</p><p>End ({zone}): 2026-03-03 05:00</p>");
        PAGE.replace("<p>From 2026-03-03 01:00 to 2026-03-03 05:00</p>", &window)
    };
    let text = rule(&label, "");
    assert_eq!(notices(&text, &page("Europe/Paris"))[0].start.to_rfc3339(), "2026-03-03T00:00:00+00:00");
    for letters in ["CET", "MST", "EET"] {
        assert!(reason(&text, &page(letters)).contains(&format!("time zone {letters:?}")), "{letters}");
    }
    let written = PAGE.replace("01:00", "01:00 America/Phoenix").replace("05:00", "05:00 US/Arizona");
    let notice = notices(&rule(LINES, ""), &written).remove(0);
    assert_eq!(
        (notice.start.to_rfc3339(), notice.end - notice.start),
        ("2026-03-03T08:00:00+00:00".into(), chrono::TimeDelta::hours(4))
    );
}

#[test]
fn the_zone_of_a_label_is_one_of_the_providers_or_an_error() {
    let page = |zone: &str| {
        let rows = [
            ("Company", "Acme"),
            ("Event", "SIG-1"),
            ("Description", "A repair"),
            ("Status", "Scheduled"),
            ("Circuits", "C-1"),
            (&format!("Start Time ({zone})"), "3/3/2026 1:00 AM"),
            (&format!("End Time ({zone})"), "3/3/2026 5:00 AM"),
        ];
        let row = |(key, value): &(&str, &str)| format!("<tr><th>{key}</th><td>{value}</td></tr>");
        let rows: String = rows.iter().map(row).collect();
        mail("outages@summitig.net", "SummitIG Event SIG-1 Scheduled", &format!("<table>{rows}</table>"))
    };
    let read = |zone: &str| RULES.read(page(zone).as_bytes(), None).verdict;
    let Verdict::Parsed { notices, .. } = read("EST") else { panic!("{:?}", read("EST")) };
    assert_eq!(notices[0].start.to_rfc3339(), "2026-03-03T06:00:00+00:00");
    for zone in ["CET", "MET", "EET", "HST", "XYZ"] {
        let verdict = read(zone);
        let Verdict::Failed { reason, .. } = &verdict else { panic!("{zone}: {verdict:?}") };
        assert!(reason.contains(&format!("time zone {zone:?}")), "{reason}");
    }
}

#[test]
fn windows_of_windstream_are_read_in_the_zone_that_they_name() {
    let start = |zone: &str| {
        let page = format!(
            "<h1>Planned Maintenance Notification</h1><div>Works<br>DESCRIPTION OF MAINTENANCE</div><table>\
             <tr><td>WMT:</td><td>W-1</td></tr>\
             <tr><td>Event Start Date & Time:</td><td>07/03/26 01:00 {zone}</td></tr>\
             <tr><td>Event End Date & Time:</td><td>07/03/26 05:00 {zone}</td></tr></table>\
             <table class=circuitTable><tr><td>Acme</td><td>x</td><td>C-1</td>{}</tr></table>",
            "<td>x</td>".repeat(6)
        );
        let raw = mail("wci.maintenance.notifications@windstream.com", "Windstream Change Management", &page);
        let verdict = RULES.read(raw.as_bytes(), None).verdict;
        let Verdict::Parsed { notices, .. } = verdict else { panic!("{verdict:?}") };
        notices[0].start.format("%H:%M").to_string()
    };
    for (zone, wanted) in [
        ("ET", "05:00"),
        ("US/Eastern", "05:00"),
        ("America/Phoenix", "08:00"),
        ("US/Arizona", "08:00"),
        ("Pacific/Honolulu", "11:00"),
        ("America/Indiana/Indianapolis", "05:00"),
        ("Etc/GMT+5", "06:00"),
    ] {
        assert_eq!(start(zone), wanted, "{zone}");
    }
}
