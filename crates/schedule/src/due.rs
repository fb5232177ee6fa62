//! What is run of the times that have come since somebody looked, also of those that nobody was there for.

use crate::Rule;

/// A time that was as late as this, in milliseconds, was not missed.
pub const ON_TIME_MS: u64 = 60_000;
/// Missed times that are caught up with at most.
pub const MAX_CAUGHT_UP: usize = 100;

/// What becomes of times that passed while nobody was there to start anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// Nothing.
    Skip,
    /// The latest of them is run.
    Latest,
    /// They are run one after the other, the last [`MAX_CAUGHT_UP`] of them.
    All,
}

/// What is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// These are run, in order.
    pub run: Vec<u64>,
    /// So many are not.
    pub left_out: u64,
    /// The last time of all: what comes next is after it. `None` when no time has come.
    pub until: Option<u64>,
}

/// What is due of the times after `since_ms` up to `now_ms`. Whatever the policy, those that have come together are one: a
/// machine that was away for an hour does not run what is due each minute sixty times, unless it is told to.
pub fn due(rule: &Rule, since_ms: u64, now_ms: u64, missed: Missed) -> Due {
    let Some(last) = rule.last_by(now_ms).filter(|last| *last > since_ms) else { return Due::default() };
    let mut run = vec![last];
    match missed {
        Missed::Skip if now_ms - last > ON_TIME_MS => run.clear(),
        Missed::Skip | Missed::Latest => {}
        Missed::All => {
            let earlier = |time: &u64| rule.last_by(time.checked_sub(1)?).filter(|time| *time > since_ms);
            run = std::iter::successors(Some(last), earlier).take(MAX_CAUGHT_UP).collect();
            run.reverse();
        }
    }
    let before = run.first().copied().unwrap_or(last.saturating_add(1));
    Due { run, left_out: rule.count(since_ms, before.saturating_sub(1)), until: Some(last) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timing;

    #[test]
    fn what_was_missed_is_skipped_run_once_or_caught_up_with() {
        const MINUTE: u64 = 60_000;
        let rule = Rule::new(Timing::Every { every_ms: MINUTE, anchor_ms: 0 });
        let after = |minutes: u64, late: u64, missed| due(&rule, MINUTE, minutes * MINUTE + late, missed);
        let of = |run: &[u64], left_out, until: u64| Due {
            run: run.iter().map(|minute| minute * MINUTE).collect(),
            left_out,
            until: Some(until * MINUTE),
        };
        for missed in [Missed::Skip, Missed::Latest, Missed::All] {
            assert_eq!(after(1, 59_999, missed), Due::default());
            assert_eq!(after(2, 5, missed), of(&[2], 0, 2), "{missed:?}");
        }
        assert_eq!(after(61, 5, Missed::Latest), of(&[61], 59, 61));
        assert_eq!(after(4, 5, Missed::All), of(&[2, 3, 4], 0, 4));
        let all = after(1_000, 0, Missed::All);
        assert_eq!((all.run.len(), all.left_out, all.run[0]), (100, 899, 901 * MINUTE));
        assert_eq!(after(100_000, 0, Missed::Latest).left_out, 99_998);
        let daily = Rule::new(Timing::Every { every_ms: 1_440 * MINUTE, anchor_ms: 0 });
        assert_eq!(due(&daily, 1, 1_442 * MINUTE, Missed::Skip), of(&[], 1, 1_440));
        assert_eq!(due(&daily, 1, 1_441 * MINUTE, Missed::Skip), of(&[1_440], 0, 1_440));
    }
}
