//! Where a secret is kept, and how it is fetched when it is needed.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::command::{self, Deadline};
use super::{BadSecret, LONGEST, Secret, keyring};
use crate::text::clean_line;
use crate::trouble::Remedy;

/// Where a secret is kept. It is no secret itself, but the arguments of a program can be: they are not shown.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretFrom {
    /// An environment variable.
    Variable(String),
    /// A file with nothing else in it.
    File(PathBuf),
    /// What a program prints: its name and its arguments; no shell reads them. Never empty.
    Command(Vec<String>),
    /// A keyring's entry for noctui under this name of an account.
    Keyring(String),
}

/// What a secret is, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wanted {
    /// What a header of a request carries.
    #[default]
    Token,
    /// What a login carries.
    Password,
    /// What something is signed with.
    Key,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Password => "password",
            Self::Key => "key",
        })
    }
}

/// A secret that was fetched.
#[derive(Debug, Clone)]
pub struct Found {
    /// The secret.
    pub secret: Secret,
    /// What should be known about where it is kept.
    pub warning: Option<String>,
}

/// Why a secret cannot be fetched. It never repeats what was fetched.
#[derive(Debug, thiserror::Error)]
pub enum NoSecret {
    /// The variable is not set.
    #[error("the variable {name} is not set")]
    Unset {
        /// What was wanted.
        wanted: Wanted,
        /// Its name.
        name: String,
    },
    /// The file cannot be read.
    #[error("cannot read the {wanted} from {}", clean_line(&path.display().to_string()))]
    Unreadable {
        /// What was wanted.
        wanted: Wanted,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program cannot be started.
    #[error("cannot start {program}, which should print the {wanted}")]
    Unstarted {
        /// What was wanted.
        wanted: Wanted,
        /// Its name.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The program ended with an error.
    #[error("{program} printed no {wanted}: {said}")]
    Failed {
        /// What was wanted.
        wanted: Wanted,
        /// Its name.
        program: String,
        /// The first line of what it complained of, or how it ended.
        said: String,
    },
    /// The program or file gave nothing in time.
    #[error("{from} gave no {wanted} within {after_s} s")]
    Late {
        /// What was wanted.
        wanted: Wanted,
        /// The program or file.
        from: String,
        /// How long it was waited for, in seconds.
        after_s: u64,
    },
    /// The keyring has nothing.
    #[error("the keyring has no {wanted} for {account}: {said}")]
    NotKept {
        /// What was wanted.
        wanted: Wanted,
        /// The name that was looked for.
        account: String,
        /// What was looked into.
        said: String,
    },
    /// What was fetched is no secret.
    #[error("{from} is no {wanted}")]
    Bad {
        /// What was wanted.
        wanted: Wanted,
        /// Where it came from.
        from: String,
        /// Why it is none.
        source: BadSecret,
    },
}

impl NoSecret {
    /// The same, where this was wanted.
    fn instead_of(mut self, what: Wanted) -> Self {
        match &mut self {
            Self::Unset { wanted, .. }
            | Self::Unreadable { wanted, .. }
            | Self::Unstarted { wanted, .. }
            | Self::Failed { wanted, .. }
            | Self::Late { wanted, .. }
            | Self::NotKept { wanted, .. }
            | Self::Bad { wanted, .. } => *wanted = what,
        }
        self
    }
}

impl Remedy for NoSecret {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Unset { name, wanted } => {
                format!("set {name}, or say {wanted}_file, {wanted}_command or {wanted}_keyring").into()
            }
            Self::Unreadable { wanted, .. } => {
                format!("put the {wanted} into this file, readable for you alone").into()
            }
            Self::Unstarted { wanted, .. } => format!("install the program, or correct {wanted}_command").into(),
            Self::Failed { program, .. } => format!("run {program} in a shell to see what it wants").into(),
            Self::Late { .. } => "it must not ask anything; try it in a shell with its input closed".into(),
            Self::NotKept { account, .. } => keyring::remedy(account),
            Self::Bad { wanted, .. } => format!("keep nothing there but the {wanted}, on one line").into(),
        }
    }
}

impl SecretFrom {
    /// Fetches the secret. Files are read and programs are run without keeping the calling thread, within half a minute;
    /// `variable` looks up an environment variable. Dropped before its end, a program is killed.
    pub async fn fetch(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Found, NoSecret> {
        self.fetch_as(Wanted::Token, Secret::from_bytes, variable).await
    }

    /// The same for a key, which has the same characters.
    pub async fn fetch_key(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Found, NoSecret> {
        self.fetch_as(Wanted::Key, Secret::from_bytes, variable).await
    }

    /// The same for a password, which may have characters that no token has.
    pub async fn fetch_password(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Found, NoSecret> {
        self.fetch_as(Wanted::Password, Secret::password, variable).await
    }

    /// The same for a password of which only the bytes count, as that of a screen: no login has to carry it. With it comes what
    /// should be known about where it is kept.
    pub(crate) async fn fetch_password_bytes(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(Zeroizing<Vec<u8>>, Option<String>), NoSecret> {
        let wanted = Wanted::Password;
        let (mut bytes, warning) = self.fetch_raw(variable).await.map_err(|error| error.instead_of(wanted))?;
        // Editors and `echo` put it there.
        for end in [b'\n', b'\r'] {
            if bytes.last() == Some(&end) {
                bytes.pop();
            }
        }
        let why = if bytes.trim_ascii().is_empty() {
            Some(BadSecret::Empty)
        } else if bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(BadSecret::SeveralLines)
        } else {
            (bytes.len() > LONGEST).then_some(BadSecret::TooLong)
        };
        match why {
            Some(source) => Err(NoSecret::Bad { wanted, from: self.to_string(), source }),
            None => Ok((bytes, warning)),
        }
    }

    /// What should be known about where it is kept, without fetching it.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let Self::File(path) = self else { return None };
        warning_of(path)
    }

    /// Fetches what is `wanted`, and reads it.
    async fn fetch_as(
        &self,
        wanted: Wanted,
        read: fn(&[u8]) -> Result<Secret, BadSecret>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Found, NoSecret> {
        let (bytes, warning) = self.fetch_raw(variable).await.map_err(|error| error.instead_of(wanted))?;
        let secret = read(&bytes).map_err(|source| NoSecret::Bad { wanted, from: self.to_string(), source })?;
        Ok(Found { secret, warning })
    }

    /// The same without asking that it be a token: a password may have blanks, and a file may hold more than one secret.
    /// With it comes what should be known about where it is kept.
    pub(crate) async fn fetch_raw(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(Zeroizing<Vec<u8>>, Option<String>), NoSecret> {
        match self {
            Self::Variable(name) => variable(name)
                .filter(|value| !value.is_empty())
                .map(|value| Zeroizing::new(value.into_encoded_bytes()))
                .ok_or_else(|| NoSecret::Unset { wanted: Wanted::Token, name: name.clone() })
                .map(|bytes| (bytes, None)),
            Self::File(path) => read_file(path).await,
            Self::Command(words) => command::output(words, Deadline::USUAL).await.map(|bytes| (bytes, None)),
            Self::Keyring(account) => keyring::find(account).await.map(|bytes| (bytes, None)),
        }
    }
}

impl fmt::Display for SecretFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Variable(name) => format!("the variable {name}"),
            Self::File(path) => format!("the content of {}", path.display()),
            Self::Command(words) => format!("the output of {}", words.first().map_or("", String::as_str)),
            Self::Keyring(account) => format!("the keyring's entry {account}"),
        };
        f.write_str(&clean_line(&text))
    }
}

impl fmt::Debug for SecretFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What is in a file, and a warning where everybody may read it.
async fn read_file(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Option<String>), NoSecret> {
    let deadline = Deadline::USUAL;
    let file = path.to_owned();
    // A pipe or a network may keep it waiting.
    let read = tokio::time::timeout(deadline.0, crate::blocking::run(move || read_now(&file))).await;
    let read = read.map_err(|_| {
        let from = path.display().to_string();
        NoSecret::Late { wanted: Wanted::Token, from, after_s: deadline.0.as_secs() }
    })?;
    read.map_err(|source| NoSecret::Unreadable { wanted: Wanted::Token, path: path.to_owned(), source })
}

/// What editors of Windows put in front of a text in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a file, no more of it than a secret can have.
fn read_now(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, Option<String>)> {
    let file = File::open(path)?;
    let warning = is_open_to_all(&file.metadata()?).then(|| open_to_all(path));
    // Room enough that it is never moved, which would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 2));
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    Ok((bytes, warning.map(|warning| clean_line(&warning))))
}

/// What should be known about a file with a secret in it, without reading it.
pub(crate) fn warning_of(path: &Path) -> Option<String> {
    let is_open = std::fs::metadata(path).is_ok_and(|about| is_open_to_all(&about));
    is_open.then(|| clean_line(&open_to_all(path)))
}

/// What is said of a file that everybody may read.
fn open_to_all(path: &Path) -> String {
    format!("everybody may read {}: chmod 600", path.display())
}

/// Whether everybody on this machine may read a file.
pub(crate) fn is_open_to_all(about: &std::fs::Metadata) -> bool {
    about.mode() & 0o004 != 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::trouble::Trouble;

    /// What `from` gives where the variable `TOKEN` is `abc`.
    async fn fetch(from: SecretFrom) -> Result<Found, String> {
        let variable = |name: &str| (name == "TOKEN").then(|| "abc\n".into());
        from.fetch(variable).await.map_err(|error| Trouble::of(&error).one_line())
    }

    #[tokio::test]
    async fn a_variable_holds_a_token_or_is_told() {
        let variable = |name: &str| SecretFrom::Variable(name.to_owned());
        assert_eq!(fetch(variable("TOKEN")).await.unwrap().secret.expose(), "abc");
        assert_eq!(
            fetch(variable("OTHER")).await.unwrap_err(),
            "the variable OTHER is not set; set OTHER, or say token_file, token_command or token_keyring"
        );
    }

    #[tokio::test]
    async fn a_password_of_bytes_is_taken_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        let from = SecretFrom::File(path.clone());
        let fetch = async |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let fetched = from.fetch_password_bytes(|_| None).await;
            fetched.map(|(bytes, _)| bytes.to_vec()).map_err(|error| Trouble::of(&error).one_line())
        };
        assert_eq!(fetch(b"gr\xfcn er\r\n").await.unwrap(), b"gr\xfcn er");
        assert!(fetch(b" \n").await.unwrap_err().contains("is no password: it is empty"));
        assert!(fetch(b"a\nb").await.unwrap_err().contains("it has more than one line"));
        assert!(fetch(&[b'x'].repeat(LONGEST + 1)).await.unwrap_err().contains("longer"));
    }

    #[tokio::test]
    async fn a_file_holds_a_token_and_should_be_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let from = SecretFrom::File(path.clone());
        let told = fetch(from.clone()).await.unwrap_err();
        assert!(told.starts_with(&format!("cannot read the token from {}: No such file", path.display())), "{told}");
        std::fs::write(&path, "abc\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let found = fetch(from.clone()).await.unwrap();
        assert_eq!((found.secret.expose(), found.warning), ("abc", None));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let warning = fetch(from.clone()).await.unwrap().warning;
        assert_eq!(warning, Some(format!("everybody may read {}: chmod 600", path.display())));
        assert_eq!(from.warning(), warning);
        std::fs::write(&path, b"\xef\xbb\xbfabc\r\n").unwrap();
        assert_eq!(fetch(from.clone()).await.unwrap().secret.expose(), "abc");
        for (text, why) in
            [("", "it is empty"), ("a\nb\n", "it has more than one line"), ("a\u{e9}", "other than ASCII")]
        {
            std::fs::write(&path, text).unwrap();
            let told = fetch(from.clone()).await.unwrap_err();
            assert!(told.contains("is no token: ") && told.contains(why), "{told}");
        }
        std::fs::write(&path, vec![b'y'; 1 << 20]).unwrap();
        let told = fetch(from).await.unwrap_err();
        assert!(told.contains("longer than 16 KiB") && !told.contains("yyy"), "{told}");
    }

    #[tokio::test]
    async fn what_is_wanted_is_called_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let from = SecretFrom::File(path.clone());
        let told = |found: Result<Found, NoSecret>| {
            found.map(|found| found.secret).map_err(|error| Trouble::of(&error).one_line())
        };
        let missing = told(from.fetch_key(|_| None).await).unwrap_err();
        assert!(missing.starts_with("cannot read the key from ") && missing.contains("put the key into"), "{missing}");
        std::fs::write(&path, "").unwrap();
        let empty = told(from.fetch_password(|_| None).await).unwrap_err();
        assert!(empty.contains("is no password: it is empty; keep nothing there but the password"), "{empty}");
        assert!(told(from.fetch_key(|_| None).await).unwrap_err().contains("is no key: it is empty"));
        std::fs::write(&path, "pass w\u{f6}rd\n").unwrap();
        assert_eq!(told(from.fetch_password(|_| None).await).unwrap().expose(), "pass w\u{f6}rd");
    }

    #[tokio::test]
    async fn a_program_prints_a_token() {
        let command = |words: &[&str]| SecretFrom::Command(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(fetch(command(&["printf", "%s", "a'$b"])).await.unwrap().secret.expose(), "a'$b");
        let told = fetch(command(&["true"])).await.unwrap_err();
        assert!(told.starts_with("the output of true is no token: it is empty"), "{told}");
    }

    #[tokio::test]
    async fn an_account_that_is_in_no_keyring_is_told_with_how_to_put_it_there() {
        let told = fetch(SecretFrom::Keyring("no-such-account".to_owned())).await.unwrap_err();
        assert!(told.starts_with("the keyring has no token for no-such-account: "), "{told}");
        assert!(told.contains("noctui"), "{told}");
    }
}
