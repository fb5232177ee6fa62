//! The files of a run's log for reading: which segments there are, where in the log each begins, and their bytes.
//!
//! Files are opened when they are needed and only a few are kept open, so that a log of any size opens at once. Others
//! may work on the folder meanwhile: the writer adds segments, retention removes them, and a small log that has ended is
//! packed (`packed`). What records mean, and what a missing segment looks like to a reader, is `cursor`'s knowledge.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use solti_positions::LogOffset;

use crate::format::{Counts, HEADER, Header, PAGE, Place};
use crate::packed::{self, Packed};
use crate::segment::{index_name, log_name, parse_name};
use crate::{INDEX_FILE, LOG_FILE, LogError};

/// Segments whose files stay open. A reader works on two at a time; the others are for its way through the headers.
const OPEN_SEGMENTS: usize = 4;

/// A run's log files, for reading at offsets of the log.
#[derive(Debug)]
pub(crate) struct LogFiles {
    run_dir: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What was listed.
    listed: Option<Listed>,
    /// In the log's order. Segments that retention removed are not among them.
    segments: Vec<Segment>,
    /// The one used last at the end.
    open: Vec<(u32, Arc<SegmentFiles>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    /// The run's folder, which had changed last then.
    Folder(SystemTime),
    /// The packed log with this inode.
    Packed(u64),
}

#[derive(Debug)]
struct Segment {
    number: u32,
    /// The header of its first page, once it was read and found sound; it never changes.
    header: Option<Header>,
}

/// Opened as a pair: while the records can be read, so can their bytes, even when the files are removed meanwhile.
#[derive(Debug)]
struct SegmentFiles {
    log: Option<File>,
    index: Index,
}

#[derive(Debug)]
enum Index {
    None,
    File(File),
    /// Of a packed log: all of it.
    Page(Box<[u8; PAGE]>),
}

impl Index {
    fn len(&self) -> io::Result<u64> {
        match self {
            Self::None => Ok(0),
            Self::File(file) => length(Some(file)),
            Self::Page(page) => Ok(page.len() as u64),
        }
    }

    fn read_up_to(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::None => Ok(0),
            Self::File(file) => read_up_to(Some(file), out, offset),
            Self::Page(page) => {
                let rest = usize::try_from(offset).ok().and_then(|at| page.get(at..)).unwrap_or_default();
                let n = rest.len().min(out.len());
                out[..n].copy_from_slice(&rest[..n]);
                Ok(n)
            }
        }
    }
}

impl SegmentFiles {
    fn pages(&self) -> Result<u32, LogError> {
        let len = self.index.len().map_err(LogError::read(INDEX_FILE))?;
        // A last page may be cut: its records count as far as they are whole.
        Ok(u32::try_from(len.div_ceil(PAGE as u64)).unwrap_or(u32::MAX))
    }

    fn log_len(&self) -> Result<u64, LogError> {
        length(self.log.as_ref()).map_err(LogError::read(LOG_FILE))
    }

    fn header(&self, place: Place) -> Result<Option<Header>, LogError> {
        let mut bytes = [0; HEADER];
        let offset = u64::from(place.page) * PAGE as u64;
        let n = self.index.read_up_to(&mut bytes, offset).map_err(LogError::read(INDEX_FILE))?;
        Ok(Counts::take_header(place, &bytes[..n]))
    }
}

impl LogFiles {
    /// A folder or files that are not there yet are an empty log for now. A symlink in the folder's place is not followed.
    pub(crate) fn open(run_dir: &Path) -> Result<Self, LogError> {
        if run_dir.symlink_metadata().is_ok_and(|about| about.is_symlink()) {
            return Err(LogError::open(run_dir)(io::ErrorKind::NotADirectory.into()));
        }
        let files = Self { run_dir: run_dir.to_owned(), state: Mutex::default() };
        files.look()?;
        Ok(files)
    }

    /// Takes note of segments that were begun or removed since the last look.
    pub(crate) fn look(&self) -> Result<(), LogError> {
        let mut state = self.state();
        let changed = listed(&self.run_dir);
        // Its time alone would do, but for changes that are closer to each other than the clock of files is fine.
        let begun = |last: &Segment| self.run_dir.join(index_name(last.number.saturating_add(1))).exists();
        let grew = || match changed {
            Some(Listed::Packed(_)) => false,
            Some(Listed::Folder(_)) | None => state.segments.last().is_none_or(begun),
        };
        if changed.is_none() || changed != state.listed || grew() {
            state.list(&self.run_dir)?;
            state.listed = changed;
        }
        Ok(())
    }

    /// The numbers of the segments that there are, in the log's order.
    pub(crate) fn segments(&self) -> Vec<u32> {
        self.state().segments.iter().map(|segment| segment.number).collect()
    }

    /// The segment behind this one, or the first.
    pub(crate) fn segment_after(&self, segment: Option<u32>) -> Option<u32> {
        let state = self.state();
        let next = state.segments.partition_point(|s| segment.is_some_and(|after| s.number <= after));
        state.segments.get(next).map(|s| s.number)
    }

    /// Pages of the segment's index; none when it was removed.
    pub(crate) fn pages(&self, segment: u32) -> Result<u32, LogError> {
        match self.state().files(&self.run_dir, segment)? {
            Some(files) => files.pages(),
            None => Ok(0),
        }
    }

    /// Whether the bytes of a segment are there, as far as they go.
    pub(crate) fn has_log(&self, segment: u32) -> Result<bool, LogError> {
        Ok(self.state().files(&self.run_dir, segment)?.is_some_and(|files| files.log.is_some()))
    }

    /// The counts at a page's beginning; `None` when the header is not sound, or tells of bytes that the log lost.
    pub(crate) fn header(&self, place: Place) -> Result<Option<Counts>, LogError> {
        let Some(files) = self.state().files(&self.run_dir, place.segment)? else { return Ok(None) };
        let Some(header) = files.header(place)? else { return Ok(None) };
        let into_segment = header.counts.offset.saturating_since(header.segment_start);
        Ok((into_segment == 0 || into_segment <= files.log_len()?).then_some(header.counts))
    }

    /// The first sound header of a segment, normally that of its first page.
    pub(crate) fn first_header(&self, segment: u32) -> Result<Option<(Place, Counts)>, LogError> {
        if let Some(header) = self.state().first_page(&self.run_dir, segment)? {
            return Ok(Some((Place { segment, page: 0 }, header.counts)));
        }
        for page in 0..self.pages(segment)? {
            let place = Place { segment, page };
            if let Some(counts) = self.header(place)? {
                return Ok(Some((place, counts)));
            }
        }
        Ok(None)
    }

    /// Where in the log the segment begins; `None` when it was removed.
    pub(crate) fn segment_start(&self, segment: u32) -> Result<Option<LogOffset>, LogError> {
        self.state().start(&self.run_dir, segment)
    }

    /// Where in the log the segment's bytes end for now; `None` when it was removed.
    pub(crate) fn segment_end(&self, segment: u32) -> Result<Option<LogOffset>, LogError> {
        let mut state = self.state();
        let Some(start) = state.start(&self.run_dir, segment)? else { return Ok(None) };
        let Some(files) = state.files(&self.run_dir, segment)? else { return Ok(None) };
        Ok(Some(start + files.log_len()?))
    }

    /// Where the log ends for now.
    pub(crate) fn log_end(&self) -> Result<LogOffset, LogError> {
        let last = self.state().segments.last().map(|segment| segment.number);
        Ok(match last {
            Some(last) => self.segment_end(last)?.unwrap_or_default(),
            None => LogOffset::ZERO,
        })
    }

    /// Reads bytes of the log; how many. Fewer than asked for at a segment's end, none where nothing is.
    pub(crate) fn read_log(&self, out: &mut [u8], offset: LogOffset) -> Result<usize, LogError> {
        let found = self.state().locate(&self.run_dir, offset)?;
        let Some((files, start)) = found else { return Ok(0) };
        read_up_to(files.log.as_ref(), out, offset - start).map_err(LogError::read(LOG_FILE))
    }

    /// Where in its file a byte of the log is; 0 where nothing is.
    pub(crate) fn place_in_file(&self, offset: LogOffset) -> Result<u64, LogError> {
        let found = self.state().locate(&self.run_dir, offset)?;
        Ok(found.map_or(0, |(_, start)| offset.saturating_since(start)))
    }

    /// As [`Self::read_log`], over the ends of segments.
    pub(crate) fn read_log_on(&self, out: &mut [u8], offset: LogOffset) -> Result<usize, LogError> {
        let mut n = 0;
        while n < out.len() {
            match self.read_log(&mut out[n..], offset + n as u64)? {
                0 => break,
                more => n += more,
            }
        }
        Ok(n)
    }

    /// Reads a page, or as much of it as there is.
    pub(crate) fn read_page(&self, out: &mut [u8; PAGE], place: Place) -> Result<usize, LogError> {
        let files = self.state().files(&self.run_dir, place.segment)?;
        let Some(files) = files else { return Ok(0) };
        let offset = u64::from(place.page) * PAGE as u64;
        files.index.read_up_to(out, offset).map_err(LogError::read(INDEX_FILE))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done in it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Reads which segments there are. One without a log counts only as the last: it has just been begun.
    fn list(&mut self, run_dir: &Path) -> Result<(), LogError> {
        let mut found: Vec<(u32, bool)> = Vec::new();
        let entries = match fs::read_dir(run_dir) {
            Ok(entries) => Some(entries),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(LogError::open(run_dir)(e)),
        };
        let entries = entries.into_iter().flatten();
        for entry in entries {
            let entry = entry.map_err(LogError::open(run_dir))?;
            let name = entry.file_name();
            let Some((segment, extension)) = name.to_str().and_then(parse_name) else { continue };
            if extension == "log" || extension == "idx" {
                if !entry.file_type().map_err(LogError::open(run_dir))?.is_file() {
                    return Err(not_a_file(&entry.path()));
                }
                found.push((segment, extension == "log"));
            }
        }
        // After the folder: what is not in it any more is there by now.
        if found.iter().all(|(_, is_log)| !is_log)
            && let Some(packed) = packed::open(run_dir)?
        {
            self.take_packed(packed);
            return Ok(());
        }
        if found.is_empty() {
            if let Some(removed) = packed::removed(run_dir)? {
                self.take_packed(removed);
                return Ok(());
            }
            must_be_in_reach(run_dir)?;
        }
        // Of two files of one segment the log stays.
        found.sort_unstable_by_key(|(segment, is_log)| (*segment, !is_log));
        found.dedup_by_key(|(segment, _)| *segment);
        let last = found.last().map(|(segment, _)| *segment);
        found.retain(|(segment, is_log)| *is_log || Some(*segment) == last);
        let known = std::mem::take(&mut self.segments);
        let header = |number| known.iter().find(|segment| segment.number == number).and_then(|s| s.header);
        self.segments =
            found.into_iter().map(|(number, _)| Segment { number, header: header(number) }).collect();
        Ok(())
    }

    fn take_packed(&mut self, packed: Packed) {
        let Packed { segment, header, log, page } = packed;
        self.segments = vec![Segment { number: segment, header: Some(header) }];
        // What a reader has open already it reads on.
        if self.open.iter().all(|(number, _)| *number != segment) {
            self.keep_open(segment, Arc::new(SegmentFiles { log: Some(log), index: Index::Page(page) }));
        }
    }

    fn keep_open(&mut self, segment: u32, files: Arc<SegmentFiles>) {
        if self.open.len() == OPEN_SEGMENTS {
            self.open.remove(0);
        }
        self.open.push((segment, files));
    }

    fn opened(&self, segment: u32) -> Option<Arc<SegmentFiles>> {
        self.open.iter().find(|(number, _)| *number == segment).map(|(_, files)| Arc::clone(files))
    }

    /// The segment's files; `None` when it was removed, which is then known to all.
    fn files(&mut self, run_dir: &Path, segment: u32) -> Result<Option<Arc<SegmentFiles>>, LogError> {
        if let Some(at) = self.open.iter().position(|(number, _)| *number == segment) {
            let entry = self.open.remove(at);
            let files = Arc::clone(&entry.1);
            if files.log.is_some() && !matches!(files.index, Index::None) {
                self.open.push(entry);
                return Ok(Some(files));
            }
        }
        let files = SegmentFiles {
            index: open_plain(&run_dir.join(index_name(segment)))?.map_or(Index::None, Index::File),
            log: open_plain(&run_dir.join(log_name(segment)))?,
        };
        if files.log.is_none() {
            let is_last = self.segments.last().is_none_or(|last| last.number == segment);
            let is_begun = !matches!(files.index, Index::None) && is_last;
            if !is_begun || packed::inode(run_dir).is_some() {
                self.list(run_dir)?;
                return Ok(self.opened(segment));
            }
        }
        let files = Arc::new(files);
        self.keep_open(segment, Arc::clone(&files));
        Ok(Some(files))
    }

    /// The header of the segment's first page, if it is sound.
    fn first_page(&mut self, run_dir: &Path, segment: u32) -> Result<Option<Header>, LogError> {
        let known = self.segments.iter().find(|s| s.number == segment).and_then(|s| s.header);
        if known.is_some() {
            return Ok(known);
        }
        let Some(files) = self.files(run_dir, segment)? else { return Ok(None) };
        let header = files.header(Place { segment, page: 0 })?;
        if let Some(known) = self.segments.iter_mut().find(|s| s.number == segment) {
            known.header = header;
        }
        Ok(header)
    }

    /// Where in the log the segment begins; `None` when it was removed. Any sound page tells; without one it begins
    /// where the one before it ends.
    fn start(&mut self, run_dir: &Path, segment: u32) -> Result<Option<LogOffset>, LogError> {
        if segment == 0 {
            return Ok(Some(LogOffset::ZERO));
        }
        if let Some(header) = self.first_page(run_dir, segment)? {
            return Ok(Some(header.segment_start));
        }
        let Some(files) = self.files(run_dir, segment)? else { return Ok(None) };
        for page in 1..files.pages()? {
            if let Some(header) = files.header(Place { segment, page })? {
                return Ok(Some(header.segment_start));
            }
        }
        let before = self.segments.iter().rev().map(|s| s.number).find(|number| *number < segment);
        let Some(before) = before else { return Ok(Some(LogOffset::ZERO)) };
        let Some(start) = self.start(run_dir, before)? else { return Ok(None) };
        let Some(files) = self.files(run_dir, before)? else { return Ok(None) };
        Ok(Some(start + files.log_len()?))
    }

    /// The segment that begins last at or before this place of the log, and its beginning.
    fn locate(
        &mut self,
        run_dir: &Path,
        offset: LogOffset,
    ) -> Result<Option<(Arc<SegmentFiles>, LogOffset)>, LogError> {
        // Normally one that is open: a reader must not lose its files to the search below.
        for at in (0..self.open.len()).rev() {
            let (number, files) = self.open[at].clone();
            // One that was removed since is not in the list any more, and can still be read.
            let known = self.segments.iter().find(|s| s.number == number).and_then(|s| s.header);
            let header = match known {
                Some(header) => Some(header),
                None => files.header(Place { segment: number, page: 0 })?,
            };
            if let Some(Header { segment_start, .. }) = header
                && (segment_start..segment_start + files.log_len()?).contains(&offset)
            {
                self.open[at..].rotate_left(1);
                return Ok(Some((files, segment_start)));
            }
        }
        let (mut low, mut high) = (0, self.segments.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let number = self.segments[middle].number;
            match self.start(run_dir, number)? {
                Some(start) if start <= offset => low = middle + 1,
                Some(_) => high = middle,
                // Removed: the list is another one now.
                None => (low, high) = (0, self.segments.len()),
            }
        }
        let Some(number) = low.checked_sub(1).map(|at| self.segments[at].number) else { return Ok(None) };
        let start = self.start(run_dir, number)?;
        Ok(self.files(run_dir, number)?.zip(start))
    }
}

/// Opens a regular file; nothing is followed, and a file that is not there is none.
fn open_plain(path: &Path) -> Result<Option<File>, LogError> {
    match path.symlink_metadata() {
        Ok(about) if !about.is_file() => Err(not_a_file(path)),
        Ok(_) => match OpenOptions::new().read(true).open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some).map_err(LogError::open(path)),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(LogError::open(path)(e)),
    }
}

/// Where not even the folder of all tasks is there, or a task's leads nowhere, nothing can be said of its logs: a disk is not
/// mounted, say.
fn must_be_in_reach(run_dir: &Path) -> Result<(), LogError> {
    let Some(task) = run_dir.parent() else { return Ok(()) };
    let of_task = if task.is_symlink() { Some(task) } else { task.parent() };
    match of_task.map(Path::metadata) {
        Some(Err(e)) => Err(LogError::open(run_dir)(e)),
        _ => Ok(()),
    }
}

/// What a listing would be of.
fn listed(run_dir: &Path) -> Option<Listed> {
    match run_dir.metadata().and_then(|about| about.modified()) {
        Ok(changed) => Some(Listed::Folder(changed)),
        Err(_) => packed::inode(run_dir).map(Listed::Packed),
    }
}

fn not_a_file(path: &Path) -> LogError {
    LogError::open(path)(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
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
