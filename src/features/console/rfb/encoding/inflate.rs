//! A stream of zlib (RFC 1950) that comes in pieces.

use flate2::{Decompress, FlushDecompress, Status};

use crate::features::console::rfb::error::Error;

/// What is made room for at once.
const STEP: usize = 32 << 10;

/// A stream.
#[derive(Debug)]
pub(super) struct Inflate(Decompress);

impl Default for Inflate {
    fn default() -> Self {
        Self(Decompress::new(true))
    }
}

impl Inflate {
    /// Begins anew.
    pub(super) fn reset(&mut self) {
        self.0.reset(true);
    }

    /// What `packed` was, in place of what is in `plain`.
    ///
    /// # Errors
    /// Where it is no zlib, or more than `most` bytes.
    pub(super) fn inflate(&mut self, mut packed: &[u8], plain: &mut Vec<u8>, most: usize) -> Result<(), Error> {
        plain.clear();
        loop {
            if plain.capacity() == plain.len() {
                plain.reserve(STEP.min(most + 1 - plain.len()));
            }
            let (before_in, before_out) = (self.0.total_in(), plain.len());
            let status = self.0.decompress_vec(packed, plain, FlushDecompress::Sync);
            let status = status.map_err(|_| Error::Malformed("a rectangle that cannot be inflated"))?;
            if plain.len() > most {
                return Err(Error::Malformed("a rectangle that inflates to more than it has pixels"));
            }
            let taken = usize::try_from(self.0.total_in() - before_in).unwrap_or(usize::MAX);
            packed = packed.get(taken..).unwrap_or_default();
            let is_full = plain.len() == plain.capacity();
            match status {
                // Streams do not end while a connection lasts.
                Status::StreamEnd => return Ok(()),
                Status::Ok | Status::BufError if packed.is_empty() && !is_full => return Ok(()),
                Status::Ok | Status::BufError if taken == 0 && plain.len() == before_out && !is_full => {
                    return Err(Error::Malformed("a rectangle that cannot be inflated"));
                }
                Status::Ok | Status::BufError => {}
            }
        }
    }
}
