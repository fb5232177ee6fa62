//! What a person would not expect of a rule: that it does not run, times that clock changes leave out or bring twice, days that
//! few months have.

use crate::words::{ALL_DAYS, ALL_WEEKDAYS, WEEKDAYS, date, length, listed, months, of_month};
use crate::{Cron, Rule, Timing};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Clock changes that are told of; zones have two a year.
const TOLD: usize = 4;
/// Times of a line among which the nearest are looked for.
const COMPARED: usize = 1_500;
/// In the calendar of so many, each month has begun on each day of the week.
const MONTHS_LOOKED_AT: usize = 40 * 12;

impl Rule {
    /// Sentences on the time from `from_ms` up to `until_ms`, as far as it is within the rule's bounds.
    pub fn warnings(&self, from_ms: u64, until_ms: u64) -> Vec<String> {
        let from_ms = self.from_ms.map_or(from_ms, |from| from.max(from_ms));
        let until_ms = self.until_ms.map_or(until_ms, |until| until.min(until_ms));
        let mut reported = match &self.timing {
            Timing::Cron(cron, zone) => {
                let mut reported = changes(cron, &zone.zone, from_ms, until_ms);
                let last = self.until_ms.map(|until| date_at(&zone.zone, until));
                reported.extend(rare_days(cron, date_at(&zone.zone, from_ms), last));
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

    /// A sentence on why it does not run, if that is so.
    pub fn never(&self, now_ms: u64) -> Option<&'static str> {
        let ended = self.until_ms.is_some_and(|until| until <= now_ms);
        match self.timing {
            // It may have run then.
            Timing::At(at) if at <= now_ms => Some("This time is past: it does not run again."),
            _ if ended => Some("Its end is past: it does not run again."),
            // No clock tells when it starts.
            Timing::OnStart => None,
            _ if self.next_after(now_ms).is_some() => None,
            _ if self.next_after(0).is_some() => {
                Some("It has no time left before its end: it does not run again.")
            }
            Timing::At(_) | Timing::Cron(..) | Timing::Every { .. } => {
                Some("It has no time between its beginning and its end: it never runs.")
            }
        }
    }
}

fn time(ms: u64) -> Timestamp {
    let ms = i64::try_from(ms).ok();
    ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

fn date_at(zone: &TimeZone, ms: u64) -> Date {
    zone.to_datetime(time(ms)).date()
}

fn changes(cron: &Cron, zone: &TimeZone, from_ms: u64, until_ms: u64) -> Vec<String> {
    // One at the first or the last moment counts.
    let (from, until) = (time(from_ms.saturating_sub(1)), time(until_ms));
    let changes = zone.following(from).map(|change| change.timestamp()).take_while(|at| *at <= until);
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

/// Of the months from the one of `first` to the one of `last`, if there is a last one.
fn rare_days(cron: &Cron, first: Date, last: Option<Date>) -> Option<String> {
    let in_line = |month: &Date| cron.months & (1 << month.month()) != 0;
    let all =
        std::iter::successors(Some(first.first_of_month()), |month| month.last_of_month().tomorrow().ok());
    let all = all.take_while(|month| last.is_none_or(|last| *month <= last));
    let looked_at: Vec<Date> = all.take(MONTHS_LOOKED_AT).filter(in_line).collect();
    rare_days_of_month(cron, &looked_at).or_else(|| fifth_weekdays(cron, &looked_at))
}

fn rare_days_of_month(cron: &Cron, looked_at: &[Date]) -> Option<String> {
    let first = |set: u64| (0..=31).find(|day| set & (1 << day) != 0);
    let (day, from_end) = (first(cron.days), first(cron.days_from_end));
    // A shorter month has none of the days.
    let has_none =
        |length: u32| day.is_none_or(|day| length < day) && from_end.is_none_or(|before| length <= before);
    let all_weekdays = cron.names_weekdays && cron.weekdays == ALL_WEEKDAYS;
    if !cron.names_days || all_weekdays || !looked_at.iter().any(|month| has_none(length_of(*month))) {
        return None;
    }
    // Of a line without days of the week, which is refused then.
    let in_line = (1..=12_i8).filter(|month| cron.months & (1 << month) != 0);
    let longest = in_line.map(|month| length_of(Date::constant(LEAP_YEAR, month, 1))).max()?;
    if cron.names_weekdays && has_none(longest) {
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

fn fifth_weekdays(cron: &Cron, looked_at: &[Date]) -> Option<String> {
    const FIFTH: u64 = 1 << 5;
    let others = cron.nth_weekdays.iter().any(|nth| nth & !FIFTH != 0);
    let every_day = cron.runs_on_either() && cron.days == ALL_DAYS;
    if others || cron.weekdays != 0 || cron.last_weekdays != 0 || every_day {
        return None;
    }
    let days: Vec<usize> = (0..7).filter(|day| cron.nth_weekdays[*day] & FIFTH != 0).collect();
    // A weekday comes five times where it is one of the days behind the 28th.
    let has_none = |month: &Date| {
        let begins = month.weekday().to_sunday_zero_offset() as usize;
        let five_times = length_of(*month) as usize - 28;
        !days.iter().any(|day| (day + 7 - begins) % 7 < five_times)
    };
    if !looked_at.iter().any(has_none) {
        return None;
    }
    let month = match cron.months.is_power_of_two() {
        true => months(cron),
        false => "month".to_owned(),
    };
    let names = |one: fn(&str) -> String, word| {
        listed(&days.iter().map(|day| one(WEEKDAYS[*day])).collect::<Vec<_>>(), word)
    };
    let fifth = names(|day| format!("a fifth {day}"), "or");
    let last = names(|day| format!("{}L", day[..3].to_lowercase()), "and");
    let are = if days.len() == 1 { "is the last one" } else { "are the last ones" };
    Some(format!("Not every {month} has {fifth}; {last} {are}."))
}

/// Among months.
const FEBRUARY: u64 = 1 << 2;
const LEAP_YEAR: i16 = 2000;

fn length_of(month: Date) -> u32 {
    month.days_in_month() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zones;

    /// All of 2026.
    fn warnings(line: &str, zone: &str) -> Vec<String> {
        within(line, zone, None, None)
    }

    /// All of 2026, within bounds.
    fn within(line: &str, zone: &str, from: Option<&str>, until: Option<&str>) -> Vec<String> {
        let zone = Zones::built_in().get(zone).expect("known");
        let timing = Timing::Cron(Cron::parse(line).expect("a line"), zone);
        let ms = |time: &str| {
            let time: Timestamp = time.parse().expect("a time");
            u64::try_from(time.as_millisecond()).expect("after 1970")
        };
        let rule = Rule { from_ms: from.map(ms), until_ms: until.map(ms), ..Rule::new(timing) };
        rule.warnings(1_767_225_600_000, 1_798_761_600_000)
    }

    #[test]
    fn nothing_is_told_of_what_is_outside_the_bounds() {
        let berlin = |from, until| within("30 2 * * *", "Europe/Berlin", from, until);
        let count = |from, until| berlin(from, until).len();
        assert_eq!(count(Some("2025-01-01T00:00:00Z"), Some("2027-01-01T00:00:00Z")), 2);
        assert_eq!(count(None, Some("2026-02-01T00:00:00Z")), 0);
        assert_eq!(count(Some("2026-11-01T00:00:00Z"), None), 0);
        assert!(berlin(Some("2026-06-01T00:00:00Z"), None)[0].starts_with("On 25 October 2026"));
        // The change itself is a time.
        assert_eq!(count(None, Some("2026-03-29T01:00:00Z")), 1);
        assert_eq!(count(None, Some("2026-03-29T00:59:59Z")), 0);
        assert_eq!(count(Some("2026-03-29T01:00:00Z"), Some("2026-06-01T00:00:00Z")), 1);
        for (line, from, until, warned) in [
            ("0 4 31 * *", "2026-01-01T00:00:00Z", "2026-01-31T23:00:00Z", false),
            ("0 4 31 * *", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", true),
            ("0 4 31 * *", "2026-07-01T00:00:00Z", "2026-08-31T00:00:00Z", false),
            ("0 4 29 * *", "2028-01-01T00:00:00Z", "2028-12-31T00:00:00Z", false),
            ("0 4 29 2 *", "2028-02-29T00:00:00Z", "2028-12-31T00:00:00Z", false),
            ("0 4 * * fri#5", "2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z", false),
            ("0 4 * * fri#5", "2026-01-01T00:00:00Z", "2026-02-28T00:00:00Z", true),
        ] {
            let said = within(line, "UTC", Some(from), Some(until));
            assert_eq!(!said.is_empty(), warned, "{line} {from} {until}: {said:?}");
        }
    }

    #[test]
    fn a_fifth_weekday_that_not_every_month_has_is_told() {
        for (line, said) in [
            ("0 0 * * fri#5", "Not every month has a fifth Friday; friL is the last one."),
            ("0 9 * 2 mon#5", "Not every February has a fifth Monday; monL is the last one."),
            ("0 0 15 * fri#5", "Not every month has a fifth Friday; friL is the last one."),
            (
                "0 0 * 1,3 sun#5,sat#5",
                "Not every month has a fifth Sunday or a fifth Saturday; sunL and satL are the last ones.",
            ),
            // In January of 2027 alone of the years to come soon the fifth ones are the other three.
            (
                "0 0 * 1 mon#5,tue#5,wed#5,thu#5",
                "Not every January has a fifth Monday, a fifth Tuesday, a fifth Wednesday or a fifth Thursday; monL, tueL, wedL and thuL are the last ones.",
            ),
        ] {
            assert_eq!(warnings(line, "UTC"), [said], "{line}");
        }
        for line in [
            "0 0 * * fri#4",
            "0 0 * * fri#5,fri#1",
            "0 0 * * fri#5,friL",
            "0 0 * * fri#5,mon",
            "0 0 1-31 * fri#5",
            "0 0 * 1 mon#5,tue#5,wed#5,thu#5,fri#5",
        ] {
            assert_eq!(warnings(line, "UTC"), [""; 0], "{line}");
        }
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
    fn a_rule_without_a_time_to_come_is_told_that_it_does_not_run() {
        const NOW: u64 = 1_767_225_600_000;
        let never =
            |timing: Timing, from_ms, until_ms| Rule { from_ms, until_ms, ..Rule::new(timing) }.never(NOW);
        let past = Some("This time is past: it does not run again.");
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
            // It is due right then.
            let left = Some("It has no time left before its end: it does not run again.");
            assert_eq!(never(timing.clone(), None, Some(NOW + 59_999)), left);
            assert_eq!(never(timing, Some(NOW + 1), Some(NOW + 59_999)), outside);
        }
        assert_eq!(never(every(), None, Some(NOW + 60_000)), None);
        for timing in [yearly(), every(), Timing::OnStart] {
            let ended = Some("Its end is past: it does not run again.");
            assert_eq!(never(timing, None, Some(NOW - 1)), ended);
        }
        assert_eq!(never(Timing::OnStart, None, None), None);
    }
}
