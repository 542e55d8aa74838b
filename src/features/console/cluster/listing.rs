//! Every machine, from both kinds of objects, as far as they may be seen and can be read.

use super::api::{Api, Listed};
use super::model::{Definition, Instance, Vm, merge};
use crate::features::console::error::Error;
use crate::text::counted;
use crate::trouble::{Remedy as _, Trouble};

/// Names that are told.
const NAMES: usize = 4;

/// What there is.
#[derive(Debug)]
pub struct Found {
    /// The definitions; `None` where they may not be listed.
    pub definitions: Option<Listed<Definition>>,
    /// The instances; `None` where they may not be listed.
    pub instances: Option<Listed<Instance>>,
    /// What is not among them, and why.
    pub hidden: Option<Trouble>,
}

impl Found {
    /// Every machine that is among them.
    #[must_use]
    pub fn vms(self) -> Vec<Vm> {
        let definitions = self.definitions.into_iter().flat_map(|listed| listed.items).collect();
        merge(&definitions, &self.instances.into_iter().flat_map(|listed| listed.items).collect())
    }
}

impl Api {
    /// Both kinds, in one namespace or in all. Where only one of them may be listed, that one.
    ///
    /// # Errors
    /// Where neither can be had, or one for another reason than that it is forbidden.
    pub async fn machines(&self, namespace: Option<&str>) -> Result<Found, Error> {
        let hidden = |what: &str, error: &Error| {
            Trouble::new(&format!("{what} are not shown")).caused_by(&error.to_string()).to_do(&error.remedy())
        };
        let (definitions, instances) = tokio::join!(self.definitions(namespace), self.instances(namespace));
        match (definitions, instances) {
            (Ok(definitions), Ok(instances)) => {
                let unread = [&definitions.unread[..], &instances.unread[..]].concat();
                let hidden = (!unread.is_empty()).then(|| unreadable(&unread));
                Ok(Found { definitions: Some(definitions), instances: Some(instances), hidden })
            }
            (Ok(definitions), Err(error @ Error::Api { status: 403, .. })) => Ok(Found {
                definitions: Some(definitions),
                instances: None,
                hidden: Some(hidden("the instances of machines (virtualmachineinstances)", &error)),
            }),
            (Err(error @ Error::Api { status: 403, .. }), Ok(instances)) => Ok(Found {
                definitions: None,
                instances: Some(instances),
                hidden: Some(hidden("machines that do not run (virtualmachines)", &error)),
            }),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
}

/// What is said of objects that are not as they should be.
fn unreadable(names: &[String]) -> Trouble {
    let first = names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    let what = format!("{} of the cluster cannot be read: {first}", counted(names.len(), "object"));
    Trouble::new(&what).to_do("look at it with kubectl: something in it is not as KubeVirt writes it")
}
