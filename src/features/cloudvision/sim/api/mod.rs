//! The services, each a thin reading of the state.

mod answer;
mod changecontrol;
mod configlet;
mod inventory;
mod studio;
mod tag;
mod workspace;

use std::sync::Arc;

use axum::Router;
use tonic::service::Routes;

use super::world::World;
use crate::features::cloudvision::pb;

/// Serves all of them.
#[derive(Debug, Clone)]
struct Api(Arc<World>);

/// The services by their paths. What a client calls beyond them is answered with UNIMPLEMENTED.
pub(super) fn routes(world: &Arc<World>) -> Router {
    let api = Api(Arc::clone(world));
    let mut routes = Routes::default();
    /// Adds services. The size of messages is a matter of the door, which knows the words of the real server.
    macro_rules! serve {
        ($($server:path),* $(,)?) => {
            $(routes = routes.add_service(<$server>::new(api.clone()).max_decoding_message_size(usize::MAX));)*
        };
    }
    serve!(
        pb::changecontrol::approve_config_service_server::ApproveConfigServiceServer<Api>,
        pb::changecontrol::change_control_config_service_server::ChangeControlConfigServiceServer<Api>,
        pb::changecontrol::change_control_service_server::ChangeControlServiceServer<Api>,
        pb::changecontrol::change_control_summary_service_server::ChangeControlSummaryServiceServer<Api>,
        pb::configlet::configlet_assignment_config_service_server::ConfigletAssignmentConfigServiceServer<Api>,
        pb::configlet::configlet_assignment_service_server::ConfigletAssignmentServiceServer<Api>,
        pb::configlet::configlet_config_service_server::ConfigletConfigServiceServer<Api>,
        pb::configlet::configlet_service_server::ConfigletServiceServer<Api>,
        pb::inventory::device_service_server::DeviceServiceServer<Api>,
        pb::studio::inputs_config_service_server::InputsConfigServiceServer<Api>,
        pb::studio::inputs_service_server::InputsServiceServer<Api>,
        pb::tag::tag_assignment_config_service_server::TagAssignmentConfigServiceServer<Api>,
        pb::tag::tag_assignment_service_server::TagAssignmentServiceServer<Api>,
        pb::tag::tag_config_service_server::TagConfigServiceServer<Api>,
        pb::tag::tag_service_server::TagServiceServer<Api>,
        pb::workspace::workspace_build_details_service_server::WorkspaceBuildDetailsServiceServer<Api>,
        pb::workspace::workspace_build_service_server::WorkspaceBuildServiceServer<Api>,
        pb::workspace::workspace_config_service_server::WorkspaceConfigServiceServer<Api>,
        pb::workspace::workspace_service_server::WorkspaceServiceServer<Api>,
        pb::workspace::workspace_sync_config_service_server::WorkspaceSyncConfigServiceServer<Api>,
    );
    routes.into_axum_router()
}
