//! The messages and services of `proto/`, as the build generates them.
//!
//! Every optional scalar is an `Option`: `Some("")` and `None` are not the same on this wire. An empty workspace id names
//! the mainline, an absent one leaves the workspace open.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    clippy::missing_docs_in_private_items,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

/// All of it as a set of descriptors, to be held against what is published.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/cloudvision.descriptors"));

pub mod fmp {
    tonic::include_proto!("fmp");
}

pub mod arista {
    pub mod changecontrol {
        pub mod v1 {
            tonic::include_proto!("arista.changecontrol.v1");
        }
    }
    pub mod configlet {
        pub mod v1 {
            tonic::include_proto!("arista.configlet.v1");
        }
    }
    pub mod configstatus {
        pub mod v1 {
            tonic::include_proto!("arista.configstatus.v1");
        }
    }
    pub mod imagestatus {
        pub mod v1 {
            tonic::include_proto!("arista.imagestatus.v1");
        }
    }
    pub mod inventory {
        pub mod v1 {
            tonic::include_proto!("arista.inventory.v1");
        }
    }
    pub mod studio {
        pub mod v1 {
            tonic::include_proto!("arista.studio.v1");
        }
    }
    pub mod subscriptions {
        tonic::include_proto!("arista.subscriptions");
    }
    pub mod tag {
        pub mod v2 {
            tonic::include_proto!("arista.tag.v2");
        }
    }
    pub mod workspace {
        pub mod v1 {
            tonic::include_proto!("arista.workspace.v1");
        }
    }
}

pub use arista::changecontrol::v1 as changecontrol;
pub use arista::configlet::v1 as configlet;
pub use arista::configstatus::v1 as configstatus;
pub use arista::imagestatus::v1 as imagestatus;
pub use arista::inventory::v1 as inventory;
pub use arista::studio::v1 as studio;
pub use arista::subscriptions::Operation;
pub use arista::tag::v2 as tag;
pub use arista::workspace::v1 as workspace;
