//! What is opened above the list: one maintenance, the notifications, one notification.

use std::sync::Arc;

use chrono::NaiveDate;

use super::view::{mail_lines, raw_lines};
use crate::features::maintenance::nautobot::store::standing::OutboxRow;
use crate::features::maintenance::store::detail::Detail;
use crate::features::maintenance::store::unparsed::{Notification, Which};
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::worker::{Mail, SourceFacts};
use crate::trouble::Trouble;
use crate::ui::Look;
use crate::ui::list::List;
pub(super) use crate::ui::load::Load;
use crate::ui::page::TextLine;
use crate::ui::time::Zone;

/// One of them.
#[derive(Debug, Clone)]
pub(crate) enum Page {
    /// One maintenance.
    Maintenance(MaintenancePage),
    /// The notifications.
    Notifications(NotificationsPage),
    /// One notification.
    Notification(NotificationPage),
    /// The sources.
    Sources(SourcesPage),
    /// What is to be written to Nautobot.
    Outbox(OutboxPage),
}

/// The sources.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourcesPage {
    /// What is known of them; `None` until it has arrived.
    pub(crate) rows: Option<Vec<SourceFacts>>,
    /// Which is under the cursor.
    pub(crate) at: usize,
    /// Why they could not be read.
    pub(crate) failure: Option<Trouble>,
}

/// One maintenance, opened.
#[derive(Debug, Clone)]
pub(crate) struct MaintenancePage {
    /// Which.
    pub(crate) key: MaintenanceKey,
    /// What is known of it.
    pub(crate) detail: Load<Arc<Detail>>,
    /// The same as lines, without what follows the clock.
    pub(crate) facts: Facts,
    /// The mail that stands beside it on a wide screen.
    pub(crate) mail_of: Option<NotificationKey>,
    /// Its content.
    pub(crate) mail: Option<Load<Arc<Mail>>>,
    /// The same as lines beside the facts.
    pub(crate) text: Text,
    /// Lines scrolled away at the top.
    pub(crate) scroll: usize,
}

/// The notifications: those that need a look, the dismissed ones, or all.
#[derive(Debug, Clone)]
pub(crate) struct NotificationsPage {
    /// The rows.
    pub(crate) list: List<Notification>,
    /// Which are listed.
    pub(crate) which: Which,
    /// The words that they have to have, as typed after `/`.
    pub(crate) filter: String,
    /// Number of the newest request.
    pub(crate) generation: u64,
    /// Whether rows are under way.
    pub(crate) extending: bool,
    /// Whether the store was asked which mails all are and has not told.
    pub(crate) marking: bool,
    /// Why the list could not be read.
    pub(crate) failure: Option<Trouble>,
}

/// What is to be written to Nautobot.
#[derive(Debug, Clone, Default)]
pub(crate) struct OutboxPage {
    /// The entries, and below them what is otherwise there.
    pub(crate) list: List<OutboxRow>,
    /// Why they could not be read.
    pub(crate) failure: Option<Trouble>,
}

/// One notification, opened.
#[derive(Debug, Clone)]
pub(crate) struct NotificationPage {
    /// Which.
    pub(crate) key: NotificationKey,
    /// Its content.
    pub(crate) mail: Load<Arc<Mail>>,
    /// Whether it is shown as it came.
    pub(crate) is_raw: bool,
    /// The same as lines.
    pub(crate) text: Text,
    /// Lines scrolled away at the top.
    pub(crate) scroll: usize,
}

/// What is known of a maintenance as lines. They are made when it arrives, the window, the zone or the day changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Width in cells, zone, whether in ASCII, and the day that times are told from; `None` before there are lines.
    pub(crate) made_for: Option<(usize, Zone, bool, NaiveDate)>,
    /// The lines.
    pub(crate) lines: Vec<TextLine>,
}

/// A mail as lines of some width. They are made when it arrives or the window changes, not whenever it is drawn: a mail
/// may have thousands of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text {
    /// The width in cells; 0 before there are lines.
    pub(crate) cells: usize,
    /// The lines.
    pub(crate) lines: Vec<TextLine>,
}

impl Text {
    /// Makes the lines anew if the width is another one.
    pub(crate) fn lay_out(&mut self, mail: &Mail, is_raw: bool, look: &Look<'_>, cells: usize) {
        if self.cells != cells {
            let lines = if is_raw { raw_lines(mail, cells) } else { mail_lines(mail, look, cells) };
            *self = Self { cells, lines };
        }
    }
}
