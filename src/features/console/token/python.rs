//! Texts, JSON and claims as Python and its `PyJWT` read them: with that library proxies check tokens, and what they take
//! is looser than what the specifications allow.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// More machines than any lab has.
const MOST_MACHINES: usize = 1000;
/// Reads base64url also where the last letter has bits that stand for nothing.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// What a claim says of a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Time {
    /// Nothing: it is not there.
    None,
    /// This. What is beyond all calendars is at their end.
    At(DateTime<Utc>),
    /// What the proxy takes for no time.
    Senseless,
}

impl Time {
    /// Of a claim, in seconds since 1970, as the library reads it that proxies check tokens with: `PyJWT` has Python make a whole
    /// number of it, which takes fractions, texts with a whole number in them, and truth for 1, and nothing else.
    pub(super) fn of(claim: Option<&Value>) -> Self {
        let at = match claim {
            None => return Self::None,
            Some(Value::Bool(one)) => Some(f64::from(u8::from(*one))),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => whole_number(text),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) => None,
        };
        at.map_or(Self::Senseless, |seconds| Self::At(time_of(seconds)))
    }

    /// When, where it says so.
    pub(super) fn at(self) -> Option<DateTime<Utc>> {
        if let Self::At(at) = self { Some(at) } else { None }
    }
}

/// The whole number in a text, as Python reads it: blanks around it, a sign, and single underscores between digits.
fn whole_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    text.replace('_', "").parse().ok().filter(|_| is_number)
}

/// The machines that a claim names and, where it is one text, that text: proxies ask Python whether a name is `in` it.
pub(super) fn machines_of(claim: Option<&Value>) -> (Vec<String>, Option<String>) {
    let most = |names: &mut dyn Iterator<Item = &str>| names.take(MOST_MACHINES).map(str::to_owned).collect();
    match claim {
        Some(Value::Array(names)) => (most(&mut names.iter().filter_map(Value::as_str)), None),
        Some(Value::Object(names)) => (most(&mut names.keys().map(String::as_str)), None),
        Some(Value::String(text)) if text.is_empty() => (Vec::new(), None),
        Some(Value::String(text)) => (vec![text.clone()], Some(text.clone())),
        Some(Value::Null | Value::Bool(_) | Value::Number(_)) | None => (Vec::new(), None),
    }
}

/// A part of a token, as the library reads it that proxies check tokens with: it fills the part up with `=` to a multiple of
/// four, and has Python decode it, which takes both alphabets, passes over what is in neither, and ends at a padding.
pub(super) fn decode(part: &str) -> Option<Vec<u8>> {
    let filling = "===".get(..(4 - part.len() % 4) % 4)?;
    let (mut letters, mut padding) = (String::with_capacity(part.len()), 0);
    for letter in part.chars().chain(filling.chars()) {
        if letter == '=' && letters.len() % 4 >= 2 {
            padding += 1;
            if letters.len() % 4 + padding >= 4 {
                return LENIENT.decode(letters).ok();
            }
        }
        let letter = match letter {
            '+' => '-',
            '/' => '_',
            letter => letter,
        };
        if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') {
            letters.push(letter);
            padding = 0;
        }
    }
    LENIENT.decode(&letters).ok().filter(|_| letters.len().is_multiple_of(4))
}

/// JSON as Python reads it, which knows `NaN` and `Infinity` as well, and takes what is too large for the latter: nothing that
/// makes sense here, like `null`.
pub(super) fn read_json(json: &[u8]) -> Option<Value> {
    serde_json::from_slice(json).ok().or_else(|| {
        let text = std::str::from_utf8(json).ok()?;
        let (mut sound, mut chars) = (String::with_capacity(text.len()), text.chars());
        let (mut is_text, mut is_escaped) = (false, false);
        loop {
            let rest = chars.as_str();
            let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| !is_text && rest.starts_with(word));
            if let Some(rest) = word.and_then(|word| rest.strip_prefix(word)) {
                sound.push_str("null");
                chars = rest.chars();
                continue;
            }
            let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
            let number =
                rest.get(..end).filter(|it| !is_text && it.starts_with(|c: char| c == '-' || c.is_ascii_digit()));
            if let Some(number) = number {
                let is_beyond = number.parse::<f64>().is_ok_and(f64::is_infinite);
                sound.push_str(if is_beyond { "null" } else { number });
                chars = rest.get(end..).unwrap_or_default().chars();
                continue;
            }
            let Some(c) = chars.next() else { break };
            is_text ^= c == '"' && !is_escaped;
            is_escaped = c == '\\' && is_text && !is_escaped;
            sound.push(c);
        }
        serde_json::from_str(&sound).ok()
    })
}

/// A claim as text: ids are numbers or texts.
pub(super) fn text_of(claim: Option<&Value>) -> String {
    match claim {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A time as seconds since 1970, also with a fraction. One beyond all calendars is at their end.
fn time_of(seconds: f64) -> DateTime<Utc> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what does not fit is beyond all calendars, as its neighbours are"
    )]
    let milliseconds = (seconds * 1000.0) as i64;
    let beyond = if seconds < 0.0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp_millis(milliseconds).unwrap_or(beyond)
}
