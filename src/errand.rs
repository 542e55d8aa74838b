//! A program that a pane wants started for the person at the screen.

/// Where it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// In noctui's own terminal: the screen is given away meanwhile.
    Terminal,
    /// Beside noctui, without a terminal.
    Beside,
}

/// The program, and where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// To tell it from others when it comes back.
    pub id: u64,
    /// The program and its arguments, each as it is. Never empty.
    pub words: Vec<String>,
    /// Where.
    pub room: Room,
    /// What stands on the terminal before the program begins.
    pub greeting: String,
}

/// How it came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Which.
    pub id: u64,
    /// The program's exit code, 128 and more after a signal; or why it could not be started.
    pub outcome: Result<i32, String>,
}
