//! Definitions as files: `NAME.json` or `NAME.toml` in one folder.

use std::fs::{DirEntry, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Value};

use super::definition::{Definition, Field, SIGNATURE};
use super::error::Error;
use super::reading::{LARGEST, Problem};
use crate::regular;

/// A folder of definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(pub PathBuf);

/// What is in a file: a definition, or what is wrong with it.
pub type Read = Result<Definition, Vec<Problem>>;

impl Folder {
    /// Reads the definition called `name`, and says which file it is in. Blocks while the file is read.
    ///
    /// # Errors
    /// Where there is none, or there are two, or it cannot be read.
    pub fn read(&self, name: &str) -> Result<(PathBuf, Read), Error> {
        self.find(name).map(|file| (file.path.clone(), file.definition()))
    }

    /// The file of the definition called `name`, as [`Folder::read`] finds it.
    fn find(&self, name: &str) -> Result<DefinitionFile, Error> {
        let unknown = || Error::Unknown { name: name.to_owned(), dir: self.0.clone() };
        // A name leads nowhere else.
        if !is_name(name) {
            return Err(unknown());
        }
        let mut found = None;
        for extension in ["json", "toml"] {
            let path = self.0.join(format!("{name}.{extension}"));
            match DefinitionFile::read(&path) {
                Ok(_) if found.is_some() => return Err(Error::Twice { name: name.to_owned(), dir: self.0.clone() }),
                Ok(file) => found = Some(file),
                Err(Error::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        found.ok_or_else(unknown)
    }
}

/// A definition by its name, and what is in its file.
pub type Listed = (String, Result<Read, Error>);

/// Names in a folder that are read.
const MOST: usize = 1000;

impl Folder {
    /// Every definition, by name. A folder that is not there has none. Blocks while the files are read.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let mut names: Vec<String> = self.files()?.iter().filter_map(|file| named(file).ok()).collect();
        names.dedup();
        names.truncate(MOST);
        Ok(names.into_iter().map(|name| (name.clone(), self.read(&name).map(|(_, read)| read))).collect())
    }

    /// Every file that is no definition because of its name, each with why. Hidden ones are nobody's definitions. Blocks.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn left_out(&self) -> Result<Vec<(String, &'static str)>, Error> {
        let files = self.files()?;
        let (mut left_out, mut names) = (Vec::new(), Vec::new());
        for file in files.into_iter().filter(|file| !file.starts_with('.')) {
            match named(&file) {
                Err(why) => left_out.push((file, why)),
                Ok(name) if names.len() >= MOST && names.last() != Some(&name) => {
                    left_out.push((file, "there are more than 1000"));
                }
                Ok(name) => {
                    names.push(name);
                    names.dedup();
                }
            }
        }
        Ok(left_out)
    }

    /// The names of all files, in their order; what is no text in them is replaced. A folder that is not there has none.
    fn files(&self) -> Result<Vec<String>, Error> {
        let unreadable = |source| Error::Unreadable { path: self.0.clone(), source };
        let entries = match std::fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let is_folder = |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let entries = entries.filter_map(Result::ok).filter(|entry| !is_folder(entry));
        let mut files: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        // Those of one name stand beside each other, whatever they end in.
        files.sort_unstable_by(|one, other| (stem(one), one).cmp(&(stem(other), other)));
        Ok(files)
    }
}

/// The name of a file without what it ends in.
fn stem(file: &str) -> &str {
    file.strip_suffix(".json").or(file.strip_suffix(".toml")).unwrap_or(file)
}

/// The name of the definition in a file, or why there is none in it.
fn named(file: &str) -> Result<String, &'static str> {
    let name = stem(file);
    if name == file {
        return Err("its name ends in neither .json nor .toml");
    }
    if !is_name(name) {
        return Err("names of definitions have letters, digits and -_+~. and no dot in front");
    }
    Ok(name.to_owned())
}

impl Folder {
    /// Writes a definition over the one of its name, which says `before`, or as a new one in JSON where there is no `before`. A
    /// new one nobody else may read: it has a secret. One that was there keeps its mode and, as far as that is possible, its
    /// owner, since somebody else may serve it; one in TOML keeps its remarks. Whoever reads meanwhile reads the old one or the
    /// new one. Blocks.
    ///
    /// # Errors
    /// Where it cannot be written, says something else than `before`, or is there already although there should be none.
    pub fn write(&self, name: &str, before: Option<&Definition>, definition: &Definition) -> Result<(), Error> {
        let unwritten = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Unwritten { path, source }
        };
        let path = self.0.join(format!("{name}.json"));
        if !is_name(name) {
            return Err(unwritten(&path)(ErrorKind::InvalidFilename.into()));
        }
        let toml = self.0.join(format!("{name}.toml"));
        if before.is_none() && (path.symlink_metadata().is_ok() || toml.symlink_metadata().is_ok()) {
            return Err(unwritten(&path)(ErrorKind::AlreadyExists.into()));
        }
        crate::config::create_private_dir(&self.0).map_err(unwritten(&self.0))?;
        // Another noctui waits meanwhile; where the folder cannot be locked, the look just before has to do.
        let _alone = File::open(&self.0).and_then(|dir| dir.lock().map(|()| dir));
        let old = match before {
            None => None,
            Some(before) => match self.find(name) {
                Ok(file) if file.definition().is_ok_and(|now| now == *before) => Some(file),
                Ok(_) | Err(Error::Unknown { .. }) => return Err(Error::Changed { name: name.to_owned() }),
                Err(error) => return Err(error),
            },
        };
        let path = old.as_ref().map_or(path, |file| file.path.clone());
        let target = regular::replaced(&path).map_err(unwritten(&path))?;
        let text = match &old {
            Some(file) if is_toml(&path) => in_toml(&file.text, definition).map_err(unwritten(&path))?,
            _ => serde_json::to_string_pretty(definition).unwrap_or_default() + "\n",
        };
        let beside = target.with_file_name(format!(".{name}.new"));
        let written = put(&beside, &text, old.as_ref().map(|file| file.path.as_path()));
        written.and_then(|()| std::fs::rename(&beside, &target)).map_err(unwritten(&path))
    }
}

/// Whether a file is read as TOML; JSON otherwise.
fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

/// `text`, which is a file in TOML, with the fields of a definition: remarks, order and spelling stay where a field does.
fn in_toml(text: &[u8], definition: &Definition) -> io::Result<String> {
    let text = std::str::from_utf8(text).map_err(io::Error::other)?;
    let mut document: DocumentMut = text.parse().map_err(io::Error::other)?;
    document.retain(|name, _| name == SIGNATURE || definition.get(name).is_some());
    for (name, field) in definition.fields() {
        let mut value = match field {
            Field::Text(text) => Value::from(text.as_str()),
            Field::Number(number) => Value::from(i64::from(*number)),
        };
        match document.get_mut(name).and_then(Item::as_value_mut) {
            Some(now) if is_same(now, field) => {}
            Some(now) => {
                *value.decor_mut() = now.decor().clone();
                *now = value;
            }
            None => _ = document.insert(name, Item::Value(value)),
        }
    }
    Ok(document.to_string())
}

/// Whether a value is read as this field.
fn is_same(value: &Value, field: &Field) -> bool {
    match field {
        Field::Text(text) => value.as_str() == Some(text),
        Field::Number(number) => value.as_integer().or(value.as_bool().map(i64::from)) == Some(i64::from(*number)),
    }
}

/// Writes a file that nobody else may read, or whoever may read the `old` one.
fn put(path: &Path, text: &str, old: Option<&Path>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    if let Some(about) = old.and_then(|old| old.metadata().ok()) {
        // Only the superuser gives files away.
        let _ = fchown(&file, Some(about.uid()), Some(about.gid()));
        file.set_permissions(Permissions::from_mode(about.mode() & 0o777))?;
    }
    file.sync_all()
}

/// Reads the definition in a file: TOML where the file's name ends so, JSON otherwise. Blocks while the file is read.
///
/// # Errors
/// Where the file cannot be read.
pub(crate) fn read_file(path: &Path) -> Result<Read, Error> {
    DefinitionFile::read(path).map(|file| file.definition())
}

/// A file as it was when it was read: what is judged and what is edited is the same text.
struct DefinitionFile {
    /// Where it is.
    path: PathBuf,
    /// What it holds, up to one byte more than a definition may have.
    text: Vec<u8>,
}

impl DefinitionFile {
    /// Reads a file. Blocks.
    fn read(path: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
        let mut text = Vec::new();
        regular::open(path).map_err(unreadable)?.take(LARGEST as u64 + 1).read_to_end(&mut text).map_err(unreadable)?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// What is in it.
    fn definition(&self) -> Read {
        if is_toml(&self.path) { Definition::from_toml(&self.text) } else { Definition::from_json(&self.text) }
    }
}

/// Whether `name` can be that of a definition: letters, digits and `-_+~.`, and no dot in front.
pub(super) fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+~.".contains(&byte))
}
