//! A viewer of a test: noctui's own, over a local socket.

use std::path::Path;

use noctui::features::console::rfb::{self, Encoding, Event, Format, Frame, Password, Remote, Viewer, Wishes};
use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::server::DEADLINE;

/// An open screen.
pub(crate) struct Screen {
    pub(crate) viewer: Viewer<ReadHalf<UnixStream>>,
    remote: Remote<WriteHalf<UnixStream>>,
}

impl Screen {
    /// Opens the screen at `path` with these encodings.
    pub(crate) async fn open(path: &Path, encodings: &[Encoding], format: Format) -> Self {
        Self::open_with(path, encodings, format, None).await.unwrap()
    }

    /// The same, with a password.
    pub(crate) async fn open_with(
        path: &Path,
        encodings: &[Encoding],
        format: Format,
        password: Option<&[u8]>,
    ) -> Result<Self, rfb::Error> {
        let password = password.map(Password::new);
        let encodings = [encodings, &[Encoding::DesktopSize, Encoding::LastRect, Encoding::Cursor]].concat();
        let wishes = Wishes { password, format, encodings, shared: true };
        let (viewer, remote) = rfb::open(UnixStream::connect(path).await.unwrap(), &wishes).await?;
        Ok(Self { viewer, remote })
    }

    /// Asks for all of the screen until all of it came.
    pub(crate) async fn whole(&mut self) -> Frame {
        self.ask(false).await;
        loop {
            match timeout(DEADLINE, self.viewer.next()).await.unwrap().unwrap() {
                Event::Updated(areas) if !areas.is_empty() => return self.viewer.frame().clone(),
                Event::Updated(_) | Event::Resized => self.ask(false).await,
                Event::Bell | Event::Cut(_) => {}
            }
        }
    }

    /// Asks once: for what has changed, or for all of it.
    pub(crate) async fn ask(&mut self, only_changes: bool) {
        self.remote.ask(self.viewer.frame().area(), only_changes).await.unwrap();
    }

    /// Waits for the next change.
    pub(crate) async fn change(&mut self) {
        self.ask(true).await;
        let mut said = Event::Bell;
        while !matches!(said, Event::Updated(_)) {
            said = timeout(DEADLINE, self.viewer.next()).await.unwrap().unwrap();
            if said == Event::Resized {
                self.ask(false).await;
            }
        }
    }

    /// Follows the changes until the screen is as `wanted` wants it.
    pub(crate) async fn follow(&mut self, mut wanted: impl FnMut(&Frame) -> bool) {
        while !wanted(self.viewer.frame()) {
            self.change().await;
        }
    }

    /// How many rectangles came in `encoding`.
    pub(crate) fn came(&self, encoding: Encoding) -> u64 {
        self.viewer.came(encoding)
    }
}
