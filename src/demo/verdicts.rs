//! What the rules make of the story, against what the story says a reader has to make of it.

use chrono::{DateTime, TimeDelta, Utc};

use super::announcement::{Announcement, Item, resolve};
use super::formats;
use super::story::{Effect, Format, Story};
use super::tests::tonight;
use crate::features::maintenance::model::{Impact, Notice, Outcome, Status, Verdict};
use crate::features::maintenance::rules::Rules;

/// What counts of a notice.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    /// The provider's id.
    id: String,
    /// First moment.
    start: DateTime<Utc>,
    /// Last moment.
    end: DateTime<Utc>,
    /// Where it stands.
    status: &'static str,
    /// Our account.
    account: String,
    /// Circuits with their impacts.
    circuits: Vec<(String, Impact)>,
    /// When it was made.
    stamp: DateTime<Utc>,
    /// Revision.
    sequence: i64,
}

impl From<&Notice> for Fact {
    fn from(notice: &Notice) -> Self {
        Self {
            id: notice.maintenance_id.clone(),
            start: notice.start,
            end: notice.end,
            status: notice.status.as_str(),
            account: notice.account.clone(),
            circuits: notice.circuits.iter().map(|circuit| (circuit.circuit_id.clone(), circuit.impact)).collect(),
            stamp: notice.stamp,
            sequence: notice.sequence,
        }
    }
}

/// What the story says.
fn expected(announcement: &Announcement<'_>) -> Vec<Fact> {
    let provider = announcement.provider;
    let silent = provider.calendar.as_ref().is_some_and(|dialect| dialect.cancels_without_circuits);
    let circuits: Vec<_> = if silent && announcement.status == Status::Cancelled {
        Vec::new()
    } else {
        let impact = |effect| match effect {
            Effect::Impact(impact) => Some(impact),
            Effect::Untouched => None,
        };
        announcement.circuits.iter().filter_map(|c| Some((c.id.clone(), impact(c.effect)?))).collect()
    };
    let made = announcement.made - TimeDelta::nanoseconds(announcement.made.timestamp_subsec_nanos().into());
    // Zayo dates its notices by the day, except those of the day itself.
    let dated = !matches!(announcement.status, Status::InProcess | Status::Completed);
    let midnight = made - TimeDelta::seconds(made.timestamp().rem_euclid(86_400));
    let stamp = if provider.format == Format::Zayo && dated { midnight } else { made };
    let has_sequence = provider.format == Format::Calendar;
    let sequence = if has_sequence { i64::try_from(announcement.sequence).unwrap() } else { 1 };
    let facts = announcement.ids.iter().zip(&announcement.windows).map(|(id, window)| Fact {
        id: id.clone(),
        start: window.start,
        end: window.end,
        status: announcement.status.as_str(),
        account: provider.account.clone(),
        circuits: circuits.clone(),
        stamp,
        sequence,
    });
    facts.collect()
}

/// How the verdict on a mail differs from what the story says; `None` when it does not.
fn difference(item: &Item<'_>, verdict: &Verdict) -> Option<String> {
    match (item, verdict) {
        (Item::Announcement(announcement), Verdict::Parsed { provider, notices }) => {
            let (mut expected, mut found) =
                (expected(announcement), notices.iter().map(Fact::from).collect::<Vec<_>>());
            expected.sort();
            found.sort();
            let name = &announcement.provider.slug;
            let same = expected == found && provider == name;
            (!same).then(|| format!("expected {name} {expected:#?}\nfound {provider} {found:#?}"))
        }
        (Item::Announcement(_), other) => Some(format!("{other:?}")),
        (Item::Other { other, .. }, verdict) => {
            let (outcome, provider) = match verdict {
                Verdict::Parsed { provider, .. } => (Outcome::Parsed, Some(provider)),
                Verdict::Ignored { provider, .. } => (Outcome::Ignored, Some(provider)),
                Verdict::Failed { provider, .. } => (Outcome::ParsingFailed, Some(provider)),
                Verdict::Unknown { .. } => (Outcome::UnknownProvider, None),
            };
            let same = (outcome, provider) == (other.outcome, other.provider.as_ref());
            (!same).then(|| format!("expected {} {:?}\nfound {verdict:?}", other.outcome, other.provider))
        }
    }
}

#[test]
fn the_rules_make_of_every_mail_what_the_story_says() {
    let (story, rules) = (Story::built_in().unwrap(), Rules::embedded());
    let mut wrong = Vec::new();
    let mut checked = 0;
    // Winter and summer, the nights before the clocks change in America and Europe, the turn of a year, a leap day.
    let starts = [
        tonight(),
        "2026-07-04T23:59:59Z".parse().unwrap(),
        "2026-10-25T00:30:00Z".parse().unwrap(),
        "2026-11-01T05:45:00Z".parse().unwrap(),
        "2027-03-13T22:10:00Z".parse().unwrap(),
        "2026-12-31T23:55:00Z".parse().unwrap(),
        "2028-02-28T12:00:01Z".parse().unwrap(),
    ];
    for now in starts {
        for item in &resolve(&story, now, 7).unwrap() {
            let mail = formats::mail(item);
            let reading = rules.read(&mail, None);
            if let Some(difference) = difference(item, &reading.verdict) {
                wrong.push(format!("── {now} {:?}\n{difference}", reading.envelope.subject));
            }
            checked += 1;
        }
    }
    assert!(checked > 700);
    assert!(wrong.is_empty(), "{} of {checked} mails:\n{}", wrong.len(), wrong.join("\n"));
}
