//! Has the skip filters of logs made before anybody searches them: one segment at a time, on a thread of the lowest
//! priority, and not while a log grows fast, whose writer needs the processor and the disk more. `logs` looks at all
//! of them anyway and says here what it sees; what a filter is lives in `solti-logstore`.
//!
//! A filter that was not made, because the app ended or the disk was full, is made after the next start or search.

use crate::RunFolders;
use solti_logstore::{StoredLog, make_filter, make_filters};
use solti_model::{RunId, TaskId};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// A log of fewer bytes is searched at once anyhow, unless somebody did search it.
const WORTHWHILE: u64 = 16 * 1024 * 1024;
/// A log that has grown by more between two looks has a busy writer.
const BUSY: u64 = 4 * 1024 * 1024;
/// Where writers are never at rest, a segment waits no longer than this; from then on there is one for each look.
const PATIENCE: Duration = Duration::from_secs(300);
/// After a filter could not be written.
const REST: Duration = Duration::from_secs(60);

/// What a log wants.
#[derive(Debug)]
struct Unfiltered {
    /// Sealed, without a filter, and not tried yet; in order.
    segments: VecDeque<u32>,
    /// The last one that was tried.
    tried: Option<u32>,
    ended: bool,
    /// Somebody has searched it, and may do so again.
    asked: bool,
    since: Instant,
}

/// How far a log went that is being written.
#[derive(Debug)]
struct Growing {
    attempt: u32,
    /// Its last segment and the bytes of that.
    tip: (u32, u64),
    /// Since the look before.
    grown: u64,
}

/// A filter in the making; given up when this is dropped.
#[derive(Debug)]
struct Making {
    id: TaskId,
    attempt: u32,
    stop: Arc<AtomicBool>,
    /// The bytes of what was made; `None` when that could not be.
    done: oneshot::Receiver<Option<u64>>,
}

impl Drop for Making {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct SkipFilters {
    folders: RunFolders,
    niceness: i32,
    unfiltered: BTreeMap<RunId, Unfiltered>,
    growing: HashMap<TaskId, Growing>,
    making: Option<Making>,
    rest_until: Option<Instant>,
}

impl SkipFilters {
    pub(super) fn new(folders: RunFolders, niceness: i32) -> Self {
        Self {
            folders,
            niceness,
            unfiltered: BTreeMap::new(),
            growing: HashMap::new(),
            making: None,
            rest_until: None,
        }
    }

    /// Takes note of a log as a look has found it.
    pub(super) fn note(&mut self, run: &RunId, log: &StoredLog) {
        if !log.ended {
            self.grows(run, log);
        } else if self.growing.get(&run.task).is_some_and(|growing| growing.attempt == run.attempt) {
            self.growing.remove(&run.task);
        }
        let bytes: u64 = log.segments.iter().map(|segment| segment.log_bytes).sum();
        if bytes >= WORTHWHILE || self.unfiltered.contains_key(run) {
            let unfiltered = self.unfiltered(run, log.ended);
            if unfiltered.segments.is_empty() {
                unfiltered.since = Instant::now();
            }
            unfiltered.segments = log.without_filter().into();
            unfiltered.segments.retain(|segment| unfiltered.tried.is_none_or(|tried| *segment > tried));
            self.drop_done(run);
        }
    }

    /// Takes note of a log that somebody searches: its filters are looked at too, and made anew if they are damaged.
    pub(super) fn ask(&mut self, run: &RunId, ended: bool) {
        self.unfiltered(run, ended).asked = true;
    }

    /// Nothing is written for this task for now.
    pub(super) fn is_quiet(&mut self, id: &TaskId) {
        self.growing.remove(id);
    }

    /// The task is gone, or has no logs.
    pub(super) fn forget(&mut self, id: &TaskId) {
        self.is_quiet(id);
        self.unfiltered.retain(|of, _| of.task != *id);
        if let Some(making) = self.making.as_ref().filter(|making| making.id == *id) {
            making.stop.store(true, Ordering::Relaxed);
        }
    }

    fn grows(&mut self, run: &RunId, log: &StoredLog) {
        let Some(tip) = log.segments.last().map(|last| (last.number, last.log_bytes)) else { return };
        let before = self.growing.get(&run.task).filter(|before| before.attempt == run.attempt);
        // Not by the sum: retention may have removed what is oldest meanwhile.
        let grown = log.segments.iter().map(|segment| match before {
            Some(Growing { tip: (number, _), .. }) if segment.number < *number => 0,
            Some(Growing { tip: (number, bytes), .. }) if segment.number == *number => {
                segment.log_bytes.saturating_sub(*bytes)
            }
            _ => segment.log_bytes,
        });
        let grown = grown.sum();
        self.growing.insert(run.task.clone(), Growing { attempt: run.attempt, tip, grown });
    }

    fn unfiltered(&mut self, run: &RunId, ended: bool) -> &mut Unfiltered {
        let unfiltered = self.unfiltered.entry(run.clone()).or_insert_with(|| Unfiltered {
            segments: VecDeque::new(),
            tried: None,
            ended,
            asked: false,
            since: Instant::now(),
        });
        if ended && !unfiltered.ended {
            (unfiltered.ended, unfiltered.tried) = (true, None);
        }
        unfiltered
    }

    /// Forgets a run of which nothing is left to do.
    fn drop_done(&mut self, run: &RunId) {
        let done =
            |unfiltered: &Unfiltered| unfiltered.ended && !unfiltered.asked && unfiltered.segments.is_empty();
        if self.unfiltered.get(run).is_some_and(done) {
            self.unfiltered.remove(run);
        }
    }

    /// Whose turn it is: what was searched, as a whole, then the newest task, segment by segment. `regular` is a look that
    /// comes at most every few seconds.
    fn next(&self, regular: bool, now: Instant) -> Option<(RunId, Option<u32>)> {
        if self.rest_until.is_some_and(|until| until > now) {
            return None;
        }
        if let Some((run, _)) = self.unfiltered.iter().find(|(_, unfiltered)| unfiltered.asked) {
            return Some((run.clone(), None));
        }
        let calm = self.growing.values().all(|growing| growing.grown <= BUSY);
        let waiting = self.unfiltered.iter().rev().find_map(|(run, unfiltered)| {
            let due = calm || (regular && now.duration_since(unfiltered.since) >= PATIENCE);
            unfiltered.segments.front().filter(|_| due).map(|segment| (run, *segment))
        });
        waiting.map(|(run, segment)| (run.clone(), Some(segment)))
    }

    /// Begins with the next filter, if none is in the making and there is one to make now.
    pub(super) fn go_on(&mut self, regular: bool) {
        if self.making.is_some() {
            return;
        }
        let Some((run, segment)) = self.next(regular, Instant::now()) else { return };
        let RunId { task: id, attempt } = run.clone();
        let mut ended = false;
        if let Some(unfiltered) = self.unfiltered.get_mut(&run) {
            ended = unfiltered.ended;
            unfiltered.tried = match segment {
                Some(_) => unfiltered.segments.pop_front(),
                None => unfiltered.segments.drain(..).next_back().max(unfiltered.tried),
            };
            unfiltered.asked &= segment.is_some();
        }
        self.drop_done(&run);
        let (stop, (sender, done)) = (Arc::<AtomicBool>::default(), oneshot::channel());
        let folder = self.folders.run(&id, attempt);
        let job = Job { folder, segment, ended, niceness: self.niceness, stop: Arc::clone(&stop) };
        // A thread of its own: what has the lowest priority cannot take it back for other work.
        let thread = thread::Builder::new().name("skip-filter".into());
        match thread.spawn(move || sender.send(job.make())) {
            Ok(_) => self.making = Some(Making { id, attempt, stop, done }),
            Err(_) => self.rest_until = Some(Instant::now() + REST),
        }
    }

    /// Waits for the end of the one in the making; the run that it is of, and the bytes of what was made.
    pub(super) async fn finished(&mut self) -> (TaskId, u32, u64) {
        let Some(making) = &mut self.making else { return std::future::pending().await };
        let made = (&mut making.done).await.unwrap_or(None);
        if made.is_none() {
            self.rest_until = Some(Instant::now() + REST);
        }
        let of = (making.id.clone(), making.attempt, made.unwrap_or(0));
        self.making = None;
        of
    }
}

/// What the thread is to do.
struct Job {
    folder: PathBuf,
    /// Without one, all of them.
    segment: Option<u32>,
    ended: bool,
    niceness: i32,
    stop: Arc<AtomicBool>,
}

impl Job {
    fn make(self) -> Option<u64> {
        // Of this thread alone, and of its place in the queue of the disk. Without it, it is only less kind.
        #[cfg(target_os = "linux")]
        rustix::process::setpriority_process(None, self.niceness).ok();
        let made = match self.segment {
            Some(segment) => make_filter(&self.folder, segment, self.ended, &self.stop),
            None => make_filters(&self.folder, self.ended, &self.stop),
        };
        made.inspect_err(|error| tracing::debug!("a log is searched without a filter: {error}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_logstore::StoredSegment;

    const MIB: u64 = 1 << 20;

    fn id(text: &str) -> TaskId {
        TaskId::new(text).expect("legal")
    }

    fn run(task: &str) -> RunId {
        RunId::new(id(task), 1)
    }

    /// A log with a head of 1 MiB and then segments of so many MiB.
    fn log(ended: bool, rest: &[u64]) -> StoredLog {
        let segment = |(number, mib): (u32, u64)| {
            let bytes = mib * MIB;
            StoredSegment { number, log_bytes: bytes, bytes, written_ms: 0, has_filter: false }
        };
        let sizes = std::iter::once(1).chain(rest.iter().copied());
        StoredLog { segments: (0..).zip(sizes).map(segment).collect(), ended }
    }

    fn filters() -> SkipFilters {
        SkipFilters::new(RunFolders::new(std::path::Path::new("/nonexistent")), 19)
    }

    fn next(filters: &SkipFilters) -> Option<(RunId, Option<u32>)> {
        filters.next(false, Instant::now())
    }

    fn segment(text: &str, number: u32) -> Option<(RunId, Option<u32>)> {
        Some((run(text), Some(number)))
    }

    fn all_of(text: &str) -> Option<(RunId, Option<u32>)> {
        Some((run(text), None))
    }

    #[test]
    fn a_log_that_ended_gets_its_filters_and_a_small_one_none() {
        let mut filters = filters();
        filters.note(&run("small"), &log(true, &[10]));
        assert_eq!(next(&filters), None);
        filters.ask(&run("small"), true);
        assert_eq!(next(&filters), all_of("small"), "unless it is searched");
        filters.forget(&id("small"));
        filters.note(&run("large"), &log(true, &[64, 20]));
        assert_eq!(next(&filters), segment("large", 1));
    }

    #[test]
    fn nothing_is_made_beside_a_log_that_grows_fast_but_what_was_searched() {
        let mut filters = filters();
        filters.note(&run("a"), &log(true, &[64]));
        filters.note(&run("b"), &log(false, &[64, 3]));
        assert_eq!(next(&filters), None, "it may have printed all that in a moment");
        filters.note(&run("b"), &log(false, &[64, 5]));
        assert_eq!(next(&filters), segment("b", 1), "its sealed segment, once it is calm");
        // What retention has taken away does not hide what was added.
        let mut later = log(false, &[64, 64, 64]);
        later.segments.drain(1..3);
        filters.note(&run("b"), &later);
        assert_eq!(next(&filters), None);
        filters.ask(&run("a"), true);
        assert_eq!(next(&filters), all_of("a"));
        filters.forget(&id("a"));
        filters.note(&run("c"), &log(true, &[32]));
        assert_eq!(next(&filters), None);
        filters.is_quiet(&id("b"));
        assert_eq!(next(&filters), segment("c", 1));
    }

    #[test]
    fn a_log_that_grows_fast_for_ever_gets_one_at_each_regular_look() {
        let mut filters = filters();
        filters.note(&run("a"), &log(false, &[64, 64, 64, 9]));
        let late = Instant::now() + PATIENCE;
        assert_eq!(filters.next(false, late), None);
        assert_eq!(filters.next(true, Instant::now()), None);
        assert_eq!(filters.next(true, late), segment("a", 1));
    }

    #[tokio::test]
    async fn each_segment_is_tried_once_and_the_end_of_a_run_tries_anew() {
        let dir = tempfile::tempdir().unwrap();
        let folders = RunFolders::new(dir.path());
        folders.prepare().unwrap();
        let mut filters = SkipFilters::new(folders, 19);
        for _ in 0..2 {
            filters.note(&run("a"), &log(false, &[64, 64, 1]));
        }
        for number in [1, 2] {
            assert_eq!(next(&filters), segment("a", number));
            filters.go_on(false);
            filters.finished().await;
            filters.note(&run("a"), &log(false, &[64, 64, 1]));
        }
        assert_eq!(next(&filters), None);
        filters.note(&run("a"), &log(true, &[64, 64, 1]));
        assert_eq!(next(&filters), segment("a", 1));
    }
}
