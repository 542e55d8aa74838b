//! The repository's own rules: what documents and settings promise, who may use whom, what never stands in a file.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod documents;
mod example;
mod files;
mod layers;
mod words;
