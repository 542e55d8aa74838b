use proptest::prelude::*;

use super::*;
use crate::input::{Button, Mouse, MouseAction};
use crate::ui::field::{Field, LIMIT_BYTES};

/// What `pieces` mean when each arrives on its own and nothing follows for long.
fn decoded<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Input> {
    let mut decoder = Decoder::default();
    let mut inputs = VecDeque::new();
    let now = Instant::now();
    for piece in pieces {
        decoder.feed(piece, now, &mut inputs);
    }
    decoder.expire(&mut inputs);
    inputs.into()
}

/// The same in the words of the key map.
fn told(bytes: &str) -> String {
    let word = |input: &Input| if let Input::Key(key) = input { key.to_string() } else { format!("{input:?}") };
    decoded([bytes.as_bytes()]).iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_of_all_terminals_are_understood() {
    for (bytes, keys) in [
        ("gGä漢", "g G ä 漢"),
        ("\r\n\t\x7f\x08 ", "enter enter tab backspace backspace space"),
        ("\x01\x03\x1a\x00\x1c\x1f", "ctrl-a ctrl-c ctrl-z ctrl-space ctrl-\\ ctrl-_"),
        ("\x1b", "esc"),
        ("\x1bb\x1bB\x1b\x7f\x1b\r", "alt-b alt-B alt-backspace alt-enter"),
        ("\x1b[A\x1bOB\x1b[1;5C\x1b[1;3D", "up down ctrl-right alt-left"),
        ("\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1bOH", "home end home end home end home"),
        ("\x1b[2~\x1b[3~\x1b[5~\x1b[6~\x1b[3;5~", "ins del pgup pgdn ctrl-del"),
        ("\x1bOP\x1b[11~\x1b[[A\x1b[15~\x1b[17~\x1b[24~\x1b[34~\x1b[1;2S", "f1 f1 f1 f5 f6 f12 f20 shift-f4"),
        ("\x1b[Z\x1b\x1b[A\x1bOM\x1bOq", "shift-tab alt-up enter 1"),
        ("\x1b[27u\x1b[99;5u\x1b[98;3u\x1b[98;4u\x1b[105;5u", "esc ctrl-c alt-b alt-B tab"),
        ("\x1b[57399u\x1b[57414u\x1b[97;133u\x1b[27;5;120~", "0 enter ctrl-a ctrl-x"),
        ("\x1b\x1b", "esc esc"),
        ("\x1b[", "alt-["),
        ("\x1bO", "alt-O"),
        ("\x1b]", "alt-]"),
    ] {
        assert_eq!(told(bytes), keys, "{bytes:?}");
    }
}

#[test]
fn releases_answers_and_damaged_sequences_are_no_keys() {
    for bytes in [
        "\x1b[97;1:3u",
        "\x1b[97;9u",
        "\x1b[57441u",
        "\x1b[?62;22c",
        "\x1b[12;40R",
        "\x1b[?2026;2$y",
        "\x1b]11;rgb:0000/0000/0000\x07",
        "\x1b]52;c;eA==\x1b\\",
        "\x1bP>|xterm(388)\x1b\\",
        "\x1b[M !!",
        "\x1b[32;10;10M",
        "\x1b[1;5",
        "\x1b[201~",
        "\x1b[<64;1M",
        "\x1b[99999999999u",
        "\x1b[1;0A",
    ] {
        assert_eq!(told(bytes), "", "{bytes:?}");
    }
    assert_eq!(decoded([b"\xff\xc3x\x9b\xed\xa0\x80".as_slice()]), decoded([b"x".as_slice()]));
}

#[test]
fn a_broken_off_sequence_does_not_eat_the_next_key() {
    assert_eq!(told("\x1b[1;\x1b[A"), "up");
    assert_eq!(told("\x1b[1\x03"), "ctrl-c");
    assert_eq!(told("\x1bO\x03"), "alt-O ctrl-c");
    assert_eq!(told("\x1b[M\x03"), "ctrl-c");
    assert_eq!(told("\x1b[M !\x1b[A"), "up");
}

#[test]
fn keys_after_an_escape_are_no_string_of_the_terminal() {
    for letter in ["P", "]", "X", "^", "_"] {
        assert_eq!(told(&format!("\x1b{letter}\x03")), format!("alt-{letter} ctrl-c"));
        assert_eq!(told(&format!("\x1b{letter}\x1b")), format!("alt-{letter} esc"));
        assert_eq!(told(&format!("\x1b{letter}hello\x03")), "ctrl-c");
        assert_eq!(told(&format!("\x1b{letter}hello\x1b")), "esc");
        assert_eq!(told(&format!("\x1b{letter}hello\x1b\x1b")), "esc esc");
        assert_eq!(told(&format!("\x1b{letter}hello\x1b[Bq")), "down q");
        assert_eq!(told(&format!("\x1b{letter}hello\x1b[99;5u")), "ctrl-c");
        assert_eq!(told(&format!("\x1b{letter}hello\rq")), "enter q");
        assert_eq!(told(&format!("\x1b{letter}an answer\x1b\\q")), "q");
    }
}

#[test]
fn what_is_typed_on_and_on_does_not_keep_a_string_alive() {
    for begin in ["\x1b]", "\x1bP", "\x1b[1"] {
        let mut decoder = Decoder::default();
        let mut inputs = VecDeque::new();
        let start = Instant::now();
        decoder.feed(begin.as_bytes(), start, &mut inputs);
        let keys = if begin.ends_with('1') { "1" } else { "j" };
        for tenth in 0..10 {
            decoder.feed(keys.as_bytes(), start + Duration::from_millis(tenth * 100), &mut inputs);
            assert!(decoder.deadline() <= Some(start + SEQUENCE_LIFE));
        }
        assert!(inputs.is_empty());
        decoder.feed(b"j", start + SEQUENCE_LIFE, &mut inputs);
        assert_eq!(inputs, [Input::Key("j".parse().unwrap())], "{begin:?}");
        assert_eq!(decoder.deadline(), None);
    }
}

#[test]
fn a_sequence_is_given_its_time_whatever_came_before_it() {
    let mut decoder = Decoder::default();
    let mut inputs = VecDeque::new();
    let start = Instant::now();
    decoder.feed(b"\x1b", start, &mut inputs);
    decoder.feed(b"[A\x1b[", start + Duration::from_millis(900), &mut inputs);
    decoder.feed(b"B", start + Duration::from_millis(1100), &mut inputs);
    assert_eq!(inputs, ["up", "down"].map(|key| Input::Key(key.parse().unwrap())));
}

#[test]
fn the_mouse_is_understood() {
    let at = |action, column, row, ctrl| Input::Mouse(Mouse { action, column, row, ctrl });
    assert_eq!(
        decoded([b"\x1b[<0;1;1M\x1b[<0;1;1m\x1b[<34;300;7M\x1b[<64;5;6M\x1b[<81;5;6M\x1b[<35;5;5M".as_slice()]),
        [
            at(MouseAction::Press(Button::Left), 0, 0, false),
            at(MouseAction::Release(Button::Left), 0, 0, false),
            at(MouseAction::Drag(Button::Right), 299, 6, false),
            at(MouseAction::WheelUp, 4, 5, false),
            at(MouseAction::WheelDown, 4, 5, true),
        ]
    );
}

#[test]
fn focus_is_understood() {
    assert_eq!(decoded([b"\x1b[I\x1b[O".as_slice()]), [Input::Focused(true), Input::Focused(false)]);
}

#[test]
fn a_paste_is_text_and_no_key_of_it_runs() {
    assert_eq!(
        decoded([b"a\x1b[200~q\x03\r\nrm -rf\x1b]52;c;eA==\x07\x1b[201~b".as_slice()]),
        [
            Input::Key("a".parse().unwrap()),
            Input::Paste("q␃\nrm -rf␛]52;c;eA==␇".to_owned()),
            Input::Key("b".parse().unwrap())
        ]
    );
}

#[test]
fn a_paste_of_a_megabyte_is_refused_whatever_pieces_it_arrives_in() {
    let mut bytes = b"\x1b[200~".to_vec();
    bytes.extend(b"q\r:quit\r\x1b[A\x03".iter().cycle().take(1 << 20));
    bytes.extend(b"\x1b[201~j");
    for length in [1 << 21, 4095, 1000, 7] {
        assert_eq!(
            decoded(bytes.chunks(length)),
            [Input::PasteRefused { bytes: 1 << 20 }, Input::Key("j".parse().unwrap())],
            "in pieces of {length}"
        );
    }
}

#[test]
fn a_paste_may_be_as_long_as_what_a_field_holds() {
    let paste = |bytes: usize| decoded([format!("\x1b[200~{}\x1b[201~", "x".repeat(bytes)).as_bytes()]);
    let longest = "x".repeat(LIMIT_BYTES);
    assert!(Field::line("").paste(&longest));
    assert_eq!(paste(LIMIT_BYTES), [Input::Paste(longest)]);
    assert_eq!(paste(LIMIT_BYTES + 1), [Input::PasteRefused { bytes: LIMIT_BYTES + 1 }]);
}

#[test]
fn a_paste_that_never_ends_is_ended_by_ctrl_c_after_a_silence() {
    let mut decoder = Decoder::default();
    let mut inputs = VecDeque::new();
    let start = Instant::now();
    decoder.feed(b"\x1b[200~half", start, &mut inputs);
    decoder.feed(b"\x03", start + Duration::from_millis(10), &mut inputs);
    assert!(decoder.is_in_paste());
    decoder.feed(b"\x03", start + Duration::from_secs(2), &mut inputs);
    assert!(!decoder.is_in_paste());
    decoder.feed(b"j", start + Duration::from_secs(3), &mut inputs);
    assert_eq!(inputs, [Input::Key("j".parse().unwrap())]);
}

#[test]
fn an_escape_waits_shortly_for_the_rest_of_a_sequence() {
    let mut decoder = Decoder::default();
    let mut inputs = VecDeque::new();
    let now = Instant::now();
    decoder.feed(b"\x1b", now, &mut inputs);
    assert_eq!(decoder.deadline(), Some(now + ESCAPE_WAIT));
    decoder.feed(b"[A", now, &mut inputs);
    assert_eq!(decoder.deadline(), None);
    assert_eq!(inputs, [Input::Key("up".parse().unwrap())]);
}

proptest! {
    #[test]
    fn nothing_a_terminal_sends_makes_the_decoder_fail_or_hoard(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..64),
        is_expired in any::<bool>(),
    ) {
        let mut decoder = Decoder::default();
        let mut inputs = VecDeque::new();
        for piece in &pieces {
            decoder.feed(piece, Instant::now(), &mut inputs);
            if is_expired && decoder.deadline().is_some() {
                decoder.expire(&mut inputs);
            }
        }
        prop_assert!(decoder.pending.len() <= LONGEST_SEQUENCE + 64);
    }

    #[test]
    fn sequences_mean_the_same_in_one_piece_and_in_many(
        parts in prop::collection::vec(prop::sample::select(vec![
            "j", "\r", "\x1b[A", "\x1b[1;5C", "\x1bOP", "\x1b[<0;10;10M", "\x1b[200~pasted\x1b[201~", "漢", "\x1b[3~", "\x1b]11;x\x07",
        ]), 0..12),
        length in 1..9usize,
    ) {
        let bytes = parts.concat().into_bytes();
        prop_assert_eq!(decoded(bytes.chunks(length)), decoded([bytes.as_slice()]));
    }
}
