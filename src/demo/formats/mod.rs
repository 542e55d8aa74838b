//! How each provider's mails look, written from what the providers send and what the BCOP draft says, not from the
//! rules that read them: the two can contradict each other.

mod calendar;
mod cogent;
mod colt;
mod lumen;
mod other;
mod sparkle;
mod zayo;

use chrono::{DateTime, TimeZone, Utc};

use super::announcement::{Announcement, Item};
use super::mime::{Part, Shape, with_line_ends, write};
use super::story::{Customer, Format};

/// What a provider's system hands to its mail server.
struct Letter {
    /// Subject header.
    subject: String,
    /// Content.
    body: Part,
}

/// The mail as it is delivered.
pub(super) fn mail(item: &Item<'_>) -> Vec<u8> {
    match item {
        Item::Announcement(announcement) => {
            let from = &announcement.provider.from;
            let made = announcement.made.with_timezone(&announcement.provider.zone);
            post(announcement.customer, from, &made, &announcement.message_id, announcement.shape, letter(announcement))
        }
        Item::Other { other, customer, shape, at, message_id } => {
            post(customer, &other.from, at, message_id, *shape, other::letter(other, *at))
        }
    }
}

/// What the provider's format makes of the announcement.
fn letter(announcement: &Announcement<'_>) -> Letter {
    let letter = match announcement.provider.format {
        Format::Calendar => calendar::letter(announcement),
        Format::Lumen => lumen::letter(announcement),
        Format::Zayo => zayo::letter(announcement),
        Format::Colt => colt::letter(announcement),
        Format::Cogent => cogent::letter(announcement),
        Format::Sparkle => sparkle::letter(announcement),
    };
    match &announcement.subject {
        Some(subject) => Letter { subject: subject.clone(), ..letter },
        None => letter,
    }
}

/// The letter with what the servers on its way add to it.
fn post<Zone: TimeZone>(
    customer: &Customer,
    from: &str,
    made: &DateTime<Zone>,
    message_id: &str,
    shape: Shape,
    letter: Letter,
) -> Vec<u8>
where
    Zone::Offset: std::fmt::Display,
{
    let sender = address(from);
    let domain = sender.rsplit('@').next().unwrap_or(sender);
    let mailbox = &customer.address;
    let list = mailbox.replace('@', ".");
    let received = format!(
        "from mx.{domain} (mx.{domain} [192.0.2.{}]) by mail.{} with ESMTPS id {}; {}",
        domain.len() + 10,
        mailbox.rsplit('@').next().unwrap_or_default(),
        message_id.get(..8).unwrap_or(message_id),
        made.to_utc().to_rfc2822(),
    );
    let mut headers = vec![
        ("Return-Path", format!("<{sender}>")),
        ("Received", received),
        ("From", from.to_owned()),
        ("To", format!("{} NOC <{mailbox}>", customer.name)),
        ("Date", made.to_rfc2822()),
        ("Message-ID", format!("<{message_id}@{domain}>")),
    ];
    let mut subject = letter.subject;
    if shape.list {
        headers.push(("List-ID", format!("<{list}>")));
        headers.push(("Precedence", "list".to_owned()));
        headers.push(("X-Original-Sender", sender.to_owned()));
        subject = format!("[maint] {subject}");
    }
    if shape.external {
        subject = format!("[ EXTERNAL ] {subject}");
    }
    headers.push(("Subject", subject.clone()));
    let mail = write(&headers, &letter.body, shape, &format!("=_{message_id}"));
    if !shape.forwarded {
        return with_line_ends(mail, shape);
    }
    let note = format!("Please have a look.\n\n-- \n{} NOC\n", customer.name);
    let parts = vec![Part::text("text/plain", note), Part::Mail(mail)];
    let headers = [
        ("From", format!("{} Duty Desk <desk@{}>", customer.name, mailbox.rsplit('@').next().unwrap_or_default())),
        ("To", mailbox.clone()),
        ("Date", made.to_rfc2822()),
        ("Message-ID", format!("<fwd.{message_id}@{domain}>")),
        ("Subject", format!("Fwd: {subject}")),
    ];
    let mail = write(&headers, &Part::Several { kind: "mixed", parts }, shape, &format!("=_fwd.{message_id}"));
    with_line_ends(mail, shape)
}

/// The address in a From header.
fn address(from: &str) -> &str {
    from.rsplit('<').next().and_then(|rest| rest.split('>').next()).unwrap_or(from)
}

/// Text made harmless inside HTML.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// `moment` as `format` says, in UTC.
fn utc(moment: DateTime<Utc>, format: &str) -> String {
    moment.format(format).to_string()
}
