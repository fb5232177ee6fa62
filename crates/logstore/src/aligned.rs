//! A buffer that the kernel copies into at full speed.
//!
//! Some processors (AMD's with `fsrm`) copy whole pages at a fifth of their speed when these arrive less than 32 bytes farther
//! into a page than they came from, and what an allocator hands out in large pieces begins 16 bytes into one.

use std::ops::{Deref, DerefMut};

/// A distance of so many bytes, or a multiple of it, does no harm.
const ALIGNMENT: usize = 64;

/// Room for bytes that are read from a file or a pipe. Empty until it is placed.
#[derive(Debug, Default)]
pub struct AlignedBuffer {
    bytes: Vec<u8>,
    start: usize,
}

impl AlignedBuffer {
    /// Makes it `len` bytes long or longer, for bytes that are read from `offset` of a file on, or from a pipe at 0. What is in
    /// it afterwards is not said.
    pub fn place(&mut self, offset: u64, len: usize) {
        if self.bytes.len() < len + ALIGNMENT {
            // Freed before: nothing in it has to be moved.
            self.bytes = Vec::new();
            self.bytes = vec![0; len + ALIGNMENT];
        }
        let want = (offset % ALIGNMENT as u64) as usize;
        self.start = want.wrapping_sub(self.bytes.as_ptr().addr()) % ALIGNMENT;
    }

    /// Makes it `len` bytes long or longer, and keeps what is in it.
    pub fn grow(&mut self, len: usize) {
        if self.len() < len {
            self.bytes.resize(self.start + len, 0);
        }
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lie_in_their_line_as_in_that_of_the_file() {
        let mut buffer = AlignedBuffer::default();
        assert!(buffer.is_empty());
        for (offset, len) in [(0, 10), ((1 << 20) - 1, 1 << 20), (17, 100), (u64::MAX, 1 << 20)] {
            buffer.place(offset, len);
            assert!(buffer.len() >= len, "{offset}");
            let distance = buffer.as_ptr().addr().wrapping_sub(offset as usize);
            assert_eq!(distance % ALIGNMENT, 0, "{offset}");
        }
    }

    #[test]
    fn growth_keeps_what_is_there() {
        let mut buffer = AlignedBuffer::default();
        buffer.place(5, 3);
        buffer[..3].copy_from_slice(b"abc");
        buffer.grow(1 << 20);
        assert!(buffer.len() >= 1 << 20);
        assert_eq!(buffer[..3], *b"abc");
    }
}
