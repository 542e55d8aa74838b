//! Searching without accents: what is searched and what is typed are written in the same plain letters.

/// Letters in lower case, and what stands for each of them. The last ones are accents that stand behind their letter. The
/// texts of older databases were changed by `schema_8.sql`, which has the same.
const PLAIN: &[(&str, &str)] = &[
    ("àáâãäåāăąǎ", "a"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęěẽ", "e"),
    ("ĝğġģǧ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįıǐ", "i"),
    ("ĵ", "j"),
    ("ķ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉ", "n"),
    ("òóôõöøōŏőǒ", "o"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ţťŧț", "t"),
    ("ùúûüũūŭůűųǔ", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
    ("ß", "ss"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("þ", "th"),
    ("\u{300}\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{30a}\u{30b}\u{30c}\u{323}\u{326}\u{327}\u{328}", ""),
];

/// A text in lower case, without accents.
pub(super) fn folded(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.is_ascii() {
        return lower;
    }
    let mut folded = String::with_capacity(lower.len());
    for c in lower.chars() {
        match PLAIN.iter().find(|(letters, _)| !c.is_ascii() && letters.contains(c)) {
            Some((_, plain)) => folded.push_str(plain),
            None => folded.push(c),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::MIGRATIONS;
    use crate::features::maintenance::store::SCHEMA_8;
    use crate::features::maintenance::store::letters::letters;

    #[test]
    fn letters_lose_their_accents_and_others_stay() {
        assert_eq!(
            folded("SÃO Paulo – Zürich, Łódź, Straße, A\u{30a}rhus, 東京"),
            "sao paulo – zurich, lodz, strasse, arhus, 東京"
        );
    }

    #[test]
    fn an_older_database_is_searched_without_accents_too() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let before = MIGRATIONS.iter().position(|sql| *sql == SCHEMA_8).unwrap();
        for sql in &MIGRATIONS[..before] {
            connection.execute_batch(sql).unwrap();
        }
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        let all: String = PLAIN.iter().map(|(letters, _)| *letters).collect();
        let texts = ["são paulo\n\n", "plain\n\n", &format!("{all}{all}\n\n"), "東京–x\n\n"];
        for text in texts {
            let sql = "INSERT INTO maintenance_text (text, letters) VALUES (?1, ?2)";
            connection.execute(sql, (text, letters(text))).unwrap();
        }
        let sql = "INSERT INTO maintenance_trigram (rowid, text) SELECT id, text FROM maintenance_text";
        connection.execute(sql, []).unwrap();
        connection.execute_batch(SCHEMA_8).unwrap();
        for (id, text) in (1..).zip(texts) {
            let sql = "SELECT text, letters FROM maintenance_text WHERE id = ?1";
            let found: (String, i64) = connection.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            assert_eq!(found, (folded(text), letters(&folded(text))));
        }
        let matching = |word: &str| -> Vec<i64> {
            let sql = "SELECT rowid FROM maintenance_trigram WHERE maintenance_trigram MATCH ?1 ORDER BY rowid";
            let mut query = connection.prepare(sql).unwrap();
            query.query_map([format!("\"{word}\"")], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!((matching("sao"), matching("são"), matching("pla")), (vec![1], vec![], vec![2]));
    }
}
