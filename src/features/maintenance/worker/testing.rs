//! The worker without its tasks: answers at once, at a given time.

use chrono::{DateTime, Utc};

use super::{Report, Request, read, write};
use crate::store::Store;
use crate::trouble::Trouble;

/// What the worker would report after a request, in that order. Sources and files are not touched.
pub(crate) fn answer(store: &Store, request: Request, now: DateTime<Utc>) -> Vec<Report> {
    match request {
        Request::Ask(question) => {
            let asked = question.clone();
            let answered = store.read_blocking(move |c| read::answer(c, &asked, now));
            vec![answered.unwrap_or_else(|error| read::failed(&question, &error))]
        }
        Request::Write(write) => match store.write_blocking(move |c| write::carry_out(c, write, now)) {
            Ok(report) => vec![report, Report::Changed],
            Err(error) => vec![Report::Failed(Trouble::of(&error))],
        },
        Request::Export(_) | Request::Sync => vec![],
    }
}
