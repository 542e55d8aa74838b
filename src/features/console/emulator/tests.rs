//! What machines say, and what becomes of it.

use proptest::prelude::*;

use super::*;

#[test]
fn what_a_machine_says_stands_on_the_screen_and_above_it() {
    let mut emulator = Emulator::new(20, 70);
    assert_eq!(emulator.size(), (24, 80));
    for number in 0..100 {
        emulator.feed(format!("line {number}\r\n").as_bytes());
    }
    emulator.feed(b"\x1b[31mred\x1b[0m");
    let lines = emulator.lines();
    assert_eq!((lines.len(), lines[0].as_str(), lines[100].as_str()), (101, "line 0", "red"));
    assert!(emulator.visible().ends_with("line 99\nred"));
    emulator.to_top();
    assert!(emulator.visible().starts_with("line 0\n"));
    // What comes meanwhile does not move what is looked at.
    emulator.feed(b"\r\nmore\r\n");
    assert!(emulator.visible().starts_with("line 0\n"));
    emulator.to_bottom();
    assert!(emulator.visible().ends_with("red\nmore"));
}

#[test]
fn what_is_looked_for_is_found_above_and_below() {
    let mut emulator = Emulator::new(24, 80);
    for number in 0..200 {
        let mark = if number % 50 == 10 { "Ethernet1 is DOWN" } else { "ok" };
        emulator.feed(format!("{number} {mark}\r\n").as_bytes());
    }
    assert_eq!(emulator.find("down", true), 4);
    assert!(emulator.visible().contains("160 Ethernet1"));
    emulator.find("down", true);
    assert!(emulator.visible().contains("110 Ethernet1"));
    emulator.find("down", false);
    assert!(emulator.visible().contains("160 Ethernet1"));
    assert_eq!(emulator.find("Down", true), 0);
}

#[test]
fn questions_to_the_terminal_are_answered() {
    let mut emulator = Emulator::new(30, 100);
    let mut asked = |question: &[u8]| String::from_utf8(emulator.feed(question).answers).unwrap();
    assert_eq!(asked(b"\x1b[5;7H\x1b[6n"), "\x1b[5;7R");
    assert_eq!(asked(b"\x1b[5n"), "\x1b[0n");
    assert_eq!(asked(b"\x1b[c"), "\x1b[?62;22c");
    assert_eq!(asked(b"\x1b[18t"), "\x1b[8;30;100t");
    // `resize` moves the cursor as far as it goes and asks where it is.
    assert_eq!(asked(b"\x1b7\x1b[r\x1b[999;999H\x1b[6n\x1b8"), "\x1b[30;100R");
    // Whoever asks without end is not answered without end.
    assert!(emulator.feed(&b"\x1b[6n".repeat(10_000)).answers.len() <= MOST_ANSWERS);
    assert!(emulator.feed(b"\x07").rang);
}

#[test]
fn a_machine_has_its_24_rows_until_it_is_told_the_size_of_the_pane() {
    let mut emulator = Emulator::new(10, 60);
    assert_eq!(emulator.size(), (24, 80));
    emulator.fit(40, 120);
    assert_eq!(emulator.size(), (40, 120));
    emulator.told(10, 60);
    assert_eq!(emulator.size(), (10, 60));
    emulator.fit(0, 0);
    assert_eq!(emulator.size(), (1, 1));
}

#[test]
fn a_note_stands_below_all_that_was_said_and_so_does_what_comes_next() {
    let prompt = "spine1#show interfaces status\r\nEt1 up\r\n";
    for end in [
        // A cursor that was saved long ago, one somewhere above, a region, a sequence that has only begun.
        "\x1b7".to_owned() + prompt,
        prompt.to_owned() + "\x1b[1;1H",
        prompt.to_owned() + "\x1b[1;2r\x1b[?6h",
        prompt.to_owned() + "spine1#\x1b[3",
        // A program on the other screen, and one that has drawn lines.
        prompt.to_owned() + "\x1b[?1049h\x1b[Hmenu",
        prompt.to_owned() + "\x1b(0lqk",
    ] {
        let mut emulator = Emulator::new(24, 80);
        emulator.feed(end.as_bytes());
        emulator.note(["the line was dropped".to_owned()]);
        emulator.feed(b"spine1>");
        let lines = emulator.lines();
        let said: Vec<&str> = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
        assert!(said.starts_with(&["spine1#show interfaces status", "Et1 up"]), "{end:?}: {said:?}");
        assert!(said.ends_with(&["-- the line was dropped", "spine1>"]), "{end:?}: {said:?}");
    }
    // A full screen scrolls; a smaller pane loses nothing.
    let mut emulator = Emulator::new(30, 80);
    for number in 0..40 {
        emulator.feed(format!("line {number}\r\n").as_bytes());
    }
    emulator.note(["dropped".to_owned(), "it can be opened again".to_owned()]);
    emulator.fit(24, 80);
    let lines = emulator.lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("line ")).count(), 40);
    assert!(emulator.visible().ends_with("line 39\n-- dropped\n-- it can be opened again"), "{}", emulator.visible());
}

proptest! {
    // Each case draws thousands of cells; `fuzz/run console` does this without an end.
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn no_output_makes_it_fail(output in proptest::collection::vec(prop_oneof![
        3 => Just(0x1b_u8), 2 => Just(b'['), 1 => Just(b'?'), 1 => Just(b';'), 2 => b'0'..=b'9', 2 => b'@'..=b'~', 1 => any::<u8>(),
    ], 0..2000), sizes in proptest::collection::vec((0..60_u16, 0..200_u16), 0..4)) {
        let mut emulator = Emulator::new(24, 80);
        for (piece, (rows, columns)) in output.chunks(500).zip(sizes.into_iter().chain(std::iter::repeat((24, 80)))) {
            let fed = emulator.feed(piece);
            prop_assert!(fed.answers.len() <= MOST_ANSWERS);
            emulator.told(rows, columns);
            emulator.scroll(7);
            let _ = emulator.visible();
        }
        let _ = emulator.lines();
        prop_assert!(emulator.lines().len() <= SCROLLBACK + usize::from(MOST));
        prop_assert!(!emulator.title().contains(char::is_control));
    }
}
