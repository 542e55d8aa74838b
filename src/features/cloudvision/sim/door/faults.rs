//! What was told to happen to calls.

use std::sync::Mutex;

use crate::features::cloudvision::sim::script::{Effect, Fault};
use crate::features::cloudvision::sim::world::lock;

/// The faults that are in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds one.
    pub(crate) fn add(&self, fault: Fault) {
        lock(&self.0).push(fault);
    }

    /// Takes all of them back.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// What happens to the next call of a method.
    pub(super) fn take(&self, method: &str) -> Option<Effect> {
        let mut faults = lock(&self.0);
        for fault in faults.iter_mut().filter(|fault| fault.times > 0 && method.ends_with(&fault.method)) {
            if let Some(after) = fault.after.checked_sub(1) {
                fault.after = after;
            } else {
                fault.times -= 1;
                return Some(fault.effect.clone());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn a_fault_comes_when_it_is_due_and_as_often_as_it_was_told() {
        let faults = Faults::default();
        let effect = Effect::Refuse(Code::Unavailable, "down".to_owned());
        faults.add(Fault { method: "Service/Get".to_owned(), after: 1, times: 2, effect: effect.clone() });
        let taken: Vec<bool> = (0..4).map(|_| faults.take("/a.Service/Get").is_some()).collect();
        assert_eq!(taken, [false, true, true, false]);
        faults.add(Fault::always("", effect));
        assert!(faults.take("/b.Service/Set").is_some());
        faults.clear();
        assert_eq!(faults.take("/b.Service/Set"), None);
    }
}
