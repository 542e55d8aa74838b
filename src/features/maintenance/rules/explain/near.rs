//! What came nearest to a step that found nothing, and why it was not taken.

use regex::RegexBuilder;

use super::{Near, Place, quote};
use crate::features::maintenance::mail::page::Page;
use crate::features::maintenance::rules::extract::{Extract, edited};
use crate::features::maintenance::rules::fold;
use crate::features::maintenance::rules::pattern::{any_blanks, as_written};
use crate::features::maintenance::rules::rule::{Labels, Place as ColumnPlace, Search, Step, Table, Take};

/// Candidates that are told.
const TOLD: usize = 3;
/// Longer patterns are not taken apart: each of their beginnings is compiled.
const LONGEST: usize = 400;
/// A compiled beginning of a pattern may take this much memory.
const PATTERN_BYTES: usize = 256 * 1024;
/// Letters and digits that a beginning must ask for, so that it says something.
const TELLING: usize = 3;

/// What came nearest to `step`.
pub(super) fn near(reading: &Extract<'_>, step: &Step) -> Vec<Near> {
    let page = reading.page;
    let mut near = match &step.search {
        Search::Label(labels) | Search::Repeat(labels, _) => labelled(reading, step, labels),
        Search::LabelPattern(pattern) | Search::Find(pattern) => {
            let scope = reading.scope(step, &(0..page.len()));
            let outside = (0..page.len()).find(|line| {
                pattern.is_match(page.line(*line)) && (!scope.contains(line) || !reading.counts(step, *line))
            });
            match outside {
                Some(line) => vec![at(page, line, &where_not(step, reading, line))],
                None => beginning(page, pattern.as_str()).into_iter().collect(),
            }
        }
        Search::Table(table) => rows(reading, table),
        Search::Link(prefix) => links(page, prefix),
    };
    near.truncate(TOLD);
    near
}

/// A line and why it was not taken.
fn at(page: &Page, line: usize, because: &str) -> Near {
    Near { place: Place::of(page, line), text: quote(page.line(line)), because: because.to_owned() }
}

/// Why a line that fits does not count.
fn where_not(step: &Step, reading: &Extract<'_>, line: usize) -> String {
    if !reading.counts(step, line) {
        return match step.within {
            Some(_) => "it fits, but does not begin in one of the elements of `in`".to_owned(),
            None => "it fits, but is the title of the page; write in = [\"title\"]".to_owned(),
        };
    }
    let after = step.after.as_ref();
    match after.filter(|after| !(0..line).any(|above| reading.fits(after, above).is_some())) {
        Some(after) => format!("it fits, but no line above it begins with `after` ({})", after.texts.join(", ")),
        None => "it fits, but stands below `until`".to_owned(),
    }
}

/// Lines with a label that gave no value, else lines that look like the label.
fn labelled(reading: &Extract<'_>, step: &Step, labels: &Labels) -> Vec<Near> {
    let page = reading.page;
    let scope = reading.scope(step, &(0..page.len()));
    let mut near: Vec<Near> = Vec::new();
    for line in 0..page.len() {
        let Some(rest) = reading.fits(labels, line) else { continue };
        let because = if scope.contains(&line) && reading.counts(step, line) {
            no_value(&step.take, &reading.values(step, line, rest, scope.end))
        } else {
            where_not(step, reading, line)
        };
        near.push(at(page, line, &because));
    }
    if near.is_empty() {
        near = alike(page, labels);
    }
    near
}

/// Why values gave nothing.
fn no_value(take: &Take, values: &[Vec<String>]) -> String {
    let Some(value) = values.first().and_then(|group| group.first()) else {
        return "the label is there, but no value stands beside or below it".to_owned();
    };
    let value = edited(take, value);
    if take.not.iter().any(|not| fold::is(value.trim(), not)) {
        return format!("its value {:?} is one of `not`", quote(&value));
    }
    if let Some(pattern) = take.pattern.as_ref().filter(|pattern| !pattern.is_match(&value)) {
        let page = Page::from_text(&value);
        let fits = beginning(&page, pattern.as_str()).map(|near| format!("; {}", near.because)).unwrap_or_default();
        return format!("its value {:?} does not fit `pattern`{fits}", quote(&value));
    }
    if !take.words.is_empty() && take.words.meaning(&value).is_none() {
        return format!("none of `words` occurs in its value {:?}", quote(&value));
    }
    if take.field.is_none() {
        return format!("its value is {:?}, and nothing says which `field` that is", quote(&value));
    }
    format!("its value {:?} says nothing", quote(&value))
}

/// Lines that hold a label somewhere, or begin with nearly the same letters.
fn alike(page: &Page, labels: &Labels) -> Vec<Near> {
    let mut scored: Vec<(usize, usize, String)> = Vec::new();
    for line in 0..page.len() {
        let text = fold::fold(page.line(line));
        for label in &labels.texts {
            if text.contains(label.as_str()) {
                scored.push((0, line, "it holds the label further on; label_is = \"within\" finds that".to_owned()));
                continue;
            }
            let length = label.chars().count();
            let begins: String = text.chars().take(length).collect();
            let distance = strsim::damerau_levenshtein(&begins, label);
            if distance <= (length / 3).max(1) && length > 1 {
                scored.push((distance, line, format!("it begins nearly like {label:?}")));
            }
        }
    }
    scored.sort();
    scored.dedup_by_key(|(_, line, _)| *line);
    scored.into_iter().take(TOLD).map(|(_, line, because)| at(page, line, &because)).collect()
}

/// The longest beginning of a pattern that is somewhere in the page, and what it wanted there.
fn beginning(page: &Page, pattern: &str) -> Option<Near> {
    if pattern.len() > LONGEST {
        return None;
    }
    let text = page.text(0..page.len());
    let cuts: Vec<usize> = pattern.char_indices().map(|(at, _)| at).skip(1).collect();
    for cut in cuts.into_iter().rev() {
        let (begin, rest) = pattern.split_at(cut);
        if telling(begin) < TELLING {
            return None;
        }
        let closed = format!("{begin}{}", ")".repeat(open_groups(begin)));
        let compiled = RegexBuilder::new(&any_blanks(&closed)).multi_line(true).size_limit(PATTERN_BYTES).build();
        let Some(found) = compiled.ok().and_then(|begin| begin.find(text)).filter(|found| !found.is_empty()) else {
            continue;
        };
        let line = text.get(..found.start())?.matches('\n').count();
        let follows: String = text.get(found.end()..)?.chars().take(30).collect();
        let because = format!(
            "it fits as far as {:?}; then the pattern wants '{}' and there is {:?}",
            quote(found.as_str()),
            quote(&as_written(rest)),
            quote(&follows)
        );
        return Some(at(page, line, &because));
    }
    None
}

/// How many letters and digits a pattern asks for by themselves: not those of groups' names and of classes.
fn telling(pattern: &str) -> usize {
    let (mut count, mut in_class, mut in_name) = (0, false, false);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '?' if chars.peek() == Some(&'<') => in_name = true,
            '>' => in_name = false,
            c if c.is_alphanumeric() && !in_class && !in_name => count += 1,
            _ => {}
        }
    }
    count
}

/// How many groups of a beginning are not closed.
fn open_groups(pattern: &str) -> usize {
    let (mut depth, mut in_class) = (0_usize, false);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth
}

/// Rows that might have been a header, or rows below one that did not count.
fn rows(reading: &Extract<'_>, table: &Table) -> Vec<Near> {
    let page = reading.page;
    let line_of = |cells: &[usize]| cells.first().map_or(0, |cell| page.cell_lines(*cell).start);
    let all: Vec<(usize, Vec<usize>)> =
        page.rows().map(|(index, row)| (index, page.row_cells(row).collect())).collect();
    if let Some((index, header)) = all.iter().find(|(_, cells)| reading.header(table, cells).is_some()) {
        let below = all.iter().filter(|(other, cells)| other == index && line_of(cells) > line_of(header));
        let why = |(_, cells): &(usize, Vec<usize>)| Near {
            place: Place::of(page, line_of(cells)),
            text: row_text(page, cells),
            because: not_counted(page, table, &reading.header(table, header).unwrap_or_default(), cells),
        };
        let mut near: Vec<Near> = below.map(why).collect();
        if near.is_empty() {
            near.push(Near {
                place: Place::of(page, line_of(header)),
                text: row_text(page, header),
                because: "it is the header, but no row follows".to_owned(),
            });
        }
        return near;
    }
    let wanted: Vec<&Vec<String>> = table
        .columns
        .iter()
        .filter_map(|column| match &column.place {
            ColumnPlace::Header(names) => Some(names),
            ColumnPlace::At(_) => None,
        })
        .collect();
    let cell_is = |cell: &usize, name: &String| fold::is(page.cell_text(*cell).trim_end_matches([':', ' ']), name);
    let mut near: Vec<(usize, Near)> = Vec::new();
    for (_, cells) in &all {
        let has = |names: &&&Vec<String>| names.iter().any(|name| cells.iter().any(|cell| cell_is(cell, name)));
        let (there, lacking): (Vec<&&Vec<String>>, Vec<&&Vec<String>>) = wanted.iter().partition(has);
        if there.is_empty() && near.len() >= TOLD {
            continue;
        }
        let words =
            |of: &[&&Vec<String>]| of.iter().map(|names| format!("{:?}", names.join("\" or \""))).collect::<Vec<_>>();
        let because = if wanted.is_empty() {
            format!("it is not the header {:?}", table.header)
        } else {
            format!("as a header it lacks {}", words(&lacking).join(", "))
        };
        near.push((there.len(), Near { place: Place::of(page, line_of(cells)), text: row_text(page, cells), because }));
    }
    near.sort_by_key(|(there, near)| (std::cmp::Reverse(*there), near.place.line));
    near.into_iter().map(|(_, near)| near).collect()
}

/// The cells of a row on one line.
fn row_text(page: &Page, cells: &[usize]) -> String {
    quote(&cells.iter().map(|cell| page.cell_text(*cell)).collect::<Vec<_>>().join(" | "))
}

/// Why a row below a header did not count.
fn not_counted(page: &Page, table: &Table, places: &[Option<usize>], cells: &[usize]) -> String {
    if !table.cells.is_empty() && !table.cells.contains(&cells.len()) {
        return format!("it has {} cells, and `cells` wants {:?}", cells.len(), table.cells);
    }
    for (column, place) in table.columns.iter().zip(places) {
        let Some(cell) = place.and_then(|place| cells.get(place)) else { continue };
        let text = page.cell_text(*cell);
        if column.need.as_ref().is_some_and(|need| !need.is_match(text)) {
            return format!("{:?} does not fit `need`", quote(text));
        }
        if column.never.as_ref().is_some_and(|never| never.is_match(text)) {
            return format!("{:?} fits `never`", quote(text));
        }
    }
    "none of its columns says anything".to_owned()
}

/// The links that there are.
fn links(page: &Page, prefix: &str) -> Vec<Near> {
    let near = |link: &crate::features::maintenance::mail::page::Link| Near {
        place: Place::of(page, link.line),
        text: quote(&link.href),
        because: format!("the link does not begin with {prefix:?}, or nothing follows that"),
    };
    page.links().iter().map(near).collect()
}
