//! What the person sees, and which modes the terminal is in, by an emulator that owes noctui nothing.

use std::fmt;

/// An emulated terminal.
pub(crate) struct Screen {
    parser: vt100::Parser<Watcher>,
    bytes: usize,
    raw: Vec<u8>,
}

/// The modes of a terminal that a program may leave behind set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the terminal")]
pub(crate) struct Modes {
    /// The program's screen is shown instead of the shell's.
    pub(crate) is_alternate_screen: bool,
    /// The cursor cannot be seen.
    pub(crate) is_cursor_hidden: bool,
    /// Pastes arrive between marks.
    pub(crate) is_paste_bracketed: bool,
    /// What the mouse does arrives as input.
    pub(crate) is_mouse_told: bool,
    /// Gaining and losing the keyboard arrives as input.
    pub(crate) is_focus_told: bool,
    /// How many more sets of kitty's keyboard flags were pushed than popped.
    pub(crate) keyboard_flags: i32,
    /// How many more titles were pushed than popped.
    pub(crate) titles: i32,
    /// What is written next is not in the default look.
    pub(crate) is_pen_set: bool,
    /// A synchronized update has begun and not ended: the terminal holds it back.
    pub(crate) is_update_open: bool,
}

/// Keeps what the emulator itself has no place for.
#[derive(Debug, Default)]
struct Watcher {
    is_focus_told: bool,
    keyboard_flags: i32,
    titles: i32,
    is_update_open: bool,
    title: String,
    clipboard: Option<String>,
    questions: Vec<String>,
}

impl vt100::Callbacks for Watcher {
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.title = String::from_utf8_lossy(title).into_owned();
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.clipboard = Some(String::from_utf8_lossy(data).into_owned());
    }

    fn unhandled_csi(&mut self, _: &mut vt100::Screen, mark: Option<u8>, _: Option<u8>, params: &[&[u16]], last: char) {
        let first = params.first().and_then(|values| values.first()).copied().unwrap_or_default();
        match (mark, first, last) {
            (Some(b'?'), 1004, 'h' | 'l') => self.is_focus_told = last == 'h',
            (Some(b'?'), 2026, 'h' | 'l') => self.is_update_open = last == 'h',
            (Some(b'>'), _, 'u') => self.keyboard_flags += 1,
            (Some(b'<'), _, 'u') => self.keyboard_flags -= i32::from(first.max(1)),
            (None, 22, 't') => self.titles += 1,
            (None, 23, 't') => self.titles -= 1,
            // Where is the cursor, what are you, which mode is set, which flags: all of them wait for an answer.
            (_, _, 'n' | 'c' | 'p' | 'q' | 'u' | 't') => self.questions.push(format!("{mark:?} {params:?} {last}")),
            _ => {}
        }
    }

    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.questions.push("clipboard".to_owned());
    }

    fn unhandled_osc(&mut self, _: &mut vt100::Screen, params: &[&[u8]]) {
        self.questions.push(format!("OSC {params:?}"));
    }
}

impl Screen {
    /// A blank screen.
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let size = |cells: u16| cells.max(1).try_into().unwrap();
        let parser = vt100::Parser::new_with_callbacks(size(rows), size(columns), 0, Watcher::default());
        Self { parser, bytes: 0, raw: Vec::new() }
    }

    /// Obeys what the program wrote.
    pub(crate) fn process(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
    }

    /// Gives the screen another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
    }

    /// Columns and rows.
    pub(crate) fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.parser.screen().size();
        (columns.get(), rows.get())
    }

    /// How many bytes the program has written so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All that the program has written so far.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The rows from the top, without blanks at their ends.
    pub(crate) fn rows(&self) -> Vec<String> {
        let width = self.parser.screen().size().1.get();
        self.parser.screen().rows(0, width).map(|row| row.trim_end().to_owned()).collect()
    }

    /// All rows in one.
    pub(crate) fn text(&self) -> String {
        self.rows().join("\n")
    }

    /// The cell at `column`, `row`, both from 0.
    pub(crate) fn cell(&self, column: u16, row: u16) -> &vt100::Cell {
        self.parser.screen().cell(row, column).unwrap()
    }

    /// The text and looks of all cells, to compare whole screens.
    pub(crate) fn state(&self) -> String {
        self.parser.screen().contents_formatted()
    }

    /// The window's title.
    pub(crate) fn title(&self) -> &str {
        &self.parser.callbacks().title
    }

    /// What was last copied, in base64.
    pub(crate) fn clipboard(&self) -> Option<&str> {
        self.parser.callbacks().clipboard.as_deref()
    }

    /// What the program has asked of the terminal, which never answers.
    pub(crate) fn questions(&self) -> &[String] {
        &self.parser.callbacks().questions
    }

    /// Whether a frame is only half there.
    pub(crate) fn is_update_open(&self) -> bool {
        self.parser.callbacks().is_update_open
    }

    /// The modes that are set.
    pub(crate) fn modes(&self) -> Modes {
        let screen = self.parser.screen();
        let watcher = self.parser.callbacks();
        let default = vt100::Color::Default;
        Modes {
            is_alternate_screen: screen.alternate_screen(),
            is_cursor_hidden: screen.hide_cursor(),
            is_paste_bracketed: screen.bracketed_paste(),
            is_mouse_told: screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
            is_focus_told: watcher.is_focus_told,
            keyboard_flags: watcher.keyboard_flags,
            titles: watcher.titles,
            is_pen_set: screen.fgcolor() != default || screen.bgcolor() != default || screen.inverse() || screen.bold(),
            is_update_open: watcher.is_update_open,
        }
    }
}

impl fmt::Display for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the screen after {} bytes:", self.bytes)?;
        self.rows().iter().try_for_each(|row| writeln!(f, "│{row}"))
    }
}
