//! Text from outside, made harmless: what a mail, a server or a device says may hold anything, and some of it is
//! obeyed by terminals.

use unicode_width::UnicodeWidthChar as _;

/// One line of outside text that is safe to draw or print: control characters become visible pictures (`␛` for ESC),
/// line ends and tabs become blanks, characters that reorder text or have no width are dropped, but for joiners where
/// they join and for some marks on a letter.
#[must_use]
pub fn clean_line(text: &str) -> String {
    // Nearly all of what comes in.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut clean = Cleaner::for_text(text);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' | '\r' => clean.push(' '),
            c => clean.take(c, chars.peek().copied()),
        }
    }
    clean.text
}

/// Like [`clean_line`], but keeps line ends (CR LF and lone CR become LF) and widens tabs to four blanks.
#[must_use]
pub fn clean_text(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return text.to_owned();
    }
    let mut clean = Cleaner::for_text(text);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    clean.push('\n');
                }
            }
            '\n' => clean.push('\n'),
            '\t' => "    ".chars().for_each(|blank| clean.push(blank)),
            c => clean.take(c, chars.peek().copied()),
        }
    }
    clean.text
}

/// Text that was made harmless so far.
struct Cleaner {
    /// The text.
    text: String,
    /// Characters without a width at its end.
    marks: usize,
    /// Joiners in the sequence at its end.
    joiners: usize,
}

/// Joins what is before it and behind it to one picture or letter, and forbids that.
const JOINERS: [char; 2] = ['\u{200d}', '\u{200c}'];
/// Marks that a letter may carry. Scripts that stack them need three or four; more run over the lines above and below.
const MOST_MARKS: usize = 6;
/// Joiners that a sequence may have. The longest picture that is in use has three.
const MOST_JOINERS: usize = 4;

impl Cleaner {
    /// Nothing of `text` yet.
    fn for_text(text: &str) -> Self {
        Self { text: String::with_capacity(text.len()), marks: 0, joiners: 0 }
    }

    /// Adds a character that is harmless.
    fn push(&mut self, c: char) {
        if c.is_ascii() {
            (self.marks, self.joiners) = (0, 0);
        }
        self.text.push(c);
    }

    /// Adds what may be shown of a character, before which `next` stands.
    fn take(&mut self, c: char, next: Option<char>) {
        if c.is_ascii() && !c.is_ascii_control() {
            self.push(c);
        } else if JOINERS.contains(&c) {
            if self.joiners < MOST_JOINERS && self.joins(c, next) {
                self.joiners += 1;
                self.text.push(c);
            }
        } else if let Some(c) = visible(c) {
            if c.width() == Some(0) {
                self.marks += 1;
            } else {
                // A picture behind a joiner goes on with its sequence.
                let goes_on = self.text.ends_with(JOINERS);
                self.marks = 0;
                self.joiners = if goes_on { self.joiners } else { 0 };
            }
            if self.marks <= MOST_MARKS {
                self.text.push(c);
            }
        }
    }

    /// Whether a joiner at the end of the text has something to join: pictures, letters of Arabic, or what follows a sign
    /// that joins consonants (RFC 5892 appendix A.1 and A.2). Elsewhere it would only make two texts differ unseen.
    fn joins(&self, joiner: char, next: Option<char>) -> bool {
        let (Some(before), Some(next)) = (self.text.chars().next_back(), next) else { return false };
        if is_virama(before) {
            return next.is_alphabetic() && !next.is_ascii();
        }
        if joiner != JOINERS[0] {
            return is_arabic(before) && is_arabic(next);
        }
        let modifies = |c: &char| matches!(*c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
        let picture = self.text.chars().rev().find(|c| !modifies(c));
        picture.is_some_and(is_picture) && is_picture(next)
    }
}

/// Whether a character is a letter or mark of Arabic script.
fn is_arabic(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{65f}' | '\u{66e}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}')
}

/// Whether a character silences the vowel of a consonant and so joins it to the next one.
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d4d}'
            | '\u{dca}'
            | '\u{1039}'
            | '\u{17d2}'
            | '\u{1b44}'
            | '\u{a9c0}'
    )
}

/// Whether a character is a picture that others can be joined to.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f300}'..='\u{1faff}')
}

/// A number of bytes for people: `812 bytes`, `256 KiB`, `1.4 MiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match count {
        ..KIB => format!("{count} bytes"),
        KIB..MIB => format!("{} KiB", count / KIB),
        _ if count % MIB < MIB / 10 => format!("{} MiB", count / MIB),
        _ => format!("{}.{} MiB", count / MIB, count % MIB * 10 / MIB),
    }
}

/// So many of something in words: `1 device`, `38 devices`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The first `most` characters of a text, with a sign behind them where it has more.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The first `most` of some names, and how many more there are: `leaf1, leaf2 and 3 more`.
#[must_use]
pub fn first_of<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let first: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let first = first.join(", ");
    match names.len().saturating_sub(most) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Whether `c` is neither obeyed by terminals nor deceives the eye.
#[must_use]
pub fn is_harmless(c: char) -> bool {
    visible(c) == Some(c)
}

/// The character itself, its picture when a terminal would obey it, nothing when it only deceives the eye.
fn visible(c: char) -> Option<char> {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('\u{2421}'),
        // C1 controls: CSI, OSC and friends in one byte.
        '\u{80}'..='\u{9f}' => Some('\u{fffd}'),
        // Line and paragraph separators.
        '\u{2028}' | '\u{2029}' => Some(' '),
        // Zero width (joiners are looked at with their neighbours), bidirectional marks, overrides and isolates, invisible operators, byte order mark, annotations,
        // tags: they can make a circuit id read as another.
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{e0000}'..='\u{e007f}' => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_as_people_say_them() {
        let told = [0, 1023, 1024, 262_144, 1 << 20, (10 << 20) + 5, 1_500_000].map(bytes);
        assert_eq!(told, ["0 bytes", "1023 bytes", "1 KiB", "256 KiB", "1 MiB", "10 MiB", "1.4 MiB"]);
    }

    #[test]
    fn a_text_is_cut_between_its_characters_and_says_so() {
        assert_eq!([shortened("東京データ", 2), shortened("東京", 2), shortened("", 0)], ["東京…", "東京", ""]);
    }

    #[test]
    fn one_is_one_and_all_else_is_several() {
        assert_eq!([0, 1, 2].map(|count| counted(count, "workspace")), ["0 workspaces", "1 workspace", "2 workspaces"]);
    }

    #[test]
    fn escape_sequences_become_visible_and_harmless() {
        assert_eq!(clean_line("a\u{1b}]52;c;eA==\u{7}b"), "a␛]52;c;eA==␇b");
        assert_eq!(clean_line("\u{9b}31mred"), "\u{fffd}31mred");
    }

    #[test]
    fn reordering_marks_are_dropped() {
        assert_eq!(clean_line("IC-\u{202e}321\u{202c}"), "IC-321");
    }

    #[test]
    fn joiners_stay_where_they_join_and_nowhere_else() {
        for kept in [
            "👩\u{200d}🚒",
            "👩🏽\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨🏽",
            "🏳\u{fe0f}\u{200d}🌈",
            "क\u{94d}\u{200d}ष",
            "ශ\u{dca}\u{200d}රී",
            "می\u{200c}خواهم",
        ] {
            assert_eq!((clean_line(kept), clean_text(kept)), (kept.to_owned(), kept.to_owned()));
        }
        for (given, left) in [
            ("IC-32\u{200d}1", "IC-321"),
            ("IC\u{200c}-321", "IC-321"),
            ("a\u{94d}\u{200d}b", "a\u{94d}b"),
            ("👩\u{200d}", "👩"),
            ("\u{200d}🚒", "🚒"),
            ("👩\u{200d}\u{200d}🚒", "👩\u{200d}🚒"),
            ("👩\u{200d}x", "👩x"),
        ] {
            assert_eq!(clean_line(given), left, "{given:?}");
        }
    }

    #[test]
    fn no_sequence_and_no_pile_of_marks_grows_without_end() {
        let chain = clean_line(&"👩\u{200d}".repeat(50));
        assert_eq!(chain.chars().filter(|c| JOINERS.contains(c)).count() % MOST_JOINERS, 0, "{chain:?}");
        assert!(!chain.contains(&"👩\u{200d}".repeat(MOST_JOINERS + 1)));
        assert_eq!(clean_line(&format!("a{}b", "\u{301}".repeat(500))), format!("a{}b", "\u{301}".repeat(MOST_MARKS)));
        assert_eq!(clean_line("é à ệ"), "é à ệ");
    }

    #[test]
    fn lines_stay_lines_in_text_and_become_blanks_in_a_line() {
        assert_eq!(clean_text("a\r\nb\rc\td"), "a\nb\nc    d");
        assert_eq!(clean_line("a\r\nb"), "a  b");
    }
}
