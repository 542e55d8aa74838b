//! What rules there are, for people: where each is from, whose mails it reads and of which kinds.

use std::path::{Path, PathBuf};

use super::file::{Head, RuleFile};
use super::{Entry, RuleError, Rules, user_entry};
use crate::features::maintenance::mail::Kind;

/// Where a rule is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is in the binary.
    BuiltIn,
    /// The user wrote it.
    Own,
    /// The user wrote it in place of one in the binary.
    Replaced,
    /// The user wrote it, and it has an error: it is not used.
    Disabled,
}

impl Origin {
    /// The word in lists and in JSON, such as `built-in`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Own => "own",
            Self::Replaced => "replaced",
            Self::Disabled => "disabled",
        }
    }
}

/// A rule, or a file that should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The file's name without `.toml`.
    pub slug: String,
    /// The provider's name for people; empty if the file gives none.
    pub name: String,
    /// Where it is from.
    pub origin: Origin,
    /// The file; of a rule in the binary its path in the repository.
    pub file: PathBuf,
    /// Whose mails it reads.
    pub senders: Vec<String>,
    /// Texts that tell its mails.
    pub signs: Vec<String>,
    /// The kinds of parts that it reads, the Date header left out: every rule reads that.
    pub formats: Vec<&'static str>,
    /// Why it is not used.
    pub error: Option<RuleError>,
}

impl Rules {
    /// Every rule by slug, and behind them the files with `errors`, which are not used.
    #[must_use]
    pub fn list(&self, errors: &[RuleError]) -> Vec<Listed> {
        let broken = |error: &RuleError| Listed {
            slug: error.file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            name: String::new(),
            origin: Origin::Disabled,
            file: error.file.clone(),
            senders: Vec::new(),
            signs: Vec::new(),
            formats: Vec::new(),
            error: Some(error.clone()),
        };
        // Of a file with several mistakes the first stands for it.
        let mut files: Vec<&RuleError> = errors.iter().collect();
        files.dedup_by_key(|error| error.file.as_path());
        self.entries.values().map(listed).chain(files.into_iter().map(broken)).collect()
    }

    /// The file and the text of a rule; `None` if there is none.
    #[must_use]
    pub fn text(&self, slug: &str) -> Option<(&Path, &str)> {
        self.entries.get(slug).map(|entry| (entry.file.as_path(), entry.text.as_ref()))
    }

    /// Whether both have the same texts.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let same = |(a, b): (&Entry, &Entry)| a.slug == b.slug && a.text == b.text;
        self.entries.len() == other.entries.len()
            && self.senders == other.senders
            && self.entries.values().zip(other.entries.values()).all(same)
    }

    /// The same rules with that of a file beside them or in place of one; the slug of the file.
    pub fn with_file(mut self, file: &Path) -> Result<(Self, String), RuleError> {
        let entry = user_entry(file).map_err(RuleError::first)?;
        let slug = entry.slug.clone();
        self.entries.insert(slug.clone(), entry);
        // What told whose mail it is did not know the file.
        self.index = std::sync::OnceLock::new();
        Ok((self, slug))
    }
}

/// One rule.
fn listed(entry: &Entry) -> Listed {
    let is_built_in = super::EMBEDDED.iter().any(|(slug, _)| *slug == entry.slug);
    let is_own = matches!(entry.text, std::borrow::Cow::Owned(_));
    let origin = match (is_built_in, is_own) {
        (true, true) => Origin::Replaced,
        (_, false) => Origin::BuiltIn,
        (false, true) => Origin::Own,
    };
    let head: Head = toml::from_str(&entry.text).unwrap_or_default();
    let name = toml::from_str::<RuleFile>(&entry.text).ok().and_then(|file| file.name).map(toml::Spanned::into_inner);
    let (formats, error) = match entry.rule() {
        Ok(rule) => {
            let readers = || rule.processors.iter().flatten().flat_map(|reader| &reader.from);
            let is_read = |kind: &Kind| *kind != Kind::Date && readers().any(|other| other == kind);
            (Kind::ALL.into_iter().filter(is_read).map(Kind::as_str).collect(), None)
        }
        Err(error) => (Vec::new(), Some(error.clone())),
    };
    Listed {
        slug: entry.slug.clone(),
        name: name.unwrap_or_default(),
        origin,
        file: entry.file.clone(),
        senders: head.senders,
        signs: head.signs,
        formats,
        error,
    }
}
