//! Small logs that have ended, packed: `<attempt>.log` beside the run's folder, which goes, holds the bytes as they were,
//! and an extended attribute of it what `output.idx` said. So a log of one line takes one block of the disk and one inode
//! instead of three and three. Also what is left of a log that was removed as a whole: an empty file with the counts. Should somebody
//! remove the file by hand, an attribute of the folder that it was in tells the same.
//!
//! To readers it is a log of one segment with an index of one page (`log_files`). A file that lost its attribute, as in
//! a copy without them, is read as all stdout of the time at which it was written.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::{XattrFlags, fgetxattr, fsetxattr, removexattr};
use rustix::io::Errno;

use solti_positions::{LogOffset, RowNo};

use crate::format::{Counts, HEADER, Header, Kind, MAX_RECORD, PAGE, Place, Record, put_varint, take_varint};
use crate::new_file::remove_file;
use crate::segment::{index_name, log_name, parse_name};
use crate::{INDEX_FILE, LOG_FILE, LogError, newlines};

/// The attribute's name is short, as file systems keep a short attribute in the inode: ext4 up to some 60 bytes of it.
const ATTRIBUTE: &str = "user.solti";
const VERSION: u8 = 1;
/// Of the attribute. With more records than fit in here the index stays a file.
const MOST: usize = 1024;
/// Of the log. What is longer gains nothing by being packed.
const LOG_BYTES: u64 = 64 * 1024;
/// Numbers before the records: segment, offset, rows, lines of each stream, time.
const NUMBERS: usize = 6;

/// The packed log of a run, for reading.
#[derive(Debug)]
pub(crate) struct Packed {
    pub segment: u32,
    pub header: Header,
    pub log: File,
    pub page: Box<[u8; PAGE]>,
}

/// Where the packed log of a run is, or would be: its folder's name with `.log` behind it. Names of run folders have no
/// dot; what has no name has no packed log.
pub(crate) fn path(run_dir: &Path) -> Option<PathBuf> {
    let mut name = run_dir.file_name()?.to_owned();
    name.push(".log");
    Some(run_dir.with_file_name(name))
}

/// The packed log of a run as the file system knows it, if there is one. A symbolic link is none, and is refused.
pub(crate) fn about(run_dir: &Path) -> Result<Option<Metadata>, LogError> {
    let Some(path) = path(run_dir) else { return Ok(None) };
    match path.symlink_metadata() {
        Ok(about) if about.is_file() => Ok(Some(about)),
        Ok(_) => Err(LogError::open(&path)(io::ErrorKind::InvalidInput.into())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(LogError::open(&path)(e)),
    }
}

/// What tells a packed log that was replaced from the one before: its inode.
pub(crate) fn inode(run_dir: &Path) -> Option<u64> {
    Some(about(run_dir).ok()??.ino())
}

/// Removes a packed log as if it had never been.
pub(crate) fn remove(run_dir: &Path) -> Result<(), LogError> {
    path(run_dir).map_or(Ok(()), |path| remove_file(&path))
}

/// The first file of a run's log, as something to show: it is there when the run has printed something.
pub fn first_file(run_dir: &Path) -> PathBuf {
    match path(run_dir) {
        Some(packed) if packed.is_file() => packed,
        _ => run_dir.join(LOG_FILE),
    }
}

/// The attribute of the task's folder that tells how long a run's packed log was, and that folder.
fn end_of(run_dir: &Path) -> Option<(String, &Path)> {
    Some((format!("{ATTRIBUTE}.{}", run_dir.file_name()?.to_str()?), run_dir.parent()?))
}

/// Best effort: it is for who removes files by hand.
fn note_end(run_dir: &Path, counts: &Counts) {
    let value = encode(1, counts, &encoded(&[Record::END]));
    if let (Some((name, task)), Some(value)) = (end_of(run_dir), value)
        && let Ok(task) = File::open(task)
    {
        fsetxattr(task, name, &value, XattrFlags::empty()).ok();
    }
}

/// To be called when the log of an attempt is removed for good: nobody will ask how long it was.
pub fn forget_end(run_dir: &Path) {
    if let Some((name, task)) = end_of(run_dir) {
        removexattr(task, name).ok();
    }
}

/// What is known of a packed log that somebody has removed: an empty segment behind it.
pub(crate) fn removed(run_dir: &Path) -> Result<Option<Packed>, LogError> {
    let Some((name, task)) = end_of(run_dir) else { return Ok(None) };
    let task = match File::open(task) {
        Ok(task) => task,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LogError::open(task)(e)),
    };
    let Some((segment, page)) = stored(&task, &name)? else { return Ok(None) };
    let header = Counts::take_header(Place { segment, page: 0 }, &page[..HEADER]);
    let nothing = File::open("/dev/null").map_err(LogError::read(LOG_FILE))?;
    Ok(header.map(|header| Packed { segment, header, log: nothing, page }))
}

/// What an attribute says; `None` without one, or where nobody has encoded it.
fn stored(file: &File, name: &str) -> Result<Option<OnlyPage>, LogError> {
    let mut value = [0; MOST];
    match fgetxattr(file, name, &mut value) {
        Ok(len) => Ok(decode(&value[..len])),
        Err(Errno::NODATA | Errno::NOTSUP | Errno::RANGE) => Ok(None),
        Err(e) => Err(LogError::read(LOG_FILE)(e.into())),
    }
}

/// Opens the packed log of a run, if there is one; a symbolic link is not followed.
pub(crate) fn open(run_dir: &Path) -> Result<Option<Packed>, LogError> {
    let (Some(path), Some(about)) = (path(run_dir), about(run_dir)?) else { return Ok(None) };
    let log = match File::open(&path) {
        Ok(log) => log,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LogError::open(&path)(e)),
    };
    let page = match stored(&log, ATTRIBUTE)? {
        Some(page) => page,
        None => guess(&log, &about)?,
    };
    let place = Place { segment: page.0, page: 0 };
    let Some(header) = Counts::take_header(place, &page.1[..HEADER]) else { return Ok(None) };
    Ok(Some(Packed { segment: page.0, header, log, page: page.1 }))
}

/// The number of a segment, and the only page of its index.
type OnlyPage = (u32, Box<[u8; PAGE]>);

/// An index for a file that has lost its own.
fn guess(log: &File, about: &Metadata) -> Result<OnlyPage, LogError> {
    let mut bytes = Vec::new();
    log.take(LOG_BYTES * 2).read_to_end(&mut bytes).map_err(LogError::read(LOG_FILE))?;
    let written = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let ts_ms = written.map_or(0, |since| since.as_millis() as u64);
    let record = Record {
        kind: Kind::Data,
        len: bytes.len() as u64,
        newlines: newlines::count(&bytes),
        partial: bytes.last().is_some_and(|last| *last != b'\n'),
        ..Record::END
    };
    let all = [record, Record::END];
    let records = if bytes.is_empty() { &all[1..] } else { &all };
    Ok((0, page_of(0, &Counts { ts_ms, ..Counts::default() }, &encoded(records))))
}

fn encoded(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        let mut room = [0; MAX_RECORD];
        let n = record.encode(0, HEADER + bytes.len(), &mut room);
        bytes.extend_from_slice(&room[..n]);
    }
    bytes
}

/// `records` are as they lie behind the header.
fn page_of(segment: u32, counts: &Counts, records: &[u8]) -> Box<[u8; PAGE]> {
    let mut page = Box::new([0; PAGE]);
    counts.put_header(Place { segment, page: 0 }, counts.offset, &mut page);
    page[HEADER..HEADER + records.len()].copy_from_slice(records);
    page
}

fn encode(segment: u32, counts: &Counts, records: &[u8]) -> Option<Vec<u8>> {
    let numbers = [
        u64::from(segment),
        counts.offset.get(),
        counts.row.get(),
        counts.seq[0],
        counts.seq[1],
        counts.ts_ms,
    ];
    let mut value = vec![VERSION, counts.flags()];
    for number in numbers {
        let mut room = [0; 10];
        let n = put_varint(&mut room, number);
        value.extend_from_slice(&room[..n]);
    }
    value.extend_from_slice(records);
    value.extend_from_slice(&crc32fast::hash(&value).to_le_bytes());
    (value.len() <= MOST).then_some(value)
}

/// `None` for what nobody has encoded.
fn decode(value: &[u8]) -> Option<OnlyPage> {
    let (bytes, sum) = value.split_last_chunk::<4>()?;
    if *sum != crc32fast::hash(bytes).to_le_bytes() || *bytes.first()? != VERSION {
        return None;
    }
    let flags = *bytes.get(1)?;
    let mut at = 2;
    let mut numbers = [0; NUMBERS];
    for number in &mut numbers {
        *number = take_varint(bytes, &mut at)?;
    }
    let [segment, offset, row, stdout, stderr, ts_ms] = numbers;
    let segment = u32::try_from(segment).ok()?;
    let (offset, row) = (LogOffset::new(offset), RowNo::new(row));
    let counts = Counts { offset, row, seq: [stdout, stderr], ts_ms, ..Counts::default() };
    Some((segment, page_of(segment, &counts.with_flags(flags), &bytes[at..])))
}

/// Packs the log of a run that is over, if it is small and its writer has finished it; whether it did. Everything else but
/// the log must be gone from the run's folder. What it is in is durable before anything is removed, so that a crash leaves
/// the one or the other. Readers that have the files open read on.
///
/// # Errors
/// Any [`LogError`]; the log is as it was then. A file system without extended attributes, or without room for one, is
/// none: the log stays as it is.
pub fn pack(run_dir: &Path) -> Result<bool, LogError> {
    let Some(packed) = path(run_dir) else { return Ok(false) };
    let Some((segment, log_bytes)) = only_segment(run_dir)? else { return Ok(false) };
    let index = run_dir.join(index_name(segment));
    let log = run_dir.join(log_name(segment));
    if packed.symlink_metadata().is_ok() {
        // The app died just before it removed these.
        if !log.exists() {
            leave(run_dir, &index)?;
        }
        return Ok(false);
    }
    if log_bytes > LOG_BYTES {
        return Ok(false);
    }
    let mut page = Box::new([0; PAGE]);
    let mut bytes = Vec::new();
    let opened = File::open(&index).map_err(LogError::open(&index))?;
    opened.take(PAGE as u64 + 1).read_to_end(&mut bytes).map_err(LogError::read(INDEX_FILE))?;
    if bytes.len() > PAGE {
        return Ok(false);
    }
    page[..bytes.len()].copy_from_slice(&bytes);
    let Some((counts, records, end)) = whole(segment, &page, log_bytes) else { return Ok(false) };
    let Some(value) = encode(segment, &counts, records) else { return Ok(false) };
    let made = log_bytes == 0 && !log.exists();
    let file = OpenOptions::new().write(true).create_new(made).mode(0o600).open(&log);
    let file = file.map_err(LogError::open(&log))?;
    match set(&file, &value) {
        Ok(true) => {}
        outcome => {
            if made {
                remove_file(&log)?;
            }
            return outcome;
        }
    }
    fs::rename(&log, &packed).map_err(LogError::write(LOG_FILE))?;
    note_end(run_dir, &end.closed());
    leave(run_dir, &index)?;
    Ok(true)
}

/// Removes what a packed log needs no more.
fn leave(run_dir: &Path, index: &Path) -> Result<(), LogError> {
    remove_file(index)?;
    // Something that was put there meanwhile stays.
    fs::remove_dir(run_dir).ok();
    Ok(())
}

/// Gives a file its attribute, durably; `false` where the file system has none.
fn set(file: &File, value: &[u8]) -> Result<bool, LogError> {
    match fsetxattr(file, ATTRIBUTE, value, XattrFlags::empty()) {
        Ok(()) => {}
        Err(Errno::NOTSUP | Errno::NOSPC | Errno::DQUOT | Errno::TOOBIG | Errno::PERM | Errno::RANGE) => {
            return Ok(false);
        }
        Err(e) => return Err(LogError::write(LOG_FILE)(e.into())),
    }
    file.sync_all().map_err(LogError::sync(LOG_FILE))?;
    Ok(true)
}

/// The segment of a folder that holds the files of one segment and nothing else, and the bytes of its log.
fn only_segment(run_dir: &Path) -> Result<Option<(u32, u64)>, LogError> {
    let entries = match fs::read_dir(run_dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LogError::open(run_dir)(e)),
    };
    let (mut found, mut log_bytes) = (None, 0);
    for entry in entries {
        let entry = entry.map_err(LogError::open(run_dir))?;
        let name = entry.file_name();
        let Some((segment, extension)) = name.to_str().and_then(parse_name) else { return Ok(None) };
        let about = entry.metadata().map_err(LogError::open(&entry.path()))?;
        if !about.is_file() || found.is_some_and(|found| found != segment) {
            return Ok(None);
        }
        found = Some(segment);
        match extension {
            "log" => log_bytes = about.len(),
            "idx" => {}
            _ => return Ok(None),
        }
    }
    let has_index = found.is_some_and(|segment| run_dir.join(index_name(segment)).exists());
    Ok(found.filter(|_| has_index).map(|segment| (segment, log_bytes)))
}

/// The counts at the page's beginning, its records, and the counts behind them, if they tell of the whole log and its end.
fn whole(segment: u32, page: &[u8; PAGE], log_bytes: u64) -> Option<(Counts, &[u8], Counts)> {
    let header = Counts::take_header(Place { segment, page: 0 }, &page[..HEADER])?;
    if header.counts.offset != header.segment_start {
        return None;
    }
    let (mut at, mut counts) = (HEADER, header.counts);
    loop {
        let (record, size) = Record::decode(0, page, at)?;
        at += size;
        match record.kind {
            Kind::End => break,
            // A row without bytes: whoever looks at the bytes alone would not know of it.
            Kind::Gap | Kind::Removed => return None,
            Kind::Data => counts = counts.after(&record),
        }
    }
    let is_whole = counts.offset == header.segment_start + log_bytes;
    is_whole.then(|| (header.counts, &page[HEADER..at], counts))
}

/// Whether this is the whole index of a log of one segment of `log_bytes` bytes, and these are all its rows.
pub(crate) fn is_plain(index: &[u8], log_bytes: u64) -> bool {
    let mut page = Box::new([0; PAGE]);
    index.len() <= PAGE && {
        page[..index.len()].copy_from_slice(index);
        whole(0, &page, log_bytes).is_some()
    }
}

/// Rows of the log before those that are there; `None` when it is not packed any more.
pub(crate) fn rows_before(run_dir: &Path) -> Result<Option<RowNo>, LogError> {
    Ok(open(run_dir)?.map(|packed| packed.header.counts.row))
}

/// Removes the bytes of a packed log; what stays is an empty file that tells how long it was. `false` when the file system
/// cannot hold that; nothing is changed then.
pub(crate) fn clear(run_dir: &Path, segment: u32, counts: Counts) -> Result<bool, LogError> {
    let Some(packed) = path(run_dir) else { return Ok(false) };
    let Some(value) = encode(segment, &counts, &encoded(&[Record::END])) else { return Ok(false) };
    let empty = packed.with_extension("log.new");
    remove_file(&empty)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&empty);
    let file = file.map_err(LogError::open(&empty))?;
    if !set(&file, &value)? {
        remove_file(&empty)?;
        return Ok(false);
    }
    fs::rename(&empty, &packed).map_err(LogError::write(LOG_FILE))?;
    Ok(true)
}
