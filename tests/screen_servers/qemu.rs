//! QEMU, whose screen at boot is in text mode, and which has Zlib.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use noctui::features::console::glyph;
use noctui::features::console::rfb::{Encoding, Format, Frame};

use crate::server::{Server, pixels, wait_for, wait_for_socket};
use crate::skip::skip;
use crate::viewing::Screen;

/// A line to QEMU's monitor, for machines (QMP): each command has one answer.
struct Monitor(BufReader<UnixStream>);

impl Monitor {
    fn open(path: &Path) -> Self {
        let mut monitor = Self(BufReader::new(UnixStream::connect(path).unwrap()));
        monitor.line("\"QMP\"");
        monitor.ask(r#"{"execute": "qmp_capabilities"}"#);
        monitor
    }

    /// Reads until a line has `wanted` in it.
    fn line(&mut self, wanted: &str) {
        let mut line = String::new();
        while !line.contains(wanted) {
            line.clear();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "QEMU ended");
        }
    }

    fn ask(&mut self, command: &str) {
        writeln!(self.0.get_mut(), "{command}").unwrap();
        self.line("\"return\"");
    }
}

/// Size and pixels of a picture in PPM, as QEMU writes it.
fn read_ppm(file: &[u8]) -> ((u16, u16), Vec<u32>) {
    let mut lines = file.splitn(4, |byte| *byte == b'\n');
    assert_eq!(lines.next(), Some(&b"P6"[..]));
    let size = String::from_utf8(lines.next().unwrap().to_vec()).unwrap();
    let (width, height) = size.split_once(' ').unwrap();
    assert_eq!(lines.next(), Some(&b"255"[..]));
    ((width.parse().unwrap(), height.parse().unwrap()), pixels(lines.next().unwrap()))
}

#[tokio::test]
async fn every_encoding_of_qemu_shows_the_screen_and_its_text_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let [vnc, qmp, dump] = ["vnc", "qmp", "dump.ppm"].map(|name| folder.path().join(name));
    let mut command = Command::new("qemu-system-x86_64");
    command.args(["-machine", "pc", "-m", "32", "-vga", "std", "-net", "none", "-display", "none"]);
    command.arg("-vnc").arg(format!("unix:{}", vnc.display()));
    command.arg("-qmp").arg(format!("unix:{},server=on,wait=off", qmp.display())).stdout(Stdio::null());
    let Some(_server) = Server::start(&mut command) else {
        return skip("QEMU has a screen in text mode, and Zlib (qemu-system-x86)");
    };
    wait_for_socket(&vnc);
    let mut monitor = wait_for("the monitor", || qmp.exists().then(|| Monitor::open(&qmp)));

    let mut booting = Screen::open(&vnc, &[Encoding::Zlib], Format::True).await;
    booting.whole().await;
    let text = |frame: &Frame| glyph::read(frame).filter(glyph::TextScreen::is_text).map(|screen| screen.text());
    booting.follow(|frame| text(frame).is_some_and(|text| text.contains("No bootable device"))).await;
    // The machine stands still from here on, and its cursor does not blink.
    monitor.ask(r#"{"execute": "stop"}"#);
    monitor.ask(&format!(r#"{{"execute": "screendump", "arguments": {{"filename": "{}"}}}}"#, dump.display()));
    let (size, picture) = read_ppm(&std::fs::read(&dump).unwrap());
    for encoding in [Encoding::Zlib, Encoding::Raw, Encoding::Hextile, Encoding::Tight, Encoding::Zrle] {
        let mut screen = Screen::open(&vnc, &[encoding], Format::True).await;
        let frame = screen.whole().await;
        assert_eq!((frame.width(), frame.height()), size);
        assert!(frame.rows().flatten().copied().eq(picture.iter().copied()), "{encoding:?}");
        assert!(screen.came(encoding) > 0, "{encoding:?} did not come");
        let read = glyph::read(&frame).unwrap();
        assert!(
            read.read() * 100 >= read.cells().len() * 98 && read.text().starts_with("SeaBIOS (version "),
            "{}",
            read.text()
        );
    }
}
