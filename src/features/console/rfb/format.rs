//! How pixels are sent (RFC 6143 §7.4).

/// How pixels are to be sent: what noctui asks for, whatever the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Four bytes: blue, green, red, and one that is not used.
    #[default]
    True,
    /// Two bytes, the lower first: 5 bits of red, 6 of green, 5 of blue. For thin links.
    High,
}

impl Format {
    /// As it is written in messages.
    pub(super) fn bytes(self) -> [u8; 16] {
        match self {
            Self::True => [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0],
            Self::High => [16, 16, 0, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0],
        }
    }

    /// Bytes of a pixel.
    pub(super) fn size(self) -> usize {
        match self {
            Self::True => 4,
            Self::High => 2,
        }
    }

    /// Bytes of a pixel in ZRLE (§7.7.5), and in Tight: what is not used is not sent.
    pub(super) fn compact_size(self) -> usize {
        match self {
            Self::True => 3,
            Self::High => 2,
        }
    }

    /// A pixel of `size` or `compact_size` bytes. Of what is too short the rest is black.
    pub(super) fn pixel(self, bytes: &[u8]) -> u32 {
        let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or(0));
        match self {
            Self::True => byte(2) << 16 | byte(1) << 8 | byte(0),
            Self::High => {
                let value = byte(1) << 8 | byte(0);
                let (red, green, blue) = (value >> 11, value >> 5 & 0x3f, value & 0x1f);
                (red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 | (blue << 3 | blue >> 2)
            }
        }
    }

    /// A pixel of Tight: red comes first where a pixel has three bytes.
    pub(super) fn tight_pixel(self, bytes: &[u8]) -> u32 {
        match (self, bytes) {
            (Self::True, &[red, green, blue, ..]) => u32::from_be_bytes([0, red, green, blue]),
            _ => self.pixel(bytes),
        }
    }

    /// The largest value of red, green and blue, as Tight's gradient counts them.
    pub(super) fn gradient_channels(self, bytes: &[u8]) -> [i32; 3] {
        match (self, bytes) {
            (Self::True, &[red, green, blue, ..]) => [red, green, blue].map(i32::from),
            (Self::High, &[low, high, ..]) => {
                let value = i32::from(high) << 8 | i32::from(low);
                [value >> 11, value >> 5 & 0x3f, value & 0x1f]
            }
            _ => [0; 3],
        }
    }

    /// The bits of a channel that count, and the pixel of three channels.
    pub(super) fn of_channels(self, channels: [i32; 3]) -> u32 {
        let byte = |value: i32| u8::try_from(value & 0xff).unwrap_or(0);
        match self {
            Self::True => u32::from_be_bytes([0, byte(channels[0]), byte(channels[1]), byte(channels[2])]),
            Self::High => {
                let value = channels[0] << 11 | channels[1] << 5 | channels[2];
                self.pixel(&[byte(value), byte(value >> 8)])
            }
        }
    }

    /// The largest values of the three channels.
    pub(super) fn channel_limits(self) -> [i32; 3] {
        match self {
            Self::True => [255; 3],
            Self::High => [31, 63, 31],
        }
    }
}
