//! Who may use whom, read from the source: what is above uses what is below, never the other way.

use std::path::Path;

use regex::Regex;

use crate::files;

/// The layers, top first. A module that is not named is in the lowest: it may use nothing of those above it.
const LAYERS: [&[&str]; 4] =
    [&["main", "lib", "cli", "runtime", "serve", "demo"], &["app"], &["triage"], &["features"]];

/// The layer of a top-level module, 0 at the top.
fn layer(module: &str) -> usize {
    LAYERS.iter().position(|layer| layer.contains(&module)).unwrap_or(LAYERS.len())
}

/// The code of `text`: no comments, no tests, which may look at everything.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    let lines: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
    lines.join("\n")
}

/// The top-level modules that `code` names as `crate::module` or in `crate::{module, …}`.
fn used(code: &str) -> Vec<String> {
    let single = Regex::new(r"\bcrate::(\w+)").unwrap();
    let group = Regex::new(r"\bcrate::\{([^;]*)\}").unwrap();
    let inner = Regex::new(r"\{[^{}]*\}").unwrap();
    let word = Regex::new(r"(?:^|,)\s*(\w+)").unwrap();
    let mut used: Vec<String> = single.captures_iter(code).map(|found| found[1].to_owned()).collect();
    for found in group.captures_iter(code) {
        // Only the first level of names are modules of the crate.
        let mut outer = found[1].to_owned();
        while inner.is_match(&outer) {
            outer = inner.replace_all(&outer, "").into_owned();
        }
        used.extend(word.captures_iter(&outer).map(|found| found[1].to_owned()));
    }
    used
}

/// Whether the file is part of the module `name`, as a file or within its folder.
fn is_in(file: &Path, name: &str) -> bool {
    file.with_extension("").iter().any(|part| part == name)
}

/// Every file of code but those that only test.
fn code_files() -> Vec<(std::path::PathBuf, String)> {
    let tests = |file: &Path| file.with_extension("").iter().any(|part| part == "tests" || part == "testing");
    files::sources().into_iter().filter(|(file, _)| !tests(file)).map(|(file, text)| (file, code(&text))).collect()
}

/// Fails with the list of `faults` unless it is empty.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn what_is_below_does_not_use_what_is_above() {
    let mut faults = Vec::new();
    for (file, code) in code_files() {
        let module = file.with_extension("").iter().nth(1).unwrap().to_str().unwrap().to_owned();
        for used in used(&code) {
            if layer(&used) < layer(&module) {
                faults.push(format!("{}: {module} uses {used}, which is above it", file.display()));
            }
        }
    }
    none(&faults);
}

#[test]
fn a_feature_uses_no_other() {
    let mut faults = Vec::new();
    let other = Regex::new(r"\bfeatures::(\w+)").unwrap();
    for (file, code) in code_files() {
        let Ok(inner) = file.strip_prefix("src/features") else { continue };
        let feature = inner.with_extension("").iter().next().unwrap().to_str().unwrap().to_owned();
        for found in other.captures_iter(&code) {
            if feature != "mod" && found[1] != feature {
                faults.push(format!("{}: {feature} uses {}", file.display(), &found[1]));
            }
        }
    }
    none(&faults);
}

#[test]
fn what_works_without_a_screen_does_not_know_of_screens() {
    let mut faults = Vec::new();
    for (file, code) in code_files() {
        let headless = ["model", "wire", "client", "worker", "store", "config", "rules", "source", "mail"];
        if headless.iter().any(|name| is_in(&file, name)) {
            for name in ["ratatui", "crossterm"].iter().filter(|name| code.contains(**name)) {
                faults.push(format!("{} mentions {name}", file.display()));
            }
        }
    }
    none(&faults);
}

#[test]
fn a_pane_knows_neither_client_nor_wire() {
    let mut faults = Vec::new();
    let below = Regex::new(r"(?:::|\{|, )(client|wire)\b").unwrap();
    for (file, code) in code_files().into_iter().filter(|(file, _)| is_in(file, "pane")) {
        faults.extend(below.find(&code).map(|found| format!("{} mentions {}", file.display(), found.as_str())));
    }
    none(&faults);
}

#[test]
fn only_the_clock_reads_the_time_and_only_output_prints() {
    let mut faults = Vec::new();
    let wall = Regex::new(r"SystemTime::now|Utc::now|Local::now").unwrap();
    let print = Regex::new(r"\be?print(ln)?!").unwrap();
    for (file, code) in code_files() {
        if wall.is_match(&code) && file != Path::new("src/clock.rs") {
            faults.push(format!("{} reads the wall clock", file.display()));
        }
        if print.is_match(&code) && file != Path::new("src/output.rs") {
            faults.push(format!("{} prints", file.display()));
        }
    }
    none(&faults);
}

#[test]
fn the_reading_of_use_lines_sees_every_spelling() {
    let text = "use crate::app::Model; // crate::demo\nuse crate::{config::{cli, Flags}, ui,\n  store};\nfn f() { crate::runtime::go() }\n";
    let mut used = used(&code(text));
    used.sort();
    assert_eq!(used, ["app", "config", "runtime", "store", "ui"]);
    assert!(code("a\n#[cfg(test)]\nmod tests {\nuse crate::app;\n}").lines().eq(["a"]));
    assert!(layer("cli") < layer("app") && layer("app") < layer("features") && layer("features") < layer("store"));
}
