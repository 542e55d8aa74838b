//! The front server's machines. They are a task there, which may take a minute; whoever has something else to do does not wait
//! for it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{Call, Client};
use crate::features::lab::error::Error;
use crate::features::lab::model::{Machine, Snapshot};
use crate::features::lab::wire;
use crate::trouble::Trouble;

/// Whoever needs it waits this long.
pub const LONGEST: Duration = Duration::from_secs(20);
/// Whoever does not, but would like to have it.
pub const MOMENT: Duration = Duration::from_millis(1500);

/// Between the first two looks at the task; then twice as long, and so on.
const FIRST: Duration = Duration::from_millis(200);
/// At the end.
const EVERY: Duration = Duration::from_secs(1);
/// Looks before it is given up: after about a minute, as vLab's own program does.
const LOOKS: usize = 60;

impl Client {
    /// What the gateway told, with the inventory if that comes within `patience`.
    pub async fn complete(&self, told: Snapshot, patience: Duration) -> Snapshot {
        match timeout(patience, self.inventory()).await {
            Ok(Ok(inventory)) => told.with_inventory(inventory),
            Ok(Err(error)) => {
                tracing::info!(server = self.server(), %error, "the inventory is not told");
                told.without_inventory(&Trouble::of(&error).one_line())
            }
            Err(_) => told.without_inventory(&format!("it did not come within {} s", patience.as_secs_f32())),
        }
    }

    /// The front server's machines: the number of a task first, its result later. `None` where there is no inventory.
    pub async fn inventory(&self) -> Result<Option<BTreeMap<String, Machine>>, Error> {
        let mut path = Call::Inventory.path().to_owned();
        let mut wait = FIRST;
        for look in 0..LOOKS {
            let (status, body) = match self.front(&path).await {
                Err(Error::NoService { .. } | Error::NoGateway { .. } | Error::Page { .. }) if look == 0 => {
                    return Ok(None);
                }
                answered => answered?,
            };
            if status != 202 {
                return wire::inventory(&body)
                    .map(Some)
                    .ok_or_else(|| self.senseless(Call::Inventory, "it has no list of machines"));
            }
            let Some(task) = body.get("task-id").map(wire::text) else {
                return Err(self.senseless(Call::Inventory, "it names no task"));
            };
            // It becomes a part of a path.
            if task.is_empty() || !task.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return Err(self.senseless(Call::Inventory, "the name of its task is none"));
            }
            path = format!("/api/1/inf/inventory/task/{task}");
            sleep(wait).await;
            wait = EVERY.min(wait * 2);
        }
        let call = Call::Inventory;
        Err(Error::Lost { server: self.server().to_owned(), call: call.title(), writes: call.writes(), source: None })
    }
}
