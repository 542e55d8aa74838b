//! The same page in the hand of another mail program, and the same text as mail programs cut and quote it.

/// A change of the source of a page that changes nothing on the screen.
type Restyle = fn(&str) -> String;

/// Every such change, with its name.
pub(crate) const STYLES: [(&str, Restyle); 9] = [
    ("blanks that do not break", |html| texts(html, |text| text.replace(' ', "&nbsp;"))),
    ("lines end anywhere", |html| {
        texts(html, |text| if is_layout(text) { text.to_owned() } else { text.replace(' ', "\r\n") })
    }),
    ("tags in capitals", |html| tags(html, str::to_uppercase)),
    ("no closing tags", |html| {
        ["</td>", "</th>", "</tr>", "</li>", "</p>"].iter().fold(html.to_owned(), |html, tag| html.replace(tag, ""))
    }),
    ("text in spans", |html| {
        texts(
            html,
            |text| if text.trim().is_empty() { text.to_owned() } else { format!("<font><span>{text}</span></font>") },
        )
    }),
    ("strong for b", |html| html.replace("<b>", "<strong>").replace("</b>", "</strong>")),
    ("bodies of tables", |html| html.replace("<tr>", "<tbody><tr>").replace("</tr>", "</tr></tbody>")),
    ("letters by number", |html| texts(html, by_number)),
    ("in a frame", |html| {
        format!(
            "<html><body><table><tr><td>CAUTION: external mail</td></tr><tr><td>{html}</td></tr></table></body></html>"
        )
    }),
];

/// Applies `change` to what stands between tags, but not where line ends count nor in titles, which have no tags.
fn texts(html: &str, change: impl Fn(&str) -> String) -> String {
    let mut changed = String::new();
    let mut fixed = false;
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        let text = if fixed || text.is_empty() { text.to_owned() } else { change(text) };
        changed.extend([text.as_str(), "<", tag, ">"]);
        fixed = matches!(tag, "pre" | "title") || fixed && !matches!(tag, "/pre" | "/title");
        rest = after;
    }
    changed + rest
}

/// Applies `change` to the names of tags.
fn tags(html: &str, change: impl Fn(&str) -> String) -> String {
    let mut changed = String::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        let end = tag.find(' ').unwrap_or(tag.len());
        changed.extend([text, "<", &change(&tag[..end]), &tag[end..], ">"]);
        rest = after;
    }
    changed + rest
}

/// Whether a text has runs of blanks, which belong to ids.
fn is_layout(text: &str) -> bool {
    text.contains("  ")
}

/// Letters as character references.
fn by_number(text: &str) -> String {
    let mut numbered = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = rest.find(';').filter(|end| c == '&' && *end < 8);
        let piece = end.map_or(c.len_utf8(), |end| end + 1);
        match end {
            None if c.is_alphabetic() => numbered.extend(["&#", &u32::from(c).to_string(), ";"]),
            _ => numbered.push_str(&rest[..piece]),
        }
        rest = &rest[piece..];
    }
    numbered
}

/// Lines of at most 72 letters, as far as they have blanks.
pub(crate) fn cut_lines(text: &str) -> String {
    let mut cut = String::new();
    for line in text.lines() {
        let mut width = 0;
        for word in line.split_inclusive(' ') {
            if width + word.trim_end().len() > 72 && width > 0 && cut.ends_with(' ') {
                cut.pop();
                cut.push('\n');
                width = 0;
            }
            cut.push_str(word);
            width += word.len();
        }
        cut.push('\n');
    }
    cut
}

/// The text as an answer quotes it.
pub(crate) fn quote_marks(text: &str) -> String {
    text.lines().flat_map(|line| ["> ", line, "\n"]).collect()
}

/// A page without its tags, as mail programs write it for those who read no pages.
pub(crate) fn as_text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        text.push_str(before);
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        match name {
            "td" | "th" => text.push(' '),
            "b" | "strong" | "span" | "a" | "u" | "strike" => {}
            _ => text.push('\n'),
        }
        rest = after;
    }
    (text + rest).replace("&amp;", "&")
}
