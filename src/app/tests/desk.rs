//! Somebody's desk: the model, a store full of mails, and a worker that answers at once.

use std::fmt::Write as _;
use std::fs;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tempfile::TempDir;

use crate::app::{Effect, Message, Model, Settings, view};
use crate::colour::ColourDepth;
use crate::config::{self, Environment, Flags};
use crate::demo;
use crate::features::maintenance::open_store;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::store::record::{self, Delivery, Limits};
use crate::features::maintenance::store::seed;
use crate::features::maintenance::worker::{Report, SourceHealth, SourceState, testing};
use crate::input::Input;
use crate::key::Key;
use crate::state::ViewState;
use crate::store::{FILE_NAME, Store, backup};
use crate::ui::theme::Role;
use crate::ui::time::Zone;

/// A night in winter, a while before the working day in Europe.
pub(super) fn tonight() -> DateTime<Utc> {
    "2026-11-21T02:48:17Z".parse().unwrap()
}

/// The database after a first start on the demo's mailbox, as bytes: reading its mails takes a second, copying nothing.
pub(super) static DATABASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let demo = demo::prepare(&dir.path().join("demo"), tonight(), 1).unwrap();
    let mut mails: Vec<(DateTime<Utc>, String, Vec<u8>)> = ["new", "cur"]
        .into_iter()
        .flat_map(|part| fs::read_dir(demo.folder.join("Maildir").join(part)).unwrap())
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let received = DateTime::from_timestamp(name.split('.').next().unwrap().parse().unwrap(), 0).unwrap();
            (received, name, fs::read(&path).unwrap())
        })
        .collect();
    mails.sort();
    let rules = Rules::embedded();
    let store = open_store(&dir.path().join("data")).unwrap();
    for (received_at, item, raw) in mails {
        let reading = rules.read(&raw, None);
        let size = raw.len() as u64;
        let delivery =
            Delivery { source: "maildir demo".to_owned(), item, raw, size, received_at, recorded_at: received_at };
        store.write_blocking(move |c| record::record(c, &delivery, &reading, Limits::default())).unwrap();
    }
    let copy = dir.path().join("copy.db");
    drop(store);
    backup(&dir.path().join("data"), &copy).unwrap();
    fs::read(copy).unwrap()
});

/// A model with everything around it that it asks for.
pub(super) struct Desk {
    /// What is looked at.
    pub(super) model: Model,
    /// The time.
    pub(super) now: DateTime<Utc>,
    /// What was wanted of the terminal.
    pub(super) wanted: Vec<Effect>,
    /// Whether the worker answers.
    pub(super) answers: bool,
    /// Requests that it has not answered.
    pub(super) unanswered: usize,
    store: Store,
    dir: Arc<TempDir>,
}

/// The settings of a configuration with this text.
pub(super) fn settings(text: &str, depth: ColourDepth, utf8: bool) -> Settings {
    settings_in(Some("Europe/Berlin"), text, depth, utf8)
}

/// The same with this `time_zone`, or none.
pub(super) fn settings_in(zone: Option<&str>, text: &str, depth: ColourDepth, utf8: bool) -> Settings {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let zone = zone.map_or_else(String::new, |zone| format!("time_zone = '{zone}'\n"));
    // In this theme every role looks different, so that snapshots can name them.
    fs::write(&file, format!("who = 'ines'\n{zone}theme = 'dark'\n{text}")).unwrap();
    let flags = Flags { config: Some(file), ..Flags::default() };
    let inspection = config::inspect(&flags, &Environment::of([("HOME", "/home/ines")]));
    assert_eq!(inspection.problems, []);
    let (mut settings, problems) = Settings::new(&inspection.config, depth, utf8);
    assert_eq!(problems, []);
    // The folder has another name each time.
    for (pane, line) in settings.absent.iter_mut().enumerate() {
        let folder = if pane == 0 { "/home/ines/.config/noctui" } else { "~/.config/noctui" };
        *line = line.take().map(|line| line.replace(&dir.path().display().to_string(), folder));
    }
    settings
}

/// A configuration with the demo's mailbox in it.
pub(super) const MAILBOX: &str = "
[[maintenance.source]]
name = 'demo mailbox'
kind = 'maildir'
path = '/home/ines/Maildir'
";

impl Desk {
    /// At a full store, as on the first start with the demo's mails; times start out in UTC.
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        Self::with(settings(MAILBOX, ColourDepth::Sixteen, true), Some(&DATABASE), columns, rows)
    }

    /// At a store that does not answer.
    pub(super) fn waiting(columns: u16, rows: u16) -> Self {
        let settings = settings(MAILBOX, ColourDepth::Sixteen, true);
        let mut desk = Self::bare(settings, None, columns, rows);
        desk.answers = false;
        desk
    }

    /// With these settings and this database, or none.
    pub(super) fn with(settings: Settings, database: Option<&[u8]>, columns: u16, rows: u16) -> Self {
        let mut desk = Self::bare(settings, database, columns, rows);
        let begun = desk.model.begin();
        desk.carry_out(begun);
        desk
    }

    /// The same before anything was asked.
    fn bare(settings: Settings, database: Option<&[u8]>, columns: u16, rows: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        if let Some(database) = database {
            fs::write(dir.path().join(FILE_NAME), database).unwrap();
        }
        let store = open_store(dir.path()).unwrap();
        let mut model = Model::new(settings, &ViewState::default(), (columns, rows), tonight());
        model.zone = Zone::Utc;
        Self { model, now: tonight(), wanted: vec![], answers: true, unanswered: 0, store, dir: Arc::new(dir) }
    }

    /// The same, and its source is complete.
    pub(super) fn live(columns: u16, rows: u16) -> Self {
        let mut desk = Self::new(columns, rows);
        desk.source(SourceHealth::Watching);
        desk
    }

    /// Another desk at which everything is as it is here, before the same store; nothing was wanted at it yet.
    pub(super) fn fork(&self) -> Self {
        let (model, store, dir) = (self.model.clone(), self.store.clone(), Arc::clone(&self.dir));
        Self { model, now: self.now, wanted: vec![], answers: self.answers, unanswered: self.unanswered, store, dir }
    }

    /// The source tells how it is doing.
    pub(super) fn source(&mut self, health: SourceHealth) {
        let state = SourceState {
            alert: None,
            name: "demo mailbox".to_owned(),
            place: "/home/ines/Maildir".to_owned(),
            health,
            fresh_at: Some(self.now),
            next_at: None,
            received: 97,
            fresh: 97,
            unparsed: 0,
        };
        self.report(Report::Source(state));
    }

    /// The worker tells something.
    pub(super) fn report(&mut self, report: Report) {
        self.send(Message::Maintenance(Box::new(report)));
    }

    /// Something happens; what follows from it happens too.
    pub(super) fn send(&mut self, message: Message) {
        let effects = self.model.update(message, self.now);
        self.carry_out(effects);
    }

    /// Carries out effects until there are none: requests are answered, the others are kept.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut queue: std::collections::VecDeque<Effect> = effects.into();
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Maintenance(_) if !self.answers => self.unanswered += 1,
                Effect::Maintenance(request) => {
                    for report in testing::answer(&self.store, request, self.now) {
                        queue.extend(self.model.update(Message::Maintenance(Box::new(report)), self.now));
                    }
                }
                // CloudVision's worker is not at this desk: what it is asked is kept.
                Effect::CloudVision(_)
                | Effect::Lab(_)
                | Effect::Console(_)
                | Effect::AfterFrame(_)
                | Effect::Run(_)
                | Effect::Copy(_)
                | Effect::SetMouse(_)
                | Effect::Redraw
                | Effect::Suspend
                | Effect::Quit => {
                    self.wanted.push(effect);
                }
            }
        }
    }

    /// Presses keys, named as in a configuration and separated by blanks.
    pub(super) fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split(' ') {
            let key: Key = key.parse().unwrap();
            self.send(Message::Input(Input::Key(key)));
        }
        self
    }

    /// Types text, a key each character.
    pub(super) fn type_text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.send(Message::Input(Input::Key(Key::char(character))));
        }
        self
    }

    /// Time goes on.
    pub(super) fn wait(&mut self, time: TimeDelta) -> &mut Self {
        self.now += time;
        self.send(Message::Ticked);
        self
    }

    /// The window changes.
    pub(super) fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.send(Message::Input(Input::Resized(ratatui::layout::Size { width, height })));
        self
    }

    /// Another process writes to the store, and nobody has told us yet.
    pub(super) fn write_elsewhere(&mut self, sql: &'static str) {
        let write = |connection: &rusqlite::Connection| {
            connection.execute(sql, [])?;
            Ok(())
        };
        self.store.write_blocking(write).unwrap();
    }

    /// So many more maintenances are in the store.
    pub(super) fn fill(&mut self, count: u64) {
        seed::fill(&self.store, count, self.now, 1, |_| {}).unwrap();
        self.report(Report::Changed);
    }

    /// What a question about the whole store is answered with.
    pub(super) fn count(&self, sql: &'static str) -> usize {
        let count: i64 = self.store.read_blocking(move |c| Ok(c.query_one(sql, [], |row| row.get(0))?)).unwrap();
        count.try_into().unwrap()
    }

    /// What is on the screen.
    pub(super) fn buffer(&self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.model.size.0, self.model.size.1));
        let _ = view::draw(&self.model, &mut buffer);
        buffer
    }

    /// What is on the screen as text, a line each row.
    pub(super) fn screen(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            text.push_str(line(&buffer, y).trim_end());
            text.push('\n');
        }
        text
    }

    /// The row of the screen that has `text` in it.
    pub(super) fn row(&self, text: &str) -> String {
        let screen = self.screen();
        let row = screen.lines().find(|line| line.contains(text));
        assert!(row.is_some(), "{text:?} is not on the screen:\n{screen}");
        row.unwrap_or_default().to_owned()
    }

    /// Whether a text is on the screen.
    pub(super) fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }

    /// What is on the screen by its role: each row with its text, then under which style what stands.
    pub(super) fn styled(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            writeln!(text, "{}", line(&buffer, y).trim_end()).unwrap();
            let mut runs: Vec<(String, Style)> = Vec::new();
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                match runs.last_mut() {
                    Some((run, style)) if *style == cell.style() => run.push_str(cell.symbol()),
                    _ => runs.push((cell.symbol().to_owned(), cell.style())),
                }
            }
            for (run, style) in runs {
                let name = self.role(style);
                if name != "text" && !(run.trim().is_empty() && name == "muted") {
                    writeln!(text, "      {name}: {}", run.trim_end()).unwrap();
                }
            }
        }
        text
    }

    /// The first role that has this style.
    fn role(&self, style: Style) -> String {
        let plain = Style::default().patch(self.model.settings.theme.style(Role::Text));
        let known = Role::ALL.iter().find(|role| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
            buffer.set_style(buffer.area, plain);
            buffer.set_style(buffer.area, self.model.settings.theme.style(**role));
            buffer[(0, 0)].style() == style
        });
        known.map_or_else(|| format!("{style:?}"), |role| role.name().to_owned())
    }
}

/// A row as text.
fn line(buffer: &Buffer, y: u16) -> String {
    let mut text = String::new();
    let mut hidden = 0;
    for x in 0..buffer.area.width {
        let symbol = buffer[(x, y)].symbol();
        if hidden > 0 {
            hidden -= 1;
            continue;
        }
        text.push_str(symbol);
        hidden = crate::ui::line::width(symbol).saturating_sub(1);
    }
    text
}
