//! A year of simulated time, and more of it where clocks change, against references that know nothing of the code: one that walks
//! minute by minute, and Python's croniter and zoneinfo where they are installed.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;
use solti_schedule::{Cron, Rule, Timing, Zones};
use std::collections::BTreeSet;
use std::io::{Seek as _, Write as _};
use std::process::Command;

const MINUTE: u64 = 60_000;
const DAY: u64 = 1_440 * MINUTE;
/// 2026-01-01T00:00:00Z.
const BEGIN: u64 = 1_767_225_600_000;
const END: u64 = BEGIN + 365 * DAY;
/// With changes of one hour and of half an hour, in spring and in autumn, and none.
const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "UTC",
];

/// A line as sets that are known apart from its text.
#[derive(Debug, Clone)]
struct Line {
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    /// Empty: a star.
    days: BTreeSet<u32>,
    months: BTreeSet<u32>,
    weekdays: BTreeSet<u32>,
}

impl Line {
    fn text(&self) -> String {
        let field = |set: &BTreeSet<u32>| match set.is_empty() {
            true => "*".to_owned(),
            false => set.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
        };
        [&self.minutes, &self.hours, &self.days, &self.months, &self.weekdays].map(field).join(" ")
    }

    fn matches(&self, local: jiff::civil::DateTime) -> bool {
        let has = |set: &BTreeSet<u32>, n: i8| set.is_empty() || set.contains(&(n as u32));
        let (day, weekday) = (has(&self.days, local.day()), {
            let weekday = local.weekday().to_sunday_zero_offset();
            has(&self.weekdays, weekday)
        });
        let either = !self.days.is_empty() && !self.weekdays.is_empty();
        has(&self.minutes, local.minute())
            && has(&self.hours, local.hour())
            && has(&self.months, local.month())
            && if either { day || weekday } else { day && weekday }
    }
}

fn subset(range: std::ops::RangeInclusive<u32>, most: usize) -> impl Strategy<Value = BTreeSet<u32>> {
    prop_oneof![
        2 => Just(BTreeSet::new()),
        3 => prop::collection::btree_set(range, 1..=most),
    ]
}

fn line() -> impl Strategy<Value = Line> {
    // Hours at night more often: that is when clocks change.
    let hours = prop_oneof![subset(0..=23, 4).boxed(), prop::collection::btree_set(0..=4_u32, 1..=3).boxed()];
    (subset(0..=59, 3), hours, subset(1..=28, 3), subset(1..=12, 3), subset(0..=6, 3))
        .prop_map(|(minutes, hours, days, months, weekdays)| Line { minutes, hours, days, months, weekdays })
}

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_millisecond(ms as i64).unwrap()
}

/// Walks from minute to minute. What the clock shows for the first time counts; what it passes over, counts where it does so.
fn walked(line: &Line, zone: &TimeZone, begin: u64, end: u64) -> Vec<u64> {
    let one = jiff::Span::new().minutes(1);
    let mut found = Vec::new();
    let mut latest = zone.to_datetime(at(begin - DAY));
    for ms in (begin - DAY + MINUTE..end).step_by(MINUTE as usize) {
        let now = zone.to_datetime(at(ms));
        let mut due = false;
        while latest < now {
            latest = latest.checked_add(one).unwrap();
            due |= line.matches(latest);
        }
        if due && ms >= begin {
            found.push(ms);
        }
    }
    found
}

fn rule(text: &str, zone: &str) -> Rule {
    Rule::new(Timing::Cron(Cron::parse(text).unwrap(), Zones::built_in().get(zone).unwrap()))
}

fn times(rule: &Rule, begin: u64, end: u64) -> Vec<u64> {
    rule.times_after(begin - 1).take_while(|time| *time < end).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_year_has_the_times_that_one_who_walks_it_finds(line in line(), which in 0..ZONES.len()) {
        let (name, text) = (ZONES[which], line.text());
        let rule = rule(&text, name);
        let expected = walked(&line, &zone(name), BEGIN, END);
        prop_assert_eq!(&times(&rule, BEGIN, END), &expected, "{} {}", text, name);
        // Back from any moment, too: at the times, right before, right after, and in between.
        for time in expected.iter().step_by(1 + expected.len() / 200) {
            let moments = [*time, time + 1, time + 20 * MINUTE, time + 70 * MINUTE];
            // Behind the year nothing was walked.
            for now in moments.into_iter().filter(|now| *now < END) {
                let last = expected.iter().rev().find(|other| **other <= now).copied();
                prop_assert_eq!(rule.last_by(now), last, "{} {} {}", text, name, at(now));
            }
            prop_assert!(rule.last_by(time - 1) < Some(*time));
        }
        // As many as that are counted between any two moments, also where clocks are being changed.
        let by = |now: u64| expected.partition_point(|time| *time <= now) as u64;
        let zone = zone(name);
        let changes = zone.following(at(BEGIN)).map(|change| change.timestamp().as_millisecond() as u64);
        let changes: Vec<u64> = changes.take_while(|change| *change < END - DAY).collect();
        let about = changes.iter().flat_map(|change| [-90_i64, -60, -30, -1, 0, 1, 20, 30, 45, 60, 61, 90].map(|by| {
            change.saturating_add_signed(by * MINUTE as i64)
        }));
        let moments: Vec<u64> = about.chain((BEGIN..END).step_by(17 * DAY as usize + 12_345_678)).collect();
        for from in &moments {
            for to in &moments {
                let counted = rule.count(*from, *to);
                prop_assert_eq!(counted, by(*to).saturating_sub(by(*from)), "{} {} {} {}", text, name, at(*from), at(*to));
            }
        }
    }
}

/// Answers, for each line `ZONE CRON`, the times of the year as one line of numbers.
const PYTHON: &str = r#"
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo
from croniter import croniter
begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
def first(zone, local):
    there = local.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
    if there.astimezone(zone).replace(tzinfo=None) == local:
        return there
    # Never shown: the first minute that shows more. A change is no more than a day.
    at = there - timedelta(days=1)
    while at.astimezone(zone).replace(tzinfo=None) < local:
        at += timedelta(minutes=1)
    return at
for line in sys.stdin:
    name, cron = line.rstrip("\n").split(" ", 1)
    zone, found = ZoneInfo(name), set()
    lines = croniter(cron, datetime(2025, 12, 30))
    while True:
        local = lines.get_next(datetime)
        if local > datetime(2027, 1, 2):
            break
        at = first(zone, local)
        if begin <= at < datetime(2027, 1, 1, tzinfo=timezone.utc):
            found.add(int(at.timestamp()))
    print(*sorted(found))
"#;

const LINES: [&str; 16] = [
    "30 2 * * *",
    "30 2 * * mon-fri",
    "*/7 1-3 * * *",
    "0 */3 * * *",
    "15,45 0-4 1,15 * *",
    "0 0 L * *",
    "10 1 * * fri#2",
    "10 2 * * sun#5",
    "0 12 * * L5",
    "59 23 31 * *",
    "0 2 29 2 *",
    "0 1 13 * fri",
    "@weekly",
    "@monthly",
    "5 2 * 3,10,11 sun",
    "0 0 1 jan-mar *",
];

#[test]
fn a_year_has_the_times_that_python_finds() {
    // croniter writes the last Friday before the day, as L5.
    let ours = |line: &str| line.replace("L5", "5L");
    // Not of Morocco, whose rules change from one release of the time zones to the next: Python's may be another one.
    let zones = ZONES.into_iter().filter(|zone| *zone != "Africa/Casablanca");
    let asked: Vec<(&str, &str)> =
        zones.flat_map(|zone| LINES.iter().map(move |line| (zone, *line))).collect();
    let input: String = asked.iter().map(|(zone, line)| format!("{zone} {line}\n")).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    let python = Command::new("python3").args(["-c", PYTHON]).stdin(file).output();
    let reported = match python {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("ModuleNotFoundError"), "{said}");
            return println!("skipped: python3 has no croniter");
        }
        Err(_) => return println!("skipped: no python3"),
    };
    let mut compared = 0;
    for ((zone, line), theirs) in asked.iter().zip(reported.lines()) {
        let found = times(&rule(&ours(line), zone), BEGIN, END);
        let found: Vec<String> = found.iter().map(|ms| (ms / 1_000).to_string()).collect();
        assert_eq!(found.join(" "), theirs, "{line} {zone}");
        compared += 1;
    }
    assert_eq!(compared, asked.len());
}
