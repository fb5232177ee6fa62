//! From bytes of a row to columns of its text, as a page counts them.

/// UTF-16 columns of these byte ranges, which are in order, in `String::from_utf8_lossy(bytes)`. An end within a character, or
/// within bytes that are none, takes all of it.
pub(super) fn columns(bytes: &[u8], ranges: &[(usize, usize)]) -> Vec<(u32, u32)> {
    let mut places = Places { chunks: bytes.utf8_chunks(), valid: "", rest: 0, at: 0, column: 0 };
    ranges.iter().map(|(start, end)| (places.column(*start, false), places.column(*end, true))).collect()
}

struct Places<'a> {
    chunks: std::str::Utf8Chunks<'a>,
    /// What is left of the chunk: its text, then bytes that show as one U+FFFD.
    valid: &'a str,
    rest: usize,
    at: usize,
    column: u32,
}

impl Places<'_> {
    /// The column of byte `place`, which is not before the last one asked for.
    fn column(&mut self, place: usize, round_up: bool) -> u32 {
        while self.at < place {
            let (bytes, units) = if let Some(next) = self.valid.chars().next() {
                (next.len_utf8(), next.len_utf16() as u32)
            } else if self.rest > 0 {
                (self.rest, 1)
            } else {
                let Some(chunk) = self.chunks.next() else { break };
                (self.valid, self.rest) = (chunk.valid(), chunk.invalid().len());
                continue;
            };
            if self.at + bytes > place && !round_up {
                break;
            }
            if self.valid.is_empty() {
                self.rest = 0
            } else {
                self.valid = &self.valid[bytes..]
            }
            self.at += bytes;
            self.column += units;
        }
        self.column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_the_text() {
        assert_eq!(columns(b"plain text", &[(0, 5), (6, 10)]), [(0, 5), (6, 10)]);
        // ä is one unit, the emoji two, the stray bytes one replacement character each.
        let bytes = b"\xc3\xa4\xf0\x9f\x98\x80x\xff\xfey";
        assert_eq!(
            columns(bytes, &[(0, 2), (2, 6), (6, 7), (7, 8), (9, 10)]),
            [(0, 1), (1, 3), (3, 4), (4, 5), (6, 7)]
        );
        let text: Vec<u16> = String::from_utf8_lossy(bytes).encode_utf16().collect();
        assert_eq!(text[6], u16::from(b'y'));
        // Within a character: all of it.
        assert_eq!(columns("aéb".as_bytes(), &[(2, 3)]), [(1, 2)]);
    }
}
