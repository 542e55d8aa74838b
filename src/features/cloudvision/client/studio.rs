//! Inputs of studios: JSON texts, each the value at a path.

use serde_json::Value;

use super::{Client, Repeat};
use crate::features::cloudvision::error::Error;
use crate::features::cloudvision::model::WorkspaceId;
use crate::features::cloudvision::pb::fmp::RepeatedString;
use crate::features::cloudvision::pb::studio as pb;

/// A place in the inputs of a studio, and the value there.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Which studio.
    pub studio: &'static str,
    /// Names of members and indices of lists, from the root on.
    pub path: Vec<String>,
    /// What stands or is to stand there.
    pub value: Value,
}

impl Client {
    /// What a studio holds in force, or in a workspace, in pieces: each the value at a path.
    pub async fn inputs(&self, studio: &'static str, workspace: Option<&WorkspaceId>) -> Result<Vec<Input>, Error> {
        let filter = pb::Inputs { key: Some(key(studio, workspace, None)), ..pb::Inputs::default() };
        let request = pb::InputsStreamRequest { partial_eq_filter: vec![filter] };
        let method = "/arista.studio.v1.InputsService/GetAll";
        let messages: Vec<pb::InputsStreamResponse> = self.collect(method, request, Repeat::Safe).await?;
        messages.into_iter().filter_map(|message| message.value).map(|value| input(studio, value)).collect()
    }

    /// What stands at one place in force, or in a workspace.
    pub async fn input(
        &self,
        studio: &'static str,
        workspace: Option<&WorkspaceId>,
        path: &[&str],
    ) -> Result<Option<Value>, Error> {
        let request = pb::InputsRequest { key: Some(key(studio, workspace, Some(path))) };
        let method = "/arista.studio.v1.InputsService/GetOne";
        match self.unary::<_, pb::InputsResponse>(method, request, Repeat::Safe).await {
            Ok(answer) => answer.value.map(|value| input(studio, value)).transpose().map(|input| Some(input?.value)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a workspace removes what a studio holds.
    pub async fn are_inputs_removed(&self, studio: &'static str, workspace: &WorkspaceId) -> Result<bool, Error> {
        let key = Some(key(studio, Some(workspace), None));
        let filter = pb::InputsConfig { key, remove: Some(true), ..pb::InputsConfig::default() };
        let request = pb::InputsConfigStreamRequest { partial_eq_filter: vec![filter] };
        let method = "/arista.studio.v1.InputsConfigService/GetAll";
        let messages: Vec<pb::InputsConfigStreamResponse> = self.collect(method, request, Repeat::Safe).await?;
        Ok(messages.iter().any(|message| message.value.as_ref().is_some_and(|value| value.remove == Some(true))))
    }

    /// Writes values of studios into a workspace.
    pub async fn set_inputs(&self, workspace: &WorkspaceId, inputs: &[Input]) -> Result<(), Error> {
        let values = inputs.iter().map(|input| config(workspace, input)).collect();
        self.set_some(
            "/arista.studio.v1.InputsConfigService/SetSome",
            values,
            |values| pb::InputsConfigSetSomeRequest { values },
            |answer: pb::InputsConfigSetSomeResponse| {
                let key = answer.key.unwrap_or_default();
                let path = key.path.unwrap_or_default().values.join("/");
                (format!("{} {path}", key.studio_id.unwrap_or_default()), answer.error)
            },
        )
        .await
    }

    /// Writes one value of a studio into a workspace.
    pub async fn set_input(&self, workspace: &WorkspaceId, input: &Input) -> Result<(), Error> {
        let request = pb::InputsConfigSetRequest { value: Some(config(workspace, input)) };
        let _answer: pb::InputsConfigSetResponse =
            self.unary("/arista.studio.v1.InputsConfigService/Set", request, Repeat::Safe).await?;
        Ok(())
    }
}

/// Names a place; in force where there is no workspace, and the root where there is no path.
fn key(studio: &str, workspace: Option<&WorkspaceId>, path: Option<&[&str]>) -> pb::InputsKey {
    pb::InputsKey {
        studio_id: Some(studio.to_owned()),
        workspace_id: Some(workspace.map_or("", WorkspaceId::as_str).to_owned()),
        path: path.map(|path| RepeatedString { values: path.iter().map(|&part| part.to_owned()).collect() }),
    }
}

/// Reads a value.
fn input(studio: &'static str, value: pb::Inputs) -> Result<Input, Error> {
    let path = value.key.and_then(|key| key.path).unwrap_or_default().values;
    let text = value.inputs.unwrap_or_default();
    let value = if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text) };
    let senseless =
        |error: serde_json::Error| Error::Senseless { call: "InputsService", what: format!("{studio}: {error}") };
    Ok(Input { studio, path, value: value.map_err(senseless)? })
}

/// Makes a write of a value.
fn config(workspace: &WorkspaceId, input: &Input) -> pb::InputsConfig {
    let path: Vec<&str> = input.path.iter().map(String::as_str).collect();
    pb::InputsConfig {
        key: Some(key(input.studio, Some(workspace), Some(&path))),
        remove: None,
        inputs: Some(input.value.to_string()),
    }
}
