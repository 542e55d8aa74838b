//! A target opened: the steps of its deployment as they happen, its devices with what changes on them, and beside them the
//! difference, the errors and the warnings of the one under the cursor.

use ratatui::layout::Rect;

use super::detail::{Content, Text, split};
use super::difference::{count_spans, differences};
use super::{deploys, instance_span, labelled, words};
use crate::features::cloudvision::deploy::{Advance, ConfigPlan, DevicePlan, Step};
use crate::features::cloudvision::model::{DeviceBuild, DeviceId, TagLabel};
use crate::features::cloudvision::pane::State;
use crate::features::cloudvision::pane::loss::Loss;
use crate::features::cloudvision::pane::opened::{DeploymentPage, Subject};
use crate::features::cloudvision::pane::rows::Part;
use crate::features::cloudvision::pane::run::{Run, StepLine};
use crate::features::cloudvision::worker::{Inputs, Target, Unfinished};
use crate::text::counted;
use crate::ui::Look;
use crate::ui::gauge::gauge;
use crate::ui::line::{fit, width, wrap};
use crate::ui::page::{Span, TextLine, Title, plain, sign, trouble_lines};
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::{age, brief, span};

/// What is true of a target before CloudVision was asked, where nothing was deployed from here.
pub(in crate::features::cloudvision::pane) const UNDEPLOYED: &str =
    "not deployed from here yet: what differs from CloudVision is known once it is compared";
/// Why a look that somebody has taken already is to be taken once more.
const ANEW: &str = "built anew, since somebody changed what is in force: look again";
/// Cells of a step's name.
const STEP: usize = 15;

/// `dc1-fabric → prod-emea`, and how long it takes.
pub(super) fn title(state: &State, page: &DeploymentPage, look: &Look<'_>) -> Title {
    let left = |name: &str, instance: &str| {
        let mut left = vec![(name.to_owned(), Role::Accent), (look.pick(" → ", " > ").to_owned(), Role::Muted)];
        left.extend(instance_span(state, instance));
        left
    };
    match &page.subject {
        Subject::Unfinished(begun) => {
            let name = begun.target.as_deref().unwrap_or("a deployment");
            let right = match state.unfinished.iter().find(|left| left.id == begun.id) {
                None => ("ended".to_owned(), Role::Muted),
                Some(left) if left.lives => ("under way elsewhere".to_owned(), Role::Progress),
                Some(_) => ("left unfinished".to_owned(), Role::Warning),
            };
            Title { left: left(name, &begun.instance), right: Some(right) }
        }
        Subject::Target(name) => {
            let run = state.run_of(name);
            let instance = run.map(|run| run.instance.as_str());
            let instance = instance.or_else(|| Some(state.target(name)?.instance.as_str())).unwrap_or_default();
            Title { left: left(name, instance), right: run.map(|run| standing(run, look)) }
        }
    }
}

/// How long it runs and which keys end that; or how it ended.
fn standing(run: &Run, look: &Look<'_>) -> Span {
    if let Some(ended) = &run.ended {
        let (sign, word) = words::ending(ended.ending);
        let took = span(ended.at - run.began_at);
        return (format!("{} {word} after {took}, {} ago", look.glyph(sign), age(ended.at, look.now)), sign.role());
    }
    let took = brief(look.now.signed_duration_since(run.began_at).max(chrono::TimeDelta::zero()));
    let more = match () {
        () if run.is_cancelled => "ending",
        () if run.waits_since.is_some() && run.looks > 1 => {
            &format!("{ANEW}: <deploy-submit> {}", words::submits(run.advance))
        }
        () if run.waits_since.is_some() => {
            &format!("waits for a look: <deploy-submit> {}, <deploy-cancel> ends it", words::submits(run.advance))
        }
        () => "<back> keeps it running, <deploy-cancel> ends it",
    };
    (format!("{took} · {more}"), if run.waits_since.is_some() { Role::Warning } else { Role::Progress })
}

/// Facts, parts, text.
pub(super) fn content<'a>(state: &'a State, page: &'a DeploymentPage, look: &Look<'_>, area: Rect) -> Content<'a> {
    let cells = usize::from(area.width.saturating_sub(2));
    let run = match &page.subject {
        Subject::Target(name) => state.run_of(name),
        Subject::Unfinished(_) => None,
    };
    let (mut head, mut focus) = match (&page.subject, run) {
        (_, Some(run)) => {
            let loss = state.target(&run.target).and_then(|target| state.loss_of(target, look.now));
            steps(run, loss, look, cells)
        }
        (Subject::Target(name), None) => {
            (state.target(name).map_or_else(Vec::new, |target| facts(state, target, look, cells)), 0)
        }
        (Subject::Unfinished(begun), None) => {
            let left = state.unfinished.iter().find(|left| left.id == begun.id);
            let over = || vec![plain("it has ended meanwhile: noctui audit tells how", Role::Muted)];
            (left.map_or_else(over, |left| unfinished(left, look, cells)), 0)
        }
    };
    if page.asked_at.is_some() {
        head.push(vec![sign(look, Sign::Progress), (" beginning …".to_owned(), Role::Text)]);
        focus = head.len() - 1;
    }
    let split = split(area, head.len(), &page.detail);
    let text = match (run, page.detail.list.selected()) {
        (Some(run), Some(Part::General)) => {
            Text { head: general(run, look, usize::from(split.text.width)), ..Text::default() }
        }
        (Some(run), Some(Part::Device(device))) => of_device(run, device, look, usize::from(split.text.width)),
        _ => Text::default(),
    };
    Content { detail: &page.detail, split, head, focus, text }
}

/// What is known of a target that was not deployed since the start.
fn facts(state: &State, target: &Target, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    match &target.inputs {
        Inputs::Reading => labelled("Inputs", "being read …", cells, Role::Stale, &mut lines),
        Inputs::Ready { devices, changed, warnings } => {
            let changed = match changed {
                None => UNDEPLOYED.to_owned(),
                Some(0) => "none changed since the last deployment".to_owned(),
                Some(changed) => format!("{changed} changed since the last deployment"),
            };
            labelled("Inputs", &format!("{}, {changed}", counted(*devices, "device")), cells, Role::Text, &mut lines);
            for warning in warnings {
                let text = format!("{} {warning}", look.glyph(Sign::Warning));
                labelled("", &text, cells, Role::Warning, &mut lines);
            }
        }
        Inputs::Refused(trouble) => lines.extend(trouble_lines(trouble, cells, look)),
    }
    if let Some(last) = &target.last {
        let (sign, word) = words::ending(last.ending);
        let text = format!("{} {word}, {} ago  {}", look.glyph(sign), age(last.at, look.now), look.zone.full(last.at));
        labelled("Last", &text, cells, sign.role(), &mut lines);
        labelled("", &look.say(&last.result), cells, Role::Text, &mut lines);
    }
    let known = |id| state.named(&target.instance)?.changes.items.get(id);
    if let Some(entry) = target.last.as_ref().and_then(|last| last.change.as_ref()).and_then(known) {
        let (sign, word) = words::change(entry.change.state);
        let opens = look.say("<deploy-change> opens it");
        let text = format!("{} {word}  {}  {opens}", look.glyph(sign), words::name(&entry.change));
        labelled("Change", &text, cells, sign.role(), &mut lines);
    }
    if let Some(left) = state.left_open(target) {
        let abandons = look.say("<workspace-abandon> abandons it");
        let text = format!("{} {} is open still; {abandons}", look.glyph(Sign::Warning), left.id);
        labelled("Workspace", &text, cells, Role::Warning, &mut lines);
    }
    if let Some(loss) = state.loss_of(target, look.now) {
        labelled("Change", &look.say(loss.words()), cells, Role::Warning, &mut lines);
    }
    if target.protected {
        labelled("Protected", "it waits for a look after the build", cells, Role::Warning, &mut lines);
    }
    if !matches!(target.inputs, Inputs::Ready { .. }) {
        return lines;
    }
    labelled("d", "deploys it; its change control waits for an approval", cells, Role::Muted, &mut lines);
    if target.advance != Advance::Pending {
        labelled("D", &format!("deploys it; {}", words::advance(target.advance)), cells, Role::Muted, &mut lines);
    }
    lines
}

/// What is known of what was left, and what can be done about it.
fn unfinished(left: &Unfinished, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    let began = format!("{}, {} ago", look.zone.full(left.started_at), age(left.started_at, look.now));
    labelled("Begun", &began, cells, Role::Text, &mut lines);
    let (label, role) = if left.lives { ("Last seen", Role::Progress) } else { ("Left", Role::Warning) };
    labelled(label, words::phase(left.phase), cells, role, &mut lines);
    if let Some(workspace) = &left.workspace {
        labelled("Workspace", &workspace.to_string(), cells, Role::Text, &mut lines);
    }
    labelled("Now", deploys::remedy(left), cells, Role::Text, &mut lines);
    lines
}

/// The steps, how it ended, and which of these lines must be seen.
fn steps(run: &Run, loss: Option<Loss>, look: &Look<'_>, cells: usize) -> (Vec<TextLine>, usize) {
    let mut lines = Vec::new();
    let mut focus = 0;
    for line in &run.steps {
        if line.sign != Sign::Planned {
            focus = lines.len();
        }
        lines.push(step(run, line, look, cells));
    }
    if let Some(why) = run.silence.as_ref().filter(|_| run.ended.is_none()) {
        let text = fit(&format!(" {why}"), cells.saturating_sub(1)).into_owned();
        lines.push(vec![sign(look, Sign::Warning), (text, Role::Warning)]);
    }
    if let Some(ended) = &run.ended {
        if let Some(trouble) = &ended.trouble {
            lines.extend(trouble_lines(trouble, cells, look));
        }
        if let Some((id, fate)) = &ended.fate {
            let (state, words) = words::fate(fate);
            let words = look.say(&words);
            let called = format!(" workspace {id}: {words}");
            lines.push(vec![sign(look, state), (fit(&called, cells.saturating_sub(1)).into_owned(), Role::Text)]);
        }
        focus = lines.len().saturating_sub(1);
    }
    if let Some(change) = &run.change {
        let (state, word) = words::change(change.state);
        let text = format!(" {word}  {}  {}", words::name(change), look.say("<deploy-change> opens it"));
        lines.push(vec![sign(look, state), (fit(&text, cells.saturating_sub(1)).into_owned(), Role::Text)]);
    }
    if let Some(loss) = loss {
        let text = fit(&look.say(loss.words()), cells.saturating_sub(2)).into_owned();
        lines.push(vec![sign(look, Sign::Warning), (format!(" {text}"), Role::Warning)]);
        focus = lines.len() - 1;
    }
    (lines, focus)
}

/// `◐ build          ▕██████░░░▏ 29/38`.
fn step(run: &Run, line: &StepLine, look: &Look<'_>, cells: usize) -> TextLine {
    let quiet = if line.sign == Sign::Planned { Role::Muted } else { Role::Text };
    let name = format!(" {:<STEP$}", line.step.name());
    let words = match (line.step, line.sign, run.building) {
        (Step::Build, Sign::Progress, Some((done, total, stage))) => {
            let room = cells.saturating_sub(STEP + 14).min(24);
            format!("{} {done}/{total} {stage}", gauge(look, done, total, room))
        }
        (Step::Run, Sign::Progress, _) => run.change.as_ref().map_or_else(String::new, |change| {
            let (done, total) = change.progress();
            format!("{} {done}/{total}", gauge(look, done, total, cells.saturating_sub(STEP + 14).min(24)))
        }),
        (Step::Review, Sign::Warning, _) => {
            let (errors, warnings) = run.report.as_ref().map_or((0, 0), |report| report.counts());
            let found = if errors + warnings == 0 {
                "the build found nothing wrong".to_owned()
            } else {
                format!("{} and {}", counted(errors, "error"), counted(warnings, "warning"))
            };
            let keys = format!("<deploy-submit> {}, <deploy-cancel> ends it", words::submits(run.advance));
            let keys = look.say(&keys);
            let anew = if run.looks > 1 { format!("{ANEW}; ") } else { String::new() };
            format!("{anew}{found}: look at the differences; {keys}")
        }
        (Step::Change, Sign::Planned | Sign::Progress, _) => words::taken(run.advance).to_owned(),
        _ => line.words.clone(),
    };
    vec![sign(look, line.sign), (name, quiet), (fit(&words, cells.saturating_sub(STEP + 2)).into_owned(), quiet)]
}

/// What is said of a device in its row.
fn device_words(run: &Run, plan: Option<&DevicePlan>, build: Option<&DeviceBuild>) -> (Sign, Vec<Span>) {
    let mut sign = match (build, plan) {
        (Some(build), _) => words::build(build.state).0,
        (None, Some(plan)) if plan.is_changed() => Sign::Planned,
        (None, _) => Sign::Done,
    };
    let mut spans: Vec<Span> = Vec::new();
    let device = build.map(|build| &build.device).or(plan.map(|plan| &plan.id));
    if let Some(device) = device {
        spans.extend(count_spans(run, device));
    }
    if let Some(build) = build {
        if !build.errors.is_empty() {
            sign = Sign::Failed;
            spans.push((format!(" {}", counted(build.errors.len(), "error")), Role::Failed));
        } else if !build.warnings.is_empty() {
            spans.push((format!(" {}", counted(build.warnings.len(), "warning")), Role::Warning));
        }
        if !build.wanted {
            spans.push((" not in this deployment".to_owned(), Role::Warning));
        }
    }
    match plan {
        Some(plan) if !plan.streaming => {
            if sign != Sign::Failed {
                sign = Sign::Warning;
            }
            spans.push((" not streaming".to_owned(), Role::Warning));
        }
        Some(plan) if !plan.is_changed() => spans.push((" unchanged".to_owned(), Role::Muted)),
        Some(plan) if plan.again && spans.is_empty() => {
            spans.push(("brought again".to_owned(), Role::Text));
        }
        Some(plan) if spans.is_empty() && plan.config == ConfigPlan::New => spans.push(("new".to_owned(), Role::Added)),
        Some(plan) if spans.is_empty() && matches!(plan.config, ConfigPlan::None | ConfigPlan::Same) => {
            spans.push(("tags or place".to_owned(), Role::Text));
        }
        Some(_) | None => {}
    }
    (sign, spans)
}

/// The line of a part.
pub(super) fn part(state: &State, page: &DeploymentPage, part: &Part, look: &Look<'_>, cells: usize) -> Vec<Span> {
    let Subject::Target(name) = &page.subject else { return vec![] };
    let Some(run) = state.run_of(name) else { return vec![] };
    match part {
        Part::Device(device) => {
            let plan = run.plan.iter().find(|plan| plan.id == *device);
            let build = run.build_of(device);
            let called = plan.map(|plan| plan.hostname.as_str()).or(build.map(|build| build.hostname.as_str()));
            let called = called.unwrap_or(device.as_str());
            let (state, mut spans) = device_words(run, plan, build);
            let wide = spans.iter().map(|(text, _)| width(text)).sum::<usize>();
            let room = cells.saturating_sub(4 + wide).max(cells / 2).min(cells.saturating_sub(2));
            let name = fit(called, room.min(28)).into_owned();
            let pad = room.min(12).saturating_sub(width(&name)) + 2;
            let mut line = vec![sign(look, state), (format!(" {name}{}", " ".repeat(pad)), Role::Text)];
            line.append(&mut spans);
            line
        }
        Part::General | Part::Stage { .. } => {
            let general = run.report.as_ref().map_or(0, |report| report.errors.len());
            let mut line = vec![("  all".to_owned(), Role::Text)];
            if general > 0 {
                line.push((format!("  {}", counted(general, "error")), Role::Failed));
            }
            if !run.warnings.is_empty() {
                line.push((format!("  {}", counted(run.warnings.len(), "warning")), Role::Warning));
            }
            line
        }
    }
}

/// A fault, wrapped under its glyph.
fn fault_lines(text: &str, state: Sign, look: &Look<'_>, cells: usize, lines: &mut Vec<TextLine>) {
    for (row, line) in wrap(text, cells.saturating_sub(2).max(8)).into_iter().enumerate() {
        let mark = if row == 0 { look.glyph(state) } else { " " };
        lines.push(vec![(format!("{mark} "), state.role()), (line, Role::Text)]);
    }
}

/// What concerns no device in particular.
fn general(run: &Run, look: &Look<'_>, cells: usize) -> Vec<TextLine> {
    let mut lines = Vec::new();
    if let Some(report) = &run.report {
        for fault in &report.errors {
            fault_lines(&words::fault(fault), Sign::Failed, look, cells, &mut lines);
        }
        for build in report.devices.iter().filter(|build| !build.errors.is_empty()) {
            for fault in &build.errors {
                let text = format!("{}: {}", build.hostname, words::fault(fault));
                fault_lines(&text, Sign::Failed, look, cells, &mut lines);
            }
        }
    }
    for warning in &run.warnings {
        fault_lines(warning, Sign::Warning, look, cells, &mut lines);
    }
    let changed = run.plan.iter().filter(|device| device.is_changed()).count();
    if !run.plan.is_empty() {
        let devices = counted(run.plan.len(), "device");
        lines.push(plain(format!("{devices}, {changed} with changes"), Role::Text));
    }
    if let Some(workspace) = &run.workspace {
        lines.push(plain(format!("workspace {workspace}"), Role::Muted));
    }
    lines
}

/// What is said of a device: what the build found, what becomes of its tags, its difference.
fn of_device<'a>(run: &'a Run, device: &DeviceId, look: &Look<'_>, cells: usize) -> Text<'a> {
    let mut head = Vec::new();
    let plan = run.plan.iter().find(|plan| plan.id == *device);
    if let Some(build) = run.build_of(device) {
        for fault in &build.errors {
            fault_lines(&words::fault(fault), Sign::Failed, look, cells, &mut head);
        }
        for fault in &build.warnings {
            fault_lines(&words::fault(fault), Sign::Warning, look, cells, &mut head);
        }
        if let Some(why) = &build.skipped {
            fault_lines(&format!("not validated: {why}"), Sign::Cancelled, look, cells, &mut head);
        }
    }
    if let Some(plan) = plan {
        if !plan.streaming {
            fault_lines("it does not stream: it cannot be validated", Sign::Warning, look, cells, &mut head);
        }
        for (tags, op, role) in [(&plan.tags_added, '+', Role::Added), (&plan.tags_removed, '-', Role::Removed)] {
            head.extend(tags.iter().map(|tag| plain(format!("{op} tag {}", tag_words(tag)), role)));
        }
        if plan.placed_anew {
            head.push(plain("it gets its place in CloudVision's studios", Role::Text));
        }
    }
    let config = plan.map(|plan| plan.config);
    let (said, diff, between, other) = differences(config, run.held_of(device), run.computed_of(device));
    let wrapped = |said: &str| wrap(said, cells).into_iter().map(|line| plain(line, Role::Muted)).collect::<Vec<_>>();
    if let Some(said) = said.filter(|_| !diff.is_empty() || head.is_empty()) {
        head.extend(wrapped(said));
    }
    if !diff.is_empty() && !head.is_empty() {
        head.push(plain("", Role::Text));
    }
    let mut below = Vec::new();
    if let Some(said) = between {
        below.push(plain("", Role::Text));
        below.extend(wrapped(said));
    }
    Text { head, diff, between: below, other }
}

/// `role:leaf`, and of which interface.
fn tag_words(tag: &TagLabel) -> String {
    let on = tag.interface.as_ref().map_or_else(String::new, |interface| format!(" on {interface}"));
    format!("{}:{}{on}", tag.label.label, tag.label.value)
}
