//! What comes before anything is written: devices are looked up, and what is wanted is compared with what is in force.

use std::sync::Arc;

use super::failure::Failure;
use super::lookup::{self, Placed};
use super::order::{Event, Reach, Step};
use super::plan::{self, ConfigPlan, Plan};
use super::preview;
use super::run::Job;
use super::survey::{self, Configurations};
use crate::features::cloudvision::client::Version;
use crate::features::cloudvision::error::Error;

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
        let (version, inventory, early, is_lost) =
            futures::try_join!(self.client.version(), self.client.devices(&sought), early, self.is_lost())?;
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
        self.bring_again(is_lost).await;
        self.controls.tell(Event::Began(Step::Compare)).await;
        let known = match early {
            Some(known) => known,
            None => self.configurations().await?,
        };
        let is_changed = plan::changes_configurations(deployment, &self.placed, &known);
        // Who is to see the whole difference gets it; otherwise the first difference is enough to begin.
        if self.order.reach == Reach::Submit && is_changed && !self.order.follow_build {
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
        Ok(!self.outcome.nothing_to_do && self.order.reach != Reach::Compare)
    }

    /// Reads the differences to what is in force, and tells them.
    pub(super) async fn compare(&mut self, plan: &Plan) -> Result<(), Failure> {
        self.outcome.diffs = Arc::new(preview::diffs(self.client, &self.order.deployment, &plan.devices).await?);
        self.controls.tell(Event::Compared(Arc::clone(&self.outcome.diffs))).await;
        self.finished(Step::Compare, compared(plan)).await;
        Ok(())
    }

    /// Whether the change control of the last deployment does not exist any more.
    async fn is_lost(&self) -> Result<bool, Error> {
        match &self.order.brought {
            Some(brought) => Ok(self.client.change(&brought.change).await?.is_none()),
            None => Ok(false),
        }
    }

    /// Decides which devices are brought what CloudVision holds already: all of them where that was ordered, else those to
    /// which a change control was to bring it that somebody has deleted.
    async fn bring_again(&mut self, is_lost: bool) {
        let lost = self.order.brought.as_ref().filter(|_| is_lost);
        let is_meant = |device: &&Placed| {
            self.order.again || lost.is_some_and(|brought| brought.devices.contains(&device.hostname))
        };
        self.again = self.placed.iter().filter(is_meant).map(|device| device.id.clone()).collect();
        if lost.is_some() && !self.again.is_empty() {
            let what = "the change control of the last deployment does not exist any more: what it was to bring is \
                        brought again";
            self.warn(what.to_owned()).await;
        }
    }

    /// CloudVision holds all of it already. That devices have it is another thing: change controls that are not over may
    /// still have to bring it, which is said, and which is a failure where the change control was to be taken further.
    pub(super) async fn nothing_to_do(&mut self) -> Result<(), Failure> {
        if self.order.reach == Reach::Submit { self.still_waiting().await } else { Ok(()) }
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
