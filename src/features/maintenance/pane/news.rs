//! What somebody else set of a maintenance while a form of it was filled in: told before it is replaced.

use super::form::{Form, Label};
use super::view::told_of_form;

/// It, until all of it is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct News {
    /// The fields that are others by now.
    pub(crate) labels: Vec<Label>,
    /// How many of its lines were read,
    read: usize,
    /// and how wide those were: of other lines none was.
    cells: usize,
}

impl News {
    /// The first line that is to be read, where they are so wide.
    pub(crate) fn top(&self, cells: usize) -> usize {
        if self.cells == cells { self.read } else { 0 }
    }
}

impl Form {
    /// What somebody else set, in words: first what would be replaced.
    pub(crate) fn told(&self) -> Option<String> {
        let labels = &self.news.as_ref()?.labels;
        let (mut replaced, mut taken) = (Vec::new(), Vec::new());
        for (label, field, now) in self.fields.iter().filter(|(label, ..)| labels.contains(label)) {
            match (field.text() == now, now.as_str()) {
                (true, _) => taken.push(format!("{} is what stands here now", label.as_str())),
                (false, "") => replaced.push(format!("{} is empty, which yours would replace", label.as_str())),
                (false, now) => replaced.push(format!("{} is {now:?}, which yours would replace", label.as_str())),
            }
        }
        replaced.extend(taken);
        let what = if replaced.is_empty() { "in nothing that stands here".to_owned() } else { replaced.join("; ") };
        Some(format!("it changed while you wrote ({what}): enter saves what stands here"))
    }

    /// Whether some of that has no room on a screen of such a size, and is to be read yet.
    pub(super) fn has_more_news(&self, size: (u16, u16)) -> bool {
        told_of_form(self, size).below > 0
    }

    /// Shows what comes next of it, if anything does.
    pub(super) fn reads_on(&mut self, size: (u16, u16)) -> bool {
        let told = told_of_form(self, size);
        let Some(news) = self.news.as_mut().filter(|_| told.below > 0) else { return false };
        (news.read, news.cells) = (told.top + told.lines.len(), told.cells);
        true
    }
}
