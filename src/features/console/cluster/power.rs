//! What can be done to a machine now, and what its state or its run strategy rules out; no I/O.

use super::model::{Action, Being, Instance, Vm};

impl Vm {
    /// Whether it is on its way to being stopped.
    fn is_stopping(&self) -> bool {
        self.definition
            .as_ref()
            .is_some_and(|definition| matches!(definition.status.as_str(), "Stopping" | "Terminating"))
    }

    /// Why its run strategy rules this out: KubeVirt answers such an order with a conflict (`StartVM`, `StopVM` and `RestartVM` of
    /// its virt-api). Whether `RerunOnFailure` takes an order to stop when nothing runs depends on its release.
    fn ruled_out(&self, action: Action, is_live: bool) -> Option<String> {
        let strategy = self.definition.as_ref()?.strategy.as_str();
        let has_failed = self.instance.as_ref().is_some_and(|instance| instance.phase == "Failed");
        let why = match (action, strategy) {
            (Action::Start, "Always") => "the cluster starts it by itself; stop it, then it can be started",
            (Action::Start, "Once") => {
                "the cluster starts it by itself, and only once; stop it, then it can be started"
            }
            (Action::Start, "RerunOnFailure") if has_failed => {
                "it has failed, and the cluster starts it again by itself"
            }
            (Action::Stop, "Halted") if is_live => "it is being stopped already",
            (Action::Stop, "Manual" | "Halted") if !is_live => "it does not run",
            (Action::Restart, "Halted" | "Once") => "the cluster restarts none of those; stop it, then start it",
            _ => return None,
        };
        Some(format!("its run strategy is {strategy}: {why}"))
    }

    /// Whether the cluster is to run it, so that an order to stop is one whether anything runs or not: it is to run no longer then,
    /// and can be started (`StopVM` of KubeVirt's virt-api).
    fn is_to_run(&self) -> bool {
        self.definition.as_ref().is_some_and(|definition| matches!(definition.strategy.as_str(), "Always" | "Once"))
    }

    /// Whether something of it runs, or is said to.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let is_final = |instance: &Instance| matches!(instance.phase.as_str(), "Succeeded" | "Failed");
        self.instance.as_ref().map_or(self.is_said_to_run(), |instance| !is_final(instance))
    }

    /// Why this cannot be done to it now; `None` where it can.
    #[must_use]
    pub fn objection(&self, action: Action) -> Option<String> {
        let name = &self.name;
        let is_live = self.is_live();
        let ruled_out = self.ruled_out(action, is_live);
        let why = match action {
            Action::Start | Action::Stop | Action::Restart if self.definition.is_none() => {
                "it is an instance without a VirtualMachine: nothing starts or stops it but its end"
            }
            Action::Start if is_live => "it is running already",
            Action::Stop if !is_live && self.being() == Being::Stopped && !self.is_to_run() => "it is stopped already",
            Action::Restart if !is_live => "it does not run",
            Action::Restart if self.is_stopping() => "it is stopping: it can be started once it has stopped",
            Action::Pause | Action::Unpause if !self.is_running() => "it does not run",
            Action::Pause if self.is_paused() => "it is paused already",
            Action::Unpause if !self.is_paused() => "it is not paused",
            Action::Start | Action::Stop | Action::Restart | Action::Pause | Action::Unpause => &ruled_out?,
        };
        Some(format!("{name}: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::vm;
    use super::*;

    #[test]
    fn what_can_be_done_follows_from_both_objects() {
        use Action::{Pause, Restart, Start, Stop, Unpause};
        let possible = |vm: &Vm| {
            let can = |action: &&Action| vm.objection(**action).is_none();
            [Start, Stop, Restart, Pause, Unpause].iter().filter(can).copied().collect::<Vec<_>>()
        };
        assert_eq!(possible(&vm(Some("Stopped"), None, &[])), [Start]);
        assert_eq!(possible(&vm(Some("Running"), Some("Running"), &[("Paused", false)])), [Stop, Restart, Pause]);
        assert_eq!(possible(&vm(Some("Paused"), Some("Running"), &[("Paused", true)])), [Stop, Restart, Unpause]);
        assert_eq!(possible(&vm(None, Some("Running"), &[])), [Pause]);
        assert_eq!(possible(&vm(Some("CrashLoopBackOff"), None, &[])), [Start, Stop]);
        assert_eq!(possible(&vm(Some("Starting"), Some("Scheduling"), &[])), [Stop, Restart]);
        assert_eq!(possible(&vm(Some("Stopping"), Some("Running"), &[("Paused", false)])), [Stop, Pause]);
        // Its instance may not be seen.
        assert_eq!(possible(&vm(Some("Running"), None, &[])), [Stop, Restart]);
    }

    #[test]
    fn what_the_run_strategy_rules_out_is_not_offered() {
        use Action::{Restart, Start, Stop};
        let ruled_out = |strategy: &str, status: &str, phase: Option<&str>| {
            let mut vm = vm(Some(status), phase, &[]);
            vm.definition.as_mut().unwrap().strategy = strategy.to_owned();
            let names_it = |action: &&Action| vm.objection(**action).is_some_and(|why| why.contains(strategy));
            [Start, Stop, Restart].iter().filter(names_it).copied().collect::<Vec<_>>()
        };
        assert_eq!(ruled_out("Always", "CrashLoopBackOff", None), [Start]);
        assert_eq!(ruled_out("Always", "Running", Some("Running")), []);
        assert_eq!(ruled_out("Once", "Stopped", Some("Succeeded")), [Start]);
        assert_eq!(ruled_out("Once", "Running", Some("Running")), [Restart]);
        assert_eq!(ruled_out("RerunOnFailure", "CrashLoopBackOff", Some("Failed")), [Start]);
        assert_eq!(ruled_out("RerunOnFailure", "Stopped", Some("Succeeded")), []);
        assert_eq!(ruled_out("Manual", "ErrorUnschedulable", None), [Stop]);
        assert_eq!(ruled_out("Manual", "Stopped", None), []);
        assert_eq!(ruled_out("Halted", "Stopping", Some("Running")), [Stop]);
        assert_eq!(ruled_out("Halted", "Running", Some("Running")), [Stop, Restart]);
    }

    #[test]
    fn what_is_to_run_can_be_stopped_whether_it_runs_or_not() {
        for (strategy, status, phase, can) in [
            ("Always", "Stopped", None, true),
            ("Always", "Succeeded", Some("Succeeded"), true),
            ("Once", "Stopped", Some("Succeeded"), true),
            ("Once", "Stopped", None, true),
            ("RerunOnFailure", "Stopped", Some("Succeeded"), false),
            ("Manual", "Stopped", None, false),
            ("Halted", "Stopped", None, false),
        ] {
            let mut vm = vm(Some(status), phase, &[]);
            vm.definition.as_mut().unwrap().strategy = strategy.to_owned();
            assert_eq!(vm.objection(Action::Stop).is_none(), can, "{strategy} {phase:?}");
        }
        let mut once = vm(Some("Stopped"), Some("Succeeded"), &[]);
        once.definition.as_mut().unwrap().strategy = "Once".to_owned();
        assert!(once.objection(Action::Start).unwrap().contains("only once; stop it"));
    }
}
