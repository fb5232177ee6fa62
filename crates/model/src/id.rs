//! Names: the id of a task, the name of a lane, and which run of a task. They exist only in a legal form.

use crate::FieldError;
use serde::{Deserialize, Serialize};
use std::fmt;

const MAX_ID_BYTES: usize = 256;
pub(crate) const MAX_SLOT_BYTES: usize = 64;

/// Whether `name` may be a file name, a URL segment and a word on a command line at once.
fn check_name(field: &str, name: &str, max: usize) -> Result<(), FieldError> {
    let problem = if name.is_empty() {
        "must not be empty".to_owned()
    } else if name.len() > max {
        format!("must be at most {max} bytes, is {}", name.len())
    } else if name == "." || name == ".." {
        "must not be . or ..".to_owned()
    } else if let Some(bad) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-".contains(*c))) {
        format!("may hold A–Z, a–z, digits, '.', '_' and '-' only, not {bad:?}")
    } else {
        return Ok(());
    };
    Err(FieldError::new(field, problem))
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// # Errors
            /// Names the rule that `name` breaks.
            pub fn new(name: impl Into<String>) -> Result<Self, FieldError> {
                let name = name.into();
                check_name($field, &name, $max)?;
                Ok(Self(name))
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldError;
            /// Of a document, whose reader names the field that it stands in.
            fn try_from(name: String) -> Result<Self, FieldError> {
                Self::new(name).map_err(|error| FieldError::new("", error.message))
            }
        }

        impl std::str::FromStr for $name {
            type Err = FieldError;
            fn from_str(name: &str) -> Result<Self, FieldError> {
                Self::new(name)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "minLength": 1,
                    "maxLength": $max,
                    // Neither `.` nor `..`.
                    "pattern": r"^([A-Za-z0-9_-]|\.[A-Za-z0-9_-]|\.\.[A-Za-z0-9._-])[A-Za-z0-9._-]*$",
                })
            }
        }

        impl ts_rs::TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;
            fn name(_: &ts_rs::Config) -> String {
                "string".to_owned()
            }
            fn inline(_: &ts_rs::Config) -> String {
                "string".to_owned()
            }
        }
    };
}

name_type!(
    /// The id of a task: at most 256 bytes of `[A-Za-z0-9._-]`, unique for ever. Made by the supervisor, see [`TaskId::generate`].
    TaskId, "id", MAX_ID_BYTES
);
name_type!(
    /// The name of a lane: 1 to 64 bytes of `[A-Za-z0-9._-]`.
    Slot, "slot", MAX_SLOT_BYTES
);
name_type!(
    /// The name of a saved job: 1 to 64 bytes of `[A-Za-z0-9._-]`.
    JobName, "name", MAX_SLOT_BYTES
);
name_type!(
    /// The id of a schedule among those of its job: 1 to 64 bytes of `[A-Za-z0-9._-]`.
    ScheduleId, "schedule", MAX_SLOT_BYTES
);

/// One run of a task: which attempt of which task. As text `<task>/<attempt>`, which is also the mark in the environment of
/// its processes.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct RunId {
    /// `id` in JSON, where that is a task's everywhere.
    #[serde(rename = "id")]
    pub task: TaskId,
    /// From 1. In a request 0 stands for the latest.
    pub attempt: u32,
}

impl RunId {
    /// That attempt of that task.
    pub fn new(task: TaskId, attempt: u32) -> Self {
        Self { task, attempt }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.task, self.attempt)
    }
}

impl std::str::FromStr for RunId {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let (task, attempt) =
            text.split_once('/').ok_or_else(|| FieldError::new("run", "must be <task>/<attempt>"))?;
        let digits = Some(attempt).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let attempt = digits.and_then(|digits| digits.parse().ok());
        let attempt =
            attempt.ok_or_else(|| FieldError::new("attempt", "must be a whole number, 0 or more"))?;
        Ok(Self { task: TaskId::new(task)?, attempt })
    }
}

/// Crockford's base 32 in lower case: sorts like the number, and has no letters that are mistaken for digits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl TaskId {
    /// An id that sorts by creation: ten digits of `created_at_ms`, then eight of `sequence` within that millisecond
    /// (the top bits) and of randomness (the low bits), as the caller composes them.
    pub fn generate(created_at_ms: u64, low_bits: u64) -> Self {
        let mut text = String::with_capacity(18);
        push_base32(&mut text, created_at_ms, 10);
        push_base32(&mut text, low_bits, 8);
        Self(text)
    }
}

fn push_base32(text: &mut String, value: u64, digits: u32) {
    for i in (0..digits).rev() {
        let digit = (value >> (5 * i)) & 31;
        text.push(char::from(ALPHABET[digit as usize]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_folder_are_refused() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a b", "ä", "a\0", &"x".repeat(65)] {
            let error = Slot::new(bad).expect_err(bad);
            assert_eq!(error.field, "slot");
        }
        for good in ["a", "A-z_0.9", "...", &"x".repeat(64)] {
            assert_eq!(Slot::new(good).expect("legal").as_str(), good);
        }
    }

    #[test]
    fn a_run_reads_back_as_it_is_written() {
        let run = RunId::new(TaskId::new("01j-a.b").expect("legal"), 12);
        assert_eq!(run.to_string(), "01j-a.b/12");
        assert_eq!("01j-a.b/12".parse(), Ok(run));
        for (bad, field) in
            [("t", "run"), ("t/", "attempt"), ("t/+1", "attempt"), ("t/1/2", "attempt"), ("/1", "id")]
        {
            assert_eq!(bad.parse::<RunId>().expect_err(bad).field, field, "{bad}");
        }
    }

    #[test]
    fn ids_sort_by_creation() {
        let ids = [
            TaskId::generate(1_700_000_000_000, 5),
            TaskId::generate(1_700_000_000_000, 1 << 20),
            TaskId::generate(1_700_000_000_001, 0),
        ];
        assert!(ids.is_sorted());
        assert!(TaskId::new(ids[0].as_str()).is_ok());
    }
}
