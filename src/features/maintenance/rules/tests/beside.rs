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
