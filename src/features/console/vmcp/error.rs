//! What can go wrong with keys, definitions and the exchange, as situations that a person can act on.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use crate::text::clean_line;
use crate::trouble::Remedy;

/// The cause of an error.
type Cause = Box<dyn StdError + Send + Sync>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}", clean_line(&path.display().to_string()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", clean_line(&path.display().to_string()))]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key can be read by others than its owner.
    #[error("the key {} is open to others (mode {mode:03o})", clean_line(&path.display().to_string()))]
    OpenKey {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key belongs to somebody else.
    #[error("the key {} belongs to another account (uid {uid})", clean_line(&path.display().to_string()))]
    ForeignKey {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// The file holds no key that can sign.
    #[error("{} holds no key to sign with", clean_line(&path.display().to_string()))]
    NoSigningKey {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        why: BadKey,
    },
    /// A text holds no public key.
    #[error("{from} holds no public key to verify with")]
    NoPublicKey {
        /// Where it came from.
        from: String,
        /// Why not.
        why: &'static str,
    },
    /// There is no definition of that name.
    #[error("there is no definition {name} in {}", clean_line(&dir.display().to_string()))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The folder.
        dir: PathBuf,
    },
    /// A definition says something else than what was read of it before it was changed.
    #[error("{name} has changed since it was opened here, and is not overwritten")]
    Changed {
        /// The name of the definition.
        name: String,
    },
    /// Two files define the same machine.
    #[error("{} has both {name}.json and {name}.toml", clean_line(&dir.display().to_string()))]
    Twice {
        /// The name that was asked for.
        name: String,
        /// The folder.
        dir: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("this system gives no random bytes")]
    NotRandom,
    /// An address cannot be asked.
    #[error("{url} cannot be asked: {why}")]
    Address {
        /// As it was given.
        url: String,
        /// Why not.
        why: &'static str,
    },
    /// Nobody answers there, or TLS does not come about.
    #[error("cannot get a definition from {host}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the network said.
        #[source]
        source: Cause,
    },
    /// It answers something else.
    #[error("{host} answers with {status}: {said}")]
    Status {
        /// Host and port.
        host: String,
        /// The number and its words.
        status: String,
        /// The beginning of what it says, or where it sends us.
        said: String,
    },
    /// The answer is no definition with a signature.
    #[error("{from} is no signed definition: {why}")]
    NoAnswer {
        /// Where it came from.
        from: String,
        /// Why not.
        why: String,
    },
    /// Nothing can be served at this address.
    #[error("cannot listen on {address}")]
    Listen {
        /// As it was given.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The key could not sign.
    #[error("the key does not sign")]
    Unsigned,
}

/// Why a file holds no key that can sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKey {
    /// Nothing in it is a key in PEM.
    NotPem,
    /// It is a public key or a certificate.
    Public,
    /// It wants a passphrase.
    Encrypted,
    /// The form of `ssh-keygen`.
    OpenSsh,
    /// Another kind of key than RSA.
    NotRsa,
    /// Too short, too long, or damaged.
    Rejected,
}

impl BadKey {
    /// What to do about it.
    const fn remedy(self) -> &'static str {
        match self {
            Self::NotPem => "it takes RSA in PEM: `openssl genrsa -out FILE 2048` makes one",
            Self::Public => "this half only verifies: name the file with the private key",
            Self::Encrypted => {
                "it wants a passphrase: `openssl rsa -in FILE -out PLAIN` takes it off; then `chmod 600 PLAIN`"
            }
            Self::OpenSsh => "convert a copy of it: `ssh-keygen -p -m PEM -f COPY`",
            Self::NotRsa => "clients verify RSA alone: `openssl genrsa -out FILE 2048` makes such a key",
            Self::Rejected => "it takes a whole RSA key of 2048 to 4096 bits",
        }
    }
}

impl Remedy for Error {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Unwritten { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                "give it another name, or change the one that is there".into()
            }
            Self::Unwritten { .. } => "check the folder's permissions and the space on its disk".into(),
            // What is no file: its permissions are not what is wrong.
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::InvalidInput => {
                "name a file that is one".into()
            }
            Self::Unreadable { .. } => "correct the path, or let this account read it".into(),
            Self::OpenKey { path, .. } => {
                format!("whoever read it can sign as you. If nobody did: chmod 600 {}", path.display()).into()
            }
            Self::ForeignKey { .. } => "use a key of your own, or run noctui as its owner".into(),
            Self::NoSigningKey { why, .. } => why.remedy().into(),
            Self::NoPublicKey { why, .. } => (*why).into(),
            Self::Unknown { .. } => "definitions are files NAME.json or NAME.toml there".into(),
            Self::Changed { .. } => {
                "esc twice drops what was typed here; opened again, it shows what it says now".into()
            }
            Self::Twice { .. } => "remove one of the two".into(),
            Self::NotRandom => "see why the random source of this system fails".into(),
            Self::Address { .. } => "write http://HOST/PATH or https://HOST/PATH".into(),
            Self::Unreachable { .. } => "check the address, the network, and --ca-file for a private authority".into(),
            Self::Status { .. } => "ask whoever runs it; 400 means that it wants other parameters".into(),
            Self::NoAnswer { .. } => "see that the address is that of a VMCP endpoint".into(),
            Self::Listen { .. } => "name another address with --listen".into(),
            Self::Unsigned => "try another key".into(),
        }
    }
}
