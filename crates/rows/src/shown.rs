//! What is to be seen of a row: its text, and how the parts of it look.

use std::sync::Arc;

use unicode_segmentation::GraphemeCursor;

use crate::controls::{is_control, may_begin};
use crate::style::Style;

/// The address that a link leads to, as it was printed.
pub type Link = Arc<str>;

/// A part of a row's text that looks the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Bytes of the text.
    pub len: usize,
    /// With what earlier rows left switched on.
    pub style: Style,
    /// Its characters would be invisible or would rearrange the text: whoever shows them draws something for each.
    pub control: bool,
    /// Where it leads (OSC 8); `None` for text that is no link.
    pub link: Option<Link>,
}

impl Span {
    fn is_plain(&self) -> bool {
        self.style.is_plain() && !self.control && self.link.is_none()
    }

    fn looks_like(&self, other: &Self) -> bool {
        (self.style, self.control, &self.link) == (other.style, other.control, &other.link)
    }
}

/// What is to be seen of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Without escapes and moves; bytes that are not UTF-8 stand as U+FFFD.
    pub text: String,
    /// The text from its beginning to its end; none when all of it is plain.
    pub spans: Vec<Span>,
    /// About how many bytes of the row's text are left out at its end, because it is too long.
    pub more: u64,
    /// What is switched on behind the row.
    pub end: Style,
}

/// More bytes are not taken for one character.
const LONGEST_GRAPHEME: usize = 256;

impl Shown {
    /// Of a row of `len` bytes without anything that a terminal acts upon; `bytes` are its beginning, or all of it.
    pub(crate) fn plain(bytes: &[u8], len: u64, style: Style, limit: usize) -> Self {
        let bytes = if (bytes.len() as u64) < len { whole_characters(bytes) } else { bytes };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut shown =
            Self { text, spans: Vec::new(), more: len.saturating_sub(bytes.len() as u64), end: style };
        shown.clip(limit);
        if !style.is_plain() || shown.text.bytes().any(may_begin) {
            shown.mark_controls(style);
        }
        shown
    }

    fn mark_controls(&mut self, style: Style) {
        let text = std::mem::take(&mut self.text);
        for c in text.chars() {
            self.push(Span { len: c.len_utf8(), style, control: is_control(c), link: None });
        }
        self.text = text;
        self.simplify();
    }

    pub(crate) fn push(&mut self, span: Span) {
        match self.spans.last_mut() {
            _ if span.len == 0 => {}
            Some(last) if last.looks_like(&span) => last.len += span.len,
            _ => self.spans.push(span),
        }
    }

    /// Leaves at most `limit` bytes of the text, and no part of a character.
    pub(crate) fn clip(&mut self, limit: usize) {
        if self.text.len() <= limit {
            return;
        }
        let at = self.text.floor_char_boundary(limit);
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        let whole = match cursor.is_boundary(&self.text, 0) {
            Ok(false) => cursor.prev_boundary(&self.text, 0).ok().flatten(),
            _ => None,
        };
        let at = whole.filter(|whole| at - whole <= LONGEST_GRAPHEME).unwrap_or(at);
        self.more += (self.text.len() - at) as u64;
        self.text.truncate(at);
        let mut left = at;
        self.spans.retain_mut(|span| {
            span.len = span.len.min(left);
            left -= span.len;
            span.len > 0
        });
    }

    /// The part between two bytes of the text; a byte within a character stands for the beginning of that.
    #[must_use]
    pub fn part(&self, from: usize, to: usize) -> Self {
        let to = self.text.floor_char_boundary(to);
        let from = self.text.floor_char_boundary(from).min(to);
        let mut part = Self {
            text: self.text[from..to].to_owned(),
            more: (self.text.len() - to) as u64 + self.more,
            end: self.end,
            spans: Vec::new(),
        };
        let mut at = 0;
        for span in &self.spans {
            let (start, end) = (at.max(from), (at + span.len).min(to));
            at += span.len;
            if start < end {
                part.spans.push(Span { len: end - start, ..span.clone() });
            }
        }
        part.simplify();
        part
    }

    pub(crate) fn simplify(&mut self) {
        if self.spans.iter().all(Span::is_plain) {
            self.spans.clear();
        }
    }

    /// The parts of the text, in order.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Span)> {
        let whole = Span { len: self.text.len(), ..Span::default() };
        let alone = (self.spans.is_empty() && !self.text.is_empty()).then_some(whole);
        let mut at = 0;
        self.spans.iter().cloned().chain(alone).map(move |span| {
            let from = at;
            at += span.len;
            (&self.text[from..at], span)
        })
    }
}

/// Without a character at the end that is not complete.
pub(crate) fn whole_characters(bytes: &[u8]) -> &[u8] {
    let tail = bytes.len().saturating_sub(3);
    let lead = bytes[tail..].iter().rposition(|byte| byte & 0xc0 != 0x80).map(|at| tail + at);
    match lead.map(|at| (at, std::str::from_utf8(&bytes[at..]))) {
        Some((at, Err(error))) if error.error_len().is_none() => &bytes[..at],
        _ => bytes,
    }
}
