//! Xvnc of TigerVNC. What is on its screen is drawn by `xwud` and read by `xwd`, which know nothing of VNC.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use noctui::features::console::rfb::{self, Begun, Encoding, Error, Format, Frame, Password, Wishes};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::server::{Server, wait_for, wait_for_socket};
use crate::skip::skip;
use crate::viewing::Screen;

/// What is needed.
const LACKING: &str = "Xvnc, xwd and xwud draw what noctui has to see (tigervnc-standalone-server, x11-apps)";
/// The size of the screen: no multiple of any tile.
const SIZE: (u16, u16) = (500, 333);

/// A display, and its socket for viewers.
struct Display {
    _server: Server,
    name: String,
    folder: tempfile::TempDir,
}

impl Display {
    /// Starts one; none where it is not installed.
    fn start(arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("vnc");
        let mut command = Command::new("Xvnc");
        command.args(["-displayfd", "1", "-depth", "24", "-rfbport", "-1", "-nolisten", "tcp", "-AlwaysShared"]);
        command.arg("-geometry").arg(format!("{}x{}", SIZE.0, SIZE.1)).arg("-rfbunixpath").arg(&socket);
        command.args(arguments).stdout(Stdio::piped());
        let mut server = Server::start(&mut command)?;
        // The number of the display, once it can be used.
        let mut out = server.0.stdout.take().unwrap();
        let mut name = String::new();
        let mut byte = [0];
        while !name.ends_with('\n') {
            assert_eq!(out.read(&mut byte).unwrap(), 1, "Xvnc ended");
            name.push(char::from(byte[0]));
        }
        wait_for_socket(&socket);
        Some(Self { _server: server, name: format!(":{}", name.trim()), folder })
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("vnc")
    }

    /// A program of X on this display.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.name).stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Shows a picture in a window that covers the screen; none where nothing can.
    fn show(&self, picture: &[u32]) -> Option<Server> {
        let file = self.folder.path().join("picture.xwd");
        std::fs::write(&file, xwd(SIZE, picture)).unwrap();
        let shown = Server::start(self.command("xwud").arg("-in").arg(&file).stdout(Stdio::null()))?;
        wait_for("the picture", || (self.contents()?.1 == picture).then_some(()));
        Some(shown)
    }

    /// What is on the screen; none while it cannot be read.
    fn contents(&self) -> Option<((u16, u16), Vec<u32>)> {
        let output = self.command("xwd").args(["-root", "-silent"]).output().ok()?;
        read_xwd(&output.stdout)
    }
}

/// A picture in the format of `xwd`, version 7: 25 numbers, a name, the pixels.
fn xwd((width, height): (u16, u16), pixels: &[u32]) -> Vec<u8> {
    let (width, height) = (u32::from(width), u32::from(height));
    let header = [
        101,
        7,
        2,
        24,
        width,
        height,
        0,
        0,
        32,
        0,
        32,
        32,
        width * 4,
        4,
        0x00ff_0000,
        0xff00,
        0xff,
        8,
        256,
        0,
        width,
        height,
        0,
        0,
        0,
    ];
    let mut file: Vec<u8> = header.iter().flat_map(|number: &u32| number.to_be_bytes()).collect();
    file.push(0);
    file.extend(pixels.iter().flat_map(|pixel| pixel.to_le_bytes()));
    file
}

/// Size and pixels of such a picture.
fn read_xwd(file: &[u8]) -> Option<((u16, u16), Vec<u32>)> {
    let number = |index: usize| {
        let bytes = file.get(index * 4..index * 4 + 4)?;
        usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
    };
    let (width, height, line) = (number(4)?, number(5)?, number(12)?);
    let begin = number(0)? + number(19)? * 12;
    let row = |y: usize| file.get(begin + y * line..begin + y * line + width * 4);
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        pixels.extend(row(y)?.chunks_exact(4).map(|pixel| u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0])));
    }
    Some(((width.try_into().ok()?, height.try_into().ok()?), pixels))
}

/// A smooth part, one of two colours, noise, one of a few colours, and flat ones: what each encoding does in its own way.
fn picture() -> Vec<u32> {
    let (width, height) = (u32::from(SIZE.0), u32::from(SIZE.1));
    let mut seed = 7_u32;
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            pixels.push(match (x * 3 / width, y * 2 / height) {
                (0, 0) => (x * 255 / width) << 16 | (y * 255 / height) << 8 | ((x + y) * 127 / (width + height)),
                (1, 0) => {
                    if x / 3 * (y / 5) % 7 == 0 {
                        0x00f0_f0e0
                    } else {
                        0x0020_40a0
                    }
                }
                (_, 0) => [0, 0x00ff_0000, 0x0000_ff00, 0x00ff_ffff, 0x0080_8080][((x * 7 + y * 3) / 11 % 5) as usize],
                (0, _) => seed >> 8,
                (1, _) => 0x0033_6699 + (x / 40) * 0x0001_0101,
                _ => 0x0012_3456,
            });
        }
    }
    pixels
}

/// The pixels of a frame.
fn pixels(frame: &Frame) -> Vec<u32> {
    frame.rows().flatten().copied().collect()
}

/// The encodings that Xvnc has.
const ENCODINGS: [Encoding; 4] = [Encoding::Raw, Encoding::Hextile, Encoding::Tight, Encoding::Zrle];

#[tokio::test]
async fn every_encoding_of_xvnc_shows_the_screen_pixel_for_pixel() {
    let Some(display) = Display::start(&["-SecurityTypes", "None"]) else { return skip(LACKING) };
    let picture = picture();
    let Some(_shown) = display.show(&picture) else { return skip(LACKING) };
    for encoding in ENCODINGS {
        let mut screen = Screen::open(&display.socket(), &[encoding], Format::True).await;
        // Twice: streams of zlib go on from update to update.
        for _ in 0..2 {
            assert!(pixels(&screen.whole().await) == picture, "{encoding:?}");
        }
        assert!(screen.came(encoding) > 1, "{encoding:?} did not come");
        let mut thin = Screen::open(&display.socket(), &[encoding], Format::High).await;
        let cut = |pixel: &u32| [pixel >> 19 & 0x1f, pixel >> 10 & 0x3f, pixel >> 3 & 0x1f];
        // Xvnc adds a half, and a little more, before it cuts.
        let level = |value: u32, most: u32| ((value & 0xff) * most + 128) / 255;
        let nearest = |pixel: &u32| [level(pixel >> 16, 31), level(pixel >> 8, 63), level(*pixel, 31)];
        let seen = pixels(&thin.whole().await);
        assert!(seen.iter().map(cut).eq(picture.iter().map(nearest)), "{encoding:?} in 16 bits");
    }
}

#[tokio::test]
async fn jpeg_stays_within_its_tolerance() {
    let Some(display) = Display::start(&["-SecurityTypes", "None"]) else { return skip(LACKING) };
    let picture = picture();
    let Some(_shown) = display.show(&picture) else { return skip(LACKING) };
    // In levels of 255, on average. The noise alone differs by more, everything else by less.
    for (quality, tolerance) in [(9, 4), (5, 14)] {
        let mut screen =
            Screen::open(&display.socket(), &[Encoding::Tight, Encoding::Quality(quality)], Format::True).await;
        let seen = pixels(&screen.whole().await);
        let differences = seen.iter().zip(&picture).flat_map(|(a, b)| {
            a.to_be_bytes().into_iter().zip(b.to_be_bytes()).skip(1).map(|(a, b)| u64::from(a.abs_diff(b)))
        });
        let (sum, count) = differences.fold((0, 0), |(sum, count), difference| (sum + difference, count + 1));
        assert!(sum > 0, "nothing was lost: no JPEG came");
        assert!(sum <= count * tolerance, "quality {quality}: {sum} in {count}");
    }
}

#[tokio::test]
async fn what_scrolls_is_copied() {
    let Some(display) = Display::start(&["-SecurityTypes", "None"]) else { return skip(LACKING) };
    let mut screen = Screen::open(&display.socket(), &[Encoding::CopyRect, Encoding::Zrle], Format::True).await;
    screen.whole().await;
    let folder = tempfile::tempdir().unwrap();
    let enough = folder.path().join("enough");
    // Slowly, and until one was copied: a server copies what moved once since the last update, and draws the rest anew.
    let lines = "i=0; while [ ! -e \"$0\" ]; do echo $i; i=$((i+1)); sleep 0.2; done; sleep 600";
    // Not under the pointer in the middle: Xvnc draws its shape for a viewer that has not moved it, and xwd does not.
    let scrolls = ["-geometry", "36x9+0+0", "-e", "sh", "-c", lines, path(&enough)];
    let Some(_scrolling) = Server::start(display.command("xterm").args(scrolls).stdout(Stdio::null())) else {
        return skip("xterm scrolls what noctui has to see copied (xterm)");
    };
    while screen.came(Encoding::CopyRect) == 0 {
        screen.change().await;
    }
    std::fs::write(&enough, "").unwrap();
    screen.follow(|frame| display.contents().is_some_and(|(_, is)| is == pixels(frame))).await;
}

#[tokio::test]
async fn another_size_is_followed() {
    let Some(display) = Display::start(&["-SecurityTypes", "None"]) else { return skip(LACKING) };
    let mut screen = Screen::open(&display.socket(), &[Encoding::Zrle], Format::True).await;
    assert_eq!((screen.whole().await.width(), screen.viewer.frame().height()), SIZE);
    let Ok(changed) = display.command("xrandr").args(["-s", "640x480"]).status() else {
        return skip("xrandr gives a screen another size (x11-xserver-utils)");
    };
    assert!(changed.success());
    screen.follow(|frame| (frame.width(), frame.height()) == (640, 480)).await;
    let whole = screen.whole().await;
    assert!(display.contents() == Some(((640, 480), pixels(&whole))));
}

/// An Xvnc that wants a password; none where there is none.
fn locked(folder: &Path, password: &[u8], more: &[&str]) -> Option<Display> {
    let file = folder.join("passwd");
    let mut sealing = Command::new("vncpasswd").arg("-f").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    sealing.stdin.take().unwrap().write_all(&[password, b"\n"].concat()).unwrap();
    let sealed = sealing.wait_with_output().unwrap().stdout;
    assert!(!sealed.is_empty(), "vncpasswd gave nothing");
    std::fs::write(&file, sealed).unwrap();
    Display::start(&[&["-SecurityTypes", "VncAuth", "-PasswordFile", path(&file)], more].concat())
}

/// What else is needed for those.
const LACKING_PASSWORD: &str = "vncpasswd seals the password of a server (tigervnc-tools, tigervnc-standalone-server)";

#[tokio::test]
async fn a_password_lets_in_and_a_wrong_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let Some(display) = locked(folder.path(), b"sesame12", &[]) else { return skip(LACKING_PASSWORD) };
    let open = async |password: Option<&[u8]>| {
        Screen::open_with(&display.socket(), &[Encoding::Raw], Format::True, password).await.err()
    };
    assert!(open(Some(b"sesame12")).await.is_none());
    assert!(matches!(open(None).await, Some(Error::NoPassword)));
    assert!(matches!(open(Some(b"sesame13")).await, Some(Error::WrongPassword(_))));
}

#[tokio::test]
async fn a_password_in_another_character_set_lets_in() {
    let folder = tempfile::tempdir().unwrap();
    let Some(display) = locked(folder.path(), b"gr\xfcn\xe9", &[]) else { return skip(LACKING_PASSWORD) };
    let open = async |password: &[u8]| {
        Screen::open_with(&display.socket(), &[Encoding::Raw], Format::True, Some(password)).await.err()
    };
    assert!(open(b"gr\xfcn\xe9").await.is_none());
    assert!(matches!(open("gr\u{fc}n\u{e9}".as_bytes()).await, Some(Error::WrongPassword(_))));
}

#[tokio::test]
async fn a_connection_that_waits_for_its_password_is_the_only_one() {
    let folder = tempfile::tempdir().unwrap();
    // Xvnc counts every connection until one is let in, and shuts out whoever has this many.
    let Some(display) = locked(folder.path(), b"sesame12", &["-BlacklistThreshold", "2", "-BlacklistTimeout", "600"])
    else {
        return skip(LACKING_PASSWORD);
    };
    let wishes = Wishes::default();
    let begin = async || rfb::begin(UnixStream::connect(display.socket()).await.unwrap(), &wishes).await;
    for _ in 0..4 {
        let mut locked = match begin().await.unwrap() {
            Begun::Locked(locked) => locked,
            Begun::Open(_) => panic!("it wants no password"),
        };
        // It does not end by itself while somebody types.
        assert!(timeout(Duration::from_millis(300), locked.ended()).await.is_err());
        assert!(locked.unlock(&Password::new(b"sesame12"), &wishes).await.is_ok());
    }
    // Those that left before they were let in have used up what there was.
    let mut refused = None;
    for _ in 0..4 {
        refused = begin().await.err();
    }
    assert!(matches!(&refused, Some(Error::Refused(why)) if why.contains("security failures")), "{refused:?}");
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
