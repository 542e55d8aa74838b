//! Which characters a text has, as bits: enough to tell, without reading texts, which of them lack a letter.

/// The characters that have a bit, in the order of the bits; `schema_3.sql` has the same. Others have none.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-/._:,#()&+'";

/// The bits of the characters in `text`, which is in lower case.
pub(super) fn letters(text: &str) -> i64 {
    text.bytes().fold(0, |bits, byte| bits | bit(byte))
}

/// The bit of a word that is one character; none for other words, and for characters without a bit.
pub(super) fn letter(word: &str) -> Option<i64> {
    let &[byte] = word.as_bytes() else { return None };
    Some(bit(byte)).filter(|bit| *bit != 0)
}

fn bit(byte: u8) -> i64 {
    LETTERS.iter().position(|letter| *letter == byte).map_or(0, |place| 1 << place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;

    use super::*;
    use crate::features::MIGRATIONS;

    #[test]
    fn a_letter_is_a_word_of_one_known_character() {
        assert_eq!(letter("a"), Some(1));
        assert_eq!(letter("'"), Some(1 << 47));
        assert!(["", "ab", "é", "ß", "A", " ", "\""].into_iter().all(|word| letter(word).is_none()));
    }

    #[test]
    fn a_store_of_the_first_version_learns_its_letters() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let texts = prop::collection::vec("[ -~é]{0,30}", 50);
        let texts = texts.new_tree(&mut runner).unwrap().current();
        for text in &texts {
            connection.execute("INSERT INTO maintenance_text (text) VALUES (?1)", [text.to_lowercase()]).unwrap();
        }
        connection.execute_batch(MIGRATIONS[2]).unwrap();
        for (id, text) in (1..).zip(&texts) {
            let sql = "SELECT letters FROM maintenance_text WHERE id = ?1";
            let found: i64 = connection.query_row(sql, [id], |row| row.get(0)).unwrap();
            assert_eq!(found, letters(&text.to_lowercase()), "{text}");
        }
    }
}
