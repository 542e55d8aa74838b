use proptest::prelude::*;

use super::undo::{CANCEL, END, GIVE_TITLE_BACK};
use super::*;

/// Columns and rows of the terminals here.
const SIZE: (u16, u16) = (20, 5);

/// What undoes `output`, without what always stands at its beginning and end.
fn undo(output: &[u8]) -> String {
    let mut modes = Modes::new(SIZE);
    modes.see(output);
    let undo = modes.undo();
    let undo = undo.strip_prefix(CANCEL).unwrap().strip_suffix(END).unwrap();
    undo.strip_suffix(GIVE_TITLE_BACK).unwrap_or(undo).to_owned()
}

#[test]
fn modes_that_were_set_are_set_back_and_nothing_else() {
    assert_eq!(undo(b"plain \x1b[31mred\r\n"), "");
    assert_eq!(
        undo(b"\x1b[?1049h\x1b[?1000;1006h\x1b[?25l"),
        "\u{1b}[r\u{1b}[?1049l\u{1b}[?25h\u{1b}[?1000l\u{1b}[?1006l"
    );
    assert_eq!(undo(b"\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l"), "");
    assert_eq!(undo(b"\x1b[?2004h\x1bc"), "");
    // Keeping the cursor's place is no mode, and whatever was kept of one may come back.
    assert_eq!(undo(b"\x1b[?1048h\x1b[?1000s\x1b[?1000r"), "\u{1b}[?1000l");
    // readline switches eight bits with Meta on, which they are.
    assert_eq!(undo(b"\x1b[?1034h"), "");
    assert_eq!(undo(b"\x1b[?1034l"), "\u{1b}[?1034h");
    assert_eq!(undo(b"\x1b[2h\x1b[4h\x1b[12l\x1b[20h"), "\u{1b}[2l\u{1b}[4l\u{1b}[12h\u{1b}[20l");
    assert_eq!(undo(b"\x1b[?6h"), "\u{1b}[?6l\u{1b}[999H");
    assert_eq!(undo(b"\x1b[?2l"), "\u{1b}<");
}

#[test]
fn keyboard_flags_are_set_back_on_the_screen_that_has_them() {
    assert_eq!(undo(b"\x1b[>1u\x1b[>3u\x1b[<u"), "\u{1b}[<1u");
    assert_eq!(undo(b"\x1b[=31;1u"), "\u{1b}[=0u");
    // Set above one that was pushed, they go with it.
    assert_eq!(undo(b"\x1b[>1u\x1b[=31;1u"), "\u{1b}[<1u");
    assert_eq!(
        undo(b"\x1b[>1u\x1b[?1049h\x1b[>5u\x1b[>7u"),
        "\u{1b}[<2u\u{1b}[r\u{1b}[?1049l\u{1b}[<1u",
        "the other screen's before it is left, the usual one's behind"
    );
    assert_eq!(undo(b"\x1b[?1049h\x1b[>5u\x1b[?1049l"), "\u{1b}[?1049h\u{1b}[<1u\u{1b}[?1049l");
}

/// What a machine sends, and what sets that back; each of them as xterm documents it.
const CHANGES: &[(&str, &str)] = &[
    ("\u{1b}[>4;2m", "\u{1b}[>4m"),
    ("\u{1b}[>1;3m", "\u{1b}[>1m"),
    ("\u{1b}[>n", "\u{1b}[>2m"),
    ("\u{1b}[>4n", "\u{1b}[>4m"),
    ("\u{1b}[>4;1f", "\u{1b}[>4f"),
    ("\u{1b}]8;;http://example.com\u{7}", "\u{1b}]8;;\u{7}"),
    ("\u{1b}]8;id=1;http://example.com\u{1b}\\", "\u{1b}]8;;\u{7}"),
    ("\u{1b}%@", "\u{1b}%G"),
    ("\u{1b}]4;1;#ff0000\u{7}", "\u{1b}]104\u{7}"),
    ("\u{1b}]10;red;blue\u{7}", "\u{1b}]110\u{7}\u{1b}]111\u{7}"),
    ("\u{1b}]11;#000000\u{1b}\\", "\u{1b}]111\u{7}"),
    ("\u{1b}]12;green\u{7}", "\u{1b}]112\u{7}"),
    ("\u{1b}]5;0;red\u{7}", "\u{1b}]105\u{7}"),
    ("\u{1b}]21;foreground=green;cursor=;background=?\u{7}", "\u{1b}]21;foreground\u{7}\u{1b}]21;cursor\u{7}"),
    ("\u{1b}]21;background=red\u{7}\u{1b}]21;background\u{7}", ""),
    ("\u{1b}]21;7=red\u{1b}\\", "\u{1b}]104\u{7}"),
    ("\u{1b}]6;0;1\u{7}", "\u{1b}]6;0;0\u{7}"),
    ("\u{1b}]106;3;1\u{1b}\\", "\u{1b}]6;3;0\u{7}"),
    ("\u{1b}]6;1;bg;red;brightness;255\u{7}", "\u{1b}]6;1;bg;*;default\u{7}"),
    ("\u{1b}]1337;CursorShape=1\u{7}", "\u{1b}[0 q"),
    ("\u{1b}]1337;HighlightCursorLine=yes\u{7}", "\u{1b}]1337;HighlightCursorLine=no\u{7}"),
    ("\u{1b}]22;hand\u{7}", "\u{1b}]22;\u{7}"),
    ("\u{1b}]50;fixed\u{7}", "\u{1b}]50;#\u{7}"),
    ("\u{1b}]9;4;1;50\u{7}", "\u{1b}]9;4;0\u{7}"),
    ("\u{1b}[3g", "\u{1b}7\r\u{1b}[3g\u{1b}[8C\u{1b}H\u{1b}[8C\u{1b}H\u{1b}8\u{1b}[?5W"),
    ("\u{1b}=", "\u{1b}>"),
    ("\u{1b}[5 q", "\u{1b}[0 q"),
    ("\u{1b}[1 t", "\u{1b}[8 t"),
    ("\u{1b}[3 u", "\u{1b}[8 u"),
    ("\u{1b}[2;10r", "\u{1b}7\u{1b}[r\u{1b}8"),
    ("\u{1b}[1\"q", "\u{1b}[0\"q"),
    ("\u{1b}[1q", "\u{1b}[0q"),
    ("\u{1b}[61\"p", "\u{1b}[64;1\"p"),
    ("\u{1b} G", "\u{1b} F"),
    ("\u{1b})0", "\u{1b})B"),
    ("\u{1b}.A", "\u{1b}*B"),
    ("\u{1b} L", "\u{1b})B\u{1b}*B\u{1b}+B"),
    ("\u{1b}~", "\u{1b}}"),
    ("\u{1b}l", "\u{1b}m"),
    ("\u{1b}[2*x", "\u{1b}[0*x"),
    ("\u{1b}[1'z\u{1b}[1'{", "\u{1b}[0'z\u{1b}[0'{"),
    ("\u{1b}[>3p", "\u{1b}[>1p"),
    ("\u{1b}[>2s", "\u{1b}[>0s"),
    ("\u{1b}[>0;1t", "\u{1b}[>T"),
    ("\u{1b}P1;1|17/414243\u{1b}\\", "\u{1b}P0;1|\u{1b}\\"),
    ("\u{1b}[2t", "\u{1b}[1t"),
    ("\u{1b}[9;1t", "\u{1b}[9;0t"),
    ("\u{1b}[10;1t", "\u{1b}[10;0t"),
    ("\u{1b}[8;50;100t", "\u{1b}[8;5;20t"),
    ("\u{1b}[80$|", "\u{1b}[8;5;20t"),
    ("\u{1b}[5i", "\u{1b}[4i"),
    ("\u{1b}[?5i", "\u{1b}[?4i"),
    ("\u{1b}[2$~\u{1b}[1$}", "\u{1b}[0$}\u{1b}[0$~"),
];

#[test]
fn every_change_has_what_sets_it_back() {
    for (output, expected) in CHANGES {
        assert_eq!(undo(output.as_bytes()), *expected, "{output:?}");
    }
    let mut never = Modes::new(SIZE);
    for (output, _) in CHANGES {
        never.see(output.as_bytes());
    }
    never.see(b"\x1b]6;1;1\x07\x1b]6;2;1\x07\x1b]6;4;1\x07\x1b]13;a;b\x07\x1b]15;a;b;c;d;e\x07\x1b[>0n\x1b[>3n\x1b[>6n\x1b[>7n");
    never.see(
        b"\x1b]21;background=red;selection_background=red;selection_foreground=red;cursor_text=;visual_bell=red\x07",
    );
    for number in 1..=7 {
        never.see(format!("\u{1b}]21;transparent_background_color{number}=red\u{7}").as_bytes());
    }
    never.see(b"\x1b[>0;1f\x1b[>1;1f\x1b[>2;1f\x1b[>3;1f\x1b[>6;1f\x1b[>7;1f");
    assert!(never.touched.iter().all(|touched| *touched), "a row that nothing tries: {:?}", never.touched);
}

#[test]
fn what_is_asked_for_or_set_back_by_the_machine_itself_is_left_alone() {
    for output in [
        "\u{1b}]10;?\u{7}\u{1b}]4;1;?\u{7}\u{1b}]50;?\u{7}",
        "\u{1b}]8;;http://example.com\u{7}link\u{1b}]8;;\u{7}",
        "\u{1b}]11;#000000\u{7}\u{1b}]111\u{7}",
        "\u{1b}[>4;2m\u{1b}[>4;m",
        "\u{1b}[2;10r\u{1b}[r",
        "\u{1b}[0 t\u{1b}[8 t\u{1b}[1 u\u{1b}[0 u",
        // The directory that new tabs open in has no default.
        "\u{1b}]7;file://leaf1/etc\u{7}",
        // Nor have these.
        "\u{1b}]1337;SetProfile=night\u{7}\u{1b}]1337;SetUserVar=a=b\u{7}\u{1b}[3;10;10t",
        "\u{1b}]6;0;1\u{7}\u{1b}]6;0;0\u{7}\u{1b}]6;1;bg;red;brightness;9\u{7}\u{1b}]6;1;bg;*;default\u{7}",
        "\u{1b}=\u{1b}>\u{1b}%@\u{1b}%G\u{1b}[5i\u{1b}[4i",
        "\u{1b}[8;5;20t\u{1b}[18t\u{1b}[6n\u{1b}[c\u{1b}[>c\u{1b}[>q\u{1b}[?u",
        "\u{1b}[22;0t\u{1b}]0;title\u{7}\u{1b}[23;0t",
    ] {
        assert_eq!(undo(output.as_bytes()), "", "{output:?}");
    }
    assert_eq!(undo(b"\x1b[22;2t\x1b[22;2t"), GIVE_TITLE_BACK.repeat(2));
}

#[test]
fn titles_and_other_texts_are_not_read_as_sequences() {
    assert_eq!(undo(b"\x1b]0;[?25l\x07\x1bP[?25l\x1b\\\x1b(0"), "");
    assert_eq!(undo(b"\x1b]0;title\x1b[?25l"), "\u{1b}[?25h");
    assert_eq!(undo(b"\x1b[?25"), "");
    assert_eq!(undo(b"\x1b[?2\n5l"), "\u{1b}[?25h");
    // A text that was begun and not ended was not obeyed.
    assert_eq!(undo(b"\x1b]8;;http://example.com"), "");
}

#[test]
fn control_characters_of_eight_bits_are_read_as_terminals_do() {
    assert_eq!(undo("\u{9b}?25l".as_bytes()), "\u{1b}[?25h");
    assert_eq!(undo("\u{9d}8;;http://example.com\u{9c}".as_bytes()), "\u{1b}]8;;\u{7}");
    assert_eq!(undo("caf\u{e9} 5 \u{b0}C \u{96db}?25l".as_bytes()), "");
}

/// Bytes of which many are parts of sequences.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![
        3 => Just(0x1b_u8),
        3 => Just(b'['),
        1 => Just(b']'),
        3 => prop::sample::select(b"?><=!$'\" *;:".to_vec()),
        3 => prop::sample::select(b"hlrsutmnpqgWHTfixz{}|~c=%@G()*+\x07\\P\xc2\x9b\x9d".to_vec()),
        3 => b'0'..=b'9',
        1 => any::<u8>(),
    ];
    proptest::collection::vec(bytes, 0..300)
}

proptest! {
    #[test]
    fn it_matters_not_how_output_is_cut(output in pieces(), cut in 0..300_usize) {
        let cut = cut.min(output.len());
        let (mut whole, mut halves) = (Modes::new(SIZE), Modes::new(SIZE));
        whole.see(&output);
        halves.see(&output[..cut]);
        halves.see(&output[cut..]);
        prop_assert_eq!(whole.undo(), halves.undo());
    }

    #[test]
    fn what_undoes_is_undone(output in pieces()) {
        let mut modes = Modes::new(SIZE);
        modes.see(&output);
        let undo = modes.undo();
        modes.see(undo.as_bytes());
        prop_assert_eq!(modes.undo(), format!("{CANCEL}{END}"));
    }
}
