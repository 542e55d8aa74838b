//! What can go wrong with a screen, as situations that a person can act on.

use std::borrow::Cow;
use std::io;

use crate::trouble::Remedy;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection ended or broke.
    #[error("the screen's connection ended in the middle")]
    Ended(#[source] io::Error),
    /// What answers speaks something else.
    #[error("what answers is no VNC server: it begins with {0:?}")]
    NotRfb(String),
    /// It says no before anything else, or after the password.
    #[error("the VNC server refuses: {0}")]
    Refused(String),
    /// It wants a password, and there is none.
    #[error("the VNC server wants a password")]
    NoPassword,
    /// The password is another.
    #[error("the VNC server does not accept the password: {0}")]
    WrongPassword(String),
    /// It offers no way in that is known here.
    #[error("the VNC server wants a way in that noctui does not have: {0}")]
    NoSecurity(String),
    /// The screen is larger than is taken.
    #[error("the screen has {0}x{1} pixels, which is more than is taken")]
    TooLarge(u16, u16),
    /// What came cannot be.
    #[error("the VNC server sends what cannot be: {0}")]
    Malformed(&'static str),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Ended(error)
    }
}

impl Remedy for Error {
    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::Ended(_) => "try again; somebody else may have taken the screen, or the machine was stopped".into(),
            Self::NotRfb(_) => "see that the address is that of the screens, not of the serial lines".into(),
            Self::Refused(_) => "wait, where it says too many failures; else ask whoever runs it".into(),
            Self::NoPassword => "type it where noctui shows the screen; subcommands take --password-file".into(),
            Self::WrongPassword(_) => "correct the password; of VNC's only the first 8 characters count".into(),
            Self::NoSecurity(_) => {
                "noctui knows no security and VNC authentication: let the server offer one of these".into()
            }
            Self::TooLarge(..) => "choose a smaller screen in the machine".into(),
            Self::Malformed(_) => {
                "try `noctui console tunnel` with a viewer of your own, and tell us what server it is".into()
            }
        }
    }
}
