//! YAML to values. Aliases share the value they name instead of repeating it, so a file of nested aliases costs what its
//! text costs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::tree::{DEEPEST, MOST_NODES, Member, Node, Value};

/// Why a text is not YAML, or none that is read.
#[derive(Debug)]
pub(super) struct BadYaml {
    /// The line, counted from 1, where one is meant.
    pub(super) line: Option<usize>,
    /// What is wrong there.
    pub(super) why: String,
}

impl BadYaml {
    /// What is wrong in `line`.
    fn at(line: usize, why: impl Into<String>) -> Self {
        Self { line: Some(line), why: why.into() }
    }
}

/// Reads the first document of `text`; an empty text says nothing.
pub(super) fn read(text: &str) -> Result<Option<Rc<Node<'_>>>, BadYaml> {
    // The parser states invariants with panics; none is known to be reachable.
    let read = catch_unwind(AssertUnwindSafe(|| Reader::default().read(text)));
    read.unwrap_or_else(|_| Err(BadYaml { line: None, why: "the YAML cannot be made sense of".to_owned() }))
}

/// A list or map that is not at its end yet.
struct Open<'t> {
    /// Its line.
    line: usize,
    /// The anchor it can be named by; 0 for none.
    anchor: usize,
    /// What it holds so far.
    value: Value<'t>,
    /// The name whose value comes next.
    key: Option<Cow<'t, str>>,
}

/// What was read so far.
#[derive(Default)]
struct Reader<'t> {
    /// The lists and maps around what comes next, outermost first.
    open: Vec<Open<'t>>,
    /// Values that have a name.
    anchors: BTreeMap<usize, Rc<Node<'t>>>,
    /// How many values there are.
    nodes: usize,
    /// The document, once it is whole.
    whole: Option<Rc<Node<'t>>>,
}

impl<'t> Reader<'t> {
    /// Reads the first document of `text`.
    fn read(mut self, text: &'t str) -> Result<Option<Rc<Node<'t>>>, BadYaml> {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| BadYaml::at(error.marker().line(), error.info()))?;
            let line = span.start.line();
            match event {
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
                Event::DocumentEnd | Event::StreamEnd => break,
                Event::Alias(anchor) => {
                    let node = self.anchors.get(&anchor).cloned();
                    self.put(node.ok_or_else(|| BadYaml::at(line, "an alias names a value that holds it"))?, line)?;
                }
                Event::Scalar(text, style, anchor, _) => {
                    let value = if style == ScalarStyle::Plain { Value::Bare(text) } else { Value::Text(text) };
                    self.close(Open { line, anchor, value, key: None })?;
                }
                Event::SequenceStart(anchor, _) => self.open(line, anchor, Value::List(Vec::new()))?,
                Event::MappingStart(anchor, _) => self.open(line, anchor, Value::Map(Vec::new()))?,
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(open) = self.open.pop() {
                        self.close(open)?;
                    }
                }
            }
        }
        Ok(self.whole)
    }

    /// Begins a list or a map.
    fn open(&mut self, line: usize, anchor: usize, value: Value<'t>) -> Result<(), BadYaml> {
        if self.open.len() >= DEEPEST {
            return Err(BadYaml::at(line, format!("more than {DEEPEST} values are inside one another")));
        }
        self.open.push(Open { line, anchor, value, key: None });
        Ok(())
    }

    /// Ends a value.
    fn close(&mut self, open: Open<'t>) -> Result<(), BadYaml> {
        let Open { line, anchor, value, key: _ } = open;
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(BadYaml::at(line, format!("there are more than {MOST_NODES} values")));
        }
        let node = Rc::new(Node { line: Some(line), value });
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.put(node, line)
    }

    /// Puts a value where it belongs.
    fn put(&mut self, node: Rc<Node<'t>>, line: usize) -> Result<(), BadYaml> {
        let Some(around) = self.open.last_mut() else {
            self.whole = Some(node);
            return Ok(());
        };
        match (&mut around.value, around.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(members), Some(key)) => members.push(Member { key, node }),
            (Value::Map(_), None) => around.key = Some(name(&node, line)?),
            (Value::Text(_) | Value::Bare(_), _) => {}
        }
        Ok(())
    }
}

/// The name of a member.
fn name<'t>(node: &Rc<Node<'t>>, line: usize) -> Result<Cow<'t, str>, BadYaml> {
    match &node.value {
        Value::Bare(name) if name == "<<" => Err(BadYaml::at(line, "merge keys (<<) are not read")),
        Value::Bare(name) | Value::Text(name) => Ok(name.clone()),
        Value::List(_) | Value::Map(_) => Err(BadYaml::at(line, "a list or map cannot be a name here")),
    }
}

/// Hands the members `keys` of the outermost map of `text` to `see`, or nothing where the text says nothing. Other members
/// may or may not be there.
pub(super) fn with_members<R>(
    text: &str,
    keys: &[&str],
    see: impl FnOnce(Option<&Node<'_>>) -> R,
) -> Result<R, BadYaml> {
    if let Some(part) = only(text, keys)
        && let Ok(node) = read(&part)
    {
        return Ok(see(node.as_deref()));
    }
    // What was left out may be what an alias names; and only the whole text can say what is wrong with it.
    Ok(see(read(text)?.as_deref()))
}

/// `text` with nothing but the members `keys` of its outermost map; every other line is empty, so that lines keep their
/// number. A structured configuration is long, and what is wanted of it is short: this makes reading it several times as
/// fast. `None` where the outermost map is not written line by line.
fn only(text: &str, keys: &[&str]) -> Option<String> {
    let first = text.lines().find(|line| !matches!(line.trim_start().bytes().next(), None | Some(b'#')))?;
    // Flow style, directives and a document that begins beside its marker are rare enough to be read as a whole.
    if first.trim_end() != "---"
        && !first.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '"' | '\''))
    {
        return None;
    }
    let mut kept = String::new();
    let mut keep = false;
    for line in text.split_inclusive('\n') {
        match line.as_bytes().first() {
            // Within the member above; a list may stand right below its name.
            None | Some(b' ' | b'\t' | b'#' | b'\r' | b'\n') => {}
            Some(b'-') if !line.starts_with("---") => {}
            Some(b'-' | b'.') => keep = true,
            Some(_) => {
                let name = line.split_once(':').map_or("", |(name, _)| name.trim());
                keep = keys.contains(&name.trim_matches(['"', '\'']));
            }
        }
        kept.push_str(if keep { line } else { "\n" });
    }
    Some(kept)
}
