//! What decides where the programs for forwards run.

use std::ffi::OsString;
use std::path::Path;

use crate::here::Here;

/// What there is around this process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// Whether this is inside of tmux.
    pub(crate) is_tmux: bool,
    /// Whether there is a display.
    pub(crate) has_display: bool,
    /// How this machine is reached from where there is one.
    pub(crate) here: Here,
    /// Where programs are looked for.
    pub(crate) path: Option<OsString>,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        Self {
            is_tmux: is_set("TMUX"),
            has_display: is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || cfg!(target_os = "macos"),
            here: Here::read(&variable),
            path: variable("PATH"),
        }
    }

    /// Whether a program is there to be started.
    pub(super) fn has(&self, program: &str) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        let runs =
            |path: &Path| path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0);
        if program.contains('/') {
            return runs(Path::new(program));
        }
        self.path.as_ref().is_some_and(|path| std::env::split_paths(path).any(|folder| runs(&folder.join(program))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surroundings_are_those_of_the_variables() {
        let variable = |name: &str| match name {
            "SSH_CONNECTION" => Some("198.51.100.7 50022 203.0.113.5 2222".into()),
            "TMUX" => Some("/tmp/tmux-1000/default,1,0".into()),
            "DISPLAY" => Some(OsString::new()),
            "USER" => Some("anna".into()),
            _ => None,
        };
        let around = Surroundings::read(variable);
        assert_eq!((around.is_tmux, around.here.login().as_str()), (true, "anna@203.0.113.5"));
        assert_eq!(around.has_display, cfg!(target_os = "macos"));
    }
}
