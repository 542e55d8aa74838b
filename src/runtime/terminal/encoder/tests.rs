//! The terminal of these tests is the emulator of another project, which owes the encoder nothing.

use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::*;

/// An emulated terminal that obeys what the encoder says.
struct Emulator {
    encoder: Encoder,
    parser: vt100::Parser,
}

impl Emulator {
    fn new(size: Size, depth: ColourDepth) -> Self {
        let mut parser =
            vt100::Parser::new(size.height.max(1).try_into().unwrap(), size.width.max(1).try_into().unwrap(), 0);
        parser.process("left over from before, in colour \x1b[31;7m".repeat(40).as_bytes());
        Self { encoder: Encoder::new(depth), parser }
    }

    /// Shows `frame` and returns how many bytes that took.
    fn show(&mut self, frame: &Buffer, cursor: Option<Position>) -> usize {
        let bytes = self.encoder.encode(frame, cursor);
        self.parser.process(&bytes);
        bytes.len()
    }

    fn resize(&mut self, size: Size) {
        self.parser.screen_mut().set_size(size.height.try_into().unwrap(), size.width.try_into().unwrap());
    }

    /// Compares every cell: text, colours and attributes.
    fn assert_shows(&self, frame: &Buffer) {
        let screen = self.parser.screen();
        for y in 0..frame.area.height {
            let mut covered = 0;
            for x in 0..frame.area.width {
                if covered > 0 {
                    covered -= 1;
                    continue;
                }
                let wanted = &frame[(x, y)];
                let shown = screen.cell(y, x).unwrap();
                let width = wanted.symbol().cell_width();
                let fits = width > 0 && x + width <= frame.area.width;
                let symbol = if fits { wanted.symbol() } else { " " };
                let text = if shown.has_contents() { shown.contents() } else { " " };
                assert_eq!(text, symbol, "text at {x},{y}");
                let pen = Pen { fg: reduced(wanted.fg, self), bg: reduced(wanted.bg, self), modifier: wanted.modifier };
                assert_eq!(look(shown, symbol), if symbol == " " { pen.on_blank() } else { pen }, "look at {x},{y}");
                covered = if fits { width - 1 } else { 0 };
            }
        }
    }
}

fn reduced(colour: Color, emulator: &Emulator) -> Color {
    palette::reduce(colour, emulator.encoder.depth)
}

fn look(cell: &vt100::Cell, symbol: &str) -> Pen {
    let colour = |colour| match colour {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
    };
    let mut modifier = Modifier::empty();
    modifier.set(Modifier::BOLD, cell.bold());
    modifier.set(Modifier::DIM, cell.dim());
    modifier.set(Modifier::ITALIC, cell.italic());
    modifier.set(Modifier::UNDERLINED, cell.underline());
    modifier.set(Modifier::REVERSED, cell.inverse());
    let pen = Pen { fg: colour(cell.fgcolor()), bg: colour(cell.bgcolor()), modifier };
    if symbol == " " { pen.on_blank() } else { pen }
}

fn any_colour() -> impl Strategy<Value = Color> {
    prop_oneof![
        4 => Just(Color::Reset),
        1 => Just(Color::Blue),
        1 => Just(Color::White),
        1 => any::<u8>().prop_map(Color::Indexed),
        1 => any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
    ]
}

fn any_style() -> impl Strategy<Value = Style> {
    // Bold and dim together are one attribute to the emulator, and it knows no blinking.
    let attribute = prop::sample::select(vec![
        Modifier::empty(),
        Modifier::empty(),
        Modifier::BOLD,
        Modifier::DIM,
        Modifier::REVERSED,
        Modifier::UNDERLINED | Modifier::ITALIC,
        Modifier::BOLD | Modifier::REVERSED,
    ]);
    (any_colour(), any_colour(), attribute)
        .prop_map(|(fg, bg, modifier)| Style::reset().fg(fg).bg(bg).add_modifier(modifier))
}

/// A run of equal style somewhere in the frame, as widgets draw.
#[derive(Debug, Clone)]
struct Run {
    x: u16,
    y: u16,
    text: String,
    style: Style,
}

fn any_run() -> impl Strategy<Value = Run> {
    let symbol =
        prop::sample::select(vec!["a", "Z", "7", "-", " ", " ", " ", "│", "─", "●", "あ", "漢", "é", "👀", "…"]);
    let text = prop_oneof![
        3 => prop::collection::vec(symbol, 0..24).prop_map(|symbols| symbols.concat()),
        1 => (1..40usize).prop_map(|count| " ".repeat(count)),
    ];
    (0..60u16, 0..14u16, text, any_style()).prop_map(|(x, y, text, style)| Run { x, y, text, style })
}

fn any_runs() -> impl Strategy<Value = Vec<Run>> {
    prop::collection::vec(any_run(), 0..24)
}

fn any_depth() -> impl Strategy<Value = ColourDepth> {
    use ColourDepth::{Mono, Sixteen, TrueColour, TwoFiftySix};
    prop::sample::select(vec![Mono, Sixteen, TwoFiftySix, TrueColour])
}

fn paint(frame: &mut Buffer, runs: &[Run]) {
    for run in runs {
        let (x, y) = (run.x % frame.area.width, run.y % frame.area.height);
        frame.set_stringn(x, y, &run.text, (frame.area.width - x).into(), run.style);
    }
}

fn frame_of(size: Size, runs: &[Run]) -> Buffer {
    let mut frame = Buffer::empty(Rect::from((Position::ORIGIN, size)));
    paint(&mut frame, runs);
    frame
}

proptest! {
    #[test]
    fn the_terminal_shows_exactly_the_frames(
        sizes in prop::collection::vec((1..60u16, 1..14u16), 1..3),
        frames in prop::collection::vec((any_runs(), any::<bool>()), 1..6),
        depth in any_depth(),
    ) {
        let first = Size::new(sizes[0].0, sizes[0].1);
        let mut emulator = Emulator::new(first, depth);
        for (width, height) in sizes {
            let size = Size::new(width, height);
            emulator.resize(size);
            let mut frame = Buffer::empty(Rect::from((Position::ORIGIN, size)));
            for (runs, over_the_last) in &frames {
                if !over_the_last {
                    frame = Buffer::empty(frame.area);
                }
                paint(&mut frame, runs);
                emulator.show(&frame, None);
                emulator.assert_shows(&frame);
                prop_assert!(emulator.parser.screen().hide_cursor());
            }
        }
    }

    #[test]
    fn a_frame_that_scrolled_is_shown_exactly(
        rows in prop::collection::vec(any_run(), 30),
        top in 0..5usize,
        height in 5..12usize,
        offsets in prop::collection::vec(0..18usize, 2..6),
        beside in any_runs(),
    ) {
        let size = Size::new(40, 20);
        let mut emulator = Emulator::new(size, ColourDepth::TrueColour);
        for offset in offsets {
            let list = rows.iter().skip(offset).take(height).enumerate();
            let list: Vec<Run> = list.map(|(row, run)| Run { y: u16::try_from(top + row).unwrap(), ..run.clone() }).collect();
            let mut frame = frame_of(size, &beside);
            paint(&mut frame, &list);
            emulator.show(&frame, None);
            emulator.assert_shows(&frame);
        }
    }

    #[test]
    fn a_row_that_slid_is_shown_exactly(
        texts in prop::collection::vec("[a-c ]{0,6}", 2..5),
        rest in "[a-z ]{16,40}",
        styles in prop::collection::vec(any_style(), 3),
        wide in any::<bool>(),
    ) {
        let size = Size::new(50, 3);
        let mut emulator = Emulator::new(size, ColourDepth::TrueColour);
        for text in texts {
            let runs = [
                Run { x: 0, y: 1, text: "key  ".to_owned(), style: styles[0] },
                Run { x: 5, y: 1, text: text.clone(), style: styles[1] },
                Run { x: u16::try_from(5 + text.len()).unwrap(), y: 1, text: rest.clone() + if wide { "漢" } else { "" }, style: styles[2] },
            ];
            let frame = frame_of(size, &runs);
            emulator.show(&frame, None);
            emulator.assert_shows(&frame);
        }
    }

    #[test]
    fn a_frame_without_a_change_is_no_bytes(runs in any_runs(), cursor in (0..20u16, 0..10u16)) {
        let frame = frame_of(Size::new(20, 10), &runs);
        let mut emulator = Emulator::new(frame.area.as_size(), ColourDepth::TrueColour);
        let cursor = Some(Position::from(cursor));
        emulator.show(&frame, cursor);
        prop_assert_eq!(emulator.show(&frame, cursor), 0);
    }

    #[test]
    fn the_cursor_stands_where_it_was_put(runs in any_runs(), x in 0..20u16, y in 0..10u16) {
        let frame = frame_of(Size::new(20, 10), &runs);
        let mut emulator = Emulator::new(frame.area.as_size(), ColourDepth::Sixteen);
        emulator.show(&frame, None);
        emulator.show(&frame, Some(Position { x, y }));
        prop_assert_eq!(emulator.parser.screen().cursor_position(), (y, x));
        prop_assert!(!emulator.parser.screen().hide_cursor());
    }
}

/// A list of `count` rows as the maintenances pane has it, 120 columns wide, row `selected` reversed.
fn list(first: usize, selected: usize) -> Buffer {
    let mut frame = Buffer::empty(Rect::new(0, 0, 120, 40));
    frame.set_string(0, 0, "noctui  maintenances", Style::new().add_modifier(Modifier::BOLD));
    for row in 0..36_usize {
        let y = u16::try_from(row + 2).unwrap();
        let number = first + row;
        let line = format!(
            "▲ in-process   carrier-{:02}     2031-05-{:02} 22:00  2031-05-{:02} 04:00   6h00m  IC-{:06}  outage     {:>3}d",
            number * 7 % 13,
            number % 28 + 1,
            number % 28 + 2,
            number * 7919 % 1_000_000,
            number % 90,
        );
        let (width, _) = frame.set_stringn(0, y, line, 120, Style::new());
        frame.set_style(Rect::new(0, y, 1, 1), Style::new().fg(Color::Yellow));
        if number == selected {
            frame.set_style(Rect::new(0, y, width, 1), Style::new().add_modifier(Modifier::REVERSED));
        }
    }
    frame.set_string(0, 39, "j/k move  enter open  / filter  ? help", Style::new().fg(Color::Gray));
    frame
}

#[test]
fn a_cursor_key_in_a_list_of_120_columns_is_below_250_bytes() {
    let mut emulator = Emulator::new(Size::new(120, 40), ColourDepth::Sixteen);
    emulator.show(&list(0, 4), None);
    let bytes = emulator.show(&list(0, 5), None);
    emulator.assert_shows(&list(0, 5));
    assert!(bytes < 250, "{bytes} bytes");
}

#[test]
fn a_list_that_scrolls_by_a_row_is_shifted_by_the_terminal() {
    let mut emulator = Emulator::new(Size::new(120, 40), ColourDepth::Sixteen);
    emulator.show(&list(0, 35), None);
    for (first, selected) in [(1, 36), (2, 37), (1, 1), (0, 0)] {
        let bytes = emulator.show(&list(first, selected), None);
        emulator.assert_shows(&list(first, selected));
        assert!(bytes < 400, "{bytes} bytes to show row {first} first");
    }
}

#[test]
fn a_large_frame_is_one_update_and_a_small_one_goes_without_marks() {
    let mut encoder = Encoder::new(ColourDepth::Sixteen);
    let large = encoder.encode(&list(0, 4), None);
    assert!(large.starts_with(BEGIN_UPDATE) && large.ends_with(END_UPDATE));
    assert!(!encoder.encode(&list(0, 5), None).starts_with(BEGIN_UPDATE));
}

#[test]
fn what_a_terminal_would_obey_is_never_sent() {
    let mut frame = Buffer::empty(Rect::new(0, 0, 10, 1));
    frame[(0, 0)].set_symbol("\x1b]52;c;eA==\x07");
    frame[(1, 0)].set_symbol("\u{9b}31m");
    frame[(2, 0)].set_symbol("\u{200b}");
    let bytes = Encoder::new(ColourDepth::Sixteen).encode(&frame, None);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.ends_with("??"), "{text:?}");
}

#[test]
fn a_frame_without_cells_is_survived() {
    let frame = Buffer::empty(Rect::new(0, 0, 0, 0));
    let mut encoder = Encoder::new(ColourDepth::Sixteen);
    encoder.encode(&frame, Some(Position::ORIGIN));
    assert_eq!(encoder.encode(&frame, Some(Position::ORIGIN)), b"");
}
