//! How much of the logs is kept. The choice of what goes lives in `retention`; the person's settings, which feed this,
//! live above.

use crate::SegmentSizes;

/// Of the narrowest limit a segment is at most this part.
const SEGMENTS: u64 = 8;
/// Shorter ones would cost more files than they give back.
const LEAST_SEGMENT: u64 = 128 * 1024;

/// Bounds of what the logs may take, in bytes on the disk, where a short file takes a block; `None` is no bound. What is
/// being written is one segment and stays whatever they are; then a bound cannot be kept for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// The log of one run. Its last segment stays whatever this is.
    pub run_bytes: Option<u64>,
    /// The logs of all runs of one task.
    pub task_bytes: Option<u64>,
    /// The logs of all tasks.
    pub total_bytes: Option<u64>,
    /// Below this much free space on the disk the oldest logs make room.
    pub min_free_bytes: u64,
    /// The beginning of each run that goes only when nothing else can: first those of earlier attempts of a task. At most half of
    /// what its log may take, as a log is read from its end, too.
    pub keep_head_bytes: u64,
}

impl LogLimits {
    /// What a run's log may take by the narrowest of the limits.
    fn narrowest(&self) -> Option<u64> {
        [self.run_bytes, self.task_bytes, self.total_bytes].into_iter().flatten().min()
    }

    #[cfg(feature = "reader")]
    /// So much of each beginning is kept; its first segment where there is any.
    pub(crate) fn kept_head(&self) -> u64 {
        let most = self.narrowest().map_or(u64::MAX, |limit| (limit / 2).max(1));
        self.keep_head_bytes.min(most)
    }

    /// How a run that begins now divides its log, so that these limits can be kept: only whole segments go.
    pub fn segment_sizes(&self) -> SegmentSizes {
        let SegmentSizes { head, rest } = SegmentSizes::default();
        let Some(limit) = self.narrowest() else { return SegmentSizes { head, rest } };
        let within = |most: u64| (limit / SEGMENTS).clamp(LEAST_SEGMENT.min(most), most);
        SegmentSizes { head: within(head), rest: within(rest) }
    }
}

impl Default for LogLimits {
    /// No bound, and 1 MiB for the beginning of a run: what holds where nobody has set any.
    fn default() -> Self {
        Self {
            run_bytes: None,
            task_bytes: None,
            total_bytes: None,
            min_free_bytes: 0,
            keep_head_bytes: 1 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_small_where_little_may_be_kept() {
        let sizes = |run_bytes, task_bytes| {
            let SegmentSizes { head, rest } =
                LogLimits { run_bytes, task_bytes, ..LogLimits::default() }.segment_sizes();
            (head, rest)
        };
        let usual = (1 << 20, 64 << 20);
        assert_eq!(sizes(None, None), usual);
        assert_eq!(sizes(Some(20_000_000_000), Some(40_000_000_000)), usual);
        assert_eq!(sizes(Some(80 << 20), None), (1 << 20, 10 << 20));
        assert_eq!(sizes(Some(80 << 20), Some(4 << 20)), (512 << 10, 512 << 10), "by the narrowest");
        assert_eq!(sizes(Some(1_000_000), None), (128 << 10, 128 << 10));
    }

    #[test]
    fn of_little_the_beginning_is_half() {
        let kept = |run_bytes| LogLimits { run_bytes, ..LogLimits::default() }.kept_head();
        assert_eq!((kept(None), kept(Some(4 << 20)), kept(Some(1_000_000))), (1 << 20, 1 << 20, 500_000));
    }
}
