//! One search over one run's log: several threads take blocks in the order in which a person wants them, counts are
//! kept for each block, and the rows themselves are found again by searching their block once more.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::blocks::{Block, Blocks, Scanned};
use super::query::RowMatcher;
use super::scan::{Bounds, OpenRow, Scanner};
use super::skipping::Skipping;
use crate::cursor::{Cursor, LogFiles};
use crate::format::Kind;
use crate::{LogError, TextEncoding, locate};
use solti_positions::{LogOffset, Rank, RowNo};

pub(super) const BLOCK_BYTES: u64 = 1024 * 1024;
/// With fewer blocks left than this a second thread costs more than it brings.
const BLOCKS_A_THREAD: usize = 4;
/// How often progress is told.
const REPORT: Duration = Duration::from_millis(30);
/// Blocks whose matching rows are kept: those around the place where a person looks, or all that have matches.
const KEPT_BLOCKS: usize = 64;
/// Rows that are kept in all of them, beside those of the last one.
const KEPT_ROWS: usize = 256 * 1024;

/// How far a search is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Matching rows so far.
    pub matches: u64,
    /// Bytes of the log that have been looked through or skipped.
    pub searched_bytes: u64,
    /// Of the log as it was when it was last looked at.
    pub total_bytes: u64,
    /// The first match found at or after the row near which it began, else the last one before it.
    pub nearest: Option<RowNo>,
}

/// A search over one run's log. Memory: some 50 bytes for each MiB of the log, two blocks for each thread while it works,
/// and the matching rows of a few blocks.
#[derive(Debug)]
pub struct LogSearch {
    run_dir: PathBuf,
    matcher: RowMatcher,
    near: RowNo,
    threads: usize,
    state: Mutex<State>,
    kept: Mutex<VecDeque<(Block, Arc<Vec<RowNo>>)>>,
}

#[derive(Debug)]
struct State {
    files: LogFiles,
    cursor: Cursor,
    is_final: bool,
    /// The last segment that blocks were made of.
    segment: Option<u32>,
    begun: bool,
    blocks: Blocks,
    skipping: Skipping,
    breaks: Arc<Vec<LogOffset>>,
    end: LogOffset,
    /// Rows that have ended, by the index.
    rows: RowNo,
    open: Option<OpenRow>,
    matches: u64,
    searched_bytes: u64,
    reported: Option<Instant>,
}

/// What is known around a place of the log.
#[derive(Default)]
struct Around {
    /// Matches in the blocks before the place's own.
    before: u64,
    /// Those in its block.
    rows: Arc<Vec<RowNo>>,
    /// The log's last row, when it has no end and matches.
    open: Option<RowNo>,
}

impl State {
    fn bounds(&self) -> (LogOffset, bool, Arc<Vec<LogOffset>>) {
        (self.end, self.is_final, Arc::clone(&self.breaks))
    }

    fn open_matches(&self) -> u64 {
        u64::from(self.open.is_some_and(|open| open.matches))
    }

    /// Takes note of what the log holds now.
    fn look(&mut self, run_dir: &Path, encoding: TextEncoding) -> Result<(), LogError> {
        let (mut breaks, mut seams) = (Vec::new(), Vec::new());
        let walked = walk(&mut self.cursor, &mut self.files, LogOffset::MAX, &mut breaks, &mut seams)
            .and_then(|()| self.look_at_segments(&mut seams));
        // One that broke off goes on behind what it has passed, the next time: that is taken in now.
        if !breaks.is_empty() {
            breaks.splice(0..0, self.breaks.iter().copied());
            breaks.dedup();
            self.breaks = Arc::new(breaks);
        }
        seams.sort_unstable();
        for (from, to) in seams {
            self.blocks.grow(from);
            self.blocks.skip(from, to);
        }
        let counts = self.cursor.counts();
        let rest = encoding.has_rest(&self.files, &counts)?;
        (self.end, self.rows) = (counts.offset.saturating_back(u64::from(rest)), counts.row);
        self.blocks.grow(self.end);
        self.is_final |= self.cursor.has_ended();
        walked?;
        self.skipping.look(run_dir, &self.files, self.is_final)
    }

    /// Blocks begin anew where segments do.
    fn look_at_segments(&mut self, seams: &mut Vec<(LogOffset, LogOffset)>) -> Result<(), LogError> {
        while let Some(segment) = self.files.segment_after(self.segment) {
            match self.files.segment_start(segment)? {
                // Begun a moment ago: its records are for the next look.
                Some(start) if start > self.cursor.counts().offset => break,
                Some(start) => seams.push((start, start)),
                None => {}
            }
            self.segment = Some(segment);
        }
        Ok(())
    }
}

/// Walks on over the index to byte `to` of the log, or as far as it goes: places where a row ends without a newline, and those where blocks begin anew, as from and to with
/// nothing in between.
pub(super) fn walk(
    cursor: &mut Cursor,
    files: &mut LogFiles,
    to: LogOffset,
    breaks: &mut Vec<LogOffset>,
    seams: &mut Vec<(LogOffset, LogOffset)>,
) -> Result<(), LogError> {
    while cursor.counts().offset < to
        && let Some(piece) = cursor.next(files)?
    {
        let from = piece.before.offset;
        match piece.record.kind {
            Kind::Data | Kind::End => {}
            Kind::Gap => breaks.push(from),
            Kind::Removed => {
                let to = cursor.counts().offset;
                breaks.extend([from, to]);
                seams.push((from, to));
            }
        }
    }
    Ok(())
}

impl LogSearch {
    /// Begins a search near row `near` with at most `threads` threads. Nothing is read yet.
    ///
    /// # Errors
    /// [`LogError::Open`]; a symbolic link is not followed.
    pub fn open(run_dir: &Path, matcher: RowMatcher, near: RowNo, threads: usize) -> Result<Self, LogError> {
        Self::with_block_bytes(run_dir, matcher, near, threads, BLOCK_BYTES)
    }

    /// As [`Self::open`], with blocks of another size.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn with_block_bytes(
        run_dir: &Path,
        matcher: RowMatcher,
        near: RowNo,
        threads: usize,
        block_bytes: u64,
    ) -> Result<Self, LogError> {
        let state = State {
            files: LogFiles::open(run_dir)?,
            cursor: Cursor::new(),
            is_final: false,
            segment: None,
            begun: false,
            blocks: Blocks::new(block_bytes.max(1)),
            skipping: Skipping::new(matcher.query(), block_bytes.max(1)),
            breaks: Arc::default(),
            end: LogOffset::ZERO,
            rows: RowNo::ZERO,
            open: None,
            matches: 0,
            searched_bytes: 0,
            reported: None,
        };
        Ok(Self {
            run_dir: run_dir.to_owned(),
            matcher,
            near,
            threads: threads.max(1),
            state: Mutex::new(state),
            kept: Mutex::default(),
        })
    }

    /// The run has ended: what no record covers is searched too. The writer's end mark has the same effect.
    pub fn set_final(&self, is_final: bool) {
        let mut state = self.state();
        state.is_final = is_final;
        state.cursor.set_final(is_final);
    }

    /// Searches everything that the log holds now, or what was added since the last call; comes back early when `stop`
    /// is set. `report` is called now and then, from any thread.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn advance(&self, stop: &AtomicBool, report: &(dyn Fn(Progress) + Sync)) -> Result<(), LogError> {
        let left = {
            let mut state = self.state();
            state.look(&self.run_dir, self.matcher.query().encoding)?;
            state.blocks.look_again();
            if !state.begun && state.end > LogOffset::ZERO {
                let is_final = state.is_final;
                let offset = locate::row_offset(&mut state.files, is_final, self.near)?;
                state.blocks.begin_at(offset);
                state.begun = true;
            }
            state.blocks.left()
        };
        let helpers = (left / BLOCKS_A_THREAD).min(self.threads - 1);
        let outcome = thread::scope(|scope| {
            let helpers: Vec<_> = (0..helpers).map(|_| scope.spawn(|| self.work(stop, report))).collect();
            let own = self.work(stop, report);
            // A panic of a helper is one of this call.
            helpers
                .into_iter()
                .map(|helper| helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .fold(own, Result::and)
        });
        outcome?;
        report(self.progress()?);
        Ok(())
    }

    fn work(&self, stop: &AtomicBool, report: &(dyn Fn(Progress) + Sync)) -> Result<(), LogError> {
        let mut files = LogFiles::open(&self.run_dir)?;
        let mut scanner = Scanner::new(&mut files, self.matcher.clone());
        let required = self.state().skipping.required().clone();
        while !stop.load(Ordering::Relaxed) {
            let (index, block, filter, open, (end, is_final, breaks)) = {
                let mut state = self.state();
                let Some(index) = state.blocks.next() else { break };
                let block = state.blocks.all()[index];
                (index, block, state.skipping.of(&block), state.open, state.bounds())
            };
            let bounds = Bounds { end, is_final, breaks: &breaks };
            let (scanned, open) = match filter {
                Some(filter) if !filter.may_hold(&required) => {
                    (Scanned { to: block.end, at_row: false, matches: 0, done: true }, None)
                }
                _ => scanner.count(&block, bounds, open)?,
            };
            let due = {
                let mut state = self.state();
                let first = state.matches == 0 && scanned.matches > 0;
                state.matches += scanned.matches;
                state.searched_bytes +=
                    scanned.to.min(end).min(block.end).saturating_since(block.searched_to);
                state.blocks.note(index, scanned);
                // The open row is in one block; that this one has none says nothing of another.
                match (open, state.open) {
                    (Some(open), _) => state.open = Some(open),
                    (None, Some(before)) if block.start <= before.start && before.start < block.end => {
                        state.open = None;
                    }
                    (None, _) => {}
                }
                let now = Instant::now();
                let due = first || state.reported.is_none_or(|last| now - last >= REPORT);
                if due {
                    state.reported = Some(now);
                }
                due
            };
            if due {
                report(self.progress()?);
            }
        }
        Ok(())
    }

    /// How far the search is.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn progress(&self) -> Result<Progress, LogError> {
        let nearest = match self.first_from(self.near)? {
            Some((row, _)) => Some(row),
            None => self.last_before(self.near)?.map(|(row, _)| row),
        };
        let state = self.state();
        let matches = state.matches + state.open_matches();
        let open = state.open.map_or(0, |open| open.searched_bytes());
        let searched_bytes = (state.searched_bytes + open).min(state.end.get());
        Ok(Progress { matches, searched_bytes, total_bytes: state.end.get(), nearest })
    }

    /// How many rows are known to match.
    pub fn total(&self) -> u64 {
        let state = self.state();
        state.matches + state.open_matches()
    }

    /// The next match behind `row` or before it, going round at the ends, and how many matches precede it; `None` when
    /// there are no matches.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn step(&self, row: RowNo, forward: bool) -> Result<Option<(RowNo, Rank)>, LogError> {
        Ok(if forward {
            match self.first_from(row.saturating_add(1))? {
                Some(found) => Some(found),
                None => self.first_from(RowNo::ZERO)?,
            }
        } else {
            match self.last_before(row)? {
                Some(found) => Some(found),
                None => self.last_before(RowNo::MAX)?,
            }
        })
    }

    /// How many matches lie before `row`.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn rank(&self, row: RowNo) -> Result<Rank, LogError> {
        let index = self.index_of(row)?;
        let Around { before, rows, open } = self.around(index)?;
        let here = rows.partition_point(|match_row| *match_row < row) as u64;
        Ok(Rank::new(before + here + u64::from(open.is_some_and(|open| open < row))))
    }

    /// The matches of rank `from` and following, at most `count`, in order.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn select(&self, from: Rank, count: usize) -> Result<Vec<RowNo>, LogError> {
        let (mut index, mut before) = {
            let state = self.state();
            let mut before = Rank::ZERO;
            let all = state.blocks.all();
            let index = all.iter().position(|block| {
                let holds = from < before + block.matches;
                before += if holds { 0 } else { block.matches };
                holds
            });
            (index.unwrap_or(all.len()), before)
        };
        let mut found = Vec::new();
        while found.len() < count {
            let block = {
                let state = self.state();
                let all = state.blocks.all();
                if index >= all.len() {
                    break;
                }
                all[index]
            };
            if block.matches > 0 {
                let rows = self.rows_of(block)?;
                let skip = from.saturating_since(before) as usize;
                found.extend(rows.iter().skip(skip).take(count - found.len()));
                before += block.matches;
            }
            index += 1;
        }
        let state = self.state();
        if found.len() < count && state.open_matches() > 0 && from.get() <= state.matches {
            found.push(state.rows);
        }
        Ok(found)
    }

    /// How many matches lie between each of these rows, which are in order, and the one before, the first from the
    /// beginning on. Exact while matches are in no more than [`KEPT_BLOCKS`] blocks. In a log with more of them a match
    /// is told of no farther from its place than its block is long: to find them all again would take as long as the
    /// search, and what is drawn of that is less than a pixel or two.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn spread(&self, rows: &[RowNo]) -> Result<Vec<u64>, LogError> {
        let exact = {
            let state = self.state();
            state.blocks.all().iter().filter(|block| block.matches > 0).nth(KEPT_BLOCKS).is_none()
        };
        let mut before = Rank::ZERO;
        let mut spread = Vec::with_capacity(rows.len());
        for row in rows {
            let rank = if exact { self.rank(*row)? } else { self.rank_about(*row)? };
            spread.push(rank.saturating_since(before));
            before = rank.max(before);
        }
        Ok(spread)
    }

    /// As [`Self::rank`], as if the matches of a block were even.
    fn rank_about(&self, row: RowNo) -> Result<Rank, LogError> {
        let mut state = self.state();
        let open = if row > state.rows { state.open_matches() } else { 0 };
        let is_final = state.is_final;
        let offset = locate::row_offset(&mut state.files, is_final, row)?;
        let index = state.blocks.index_of(offset);
        let all = state.blocks.all();
        let Some(block) = all.get(index) else { return Ok(Rank::new(open)) };
        let before: u64 = all[..index].iter().map(|block| block.matches).sum();
        let length = block.end.min(state.end).saturating_since(block.start).max(1);
        let part = offset.saturating_since(block.start).min(length);
        let here = u128::from(block.matches) * u128::from(part) / u128::from(length);
        Ok(Rank::new(before + here as u64 + open))
    }

    /// At least and at most how many matches lie before `row`, without a look into its block.
    pub(crate) fn rank_bounds(&self, row: RowNo) -> Result<(Rank, Rank), LogError> {
        let index = self.index_of(row)?;
        let state = self.state();
        let all = state.blocks.all();
        let before: u64 = all[..index.min(all.len())].iter().map(|block| block.matches).sum();
        let here = all.get(index).map_or(0, |block| block.matches);
        Ok((Rank::new(before), Rank::new(before + here + state.open_matches())))
    }

    /// The first match from `row` on, and how many are before it.
    pub(crate) fn first_from(&self, row: RowNo) -> Result<Option<(RowNo, Rank)>, LogError> {
        let index = self.index_of(row)?;
        let Around { before, rows, .. } = self.around(index)?;
        let here = rows.partition_point(|match_row| *match_row < row);
        if let Some(found) = rows.get(here) {
            return Ok(Some((*found, Rank::new(before + here as u64))));
        }
        let behind = Rank::new(before + rows.len() as u64);
        let found = self.select(behind, 1)?;
        Ok(found.first().filter(|found| **found >= row).map(|found| (*found, behind)))
    }

    /// The last match before `row`, and how many are before it.
    pub(crate) fn last_before(&self, row: RowNo) -> Result<Option<(RowNo, Rank)>, LogError> {
        let Some(rank) = self.rank(row)?.previous() else { return Ok(None) };
        Ok(self.select(rank, 1)?.first().map(|found| (*found, rank)))
    }

    /// The block that `row` is counted in.
    fn index_of(&self, row: RowNo) -> Result<usize, LogError> {
        let mut state = self.state();
        if row > state.rows {
            return Ok(state.blocks.all().len().saturating_sub(1));
        }
        let is_final = state.is_final;
        let offset = locate::row_offset(&mut state.files, is_final, row)?;
        Ok(state.blocks.index_of(offset))
    }

    fn around(&self, index: usize) -> Result<Around, LogError> {
        let (before, block, open) = {
            let state = self.state();
            let all = state.blocks.all();
            let Some(block) = all.get(index) else { return Ok(Around::default()) };
            let before = all[..index].iter().map(|block| block.matches).sum();
            (before, *block, (state.open_matches() > 0).then_some(state.rows))
        };
        let rows = if block.matches > 0 { self.rows_of(block)? } else { Arc::default() };
        Ok(Around { before, rows, open })
    }

    fn rows_of(&self, block: Block) -> Result<Arc<Vec<RowNo>>, LogError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(of, _)| *of == block)
            && let Some(entry) = kept.remove(at)
        {
            let rows = Arc::clone(&entry.1);
            kept.push_back(entry);
            return Ok(rows);
        }
        drop(kept);
        let (_, is_final, breaks) = self.state().bounds();
        // As far as it was counted, and no farther.
        let end = if block.done { LogOffset::MAX } else { block.searched_to };
        let end = end.min(self.state().end);
        let mut files = LogFiles::open(&self.run_dir)?;
        let bounds = Bounds { end, is_final, breaks: &breaks };
        let rows = Scanner::new(&mut files, self.matcher.clone()).matching_rows(&block, bounds)?;
        let rows = Arc::new(rows);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| of.start != block.start);
        let mut all: usize = kept.iter().map(|(_, rows)| rows.len()).sum();
        while kept.len() >= KEPT_BLOCKS || all > KEPT_ROWS {
            let Some((_, oldest)) = kept.pop_front() else { break };
            all -= oldest.len();
        }
        kept.push_back((block, Arc::clone(&rows)));
        Ok(rows)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change of it is complete before the lock is let go.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
