//! A row, opened: all about a machine with what its keys do or why they do nothing; all about a definition.

use super::words;
use crate::features::console::cluster::Which;
use crate::features::console::cluster::model::{Action, Vm};
use crate::features::console::model::{Described, Grant, Proxied, Row};
use crate::features::console::pane::{Details, Page, State, Tried};
use crate::features::console::vmcp::{Answer, Definition, Problem, Remark, Salt, Severity, flags};
use crate::features::console::worker::Target;
use crate::ui::Look;
use crate::ui::line::wrap;
use crate::ui::page::{TextLine, Title, plain};
use crate::ui::theme::{Role, State as Sign};
use crate::ui::time::age;

/// Cells of a label.
const LABEL: usize = 11;
/// What stands for the salt of a client in a preview.
const SAMPLE_SALT: &str = "SALT-OF-THE-CLIENT";

/// What stands in the title rule.
pub(super) fn title(state: &State, details: &Details, look: &Look<'_>) -> Title {
    let row = &details.row;
    let mut left = vec![(row.name().to_owned(), Role::Accent)];
    match row {
        Row::Vm(vm) => {
            let sign = words::machine(vm.being());
            left.push((format!("  {} {}", look.glyph(sign), vm.state()), sign.role()));
            left.push(("  ".to_owned(), Role::Muted));
            left.extend(state.badge_of_cluster());
        }
        Row::Proxied(row) => left.push((format!("  by {}", row.proxy), Role::Muted)),
        Row::Definition(_) => left.push(("  a definition for CernVM clients".to_owned(), Role::Muted)),
    }
    Title { left, right: None }
}

/// Collects labelled lines that fit.
struct Sheet {
    cells: usize,
    lines: Vec<TextLine>,
}

impl Sheet {
    /// A line, or several where it is long; none where there is nothing to say.
    fn say(&mut self, label: &str, text: &str, role: Role) {
        if text.is_empty() {
            return;
        }
        let cells = self.cells.saturating_sub(LABEL + 1).max(8);
        for (at, line) in wrap(text, cells).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.lines.push(vec![(format!(" {label:<LABEL$}"), Role::Muted), (line, role)]);
        }
    }

    /// A heading.
    fn head(&mut self, text: &str) {
        self.lines.push(plain(String::new(), Role::Text));
        self.lines.push(plain(format!(" {text}"), Role::Title));
    }
}

/// The lines of what is opened; `None` where no row is.
pub(in crate::features::console::pane) fn lines(state: &State, look: &Look<'_>) -> Option<Vec<TextLine>> {
    let Some(Page::Details(details)) = &state.page else { return None };
    let mut sheet = Sheet { cells: usize::from(state.size.0).saturating_sub(2), lines: Vec::new() };
    match &details.row {
        Row::Vm(vm) => {
            machine(vm, look, &mut sheet);
            keys(state, vm, look, &mut sheet);
            conditions(vm, look, &mut sheet);
        }
        at @ Row::Proxied(row) => {
            let open = (state.has_one_open(at, Which::Serial), state.has_one_open(at, Which::Screen));
            proxied(row, state.tried(row), open, look, &mut sheet);
        }
        Row::Definition(row) => definition(row, &mut sheet),
    }
    Some(sheet.lines)
}

/// What is known of a machine.
fn machine(vm: &Vm, look: &Look<'_>, sheet: &mut Sheet) {
    let sign = words::machine(vm.being());
    let mut state = format!("{} {}", look.glyph(sign), vm.state());
    if let Some(reason) = vm.instance.as_ref().and_then(|instance| instance.reason.as_ref()) {
        state = format!("{state}: {reason}");
    }
    sheet.say("State", &state, sign.role());
    sheet.say("Namespace", &vm.namespace, Role::Text);
    let told =
        |at: chrono::DateTime<chrono::Utc>| format!("{}, {} ago", look.zone.short(at, look.now), age(at, look.now));
    if let Some(at) = vm.created() {
        sheet.say("Made", &told(at), Role::Text);
    }
    let strategy = vm.definition.as_ref().map_or("an instance without a VirtualMachine", |it| it.strategy.as_str());
    sheet.say("Runs", strategy, Role::Text);
    let Some(instance) = &vm.instance else { return };
    if let Some(at) = instance.running_since {
        sheet.say("Up", &told(at), Role::Text);
    }
    sheet.say("Node", instance.node.as_deref().unwrap_or_default(), Role::Text);
    sheet.say("Guest", instance.guest.as_deref().unwrap_or_default(), Role::Text);
    let cpus = instance.cpus.map(|cpus| format!("{cpus} CPUs"));
    let size: Vec<String> =
        cpus.into_iter().chain(instance.memory.iter().map(|memory| format!("{memory} memory"))).collect();
    sheet.say("Size", &size.join(", "), Role::Text);
    for (at, interface) in instance.interfaces.iter().enumerate() {
        let mut parts = vec![interface.name.clone()];
        if !interface.guest_name.is_empty() && interface.guest_name != interface.name {
            parts.push(format!("({})", interface.guest_name));
        }
        parts.push(interface.addresses.join(" "));
        parts.push(interface.mac.clone());
        if interface.link == "down" {
            parts.push("link down".to_owned());
        }
        parts.retain(|part| !part.is_empty());
        let role = if interface.link == "down" { Role::Warning } else { Role::Text };
        sheet.say(if at == 0 { "Interfaces" } else { "" }, &parts.join("  "), role);
    }
}

/// What its keys do, or why they do nothing.
fn keys(state: &State, vm: &Vm, look: &Look<'_>, sheet: &mut Sheet) {
    sheet.head("Keys");
    let forbidden = state.no_typing_at(&Target::Vm(vm.key()));
    let mut key = |command: &str, what: &str, objection: Option<String>| {
        let key = look.say(command);
        let line = match &objection {
            None => format!("{key:<6} {what}"),
            Some(why) => format!("{key:<6} {what}  {} {why}", look.pick("–", "-")),
        };
        let role = if objection.is_none() { Role::Text } else { Role::Muted };
        sheet.lines.push(plain(format!(" {line}"), role));
    };
    if vm.devices().serial || !vm.devices().screen {
        key("<console-open>", "serial line", vm.no_serial());
    } else {
        key("<console-open>", "screen: it has no serial line", vm.no_screen());
    }
    key("<console-screen>", "screen", vm.no_screen());
    for (command, action) in [
        ("<vm-start>", Action::Start),
        ("<vm-stop>", Action::Stop),
        ("<vm-restart>", Action::Restart),
        ("<vm-pause>", Action::Pause),
        ("<vm-unpause>", Action::Unpause),
    ] {
        let objection = state.possible(action).err();
        let objection = objection.or_else(|| forbidden.clone());
        key(command, action.as_str(), objection);
    }
}

/// What is so, and what is not.
fn conditions(vm: &Vm, look: &Look<'_>, sheet: &mut Sheet) {
    if vm.conditions().next().is_none() {
        return;
    }
    sheet.head("Conditions");
    for condition in vm.conditions() {
        let sign = if condition.is_true { Sign::Done } else { Sign::Planned };
        let why: Vec<&str> =
            [condition.reason.as_str(), &condition.message].into_iter().filter(|it| !it.is_empty()).collect();
        sheet.lines.push(vec![
            (format!(" {} {:<20} ", look.glyph(sign), condition.kind), sign.role()),
            (why.join(": "), Role::Muted),
        ]);
    }
}

/// What is known of a machine behind a proxy.
fn proxied(row: &Proxied, tried: Option<&Tried>, open: (bool, bool), look: &Look<'_>, sheet: &mut Sheet) {
    sheet.say("Machine", row.machine.as_str(), Role::Text);
    sheet.say("Namespace", &row.namespace, Role::Text);
    sheet.say("Proxy", &row.proxy, Role::Text);
    // A console that is open is gone to, whatever keeps another one from being opened.
    let mut way = |label: &str, is_there: bool, is_open: bool, opens: &'static str| match row.objection(look.now) {
        _ if !is_there => sheet.say(label, "the proxy leads to none", Role::Text),
        Some(why) if !is_open => {
            sheet.say(label, &format!("{} {} {why}", look.say(opens), look.pick("–", "-")), Role::Muted);
        }
        _ if is_open => sheet.say(label, &format!("{} goes to it: it is open", look.say(opens)), Role::Text),
        _ => sheet.say(label, &format!("{} opens it", look.say(opens)), Role::Text),
    };
    way("Serial", row.has.0, open.0, "<console-open>");
    way("Screen", row.has.1, open.1, "<console-screen>");
    let token = match &row.grant {
        Grant::Asked => "is being fetched".to_owned(),
        Grant::Made => "made for each connection, good for a minute".to_owned(),
        Grant::None(trouble) => trouble.one_line(),
        Grant::Token { expires: None, .. } => "never ends".to_owned(),
        Grant::Token { expires: Some(end), .. } if *end <= look.now => format!("ended {} ago", age(*end, look.now)),
        Grant::Token { expires: Some(end), .. } => {
            let left = crate::features::console::token::duration(*end - look.now);
            format!(
                "good for {left} more, until {}; a console that is open outlives it",
                look.zone.short(*end, look.now)
            )
        }
    };
    sheet.say("Token", &token, Role::Text);
    if let Some(why) = row.objection(look.now) {
        sheet.say("But", &why, Role::Warning);
    }
    let (seen, role) = match tried {
        None => ("it was not tried yet".to_owned(), Role::Muted),
        Some(Tried::Reached(at)) => (format!("heard last {} ago", age(*at, look.now)), Role::Text),
        Some(Tried::Failed(at, why)) => (format!("{} ago: {why}", age(*at, look.now)), Role::Failed),
    };
    sheet.say("Seen", &seen, role);
    let state = "nothing is known of its state: the proxy tells none";
    sheet.say("State", state, Role::Muted);
}

/// What a definition says, what is signed, and what clients make of it.
fn definition(row: &Described, sheet: &mut Sheet) {
    sheet.say("Folder", &crate::text::clean_line(&row.dir.display().to_string()), Role::Muted);
    let definition = match &row.read {
        Ok(definition) => definition,
        Err(problems) => return sheet.lines.extend(self::problems(problems, sheet.cells)),
    };
    sheet.head("Fields");
    for (name, field) in definition.fields() {
        // The secret is the password of the session.
        let is_hidden = name == "secret" && !field.text().is_empty();
        let text = if is_hidden { "***".to_owned() } else { field.text().replace('\n', " / ") };
        sheet.say(&crate::text::clean_line(name), &crate::text::clean_line(&text), Role::Text);
    }
    sheet.lines.push(plain(String::new(), Role::Text));
    let verdict = verdict(definition, &row.remarks, sheet.cells);
    sheet.lines.extend(verdict);
}

/// What is wrong with what should be a definition.
pub(super) fn problems(problems: &[Problem], cells: usize) -> Vec<TextLine> {
    let mut sheet = Sheet { cells, lines: Vec::new() };
    for problem in problems {
        let field = if problem.field.is_empty() { "The file" } else { &problem.field };
        sheet.say(&crate::text::clean_line(field), &problem.what, Role::Failed);
        sheet.say("", &format!("do: {}", problem.remedy), Role::Text);
    }
    sheet.lines
}

/// What clients make of a definition, and what is signed.
pub(super) fn verdict(definition: &Definition, remarks: &[Remark], cells: usize) -> Vec<TextLine> {
    let mut sheet = Sheet { cells, lines: Vec::new() };
    for remark in remarks {
        let (word, role) = match remark.severity {
            Severity::Refused => ("refused", Role::Failed),
            Severity::Ignored => ("ignored", Role::Warning),
        };
        sheet.say(word, &format!("{}: {}", remark.field, remark.why), role);
    }
    if definition.get("secret").is_some_and(|secret| secret.text().is_empty()) {
        sheet.say("secret", "it is empty: whoever knows the machine's name resumes its session", Role::Warning);
    }
    if remarks.is_empty() {
        sheet.say("sound", "clients take it, and read every field", Role::Ok);
    }
    sheet.say("flags mean", &flags(definition).join(", "), Role::Muted);
    if let Ok(salt) = SAMPLE_SALT.parse::<Salt>() {
        sheet.head("What is signed, with the salt of a client at its end");
        for line in Answer::canonical(definition, &salt).lines() {
            let is_hidden = line.strip_prefix("secret=").is_some_and(|secret| !secret.is_empty());
            let line = if is_hidden { "secret=***" } else { line };
            for line in wrap(&crate::text::clean_line(line), sheet.cells.max(8)) {
                sheet.lines.push(plain(format!(" {line}"), Role::Text));
            }
        }
    }
    sheet.lines
}
