//! Walks the records of a run's index in order, while the writer appends or after it is gone, and bridges what the
//! index does not cover. Knows nothing of lines; `reader` and `view` make lines and rows of the pieces.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::format::{Counts, HEADER, Kind, PAGE, RECORDS_END, Record, page_seal};
use crate::{INDEX_FILE, LOG_FILE, LogError, Stream, newlines};

/// Bytes that no record covers are taken in pieces of this size.
const BRIDGE_BYTES: usize = 64 * 1024;

/// Both files of a run, for reading at offsets. A file that is not there yet is looked for again.
#[derive(Debug)]
pub(crate) struct LogFiles {
    run_dir: PathBuf,
    log: Option<File>,
    index: Option<File>,
}

impl LogFiles {
    pub(crate) fn open(run_dir: &Path) -> Result<Self, LogError> {
        let mut files = Self { run_dir: run_dir.to_owned(), log: None, index: None };
        files.look()?;
        Ok(files)
    }

    fn look(&mut self) -> Result<(), LogError> {
        for (slot, name) in [(&mut self.log, LOG_FILE), (&mut self.index, INDEX_FILE)] {
            if slot.is_none() {
                *slot = open_plain(&self.run_dir.join(name))?;
            }
        }
        Ok(())
    }

    pub(crate) fn log_len(&self) -> Result<u64, LogError> {
        length(self.log.as_ref()).map_err(LogError::read(LOG_FILE))
    }

    pub(crate) fn has_index_bytes(&self) -> Result<bool, LogError> {
        Ok(self.index_pages()? > 0)
    }

    fn index_pages(&self) -> Result<u32, LogError> {
        let len = length(self.index.as_ref()).map_err(LogError::read(INDEX_FILE))?;
        // A last page may be cut: its records count as far as they are whole.
        Ok(u32::try_from(len.div_ceil(PAGE as u64)).unwrap_or(u32::MAX))
    }

    /// Reads log bytes; how many, less than asked for only at the log's end.
    pub(crate) fn read_log(&self, out: &mut [u8], offset: u64) -> Result<usize, LogError> {
        read_up_to(self.log.as_ref(), out, offset).map_err(LogError::read(LOG_FILE))
    }

    fn read_index(&self, out: &mut [u8], page_no: u32) -> Result<usize, LogError> {
        let offset = u64::from(page_no) * PAGE as u64;
        read_up_to(self.index.as_ref(), out, offset).map_err(LogError::read(INDEX_FILE))
    }

    /// The counts at a page's beginning; `None` when the header is not sound, or tells of bytes that the log lost.
    fn header(&self, page_no: u32, log_len: u64) -> Result<Option<Counts>, LogError> {
        let mut bytes = [0; HEADER];
        let n = self.read_index(&mut bytes, page_no)?;
        let counts = Counts::take_header(page_no, &bytes[..n]);
        Ok(counts.filter(|counts| counts.offset <= log_len))
    }
}

/// A record, or the part of it that came since it was last seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// The counts before its first byte.
    pub before: Counts,
    pub record: Record,
}

impl Piece {
    pub(crate) fn ts_ms(&self) -> u64 {
        self.before.ts_ms.saturating_add(self.record.dt)
    }
}

/// A place in the index. Memory: one page.
#[derive(Debug)]
pub(crate) struct Cursor {
    page: Box<[u8; PAGE]>,
    /// Which page is loaded; `None` before the first.
    page_no: Option<u32>,
    /// The loaded copy cannot change any more.
    sealed: bool,
    /// Where the current record begins, the counts before it, and how much of it was handed out.
    at: usize,
    base: Counts,
    seen: Option<Record>,
    last_stream: Stream,
    bridge: Option<Bridge>,
    /// The log is known to be at least this long.
    log_len: u64,
    is_final: bool,
    ended: bool,
}

/// Log bytes without records: up to `end`, then on with page `next`.
#[derive(Clone, Copy, Debug)]
struct Bridge {
    end: u64,
    next: Option<u32>,
}

impl Cursor {
    pub(crate) fn new() -> Self {
        Self {
            page: Box::new([0; PAGE]),
            page_no: None,
            sealed: false,
            at: RECORDS_END,
            base: Counts::default(),
            seen: None,
            last_stream: Stream::Stdout,
            bridge: None,
            log_len: 0,
            is_final: false,
            ended: false,
        }
    }

    pub(crate) fn set_final(&mut self, is_final: bool) {
        self.is_final = is_final;
    }

    /// Whether the writer's end mark was passed: nothing will follow.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The counts behind everything that was handed out.
    pub(crate) fn counts(&self) -> Counts {
        self.seen.as_ref().map_or(self.base, |seen| self.base.after(seen))
    }

    /// The next piece; `None` when there is none for now.
    pub(crate) fn next(&mut self, files: &mut LogFiles) -> Result<Option<Piece>, LogError> {
        let mut fresh = false;
        let mut confirmed = None;
        loop {
            if self.ended {
                return Ok(None);
            }
            if let Some(bridge) = self.bridge {
                match self.bridge_piece(files, bridge)? {
                    Some(piece) => return Ok(Some(piece)),
                    None => continue,
                }
            }
            if let Some((record, size)) = self.decode_current() {
                if record.kind == Kind::End {
                    self.ended = true;
                    continue;
                }
                if self.seen != Some(record) {
                    return self.hand_out(files, record);
                }
                if Record::decode(self.page_no.unwrap_or(0), &self.page, self.at + size).is_some() {
                    (self.base, self.seen, self.at) = (self.base.after(&record), None, self.at + size);
                    continue;
                }
            }
            if !fresh && !self.sealed {
                files.look()?;
                self.reload(files)?;
                fresh = true;
                continue;
            }
            let Some((next, counts)) = self.following_page(files)? else {
                if self.is_final && files.log_len()? > self.counts().offset {
                    self.settle();
                    self.bridge = Some(Bridge { end: files.log_len()?, next: None });
                    continue;
                }
                return Ok(None);
            };
            // The writer publishes a page's last records before the next page: with the next one seen, look again.
            if !self.sealed && confirmed != Some(next) {
                self.reload(files)?;
                confirmed = Some(next);
                continue;
            }
            self.settle();
            if self.base.offset < counts.offset {
                self.bridge = Some(Bridge { end: counts.offset, next: Some(next) });
            } else {
                self.load(files, next)?;
                fresh = true;
            }
        }
    }

    /// Goes to the last page on which row `row` can begin.
    pub(crate) fn seek_row(&mut self, files: &mut LogFiles, row: u64) -> Result<(), LogError> {
        self.seek_page(files, |counts| counts.row < row || (counts.row == row && counts.open_row.is_none()))
    }

    /// Goes to the last page before which no line from `lines` on has begun, of either stream.
    pub(crate) fn seek_lines(&mut self, files: &mut LogFiles, lines: [u64; 2]) -> Result<(), LogError> {
        self.seek_page(files, |counts| counts.is_before(lines))
    }

    /// Goes to the last page.
    pub(crate) fn seek_last(&mut self, files: &mut LogFiles) -> Result<(), LogError> {
        self.seek_page(files, |_| true)
    }

    /// Goes to the last page whose header passes; the test must hold up to some page and not after it.
    fn seek_page(&mut self, files: &mut LogFiles, passes: impl Fn(&Counts) -> bool) -> Result<(), LogError> {
        files.look()?;
        *self = Self { is_final: self.is_final, log_len: self.log_len, ..Self::new() };
        let (mut low, mut high) = (0, files.index_pages()?);
        let log_len = files.log_len()?;
        let mut found = None;
        while low < high {
            // For a page with a broken header the next sound one below it stands.
            let middle = low + (high - low) / 2;
            let mut at = middle;
            let counts = loop {
                match files.header(at, log_len)? {
                    Some(counts) => break Some(counts),
                    None if at > low => at -= 1,
                    None => break None,
                }
            };
            match counts {
                Some(counts) if passes(&counts) => {
                    found = Some(at);
                    low = middle + 1;
                }
                Some(_) => high = at,
                None => low = middle + 1,
            }
        }
        match found {
            Some(page_no) => self.load(files, page_no),
            None => Ok(()),
        }
    }

    fn decode_current(&self) -> Option<(Record, usize)> {
        let found = Record::decode(self.page_no?, &self.page, self.at)?;
        // A record only ever grows; anything else is a page read in the middle of a write.
        let grew = self.seen.is_none_or(|seen| {
            found.0.kind == seen.kind && found.0.len >= seen.len && found.0.newlines >= seen.newlines
        });
        grew.then_some(found)
    }

    fn hand_out(&mut self, files: &LogFiles, record: Record) -> Result<Option<Piece>, LogError> {
        let mut piece = Piece { before: self.base, record };
        if let Some(seen) = &self.seen {
            if record.kind == Kind::Data {
                piece.before = self.base.after(seen);
                piece.record.continued = false;
                piece.record.dt = 0;
            }
            piece.record.len -= seen.len;
            piece.record.newlines -= seen.newlines;
        }
        let end = piece.before.offset.saturating_add(piece.record.len);
        if record.kind == Kind::Data && end > self.log_len {
            self.log_len = files.log_len()?;
            if end > self.log_len {
                if !self.is_final {
                    return Ok(None);
                }
                // The log lost its tail, the index did not: what is left is all there is.
                self.settle();
                self.at = RECORDS_END;
                self.page_no = Some(u32::MAX);
                self.sealed = true;
                self.bridge = Some(Bridge { end: self.log_len, next: None });
                self.last_stream = record.stream;
                if piece.before.offset >= self.log_len {
                    self.ended = true;
                    return Ok(None);
                }
                return self.bridge_piece(files, Bridge { end: self.log_len, next: None });
            }
        }
        self.seen = Some(record);
        self.last_stream = record.stream;
        Ok(Some(piece))
    }

    /// Takes the counts behind the current record as the new base.
    fn settle(&mut self) {
        self.base = self.counts();
        self.seen = None;
        self.at = RECORDS_END;
    }

    fn bridge_piece(&mut self, files: &LogFiles, bridge: Bridge) -> Result<Option<Piece>, LogError> {
        let left = bridge.end.saturating_sub(self.base.offset);
        let want = left.min(BRIDGE_BYTES as u64) as usize;
        let mut bytes = vec![0; want];
        let n = files.read_log(&mut bytes, self.base.offset)?;
        let bytes = &bytes[..n];
        let Some(last) = bytes.last() else {
            self.bridge = None;
            match bridge.next {
                Some(page_no) => self.load(files, page_no)?,
                None => self.at = RECORDS_END,
            }
            return Ok(None);
        };
        let stream = self.base.open_row.unwrap_or(self.last_stream);
        let record = Record {
            stream,
            kind: Kind::Data,
            len: n as u64,
            newlines: newlines::count(bytes),
            partial: *last != b'\n',
            continued: self.base.line_open[stream.index()] && self.base.open_row.is_none(),
            ..Record::END
        };
        let piece = Piece { before: self.base, record };
        self.base = self.base.after(&record);
        Ok(Some(piece))
    }

    /// The next page with a sound header, normally the very next; `None` when there is none yet.
    fn following_page(&self, files: &LogFiles) -> Result<Option<(u32, Counts)>, LogError> {
        let from = self.page_no.map_or(0, |n| n.saturating_add(1));
        let pages = files.index_pages()?;
        if from >= pages {
            return Ok(None);
        }
        let log_len = files.log_len()?;
        for page_no in from..pages {
            if let Some(counts) = files.header(page_no, log_len)? {
                return Ok(Some((page_no, counts)));
            }
        }
        Ok(None)
    }

    fn load(&mut self, files: &LogFiles, page_no: u32) -> Result<(), LogError> {
        self.page_no = Some(page_no);
        self.reload(files)?;
        if let Some(counts) = Counts::take_header(page_no, &self.page[..]) {
            self.base = counts;
        }
        (self.at, self.seen) = (HEADER, None);
        Ok(())
    }

    fn reload(&mut self, files: &LogFiles) -> Result<(), LogError> {
        let Some(page_no) = self.page_no else { return Ok(()) };
        let n = files.read_index(&mut self.page[..], page_no)?;
        self.page[n..].fill(0);
        self.sealed = self.page[RECORDS_END..] == page_seal(&self.page);
        Ok(())
    }
}

/// Opens a regular file; nothing is followed, and a file that is not there is none.
fn open_plain(path: &Path) -> Result<Option<File>, LogError> {
    match path.symlink_metadata() {
        Ok(about) if !about.is_file() => {
            Err(LogError::open(path)(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")))
        }
        Ok(_) => OpenOptions::new().read(true).open(path).map(Some).map_err(LogError::open(path)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(LogError::open(path)(e)),
    }
}

fn length(file: Option<&File>) -> io::Result<u64> {
    file.map_or(Ok(0), |file| file.metadata().map(|about| about.len()))
}

fn read_up_to(file: Option<&File>, out: &mut [u8], offset: u64) -> io::Result<usize> {
    let Some(file) = file else { return Ok(0) };
    let mut n = 0;
    while n < out.len() {
        match file.read_at(&mut out[n..], offset + n as u64) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}
