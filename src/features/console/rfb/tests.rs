//! The decoder on what real servers sent, on what is made by hand, and on what nobody should send.
//!
//! `tests/screens/*.rfb` are all bytes that a server sent to a client that shook hands, asked for one encoding, and asked for the
//! whole screen twice (once for `raw`). The plain ones are of Xvnc (TigerVNC 1.12) with a picture on it that was written for
//! this, `xvnc.png`, as `xwd` reads it; those with `qemu-` are of QEMU 7.2 at the end of its boot messages, `qemu.png`, as its
//! `screendump` has it. `-16` was asked for in 16 bits, `-jpeg` with quality 8.

use std::io::Write as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;

/// A server that says what it says, whatever it is told.
#[derive(Debug)]
struct Script {
    says: std::io::Cursor<Vec<u8>>,
    told: Vec<u8>,
}

impl AsyncRead for Script {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.says).poll_read(cx, buf)
    }
}

impl AsyncWrite for Script {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.told.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn script(says: Vec<u8>) -> Script {
    Script { says: std::io::Cursor::new(says), told: Vec::new() }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/screens").join(name)
}

fn recording(name: &str) -> Vec<u8> {
    std::fs::read(file(&format!("{name}.rfb"))).unwrap()
}

/// A picture as a screen.
pub(in super::super) fn picture(name: &str) -> Frame {
    let decoder =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(file(&format!("{name}.png"))).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let mut frame = Frame::new(info.width.try_into().unwrap(), info.height.try_into().unwrap()).unwrap();
    let area = frame.area();
    frame.put(area, bytes.chunks_exact(3).map(|pixel| Format::True.tight_pixel(pixel)));
    frame
}

/// Everything that a recording shows: the screen after each update.
async fn play(says: Vec<u8>, format: Format) -> Result<Vec<Frame>, Error> {
    let (mut viewer, _remote) = open(script(says), &Wishes { format, ..Wishes::default() }).await?;
    let mut frames = Vec::new();
    loop {
        match viewer.next().await {
            Ok(_) => frames.push(viewer.frame().clone()),
            Err(Error::Ended(_)) => return Ok(frames),
            Err(error) => return Err(error),
        }
    }
}

#[tokio::test]
async fn what_xvnc_sends_is_the_picture_pixel_for_pixel() {
    let picture = picture("xvnc");
    for (name, updates) in [("raw", 1), ("hextile", 2), ("tight", 2), ("zrle", 2), ("cursor", 2)] {
        let frames = play(recording(name), Format::True).await.unwrap();
        assert_eq!(frames.len(), updates, "{name}");
        assert!(frames.iter().all(|frame| *frame == picture), "{name}");
    }
}

#[tokio::test]
async fn what_qemu_sends_is_the_picture_pixel_for_pixel() {
    let picture = picture("qemu");
    for name in ["qemu-hextile", "qemu-zlib", "qemu-tight", "qemu-zrle"] {
        let frames = play(recording(name), Format::True).await.unwrap();
        assert_eq!(frames.last(), Some(&picture), "{name}");
    }
}

#[tokio::test]
async fn in_16_bits_every_channel_is_rounded_as_the_servers_round() {
    // Xvnc adds a half, and a little more, before it cuts; QEMU only cuts.
    let nearest = |pixel: u32| {
        let [_, red, green, blue] = pixel.to_be_bytes().map(u32::from);
        [(red * 31 + 128) / 255, (green * 63 + 128) / 255, (blue * 31 + 128) / 255]
    };
    let cut = |pixel: u32| [pixel >> 19 & 0x1f, pixel >> 10 & 0x3f, pixel >> 3 & 0x1f];
    for (shown, names) in [("xvnc", &["hextile-16", "tight-16", "zrle-16"][..]), ("qemu", &["qemu-zlib-16"])] {
        let picture = picture(shown);
        for name in names {
            let frames = play(recording(name), Format::High).await.unwrap();
            let frame = frames.last().unwrap();
            assert_eq!(frame.area(), picture.area());
            for (is, should) in frame.rows().flatten().zip(picture.rows().flatten()) {
                let sent = if shown == "qemu" { cut(*should) } else { nearest(*should) };
                assert_eq!(cut(*is), sent, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn jpeg_is_near_the_picture() {
    let picture = picture("xvnc");
    let frames = play(recording("tight-jpeg"), Format::True).await.unwrap();
    assert_eq!(frames.len(), 2);
    let (mut sum, mut count) = (0_u64, 0_u64);
    for (is, should) in frames[1].rows().flatten().zip(picture.rows().flatten()) {
        for (a, b) in is.to_be_bytes().into_iter().zip(should.to_be_bytes()) {
            sum += u64::from(a.abs_diff(b));
            count += 1;
        }
    }
    // Noise is what JPEG is worst at; smooth parts and text are nearer.
    assert!(sum > 0 && sum / count < 8, "{sum} of {count}");
}

/// The handshake of a server that wants nothing, with a screen of this size.
fn handshake(width: u16, height: u16) -> Vec<u8> {
    let mut says = b"RFB 003.008\n\x01\x01\0\0\0\0".to_vec();
    says.extend_from_slice(&width.to_be_bytes());
    says.extend_from_slice(&height.to_be_bytes());
    says.extend_from_slice(&[0; 16]);
    says.extend_from_slice(&[0, 0, 0, 4]);
    says.extend_from_slice(b"te\x1bt");
    says
}

/// An update of these rectangles: place and size, encoding, content.
fn update(rectangles: &[([u16; 4], i32, Vec<u8>)]) -> Vec<u8> {
    let mut says = vec![0, 0];
    says.extend_from_slice(&u16::try_from(rectangles.len()).unwrap().to_be_bytes());
    for (area, number, content) in rectangles {
        says.extend(area.iter().flat_map(|number| number.to_be_bytes()));
        says.extend_from_slice(&number.to_be_bytes());
        says.extend_from_slice(content);
    }
    says
}

/// The pixels `from..`, as they are sent.
fn pixels(range: std::ops::Range<u32>) -> Vec<u8> {
    range.flat_map(u32::to_le_bytes).collect()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.flush().unwrap();
    encoder.get_ref().clone()
}

#[tokio::test]
async fn copies_sizes_pointers_and_early_ends_are_understood() {
    let mut says = handshake(4, 4);
    says.extend(update(&[([0, 0, 4, 4], 0, pixels(0..16)), ([2, 2, 2, 2], 1, vec![0, 0, 0, 0])]));
    // A pointer of 2x1, of which the left pixel is seen; then nothing more, although five were announced.
    let mut early = update(&[([1, 0, 2, 1], -239, [pixels(7..9), vec![0x80]].concat()), ([0; 4], -224, vec![])]);
    early[3] = 5;
    says.extend(early);
    says.extend([2]);
    says.extend(b"\x03\0\0\0\0\0\0\x03a\xe9\n");
    says.extend([1, 0, 0, 0, 0, 2].iter().chain(&[9; 12]));
    says.extend(update(&[([0, 0, 2, 3], -223, vec![]), ([0, 0, 2, 3], 0, pixels(20..26))]));
    let (mut viewer, _) = open(script(says), &Wishes::default()).await.unwrap();
    assert_eq!(viewer.name(), "te␛t");
    let area = |x, y, width, height| Area { x, y, width, height };
    assert_eq!(viewer.next().await.unwrap(), Event::Updated(vec![area(0, 0, 4, 4), area(2, 2, 2, 2)]));
    assert_eq!(
        viewer.frame().rows().flatten().copied().collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 12, 13, 4, 5]
    );
    assert_eq!(viewer.next().await.unwrap(), Event::Updated(vec![]));
    let cursor = viewer.cursor().unwrap();
    assert_eq!((cursor.hot, cursor.pixels.as_slice()), ((1, 0), &[Some(7), None][..]));
    assert_eq!(viewer.next().await.unwrap(), Event::Bell);
    assert_eq!(viewer.next().await.unwrap(), Event::Cut("aé\n".to_owned()));
    assert_eq!(viewer.next().await.unwrap(), Event::Resized);
    assert_eq!(viewer.frame().rows().flatten().copied().collect::<Vec<_>>(), [20, 21, 22, 23, 24, 25]);
}

#[tokio::test]
async fn what_controls_terminals_is_not_taken_over_from_a_guests_clipboard() {
    let mut says = b"RFB 003.008\n\x01\x01\0\0\0\0\0\x01\0\x01".to_vec();
    says.extend([0; 20]);
    let cut = b"a\x1b]0;PWN\x07\x9b31m\r\nb\rc\td\0\x1b[201~\x7f\n";
    says.extend([3, 0, 0, 0, 0, 0, 0, u8::try_from(cut.len()).unwrap()]);
    says.extend(cut);
    let (mut viewer, _) = open(script(says), &Wishes::default()).await.unwrap();
    assert_eq!(viewer.next().await.unwrap(), Event::Cut("a]0;PWN31m\nb\nc\td[201~\n".to_owned()));
}

#[tokio::test]
async fn the_filters_of_tight_are_undone() {
    // A gradient in one row and one column: each pixel is 10 more than what its neighbours let expect.
    let mut gradient = vec![0x40, 2];
    let packed = zlib(&[10; 5 * 3 * 3]);
    gradient.push(u8::try_from(packed.len()).unwrap());
    gradient.extend(packed);
    // Two colours, a bit for each pixel, too few bytes to be compressed; then one colour for all.
    let two = [&[0x50, 1, 1, 255, 0, 0, 0, 0, 255][..], &[0b1010_1000, 0b0101_0000]].concat();
    let mut says = handshake(5, 3);
    says.extend(update(&[([0, 0, 5, 3], 7, gradient)]));
    says.extend(update(&[([0, 0, 5, 2], 7, two)]));
    says.extend(update(&[([0, 0, 5, 3], 7, vec![0x80, 1, 2, 3])]));
    let frames = play(says, Format::True).await.unwrap();
    let channel: Vec<u32> = frames[0].rows().flatten().map(|pixel| pixel & 0xff).collect();
    assert_eq!(channel, [10, 20, 30, 40, 50, 20, 40, 60, 80, 100, 30, 60, 90, 120, 150]);
    let (red, blue) = (0x00ff_0000, 0x0000_00ff);
    assert_eq!(frames[1].rows().next().unwrap(), [blue, red, blue, red, blue]);
    assert_eq!(frames[1].rows().nth(1).unwrap(), [red, blue, red, blue, red]);
    assert!(frames[2].rows().flatten().all(|pixel| *pixel == 0x0001_0203));
}

#[tokio::test]
async fn servers_of_every_age_and_kind_are_let_in_or_told() {
    let says = async |bytes: &[u8], password: Option<&str>| {
        let password = password.map(|password: &str| Password::new(password.as_bytes()));
        let rest = handshake(1, 1).split_off(18);
        let opened = open(script([bytes, &rest].concat()), &Wishes { password, ..Wishes::default() }).await;
        opened.map_or_else(|error| error.to_string(), |_| "in".to_owned())
    };
    assert_eq!(says(b"RFB 003.003\n\0\0\0\x01", None).await, "in");
    assert_eq!(says(b"RFB 003.005\n\0\0\0\x01", None).await, "in");
    assert_eq!(says(b"RFB 000.000\n\0\0\0\x01", None).await, "in");
    assert_eq!(says(b"RFB 003.007\n\x01\x01", None).await, "in");
    assert_eq!(says(b"RFB 003.889\n\x02\x1e\x01\0\0\0\0", None).await, "in");
    let asks = [&b"RFB 003.008\n\x01\x02"[..], &[7; 16], &[0; 4]].concat();
    assert_eq!(says(&asks, Some("abc")).await, "in");
    assert_eq!(says(&asks, None).await, "the VNC server wants a password");
    let refuses = [&b"RFB 003.008\n\x01\x02"[..], &[7; 16], b"\0\0\0\x01\0\0\0\x04no\x1b!"].concat();
    assert_eq!(says(&refuses, Some("abc")).await, "the VNC server does not accept the password: no␛!");
    let busy = b"RFB 003.008\n\0\0\0\0\x04busy";
    assert_eq!(says(busy, None).await, "the VNC server refuses: busy");
    assert_eq!(says(b"RFB 003.003\n\0\0\0\0\0\0\0\x04busy", None).await, "the VNC server refuses: busy");
    let (gone, mut server) = tokio::io::duplex(64);
    tokio::io::AsyncWriteExt::write_all(&mut server, busy).await.unwrap();
    drop(server);
    assert_eq!(open(gone, &Wishes::default()).await.unwrap_err().to_string(), "the VNC server refuses: busy");
    assert_eq!(says(b"leaf1 login:", None).await, "what answers is no VNC server: it begins with \"leaf1 login:\"");
    let large = [&b"RFB 003.008\n\x01\x01\0\0\0\0"[..], &[0xff; 4], &[0; 20]].concat();
    let error = open(script(large), &Wishes::default()).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge(65535, 65535)), "{error}");
}

#[tokio::test]
async fn what_cannot_be_is_told_and_not_drawn() {
    for (rectangle, why) in [
        (([0, 0, 5, 4], 0, vec![]), "a rectangle beyond the edge of the screen"),
        (([65535, 65535, 65535, 65535], 5, vec![]), "a rectangle beyond the edge of the screen"),
        (([0, 0, 2, 2], 1, vec![0, 3, 0, 0]), "a copy from beyond the edge of the screen"),
        (([0, 0, 4, 4], 99, vec![]), "a rectangle in an encoding that was not asked for"),
        (([0, 0, 4, 4], 5, vec![12, 0, 0, 0, 0, 1, 0x33, 0x11]), "a rectangle beyond the edge of its tile"),
        (([0, 0, 4, 4], 6, vec![0xff; 4]), "a rectangle of more bytes than its pixels need"),
        (([0, 0, 4, 4], 6, vec![0, 0, 0, 2, 1, 2]), "a rectangle that cannot be inflated"),
        (([0, 0, 4, 4], 7, vec![0xa0]), "a rectangle of Tight of an unknown kind"),
        (([0, 0, 4, 4], 7, vec![0x40, 3]), "a filter of an unknown kind"),
        (([0, 0, 4, 4], 7, vec![0x90, 2, 1, 2]), "a JPEG that cannot be read"),
        (([0, 0, 600, 1], -239, vec![]), "a pointer larger than any screen shows"),
    ] {
        let error = play([handshake(4, 4), update(&[rectangle])].concat(), Format::True).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the VNC server sends what cannot be: {why}"));
    }
    for (content, why) in [
        (&[17][..], "a tile of an unknown kind"),
        (&[0x82, 1, 1, 1, 2, 2, 2, 5], "a colour beyond the end of its palette"),
        (&[128, 1, 1, 1, 200], "a run beyond the end of its tile"),
        (&[1, 1, 1], "a rectangle ends early"),
        (&[1, 1, 1, 1, 1], "a rectangle with more than its tiles"),
        (&[7; 4096], "a rectangle that inflates to more than it has pixels"),
    ] {
        let packed = zlib(content);
        let content = [&u32::try_from(packed.len()).unwrap().to_be_bytes()[..], &packed].concat();
        let says = [handshake(4, 4), update(&[([0, 0, 4, 4], 16, content)])].concat();
        let error = play(says, Format::True).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the VNC server sends what cannot be: {why}"));
    }
    let error = play([handshake(4, 4), vec![77]].concat(), Format::True).await.unwrap_err();
    assert!(error.to_string().contains("a message of a kind"), "{error}");
}

/// Plays bytes that nobody should send: whatever comes of it, it comes to an end.
fn survive(says: Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _ = runtime.block_on(play(says, Format::True));
}

const RECORDINGS: [&str; 6] = ["hextile", "tight", "tight-jpeg", "zrle", "qemu-zlib", "cursor"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_recordings_do_no_harm(
        which in 0..RECORDINGS.len(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
    ) {
        let mut says = recording(RECORDINGS[which]);
        for (place, byte) in damage {
            // The handshake has its own tests; behind it is what matters here.
            let at = 18 + place.index(says.len() - 18);
            says[at] = byte;
        }
        says.truncate(1 + end.index(says.len()));
        survive(says);
    }

    #[test]
    fn rectangles_of_anything_do_no_harm(
        rectangles in proptest::collection::vec((
            prop::array::uniform4(0..40_u16),
            prop::sample::select(vec![0, 1, 5, 6, 7, 16, -223, -224, -239]),
            proptest::collection::vec(any::<u8>(), 0..300),
        ), 1..5),
    ) {
        survive([handshake(32, 32), update(&rectangles)].concat());
    }

    #[test]
    fn tiles_of_anything_do_no_harm(
        content in proptest::collection::vec(any::<u8>(), 0..600),
        width in 1..70_u16,
        height in 1..70_u16,
    ) {
        let packed = zlib(&content);
        let content = [&u32::try_from(packed.len()).unwrap().to_be_bytes()[..], &packed].concat();
        survive([handshake(70, 70), update(&[([0, 0, width, height], 16, content)])].concat());
    }
}
