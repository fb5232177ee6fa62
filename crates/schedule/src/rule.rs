//! The times of a schedule.

use crate::{Cron, Zone};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// What a schedule goes by.
#[derive(Debug, Clone, PartialEq)]
pub enum Timing {
    /// The clock on the wall in a zone.
    Cron(Cron, Zone),
    /// Elapsed time: every so often, counted from `anchor_ms` in both directions.
    Every {
        /// Milliseconds, at least 1.
        every_ms: u64,
        /// A time of it, in Unix milliseconds.
        anchor_ms: u64,
    },
    /// Once, in Unix milliseconds.
    At(u64),
    /// Whenever the engine starts, which no clock tells.
    OnStart,
}

/// A timing within bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it goes by.
    pub timing: Timing,
    /// No time is before this one, in Unix milliseconds.
    pub from_ms: Option<u64>,
    /// No time is after this one, in Unix milliseconds.
    pub until_ms: Option<u64>,
    /// Each time is put off by up to so many milliseconds. By how much is not the rule's: its times are those before that.
    pub jitter_ms: u64,
}

impl Rule {
    /// Without bounds.
    pub fn new(timing: Timing) -> Self {
        Self { timing, from_ms: None, until_ms: None, jitter_ms: 0 }
    }

    /// The first time after `after_ms`.
    pub fn next_after(&self, after_ms: u64) -> Option<u64> {
        let after_ms = self.from_ms.map_or(after_ms, |from| after_ms.max(from.saturating_sub(1)));
        let next = match &self.timing {
            Timing::Cron(cron, zone) => next_by_cron(cron, &zone.zone, after_ms),
            Timing::Every { every_ms, anchor_ms } => {
                u64::try_from(last_of(*every_ms, *anchor_ms, after_ms) + i128::from(*every_ms)).ok()
            }
            Timing::At(at) => Some(*at).filter(|at| *at > after_ms),
            Timing::OnStart => None,
        };
        next.filter(|next| self.until_ms.is_none_or(|until| *next <= until))
    }

    /// The last time that is not after `now_ms`.
    pub fn last_by(&self, now_ms: u64) -> Option<u64> {
        let now_ms = self.until_ms.map_or(now_ms, |until| now_ms.min(until));
        let last = match &self.timing {
            Timing::Cron(cron, zone) => last_by_cron(cron, &zone.zone, now_ms),
            Timing::Every { every_ms, anchor_ms } => {
                u64::try_from(last_of(*every_ms, *anchor_ms, now_ms)).ok()
            }
            Timing::At(at) => Some(*at).filter(|at| *at <= now_ms),
            Timing::OnStart => None,
        };
        last.filter(|last| self.from_ms.is_none_or(|from| *last >= from))
    }

    /// The times after `after_ms`, in order.
    pub fn times_after(&self, after_ms: u64) -> impl Iterator<Item = u64> + '_ {
        std::iter::successors(self.next_after(after_ms), |last| self.next_after(*last))
    }

    /// Whether a time is within its bounds.
    pub fn admits(&self, ms: u64) -> bool {
        self.from_ms.is_none_or(|from| ms >= from) && self.until_ms.is_none_or(|until| ms <= until)
    }

    /// Whether it goes by the zone that the machine is in.
    pub fn is_local(&self) -> bool {
        matches!(&self.timing, Timing::Cron(_, zone) if zone.is_local)
    }
}

/// The last time of an interval that is not after `ms`; it may be before 1970.
fn last_of(every_ms: u64, anchor_ms: u64, ms: u64) -> i128 {
    let [every, anchor, ms] = [every_ms, anchor_ms, ms].map(i128::from);
    anchor + (ms - anchor).div_euclid(every) * every
}

pub(crate) fn timestamp(ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()
}

fn unix_ms(time: Timestamp) -> Option<u64> {
    u64::try_from(time.as_millisecond()).ok()
}

/// When the clock on the wall shows this for the first time; where it never does, when it first shows something later.
pub(crate) fn instant(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
        AmbiguousOffset::Gap { after, .. } => {
            // By the later offset it was before the change.
            let before = after.to_timestamp(local).ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
    }
}

// As clocks go on, so do the instants of what they show: those of later wall times are never earlier. So the first match whose
// instant is late enough is the next time.

fn next_by_cron(cron: &Cron, zone: &TimeZone, after_ms: u64) -> Option<u64> {
    let after = timestamp(after_ms)?;
    let mut local = zone.to_datetime(after);
    loop {
        local = cron.at_or_after(local)?;
        let found = unix_ms(instant(zone, local)?)?;
        if found > after_ms {
            return Some(found);
        }
        local = local.checked_add(jiff::Span::new().minutes(1)).ok()?;
    }
}

fn last_by_cron(cron: &Cron, zone: &TimeZone, now_ms: u64) -> Option<u64> {
    let mut local = zone.to_datetime(timestamp(now_ms)?);
    // What comes twice was there the first time up to the end of it.
    if let AmbiguousOffset::Fold { before, after } = zone.to_ambiguous_timestamp(local).offset() {
        let twice = i64::from(before.seconds()) - i64::from(after.seconds());
        local = local.checked_add(jiff::Span::new().seconds(twice)).ok()?;
    }
    loop {
        local = cron.at_or_before(local)?;
        let found = unix_ms(instant(zone, local)?)?;
        if found <= now_ms {
            return Some(found);
        }
        local = local.checked_sub(jiff::Span::new().minutes(1)).ok()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zones;

    fn rule(line: &str, zone: &str) -> Rule {
        let zone = Zones::built_in().get(zone).expect("a zone");
        Rule::new(Timing::Cron(Cron::parse(line).expect("a line"), zone))
    }

    fn ms(time: &str) -> u64 {
        unix_ms(time.parse().expect("a time")).expect("after 1970")
    }

    fn times(rule: &Rule, from: &str, count: usize) -> Vec<String> {
        let text = |ms| timestamp(ms).expect("a time").to_string();
        rule.times_after(ms(from)).take(count).map(text).collect()
    }

    #[test]
    fn a_time_that_is_left_out_is_due_right_after_the_gap() {
        // In Berlin 02:00 to 03:00 on 29 March 2026 are not there.
        let nightly = rule("30 2 * * *", "Europe/Berlin");
        assert_eq!(
            times(&nightly, "2026-03-28T00:00:00Z", 3),
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        );
        let often = rule("*/20 * * * *", "Europe/Berlin");
        assert_eq!(
            times(&often, "2026-03-29T00:30:00Z", 3),
            ["2026-03-29T00:40:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z"],
            "all that was left out, and what is due then, is one"
        );
        assert_eq!(nightly.last_by(ms("2026-03-29T00:59:59Z")), Some(ms("2026-03-28T01:30:00Z")));
        assert_eq!(nightly.last_by(ms("2026-03-29T01:00:00Z")), Some(ms("2026-03-29T01:00:00Z")));
        // Samoa had no 30 December 2011 at all.
        let samoa = rule("0 12 * * *", "Pacific/Apia");
        assert_eq!(
            times(&samoa, "2011-12-29T00:00:00Z", 3),
            ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"]
        );
    }

    #[test]
    fn a_time_that_comes_twice_is_due_the_first_time() {
        // In Berlin 02:00 to 03:00 on 25 October 2026 are there twice.
        let nightly = rule("30 2 * * *", "Europe/Berlin");
        assert_eq!(
            times(&nightly, "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        for now in
            ["2026-10-25T00:30:00Z", "2026-10-25T01:15:00Z", "2026-10-25T01:45:00Z", "2026-10-25T12:00:00Z"]
        {
            assert_eq!(nightly.last_by(ms(now)), Some(ms("2026-10-25T00:30:00Z")), "{now}");
        }
        assert_eq!(nightly.next_after(ms("2026-10-25T01:15:00Z")), Some(ms("2026-10-26T01:30:00Z")));
    }

    #[test]
    fn intervals_are_elapsed_time() {
        let every = Rule::new(Timing::Every { every_ms: 90, anchor_ms: 1_000 });
        assert_eq!(every.next_after(1_000), Some(1_090));
        assert_eq!(every.next_after(1_089), Some(1_090));
        assert_eq!(every.last_by(1_179), Some(1_090));
        // What they are counted from is one of their times, and not the first.
        assert_eq!([0, 9, 10, 999].map(|ms| every.next_after(ms)), [10, 10, 100, 1_000].map(Some));
        assert_eq!([9, 10, 999].map(|ms| every.last_by(ms)), [None, Some(10), Some(910)]);
        assert_eq!((every.count(0, 1_000), every.count(10, 1_000), every.count(1_000, 1_180)), (12, 11, 2));
        let once = Rule::new(Timing::At(5));
        assert_eq!((once.next_after(4), once.next_after(5), once.last_by(9)), (Some(5), None, Some(5)));
        assert_eq!(Rule::new(Timing::OnStart).next_after(0), None);
    }

    #[test]
    fn bounds_hold_at_both_ends() {
        let every = Timing::Every { every_ms: 10, anchor_ms: 0 };
        let rule = Rule { from_ms: Some(20), until_ms: Some(40), ..Rule::new(every) };
        assert_eq!(rule.times_after(0).collect::<Vec<_>>(), [20, 30, 40]);
        assert_eq!((rule.last_by(19), rule.last_by(25), rule.last_by(99)), (None, Some(20), Some(40)));
        assert_eq!([19, 20, 40, 41].map(|ms| rule.admits(ms)), [false, true, true, false]);
    }
}
