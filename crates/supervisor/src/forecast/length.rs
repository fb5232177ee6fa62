//! How long a task will take from now on, or from its start on: between the shortest and the longest tenth of those before it.

use super::{Place, TaskStands};
use solti_model::RestartStrategy;

/// What is left of a task that runs, or all of one that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Length {
    pub least: u64,
    /// Nobody knows how long: why.
    pub most: Result<u64, Why>,
    /// As many runs tell of it.
    pub runs: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    NoHistory,
    LongerThanEver,
    Restarted,
    Suspended,
    Held,
    Unexpected,
    AllHeld,
    LanePaused,
    OnlyIfFree,
    LaneWaits,
}

/// `durations` are those before it, the shortest first; `stopped` is what keeps it from its next attempt.
pub(super) fn length(task: &TaskStands, durations: &[u64], now: u64, stopped: Option<Why>) -> Length {
    let runs = u32::try_from(durations.len()).unwrap_or(u32::MAX);
    let unknown = |why| Length { least: 0, most: Err(why), runs };
    let (elapsed, wait) = match task.place {
        Place::Holds { ending: true, .. } => return Length { least: 0, most: Ok(0), runs },
        Place::Holds { suspended: true, .. } => return unknown(Why::Suspended),
        Place::Holds { since, .. } => (now.saturating_sub(since), 0),
        Place::Between { since, next } => match stopped {
            Some(why) => return unknown(why),
            None => (now.saturating_sub(since), next.saturating_sub(now)),
        },
        Place::Waits => (0, 0),
    };
    if matches!(task.restart, RestartStrategy::Always { .. }) {
        return unknown(Why::Restarted);
    }
    if durations.is_empty() {
        return unknown(Why::NoHistory);
    }
    // All that those before it took is still to come.
    let begins = match task.place {
        Place::Waits => true,
        Place::Between { .. } => !task.is_retried(),
        Place::Holds { .. } => false,
    };
    let (elapsed, begins_in) = if begins { (0, wait) } else { (elapsed, 0) };
    // One that runs is one of those that took longer than this.
    let longer =
        if begins { durations } else { &durations[durations.partition_point(|length| *length <= elapsed)..] };
    let Some((least, most)) = tenth(longer, 1).zip(tenth(longer, 9)) else {
        return unknown(Why::LongerThanEver);
    };
    let until_timeout = task.timeout.map_or(u64::MAX, |timeout| timeout.saturating_sub(elapsed));
    let left = |length: u64| (length - elapsed).min(until_timeout).saturating_add(begins_in).max(wait);
    Length { least: left(least), most: Ok(left(most)), runs }
}

/// The least that so many tenths do not exceed.
fn tenth(sorted: &[u64], tenths: usize) -> Option<u64> {
    sorted.get((sorted.len() * tenths).div_ceil(10).checked_sub(1)?).copied()
}
