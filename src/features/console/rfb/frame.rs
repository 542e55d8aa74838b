//! The screen as pixels.

/// The most pixels of a screen: some more than 4096x2160. 36 MB.
const MOST_PIXELS: u32 = 9_437_184;
/// The longest side.
const LONGEST_SIDE: u16 = 8192;

/// A rectangle of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Pixels from the left.
    pub x: u16,
    /// Pixels from the top.
    pub y: u16,
    /// Its width.
    pub width: u16,
    /// Its height.
    pub height: u16,
}

/// A screen: rows of pixels, each `0x00RRGGBB`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    width: u16,
    height: u16,
    pixels: Vec<u32>,
}

impl Area {
    /// Pixels in it.
    #[must_use]
    pub fn pixels(self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }
}

impl Frame {
    /// A black screen; none where it would be larger than is taken. It may have no pixels at all.
    #[must_use]
    pub fn new(width: u16, height: u16) -> Option<Self> {
        let count = u32::from(width) * u32::from(height);
        let fits = count <= MOST_PIXELS && width <= LONGEST_SIDE && height <= LONGEST_SIDE;
        fits.then(|| Self { width, height, pixels: vec![0; usize::try_from(count).unwrap_or(0)] })
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> u16 {
        self.height
    }

    /// All of it.
    #[must_use]
    pub fn area(&self) -> Area {
        Area { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// The rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[u32]> {
        // A screen without columns has no rows either.
        self.pixels.chunks_exact(usize::from(self.width).max(1))
    }

    /// A pixel; black beyond the edge.
    #[must_use]
    pub fn pixel(&self, x: u16, y: u16) -> u32 {
        let at = usize::from(y) * usize::from(self.width) + usize::from(x);
        if x < self.width { self.pixels.get(at).copied().unwrap_or(0) } else { 0 }
    }

    /// The pixels as bytes: red, green, blue.
    #[must_use]
    pub fn rgb(&self) -> Vec<u8> {
        let bytes = |pixel: &u32| {
            let [_, red, green, blue] = pixel.to_be_bytes();
            [red, green, blue]
        };
        self.pixels.iter().flat_map(bytes).collect()
    }

    /// Its upper left part, of this size or as much as there is.
    #[must_use]
    pub fn part(&self, width: u16, height: u16) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height));
        let rows = self.rows().take(height.into());
        let pixels = rows.flat_map(|row| row.get(..usize::from(width)).unwrap_or_default()).copied().collect();
        Self { width, height, pixels }
    }

    /// Whether `area` is on it.
    pub(super) fn holds(&self, area: Area) -> bool {
        u32::from(area.x) + u32::from(area.width) <= u32::from(self.width)
            && u32::from(area.y) + u32::from(area.height) <= u32::from(self.height)
    }

    /// Gives every pixel of `area` one colour; nothing where that is not on it.
    pub fn fill(&mut self, area: Area, colour: u32) {
        for y in 0..if self.holds(area) { area.height } else { 0 } {
            self.row_of(area, y).fill(colour);
        }
    }

    /// Puts pixels into `area`, row by row; what they lack stays as it was.
    pub(in super::super) fn put(&mut self, area: Area, pixels: impl IntoIterator<Item = u32>) {
        let mut pixels = pixels.into_iter();
        for y in 0..area.height {
            for (place, pixel) in self.row_of(area, y).iter_mut().zip(pixels.by_ref()) {
                *place = pixel;
            }
        }
    }

    /// Copies what is at `x`, `y` into `area`. The two may overlap.
    pub(super) fn copy(&mut self, x: u16, y: u16, area: Area) {
        let width = usize::from(self.width);
        let at = |x: u16, y: u16| usize::from(y) * width + usize::from(x);
        let mut row = |offset: u16| {
            let from = at(x, y + offset);
            let range = from..from + usize::from(area.width);
            let to = at(area.x, area.y + offset);
            if range.end <= self.pixels.len() && to + usize::from(area.width) <= self.pixels.len() {
                self.pixels.copy_within(range, to);
            }
        };
        // Downwards the last row first, or it would be copied over before it is read.
        if y < area.y { (0..area.height).rev().for_each(&mut row) } else { (0..area.height).for_each(&mut row) }
    }

    /// A row of `area`; empty beyond the edge.
    fn row_of(&mut self, area: Area, y: u16) -> &mut [u32] {
        let begin = usize::from(area.y + y) * usize::from(self.width) + usize::from(area.x);
        self.pixels.get_mut(begin..begin + usize::from(area.width)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(x: u16, y: u16, width: u16, height: u16) -> Area {
        Area { x, y, width, height }
    }

    #[test]
    fn a_screen_has_bounds() {
        assert!(Frame::new(4096, 2304).is_some() && Frame::new(0, 0).is_some());
        for (width, height) in [(8193, 1), (1, 8193), (4096, 2305), (65535, 65535)] {
            assert!(Frame::new(width, height).is_none());
        }
        let frame = Frame::new(10, 5).unwrap();
        assert!(frame.holds(area(9, 4, 1, 1)) && frame.holds(area(10, 5, 0, 0)));
        assert!(!frame.holds(area(9, 4, 2, 1)) && !frame.holds(area(65535, 0, 65535, 1)));
    }

    #[test]
    fn copies_may_overlap() {
        for (from, to) in [((0, 0), (1, 1)), ((1, 1), (0, 0)), ((0, 1), (2, 1)), ((2, 1), (0, 1))] {
            let mut frame = Frame::new(6, 6).unwrap();
            frame.put(frame.area(), 0..36);
            let before = frame.clone();
            frame.copy(from.0, from.1, area(to.0, to.1, 4, 4));
            for y in 0..4 {
                for x in 0..4 {
                    assert_eq!(
                        frame.pixel(to.0 + x, to.1 + y),
                        before.pixel(from.0 + x, from.1 + y),
                        "{from:?} {to:?}"
                    );
                }
            }
        }
    }
}
