//! What comes before anything is written: devices are looked up, and what is wanted is compared with what is in force.

use std::sync::Arc;

use super::failure::Failure;
use super::lookup::{self, Placed};
use super::order::{Advance, Event, Reach, Review, Step};
use super::plan::{self, ConfigPlan, Plan};
use super::preview;
use super::run::Job;
use super::survey::{self, Configurations};
use crate::features::cloudvision::client::Version;
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{Change, ChangeState};

/// Why the change control of the last deployment does not bring what it was to bring.
enum Lost {
    /// It does not exist any more.
    Deleted,
    /// It was stopped, or has failed.
    Over(Box<Change>),
}

impl Job<'_> {
    /// Looks devices up and compares. Returns whether there is anything to be done in a workspace.
    pub(super) async fn prepare(&mut self) -> Result<bool, Failure> {
        self.controls.tell(Event::Began(Step::Devices)).await;
        let deployment = &self.order.deployment;
        let sought: Vec<_> = deployment.devices.iter().map(lookup::sought).collect();
        let ids: Option<Vec<_>> = deployment
            .devices
            .iter()
            .map(|wanted| Some((wanted.serial.as_deref()?, wanted.hostname.as_str())))
            .collect();
        // Where every serial number is said, nothing has to be looked up before the configlets can be.
        let early = async {
            match &ids {
                Some(ids) => survey::configurations(self.client, ids).await.map(Some),
                None => Ok(None),
            }
        };
        let (version, inventory, early, lost) =
            futures::try_join!(self.client.version(), self.client.devices(&sought), early, self.lost())?;
        if version < Version::OLDEST {
            return Err(Error::TooOld { version: version.to_string(), wanted: "deployments" }.into());
        }
        self.version = version;
        self.placed = lookup::place(deployment, &inventory).map_err(Failure::NotPlaced)?;
        for (hostname, id, other) in lookup::renamed(deployment, &self.placed, &inventory) {
            let what = format!("{hostname} is {other} in CloudVision's inventory (serial number {id})");
            self.warn(format!("{what}: that device gets the configuration and the name of {hostname}")).await;
        }
        let silent: Vec<_> =
            self.placed.iter().filter(|device| !device.streaming).map(|it| it.hostname.clone()).collect();
        let streaming = self.placed.len() - silent.len();
        for hostname in silent {
            self.warn(format!("{hostname} does not stream: its configuration cannot be validated")).await;
        }
        self.finished(Step::Devices, format!("{} found, {streaming} streaming", self.placed.len())).await;
        self.bring_again(lost).await;
        self.controls.tell(Event::Began(Step::Compare)).await;
        let mut known = match early {
            Some(known) => known,
            None => self.configurations().await?,
        };
        self.accept(&mut known).await?;
        let is_changed = plan::changes_configurations(deployment, &self.placed, &known);
        let is_compared = self.compares() && plan::keeps_configurations(deployment, &self.placed, &known);
        // Who is to see the whole difference gets it; otherwise the first difference is enough to begin.
        if self.order.reach == Reach::Submit && is_changed && !is_compared && !self.order.follow_build {
            self.finished(Step::Compare, "configurations change".to_owned()).await;
            return Ok(true);
        }
        let around = survey::surroundings(self.client, deployment, &self.placed, None).await?;
        let plan = self.planned(plan::plan(deployment, &self.placed, &known, &around)).await;
        if self.order.reach == Reach::Compare || self.order.follow_build {
            self.compare(&plan).await?;
        } else {
            self.finished(Step::Compare, compared(&plan)).await;
        }
        self.outcome.nothing_to_do = plan.is_empty() && self.again.is_empty();
        self.comparison = self.to_compare(&plan.devices);
        if self.compares() {
            self.refuse_waiting().await?;
        }
        let is_to_do = !plan.is_empty() || !self.comparison.devices.is_empty();
        Ok(is_to_do && self.order.reach != Reach::Compare)
    }

    /// Reads the differences to what is in force, and tells them.
    pub(super) async fn compare(&mut self, plan: &Plan) -> Result<(), Failure> {
        self.outcome.diffs = Arc::new(preview::diffs(self.client, &self.order.deployment, &plan.devices).await?);
        self.controls.tell(Event::Compared(Arc::clone(&self.outcome.diffs))).await;
        self.finished(Step::Compare, compared(plan)).await;
        Ok(())
    }

    /// What has become of the change control of the last deployment, where it does not bring what it was to bring.
    async fn lost(&self) -> Result<Option<Lost>, Error> {
        let Some(brought) = &self.order.brought else { return Ok(None) };
        let Some(change) = self.client.change(&brought.change).await? else { return Ok(Some(Lost::Deleted)) };
        let is_over = matches!(change.state, ChangeState::Stopped | ChangeState::Failed);
        Ok(is_over.then(|| Lost::Over(Box::new(change))))
    }

    /// Decides which devices are brought what CloudVision holds already, should they not run it: all of them where that was
    /// ordered, else those to which the last deployment's change control was to bring it, and did not.
    async fn bring_again(&mut self, lost: Option<Lost>) {
        let brought = self.order.brought.as_ref();
        let is_lost = |device: &Placed| match &lost {
            None => false,
            Some(Lost::Deleted) => brought.is_some_and(|brought| brought.devices.contains(&device.hostname)),
            Some(Lost::Over(change)) => {
                brought.is_some_and(|brought| brought.devices.contains(&device.hostname))
                    && !change.brought().contains(&device.id)
            }
        };
        let is_meant = |device: &&Placed| self.order.again || is_lost(device);
        self.again = self.placed.iter().filter(is_meant).map(|device| device.id.clone()).collect();
        let what = match &lost {
            Some(Lost::Deleted) => "does not exist any more",
            Some(Lost::Over(change)) if change.state == ChangeState::Stopped => "was stopped",
            Some(Lost::Over(_)) => "has failed",
            None => return,
        };
        if !self.again.is_empty() {
            let outcome = "what it was to bring is brought again";
            self.warn(format!("the change control of the last deployment {what}: {outcome}")).await;
        }
    }

    /// The mainline holds all of it already. That devices have it is another thing: where the change control was to be taken
    /// further, the build has told which run it; otherwise change controls that have still to bring it are named.
    pub(super) async fn nothing_to_do(&mut self) -> Result<(), Failure> {
        match (self.order.reach, self.order.advance) {
            (Reach::Build, _) => Ok(()),
            (Reach::Compare, _) | (Reach::Submit, Advance::Pending) => self.still_waiting().await,
            (Reach::Submit, Advance::Approved | Advance::Started | Advance::Completed) => self.settled(),
        }
    }

    /// Goes on where the configurations that are there cannot be read: all of them are written then. Whoever is to look at
    /// the difference would be shown a false one.
    pub(super) async fn accept(&mut self, known: &mut Configurations) -> Result<(), Failure> {
        let Some(error) = known.unread.take() else { return Ok(()) };
        if self.order.reach == Reach::Compare || self.order.follow_build || self.order.review != Review::Never {
            return Err(error.into());
        }
        let warning = format!("every configuration is sent, since those that are there cannot be read: {error}");
        if !self.outcome.warnings.contains(&warning) {
            self.warn(warning).await;
        }
        Ok(())
    }

    /// Reads configlets and containers.
    pub(super) async fn configurations(&self) -> Result<Configurations, Failure> {
        let ids: Vec<_> = self.placed.iter().map(|device| (device.id.as_str(), device.hostname.as_str())).collect();
        Ok(survey::configurations(self.client, &ids).await?)
    }
}

/// `1 changed, 1 unchanged`.
fn compared(plan: &Plan) -> String {
    let again = plan.devices.iter().filter(|device| device.again && device.config == ConfigPlan::Same).count();
    let again_words = if again > 0 { format!(", {again} to be brought again") } else { String::new() };
    let mended = if plan.changed() == 0 && !plan.is_empty() { ", the studio to be mended" } else { "" };
    let (changed, unchanged) = (plan.changed() - again, plan.devices.len() - plan.changed());
    format!("{changed} changed, {unchanged} unchanged{again_words}{mended}")
}
