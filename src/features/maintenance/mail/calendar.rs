//! A calendar file as it is, without a mail around it: who organizes it stands for the sender.

use chrono::{DateTime, NaiveDateTime, Utc};
use icalendar::parser::unfold;

use super::envelope::bounded;
use super::part::{Kind, Part};
use super::{Mail, charset};
use crate::features::maintenance::model::Envelope;

/// How every calendar begins.
const BEGINNING: &[u8] = b"BEGIN:VCALENDAR";
/// The mark of a text in UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether `raw` is a calendar and no mail.
pub(crate) fn is_one(raw: &[u8]) -> bool {
    let text = raw.strip_prefix(MARK).unwrap_or(raw).trim_ascii_start();
    text.get(..BEGINNING.len()).is_some_and(|start| start.eq_ignore_ascii_case(BEGINNING))
}

/// The calendar as a mail that has nothing else.
pub(super) fn read(raw: &[u8]) -> Mail {
    let envelope = envelope(raw);
    let senders = Some(envelope.sender.clone()).filter(|sender| !sender.is_empty()).into_iter().collect();
    Mail { envelope, parts: vec![Part::from_file(Kind::Ical, raw.to_vec())], senders, ..Mail::default() }
}

/// A calendar with maintenance properties that stands somewhere in a text: below a greeting, or quoted. Without what is before
/// each of its lines.
pub(super) fn inside(text: &str) -> Option<String> {
    let (start, end) = span(text)?;
    let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let quotation = text.get(line..start)?;
    if !quotation.chars().all(|c| matches!(c, '>' | '|') || c.is_whitespace()) {
        return None;
    }
    let bare = |line: &str| line.strip_prefix(quotation).map_or_else(|| cut_quotation(line, quotation), str::to_owned);
    let lines = text.get(line..end)?.lines().map(bare);
    Some(without_wraps(lines, quotation.contains('>')).join("\r\n"))
}

/// The lines of a calendar as they were before a mail program wrapped those that were too long for it. A calendar's own
/// folds stay; its programs take them out.
fn without_wraps(lines: impl Iterator<Item = String>, is_quoted: bool) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    for line in lines {
        let is_wrapped = !line.trim().is_empty() && !line.starts_with([' ', '\t']) && !begins_property(&line);
        let Some(before) = whole.iter_mut().rfind(|line| is_wrapped && !line.trim().is_empty()) else {
            whole.push(line);
            continue;
        };
        // Some programs quote the rest of a line once more.
        let rest = if is_quoted { line.trim_start_matches(['>', ' ']) } else { &line };
        // The blank at which it was wrapped is left where the text is flowed (RFC 3676), and gone otherwise.
        if !before.ends_with(' ') {
            before.push(' ');
        }
        before.push_str(rest);
    }
    whole
}

/// Whether a line is the beginning of a property: a name before a colon or before parameters. An address or a remark with a
/// colon in it is the rest of a line.
fn begins_property(line: &str) -> bool {
    let (name, rest) = line.split_at(line.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(line.len()));
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let has_parameter = || rest.starts_with(';') && rest.contains('=');
    // "Impact: none" is more likely said than "SUMMARY: none".
    let is_remark =
        rest.starts_with("://") || (rest.starts_with(": ") && name.contains(|c: char| c.is_ascii_lowercase()));
    is_name && (rest.starts_with(':') && !is_remark || has_parameter())
}

/// The same in a page: in preformatted text, where line ends and blanks count as they do in a calendar, or on lines that are
/// elements of their own or end with `<br>`.
pub(super) fn inside_page(html: &str) -> Option<String> {
    let (start, end) = span(html)?;
    let before = html.get(..start)?.to_ascii_lowercase();
    let preformatted = before.rfind("<pre").filter(|at| before.rfind("</pre").is_none_or(|end| end < *at));
    let Some(at) = preformatted else {
        let found = inside(&shown_lines(html.get(..end)?))?;
        // Otherwise all of it would be on one line.
        let begins_alone = found.lines().next()?.trim().as_bytes().eq_ignore_ascii_case(BEGINNING);
        return begins_alone.then_some(found);
    };
    let begin = at + before.get(at..)?.find('>')? + 1;
    inside(&without_tags(html.get(begin..end)?))
}

/// From where to where a text has calendars with maintenance properties.
fn span(text: &str) -> Option<(usize, usize)> {
    const END: &[u8] = b"END:VCALENDAR";
    const PROPERTY: &[u8] = b"X-MAINTNOTE-";
    let upper = text.to_ascii_uppercase();
    let start = memchr::memmem::find(upper.as_bytes(), BEGINNING)?;
    let end = memchr::memmem::rfind(upper.as_bytes(), END)? + END.len();
    memchr::memmem::find(upper.as_bytes().get(start..end)?, PROPERTY)?;
    Some((start, end))
}

/// A line that is not quoted to the letter as the first one is: mail programs cut the blanks at the ends of lines.
fn cut_quotation(line: &str, quotation: &str) -> String {
    let bare = line.strip_prefix(quotation.trim_end()).filter(|_| !quotation.trim_end().is_empty());
    bare.unwrap_or(line).to_owned()
}

/// Preformatted text of a page, with its elements left out and its signs written out.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for (before, tag) in pieces(html) {
        text.push_str(before);
        let name = tag.trim_start_matches(['<', '/']).to_ascii_lowercase();
        // Line ends of programs that set each line in an element of its own.
        if name.starts_with("br") || (tag.starts_with("</") && (name.starts_with("div") || name.starts_with('p'))) {
            text.push('\n');
        }
    }
    with_signs(text)
}

/// Text of a page as it is shown, but for blanks at the beginnings of lines, which a calendar needs: a line end of the source is
/// a blank, and elements that are lines of their own end lines.
fn shown_lines(html: &str) -> String {
    const LINES: [&str; 12] =
        ["br", "p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "section", "article", "pre"];
    let mut text = String::with_capacity(html.len());
    // Whether the last blank was a line end of the source.
    let mut is_wrapped = false;
    for (before, tag) in pieces(html) {
        let mut lines = before.split('\n').map(|line| line.trim_end_matches('\r'));
        text.push_str(lines.next().unwrap_or_default());
        is_wrapped &= before.is_empty();
        for line in lines {
            if text.is_empty() || text.ends_with('\n') || text.trim_end_matches(' ').ends_with('\n') {
                text.truncate(text.trim_end_matches(' ').len());
                text.push_str(line);
            } else {
                text.push(' ');
                text.push_str(line.trim_start());
            }
            is_wrapped = line.trim().is_empty();
        }
        let name = tag.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next();
        if !LINES.iter().any(|line| name.is_some_and(|name| name.eq_ignore_ascii_case(line))) {
            continue;
        }
        if is_wrapped {
            text.truncate(text.trim_end_matches(' ').len());
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    with_signs(text)
}

/// Each text of a page with the tag behind it; behind the last one there is none.
fn pieces(html: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = Some(html);
    std::iter::from_fn(move || {
        let (before, tag) = rest.map(|rest| rest.split_at(rest.find('<').unwrap_or(rest.len())))?;
        let (tag, after) = tag.split_at(tag.find('>').map_or(tag.len(), |end| end + 1));
        rest = Some(after).filter(|_| !tag.is_empty());
        Some((before, tag))
    })
}

/// A text with what stands for signs written out.
fn with_signs(text: String) -> String {
    const SIGNS: [(&str, &str); 8] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("\u{a0}", " "),
        ("&amp;", "&"),
    ];
    SIGNS.iter().fold(text, |text, (sign, letter)| text.replace(sign, letter))
}

/// What its first event says of itself.
pub(super) fn envelope(raw: &[u8]) -> Envelope {
    let text = unfold(&charset::decode(raw, None, Kind::Ical));
    let first = |name: &str| text.lines().find_map(|line| value(line, name)).unwrap_or_default();
    Envelope {
        message_id: None,
        sender: bounded(address(first("ORGANIZER"))).to_lowercase(),
        subject: bounded(&plain(first("SUMMARY"))),
        date: stamp(first("DTSTAMP")),
    }
}

/// What a line says if it is the property of this name.
fn value<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let rest = line.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).and(line.get(name.len()..))?;
    if !rest.starts_with([':', ';']) {
        return None;
    }
    // A parameter may have a colon between quotes.
    let mut is_quoted = false;
    let colon = rest.char_indices().find_map(|(at, c)| {
        is_quoted ^= c == '"';
        (c == ':' && !is_quoted).then_some(at + 1)
    });
    colon.and_then(|at| rest.get(at..)).map(str::trim)
}

/// An address without what says that it is one.
fn address(value: &str) -> &str {
    const SCHEME: &str = "mailto:";
    let has_scheme = value.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME));
    let address = if has_scheme { value.get(SCHEME.len()..).unwrap_or_default() } else { value };
    if address.contains('@') { address } else { "" }
}

/// A text without its escapes (RFC 5545, 3.3.11).
fn plain(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next().map(|escaped| if matches!(escaped, 'n' | 'N') { ' ' } else { escaped })),
            c => plain.push(c),
        }
    }
    plain
}

/// When it was made; always in UTC.
fn stamp(value: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_tells_who_sends_it_and_what_it_is_about() {
        let text = "\u{feff}\r\nbegin:vcalendar\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:Splicing\\, at\r\n \
                    \x20night\r\nORGANIZER;CN=\"NOC: Halcyon\":MAILTO:NOC@Halcyon.example\r\nDTSTAMP:20240110T093000Z\r\n";
        assert!(is_one(text.as_bytes()));
        let mail = read(text.as_bytes());
        assert_eq!(mail.senders, ["noc@halcyon.example"]);
        assert_eq!(mail.envelope.subject, "Splicing, at night");
        assert_eq!(mail.envelope.date, Some("2024-01-10T09:30:00Z".parse().unwrap()));
        assert_eq!(mail.parts.len(), 1);
    }

    #[test]
    fn a_calendar_below_a_greeting_quoted_or_preformatted_is_found_and_others_are_not() {
        let bare = "BEGIN:VCALENDAR\r\nX-MAINTNOTE-ACCOUNT:a & b <c>\r\nSUMMARY:Works at\r\n  night\r\nEND:VCALENDAR";
        let greeted = format!("Dear customer,\r\n\r\n{bare}\r\n\r\nRegards\r\n");
        assert_eq!(inside(&greeted).as_deref(), Some(bare));
        let quoted = greeted.lines().map(|line| format!("> {line}\n").replace("> \n", ">\n")).collect::<String>();
        assert_eq!(inside(&quoted).as_deref(), Some(bare));
        let escaped = bare.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert_eq!(inside_page(&format!("<p>Hi</p><pre class=x>{escaped}\r\n</pre>")).as_deref(), Some(bare));
        let lines = format!("<PRE><div>{}</div></PRE>", escaped.replace("\r\n", "<br>"));
        assert_eq!(inside_page(&lines).as_deref(), Some(bare));
        assert_eq!(inside_page(&format!("<pre>x</pre><p>{escaped}</p>")), None);
        for other in [bare.replace("X-MAINTNOTE-", "X-"), format!("as in {bare}"), bare.replace("END:VC", "E")] {
            assert_eq!(inside(&other), None, "{other}");
        }
    }

    #[test]
    fn a_calendar_whose_lines_are_elements_of_a_page_is_found() {
        let bare = "BEGIN:VCALENDAR\r\nX-MAINTNOTE-ACCOUNT:a & b <c>\r\nSUMMARY:Works at ni\r\n ght\r\nEND:VCALENDAR";
        let lines: Vec<String> = bare.lines().map(|line| line.replace('&', "&amp;").replace('<', "&lt;")).collect();
        let each =
            |before: &str, after: &str| lines.iter().fold(String::new(), |all, line| all + before + line + after);
        for page in [
            each("", "<br>"),
            each("", "<BR />\r\n"),
            each("", "\n<br>"),
            each("<p>", "</p>"),
            each("<p class=MsoNormal><span lang=EN-US>", "<o:p></o:p></span></p>\r\n\r\n"),
            each("<div>\n    ", "\n  </div>\n  "),
            each("<tr><td>", "</td></tr>"),
            each("<div>&gt; ", "</div>"),
            each("", "<br>").replace("<br> ght", "<br>&nbsp;ght"),
            each("", "<br>").replace("Works at", "Works\r\nat"),
        ] {
            let mail = format!("<html><body>\n<p>Dear customer,</p>\n{page}\n<p>Regards</p></body></html>");
            assert_eq!(inside_page(&mail).as_deref(), Some(bare), "{mail}");
        }
        assert_eq!(inside_page(&each("", " ")), None);
        assert_eq!(inside_page(&format!("<p>As in {}</p>", each("", "<br>"))), None);
    }

    #[test]
    fn a_line_that_a_mail_program_wrapped_is_whole_again() {
        let bare = "BEGIN:VCALENDAR\r\nX-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:LONG CIRCUIT ID 0815 AND MORE\r\n\
                    SUMMARY:Works at http://noc.example from\r\n  10:00 on\r\nORGANIZER;CN=\"NOC of Halcyon\":mailto:n@h.example\r\n\
                    END:VCALENDAR";
        let wraps = [
            ("ID 0815", "ID", "0815"),
            ("at http", "at", "http"),
            ("of Hal", "of", "Hal"),
            ("AND MORE", "AND", "MORE"),
        ];
        let wrapped = |between: &str| {
            wraps.iter().fold(bare.to_owned(), |text, (whole, before, after)| {
                text.replace(whole, &format!("{before}{between}{after}"))
            })
        };
        let quoted = |text: &str, sign: &str| text.lines().fold(String::new(), |all, line| all + sign + line + "\r\n");
        // The rest of a line without a quotation sign, with one, and with one more; flowed, or not.
        for between in ["\r\n", " \r\n"] {
            assert_eq!(inside(&wrapped(between)).as_deref(), Some(bare), "{between:?}");
            assert_eq!(inside(&quoted(&wrapped(between), "> ")).as_deref(), Some(bare), "{between:?}");
            assert_eq!(inside_page(&format!("<pre>{}</pre>", wrapped(between))).as_deref(), Some(bare), "{between:?}");
        }
        assert_eq!(inside(&quoted(&wrapped("\r\n> "), "> ")).as_deref(), Some(bare));
        let spaced = bare.replace("SUMMARY:Works", "SUMMARY: Works");
        assert_eq!(inside(&spaced).as_deref(), Some(&*spaced));
        assert_eq!(inside(&quoted(bare, "> ").replace("ID 0815", "ID\r\n0815")).as_deref(), Some(bare));
        // A calendar that is a part of its own says what it says.
        let raw = wrapped("\r\n");
        assert!(!read(raw.as_bytes()).parts[0].as_text().contains("0815 AND MORE"));
    }

    #[test]
    fn what_says_nothing_of_itself_is_one_still_and_a_mail_is_none() {
        let mail = read(b"BEGIN:VCALENDAR\nORGANIZER:Halcyon\nSUMMARYLESS:x\nDTSTAMP:20240110T093000\n");
        assert_eq!((mail.senders.len(), mail.envelope), (0, Envelope::default()));
        for other in ["", "Subject: BEGIN:VCALENDAR\n\nBEGIN:VCALENDAR\n", "BEGIN:VCARD\n"] {
            assert!(!is_one(other.as_bytes()), "{other}");
        }
    }
}
