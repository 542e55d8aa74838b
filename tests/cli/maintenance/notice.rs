//! Mails with a calendar of the BCOP draft, written for these tests.

/// What a mail announces.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    /// `X-MAINTNOTE-PROVIDER`.
    pub(super) provider: &'static str,
    /// `X-MAINTNOTE-MAINTENANCE-ID`.
    pub(super) id: &'static str,
    /// `X-MAINTNOTE-STATUS`.
    pub(super) status: &'static str,
    /// `X-MAINTNOTE-IMPACT`, for all circuits.
    pub(super) impact: &'static str,
    /// `X-MAINTNOTE-OBJECT-ID`.
    pub(super) circuits: &'static [&'static str],
    /// From when to when, as `DTSTART` and `DTEND`.
    pub(super) windows: &'static [(&'static str, &'static str)],
    /// `SUMMARY`.
    pub(super) summary: &'static str,
    /// Day of January 2024 on which it was made.
    pub(super) day: u32,
}

impl Default for Notice {
    fn default() -> Self {
        Self {
            provider: "halcyon",
            id: "HC-100",
            status: "CONFIRMED",
            impact: "OUTAGE",
            circuits: &["HC-AMS-FRA-7", "HC-AMS-LON-2"],
            windows: &[("20990301T220000Z", "20990302T040000Z")],
            summary: "Splicing near the canal bridge",
            day: 10,
        }
    }
}

impl Notice {
    /// Its calendar alone, as a file.
    pub(super) fn calendar(&self) -> String {
        let mail = self.mail();
        let (_, from) = mail.split_once("BEGIN:VCALENDAR").unwrap();
        let (calendar, _) = from.split_once("--next--").unwrap();
        format!("BEGIN:VCALENDAR{calendar}")
    }

    /// As a mail.
    pub(super) fn mail(&self) -> String {
        let Self { provider, id, day, summary, .. } = self;
        let events: String = self.windows.iter().map(|(start, end)| self.event(start, end)).collect();
        format!(
            "From: {provider} maintenance <noc@halcyon.example>\n\
             To: noc@customer.example\n\
             Subject: Planned work {id}\n\
             Date: {day} Jan 2024 09:30:00 +0000\n\
             Message-ID: <{provider}.{id}.{day}@halcyon.example>\n\
             MIME-Version: 1.0\n\
             Content-Type: multipart/mixed; boundary=next\n\
             \n\
             --next\n\
             Content-Type: text/plain; charset=utf-8\n\
             \n\
             Dear customer, please take note: {summary}.\n\
             --next\n\
             Content-Type: text/calendar; charset=utf-8\n\
             \n\
             BEGIN:VCALENDAR\n\
             VERSION:2.0\n\
             PRODID:-//halcyon.example//EN\n\
             {events}END:VCALENDAR\n\
             --next--\n"
        )
    }

    /// One window.
    fn event(&self, start: &str, end: &str) -> String {
        let Self { provider, id, status, impact, summary, day, .. } = self;
        let circuits: Vec<_> =
            self.circuits.iter().map(|circuit| format!("X-MAINTNOTE-OBJECT-ID:{circuit}\n")).collect();
        let circuits = circuits.concat();
        format!(
            "BEGIN:VEVENT\n\
             UID:{id}@halcyon.example\n\
             SUMMARY:{summary}\n\
             DTSTAMP:202401{day:02}T090000Z\n\
             DTSTART:{start}\n\
             DTEND:{end}\n\
             SEQUENCE:{day}\n\
             ORGANIZER:mailto:noc@halcyon.example\n\
             X-MAINTNOTE-PROVIDER:{provider}\n\
             X-MAINTNOTE-ACCOUNT:C-4711\n\
             X-MAINTNOTE-MAINTENANCE-ID:{id}\n\
             X-MAINTNOTE-STATUS:{status}\n\
             X-MAINTNOTE-IMPACT:{impact}\n\
             {circuits}END:VEVENT\n"
        )
    }
}
