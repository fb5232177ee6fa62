//! From bytes of a text to its columns, as a page counts them.

/// UTF-16 columns of these byte ranges, which are in order. An end within a character takes all of it.
pub(super) fn columns(text: &str, ranges: &[(usize, usize)]) -> Vec<(u32, u32)> {
    let mut places = Places { chars: text.chars(), len: text.len(), column: 0 };
    ranges.iter().map(|(start, end)| (places.column(*start, false), places.column(*end, true))).collect()
}

/// The same of bytes that may be no UTF-8, where the text shows U+FFFD in their place.
pub(super) fn columns_of_part(bytes: &[u8], ranges: &[(usize, usize)]) -> Vec<(u32, u32)> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return columns(text, ranges);
    }
    let (mut at, mut column) = (0, 0);
    let mut next = |place: usize| {
        let between = String::from_utf8_lossy(&bytes[at..place]);
        column += between.encode_utf16().count() as u32;
        at = place;
        column
    };
    ranges.iter().map(|(start, end)| (next(*start), next(*end))).collect()
}

struct Places<'a> {
    chars: std::str::Chars<'a>,
    len: usize,
    column: u32,
}

impl Places<'_> {
    /// The column of byte `place`, which is not before the last one asked for.
    fn column(&mut self, place: usize, round_up: bool) -> u32 {
        loop {
            let rest = self.chars.as_str();
            let at = self.len - rest.len();
            let Some(next) = rest.chars().next().filter(|_| at < place) else { return self.column };
            if at + next.len_utf8() > place && !round_up {
                return self.column;
            }
            self.chars.next();
            self.column += next.len_utf16() as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_the_text() {
        assert_eq!(columns("plain text", &[(0, 5), (6, 10)]), [(0, 5), (6, 10)]);
        // ä is one unit, the emoji two.
        assert_eq!(columns("ä😀xy", &[(0, 2), (2, 6), (6, 7), (7, 8)]), [(0, 1), (1, 3), (3, 4), (4, 5)]);
        // Within a character: all of it.
        assert_eq!(columns("aéb", &[(2, 3)]), [(1, 2)]);
        assert_eq!(columns_of_part(b"\xff\xffab\xff c", &[(2, 4), (6, 7)]), [(2, 4), (6, 7)]);
    }
}
