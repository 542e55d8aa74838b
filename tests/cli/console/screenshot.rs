//! `noctui console screenshot`, through the simulated proxy.

use noctui::features::console::glyph;
use noctui::features::console::rfb::{Area, Frame};
use noctui::features::console::sim::{Fault, Machine};
use serde_json::Value;

use super::{Desk, boot_screen};
use crate::json::{documented, fields};
use crate::support::transcript;

impl Desk {
    /// What `console screenshot` says.
    fn screenshot(&self, arguments: &[&str]) -> String {
        let words: Vec<_> = ["screenshot", "leaf1"].into_iter().chain(arguments.iter().copied()).collect();
        let words = self.arguments(&words);
        transcript(&self.home, &mut self.home.noctui(words.iter().map(String::as_str)))
    }
}

#[test]
fn a_text_screen_is_printed_as_text() {
    let desk = Desk::of("leaf1", boot_screen());
    let want = "Booting from disk...\n\nleaf1 login: _\n--- standard error\n--- exit code 0\n";
    assert_eq!(desk.screenshot(&["--text"]), want);
    let json = desk.screenshot(&["--text", "--json"]);
    let json: Value = serde_json::from_str(json.split("--- standard error").next().unwrap()).unwrap();
    assert_eq!(
        (&json["is_text"], &json["lines"][2], &json["columns"]),
        (&true.into(), &"leaf1 login: _".into(), &80.into())
    );
    let mut found = std::collections::BTreeSet::new();
    fields(&json, &mut found);
    let documented = documented("## Screens");
    assert!(found.is_subset(&documented), "{found:?} and {documented:?}");
}

#[test]
fn a_picture_is_written_and_is_no_text() {
    let mut noise = 7_u32;
    let text = glyph_noise(&mut noise);
    let desk = Desk::of("leaf1", Machine::Screen(text));
    let told = desk.screenshot(&["--text", "--out", "screen.png"]);
    assert!(told.contains("wrote screen.png, 64x48 pixels\n"), "{told}");
    assert!(told.contains("noctui: the screen is no text screen\n") && told.ends_with("--- exit code 1\n"), "{told}");
    let file = std::fs::File::open(desk.home.path().join("screen.png")).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels, glyph_noise(&mut 7).rgb());
    let again = desk.screenshot(&["--out", "screen.png"]);
    assert!(again.contains("cannot make screen.png") && again.contains("say --force"), "{again}");
    assert!(desk.screenshot(&["--out", "screen.png", "--force"]).ends_with("--- exit code 0\n"));
}

#[test]
fn a_screen_of_which_too_little_is_read_says_how_much_and_how_much_it_takes() {
    let lines = ["The quick brown fox jumps over the lazy dog"; 25];
    let mut mixed = glyph::draw(lines, 0x00aa_aaaa, 0).unwrap();
    let damage = |frame: &mut Frame, rows: u16| {
        for x in (0..frame.width()).step_by(3) {
            frame.fill(Area { x, y: 0, width: 1, height: rows * 16 }, 0x00ff_ffff);
        }
    };
    damage(&mut mixed, 3);
    let told = Desk::of("leaf1", Machine::Screen(mixed)).screenshot(&["--text"]);
    assert!(told.contains("noctui: the screen is no text screen\n") && told.ends_with("--- exit code 1\n"), "{told}");
    // 240 of 2,000 cells are stripes.
    assert!(told.contains("1760 of its 2000 cells are characters, and 98 % have to be"), "{told}");
}

#[test]
fn what_fails_leaves_no_file_behind_and_the_next_try_is_free() {
    let desk = Desk::of("leaf1", boot_screen());
    desk.sim.misbehave(Some(Fault::Upstream));
    assert!(desk.screenshot(&["--out", "screen.png"]).ends_with("--- exit code 2\n"));
    assert!(!desk.home.path().join("screen.png").exists());
    desk.sim.misbehave(None);
    assert!(desk.screenshot(&["--out", "screen.png"]).ends_with("--- exit code 0\n"));
    // What is there already stays whole where another picture cannot be had.
    let before = std::fs::read(desk.home.path().join("screen.png")).unwrap();
    desk.sim.misbehave(Some(Fault::Upstream));
    assert!(desk.screenshot(&["--out", "screen.png", "--force"]).ends_with("--- exit code 2\n"));
    assert_eq!(std::fs::read(desk.home.path().join("screen.png")).unwrap(), before);
    assert!(desk.screenshot(&["--out", "nowhere/screen.png"]).contains("cannot make nowhere/screen.png"));
}

#[test]
fn a_picture_goes_to_standard_output_as_it_is() {
    let desk = Desk::of("leaf1", boot_screen());
    let words = desk.arguments(&["screenshot", "leaf1", "--out", "-"]);
    let output = desk.home.noctui(words.iter().map(String::as_str)).output().unwrap();
    assert!(output.stdout.starts_with(b"\x89PNG") && output.status.success(), "{output:?}");
    assert!(!desk.home.path().join("-").exists());
    assert!(desk.screenshot(&["--out", "-", "--text"]).contains("takes the picture and nothing else"));
}

#[test]
fn a_blank_screen_is_said_to_be_blank() {
    let blank = glyph::draw([""], 0x00aa_aaaa, 0).unwrap();
    let told = Desk::of("leaf1", Machine::Screen(blank)).screenshot(&["--text"]);
    assert!(told.contains("noctui: the screen is blank") && told.ends_with("--- exit code 0\n"), "{told}");
}

/// A small screen of dots.
fn glyph_noise(seed: &mut u32) -> Frame {
    let line: String = (0..80)
        .map(|_| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b' ' + u8::try_from(*seed >> 24 & 63).unwrap())
        })
        .collect();
    let whole = noctui::features::console::glyph::draw([line.as_str()], 0x00ff_8000, 0x0000_0040).unwrap();
    whole.part(64, 48)
}

#[test]
fn a_password_may_have_blanks_and_any_letters_and_is_called_one() {
    let desk = Desk::of("leaf1", boot_screen());
    super::write_private(&desk.home, "password", "pass w\u{f6}rd\n");
    let told = desk.screenshot(&["--text", "--password-file", "password"]);
    assert!(told.starts_with("Booting from disk...\n"), "{told}");
    super::write_private(&desk.home, "password", "");
    let told = desk.screenshot(&["--text", "--password-file", "password"]);
    assert!(told.contains("the content of password is no password") && !told.contains("token"), "{told}");
    let told = desk.screenshot(&["--text", "--password-file", "missing"]);
    assert!(told.contains("cannot read the password from missing") && !told.contains("token"), "{told}");
}

#[test]
fn what_keeps_a_screen_away_is_told() {
    let desk = Desk::of("leaf1", boot_screen());
    desk.sim.misbehave(Some(Fault::Upstream));
    let told = desk.screenshot(&["--text"]);
    assert!(told.contains("noctui: the proxy cannot reach leaf1\n") && told.ends_with("--- exit code 2\n"), "{told}");
    let serial = Desk::of("leaf1", Machine::Switch);
    serial.sim.misbehave(Some(Fault::Huge(64)));
    let told = serial.screenshot(&["--text"]);
    assert!(told.contains("what answers is no VNC server: it begins with \"xxxxxxxxxxxx\""), "{told}");
    let words = ["console", "screenshot", "leaf1", "--text"];
    let told = transcript(&desk.home, &mut desk.home.noctui(words));
    assert!(told.contains("it is not said where the screen of leaf1 is") && told.contains("--url"), "{told}");
}
