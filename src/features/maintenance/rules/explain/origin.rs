//! Where the fields of notices are from, and what speaks for a rule.

use serde::Serialize;

use super::{Place, ProcessorSeen, ValueSeen, name_of, quote};
use crate::features::maintenance::mail::page::Page;
use crate::features::maintenance::mail::{Kind, Mail, Part};
use crate::features::maintenance::model::Notice;
use crate::features::maintenance::rules::file::{Field, Head};
use crate::features::maintenance::rules::fold;
use crate::features::maintenance::rules::partial::{Partial, Time};

/// How far below a label its value is looked for.
const BELOW: usize = 50;
/// Places of one field that are told.
const PLACES: usize = 5;

/// A field of the notices.
#[derive(Debug, Serialize)]
pub struct FieldSeen {
    /// The field.
    pub field: &'static str,
    /// Its value in each of the notices, equal ones once.
    pub values: Vec<String>,
    /// Where it is from, such as `html line 3 (t0 r1 c2), rule line 17`; that it is a default if it is in no part.
    pub from: Vec<String>,
}

/// The line at or below `line` that has `value`: a label's value may stand beside or below it.
pub(super) fn line_with(page: &Page, line: usize, value: &str) -> usize {
    let wanted = fold::fold(value);
    let has = |index: &usize| fold::fold(page.line(*index)).contains(&wanted);
    // In a row the cell that is the value, before one that only holds it.
    let row = page.cell_of(line).and_then(|cell| page.row_of(cell));
    let cells = row.into_iter().flat_map(|row| page.row_cells(row)).map(|cell| page.cell_lines(cell).start);
    let is = |index: &usize| fold::fold(page.line(*index)) == wanted;
    let in_row = cells.filter(|index| *index >= line).find(is);
    in_row.or_else(|| (line..page.len().min(line + BELOW)).find(has)).unwrap_or(line)
}

/// What speaks for the rule with this text: senders of the mail and signs in it.
pub(super) fn recognised_by(text: &str, mail: &Mail) -> Vec<String> {
    let head: Head = toml::from_str(text).unwrap_or_default();
    let is_sender = |sender: &String, known: &String| {
        let known = known.to_lowercase();
        *sender == known || (known.starts_with('@') && sender.ends_with(&known))
    };
    let mut found: Vec<String> = Vec::new();
    for sender in &mail.senders {
        if head.senders.iter().any(|known| is_sender(sender, known)) {
            found.push(format!("sender {}", quote(sender)));
        }
    }
    for sign in &head.signs {
        let wanted = sign.to_lowercase();
        let has = |part: &&Part| {
            let text = if part.kind() == Kind::Html { part.page().text(0..part.page().len()) } else { part.as_text() };
            text.to_lowercase().contains(&wanted)
        };
        if let Some(part) = mail.parts.iter().find(has) {
            found.push(format!("sign '{}' in its {}", quote(sign), part.kind().as_str()));
        }
    }
    found
}

/// What a part says without steps.
pub(super) fn without_steps(part: &Part, partial: &Partial) -> Vec<ValueSeen> {
    let mut values = Vec::new();
    let mut add = |field: Field, value: &str| {
        values.push(ValueSeen {
            field: name_of(field),
            value: quote(value),
            means: String::new(),
            place: Place::default(),
            too_late: false,
        });
    };
    if let (Kind::Date, Some(_)) = (part.kind(), &partial.stamp) {
        add(Field::Stamp, part.as_text().trim());
    }
    for event in &partial.records {
        let time = |time: Option<&Time>| match time {
            Some(Time::At(at)) => at.to_rfc3339(),
            Some(Time::Text(text, _)) => text.clone(),
            None => String::new(),
        };
        let texts = [
            (Field::MaintenanceId, event.ids.first().cloned()),
            (Field::Account, event.account.clone()),
            (Field::Provider, event.provider.clone()),
            (Field::Status, event.status.map(|status| status.as_str().to_owned())),
            (Field::Start, Some(time(event.start.values.first()))),
            (Field::End, Some(time(event.end.values.first()))),
            (Field::Stamp, Some(time(event.stamp.as_ref()))),
            (Field::Summary, event.summary.clone()),
        ];
        for (field, value) in texts {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                add(field, &value);
            }
        }
        for (circuit, _) in &event.circuits {
            add(Field::Circuit, circuit);
        }
    }
    values
}

/// The values of a field in a notice.
type Values<'f> = &'f dyn Fn(&Notice) -> Vec<String>;

/// The fields of `notices` with the places in the parts of the processor that gave them; `told_by` is the
/// sentence that tells the status, where one does.
pub(super) fn fields(notices: &[Notice], processor: Option<&ProcessorSeen>, told_by: Option<&str>) -> Vec<FieldSeen> {
    let utc = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let circuits = |notice: &Notice| {
        let one = |circuit: &crate::features::maintenance::model::Circuit| {
            format!("{} {}", circuit.circuit_id, circuit.impact.as_str())
        };
        notice.circuits.iter().map(one).collect()
    };
    let list: [(Field, Values<'_>); 9] = [
        (Field::MaintenanceId, &|notice| vec![notice.maintenance_id.clone()]),
        (Field::Provider, &|notice| vec![notice.provider.clone()]),
        (Field::Account, &|notice| vec![notice.account.clone()]),
        (Field::Status, &|notice| vec![notice.status.as_str().to_owned()]),
        (Field::Start, &|notice| vec![utc(notice.start)]),
        (Field::End, &|notice| vec![utc(notice.end)]),
        (Field::Circuit, &circuits),
        (Field::Stamp, &|notice| vec![utc(notice.stamp)]),
        (Field::Summary, &|notice| vec![notice.summary.clone()]),
    ];
    let field = |(field, values): (Field, Values<'_>)| {
        let mut told: Vec<String> = Vec::new();
        for value in notices.iter().flat_map(values).filter(|value| !value.is_empty()) {
            if !told.contains(&value) {
                told.push(value);
            }
        }
        let from = match told_by.filter(|_| field == Field::Status) {
            Some(sentence) => vec![sentence.to_owned()],
            None => from(name_of(field), processor),
        };
        FieldSeen { field: name_of(field), values: told, from }
    };
    list.into_iter().map(field).collect()
}

/// Where a field is from: the first part of the processor that has it.
fn from(field: &str, processor: Option<&ProcessorSeen>) -> Vec<String> {
    for part in processor.into_iter().flat_map(|processor| &processor.read) {
        let counts = |value: &&ValueSeen| {
            let is_word = matches!(field, "status");
            value.field == field && !value.too_late && !(is_word && value.means.is_empty())
        };
        let mut from = Vec::new();
        for step in &part.steps {
            let place = |value: &ValueSeen| {
                let cell = if value.place.cell.is_empty() { String::new() } else { format!(" ({})", value.place.cell) };
                format!("{} line {}{cell}, rule line {}", part.part, value.place.line, step.rule_line)
            };
            from.extend(step.found.iter().filter(counts).map(place));
        }
        if from.is_empty() && part.values.iter().any(|value| value.field == field) {
            from.push(part.part.clone());
        }
        if !from.is_empty() {
            let more = from.len().saturating_sub(PLACES);
            from.truncate(PLACES);
            if more > 0 {
                from.push(format!("and {more} more"));
            }
            return from;
        }
    }
    vec![if field == "provider" {
        "the rule's name or [default]".to_owned()
    } else {
        "[default] of the rule".to_owned()
    }]
}
