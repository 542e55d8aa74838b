//! Programs that are started for somebody, with places for what they are started with.

use std::fmt;

use serde::Serialize;
use toml::de::DeValue;

use super::{Setting, words};
use crate::text::{clean_line, is_harmless};

/// Arguments of one program.
const MOST: usize = 64;
/// Characters that are told of what is no place.
const LONGEST_TOLD: usize = 40;
/// The places that are filled in.
pub(crate) const PLACES: [&str; 10] =
    ["host", "urlhost", "port", "user", "user@", "name", "alias", "url", "files", "lab"];

/// A program and its arguments, or a line for the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The program and its arguments, each one as it is; no shell reads them.
    Words(Vec<String>),
    /// A line that `sh` reads.
    Shell(String),
}

/// A part of what is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// It stays as it is.
    Text(&'t str),
    /// One of the places.
    Place(&'t str),
}

/// The parts of a word or of a line; `Err` is what stands in braces and is no place. `{{` and `}}` are braces, and of `${NAME}`
/// the braces are a shell's own, and stay.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &str> {
    let (mut pieces, mut rest, mut of_shell) = (Vec::new(), text, 0_usize);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        let is_of_shell = before.ends_with('$');
        pieces.push(Piece::Text(before));
        let (piece, length) = if let Some(behind) = from.strip_prefix('}') {
            let is_doubled = of_shell == 0 && behind.starts_with('}');
            of_shell = of_shell.saturating_sub(1);
            (Piece::Text("}"), if is_doubled { 2 } else { 1 })
        } else if is_of_shell {
            of_shell += 1;
            (Piece::Text("{"), 1)
        } else if from.starts_with("{{") {
            (Piece::Text("{"), 2)
        } else {
            let inner = from.trim_start_matches('{');
            let (place, _) = inner.split_once('}').ok_or(inner)?;
            (Piece::Place(PLACES.into_iter().find(|known| *known == place).ok_or(place)?), place.len() + 2)
        };
        pieces.push(piece);
        rest = from.get(length..).unwrap_or_default();
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

impl Program {
    /// Whether every quote of a line for the shell is closed, and nothing is escaped behind its end.
    fn has_closed_quotes(text: &str) -> bool {
        let (mut quote, mut is_escaped) = (None, false);
        for c in text.chars() {
            match (quote, c) {
                _ if is_escaped => is_escaped = false,
                // Between single quotes a backslash is one.
                (None | Some('"'), '\\') => is_escaped = true,
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                _ => {}
            }
        }
        quote.is_none() && !is_escaped
    }
}

impl Setting for Program {
    fn takes() -> String {
        "a list of a program and its arguments such as [\"ssh\", \"-p\", \"{port}\", \"{user@}{host}\"], or a line for the \
         shell, its quotes closed; {host}, {urlhost}, {port}, {user}, {user@}, {name}, {alias}, {url}, {files} and {lab} are replaced, \
         {{ and }} are braces, and ${NAME} stays as it is"
            .to_owned()
    }

    fn why(value: &DeValue<'_>) -> Option<String> {
        let words = value.as_array().into_iter().flatten().filter_map(|item| item.get_ref().as_str());
        let unknown = value.as_str().into_iter().chain(words).find_map(|text| pieces(text).err())?;
        let unknown: String = unknown.chars().take(LONGEST_TOLD).collect();
        Some(format!("it knows no {{{}}}", clean_line(&unknown)))
    }

    fn from_text(text: &str) -> Option<Self> {
        let sound = !text.trim().is_empty() && text.chars().all(is_harmless) && pieces(text).is_ok();
        (sound && Self::has_closed_quotes(text)).then(|| Self::Shell(text.to_owned()))
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let Some(items) = value.as_array() else { return Self::from_text(value.as_str()?) };
        let words: Vec<String> =
            items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>()?;
        let is_named = words.first().is_some_and(|program| !program.trim().is_empty() && !program.contains('{'));
        let sound = |word: &String| word.chars().all(is_harmless) && pieces(word).is_ok();
        (is_named && words.len() <= MOST && words.iter().all(sound)).then_some(Self::Words(words))
    }
}

/// A program that hands a line to the shell of a lab's gateway, as the argument behind its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayShell(Vec<String>);

impl GatewayShell {
    /// The place that is filled in.
    const HOST: &str = "{host}";

    /// Whether the gateway's host has to be known.
    #[must_use]
    pub fn needs_host(&self) -> bool {
        self.0.iter().any(|word| word.contains(Self::HOST))
    }

    /// The program with its arguments, the gateway's host filled in, and behind them the line.
    #[must_use]
    pub fn words(&self, host: &str, line: &str) -> Vec<String> {
        self.0.iter().map(|word| word.replace(Self::HOST, host)).chain([line.to_owned()]).collect()
    }
}

impl Setting for GatewayShell {
    fn takes() -> String {
        "a list of a program and its arguments such as [\"ssh\", \"-o\", \"BatchMode=yes\", \"root@{host}\"]; {host} is replaced"
            .to_owned()
    }

    /// A shell would read what is handed on once more: only a list is taken.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let items = value.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
        let words: Vec<String> = items.collect::<Option<_>>()?;
        let is_named = words.first().is_some_and(|program| !program.trim().is_empty() && !program.contains('{'));
        let sound = |word: &String| word.chars().all(is_harmless) && !word.replace(Self::HOST, "").contains(['{', '}']);
        (is_named && words.len() <= MOST && words.iter().all(sound)).then_some(Self(words))
    }
}

words! {
    /// Where programs run that take over the terminal.
    pub Tmux {
        /// In noctui's own terminal, which gets it back afterwards.
        Off = "off",
        /// Inside of tmux in a window of their own.
        Window = "window",
        /// Inside of tmux beside noctui.
        Split = "split",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<S: Setting>(value: &str) -> Option<S> {
        let text = format!("key = {value}");
        let table = toml::de::DeTable::parse(&text).unwrap();
        S::from_value(table.get_ref().get("key").unwrap().get_ref())
    }

    #[test]
    fn a_line_for_the_gateway_is_one_argument_that_no_shell_here_reads() {
        let shell = read::<GatewayShell>("['ssh', 'root@{host}']").unwrap();
        assert!(shell.needs_host());
        assert_eq!(shell.words("192.0.2.1", "echo '$HOME' {host}"), ["ssh", "root@192.0.2.1", "echo '$HOME' {host}"]);
        for wrong in ["'ssh root@{host}'", "[]", "['']", "['{host}']", "['ssh', '{line}']", "['ssh', '{host']"] {
            assert_eq!(read::<GatewayShell>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn braces_are_written_twice_and_those_of_a_shell_once() {
        let filled = |text: &'static str| {
            let text = pieces(text)?.into_iter().map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Place(place) => format!("<{place}>"),
            });
            Ok::<_, &str>(text.collect::<String>())
        };
        assert_eq!(filled("echo ${HOME} {port}").unwrap(), "echo ${HOME} <port>");
        assert_eq!(filled("x | awk '{{print $1, {port}}}'").unwrap(), "x | awk '{print $1, <port>}'");
        assert_eq!(filled("${A:-${B}} ${C:-{host}} {{a,{lab}}}").unwrap(), "${A:-${B}} ${C:-<host>} {a,<lab>}");
        assert_eq!(filled("a } b }} {user@}").unwrap(), "a } b } <user@>");
        assert_eq!([filled("ssh {nam}"), filled("awk '{print}'"), filled("x {")], [Err("nam"), Err("print"), Err("")]);
        let text = "key = ['ssh', '{nam}']";
        let table = toml::de::DeTable::parse(text).unwrap();
        let why = Program::why(table.get_ref().get("key").unwrap().get_ref());
        assert_eq!(why.as_deref(), Some("it knows no {nam}"));
    }

    #[test]
    fn a_list_is_a_program_and_a_text_is_for_the_shell() {
        assert_eq!(
            read("['ssh', '-p', '{port}', '{user@}{host}']"),
            Some(Program::Words(["ssh", "-p", "{port}", "{user@}{host}"].map(str::to_owned).to_vec()))
        );
        assert_eq!(read("'exec ssh {host} 2>log'"), Some(Program::Shell("exec ssh {host} 2>log".to_owned())));
        let quoted = "echo \\' \"it's\" '\"' {name}";
        assert_eq!(Program::from_text(quoted), Some(Program::Shell(quoted.to_owned())));
        for line in ["echo ${HOME} {port}", "ssh {host} | awk '{{print $1}}'", "x ${A:-${B}} {{a,b}}"] {
            assert_eq!(Program::from_text(line), Some(Program::Shell(line.to_owned())));
        }
        for wrong in [
            "[]",
            "['']",
            "['{host}']",
            "['ssh', '{hots}']",
            "['ssh', '{']",
            "''",
            "'ssh {password}'",
            "\"vncviewer '{name}\"",
            "'ssh \"{name}'",
            "'ssh {host} \\'",
            "3",
            "\"a\\u001b\"",
        ] {
            assert_eq!(read::<Program>(wrong), None, "{wrong}");
        }
    }
}
