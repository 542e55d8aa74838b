//! The demo's machines: a switch on a serial line, a guest whose screen is text, one with a moving picture, and one that is
//! stopped. All of them are simulated behind the API of a cluster.

use std::io;
use std::time::Duration;

use crate::features::console::glyph;
use crate::features::console::rfb::{Area, Frame};
use crate::features::console::sim::Touch;
use crate::features::console::sim::cluster::{ClusterMachine, ClusterSetup, ClusterSimulator};
use crate::secret::Secret;

/// The namespace of the machines.
const NAMESPACE: &str = "training";
/// How often pictures change, where somebody looks.
const FRAME_EVERY: Duration = Duration::from_millis(100);
/// The guest whose screen is text, and the one with a picture.
const TEXT: &str = "build01";
const PICTURE: &str = "desk01";
/// What the text screen shows while it boots, a line at a time.
const BOOT: &[&str] = &[
    "SeaBIOS (version 1.16.2)",
    "Booting from Hard Disk...",
    "",
    "[    0.000000] Linux version 6.12.0-noctui (x86_64)",
    "[    0.000000] Command line: root=/dev/vda1 console=tty0",
    "[    0.104518] smpboot: CPU0: QEMU Virtual CPU",
    "[    0.318224] virtio_blk virtio1: [vda] 20971520 512-byte logical blocks",
    "[    0.402117] EXT4-fs (vda1): mounted filesystem r/w",
    "[    0.871302] systemd[1]: Reached target Multi-User System.",
    "",
    "Debian GNU/Linux 13 build01 tty1",
    "",
];
/// Frames that a line of it stays the last one.
const FRAMES_A_LINE: usize = 4;
/// Colours of the text screen.
const INK: u32 = 0x00aa_aaaa;
const PAPER: u32 = 0;
/// Definitions that are written for the demo: one that clients take, and one that they refuse.
pub(super) const DEFINITIONS: [(&str, &str); 2] = [
    (
        "atlas-worker.json",
        "{\n  \"name\": \"atlas-worker-01\",\n  \"secret\": \"pr0t3ct-this\",\n  \"memory\": 2048,\n  \"cpus\": 2,\n  \"disk\": 10240,\n  \
         \"flags\": 49,\n  \"userData\": \"[amiconfig]\\nplugins=cernvm\\n\"\n}\n",
    ),
    ("first-vm.toml", "name = \"My first VM\"\nsecret = \"pr0t3ct-this\"\nram = 128\ncpus = 1\n"),
];

/// Starts them.
pub(super) async fn start() -> io::Result<ClusterSimulator> {
    let machine = |name: &str, runs: bool, address: &str, guest: &str| ClusterMachine {
        namespace: NAMESPACE.to_owned(),
        name: name.to_owned(),
        runs,
        node: "node-2".to_owned(),
        address: address.to_owned(),
        guest: guest.to_owned(),
        has_serial: true,
        floods: false,
        serial_log: String::new(),
        screen: None,
    };
    let log = "Aboot 9.0.3\n\nPress Control-C now to enter Aboot shell\nStarting new kernel\n[  OK  ] Started EOS.\n"
        .to_owned();
    let machines = vec![
        ClusterMachine { serial_log: log, ..machine("spine1", true, "192.0.2.11", "") },
        ClusterMachine {
            has_serial: false,
            screen: text(0, ""),
            ..machine(TEXT, true, "192.0.2.21", "Debian GNU/Linux 13 (trixie)")
        },
        ClusterMachine {
            has_serial: false,
            screen: picture(0),
            ..machine(PICTURE, true, "192.0.2.22", "Fedora Linux 43")
        },
        machine("spare1", false, "192.0.2.12", ""),
    ];
    let token = Secret::read("demo-token").map_err(io::Error::other)?;
    let setup = ClusterSetup { token, tls: true, power_takes: Duration::from_secs(2), machines };
    ClusterSimulator::start(setup).await
}

/// Has the pictures move, where somebody looks. Ends never.
pub(super) async fn play(cluster: &ClusterSimulator) {
    let (mut frame, mut typed) = (0_usize, String::new());
    // When the text screen's machine was started.
    let mut started = 0;
    loop {
        tokio::time::sleep(FRAME_EVERY).await;
        if !cluster.is_running(NAMESPACE, TEXT) {
            (started, typed) = (frame, String::new());
        }
        if cluster.is_watched(NAMESPACE, TEXT) {
            for touch in cluster.touched(NAMESPACE, TEXT) {
                echo(&mut typed, &touch);
            }
            if let Some(shown) = text(frame - started, &typed) {
                cluster.show(NAMESPACE, TEXT, shown);
            }
        }
        if cluster.is_watched(NAMESPACE, PICTURE)
            && let Some(shown) = picture(frame)
        {
            cluster.show(NAMESPACE, PICTURE, shown);
        }
        frame += 1;
    }
}

/// What a key does to what was typed at the prompt.
fn echo(typed: &mut String, touch: &Touch) {
    let Touch::Key { is_down: true, keysym } = touch else { return };
    match keysym {
        0xff08 => _ = typed.pop(),
        0xff0d => typed.push('\n'),
        0x20..=0x7e => typed.extend(char::from_u32(*keysym)),
        _ => {}
    }
    // What has scrolled away is forgotten.
    if typed.len() > 2000 {
        typed.drain(..1000);
    }
}

/// The text screen so many frames after its start.
fn text(frame: usize, typed: &str) -> Option<Frame> {
    let mut lines: Vec<String> = BOOT.iter().take(2 + frame / FRAMES_A_LINE).map(|line| (*line).to_owned()).collect();
    if lines.len() == BOOT.len() {
        let cursor = if (frame / 5).is_multiple_of(2) { "_" } else { "" };
        let mut answers = typed.split('\n').peekable();
        while let Some(answer) = answers.next() {
            let end = if answers.peek().is_none() { cursor } else { "" };
            lines.push(format!("build01 login: {answer}{end}"));
            if answers.peek().is_some() && !answer.is_empty() {
                lines.push("Login incorrect".to_owned());
            }
        }
    }
    let first = lines.len().saturating_sub(25);
    glyph::draw(lines.iter().skip(first).map(String::as_str), INK, PAPER)
}

/// The picture so many frames after its start: colour bars, and a square that goes from side to side.
fn picture(frame: usize) -> Option<Frame> {
    const SIZE: (u16, u16) = (640, 480);
    const BARS: [u32; 8] =
        [0x00ff_ffff, 0x00c8_c800, 0x0000_c8c8, 0x0000_c800, 0x00c8_00c8, 0x00c8_0000, 0x0000_00c8, 0x0010_1010];
    let mut picture = Frame::new(SIZE.0, SIZE.1)?;
    for (at, colour) in (0_u16..).zip(BARS) {
        picture.fill(Area { x: at * 80, y: 0, width: 80, height: 360 }, colour);
    }
    let grey = |x: u16| u32::from(x * 4 / 10).min(255) * 0x0001_0101;
    for x in 0..SIZE.0 {
        picture.fill(Area { x, y: 360, width: 1, height: 120 }, grey(x));
    }
    let way = usize::from(SIZE.0 - 80);
    let at = frame * 12 % (2 * way);
    let x = u16::try_from(if at < way { at } else { 2 * way - at }).unwrap_or(0);
    picture.fill(Area { x, y: 140, width: 80, height: 80 }, 0x00ff_6600);
    Some(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::console::vmcp::{Definition, Severity, remarks};

    #[test]
    fn the_text_screen_is_read_as_text_and_echoes_what_is_typed() {
        let mut typed = String::new();
        for keysym in [0x72, 0x6f, 0x74, 0xff08, 0x6f, 0x74, 0xff0d] {
            echo(&mut typed, &Touch::Key { is_down: true, keysym });
            echo(&mut typed, &Touch::Key { is_down: false, keysym });
        }
        let read = glyph::read(&text(1000, &typed).unwrap()).unwrap();
        assert!(read.is_text());
        assert!(read.text().contains("build01 login: root\nLogin incorrect\nbuild01 login: "), "{}", read.text());
    }

    #[test]
    fn the_picture_is_no_text_and_moves() {
        let (one, other) = (picture(1).unwrap(), picture(9).unwrap());
        assert_ne!(one, other);
        assert!(glyph::read(&one).is_none_or(|screen| !screen.is_text()));
    }

    #[test]
    fn clients_take_one_definition_and_refuse_the_other() {
        let [(_, sound), (_, refused)] = DEFINITIONS;
        let severities = |definition: &Definition| remarks(definition).iter().map(|it| it.severity).collect::<Vec<_>>();
        assert_eq!(severities(&Definition::from_json(sound.as_bytes()).unwrap()), []);
        let refused = severities(&Definition::from_toml(refused.as_bytes()).unwrap());
        assert!(refused.contains(&Severity::Refused) && refused.contains(&Severity::Ignored), "{refused:?}");
    }
}
