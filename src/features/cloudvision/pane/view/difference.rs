//! Two differences of a device: what is wanted against what CloudVision holds, and against what runs on the device. Mostly
//! they say the same; where they do not, somebody has to see both.

use crate::features::cloudvision::deploy::ConfigPlan;
use crate::features::cloudvision::model::{DeviceId, DiffLine, LineOp};
use crate::features::cloudvision::pane::run::Run;
use crate::ui::page::Span;
use crate::ui::theme::Role;

/// Lines added and removed.
type Counts = (usize, usize);

/// Lines added to and removed from what CloudVision holds for a device, where that is known, and what runs on it, where
/// the build has counted that.
fn counts(run: &Run, device: &DeviceId) -> (Option<Counts>, Option<Counts>) {
    let built = run.build_of(device).and_then(|build| build.lines);
    let built = built.map(|lines| {
        let both = |count: u32| usize::try_from(count.saturating_add(lines.changed)).unwrap_or(usize::MAX);
        (both(lines.added), both(lines.removed))
    });
    let held = run.held_of(device);
    let of = |op| held.iter().filter(|line| line.op == op).count();
    ((!held.is_empty()).then(|| (of(LineOp::Added), of(LineOp::Removed))), built)
}

/// `+4 -2`, and what that is on the device where it is something else there.
pub(super) fn count_spans(run: &Run, device: &DeviceId) -> Vec<Span> {
    let of =
        |(added, removed): Counts| vec![(format!("+{added}"), Role::Added), (format!(" -{removed}"), Role::Removed)];
    match counts(run, device) {
        (Some(held), Some((0, 0))) => {
            let mut spans = of(held);
            spans.push((" runs already".to_owned(), Role::Muted));
            spans
        }
        (Some(held), Some((added, removed))) if held != (added, removed) => {
            let mut spans = of(held);
            spans.push((format!(" (device +{added} -{removed})"), Role::Muted));
            spans
        }
        (Some(held), _) => of(held),
        (None, Some(built)) => of(built),
        (None, None) => vec![],
    }
}

/// A difference and what is said before it; then the other one, where there are two.
pub(super) type Differences<'a> = (Option<&'static str>, &'a [DiffLine], Option<&'static str>, &'a [DiffLine]);

/// What there is to show: that to what CloudVision holds, and that to what runs on the device where it says something else.
pub(super) fn differences<'a>(
    config: Option<ConfigPlan>,
    held: &'a [DiffLine],
    computed: Option<&'a [DiffLine]>,
) -> Differences<'a> {
    match computed {
        None | Some([]) if held.is_empty() => {
            let words = match config {
                Some(ConfigPlan::New) => "a new configuration: CloudVision holds none yet",
                Some(ConfigPlan::Same) => "CloudVision holds this configuration already",
                Some(ConfigPlan::Changed) => "the difference has not been told yet",
                Some(ConfigPlan::None) | None => "no configuration of it is deployed",
            };
            (Some(words), &[], None, &[])
        }
        None => (None, held, None, &[]),
        Some([]) => (Some("the device runs this already; CloudVision holds something else:"), held, None, &[]),
        Some(computed) if held.is_empty() => {
            let holds = matches!(config, Some(ConfigPlan::Same));
            (holds.then_some("CloudVision holds this already; against what the device runs:"), computed, None, &[])
        }
        Some(computed) if says_the_same(held, computed) => (None, held, None, &[]),
        Some(computed) => {
            (Some("against what CloudVision holds:"), held, Some("against what the device runs:"), computed)
        }
    }
}

/// Whether two differences add and remove the same, but for comments and empty lines.
fn says_the_same(one: &[DiffLine], other: &[DiffLine]) -> bool {
    let said = |lines: &'_ [DiffLine]| -> Vec<(bool, String)> {
        let is_said = |line: &&DiffLine| {
            let text = line.text.trim();
            matches!(line.op, LineOp::Added | LineOp::Removed) && !text.is_empty() && !text.starts_with('!')
        };
        let mut said: Vec<_> =
            lines.iter().filter(is_said).map(|line| (line.op == LineOp::Added, line.text.clone())).collect();
        said.sort_unstable();
        said
    };
    said(one) == said(other)
}
