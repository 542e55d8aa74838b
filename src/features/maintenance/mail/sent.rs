//! When a mail was sent that somebody forwarded as text: its headers stand above it in the body, in the language of the mail
//! program and by the clock of whoever forwarded it.

use chrono::{DateTime, Days, FixedOffset, Utc};

use super::layers::{Line, kinds, unquoted};
use super::part::{Kind, Part};
use crate::features::maintenance::when::{self, Mark, Order, Repeated};

/// What mail programs write before the date of a mail that they quote, in lower case.
#[rustfmt::skip]
const DATES: [&str; 32] = [
    "sent", "date", "gesendet", "datum", "envoyé", "inviato", "data", "verzonden", "enviado", "enviada", "enviado el",
    "enviada em", "fecha", "skickat", "sendt", "dato", "lähetetty", "päivämäärä", "wysłano", "odesláno", "elküldve", "dátum",
    "отправлено", "дата", "gönderildi", "tarih", "sent at", "στάλθηκε", "发送时间", "日期", "送信日時", "日付",
];
/// The only one before the sender in English, where 3/4 may be of March or of April.
const ENGLISH: &str = "from";
/// Earlier ones are of a broken clock: 1995-01-01.
const PLAUSIBLE: i64 = 788_918_400;

/// When the mail was sent whose headers stand above a layer of a body, of which `part` has nothing else; the newest where there
/// are several. `None` where one of them does not say it, or not without doubt. `outer` is the date of the mail that quotes it:
/// nothing in it is newer, and its zone is that of a date that names none.
pub(super) fn sent(part: &Part, outer: DateTime<FixedOffset>) -> Option<DateTime<Utc>> {
    let lines: Vec<&str> = match part.kind() {
        Kind::Text => part.as_text().lines().map(|line| unquoted(line).1).filter(|line| !line.is_empty()).collect(),
        Kind::Html => (0..part.page().len()).map(|line| part.page().line(line).trim()).collect(),
        Kind::Ical | Kind::Subject | Kind::Date | Kind::Csv | Kind::Xlsx => return None,
    };
    let kinds = kinds(&lines);
    let mut mails: Vec<Option<DateTime<Utc>>> = Vec::new();
    let mut is_fresh = false;
    for (at, kind) in kinds.iter().enumerate() {
        match kind {
            Line::Text => is_fresh = false,
            Line::Head => {}
            Line::Begin => {
                if !is_fresh {
                    mails.push(None);
                }
                is_fresh = true;
                let heads = kinds.iter().skip(at + 1).take_while(|kind| **kind == Line::Head).count();
                let block = lines.get(at..=at + heads).unwrap_or_default();
                // Of several without a word between them, the last is of the mail that follows.
                if let (Some(last), Some(date)) = (mails.last_mut(), date(block)) {
                    *last = read(date, is_english(block), outer);
                }
            }
        }
    }
    mails.into_iter().collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The name and the value of a header, as far as the line has them; some programs set names in asterisks.
fn header(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.trim_start_matches('*').split_once([':', '：'])?;
    Some((name.trim_matches(['*', ' ', '\u{a0}']).to_lowercase(), value.trim_matches(['*', ' ', '\u{a0}'])))
}

/// What is said of the date in the headers of a mail.
fn date<'l>(block: &[&'l str]) -> Option<&'l str> {
    let (at, value) = block.iter().enumerate().find_map(|(at, line)| {
        let (name, value) = header(line)?;
        DATES.contains(&&*name).then_some((at, value))
    })?;
    // In a table the value may be a line of its own.
    if value.is_empty() { block.get(at + 1).copied() } else { Some(value) }
}

/// Whether the headers of a mail are in English.
fn is_english(block: &[&str]) -> bool {
    block.iter().filter_map(|line| header(line)).any(|(name, _)| name == ENGLISH)
}

/// A date as a mail program writes it; `None` where it may be several.
fn read(date: &str, is_english: bool, outer: DateTime<FixedOffset>) -> Option<DateTime<Utc>> {
    let text = plain(date);
    let bytes = text.as_bytes();
    let has_dots = bytes.windows(3).any(|at| matches!(at, [b'0'..=b'9', b'.', b'0'..=b'9']));
    let orders: &[Order] =
        if is_english && !has_dots { &[Order::MonthFirst, Order::DayFirst] } else { &[Order::DayFirst] };
    let latest = outer.to_utc().checked_add_days(Days::new(1))?;
    let mut found: Vec<DateTime<Utc>> = orders.iter().filter_map(|order| instant(&text, *order, outer)).collect();
    found.retain(|at| *at <= latest && at.timestamp() > PLAUSIBLE);
    found.dedup();
    match found.as_slice() {
        [only] => Some((*only).min(outer.to_utc())),
        _ => None,
    }
}

/// A date without what programs set around it.
fn plain(date: &str) -> String {
    let date: String = date.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let date = date.replace("(s)", "s").replace(" h ", "h");
    let Some((before, within)) = date.split_once('(') else { return date };
    // "(UTC+01:00) Amsterdam, Berlin" tells the zone; "+0100 (CET)" has told it already.
    let zone = within.split(')').next().unwrap_or_default();
    let is_told = ["UTC", "GMT"].iter().any(|word| zone.starts_with(word)) && !before.contains(['+', 'Z']);
    if is_told { format!("{before}{zone}") } else { before.to_owned() }
}

/// One reading of a date. Letters that are more than one zone's are those of the clock of whoever forwarded it.
fn instant(text: &str, order: Order, outer: DateTime<FixedOffset>) -> Option<DateTime<Utc>> {
    // Without a time, it may be before or after another of that day.
    let has_time = text.as_bytes().windows(2).any(|at| matches!(at, [b'0'..=b'9', b':' | b'h']));
    let written = when::read(text, order).ok().filter(|_| has_time)?;
    let local = written.local(None, text).ok()?;
    let offset = match &written.zone {
        Some(Mark::Named(zone)) => return when::in_zone(local, *zone, Repeated::Standard, text).ok(),
        Some(Mark::Offset(seconds)) => Some(*seconds),
        Some(Mark::Letters(letters)) => match letters.as_str() {
            "WET" => Some(0),
            "CET" | "MEZ" | "WEST" => Some(3600),
            "CEST" | "MESZ" | "EET" => Some(2 * 3600),
            "EEST" => Some(3 * 3600),
            "EDT" => Some(-4 * 3600),
            "EST" | "CDT" => Some(-5 * 3600),
            "MDT" => Some(-6 * 3600),
            "PDT" => Some(-7 * 3600),
            "PST" => Some(-8 * 3600),
            _ => None,
        },
        None => None,
    };
    when::at_offset(local, offset.unwrap_or_else(|| outer.offset().local_minus_utc()), text).ok()
}

#[cfg(test)]
mod tests {
    use super::super::layers::OTHERS;
    use super::super::{Letters, read};
    use super::*;

    /// When the mail was sent that is quoted in this body, in a mail of 5 March at noon, an hour east of Greenwich.
    fn quoted(kind: &str, body: &str) -> Option<String> {
        let raw = format!(
            "From: ann@corp.example\nDate: Thu, 5 Mar 2026 12:00:00 +0100\nSubject: Fwd: Works\nContent-Type: text/{kind}; \
             charset=utf-8\n\n{body}\n"
        );
        let mail = read(raw.as_bytes()).unwrap();
        let (sent, outer) = Letters::new(&mail.parts).sent(1)?;
        assert_eq!(outer.to_rfc3339(), "2026-03-05T11:00:00+00:00");
        Some(sent.format("%m-%d %H:%M").to_string())
    }

    /// The same of a mail with these names of its headers and this date.
    fn dated([from, sent, subject]: [&str; 3], date: &str) -> Option<String> {
        quoted("plain", &format!("FYI\n\n{from}: NOC <noc@isp.example>\n{sent}: {date}\n{subject}: Works\n\nId: 1\n"))
    }

    const ENGLISH: [&str; 3] = ["From", "Sent", "Subject"];

    #[test]
    fn the_date_of_a_forward_is_read_as_mail_programs_of_seven_languages_write_it() {
        let german = ["Von", "Gesendet", "Betreff"];
        let french = ["De ", "Envoyé ", "Objet "];
        let spanish = ["De", "Enviado el", "Asunto"];
        let italian = ["Da", "Inviato", "Oggetto"];
        let portuguese = ["De", "Enviada em", "Assunto"];
        let dutch = ["Van", "Verzonden", "Onderwerp"];
        for (names, date) in [
            // Outlook.
            (ENGLISH, "Monday, March 2, 2026 11:00 AM"),
            (ENGLISH, "Monday, March 2, 2026 11:00:00 AM (UTC+01:00) Amsterdam, Berlin, Bern, Rome"),
            (ENGLISH, "Monday, March 2, 2026 10:00:00 AM (UTC) Coordinated Universal Time"),
            (ENGLISH, "02 March 2026 11:00"),
            (ENGLISH, "Monday, 2 March 2026 at 11:00"),
            (german, "Montag, 2. März 2026 11:00"),
            (french, "lundi 2 mars 2026 11:00"),
            (french, "2 mars 2026 11 h 00"),
            (spanish, "lunes, 2 de marzo de 2026 11:00"),
            (italian, "lunedì 2 marzo 2026 11:00"),
            (portuguese, "segunda-feira, 2 de março de 2026 11:00"),
            (dutch, "maandag 2 maart 2026 11:00"),
            // Gmail.
            (["From", "Date", "Subject"], "Mon, Mar 2, 2026 at 11:00\u{202f}AM"),
            (["Von", "Date", "Subject"], "Mo., 2. März 2026 um 11:00 Uhr"),
            (["De", "Date", "Subject"], "lun. 2 mars 2026 à 11:00"),
            (["De", "Date", "Subject"], "lun, 2 mar 2026 a las 11:00"),
            (["De", "Date", "Subject"], "lun, 2 mar 2026 a la(s) 11:00 a.\u{a0}m."),
            (["Da", "Date", "Subject"], "lun 2 mar 2026 alle ore 11:00"),
            (["De", "Date", "Subject"], "seg., 2 de mar. de 2026 às 11:00"),
            (["Van", "Date", "Subject"], "ma 2 mrt 2026 om 11:00"),
            // Apple Mail.
            (["From", "Date", "Subject"], "2 March 2026 at 11:00:00 CET"),
            (["From", "Date", "Subject"], "March 2, 2026 at 5:00:00 AM EST"),
            (["Von", "Datum", "Betreff"], "2. März 2026 um 11:00:00 MEZ"),
            (["De", "Date", "Objet"], "2 mars 2026 à 10:00:00 UTC"),
            (["De", "Fecha", "Asunto"], "2 de marzo de 2026, 11:00:00 GMT+1"),
            (["Da", "Data", "Oggetto"], "2 marzo 2026 alle ore 11:00:00 CET"),
            (["De", "Data", "Assunto"], "2 de março de 2026 10:00:00 WET"),
            (["Van", "Datum", "Onderwerp"], "2 maart 2026 om 11:00:00 CET"),
            // Thunderbird, and those that copy the header.
            (["From", "Date", "Subject"], "Mon, 2 Mar 2026 05:00:00 -0500"),
            (["From", "Date", "Subject"], "Mon, 2 Mar 2026 11:00:00 +0100 (CET)"),
            // Letters of several zones: the clock of whoever forwarded it.
            (["From", "Date", "Subject"], "2 March 2026 at 11:00:00 IST"),
            // Numbers, in an order that leaves no doubt.
            (german, "02.03.2026 11:00"),
            (ENGLISH, "02.03.2026 11:00"),
            (dutch, "2-3-2026 11:00"),
            (french, "02/03/2026 11:00"),
            (ENGLISH, "2026-03-02 11:00"),
        ] {
            assert_eq!(dated(names, date).as_deref(), Some("03-02 10:00"), "{date}");
        }
    }

    #[test]
    fn a_date_that_may_be_two_is_that_before_the_forward_or_none() {
        // The other reading is of the 4th of May.
        assert_eq!(dated(ENGLISH, "4/5/2026 11:00 AM"), None);
        assert_eq!(dated(ENGLISH, "3/4/2026 11:00 AM").as_deref(), Some("03-04 10:00"));
        assert_eq!(dated(ENGLISH, "04/03/2026 11:00").as_deref(), Some("03-04 10:00"));
        assert_eq!(dated(ENGLISH, "2/3/2026 11:00 AM"), None);
        assert_eq!(dated(ENGLISH, "2/25/2026 11:00 AM").as_deref(), Some("02-25 10:00"));
        assert_eq!(dated(ENGLISH, "3/3/2026 11:00 AM").as_deref(), Some("03-03 10:00"));
    }

    #[test]
    fn what_is_no_date_with_a_time_says_nothing() {
        for date in
            ["Monday", "2 March", "2 March 2026", "2 March 2026 h", "11:00", "2026年3月2日 11:00", "1/1/1970 10:00"]
        {
            assert_eq!(dated(ENGLISH, date), None, "{date}");
        }
        // Nothing was sent after it was forwarded.
        assert_eq!(dated(ENGLISH, "Thursday, March 5, 2026 2:00 PM").as_deref(), Some("03-05 11:00"));
        assert_eq!(dated(ENGLISH, "Friday, March 6, 2026 2:00 PM"), None);
    }

    #[test]
    fn it_is_found_in_pages_tables_and_signs_of_quotation() {
        let outlook = "<p>FYI</p><div><p><b>From:</b> NOC<br><b>Sent:</b> Monday, 2 March 2026 11:00<br><b>To:</b> us<br>\
            <b>Subject:</b> Works</p></div><p>Id: 1</p>";
        assert_eq!(quoted("html", outlook).as_deref(), Some("03-02 10:00"));
        let thunderbird = "<p>FYI</p>-------- Forwarded Message --------<table><tr><th>Subject: </th><td>Works</td></tr><tr>\
            <th>Date: </th><td>Mon, 2 Mar 2026 11:00:00 +0100</td></tr><tr><th>From: </th><td>NOC</td></tr></table><p>Id: 1</p>";
        assert_eq!(quoted("html", thunderbird).as_deref(), Some("03-02 10:00"));
        let signs = "FYI\n> *From:* NOC\n> *Sent:* Monday, 2 March 2026 11:00\n> *Subject:* Works\n>\n> Id: 1";
        assert_eq!(quoted("plain", signs).as_deref(), Some("03-02 10:00"));
        let ruled =
            "FYI\n\n-----Original Message-----\nFrom: NOC\nSent: 2 March 2026 11:00\nTo: us\nSubject: Works\n\nId: 1";
        assert_eq!(quoted("plain", ruled).as_deref(), Some("03-02 10:00"));
    }

    #[test]
    fn of_a_forward_of_a_forward_without_a_word_the_inner_date_counts_and_of_several_mails_the_newest() {
        let block = |day: u32| format!("From: NOC\nSent: {day} March 2026 11:00\nTo: us\nSubject: Works\n\n");
        let handed_on = format!("FYI\n\n{}{}Id: 1\n", block(4), block(2));
        assert_eq!(quoted("plain", &handed_on).as_deref(), Some("03-02 10:00"));
        let page = |day| format!("<blockquote type=cite>{}<p>Id: 1</p></blockquote>", block(day).replace('\n', "<br>"));
        let side_by_side = format!("<p>FYI</p>{}<p>and</p>{}", page(3), page(2));
        assert_eq!(quoted("html", &side_by_side).as_deref(), Some("03-03 10:00"));
        let one_unknown =
            format!("<p>FYI</p>{}<p>and</p>{}", page(3), page(2).replace("Sent: 2 March", "Sent: Monday"));
        assert_eq!(quoted("html", &one_unknown), None);
    }

    #[test]
    fn the_names_of_dates_are_known_to_begin_a_quotation() {
        assert!(DATES.iter().all(|name| OTHERS.contains(name)));
    }
}
