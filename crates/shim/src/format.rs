//! The few pieces every binary format of this crate is made of: a bounds-checked cursor, the checksum, the error.
//!
//! All numbers are little endian. The log's own format is not built on this (see `solti-logstore`).

use std::fmt;

/// Why bytes are not one of this crate's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatError {
    /// Fewer bytes than the format needs, or a length that points past the end.
    Truncated,
    /// Bytes are left over after the last field.
    Trailing,
    /// The first bytes are not the format's mark.
    Magic,
    /// Written by a version this build does not know.
    Version(u8),
    /// The checksum does not match: torn or overwritten.
    Checksum,
    /// A field holds a value that the format does not define.
    Value {
        /// A word for it, such as `stage`.
        field: &'static str,
    },
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the record is cut short"),
            Self::Trailing => f.write_str("the record has bytes after its end"),
            Self::Magic => f.write_str("the file is not a record of this kind"),
            Self::Version(version) => {
                write!(f, "the record has version {version}, which this build does not know")
            }
            Self::Checksum => f.write_str("the record's checksum does not match"),
            Self::Value { field } => write!(f, "the record's field {field} has an undefined value"),
        }
    }
}

impl std::error::Error for FormatError {}

/// A cursor that never reads past the end.
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], FormatError> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, FormatError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, FormatError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FormatError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, FormatError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, FormatError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Whatever is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// A byte string with its length (u32) before it.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], FormatError> {
        let len = self.u32()? as usize;
        self.take(len)
    }

    pub(crate) fn end(self) -> Result<(), FormatError> {
        if self.0.is_empty() { Ok(()) } else { Err(FormatError::Trailing) }
    }
}

/// CRC-32 (IEEE), enough to tell a torn record from a whole one.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Recorded bytes, for tests.
#[cfg(test)]
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16).expect("hexadecimal") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_the_well_known_one() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }
}
