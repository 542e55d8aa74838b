//! What the gateway knows of machines, and what the front server's inventory has, put together.

use std::collections::BTreeMap;

use super::{Machine, Part, Snapshot};

impl Snapshot {
    /// Itself, with the machines of an inventory; `None` where the front server has none. Without one nobody can say that a
    /// machine is gone; and one that has none of the machines is more likely to be wrong than the whole lab to be gone.
    #[must_use]
    pub fn with_inventory(mut self, inventory: Option<BTreeMap<String, Machine>>) -> Self {
        let Some(inventory) = inventory else { return self };
        let machines = &mut self.machines;
        let has_any = machines.keys().any(|name| inventory.contains_key(name));
        let doubt = if has_any || machines.is_empty() {
            None
        } else if inventory.is_empty() {
            Some("the inventory is empty: whether machines are gone is not known")
        } else if machines.len() > 1 {
            Some("the inventory has none of the machines with forwards: whether they are gone is not known")
        } else {
            None
        };
        for (name, machine) in machines.iter_mut() {
            // Nobody can look for one without a name.
            machine.exists = (doubt.is_none() && !name.is_empty()).then_some(false);
        }
        for (name, known) in inventory {
            let machine = machines.entry(name).or_default();
            machine.exists = Some(true);
            machine.power = known.power;
            if machine.component.is_empty() {
                machine.component = known.component;
            }
            for address in known.addresses {
                if !machine.addresses.contains(&address) {
                    machine.addresses.push(address);
                }
            }
        }
        self.doubts.extend(doubt.map(str::to_owned));
        self
    }

    /// Itself, with the reason for which the inventory is not told.
    #[must_use]
    pub fn without_inventory(mut self, why: &str) -> Self {
        self.doubts.push(format!("the inventory is not told: {why}"));
        self.untold.insert(Part::Inventory, None);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(address: &str, power: Option<&str>) -> Machine {
        let (component, addresses) = ("CentOS".to_owned(), vec![address.to_owned()]);
        Machine { component, addresses, power: power.map(str::to_owned), ..Machine::default() }
    }

    fn told<const N: usize>(names: [&str; N]) -> Snapshot {
        let machines = names.map(|name| (name.to_owned(), machine("192.168.1.20", None)));
        Snapshot { machines: machines.into(), ..Snapshot::default() }
    }

    fn inventory<const N: usize>(names: [&str; N]) -> BTreeMap<String, Machine> {
        names.map(|name| (name.to_owned(), machine("192.168.1.20", Some("poweredOn")))).into()
    }

    #[test]
    fn an_inventory_says_who_is_gone_and_who_has_no_forward() {
        let exists = |snapshot: &Snapshot| {
            snapshot.machines.iter().map(|(name, machine)| (name.clone(), machine.exists)).collect::<Vec<_>>()
        };
        let all = told(["web01", "old"]).with_inventory(Some(inventory(["web01", "new"])));
        assert!(all.doubts.is_empty());
        let wanted = [("new", Some(true)), ("old", Some(false)), ("web01", Some(true))];
        assert_eq!(exists(&all), wanted.map(|(name, exists)| (name.to_owned(), exists)));
        assert_eq!(all.machines["web01"].addresses, ["192.168.1.20"]);
        let without = told(["web01", "old"]).with_inventory(None);
        assert!(exists(&without).iter().all(|(_, exists)| exists.is_none()) && without.untold.is_empty());
        let late = told(["web01"]).without_inventory("it did not come within 1 s");
        assert_eq!(late.doubts, ["the inventory is not told: it did not come within 1 s"]);
        assert!(late.untold.contains_key(&Part::Inventory));
    }

    #[test]
    fn an_inventory_that_has_none_of_the_machines_is_doubted() {
        for known in [inventory([]), inventory(["other"])] {
            let snapshot = told(["web01", "web02", ""]).with_inventory(Some(known));
            assert!(snapshot.doubts.len() == 1 && snapshot.machines["web01"].exists.is_none(), "{snapshot:?}");
        }
        let snapshot = told(["web01", "web02", ""]).with_inventory(Some(inventory(["web01"])));
        assert!(snapshot.doubts.is_empty());
        assert_eq!(snapshot.machines["web02"].exists, Some(false));
        assert_eq!(snapshot.machines[""].exists, None, "nobody can look for one without a name");
    }
}
