//! A list on the terminal layer alone: the smallest program that does to a terminal what noctui does.
//!
//! The tests of this binary start themselves again with it inside, so that no way to make noctui panic has to exist.

use std::path::Path;

use noctui::colour::TerminalEnvironment;
use noctui::config::When;
use noctui::input::Input;
use noctui::runtime::terminal::{self, Event, Settings, Terminal};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;
use tokio::task::JoinSet;

use crate::support::Start;

/// Set in the process that is to be the sample.
const INSIDE: &str = "NOCTUI_TEST_INSIDE";

/// Whether this process is to be the sample; then it has been, and the test is over.
pub(crate) fn was_inside() -> bool {
    if std::env::var_os(INSIDE).is_none() {
        return false;
    }
    terminal::install_panic_hook(Path::new("noctui.log"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let code = runtime.block_on(run());
    runtime.shutdown_background();
    std::process::exit(code.into());
}

/// The sample, inside the test called `name`.
pub(crate) fn start(name: &str) -> Start {
    Start::program(std::env::current_exe().unwrap())
        .args(&["--exact", name, "--nocapture", "--include-ignored"])
        .variable(INSIDE, "1")
}

/// What the list holds and tells.
#[derive(Debug)]
struct List {
    selected: u16,
    said: String,
}

async fn run() -> u8 {
    let environment = TerminalEnvironment::read();
    let settings = Settings { colour_depth: environment.colour_depth(When::Auto), mouse: true, environment };
    let mut terminal = match Terminal::take(settings) {
        Ok(terminal) => terminal,
        Err(refusal) => {
            eprintln!("{refusal}");
            return 2;
        }
    };
    let mut list = List { selected: 0, said: "ready".to_owned() };
    let mut is_dirty = true;
    loop {
        if is_dirty && terminal.draw(|buffer| view(&list, buffer)) {
            is_dirty = false;
        }
        match terminal.next().await {
            Event::Input(input) => {
                if let Some(code) = obey(&mut terminal, &mut list, input).await {
                    return code;
                }
                is_dirty = true;
            }
            Event::Drained => {}
            Event::Stop(signal) => return signal.exit_code(),
            Event::Gone => return 3,
        }
    }
}

/// Does what was asked; the exit code when that is to end.
async fn obey(terminal: &mut Terminal, list: &mut List, input: Input) -> Option<u8> {
    let Input::Key(key) = input else {
        // A new size is drawn and not told.
        if !matches!(input, Input::Resized(_)) {
            list.said = format!("{input:?}").chars().take(100).collect();
        }
        return None;
    };
    match key.to_string().as_str() {
        "q" | "ctrl-c" => return Some(0),
        "j" => list.selected += 1,
        "k" => list.selected = list.selected.saturating_sub(1),
        "ctrl-z" => list.said = format!("suspended: {}", terminal.suspend()),
        "p" => panic!("asked to panic"),
        "t" => {
            // A task of a current-thread runtime panics on the thread of the screen, and its supervisor sees it.
            let mut tasks = JoinSet::new();
            tasks.spawn(async { panic!("asked a task to panic") });
            let ended = tasks.join_next().await.unwrap();
            list.said = format!("task panicked: {}", ended.is_err_and(|error| error.is_panic()));
        }
        "x" => {
            let ended = std::thread::spawn(|| panic!("asked a thread to panic")).join();
            list.said = format!("thread panicked: {}", ended.is_err());
        }
        "y" => terminal.copy("IC-240817").unwrap(),
        "w" => terminal.set_title("noctui \u{1b}[31m"),
        "m" => terminal.set_mouse(false),
        other => list.said = format!("key {other}"),
    }
    None
}

fn view(list: &List, buffer: &mut Buffer) -> Option<Position> {
    buffer.reset();
    let area = buffer.area;
    let first = list.selected.saturating_sub(area.height.saturating_sub(2));
    for row in 0..area.height.saturating_sub(1) {
        let number = first + row;
        let mut style = Style::new();
        if number == list.selected {
            style = style.add_modifier(Modifier::REVERSED);
        }
        let text =
            format!("row {number:>5}   carrier-{:02}   IC-{:06}", number % 13, u32::from(number) * 7919 % 1_000_000);
        buffer.set_stringn(0, row, text, area.width.into(), style);
    }
    let line = Rect::new(0, area.height.saturating_sub(1), area.width, 1);
    let said = format!("{} at {}x{}", list.said, area.width, area.height);
    said.as_str().render(line, buffer);
    None
}
