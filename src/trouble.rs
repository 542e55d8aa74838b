//! An error as a person reads it: what, why, what to do. The screen, standard error and `--json` render the same
//! three parts.
//!
//! A feature's error enum says one layer in its `Display`, carries the cause in `#[source]` and implements [`Remedy`];
//! [`Trouble::of`] makes the three parts of it. What cannot carry a remedy (an `anyhow` chain) goes through
//! [`Trouble::from_chain`].

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use serde::Serialize;

use crate::text;

/// An error whose every situation says what the person on call can do about it.
pub trait Remedy: Error {
    /// What to do, as an imperative half-sentence without a final full stop: `check the VPN`.
    fn remedy(&self) -> Cow<'static, str>;
}

/// The three parts. Safe to draw and print: every part went through [`text::clean_line`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// See [`Trouble::what`].
    what: String,
    /// See [`Trouble::because`].
    because: Vec<String>,
    /// See [`Trouble::remedy`].
    #[serde(rename = "do")]
    remedy: Option<String>,
}

impl Trouble {
    /// Trouble of which only `what` is known so far.
    #[must_use]
    pub fn new(what: &str) -> Self {
        Self { what: text::clean_line(what), because: Vec::new(), remedy: None }
    }

    /// Adds a cause below those already there. One that repeats the end of the line above is left out, since some
    /// libraries print their cause themselves.
    #[must_use]
    pub fn caused_by(mut self, because: &str) -> Self {
        let because = text::clean_line(because);
        let above = self.because.last().unwrap_or(&self.what);
        // And some repeat the line above with a number in front: "Error code 11: The database disk image is malformed".
        let repeats = because.to_lowercase().ends_with(&above.to_lowercase());
        if !because.is_empty() && !above.ends_with(&because) && !repeats {
            self.because.push(because);
        }
        self
    }

    /// Says what to do; an empty text says nothing.
    #[must_use]
    pub fn to_do(mut self, remedy: &str) -> Self {
        self.remedy = (!remedy.is_empty()).then(|| text::clean_line(remedy));
        self
    }

    /// `error` with its causes and its own remedy.
    #[must_use]
    pub fn of<E: Remedy + 'static>(error: &E) -> Self {
        Self::from_chain(error, |_| None).to_do(&error.remedy())
    }

    /// `error` with its causes, and the first remedy that `remedy_of` knows for any of them.
    #[must_use]
    pub fn from_chain(
        error: &(dyn Error + 'static),
        remedy_of: impl Fn(&(dyn Error + 'static)) -> Option<Cow<'static, str>>,
    ) -> Self {
        let mut trouble = Self::new(&error.to_string());
        let mut remedy = remedy_of(error);
        let mut below = error.source();
        while let Some(cause) = below {
            trouble = trouble.caused_by(&cause.to_string());
            remedy = remedy.or_else(|| remedy_of(cause));
            below = cause.source();
        }
        trouble.to_do(&remedy.unwrap_or_default())
    }

    /// All of it on one line, for the footer: what, the last cause, what to do.
    #[must_use]
    pub fn one_line(&self) -> String {
        let because = self.because.last().map(|because| format!(": {because}"));
        let remedy = self.remedy.as_ref().map(|remedy| format!("; {remedy}"));
        format!("{}{}{}", self.what, because.unwrap_or_default(), remedy.unwrap_or_default())
    }

    /// What could not be done, or what is wrong.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Why, the nearest cause first; empty when `what` says it all.
    #[must_use]
    pub fn because(&self) -> &[String] {
        &self.because
    }

    /// What the reader can do, where there is something.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

/// Trouble can be thrown as it is, where a remedy is known at once.
impl Error for Trouble {}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for because in &self.because {
            write!(f, "\n  because  {because}")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, "\n  do       {remedy}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Sample {
        #[error("cannot reach the server at {endpoint}")]
        Unreachable { endpoint: &'static str, source: std::io::Error },
    }

    impl Remedy for Sample {
        fn remedy(&self) -> Cow<'static, str> {
            match self {
                Self::Unreachable { .. } => "check the VPN".into(),
            }
        }
    }

    fn unreachable() -> Sample {
        Sample::Unreachable {
            endpoint: "cvp.example:443",
            source: std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused"),
        }
    }

    #[test]
    fn an_error_reads_as_what_because_do() {
        assert_eq!(
            Trouble::of(&unreachable()).to_string(),
            "cannot reach the server at cvp.example:443\n  because  connection refused\n  do       check the VPN"
        );
    }

    #[test]
    fn a_remedy_is_found_below_added_context() {
        let wrapped = anyhow::Error::new(unreachable()).context("list the changes");
        let trouble = Trouble::from_chain(wrapped.as_ref(), |error| error.downcast_ref::<Sample>().map(Remedy::remedy));
        assert_eq!(trouble.what(), "list the changes");
        assert_eq!(trouble.because(), ["cannot reach the server at cvp.example:443", "connection refused"]);
        assert_eq!(trouble.remedy(), Some("check the VPN"));
    }

    #[test]
    fn a_cause_already_told_is_not_told_twice() {
        let trouble = Trouble::new("open file: not found").caused_by("not found");
        assert!(trouble.because().is_empty());
    }

    #[test]
    fn what_a_server_answers_cannot_drive_the_terminal() {
        let trouble = Trouble::new("no\u{1b}[2J").caused_by("a\nb").to_do("x\u{7}");
        assert_eq!(trouble.to_string(), "no␛[2J\n  because  a b\n  do       x␇");
    }

    #[test]
    fn json_names_the_three_parts() {
        let json = serde_json::to_value(Trouble::of(&unreachable())).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "what": "cannot reach the server at cvp.example:443",
                "because": ["connection refused"],
                "do": "check the VPN",
            })
        );
    }
}
