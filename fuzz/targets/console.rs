//! Any bytes, taken for what a machine sends: a screen (the first byte even) or a serial line. Nothing may panic, take memory
//! without end, or let a control character through.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use noctui::features::console::emulator::Emulator;
use noctui::features::console::glyph;
use noctui::features::console::rfb::{self, Wishes};
use tokio::runtime::Runtime;

/// Runs the reading of a screen, which waits for nothing here.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().expect("a runtime"));
/// What the handshake of a server without security says, up to the size of its screen.
const HANDSHAKE: &[u8] = b"RFB 003.008\n\x01\x01\0\0\0\0";

fuzz_target!(|raw: &[u8]| {
    let Some((first, rest)) = raw.split_first() else { return };
    if first % 2 == 0 { screen(rest) } else { serial(rest) }
});

/// A screen: its handshake, then updates until they make no sense.
fn screen(bytes: &[u8]) {
    let said = [HANDSHAKE, bytes].concat();
    let stream = tokio::io::join(said.as_slice(), tokio::io::sink());
    RUNTIME.block_on(async {
        let Ok((mut viewer, _remote)) = rfb::open(stream, &Wishes::default()).await else { return };
        while viewer.next().await.is_ok() {}
        let _ = glyph::read(viewer.frame());
    });
}

/// A serial line: output in pieces, with a pane that changes its size meanwhile.
fn serial(bytes: &[u8]) {
    let mut emulator = Emulator::new(24, 80);
    for (at, piece) in bytes.chunks(257).enumerate() {
        let fed = emulator.feed(piece);
        assert!(fed.answers.len() <= 4096);
        let size = u16::from(piece.first().copied().unwrap_or(0));
        if at % 3 == 2 {
            emulator.told(size % 50, size);
        }
        emulator.scroll(3);
    }
    assert!(!emulator.title().contains(char::is_control));
    let seen = emulator.screen();
    for row in 0..emulator.size().0 {
        for column in 0..emulator.size().1 {
            let Some(cell) = seen.cell(row, column) else { continue };
            assert!(!cell.contents().contains(|c: char| c.is_ascii_control()));
        }
    }
    let _ = emulator.find("a", true);
}
