//! The themes there are: those that come with noctui, and the user's own.

use std::sync::Arc;

use crate::config::{Config, Origin, Problem, ThemeFile};
use crate::ui::theme::{BUILT_IN, Mistake, Theme};

/// Every theme that can be drawn with, those that come with noctui first; a file of the same name takes the place of one
/// of them. Without colours there is one theme, whatever else there is. And all that is wrong with the files, with the
/// name of the theme.
pub(super) fn all(config: &Config, mono: bool) -> (Vec<Theme>, Vec<(String, Problem)>) {
    let built_in = BUILT_IN.iter().filter(|(name, _)| mono == (*name == "mono"));
    let mut themes: Vec<Theme> = built_in.filter_map(|(name, _)| Theme::built_in(name)).collect();
    let mut problems = Vec::new();
    for file in &config.themes {
        match Theme::parse(&file.name, &file.text) {
            Ok(_) if mono => {}
            Ok(theme) => match themes.iter_mut().find(|known| known.name == theme.name) {
                Some(known) => *known = theme,
                None => themes.push(theme),
            },
            Err(mistakes) => {
                problems.extend(mistakes.into_iter().map(|mistake| (file.name.clone(), problem(file, mistake))));
            }
        }
    }
    (themes, problems)
}

/// A mistake with its place in the file.
fn problem(file: &ThemeFile, mistake: Mistake) -> Problem {
    let Mistake { at, key, what, because, remedy } = mistake;
    let (line, column) = at.map_or((0, 0), |at| place(&file.text, at));
    let origin = Origin::File { path: Arc::clone(&file.path), line, column };
    Problem { origin, key, what, because, remedy }
}

/// Line and column of the byte `at`, both counted from 1, the column in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before.get(line_start..).unwrap_or("").chars().count() + 1)
}
