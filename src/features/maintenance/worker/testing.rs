//! The worker without its tasks: answers at once, at a given time.

use chrono::{DateTime, Utc};

use super::{Question, Report, Request, Write, aside, read, write};
use crate::config::{Source, SourceFrom};
use crate::features::maintenance::inventory::Inventory;
use crate::features::maintenance::rules::Rules;
use crate::features::maintenance::store::action::Actor;
use crate::store::Store;
use crate::trouble::Trouble;

/// What the worker would report after a request, in that order. Sources and files are not touched.
pub(crate) fn answer(store: &Store, request: Request, now: DateTime<Utc>) -> Vec<Report> {
    match request {
        Request::Ask(Question::Providers) => vec![aside::providers(&Rules::embedded())],
        Request::Ask(Question::Sources) => {
            let from = SourceFrom::Maildir { path: "/home/ines/Maildir".into() };
            let sources = [Source { name: "demo mailbox".to_owned(), from }];
            vec![store.read_blocking(move |c| aside::sources(c, &sources, now)).unwrap()]
        }
        Request::Write(Write::Assign { address, provider, who }) => {
            let (rules, actor) = (Rules::embedded(), Actor { who, at: now });
            let report = aside::assign(store, &rules, &Inventory::default(), address, provider, &actor);
            vec![report.unwrap(), Report::Changed]
        }
        Request::Write(undo @ (Write::Undo { .. } | Write::UndoLast { .. })) => {
            match aside::undo(store, &Rules::embedded(), &Inventory::default(), undo, now) {
                Ok(report) => vec![report, Report::Changed],
                Err(error) => vec![Report::Failed(Trouble::of(&error))],
            }
        }
        Request::Write(Write::Reread) => {
            vec![aside::reread(store, &Rules::embedded(), &Inventory::default()).unwrap(), Report::Changed]
        }
        Request::Write(Write::OfForm { form, write }) => {
            let told = answer(store, Request::Write(*write), now);
            let of_form =
                |report: Report| if report.is_answer_to_a_write() { report.of_form(Some(form)) } else { report };
            told.into_iter().map(of_form).collect()
        }
        Request::Ask(question) => {
            let asked = question.clone();
            let answered = store.read_blocking(move |c| read::answer(c, &asked, now));
            vec![answered.unwrap_or_else(|error| read::failed(&question, &error))]
        }
        Request::Write(write) => match store.write_blocking(move |c| write::carry_out(c, write, now)) {
            Ok(report) => vec![report, Report::Changed],
            Err(error) => vec![Report::Failed(Trouble::of(&error))],
        },
        Request::Export(_) | Request::Sync | Request::Hold(_) => vec![],
    }
}
