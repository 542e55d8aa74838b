//! Text from outside, made harmless: what a mail, a server or a device says may hold anything, and some of it is
//! obeyed by terminals.

/// One line of outside text that is safe to draw or print: control characters become visible pictures (`␛` for ESC),
/// line ends and tabs become blanks, characters that reorder text or have no width are dropped.
#[must_use]
pub fn clean_line(text: &str) -> String {
    text.chars().filter_map(|c| if matches!(c, '\n' | '\t' | '\r') { Some(' ') } else { visible(c) }).collect()
}

/// Like [`clean_line`], but keeps line ends (CR LF and lone CR become LF) and widens tabs to four blanks.
#[must_use]
pub fn clean_text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    clean.push('\n');
                }
            }
            '\n' => clean.push('\n'),
            '\t' => clean.push_str("    "),
            c => clean.extend(visible(c)),
        }
    }
    clean
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
        // Zero width, bidirectional marks, overrides and isolates, invisible operators, byte order mark, annotations,
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
    fn escape_sequences_become_visible_and_harmless() {
        assert_eq!(clean_line("a\u{1b}]52;c;eA==\u{7}b"), "a␛]52;c;eA==␇b");
        assert_eq!(clean_line("\u{9b}31mred"), "\u{fffd}31mred");
    }

    #[test]
    fn reordering_marks_are_dropped() {
        assert_eq!(clean_line("IC-\u{202e}321\u{202c}"), "IC-321");
    }

    #[test]
    fn lines_stay_lines_in_text_and_become_blanks_in_a_line() {
        assert_eq!(clean_text("a\r\nb\rc\td"), "a\nb\nc    d");
        assert_eq!(clean_line("a\r\nb"), "a  b");
    }
}
