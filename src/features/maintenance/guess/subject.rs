//! What a subject says: the id of the maintenance and where it stands.

use std::sync::LazyLock;

use regex::Regex;

use super::language::LANGUAGES;
use super::{By, Seen};
use crate::features::maintenance::model::Status;

/// An id after a word that announces one.
static ANNOUNCED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:ticket|ref(?:erence)?|case|change|maintenance|event|work order|notification|id|no|nr)\b[ .:#-]*(?:id|no|number|nr)?[ .:#]*((?-i:[A-Z]{0,8})[-_#]?\d[\w-]{2,})").ok()
});
/// Letters and digits that belong together.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b([A-Z]{1,8}[-_#]?\d{3,}[\w-]*|\d{5,})\b").ok());

/// English words and the status they mean, the first that occurs counts; those of `language.rs` come after them.
pub(super) const STATUS_WORDS: &[(&str, Status)] = &[
    ("cancel", Status::Cancelled),
    ("withdrawn", Status::Cancelled),
    ("postpone", Status::Cancelled),
    ("reschedul", Status::ReScheduled),
    ("re-schedul", Status::ReScheduled),
    ("completed", Status::Completed),
    ("has been restored", Status::Completed),
    ("finished", Status::Completed),
    ("has started", Status::InProcess),
    ("in progress", Status::InProcess),
    ("has begun", Status::InProcess),
    ("tentative", Status::Tentative),
    ("confirmed", Status::Confirmed),
    ("reminder", Status::Confirmed),
    ("scheduled", Status::Confirmed),
    ("planned", Status::Confirmed),
    ("maintenance", Status::Confirmed),
];

/// The status that a text speaks of.
pub(super) fn status(text: &str) -> Option<Status> {
    let text = text.to_lowercase();
    let of = |words: &'static [(&'static str, Status)]| {
        words.iter().find(|(word, _)| text.contains(word)).map(|(_, status)| *status)
    };
    let lists = std::iter::once(STATUS_WORDS).chain(LANGUAGES.iter().map(|language| language.statuses));
    let said: Vec<Status> = lists.filter_map(of).collect();
    // "Maintenance" says less than "annulée" beside it.
    said.iter().find(|status| **status != Status::Confirmed).or(said.first()).copied()
}

/// Whether a text says that it is confirmed, and not only that there is a maintenance.
pub(super) fn is_confirmed(text: &str) -> bool {
    const WORDS: [&str; 8] =
        ["confirm", "conferm", "bestätig", "definitiv", "remind", "erinnerung", "rappel", "recordatorio"];
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// The id in a subject.
pub(super) fn id(subject: &str) -> Option<Seen> {
    let find = |pattern: &Option<Regex>| {
        pattern
            .as_ref()?
            .captures_iter(subject)
            .filter_map(|found| found.get(1))
            .map(|found| found.as_str())
            .find(|id| super::ids::is_id(id))
    };
    let id = find(&ANNOUNCED).or_else(|| find(&TOKEN))?;
    Some(Seen { value: id.to_owned(), by: By::Subject })
}
