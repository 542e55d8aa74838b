//! The user's own themes: found and read here, understood where they are drawn.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::{Origin, Problem};
use super::value::{Name, Setting};
use crate::regular;

/// The themes that come with noctui and can be named in the configuration, the default first.
pub const BUILT_IN_THEMES: [&str; 4] = ["16-colour", "dark", "light", "high-contrast"];

/// More files are a folder given by mistake.
const MOST: usize = 100;

/// A theme file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeFile {
    /// As in `theme = "…"`: the file's name without `.toml`.
    pub name: String,
    /// Where it is.
    pub path: Arc<Path>,
    /// What it says.
    pub text: String,
}

/// The themes in `folder`, by name, and what is wrong with those that could not be read. The folder need not exist.
pub(super) fn read(folder: &Path) -> (Vec<ThemeFile>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths(folder) {
        match read_one(&path) {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(*problem),
        }
    }
    (files, problems)
}

/// The theme files in `folder`, in the order of their names. What editors leave beside a file is none.
pub(super) fn paths(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_theme = |path: &PathBuf| {
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        !hidden && path.extension().is_some_and(|extension| extension == "toml")
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_theme).take(MOST).collect();
    paths.sort();
    paths
}

/// Reads one of them.
fn read_one(path: &Path) -> Result<ThemeFile, Box<Problem>> {
    let path: Arc<Path> = path.into();
    let origin = Origin::File { path: Arc::clone(&path), line: 0, column: 0 };
    let Some(Name(name)) = path.file_stem().and_then(|stem| stem.to_str()).and_then(Name::from_text) else {
        return Err(Box::new(Problem {
            origin,
            key: String::new(),
            what: "a theme cannot have this name".to_owned(),
            because: format!("it takes {}", Name::takes()),
            remedy: "give the file another name".to_owned(),
        }));
    };
    match regular::open(&path).and_then(super::read_text) {
        Ok(text) => Ok(ThemeFile { name, path, text }),
        Err(error) => Err(Box::new(Problem {
            origin,
            key: String::new(),
            what: format!("cannot read the theme \"{name}\""),
            because: error.to_string(),
            remedy: if error.kind() == ErrorKind::InvalidData {
                "save it as UTF-8".to_owned()
            } else {
                "make it a theme that you may read, or remove it".to_owned()
            },
        })),
    }
}
