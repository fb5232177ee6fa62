//! What a person would not expect of a rule: that it never runs, times that clock changes leave out or bring twice, days that
//! few months have.

use crate::words::{date, length, months, of_month};
use crate::{Cron, Rule, Timing};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Clock changes that are told of; zones have two a year.
const TOLD: usize = 4;
/// Times of a line among which the nearest are looked for.
const COMPARED: usize = 1_500;

impl Rule {
    /// Sentences on the time from `from_ms` up to `until_ms`.
    pub fn warnings(&self, from_ms: u64, until_ms: u64) -> Vec<String> {
        let mut reported = match &self.timing {
            Timing::Cron(cron, zone) => {
                let mut reported = changes(cron, &zone.zone, from_ms, until_ms);
                reported.extend(rare_days(cron));
                reported
            }
            Timing::Every { .. } | Timing::At(_) | Timing::OnStart => vec![],
        };
        reported.extend(self.swallowed(from_ms, until_ms));
        reported
    }

    /// A time that is put off beyond the next one comes together with it.
    fn swallowed(&self, from_ms: u64, until_ms: u64) -> Option<String> {
        if self.jitter_ms == 0 {
            return None;
        }
        let times: Vec<u64> =
            self.times_after(from_ms).take_while(|time| *time <= until_ms).take(COMPARED).collect();
        let nearest = times.windows(2).map(|pair| pair[1] - pair[0]).min()?;
        let (jitter, apart) = (length(self.jitter_ms), length(nearest));
        (self.jitter_ms > nearest).then(|| format!("It is put off by up to {jitter}, and its times are {apart} apart: those that come together are dealt with as missed ones."))
    }

    /// A sentence on why it does not run any more, if that is so.
    pub fn never(&self, now_ms: u64) -> Option<&'static str> {
        let ended = self.until_ms.is_some_and(|until| until <= now_ms);
        match self.timing {
            Timing::At(at) if at <= now_ms => Some("This time is past: it never runs."),
            _ if ended => Some("Its end is past: it never runs."),
            // No clock tells when it starts.
            Timing::OnStart => None,
            Timing::At(_) | Timing::Cron(..) | Timing::Every { .. } => self
                .next_after(now_ms)
                .is_none()
                .then_some("It has no time between its beginning and its end: it never runs."),
        }
    }
}

fn time(ms: u64) -> Timestamp {
    let ms = i64::try_from(ms).ok();
    ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

fn changes(cron: &Cron, zone: &TimeZone, from_ms: u64, until_ms: u64) -> Vec<String> {
    let (from, until) = (time(from_ms), time(until_ms));
    let changes = zone.following(from).map(|change| change.timestamp()).take_while(|at| *at < until);
    changes.filter_map(|at| change(cron, zone, at)).take(TOLD).collect()
}

/// What a change of the clocks at this instant does to the times of the line, if anything.
fn change(cron: &Cron, zone: &TimeZone, at: Timestamp) -> Option<String> {
    let just_before = at.checked_sub(Span::new().nanoseconds(1)).ok()?;
    let (before, after) = (zone.to_offset(just_before), zone.to_offset(at));
    let (old, new) = (before.to_datetime(at), after.to_datetime(at));
    let clock = |time: DateTime| time.strftime("%H:%M").to_string();
    let (first, end) = if old < new { (old, new) } else { (new, old) };
    let hit = cron.at_or_after(first).filter(|hit| *hit < end)?;
    let day = date(hit.date());
    let many = hit.checked_add(Span::new().minutes(1)).ok().and_then(|next| cron.at_or_after(next));
    let what = match many {
        Some(next) if next < end => format!("the times from {} to {}", clock(first), clock(end)),
        _ => clock(hit),
    };
    Some(if old < new {
        let on = if new.date() == hit.date() { String::new() } else { format!("on {} ", date(new.date())) };
        format!("On {day} clocks go forward and leave out {what}: it runs once, {on}at {}.", clock(new))
    } else {
        format!("On {day} clocks go back and show {what} twice: it runs the first time only.")
    })
}

fn rare_days(cron: &Cron) -> Option<String> {
    let first = |set: u64| (0..=31).find(|day| set & (1 << day) != 0);
    let (day, from_end) = (first(cron.days), first(cron.days_from_end));
    // A shorter month has none of the days.
    let has_none = |month: &u32| {
        let length = length_of(*month);
        day.is_none_or(|day| length < day) && from_end.is_none_or(|before| length <= before)
    };
    let in_line = |month: &u32| cron.months & (1 << month) != 0;
    let all_weekdays = cron.names_weekdays && cron.weekdays == ALL_WEEKDAYS;
    if !cron.names_days || all_weekdays || !(1..=12).filter(in_line).any(|month| has_none(&month)) {
        return None;
    }
    // Of a line without days of the week, which is refused then.
    let longest =
        (1..=12).filter(in_line).map(|month| length_of(month).max(if month == 2 { 29 } else { 0 })).max()?;
    if cron.names_weekdays
        && day.is_none_or(|day| longest < day)
        && from_end.is_none_or(|before| longest <= before)
    {
        let days = of_month(cron)?;
        return Some(format!(
            "It never runs on {days} of {}: there is no such day. Only the day of the week counts.",
            months(cron)
        ));
    }
    if let Some(before) = from_end {
        let day = day.map(|day| format!("a day {day} or ")).unwrap_or_default();
        return Some(format!("Not every month has {day}a day {before} days before its last one."));
    }
    let least = day?;
    Some(if cron.months == FEBRUARY {
        // A later day is none of any year, and such a line is refused.
        "29 February comes in leap years only.".to_owned()
    } else if least == 29 {
        "29 February comes in leap years only; L stands for the last day of a month.".to_owned()
    } else {
        format!("Not every month has a day {least}; L stands for the last one.")
    })
}

const ALL_WEEKDAYS: u64 = (1 << 7) - 1;
/// Among months.
const FEBRUARY: u64 = 1 << 2;

/// In the shortest year.
fn length_of(month: u32) -> u32 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zones;

    /// All of 2026.
    fn warnings(line: &str, zone: &str) -> Vec<String> {
        let zone = Zones::built_in().get(zone).expect("known");
        let rule = Rule::new(Timing::Cron(Cron::parse(line).expect("a line"), zone));
        rule.warnings(1_767_225_600_000, 1_798_761_600_000)
    }

    #[test]
    fn changes_of_the_clock_that_matter_are_told() {
        assert_eq!(
            warnings("30 2 * * *", "Europe/Berlin"),
            [
                "On 29 March 2026 clocks go forward and leave out 02:30: it runs once, at 03:00.",
                "On 25 October 2026 clocks go back and show 02:30 twice: it runs the first time only.",
            ]
        );
        assert_eq!(
            warnings("*/10 * * * *", "America/New_York"),
            [
                "On 8 March 2026 clocks go forward and leave out the times from 02:00 to 03:00: it runs once, at 03:00.",
                "On 1 November 2026 clocks go back and show the times from 01:00 to 02:00 twice: it runs the first time only.",
            ]
        );
        assert_eq!(warnings("30 3 * * *", "Europe/Berlin"), [""; 0]);
        assert_eq!(warnings("30 2 * * mon-fri", "Europe/Berlin"), [""; 0], "both are Sundays");
        assert_eq!(warnings("30 2 * * *", "UTC"), [""; 0]);
    }

    #[test]
    fn a_gap_across_midnight_is_told_with_both_days() {
        assert_eq!(
            warnings("30 23 * * *", "America/Nuuk")[0],
            "On 28 March 2026 clocks go forward and leave out 23:30: it runs once, on 29 March 2026 at 00:00."
        );
        let apia = Zones::built_in().get("Pacific/Apia").expect("known");
        let noon = Rule::new(Timing::Cron(Cron::parse("0 12 * * *").expect("a line"), apia));
        // The end of 2011.
        assert_eq!(
            noon.warnings(1_322_697_600_000, 1_325_376_000_000),
            [
                "On 30 December 2011 clocks go forward and leave out 12:00: it runs once, on 31 December 2011 at 00:00."
            ]
        );
    }

    #[test]
    fn a_day_that_never_comes_beside_days_of_the_week_is_told() {
        for (line, days) in [
            ("0 0 31 2 mon", "the 31st of February"),
            ("0 0 30 feb fri", "the 30th of February"),
            ("0 0 31 4,6,9,11 sun", "the 31st of April, June, September and November"),
            ("0 0 L-29 2 fri#2", "the day 29 days before the last of February"),
        ] {
            let said =
                format!("It never runs on {days}: there is no such day. Only the day of the week counts.");
            assert_eq!(warnings(line, "UTC"), [said], "{line}");
        }
        assert_eq!(
            warnings("0 0 31 * fri", "UTC"),
            ["Not every month has a day 31; L stands for the last one."]
        );
        assert_eq!(warnings("0 0 29 2 mon", "UTC"), ["29 February comes in leap years only."]);
        for line in ["0 0 31 2 0-6", "0 0 31 1 mon", "0 0 31 * mon-sun", "0 0 * 2 mon"] {
            assert_eq!(warnings(line, "UTC"), [""; 0], "{line}");
        }
    }

    #[test]
    fn jitter_beyond_the_next_time_is_told() {
        const NOW: u64 = 1_767_225_600_000;
        const HOUR: u64 = 3_600_000;
        let utc = Zones::built_in().get("UTC").expect("known");
        let cron = |line: &str| Timing::Cron(Cron::parse(line).expect("a line"), utc.clone());
        let every = |every_ms| Timing::Every { every_ms, anchor_ms: 0 };
        for (timing, jitter_ms, said) in [
            (every(1_000), 5_000, Some(("5 seconds", "1 second"))),
            (cron("* * * * *"), HOUR, Some(("1 hour", "1 minute"))),
            (cron("0,10 3 * * *"), HOUR, Some(("1 hour", "10 minutes"))),
            (cron("0 3 * * *"), HOUR, None),
            (every(HOUR), HOUR, None),
            (Timing::At(NOW + 1), HOUR, None),
            (Timing::OnStart, HOUR, None),
        ] {
            let rule = Rule { jitter_ms, ..Rule::new(timing) };
            let said = said.map(|(jitter, apart)| {
                format!("It is put off by up to {jitter}, and its times are {apart} apart: those that come together are dealt with as missed ones.")
            });
            assert_eq!(rule.warnings(NOW, NOW + 365 * 24 * HOUR), Vec::from_iter(said), "{rule:?}");
        }
    }

    #[test]
    fn days_that_not_every_month_has_are_told() {
        assert_eq!(
            warnings("0 4 31 * *", "UTC"),
            ["Not every month has a day 31; L stands for the last one."]
        );
        assert_eq!(
            warnings("0 4 30 1,2 *", "UTC"),
            ["Not every month has a day 30; L stands for the last one."]
        );
        for line in ["0 0 29 2 *", "0 0 29,30 feb *"] {
            assert_eq!(warnings(line, "UTC"), ["29 February comes in leap years only."], "{line}");
        }
        assert_eq!(
            warnings("0 0 29 * *", "UTC"),
            ["29 February comes in leap years only; L stands for the last day of a month."]
        );
        for (line, before) in [("0 4 L-30 * *", 30), ("0 4 L-29 * *", 29), ("0 4 L-28,L-30 2,3 *", 28)] {
            let said = format!("Not every month has a day {before} days before its last one.");
            assert_eq!(warnings(line, "UTC"), [said], "{line}");
        }
        assert_eq!(
            warnings("0 4 31,L-30 * *", "UTC"),
            ["Not every month has a day 31 or a day 30 days before its last one."]
        );
        for line in ["0 4 L-30 1,3 *", "0 4 L-27 * *", "0 4 L-30,15 * *", "0 4 L-29 4 *"] {
            assert_eq!(warnings(line, "UTC"), [""; 0], "{line}");
        }
        for line in ["0 4 31 1,3 *", "0 4 L * *", "0 4 28 * *", "0 4 31,L * *", "0 4 1,31 * *"] {
            assert_eq!(warnings(line, "UTC"), [""; 0], "{line}");
        }
    }

    #[test]
    fn a_rule_without_a_time_to_come_is_told_that_it_never_runs() {
        const NOW: u64 = 1_767_225_600_000;
        let never =
            |timing: Timing, from_ms, until_ms| Rule { from_ms, until_ms, ..Rule::new(timing) }.never(NOW);
        let past = Some("This time is past: it never runs.");
        assert_eq!(never(Timing::At(5), None, None), past);
        assert_eq!(never(Timing::At(NOW), None, Some(NOW + 9)), past);
        assert_eq!(never(Timing::At(NOW + 5), None, None), None);
        let outside = Some("It has no time between its beginning and its end: it never runs.");
        assert_eq!(never(Timing::At(NOW + 5), None, Some(NOW + 4)), outside);
        assert_eq!(never(Timing::At(NOW + 5), Some(NOW + 6), None), outside);
        let utc = Zones::built_in().get("UTC").expect("known");
        let yearly = || Timing::Cron(Cron::parse("@yearly").expect("a line"), utc.clone());
        let every = || Timing::Every { every_ms: 60_000, anchor_ms: NOW };
        for timing in [yearly(), every()] {
            assert_eq!(never(timing, None, Some(NOW + 59_999)), outside);
        }
        assert_eq!(never(every(), None, Some(NOW + 60_000)), None);
        for timing in [yearly(), every(), Timing::OnStart] {
            assert_eq!(never(timing, None, Some(NOW - 1)), Some("Its end is past: it never runs."));
        }
        assert_eq!(never(Timing::OnStart, None, None), None);
    }
}
