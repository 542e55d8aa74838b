//! What was seen of a change at the gateway after it had not gone as it should.

/// What the list, and the health check where it is read, show of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nobody looked, or there was nothing to look for.
    NotLooked,
    /// The list could not be read.
    Nothing,
    /// There is no such forward.
    NotMade {
        /// The forwards that there are, where they may be all that there is room for.
        taken: Option<usize>,
    },
    /// Its rule is in force, and the list does not have it.
    Open {
        /// The gateway's port.
        port: u16,
    },
    /// It is still there, and its rule is in force.
    Works {
        /// The gateway's port.
        port: u16,
    },
    /// It is still in the list; whether its rule is in force is not known.
    Listed {
        /// The gateway's port.
        port: u16,
    },
}

impl Seen {
    /// Behind an answer that says that something went wrong.
    pub(super) fn after_an_answer(self) -> String {
        match self {
            Self::NotLooked => String::new(),
            Self::Nothing => "; the list cannot be read now, so that nobody knows whether it was done".to_owned(),
            Self::NotMade { .. } => ", and made none".to_owned(),
            Self::Open { port } => format!(": port {port} is open, and in no list"),
            Self::Works { port } => format!(": the forward on {port} is still there, and its rule is in force"),
            Self::Listed { port } => format!(": the forward on {port} is still in the list"),
        }
    }

    /// Behind what came instead of an answer.
    pub(super) fn without_an_answer(self) -> String {
        match self {
            Self::NotLooked | Self::Nothing => "nobody knows whether it was done".to_owned(),
            Self::NotMade { .. } => "the list does not have it so far".to_owned(),
            Self::Open { port } => format!("port {port} is open, and in no list"),
            Self::Works { port } | Self::Listed { port } => format!("the list still has it, on {port}"),
        }
    }

    /// What to do.
    pub(super) fn remedy(self) -> String {
        match self {
            Self::Nothing => "look at the list again before it is tried again: it may have been done".to_owned(),
            Self::NotMade { taken: Some(taken) } => format!(
                "look at the service's log on the gateway; it has {taken} forwards, and stumbles like this when its ports are used up"
            ),
            Self::NotLooked | Self::NotMade { taken: None } => {
                "look at the service's log on the gateway, or restart the gateway machine".to_owned()
            }
            Self::Open { .. } => {
                "what is unlisted has the lines that end it, on the screen and in noctui lab check; do not try again before"
                    .to_owned()
            }
            Self::Works { .. } => "try again; if it stays so, look at the service's log on the gateway".to_owned(),
            Self::Listed { port } => format!(
                "look with health_check = true in [[lab]], or on the gateway (sudo iptables-save), whether its rule is there; \
                 while a rule leads {port} on, do not delete its record: the port would be open, and in no list"
            ),
        }
    }
}
