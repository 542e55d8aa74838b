//! `noctui console screenshot`: a machine's screen as a picture or, in text mode, as text.

use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::connection::{Console, RouteArgs};
use crate::config::Config;
use crate::features::console::glyph::{self, TextScreen};
use crate::features::console::rfb::{self, Event, Frame, Password, Wishes};
use crate::output;
use crate::regular;
use crate::secret::SecretFrom;
use crate::trouble::Trouble;

/// How long the whole picture may take.
const WITHIN: Duration = Duration::from_secs(30);

/// What was typed after `console screenshot`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("form").args(["out", "text"]).required(true).multiple(true)))]
pub(crate) struct Args {
    /// The way there.
    #[command(flatten)]
    route: RouteArgs,
    /// Write the picture into this PNG file; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the characters of a screen in text mode; exit code 1 if it is a picture.
    #[arg(long)]
    text: bool,
    /// Overwrite the file.
    #[arg(long, requires = "out")]
    force: bool,
    /// Take the password of the screen from this file.
    #[arg(long, value_name = "PATH")]
    password_file: Option<PathBuf>,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

/// What was found, in JSON.
#[derive(Serialize)]
struct Json {
    name: String,
    width: u16,
    height: u16,
    is_text: bool,
    columns: Option<u16>,
    rows: Option<u16>,
    cells_read: Option<usize>,
    lines: Option<Vec<String>>,
}

/// Takes it.
pub(super) fn run(args: &Args, config: &Config) -> anyhow::Result<ExitCode> {
    let way = args.route.way(Console::Screen, config)?;
    way.warn();
    // Before anybody's screen is taken away from them.
    if let Some(path) = &args.out {
        check(path, args)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (frame, name) = runtime.block_on(async {
        let password = password(args.password_file.as_ref()).await?;
        let mut link = way.opened().await?;
        let wishes = Wishes { password, ..Wishes::default() };
        let taken = timeout(WITHIN, take(&mut link, &wishes)).await;
        let ended = link.end();
        link.close().await;
        match taken {
            Ok(Ok(taken)) => Ok(taken),
            // Why the link ended says more than that it did.
            Ok(Err(error @ rfb::Error::Ended(_))) => {
                Err(ended.err().map_or_else(|| Trouble::of(&error), |end| Trouble::of(&end)))
            }
            Ok(Err(error)) => Err(Trouble::of(&error)),
            Err(_) => {
                Err(Trouble::new(&format!("the screen did not come within {} s", WITHIN.as_secs())).to_do("try again"))
            }
        }
    })?;
    if let Some(path) = &args.out {
        let png = png(&frame).context("encode the picture")?;
        if is_standard_output(path) {
            output::print_bytes(&png)?;
            return Ok(ExitCode::SUCCESS);
        }
        write(path, args.force, &png)?;
    }
    tell(args, &frame, name)
}

/// The first whole picture of a screen, and what the server calls it.
async fn take<S: AsyncRead + AsyncWrite>(stream: S, wishes: &Wishes) -> Result<(Frame, String), rfb::Error> {
    let (mut viewer, mut remote) = rfb::open(stream, wishes).await?;
    remote.ask(viewer.frame().area(), false).await?;
    loop {
        match viewer.next().await? {
            Event::Updated(areas) if !areas.is_empty() || viewer.frame().area().pixels() == 0 => {
                // A proxy notices that its client has left when the machine says something next: it is made to.
                remote.ask(viewer.frame().area(), false).await?;
                return Ok((viewer.frame().clone(), viewer.name().to_owned()));
            }
            // The pointer alone came, or another size: what is on the screen is still to come.
            Event::Updated(_) | Event::Resized => remote.ask(viewer.frame().area(), false).await?,
            Event::Bell | Event::Cut(_) => {}
        }
    }
}

/// The password in a file, in whatever bytes it is.
async fn password(path: Option<&PathBuf>) -> Result<Option<Password>, Trouble> {
    let Some(path) = path else { return Ok(None) };
    let fetched = SecretFrom::File(path.clone()).fetch_password_bytes(|_| None).await;
    let (bytes, warning) = fetched.map_err(|error| Trouble::of(&error))?;
    if let Some(warning) = warning {
        output::complain(&format!("noctui: warning: {warning}"));
    }
    Ok(Some(Password::new(&bytes)))
}

/// Whether the picture goes to standard output.
fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}

/// What would keep the picture from being written, as far as that is seen before there is one.
fn check(path: &Path, args: &Args) -> Result<(), Trouble> {
    if is_standard_output(path) {
        let is_alone = !args.text && !args.json;
        return match (is_alone, std::io::stdout().is_terminal()) {
            (true, false) => Ok(()),
            (false, _) => Err(Trouble::new("standard output takes the picture and nothing else")
                .to_do("name a file with --out, or leave --text and --json out")),
            (true, true) => Err(Trouble::new("a picture is nothing for a terminal")
                .to_do("name a file with --out, or send it on: --out - | …")),
        };
    }
    // What is no file is not replaced, with --force either.
    let target = regular::replaced(path).map_err(|error| unwritten(path, &error))?;
    if !args.force && target.symlink_metadata().is_ok() {
        return Err(unwritten(path, &ErrorKind::AlreadyExists.into()));
    }
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::metadata(dir).map(drop).map_err(|error| unwritten(path, &error))
}

/// Why a file is not written.
fn unwritten(path: &Path, error: &std::io::Error) -> Trouble {
    let trouble = Trouble::new(&format!("cannot make {}", path.display())).caused_by(&error.to_string());
    let kind = error.kind();
    trouble.to_do(if kind == ErrorKind::AlreadyExists {
        "name another file, or say --force"
    } else if kind == ErrorKind::InvalidInput {
        "name a file, or send it on: --out - | …"
    } else {
        "name a file that can be written"
    })
}

/// Writes the picture into a file that nobody else may read: screens show what they show. A file that is there already is
/// replaced as a whole, and only where that is wanted; what a link leads to is, rather than the link, and nothing that is no
/// file. What is written in part is taken away.
fn write(path: &Path, force: bool, png: &[u8]) -> Result<(), Trouble> {
    // Looked at again: it took a while to get the picture.
    let target = regular::replaced(path).map_err(|error| unwritten(path, &error))?;
    let mut beside = target.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let into = if force { Path::new(&beside) } else { path };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(into)
        .map_err(|error| unwritten(path, &error))?;
    let written = file.write_all(png).and_then(|()| if force { std::fs::rename(into, &target) } else { Ok(()) });
    written.map_err(|error| {
        // It was made here a moment ago.
        let _ = std::fs::remove_file(into);
        unwritten(path, &error)
    })
}

/// The picture as PNG.
fn png(frame: &Frame) -> anyhow::Result<Vec<u8>> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, frame.width().into(), frame.height().into());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&frame.rgb())?;
    writer.finish()?;
    Ok(png)
}

/// Says what was found.
fn tell(args: &Args, frame: &Frame, name: String) -> anyhow::Result<ExitCode> {
    let read = glyph::read(frame);
    let text = read.as_ref().filter(|screen| screen.is_text());
    if args.json {
        output::print_json(&Json {
            name,
            width: frame.width(),
            height: frame.height(),
            is_text: text.is_some(),
            columns: read.as_ref().map(TextScreen::columns),
            rows: read.as_ref().map(TextScreen::rows),
            cells_read: read.as_ref().map(TextScreen::read),
            lines: text.map(|screen| screen.text().lines().map(str::to_owned).collect()),
        })?;
    } else if let Some(screen) = text.filter(|_| args.text) {
        let text = screen.text();
        if text.is_empty() {
            output::complain("noctui: the screen is blank: it may be asleep, which a key ends");
        }
        output::print(&format!("{text}\n"))?;
    } else if let Some(path) = &args.out {
        output::print(&format!("wrote {}, {}x{} pixels\n", path.display(), frame.width(), frame.height()))?;
    }
    if args.text && text.is_none() {
        let read = read.map_or_else(
            || "it is smaller than any".to_owned(),
            |screen| {
                let (read, cells) = (screen.read(), screen.cells().len());
                format!("{read} of its {cells} cells are characters, and {} % have to be", glyph::LEAST_READ)
            },
        );
        let trouble = Trouble::new("the screen is no text screen").caused_by(&read).to_do("take a picture with --out");
        output::complain(&format!("noctui: {trouble}"));
        return Ok(ExitCode::from(output::EXIT_NO));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn force_replaces_files_follows_links_and_leaves_what_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let [pipe, file, link] = ["pipe", "file.png", "link.png"].map(|name| dir.path().join(name));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(write(&link, false, b"new").unwrap_err().one_line().contains("--force"));
        write(&link, true, b"new").unwrap();
        assert!(link.is_symlink() && std::fs::read(&file).unwrap() == b"new");
        for force in [false, true] {
            let told = write(&pipe, force, b"new").unwrap_err().one_line();
            assert!(told.contains("it is a pipe, and no file"), "{told}");
        }
        assert!(!pipe.is_file() && !pipe.metadata().unwrap().is_file());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "nothing is left beside them");
    }
}
