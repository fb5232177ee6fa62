//! Which runs of four bytes a block of rows holds, as a set of bits: enough to tell that a string is not in it. The set
//! may say yes wrongly, never no.

use solti_rows::RowTexts;

use super::required::Required;

/// Bytes of a run.
const GRAM: usize = 4;
/// Bits of the largest set, as a power of two.
const MAX_LOG2: u32 = 20;
/// The largest set that is kept, and the smallest.
const KEPT_LOG2: u32 = 18;
const MIN_LOG2: u32 = 10;

/// The set of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grams {
    /// A power of two of bits; empty when the block holds so much that a set would tell nothing.
    pub bits: Vec<u8>,
    /// It holds a character beyond ASCII that is an ASCII letter in another case.
    pub has_odd_case: bool,
}

/// Makes sets one after the other.
pub(super) struct GramSet {
    bits: Vec<u64>,
    texts: RowTexts,
    spare: Vec<u8>,
}

fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

impl GramSet {
    pub(super) fn new() -> Self {
        Self { bits: vec![0; 1 << (MAX_LOG2 - 6)], texts: RowTexts::new(true), spare: Vec::new() }
    }

    /// The set of these rows, and of the texts that are shown of them.
    pub(super) fn of(&mut self, rows: &[u8]) -> Grams {
        self.bits.fill(0);
        self.add(rows);
        if self.texts.differ(rows) {
            let mut spare = std::mem::take(&mut self.spare);
            let shown = self.texts.of(rows, &mut spare);
            self.add(shown);
            self.spare = spare;
        }
        let has_odd_case = memchr::memmem::find(rows, "ſ".as_bytes()).is_some()
            || memchr::memmem::find(rows, "\u{212a}".as_bytes()).is_some();
        Grams { bits: self.shrunk(), has_odd_case }
    }

    fn add(&mut self, bytes: &[u8]) {
        let mut gram = 0u32;
        for (n, byte) in bytes.iter().enumerate() {
            gram = gram << 8 | u32::from(byte.to_ascii_lowercase());
            if n + 1 >= GRAM {
                let bit = hash(gram) >> (32 - MAX_LOG2);
                self.bits[(bit >> 6) as usize] |= 1 << (bit & 63);
            }
        }
    }

    /// Halves the set as long as that leaves three quarters of it empty.
    fn shrunk(&mut self) -> Vec<u8> {
        let mut log2 = MAX_LOG2;
        let mut ones: u32 = self.bits.iter().map(|word| word.count_ones()).sum();
        while log2 > KEPT_LOG2 || (log2 > MIN_LOG2 && ones < 1 << (log2 - 3)) {
            // The upper bits of a hash choose the place, so that two neighbours become one.
            for at in 0..(1usize << (log2 - 7)) {
                self.bits[at] = squeezed(self.bits[2 * at]) | squeezed(self.bits[2 * at + 1]) << 32;
            }
            log2 -= 1;
            ones = self.bits[..1 << (log2 - 6)].iter().map(|word| word.count_ones()).sum();
        }
        if ones > (1 << log2) / 5 * 3 {
            return Vec::new();
        }
        self.bits[..1 << (log2 - 6)].iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

/// Of each pair of bits whether one is set, in the lower half.
fn squeezed(word: u64) -> u64 {
    let mut word = (word | word >> 1) & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        word = (word | word >> shift) & mask;
    }
    word
}

impl Grams {
    /// Whether rows of the block may fulfil the condition.
    pub(super) fn may_hold(&self, required: &Required) -> bool {
        self.bits.is_empty() || self.has_odd_case || self.meets(required)
    }

    fn meets(&self, required: &Required) -> bool {
        match required {
            Required::Anything => true,
            Required::String(text) => text.windows(GRAM).all(|gram| self.has(gram)),
            Required::All(all) => all.iter().all(|part| self.meets(part)),
            Required::Any(any) => any.iter().any(|part| self.meets(part)),
        }
    }

    fn has(&self, gram: &[u8]) -> bool {
        let gram = gram.iter().fold(0, |gram, byte| gram << 8 | u32::from(*byte));
        let log2 = (self.bits.len() * 8).ilog2();
        let bit = hash(gram) >> (32 - log2);
        self.bits[(bit >> 3) as usize] & 1 << (bit & 7) != 0
    }
}

/// Whether a set can tell anything of this condition.
pub(super) fn can_tell(required: &Required) -> bool {
    match required {
        Required::Anything => false,
        Required::String(text) => text.len() >= GRAM,
        Required::All(all) => all.iter().any(can_tell),
        Required::Any(any) => !any.is_empty() && any.iter().all(can_tell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SearchQuery;
    use proptest::prelude::*;

    fn required(pattern: &str) -> Required {
        Required::of(&SearchQuery { pattern: pattern.into(), ..SearchQuery::default() })
    }

    #[test]
    fn a_string_that_is_not_there_is_told() {
        let rows = b"10:00:01 INFO imported 37 rows\n10:00:02 INFO done\n";
        let grams = GramSet::new().of(rows);
        assert_eq!(grams.bits.len(), 1 << (MIN_LOG2 - 3));
        assert!(grams.may_hold(&required("Imported 37")));
        assert!(!grams.may_hold(&required("exported")));
        assert!(!can_tell(&required("abc")) && can_tell(&required("abcd")));
    }

    #[test]
    fn what_is_shown_is_in_the_set_too() {
        let grams = GramSet::new().of(b"100%\r50\nab\x08cdef\n");
        assert!(grams.may_hold(&required("500%")) && grams.may_hold(&required("acdef")));
    }

    #[test]
    fn letters_of_another_alphabet_that_fold_to_ascii_skip_nothing() {
        let grams = GramSet::new().of("ta\u{17f}k\n".as_bytes());
        assert!(grams.may_hold(&required("task")));
    }

    proptest! {
        #[test]
        fn what_is_there_is_never_denied(
            rows in prop::collection::vec(any::<u8>(), 0..20_000),
            from in any::<prop::sample::Index>(),
            len in 1usize..30,
        ) {
            prop_assume!(!rows.is_empty());
            let from = from.index(rows.len());
            let part = &rows[from..rows.len().min(from + len)];
            let grams = GramSet::new().of(&rows);
            let required = Required::String(part.to_ascii_lowercase());
            prop_assert!(grams.may_hold(&required));
        }
    }
}
