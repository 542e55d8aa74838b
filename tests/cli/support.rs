//! A home folder of its own for every test.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// A user's empty home folder, gone with the value.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    /// A new one.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// `noctui` with these arguments, run by this user with no other variable set.
    pub(crate) fn noctui<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("noctui");
        command.env_clear().env("HOME", self.path()).env("USER", "anna").current_dir(self.path()).args(arguments);
        command
    }

    /// Where noctui looks for its configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.path().join(".config/noctui/config.toml")
    }

    /// Makes `text` the configuration.
    pub(crate) fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.config().parent().unwrap()).unwrap();
        std::fs::write(self.config(), text).unwrap();
    }
}

/// What a finished command said, with its exit code, for a snapshot; the home folder reads as `~`.
pub(crate) fn transcript(home: &Home, command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace(home.path().to_str().unwrap(), "~");
    let code = output.status.code().unwrap();
    format!("{}--- standard error\n{}--- exit code {code}\n", text(&output.stdout), text(&output.stderr))
}
