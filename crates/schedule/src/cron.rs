//! Cron lines: five fields, as cron(5) has them, with `L` and `#` beside them.

use jiff::civil::{Date, DateTime};
use std::fmt;

/// After so many years without a time, there is none: every day of the calendar has come on each day of the week by then.
const YEARS: i16 = 100;

/// A field of a cron line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31, `L`, `L-2`.
    Day,
    /// 1 to 12, or by name.
    Month,
    /// 0 to 7, where 0 and 7 are Sunday, or by name; `friL`, `fri#2`.
    Weekday,
}

impl Part {
    const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::Day, Self::Month, Self::Weekday];
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    fn words(self) -> &'static str {
        match self {
            Self::Minute => "the minute",
            Self::Hour => "the hour",
            Self::Day => "the day of the month",
            Self::Month => "the month",
            Self::Weekday => "the day of the week",
        }
    }

    /// The least and the greatest number; a weekday may be 7 as well.
    fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::Day => (1, 31),
            Self::Month => (1, 12),
            Self::Weekday => (0, 7),
        }
    }

    fn named(self, word: &str) -> Option<u32> {
        let (names, first): (&[&str], _) = match self {
            Self::Month => (&Self::MONTHS, 1),
            Self::Weekday => (&Self::WEEKDAYS, 0),
            _ => return None,
        };
        let place = names.iter().position(|name| name.eq_ignore_ascii_case(word))?;
        Some(place as u32 + first)
    }
}

/// What is wrong with a cron line, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CronError {
    /// The field; `None` for the line as a whole.
    pub part: Option<Part>,
    /// The character of the line, from 1.
    pub at: usize,
    /// To be put behind the place.
    pub problem: String,
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Some(part) => write!(f, "{}, at character {}: {}", part.words(), self.at, self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

/// A cron line that was understood. Sets are bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    pub(crate) minutes: u64,
    pub(crate) hours: u64,
    pub(crate) days: u64,
    /// Bit n: n days before the last of the month.
    pub(crate) days_from_end: u64,
    pub(crate) months: u64,
    /// Bit 0 is Sunday.
    pub(crate) weekdays: u64,
    /// The last such day of the month.
    pub(crate) last_weekdays: u64,
    /// Of each day of the week: bit n, the one that comes for the n-th time in the month.
    pub(crate) nth_weekdays: [u64; 7],
    /// Whether the field names days: it does not begin with `*`.
    pub(crate) names_days: bool,
    pub(crate) names_weekdays: bool,
}

/// One item of a field, and where it stands.
#[derive(Clone, Copy)]
struct Item<'a> {
    part: Part,
    text: &'a str,
    at: usize,
}

impl Item<'_> {
    fn wrong(&self, offset: usize, problem: impl Into<String>) -> CronError {
        CronError { part: Some(self.part), at: self.at + offset, problem: problem.into() }
    }

    /// A number or a name; `text` begins at `offset` of the item.
    fn value(&self, text: &str, offset: usize) -> Result<u32, CronError> {
        if let Some(value) = self.part.named(text) {
            return Ok(value);
        }
        let (least, most) = self.part.bounds();
        match number(text) {
            Some(value) if (least..=most).contains(&value) => Ok(value),
            Some(_) => Err(self.wrong(offset, format!("{text} is not from {least} to {most}"))),
            None if text.is_empty() => Err(self.wrong(offset, "a value is missing")),
            None => Err(self.wrong(offset, format!("{text:?} is {}", self.what_is_missing()))),
        }
    }

    fn what_is_missing(&self) -> &'static str {
        match self.part {
            Part::Minute | Part::Hour => "not a number",
            Part::Day => "not a number; L is the last day of the month",
            Part::Month => "neither a number nor a month as in jan",
            Part::Weekday => "neither a number nor a day as in mon",
        }
    }
}

/// Digits alone: the standard library reads `+5` as well. More of them than it reads are beyond all bounds.
fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u32::MAX))
}

fn bit(n: u32) -> u64 {
    1 << n
}

impl Cron {
    /// Reads a line of five fields, or a name such as `@daily`.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(line: &str) -> Result<Self, CronError> {
        let whole = |problem: String| CronError { part: None, at: 1, problem };
        if let Some(strange) = line.chars().position(|c| !c.is_ascii_graphic() && !" \t".contains(c)) {
            let problem = format!("a cron line has no such character as the one at {}", strange + 1);
            return Err(CronError { part: None, at: strange + 1, problem });
        }
        let line = match line.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            "@reboot" => return Err(whole("@reboot is onStart here, not a cron line".into())),
            name if name.starts_with('@') => {
                return Err(whole(format!(
                    "{name} is not one of @hourly, @daily, @weekly, @monthly and @yearly"
                )));
            }
            _ => line,
        };
        let fields = fields(line);
        match fields.len() {
            5 => {}
            6 => {
                return Err(whole(
                    "a cron line has five fields, this one has six: seconds are not among them".into(),
                ));
            }
            n => {
                let names = "minute, hour, day of the month, month, day of the week";
                return Err(whole(format!("a cron line has five fields ({names}), this one has {n}")));
            }
        }
        let mut cron = Self {
            minutes: 0,
            hours: 0,
            days: 0,
            days_from_end: 0,
            months: 0,
            weekdays: 0,
            last_weekdays: 0,
            nth_weekdays: [0; 7],
            names_days: !fields[2].1.starts_with('*'),
            names_weekdays: !fields[4].1.starts_with('*'),
        };
        for (part, (at, text)) in Part::ALL.into_iter().zip(&fields) {
            let mut at = *at;
            for text in text.split(',') {
                cron.add(Item { part, text, at })?;
                at += text.len() + 1;
            }
        }
        // A leap year begins.
        if cron.at_or_after(DateTime::constant(2000, 1, 1, 0, 0, 0, 0)).is_none() {
            let (at, _) = fields[2];
            return Err(CronError { part: Some(Part::Day), at, problem: "no such day ever comes".into() });
        }
        Ok(cron)
    }

    fn add(&mut self, item: Item<'_>) -> Result<(), CronError> {
        match item.part {
            Part::Day if self.add_day_from_end(item)? => return Ok(()),
            Part::Weekday if self.add_weekday_of_month(item)? => return Ok(()),
            _ => {}
        }
        let set = set(item)?;
        match item.part {
            Part::Minute => self.minutes |= set,
            Part::Hour => self.hours |= set,
            Part::Day => self.days |= set,
            Part::Month => self.months |= set,
            // Sunday is 0 and 7.
            Part::Weekday => self.weekdays |= (set | set >> 7) & 0x7f,
        }
        Ok(())
    }

    /// `L` and `L-3`.
    fn add_day_from_end(&mut self, item: Item<'_>) -> Result<bool, CronError> {
        let Some(rest) = item.text.strip_prefix(['L', 'l']) else {
            if item.text.len() > 1 && item.text.ends_with(['W', 'w']) {
                return Err(item.wrong(item.text.len() - 1, "W, the nearest weekday, is not known here"));
            }
            return Ok(false);
        };
        let before = match rest.strip_prefix('-') {
            None if rest.is_empty() => 0,
            Some(days) => match number(days) {
                Some(days @ 0..=30) => days,
                _ => return Err(item.wrong(2, "L-n takes a number of days from 0 to 30")),
            },
            None => return Err(item.wrong(1, "L is followed by nothing, or by -n")),
        };
        self.days_from_end |= bit(before);
        Ok(true)
    }

    /// `friL` and `fri#2`.
    fn add_weekday_of_month(&mut self, item: Item<'_>) -> Result<bool, CronError> {
        if let Some((day, nth)) = item.text.split_once('#') {
            let day = item.value(day, 0)? % 7;
            match number(nth) {
                Some(nth @ 1..=5) => self.nth_weekdays[day as usize] |= bit(nth),
                _ => return Err(item.wrong(item.text.len() - nth.len(), "# takes a number from 1 to 5")),
            }
            return Ok(true);
        }
        match item.text.strip_suffix(['L', 'l']) {
            Some("") => Err(item.wrong(0, "L needs a day before it here, as in friL")),
            Some(day) => {
                self.last_weekdays |= bit(item.value(day, 0)? % 7);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Both fields name days, and a day of either is enough.
    pub(crate) fn runs_on_either(&self) -> bool {
        self.names_days && self.names_weekdays
    }

    pub(crate) fn has_date(&self, date: Date) -> bool {
        let (day, length) = (date.day() as u32, date.days_in_month() as u32);
        let weekday = date.weekday().to_sunday_zero_offset() as u32;
        let has = |set: u64, n: u32| set & bit(n) != 0;
        let by_day = has(self.days, day) || has(self.days_from_end, length - day);
        let by_weekday = has(self.weekdays, weekday)
            || has(self.last_weekdays, weekday) && day + 7 > length
            || has(self.nth_weekdays[weekday as usize], (day - 1) / 7 + 1);
        has(self.months, date.month() as u32)
            && match self.runs_on_either() {
                true => by_day || by_weekday,
                false => by_day && by_weekday,
            }
    }

    /// The first time of the line from `from` on; seconds do not count.
    pub(crate) fn at_or_after(&self, from: DateTime) -> Option<DateTime> {
        let (mut date, mut hour, mut minute) = (from.date(), from.hour() as u32, from.minute() as u32);
        if from.second() > 0 || from.subsec_nanosecond() > 0 {
            minute += 1;
        }
        let last_year = from.year().saturating_add(YEARS);
        loop {
            if self.has_date(date)
                && let Some((hour, minute)) = self.time_from(hour, minute)
            {
                return Some(date.at(hour as i8, minute as i8, 0, 0));
            }
            (hour, minute) = (0, 0);
            date = match self.months & bit(date.month() as u32) {
                0 => date.last_of_month().tomorrow().ok()?,
                _ => date.tomorrow().ok()?,
            };
            if date.year() > last_year {
                return None;
            }
        }
    }

    /// The last time of the line up to `until`.
    pub(crate) fn at_or_before(&self, until: DateTime) -> Option<DateTime> {
        let (mut date, mut hour, mut minute) = (until.date(), until.hour() as u32, until.minute() as u32);
        let first_year = until.year().saturating_sub(YEARS);
        loop {
            if self.has_date(date)
                && let Some((hour, minute)) = self.time_until(hour, minute)
            {
                return Some(date.at(hour as i8, minute as i8, 0, 0));
            }
            (hour, minute) = (23, 59);
            date = match self.months & bit(date.month() as u32) {
                0 => date.first_of_month().yesterday().ok()?,
                _ => date.yesterday().ok()?,
            };
            if date.year() < first_year {
                return None;
            }
        }
    }

    fn time_from(&self, hour: u32, minute: u32) -> Option<(u32, u32)> {
        if hour < 24
            && self.hours & bit(hour) != 0
            && let Some(minute) = from(self.minutes, minute)
        {
            return Some((hour, minute));
        }
        Some((from(self.hours, hour + 1)?, self.minutes.trailing_zeros()))
    }

    fn time_until(&self, hour: u32, minute: u32) -> Option<(u32, u32)> {
        if self.hours & bit(hour) != 0
            && let Some(minute) = until(self.minutes, minute)
        {
            return Some((hour, minute));
        }
        Some((until(self.hours, hour.checked_sub(1)?)?, self.minutes.ilog2()))
    }
}

/// The least of the set that is `n` or more.
fn from(set: u64, n: u32) -> Option<u32> {
    let left = set.checked_shr(n).filter(|left| *left != 0)?;
    Some(n + left.trailing_zeros())
}

/// The greatest of the set that is `n` or less.
fn until(set: u64, n: u32) -> Option<u32> {
    let left = set & (u64::MAX >> (63 - n.min(63)));
    (left != 0).then(|| left.ilog2())
}

/// The fields of a line, and the character at which each begins.
fn fields(line: &str) -> Vec<(usize, &str)> {
    let mut fields = Vec::new();
    let mut at = 1;
    for text in line.split([' ', '\t']) {
        if !text.is_empty() {
            fields.push((at, text));
        }
        at += text.len() + 1;
    }
    fields
}

/// `*`, `5`, `1-5`, each with or without a step.
fn set(item: Item<'_>) -> Result<u64, CronError> {
    let (least, most) = item.part.bounds();
    let (range, step) = match item.text.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (item.text, None),
    };
    let (first, last) = if range == "*" {
        // Sunday once.
        (least, if item.part == Part::Weekday { 6 } else { most })
    } else if let Some((first, last)) = range.split_once('-') {
        let offset = first.len() + 1;
        let (first, mut last) = (item.value(first, 0)?, item.value(last, offset)?);
        // Sunday ends a week too; one that begins with it is not the whole week.
        if item.part == Part::Weekday && last == 0 && first > 0 {
            last = 7;
        }
        if first > last {
            return Err(item.wrong(0, format!("{range} runs backwards")));
        }
        (first, last)
    } else {
        let value = item.value(range, 0)?;
        (value, if step.is_some() { most } else { value })
    };
    let step = match step {
        None => 1,
        Some(text) => {
            let offset = range.len() + 1;
            let widest = most - least;
            match number(text) {
                Some(step) if (1..=widest).contains(&step) => step,
                _ => return Err(item.wrong(offset, format!("a step is from 1 to {widest}"))),
            }
        }
    };
    Ok((first..=last).step_by(step as usize).fold(0, |set, n| set | bit(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cron(line: &str) -> Cron {
        Cron::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn next(line: &str, from: &str, count: usize) -> Vec<String> {
        let (cron, mut from) = (cron(line), from.parse::<DateTime>().expect("a time"));
        let mut found = Vec::new();
        for _ in 0..count {
            let next = cron.at_or_after(from).expect("a time");
            assert_eq!(cron.at_or_before(next), Some(next), "{line}");
            found.push(next.strftime("%Y-%m-%d %H:%M").to_string());
            from = next.checked_add(jiff::Span::new().minutes(1)).expect("a time");
        }
        found
    }

    #[test]
    fn names_lists_ranges_and_steps_are_read() {
        assert_eq!(cron("*/20 8-10 * * *"), cron("0,20,40 8,9,10 1-31 1-12 *").with_stars());
        assert_eq!(cron("0 0 * JAN-mar MON-Fri"), cron("0 0 * 1,2,3 1-5"));
        assert_eq!(cron("0 0 * * sat-sun"), cron("0 0 * * 0,6"));
        assert_eq!(cron("0 0 * * 7"), cron("@weekly"));
        assert_eq!(cron("  5/30\t*  * * * "), cron("5,35 * * * *"));
        assert_eq!(cron("@hourly"), cron("0 * * * *"));
    }

    impl Cron {
        fn with_stars(self) -> Self {
            Self { names_days: false, ..self }
        }
    }

    #[test]
    fn days_are_counted_from_the_end_and_by_the_week() {
        assert_eq!(
            next("0 6 L * *", "2027-12-31T06:01", 3),
            ["2028-01-31 06:00", "2028-02-29 06:00", "2028-03-31 06:00"]
        );
        assert_eq!(next("0 6 L-1 2 *", "2026-01-01T00:00", 2), ["2026-02-27 06:00", "2027-02-27 06:00"]);
        assert_eq!(next("0 6 * * fri#2", "2026-11-01T00:00", 2), ["2026-11-13 06:00", "2026-12-11 06:00"]);
        assert_eq!(next("0 6 * * 5L", "2026-11-01T00:00", 2), ["2026-11-27 06:00", "2026-12-25 06:00"]);
        assert_eq!(next("0 6 * * mon#5", "2026-11-01T00:00", 2), ["2026-11-30 06:00", "2027-03-29 06:00"]);
    }

    #[test]
    fn either_day_is_enough_where_both_are_named() {
        assert_eq!(
            next("0 0 13 * fri", "2026-11-12T00:01", 3),
            ["2026-11-13 00:00", "2026-11-20 00:00", "2026-11-27 00:00"]
        );
        // A star names no days: the other field alone does, and both must hold.
        assert_eq!(next("0 0 */2 * fri", "2026-11-12T00:01", 2), ["2026-11-13 00:00", "2026-11-27 00:00"]);
    }

    #[test]
    fn a_star_names_no_days_only_where_the_field_begins_with_it() {
        // As cron(5) says of it; Vixie's goes by the first character too.
        for (line, either) in [
            ("0 4 1,*/10 * fri", true),
            ("0 4 5-6,*/10 * fri", true),
            ("0 4 13 * mon,*/3", true),
            ("0 4 */10,1 * fri", false),
            ("0 4 13 * */3,mon", false),
            ("0 4 * * fri", false),
        ] {
            let cron = cron(line);
            assert_eq!(cron.names_days && cron.names_weekdays, either, "{line}");
        }
        assert_eq!(next("0 4 1,*/10 * fri", "2026-11-01T00:00", 2), ["2026-11-01 04:00", "2026-11-06 04:00"]);
    }

    #[test]
    fn a_range_of_weekdays_has_the_days_from_one_to_the_other() {
        for first in 0..=7_u32 {
            for last in 0..=7_u32 {
                let line = format!("0 4 * * {first}-{last}");
                // Sunday is before Monday as 0, and behind Saturday as 7; where it ends a range it is that.
                let end = if last == 0 && first > 0 { 7 } else { last };
                let days = (first..=end).fold(0, |days, day| days | bit(day % 7));
                assert_eq!(
                    Cron::parse(&line).ok().map(|cron| cron.weekdays),
                    (first <= end).then_some(days),
                    "{line}"
                );
            }
        }
        for (line, days) in [
            ("sun-sun", 1),
            ("sun-0", 1),
            ("0-0/1", 1),
            ("sun-0/2", 1),
            ("7-7", 1),
            ("7-sun", 1),
            ("fri-sun", 0b110_0001),
        ] {
            assert_eq!(cron(&format!("0 4 * * {line}")).weekdays, days, "{line}");
        }
    }

    #[test]
    fn leap_days_are_waited_for() {
        assert_eq!(next("30 2 29 2 *", "2097-01-01T00:00", 1), ["2104-02-29 02:30"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (line, at, words) in [
            ("0 25 * * *", 3, "the hour, at character 3: 25 is not from 0 to 23"),
            ("99999999999 * * * *", 1, "the minute, at character 1: 99999999999 is not from 0 to 59"),
            ("0,61 * * * *", 3, "the minute, at character 3: 61 is not from 0 to 59"),
            (
                "0 2 * jan,tex *",
                11,
                "the month, at character 11: \"tex\" is neither a number nor a month as in jan",
            ),
            ("0 2 * * 5-mon", 9, "the day of the week, at character 9: 5-mon runs backwards"),
            (
                "0 2 * * *   mon-",
                0,
                "a cron line has five fields, this one has six: seconds are not among them",
            ),
            ("*/0 * * * *", 3, "the minute, at character 3: a step is from 1 to 59"),
            (
                "0 2 15W * *",
                7,
                "the day of the month, at character 7: W, the nearest weekday, is not known here",
            ),
            ("0 2 30 2 *", 5, "the day of the month, at character 5: no such day ever comes"),
            ("0 2 * * L", 9, "the day of the week, at character 9: L needs a day before it here, as in friL"),
            ("0 2 * * fri#6", 13, "the day of the week, at character 13: # takes a number from 1 to 5"),
            ("1- * * * *", 3, "the minute, at character 3: a value is missing"),
            ("+5 * * * *", 1, "the minute, at character 1: \"+5\" is not a number"),
            ("*/+5 * * * *", 3, "the minute, at character 3: a step is from 1 to 59"),
            (
                "0 4 L-+3 * *",
                7,
                "the day of the month, at character 7: L-n takes a number of days from 0 to 30",
            ),
            ("0 4 * * fri#+2", 13, "the day of the week, at character 13: # takes a number from 1 to 5"),
            (
                "* * *",
                0,
                "a cron line has five fields (minute, hour, day of the month, month, day of the week), this one has 3",
            ),
            ("@noon", 0, "@noon is not one of @hourly, @daily, @weekly, @monthly and @yearly"),
            ("@reboot", 0, "@reboot is onStart here, not a cron line"),
        ] {
            let error = Cron::parse(line).expect_err(line);
            assert_eq!(error.to_string(), words);
            assert!(at == 0 || error.at == at, "{line}: {error:?}");
        }
        assert_eq!(Cron::parse("0 2 ∗ * *").expect_err("no star").at, 5);
        assert!(Cron::parse("").is_err());
    }
}
