//! What goes when logs take too much: a look at the files, a plan, and its execution, one segment at a time.
//!
//! Only whole segments go: first what lies behind the kept beginnings, the oldest of all runs before the others; then the
//! beginnings of earlier attempts; then those of the latest ones, where a limit of the run or its task is kept by that: what would
//! not help is not lost for nothing. The segment that a writer works on is all that never
//! goes. How what is gone reads is `cursor`'s knowledge; when to look, and at which runs, is the supervisor's.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::cursor::{Cursor, LogFiles, index_end};
use crate::format::Counts;
use crate::index_writer::IndexWriter;
use crate::new_file::remove_file;
use crate::packed;
use crate::repair::{new_index, put_in_place};
use crate::search::pays;
use crate::segment::{log_name, parse_name};
use crate::{INDEX_FILE, LogError, LogLimits};

/// What `st_blocks` counts in, whatever the file system's own blocks are.
const BLOCK: u64 = 512;

/// One segment on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSegment {
    /// From 0, in the order in which they were written.
    pub number: u32,
    /// Of `.log`; 0 when there is none.
    pub log_bytes: u64,
    /// Of all its files, on the disk: by their blocks or by their lengths, whichever is more. A short file takes a block,
    /// and a file system that compresses may not have counted the blocks of what was written a moment ago.
    pub bytes: u64,
    /// When its log was written last, milliseconds since the epoch.
    pub written_ms: u64,
    /// There is a file by the name of its skip filter.
    pub has_filter: bool,
}

/// The segments of one run's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredLog {
    /// In the log's order.
    pub segments: Vec<StoredSegment>,
    /// Its writer is gone: nothing will be added.
    pub ended: bool,
}

impl StoredLog {
    /// Looks at the files of a run, which has `ended` or not; a folder that is not there holds none.
    ///
    /// # Errors
    /// [`LogError::Open`].
    pub fn of(run_dir: &Path, ended: bool) -> Result<Self, LogError> {
        let mut found: BTreeMap<u32, StoredSegment> = BTreeMap::new();
        for entry in entries(run_dir)? {
            let entry = entry.map_err(LogError::open(run_dir))?;
            let name = entry.file_name();
            let Some((number, extension)) = name.to_str().and_then(parse_name) else { continue };
            let about = match entry.metadata() {
                Ok(about) => about,
                // Removed a moment ago.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(LogError::open(&entry.path())(e)),
            };
            let segment = found.entry(number).or_insert(StoredSegment {
                number,
                log_bytes: 0,
                bytes: 0,
                written_ms: 0,
                has_filter: false,
            });
            segment.bytes += on_disk(&about);
            segment.has_filter |= extension == "skip";
            if extension == "log" {
                segment.log_bytes = about.len();
                segment.written_ms = written_ms(&about);
            }
        }
        // After the folder: what is not in it any more is there by now.
        if found.values().all(|segment| segment.log_bytes == 0)
            && let Some(about) = packed::about(run_dir)?
        {
            let segment = StoredSegment {
                number: 0,
                log_bytes: about.len(),
                bytes: on_disk(&about),
                written_ms: written_ms(&about),
                has_filter: false,
            };
            return Ok(Self { segments: vec![segment], ended: true });
        }
        Ok(Self { segments: found.into_values().collect(), ended })
    }

    /// What it takes of the disk.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// The sealed segments that a skip filter would spare a search something of, and that have none.
    pub fn without_filter(&self) -> Vec<u32> {
        let sealed = |segment: &&StoredSegment| self.ended || !is_last(self, segment.number);
        let missing = self.segments.iter().filter(sealed);
        let missing = missing.filter(|segment| !segment.has_filter && pays(segment.log_bytes));
        missing.map(|segment| segment.number).collect()
    }

    /// What may go, oldest first.
    fn removable(&self, keep_head: u64) -> Removable {
        let (mut offset, mut next, mut age) = (0u64, 0, 0);
        let mut removable = Removable::default();
        for segment in &self.segments {
            // The beginning of the run, as far as it is there without a hole.
            let in_head = segment.number == next && offset < keep_head;
            (offset, next) = (offset + segment.log_bytes, next + u32::from(in_head));
            // A file that was touched later than its successor is not younger.
            age = segment.written_ms.max(age);
            let is_open = is_last(self, segment.number) && !self.ended;
            if !is_open && segment.log_bytes > 0 {
                let part = if in_head { &mut removable.head } else { &mut removable.rest };
                part.push_back(Aged { age, number: segment.number, bytes: segment.bytes });
            }
        }
        removable
    }
}

/// What of a run's log may go, each part oldest first.
#[derive(Clone, Debug, Default)]
struct Removable {
    /// The beginning that is kept as long as anything else can go.
    head: VecDeque<Aged>,
    rest: VecDeque<Aged>,
}

#[derive(Clone, Copy, Debug)]
struct Aged {
    /// When it was written.
    age: u64,
    number: u32,
    bytes: u64,
}

/// A segment to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Its run's place among those that the plan was made for.
    pub run: usize,
    /// Its number.
    pub segment: u32,
    /// What the disk gets back.
    pub bytes: u64,
}

/// What has to go, in this order, so that the logs of these runs keep the limits, or come as close as they can. `runs` are the logs with a number that those of one task
/// share, the latest attempt of a task behind its others; `free_bytes` is what the disk has left.
///
/// Where the total or the free space is at its limit a little more goes than needed, so that it does not start over with
/// the next line.
pub fn plan(runs: &[(usize, StoredLog)], limits: &LogLimits, free_bytes: u64) -> Vec<Removal> {
    let mut plan = Plan {
        left: runs.iter().map(|(_, log)| log.bytes()).collect(),
        removable: runs.iter().map(|(_, log)| log.removable(limits.kept_head())).collect(),
        removals: Vec::new(),
    };
    for (run, (_, log)) in runs.iter().enumerate() {
        // What a run printed last says how it ended: its own limit leaves that.
        let last = plan.removable[run].rest.pop_back_if(|aged| is_last(log, aged.number));
        let only = plan.removable[run].head.pop_back_if(|aged| is_last(log, aged.number));
        plan.shrink(&[], &[run], limits.run_bytes);
        plan.removable[run].rest.extend(last);
        plan.removable[run].head.extend(only);
    }
    let mut tasks: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (run, (task, _)) in runs.iter().enumerate() {
        tasks.entry(*task).or_default().push(run);
    }
    let (mut earlier, mut latest) = (Vec::new(), Vec::new());
    for mut runs in tasks.into_values() {
        let last = runs.split_off(runs.len() - 1);
        plan.shrink(&runs, &last, limits.task_bytes);
        earlier.extend(runs);
        latest.extend(last);
    }
    if let Some(limit) = limits.total_bytes {
        let excess = plan.held(&earlier, &latest).saturating_sub(limit);
        if excess > 0 {
            plan.remove(&earlier, &latest, excess + limit / 64);
        }
    }
    let freed: u64 = plan.removals.iter().map(|removal| removal.bytes).sum();
    let missing = limits.min_free_bytes.saturating_sub(free_bytes.saturating_add(freed));
    if missing > 0 {
        plan.remove(&earlier, &latest, missing + limits.min_free_bytes / 8);
    }
    plan.removals
}

fn is_last(log: &StoredLog, number: u32) -> bool {
    log.segments.last().is_some_and(|last| last.number == number)
}

struct Plan {
    left: Vec<u64>,
    removable: Vec<Removable>,
    removals: Vec<Removal>,
}

impl Plan {
    /// Brings what these runs hold below the limit. Where that cannot be, what the latest one began with stays.
    fn shrink(&mut self, earlier: &[usize], latest: &[usize], limit: Option<u64>) {
        let Some(limit) = limit else { return };
        let excess = self.held(earlier, latest).saturating_sub(limit);
        let removed = self.remove_but_latest_heads(earlier, latest, excess);
        let missing = excess.saturating_sub(removed);
        let heads = latest.iter().flat_map(|run| &self.removable[*run].head);
        if missing > 0 && heads.map(|aged| aged.bytes).sum::<u64>() >= missing {
            self.oldest(latest, missing, |removable| &mut removable.head);
        }
    }

    fn held(&self, earlier: &[usize], latest: &[usize]) -> u64 {
        earlier.iter().chain(latest).map(|run| self.left[*run]).sum()
    }

    /// Removes at least this much from these runs, as far as there is as much, their beginnings last.
    fn remove(&mut self, earlier: &[usize], latest: &[usize], bytes: u64) {
        let removed = self.remove_but_latest_heads(earlier, latest, bytes);
        self.oldest(latest, bytes.saturating_sub(removed), |removable| &mut removable.head);
    }

    fn remove_but_latest_heads(&mut self, earlier: &[usize], latest: &[usize], bytes: u64) -> u64 {
        let all: Vec<usize> = earlier.iter().chain(latest).copied().collect();
        let removed = self.oldest(&all, bytes, |removable| &mut removable.rest);
        removed + self.oldest(earlier, bytes.saturating_sub(removed), |removable| &mut removable.head)
    }

    /// Removes at least this much of one part of these runs, as far as there is as much: the oldest of all of them first.
    fn oldest(
        &mut self,
        runs: &[usize],
        bytes: u64,
        part: impl Fn(&mut Removable) -> &mut VecDeque<Aged>,
    ) -> u64 {
        let age = |plan: &mut Self, run: usize| {
            part(&mut plan.removable[run]).front().map(|aged| Reverse((aged.age, run)))
        };
        let mut oldest: BinaryHeap<_> = runs.iter().filter_map(|run| age(self, *run)).collect();
        let mut removed = 0;
        while removed < bytes
            && let Some(Reverse((_, run))) = oldest.pop()
        {
            if let Some(Aged { number: segment, bytes, .. }) = part(&mut self.removable[run]).pop_front() {
                self.left[run] -= bytes;
                removed += bytes;
                self.removals.push(Removal { run, segment, bytes });
            }
            oldest.extend(age(self, run));
        }
        removed
    }
}

/// Removes a segment with all its files. The last segment of a log that has ended leaves an index of one page behind,
/// which tells how long the log was, and which is packed where that can be; that of a log that has not ended is left alone.
/// A packed log goes as a whole. Readers that have the files open read on; others find a gap.
///
/// # Errors
/// Any [`LogError`]. What was not removed yet can be removed by another call.
pub fn remove_segment(run_dir: &Path, segment: u32) -> Result<(), LogError> {
    let last = LogFiles::open(run_dir)?.segments().last().copied();
    if packed::about(run_dir)?.is_some() {
        return remove_packed(run_dir);
    }
    if last == Some(segment) {
        match end_of_log(run_dir)? {
            Some(counts) if run_dir.join(log_name(segment)).exists() => leave_end(run_dir, segment, counts)?,
            _ => return Ok(()),
        }
    }
    // The log first: without it the segment counts as removed.
    remove_file(&run_dir.join(log_name(segment)))?;
    for entry in entries(run_dir)? {
        let path = entry.map_err(LogError::open(run_dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.and_then(parse_name).is_some_and(|(number, _)| number == segment) {
            remove_file(&path)?;
        }
    }
    Ok(())
}

/// The counts at the end of a log that has ended.
fn end_of_log(run_dir: &Path) -> Result<Option<Counts>, LogError> {
    let mut files = LogFiles::open(run_dir)?;
    let mut cursor = Cursor::new();
    cursor.seek_last(&mut files)?;
    while cursor.next(&mut files)?.is_some() {}
    if cursor.has_ended() {
        return Ok(Some(cursor.counts()));
    }
    // One that somebody has cut tells by its index how long it was.
    let Some(last) = files.segments().last().copied() else { return Ok(None) };
    Ok(index_end(&files, last)?.filter(|end| end.is_marked).map(|end| end.counts))
}

fn remove_packed(run_dir: &Path) -> Result<(), LogError> {
    let Some(counts) = end_of_log(run_dir)? else { return Ok(()) };
    if packed::clear(run_dir, 1, counts.closed())? {
        return Ok(());
    }
    // Without attributes the counts are in a file of their own, as those of any other log.
    fs::create_dir_all(run_dir).map_err(LogError::open(run_dir))?;
    leave_end(run_dir, 0, counts)?;
    packed::remove(run_dir)
}

/// Makes an empty segment behind the last one, for the end mark and the counts.
fn leave_end(run_dir: &Path, segment: u32, counts: Counts) -> Result<(), LogError> {
    let counts = counts.closed();
    let file = new_index(run_dir, segment + 1)?;
    let mut index = IndexWriter::of_segment(file, segment + 1, counts.offset, counts);
    index.make_room(counts.ts_ms).map_err(LogError::write(INDEX_FILE))?;
    put_in_place(run_dir, &mut index, counts.ts_ms)
}

fn on_disk(about: &Metadata) -> u64 {
    about.len().max(about.blocks().saturating_mul(BLOCK))
}

fn written_ms(about: &Metadata) -> u64 {
    let written = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    written.map_or(0, |since| since.as_millis() as u64)
}

/// What is in a folder; one that is not there is empty.
fn entries(run_dir: &Path) -> Result<impl Iterator<Item = io::Result<fs::DirEntry>> + use<>, LogError> {
    match fs::read_dir(run_dir) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(e) => Err(LogError::open(run_dir)(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A head of 1 MiB, then segments of 10 MiB written at these times.
    fn log(ended: bool, times: &[u64]) -> StoredLog {
        let head = StoredSegment { number: 0, log_bytes: MIB, bytes: MIB, written_ms: 0, has_filter: false };
        let rest = times.iter().zip(1..).map(|(&written_ms, number)| StoredSegment {
            number,
            log_bytes: 10 * MIB,
            bytes: 10 * MIB,
            written_ms,
            has_filter: false,
        });
        StoredLog { segments: std::iter::once(head).chain(rest).collect(), ended }
    }

    fn removed(runs: &[(usize, StoredLog)], limits: LogLimits, free: u64) -> Vec<(usize, u32)> {
        plan(runs, &limits, free).iter().map(|removal| (removal.run, removal.segment)).collect()
    }

    #[test]
    fn within_the_limits_nothing_goes() {
        let runs = [(1, log(true, &[1, 2])), (1, log(false, &[3]))];
        let enough =
            LogLimits { total_bytes: Some(100 * MIB), min_free_bytes: 32 * MIB, ..LogLimits::default() };
        assert_eq!(removed(&runs, enough, 33 * MIB), []);
        assert_eq!(removed(&runs, LogLimits::default(), 0), []);
    }

    #[test]
    fn a_run_loses_its_oldest_segments_then_its_head_and_never_the_one_that_is_written() {
        let limits = LogLimits { run_bytes: Some(25 * MIB), ..LogLimits::default() };
        assert_eq!(removed(&[(1, log(true, &[1, 2, 3, 4]))], limits, 0), [(0, 1), (0, 2)]);
        let own = LogLimits { run_bytes: Some(0), ..LogLimits::default() };
        assert_eq!(
            removed(&[(1, log(true, &[1, 2]))], own, 0),
            [(0, 1)],
            "its end stays, and what does not help"
        );
        let one = LogLimits { run_bytes: Some(10 * MIB), ..LogLimits::default() };
        assert_eq!(removed(&[(1, log(true, &[1, 2]))], one, 0), [(0, 1), (0, 0)], "what helps goes");
        assert_eq!(removed(&[(1, log(true, &[]))], own, 0), [], "that may be its beginning");
        let all = LogLimits { task_bytes: Some(0), ..LogLimits::default() };
        assert_eq!(removed(&[(1, log(false, &[1, 2]))], all, 0), [(0, 1)]);
        assert_eq!(removed(&[(1, log(true, &[1, 2]))], all, 0), [(0, 1), (0, 2), (0, 0)]);
        let no_head = LogLimits { keep_head_bytes: 0, ..all };
        assert_eq!(removed(&[(1, log(true, &[1]))], no_head, 0), [(0, 0), (0, 1)]);
        let small = LogLimits { run_bytes: Some(4 * MIB), task_bytes: Some(5 * MIB), ..LogLimits::default() };
        assert_eq!(
            removed(&[(1, log(true, &[1]))], small, 0),
            [(0, 1)],
            "a segment over all limits takes no other"
        );
        let long_head =
            LogLimits { keep_head_bytes: 2 * MIB, task_bytes: Some(5 * MIB), ..LogLimits::default() };
        assert_eq!(removed(&[(1, log(true, &[1, 2]))], long_head, 0), [(0, 2), (0, 0), (0, 1)]);
    }

    #[test]
    fn a_head_that_was_cut_before_protects_nothing_behind_the_hole() {
        let mut cut = log(true, &[1, 2, 3]);
        cut.segments.remove(1);
        let limits =
            LogLimits { task_bytes: Some(11 * MIB), keep_head_bytes: 100 * MIB, ..LogLimits::default() };
        assert_eq!(removed(&[(1, cut)], limits, 0), [(0, 2)]);
    }

    #[test]
    fn beginnings_go_last_those_of_earlier_attempts_first() {
        let small = |written_ms: u64, ended: bool| {
            let segment =
                StoredSegment { number: 0, log_bytes: 2, bytes: 4096, written_ms, has_filter: false };
            StoredLog { segments: vec![segment], ended }
        };
        let mut fourth = log(true, &[4]);
        fourth.segments[0].written_ms = 4;
        // A finished task of long ago, and one that starts again and again.
        let runs = [
            (1, small(1, true)),
            (2, small(2, true)),
            (2, small(3, true)),
            (2, fourth),
            (2, small(5, false)),
        ];
        let total = |bytes| LogLimits { total_bytes: Some(bytes), ..LogLimits::default() };
        assert_eq!(removed(&runs, total(12 * MIB), 0), []);
        assert_eq!(removed(&runs, total(2 * MIB), 0), [(3, 1)], "what lies behind a beginning");
        let earlier = [(3, 1), (1, 0), (2, 0), (3, 0)];
        assert_eq!(removed(&runs, total(MIB + 8192), 0), earlier, "then those of earlier attempts");
        let limits = LogLimits { task_bytes: Some(8192), ..LogLimits::default() };
        assert_eq!(removed(&runs, limits, 0), earlier, "those of its task alone");
        let nothing = removed(&runs, total(0), 0);
        assert_eq!(nothing.last(), Some(&(0, 0)), "then the latest ones, and never what is written");
        let floor = removed(&runs, LogLimits { min_free_bytes: 100 * MIB, ..LogLimits::default() }, MIB);
        assert_eq!(floor, nothing);
    }

    #[test]
    fn the_oldest_of_a_task_goes_and_other_tasks_are_left_alone() {
        let limits = LogLimits { task_bytes: Some(25 * MIB), ..LogLimits::default() };
        let runs = [(7, log(true, &[10, 30])), (8, log(true, &[1, 2])), (7, log(true, &[20]))];
        assert_eq!(removed(&runs, limits, 0), [(0, 1)]);
    }

    #[test]
    fn the_total_and_the_free_space_take_the_oldest_of_all_and_a_little_more() {
        let runs = [(1, log(true, &[10, 40])), (2, log(false, &[20, 50])), (3, log(true, &[30]))];
        let total = LogLimits { total_bytes: Some(43 * MIB), ..LogLimits::default() };
        assert_eq!(removed(&runs, total, 0), [(0, 1), (1, 1)]);
        let floor = LogLimits { min_free_bytes: 32 * MIB, ..LogLimits::default() };
        assert_eq!(removed(&runs, floor, 32 * MIB), []);
        assert_eq!(removed(&runs, floor, 25 * MIB), [(0, 1), (1, 1)]);
        // What another limit frees counts.
        let both = LogLimits { min_free_bytes: 32 * MIB, ..total };
        assert_eq!(removed(&runs, both, 20 * MIB), [(0, 1), (1, 1)]);
    }

    #[test]
    fn sealed_segments_of_some_size_want_a_filter() {
        let mut running = log(false, &[1, 2, 3]);
        running.segments[1].has_filter = true;
        assert_eq!(running.without_filter(), [2], "neither the head, nor what has one, nor what is written");
        assert_eq!(StoredLog { ended: true, ..running }.without_filter(), [2, 3]);
    }

    #[test]
    fn a_touched_file_does_not_change_the_order_within_a_run() {
        let limits = LogLimits { run_bytes: Some(12 * MIB), ..LogLimits::default() };
        assert_eq!(removed(&[(1, log(true, &[9, 2, 3]))], limits, 0), [(0, 1), (0, 2)]);
    }
}
