//! One part of a notification: what it is and its content.

use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::OnceLock;

use super::dom::{Dom, Flat};
use super::layers::Layers;
use super::page::{Marks, Page};
use super::{calendar, charset, sheet, xlsx};

/// What a part is to a rule; the words are those of `parse --part`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An iCalendar.
    Ical,
    /// A page.
    Html,
    /// Plain text.
    Text,
    /// The Subject header.
    Subject,
    /// The Date header.
    Date,
    /// Comma or tab separated values.
    Csv,
    /// A spreadsheet.
    Xlsx,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [Self::Ical, Self::Html, Self::Text, Self::Subject, Self::Date, Self::Csv, Self::Xlsx];

    /// The word in rules and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ical => "ical",
            Self::Html => "html",
            Self::Text => "text",
            Self::Subject => "subject",
            Self::Date => "date",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the content is text in the charset of the mail. Separated values are not: what they are encoded in shows
    /// in their first bytes.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Ical | Self::Html | Self::Text | Self::Subject | Self::Date)
    }

    /// The kind of a leaf of a mail, by content type, then by file name, then by its first bytes; `None` for what no
    /// rule can read.
    pub(super) fn of(major: &str, minor: &str, name: &str, content: &[u8]) -> Option<Self> {
        let is = |major_wanted: &str, minors: &[&str]| {
            major.eq_ignore_ascii_case(major_wanted) && minors.iter().any(|wanted| minor.eq_ignore_ascii_case(wanted))
        };
        if is("text", &["calendar"]) || is("application", &["ics", "ical", "icalendar", "calendar"]) {
            return Some(Self::Ical);
        }
        if is("text", &["html"]) {
            return Some(Self::Html);
        }
        if is("text", &["csv"]) || is("application", &["csv"]) {
            return Some(Self::Csv);
        }
        if is("application", &["vnd.openxmlformats-officedocument.spreadsheetml.sheet"]) {
            return Some(Self::Xlsx);
        }
        if is("application", &["octet-stream", "vnd.ms-excel"]) || !name.is_empty() {
            let ends = |wanted: &str| {
                name.len() >= wanted.len()
                    && name.get(name.len() - wanted.len()..).is_some_and(|end| end.eq_ignore_ascii_case(wanted))
            };
            if ends(".ics") || calendar::is_one(content) {
                return Some(Self::Ical);
            }
            if ends(".csv") {
                return Some(Self::Csv);
            }
            if ends(".xlsx") {
                return Some(Self::Xlsx);
            }
            // Attachments that lost their names show what they are in their first bytes.
            match content {
                [b'P', b'K', 3, 4, ..] if name.is_empty() => return Some(Self::Xlsx),
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] if name.is_empty() => return Some(Self::Csv),
                _ => {}
            }
        }
        if !major.eq_ignore_ascii_case("text") {
            return None;
        }
        // Some put the calendar where the text belongs.
        Some(if calendar::is_one(content) { Self::Ical } else { Self::Text })
    }
}

/// The content of a part, decoded.
#[derive(Debug, PartialEq, Eq)]
enum Content {
    /// Text of any kind.
    Text(String),
    /// What is not text.
    Bytes(Vec<u8>),
}

/// One part of a notification. What is read of it is shared with its copies.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it is.
    kind: Kind,
    /// Its content.
    content: Rc<Content>,
    /// Which of the mails inside one another it belongs to; 0 is the outermost.
    home: usize,
    /// Of a calendar the METHOD that its header names.
    method: Option<String>,
    /// Of a subject the layer of the body that it was found in; 0 of a header.
    layer: usize,
    /// The tree of an HTML part, built when a rule first asks.
    dom: Rc<OnceLock<Dom>>,
    /// Its lines, made when a rule first asks.
    page: Rc<OnceLock<Page>>,
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.content == other.content
    }
}

impl Part {
    /// A part whose content is text.
    #[must_use]
    pub fn text(kind: Kind, text: &str) -> Self {
        let text = if kind == Kind::Html { charset::undo_quoted_printable(text) } else { text.to_owned() };
        Self::of(kind, Content::Text(text))
    }

    /// A part whose content is bytes.
    pub(super) fn bytes(kind: Kind, bytes: Vec<u8>) -> Self {
        Self::of(kind, Content::Bytes(bytes))
    }

    /// A part of the outermost mail.
    fn of(kind: Kind, content: Content) -> Self {
        Self {
            kind,
            content: Rc::new(content),
            home: 0,
            method: None,
            layer: 0,
            dom: Rc::default(),
            page: Rc::default(),
        }
    }

    /// The same part, whose header names this METHOD.
    pub(super) fn with_method(self, method: Option<&str>) -> Self {
        Self { method: method.map(str::to_owned), ..self }
    }

    /// Takes over what the header of an identical part says.
    pub(super) fn learn_from(&mut self, identical: Self) {
        self.method = self.method.take().or(identical.method);
    }

    /// The METHOD that the header of a calendar names (RFC 6047, 2.4).
    pub(crate) fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// The same part in one of the mails inside the mail.
    pub(super) fn in_mail(self, home: usize) -> Self {
        Self { home, ..self }
    }

    /// The same subject, found in this layer of the body.
    pub(super) fn in_layer(self, layer: usize) -> Self {
        Self { layer, ..self }
    }

    /// The layer of the body that a subject was found in; 0 of a header.
    pub(super) fn layer(&self) -> usize {
        self.layer
    }

    /// The layers of a body; `None` of what is no body or has but one.
    pub(super) fn layers(&self) -> Option<Layers> {
        let layers = match self.kind {
            Kind::Text => Layers::of_text(self.as_text()),
            Kind::Html => Layers::of_page(self.dom(), self.page()),
            Kind::Ical | Kind::Subject | Kind::Date | Kind::Csv | Kind::Xlsx => return None,
        };
        (layers.count > 1).then_some(layers)
    }

    /// A body with nothing but some of its `layers`.
    pub(super) fn only(&self, layers: &Layers, only: &RangeInclusive<usize>) -> Self {
        let (dom, page) = (Rc::<OnceLock<Dom>>::default(), Rc::default());
        if self.kind != Kind::Html {
            let content = Rc::new(Content::Text(layers.cut(self.as_text(), only)));
            return Self { content, dom, page, ..self.clone() };
        }
        let _ = dom.set(self.dom().only(|node| layers.holds(node, only)));
        Self { dom, page, ..self.clone() }
    }

    /// Which of the mails inside one another it belongs to; 0 is the outermost.
    pub(crate) fn home(&self) -> usize {
        self.home
    }

    /// A part from a file of its own, outside of a mail.
    #[must_use]
    pub fn from_file(kind: Kind, bytes: Vec<u8>) -> Self {
        if kind.is_text() { Self::text(kind, &charset::decode(&bytes, None, kind)) } else { Self::bytes(kind, bytes) }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its text; empty if it is not text.
    #[must_use]
    pub fn as_text(&self) -> &str {
        match &*self.content {
            Content::Text(text) => text,
            Content::Bytes(_) => "",
        }
    }

    /// Its bytes.
    fn as_bytes(&self) -> &[u8] {
        match &*self.content {
            Content::Text(text) => text.as_bytes(),
            Content::Bytes(bytes) => bytes,
        }
    }

    /// Its lines, cells and links.
    pub(crate) fn page(&self) -> &Page {
        self.page.get_or_init(|| match self.kind {
            Kind::Csv => sheet::separated(self.as_bytes()),
            Kind::Xlsx => sheet::spreadsheet(self.as_bytes()),
            Kind::Ical | Kind::Html | Kind::Text | Kind::Subject | Kind::Date => self.page_with(Marks::default()),
        })
    }

    /// The same, with the elements of `breaks` on lines of their own.
    pub(crate) fn page_with(&self, breaks: Marks) -> Page {
        if self.kind == Kind::Html { Page::from_dom(self.dom(), breaks) } else { Page::from_text(self.as_text()) }
    }

    /// Why nothing can be read of it, of a spreadsheet of which that is so.
    pub(crate) fn unreadable(&self) -> Option<&'static str> {
        let is_empty = self.kind == Kind::Xlsx && self.page().len() == 0 && self.too_large().is_none();
        is_empty.then(|| xlsx::unreadable(self.as_bytes())).flatten()
    }

    /// Why it cannot be read as a whole, of what is too large for that: a piece of it says who knows what of the rest.
    pub(crate) fn too_large(&self) -> Option<String> {
        match self.kind {
            Kind::Html => self.dom().cut.as_ref().map(|reason| format!("the page is too large: {reason}")),
            Kind::Csv | Kind::Xlsx => self.page().is_too_large().map(str::to_owned),
            Kind::Ical | Kind::Text | Kind::Subject | Kind::Date => None,
        }
    }

    /// Its lines as rules see them, cleaned: where in a table, `*` if the line begins bold, the line.
    pub(crate) fn lines_for_people(&self) -> String {
        if let Some(reason) = self.unreadable() {
            return format!("(the spreadsheet cannot be read: {reason})\n");
        }
        if let Some(reason) = self.page().is_too_large() {
            return format!("({reason})\n");
        }
        crate::text::clean_text(&self.page().dump())
    }

    /// Whether the page was longer than what is read of it.
    pub(super) fn is_cut(&self) -> bool {
        self.kind == Kind::Html && self.dom().cut.is_some()
    }

    /// The text of a page whose tree is deeper or larger than what is read of it; `None` of others.
    pub(super) fn flat(&self) -> Option<Flat> {
        (self.kind == Kind::Html && self.dom().has_too_much).then(|| Flat::read(self.as_text()))
    }

    /// The tree of an HTML part.
    fn dom(&self) -> &Dom {
        self.dom.get_or_init(|| Dom::parse(self.as_text()))
    }
}
