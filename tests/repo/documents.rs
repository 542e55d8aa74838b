//! The documents: their tables are those of the code, the command lines they show are accepted, the files they name are
//! there, and the pictures are.
//!
//! `NOCTUI_UPDATE_DOCS=1 cargo test --test repo` writes the tables anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{Arg, Command};
use regex::Regex;

use crate::files;

/// Set to have the tables written instead of compared.
const UPDATE: &str = "NOCTUI_UPDATE_DOCS";
/// A picture larger than this is slow to load where the README is read.
const LARGEST_PICTURE: usize = 150_000;

/// The documents, by name, with their text.
fn documents() -> Vec<(String, String)> {
    let is_document = |file: &Path| file.extension().is_some_and(|extension| extension == "md");
    let documents: Vec<_> = files::all()
        .into_iter()
        .filter(|file| is_document(file))
        .map(|file| (file.display().to_string(), files::read(&file)))
        .collect();
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/keys.md",
        "docs/commands.md",
        "docs/providers.md",
    ] {
        assert!(documents.iter().any(|(known, _)| known == name), "{name} is missing");
    }
    documents
}

/// Holds what stands in `document` between the marks of `table` to `want`, or writes it there.
fn hold(document: &str, table: &str, want: &str) {
    let text = files::read(document.as_ref());
    let (begin, end) = (format!("<!-- {table}: generated -->\n"), format!("<!-- end of {table} -->"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no {begin} in {document}"));
    let (is, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end} in {document}"));
    let want = format!("\n{want}\n");
    if is == want {
        return;
    }
    assert!(
        std::env::var_os(UPDATE).is_some(),
        "{document} differs from the code: {UPDATE}=1 cargo test --test repo writes it anew\n{want}"
    );
    std::fs::write(files::root().join(document), format!("{before}{begin}{want}{end}{after}")).unwrap();
}

#[test]
fn the_tables_of_keys_are_those_of_the_code() {
    hold("README.md", "keys", &noctui::app::commands::overview());
    hold("docs/keys.md", "keys", &noctui::app::commands::reference());
}

#[test]
fn the_tables_of_subcommands_are_those_of_the_code() {
    let mut noctui = noctui::cli::command();
    noctui.build();
    let mut commands = Vec::new();
    collect(&noctui, &mut commands);
    hold("README.md", "subcommands", &overview(&commands));
    hold("docs/commands.md", "subcommands", &reference(&noctui, &commands));
}

/// Whatever can be run below `command`.
fn collect<'a>(command: &'a Command, all: &mut Vec<&'a Command>) {
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        if command.has_subcommands() {
            collect(command, all);
        } else {
            all.push(command);
        }
    }
}

/// The arguments that only this command has.
fn own(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|one| !one.is_global_set() && !one.is_hide_set() && one.get_id() != "help")
}

/// A sentence of the help, without its full stop.
fn said(help: Option<&StyledStr>) -> String {
    help.map(ToString::to_string).unwrap_or_default().trim_end_matches('.').replace('|', "\\|")
}

/// A command with what it must be given, or may be by its place.
fn line(command: &Command) -> String {
    let places = own(command).filter(|one| one.is_positional() || one.is_required_set());
    let words = [command.get_bin_name().unwrap().to_owned()].into_iter().chain(places.map(spelled));
    words.collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Every subcommand and what it does, as a Markdown table.
fn overview(commands: &[&Command]) -> String {
    let mut text = "| command | what it does |\n| --- | --- |\n| `noctui` | Open the screen |\n".to_owned();
    for command in commands {
        let _ = writeln!(text, "| `{}` | {} |", line(command), said(command.get_about()));
    }
    text
}

/// Every subcommand with all that it takes, and the flags that go with all of them.
fn reference(noctui: &Command, commands: &[&Command]) -> String {
    let mut text = String::new();
    for command in commands {
        let _ = writeln!(text, "### `{}`\n\n{}.\n", line(command), said(command.get_about()));
        flags(&mut text, own(command));
    }
    text.push_str("### With every one of them\n\n");
    flags(&mut text, noctui.get_arguments().filter(|flag| flag.is_global_set()));
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A Markdown table of arguments, if there are any.
fn flags<'a>(text: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    let mut arguments = arguments.peekable();
    if arguments.peek().is_none() {
        return;
    }
    text.push_str("| | |\n| --- | --- |\n");
    for argument in arguments {
        let _ = writeln!(text, "| `{}` | {} |", spelled(argument).replace('|', "\\|"), said(argument.get_help()));
    }
    text.push('\n');
}

/// An argument as a usage line shows it.
fn spelled(argument: &Arg) -> String {
    let name = argument.to_string();
    // A place for any number of words stands in brackets already.
    if argument.is_required_set() || name.ends_with("...") {
        name
    } else {
        format!("[{}]", name.trim_matches(['[', ']']))
    }
}

#[test]
fn every_command_line_shown_is_accepted() {
    // An indented line, or between back ticks; what follows # is said about it.
    let line = Regex::new(r"(?m)(?:^ {4,6}(?:\$ )?|`)((?:cargo run --release -- |noctui(?: |$))[^`#\n]*)").unwrap();
    let word = Regex::new(r#""[^"]*"|'[^']*'|\S+"#).unwrap();
    let mut shown = BTreeSet::new();
    for (name, text) in documents().into_iter().filter(|(name, _)| name != "CHANGELOG.md") {
        let text = without_tables(&text);
        for found in line.captures_iter(&text) {
            shown.insert((name.clone(), found[1].trim().replace("cargo run --release --", "noctui")));
        }
    }
    assert!(shown.len() > 15, "{shown:?}");
    for (name, line) in shown {
        let line = line.split(['|', '<', '>', ';']).next().unwrap();
        let words = word.find_iter(line).map(|found| found.as_str().trim_matches(['\'', '"']));
        if let Err(error) = noctui::cli::command().try_get_matches_from(words) {
            // A sentence may name a subcommand without what it takes.
            let is_short = error.kind() == ErrorKind::MissingRequiredArgument;
            assert!(!error.use_stderr() || is_short, "{name} shows {line:?}, which is not accepted: {error}");
        }
    }
}

/// The text without tables and headings, whose usage lines have words to be replaced.
fn without_tables(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with(['|', '#'])).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_file_the_documents_name_is_there() {
    let known = files::all();
    let is_there = |name: &str| {
        let path = Path::new(name.trim_end_matches(['/', '.']));
        known.iter().any(|file| file == path || file.starts_with(path))
    };
    let path = Regex::new(r"(?:^|[\s(`\[])((?:src|tests|docs|assets|benches|examples|\.ci)/[\w./-]*)").unwrap();
    let link = Regex::new(r"\]\(([^):#]+)\)").unwrap();
    let mut named = 0;
    for (document, text) in documents() {
        let folder = Path::new(&document).parent().unwrap();
        for found in path.captures_iter(&text) {
            assert!(is_there(&found[1]), "{document} names {}", &found[1]);
            named += 1;
        }
        for found in link.captures_iter(&text) {
            assert!(is_there(folder.join(&found[1]).to_str().unwrap()), "{document} links to {}", &found[1]);
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}

#[test]
fn the_readme_shows_pictures_that_load_quickly() {
    let readme = files::read("README.md".as_ref());
    let picture = Regex::new(r"!\[[^\]]+\]\(([^)]+\.svg)\)").unwrap();
    let pictures: Vec<_> = picture.captures_iter(&readme).map(|found| found[1].to_owned()).collect();
    assert!(!pictures.is_empty());
    for name in pictures {
        let svg = files::read(name.as_ref());
        assert!(svg.len() < LARGEST_PICTURE, "{name} has {} bytes", svg.len());
        assert!(svg.starts_with("<svg ") && svg.contains(">noctui<"), "{name} shows something else");
    }
}
