//! One of several is chosen by typing a part of its name: the provider that a sender belongs to, the maintenance that a
//! mail belongs to.

use super::editor::Editor;
use super::opened::{Load, Page};
use super::{Outcome, State};
use crate::features::maintenance::guess::provider_of;
use crate::features::maintenance::store::list::Row;
use crate::features::maintenance::store::{MaintenanceKey, NotificationKey};
use crate::features::maintenance::worker::{Question, Write};
use crate::key::{Code, Key};
use crate::ui::field::{Edited, Field};

/// What is chosen, and for what.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// The provider of an address.
    Provider {
        /// The address.
        address: String,
        /// Every provider, the likeliest first; `None` until they are known.
        all: Option<Vec<String>>,
        /// Whether the first one is likely: then nothing need be typed.
        is_likely: bool,
    },
    /// The maintenance of a mail.
    Maintenance {
        /// The mail.
        mail: NotificationKey,
        /// Those that have the words; `None` until they are known.
        found: Option<Vec<(MaintenanceKey, String)>>,
        /// Number of the newest question for them.
        generation: u64,
    },
}

/// One of several, being chosen.
#[derive(Debug, Clone)]
pub(crate) struct Picker {
    /// What for.
    pub(crate) purpose: Purpose,
    /// What is typed.
    pub(crate) field: Field,
    /// Which of those that are left is chosen.
    pub(crate) at: usize,
}

impl Picker {
    /// What it is about.
    pub(crate) fn title(&self) -> String {
        match &self.purpose {
            Purpose::Provider { address, .. } => format!("Whose mails come from {address}?"),
            Purpose::Maintenance { .. } => "Which maintenance does the mail belong to?".to_owned(),
        }
    }

    /// What is left of the choice; `None` until it is known.
    pub(crate) fn choice(&self) -> Option<Vec<&str>> {
        match &self.purpose {
            Purpose::Provider { all, .. } => {
                let typed = self.field.text().trim().to_lowercase();
                let names = all.as_ref()?.iter().map(String::as_str);
                Some(names.filter(|name| name.to_lowercase().contains(&typed)).collect())
            }
            Purpose::Maintenance { found, .. } => Some(found.as_ref()?.iter().map(|(_, name)| name.as_str()).collect()),
        }
    }

    /// What to say where nothing is left of it.
    pub(crate) fn nothing(&self) -> &'static str {
        match &self.purpose {
            Purpose::Provider { .. } => "no rule is called so; `noctui provider new` drafts one from a mail",
            Purpose::Maintenance { .. } => "no maintenance has these words",
        }
    }

    /// What is chosen, as a write.
    fn write(&self, who: &str) -> Option<Write> {
        let who = who.to_owned();
        match &self.purpose {
            // The first of all that there are is nobody's choice.
            Purpose::Provider { is_likely: false, .. } if self.at == 0 && self.field.text().trim().is_empty() => None,
            Purpose::Provider { address, .. } => {
                let provider = (*self.choice()?.get(self.at)?).to_owned();
                Some(Write::Assign { address: address.clone(), provider, who })
            }
            Purpose::Maintenance { mail, found, .. } => {
                let (key, _) = found.as_ref()?.get(self.at)?;
                Some(Write::Attach { mail: *mail, key: *key, who })
            }
        }
    }
}

impl State {
    /// `P`: says whose the mails from a sender are.
    pub(super) fn assign_sender(&mut self) -> Outcome {
        let sender = match self.pages.last() {
            Some(Page::Notifications(page)) => page.list.selected().map(|row| row.sender.clone()),
            Some(Page::Notification(page)) => match &page.mail {
                Load::Ready(mail) => Some(mail.sender.clone()),
                Load::Loading | Load::Failed(_) => None,
            },
            Some(Page::Maintenance(_) | Page::Sources(_) | Page::Outbox(_)) | None => None,
        };
        match sender {
            Some(address) if !address.is_empty() => {
                let purpose = Purpose::Provider { address, all: None, is_likely: false };
                self.editor = Some(Editor::Pick(Box::new(Picker { purpose, field: Field::line(""), at: 0 })));
                Outcome::ask(Question::Providers)
            }
            _ => Outcome::warn("the mail names no sender"),
        }
    }

    /// `T` on a mail: says which maintenance it belongs to.
    pub(super) fn attach(&mut self) -> Outcome {
        let Some(Page::Notification(page)) = self.pages.last() else { return Outcome::none() };
        let mail = page.key;
        self.found += 1;
        let purpose = Purpose::Maintenance { mail, found: None, generation: self.found };
        self.editor = Some(Editor::Pick(Box::new(Picker { purpose, field: Field::line(""), at: 0 })));
        Outcome::ask(Question::Find { generation: self.found, text: String::new() })
    }

    /// A key while one is being chosen.
    pub(super) fn typed_in_picker(&mut self, key: Key) -> Outcome {
        let Some(Editor::Pick(picker)) = &mut self.editor else { return Outcome::none() };
        let many = picker.choice().map_or(0, |choice| choice.len());
        let is_down = key.code == Code::Down || (key.code == Code::Tab && !key.shift);
        if key.code == Code::Enter {
            let Some(write) = picker.write(&self.who) else {
                return Outcome::warn("nothing is chosen: a part of its name finds it");
            };
            self.editor = None;
            return Outcome::ask(write);
        }
        if is_down {
            picker.at = (picker.at + 1).min(many.saturating_sub(1));
        } else if matches!(key.code, Code::Up | Code::Tab) {
            picker.at = picker.at.saturating_sub(1);
        } else if picker.field.key(key) == Edited::Text {
            return self.picker_changed();
        }
        Outcome::none()
    }

    /// What is typed is another text.
    pub(super) fn picker_changed(&mut self) -> Outcome {
        let Some(Editor::Pick(picker)) = &mut self.editor else { return Outcome::none() };
        picker.at = 0;
        let text = picker.field.text().to_owned();
        let Purpose::Maintenance { generation, .. } = &mut picker.purpose else { return Outcome::none() };
        self.found += 1;
        *generation = self.found;
        Outcome::ask(Question::Find { generation: self.found, text })
    }

    /// The providers that there are.
    pub(super) fn providers_told(&mut self, providers: Vec<String>) {
        let Some(Editor::Pick(picker)) = &mut self.editor else { return };
        let Purpose::Provider { address, all, is_likely } = &mut picker.purpose else { return };
        // The one whose name is in the address first, so that Enter alone takes it.
        let guess = provider_of(address);
        let is_near = |name: &String| {
            let name = name.to_lowercase();
            !guess.is_empty() && (name.contains(&guess) || guess.contains(&name))
        };
        let (mut near, far): (Vec<String>, Vec<String>) = providers.into_iter().partition(is_near);
        *is_likely = !near.is_empty();
        near.extend(far);
        *all = Some(near);
    }

    /// Maintenances that have the words.
    pub(super) fn found(&mut self, of: u64, rows: Vec<Row>) {
        let Some(Editor::Pick(picker)) = &mut self.editor else { return };
        let Purpose::Maintenance { found, generation, .. } = &mut picker.purpose else { return };
        if *generation != of {
            return;
        }
        let named = rows.into_iter().map(|row| {
            let window = row.start.format("%Y-%m-%d %H:%M");
            (row.key.maintenance, format!("{} {}  {window} UTC", row.provider, row.maintenance_id))
        });
        *found = Some(named.collect());
        picker.at = 0;
    }
}
