//! Which colours a program has sent, out of all that it wrote.

/// How many colours a program has made use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Colours {
    /// None.
    None,
    /// Some of the sixteen.
    Sixteen,
    /// One of the 256 beyond the sixteen.
    TwoFiftySix,
    /// One in 24 bits.
    TrueColour,
}

/// The most that `written` makes use of.
pub(crate) fn sent_in(written: &[u8]) -> Colours {
    let text = String::from_utf8_lossy(written);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| rest.split_once('m'));
    let codes = sequences.filter(|(codes, _)| codes.bytes().all(|byte| byte.is_ascii_digit() || b";:".contains(&byte)));
    codes.map(|(codes, _)| of_codes(codes)).max().unwrap_or(Colours::None)
}

/// What one change of the pen makes use of.
fn of_codes(codes: &str) -> Colours {
    let mut most = Colours::None;
    let mut numbers = codes.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or_default());
    while let Some(number) = numbers.next() {
        let used = match number {
            30..=37 | 40..=47 | 90..=97 | 100..=107 => Colours::Sixteen,
            38 | 48 | 58 => match (numbers.next(), numbers.next()) {
                (Some(5), Some(0..16)) => Colours::Sixteen,
                (Some(5), _) => Colours::TwoFiftySix,
                (Some(2), _) => {
                    numbers.by_ref().take(2).for_each(drop);
                    Colours::TrueColour
                }
                _ => Colours::None,
            },
            _ => Colours::None,
        };
        most = most.max(used);
    }
    most
}
