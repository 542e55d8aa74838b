//! Change controls: read, followed, approved, started, stopped, scheduled, edited, deleted.
//!
//! Nothing of this is repeated blindly: whoever asked for it looks at the change control again first.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

use super::{Client, Repeat, Subscription};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::{Change, ChangeId, Stage, Version};
use crate::features::cloudvision::pb::changecontrol as pb;
use crate::features::cloudvision::pb::fmp::{MapStringString, RepeatedString};
use crate::features::cloudvision::wire;

/// Follows change controls.
pub(crate) type ChangeSubscription = Subscription<pb::ChangeControlStreamRequest, pb::ChangeControlStreamResponse>;

/// The key of a change control.
fn key(id: &ChangeId) -> pb::ChangeControlKey {
    pb::ChangeControlKey { id: Some(id.as_str().to_owned()) }
}

impl Client {
    /// A change control, if there is one.
    pub async fn change(&self, id: &ChangeId) -> Result<Option<Change>, Error> {
        let request = pb::ChangeControlRequest { key: Some(key(id)) };
        let method = "/arista.changecontrol.v1.ChangeControlService/GetOne";
        match self.unary::<_, pb::ChangeControlResponse>(method, request, Repeat::Safe).await {
            Ok(answer) => Ok(answer.value.and_then(wire::change)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All change controls.
    pub async fn changes(&self) -> Result<Vec<Change>, Error> {
        let request = pb::ChangeControlStreamRequest::default();
        let method = "/arista.changecontrol.v1.ChangeControlService/GetAll";
        let messages: Vec<pb::ChangeControlStreamResponse> = self.collect(method, request, Repeat::Safe).await?;
        Ok(messages.into_iter().filter_map(|message| wire::change(message.value?)).collect())
    }

    /// Follows one change control, or all of them.
    #[must_use]
    pub fn follow_changes(&self, id: Option<&ChangeId>) -> ChangeSubscription {
        let filter = id.map(|id| pb::ChangeControl { key: Some(key(id)), ..pb::ChangeControl::default() });
        let request =
            pb::ChangeControlStreamRequest { partial_eq_filter: filter.into_iter().collect(), ..Default::default() };
        Subscription::new(self, "/arista.changecontrol.v1.ChangeControlService/Subscribe", request)
    }

    /// Approves the version that was read, or takes the approval back.
    pub async fn approve(&self, id: &ChangeId, version: Version, approve: bool, notes: &str) -> Result<(), Error> {
        let value = pb::ApproveConfig {
            key: Some(key(id)),
            approve: Some(pb::FlagConfig { value: Some(approve), notes: Some(notes.to_owned()) }),
            version: Some(Timestamp { seconds: version.seconds, nanos: version.nanos }),
            ..pb::ApproveConfig::default()
        };
        let request = pb::ApproveConfigSetRequest { value: Some(value) };
        let _answer: pb::ApproveConfigSetResponse =
            self.unary("/arista.changecontrol.v1.ApproveConfigService/Set", request, Repeat::Never).await?;
        Ok(())
    }

    /// Starts a change control that is approved, or stops one that runs.
    pub async fn start(&self, id: &ChangeId, start: bool, notes: &str) -> Result<(), Error> {
        let start = Some(pb::FlagConfig { value: Some(start), notes: Some(notes.to_owned()) });
        self.set_change(pb::ChangeControlConfig { key: Some(key(id)), start, ..Default::default() }, Repeat::Never)
            .await
    }

    /// Lets a change control start by itself, or no longer.
    pub async fn schedule(&self, id: &ChangeId, at: Option<DateTime<Utc>>, notes: &str) -> Result<(), Error> {
        let value = at.map(|at| Timestamp {
            seconds: at.timestamp(),
            nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
        });
        let schedule = Some(pb::TimestampFlagConfig { value, notes: Some(notes.to_owned()) });
        self.set_change(pb::ChangeControlConfig { key: Some(key(id)), schedule, ..Default::default() }, Repeat::Never)
            .await
    }

    /// Gives a change control another name, description or both. This makes a new version of it. Saying it twice makes it
    /// no other.
    pub async fn rename(&self, id: &ChangeId, name: Option<&str>, notes: Option<&str>) -> Result<(), Error> {
        let change = pb::ChangeConfig {
            name: name.map(str::to_owned),
            notes: notes.map(str::to_owned),
            ..pb::ChangeConfig::default()
        };
        let value = pb::ChangeControlConfig { key: Some(key(id)), change: Some(change), ..Default::default() };
        self.set_change(value, Repeat::Safe).await
    }

    /// Lays the rows of the root stage out anew. The stage is written as a whole, as it was read save for its rows.
    pub async fn arrange(&self, id: &ChangeId, root: &str, stage: &Stage, rows: &[Vec<String>]) -> Result<(), Error> {
        let rows = rows.iter().map(|row| RepeatedString { values: row.clone() }).collect();
        let config = pb::StageConfig {
            name: Some(stage.name.clone()),
            action: None::<pb::Action>,
            rows: Some(pb::RepeatedRepeatedString { values: rows }),
        };
        let stages = pb::StageConfigMap { values: [(root.to_owned(), config)].into() };
        let change = pb::ChangeConfig { stages: Some(stages), ..pb::ChangeConfig::default() };
        let value = pb::ChangeControlConfig { key: Some(key(id)), change: Some(change), ..Default::default() };
        self.set_change(value, Repeat::Never).await
    }

    /// Deletes a change control. What its workspace submitted stays in force.
    pub async fn delete_change(&self, id: &ChangeId) -> Result<(), Error> {
        let request = pb::ChangeControlConfigDeleteRequest { key: Some(key(id)) };
        let method = "/arista.changecontrol.v1.ChangeControlConfigService/Delete";
        let _answer: pb::ChangeControlConfigDeleteResponse = self.unary(method, request, Repeat::Never).await?;
        Ok(())
    }

    /// Writes to a change control.
    async fn set_change(&self, value: pb::ChangeControlConfig, repeat: Repeat) -> Result<(), Error> {
        let request = pb::ChangeControlConfigSetRequest { value: Some(value) };
        let method = "/arista.changecontrol.v1.ChangeControlConfigService/Set";
        let _answer: pb::ChangeControlConfigSetResponse = self.unary(method, request, repeat).await?;
        Ok(())
    }
}

/// The arguments of an action by name.
pub(crate) fn argument<'a>(args: Option<&'a MapStringString>, names: &[&str]) -> Option<&'a str> {
    let values = &args?.values;
    names.iter().find_map(|name| values.get(*name)).map(String::as_str)
}
