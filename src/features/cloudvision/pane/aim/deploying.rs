//! Deployments that are asked for, and their submission.

use super::{Aim, Needs, TOO_SOON, is_too_soon, warning};
use crate::features::cloudvision::deploy::Advance;
use crate::features::cloudvision::pane::instance::UNSEEN;
use crate::features::cloudvision::pane::opened::{Page, Subject};
use crate::features::cloudvision::pane::rows::DeployRow;
use crate::features::cloudvision::pane::run::Run;
use crate::features::cloudvision::pane::view::{UNDEPLOYED, words};
use crate::features::cloudvision::pane::{Place, State};
use crate::features::cloudvision::worker::{Inputs, Request, Target};
use crate::text::counted;
use crate::ui::Look;
use crate::ui::theme::Role;
use crate::ui::time::age;

impl State {
    /// The target under the cursor, or the one that is opened.
    pub(in crate::features::cloudvision::pane) fn subject_target(&self) -> Result<&Target, String> {
        let none = || Err("there is no target here".to_owned());
        let opened = self.above_deploys.pages.iter().rev().find_map(|page| match page {
            Page::Deployment(page) => Some(&page.subject),
            Page::Change(_) | Page::Workspaces(_) | Page::Devices(_) => None,
        });
        match (opened, self.page(Place::Deploys), self.deploys.list.selected()) {
            (Some(Subject::Target(name)), ..) => self.target(name).map_or_else(none, Ok),
            (None, None, Some(DeployRow::Target(target))) => Ok(target),
            (Some(Subject::Unfinished(_)), ..) | (None, None, Some(DeployRow::Unfinished(_))) => {
                Err(match self.subject_unfinished() {
                    None => "it has ended meanwhile: deploy its target below".to_owned(),
                    Some(left) if left.lives => {
                        "another noctui is at it still: end it there, or wait for it".to_owned()
                    }
                    Some(_) => "this was left unfinished: deploy its target below".to_owned(),
                })
            }
            _ if self.targets.is_none() => Err("the targets are still being read: nothing was done".to_owned()),
            _ => none(),
        }
    }

    /// The deployment of this process under the cursor, or the one that is opened.
    pub(in crate::features::cloudvision::pane) fn subject_run(&self) -> Option<&Run> {
        self.run_of(&self.subject_target().ok()?.name)
    }

    /// A deployment of the target on the screen.
    pub(super) fn aim_deployment(&self, advance: Advance, look: &Look<'_>) -> Result<Aim, String> {
        let target = self.subject_target()?;
        let name = &target.name;
        if self.run_of(name).is_some_and(|run| run.ended.is_none()) {
            return Err(format!("{name} is being deployed already: <cv-open> shows how far it is"));
        }
        if let Some(other) = self.elsewhere(target) {
            let ago = age(other.started_at, look.now);
            return Err(format!(
                "another noctui began to deploy {name} {ago} ago, and is at it still: end it there, or wait for it"
            ));
        }
        let is_asked = |page: &Page| matches!(page, Page::Deployment(page) if page.asked_at.is_some() && page.subject == Subject::Target(name.clone()));
        if self.above_deploys.pages.iter().any(is_asked) {
            return Err(format!("{name} is about to be deployed already"));
        }
        let (devices, changed) = match &target.inputs {
            Inputs::Reading => return Err(format!("the folder of {name} is still being read: nothing was done")),
            Inputs::Refused(trouble) => return Err(trouble.one_line()),
            Inputs::Ready { devices, changed, .. } => (*devices, *changed),
        };
        let instance = self.writable(&target.instance, Needs::Connection, look.now)?;
        if self.page(Place::Deploys).is_none() && is_too_soon(&self.deploys, look.now) {
            return Err(TOO_SOON.to_owned());
        }
        let mut facts = vec![counted(devices, "device")];
        facts.push(match changed {
            Some(0) => "unchanged since the last deployment".to_owned(),
            Some(changed) => format!("{changed} changed since the last deployment"),
            None => UNDEPLOYED.to_owned(),
        });
        let mut lines = vec![(facts.join(" · "), Role::Text)];
        if let Some(loss) = self.loss_of(target, look.now) {
            lines.push((look.say(loss.words()).into_owned(), Role::Warning));
        }
        if target.protected {
            lines.push(("waits for a look after the build".to_owned(), Role::Text));
        } else if changed.is_some() && advance > Advance::Pending {
            lines.push(("waits for a look should other devices change".to_owned(), Role::Text));
        }
        lines.push((words::advance(advance).to_owned(), Role::Text));
        let verb = match advance {
            Advance::Pending => "Deploy",
            Advance::Approved => "Deploy and approve",
            Advance::Started | Advance::Completed => "Deploy and start",
        };
        let request = Request::Deploy { target: name.clone(), advance };
        Ok(Aim::new(request, verb, name, instance, lines))
    }

    /// The submission of what was built and looked at.
    pub(super) fn aim_submission(&self, look: &Look<'_>) -> Result<Aim, String> {
        let run = self.subject_run().ok_or("nothing is being deployed here")?;
        let since = run.waits_since.ok_or("nothing waits for a look here")?;
        if look.now - since < UNSEEN {
            return Err(TOO_SOON.to_owned());
        }
        let instance = self.writable(&run.instance, Needs::Connection, look.now)?;
        let changed = run.plan.iter().filter(|device| device.is_changed()).count();
        let mut lines = vec![(format!("{} · {changed} with changes", counted(run.plan.len(), "device")), Role::Text)];
        let (errors, warnings) = run.report.as_ref().map_or((0, 0), |report| report.counts());
        if errors + warnings > 0 {
            let found = format!("{} and {}", counted(errors, "error"), counted(warnings, "warning"));
            lines.push(warning(look, &format!("the build found {found}")));
        }
        let in_force = "what is submitted is in force in CloudVision";
        lines.push(match run.advance {
            Advance::Pending => (format!("{in_force}; no device has it before its change control runs"), Role::Muted),
            Advance::Approved => (
                format!(
                    "{in_force}, and its change control is approved at once; devices get it once somebody starts that"
                ),
                Role::Text,
            ),
            Advance::Started | Advance::Completed => {
                warning(look, "its change control is approved and started at once: the devices get it now")
            }
        });
        let verb = match run.advance {
            Advance::Pending => "Submit",
            Advance::Approved => "Submit and approve",
            Advance::Started | Advance::Completed => "Submit and start",
        };
        let request = Request::GoOn { deployment: run.id.clone(), look: run.looks };
        Ok(Aim::new(request, verb, &run.target, instance, lines))
    }
}
