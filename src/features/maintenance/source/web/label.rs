//! Mails are labelled with what became of them.
//!
//! A portion of them at a time, and only for a while: new mails are not kept waiting by labels.
//!
//! A mail that a server refuses to label keeps no other from its label; it is tried again at the next look, after the others.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Connection, Desk, Fault, is_of_one};
use crate::config::Service;
use crate::text::counted;
use crate::trouble::Trouble;

/// How long recording what was handed out is waited for, before mails are labelled.
const RECORDED_WITHIN: Duration = Duration::from_secs(30);
/// The pause between two looks whether it is recorded.
const LOOK: Duration = Duration::from_millis(100);
/// For so long mails are labelled, then it is looked for new ones. Less where looks are more frequent.
const LABELLING: Duration = Duration::from_secs(5);
/// Mails that are labelled one by one, before it is kept that they are.
const PORTION: usize = 15;
/// After so many that were refused one after the other no more are tried at this look.
const IN_A_ROW: usize = 6;

/// A mail that is to be labelled: its key, what became of it, and what its label says.
pub(super) type Untold = (String, &'static str, Option<String>);

/// What came of labelling mails.
#[derive(Debug, Default)]
pub(super) struct Marked {
    /// Those whose label says now what became of them.
    done: Vec<(String, &'static str)>,
    /// Those that could not be labelled.
    failed: Vec<String>,
    /// How many of these were refused one after the other.
    in_a_row: usize,
    /// What is in the way, of the first of them.
    trouble: Option<String>,
    /// What is in the way of everything.
    fault: Option<Fault>,
}

impl Marked {
    /// This one is labelled.
    pub(super) fn done(&mut self, (key, outcome, _): &Untold) {
        self.in_a_row = 0;
        self.done.push((key.clone(), outcome));
    }

    /// This one cannot be labelled as long as somebody has not done something about it.
    pub(super) fn failed(&mut self, (key, ..): &Untold, why: String) {
        self.failed.push(key.clone());
        self.trouble.get_or_insert(why);
    }

    /// The server does not label this one.
    pub(super) fn refused(&mut self, mail: &Untold, fault: Fault) {
        if is_of_one(&fault) {
            self.in_a_row += 1;
            self.failed(mail, Trouble::of(&fault).one_line());
        } else {
            self.end(fault);
        }
    }

    /// The server labels none.
    pub(super) fn end(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    /// Whether it is of no use to go on.
    pub(super) fn is_over(&self) -> bool {
        self.fault.is_some() || self.in_a_row >= IN_A_ROW
    }
}

impl Connection {
    /// Labels mails with what became of them, as far as that is known; what is in the way of some.
    pub(super) async fn label(&mut self, desk: &Desk, handed_out: &[String]) -> Result<Option<String>, Fault> {
        if self.config.labels.is_empty() {
            return Ok(None);
        }
        // Recorded on the other side; what is not by then is labelled after the next look.
        let mut waited = Duration::ZERO;
        while waited < RECORDED_WITHIN && desk.left(handed_out).await > 0 {
            sleep(LOOK).await;
            waited += LOOK;
        }
        let until = Instant::now() + self.config.poll_every.min(LABELLING);
        let portion = match self.config.service {
            Service::Gmail => usize::MAX,
            Service::Microsoft => PORTION,
        };
        let (mut failed, mut trouble, mut is_first) = (HashSet::new(), None, true);
        loop {
            let mut untold = desk.untold().await;
            untold.retain(|(key, ..)| !failed.contains(key));
            if untold.is_empty() {
                break;
            }
            if !std::mem::take(&mut is_first) && Instant::now() >= until {
                self.has_unlabelled = true;
                break;
            }
            // What failed before comes last.
            untold.sort_by_key(|(key, ..)| self.unlabelled.contains(key));
            untold.truncate(portion);
            let mut marked = Marked::default();
            match self.config.service {
                Service::Gmail => self.label_in_gmail(&untold, &mut marked).await,
                Service::Microsoft => self.categorise(&untold, &mut marked).await,
            }
            let is_over = marked.is_over();
            for (key, _) in &marked.done {
                self.unlabelled.remove(key);
            }
            desk.marked(marked.done).await;
            if let Some(fault) = marked.fault {
                return Err(fault);
            }
            failed.extend(marked.failed);
            trouble = trouble.or(marked.trouble);
            if is_over {
                break;
            }
        }
        self.unlabelled.extend(failed);
        let many = self.unlabelled.len();
        Ok(trouble.map(|why| format!("{} not labelled, which is tried again: {why}", counted(many, "mail"))))
    }

    /// The label for an outcome.
    pub(super) fn label_for(&self, outcome: &str) -> Option<&str> {
        self.config.labels.iter().find(|(known, _)| *known == outcome).map(|(_, label)| label.as_str())
    }
}
