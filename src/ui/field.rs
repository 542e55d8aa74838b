//! A text field: what is typed, with the editing keys of a shell's command line.

use unicode_segmentation::UnicodeSegmentation;

use crate::command::Motion;
use crate::key::{Code, Key};

/// Longest text a field takes, in bytes; more is refused, never cut silently.
pub(crate) const LIMIT_BYTES: usize = 16 * 1024;

/// Why so many pasted bytes were not taken: they are too many, or too many beside what is there.
pub(crate) fn no_room(bytes: usize) -> String {
    let limit = LIMIT_BYTES / 1024;
    if bytes > LIMIT_BYTES {
        format!("{bytes} bytes are too much to paste here; the limit is {limit} KiB")
    } else {
        format!("no room for {bytes} bytes more: what is typed here may have {limit} KiB as a whole")
    }
}

/// Text and a cursor in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Field {
    /// What was typed.
    text: String,
    /// Byte offset of the cursor, always on a grapheme boundary.
    cursor: usize,
    /// Whether line ends may be typed (alt-enter, ctrl-j) and pasted.
    multiline: bool,
}

/// What a key did to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edited {
    /// The text changed.
    Text,
    /// Only the cursor moved, or there was nothing to do.
    Cursor,
    /// The field has no use for the key.
    Ignored,
}

/// What a key means to whoever has a text typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Esc: it is put away.
    PutAway,
    /// Enter: it is done.
    Done,
    /// The cursor of the list that it stands over moves.
    Moved(Motion),
    /// The text is another one.
    Changed,
    /// Nothing but the text's own cursor.
    Nothing,
}

impl Field {
    /// A field of one line holding `text`, with the cursor at its end.
    pub(crate) fn line(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len(), multiline: false }
    }

    /// A field of several lines.
    pub(crate) fn lines(text: &str) -> Self {
        Self { multiline: true, ..Self::line(text) }
    }

    /// What stands in it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor, for placing the terminal's cursor.
    pub(crate) fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    /// The text from the cursor on.
    fn after_cursor(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// Inserts pasted text: control characters are dropped, line ends become blanks in a one-line field, so that a
    /// paste never runs anything. Returns whether all of it fitted; if not, nothing was inserted.
    pub(crate) fn paste(&mut self, pasted: &str) -> bool {
        if self.text.len() + pasted.len() > LIMIT_BYTES {
            return false;
        }
        let clean = if self.multiline { crate::text::clean_text(pasted) } else { crate::text::clean_line(pasted) };
        self.insert(if self.multiline { &clean } else { clean.trim_end() });
        true
    }

    /// Inserts at the cursor.
    fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    /// Deletes from byte `from` to byte `to` and leaves the cursor there.
    fn delete(&mut self, from: usize, to: usize) -> Edited {
        if from == to {
            return Edited::Cursor;
        }
        self.text.replace_range(from..to, "");
        self.cursor = from;
        Edited::Text
    }

    /// Moves the cursor to byte `to`.
    fn go(&mut self, to: usize) -> Edited {
        self.cursor = to;
        Edited::Cursor
    }

    /// Start of the grapheme before the cursor.
    fn left(&self) -> usize {
        self.before_cursor().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    /// End of the grapheme after the cursor.
    fn right(&self) -> usize {
        self.after_cursor().graphemes(true).next().map_or(self.cursor, |grapheme| self.cursor + grapheme.len())
    }

    /// Start of the word before the cursor.
    fn word_left(&self) -> usize {
        let trimmed = self.before_cursor().trim_end();
        trimmed
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + trimmed.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8))
    }

    /// End of the word after the cursor.
    fn word_right(&self) -> usize {
        let rest = self.after_cursor();
        let blanks = rest.len() - rest.trim_start().len();
        rest.trim_start().find(char::is_whitespace).map_or(self.text.len(), |at| self.cursor + blanks + at)
    }

    /// Start of the line the cursor is on.
    fn line_start(&self) -> usize {
        self.before_cursor().rfind('\n').map_or(0, |at| at + 1)
    }

    /// End of the line the cursor is on.
    fn line_end(&self) -> usize {
        self.after_cursor().find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    /// Moves a line up or down, keeping the column.
    fn vertical(&mut self, down: bool) -> Edited {
        let column = self.text.get(self.line_start()..self.cursor).map_or(0, |line| line.graphemes(true).count());
        let target = if down {
            let end = self.line_end();
            if end == self.text.len() {
                return self.go(end);
            }
            end + 1
        } else {
            let start = self.line_start();
            if start == 0 {
                return self.go(0);
            }
            self.text.get(..start - 1).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
        };
        let line = self.text.get(target..).unwrap_or_default().split('\n').next().unwrap_or_default();
        let offset: usize = line.graphemes(true).take(column).map(str::len).sum();
        self.go(target + offset)
    }

    /// Edits by one key and tells what it means beyond the text. A field that `is_over_list`, such as a filter, leaves
    /// the keys up and down to the list.
    pub(crate) fn typed(&mut self, key: Key, is_over_list: bool) -> Typed {
        match (key.code, is_over_list) {
            (Code::Esc, _) => Typed::PutAway,
            (Code::Enter, _) if !key.alt => Typed::Done,
            (Code::Up, true) => Typed::Moved(Motion::Up),
            (Code::Down, true) => Typed::Moved(Motion::Down),
            (Code::PageUp, true) => Typed::Moved(Motion::PageUp),
            (Code::PageDown, true) => Typed::Moved(Motion::PageDown),
            _ if self.key(key) == Edited::Text => Typed::Changed,
            _ => Typed::Nothing,
        }
    }

    /// Edits by one key.
    pub(crate) fn key(&mut self, key: Key) -> Edited {
        match (key.code, key.ctrl, key.alt) {
            (Code::Enter, _, true) | (Code::Char('j'), true, false) if self.multiline => self.add("\n"),
            (Code::Char(c), false, false) => self.add(c.encode_utf8(&mut [0; 4])),
            (Code::Left, false, false) | (Code::Char('b'), true, false) => self.go(self.left()),
            (Code::Right, false, false) | (Code::Char('f'), true, false) => self.go(self.right()),
            (Code::Left, true, _) | (Code::Left | Code::Char('b'), _, true) => self.go(self.word_left()),
            (Code::Right, true, _) | (Code::Right | Code::Char('f'), _, true) => self.go(self.word_right()),
            (Code::Home, ..) | (Code::Char('a'), true, false) => self.go(self.line_start()),
            (Code::End, ..) | (Code::Char('e'), true, false) => self.go(self.line_end()),
            (Code::Up, ..) if self.multiline => self.vertical(false),
            (Code::Down, ..) if self.multiline => self.vertical(true),
            (Code::Backspace, false, false) | (Code::Char('h'), true, false) => self.delete(self.left(), self.cursor),
            (Code::Delete, false, false) | (Code::Char('d'), true, false) => self.delete(self.cursor, self.right()),
            (Code::Backspace, ..) | (Code::Char('w'), true, false) => self.delete(self.word_left(), self.cursor),
            (Code::Char('d'), false, true) => self.delete(self.cursor, self.word_right()),
            (Code::Char('u'), true, false) => self.delete(self.line_start(), self.cursor),
            (Code::Char('k'), true, false) => self.delete(self.cursor, self.line_end()),
            _ => Edited::Ignored,
        }
    }

    /// Inserts what was typed, as long as there is room.
    fn add(&mut self, text: &str) -> Edited {
        if self.text.len() + text.len() > LIMIT_BYTES {
            return Edited::Cursor;
        }
        self.insert(text);
        Edited::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Field, keys: &str) -> Field {
        let mut field = start;
        for key in keys.split(' ') {
            field.key(key.parse().unwrap());
        }
        field
    }

    #[test]
    fn the_keys_of_a_shell_edit_it() {
        assert_eq!(after(Field::line("one two"), "ctrl-w x").text(), "one x");
        assert_eq!(after(Field::line("one two"), "ctrl-a ctrl-k").text(), "");
        assert_eq!(after(Field::line("one two"), "alt-b ctrl-u").text(), "two");
        assert_eq!(after(Field::line("one two"), "home alt-d").text(), " two");
        assert_eq!(after(Field::line("añ"), "backspace").text(), "a");
        assert_eq!(after(Field::line("ab"), "left x right y").text(), "axby");
    }

    #[test]
    fn a_filter_leaves_up_and_down_to_its_list_and_a_note_does_not() {
        let mut filter = Field::line("zayo");
        assert_eq!(filter.typed("down".parse().unwrap(), true), Typed::Moved(Motion::Down));
        assert_eq!(filter.typed("x".parse().unwrap(), true), Typed::Changed);
        assert_eq!(filter.typed("left".parse().unwrap(), true), Typed::Nothing);
        assert_eq!(filter.typed("enter".parse().unwrap(), true), Typed::Done);
        assert_eq!(filter.typed("esc".parse().unwrap(), true), Typed::PutAway);
        assert_eq!(filter.text(), "zayox");
        let mut note = Field::lines("first\nsecond");
        assert_eq!(note.typed("up".parse().unwrap(), false), Typed::Nothing);
        assert_eq!(note.before_cursor(), "first");
        assert_eq!(note.typed("alt-enter".parse().unwrap(), false), Typed::Changed);
        assert_eq!(note.text(), "first\n\nsecond");
    }

    #[test]
    fn the_cursor_keeps_its_column_between_lines() {
        let mut field = after(Field::lines("first\nab\nthird"), "up up");
        assert_eq!(field.before_cursor(), "fi");
        field = after(field, "down down");
        assert_eq!(field.before_cursor(), "first\nab\nth");
    }

    #[test]
    fn a_paste_into_one_line_runs_nothing_and_too_much_is_refused_whole() {
        let mut field = Field::line("");
        assert!(field.paste("a\nb\u{1b}[A\n"));
        assert_eq!(field.text(), "a b␛[A");
        assert!(!field.paste(&"x".repeat(LIMIT_BYTES)));
        assert_eq!(field.text(), "a b␛[A");
    }
}
