//! What the simulated CloudVision is asked to do wrong: `noctui demo --fault`.

use std::str::FromStr;
use std::time::Duration;

use tonic::Code;

use crate::features::cloudvision::sim::{Effect, Fabric, Fault as OfCall, Simulator};

/// Before each message of a slow stream.
const SLOW: Duration = Duration::from_secs(2);
/// Messages of a stream before it breaks, and how many streams do.
const BREAKS_AFTER: usize = 3;
const BREAKS: usize = 20;
/// The longest latency that anybody can mean.
const LONGEST: Duration = Duration::from_mins(1);
/// What a stream's method ends with.
const STREAMS: &str = "/Subscribe";

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Builds fail.
    BuildFailure,
    /// Somebody else changes what is in force before the next submission.
    Rebase,
    /// No token is accepted.
    Unauthenticated,
    /// No call is served.
    Unavailable,
    /// Streams tell late.
    SlowStream,
    /// Streams break soon after they were opened.
    BrokenStream,
    /// Submissions fail.
    SubmitFailure,
    /// A device does not stream.
    InactiveDevice,
    /// Every call is answered late.
    Latency(Duration),
}

/// The faults by name; that of the latency has its length behind it.
const NAMED: [(&str, Fault); 8] = [
    ("build-failure", Fault::BuildFailure),
    ("rebase", Fault::Rebase),
    ("unauthenticated", Fault::Unauthenticated),
    ("unavailable", Fault::Unavailable),
    ("slow-stream", Fault::SlowStream),
    ("broken-stream", Fault::BrokenStream),
    ("submit-failure", Fault::SubmitFailure),
    ("inactive-device", Fault::InactiveDevice),
];

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, fault)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(*fault);
        }
        let latency = || {
            let millis = text.strip_prefix("latency=")?.parse().ok()?;
            Some(Duration::from_millis(millis)).filter(|latency| *latency <= LONGEST)
        };
        let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
        let wanted = || format!("it is one of {}, or latency=MS of up to a minute", names.join(", "));
        latency().map(Self::Latency).ok_or_else(wanted)
    }
}

impl Fault {
    /// Has it happen from now on to a simulated CloudVision with this fabric.
    pub(super) fn happen(self, simulator: &Simulator, fabric: &Fabric) {
        match self {
            Self::BuildFailure => simulator.fail_builds(Some("the build failed, as --fault asked for")),
            Self::Rebase => simulator.overtake_submissions(1),
            Self::Unauthenticated => simulator.set_token("a token that nobody has"),
            Self::Unavailable => {
                let down = Effect::Refuse(Code::Unavailable, "down, as --fault asked for".to_owned());
                simulator.fault(OfCall::always("", down));
            }
            Self::SlowStream => simulator.fault(OfCall::always(STREAMS, Effect::Slow(SLOW))),
            Self::BrokenStream => {
                let effect = Effect::ResetAfter(BREAKS_AFTER);
                simulator.fault(OfCall { method: STREAMS.to_owned(), after: 0, times: BREAKS, effect });
            }
            Self::SubmitFailure => simulator.fail_submissions(Some("the submission failed, as --fault asked for")),
            Self::InactiveDevice => {
                if let Some(device) = fabric.device.first() {
                    simulator.set_streaming(&device.serial, false);
                }
            }
            Self::Latency(latency) => simulator.set_latency(latency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Endpoint;
    use crate::features::cloudvision::client::{Client, Server, Trust};
    use crate::features::cloudvision::sim::Setup;

    #[test]
    fn faults_are_asked_for_by_name() {
        assert_eq!("rebase".parse(), Ok(Fault::Rebase));
        assert_eq!("latency=40".parse(), Ok(Fault::Latency(Duration::from_millis(40))));
        for wrong in ["", "latency", "latency=x", "latency=3600000", "Rebase"] {
            let why = wrong.parse::<Fault>().unwrap_err();
            assert!(why.contains("build-failure, rebase, ") && why.contains("latency=MS"), "{wrong}: {why}");
        }
    }

    #[tokio::test]
    async fn what_was_asked_for_happens_to_who_calls() {
        let fabric = Fabric::of_leaves(2);
        let told = async |fault: &str| {
            let simulator = Simulator::start(Setup::new(fabric.clone())).await.unwrap();
            fault.parse::<Fault>().unwrap().happen(&simulator, &fabric);
            let node = Endpoint { host: "127.0.0.1".to_owned(), port: simulator.address().port() };
            // An unavailable one is asked again until then.
            let server = Server { call_timeout: Duration::from_secs(2), ..Server::new(node, Trust::Anybody) };
            let client = Client::new(&server, simulator.token()).unwrap();
            client.all_devices().await.map(|devices| devices.iter().filter(|device| device.streaming).count())
        };
        assert_eq!(told("latency=1").await.unwrap(), 2);
        assert_eq!(told("inactive-device").await.unwrap(), 1);
        assert!(told("unauthenticated").await.unwrap_err().to_string().contains("token"));
        assert!(told("unavailable").await.is_err());
    }
}
