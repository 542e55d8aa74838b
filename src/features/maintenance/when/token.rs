//! The pieces of a written date.

use chrono_tz::Tz;

use super::named_zone;
use super::names::{is_weekday, month};

/// Words between the pieces of a date that say nothing.
const FILLERS: [&str; 33] = [
    "m", "t", "st", "nd", "rd", "th", "at", "on", "of", "hr", "hrs", "hours", "um", "om", "den", "der", "le", "à",
    "er", "heures", "de", "del", "el", "las", "la", "horas", "il", "alle", "ore", "às", "as", "º", "ª",
];

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `14:00`, `14:00:30`
    Time(u32, u32, u32),
    /// The number before it is the hour, if nothing else is: `22 Uhr`, `22 h`.
    Hour,
    /// AM (`false`) or PM (`true`).
    Noon(bool),
    /// A month that is a word, 1 to 12.
    Month(u32),
    /// `31/12/2026`, `2026-12-31`, `31.12.26`: value and number of digits of the outer ones.
    Triple((u32, usize), u32, (u32, usize)),
    /// A number by itself and how many digits it has.
    Number(u32, usize),
    /// Seconds east of UTC.
    Offset(i32),
    /// Letters of a zone; `UTC` for everything that means UTC.
    Zone(String),
    /// The IANA name of a zone.
    Named(Tz),
}

/// Cuts `text` into pieces.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut scanner = Scanner { rest: text, found: Vec::with_capacity(8) };
    while let Some(c) = scanner.rest.chars().next() {
        match c {
            '0'..='9' => scanner.number()?,
            '+' | '-' => scanner.sign()?,
            c if c.is_alphabetic() => scanner.word()?,
            c if c.is_whitespace() || matches!(c, ',' | '.' | '/' | '(' | ')' | ':' | ';' | '–' | '|' | '°') => {
                scanner.skip(c.len_utf8());
            }
            _ => return Err("it holds signs that no date has"),
        }
    }
    Ok(scanner.found)
}

/// Goes through a text.
struct Scanner<'t> {
    /// What is left.
    rest: &'t str,
    /// What was found.
    found: Vec<Token>,
}

impl<'t> Scanner<'t> {
    /// Leaves `bytes` out.
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Takes the digits that come next: their value and how many.
    fn digits(&mut self) -> Result<(u32, usize), &'static str> {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let digits = self.rest.get(..count).unwrap_or_default();
        self.skip(count);
        digits.parse().map(|value| (value, count)).map_err(|_| "a number is missing or too large")
    }

    /// Takes `separator` if a digit follows it.
    fn separator(&mut self, separator: char) -> bool {
        let mut next = self.rest.chars();
        let found = next.next() == Some(separator) && next.next().is_some_and(|c| c.is_ascii_digit());
        if found {
            self.skip(1);
        }
        found
    }

    /// A time, a date or a number.
    fn number(&mut self) -> Result<(), &'static str> {
        let first = self.digits()?;
        // "22:00", "22h00"
        if self.separator(':') || self.separator('h') || self.separator('H') {
            return self.time(first.0);
        }
        for separator in ['/', '-', '.'] {
            if !self.separator(separator) {
                continue;
            }
            let second = self.digits()?;
            if !self.separator(separator) {
                return Err("it has two numbers of a date of three");
            }
            let third = self.digits()?;
            self.found.push(Token::Triple(first, second.0, third));
            return Ok(());
        }
        // 20261231T235900Z
        if first.1 == 8 {
            let (year, month, day) = (first.0 / 10_000, first.0 / 100 % 100, first.0 % 100);
            self.found.push(Token::Triple((year, 4), month, (day, 2)));
        } else {
            self.found.push(Token::Number(first.0, first.1));
        }
        Ok(())
    }

    /// The rest of a time after its hour.
    fn time(&mut self, hour: u32) -> Result<(), &'static str> {
        let minute = self.digits()?.0;
        let second = if self.separator(':') { self.digits()?.0 } else { 0 };
        if self.separator('.') {
            // Fractions of a second; more digits than a number holds are still only a fraction.
            let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
            self.skip(count);
        }
        self.found.push(Token::Time(hour, minute, second));
        Ok(())
    }

    /// An offset from UTC, or a dash between words.
    fn sign(&mut self) -> Result<(), &'static str> {
        let sign = if self.rest.starts_with('-') { -1 } else { 1 };
        self.skip(1);
        let follows = self.rest.starts_with(|c: char| c.is_ascii_digit());
        let after = match self.found.last() {
            Some(Token::Time(..) | Token::Noon(_)) => true,
            Some(Token::Zone(letters)) => letters == "UTC",
            _ => false,
        };
        if !follows || !after {
            return Ok(());
        }
        let (value, count) = self.digits()?;
        let (hours, minutes) = match count {
            1 | 2 if self.separator(':') => (value, self.digits()?.0),
            1 | 2 => (value, 0),
            4 => (value / 100, value % 100),
            _ => return Err("its offset from UTC has the wrong length"),
        };
        let seconds = i32::try_from(hours * 3600 + minutes * 60).map_err(|_| "its offset from UTC is out of range")?;
        if hours > 15 || minutes > 59 {
            return Err("its offset from UTC is out of range");
        }
        self.found.push(Token::Offset(sign * seconds));
        Ok(())
    }

    /// A month, a weekday, a zone or a word of no meaning.
    fn word(&mut self) -> Result<(), &'static str> {
        if let Some(zone) = self.zone_name() {
            self.found.push(Token::Named(zone));
            return Ok(());
        }
        let count = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let word: &'t str = self.rest.get(..count).unwrap_or_default();
        self.skip(count);
        let lower = word.to_lowercase();
        let token = match lower.as_str() {
            // "a las 22:00"
            "a" if self.rest.trim_start().starts_with("la") => return Ok(()),
            "am" | "a" => Token::Noon(false),
            "pm" | "p" => Token::Noon(true),
            word if FILLERS.contains(&word) => return Ok(()),
            "h" | "uhr" => Token::Hour,
            "z" | "utc" | "gmt" | "ut" => Token::Zone("UTC".to_owned()),
            "greenwich" | "mean" | "time" | "coordinated" | "universal" => return self.long_zone(&lower),
            _ => match month(&lower) {
                Some(month) => Token::Month(month),
                None if is_weekday(&lower) => return Ok(()),
                None if (2..=5).contains(&word.len()) && word.chars().all(|c| c.is_ascii_uppercase()) => {
                    Token::Zone(word.to_owned())
                }
                None => return Err("it holds words that no date has"),
            },
        };
        self.found.push(token);
        Ok(())
    }

    /// Takes the IANA name of a zone, `America/Port-au-Prince`, if it comes next.
    fn zone_name(&mut self) -> Option<Tz> {
        let is_in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
        let count = self.rest.find(|c: char| !is_in_name(c)).unwrap_or(self.rest.len());
        let zone = self.rest.get(..count).filter(|name| name.contains('/')).and_then(named_zone)?;
        self.skip(count);
        Some(zone)
    }

    /// "Greenwich Mean Time" and "Coordinated Universal Time", word by word: the last word closes them.
    fn long_zone(&mut self, word: &str) -> Result<(), &'static str> {
        let means_utc = matches!(word, "greenwich" | "coordinated");
        let follows = self.found.last() == Some(&Token::Zone("UTC".to_owned()));
        if means_utc {
            self.found.push(Token::Zone("UTC".to_owned()));
        }
        if means_utc || follows { Ok(()) } else { Err("it holds words that no date has") }
    }
}
