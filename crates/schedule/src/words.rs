//! A rule in the words of a person: "every weekday at 02:30, Europe/Berlin".

use crate::{Cron, Rule, Timing};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

/// Times of day that are named one by one.
const NAMED_TIMES: usize = 6;
const ALL_MINUTES: u64 = (1 << 60) - 1;
const ALL_HOURS: u64 = (1 << 24) - 1;
pub(crate) const ALL_DAYS: u64 = ((1 << 32) - 1) & !1;
const ALL_MONTHS: u64 = ((1 << 13) - 1) & !1;
pub(crate) const ALL_WEEKDAYS: u64 = (1 << 7) - 1;
const WORKDAYS: u64 = 0b011_1110;
const WEEKEND: u64 = 0b100_0001;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(crate) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const NTH: [&str; 6] = ["", "first", "second", "third", "fourth", "fifth"];

impl Rule {
    /// One phrase. Single times are told as the clock shows them in `local`, and of a cron line in its own zone.
    pub fn words(&self, local: &TimeZone) -> String {
        let clock = match &self.timing {
            Timing::Cron(_, zone) => &zone.zone,
            Timing::Every { .. } | Timing::At(_) | Timing::OnStart => local,
        };
        let mut words = match &self.timing {
            Timing::Cron(cron, zone) => format!("{}, {}", cron_words(cron), zone.words()),
            Timing::Every { every_ms, .. } => format!("every {}", span(*every_ms)),
            Timing::At(at) => format!("once, on {}", moment(*at, local)),
            Timing::OnStart => "whenever Solti's engine starts".to_owned(),
        };
        if self.jitter_ms > 0 {
            words += &format!(", up to {} later", length(self.jitter_ms));
        }
        if let Some(from) = self.from_ms {
            words += &format!(", from {}", moment(from, clock));
        }
        if let Some(until) = self.until_ms {
            words += &format!(", until {}", moment(until, clock));
        }
        words
    }
}

/// As in "29 March 2026 at 02:30".
fn moment(ms: u64, zone: &TimeZone) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let time = zone.to_datetime(time.unwrap_or(Timestamp::MAX));
    let seconds = if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    format!("{} at {}", date(time.date()), time.strftime(seconds))
}

/// As in "29 March 2026".
pub(crate) fn date(date: civil::Date) -> String {
    format!("{} {} {}", date.day(), MONTHS[date.month() as usize - 1], date.year())
}

/// As [`span`], of one unit too: "1 hour".
pub(crate) fn length(ms: u64) -> String {
    let span = span(ms);
    if span.starts_with(|first: char| first.is_ascii_digit()) { span } else { format!("1 {span}") }
}

/// A length of time in the units that make it up: "hour", "2 hours", "1 h 30 min".
fn span(ms: u64) -> String {
    let units = [
        (86_400_000, "day", "d"),
        (3_600_000, "hour", "h"),
        (60_000, "minute", "min"),
        (1_000, "second", "s"),
        (1, "ms", "ms"),
    ];
    let (mut left, mut parts) = (ms, Vec::new());
    for (length, name, short) in units {
        let n = left / length;
        left %= length;
        if n > 0 {
            parts.push((n, name, short));
        }
    }
    match parts[..] {
        [(1, name, short)] if name != short => name.to_owned(),
        [(n, name, short)] if name != short => format!("{n} {name}s"),
        _ => parts.iter().map(|(n, _, short)| format!("{n} {short}")).collect::<Vec<_>>().join(" "),
    }
}

pub(crate) fn listed(parts: &[String], word: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} {word} {last}", all.join(", ")),
    }
}

fn of(set: u64) -> Vec<u32> {
    (0..64).filter(|n| set & (1 << n) != 0).collect()
}

/// The step and the first, if the set goes in equal steps from its first to the end of its range.
fn steps(set: u64, size: u32) -> Option<u32> {
    let all = of(set);
    let [first, second, ..] = all[..] else { return None };
    let step = second - first;
    let even = first == 0 && size.is_multiple_of(step) && all.len() as u32 == size / step;
    (even && all.windows(2).all(|pair| pair[1] - pair[0] == step)).then_some(step)
}

fn cron_words(cron: &Cron) -> String {
    let days = days(cron);
    let (how_often, time_of_day) = times(cron);
    match time_of_day {
        // The day is what the phrase begins with.
        true => format!("{} {how_often}", days.unwrap_or_else(|| "every day".to_owned())),
        false => match days {
            Some(days) => format!("{how_often}, {days}"),
            None => how_often,
        },
    }
}

/// When on a day, and whether it is at times that are named.
fn times(cron: &Cron) -> (String, bool) {
    let (minutes, hours) = (of(cron.minutes), of(cron.hours));
    if minutes.len() * hours.len() <= NAMED_TIMES && hours.len() < 24 {
        let times =
            hours.iter().flat_map(|hour| minutes.iter().map(move |minute| format!("{hour:02}:{minute:02}")));
        return (format!("at {}", listed(&times.collect::<Vec<_>>(), "and")), true);
    }
    let within = || match hours[..] {
        [.., last] if cron.hours == ALL_HOURS => {
            debug_assert_eq!(last, 23);
            String::new()
        }
        [first] => format!(" from {first:02}:00 to {first:02}:59"),
        [first, .., last] if last - first + 1 == hours.len() as u32 => {
            format!(" from {first:02}:00 to {last:02}:59")
        }
        _ => {
            let hours: Vec<_> = hours.iter().map(|hour| format!("{hour:02}")).collect();
            format!(" of the hours {}", listed(&hours, "and"))
        }
    };
    let past = |words: String| match (steps(cron.hours, 24), cron.hours == ALL_HOURS) {
        (_, true) => format!("every hour{words}"),
        (Some(step), _) => format!("every {step} hours{words}, from 00:00 on"),
        _ if hours.len() == 1 => format!("{}{}", words.trim_start(), within()),
        _ => format!("every hour{words}{}", within()),
    };
    let words = if cron.minutes == ALL_MINUTES {
        format!("every minute{}", within())
    } else if let Some(step) = steps(cron.minutes, 60) {
        format!("every {step} minutes{}", within())
    } else {
        let at: Vec<_> = minutes.iter().map(|minute| format!(":{minute:02}")).collect();
        past(format!(" at {}", listed(&at, "and")))
    };
    (words, false)
}

/// "January and July".
pub(crate) fn months(cron: &Cron) -> String {
    let names: Vec<_> = of(cron.months).into_iter().map(|n| MONTHS[n as usize - 1].to_owned()).collect();
    listed(&names, "and")
}

/// On which days; `None` for each.
fn days(cron: &Cron) -> Option<String> {
    let (by_day, by_weekday) = match (of_month(cron), of_week(cron)) {
        // Either is enough, and one of them has every day.
        (None, _) | (_, None) if cron.runs_on_either() => (None, None),
        both => both,
    };
    let months = (cron.months != ALL_MONTHS).then(|| months(cron));
    let days = match (by_day, by_weekday) {
        (None, None) => return months.map(|months| format!("every day in {months}")),
        (Some(day), None) => match months {
            Some(months) => return Some(format!("on {day} of {months}")),
            None => format!("on {day} of every month"),
        },
        (None, Some((weekday, of_month))) => match (of_month, &months) {
            (true, Some(months)) => return Some(format!("{weekday} of {months}")),
            (true, None) => format!("{weekday} of every month"),
            (false, _) => weekday,
        },
        (Some(day), Some((weekday, of_month))) => {
            let month = months.as_deref().unwrap_or("every month");
            if !cron.runs_on_either() {
                return Some(format!("on {day} of {month}, if that day is {}", one_of(&weekday)));
            }
            let weekday = match (of_month, &months) {
                (true, _) => format!("{weekday} of {month}"),
                (false, Some(months)) => format!("{weekday} in {months}"),
                (false, None) => weekday,
            };
            return Some(format!("on {day} of {month} and {weekday}"));
        }
    };
    Some(match months {
        Some(months) => format!("{days} in {months}"),
        None => days,
    })
}

/// "a Monday or Friday" of "every Monday and Friday".
fn one_of(weekdays: &str) -> String {
    let either = weekdays.replace(" and on ", " or ").replace(" and ", " or ");
    match either.strip_prefix("every ") {
        Some(days) => format!("a {days}"),
        None => either.trim_start_matches("on ").to_owned(),
    }
}

/// "the 1st and the last day".
pub(crate) fn of_month(cron: &Cron) -> Option<String> {
    if cron.days == ALL_DAYS {
        return None;
    }
    let mut days: Vec<_> = of(cron.days).into_iter().map(|day| format!("the {}", nth(day))).collect();
    days.extend(of(cron.days_from_end).into_iter().map(|before| match before {
        0 => "the last day".to_owned(),
        1 => "the day before the last".to_owned(),
        n => format!("the day {n} days before the last"),
    }));
    Some(listed(&days, "and"))
}

/// "every weekday", "on the third Friday", and whether it is of the month.
fn of_week(cron: &Cron) -> Option<(String, bool)> {
    let mut of_month = Vec::new();
    for (day, set) in cron.nth_weekdays.iter().enumerate() {
        of_month.extend(of(*set).into_iter().map(|n| format!("the {} {}", NTH[n as usize], WEEKDAYS[day])));
    }
    of_month
        .extend(of(cron.last_weekdays).into_iter().map(|day| format!("the last {}", WEEKDAYS[day as usize])));
    let plain = match cron.weekdays {
        0 => None,
        ALL_WEEKDAYS => return None,
        WORKDAYS => Some("every weekday".to_owned()),
        WEEKEND => Some("every Saturday and Sunday".to_owned()),
        some => {
            // The week begins on Monday.
            let mut days = of(some);
            days.sort_by_key(|day| (day + 6) % 7);
            let names: Vec<_> = days.into_iter().map(|day| WEEKDAYS[day as usize].to_owned()).collect();
            Some(format!("every {}", listed(&names, "and")))
        }
    };
    match (plain, of_month.is_empty()) {
        (None, false) => Some((format!("on {}", listed(&of_month, "and")), true)),
        (Some(plain), false) => Some((format!("{plain} and on {}", listed(&of_month, "and")), true)),
        (Some(plain), true) => Some((plain, false)),
        (None, true) => None,
    }
}

fn nth(day: u32) -> String {
    let ending = match (day % 10, day) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zones;

    #[test]
    fn rules_are_told_as_people_tell_them() {
        for (line, words) in [
            ("30 2 * * mon-fri", "every weekday at 02:30"),
            ("@daily", "every day at 00:00"),
            ("0 6,18 * * *", "every day at 06:00 and 18:00"),
            ("*/5 * * * *", "every 5 minutes"),
            ("* * * * *", "every minute"),
            ("* 3 * * *", "every minute from 03:00 to 03:59"),
            ("*/5 3 * * *", "every 5 minutes from 03:00 to 03:59"),
            ("1-7 3 * * *", "at :01, :02, :03, :04, :05, :06 and :07 from 03:00 to 03:59"),
            ("* 3,7 * * *", "every minute of the hours 03 and 07"),
            ("@hourly", "every hour at :00"),
            ("5,35 * * * sat", "every hour at :05 and :35, every Saturday"),
            ("*/15 9-17 * * mon-fri", "every 15 minutes from 09:00 to 17:59, every weekday"),
            ("10 */2 * * *", "every 2 hours at :10, from 00:00 on"),
            ("0 4 * * sun,mon", "every Monday and Sunday at 04:00"),
            ("0 4 * * sat,sun", "every Saturday and Sunday at 04:00"),
            ("0 4 1,15 * *", "on the 1st and the 15th of every month at 04:00"),
            ("0 4 L * *", "on the last day of every month at 04:00"),
            ("0 4 L-2 feb *", "on the day 2 days before the last of February at 04:00"),
            ("0 4 * * fri#3", "on the third Friday of every month at 04:00"),
            ("0 4 * 1,7 friL", "on the last Friday of January and July at 04:00"),
            ("0 4 13 * fri", "on the 13th of every month and every Friday at 04:00"),
            ("0 0 29 2 mon", "on the 29th of February and every Monday in February at 00:00"),
            ("0 4 13 * fri#3", "on the 13th of every month and on the third Friday of every month at 04:00"),
            (
                "0 4 */16 * mon,fri",
                "on the 1st and the 17th of every month, if that day is a Monday or Friday at 04:00",
            ),
            ("0 4 * dec *", "every day in December at 04:00"),
            ("0 4 * dec mon", "every Monday in December at 04:00"),
        ] {
            let cron = Cron::parse(line).expect(line);
            assert_eq!(cron_words(&cron), words, "{line}");
        }
    }

    #[test]
    fn a_line_for_every_day_is_told_as_one_with_stars() {
        let words = |line: &str| cron_words(&Cron::parse(line).expect(line));
        for (line, stars) in [
            ("0 4 1-31 * mon", "0 4 * * *"),
            ("0 4 13 * 0-6", "0 4 * * *"),
            ("0 4 13 * mon-sun", "0 4 * * *"),
            ("0 4 13 * 0-3,4-6", "0 4 * * *"),
            ("0 4 13 * 1-7", "0 4 * * *"),
            ("0 4 L * 0-6", "0 4 * * *"),
            ("0 4 1-31 * 5#2", "0 4 * * *"),
            ("0 4 1-31 2 mon", "0 4 * 2 *"),
            ("0 4 1,* * mon", "0 4 * * *"),
            ("*/5 * 1-31 * sat", "*/5 * * * *"),
            ("0 4 */1 * mon", "0 4 * * mon"),
            ("0 4 13 * */1", "0 4 13 * *"),
        ] {
            assert_eq!(words(line), words(stars), "{line}");
        }
    }

    #[test]
    fn the_zone_and_the_bounds_are_part_of_it() {
        let zones = Zones::built_in();
        let zone = zones.get("Europe/Berlin").expect("known");
        let berlin = zone.zone.clone();
        let cron = Cron::parse("30 2 * * mon-fri").expect("a line");
        let mut rule = Rule::new(Timing::Cron(cron, zone));
        assert_eq!(rule.words(&TimeZone::UTC), "every weekday at 02:30, Europe/Berlin");
        rule.until_ms = Some(1_774_746_000_000);
        assert_eq!(
            rule.words(&berlin),
            "every weekday at 02:30, Europe/Berlin, until 29 March 2026 at 03:00"
        );
        assert_eq!(
            rule.words(&TimeZone::UTC),
            "every weekday at 02:30, Europe/Berlin, until 29 March 2026 at 03:00",
            "one clock in one phrase"
        );
        (rule.until_ms, rule.jitter_ms) = (None, 900_000);
        assert_eq!(rule.words(&berlin), "every weekday at 02:30, Europe/Berlin, up to 15 minutes later");
        rule.jitter_ms = 3_600_000;
        assert_eq!(rule.words(&berlin), "every weekday at 02:30, Europe/Berlin, up to 1 hour later");
        for (ms, words) in [
            (3_600_000, "every hour"),
            (90_000, "every 1 min 30 s"),
            (86_400_000, "every day"),
            (90_061_000, "every 1 d 1 h 1 min 1 s"),
            (500, "every 500 ms"),
            (7_200_000, "every 2 hours"),
            (1_500, "every 1 s 500 ms"),
        ] {
            assert_eq!(Rule::new(Timing::Every { every_ms: ms, anchor_ms: 0 }).words(&berlin), words);
        }
        let once = Rule::new(Timing::At(1_774_746_001_000));
        assert_eq!(once.words(&berlin), "once, on 29 March 2026 at 03:00:01");
    }
}
