//! Whether a small log holds a match, without opening it as a log: its bytes are read in one go, and what they are is
//! looked up only when something is found. Thousands of logs of one line each are searched by this.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use memchr::{memchr, memchr_iter};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use solti_positions::{LogOffset, RowNo};
use solti_rows::Style;

use super::query::{RowMatcher, Scratch};
use crate::encoding::{RowStart, encoding_of};
use crate::segment::index_name;
use crate::{AlignedBuffer, INDEX_FILE, LOG_FILE, LogError, TextEncoding, packed};

/// The first segment of a log is sealed after so much: what is shorter has no other, or is none of these.
const LOG_BYTES: usize = 256 * 1024;

/// What was found in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallMatch {
    /// Matching rows.
    pub matches: u64,
    /// The number of the first row that matches.
    pub first_row: RowNo,
    /// The beginning of the text that is shown of that row.
    pub first_text: String,
}

/// Searches small logs, one after the other. Memory: one of them.
#[derive(Debug)]
pub struct SmallSearch {
    matcher: RowMatcher,
    clip: usize,
    log: Buffer,
    index: Buffer,
    scratch: Scratch,
}

/// Only the first `have` bytes are of the file that was read last.
#[derive(Debug, Default)]
struct Buffer {
    room: AlignedBuffer,
    have: usize,
}

/// What was read of a log.
enum Bytes {
    /// Nothing is there.
    None,
    /// All of them, each row ended by a newline or by the log's end.
    Folder,
    /// As above. Rows before them may have been removed.
    Packed,
    /// It takes more than a look at the bytes.
    Other,
}

impl SmallSearch {
    /// Of a row that matches at most `clip` bytes are told.
    pub fn new(matcher: RowMatcher, clip: usize) -> Self {
        let scratch = matcher.scratch();
        Self { matcher, clip, log: Buffer::default(), index: Buffer::default(), scratch }
    }

    /// Searches the log of a run that is over. `None` means that it takes a [`crate::LogSearch`]: the log is long, was not
    /// finished by its writer, has gaps, or the streams of what matches matter. It is read in the encoding that its bytes look
    /// like, unless one was `chosen`.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`]; a symbolic link is not followed.
    pub fn search(
        &mut self,
        run_dir: &Path,
        chosen: Option<TextEncoding>,
    ) -> Result<Option<Option<SmallMatch>>, LogError> {
        let is_packed = match self.read(run_dir)? {
            Bytes::None => return Ok(Some(None)),
            Bytes::Folder => false,
            Bytes::Packed => true,
            Bytes::Other => return Ok(None),
        };
        let log = self.log.bytes();
        let encoding = chosen.unwrap_or_else(|| encoding_of(log));
        if encoding != self.matcher.query().encoding {
            self.matcher = self.matcher.clone().in_encoding(encoding);
            self.scratch = self.matcher.scratch();
        }
        let log = encoding.without_rest(log);
        let matches = self.matcher.count(log, &mut self.scratch);
        if matches == 0 {
            return Ok(Some(None));
        }
        let rows_before = if is_packed { packed::rows_before(run_dir)? } else { Some(RowNo::ZERO) };
        let Some(rows_before) = rows_before.filter(|_| self.matcher.query().stream.is_none()) else {
            return Ok(None);
        };
        let mut first = None;
        self.matcher.matching(log, &mut self.scratch, |row| first = first.or(Some(row)));
        let first = first.unwrap_or_default();
        let newline = first.checked_sub(1).and_then(|before| memchr_iter(b'\n', log).nth(before as usize));
        let at = newline.map_or(0, |newline| newline + 1);
        let end = memchr(b'\n', &log[at..]).map_or(log.len(), |newline| at + newline);
        let text = encoding.decode(&log[at..end], RowStart::within(log, at, LogOffset::ZERO));
        let first_text = solti_rows::shown(&text, Style::default(), self.clip).text;
        Ok(Some(Some(SmallMatch { matches, first_row: rows_before + first, first_text })))
    }

    fn read(&mut self, run_dir: &Path) -> Result<Bytes, LogError> {
        if let Some(path) = packed::path(run_dir)
            && let Some(log) = open(&path)?
        {
            return Ok(if self.log.read(log, LOG_FILE)? { Bytes::Packed } else { Bytes::Other });
        }
        let log = open(&run_dir.join(LOG_FILE))?;
        let index = open(&run_dir.join(INDEX_FILE))?;
        match (log, index) {
            (Some(log), Some(index)) => {
                let small = self.log.read(log, LOG_FILE)?
                    && self.index.read(index, INDEX_FILE)?
                    && packed::is_plain(self.index.bytes(), self.log.have as u64)
                    && !run_dir.join(index_name(1)).exists();
                Ok(if small { Bytes::Folder } else { Bytes::Other })
            }
            (None, None) if !run_dir.exists() => Ok(Bytes::None),
            _ => Ok(Bytes::Other),
        }
    }
}

fn open(path: &Path) -> Result<Option<File>, LogError> {
    match rustix::fs::open(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::NOENT) => Ok(None),
        Err(e) => Err(LogError::open(path)(e.into())),
    }
}

impl Buffer {
    /// Reads a whole file; `false` when it is too long.
    fn read(&mut self, mut file: File, name: &'static str) -> Result<bool, LogError> {
        self.room.place(0, LOG_BYTES);
        self.have = 0;
        while self.have < LOG_BYTES {
            match file.read(&mut self.room[self.have..LOG_BYTES]) {
                Ok(0) => return Ok(true),
                Ok(n) => self.have += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(LogError::read(name)(e)),
            }
        }
        Ok(false)
    }

    fn bytes(&self) -> &[u8] {
        &self.room[..self.have]
    }
}
