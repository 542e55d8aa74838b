//! Consoles of machines: what their worker needs and tells, pictures that come after the frame.

use super::picture::Picture;
use super::terminal::Terminal;
use super::worker::Heard;
use super::{Screen, draw};
use crate::app::Message;
use crate::config::Config;
use crate::features::console;

impl Screen {
    /// Puts the picture of a machine's screen where it belongs, or takes it away; false where the terminal is busy with it then.
    pub(super) fn show_picture(&mut self, terminal: &mut Terminal) -> bool {
        let wanted = self.model.picture().map(|(area, frame, by)| Picture { area, frame, by });
        if wanted == self.picture {
            return true;
        }
        let mut bytes = Vec::new();
        let is_elsewhere = |old: &Picture| wanted.as_ref().is_none_or(|new| new.area != old.area);
        if let Some(old) = self.picture.as_ref().filter(|old| is_elsewhere(old)) {
            bytes.extend_from_slice(&old.gone());
            // Drawing over it is what takes other pictures away.
            terminal.redraw();
            draw(&self.model, terminal);
        }
        if let Some(new) = &wanted {
            bytes.extend_from_slice(&new.bytes());
        }
        self.picture = wanted;
        terminal.paint(&bytes);
        terminal.is_ready()
    }
}

/// What was heard of the consoles, as a message.
pub(super) fn of_consoles(heard: Heard<console::worker::Report>) -> Message {
    match heard {
        Heard::Report(report) => Message::Console(Box::new(report)),
        Heard::Stopped(trouble) => Message::ConsoleStopped(trouble),
        Heard::Started => Message::ConsoleStarted,
        Heard::Refused(trouble) => Message::Failed(trouble),
    }
}

/// What the worker behind the consoles needs of the configuration.
pub(super) fn console_setup(config: &Config) -> console::worker::Setup {
    console::worker::Setup {
        cluster: config.console.clone(),
        proxies: config.console_proxies.clone(),
        definitions: config.vmcp.dir.clone(),
        logs: config.paths.state.join("consoles"),
        who: config.who.clone(),
    }
}
