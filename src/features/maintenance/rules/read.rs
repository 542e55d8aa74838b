//! One rule on the parts of one mail: filters, processors in order, parts together.

use super::calendar;
use super::extract::Extract;
use super::finish;
use super::partial::{Found, Partial, Time, Trail};
use super::rule::{Needle, Reader, Rule};
use super::sayings::Own;
use super::words::words;
use crate::features::maintenance::mail::page::Marks;
use crate::features::maintenance::mail::{Kind, Part};
use crate::features::maintenance::model::{CALENDAR_CANCELLED, Notice};
use crate::features::maintenance::when;

/// What a rule made of a mail.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was read.
    Parsed(Parsed),
    /// The mail holds what no maintenance has.
    Excluded(String),
    /// The mail lacks what every maintenance has.
    NotIncluded(String),
    /// It names more windows than can be told apart.
    Unclear(String),
    /// Every processor failed.
    Failed(String),
}

impl Outcome {
    /// What was read, to look at.
    pub(super) fn as_parsed(&self) -> Option<&Parsed> {
        match self {
            Self::Parsed(parsed) => Some(parsed),
            Self::Excluded(_) | Self::NotIncluded(_) | Self::Unclear(_) | Self::Failed(_) => None,
        }
    }

    /// What was read.
    pub(super) fn parsed(self) -> Result<Parsed, Self> {
        match self {
            Self::Parsed(parsed) => Ok(parsed),
            outcome @ (Self::Excluded(_) | Self::NotIncluded(_) | Self::Unclear(_) | Self::Failed(_)) => Err(outcome),
        }
    }
}

/// What was read of a mail.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Its notices, at least one.
    pub(super) notices: Vec<Notice>,
    /// The sentence that tells their status, where no step found one.
    pub(super) own: Option<Own>,
}

/// Why a processor read nothing.
#[derive(Debug)]
pub(super) enum Miss {
    /// The mail has no part that it reads.
    NoPart(String),
    /// There are more windows than can be told apart.
    Windows(String),
    /// Anything else.
    Other(String),
}

impl Miss {
    /// The same with the parts of the processor.
    fn of(self, readers: &[Reader]) -> Self {
        let with = |reason: String| format!("{}: {reason}", names(readers));
        match self {
            Self::NoPart(reason) => Self::NoPart(with(reason)),
            Self::Windows(reason) => Self::Windows(with(reason)),
            Self::Other(reason) => Self::Other(with(reason)),
        }
    }

    /// The reason, for people.
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::NoPart(reason) | Self::Windows(reason) | Self::Other(reason) => reason,
        }
    }
}

impl From<String> for Miss {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}

/// Which of two parts is trusted more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// As the rule says: the parts of a mail come in any order.
    Rule,
    /// The later one: parts that were given one by one.
    Later,
}

/// Whether bodies quote earlier mails below, and which of their sentences tell the status.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bodies<'o> {
    /// They are one letter: every window in them counts, and every sentence.
    Letter,
    /// They are a notice and what is above it: every window counts, and what was found in the sentences of the notice.
    Letters(Option<&'o Own>),
    /// They may quote older notices: the first window counts, and what was found in the sentences of the notice.
    Quoting(Option<&'o Own>),
}

/// Reads `parts` by `rule`.
pub(super) fn read(rule: &Rule, slug: &str, parts: &[Part], trust: Trust, bodies: Bodies<'_>) -> Outcome {
    // What is missing of a part may be what the filters look for, or what stands beside it.
    let is_whole = |needle: &&Needle| whole(parts, &[needle.kind]).is_ok();
    if let Some(needle) = rule.exclude.iter().filter(is_whole).find(|needle| holds(parts, needle)) {
        return Outcome::Excluded(format!("the {} holds {}", needle.kind.as_str(), told(needle)));
    }
    if let Some(reason) = not_included(rule, parts) {
        return Outcome::NotIncluded(reason);
    }
    let mut misses: Vec<Miss> = Vec::with_capacity(rule.processors.len());
    for readers in &rule.processors {
        let read = read_by(rule, slug, readers, parts, (trust, bodies));
        // The next processor would make something of the rest of the mail.
        if read.is_err()
            && let Some(reason) = readers.iter().find_map(|reader| whole(parts, &reader.from).err())
        {
            misses.push(reason.into());
            break;
        }
        match read {
            Ok(parsed) if !parsed.notices.is_empty() => return Outcome::Parsed(parsed),
            Ok(_) => misses.push(format!("{}: no maintenance found", names(readers)).into()),
            Err(miss) if readers.len() == 1 => misses.push(miss),
            Err(miss) => misses.push(miss.of(readers)),
        }
    }
    let is_unclear = misses.iter().any(|miss| matches!(miss, Miss::Windows(_)));
    // What a mail never had is no reason where something else was read.
    let is_no_part = |miss: &Miss| matches!(miss, Miss::NoPart(_));
    if !misses.iter().all(is_no_part) {
        misses.retain(|miss| !is_no_part(miss));
    }
    let mut reasons: Vec<&str> = misses.iter().map(Miss::reason).collect();
    // Of what it said nobody knows, and the rule is not to blame.
    let readers = || rule.processors.iter().flatten();
    let is_read = |part: &&Part| readers().any(|reader| reader.from.contains(&part.kind()));
    let unreadable = parts.iter().filter(is_read).find_map(Part::unreadable);
    let unreadable = unreadable.map(|reason| format!("the spreadsheet cannot be read: {reason}"));
    reasons.extend(unreadable.as_deref());
    // Before all else: whoever looks at it has to see at once that a cancellation waits.
    if parts.iter().any(|part| part.kind() == Kind::Ical && calendar::says_cancelled(part)) {
        reasons.insert(0, CALENDAR_CANCELLED);
    }
    let reason = crate::text::clean_line(&reasons.join("; "));
    if is_unclear { Outcome::Unclear(reason) } else { Outcome::Failed(reason) }
}

/// The parts of a processor, for people.
pub(super) fn names(readers: &[Reader]) -> String {
    readers.iter().map(|reader| reader.name.as_str()).collect::<Vec<_>>().join(" + ")
}

/// Whether a part of this kind holds a pattern.
pub(super) fn holds(parts: &[Part], needle: &Needle) -> bool {
    parts.iter().filter(|part| part.kind() == needle.kind).any(|part| {
        if needle.kind != Kind::Html {
            return needle.pattern.is_match(part.as_text());
        }
        let page = part.page();
        needle.pattern.is_match(page.text(0..page.len()))
    })
}

/// Whether the parts of these kinds are read whole; the reason if one is too large for that.
fn whole(parts: &[Part], kinds: &[Kind]) -> Result<(), String> {
    let cut = parts.iter().filter(|part| kinds.contains(&part.kind())).find_map(Part::too_large);
    cut.map_or(Ok(()), Err)
}

/// A filter for people.
fn told(needle: &Needle) -> String {
    words(needle.pattern.as_str()).unwrap_or_else(|| "what its rule describes".to_owned())
}

/// Why the include filters miss, if they do. A calendar with maintenance properties is always enough.
fn not_included(rule: &Rule, parts: &[Part]) -> Option<String> {
    let has = |kind: Kind| parts.iter().any(|part| part.kind() == kind);
    let asked: Vec<&Needle> = rule.include.iter().filter(|needle| has(needle.kind)).collect();
    if asked.iter().any(|needle| whole(parts, &[needle.kind]).is_err()) {
        return None;
    }
    if asked.is_empty() || asked.iter().any(|needle| holds(parts, needle)) {
        return None;
    }
    if parts.iter().any(|part| part.kind() == Kind::Ical && calendar::is_maintenance(part)) {
        return None;
    }
    let wanted = asked.iter().map(|needle| format!("{} in its {}", told(needle), needle.kind.as_str()));
    Some(format!("it lacks {}", wanted.collect::<Vec<_>>().join(" or ")))
}

/// What one processor makes of `parts`; without notices if no part names a maintenance.
pub(super) fn read_by(
    rule: &Rule,
    slug: &str,
    readers: &[Reader],
    parts: &[Part],
    (trust, bodies): (Trust, Bodies<'_>),
) -> Result<Parsed, Miss> {
    let said = gather(rule, readers, parts, trust)?;
    let home = said.iter().max_by_key(|said| said.partial.weight()).and_then(|said| parts.get(said.at)).map(Part::home);
    let mut partial = Partial::default();
    for Said { partial: mut more, .. } in said {
        partial.records.append(&mut more.records);
        partial.complete(&more);
    }
    let is_read =
        |part: &&Part| Some(part.home()) == home && readers.iter().any(|reader| reader.from.contains(&part.kind()));
    let own = match bodies {
        Bodies::Letter => Own::of(rule, slug, &partial, parts.iter().filter(is_read)),
        Bodies::Letters(own) | Bodies::Quoting(own) => own.filter(|_| partial.says_no_status()).cloned(),
    };
    if let Some(own) = &own {
        partial.status = Some(own.status);
    }
    if let Bodies::Quoting(_) = bodies {
        partial.keep_first_window();
    }
    Ok(Parsed { notices: finish::notices(rule, slug, partial)?, own })
}

/// What the parts of one processor say, the most trusted first; at least one.
pub(super) fn gather(rule: &Rule, readers: &[Reader], parts: &[Part], trust: Trust) -> Result<Vec<Said>, Miss> {
    let mut said: Vec<Said> = Vec::with_capacity(readers.len());
    // Pages before headers: the headers that count are those of the mail that the page is in.
    for headers in [false, true] {
        let home =
            said.iter().max_by_key(|said| said.partial.weight()).and_then(|said| parts.get(said.at)).map(Part::home);
        for (order, reader) in readers.iter().enumerate().filter(|(_, reader)| is_header(reader) == headers) {
            let home = home.filter(|_| headers);
            said.extend(read_part(rule, reader, parts, home)?.map(|(at, partial)| Said { order, at, partial }));
        }
    }
    if said.is_empty() {
        let mut kinds: Vec<&str> = readers.iter().flat_map(|reader| &reader.from).map(|kind| kind.as_str()).collect();
        kinds.dedup();
        return Err(Miss::NoPart(format!("the mail has no {}", kinds.join(" or "))));
    }
    match trust {
        Trust::Rule => said.sort_by_key(|said| said.order),
        Trust::Later => said.sort_by_key(|said| std::cmp::Reverse(said.at)),
    }
    Ok(said)
}

/// What one reader found.
pub(super) struct Said {
    /// The place of the reader in its processor.
    pub(super) order: usize,
    /// The part.
    pub(super) at: usize,
    /// What it says.
    partial: Partial,
}

/// Whether a reader reads headers only.
fn is_header(reader: &Reader) -> bool {
    reader.from.iter().all(|kind| matches!(kind, Kind::Subject | Kind::Date))
}

/// The best that a reader makes of the parts of its kinds, and where that part is: forwarded chains carry several. Parts
/// of the mail `home` come first, then the kinds in the order of the reader. `None` without such a part.
fn read_part(
    rule: &Rule,
    reader: &Reader,
    parts: &[Part],
    home: Option<usize>,
) -> Result<Option<(usize, Partial)>, String> {
    let mut best: Option<(usize, Partial)> = None;
    let mut error = None;
    for kind in &reader.from {
        if *kind == Kind::Ical && reader.steps.is_empty() {
            match read_calendars(parts) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(reason) => error = error.or(Some(reason)),
            }
            continue;
        }
        whole(parts, &[*kind])?;
        for at_home in [true, false] {
            let is_there = |part: &Part| home.is_none_or(|home| part.home() == home) == at_home;
            for (at, part) in parts.iter().enumerate().filter(|(_, part)| part.kind() == *kind && is_there(part)) {
                match read_leaf(rule, reader, part) {
                    Ok(partial)
                        if is_list(part) && best.as_ref().is_some_and(|best| is_beside(parts, best.0, part)) =>
                    {
                        if let Some((_, together)) = &mut best {
                            together.add_circuits(&partial);
                        }
                    }
                    Ok(partial) if best.as_ref().is_some_and(|(_, best)| partial.weight() <= best.weight()) => {}
                    Ok(partial) => best = Some((at, partial)),
                    Err(reason) => error = error.or(Some(reason)),
                }
            }
            if best.as_ref().is_some_and(|(_, best)| best.weight() > 0) {
                return Ok(best);
            }
        }
    }
    match (best, error) {
        (None, Some(reason)) => Err(format!("{}: {reason}", reader.name)),
        (best, _) => Ok(best),
    }
}

/// Whether a part is a list of circuits, of which a mail may have several.
fn is_list(part: &Part) -> bool {
    matches!(part.kind(), Kind::Csv | Kind::Xlsx)
}

/// Whether the part at `at` is of the same kind and the same mail.
fn is_beside(parts: &[Part], at: usize, part: &Part) -> bool {
    parts.get(at).is_some_and(|other| other.kind() == part.kind() && other.home() == part.home())
}

/// What the calendars of a mail say together, as if they were one: of which an event cannot be read, nothing counts. One that
/// is the damaged copy of another says nothing that is not said there.
fn read_calendars(parts: &[Part]) -> Result<Option<(usize, Partial)>, String> {
    let calendars = || parts.iter().enumerate().filter(|(_, part)| part.kind() == Kind::Ical);
    let mut together: Option<(usize, Partial)> = None;
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    for (index, (at, part)) in calendars().enumerate() {
        match (calendar::read(part), &mut together) {
            (Err(reason), _) => {
                unread.push((index, part, reason));
                continue;
            }
            (Ok(partial), Some((_, together))) => together.add_records(&partial),
            (Ok(partial), None) => together = Some((at, partial)),
        }
        read.push(part);
    }
    let lost = unread.iter().find(|(_, part, _)| !calendar::is_copy(part, &read));
    match lost.or_else(|| unread.first().filter(|_| together.is_none())) {
        None => Ok(together),
        Some((_, _, reason)) if calendars().count() == 1 => Err(reason.clone()),
        Some((index, _, reason)) => Err(format!("calendar {} of {}: {reason}", index + 1, calendars().count())),
    }
}

/// Everything that the readers of a rule find in a part, whether or not it counts.
pub(super) fn found(rule: &Rule, part: &Part) -> Vec<Found> {
    let readers = rule.processors.iter().flatten().filter(|reader| reader.from.contains(&part.kind()));
    let found = |reader: &Reader| {
        let mut partial = Partial { trail: Some(Box::<Trail>::default()), ..Partial::default() };
        let (page, is_subject) = (part.page(), part.kind() == Kind::Subject);
        // What a step misses is in the notice below.
        let _ =
            Extract { rule, page, steps: &reader.steps, is_subject }.run(&reader.steps, &(0..page.len()), &mut partial);
        partial.trail.map(|trail| trail.found).unwrap_or_default()
    };
    readers.filter(|reader| !is_header(reader)).flat_map(found).collect()
}

/// What one part says.
pub(super) fn read_leaf(rule: &Rule, reader: &Reader, part: &Part) -> Result<Partial, String> {
    let mut partial = Partial::default();
    if reader.steps.is_empty() && part.kind() == Kind::Ical {
        partial = calendar::read(part)?;
    } else if reader.steps.is_empty() && part.kind() == Kind::Date {
        let at = when::header_date(part.as_text()).map_err(|error| error.to_string())?;
        partial.stamp = Some(Time::At(at));
    }
    if reader.steps.is_empty() {
        return Ok(partial);
    }
    let is_subject = part.kind() == Kind::Subject;
    if reader.breaks == Marks::default() {
        let page = part.page();
        Extract { rule, page, steps: &reader.steps, is_subject }.run(&reader.steps, &(0..page.len()), &mut partial)?;
    } else {
        let page = part.page_with(reader.breaks);
        Extract { rule, page: &page, steps: &reader.steps, is_subject }.run(
            &reader.steps,
            &(0..page.len()),
            &mut partial,
        )?;
    }
    Ok(partial)
}
