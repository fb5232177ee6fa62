//! Times as people write and read them: by this machine's clock, with the offset wherever one is copied.

use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use solti_model::{MAX_TIME_MS, unix_ms};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FORMS: &str =
    "must be as in 10m, 2h, \"2026-11-23 10:00\" (by this clock) or 2026-11-23T10:00:00+01:00";
/// Of a time to come.
const COMING_FORMS: &str = "must be as in 22:00, \"2026-11-23 10:00\" (by this clock) or 2026-11-23T10:00:00+01:00; --in takes a span";
/// Behind the last one that any clock here knows.
const TOO_FAR: &str = "is too far off";
const DAY_S: i32 = 86_400;
/// As late as this is on time, as for a schedule.
const ON_TIME: Duration = Duration::from_secs(60);

/// How long ago it was, a time of RFC 3339 with any offset, or one of this machine's clock.
pub fn moment(text: &str) -> Result<SystemTime, String> {
    moment_in(text, &TimeZone::system())
}

fn moment_in(text: &str, here: &TimeZone) -> Result<SystemTime, String> {
    if let Ok(ago) = humantime::parse_duration(text) {
        return SystemTime::now().checked_sub(ago).ok_or_else(|| "is before time began".into());
    }
    time_in(text, FORMS, here)
}

/// A time that names its day; what is none is told which `forms` it may have.
fn time_in(text: &str, forms: &str, here: &TimeZone) -> Result<SystemTime, String> {
    if is_no_time(text) {
        return Err(forms.to_owned());
    }
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            // A time by the clock has no offset: one that is wrong is not to be overlooked.
            let is_local =
                text.get(10..).is_none_or(|behind_date| !behind_date.contains(['+', '-', 'Z', 'z', '[']));
            let time = text.parse::<DateTime>().ok().filter(|_| is_local && text.len() >= 10);
            let time = time.ok_or_else(|| match has_offset(text) {
                true => TOO_FAR.to_owned(),
                false => forms.to_owned(),
            })?;
            let too_far = |_| TOO_FAR.to_owned();
            match here.to_ambiguous_timestamp(time).offset() {
                AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).map_err(too_far)?,
                AmbiguousOffset::Gap { after, .. } => {
                    let shown = behind_gap(here, time, after).map(|at| clock(here, at)).ok_or(TOO_FAR)?;
                    return Err(format!("is left out, as clocks go forward then: they show {shown} next"));
                }
                AmbiguousOffset::Fold { before, after } => {
                    let [first, second] = [before, after].map(|offset| written_offset(offset, time));
                    return Err(format!(
                        "comes twice, as clocks go back then: write the offset behind it, {first} for the first time or {second} for the second"
                    ));
                }
            }
        }
    };
    Ok(at.into())
}

/// When clocks first show something later than what they leave out; `after` is their offset then.
fn behind_gap(here: &TimeZone, left_out: DateTime, after: Offset) -> Option<Timestamp> {
    // By the later offset it was before the change.
    let before = after.to_timestamp(left_out).ok()?;
    here.following(before).next().map(|change| change.timestamp())
}

fn clock(here: &TimeZone, at: Timestamp) -> String {
    here.to_datetime(at).strftime("%H:%M").to_string()
}

fn written_offset(offset: Offset, time: DateTime) -> String {
    let zoned = time.to_zoned(TimeZone::fixed(offset));
    zoned.map_or_else(|_| offset.to_string(), |zoned| zoned.strftime("%:z").to_string())
}

/// Whether it names a second or an offset that no clock has: what reads times would take another one for it.
fn is_no_time(text: &str) -> bool {
    let clock = text.split_once(['T', 't', ' ']).map_or(text, |(_, clock)| clock);
    let digits: String = clock.chars().filter(|c| *c != ':').take(6).collect();
    let offset = Pieces::parse(text).ok().and_then(|pieces| pieces.to_numeric_offset());
    digits.get(4..) == Some("60") || offset.is_some_and(|offset| offset.seconds().abs() >= DAY_S)
}

/// Whether it is written as a time should be, which it can be without being one.
fn has_offset(text: &str) -> bool {
    Pieces::parse(text).is_ok_and(|pieces| pieces.time().is_some() && pieces.to_numeric_offset().is_some())
}

/// A time that a task can wait for; `None` is one behind all.
pub fn in_reach(at: Option<SystemTime>) -> Result<SystemTime, String> {
    at.filter(|at| unix_ms(*at) <= MAX_TIME_MS).ok_or_else(out_of_reach)
}

fn out_of_reach() -> String {
    format!("must be before {}", &written_in(MAX_TIME_MS, &TimeZone::UTC)[..10])
}

/// A time to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    pub at: SystemTime,
    /// That it is another one than was named, as clocks leave that out.
    pub instead: Option<String>,
}

/// A time to come: the next one of a clock's, as in `22:00`, or as of [`moment`].
pub fn coming(text: &str) -> Result<Coming, String> {
    coming_in(text, &TimeZone::system(), Timestamp::now())
}

fn coming_in(text: &str, here: &TimeZone, now: Timestamp) -> Result<Coming, String> {
    if humantime::parse_duration(text).is_ok() {
        return Err("must be a time, as in 22:00; --in takes a span".into());
    }
    // As people write it: 9:05.
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    let is_clock = padded.contains(':') && padded.len() <= 8 && !is_no_time(&padded);
    let Some(time) = padded.parse::<Time>().ok().filter(|_| is_clock) else {
        let at = time_in(text, COMING_FORMS, here);
        let at = in_reach(Some(at.map_err(|said| if said == TOO_FAR { out_of_reach() } else { said })?))?;
        let is_past = SystemTime::from(now).duration_since(at).is_ok_and(|late| late > ON_TIME);
        return match is_past {
            true => Err("is past; without it the task starts as soon as it can".into()),
            false => Ok(Coming { at, instead: None }),
        };
    };
    let today = here.to_datetime(now).date();
    for date in [Some(today), today.tomorrow().ok()].into_iter().flatten() {
        let named = date.to_datetime(time);
        let (mut times, mut instead) = (Vec::new(), None);
        match here.to_ambiguous_timestamp(named).offset() {
            AmbiguousOffset::Unambiguous { offset } => times.extend(offset.to_timestamp(named)),
            AmbiguousOffset::Fold { before, after } => {
                times
                    .extend([before, after].into_iter().filter_map(|offset| offset.to_timestamp(named).ok()));
            }
            // As a schedule has it.
            AmbiguousOffset::Gap { after, .. } => {
                times.extend(behind_gap(here, named, after));
                let shown = times.first().map(|at| clock(here, *at)).unwrap_or_default();
                instead = Some(format!(
                    "clocks go forward on {date} and leave out {text}: it does not start before {shown}"
                ));
            }
        }
        if let Some(at) = times.into_iter().find(|at| *at > now) {
            return Ok(Coming { at: at.into(), instead });
        }
    }
    Err(TOO_FAR.into())
}

/// By this machine's clock, with its offset, as RFC 3339 writes it.
pub fn written(ms: u64) -> String {
    written_in(ms, &TimeZone::system())
}

fn written_in(ms: u64, here: &TimeZone) -> String {
    let moment = Timestamp::try_from(UNIX_EPOCH + Duration::from_millis(ms)).unwrap_or(Timestamp::MAX);
    let here: Zoned = moment.to_zoned(here.clone());
    here.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        // Without the machine's own table of zones.
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a rule")
    }

    #[test]
    fn a_moment_is_read_with_any_offset_or_by_the_clock() {
        for (text, utc) in [
            ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
            ("2026-11-23T10:00:00+05:30", "2026-11-23T04:30:00Z"),
            ("2026-11-23 10:00:00.5-08:00", "2026-11-23T18:00:00.5Z"),
            ("2026-11-23T10:00:00", "2026-11-23T09:00:00Z"),
            ("2026-07-23 10:00", "2026-07-23T08:00:00Z"),
            ("2026-07-23", "2026-07-22T22:00:00Z"),
        ] {
            let expected: Timestamp = utc.parse().expect(utc);
            assert_eq!(moment_in(text, &berlin()), Ok(expected.into()), "{text}");
        }
        let hour_ago = moment_in("1h", &berlin()).expect("a span");
        assert!(hour_ago < SystemTime::now() - Duration::from_secs(3_599));
    }

    #[test]
    fn a_time_of_the_clock_is_the_next_one() {
        let now: Timestamp = "2026-11-23T20:30:00Z".parse().expect("a time");
        for (text, utc) in [
            ("22:00", "2026-11-23T21:00:00Z"),
            ("21:30", "2026-11-24T20:30:00Z"),
            ("06:15:30", "2026-11-24T05:15:30Z"),
            ("9:05", "2026-11-24T08:05:00Z"),
            ("2026-12-01 08:00", "2026-12-01T07:00:00Z"),
            ("2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z"),
            // A minute late is on time.
            ("2026-11-23 21:29", "2026-11-23T20:29:00Z"),
        ] {
            let expected: Timestamp = utc.parse().expect(utc);
            let coming = Coming { at: expected.into(), instead: None };
            assert_eq!(coming_in(text, &berlin(), now), Ok(coming), "{text}");
        }
        for past in ["2026-11-23 21:28", "2020-01-01 10:00", "2026-11-23T20:28:59Z"] {
            let said = coming_in(past, &berlin(), now);
            assert_eq!(said, Err("is past; without it the task starts as soon as it can".into()), "{past}");
        }
        for wrong in ["25:00", "22:00:60", "10 pm", ""] {
            assert_eq!(coming_in(wrong, &berlin(), now), Err(COMING_FORMS.into()), "{wrong}");
        }
        assert!(coming_in("2h", &berlin(), now).is_err_and(|said| said.contains("--in takes a span")));
        for far in ["2200-01-01 10:00", "9000-01-01T00:00:00Z"] {
            let said = coming_in(far, &berlin(), now);
            assert_eq!(said, Err("must be before 2200-01-01".into()), "{far}");
        }
    }

    #[test]
    fn a_time_of_the_clock_where_clocks_change_is_that_of_a_schedule_or_the_next_of_two() {
        let instead = "clocks go forward on 2026-03-29 and leave out 02:30: it does not start before 03:00";
        for (now, utc, instead) in [
            ("2026-03-28T22:00:00Z", "2026-03-29T01:00:00Z", Some(instead)),
            ("2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", None),
            ("2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", None),
            // 02:40, for the first time and for the second.
            ("2026-10-25T00:40:00Z", "2026-10-25T01:30:00Z", None),
            ("2026-10-25T01:40:00Z", "2026-10-26T01:30:00Z", None),
        ] {
            let [now, at]: [Timestamp; 2] = [now, utc].map(|time| time.parse().expect(time));
            let coming = Coming { at: at.into(), instead: instead.map(str::to_owned) };
            assert_eq!(coming_in("02:30", &berlin(), now), Ok(coming), "{now}");
        }
    }

    #[test]
    fn a_time_that_no_clock_knows_is_too_far_off() {
        for far in ["9999-12-31 23:59", "9999-12-31T23:59:00Z", "9999-12-31T23:59:00-05:00"] {
            assert_eq!(moment_in(far, &berlin()), Err(TOO_FAR.into()), "{far}");
        }
    }

    #[test]
    fn what_could_be_another_moment_is_refused() {
        for text in [
            "2026-11-23T10:00:00+25:99",
            "2026-11-23T10:00:00+24:00",
            "2026-11-23T10:00:00-25:59",
            "2026-11-23 23:59:60",
            "2026-11-23T23:59:60Z",
            "2026-11-23T10:00:00 CET",
            "2026-11-23T10:00:00+",
            "2026-13-23",
            "23.11.2026",
            "10:00",
            "yesterday",
            "",
            "1764338400",
        ] {
            assert!(moment_in(text, &berlin()).is_err(), "{text}");
        }
        for (text, said) in [
            ("2026-03-29 02:30", "is left out, as clocks go forward then: they show 03:00 next"),
            (
                "2026-10-25 02:30",
                "comes twice, as clocks go back then: write the offset behind it, +02:00 for the first time or +01:00 for the second",
            ),
        ] {
            assert_eq!(moment_in(text, &berlin()), Err(said.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_time_is_written_by_the_clock_with_its_offset_and_reads_back() {
        let written = written_in(1_764_338_400_123, &berlin());
        assert_eq!(written, "2025-11-28T15:00:00.123+01:00");
        let back = moment_in(&written, &TimeZone::UTC).map(unix_ms);
        assert_eq!(back, Ok(1_764_338_400_123));
    }
}
