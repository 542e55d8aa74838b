//! What of a body its author wrote, and what is quoted below it: an earlier mail, and what that one quotes in turn.
//!
//! One idea: each line of a body is in a layer. What the author wrote is layer 0; where a mail program begins to quote, the
//! next layer begins. That shows in a line (`-----Original Message-----`, `On … wrote:`, a block of From, Sent, To, Subject)
//! or in what is around the lines: `>` in text, an element in a page. Behind the end of such an element the layer before goes
//! on; a quotation that began with a line goes on to the end of what it is in.

use std::ops::RangeInclusive;

use super::dom::{Dom, NodeId, Quote};
use super::page::{Page, Writer, visit};

/// Deeper ones are one with the last.
pub(super) const MAX_LAYERS: usize = 8;
/// The headers of a quoted mail are on so many lines at the most; lists of recipients are wrapped.
const BLOCK_LINES: usize = 20;
/// So many lines of them one after another may be no header: the rest of a value, or a value below its name.
const BLOCK_GAP: usize = 3;
/// Longer lines are no lines of mail programs.
const MAX_LINE: usize = 400;
/// What mail programs write before the sender of a mail that they quote, in lower case.
#[rustfmt::skip]
pub(super) const SENDERS: [&str; 17] = [
    "from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "feladó", "от", "kimden", "gönderen",
    "από", "发件人", "寄件者", "差出人",
];
/// Before its subject.
#[rustfmt::skip]
pub(super) const SUBJECTS: [&str; 19] = [
    "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "ämne", "emne", "aihe", "temat",
    "předmět", "predmet", "tárgy", "тема", "konu", "主题", "主旨", "件名",
];
/// Before its date or recipients.
#[rustfmt::skip]
pub(super) const OTHERS: [&str; 50] = [
    "sent", "date", "to", "gesendet", "datum", "an", "envoyé", "à", "a", "inviato", "data", "verzonden", "aan",
    "enviado", "enviada", "enviado el", "enviada em", "fecha", "para", "skickat", "till", "sendt", "dato", "til", "lähetetty", "päivämäärä",
    "vastaanottaja", "wysłano", "do", "odesláno", "komu", "elküldve", "dátum", "címzett", "отправлено", "дата",
    "кому", "gönderildi", "tarih", "kime", "sent at", "στάλθηκε", "προς", "发送时间", "收件人", "日期", "收件者",
    "送信日時", "日付", "宛先",
];
/// Before what is there now and then.
const RARE: [&str; 14] = [
    "cc",
    "bcc",
    "reply-to",
    "importance",
    "priority",
    "attachments",
    "anlagen",
    "kopie",
    "kopia",
    "antwort an",
    "wichtigkeit",
    "sensitivity",
    "抄送",
    "copie à",
];
/// What stands between dashes above a mail that is quoted, or, before a colon, above one that Apple's programs forward.
#[rustfmt::skip]
const MARKERS: [&str; 45] = [
    "original message", "original appointment", "forwarded message", "forwarded by", "begin forwarded message",
    "reply message", "ursprüngliche nachricht", "originalnachricht", "weitergeleitete nachricht", "weitergeleitet von",
    "anfang der weitergeleiteten nachricht", "message d'origine", "message d’origine", "message original", "message transféré",
    "message transmis", "début du message réexpédié", "début du message transféré", "messaggio originale",
    "messaggio inoltrato", "inizio messaggio inoltrato", "mensaje original", "mensaje reenviado", "mensaje enviado",
    "inicio del mensaje reenviado", "mensagem original", "mensagem encaminhada", "início da mensagem encaminhada",
    "oorspronkelijk bericht", "doorgestuurd bericht", "begin doorgestuurd bericht", "ursprungligt meddelande",
    "vidarebefordrat meddelande", "oprindelig meddelelse", "videresendt meddelelse", "opprinnelig melding",
    "videresendt melding", "alkuperäinen viesti", "välitetty viesti", "oryginalna wiadomość", "wiadomość przekazana",
    "původní zpráva", "eredeti üzenet", "исходное сообщение", "原始邮件",
];
/// Markers that end so have a name behind them.
const BY: [&str; 2] = [" by", " von"];
/// The verbs of the line above a mail that is answered: "On … wrote:".
#[rustfmt::skip]
const VERBS: [&str; 22] = [
    "wrote", "schrieb", "a écrit", "ha scritto", "escribió", "escreveu", "schreef", "skrev", "kirjoitti", "napisał",
    "napisał(a)", "napsal", "napsal(a)", "írta", "написал", "пишет", "yazdı", "şunu yazdı", "a scris", "έγραψε",
    "写道", "のメール",
];

/// What a line is to the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Text.
    Text,
    /// A quotation begins with it.
    Begin,
    /// It belongs to what a quotation begins with.
    Head,
}

/// Which layer each piece of a body is in: of a text its lines, of a page its nodes, of which those that have pieces of
/// several are in all of them.
#[derive(Debug)]
pub(super) struct Layers {
    /// For each piece the layers as bits.
    pieces: Vec<u8>,
    /// How many layers there are.
    pub(super) count: usize,
}

impl Layers {
    /// Those of a text.
    pub(super) fn of_text(text: &str) -> Self {
        let bare: Vec<(usize, &str)> = text.lines().map(unquoted).collect();
        let full: Vec<&str> = bare.iter().map(|(_, line)| *line).filter(|line| !line.is_empty()).collect();
        let mut kinds = kinds(&full).into_iter();
        let mut at = Walk::default();
        let mut depth = 0;
        let mut pieces = Vec::with_capacity(bare.len());
        for (quoted, line) in &bare {
            if !line.is_empty() {
                let kind = kinds.next().unwrap_or(Line::Text);
                for _ in *quoted..depth {
                    at.close();
                }
                for _ in depth..*quoted {
                    // Some begin items of a list so: it takes more to be a quotation.
                    at.open(at.is_fresh || at.now > 0 || kind == Line::Begin);
                }
                depth = *quoted;
                at.line(kind);
            }
            pieces.push(1 << at.now);
        }
        Self { pieces, count: at.most + 1 }
    }

    /// Those of a page; `page` has its lines.
    pub(super) fn of_page(dom: &Dom, page: &Page) -> Self {
        let lines: Vec<&str> = (0..page.len()).map(|line| page.line(line).trim()).collect();
        let kinds = kinds(&lines);
        if !dom.has_quotes && !kinds.contains(&Line::Begin) {
            return Self { pieces: Vec::new(), count: 1 };
        }
        let mut pieces = vec![0; dom.len()];
        let mut at = Walk::default();
        let mut read = 0;
        let mut open: Vec<NodeId> = Vec::new();
        let mut order: Vec<NodeId> = Vec::with_capacity(dom.len());
        visit(dom, &mut Writer::default(), |id, is_entered, line, has_text| {
            let Some(node) = dom.node(id) else { return };
            if !is_entered {
                if open.last() == Some(&id) {
                    open.pop();
                    at.close();
                }
                return;
            }
            if has_text {
                for kind in kinds.get(read..=line).unwrap_or_default() {
                    at.line(*kind);
                }
                read = read.max(line + 1);
            }
            if node.quote == Quote::Begin {
                at.line(Line::Begin);
            } else if node.quote == Quote::Around || (node.quote == Quote::Maybe && at.is_fresh) {
                at.open(true);
                open.push(id);
            }
            order.push(id);
            if let Some(piece) = pieces.get_mut(id as usize) {
                *piece = 1 << at.now;
            }
        });
        for id in order.iter().rev() {
            let inside = pieces.get(*id as usize).copied().unwrap_or_default();
            let parent = dom.node(*id).and_then(|node| pieces.get_mut(node.parent as usize));
            if let Some(parent) = parent {
                *parent |= inside;
            }
        }
        Self { pieces, count: at.most + 1 }
    }

    /// Whether a piece is in one of `layers`.
    pub(super) fn holds(&self, piece: usize, layers: &RangeInclusive<usize>) -> bool {
        let within = self.pieces.get(piece).copied().unwrap_or_default();
        within == 0 || layers.clone().any(|layer| layer < MAX_LAYERS && within & (1 << layer) != 0)
    }

    /// The lines of a text in one of `layers`.
    pub(super) fn cut(&self, text: &str, layers: &RangeInclusive<usize>) -> String {
        let mut cut = String::with_capacity(text.len());
        let inside = text.lines().enumerate().filter(|(line, _)| self.holds(*line, layers));
        for (_, line) in inside {
            cut.extend([line, "\n"]);
        }
        cut
    }
}

/// Goes through a body from its top and knows the layer.
#[derive(Debug, Default)]
struct Walk {
    /// The layer.
    now: usize,
    /// The deepest so far.
    most: usize,
    /// Whether a quotation has begun of which no text has come: what else begins one is the same quotation.
    is_fresh: bool,
    /// The layer before it.
    before: usize,
    /// The layers to go back to behind what is open; `None` for what is no quotation.
    open: Vec<Option<usize>>,
}

impl Walk {
    /// A line.
    fn line(&mut self, kind: Line) {
        match kind {
            Line::Text => self.is_fresh = false,
            Line::Head => {}
            Line::Begin => self.begin(),
        }
    }

    /// A quotation begins.
    fn begin(&mut self) {
        if !self.is_fresh {
            self.before = self.now;
            self.now = (self.now + 1).min(MAX_LAYERS - 1);
            self.most = self.most.max(self.now);
            self.is_fresh = true;
        }
    }

    /// Something begins that ends again, a quotation or not.
    fn open(&mut self, is_quotation: bool) {
        if is_quotation {
            self.begin();
        }
        self.open.push(is_quotation.then_some(self.before));
    }

    /// It ends.
    fn close(&mut self) {
        if let Some(Some(before)) = self.open.pop() {
            self.now = before;
            self.is_fresh = false;
        }
    }
}

/// How often a line of text is quoted, and the line without that and without blanks around it.
pub(super) fn unquoted(line: &str) -> (usize, &str) {
    let line = line.trim_end();
    if !line.starts_with('>') {
        return (0, line.trim_start());
    }
    let bare = line.trim_start_matches(['>', ' ']);
    let before = line.get(..line.len() - bare.len()).unwrap_or_default();
    (before.matches('>').count(), bare)
}

/// Of each line whether it is text, and not what mail programs set above a quotation. None is empty.
pub(super) fn are_text(lines: &[&str]) -> Vec<bool> {
    kinds(lines).into_iter().map(|kind| kind == Line::Text).collect()
}

/// What each line is. None is empty.
pub(super) fn kinds(lines: &[&str]) -> Vec<Line> {
    let mut kinds = vec![Line::Text; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let rest = lines.get(at..).unwrap_or_default();
        let head = begins(rest);
        for (offset, kind) in kinds.iter_mut().skip(at).take(head).enumerate() {
            *kind = if offset == 0 { Line::Begin } else { Line::Head };
        }
        at += head.max(1);
    }
    kinds
}

/// On how many lines a quotation begins here; 0 if none does.
fn begins(lines: &[&str]) -> usize {
    let Some(first) = lines.first().filter(|line| line.len() <= MAX_LINE) else { return 0 };
    if is_marker(first) {
        return 1;
    }
    if is_attribution(first) {
        return 1;
    }
    // Mail programs wrap it as any other text.
    if let Some(next) =
        lines.get(1).filter(|next| next.len() <= MAX_LINE && next.ends_with([':', '：', '*']) && !is_attribution(next))
        && first.contains(|c: char| c.is_ascii_digit())
        && is_attribution(&format!("{first} {next}"))
    {
        return 2;
    }
    headers(lines)
}

/// Whether a line is what mail programs set above a mail that they quote.
fn is_marker(line: &str) -> bool {
    let bare = line.trim_matches(['-', '_', '=', '*', ' ']);
    let is_ruled = line.trim_start_matches('*').starts_with("--") || line.starts_with("__") || line.starts_with("==");
    let is_announced = line.ends_with(':');
    if !is_ruled && !is_announced {
        return false;
    }
    let lower = bare.trim_end_matches([' ', ':']).to_lowercase();
    // Some set behind it by whom and when it was forwarded.
    MARKERS.iter().any(|marker| {
        lower == *marker || (is_ruled && BY.iter().any(|by| marker.ends_with(by)) && lower.starts_with(marker))
    })
}

/// Whether a line says who wrote what is quoted below it.
pub(super) fn is_attribution(line: &str) -> bool {
    let Some(said) = line.trim_end_matches(['*', ' ']).strip_suffix([':', '：']) else { return false };
    let tells_when_or_who = said.contains(|c: char| c.is_ascii_digit() || c == '@');
    tells_when_or_who && {
        let lower = said.to_lowercase();
        VERBS.iter().any(|verb| {
            lower.match_indices(verb).any(|(start, _)| {
                let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                let (before, after) = (lower.get(..start), lower.get(start + verb.len()..));
                !verb.is_ascii()
                    || !is_letter(before.and_then(|text| text.chars().next_back()))
                        && !is_letter(after.and_then(|text| text.chars().next()))
            })
        })
    }
}

/// On how many lines the headers of a quoted mail stand here: its sender and its subject, and its date or who got it.
fn headers(lines: &[&str]) -> usize {
    let Some(Header::Sender | Header::Subject | Header::Other) = lines.first().and_then(|line| header(line)) else {
        return 0;
    };
    let (mut has_sender, mut has_subject, mut has_other) = (false, false, false);
    let (mut end, mut gap) = (0, 0);
    for (at, line) in lines.iter().take(BLOCK_LINES).enumerate() {
        let Some(found) = header(line) else {
            gap += 1;
            if gap > BLOCK_GAP {
                break;
            }
            continue;
        };
        // The same once more is that of the next quotation.
        match found {
            Header::Sender if std::mem::replace(&mut has_sender, true) => break,
            Header::Subject if std::mem::replace(&mut has_subject, true) => break,
            Header::Sender | Header::Subject | Header::Rare => {}
            Header::Other => has_other = true,
        }
        (end, gap) = (at + 1, 0);
    }
    if has_sender && has_subject && has_other { end } else { 0 }
}

/// A header of a quoted mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    /// Who wrote it.
    Sender,
    /// Its subject.
    Subject,
    /// When it was sent, or to whom.
    Other,
    /// Any other.
    Rare,
}

/// The header that a line begins with; some programs set the names in asterisks.
fn header(line: &str) -> Option<Header> {
    let (name, _) = line.trim_start_matches('*').split_once([':', '：'])?;
    if name.len() > 40 {
        return None;
    }
    let name = name.trim_matches(['*', ' ', '\u{a0}']).to_lowercase();
    let is = |names: &[&str]| names.contains(&&*name);
    if is(&SENDERS) {
        Some(Header::Sender)
    } else if is(&SUBJECTS) {
        Some(Header::Subject)
    } else if is(&OTHERS) {
        Some(Header::Other)
    } else {
        is(&RARE).then_some(Header::Rare)
    }
}
