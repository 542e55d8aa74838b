//! Folders and requests as a whole: what is read, and everything that is said when something is wrong.

mod folder;
mod hostile;
mod request;

use super::*;

/// Problems as `place what (because)`, with `dir` left out.
fn told(problems: &[Problem], dir: &str) -> Vec<String> {
    problems.iter().map(|problem| problem.to_string().replace(dir, "")).collect()
}
