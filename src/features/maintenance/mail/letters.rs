//! The parts of a mail with its bodies whole, or with some of their layers only.

use std::cell::OnceCell;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};

use super::forwarded;
use super::layers::{self, Layers};
use super::page::Page;
use super::part::{Kind, Part};
use super::sent;
use crate::features::maintenance::when;

/// The parts of a mail, whose bodies may quote earlier mails.
pub(crate) struct Letters<'p> {
    /// The parts with all that is in them.
    pub(crate) whole: &'p [Part],
    /// For each of them its layers, where it has several.
    layers: Vec<Option<Layers>>,
    /// The parts with one layer each, made when somebody first asks.
    alone: Vec<OnceCell<Vec<Part>>>,
}

/// One layer of a body that has several.
#[derive(Debug)]
pub(crate) struct Letter<'l> {
    /// The body with nothing but this layer.
    pub(crate) part: &'l Part,
    /// The lines that its author wrote, by their place on the page of the part.
    pub(crate) lines: Vec<usize>,
    /// Its subject, where that is known.
    pub(crate) subject: Option<String>,
    /// The domain of who wrote it with the `@`, where the address stands above it.
    pub(crate) domain: Option<String>,
}

impl<'p> Letters<'p> {
    /// Those of a mail.
    pub(crate) fn new(whole: &'p [Part]) -> Self {
        let layers: Vec<Option<Layers>> = whole.iter().map(Part::layers).collect();
        let count = layers.iter().flatten().map(|layers| layers.count).max().unwrap_or_default();
        let alone = (0..count).map(|_| OnceCell::new()).collect();
        Self { whole, layers, alone }
    }

    /// How many layers the bodies have; 0 where nothing is quoted.
    pub(crate) fn count(&self) -> usize {
        self.alone.len()
    }

    /// The parts with one layer of the bodies that have several.
    pub(crate) fn alone(&self, layer: usize) -> &[Part] {
        self.alone.get(layer).map_or(self.whole, |alone| alone.get_or_init(|| self.only(&(layer..=layer))))
    }

    /// When the mail was sent that is quoted in a layer, as its headers there say, and the mail that quotes it; `None` where
    /// that cannot be read.
    pub(crate) fn sent(&self, layer: usize) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let own = self.alone(layer).iter().zip(&self.layers).filter(|(_, layers)| layers.is_some());
        let sent = own.filter_map(|(part, _)| {
            let is_its_date = |date: &&Part| date.kind() == Kind::Date && date.home() == part.home();
            let outer = when::header_clock(self.whole.iter().find(is_its_date)?.as_text())?;
            Some((sent::sent(part, outer)?, outer.to_utc()))
        });
        sent.max()
    }

    /// The parts with some layers only. A subject that is quoted further down is none of theirs.
    pub(crate) fn only(&self, layers: &RangeInclusive<usize>) -> Vec<Part> {
        let both = self.whole.iter().zip(&self.layers).filter(|(part, _)| is_in(part, *layers.end()));
        both.map(|(part, own)| own.as_ref().map_or_else(|| part.clone(), |own| part.only(own, layers))).collect()
    }

    /// One layer of every body that has several, with what is known of who wrote it.
    pub(crate) fn letters(&self, layer: usize) -> Vec<Letter<'_>> {
        let of_whole = self.whole.iter().zip(&self.layers).filter(|(part, _)| is_in(part, layer)).map(|(_, own)| own);
        let bodies = self.alone(layer).iter().zip(of_whole).filter(|(_, own)| own.is_some());
        bodies.map(|(part, _)| self.letter(part, layer)).collect()
    }

    /// A body with one layer alone.
    fn letter<'l>(&self, part: &'l Part, layer: usize) -> Letter<'l> {
        let page = part.page();
        let lines = text_lines(page);
        let is_head = |line: &usize| lines.binary_search(line).is_err();
        let head = || (0..page.len()).filter(is_head).map(|line| page.line(line).trim());
        let header = || {
            let is_header = |part: &&Part| part.kind() == Kind::Subject && part.layer() == 0;
            self.whole.iter().filter(is_header).find(|subject| subject.home() == part.home())
        };
        Letter {
            part,
            subject: match layer {
                0 => header().map(|part| part.as_text().trim().to_owned()),
                _ => head().find_map(forwarded::subject_in).map(str::to_owned),
            },
            domain: head().find_map(forwarded::domain_in),
            lines,
        }
    }
}

/// The lines of a page that are text, and not what mail programs set above a quotation.
pub(crate) fn text_lines(page: &Page) -> Vec<usize> {
    let lines: Vec<&str> = (0..page.len()).map(|line| page.line(line).trim()).collect();
    let is_text = layers::are_text(&lines);
    is_text.iter().enumerate().filter(|(_, is_text)| **is_text).map(|(line, _)| line).collect()
}

/// Whether a part belongs to the layers down to `layer`, whole or in part: all but the subjects below.
fn is_in(part: &Part, layer: usize) -> bool {
    part.kind() != Kind::Subject || part.layer() <= layer
}
