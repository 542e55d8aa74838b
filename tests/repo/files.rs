//! The files of the repository, and how long they are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A source file longer than this wants to be two.
const LONGEST_LINES: usize = 600;

/// The repository's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file that is or will be committed, relative to the root: what git knows and does not ignore, or everything but
/// build output where this is no git checkout.
pub(crate) fn all() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let mut files = match listed {
        Ok(output) if output.status.success() => {
            let names = String::from_utf8(output.stdout).unwrap();
            names.split_terminator('\0').map(PathBuf::from).collect()
        }
        _ => below(root(), &[".git", "target"]),
    };
    // Deleted but not yet committed.
    files.retain(|file| root().join(file).is_file());
    assert!(files.len() > 20, "only {} files found", files.len());
    files
}

/// Every file below `folder`, relative to the root, without the folders named in `but`.
fn below(folder: &Path, but: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !but.iter().any(|name| path.ends_with(name)) {
                files.extend(below(&path, but));
            }
        } else {
            files.push(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
    files
}

/// The Rust files below `src`, with their text.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let rust = |file: &PathBuf| file.starts_with("src") && file.extension().is_some_and(|extension| extension == "rs");
    all().into_iter().filter(rust).map(|file| (file.clone(), read(&file))).collect()
}

/// The text of a file of the repository.
pub(crate) fn read(file: &Path) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

#[test]
fn no_source_file_outgrows_a_sitting() {
    let mut sizes: Vec<(usize, PathBuf)> =
        sources().into_iter().map(|(file, text)| (text.lines().count(), file)).collect();
    sizes.sort();
    let median = sizes[sizes.len() / 2].0;
    println!("{} source files, median {median} lines; the longest:", sizes.len());
    for (lines, file) in sizes.iter().rev().take(10) {
        println!("{lines:5} {}", file.display());
    }
    let long: Vec<_> = sizes.iter().filter(|(lines, _)| *lines > LONGEST_LINES).collect();
    assert!(long.is_empty(), "longer than {LONGEST_LINES} lines: {long:?}");
}
