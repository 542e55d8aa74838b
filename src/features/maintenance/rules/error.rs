//! What is wrong with a rule file, so that its writer can put it right.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use crate::config;

/// An error in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The file, or `assets/providers/…` for a rule in the binary.
    pub file: PathBuf,
    /// The line, from 1; 0 if the whole file is meant.
    pub line: usize,
    /// The key, as far as it is known.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.problem)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "; {}", self.fix) }
    }
}

impl std::error::Error for RuleError {}

impl RuleError {
    /// The first of the mistakes of a file.
    pub(super) fn first(mistakes: Vec<Self>) -> Self {
        mistakes.into_iter().next().unwrap_or_else(|| Self {
            file: PathBuf::new(),
            line: 0,
            key: String::new(),
            problem: "it cannot be read".to_owned(),
            fix: String::new(),
        })
    }

    /// The same as what is wrong with a configuration, of which the user's rules are a part.
    #[must_use]
    pub fn problem(self) -> config::Problem {
        let Self { file, line, key, problem, fix } = self;
        config::Problem {
            // Where in the line is not known; its beginning takes an editor there.
            origin: config::Origin::File { path: file.into(), line, column: 1 },
            what: if problem.contains(&key) || problem.starts_with("warning: ") {
                problem
            } else {
                format!("`{key}`: {problem}")
            },
            key,
            because: "a provider rule with a mistake is not used".to_owned(),
            remedy: if fix.is_empty() {
                "correct it; `noctui provider show zayo` prints a rule that is right".to_owned()
            } else {
                fix
            },
        }
    }
}

/// A problem at a place of the file, before the file's name and lines are known.
#[derive(Debug)]
pub(super) struct Problem {
    /// Where, in bytes.
    pub(super) span: Range<usize>,
    /// The key.
    pub(super) key: &'static str,
    /// What is wrong.
    pub(super) wrong: String,
    /// What to write instead.
    pub(super) fix: String,
}

impl Problem {
    /// A problem with the value at `span`.
    pub(super) fn new(span: Range<usize>, key: &'static str, wrong: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { span, key, wrong: wrong.into(), fix: fix.into() }
    }

    /// The same, with its place in the file.
    pub(super) fn in_file(self, file: PathBuf, text: &str) -> RuleError {
        let line = line_of(text, self.span.start);
        RuleError { file, line, key: self.key.to_owned(), problem: self.wrong, fix: self.fix }
    }
}

/// The error of the TOML reader.
pub(super) fn toml_error(error: &toml::de::Error, file: PathBuf, text: &str) -> RuleError {
    let start = error.span().map(|span| span.start);
    let line = start.map_or(0, |start| line_of(text, start));
    let key = line.checked_sub(1).and_then(|at| text.lines().nth(at)).map(key_of).unwrap_or_default();
    let message = error.message();
    if let Some(missing) = message.strip_prefix("missing field ") {
        let key = missing.trim_matches('`').to_owned();
        let fix = format!("write `{key} = …`; `noctui provider show zayo` prints a rule that has it");
        return RuleError { file, line, key, problem: "it is missing".to_owned(), fix };
    }
    // "unknown field `lable`, expected one of `label`, …": the second half is the fix.
    let (problem, fix) = match message.split_once(", expected ") {
        Some((problem, expected)) if problem.starts_with("invalid ") => (in_words(problem), kind_in_words(expected)),
        Some((problem, expected)) => (in_words(problem), nearest(problem, expected)),
        None => (in_words(message), String::new()),
    };
    RuleError { file, line, key, problem, fix }
}

/// What is wrong, in words that mean something to who does not write programs.
fn in_words(problem: &str) -> String {
    let type_of = |rest: &str| format!("it is {}", rest.replace("boolean", "the truth").replace("sequence", "a list"));
    let known = [
        ("unknown field ", "there is no setting "),
        ("unknown variant ", "there is no "),
        ("missing field ", "there is no "),
    ];
    for (theirs, ours) in known {
        if let Some(rest) = problem.strip_prefix(theirs) {
            return format!("{ours}{rest}");
        }
    }
    match problem.strip_prefix("invalid type: ").or_else(|| problem.strip_prefix("invalid value: ")) {
        Some(rest) => {
            type_of(&rest.replace("map", "a table").replace("integer", "the number").replace("string", "the text"))
        }
        None => problem.to_owned(),
    }
}

/// What to write where something else is.
fn kind_in_words(expected: &str) -> String {
    let kind = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a sequence" => "a list: [ … ]",
        "a string" => "a text: \"…\"",
        "a boolean" => "true or false",
        "a map" => "a table",
        expected if expected.starts_with("struct ") => "a table",
        expected if expected.starts_with("a tuple of size 2") => "a pair: [\"…\", \"…\"]",
        other => other,
    };
    format!("write {kind}")
}

/// What to write, the word first that comes nearest to the one that was written.
fn nearest(problem: &str, expected: &str) -> String {
    let quoted = |text: &'_ str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let written = quoted(problem).into_iter().next().unwrap_or_default();
    let known = quoted(expected);
    match config::nearest(&written, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? Else write {expected}"),
        None => format!("write {expected}"),
    }
}

/// The key of a line, if it has one.
fn key_of(line: &str) -> String {
    let key = line.split('=').next().unwrap_or_default().trim_matches(['{', ' ', '\t', '[', ']', '"']);
    crate::text::clean_line(key).chars().take(60).collect()
}

/// The line of a place, from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
