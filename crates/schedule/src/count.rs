//! How many times of a rule are within a span, without going from one to the next: a line of every minute has half a million a year.

use crate::rule::timestamp;
use crate::{Cron, Rule, Timing};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

const MINUTES_OF_DAY: u32 = 24 * 60;

impl Rule {
    /// How many times are after `after_ms` and not after `until_ms`.
    pub fn count(&self, after_ms: u64, until_ms: u64) -> u64 {
        let after_ms = self.from_ms.map_or(after_ms, |from| after_ms.max(from.saturating_sub(1)));
        let until_ms = self.until_ms.map_or(until_ms, |until| until_ms.min(until));
        if until_ms <= after_ms {
            return 0;
        }
        match &self.timing {
            Timing::Cron(cron, zone) => of_cron(cron, &zone.zone, after_ms, until_ms).unwrap_or(0),
            Timing::Every { every_ms, anchor_ms } => {
                let [every, anchor, after, until] =
                    [*every_ms, *anchor_ms, after_ms, until_ms].map(i128::from);
                let by = |ms: i128| (ms - anchor).div_euclid(every);
                u64::try_from(by(until) - by(after)).unwrap_or(0)
            }
            Timing::At(at) => u64::from(*at > after_ms && *at <= until_ms),
            Timing::OnStart => 0,
        }
    }
}

/// All that the clock on the wall shows in between for the first time; what falls together where clocks go forward is one.
fn of_cron(cron: &Cron, zone: &TimeZone, after_ms: u64, until_ms: u64) -> Option<u64> {
    let (after, until) = (timestamp(after_ms)?, timestamp(until_ms).unwrap_or(Timestamp::MAX));
    let nano = Span::new().nanoseconds(1);
    let (from, end) =
        (shown_by(zone, after)?.checked_add(nano).ok()?, shown_by(zone, until)?.checked_add(nano).ok()?);
    let mut count = cron.count(from, end);
    for change in zone.following(after).map(|change| change.timestamp()).take_while(|at| *at <= until) {
        let old = zone.to_offset(change.checked_sub(nano).ok()?).to_datetime(change);
        let new = zone.to_offset(change).to_datetime(change);
        if old < new {
            let left_out = cron.count(old, new);
            let due_then = cron.count(new, new.checked_add(nano).ok()?);
            count -= (left_out + due_then).saturating_sub(1).min(left_out);
        }
    }
    Some(count)
}

/// The last that the clock on the wall had shown for the first time by then.
fn shown_by(zone: &TimeZone, time: Timestamp) -> Option<DateTime> {
    let local = zone.to_datetime(time);
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Fold { after, .. } if zone.to_offset(time) == after => {
            // It shows all this for the second time, up to where it was set back from.
            let set_back =
                zone.preceding(time.checked_add(Span::new().nanoseconds(1)).ok()?).next()?.timestamp();
            let just_before = set_back.checked_sub(Span::new().nanoseconds(1)).ok()?;
            Some(zone.to_datetime(just_before))
        }
        _ => Some(local),
    }
}

impl Cron {
    /// How often it is within this span of what a clock shows, `end` excluded.
    fn count(&self, from: DateTime, end: DateTime) -> u64 {
        let whole = self.before(MINUTES_OF_DAY);
        let mut count = 0;
        let mut date = from.date();
        while date <= end.date() {
            if self.has_date(date) {
                let first = if date == from.date() { self.before(minute(from)) } else { 0 };
                let last = if date == end.date() { self.before(minute(end)) } else { whole };
                count += u64::from(last.saturating_sub(first));
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        count
    }

    /// How often it is on one of its days before this minute of the day.
    fn before(&self, minute: u32) -> u32 {
        let (hour, rest) = (minute / 60, minute % 60);
        let of_hour = self.minutes.count_ones();
        let below = |n: u32| (1_u64 << n) - 1;
        let begun = if self.hours & (1 << hour) != 0 { (self.minutes & below(rest)).count_ones() } else { 0 };
        (self.hours & below(hour)).count_ones() * of_hour + begun
    }
}

/// The first minute of the day that begins then or later.
fn minute(time: DateTime) -> u32 {
    let begun = u32::from(time.second() > 0 || time.subsec_nanosecond() > 0);
    time.hour() as u32 * 60 + time.minute() as u32 + begun
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zones;

    #[test]
    fn intervals_and_bounds_are_counted_as_they_are_gone_through() {
        let utc = Zones::built_in().get("UTC").expect("known");
        let timings = [
            Timing::Every { every_ms: 90, anchor_ms: 1_000 },
            Timing::At(1_180),
            Timing::OnStart,
            Timing::Cron(Cron::parse("* * * * *").expect("a line"), utc),
        ];
        for timing in timings {
            for (from_ms, until_ms) in [(None, None), (Some(1_090), Some(1_180)), (Some(70_000), None)] {
                let rule = Rule { from_ms, until_ms, ..Rule::new(timing.clone()) };
                for after in [0, 999, 1_000, 1_089, 1_090, 59_999, 60_000] {
                    for until in [0, 999, 1_000, 1_180, 60_000, 200_000] {
                        let gone_through = rule.times_after(after).take_while(|time| *time <= until).count();
                        assert_eq!(rule.count(after, until), gone_through as u64, "{rule:?} {after} {until}");
                    }
                }
            }
        }
    }
}
