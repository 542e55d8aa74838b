//! Reads settings out of a TOML text and keeps account: every setting asked for is known, every other key is an error
//! with its place and the nearest known key, and nothing stops at the first error.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{At, Origin, Problem, either, nearest};
use super::value::Setting;
use crate::key::{BadKey, Key};

/// The file being read: where its text came from, and what was found so far.
pub(super) struct Page<'t> {
    /// The file, for messages.
    path: Arc<Path>,
    /// The whole file.
    text: &'t str,
    /// Where each line but the first begins.
    line_starts: Vec<usize>,
    /// What TOML itself could not read, one problem a line.
    syntax: Vec<Problem>,
    /// What is wrong besides.
    problems: RefCell<Vec<Problem>>,
    /// The settings that are known but not written.
    unset: RefCell<Vec<String>>,
    /// Every setting that is known, as section and key.
    known: RefCell<Vec<(String, &'static str)>>,
    /// The keys that are not known in their section.
    unknown: RefCell<Vec<Unknown>>,
}

/// A key that nothing asked for.
struct Unknown {
    /// The dotted name of its section; empty for the top level.
    section: String,
    /// The key.
    typed: String,
    /// Where it stands.
    origin: Origin,
    /// What its section has.
    has: Vec<&'static str>,
}

impl<'t> Page<'t> {
    /// A page on which nothing was found yet but `errors` by the TOML parser.
    pub(super) fn new(path: Arc<Path>, text: &'t str, errors: &[toml::de::Error]) -> Self {
        let mut page = Self {
            path,
            text,
            line_starts: text.match_indices('\n').map(|(at, _)| at + 1).collect(),
            syntax: Vec::new(),
            problems: RefCell::default(),
            unset: RefCell::default(),
            known: RefCell::default(),
            unknown: RefCell::default(),
        };
        let mut syntax: Vec<Problem> = errors.iter().map(|error| page.syntax_problem(error)).collect();
        syntax.sort_by(|a, b| a.origin.cmp(&b.origin));
        syntax.dedup_by_key(|problem| problem.origin.line());
        page.syntax = syntax;
        page
    }

    /// The place of `span`.
    fn origin(&self, span: &Range<usize>) -> Origin {
        let (line, start) = self.line_of(span.start);
        let column = self.text.get(start..span.start).unwrap_or("").chars().count() + 1;
        Origin::File { path: Arc::clone(&self.path), line: line + 1, column }
    }

    /// The line that contains `at`, counted from 0, and where it begins.
    fn line_of(&self, at: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= at);
        (line, line.checked_sub(1).and_then(|before| self.line_starts.get(before)).copied().unwrap_or(0))
    }

    /// What is written at `span`, cut to fit into a message.
    fn excerpt(&self, span: &Range<usize>) -> String {
        const LONGEST: usize = 60;
        let written = without_password(self.text.get(span.clone()).unwrap_or("").lines().next().unwrap_or(""));
        if written.chars().count() <= LONGEST {
            written
        } else {
            written.chars().take(LONGEST).chain(['…']).collect()
        }
    }

    /// Notes what is wrong.
    fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// What TOML itself could not read.
    fn syntax_problem(&self, error: &toml::de::Error) -> Problem {
        let span = error.span().unwrap_or(0..0);
        let key = self.key_of_line(span.start);
        let because = error.message().replace('\n', ", ");
        let (what, remedy) = match key.as_str() {
            "" => ("this line is not TOML".to_owned(), "correct the line: a section's name stands in [brackets]"),
            key if because == "duplicate key" => (format!("`{key}` is written twice"), "remove one of the two"),
            key => (format!("`{key}` is not written as TOML"), "correct the line: text stands between quotes"),
        };
        Problem { origin: self.origin(&span), key, what, because, remedy: remedy.to_owned() }
    }

    /// The key at the start of the line that contains `at`; empty where there is none.
    fn key_of_line(&self, at: usize) -> String {
        let (_, start) = self.line_of(at);
        let line = self.text.get(start..).unwrap_or("").lines().next().unwrap_or("");
        let key = line.split_once('=').map_or("", |(key, _)| key.trim());
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if key.chars().all(plain) { key.to_owned() } else { String::new() }
    }

    /// Whether a section's name could not be read: what follows it then seems to stand elsewhere.
    fn lost_a_section(&self) -> bool {
        self.syntax.iter().any(|problem| {
            let line = problem.origin.line().checked_sub(1).and_then(|line| self.text.lines().nth(line));
            line.is_some_and(|line| line.trim_start().starts_with('['))
        })
    }

    /// What was found: problems in the order of the file, and the names of the settings that are not written.
    ///
    /// A line that is not TOML is often read as something else, which is then wrong too; only its syntax is told.
    pub(super) fn findings(self) -> (Vec<Problem>, Vec<String>) {
        let lost_a_section = self.lost_a_section();
        let mut problems = self.problems.into_inner();
        if !lost_a_section {
            let known = self.known.into_inner();
            problems.extend(self.unknown.into_inner().into_iter().map(|unknown| unknown.problem(&known)));
        }
        problems.retain(|problem| self.syntax.iter().all(|broken| broken.origin.line() != problem.origin.line()));
        problems.extend(self.syntax);
        problems.sort_by(|a, b| a.origin.cmp(&b.origin));
        keep_readable(&mut problems);
        (problems, self.unset.into_inner())
    }
}

/// Cuts a list of problems that nobody would read, such as that of a file that is no configuration at all.
fn keep_readable(problems: &mut Vec<Problem>) {
    const MOST: usize = 100;
    let more = problems.len().saturating_sub(MOST);
    let Some(first) = problems.get(MOST) else { return };
    let rest = Problem {
        origin: first.origin.clone(),
        key: String::new(),
        what: format!("{more} more problems begin here"),
        because: format!("only the first {MOST} are told"),
        remedy: "correct those first".to_owned(),
    };
    problems.truncate(MOST);
    problems.push(rest);
}

impl Unknown {
    /// What to say of it, given every known setting.
    fn problem(self, known: &[(String, &'static str)]) -> Problem {
        let Self { section, typed, origin, has } = self;
        let elsewhere = known.iter().find(|(other, key)| *key == typed && *other != section);
        let secret = format!("{typed}_command");
        let remedy = match (nearest(&typed, has.iter().copied()), elsewhere) {
            _ if has.contains(&secret.as_str()) => format!(
                "remove the line: no {typed} stands in this file; `{typed}_file`, `{secret}` or `{typed}_keyring` \
                 say where it is kept"
            ),
            (Some(meant), _) => format!("write `{meant}`, or remove the line"),
            (None, Some((other, _))) if other.is_empty() => {
                format!("`{typed}` belongs to the top level: move it above the first [section]")
            }
            (None, Some((other, _))) => format!("`{typed}` belongs to [{other}]: move it there"),
            (None, None) => "correct the name, or remove the line".to_owned(),
        };
        let place = if section.is_empty() { "the top level".to_owned() } else { format!("[{section}]") };
        let key = dotted(&section, &typed);
        Problem {
            origin,
            what: format!("there is no setting `{key}`"),
            key,
            because: format!("{place} has {}", either(has).replace(" or ", " and ")),
            remedy,
        }
    }
}

/// The full name of `key` in `section`.
fn dotted(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// The text with `***` for what stands between `://` and `@`: messages are shown and logged.
fn without_password(written: &str) -> String {
    match written.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, server)) => format!("{scheme}://***@{server}"),
        None => written.to_owned(),
    }
}

/// One section being read. An absent section reads like an empty one.
#[must_use = "finish() finds the unknown keys"]
pub(super) struct Section<'p, 't> {
    /// The page it stands on.
    page: &'p Page<'t>,
    /// Its dotted name; empty for the top level.
    name: String,
    /// Its keys, where it is written.
    table: Option<&'p DeTable<'t>>,
    /// Where it begins.
    origin: Origin,
    /// The keys asked for.
    known: Vec<&'static str>,
    /// Whether there may be several of its name.
    is_one_of_many: bool,
}

impl<'p, 't> Section<'p, 't> {
    /// The top level of `document`.
    pub(super) fn top(page: &'p Page<'t>, document: &'p DeTable<'t>) -> Self {
        let origin = page.origin(&(0..0));
        Self { page, name: String::new(), table: Some(document), origin, known: Vec::new(), is_one_of_many: false }
    }

    /// The value of `key`; `None` when it is absent or wrong, and then the problem is noted.
    pub(super) fn read<T: Setting>(&mut self, key: &'static str) -> Option<At<T>> {
        self.read_or(key, "write one that is accepted, or remove the line to have the default")
    }

    /// Like [`Section::read`] for a key that takes the place of another: nobody misses it.
    pub(super) fn read_instead<T: Setting>(&mut self, key: &'static str) -> Option<At<T>> {
        if self.table.is_some_and(|table| table.contains_key(key)) {
            return self.read(key);
        }
        self.known.push(key);
        None
    }

    /// Whether there is such a section at all.
    pub(super) fn is_written(&self) -> bool {
        self.table.is_some()
    }

    /// Whether anything stands in it.
    pub(super) fn has_settings(&self) -> bool {
        self.table.is_some_and(|table| !table.is_empty())
    }

    /// Where the section begins.
    pub(super) fn origin(&self) -> Origin {
        self.origin.clone()
    }

    /// Like [`Section::read`], with what to do about a wrong value that is nearly no other.
    fn read_or<T: Setting>(&mut self, key: &'static str, remedy: &str) -> Option<At<T>> {
        let value = self.value(key)?;
        let read = T::from_value(value.get_ref());
        if read.is_none() {
            self.wrong_value::<T>(key, value, remedy);
        }
        Some(At { value: read?, origin: self.page.origin(&value.span()) })
    }

    /// Like [`Section::read`] for a key without which the section means nothing.
    pub(super) fn require<T: Setting>(&mut self, key: &'static str) -> Option<At<T>> {
        let absent = self.table.is_none_or(|table| !table.contains_key(key));
        let read = self.read_or(key, "write one that is accepted");
        // It may be on the line that could not be read.
        if absent && self.page.syntax.is_empty() {
            self.page.report(Problem {
                origin: self.origin.clone(),
                key: self.dotted(key),
                what: format!("`{key}` is missing from {}", self.heading()),
                because: format!("it takes {}", T::takes()),
                remedy: format!("add `{key} = …` to the section"),
            });
        }
        read
    }

    /// Its line in the file.
    fn heading(&self) -> String {
        if self.is_one_of_many { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }

    /// The section `[key]`.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'p, 't> {
        self.known.push(key);
        let value = self.table.and_then(|table| table.get(key));
        let table = value.and_then(|value| value.get_ref().as_table());
        if let (Some(value), None) = (value, table) {
            self.wrong_shape(key, value, &format!("a section: write [{}] on a line of its own", self.dotted(key)));
        }
        self.inner(key, value, table)
    }

    /// Every section `[[key]]`, in order.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'p, 't>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let items: Option<Vec<_>> = value.get_ref().as_array().map(|items| {
            items
                .iter()
                .filter_map(|item| {
                    let section = self.inner(key, Some(item), Some(item.get_ref().as_table()?));
                    Some(Section { is_one_of_many: true, ..section })
                })
                .collect()
        });
        let whole = value.get_ref().as_array().map_or(0, |items| items.iter().count());
        if items.as_ref().is_none_or(|items| items.len() != whole) {
            let accepted = format!("a list of sections: write [[{}]] on a line of its own for each", self.dotted(key));
            self.wrong_shape(key, value, &accepted);
        }
        items.unwrap_or_default()
    }

    /// All settings of a section whose names are not ours: commands with their keys, `"none"` for no key at all.
    pub(super) fn read_keys(self) -> Vec<(String, At<Vec<Key>>)> {
        let Some(table) = self.table else { return Vec::new() };
        table
            .iter()
            .filter_map(|(name, value)| Some((name.get_ref().to_string(), self.keys(name.get_ref(), value)?)))
            .collect()
    }

    /// Notes every key that was never asked for.
    pub(super) fn finish(self) {
        let known = self.known.iter().map(|key| (self.name.clone(), *key));
        self.page.known.borrow_mut().extend(known);
        for (key, _) in self.table.into_iter().flatten() {
            let typed: &str = key.get_ref();
            if !self.known.contains(&typed) {
                self.page.unknown.borrow_mut().push(Unknown {
                    section: self.name.clone(),
                    typed: typed.to_owned(),
                    origin: self.page.origin(&key.span()),
                    has: self.known.clone(),
                });
            }
        }
    }

    /// A section within this one.
    fn inner(&self, key: &'static str, value: Option<&Spanned<DeValue<'t>>>, table: Option<&'p DeTable<'t>>) -> Self {
        let origin = value.map_or_else(|| self.origin.clone(), |value| self.page.origin(&value.span()));
        Section { page: self.page, name: self.dotted(key), table, origin, known: Vec::new(), is_one_of_many: false }
    }

    /// What is written for `key`, which is known from now on.
    fn value(&mut self, key: &'static str) -> Option<&'p Spanned<DeValue<'t>>> {
        self.known.push(key);
        let value = self.table.and_then(|table| table.get(key));
        if value.is_none() {
            self.page.unset.borrow_mut().push(self.dotted(key));
        }
        value
    }

    /// The keys of the command `name`.
    fn keys(&self, name: &str, value: &Spanned<DeValue<'t>>) -> Option<At<Vec<Key>>> {
        let text = |value: &Spanned<DeValue<'t>>| value.get_ref().as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = match value.get_ref().as_array() {
            Some(items) => items.iter().map(text).collect(),
            None => text(value).map(|text| vec![text]),
        };
        let Some(texts) = texts else {
            self.wrong_shape(name, value, "a key such as \"ctrl-r\", a list of keys, or \"none\"");
            return None;
        };
        let keys = if texts == ["none"] { Ok(Vec::new()) } else { texts.iter().map(|text| text.parse()).collect() };
        let origin = self.page.origin(&value.span());
        match keys {
            Ok(keys) => Some(At { value: keys, origin }),
            Err(wrong) => {
                let wrong: BadKey = wrong;
                self.report_value(name, value, &wrong.to_string(), "write keys as the help shows them".to_owned());
                None
            }
        }
    }

    /// The full name of `key`.
    fn dotted(&self, key: &str) -> String {
        dotted(&self.name, key)
    }

    /// Notes a value that `T` does not accept.
    fn wrong_value<T: Setting>(&self, key: &str, value: &Spanned<DeValue<'t>>, remedy: &str) {
        let meant = value.get_ref().as_str().and_then(|typed| nearest(typed, T::WORDS.iter().copied()));
        let remedy = match meant {
            Some(word) => format!("write {key} = \"{word}\""),
            None => remedy.to_owned(),
        };
        let takes = format!("it takes {}", T::takes());
        let because = T::why(value.get_ref()).map_or_else(|| takes.clone(), |why| format!("{why}: {takes}"));
        if T::PRIVATE {
            self.report_as("what stands here", key, value, &because, remedy);
        } else {
            self.report_value(key, value, &because, remedy);
        }
    }

    /// Notes a value of a wrong shape.
    fn wrong_shape(&self, key: &str, value: &Spanned<DeValue<'t>>, accepted: &str) {
        let because = format!("it takes {accepted}");
        self.report_value(key, value, &because, "write it that way, or remove it to have the default".to_owned());
    }

    /// Notes a wrong value.
    fn report_value(&self, key: &str, value: &Spanned<DeValue<'t>>, because: &str, remedy: String) {
        self.report_as(&self.page.excerpt(&value.span()), key, value, because, remedy);
    }

    /// Notes a wrong value, which is called `told`.
    fn report_as(&self, told: &str, key: &str, value: &Spanned<DeValue<'t>>, because: &str, remedy: String) {
        self.page.report(Problem {
            origin: self.page.origin(&value.span()),
            key: self.dotted(key),
            what: format!("`{}` cannot be {told}", self.dotted(key)),
            because: because.to_owned(),
            remedy,
        });
    }
}
