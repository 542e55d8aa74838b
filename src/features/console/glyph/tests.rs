//! Text screens that are drawn here, pictures that are none, and a screen that QEMU has drawn.

use super::*;
use crate::features::console::rfb::Area;

/// Draws lines at the top of a screen that is otherwise blank.
fn drawn(size: (u16, u16), width: u16, lines: &[&str], colours: (u32, u32), other: bool) -> Frame {
    let mut frame = Frame::new(size.0, size.1).unwrap();
    let area = frame.area();
    frame.fill(area, colours.1);
    for (row, line) in (0..).zip(lines) {
        for (column, character) in (0..).zip(line.chars()) {
            super::draw::cell(&mut frame, column * width, row * 16, width, character, colours, other);
        }
    }
    frame
}

const LINES: [&str; 4] =
    ["login: anna  MVWXYZ mvwx 0'|", "╔══╦══╗ ░▒▓█▀▄▌▐", "║ab║cd║ {[(<>)]} ~!@#$%^&*", "äöüß ÄÖÜ éèê ±²½ πΣ∞"];

/// What is read of them: a cell of one colour is a blank on that colour, also where a block was meant.
fn lines() -> String {
    LINES.join("\n").replace('█', " ")
}

#[test]
fn what_is_drawn_is_read() {
    for (size, width, grid) in
        [((720, 400), 9, (80, 25)), ((640, 480), 8, (80, 30)), ((1024, 768), 8, (128, 48)), ((800, 600), 8, (100, 37))]
    {
        for colours in [(0x00aa_aaaa, 0), (0x00ff_ffff, 0x0000_00aa), (0, 0x00ff_ffff)] {
            let screen = read(&drawn(size, width, &LINES, colours, false)).unwrap();
            assert_eq!((screen.columns(), screen.rows()), grid);
            assert_eq!(screen.text(), lines(), "{size:?}");
            assert_eq!(screen.read(), screen.cells().len());
            let cell = screen.cells()[0];
            assert_eq!((cell.character, cell.ink, cell.paper), (Some('l'), colours.0, colours.1));
            assert!(screen.is_text());
        }
    }
}

#[test]
fn the_other_drawings_are_read_as_well() {
    let screen = read(&drawn((640, 480), 8, &LINES, (0x00aa_aaaa, 0), true)).unwrap();
    assert_eq!((screen.text(), screen.is_text()), (lines(), true));
}

#[test]
fn a_picture_is_no_text() {
    let mut noise = Frame::new(640, 480).unwrap();
    let area = noise.area();
    noise.put(area, (0..640 * 480_u32).map(|index| index.wrapping_mul(2_654_435_761) >> 8 & 0xff));
    assert!(!read(&noise).unwrap().is_text());
    // Blank for the most part, with a small picture on it.
    let mut desktop = Frame::new(720, 400).unwrap();
    let icon = Area { x: 100, y: 100, width: 40, height: 40 };
    desktop.put(icon, (0..1600_u32).map(|index| if index.wrapping_mul(index) >> 3 & 1 == 1 { 0x00ff_ffff } else { 0 }));
    let screen = read(&desktop).unwrap();
    assert!(screen.read() * 100 > screen.cells().len() * 98 && !screen.is_text());
    assert!(read(&Frame::new(100, 100).unwrap()).is_none());
    assert!(read(&Frame::new(0, 0).unwrap()).is_none());
}

#[test]
fn what_is_drawn_for_simulated_machines_is_read() {
    let screen = read(&draw(LINES, 0x00aa_aaaa, 0).unwrap()).unwrap();
    assert_eq!((screen.text(), screen.is_text(), screen.columns()), (lines(), true, 80));
}

#[test]
fn a_blank_screen_is_an_empty_text() {
    let screen = read(&Frame::new(720, 400).unwrap()).unwrap();
    assert_eq!((screen.text(), screen.is_text()), (String::new(), true));
}

#[test]
fn what_qemu_shows_at_boot_is_read() {
    let screen = read(&crate::features::console::rfb::tests::picture("qemu")).unwrap();
    assert!(screen.is_text());
    assert_eq!((screen.columns(), screen.rows(), screen.read()), (80, 25, 2000));
    let want = "SeaBIOS (version 1.16.2-debian-1.16.2-1)\nBooting from Hard Disk...\nBoot failed: could not read the boot disk\n\n\
                Booting from Floppy...\nBoot failed: could not read the boot disk\n\nBooting from DVD/CD...\n\
                Boot failed: Could not read from CDROM (code 0003)\nNo bootable device.";
    assert_eq!(screen.text(), want);
}
