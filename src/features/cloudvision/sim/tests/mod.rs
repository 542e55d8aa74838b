//! The simulated CloudVision as clients see it: over TLS, through the generated clients, and nothing else.

mod calls;
mod changes;
mod configlets;
mod devices;
mod faults;
mod pages;
mod submit;
mod tags;
mod workspaces;

use std::time::Duration;

use tokio::time::timeout;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status, Streaming};

use super::{Fabric, Setup, Simulator};
use crate::features::cloudvision::pb::Operation;
use crate::features::cloudvision::pb::changecontrol::change_control_service_client::ChangeControlServiceClient;
use crate::features::cloudvision::pb::changecontrol::{ChangeControl, ChangeControlStreamRequest};
use crate::features::cloudvision::pb::configlet::configlet_assignment_config_service_client::ConfigletAssignmentConfigServiceClient;
use crate::features::cloudvision::pb::configlet::configlet_config_service_client::ConfigletConfigServiceClient;
use crate::features::cloudvision::pb::configlet::{
    ConfigletAssignmentConfig, ConfigletAssignmentConfigSetSomeRequest, ConfigletAssignmentKey, ConfigletConfig,
    ConfigletConfigSetSomeRequest, ConfigletKey, MatchPolicy,
};
use crate::features::cloudvision::pb::fmp::RepeatedString;
use crate::features::cloudvision::pb::studio::inputs_config_service_client::InputsConfigServiceClient;
use crate::features::cloudvision::pb::studio::{InputsConfig, InputsConfigSetRequest, InputsKey};
use crate::features::cloudvision::pb::workspace::workspace_config_service_client::WorkspaceConfigServiceClient;
use crate::features::cloudvision::pb::workspace::workspace_service_client::WorkspaceServiceClient;
use crate::features::cloudvision::pb::workspace::{
    Request as Wanted, RequestParams, Response, ResponseStatus, Workspace, WorkspaceConfig, WorkspaceConfigSetRequest,
    WorkspaceKey, WorkspaceState, WorkspaceStreamRequest,
};

/// A wait that takes this long has failed. Generous: the machine may be busy.
const DEADLINE: Duration = Duration::from_mins(1);

/// Signs every call.
#[derive(Clone)]
struct Bearer(String);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value: MetadataValue<_> = format!("Bearer {}", self.0).parse().unwrap();
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}

/// A connection whose calls are signed.
type Signed = InterceptedService<Channel, Bearer>;

/// A simulator and a client's connection to it.
struct Desk {
    sim: Simulator,
    channel: Signed,
}

impl Desk {
    /// A fabric of leaves.
    async fn of(leaves: u32) -> Self {
        Self::with(Setup::new(Fabric::of_leaves(leaves))).await
    }

    /// Whatever is set up.
    async fn with(setup: Setup) -> Self {
        let sim = Simulator::start(setup).await.unwrap();
        let channel = InterceptedService::new(connect(&sim).await, Bearer(sim.token().to_owned()));
        Self { sim, channel }
    }

    /// Makes a workspace and waits until it is pending.
    async fn workspace(&self, id: &str) {
        self.write(WorkspaceConfig { display_name: Some(format!("name of {id}")), ..named(id) }).await.unwrap();
        self.until(id, |workspace| workspace.state() == WorkspaceState::Pending).await;
    }

    /// Writes to a workspace's own resource.
    async fn write(&self, value: WorkspaceConfig) -> Result<(), Status> {
        let mut client = WorkspaceConfigServiceClient::new(self.channel.clone());
        client.set(WorkspaceConfigSetRequest { value: Some(value) }).await.map(drop)
    }

    /// Asks something of a workspace and waits for the final response.
    async fn ask(&self, id: &str, request: Wanted) -> (Response, Workspace) {
        let request_id = format!("req-{}", request.as_str_name());
        self.request(id, request, &request_id).await.unwrap();
        self.answered(id, &request_id).await
    }

    /// Asks something of a workspace.
    async fn request(&self, id: &str, request: Wanted, request_id: &str) -> Result<(), Status> {
        let request_params = Some(RequestParams { request_id: Some(request_id.to_owned()) });
        self.write(WorkspaceConfig { request: request.into(), request_params, ..named(id) }).await
    }

    /// Waits for the final response to a request.
    async fn answered(&self, id: &str, request_id: &str) -> (Response, Workspace) {
        let response = |workspace: &Workspace| workspace.responses.as_ref()?.values.get(request_id).cloned();
        let is_final =
            |response: &Response| matches!(response.status(), ResponseStatus::Success | ResponseStatus::Fail);
        let workspace = self.until(id, |workspace| response(workspace).as_ref().is_some_and(is_final)).await;
        (response(&workspace).unwrap(), workspace)
    }

    /// Follows a workspace until it is as wanted.
    async fn until(&self, id: &str, wanted: impl Fn(&Workspace) -> bool) -> Workspace {
        let mut stream = self.follow(id).await;
        loop {
            let message = next(&mut stream).await.unwrap();
            if let Some(workspace) = message.value.filter(|workspace| wanted(workspace)) {
                return workspace;
            }
        }
    }

    /// Subscribes to a workspace.
    async fn follow(
        &self,
        id: &str,
    ) -> Streaming<crate::features::cloudvision::pb::workspace::WorkspaceStreamResponse> {
        let filter = Workspace { key: named(id).key, ..Default::default() };
        let mut client = WorkspaceServiceClient::new(self.channel.clone());
        client.subscribe(WorkspaceStreamRequest { partial_eq_filter: vec![filter] }).await.unwrap().into_inner()
    }

    /// Writes configlets in bulk. Returns the ids that were refused, with why.
    async fn configlets(&self, workspace: &str, bodies: &[(&str, &str)]) -> Vec<(String, String)> {
        let values = bodies.iter().map(|(id, body)| configlet(workspace, id, body)).collect();
        let mut client = ConfigletConfigServiceClient::new(self.channel.clone());
        let mut stream = client.set_some(ConfigletConfigSetSomeRequest { values }).await.unwrap().into_inner();
        let mut refused = Vec::new();
        while let Some(entry) = stream.message().await.unwrap() {
            refused.push((entry.key.unwrap().configlet_id.unwrap(), entry.error));
        }
        refused
    }

    /// Writes assignments in bulk, none of which may be refused.
    async fn assign(&self, values: Vec<ConfigletAssignmentConfig>) {
        let mut client = ConfigletAssignmentConfigServiceClient::new(self.channel.clone());
        let request = ConfigletAssignmentConfigSetSomeRequest { values };
        let mut stream = client.set_some(request).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap(), None);
    }

    /// Writes inputs of a studio.
    async fn inputs(&self, workspace: &str, studio: &str, path: &[&str], inputs: &str) -> Result<(), Status> {
        let key = inputs_key(workspace, studio, path);
        let value = InputsConfig { key: Some(key), inputs: Some(inputs.to_owned()), remove: None };
        let mut client = InputsConfigServiceClient::new(self.channel.clone());
        client.set(InputsConfigSetRequest { value: Some(value) }).await.map(drop)
    }

    /// Writes a body for every device in the layout that deploys make.
    async fn layout(&self, workspace: &str, devices: &[(&str, &str)]) {
        let ids: Vec<String> = devices.iter().map(|(serial, _)| format!("avd-{serial}")).collect();
        let bodies: Vec<(&str, &str)> = ids.iter().zip(devices).map(|(id, (_, body))| (id.as_str(), *body)).collect();
        assert_eq!(self.configlets(workspace, &bodies).await, []);
        let children: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut containers = vec![container(workspace, "avd-configlets", "device:*", &[], &children)];
        for (id, (serial, _)) in ids.iter().zip(devices) {
            containers.push(container(workspace, id, &format!("device:{serial}"), &[id], &[]));
        }
        self.assign(containers).await;
        let roots = ["configletAssignmentRoots"];
        self.inputs(workspace, "studio-static-configlet", &roots, r#"["avd-configlets"]"#).await.unwrap();
    }

    /// Deploys bodies up to the change control. Returns its id.
    async fn deploy(&self, workspace: &str, devices: &[(&str, &str)]) -> String {
        self.workspace(workspace).await;
        self.layout(workspace, devices).await;
        assert_eq!(self.ask(workspace, Wanted::StartBuild).await.0.status(), ResponseStatus::Success);
        let (response, submitted) = self.ask(workspace, Wanted::Submit).await;
        assert_eq!(response.status(), ResponseStatus::Success, "{response:?}");
        submitted.cc_ids.unwrap().values.into_iter().next().unwrap()
    }

    /// Subscribes to all change controls.
    async fn changes(&self) -> Streaming<crate::features::cloudvision::pb::changecontrol::ChangeControlStreamResponse> {
        let mut client = ChangeControlServiceClient::new(self.channel.clone());
        client.subscribe(ChangeControlStreamRequest::default()).await.unwrap().into_inner()
    }

    /// Follows a change control until it is as wanted.
    async fn change_until(&self, id: &str, wanted: impl Fn(&ChangeControl) -> bool) -> ChangeControl {
        let mut stream = self.changes().await;
        loop {
            let value = next(&mut stream).await.unwrap().value;
            let is_it = |control: &ChangeControl| control.key.as_ref().unwrap().id.as_deref() == Some(id);
            if let Some(control) = value.filter(|control| is_it(control) && wanted(control)) {
                return control;
            }
        }
    }
}

/// A connection to a simulator, trusting its authority and nothing else.
async fn connect(sim: &Simulator) -> Channel {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(sim.authority())).domain_name("localhost");
    let endpoint = Endpoint::from_shared(format!("https://{}", sim.address())).unwrap().tls_config(tls).unwrap();
    endpoint.connect().await.unwrap()
}

/// The next message of a stream that goes on.
async fn next<M>(stream: &mut Streaming<M>) -> Result<M, Status> {
    let message = timeout(DEADLINE, stream.message()).await.expect("the stream says nothing");
    message.map(|message| message.expect("the stream has ended"))
}

/// The messages of a stream that ends.
async fn collect<M>(mut stream: Streaming<M>) -> Vec<M> {
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        messages.push(message);
    }
    messages
}

/// A write to a workspace that wants nothing.
fn named(id: &str) -> WorkspaceConfig {
    WorkspaceConfig { key: Some(WorkspaceKey { workspace_id: Some(id.to_owned()) }), ..Default::default() }
}

/// A list.
fn list(values: &[&str]) -> RepeatedString {
    RepeatedString { values: values.iter().map(|value| (*value).to_owned()).collect() }
}

/// A configlet with a body.
fn configlet(workspace: &str, id: &str, body: &str) -> ConfigletConfig {
    let key = ConfigletKey { workspace_id: Some(workspace.to_owned()), configlet_id: Some(id.to_owned()) };
    ConfigletConfig { key: Some(key), body: Some(body.to_owned()), ..Default::default() }
}

/// A container.
fn container(
    workspace: &str,
    id: &str,
    query: &str,
    configlets: &[&str],
    children: &[&str],
) -> ConfigletAssignmentConfig {
    ConfigletAssignmentConfig {
        key: Some(ConfigletAssignmentKey {
            workspace_id: Some(workspace.to_owned()),
            configlet_assignment_id: Some(id.to_owned()),
        }),
        display_name: Some(id.to_owned()),
        query: Some(query.to_owned()),
        configlet_ids: Some(list(configlets)),
        child_assignment_ids: Some(list(children)),
        match_policy: MatchPolicy::MatchAll.into(),
        ..Default::default()
    }
}

/// A place in the inputs of a studio.
fn inputs_key(workspace: &str, studio: &str, path: &[&str]) -> InputsKey {
    InputsKey { studio_id: Some(studio.to_owned()), workspace_id: Some(workspace.to_owned()), path: Some(list(path)) }
}

/// Asserts that a write is refused with this code, and gives the words.
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code) -> String {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    status.message().to_owned()
}

/// The first leaf of a fabric.
const LEAF1: &str = "SIM00000001";
/// The second one.
const LEAF2: &str = "SIM00000002";
