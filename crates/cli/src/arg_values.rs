//! How the values of words on the command line are read.

use crate::time::in_reach;
use solti_model::{AfterWhen, MAX_DURATION_MS, MAX_LOAD, MIN_LOAD, Slot, TaskPhase, grouped};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

pub fn after(text: &str) -> Result<(String, AfterWhen), String> {
    let (id, when) =
        split(text, "the id of a task", AfterWhen::ALL.map(AfterWhen::word), AfterWhen::from_word)?;
    Ok((id.into(), when.unwrap_or_default()))
}

/// What stands before a colon, which is `what`, and the word behind it, if there is one.
pub fn split<'a, T, const N: usize>(
    text: &'a str,
    what: &str,
    words: [&str; N],
    read: impl Fn(&str) -> Option<T>,
) -> Result<(&'a str, Option<T>), String> {
    let (before, word) = match text.split_once(':') {
        Some((before, word)) => (before, Some(word)),
        None => (text, None),
    };
    if before.is_empty() {
        let place = if word.is_some() { " before the colon" } else { "" };
        return Err(format!("{what} is missing{place}"));
    }
    let one_of = words.join(", ");
    let value = match word {
        None => None,
        Some("") => return Err(format!("a word is missing behind the colon: one of {one_of}")),
        Some(word) => Some(read(word).ok_or_else(|| format!("{word} is not one of {one_of}"))?),
    };
    Ok((before, value))
}

/// Every whole number is read by this.
pub fn whole<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: TryFrom<i128> + Into<i128> + Copy + Send + Sync + 'static,
{
    let (least, most): (i128, i128) = ((*range.start()).into(), (*range.end()).into());
    move |text| {
        let number = text.parse().ok().filter(|number: &i128| (least..=most).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("must be a whole number from {} to {}", grouped(least), grouped(most)))
    }
}

/// Where something listens.
pub fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port, as in 127.0.0.1:7654 or [::1]:7654")
}

/// Every fraction is read by this: what is infinite or no number has no form in JSON, and would arrive as if nothing had been given.
pub fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "must be a number, as in 1.5".into())
}

/// Bytes, which are a power of `base` for a unit without an i (`GB`, `G`): 1,000 as disks are sold, 1,024 as clusters have memory.
pub fn bytes(text: &str, base: f64) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = finite(&text[..end]).ok()?;
    let unit = text[end..].trim().to_ascii_lowercase();
    let (prefix, base) = match unit.strip_suffix("ib") {
        Some(prefix) => (prefix, 1_024.0),
        None => (unit.strip_suffix('b').unwrap_or(&unit), base),
    };
    let power = match prefix {
        "" if !unit.ends_with("ib") => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    Some((number * f64::powi(base, power)).round())
}

/// The id of a task, or its beginning.
pub fn id(text: &str) -> Result<String, &'static str> {
    match text.trim().is_empty() {
        true => Err("the id is empty; `solti list` shows those that there are"),
        false => Ok(text.to_owned()),
    }
}

/// The name of a connection.
pub fn machine(text: &str) -> Result<String, &'static str> {
    match text.trim().is_empty() {
        true => Err("must be the name of a connection of the settings"),
        false => Ok(text.to_owned()),
    }
}

/// The name of a lane.
pub fn lane(text: &str) -> Result<Slot, String> {
    Slot::new(text).map_err(|error| error.message)
}

/// A load average that a lane can ask for.
pub fn load(text: &str) -> Result<f64, String> {
    let load = finite(text)?;
    match (MIN_LOAD..=MAX_LOAD).contains(&load) {
        true => Ok(load),
        false => Err(format!("must be from {MIN_LOAD} to {}", grouped(MAX_LOAD))),
    }
}

/// A length of time. Every one is read by this.
pub fn span(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::NumberOverflow => "must be shorter, and in whole nanoseconds".into(),
        _ => "must be numbers with units, as in 90s, 10m, 1h30m or 7days".into(),
    })
}

/// A length of time that a task or a lane keeps, in whole milliseconds: not below `least`, and not above what they can keep.
pub fn span_from(
    least: Duration,
) -> impl Fn(&str) -> Result<Duration, String> + Clone + Send + Sync + 'static {
    move |text| {
        let span = span(text)?;
        match () {
            () if span < least => Err(format!("must be at least {}", humantime::format_duration(least))),
            () if span > Duration::from_millis(MAX_DURATION_MS) => Err("must be at most 100 years".into()),
            () => Ok(span),
        }
    }
}

/// How long from now on something is to wait.
pub fn delay(text: &str) -> Result<Duration, String> {
    let delay = span(text)?;
    in_reach(SystemTime::now().checked_add(delay))?;
    Ok(delay)
}

pub fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE")?;
    match key.is_empty() {
        true => Err("the key is empty".into()),
        false => Ok((key.into(), value.into())),
    }
}

/// One condition as queries have them, whose value needs no quotes here: a shell has taken those off.
pub fn field(text: &str) -> Result<String, String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE or NAME!=VALUE")?;
    let (name, sign) = name.strip_suffix('!').map_or((name, "="), |name| (name, "!="));
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#));
    match name.is_empty() {
        true => Err("the name is empty".into()),
        false => Ok(format!("{}{sign}{}", quoted(name), quoted(value))),
    }
}

/// What of this machine is seen elsewhere, where, and whether it may only be read there. The help calls the first two `form`.
pub fn mount<'a>(text: &'a str, form: &str) -> Result<(&'a str, &'a str, bool), String> {
    let wrong = || format!("must be {form} or {form}:ro");
    let mut parts = text.split(':');
    let (Some(source), Some(target)) = (parts.next(), parts.next()) else { return Err(wrong()) };
    let read_only = match (parts.next(), parts.next()) {
        (None, _) | (Some("rw"), None) => false,
        (Some("ro"), None) => true,
        _ => return Err(wrong()),
    };
    Ok((source, target, read_only))
}

/// A path as it is meant in the current directory.
pub fn absolute(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Err("the folder of this machine is missing before the colon".into());
    }
    let path = std::path::absolute(path).map_err(|error| error.to_string())?;
    Ok(path.to_string_lossy().into_owned())
}

pub fn phase(word: &str) -> Result<TaskPhase, String> {
    let words = || TaskPhase::ALL.map(TaskPhase::word).join(", ");
    TaskPhase::from_word(word).ok_or_else(|| format!("is not one of {}", words()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_conditions_whatever_is_in_their_values() {
        for (word, condition) in [
            ("level=error", r#""level"="error""#),
            ("a.b!=x=y", r#""a.b"!="x=y""#),
            (r#"msg=say "hi\there""#, r#""msg"="say \"hi\\there\"""#),
            ("x=", r#""x"="""#),
        ] {
            assert_eq!(field(word).as_deref(), Ok(condition), "{word}");
        }
        assert!(field("level").is_err() && field("=x").is_err() && field("!=x").is_err());
    }

    #[test]
    fn a_time_that_cannot_be_kept_is_refused_in_words() {
        let refused = |text: &str| span(text).expect_err(text);
        assert_eq!(refused("99999999999999999999d"), "must be shorter, and in whole nanoseconds");
        for wrong in ["soon", "", "90", "-5", "2 fortnights", "1h,", "h"] {
            assert_eq!(
                refused(wrong),
                "must be numbers with units, as in 90s, 10m, 1h30m or 7days",
                "{wrong}"
            );
        }
        assert_eq!(delay("2h"), Ok(Duration::from_secs(7_200)));
        for far in ["500000d", "99999999999999999999d"] {
            assert!(delay(far).is_err(), "{far}");
        }
        assert_eq!(delay("500000d").expect_err("too far"), "must be before 2200-01-01");
    }

    #[test]
    fn a_time_that_is_kept_has_bounds_in_its_own_units() {
        let minute = span_from(Duration::from_secs(60));
        assert_eq!(minute("60s"), Ok(Duration::from_secs(60)));
        for (wrong, said) in [
            ("0", "must be at least 1m"),
            ("59s", "must be at least 1m"),
            ("500years", "must be at most 100 years"),
            ("x", "must be numbers with units, as in 90s, 10m, 1h30m or 7days"),
        ] {
            assert_eq!(minute(wrong), Err(said.to_owned()), "{wrong}");
        }
        let moment = span_from(Duration::from_millis(1));
        for wrong in ["0", "0s", "999us"] {
            assert_eq!(moment(wrong), Err("must be at least 1ms".into()), "{wrong}");
        }
    }

    #[test]
    fn a_number_is_told_its_bounds_whatever_is_wrong_with_it() {
        let limit = whole(1..=u32::MAX);
        assert_eq!((limit("1"), limit("4294967295")), (Ok(1), Ok(u32::MAX)));
        for wrong in ["x", "", "0", "-1", "1.5", "1,000", "4294967296", &"9".repeat(60)] {
            let said = "must be a whole number from 1 to 4,294,967,295";
            assert_eq!(limit(wrong), Err(said.into()), "{wrong}");
        }
        let priority = whole(-100..=100);
        assert_eq!((priority("-100"), priority("7")), (Ok(-100), Ok(7)));
        assert_eq!(priority("101"), Err("must be a whole number from -100 to 100".into()));
    }

    #[test]
    fn what_is_missing_around_a_colon_is_named() {
        assert_eq!(after("01a"), Ok(("01a".into(), AfterWhen::Succeeded)));
        assert_eq!(after("01a:ended"), Ok(("01a".into(), AfterWhen::Ended)));
        let refused = |text: &str| after(text).expect_err(text);
        for before in [":ended", ":"] {
            assert_eq!(refused(before), "the id of a task is missing before the colon", "{before}");
        }
        assert_eq!(refused(""), "the id of a task is missing");
        let behind = refused("01a:");
        assert!(behind.starts_with("a word is missing behind the colon: one of succeeded, "), "{behind}");
        assert!(refused("01a:later").starts_with("later is not one of succeeded, "));
    }
}
