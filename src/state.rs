//! The view as it was left: which pane, sorted how, filtered by what. Nice to find again, no harm when it is lost.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::create_private_dir;

/// What is remembered from one start to the next. Panes, columns and zones stand by name: whoever reads them ignores a
/// name it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ViewState {
    /// The pane that had the focus.
    pub pane: Option<String>,
    /// Whether it filled the screen.
    pub zoomed: bool,
    /// `local` where the local zone was chosen on the screen; `None` for UTC, and where the configuration names a zone.
    pub time_zone: Option<String>,
    /// What each pane remembers, by the pane's name.
    pub panes: BTreeMap<String, PaneState>,
    /// The configuration and the data that were looked at.
    pub place: String,
}

impl ViewState {
    /// The view for a place. Filters are of the one where they were typed: elsewhere they would hide what nobody has seen yet.
    #[must_use]
    pub fn at(mut self, place: String) -> Self {
        if self.place != place {
            self.panes.values_mut().for_each(|pane| pane.filter.clear());
            self.place = place;
        }
        self
    }
}

/// What one pane remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaneState {
    /// The column it was sorted by; `None` for the pane's own order.
    pub sort: Option<String>,
    /// Whether the largest came first.
    pub descending: bool,
    /// What was typed after `/`; empty for no filter.
    pub filter: String,
    /// Which of the pane's switches were on, by name, such as `unacknowledged`.
    pub switches: Vec<String>,
}

/// Far above any view; anything larger was not written by noctui.
const LARGEST_BYTES: u64 = 256 << 10;

/// The view saved at `path`. One that is missing, damaged or of another time is as good as none; all but the first is
/// logged.
#[must_use]
pub fn load(path: &Path) -> ViewState {
    match read(path) {
        Ok(view) => view,
        Err(error) if error.kind() == io::ErrorKind::NotFound => ViewState::default(),
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "the saved view is ignored");
            ViewState::default()
        }
    }
}

/// Reads the view at `path`.
fn read(path: &Path) -> io::Result<ViewState> {
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST_BYTES {
        return Err(io::Error::other("it is larger than 256 KiB"));
    }
    Ok(serde_json::from_slice(&text)?)
}

/// Saves `view` at `path`: readers see the old one or the new one, never half of one. It is not worth waiting for the
/// disk; a power cut may lose it.
pub fn save(path: &Path, view: &ViewState) -> io::Result<()> {
    create_private_dir(path.parent().unwrap_or(Path::new("/")))?;
    let text = serde_json::to_vec_pretty(view)?;
    let new = sibling(path);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| file.write_all(&text))
        .and_then(|()| std::fs::rename(&new, path));
    written.inspect_err(|_| drop(std::fs::remove_file(&new)))
}

/// A name beside `path` that no other process uses.
fn sibling(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn view() -> ViewState {
        let maintenances = PaneState {
            sort: Some("start".to_owned()),
            descending: true,
            filter: "zayo \"AMS\" ␛".to_owned(),
            switches: vec!["unacknowledged".to_owned()],
        };
        ViewState {
            pane: Some("maintenance".to_owned()),
            zoomed: true,
            time_zone: Some("local".to_owned()),
            panes: [("maintenance".to_owned(), maintenances)].into(),
            place: "config.toml data".to_owned(),
        }
    }

    #[test]
    fn a_saved_view_is_found_again_by_its_user_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/view.json");
        save(&path, &ViewState::default()).unwrap();
        save(&path, &view()).unwrap();
        assert_eq!(load(&path), view());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn filters_stay_where_they_were_typed_and_all_else_comes_along() {
        let here = view().at("config.toml data".to_owned());
        assert_eq!(here, view());
        let mut elsewhere = view().at("other.toml data".to_owned());
        assert_eq!(elsewhere.place, "other.toml data");
        let pane = elsewhere.panes.get_mut("maintenance").unwrap();
        assert_eq!((pane.filter.as_str(), pane.sort.as_deref()), ("", Some("start")));
        assert_eq!(elsewhere.pane, view().pane);
    }

    #[test]
    fn a_missing_or_damaged_view_is_as_good_as_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("view.json");
        assert_eq!(load(&path), ViewState::default());
        let text = serde_json::to_vec(&view()).unwrap();
        for damaged in [&b""[..], b"null", b"[]", b"\xff\xfe", b"{\"pane\": 3}", &text[..text.len() / 2]] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(load(&path), ViewState::default(), "{}", String::from_utf8_lossy(damaged));
        }
        File::create(&path).unwrap().set_len(LARGEST_BYTES + 1).unwrap();
        assert_eq!(load(&path), ViewState::default());
    }

    #[test]
    fn what_another_version_remembers_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("view.json");
        std::fs::write(&path, r#"{"pane": "lab", "columns": [1, 2], "panes": {"lab": {"width": 3}}}"#).unwrap();
        let view = load(&path);
        assert_eq!(view.pane.as_deref(), Some("lab"));
        assert_eq!(view.panes.get("lab"), Some(&PaneState::default()));
    }

    #[test]
    fn a_view_that_cannot_be_saved_leaves_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("view.json");
        std::fs::create_dir(&path).unwrap();
        assert!(save(&path, &view()).is_err());
        assert_eq!(dir.path().read_dir().unwrap().count(), 1, "nothing is left over");
    }

    proptest::proptest! {
        #[test]
        fn every_filter_survives(filter in "\\PC{0,40}") {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("view.json");
            let pane = PaneState { filter, ..PaneState::default() };
            let view = ViewState { panes: [("lab".to_owned(), pane)].into(), ..ViewState::default() };
            save(&path, &view).unwrap();
            proptest::prop_assert_eq!(load(&path), view);
        }
    }
}
