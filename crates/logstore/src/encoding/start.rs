//! Where a row begins, and what of the log before it tells what it is.

use crate::LogError;
use crate::cursor::LogFiles;
use solti_positions::LogOffset;

/// So much of what stands before a row is looked at.
const BEFORE: usize = 16;

/// Where a row begins in the log, and what stands before the byte that ended the row before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowStart {
    pub at: LogOffset,
    /// The last of these are known.
    before: [u8; BEFORE],
    known: usize,
}

impl RowStart {
    /// Of a row that begins at byte `at` of `bytes`, which are a log from its byte `from` on.
    pub(crate) fn within(bytes: &[u8], at: usize, from: LogOffset) -> Self {
        let ended = at.saturating_sub(1);
        Self::behind(&bytes[ended.saturating_sub(BEFORE)..ended], from + at as u64)
    }

    /// Of a row of a log with these files.
    pub(super) fn read(files: &LogFiles, at: LogOffset) -> Result<Self, LogError> {
        let wanted = (at.get().saturating_sub(1)).min(BEFORE as u64) as usize;
        let mut before = [0; BEFORE];
        let read = files.read_log_on(&mut before[..wanted], at.saturating_back(wanted as u64 + 1))?;
        // What is gone tells nothing.
        Ok(if read < wanted { at.into() } else { Self::behind(&before[..wanted], at) })
    }

    /// `before`: the bytes before the one that ended the row before, as far as they are known.
    pub(super) fn behind(before: &[u8], at: LogOffset) -> Self {
        let known = before.len().min(BEFORE);
        let mut start = Self { at, before: [0; BEFORE], known };
        start.before[BEFORE - known..].copy_from_slice(&before[before.len() - known..]);
        start
    }

    fn before(&self) -> &[u8] {
        &self.before[BEFORE - self.known..]
    }

    /// The last two bytes of these: in UTF-16LE they may be half of a character that the row goes on with. Zeros where they are not
    /// known.
    pub(super) fn unit_before(&self) -> [u8; 2] {
        [self.before[BEFORE - 2], self.before[BEFORE - 1]]
    }

    /// Whether the last row before this one in which something is can be nothing that a program prints as UTF-8, so that what is empty
    /// behind it is no blank line. Where nothing is known, it may be so. `is_le`: it may begin with what is left of a line feed.
    pub(super) fn is_behind_no_text(&self, is_le: bool) -> bool {
        if self.known == 0 {
            return true;
        }
        let before = self.before();
        let Some(last) = before.iter().rposition(|byte| *byte != b'\n') else { return false };
        let newline = before[..last].iter().rposition(|byte| *byte == b'\n');
        let mut row = &before[newline.map_or(0, |newline| newline + 1)..=last];
        let is_whole = newline.is_some() || self.at.get() <= self.known as u64 + 1;
        if is_whole && is_le {
            row = row.strip_prefix(b"\0").unwrap_or(row);
        }
        if !is_whole {
            let within = row.iter().take(3).take_while(|byte| matches!(byte, 0x80..=0xbf)).count();
            row = &row[within..];
        }
        row.iter().any(is_control) || std::str::from_utf8(row).is_err()
    }
}

impl From<LogOffset> for RowStart {
    fn from(at: LogOffset) -> Self {
        Self::behind(b"", at)
    }
}

/// What no program prints in a text.
pub(super) fn is_control(byte: &u8) -> bool {
    *byte < 0x20 && !b"\n\r\t\x07\x08\x0c\x1b".contains(byte)
}
