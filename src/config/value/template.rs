//! Texts with places that are filled in when they are used.

use std::fmt;

use chrono::{DateTime, Utc};

use super::Setting;
use crate::text::is_harmless;

/// The longest template, in characters: CloudVision shows one line of a name.
const LONGEST: usize = 200;

/// One line with `{target}`, `{date}`, `{time}` and `{user}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// As it was written.
    text: String,
}

/// What the places of a [`Template`] are filled with.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'a> {
    /// `{target}`: the name of the deploy target.
    pub target: &'a str,
    /// `{user}`: who deploys.
    pub user: &'a str,
    /// `{date}` and `{time}`, in UTC.
    pub at: DateTime<Utc>,
}

impl Template {
    /// The text with every place filled in.
    #[must_use]
    pub fn fill(&self, filling: Filling<'_>) -> String {
        let Filling { target, user, at } = filling;
        let mut filled = String::with_capacity(self.text.len());
        for part in parts(&self.text) {
            match part {
                Ok(plain) => filled.push_str(plain),
                Err("target") => filled.push_str(target),
                Err("user") => filled.push_str(user),
                Err("date") => filled.push_str(&at.format("%Y-%m-%d").to_string()),
                Err("time") => filled.push_str(&at.format("%H:%M").to_string()),
                // There is none: a template has been checked.
                Err(_) => {}
            }
        }
        filled
    }

    /// `text` as a template, where every character is `allowed`.
    fn read(text: &str, longest: usize, allowed: impl Fn(char) -> bool) -> Option<Self> {
        let known = |part| matches!(part, Ok(_) | Err("target" | "user" | "date" | "time"));
        let fits = !text.trim().is_empty() && text.chars().count() <= longest;
        (fits && text.chars().all(allowed) && parts(text).all(known)).then(|| Self { text: text.to_owned() })
    }
}

/// The parts of a template: plain text, or the name of a place. A brace without its other one is a place without a name.
fn parts(text: &str) -> impl Iterator<Item = Result<&str, &str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(at) = rest.find(['{', '}']) else { return Some(Ok(std::mem::take(&mut rest))) };
        let (plain, behind) = rest.split_at(at);
        if !plain.is_empty() {
            rest = behind;
            return Some(Ok(plain));
        }
        let place = behind.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (name, behind) = place.unwrap_or(("", ""));
        rest = behind;
        Some(Err(name))
    })
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Setting for Template {
    fn takes() -> String {
        format!("one line of up to {LONGEST} characters; {{target}}, {{date}}, {{time}} and {{user}} are replaced")
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::read(text, LONGEST, is_harmless)
    }
}

/// A [`Template`] of several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paragraph(pub(crate) Template);

impl Setting for Paragraph {
    fn takes() -> String {
        format!("a text of up to {} characters; {{target}}, {{date}}, {{time}} and {{user}} are replaced", LONGEST * 10)
    }

    fn from_text(text: &str) -> Option<Self> {
        Template::read(text, LONGEST * 10, |c| c == '\n' || is_harmless(c)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once() {
        let at = "2026-11-21T09:05:59Z".parse().unwrap();
        let filling = Filling { target: "dc1 {user}", user: "anna", at };
        let fill = |text: &str| Template::from_text(text).map(|template| template.fill(filling));
        assert_eq!(fill("{target} by {user}, {date} {time}").as_deref(), Some("dc1 {user} by anna, 2026-11-21 09:05"));
        assert_eq!(fill("{target}{target}").as_deref(), Some("dc1 {user}dc1 {user}"));
        assert_eq!(fill("CHG-1").as_deref(), Some("CHG-1"));
        for wrong in ["", " ", "{tarrget}", "{", "}", "a}b", "{target", "{}", "{{target}}", "a\nb", "a\u{1b}"] {
            assert_eq!(fill(wrong), None, "{wrong}");
        }
        assert_eq!(fill(&"x".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn a_paragraph_has_lines() {
        assert!(Paragraph::from_text("for {target}\n\nby {user}\n").is_some());
        assert!(Paragraph::from_text("a\tb").is_none() && Paragraph::from_text("{x}").is_none());
    }
}
