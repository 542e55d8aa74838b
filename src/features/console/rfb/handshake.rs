//! From a connection to a screen (RFC 6143 §7.1 to §7.3).

use std::fmt;

use des::Des;
use des::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf};
use zeroize::Zeroizing;

use super::encoding::Encoding;
use super::error::Error;
use super::format::Format;
use super::frame::Frame;
use super::remote::Remote;
use super::viewer::Viewer;
use super::wire::{READ_AHEAD, Wire};
use crate::secret::Secret;

/// The longest name or reason that is kept.
const LONGEST_TEXT: u32 = 4 << 10;
/// Security types (§8.1.2).
const INVALID: u8 = 0;
const NONE: u8 = 1;
const VNC: u8 = 2;

/// A password of VNC: its first eight bytes, whatever they mean; the bytes of a letter are those that its server was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<[u8; 8]>);

impl Password {
    /// That of these bytes, of which there may be more, or fewer.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; 8]);
        for (place, byte) in key.iter_mut().zip(bytes) {
            *place = *byte;
        }
        Self(key)
    }
}

impl From<&Secret> for Password {
    fn from(secret: &Secret) -> Self {
        Self::new(secret.expose().as_bytes())
    }
}

/// What is wanted of a server.
#[derive(Clone)]
pub struct Wishes {
    /// The password, where there is one.
    pub password: Option<Password>,
    /// How pixels are to come.
    pub format: Format,
    /// The encodings, the best first. The quality of Tight's JPEG, from 0 to 9, comes with it.
    pub encodings: Vec<Encoding>,
    /// Whether other viewers may stay.
    pub shared: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { password: None, format: Format::True, encodings: Encoding::USUAL.to_vec(), shared: true }
    }
}

impl fmt::Debug for Wishes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wishes")
            .field("format", &self.format)
            .field("encodings", &self.encodings)
            .finish_non_exhaustive()
    }
}

/// The version that both sides speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V3_3,
    V3_7,
    V3_8,
}

/// The two sides of a screen over `S`.
type Opened<S> = (Viewer<ReadHalf<S>>, Remote<WriteHalf<S>>);

/// What a handshake came to.
pub enum Begun<S> {
    /// A screen.
    Open(Box<Opened<S>>),
    /// The server wants a password, and waits for it.
    Locked(Locked<S>),
}

/// A server that waits for its password. Some count connections that end here as failures to log in, and shut out who has too
/// many of them: it is better to keep this one than to come again.
pub struct Locked<S> {
    wire: Wire<ReadHalf<S>>,
    write: WriteHalf<S>,
    version: Version,
}

/// Shakes hands. Nothing of the screen comes before [`Remote::ask`].
///
/// # Errors
/// Where the server says no, wants something else, or sends what cannot be.
pub async fn open<S: AsyncRead + AsyncWrite>(stream: S, wishes: &Wishes) -> Result<Opened<S>, Error> {
    match begin(stream, wishes).await? {
        Begun::Open(opened) => Ok(*opened),
        Begun::Locked(_) => Err(Error::NoPassword),
    }
}

/// The same, where a password can be had later if the server wants one and `wishes` has none.
///
/// # Errors
/// As those of [`open`], but that a password is missing is none.
pub async fn begin<S: AsyncRead + AsyncWrite>(stream: S, wishes: &Wishes) -> Result<Begun<S>, Error> {
    let (read, mut write) = tokio::io::split(stream);
    let mut wire = Wire(BufReader::with_capacity(READ_AHEAD, read));
    let version = version(&mut wire).await?;
    let answered = agree(&mut write, version).await;
    let way = match offered(&mut wire, version).await {
        // Who refuses at once may be gone before it is answered.
        Err(refused @ Error::Refused(_)) => return Err(refused),
        offered => {
            answered?;
            offered?
        }
    };
    match (way, &wishes.password) {
        (Way::Free, _) => {
            if version != Version::V3_3 {
                write.write_all(&[NONE]).await?;
                write.flush().await?;
            }
            // Before 3.8 nothing is said where nothing was asked.
            if version == Version::V3_8 {
                answer(&mut wire, version).await?.map_err(Error::Refused)?;
            }
            Ok(Begun::Open(Box::new(enter(wire, write, wishes).await?)))
        }
        (Way::Password, None) => Ok(Begun::Locked(Locked { wire, write, version })),
        (Way::Password, Some(password)) => {
            Ok(Begun::Open(Box::new(Locked { wire, write, version }.unlock(password, wishes).await?)))
        }
    }
}

impl<S: AsyncRead + AsyncWrite> Locked<S> {
    /// Waits until the server ends it. Meanwhile what carries the screen is kept alive, which takes somebody who reads.
    ///
    /// Cancel safety: what comes is left for [`Locked::unlock`].
    pub async fn ended(&mut self) {
        match self.wire.0.fill_buf().await {
            Ok([]) | Err(_) => {}
            // A challenge that nobody had to ask for.
            Ok(_) => std::future::pending().await,
        }
    }

    /// Goes in with a password.
    ///
    /// # Errors
    /// As those of [`open`].
    pub async fn unlock(self, password: &Password, wishes: &Wishes) -> Result<Opened<S>, Error> {
        let Self { mut wire, mut write, version } = self;
        if version != Version::V3_3 {
            write.write_all(&[VNC]).await?;
            write.flush().await?;
        }
        let challenge: [u8; 16] = wire.array().await?;
        write.write_all(&response(challenge, password)).await?;
        write.flush().await?;
        answer(&mut wire, version).await?.map_err(Error::WrongPassword)?;
        enter(wire, write, wishes).await
    }
}

/// Goes on to the screen (§7.3).
async fn enter<S: AsyncRead + AsyncWrite>(
    mut wire: Wire<ReadHalf<S>>,
    mut write: WriteHalf<S>,
    wishes: &Wishes,
) -> Result<Opened<S>, Error> {
    write.write_all(&[u8::from(wishes.shared)]).await?;
    write.flush().await?;
    let (width, height) = (wire.u16().await?, wire.u16().await?);
    let _their_format: [u8; 16] = wire.array().await?;
    let name = wire.text(LONGEST_TEXT).await?;
    let frame = Frame::new(width, height).ok_or(Error::TooLarge(width, height))?;
    let mut remote = Remote::new(write);
    remote.choose(wishes.format, &wishes.encodings).await?;
    Ok((Viewer::new(wire, frame, wishes.format, name), remote))
}

/// The version to agree on, by the one that the server speaks (§7.1.1).
async fn version<R: AsyncRead + Unpin>(wire: &mut Wire<R>) -> Result<Version, Error> {
    let theirs: [u8; 12] = wire.array().await?;
    let not = || Error::NotRfb(crate::text::clean_line(&String::from_utf8_lossy(&theirs)));
    let text = std::str::from_utf8(&theirs).map_err(|_| not())?;
    let (major, minor) =
        text.strip_prefix("RFB ").and_then(|rest| rest.strip_suffix('\n')?.split_once('.')).ok_or_else(not)?;
    let number = |text: &str| text.parse::<u16>().map_err(|_| not());
    match (number(major)?, number(minor)?) {
        (3, 7) => Ok(Version::V3_7),
        // What else servers say is to be taken for 3.3.
        (0..=2, _) | (3, 0..=7) => Ok(Version::V3_3),
        (3.., _) => Ok(Version::V3_8),
    }
}

/// Says which version it is to be.
async fn agree<W: AsyncWrite + Unpin>(write: &mut W, version: Version) -> std::io::Result<()> {
    let ours: &[u8; 12] = match version {
        Version::V3_3 => b"RFB 003.003\n",
        Version::V3_7 => b"RFB 003.007\n",
        Version::V3_8 => b"RFB 003.008\n",
    };
    write.write_all(ours).await?;
    write.flush().await
}

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Nothing is asked.
    Free,
    /// VNC authentication.
    Password,
}

/// The way in (§7.1.2).
async fn offered<R: AsyncRead + Unpin>(wire: &mut Wire<R>, version: Version) -> Result<Way, Error> {
    if version == Version::V3_3 {
        return match wire.u32().await? {
            0 => Err(Error::Refused(wire.text(LONGEST_TEXT).await?)),
            1 => Ok(Way::Free),
            2 => Ok(Way::Password),
            other => Err(Error::NoSecurity(other.to_string())),
        };
    }
    let count = wire.u8().await?;
    if count == INVALID {
        return Err(Error::Refused(wire.text(LONGEST_TEXT).await?));
    }
    let mut offered = Vec::new();
    wire.fill(&mut offered, usize::from(count)).await?;
    choose(&offered)
}

/// Whether the server takes what it was given (§7.1.3); where it does not, why.
async fn answer<R: AsyncRead + Unpin>(wire: &mut Wire<R>, version: Version) -> Result<Result<(), String>, Error> {
    if wire.u32().await? == 0 {
        return Ok(Ok(()));
    }
    let says_why = version == Version::V3_8;
    Ok(Err(if says_why { wire.text(LONGEST_TEXT).await? } else { "it gives no reason".to_owned() }))
}

/// The way in: none at all where it is offered, else the password.
fn choose(offered: &[u8]) -> Result<Way, Error> {
    if offered.contains(&NONE) {
        return Ok(Way::Free);
    }
    if offered.contains(&VNC) {
        return Ok(Way::Password);
    }
    let name = |kind: &u8| match kind {
        5 | 6 => "RA2".to_owned(),
        16 => "Tight".to_owned(),
        18 => "TLS".to_owned(),
        19 => "VeNCrypt".to_owned(),
        30 => "Apple's".to_owned(),
        other => other.to_string(),
    };
    Err(Error::NoSecurity(offered.iter().map(name).collect::<Vec<_>>().join(", ")))
}

/// The answer to a challenge (§7.2.2): DES, whose key is the first eight bytes of the password, each with its bits reversed.
pub(in crate::features::console) fn response(challenge: [u8; 16], password: &Password) -> [u8; 16] {
    let key = Zeroizing::new(password.0.map(u8::reverse_bits));
    let des = Des::new(&Array::from(*key));
    let mut response = [0; 16];
    for (place, block) in response.chunks_exact_mut(8).zip(challenge.chunks_exact(8)) {
        let mut sealed = Array::from(<[u8; 8]>::try_from(block).unwrap_or_default());
        des.encrypt_block(&mut sealed);
        place.copy_from_slice(&sealed);
    }
    response
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_challenge_is_answered_as_other_clients_do() {
        // openssl enc -des-ecb -nopad, with the bits of each byte of the password reversed.
        let challenge: [u8; 16] = std::array::from_fn(|index| index.try_into().unwrap());
        let response = |password: &[u8]| response(challenge, &Password::new(password));
        let one = response(b"abcdefgh");
        assert_eq!(u128::from_be_bytes(one), 0xeae3_a1cb_74ca_6daa_c183_f664_6019_0bb5);
        // Only eight bytes count, and fewer are filled up with zeros.
        assert_eq!(one, response(b"abcdefghij"));
        assert_ne!(one, response(b"abcdefg"));
        // Bytes that are no UTF-8 are as good as others.
        assert_ne!(response(b"gr\xfcn"), response("gr\u{fc}n".as_bytes()));
        assert_ne!(response(b"gr\xfcn"), response(b"gr\xf6n"));
    }

    #[test]
    fn no_security_is_taken_before_a_password_and_what_is_not_known_is_named() {
        assert_eq!(choose(&[2, 1]).unwrap(), Way::Free);
        assert_eq!(choose(&[19, 2]).unwrap(), Way::Password);
        assert_eq!(
            choose(&[19, 5, 77]).unwrap_err().to_string(),
            "the VNC server wants a way in that noctui does not have: VeNCrypt, RA2, 77"
        );
    }
}
