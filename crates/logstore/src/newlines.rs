//! Counting and finding newlines with std alone, in shapes that the compiler turns into vector code.

const NEWLINE: u8 = b'\n';

/// How many newlines there are.
pub(crate) fn count(bytes: &[u8]) -> u64 {
    // A byte-wide sum per 255 bytes cannot overflow and needs no widening in the inner loop.
    bytes.chunks(192).map(|chunk| u64::from(chunk.iter().map(|b| u8::from(*b == NEWLINE)).sum::<u8>())).sum()
}

/// Length of the part that ends with the last newline; 0 when there is none.
pub(crate) fn through_last(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    for chunk in bytes.rchunks(64) {
        if chunk.iter().fold(false, |any, b| any | (*b == NEWLINE)) {
            break;
        }
        end -= chunk.len();
    }
    bytes[..end].iter().rposition(|b| *b == NEWLINE).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_in_a_long_block() {
        for at in 0..400 {
            let mut block = vec![b'x'; 400];
            block[at] = NEWLINE;
            assert_eq!((count(&block), through_last(&block)), (1, at + 1));
        }
        assert_eq!((count(&[NEWLINE; 1000]), through_last(&[NEWLINE; 1000])), (1000, 1000));
        assert_eq!((count(b""), through_last(b"abc")), (0, 0));
    }
}
