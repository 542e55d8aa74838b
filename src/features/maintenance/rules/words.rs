//! A pattern in words, for people who read why a mail was not read and do not write rules.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    Ast, ClassBracketed, ClassSet, ClassSetItem, GroupKind, Literal, RepetitionKind, RepetitionRange,
};

use super::extract::captured;
use super::rule::{Labels, Place, Search, Step};

/// Stands for what may be anything.
const GAP: char = '…';
/// More alternatives are not told.
const ALTERNATIVES: usize = 4;
/// Characters of one alternative; more is cut.
const LONGEST: usize = 80;

/// What is said of a required step that found nothing.
pub(super) fn missing(step: &Step) -> String {
    let lines = |labels: &Labels| format!("the line {} was not found", any_of(&labels.written));
    match &step.search {
        Search::Label(labels) | Search::Repeat(labels, _) => lines(labels),
        Search::LabelPattern(pattern) | Search::Find(pattern) => {
            let fields = captured(pattern).chain(step.take.field.map(super::extract::name_of));
            let fields: Vec<String> = fields.map(|field| format!("no {}", field.replace('_', " "))).collect();
            let fields = if fields.is_empty() { String::new() } else { format!("{}: ", fields.join(" and ")) };
            match words(pattern.as_str()) {
                Some(words) => format!("{fields}nothing reads like {words}"),
                None => format!("{fields}nothing is written as this provider writes it"),
            }
        }
        Search::Table(table) => {
            let names = table.columns.iter().filter_map(|column| match &column.place {
                Place::Header(names) => names.first().cloned(),
                Place::At(_) => None,
            });
            let names: Vec<String> = table.header.iter().cloned().chain(names).collect();
            if names.is_empty() {
                return String::from("no table with rows like this provider's was found");
            }
            format!("no table with rows under \"{}\" was found", names.join("\", \""))
        }
        Search::Link(prefix) => format!("no link that begins with \"{prefix}\" was found"),
    }
}

/// Texts of which one is enough.
fn any_of(texts: &[String]) -> String {
    format!("\"{}\"", texts.join("\" or \""))
}

/// What a pattern asks for: the letters that have to be there, with `…` for what may be anything, each of several
/// alternatives by itself. `None` if it asks for no letters.
pub(super) fn words(pattern: &str) -> Option<String> {
    let ast = Parser::new().parse(pattern).ok()?;
    let mut told: Vec<String> = Vec::new();
    for branch in branches(&ast) {
        let mut text = String::new();
        write(branch, &mut text);
        let text = tidy(&text);
        if !told.contains(&text) {
            told.push(text);
        }
    }
    if told.iter().any(|text| !text.contains(char::is_alphanumeric)) {
        return None;
    }
    let more = if told.len() > ALTERNATIVES { " or others" } else { "" };
    told.truncate(ALTERNATIVES);
    Some(any_of(&told) + more)
}

/// The alternatives of the whole pattern.
fn branches(ast: &Ast) -> Vec<&Ast> {
    if let Ast::Alternation(alternation) = ast {
        return alternation.asts.iter().flat_map(branches).collect();
    }
    if let Ast::Group(group) = ast
        && !is_field(&group.kind)
    {
        return branches(&group.ast);
    }
    vec![ast]
}

/// Whether a group is named after a field.
fn is_field(kind: &GroupKind) -> bool {
    matches!(kind, GroupKind::CaptureName { .. })
}

/// Adds what `ast` asks for.
fn write(ast: &Ast, text: &mut String) {
    match ast {
        Ast::Literal(literal) => text.push(literal.c),
        Ast::Concat(concat) => concat.asts.iter().for_each(|ast| write(ast, text)),
        // The first stands for all.
        Ast::Alternation(alternation) => alternation.asts.iter().take(1).for_each(|ast| write(ast, text)),
        // Its value differs from mail to mail, whatever letters it begins with, unless it is a word.
        Ast::Group(group) if is_field(&group.kind) && !is_word(&group.ast) => {
            text.push(GAP);
        }
        Ast::Group(group) => write(&group.ast, text),
        Ast::Repetition(repetition) if is_optional(&repetition.op.kind) => {
            if matches!(*repetition.ast, Ast::Dot(_) | Ast::ClassBracketed(_) | Ast::ClassPerl(_)) {
                text.push(GAP);
            }
        }
        Ast::Repetition(repetition) => write(&repetition.ast, text),
        Ast::ClassBracketed(class) => text.push(one_of(class).unwrap_or(GAP)),
        Ast::Dot(_) | Ast::ClassPerl(_) | Ast::ClassUnicode(_) => text.push(GAP),
        Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => {}
    }
}

/// The letter that a class stands for, which may be capital or small.
fn one_of(class: &ClassBracketed) -> Option<char> {
    let ClassSet::Item(item) = &class.kind else { return None };
    let items = if let ClassSetItem::Union(union) = item { union.items.as_slice() } else { std::slice::from_ref(item) };
    let letter = |item: &ClassSetItem| {
        if let ClassSetItem::Literal(Literal { c, .. }) = item { Some(*c) } else { None }
    };
    let letters: Vec<char> = items.iter().map(letter).collect::<Option<_>>()?;
    let first = letters.first().copied().filter(|_| !class.negated)?;
    letters.iter().all(|other| other.eq_ignore_ascii_case(&first)).then_some(first)
}

/// Whether a pattern is letters alone.
fn is_word(ast: &Ast) -> bool {
    match ast {
        Ast::Literal(_) => true,
        Ast::Concat(concat) => concat.asts.iter().all(is_word),
        Ast::Alternation(alternation) => alternation.asts.iter().all(is_word),
        Ast::Group(group) => is_word(&group.ast),
        Ast::Empty(_)
        | Ast::Flags(_)
        | Ast::Dot(_)
        | Ast::Assertion(_)
        | Ast::ClassUnicode(_)
        | Ast::ClassPerl(_)
        | Ast::ClassBracketed(_)
        | Ast::Repetition(_) => false,
    }
}

/// Whether what is repeated may be absent.
fn is_optional(kind: &RepetitionKind) -> bool {
    match kind {
        RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => true,
        RepetitionKind::OneOrMore => false,
        RepetitionKind::Range(range) => {
            matches!(range, RepetitionRange::Exactly(0) | RepetitionRange::AtLeast(0) | RepetitionRange::Bounded(0, _))
        }
    }
}

/// One blank for several, one gap for several, none at the ends, and no more than one reads.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for c in crate::text::clean_line(text).chars() {
        let again = matches!(c, ' ' | GAP) && tidy.ends_with(c);
        if c == GAP && tidy.ends_with("… ") {
            tidy.pop();
        } else if !again {
            tidy.push(c);
        }
    }
    let tidy = tidy.trim();
    match tidy.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}{GAP}", tidy.get(..end).unwrap_or_default()),
        None => tidy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_told_by_the_letters_that_it_asks_for() {
        let told = [
            r"Ticket#(?<maintenance_id>PW-\d+)\].*CID#(?<account>\d+)",
            "Work Notification",
            r"(?i)\bTTN-\d|\bmaintenance notification\b",
            "(?:Planned Outage|Urgent Maintenance) +Notification",
            r"Work +Notification:? \d",
            r"(?x) ^ (?: Start | Begin ) \x20 Time : \x20 (?<start> .+ ) $",
            r"^(?:[^|]*\|){4} ?(?<maintenance_id>[^|]+?) ?\|[^|]*$",
            r"(?<status>Completion|Cancellation) - ",
            r"[Ss]tart (?<start>\d+) to (?<end>\d+)",
        ]
        .map(|pattern| words(pattern).unwrap_or_default());
        assert_eq!(
            told,
            [
                "\"Ticket#…]…CID#…\"",
                "\"Work Notification\"",
                "\"TTN-…\" or \"maintenance notification\"",
                "\"Planned Outage Notification\"",
                "\"Work Notification …\"",
                "\"Start Time: …\"",
                "",
                "\"Completion -\"",
                "\"Start … to …\"",
            ]
        );
        assert_eq!(words("("), None);
        assert_eq!(words(&"b".repeat(500)).unwrap().chars().count(), LONGEST + 3);
    }
}
