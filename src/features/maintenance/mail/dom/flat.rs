//! A page as text alone, whatever its elements are in: for pages whose tree would be too deep or too large.
//!
//! The tokenizer keeps no tree, so that it costs the same at every depth. What only a tree can tell is lost: which cells
//! belong to one row, where a link leads.

use std::cell::{Cell, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::{LocalName, local_name};

/// Longer texts are cut: no reader gets so far.
const MAX_TEXT: usize = 1 << 20;

/// Receives the tokens.
#[derive(Default)]
struct Text {
    /// The lines so far; none is empty, and none but the last one is without its line end.
    lines: RefCell<String>,
    /// The hidden or struck element that the text is in, and how many of its kind are around it.
    hidden: RefCell<Option<(LocalName, u32)>>,
    /// Whether a token came since somebody asked.
    moved: Cell<bool>,
}

/// The text of a page, and whether all of it; `may_stall` tells pieces from which the tokenizer makes nothing for too long.
pub(super) fn flat(html: &str, mut may_stall: impl FnMut(&str, bool) -> bool) -> (String, bool) {
    let tokenizer = Tokenizer::new(Text::default(), TokenizerOpts::default());
    let mut rest = html;
    let mut is_whole = true;
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(super::boundary(rest, super::PIECE));
        rest = tail;
        let queue = BufferQueue::default();
        queue.push_back(StrTendril::from_slice(piece));
        let _ = tokenizer.feed(&queue);
        let has_moved = tokenizer.sink.moved.take();
        if may_stall(piece, has_moved) || tokenizer.sink.lines.borrow().len() > MAX_TEXT {
            is_whole = rest.is_empty();
            break;
        }
    }
    tokenizer.end();
    (tokenizer.sink.lines.take(), is_whole)
}

impl Text {
    /// Adds text; blanks and line ends of the source are one blank.
    fn text(&self, text: &str) {
        if self.hidden.borrow().is_some() {
            return;
        }
        let mut lines = self.lines.borrow_mut();
        for c in text.chars() {
            let is_blank = c.is_whitespace();
            let begins = lines.is_empty() || lines.ends_with(['\n', ' ']);
            if !is_blank {
                lines.push(c);
            } else if !begins {
                lines.push(' ');
            }
        }
    }

    /// Ends the line.
    fn end_line(&self) {
        let mut lines = self.lines.borrow_mut();
        let end = lines.trim_end_matches(' ').len();
        lines.truncate(end);
        if !lines.is_empty() && !lines.ends_with('\n') {
            lines.push('\n');
        }
    }

    /// A tag begins or ends something.
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let begins = tag.kind == TagKind::StartTag;
        if is_hidden(&tag.name) && !tag.self_closing {
            let mut hidden = self.hidden.borrow_mut();
            *hidden = match hidden.take() {
                None if begins => Some((tag.name.clone(), 1)),
                Some((name, depth)) if name == tag.name && begins => Some((name, depth + 1)),
                Some((name, depth)) if name == tag.name => (depth > 1).then(|| (name, depth - 1)),
                other => other,
            };
        }
        if !is_inline(&tag.name) && self.hidden.borrow().is_none() {
            self.end_line();
        }
        match tag.name {
            local_name!("script") if begins => TokenSinkResult::RawData(RawKind::ScriptData),
            local_name!("style") | local_name!("iframe") | local_name!("noscript") if begins => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            local_name!("title") | local_name!("textarea") if begins => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

impl TokenSink for Text {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        self.moved.set(true);
        match token {
            Token::CharacterTokens(text) => self.text(&text),
            Token::TagToken(tag) => return self.tag(&tag),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// Whether an element is not for readers, or says what is no longer true.
fn is_hidden(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("script")
            | local_name!("style")
            | local_name!("title")
            | local_name!("template")
            | local_name!("noscript")
            | local_name!("iframe")
            | local_name!("object")
            | local_name!("s")
            | local_name!("strike")
            | local_name!("del")
    )
}

/// Whether an element leaves the line as it is.
fn is_inline(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("a")
            | local_name!("abbr")
            | local_name!("b")
            | local_name!("big")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("img")
            | local_name!("ins")
            | local_name!("label")
            | local_name!("s")
            | local_name!("del")
            | local_name!("strike")
            | local_name!("small")
            | local_name!("span")
            | local_name!("strong")
            | local_name!("sub")
            | local_name!("sup")
            | local_name!("tt")
            | local_name!("u")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(html: &str) -> String {
        let (text, is_whole) = flat(html, |_, _| false);
        assert!(is_whole);
        text
    }

    #[test]
    fn blocks_are_lines_and_what_is_hidden_or_struck_is_not_there() {
        let html = "<title>t</title><style>p { a > b }</style><p>Dear\n <b>Acme</b> &amp; co,<br>new <s>old <b>x</b></s>time\
            <script>if (a < b) {}</script><!-- no --><tr><td>a<td>b";
        assert_eq!(lines(html), "Dear Acme & co,\nnew time\na\nb");
    }
}
