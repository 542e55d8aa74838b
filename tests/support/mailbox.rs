//! A Maildir that mails arrive in, and mails to put there, written for this.

use std::fs;
use std::path::{Path, PathBuf};

/// A mailbox.
#[derive(Debug, Clone)]
pub(crate) struct Mailbox(PathBuf);

impl Mailbox {
    /// An empty one in this folder, which is made.
    pub(crate) fn make(folder: &Path) -> Self {
        let this = Self(folder.to_owned());
        this.folders();
        this
    }

    /// The one in this folder.
    pub(crate) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Delivers `mail` under `name` as mail programs do: written in `tmp`, then moved to `new` in one step.
    pub(crate) fn deliver(&self, name: &str, mail: &str) {
        let written = self.0.join("tmp").join(name);
        fs::write(&written, mail).unwrap();
        fs::rename(written, self.0.join("new").join(name)).unwrap();
    }

    /// Delivers the announcements with these numbers.
    pub(crate) fn announce(&self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            self.deliver(&format!("1700000000.M{number:06}P1.mx.example"), &announcement(number));
        }
    }

    fn folders(&self) {
        for folder in ["cur", "new", "tmp"] {
            fs::create_dir_all(self.0.join(folder)).unwrap();
        }
    }
}

/// The id of the maintenance with this number.
pub(crate) fn id(number: usize) -> String {
    format!("HC-{number:05}")
}

/// A mail that announces the maintenance with this number: in the far future, so that it never changes its group, and
/// one day after the one before, so that the list has them in the order of their numbers.
pub(crate) fn announcement(number: usize) -> String {
    let (id, year, month, day) = (id(number), 2090 + number / 336, number / 28 % 12 + 1, number % 28 + 1);
    format!(
        "From: Halcyon maintenance <noc@halcyon.example>\n\
         To: noc@customer.example\n\
         Subject: Planned work {id}\n\
         Date: 10 Jan 2024 09:30:00 +0000\n\
         Message-ID: <{id}@halcyon.example>\n\
         MIME-Version: 1.0\n\
         Content-Type: text/calendar; charset=utf-8\n\
         \n\
         BEGIN:VCALENDAR\n\
         VERSION:2.0\n\
         PRODID:-//halcyon.example//EN\n\
         BEGIN:VEVENT\n\
         UID:{id}@halcyon.example\n\
         SUMMARY:Splicing in duct {number}\n\
         DTSTAMP:20240110T090000Z\n\
         DTSTART:{year}{month:02}{day:02}T220000Z\n\
         DTEND:{year}{month:02}{day:02}T235900Z\n\
         SEQUENCE:1\n\
         ORGANIZER:mailto:noc@halcyon.example\n\
         X-MAINTNOTE-PROVIDER:halcyon\n\
         X-MAINTNOTE-ACCOUNT:C-4711\n\
         X-MAINTNOTE-MAINTENANCE-ID:{id}\n\
         X-MAINTNOTE-STATUS:CONFIRMED\n\
         X-MAINTNOTE-IMPACT:OUTAGE\n\
         X-MAINTNOTE-OBJECT-ID:HC-AMS-FRA-{number}\n\
         END:VEVENT\n\
         END:VCALENDAR\n"
    )
}
