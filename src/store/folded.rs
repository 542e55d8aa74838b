//! Texts as they are searched: in lower case and without accents. Migrations have it as the SQL function `folded(text)`.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizerBorrowed;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// Letters in lower case that Unicode takes for letters of their own and not for ones with an accent, and how those write
/// them who do not have them on the keyboard.
const OTHERS: &[(char, &str)] = &[
    ('đ', "d"),
    ('ð', "d"),
    ('ħ', "h"),
    ('ı', "i"),
    ('ł', "l"),
    ('ø', "o"),
    ('ŧ', "t"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('þ', "th"),
];

/// A text in lower case, without accents: what is kept to be searched and what somebody types are folded alike.
#[must_use]
pub fn folded(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.is_ascii() {
        return lower;
    }
    let apart: Cow<str> = const { DecomposingNormalizerBorrowed::new_nfd() }.normalize(&lower);
    let mut folded = String::with_capacity(apart.len());
    for c in apart.chars() {
        match OTHERS.iter().find(|(letter, _)| *letter == c) {
            Some((_, plain)) => folded.push_str(plain),
            None if ('\u{300}'..='\u{36f}').contains(&c) => {}
            None => folded.push(c),
        }
    }
    folded
}

/// Teaches a connection `folded(text)`.
pub(crate) fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("folded", 1, flags, |call| Ok(folded(call.get_raw(0).as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_their_accents_and_others_stay() {
        assert_eq!(
            folded("SÃO Paulo – Zürich, Łódź, Straße, A\u{30a}rhus, Ørsted, İzmir, 東京"),
            "sao paulo – zurich, lodz, strasse, arhus, orsted, izmir, 東京"
        );
        assert_eq!(folded("FRA-1"), "fra-1");
    }
}
