//! The parameters of a job, and what their values may be. How these reach the program: `placeholders`.

use crate::FieldError;
use regex::RegexBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use ts_rs::TS;

/// Of the variables that hold values.
pub(crate) const PREFIX: &str = "SOLTI_PARAM_";
const MAX_NAME_BYTES: usize = 64;
/// The system takes no longer variable.
const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Of a secret that is kept.
pub const MAX_SECRET_BYTES: usize = MAX_VALUE_BYTES;
const MAX_TEXT_BYTES: usize = 4 * 1024;
const MAX_CHOICES: usize = 1_000;
/// Of a compiled pattern, in bytes.
const MAX_PATTERN_SIZE: usize = 1 << 20;

/// Something that a job is told when it is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameter {
    /// A letter or `_`, then letters, digits, `_` and `-`; 64 bytes at most.
    pub name: String,
    /// Which values it takes.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Whether a run needs a value.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub required: bool,
    /// The value where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub default: Option<String>,
    /// A regular expression that the whole of a text must match. Where it does not match the words themselves, `today` and
    /// `yesterday` stand for that day, as in 2026-11-29, by the time that the run is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pattern: Option<String>,
    /// The values of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub choices: Vec<String>,
    /// For the person who fills it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub help: Option<String>,
}

/// Which values a parameter takes. All are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ParameterType {
    /// Any text, or what `pattern` says.
    Text,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// One of `choices`.
    Choice,
    /// The absolute path of a folder.
    Folder,
    /// The absolute path of a file.
    File,
    /// A text that is never stored with the job or the task: it is given for each run, or kept in the keyring of the machine.
    Secret,
}

/// The days that `today` and `yesterday` stand for, as in 2026-11-29.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// That of the time at which the run is due, where the schedule is.
    pub today: String,
    /// The one before.
    pub yesterday: String,
}

impl Parameter {
    /// The variable that holds its value.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }

    /// What stands for its value in a spec.
    pub(crate) fn placeholder(&self) -> String {
        format!("{{{{{}}}}}", self.name)
    }

    /// # Errors
    /// The first rule that is broken, with the field within the parameter.
    pub(crate) fn validate(&self) -> Result<(), FieldError> {
        if !is_name(&self.name) {
            let rule = "must begin with A–Z, a–z or _, and go on with those, digits and -, at most 64 bytes";
            return Err(FieldError::new("name", rule));
        }
        let short = |field: &str, text: &Option<String>| match text {
            Some(text) if text.len() > MAX_TEXT_BYTES => {
                Err(FieldError::new(field, format!("must be at most {MAX_TEXT_BYTES} bytes")))
            }
            _ => Ok(()),
        };
        short("help", &self.help)?;
        short("pattern", &self.pattern)?;
        match (self.kind, &self.pattern) {
            (ParameterType::Text, Some(_)) => drop(self.matches("")?),
            (_, Some(_)) => return Err(FieldError::new("pattern", "is for a text alone")),
            (_, None) => {}
        }
        match (self.kind, self.choices.len()) {
            (ParameterType::Choice, 0) => return Err(FieldError::new("choices", "must name the values")),
            (ParameterType::Choice, choices) if choices > MAX_CHOICES => {
                return Err(FieldError::new("choices", format!("must be at most {MAX_CHOICES}")));
            }
            (ParameterType::Choice, _) | (_, 0) => {}
            (_, _) => return Err(FieldError::new("choices", "are for a choice alone")),
        }
        for (n, choice) in self.choices.iter().enumerate() {
            let wrong = |why: &str| Err(FieldError::new(format!("choices[{n}]"), why));
            if choice.trim().is_empty() {
                return wrong("must not be empty");
            }
            if self.choices[..n].contains(choice) {
                return wrong("is there already; each choice must be another value");
            }
        }
        match &self.default {
            Some(_) if self.kind == ParameterType::Secret => {
                Err(FieldError::new("default", "would be stored, and this is a secret"))
            }
            Some(default) => {
                let value = self.value(default, &sample_days());
                value.map(drop).map_err(|problem| FieldError::new("default", problem))
            }
            None => Ok(()),
        }
    }

    fn matches(&self, text: &str) -> Result<bool, FieldError> {
        let Some(pattern) = &self.pattern else { return Ok(true) };
        let build = |pattern: &str| {
            let built = RegexBuilder::new(&with_ascii_classes(pattern)).size_limit(MAX_PATTERN_SIZE).build();
            built.map_err(|_| FieldError::new("pattern", "is not a regular expression, or a very large one"))
        };
        // By itself too: its parentheses must not reach over its ends.
        build(pattern)?;
        Ok(build(&format!("^(?:{pattern})$"))?.is_match(text))
    }

    /// The value that stands for what was given; else what is wrong with that.
    pub(crate) fn value(&self, given: &str, days: &Days) -> Result<String, String> {
        if given.len() > MAX_VALUE_BYTES {
            return Err(format!("must be at most {MAX_VALUE_BYTES} bytes"));
        }
        if given.contains('\0') {
            return Err("must not contain a NUL character".into());
        }
        let legal = match self.kind {
            ParameterType::Text => {
                let fits = |text: &str| self.matches(text).map_err(|error| error.to_string());
                let day = match given {
                    "today" => Some(&days.today),
                    "yesterday" => Some(&days.yesterday),
                    _ => None,
                };
                return match (fits(given)?, day, &self.pattern) {
                    (true, ..) => Ok(given.to_owned()),
                    (false, Some(day), _) if fits(day)? => Ok(day.clone()),
                    (false, _, pattern) => {
                        Err(format!("must match {}", pattern.as_deref().unwrap_or_default()))
                    }
                };
            }
            ParameterType::Number => given.parse::<f64>().is_ok_and(f64::is_finite),
            ParameterType::Boolean => matches!(given, "true" | "false"),
            ParameterType::Choice => self.choices.iter().any(|choice| choice == given),
            ParameterType::Folder | ParameterType::File => Path::new(given).has_root(),
            ParameterType::Secret => true,
        };
        match (legal, self.kind) {
            (true, _) => Ok(given.to_owned()),
            (false, ParameterType::Number) => Err("must be a number".into()),
            (false, ParameterType::Boolean) => Err("must be true or false".into()),
            (false, ParameterType::Choice) => Err(format!("must be one of {}", self.choices.join(", "))),
            (false, _) => Err("must be an absolute path".into()),
        }
    }

    /// A value by which the rest of a spec can be looked at.
    fn sample(&self) -> String {
        if let Some(Ok(value)) = self.default.as_ref().map(|default| self.value(default, &sample_days())) {
            return value;
        }
        match self.kind {
            ParameterType::Text | ParameterType::Secret => "x".into(),
            ParameterType::Number => "1".into(),
            ParameterType::Boolean => "true".into(),
            ParameterType::Choice => self.choices.first().cloned().unwrap_or_default(),
            ParameterType::Folder | ParameterType::File => SAMPLE_PATH.into(),
        }
    }
}

/// As good as any.
pub(crate) const SAMPLE_PATH: &str = "/x";

/// Those of which nothing tells whether they are paths.
pub(crate) fn unbound(parameters: &[Parameter]) -> impl Iterator<Item = &str> {
    let texts = parameters.iter().filter(|of| of.kind == ParameterType::Text && of.default.is_none());
    texts.map(|of| of.name.as_str())
}

fn sample_days() -> Days {
    Days { today: "2000-01-02".into(), yesterday: "2000-01-01".into() }
}

pub(crate) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= MAX_NAME_BYTES
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Those whose values are never stored.
pub(crate) fn secrets(parameters: &[Parameter]) -> impl Iterator<Item = &Parameter> {
    parameters.iter().filter(|parameter| parameter.kind == ParameterType::Secret)
}

/// Values by which a spec with placeholders can be looked at.
pub(crate) fn samples(parameters: &[Parameter]) -> BTreeMap<String, String> {
    parameters.iter().map(|parameter| (parameter.name.clone(), parameter.sample())).collect()
}

/// With `\d` and `\w` for what people mean by them, and what they are where the window checks a value: digits and letters of ASCII.
fn with_ascii_classes(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('d')) => text.push_str("[0-9]"),
            ('\\', Some('D')) => text.push_str("[^0-9]"),
            ('\\', Some('w')) => text.push_str("[0-9A-Za-z_]"),
            ('\\', Some('W')) => text.push_str("[^0-9A-Za-z_]"),
            (c, escaped) => {
                text.push(c);
                text.extend(escaped);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_parameter_that_makes_no_sense_is_refused_by_field() {
        for (parameter, field) in [
            (json!({"name": "1st", "type": "text"}), "name"),
            (json!({"name": "a b", "type": "text"}), "name"),
            (json!({"name": "a", "type": "text", "pattern": "("}), "pattern"),
            (json!({"name": "a", "type": "text", "pattern": "a)|(b"}), "pattern"),
            (json!({"name": "a", "type": "number", "pattern": "1"}), "pattern"),
            (json!({"name": "a", "type": "choice"}), "choices"),
            (json!({"name": "a", "type": "choice", "choices": ["x", "y", "x"]}), "choices[2]"),
            (json!({"name": "a", "type": "choice", "choices": ["x", " "]}), "choices[1]"),
            (json!({"name": "a", "type": "text", "choices": ["x"]}), "choices"),
            (json!({"name": "a", "type": "number", "default": "x"}), "default"),
            (json!({"name": "a", "type": "text", "default": "tomorrow", "pattern": "\\d+"}), "default"),
        ] {
            let parameter: Parameter = serde_json::from_value(parameter.clone()).expect("its shape is right");
            assert_eq!(parameter.validate().expect_err("refused").field, field, "{parameter:?}");
        }
    }

    #[test]
    fn as_many_choices_as_are_allowed_are_legal_and_one_more_is_not() {
        let with = |many: usize| {
            let choices: Vec<_> = (0..many).map(|n| n.to_string()).collect();
            let json = json!({"name": "x", "type": "choice", "choices": choices});
            serde_json::from_value::<Parameter>(json).expect("a parameter").validate()
        };
        assert_eq!(with(MAX_CHOICES), Ok(()));
        let error = with(MAX_CHOICES + 1).expect_err("too many");
        assert_eq!(error.to_string(), "choices: must be at most 1000");
    }

    #[test]
    fn digits_and_letters_of_a_pattern_are_those_of_ascii() {
        let fits = |pattern: &str, text: &str| {
            let json = json!({"name": "x", "type": "text", "pattern": pattern});
            let parameter: Parameter = serde_json::from_value(json).expect("a parameter");
            parameter.matches(text).expect("is a pattern")
        };
        let date = r"\d{4}-\d{2}-\d{2}";
        assert!(fits(date, "2026-11-30") && !fits(date, "２０２６-１１-３０"));
        assert!(fits(r"[\w-]+", "a_b-1") && !fits(r"[\w-]+", "ä") && fits(r"\W\D", "ää"));
        assert!(fits(r"\\d", r"\d") && fits(r"[\\\d]+", r"\1"), "a backslash before it is one itself");
    }
}
