//! Which pipe of the child a byte came through. How streams share one file lives in the writer.

/// A child's output stream; the number is the one in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Stream {
    /// Standard output.
    Stdout = 0,
    /// Standard error.
    Stderr = 1,
}

impl Stream {
    /// Both streams, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Stdout, Self::Stderr];

    pub(crate) fn index(self) -> usize {
        usize::from(self as u8)
    }

    pub(crate) fn from_bit(set: bool) -> Self {
        if set { Self::Stderr } else { Self::Stdout }
    }
}
