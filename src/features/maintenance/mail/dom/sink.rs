//! The other side of the parser: what html5ever makes of a text is put into the nodes of a [`Dom`].

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, QualName, local_name, ns};

use super::{Dom, MAX_ASKED, MAX_DEPTH, MAX_NODES, NONE, Node, NodeId, Quote, Tag};

/// Receives the tree from html5ever.
pub(super) struct Sink {
    /// The page so far.
    dom: RefCell<Dom>,
    /// Names of elements; the tree builder asks for them.
    names: RefCell<Vec<QualName>>,
    /// The deepest node so far.
    deepest: Cell<u32>,
    /// How often the tree builder has asked for a name or compared nodes: it goes through the open elements for most tags, and
    /// through the formats that are to be repeated.
    asked: Cell<u64>,
    /// Whether a node or text came since somebody asked.
    pub(super) moved: Cell<bool>,
}

/// An element's name, as the tree builder wants it.
#[derive(Debug)]
pub(super) struct Name(QualName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl Sink {
    /// A sink for a page of about `size` bytes, with the document as its first node.
    pub(super) fn new(size: usize) -> Self {
        let dom = Dom {
            nodes: Vec::with_capacity((size / 24).clamp(16, 1 << 16)),
            text: String::with_capacity((size / 3).min(1 << 20)),
            ..Dom::default()
        };
        let sink = Self {
            dom: RefCell::new(dom),
            names: RefCell::new(Vec::with_capacity(64)),
            deepest: Cell::new(0),
            asked: Cell::new(0),
            moved: Cell::new(false),
        };
        sink.element(Tag::Block, QualName::new(None, ns!(html), local_name!("")), 0);
        sink
    }

    /// Which bound was passed.
    pub(super) fn too_much(&self) -> Option<String> {
        if self.deepest.get() > MAX_DEPTH {
            return Some(format!("its elements are in one another more than {MAX_DEPTH} deep"));
        }
        if self.asked.get() > MAX_ASKED {
            return Some("too many of its tags are inside of hundreds of others".to_owned());
        }
        let is_large = self.dom.borrow().nodes.len() > MAX_NODES;
        is_large.then(|| format!("it has more than {MAX_NODES} elements and texts"))
    }

    /// Adds a node that is nowhere yet.
    fn push(&self, tag: Tag, from: u32, to: u32) -> NodeId {
        self.moved.set(true);
        let nodes = &mut self.dom.borrow_mut().nodes;
        let id = NodeId::try_from(nodes.len()).unwrap_or(NONE);
        let (parent, first_child, last_child, next, previous) = (NONE, NONE, NONE, NONE, NONE);
        let quote = Quote::No;
        nodes.push(Node { tag, quote, parent, first_child, last_child, next, previous, depth: 0, from, to });
        id
    }

    /// Adds an element that is nowhere yet.
    fn element(&self, tag: Tag, name: QualName, href: u32) -> NodeId {
        let index = {
            let mut names = self.names.borrow_mut();
            names.push(name);
            u32::try_from(names.len() - 1).unwrap_or(NONE)
        };
        self.push(tag, index, href)
    }

    /// Reads one link of a node.
    fn get(&self, id: NodeId, read: impl Fn(&Node) -> NodeId) -> NodeId {
        self.dom.borrow().node(id).map_or(NONE, read)
    }

    /// Changes a node.
    fn set(&self, id: NodeId, change: impl Fn(&mut Node)) {
        if let Some(node) = self.dom.borrow_mut().nodes.get_mut(id as usize) {
            change(node);
        }
    }

    /// Takes a node out of its parent.
    fn detach(&self, id: NodeId) {
        let Some(&node) = self.dom.borrow().node(id) else { return };
        if node.parent == NONE {
            return;
        }
        if node.previous == NONE {
            self.set(node.parent, |parent| parent.first_child = node.next);
        } else {
            self.set(node.previous, |previous| previous.next = node.next);
        }
        if node.next == NONE {
            self.set(node.parent, |parent| parent.last_child = node.previous);
        } else {
            self.set(node.next, |next| next.previous = node.previous);
        }
        self.set(id, |node| (node.parent, node.previous, node.next) = (NONE, NONE, NONE));
    }

    /// Puts `id` into `parent`, before `next` or last.
    fn insert(&self, parent: NodeId, next: NodeId, id: NodeId) {
        self.detach(id);
        let depth = self.dom.borrow().node(parent).map_or(0, |parent| parent.depth) + 1;
        self.deepest.set(self.deepest.get().max(depth));
        let previous =
            if next == NONE { self.get(parent, |node| node.last_child) } else { self.get(next, |node| node.previous) };
        self.set(id, |node| {
            (node.parent, node.previous, node.next, node.depth) = (parent, previous, next, depth);
        });
        if previous == NONE {
            self.set(parent, |node| node.first_child = id);
        } else {
            self.set(previous, |node| node.next = id);
        }
        if next == NONE {
            self.set(parent, |node| node.last_child = id);
        } else {
            self.set(next, |node| node.previous = id);
        }
    }

    /// Puts a node or text into `parent`, before `next` or last. Text that continues the text before it joins it.
    fn place(&self, parent: NodeId, next: NodeId, child: NodeOrText<NodeId>) {
        let text = match child {
            NodeOrText::AppendNode(id) => return self.insert(parent, next, id),
            NodeOrText::AppendText(text) => text,
        };
        self.moved.set(true);
        let (from, to) = {
            let buffer = &mut self.dom.borrow_mut().text;
            let from = buffer.len();
            buffer.push_str(&text);
            (u32::try_from(from).unwrap_or(NONE), u32::try_from(buffer.len()).unwrap_or(NONE))
        };
        let before =
            if next == NONE { self.get(parent, |node| node.last_child) } else { self.get(next, |node| node.previous) };
        let continues = self.dom.borrow().node(before).is_some_and(|node| node.tag == Tag::Text && node.to == from);
        if continues {
            self.set(before, |node| node.to = to);
        } else {
            let id = self.push(Tag::Text, from, to);
            self.insert(parent, next, id);
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Dom;
    type ElemName<'a> = Name;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Name {
        self.asked.set(self.asked.get() + 1);
        let index = self.get(*target, |node| node.from);
        let name = self.names.borrow().get(index as usize).cloned();
        Name(name.unwrap_or_else(|| QualName::new(None, ns!(), local_name!(""))))
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> NodeId {
        let tag = tag(&name);
        let quote = quote(&name.local, &attrs);
        let mut href = 0;
        if tag == Tag::A
            && let Some(attr) = attrs.into_iter().find(|attr| attr.name.local == local_name!("href"))
        {
            let hrefs = &mut self.dom.borrow_mut().hrefs;
            hrefs.push(attr.value);
            href = u32::try_from(hrefs.len()).unwrap_or(0);
        }
        let id = self.element(tag, name, href);
        if quote != Quote::No {
            self.set(id, |node| node.quote = quote);
            self.dom.borrow_mut().has_quotes |= quote != Quote::Maybe;
        }
        id
    }

    fn create_comment(&self, _: StrTendril) -> NodeId {
        self.push(Tag::Hidden, NONE, 0)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> NodeId {
        self.push(Tag::Hidden, NONE, 0)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.place(*parent, NONE, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        if self.get(*element, |node| node.parent) == NONE {
            self.append(previous, child);
        } else {
            self.append_before_sibling(element, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        // A template is hidden, so its content may as well be its children.
        *target
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        self.asked.set(self.asked.get() + 1);
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        let parent = self.get(*sibling, |node| node.parent);
        self.place(parent, *sibling, child);
    }

    fn add_attrs_if_missing(&self, _: &NodeId, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, target: &NodeId) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        let mut child = self.get(*node, |node| node.first_child);
        while child != NONE {
            let next = self.get(child, |node| node.next);
            self.insert(*new_parent, NONE, child);
            child = next;
        }
    }
}

/// What an element is to quotations, as mail programs mark them.
fn quote(name: &LocalName, attrs: &[Attribute]) -> Quote {
    /// Classes and ids of what is around quotations: Gmail, Yahoo, Proton, Tuta, Zoho, Thunderbird, Outlook on phones and
    /// on the Mac.
    const AROUND: [&str; 9] = [
        "gmail_quote",
        "yahoo_quoted",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
        "moz-forward-container",
        "mail-editor-reference-message-container",
        "OLK_SRC_BODY_SECTION",
        "isForwardContent",
    ];
    /// Ids of what is before them, in Outlook.
    const BEGIN: [&str; 1] = ["divRplyFwdMsg"];
    let is_blockquote = *name == local_name!("blockquote");
    if !is_blockquote && *name != local_name!("div") && *name != local_name!("span") {
        return Quote::No;
    }
    let labels = attrs.iter().filter(|attr| matches!(attr.name.local, local_name!("class") | local_name!("id")));
    // Programs that quote once more set `x_` before the names.
    let names =
        || labels.clone().flat_map(|attr| attr.value.split([' ', '"', '\\'])).map(|name| name.trim_start_matches("x_"));
    if names().any(|name| BEGIN.contains(&name)) {
        return Quote::Begin;
    }
    let is_cited =
        attrs.iter().any(|attr| attr.name.local == local_name!("type") && attr.value.trim_matches('"') == "cite");
    if is_blockquote && is_cited || names().any(|name| AROUND.contains(&name)) {
        return Quote::Around;
    }
    if is_blockquote { Quote::Maybe } else { Quote::No }
}

/// What an element means to a reader.
fn tag(name: &QualName) -> Tag {
    if name.ns != ns!(html) {
        return Tag::Inline;
    }
    match name.local {
        local_name!("td") => Tag::Cell,
        local_name!("span") => Tag::Span,
        local_name!("p") => Tag::P,
        local_name!("br") => Tag::Br,
        local_name!("tr") => Tag::Row,
        local_name!("b") | local_name!("strong") => Tag::Bold,
        local_name!("i") | local_name!("em") => Tag::Italic,
        local_name!("u") => Tag::Underline,
        local_name!("s") | local_name!("strike") | local_name!("del") => Tag::Struck,
        local_name!("a") => Tag::A,
        local_name!("table") => Tag::Table,
        local_name!("th") => Tag::HeaderCell,
        local_name!("li") | local_name!("dt") | local_name!("dd") => Tag::Li,
        local_name!("title") => Tag::Title,
        local_name!("pre") | local_name!("textarea") => Tag::Pre,
        local_name!("h1") => Tag::Heading(1),
        local_name!("h2") => Tag::Heading(2),
        local_name!("h3") => Tag::Heading(3),
        local_name!("h4") => Tag::Heading(4),
        local_name!("h5") => Tag::Heading(5),
        local_name!("h6") => Tag::Heading(6),
        local_name!("script")
        | local_name!("style")
        | local_name!("template")
        | local_name!("noscript")
        | local_name!("iframe")
        | local_name!("object") => Tag::Hidden,
        local_name!("div")
        | local_name!("address")
        | local_name!("article")
        | local_name!("aside")
        | local_name!("blockquote")
        | local_name!("body")
        | local_name!("caption")
        | local_name!("center")
        | local_name!("dl")
        | local_name!("fieldset")
        | local_name!("footer")
        | local_name!("form")
        | local_name!("head")
        | local_name!("header")
        | local_name!("hr")
        | local_name!("html")
        | local_name!("main")
        | local_name!("nav")
        | local_name!("ol")
        | local_name!("section")
        | local_name!("tbody")
        | local_name!("tfoot")
        | local_name!("thead")
        | local_name!("ul") => Tag::Block,
        _ => Tag::Inline,
    }
}
