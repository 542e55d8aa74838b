//! What is asked for and in which portions; no I/O.

use std::cmp::Reverse;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::login::quoted;
use crate::config::Wanted;

/// Mails whose sizes are asked for at once.
pub(super) const LISTED: usize = 2_000;
/// Mails that are fetched with one command at most,
const FETCHED: usize = 100;
/// and bytes, by the sizes that the server tells.
const FETCHED_BYTES: u64 = 4 << 20;
/// Characters of a set of numbers: some servers cut lines at 8 KB.
const SET_CHARS: usize = 1_000;
/// Senders in one search. For more, all mails of the time are listed and chosen from by their headers here.
const SEARCHED: usize = 50;
/// Of a mail that is larger than wanted so much is fetched: what is read of a notification stands at its beginning.
pub(super) const BEGINNING: u64 = 256 << 10;

/// How far ahead of the clock a bookmark may be: less than what [`since`] goes back beyond what is wanted.
const AHEAD_S: i64 = 3_600;

/// How far a folder was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bookmark {
    /// The `UIDVALIDITY` under which the numbers hold.
    pub(super) validity: u32,
    /// Every mail up to this number is done.
    pub(super) done: u32,
    /// When the folder was read to its end, in seconds since 1970: should the numbers not hold any more, nothing before
    /// this is missing.
    pub(super) at: i64,
    /// How often the folder has given numbers again under this `UIDVALIDITY` that other mails had: a backup was put back.
    #[serde(default)]
    pub(super) era: u32,
}

impl Bookmark {
    /// Whether it was put by a clock that was ahead: what counted as too old then may not be.
    pub(super) fn is_ahead(self, now: DateTime<Utc>) -> bool {
        self.at > now.timestamp() + AHEAD_S
    }

    /// As it is kept.
    pub(super) fn text(self) -> String {
        serde_json::to_string(&self).unwrap_or_default()
    }

    /// As it was kept; `None` where it cannot be read, and everything is looked at again.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// A mail that may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its number in the folder.
    pub(super) uid: u32,
    /// Its bytes, as the server tells.
    pub(super) size: u64,
    /// When it was delivered.
    pub(super) delivered: Option<DateTime<Utc>>,
}

/// The day from which on a folder is searched when nothing is known of it: as far back as is wanted, or as far as it was
/// not read. One day more, since servers compare dates in a zone of their own.
pub(super) fn since(wanted: &Wanted, kept: Option<Bookmark>, now: DateTime<Utc>) -> Option<NaiveDate> {
    let wanted = now.checked_sub_days(Days::new(u64::from(wanted.since_days?)))?;
    let read_until = kept.and_then(|kept| DateTime::from_timestamp(kept.at, 0));
    let from = read_until.map_or(wanted, |read| read.min(wanted));
    from.date_naive().pred_opt()
}

/// The conditions of a search, each with a blank before it. Only those that a server can decide better than not at all:
/// what it finds is a part of what it has, and chosen from again.
pub(super) fn conditions(wanted: &Wanted, since: Option<NaiveDate>) -> String {
    // RFC 9051 §9, `date`: English months, whatever the locale.
    let mut text = since.map_or_else(String::new, |day| format!(" SINCE {}", day.format("%-d-%b-%Y")));
    if let [others @ .., last] = wanted.senders.as_slice()
        && wanted.senders.len() <= SEARCHED
    {
        let term = |sender: &String| {
            if wanted.sender_header.eq_ignore_ascii_case("From") {
                format!(" FROM {}", quoted(sender))
            } else {
                format!(" HEADER {} {}", wanted.sender_header, quoted(sender))
            }
        };
        // OR has two operands and stands before them.
        for sender in others {
            text.push_str(" OR");
            text.push_str(&term(sender));
        }
        text.push_str(&term(last));
    }
    text
}

/// Whether somebody wants the mails of these headers.
pub(in crate::features::maintenance::source) fn is_wanted(wanted: &Wanted, headers: &[u8]) -> bool {
    if wanted.senders.is_empty() {
        return true;
    }
    let Some(message) = mail_parser::MessageParser::default().parse_headers(headers) else { return false };
    let mut addresses: Vec<String> = Vec::new();
    for header in message.headers() {
        if let Some(address) = header.value.as_address() {
            addresses.extend(address.iter().filter_map(|one| one.address()).map(str::to_ascii_lowercase));
        } else if let Some(text) = header.value.as_text() {
            // Headers that the parser does not know to hold addresses.
            let words = text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"'));
            addresses.extend(words.filter(|word| word.contains('@')).map(str::to_ascii_lowercase));
        }
    }
    addresses.iter().any(|address| {
        let domain = address.rfind('@').and_then(|at| address.get(at..)).unwrap_or_default();
        wanted.senders.iter().any(|sender| sender == address || sender == domain)
    })
}

/// Sets of numbers as IMAP writes them, none too long for a line: `1:20,25`. The numbers have to be sorted, either way.
pub(super) fn sets(uids: &[u32]) -> Vec<String> {
    let mut sorted = uids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in sorted {
        match ranges.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(uid) => *end = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let mut sets: Vec<String> = Vec::new();
    for (from, to) in ranges {
        let range = if from == to { from.to_string() } else { format!("{from}:{to}") };
        match sets.last_mut() {
            Some(set) if set.len() + range.len() < SET_CHARS => {
                set.push(',');
                set.push_str(&range);
            }
            _ => sets.push(range),
        }
    }
    sets
}

/// Portions that are fetched with one command each, the newest first, and in each the oldest first: of what was sent
/// together the announcement comes before its update.
pub(super) fn portions(mut mails: Vec<Listed>, largest: u64) -> Vec<Vec<Listed>> {
    mails.sort_unstable_by_key(|mail| Reverse(mail.uid));
    let mut portions: Vec<Vec<Listed>> = Vec::new();
    let (mut bytes, mut is_cut) = (0, false);
    for mail in mails {
        // Those of which only the beginning is wanted are asked for in another way.
        let cut = mail.size > largest;
        let size = if cut { BEGINNING } else { mail.size };
        match portions.last_mut() {
            Some(portion) if portion.len() < FETCHED && bytes + size <= FETCHED_BYTES && cut == is_cut => {
                portion.push(mail);
            }
            _ => {
                portions.push(vec![mail]);
                bytes = 0;
            }
        }
        bytes += size;
        is_cut = cut;
    }
    for portion in &mut portions {
        portion.reverse();
    }
    portions
}

/// Smaller portions of one that could not be had whole: few questions find a mail among many.
pub(super) fn pieces<T>(mut mails: Vec<T>) -> Vec<Vec<T>> {
    /// How many.
    const PIECES: usize = 16;
    let most = mails.len().div_ceil(PIECES).max(1);
    let mut pieces = Vec::new();
    while !mails.is_empty() {
        let rest = mails.split_off(most.min(mails.len()));
        pieces.push(std::mem::replace(&mut mails, rest));
    }
    pieces
}

/// An `INTERNALDATE`: `17-Jul-1996 02:44:25 -0700`.
pub(super) fn delivered(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text.trim(), "%d-%b-%Y %H:%M:%S %z").ok().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(header: &str, senders: &[&str]) -> Wanted {
        let senders = senders.iter().map(|sender| (*sender).to_owned()).collect();
        Wanted { since_days: Some(30), max_size_bytes: 1 << 20, sender_header: header.to_owned(), senders }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_220_000, 0).unwrap()
    }

    fn listed(uid: u32, size: u64) -> Listed {
        Listed { uid, size, delivered: None }
    }

    #[test]
    fn a_search_names_a_day_in_english_and_every_sender() {
        let day = since(&wanted("From", &[]), None, now());
        assert_eq!(conditions(&wanted("From", &[]), day), " SINCE 21-Oct-2026");
        assert_eq!(conditions(&wanted("From", &["a@x.example"]), None), " FROM \"a@x.example\"");
        let three = wanted("X-Original-Sender", &["a@x.example", "@y.example", "b@x.example"]);
        assert_eq!(
            conditions(&three, None),
            " OR HEADER X-Original-Sender \"a@x.example\" OR HEADER X-Original-Sender \"@y.example\" \
             HEADER X-Original-Sender \"b@x.example\""
        );
        let many: Vec<String> = (0..51).map(|n| format!("{n}@x.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(conditions(&wanted("From", &many), day), " SINCE 21-Oct-2026");
    }

    #[test]
    fn a_folder_whose_numbers_changed_is_searched_from_where_it_was_read_to_its_end() {
        let read = |days: u64| Bookmark { validity: 1, done: 9, at: (now() - Days::new(days)).timestamp(), era: 0 };
        let day = |kept| since(&wanted("From", &[]), kept, now()).unwrap().to_string();
        assert_eq!(day(Some(read(2))), "2026-10-21");
        assert_eq!(day(Some(read(40))), "2026-10-11");
        let everything = Wanted { since_days: None, ..wanted("From", &[]) };
        assert_eq!(since(&everything, Some(read(40)), now()), None);
    }

    #[test]
    fn senders_are_compared_whole_in_every_header_that_came() {
        let headers = b"From: \"NOC, Isp\" <MR@Isp.example>\r\nX-Original-Sender: <noc@other.example>\r\n\r\n";
        for (sender, is_one) in [
            ("mr@isp.example", true),
            ("@isp.example", true),
            ("noc@other.example", true),
            ("r@isp.example", false),
            ("@sp.example", false),
        ] {
            assert_eq!(is_wanted(&wanted("From", &[sender]), headers), is_one, "{sender}");
        }
        assert!(is_wanted(&wanted("From", &[]), b""));
        assert!(!is_wanted(&wanted("From", &["a@x.example"]), b"\xff\xfe"));
    }

    #[test]
    fn numbers_in_a_row_are_one_range_and_lines_are_short() {
        assert_eq!(sets(&[3, 2, 1, 7, 9, 8, 20]), ["1:3,7:9,20"]);
        assert_eq!(sets(&[u32::MAX, 1]), [format!("1,{}", u32::MAX)]);
        let odd: Vec<u32> = (0..2_000).map(|n| n * 2 + 1_000_000).collect();
        let sets = sets(&odd);
        assert!(sets.len() > 10 && sets.iter().all(|set| set.len() <= SET_CHARS));
        assert_eq!(sets.join(",").split(',').count(), 2_000);
        assert_eq!(super::sets(&[]), [""; 0]);
    }

    #[test]
    fn portions_begin_with_the_newest_and_keep_to_their_bytes() {
        let mails: Vec<Listed> = (1..=250).map(|uid| listed(uid, 1_000)).collect();
        let portions = super::portions(mails, 10 << 20);
        let ends: Vec<(u32, u32)> = portions.iter().map(|part| (part[0].uid, part.last().unwrap().uid)).collect();
        assert_eq!(ends, [(151, 250), (51, 150), (1, 50)]);
        let large = [(1, 3 << 20), (2, 3 << 20), (3, 1 << 20), (4, 20 << 20), (5, 10)];
        let portions = super::portions(large.into_iter().map(|(uid, size)| listed(uid, size)).collect(), 10 << 20);
        let uids: Vec<Vec<u32>> = portions.iter().map(|part| part.iter().map(|mail| mail.uid).collect()).collect();
        assert_eq!(uids, [vec![5], vec![4], vec![2, 3], vec![1]]);
    }

    #[test]
    fn times_and_bookmarks_read_back() {
        assert_eq!(delivered("17-Jul-1996 02:44:25 -0700").unwrap().to_rfc3339(), "1996-07-17T09:44:25+00:00");
        assert_eq!(delivered(" 1-Jul-1996 02:44:25 +0000").unwrap().to_rfc3339(), "1996-07-01T02:44:25+00:00");
        assert_eq!(delivered("yesterday"), None);
        let bookmark = Bookmark { validity: 7, done: 42, at: 1, era: 0 };
        assert_eq!(Bookmark::read(&bookmark.text()), Some(bookmark));
        assert_eq!(Bookmark::read("nonsense"), None);
    }
}
