//! From a connection to a screen (RFC 6143 §7.1 to §7.3).

use std::fmt;

use des::Des;
use des::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf};
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

/// What is wanted of a server.
#[derive(Clone)]
pub struct Wishes {
    /// The password, where there is one.
    pub password: Option<Secret>,
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

/// Shakes hands. Nothing of the screen comes before [`Remote::ask`].
///
/// # Errors
/// Where the server says no, wants something else, or sends what cannot be.
pub async fn open<S: AsyncRead + AsyncWrite>(stream: S, wishes: &Wishes) -> Result<Opened<S>, Error> {
    let (read, mut write) = tokio::io::split(stream);
    let mut wire = Wire(BufReader::with_capacity(READ_AHEAD, read));
    let version = version(&mut wire, &mut write).await?;
    security(&mut wire, &mut write, version, wishes.password.as_ref()).await?;
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

/// Agrees on a version (§7.1.1).
async fn version<S: AsyncRead + AsyncWrite>(
    wire: &mut Wire<ReadHalf<S>>,
    write: &mut WriteHalf<S>,
) -> Result<Version, Error> {
    let theirs: [u8; 12] = wire.array().await?;
    let not = || Error::NotRfb(crate::text::clean_line(&String::from_utf8_lossy(&theirs)));
    let text = std::str::from_utf8(&theirs).map_err(|_| not())?;
    let (major, minor) =
        text.strip_prefix("RFB ").and_then(|rest| rest.strip_suffix('\n')?.split_once('.')).ok_or_else(not)?;
    let number = |text: &str| text.parse::<u16>().map_err(|_| not());
    let version = match (number(major)?, number(minor)?) {
        (0..=2, _) => return Err(not()),
        (3, 7) => Version::V3_7,
        // What else servers say is to be taken for 3.3.
        (3, 0..=7) => Version::V3_3,
        (3.., _) => Version::V3_8,
    };
    let ours: &[u8; 12] = match version {
        Version::V3_3 => b"RFB 003.003\n",
        Version::V3_7 => b"RFB 003.007\n",
        Version::V3_8 => b"RFB 003.008\n",
    };
    write.write_all(ours).await?;
    write.flush().await?;
    Ok(version)
}

/// Agrees on a way in (§7.1.2), and goes it (§7.2).
async fn security<S: AsyncRead + AsyncWrite>(
    wire: &mut Wire<ReadHalf<S>>,
    write: &mut WriteHalf<S>,
    version: Version,
    password: Option<&Secret>,
) -> Result<(), Error> {
    let chosen = if version == Version::V3_3 {
        match wire.u32().await? {
            0 => return Err(Error::Refused(wire.text(LONGEST_TEXT).await?)),
            1 => NONE,
            2 => VNC,
            other => return Err(Error::NoSecurity(other.to_string())),
        }
    } else {
        let count = wire.u8().await?;
        if count == INVALID {
            return Err(Error::Refused(wire.text(LONGEST_TEXT).await?));
        }
        let mut offered = Vec::new();
        wire.fill(&mut offered, usize::from(count)).await?;
        let chosen = choose(&offered, password.is_some())?;
        write.write_all(&[chosen]).await?;
        write.flush().await?;
        chosen
    };
    if chosen == VNC {
        let challenge: [u8; 16] = wire.array().await?;
        let password = password.ok_or(Error::NoPassword)?;
        write.write_all(&response(challenge, password)).await?;
        write.flush().await?;
    }
    // Before 3.8 nothing is said where nothing was asked.
    if chosen == NONE && version != Version::V3_8 {
        return Ok(());
    }
    if wire.u32().await? == 0 {
        return Ok(());
    }
    let said = if version == Version::V3_8 { wire.text(LONGEST_TEXT).await? } else { "it gives no reason".to_owned() };
    Err(if chosen == VNC { Error::WrongPassword(said) } else { Error::Refused(said) })
}

/// The way in: none at all where it is offered, else the password.
fn choose(offered: &[u8], has_password: bool) -> Result<u8, Error> {
    if offered.contains(&NONE) {
        return Ok(NONE);
    }
    if offered.contains(&VNC) {
        return if has_password { Ok(VNC) } else { Err(Error::NoPassword) };
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
pub(in crate::features::console) fn response(challenge: [u8; 16], password: &Secret) -> [u8; 16] {
    let mut key = Zeroizing::new([0_u8; 8]);
    for (place, byte) in key.iter_mut().zip(password.expose().bytes()) {
        *place = byte.reverse_bits();
    }
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
        let one = response(challenge, &Secret::read("abcdefgh").unwrap());
        assert_eq!(u128::from_be_bytes(one), 0xeae3_a1cb_74ca_6daa_c183_f664_6019_0bb5);
        // Only eight bytes count, and fewer are filled up with zeros.
        assert_eq!(one, response(challenge, &Secret::read("abcdefghij").unwrap()));
        assert_ne!(one, response(challenge, &Secret::read("abcdefg").unwrap()));
    }

    #[test]
    fn no_security_is_taken_before_a_password_and_what_is_not_known_is_named() {
        assert_eq!(choose(&[2, 1], true).unwrap(), NONE);
        assert_eq!(choose(&[19, 2], true).unwrap(), VNC);
        assert!(matches!(choose(&[2], false), Err(Error::NoPassword)));
        assert_eq!(
            choose(&[19, 5, 77], false).unwrap_err().to_string(),
            "the VNC server wants a way in that noctui does not have: VeNCrypt, RA2, 77"
        );
    }
}
