//! Which limits of the logs are not kept although all has gone that can, as a look at the logs has found it.

use crate::shared::SharedState;
use solti_logstore::LogLimits;
use solti_model::{LogLimit, TaskId, UnkeptLimit};
use std::sync::{MutexGuard, PoisonError};

/// What the logs of one task take.
#[derive(Clone, Copy)]
pub(crate) struct Excess<'a> {
    pub id: &'a TaskId,
    /// Of its longest log.
    pub longest: u64,
    pub bytes: u64,
}

/// Each limit that is not kept, once. `free` is what is free on the disk.
pub(crate) fn unkept<'a>(
    tasks: impl Iterator<Item = Excess<'a>>,
    limits: &LogLimits,
    free: u64,
) -> Vec<UnkeptLimit> {
    let over = |bytes: u64, limit: Option<u64>| limit.map_or(0, |limit| bytes.saturating_sub(limit));
    let (mut total, mut run, mut task) = (0u64, (0, None), (0, None));
    for Excess { id, longest, bytes } in tasks {
        total = total.saturating_add(bytes);
        run = run.max((over(longest, limits.run_bytes), Some(id)));
        task = task.max((over(bytes, limits.task_bytes), Some(id)));
    }
    let missing = limits.min_free_bytes.saturating_sub(free);
    let all = [
        (LogLimit::RunBytes, run.0, run.1),
        (LogLimit::TaskBytes, task.0, task.1),
        (LogLimit::TotalBytes, over(total, limits.total_bytes), None),
        (LogLimit::MinFreeBytes, missing, None),
    ];
    let unkept = all.into_iter().filter(|(_, bytes, _)| *bytes > 0);
    let reported =
        unkept.map(|(limit, bytes, task)| UnkeptLimit { limit, bytes: round_up(bytes), task: task.cloned() });
    reported.collect()
}

/// To two digits: what grows all the time is not told of all the time.
fn round_up(bytes: u64) -> u64 {
    let mut unit = 1;
    while bytes / unit >= 100 {
        unit *= 10;
    }
    bytes.div_ceil(unit).saturating_mul(unit)
}

impl SharedState {
    fn unkept(&self) -> MutexGuard<'_, Vec<UnkeptLimit>> {
        // Nothing panics while holding it.
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn any_unkept(&self) -> bool {
        !self.unkept().is_empty()
    }

    pub(crate) fn unkept_limits(&self) -> Vec<UnkeptLimit> {
        self.unkept().clone()
    }

    /// Takes note of what a look has found, and has it read where it is news.
    pub(crate) fn tell_unkept(&self, now: Vec<UnkeptLimit>) {
        let mut before = self.unkept();
        if *before == now {
            return;
        }
        for limit in &now {
            if before.iter().all(|known| known.limit != limit.limit) {
                tracing::warn!(
                    "the limit {:?} of the logs cannot be kept by {} bytes",
                    limit.limit,
                    limit.bytes
                );
            }
        }
        *before = now;
        drop(before);
        self.feed.touched();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exceeded_is_told_with_the_task_that_exceeds_it_most() {
        let (a, b) = (TaskId::generate(1, 1), TaskId::generate(2, 2));
        let held = [
            Excess { id: &a, longest: 1_234_567, bytes: 2_000_000 },
            Excess { id: &b, longest: 100, bytes: 2_000_001 },
        ];
        let limits = LogLimits {
            run_bytes: Some(1_000_000),
            task_bytes: Some(1_000_000),
            total_bytes: Some(4_000_001),
            min_free_bytes: 10,
            keep_head_bytes: 0,
        };
        let found = unkept(held.into_iter(), &limits, 9);
        let reported = |limit, bytes, task| UnkeptLimit { limit, bytes, task };
        assert_eq!(
            found,
            [
                reported(LogLimit::RunBytes, 240_000, Some(a.clone())),
                reported(LogLimit::TaskBytes, 1_100_000, Some(b.clone())),
                reported(LogLimit::MinFreeBytes, 1, None),
            ]
        );
        assert_eq!(unkept(held[1..].iter().copied(), &LogLimits { task_bytes: None, ..limits }, 10), []);
    }
}
