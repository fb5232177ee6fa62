//! How the values of words on the command line are read.

use crate::time::in_reach;
use solti_model::{AfterWhen, MAX_LOAD, MIN_LOAD, Slot, TaskPhase, grouped};
use std::time::{Duration, SystemTime};

pub fn after(text: &str) -> Result<(String, AfterWhen), String> {
    let (id, when) = match text.split_once(':') {
        Some((id, word)) => {
            let words = || AfterWhen::ALL.map(AfterWhen::word).join(", ");
            (id, AfterWhen::from_word(word).ok_or_else(|| format!("{word} is not one of {}", words()))?)
        }
        None => (text, AfterWhen::default()),
    };
    Ok((id.into(), when))
}

/// Every fraction is read by this: what is infinite or no number has no form in JSON, and would arrive as if nothing had been given.
pub fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "must be a number, as in 1.5".into())
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

/// A length of time.
pub fn span(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::NumberOverflow => "must be shorter, and in whole nanoseconds".into(),
        other => format!("must be as in 90s or 2h: {other}"),
    })
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
        assert!(refused("soon").starts_with("must be as in 90s or 2h: "));
        assert_eq!(delay("2h"), Ok(Duration::from_secs(7_200)));
        for far in ["500000d", "99999999999999999999d"] {
            assert!(delay(far).is_err(), "{far}");
        }
        assert_eq!(delay("500000d").expect_err("too far"), "must be before 2200-01-01");
    }
}
