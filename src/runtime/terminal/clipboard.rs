//! Copying to the clipboard of the machine the person sits at, through whatever lies between.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::colour::TerminalEnvironment;
use crate::ui::outcome::LONGEST_COPY;

/// GNU screen takes a control string of at most this many bytes.
const SCREEN_PIECE: usize = 760;

/// More than terminals take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are more than terminals accept for the clipboard ({LONGEST_COPY})")]
pub struct TooLong {
    /// How long the text is.
    pub bytes: usize,
}

/// The sequence that copies `text` (OSC 52). No terminal says whether it obeyed.
pub(super) fn sequence(text: &str, environment: &TerminalEnvironment) -> Result<Vec<u8>, TooLong> {
    if text.len() > LONGEST_COPY {
        return Err(TooLong { bytes: text.len() });
    }
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text)).into_bytes();
    let is_screen = environment.sty.is_some() && environment.tmux.is_none();
    Ok(if is_screen { through_screen(&plain) } else { plain })
}

/// The same in control strings that GNU screen hands through to the terminal around it.
fn through_screen(plain: &[u8]) -> Vec<u8> {
    plain.chunks(SCREEN_PIECE).flat_map(|piece| [b"\x1bP", piece, b"\x1b\\"].concat()).collect()
}

/// Hands `text` to the tmux around us, which passes it on to its own terminal: with its default settings it does not
/// obey the sequence. Runs on a thread of its own; where there is no usable tmux nothing happens.
pub(super) fn to_tmux(text: String) {
    let load = move || -> std::io::Result<()> {
        let mut tmux = Command::new("tmux")
            .args(["load-buffer", "-w", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = tmux.stdin.take() {
            stdin.write_all(text.as_bytes())?;
        }
        tmux.wait().map(|_| ())
    };
    let run = move || {
        if let Err(error) = load() {
            tracing::info!(%error, "tmux did not take what was copied");
        }
    };
    if let Err(error) = thread::Builder::new().name("tmux-copy".to_owned()).spawn(run) {
        tracing::info!(%error, "no thread for copying to tmux");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_base64_in_an_osc_52() {
        let bytes = sequence("IC-240817 Zürich", &TerminalEnvironment::default()).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "\x1b]52;c;SUMtMjQwODE3IFrDvHJpY2g=\x07");
    }

    #[test]
    fn gnu_screen_gets_it_in_pieces_that_it_hands_through() {
        let environment = TerminalEnvironment { sty: Some("77.pts-0".to_owned()), ..TerminalEnvironment::default() };
        let wrapped = String::from_utf8(sequence(&"x".repeat(2000), &environment).unwrap()).unwrap();
        assert!(wrapped.split("\x1b\\").all(|piece| piece.len() <= SCREEN_PIECE + 2));
        let unwrapped = wrapped.replace("\x1bP", "").replace("\x1b\\", "").into_bytes();
        assert_eq!(unwrapped, sequence(&"x".repeat(2000), &TerminalEnvironment::default()).unwrap());
    }

    #[test]
    fn more_than_terminals_take_is_refused() {
        let environment = TerminalEnvironment::default();
        assert!(sequence(&"x".repeat(LONGEST_COPY), &environment).is_ok());
        assert_eq!(sequence(&"x".repeat(LONGEST_COPY + 1), &environment), Err(TooLong { bytes: LONGEST_COPY + 1 }));
    }
}
