//! A provider's few words above a notice of its own that it quotes.

use std::collections::BTreeSet;

use chrono::DateTime;
use noctui::features::maintenance::model::{Notice, Status};

use super::letter::{PLAIN, mail};
use super::notices;
use super::random::Random;
use super::template::Written;
use super::variations::{filling, rules, templates};

/// How the notice is quoted: as Outlook does, as Gmail does, and in an element for quotations.
const WAYS: [fn(&str, &str, &Written) -> String; 3] = [outlook, gmail, cited];

/// Words above a notice, and the status that they tell; `None` where the times change.
const SAID: [(&str, Option<&str>); 9] = [
    ("Dear customer, this maintenance has been completed. Please see below.", Some("COMPLETED")),
    ("The below maintenance has been CANCELLED.", Some("CANCELLED")),
    ("Please be advised that the planned work will not take place. We apologise.", Some("CANCELLED")),
    ("The work has started.", Some("IN-PROCESS")),
    ("Hello, our engineers have completed the maintenance. Thank you.", Some("COMPLETED")),
    ("We need to extend the window until 08:00 UTC.", None),
    ("We have to reschedule this maintenance, new dates will follow.", None),
    ("Unfortunately the maintenance has been rescheduled to the next week.", None),
    ("The new window will be on Thursday.", None),
];

/// Words that tell nothing new.
const UNSAID: [&str; 7] = [
    "Thanks for your question, your circuit is not impacted.",
    "Thank you for your patience. Kind regards, your NOC",
    "The work will be completed by 05:00 UTC.",
    "If the maintenance is cancelled, we will tell you at once.",
    "The maintenance has not been cancelled.",
    "The previously cancelled maintenance will take place as planned.",
    "Should the weather be bad, the maintenance will be rescheduled.",
];

fn outlook(kind: &str, text: &str, written: &Written) -> String {
    let (from, subject) = (&written.from, written.subject.replace('&', "&amp;"));
    if kind == "text/html" {
        return format!(
            "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>From:</b> NOC &lt;{from}&gt;<br>\
             <b>Sent:</b> Thursday<br><b>To:</b> noc@customer.example<br><b>Subject:</b> {subject}</p></div>{text}"
        );
    }
    format!(
        "-----Original Message-----\nFrom: NOC <{from}>\nSent: Thursday\nTo: noc@customer.example\nSubject: {}\n\n{text}",
        written.subject
    )
}

fn gmail(kind: &str, text: &str, written: &Written) -> String {
    let from = &written.from;
    if kind == "text/html" {
        return format!(
            "<div class=gmail_quote><div class=gmail_attr>On Thu, 1 Jan 2026 at 09:00, NOC &lt;{from}&gt; wrote:<br></div>\
             <blockquote class=gmail_quote>{text}</blockquote></div>"
        );
    }
    let quoted = text.lines().fold(String::new(), |all, line| all + &format!("> {line}\n"));
    format!("On Thu, 1 Jan 2026 at 09:00, NOC <{from}> wrote:\n\n{quoted}")
}

fn cited(kind: &str, text: &str, written: &Written) -> String {
    if kind == "text/html" { format!("<blockquote type=cite>{text}</blockquote>") } else { gmail(kind, text, written) }
}

#[test]
fn few_words_of_a_provider_above_a_notice_that_it_quotes_count_more_than_the_notice() {
    let (rules, mut random) = (rules(), Random::new());
    let (mut wrong, mut read) = (Vec::new(), BTreeSet::new());
    for (name, template) in templates() {
        let mut filling = filling(&template, &mut random);
        filling.status = 0;
        let written = template.write(&filling);
        for quote in WAYS {
            let say = |above: &str| -> Result<Vec<Notice>, String> {
                let above =
                    |kind: &str| if kind == "text/html" { format!("<p>{above}</p>") } else { format!("{above}\n\n") };
                // What was attached is not, to an answer.
                let bodies = written.parts.iter().filter(|(kind, _)| matches!(*kind, "text/html" | "text/plain"));
                let parts = bodies.map(|(kind, text)| (*kind, above(kind) + &quote(kind, text, &written)));
                let subject = format!("RE: {}", written.subject);
                let answer = Written { subject, parts: parts.collect(), from: written.from.clone() };
                let read = notices(rules.read(&mail(&answer, PLAIN), Some(&template.provider)).verdict)?;
                // Some take all words for a summary; what is new is as new as the mail.
                let with = |notice| Notice { summary: String::new(), stamp: DateTime::UNIX_EPOCH, ..notice };
                Ok(read.into_iter().map(with).collect())
            };
            // Some notices are in what is attached.
            let Ok(before) =
                say("Hello.").map_err(|_| ()).and_then(|read| if read.is_empty() { Err(()) } else { Ok(read) })
            else {
                continue;
            };
            read.insert(template.provider.clone());
            for (above, status) in SAID {
                let wanted: Option<Vec<Notice>> = status.map(|status| {
                    let with = |notice: &Notice| Notice { status: status.parse().unwrap(), ..notice.clone() };
                    before.iter().map(with).collect()
                });
                // That it was moved is nothing new where the notice says so.
                let is_moved = before.iter().all(|notice| notice.status == Status::ReScheduled);
                let wanted =
                    wanted.or_else(|| (is_moved && above.contains("has been rescheduled")).then(|| before.clone()));
                match (say(above), wanted) {
                    (Ok(said), Some(wanted)) if said == wanted => {}
                    (Err(reason), None) if reason.contains("speaks of new times above the notice that it quotes") => {}
                    (said, _) => wrong.push(format!("{name}: {above:?} is read as {said:?}")),
                }
            }
            for above in UNSAID {
                let said = say(above);
                if said.as_ref() != Ok(&before) {
                    wrong.push(format!("{name}: {above:?} is read as {said:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(read.len() >= 20, "only {read:?} are read when they are quoted");
}
