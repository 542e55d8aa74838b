use super::*;

/// The instant of a text whose zone is UTC unless it says otherwise.
fn utc(text: &str, order: Order) -> String {
    let written = read(text, order).unwrap();
    let offset = match written.zone {
        Some(Mark::Offset(seconds)) => seconds,
        _ => 0,
    };
    at_offset(written.local(None, text).unwrap(), offset, text).unwrap().format("%Y-%m-%d %H:%M:%S").to_string()
}

#[test]
fn dates_are_read_as_people_write_them() {
    for (text, want) in [
        ("March 31, 2025 14:00", "2025-03-31 14:00:00"),
        ("02-JUL-2021 10:00", "2021-07-02 10:00:00"),
        ("Thu, 26 Aug 2021 18:22:09 +0100", "2021-08-26 17:22:09"),
        ("2023-05-16(Tue) 23:59 UTC", "2023-05-16 23:59:00"),
        ("12/31/2026 11:30 PM", "2026-12-31 23:30:00"),
        ("1/3/2024 12:00:00 AM", "2024-01-03 00:00:00"),
        ("2026-03-29T01:30:00Z", "2026-03-29 01:30:00"),
        ("2024-01-31 18:00:00+00:00 UTC", "2024-01-31 18:00:00"),
        ("07.08.2021 00:00 GMT+3", "2021-07-07 21:00:00"),
        ("16-Aug-2021 1400 GMT", "2021-08-16 14:00:00"),
        ("31/12/2026 24:00", "2027-01-01 00:00:00"),
        ("2021-03-01 00:00 Greenwich Mean Time", "2021-03-01 00:00:00"),
        ("May 2nd 2023, 3 pm", "2023-05-02 15:00:00"),
        ("6 Aug 24 20:42", "2024-08-06 20:42:00"),
        ("Di, 3. März 2026 um 22:00 Uhr", "2026-03-03 22:00:00"),
        ("Donnerstag, den 24. Dezember 2026, 22 Uhr UTC", "2026-12-24 22:00:00"),
        ("le 1er août 2026 à 22h30", "2026-08-01 22:30:00"),
        ("mercredi 4 févr. 2026 22 h", "2026-02-04 22:00:00"),
        ("3 de marzo de 2026 a las 12:00", "2026-03-03 12:00:00"),
        ("miércoles 21 de enero del 2026, 10:00 p.m.", "2026-01-21 22:00:00"),
        ("lunedì 7 settembre 2026 alle ore 01:00", "2026-09-07 01:00:00"),
        ("terça-feira, 6 de outubro de 2026 às 23:00", "2026-10-06 23:00:00"),
        ("ma 2 mrt 2026 om 11:00", "2026-03-02 11:00:00"),
    ] {
        assert_eq!(utc(text, Order::MonthFirst), want, "{text}");
    }
    assert_eq!(utc("03/04/2026 10:00", Order::DayFirst), "2026-04-03 10:00:00");
    assert_eq!(utc("03/14/2026 10:00", Order::DayFirst), "2026-03-14 10:00:00");
}

#[test]
fn dates_that_do_not_exist_are_errors() {
    for text in ["30 Feb 2026 10:00", "2026-13-01 00:00", "31/04/2026 10:00"] {
        let local = read(text, Order::DayFirst).unwrap().local(None, text);
        assert_eq!(local, Err(WhenError::NoSuchDate { text: text.to_owned() }));
    }
    assert!(read("1 May 2026 25:00", Order::MonthFirst).is_err());
}

#[test]
fn what_is_no_date_is_an_error() {
    for text in ["", "soon", "10:00", "May 2026 2026", "1/2", "2026-01-01 10:00 - 2026-01-02 10:00", "999999999999"] {
        assert!(read(text, Order::MonthFirst).and_then(|found| found.local(None, text)).is_err(), "{text}");
    }
}

#[test]
fn a_time_that_a_clock_skips_is_read_by_the_clock_before() {
    let zone = chrono_tz::America::New_York;
    let local = |text| read(text, Order::MonthFirst).unwrap().local(None, text).unwrap();
    let at = |text, repeated| in_zone(local(text), zone, repeated, text).unwrap().format("%H:%M").to_string();
    assert_eq!(at("03/08/2026 02:30", Repeated::Standard), "07:30");
    assert_eq!(at("11/01/2026 01:30", Repeated::Standard), "06:30");
    assert_eq!(at("11/01/2026 01:30", Repeated::Daylight), "05:30");
    assert_eq!(at("07/01/2026 01:30", Repeated::Standard), "05:30");
}

#[test]
fn a_mails_date_is_read_even_when_its_weekday_is_wrong() {
    let date = header_date("Thu, 17 Nov 2025 04:30:00 -0300").unwrap();
    assert_eq!(date.to_rfc3339(), "2025-11-17T07:30:00+00:00");
    assert_eq!(header_date("Mon, 6 Dec 2021 15:03:22 +0000 (UTC)").unwrap().timestamp(), 1_638_803_002);
    assert_eq!(header_date("Tue, 10 Dec 2023 01:44:00 EST").unwrap().timestamp(), 1_702_190_640);
    assert!(header_date("yesterday").is_err());
    let clock = |text| header_clock(text).map(|at| at.to_rfc3339());
    assert_eq!(clock("Mon, 2 Mar 2026 10:00:00 +0100 (CET)").as_deref(), Some("2026-03-02T10:00:00+01:00"));
    assert_eq!(clock("Tue, 10 Dec 2023 01:44:00 EST").as_deref(), Some("2023-12-10T01:44:00-05:00"));
    assert_eq!(clock("yesterday"), None);
}

#[test]
fn a_time_without_a_date_is_read_alone() {
    let read = |text| read_time(text).map(|(time, zone)| (time.format("%H:%M").to_string(), zone));
    let utc = Some(Mark::Offset(0));
    assert_eq!(read("5:00 AM"), Some(("05:00".to_owned(), None)));
    assert_eq!(read("23:30 UTC"), Some(("23:30".to_owned(), utc)));
    assert_eq!(read("24:00"), Some(("00:00".to_owned(), None)));
    for text in ["", "soon", "4", "5:00 1 May", "25:00", "2026-01-01 10:00"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_zone_is_known_by_its_name_and_letters_are_no_name() {
    let zone = |text: &str| read(text, Order::MonthFirst).map(|written| written.zone);
    for name in
        ["America/Phoenix", "US/Arizona", "US/Eastern", "America/Argentina/Buenos_Aires", "America/Port-au-Prince"]
    {
        assert_eq!(zone(&format!("08/13/24 01:00 {name}")), Ok(Some(Mark::Named(name.parse().unwrap()))), "{name}");
    }
    assert_eq!(zone("08/13/24 01:00 EST (America/New_York)"), Ok(Some(Mark::Named(Tz::America__New_York))));
    assert_eq!(zone("08/13/24 01:00 +0200 Europe/Berlin"), Ok(Some(Mark::Offset(7200))));
    assert!(zone("08/13/24 01:00 America/Nowhere").is_err());
    assert_eq!(zone("08/13/24 01:00 CET"), Ok(Some(Mark::Letters("CET".to_owned()))));
    for letters in ["CET", "MST", "EST5EDT", "PRC"] {
        assert_eq!(named_zone(letters), None, "{letters}");
    }
    let header = header_date("Mon, 2 Mar 2026 10:00:00 Europe/Berlin").map(|at| at.to_rfc3339());
    assert_eq!(header.as_deref(), Ok("2026-03-02T09:00:00+00:00"));
}
