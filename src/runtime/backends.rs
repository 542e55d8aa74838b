//! The workers of all features together: asked by effects, heard as messages, set up anew, stopped.

use std::io;

use tokio::sync::mpsc;

use super::consoles::{console_setup, of_consoles};
use super::worker::{CloudVision, Consoles, Heard, Labs, Maintenances, Threads, Worker};
use crate::app::{Effect, Message, Model};
use crate::clock;
use crate::config::Config;
use crate::features::console::worker::{self as consoles, Asked};
use crate::features::{cloudvision, console, lab, maintenance};

/// The workers and their threads.
pub(super) struct Backends {
    /// The threads of the workers.
    threads: Threads,
    /// The worker behind the maintenances.
    maintenances: Maintenances,
    /// The worker behind deploys and change controls; there is none before a CloudVision is configured.
    cloudvision: Option<CloudVision>,
    /// What that worker is to work with once no deployment is under way: another setup would end them.
    next_cloudvision: Option<cloudvision::worker::Setup>,
    /// The worker behind the labs; there is none before a lab is configured.
    labs: Option<Labs>,
    /// What that worker is to work with once no change of a lab is under way: another setup would leave the rest of it undone.
    next_labs: Option<lab::worker::Setup>,
    /// The worker behind the consoles; there is none before a machine can be reached.
    consoles: Option<Consoles>,
    /// What that worker is to work with once no console is open: another setup would close them.
    next_consoles: Option<console::worker::Setup>,
    /// What that worker is asked and was not handed on yet: several keys that come together are sent together.
    asked: Asked,
}

impl Backends {
    /// Starts what the configuration names.
    pub(super) fn start(config: &Config, model: &Model) -> io::Result<Self> {
        let threads = Threads::start()?;
        let maintenances = Maintenances::of(&threads, maintenance::worker::Setup::of(config));
        let mut backends = Self {
            threads,
            maintenances,
            cloudvision: None,
            next_cloudvision: Some(cloudvision_setup(config)),
            labs: None,
            next_labs: Some(lab_setup(config)),
            consoles: None,
            next_consoles: Some(console_setup(config)),
            asked: Asked::default(),
        };
        backends.set_up(model);
        Ok(backends)
    }

    /// Their threads, for what else runs there.
    pub(super) fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Hands a request to its worker; what is none is left to others.
    pub(super) fn ask(&mut self, effect: Effect) {
        match effect {
            Effect::Maintenance(request) => self.maintenances.ask(request),
            Effect::CloudVision(request) => {
                if let Some(worker) = &mut self.cloudvision {
                    worker.ask(request);
                }
            }
            Effect::Lab(request) => {
                if let Some(worker) = &mut self.labs {
                    worker.ask(request);
                }
            }
            Effect::Console(request) => {
                let is_typed = consoles::is_typed(&request);
                if !self.asked.add(request)
                    && let Some(worker) = &mut self.consoles
                {
                    worker.refuse(consoles::lost());
                }
                if !is_typed {
                    self.hand_on_typed();
                }
            }
            Effect::Run(_)
            | Effect::AfterFrame(_)
            | Effect::Copy(_)
            | Effect::SetMouse(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    /// Hands on what was typed at a console, and all else that its worker is asked; what it does not take yet waits.
    pub(super) fn hand_on_typed(&mut self) {
        match &mut self.consoles {
            Some(worker) => self.asked.hand_on(|request| worker.offer(request)),
            None => self.asked = Asked::default(),
        }
    }

    /// What one of them tells. Cancel safety: only waits; nothing is taken that is not returned.
    pub(super) async fn next(&mut self) -> Message {
        loop {
            let room = self.consoles.as_ref().filter(|_| self.asked.is_held()).and_then(Worker::sender);
            return tokio::select! {
                heard = self.maintenances.next() => of_maintenances(heard),
                heard = next(&mut self.cloudvision) => of_cloudvision(heard),
                heard = next(&mut self.labs) => of_labs(heard),
                heard = next(&mut self.consoles) => of_consoles(heard),
                () = has_room(room) => {
                    self.hand_on_typed();
                    continue;
                }
            };
        }
    }

    /// Takes over another configuration, at once or as soon as nothing is under way.
    pub(super) fn reconfigure(&mut self, config: &Config) {
        self.maintenances.reconfigure(maintenance::worker::Setup::of(config));
        self.next_cloudvision = Some(cloudvision_setup(config));
        self.next_labs = Some(lab_setup(config));
        self.next_consoles = Some(console_setup(config));
    }

    /// Gives the workers what they are to work with next, unless something is under way there.
    pub(super) fn set_up(&mut self, model: &Model) {
        if model.deployments_under_way() == 0
            && let Some(setup) = self.next_cloudvision.take()
        {
            match &mut self.cloudvision {
                Some(worker) => worker.reconfigure(setup),
                None if setup.instances.is_empty() => {}
                none => *none = Some(CloudVision::of(&self.threads, setup)),
            }
        }
        if model.lab_changes_under_way() == 0
            && let Some(setup) = self.next_labs.take()
        {
            match &mut self.labs {
                Some(worker) => worker.reconfigure(setup),
                None if setup.labs.is_empty() => {}
                none => *none = Some(Labs::of(&self.threads, setup)),
            }
        }
        if model.consoles_open() == 0
            && let Some(setup) = self.next_consoles.take()
        {
            match &mut self.consoles {
                Some(worker) => worker.reconfigure(setup),
                None if setup.is_empty() => {}
                none => *none = Some(Consoles::of(&self.threads, setup)),
            }
        }
    }

    /// Ends what can end by itself, watches on folders above all. Says what the end waits for.
    pub(super) fn begin_to_stop(&self, model: &Model) {
        let ending = model.deployments_under_way();
        if ending > 0 {
            let many = if ending == 1 { "the deployment" } else { "the deployments" };
            crate::output::complain(&format!("noctui: ending {many}; a workspace that is not submitted is abandoned"));
        }
        if model.lab_changes_under_way() > 0 {
            crate::output::complain("noctui: waiting for the answer of a lab that was asked for a change");
        }
        self.threads.begin_to_stop();
    }

    /// Stops them. Writes that were asked for are carried out; whoever reads what is left behind has no screen any more that
    /// would name it.
    pub(super) async fn stop(self, model: &mut Model) {
        let Self { threads, maintenances, cloudvision, labs, consoles, .. } = self;
        let deployments = async {
            if let Some(worker) = cloudvision {
                let last_words = |report| drop(model.update(Message::CloudVision(Box::new(report)), clock::now()));
                worker.stop(last_words).await;
            }
        };
        let changes = async {
            if let Some(worker) = labs {
                worker.stop(|_| ()).await;
            }
        };
        let lines = async {
            if let Some(worker) = consoles {
                worker.stop(|_| ()).await;
            }
        };
        tokio::join!(maintenances.stop(|_| ()), deployments, changes, lines);
        for left in model.left_behind() {
            crate::output::complain(&format!("noctui: {left}"));
        }
        drop(threads);
    }
}

/// Waits until a worker takes something; for ever, where nothing is held back.
async fn has_room<Q>(sender: Option<mpsc::Sender<Q>>) {
    let is_taken = match &sender {
        Some(sender) => sender.reserve().await.is_ok(),
        None => false,
    };
    // One that has ended is told of by itself.
    if !is_taken {
        std::future::pending::<()>().await;
    }
}

/// What a worker tells; never, where there is none.
async fn next<S: Clone + PartialEq, Q, R>(worker: &mut Option<Worker<S, Q, R>>) -> Heard<R> {
    match worker {
        Some(worker) => worker.next().await,
        None => std::future::pending().await,
    }
}

/// What was heard of the maintenances, as a message.
fn of_maintenances(heard: Heard<crate::features::maintenance::worker::Report>) -> Message {
    match heard {
        Heard::Report(report) => Message::Maintenance(Box::new(report)),
        Heard::Stopped(trouble) => Message::WorkerStopped(trouble),
        Heard::Started => Message::WorkerStarted,
        Heard::Refused(trouble) => Message::Failed(trouble),
    }
}

/// What was heard of CloudVision, as a message.
fn of_cloudvision(heard: Heard<cloudvision::worker::Report>) -> Message {
    match heard {
        Heard::Report(report) => Message::CloudVision(Box::new(report)),
        Heard::Stopped(trouble) => Message::CloudVisionStopped(trouble),
        Heard::Started => Message::CloudVisionStarted,
        Heard::Refused(trouble) => Message::Failed(trouble),
    }
}

/// What was heard of the labs, as a message.
fn of_labs(heard: Heard<lab::worker::Report>) -> Message {
    match heard {
        Heard::Report(report) => Message::Lab(Box::new(report)),
        Heard::Stopped(trouble) => Message::LabStopped(trouble),
        Heard::Started => Message::LabStarted,
        Heard::Refused(trouble) => Message::Failed(trouble),
    }
}

/// What the worker behind the labs needs of the configuration.
fn lab_setup(config: &Config) -> lab::worker::Setup {
    lab::worker::Setup {
        data_dir: config.paths.data.clone(),
        labs: config.labs.clone(),
        connect: config.connect.clone(),
        who: config.who.clone(),
    }
}

/// What the worker behind deploys and change controls needs of the configuration.
fn cloudvision_setup(config: &Config) -> cloudvision::worker::Setup {
    cloudvision::worker::Setup {
        data_dir: config.paths.data.clone(),
        instances: config.cloudvision.clone(),
        deploys: config.deploys.clone(),
        who: config.who.clone(),
        hands_off: config.hands_off(),
    }
}
