//! Ids, one type each, so that none is taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares an id that is text on the wire.
macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id that reads `text`.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// As it is on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&crate::text::clean_line(&self.0))
            }
        }
    )+};
}

id! {
    /// A device: its serial number.
    DeviceId,
    /// A workspace.
    WorkspaceId,
    /// A build of a workspace.
    BuildId,
    /// A change control.
    ChangeId,
    /// A deployment in noctui's own journal.
    DeploymentId,
}
