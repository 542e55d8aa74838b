//! The same deployment in the order in which the Python workflow makes it: each call once the one before is answered, a
//! stream opened for every wait, everything written whether it differs or not, and large messages split once they were refused.
//! It reads what it needs of the answers, and does what a first deployment and an unchanged one come to; rebases, failures
//! and everything else are left out.

use std::collections::BTreeMap;

use http::uri::PathAndQuery;
use noctui::features::cloudvision::client::Client;
use noctui::features::cloudvision::model::{Deployment, Wanted};
use noctui::features::cloudvision::pb::fmp::RepeatedString;
use noctui::features::cloudvision::pb::{configlet, inventory, studio, tag, workspace};
use noctui::features::cloudvision::sim::Simulator;
use prost::Message;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// The container above those of the devices.
const ROOT: &str = "avd-configlets";
/// Where the outermost containers are named.
const ROOTS: (&str, &str) = ("studio-static-configlet", "configletAssignmentRoots");
/// Bytes that the server takes in one message.
const LARGEST_MESSAGE: usize = 1 << 20;
/// Bytes of an answer.
const LARGEST_ANSWER: usize = 256 << 20;

/// Deploys, up to the answer of the submission.
pub(crate) async fn deploy(sim: &Simulator, client: &Client, deployment: &Deployment, workspace: &str) {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(sim.authority())).domain_name("localhost");
    let endpoint = Endpoint::from_shared(format!("https://{}", sim.address())).unwrap().tls_config(tls).unwrap();
    let token = format!("Bearer {}", sim.token()).parse().unwrap();
    let tool = Tool { channel: endpoint.connect().await.unwrap(), token, workspace: workspace.to_owned() };
    client.version().await.unwrap();
    tool.make_workspace().await;
    let serials = tool.look_up(&deployment.devices).await;
    // It reads the topology once to see what differs, and once more to write it.
    tool.topology().await;
    tool.topology().await;
    tool.tags(&deployment.devices, &serials).await;
    tool.configurations(&deployment.devices, &serials).await;
    let built = tool.ask(workspace::Request::StartBuild).await;
    tool.build_details(&built).await;
    tool.ask(workspace::Request::Submit).await;
}

/// Its connection, and the workspace it deploys in.
struct Tool {
    channel: Channel,
    token: MetadataValue<Ascii>,
    workspace: String,
}

/// Host name → serial number.
type Serials = BTreeMap<String, String>;

impl Tool {
    /// A call with one answer.
    async fn unary<Q, A>(&self, path: &'static str, message: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let (mut grpc, request) = self.call(message).await;
        let codec = ProstCodec::<Q, A>::default();
        Ok(grpc.unary(request, PathAndQuery::from_static(path), codec).await?.into_inner())
    }

    /// A call with a stream of answers.
    async fn stream<Q, A>(&self, path: &'static str, message: Q) -> Result<Streaming<A>, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let (mut grpc, request) = self.call(message).await;
        let codec = ProstCodec::<Q, A>::default();
        Ok(grpc.server_streaming(request, PathAndQuery::from_static(path), codec).await?.into_inner())
    }

    /// Everything that a stream of answers has.
    async fn all<Q, A>(&self, path: &'static str, message: Q) -> Result<Vec<A>, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut stream = self.stream(path, message).await?;
        let mut answers = Vec::new();
        while let Some(answer) = stream.message().await? {
            answers.push(answer);
        }
        Ok(answers)
    }

    /// A connection that is ready, and a signed request.
    async fn call<Q>(&self, message: Q) -> (Grpc<Channel>, Request<Q>) {
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(LARGEST_ANSWER);
        grpc.ready().await.unwrap();
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.token.clone());
        (grpc, request)
    }

    /// Writes in bulk, in pieces one after the other once the whole was refused for its size.
    async fn set_some<V, Q, A>(&self, path: &'static str, values: Vec<V>, request: impl Fn(Vec<V>) -> Q)
    where
        V: Clone,
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let whole = request(values.clone());
        let size = whole.encoded_len();
        match self.all::<Q, A>(path, whole).await {
            Ok(refused) => assert_eq!(refused.len(), 0, "{path}"),
            Err(status) if status.code() == Code::ResourceExhausted => {
                let pieces = size.div_ceil(LARGEST_MESSAGE).max(2);
                for piece in values.chunks((values.len() / pieces).max(1)) {
                    let refused: Vec<A> = self.all(path, request(piece.to_vec())).await.unwrap();
                    assert_eq!(refused.len(), 0, "{path}");
                }
            }
            Err(status) => panic!("{path}: {status}"),
        }
    }

    /// Looks whether the workspace is there, makes it, and waits until it can be written to.
    async fn make_workspace(&self) {
        let key = || Some(workspace::WorkspaceKey { workspace_id: text(&self.workspace) });
        let request = workspace::WorkspaceRequest { key: key() };
        let found: Result<workspace::WorkspaceResponse, Status> =
            self.unary("/arista.workspace.v1.WorkspaceService/GetOne", request).await;
        assert_eq!(found.unwrap_err().code(), Code::NotFound);
        let value = workspace::WorkspaceConfig { key: key(), display_name: text("benchmark"), ..<_>::default() };
        self.write_workspace(value).await;
        self.until(|workspace| workspace.state() == workspace::WorkspaceState::Pending).await;
    }

    /// Writes to the workspace itself.
    async fn write_workspace(&self, value: workspace::WorkspaceConfig) {
        let request = workspace::WorkspaceConfigSetRequest { value: Some(value) };
        let path = "/arista.workspace.v1.WorkspaceConfigService/Set";
        let _: workspace::WorkspaceConfigSetResponse = self.unary(path, request).await.unwrap();
    }

    /// Asks the workspace for something, and waits for the answer.
    async fn ask(&self, wanted: workspace::Request) -> workspace::Workspace {
        let id = format!("req-{}", wanted.as_str_name());
        let value = workspace::WorkspaceConfig {
            key: Some(workspace::WorkspaceKey { workspace_id: text(&self.workspace) }),
            request: wanted.into(),
            request_params: Some(workspace::RequestParams { request_id: text(&id) }),
            ..<_>::default()
        };
        self.write_workspace(value).await;
        let answered = |it: &workspace::Workspace| {
            let response = it.responses.as_ref().and_then(|responses| responses.values.get(&id));
            response.is_some_and(|response| response.status() == workspace::ResponseStatus::Success)
        };
        self.until(answered).await
    }

    /// Follows the workspace by a stream of its own until it is as wanted.
    async fn until(&self, is_so: impl Fn(&workspace::Workspace) -> bool) -> workspace::Workspace {
        let key = Some(workspace::WorkspaceKey { workspace_id: text(&self.workspace) });
        let filter = workspace::Workspace { key, ..<_>::default() };
        let request = workspace::WorkspaceStreamRequest { partial_eq_filter: vec![filter] };
        let path = "/arista.workspace.v1.WorkspaceService/Subscribe";
        let mut stream: Streaming<workspace::WorkspaceStreamResponse> = self.stream(path, request).await.unwrap();
        loop {
            let message = stream.message().await.unwrap().unwrap();
            if let Some(value) = message.value.filter(&is_so) {
                return value;
            }
        }
    }

    /// What the build found.
    async fn build_details(&self, built: &workspace::Workspace) {
        let key = workspace::WorkspaceBuildDetailsKey {
            workspace_id: text(&self.workspace),
            build_id: built.last_build_id.clone(),
            device_id: None,
        };
        let filter = workspace::WorkspaceBuildDetails { key: Some(key), ..<_>::default() };
        let request = workspace::WorkspaceBuildDetailsStreamRequest { partial_eq_filter: vec![filter] };
        let path = "/arista.workspace.v1.WorkspaceBuildDetailsService/GetAll";
        let _: Vec<workspace::WorkspaceBuildDetailsStreamResponse> = self.all(path, request).await.unwrap();
    }

    /// The serial numbers of the devices.
    async fn look_up(&self, devices: &[Wanted]) -> Serials {
        let filter = |device: &Wanted| match &device.serial {
            Some(serial) => {
                inventory::Device { key: Some(inventory::DeviceKey { device_id: text(serial) }), ..<_>::default() }
            }
            None => inventory::Device { hostname: text(&device.hostname), ..<_>::default() },
        };
        let request = inventory::DeviceStreamRequest { partial_eq_filter: devices.iter().map(filter).collect() };
        let path = "/arista.inventory.v1.DeviceService/GetAll";
        let found: Vec<inventory::DeviceStreamResponse> = self.all(path, request).await.unwrap();
        let device = |message: inventory::DeviceStreamResponse| {
            let device = message.value?;
            Some((device.hostname?, device.key?.device_id?))
        };
        let serials: Serials = found.into_iter().filter_map(device).collect();
        assert_eq!(serials.len(), devices.len());
        serials
    }

    /// A studio's inputs as the workspace sees them: its own, else whether it removes them, else those in force.
    async fn topology(&self) {
        for (is_config, workspace) in [(false, &*self.workspace), (true, &*self.workspace), (false, "")] {
            let key = Some(inputs_key("TOPOLOGY", workspace, None));
            if is_config {
                let filter = studio::InputsConfig { key, remove: Some(true), ..<_>::default() };
                let request = studio::InputsConfigStreamRequest { partial_eq_filter: vec![filter] };
                let path = "/arista.studio.v1.InputsConfigService/GetAll";
                let _: Vec<studio::InputsConfigStreamResponse> = self.all(path, request).await.unwrap();
            } else {
                let request =
                    studio::InputsStreamRequest { partial_eq_filter: vec![studio::Inputs { key, ..<_>::default() }] };
                let path = "/arista.studio.v1.InputsService/GetAll";
                let _: Vec<studio::InputsStreamResponse> = self.all(path, request).await.unwrap();
            }
        }
    }

    /// Tags, then what carries them: those in force, those of the workspace, then what is missing.
    async fn tags(&self, devices: &[Wanted], serials: &Serials) {
        let element_type = tag::ElementType::Device.into();
        let key = |workspace: &str| tag::TagKey { workspace_id: text(workspace), element_type, ..<_>::default() };
        let filter = tag::Tag { key: Some(key("")), creator_type: tag::CreatorType::User.into(), ..<_>::default() };
        let request = tag::TagStreamRequest { partial_eq_filter: vec![filter] };
        let found: Vec<tag::TagStreamResponse> = self.all("/arista.tag.v2.TagService/GetAll", request).await.unwrap();
        let filter = tag::TagConfig { key: Some(key(&self.workspace)), ..<_>::default() };
        let request = tag::TagConfigStreamRequest { partial_eq_filter: vec![filter] };
        let path = "/arista.tag.v2.TagConfigService/GetAll";
        let _: Vec<tag::TagConfigStreamResponse> = self.all(path, request).await.unwrap();
        let known = found.into_iter().filter_map(|message| message.value?.key).map(|key| (key.label, key.value));
        let known: Vec<_> = known.collect();
        let mut wanted: Vec<_> = devices
            .iter()
            .flat_map(|device| &device.tags)
            .map(|it| (text(&it.label.label), text(&it.label.value)))
            .collect();
        wanted.sort();
        wanted.dedup();
        wanted.retain(|wanted| !known.contains(wanted));
        let config = |(label, value): (Option<String>, Option<String>)| tag::TagConfig {
            key: Some(tag::TagKey { label, value, ..key(&self.workspace) }),
            remove: None,
        };
        let missing: Vec<_> = wanted.into_iter().map(config).collect();
        if !missing.is_empty() {
            let request = |values| tag::TagConfigSetSomeRequest { values };
            let path = "/arista.tag.v2.TagConfigService/SetSome";
            self.set_some::<_, _, tag::TagConfigSetSomeResponse>(path, missing, request).await;
        }
        self.assignments(devices, serials).await;
    }

    /// What carries tags.
    async fn assignments(&self, devices: &[Wanted], serials: &Serials) {
        let element_type = tag::ElementType::Device.into();
        let key =
            |workspace: &str| tag::TagAssignmentKey { workspace_id: text(workspace), element_type, ..<_>::default() };
        let filter = tag::TagAssignment { key: Some(key("")), tag_creator_type: tag::CreatorType::User.into() };
        let request = tag::TagAssignmentStreamRequest { partial_eq_filter: vec![filter] };
        let path = "/arista.tag.v2.TagAssignmentService/GetAll";
        let found: Vec<tag::TagAssignmentStreamResponse> = self.all(path, request).await.unwrap();
        let filter = tag::TagAssignmentConfig { key: Some(key(&self.workspace)), ..<_>::default() };
        let request = tag::TagAssignmentConfigStreamRequest { partial_eq_filter: vec![filter] };
        let path = "/arista.tag.v2.TagAssignmentConfigService/GetAll";
        let _: Vec<tag::TagAssignmentConfigStreamResponse> = self.all(path, request).await.unwrap();
        let known: std::collections::BTreeSet<_> = found
            .into_iter()
            .filter_map(|message| message.value?.key)
            .map(|key| (key.device_id, key.label, key.value))
            .collect();
        let of_device = |device: &Wanted| {
            let serial = serials.get(&device.hostname).cloned();
            let key = key(&self.workspace);
            let tags = device.tags.clone().into_iter();
            tags.map(move |it| (serial.clone(), Some(it.label.label), Some(it.label.value)))
                .map(move |(device_id, label, value)| tag::TagAssignmentKey { device_id, label, value, ..key.clone() })
                .collect::<Vec<_>>()
        };
        let missing: Vec<_> = devices
            .iter()
            .flat_map(of_device)
            .filter(|key| !known.contains(&(key.device_id.clone(), key.label.clone(), key.value.clone())))
            .map(|key| tag::TagAssignmentConfig { key: Some(key), remove: None })
            .collect();
        if !missing.is_empty() {
            let request = |values| tag::TagAssignmentConfigSetSomeRequest { values };
            let path = "/arista.tag.v2.TagAssignmentConfigService/SetSome";
            self.set_some::<_, _, tag::TagAssignmentConfigSetSomeResponse>(path, missing, request).await;
        }
    }

    /// Configlets, all of them, and their containers below the root.
    async fn configurations(&self, devices: &[Wanted], serials: &Serials) {
        let id = |device: &Wanted| format!("avd-{}", serials.get(&device.hostname).unwrap());
        let configlet = |device: &Wanted| configlet::ConfigletConfig {
            key: Some(configlet::ConfigletKey { workspace_id: text(&self.workspace), configlet_id: text(&id(device)) }),
            display_name: text(&format!("AVD-{}", device.hostname)),
            description: text(&described(device)),
            body: device.config.as_ref().map(|config| config.as_str().to_owned()),
            remove: None,
        };
        let request = |values| configlet::ConfigletConfigSetSomeRequest { values };
        let path = "/arista.configlet.v1.ConfigletConfigService/SetSome";
        let values = devices.iter().map(configlet).collect();
        self.set_some::<_, _, configlet::ConfigletConfigSetSomeResponse>(path, values, request).await;
        let root = self.containers(&[ROOT.to_owned()]).await.into_iter().next();
        let is_new = root.is_none();
        let mut children = root.and_then(|root| root.child_assignment_ids).unwrap_or_default().values;
        if is_new {
            self.set_root(vec![]).await;
        }
        self.roots().await;
        let known = if children.is_empty() { Vec::new() } else { self.containers(&children).await };
        let is_known = |device: &&Wanted| {
            let query = text(&format!("device:{}", serials.get(&device.hostname).unwrap()));
            known.iter().any(|it| it.display_name.as_ref() == Some(&device.hostname) && it.query == query)
        };
        let container = |device: &Wanted| configlet::ConfigletAssignmentConfig {
            query: text(&format!("device:{}", serials.get(&device.hostname).unwrap())),
            ..self.container(&id(device), &device.hostname, &described(device), vec![id(device)], vec![])
        };
        let missing: Vec<_> = devices.iter().filter(|device| !is_known(device)).collect();
        if missing.is_empty() {
            return;
        }
        let request = |values| configlet::ConfigletAssignmentConfigSetSomeRequest { values };
        let path = "/arista.configlet.v1.ConfigletAssignmentConfigService/SetSome";
        let values = missing.iter().map(|device| container(device)).collect();
        self.set_some::<_, _, configlet::ConfigletAssignmentConfigSetSomeResponse>(path, values, request).await;
        children.extend(missing.iter().map(|device| id(device)));
        self.set_root(children).await;
    }

    /// The root container with these children.
    async fn set_root(&self, children: Vec<String>) {
        let described = "Configurations created and uploaded by AVD";
        let value = configlet::ConfigletAssignmentConfig {
            query: text("device:*"),
            ..self.container(ROOT, "AVD Configurations", described, vec![], children)
        };
        let request = configlet::ConfigletAssignmentConfigSetRequest { value: Some(value) };
        let path = "/arista.configlet.v1.ConfigletAssignmentConfigService/Set";
        let _: configlet::ConfigletAssignmentConfigSetResponse = self.unary(path, request).await.unwrap();
    }

    /// A container as it is written, without its query.
    fn container(
        &self,
        id: &str,
        name: &str,
        description: &str,
        configlets: Vec<String>,
        children: Vec<String>,
    ) -> configlet::ConfigletAssignmentConfig {
        configlet::ConfigletAssignmentConfig {
            key: Some(configlet::ConfigletAssignmentKey {
                workspace_id: text(&self.workspace),
                configlet_assignment_id: text(id),
            }),
            display_name: text(name),
            description: text(description),
            configlet_ids: Some(RepeatedString { values: configlets }),
            child_assignment_ids: Some(RepeatedString { values: children }),
            match_policy: configlet::MatchPolicy::MatchAll.into(),
            ..<_>::default()
        }
    }

    /// Containers as the workspace sees them.
    async fn containers(&self, ids: &[String]) -> Vec<configlet::ConfigletAssignment> {
        let filter = |id: &String| {
            let workspace_id = text(&self.workspace);
            let key = Some(configlet::ConfigletAssignmentKey { workspace_id, configlet_assignment_id: text(id) });
            configlet::ConfigletAssignment { key, ..<_>::default() }
        };
        let request =
            configlet::ConfigletAssignmentStreamRequest { partial_eq_filter: ids.iter().map(filter).collect() };
        let path = "/arista.configlet.v1.ConfigletAssignmentService/GetAll";
        let found: Vec<configlet::ConfigletAssignmentStreamResponse> = self.all(path, request).await.unwrap();
        found.into_iter().filter_map(|message| message.value).collect()
    }

    /// Sees to it that the root is among the outermost containers, which are read in three steps as all inputs are.
    async fn roots(&self) {
        let (studio, member) = ROOTS;
        let key = |workspace: &str| Some(inputs_key(studio, workspace, Some(member)));
        let path = "/arista.studio.v1.InputsService/GetOne";
        let own: Result<studio::InputsResponse, Status> =
            self.unary(path, studio::InputsRequest { key: key(&self.workspace) }).await;
        assert_eq!(own.unwrap_err().code(), Code::NotFound);
        let filter = studio::InputsConfig { key: key(&self.workspace), remove: Some(true), ..<_>::default() };
        let request = studio::InputsConfigStreamRequest { partial_eq_filter: vec![filter] };
        let removed = "/arista.studio.v1.InputsConfigService/GetAll";
        let _: Vec<studio::InputsConfigStreamResponse> = self.all(removed, request).await.unwrap();
        let in_force: Result<studio::InputsResponse, Status> =
            self.unary(path, studio::InputsRequest { key: key("") }).await;
        let in_force = in_force.ok().and_then(|answer| answer.value?.inputs).unwrap_or_default();
        let mut roots: Vec<String> = serde_json::from_str(&in_force).unwrap_or_default();
        if roots.iter().any(|root| root == ROOT) {
            return;
        }
        roots.insert(0, ROOT.to_owned());
        let inputs = Some(serde_json::to_string(&roots).unwrap());
        let value = studio::InputsConfig { key: key(&self.workspace), remove: None, inputs };
        let request = studio::InputsConfigSetRequest { value: Some(value) };
        let _: studio::InputsConfigSetResponse =
            self.unary("/arista.studio.v1.InputsConfigService/Set", request).await.unwrap();
    }
}

/// A place in the inputs of a studio.
fn inputs_key(studio: &str, workspace: &str, member: Option<&str>) -> studio::InputsKey {
    let path = member.map(|member| RepeatedString { values: vec![member.to_owned()] });
    studio::InputsKey { studio_id: text(studio), workspace_id: text(workspace), path }
}

/// What a device's configlet and container are described as.
fn described(device: &Wanted) -> String {
    format!("Configuration created and uploaded by AVD for {}", device.hostname)
}

/// A text that is there.
#[expect(clippy::unnecessary_wraps, reason = "on this wire an empty text and none are not the same")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}
