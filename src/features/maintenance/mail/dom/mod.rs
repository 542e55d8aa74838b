//! An HTML page as a flat arena of nodes, built by html5ever's tree builder.
//!
//! Only what reading needs is kept: which element, its text, where a link leads. Depth and number of nodes are bounded,
//! because some tags make a tree builder repeat others; past the bound the tree ends, and the page is there as text alone.

mod flat;
mod sink;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{ParseOpts, parse_document};

use self::sink::Sink;

/// Deeper pages are cut: the tree builder walks its stack of open elements for most tags.
const MAX_DEPTH: u32 = 400;
/// Larger pages are cut: some tags are repeated for every paragraph, so a small page can grow without end. One of ten
/// thousand circuits stays below.
const MAX_NODES: usize = 1_000_000;
/// Longer pages are cut: those of notifications have some hundred kilobytes.
const MAX_BYTES: usize = 16 << 20;
/// The bounds are looked at after each piece of this many bytes.
const PIECE: usize = 8 * 1024;
/// So often the tree builder may ask for the name of an element. Each tag costs a walk through those that are open: of a page of
/// tables six for each node, of an end tag inside of three hundred formats a hundred and sixty. A page of sixteen megabytes of
/// the latter takes minutes.
const MAX_ASKED: u64 = 40_000_000;
/// Marks between attributes without anything for the tree, beyond which the page is cut. The tokenizer compares every
/// attribute of a tag with all before it; a picture of 200 kB inside an attribute stays below.
const MAX_STALL: u64 = 5_000;
/// The same for all that is read before, by their squares.
const MAX_STALLS: u64 = MAX_STALL * MAX_STALL / 2;

/// Index of a node; [`NONE`] is no node.
pub(super) type NodeId = u32;
/// No node.
pub(super) const NONE: NodeId = NodeId::MAX;

/// What an element means to a reader; everything else is [`Tag::Inline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// Text.
    Text,
    /// An element without a meaning of its own, such as `font`.
    Inline,
    /// `span`
    Span,
    /// A link.
    A,
    /// `b` or `strong`
    Bold,
    /// `i` or `em`
    Italic,
    /// `u`
    Underline,
    /// Struck through: no longer true.
    Struck,
    /// Not for readers: scripts, styles, comments, the head.
    Hidden,
    /// The page's title.
    Title,
    /// A line end.
    Br,
    /// A block without a blank line around it, such as `div`.
    Block,
    /// A paragraph: a blank line before it.
    P,
    /// A heading of level 1 to 6.
    Heading(u8),
    /// A list item.
    Li,
    /// Text whose line ends count.
    Pre,
    /// A table.
    Table,
    /// A table row.
    Row,
    /// A table cell.
    Cell,
    /// A table's header cell.
    HeaderCell,
}

/// What an element is to quotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// Nothing.
    No,
    /// A quotation may be in it, if something announces one; otherwise it is a way to indent.
    Maybe,
    /// A quotation is in it.
    Around,
    /// A quotation begins with it and goes on behind it.
    Begin,
}

/// One node: its kind and its neighbours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// What it is.
    pub(super) tag: Tag,
    /// What it is to quotations.
    pub(super) quote: Quote,
    /// Its parent.
    pub(super) parent: NodeId,
    /// Its first child.
    pub(super) first_child: NodeId,
    /// Its last child.
    last_child: NodeId,
    /// The next child of the same parent.
    pub(super) next: NodeId,
    /// The child of the same parent before it.
    previous: NodeId,
    /// How deep it was when it was put in.
    depth: u32,
    /// Text: its start in [`Dom::text`]. Element: index of its name.
    from: u32,
    /// Text: its end in [`Dom::text`]. Link: index of its address plus one, 0 without one.
    to: u32,
}

/// A page.
#[derive(Debug, Default)]
pub(super) struct Dom {
    /// Every node; the document is the first.
    nodes: Vec<Node>,
    /// All text, in the order it came.
    text: String,
    /// Addresses of links.
    hrefs: Vec<StrTendril>,
    /// Whether an element is there that has to do with quotations.
    pub(super) has_quotes: bool,
    /// Why the page was not kept as a whole, if it was not.
    pub(super) cut: Option<String>,
    /// Whether that was because of its tree, which has no bearing on its text.
    pub(super) has_too_much: bool,
}

/// The text of a page whose tree was cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flat {
    /// Its lines; none is empty.
    pub(super) text: String,
    /// Whether they are all.
    pub(super) is_whole: bool,
}

impl Flat {
    /// Reads the text of a page.
    pub(super) fn read(html: &str) -> Self {
        let read = html.get(..boundary(html, MAX_BYTES)).unwrap_or_default();
        let mut stall = Stall::default();
        let (text, is_whole) = flat::flat(read, |piece, has_moved| stall.is_too_long(piece, has_moved));
        Self { text, is_whole: is_whole && read.len() == html.len() }
    }
}

/// How long the tokenizer has had marks between attributes and nothing else.
#[derive(Debug, Default)]
struct Stall {
    /// Marks since something came of them.
    now: u64,
    /// Those before, by their squares.
    before: u64,
}

impl Stall {
    /// Takes in a piece that was read, and whether anything came of it; whether that is too long by now.
    fn is_too_long(&mut self, piece: &str, has_moved: bool) -> bool {
        if has_moved {
            self.before += self.now * self.now;
            self.now = 0;
        } else {
            self.now += marks(piece);
        }
        self.now > MAX_STALL || self.before > MAX_STALLS
    }
}

impl Dom {
    /// Parses a page. Never fails: what is not HTML is text.
    pub(super) fn parse(html: &str) -> Self {
        let sink = Sink::new(html.len());
        let mut parser = parse_document(sink, ParseOpts::default());
        let mut rest = html.get(..boundary(html, MAX_BYTES)).unwrap_or_default();
        let mut stall = Stall::default();
        let is_too_long = rest.len() < html.len();
        let mut cut = is_too_long.then(|| format!("it has {} bytes; noctui reads pages up to {MAX_BYTES}", html.len()));
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(boundary(rest, PIECE));
            rest = tail;
            parser.process(StrTendril::from_slice(piece));
            let sink = &parser.tokenizer.sink.sink;
            let is_stalled = stall.is_too_long(piece, sink.moved.take());
            if (sink.too_much().is_some() || is_stalled) && !rest.is_empty() {
                cut = sink.too_much().or_else(|| Some("one of its elements has thousands of attributes".to_owned()));
                break;
            }
        }
        let has_too_much = cut.is_some() && parser.tokenizer.sink.sink.too_much().is_some();
        Self { cut, has_too_much, ..parser.finish() }
    }

    /// The page without the nodes of which `is_there` is false, and without what is in them. The document stays.
    pub(super) fn only(&self, is_there: impl Fn(usize) -> bool) -> Self {
        let mut only = Self { hrefs: self.hrefs.clone(), has_too_much: self.has_too_much, ..Self::default() };
        only.cut.clone_from(&self.cut);
        let mut places = vec![NONE; self.nodes.len()];
        let mut at = 0;
        while let Some(node) = self.node(at) {
            let is_kept = at == 0 || is_there(at as usize);
            if is_kept {
                let parent = places.get(node.parent as usize).copied().unwrap_or(NONE);
                let id = only.append(parent, node, self.text(node));
                if let Some(place) = places.get_mut(at as usize) {
                    *place = id;
                }
            }
            at = if is_kept && node.first_child != NONE { node.first_child } else { self.behind(node) };
        }
        only
    }

    /// The first node behind one and what is in it.
    fn behind(&self, node: &Node) -> NodeId {
        let mut node = *node;
        while node.next == NONE {
            let Some(parent) = self.node(node.parent) else { return NONE };
            node = *parent;
        }
        node.next
    }

    /// Adds a node of another page as the last child of `parent`.
    fn append(&mut self, parent: NodeId, node: &Node, text: &str) -> NodeId {
        let id = NodeId::try_from(self.nodes.len()).unwrap_or(NONE);
        let previous = self.node(parent).map_or(NONE, |parent| parent.last_child);
        let mut new = Node { parent, previous, first_child: NONE, last_child: NONE, next: NONE, ..*node };
        if node.tag == Tag::Text {
            new.from = u32::try_from(self.text.len()).unwrap_or(NONE);
            self.text.push_str(text);
            new.to = u32::try_from(self.text.len()).unwrap_or(NONE);
        }
        self.nodes.push(new);
        if let Some(before) = self.nodes.get_mut(previous as usize) {
            before.next = id;
        }
        if let Some(parent) = self.nodes.get_mut(parent as usize) {
            parent.last_child = id;
            if parent.first_child == NONE {
                parent.first_child = id;
            }
        }
        id
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node at `id`.
    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    /// The text of a text node.
    pub(super) fn text(&self, node: &Node) -> &str {
        self.text.get(node.from as usize..node.to as usize).unwrap_or_default()
    }

    /// Where a link leads.
    pub(super) fn href(&self, node: &Node) -> Option<&str> {
        let index = (node.to as usize).checked_sub(1)?;
        self.hrefs.get(index).map(|href| &**href)
    }
}

/// The largest index up to `at` that is between two characters of `text`.
fn boundary(text: &str, at: usize) -> usize {
    if at >= text.len() { text.len() } else { text.floor_char_boundary(at) }
}

/// How many attributes a piece of a tag can begin at the most.
fn marks(piece: &str) -> u64 {
    piece.bytes().filter(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0xc | b'/' | b'"' | b'\'')).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_nests_without_end_is_cut_and_does_not_take_for_ever() {
        let dom = Dom::parse(&"<div>".repeat(400_000));
        assert!(dom.cut.is_some());
        assert!(dom.nodes.len() < 10_000);
    }

    #[test]
    fn a_tag_of_attributes_without_end_is_given_up() {
        let attributes = (0..8_000).fold(String::new(), |all, n| all + &format!(" a{n}"));
        assert!(Dom::parse(&format!("<p{attributes}>after")).cut.is_some());
        // The same in tags that leave no node.
        let (few, _) = attributes.split_at(24_000);
        assert!(Dom::parse(&format!("<p>{}", format!("x</i{few}>").repeat(30))).cut.is_some());
    }

    #[test]
    fn tags_without_end_inside_of_many_formats_are_given_up_before_they_take_minutes() {
        let formats = (0..300).fold(String::new(), |formats, n| formats + &format!("<b class=c{n}>"));
        for piece in ["x</i>", "x</p>", "x</div>"] {
            let dom = Dom::parse(&format!("{formats}{}", piece.repeat(1_000_000)));
            assert_eq!(dom.cut.as_deref(), Some("too many of its tags are inside of hundreds of others"), "{piece}");
            assert!(dom.has_too_much);
        }
    }

    #[test]
    fn a_large_picture_inside_a_page_does_not_cut_it() {
        let picture = "iVBORw0KGgoAAAANSUhEUgAAB9AAAAfQCAYAAACaOMR5AAAAAXNSR0IArs4c6QAA/".repeat(4_000);
        let dom = Dom::parse(&format!("<p>before<img src=\"data:image/png;base64,{picture}\"><p>after"));
        assert!(dom.cut.is_none() && dom.text.ends_with("after"));
    }

    #[test]
    fn a_page_is_read_up_to_its_bound() {
        let dom = Dom::parse(&format!("<p>{}</p>", "é".repeat(MAX_BYTES)));
        assert_eq!(dom.cut.as_deref(), Some("it has 33554439 bytes; noctui reads pages up to 16777216"));
        assert!(dom.text.len() < MAX_BYTES);
    }

    #[test]
    fn formatting_that_is_repeated_for_every_paragraph_is_cut() {
        let formats = (0..300).fold(String::new(), |formats, n| formats + &format!("<b class=c{n}>"));
        let dom = Dom::parse(&format!("{formats}{}", "<p>x".repeat(600_000)));
        assert!(dom.cut.is_some());
        assert!(dom.nodes.len() < 3_000_000);
    }
}
