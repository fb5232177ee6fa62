//! Bytes of one row, given part by part, as UTF-8.

use super::{CHUNK, ESC, is_high_surrogate, iso_2022_jp};
use encoding_rs::{CoderResult, Decoder};

/// Decodes one row.
pub(crate) struct RowDecoder {
    pub(super) decoder: Decoder,
    /// What ended the row before is half of a unit of this one.
    pub(super) before: bool,
    /// The unit before that one, where the two are one character.
    pub(super) unit_before: Option<[u8; 2]>,
    /// So is what ends this one.
    pub(super) after: bool,
    /// Bytes that are not given yet.
    pub(super) left: u64,
    pub(super) is_le: bool,
    /// It has escapes of its own, which are not those of a terminal.
    pub(super) has_escapes: bool,
    /// The last byte was an ESC, of which is not known yet what it is.
    pub(super) held: bool,
    /// The row does not end within a unit.
    pub(super) whole_units: bool,
    /// The last bytes that were given.
    pub(super) tail: [u8; 2],
    /// Something has been read.
    pub(super) begun: bool,
    pub(super) room: String,
}

impl RowDecoder {
    /// Adds further bytes of the row as UTF-8 to `out`.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        self.left = self.left.saturating_sub(bytes.len() as u64);
        self.tail = match bytes {
            [.., a, b] => [*a, *b],
            [b] => [self.tail[1], *b],
            [] => self.tail,
        };
        if std::mem::take(&mut self.before) {
            match bytes {
                // Of a line feed.
                [0, rest @ ..] if self.is_le => bytes = rest,
                _ => {
                    if let Some(unit) = self.unit_before {
                        self.add(&unit, false, out);
                    }
                    self.add(b"\n", false, out);
                }
            }
        }
        if self.after && self.left == 0 && !self.is_le && bytes.last() == Some(&0) {
            self.after = false;
            bytes = &bytes[..bytes.len() - 1];
        }
        if !self.has_escapes {
            return self.add(bytes, false, out);
        }
        let held = if std::mem::take(&mut self.held) { &[ESC][..] } else { &[] };
        let bytes = [held, bytes].concat();
        let whole = bytes.strip_suffix(&[ESC]).filter(|_| self.left > 0);
        self.held = whole.is_some();
        for part in iso_2022_jp::parts(whole.unwrap_or(&bytes)) {
            match iso_2022_jp::is_of_terminal(part) {
                true => out.extend_from_slice(part),
                false => self.add(part, false, out),
            }
        }
    }

    /// No byte follows.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        // Nothing was between the two halves.
        let whole: &[u8] = match (self.before, self.after) {
            (true, true) => b"\n\n",
            (false, true) => b"\n",
            (_, false) => b"",
        };
        // The second half of the character begins the next row, which shows it.
        if self.is_le && whole.is_empty() && self.whole_units && is_high_surrogate(self.tail[1]) {
            return;
        }
        self.add(whole, true, out);
    }

    fn add(&mut self, mut bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        loop {
            self.room.clear();
            let room = self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len());
            self.room.reserve(room.min(CHUNK as usize * 4));
            let (result, read, _) = self.decoder.decode_to_string(bytes, &mut self.room, last);
            // A mark at the beginning of what was printed is no text.
            let text = self.room.strip_prefix('\u{feff}').filter(|_| !self.begun).unwrap_or(&self.room);
            add_shown(text, out);
            self.begun |= !self.room.is_empty();
            bytes = &bytes[read..];
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

/// Bytes that stand for no character in an encoding become controls that a terminal acts upon, and nobody meant that. Neither is
/// a line feed within a row one.
fn add_shown(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() && !text.contains('\n') {
        return out.extend_from_slice(text.as_bytes());
    }
    for c in text.chars() {
        let c = match c {
            '\n' => ' ',
            '\u{80}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
            c => c,
        };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}
