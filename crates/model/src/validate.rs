//! The one validator: every route into the handler calls it, and so does the form.

use crate::bounds::MAX_PARAMETERS;
use crate::bounds::within;
use crate::parameter::is_name as is_parameter_name;
use crate::problems::Problems;
use crate::shape::Reading;
use crate::{
    BackoffStrategy, EnvVar, FieldError, MAX_AFTER, MAX_BACKOFF_FACTOR, MAX_DURATION_MS, MAX_RETRIES,
    MAX_SCRIPT_BYTES, MAX_TIME_MS, MatchExpression, Operator, RestartStrategy, ScriptMode, ScriptRuntime,
    SpecErrors, SubprocessMode, SubprocessTask, TaskKind, TaskSpec, check_priority,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashSet;

/// Reads a spec from JSON and validates it. The error names the field, also for unknown fields and wrong types.
///
/// # Errors
/// The first rule that is broken.
pub fn parse_spec(json: serde_json::Value) -> Result<TaskSpec, FieldError> {
    examine_spec(json).map_err(|errors| errors.first)
}

/// As [`parse_spec`], for those who want to tell a person everything at once.
///
/// # Errors
/// Every rule that is broken, and every value that does not fit its field.
pub fn examine_spec(json: serde_json::Value) -> Result<TaskSpec, SpecErrors> {
    let mut reading = Reading::of(json, "spec");
    let spec = reading.read::<TaskSpec>();
    if let Some(spec) = &spec {
        reading.add(spec.problems());
    }
    match (spec, reading.into_errors()) {
        (Some(spec), None) => Ok(spec),
        (_, Some(errors)) => Err(errors),
        // It was read, or there is an error.
        (None, None) => Err(FieldError::new("spec", "cannot be read").into()),
    }
}

impl TaskSpec {
    /// # Errors
    /// The first of [`Self::problems`].
    pub fn validate(&self) -> Result<(), FieldError> {
        self.problems().into_iter().next().map_or(Ok(()), Err)
    }

    /// Every rule that is broken, each with the JSON path of the value that breaks it. Empty for a legal spec.
    pub fn problems(&self) -> Vec<FieldError> {
        let mut problems = Problems::default();
        self.kind.examine(&mut problems);
        if let Some(timeout) = self.timeout {
            problems.check(within("timeout", timeout, 1, MAX_DURATION_MS, " ms"));
        }
        if let RestartStrategy::Always { interval_ms: Some(interval) } = self.restart {
            problems.check(within("restart.intervalMs", interval, 0, MAX_DURATION_MS, " ms"));
        }
        self.backoff.examine(&mut problems);
        if let Some(retries) = self.max_retries {
            let unit = "; leave it out for no limit";
            problems.check(within("maxRetries", retries, 1, MAX_RETRIES, unit));
        }
        if let Some(selector) = &self.runner_selector {
            if selector.match_labels.keys().any(|key| key.trim().is_empty()) {
                problems.refuse("runnerSelector.matchLabels", "a key must not be empty");
            }
            for (i, expression) in selector.match_expressions.iter().enumerate() {
                expression.examine(&format!("runnerSelector.matchExpressions[{i}]"), &mut problems);
            }
        }
        if let Some(limits) = &self.limits {
            limits.examine(&mut problems);
        }
        if let Some(cluster) = &self.cluster {
            cluster.examine(&mut problems);
        }
        problems.check(self.stdin.validate());
        if let Some(not_before) = self.not_before {
            problems.check(within("notBefore", not_before, 0, MAX_TIME_MS, " ms"));
        }
        if let Some(stall) = self.stall {
            problems.check(stall.validate());
        }
        if let Some(notify) = &self.notify {
            problems.check(notify.validate());
        }
        problems.check(check_priority(self.priority));
        if self.after.len() > MAX_AFTER {
            problems.check(Err(FieldError::new("after", format!("must be at most {MAX_AFTER} tasks"))));
        }
        if self.labels.keys().any(|key| key.trim().is_empty()) {
            problems.refuse("labels", "a key must not be empty");
        }
        if self.job_revision.is_some() && self.job.is_none() {
            problems.refuse("jobRevision", "may only be given with a job");
        }
        if !self.secrets.is_empty() && self.job.is_none() {
            problems.refuse("secrets", "may only be given with a job");
        }
        if self.secrets.len() > MAX_PARAMETERS {
            problems.check(Err(FieldError::new("secrets", format!("must be at most {MAX_PARAMETERS}"))));
        }
        if let Some(at) = self.secrets.iter().position(|name| !is_parameter_name(name)) {
            problems.refuse(format!("secrets[{at}]"), "is not a name of a parameter");
        }
        problems.into_vec()
    }
}

pub(crate) fn not_blank(field: &str, what: &str, value: &str) -> Result<(), FieldError> {
    if value.trim().is_empty() {
        return Err(FieldError::new(field, format!("{what} must not be blank")));
    }
    no_nul(field, value)
}

/// The system ends a string at its first NUL: what came after would be lost without a word.
pub(crate) fn no_nul(field: &str, value: &str) -> Result<(), FieldError> {
    if value.contains('\0') {
        return Err(FieldError::new(field, "must not contain a NUL character"));
    }
    Ok(())
}

pub(crate) fn absolute(field: &str, path: &str) -> Result<(), FieldError> {
    if !path.starts_with('/') {
        return Err(FieldError::new(field, "must be an absolute path"));
    }
    no_nul(field, path)
}

/// Whether no two of the paths at which a task sees something are the same; those that are, are refused.
pub(crate) fn examine_distinct<'a>(
    paths: impl Iterator<Item = &'a str>,
    field: impl Fn(usize) -> String,
    problems: &mut Problems,
) {
    let mut seen = HashSet::new();
    for (i, path) in paths.enumerate() {
        if !seen.insert(path.trim_end_matches('/')) {
            problems.refuse(field(i), "must not be given twice");
        }
    }
}

pub(crate) fn examine_args(field: &str, args: &[String], problems: &mut Problems) {
    for (i, arg) in args.iter().enumerate() {
        problems.check(no_nul(&format!("{field}[{i}]"), arg));
    }
}

pub(crate) fn examine_env(field: &str, env: &[EnvVar], problems: &mut Problems) {
    for (i, var) in env.iter().enumerate() {
        let key = format!("{field}[{i}].key");
        problems.check(not_blank(&key, "the name of a variable", &var.key));
        if var.key.contains('=') {
            problems.refuse(key, "the name of a variable must not contain '='");
        }
        problems.check(no_nul(&format!("{field}[{i}].value"), &var.value));
    }
}

impl TaskKind {
    fn examine(&self, problems: &mut Problems) {
        match self {
            Self::Subprocess(subprocess) => subprocess.examine(problems),
            Self::Container(container) => container.examine(problems),
            Self::Wasm(wasm) => wasm.examine(problems),
        }
    }
}

impl SubprocessTask {
    fn examine(&self, problems: &mut Problems) {
        match &self.mode {
            SubprocessMode::Command(mode) => {
                problems.check(not_blank(
                    "kind.subprocess.mode.command.command",
                    "the command",
                    &mode.command,
                ));
                examine_args("kind.subprocess.mode.command.args", &mode.args, problems);
            }
            SubprocessMode::Script(script) => script.examine(problems),
        }
        examine_env("kind.subprocess.env", &self.env, problems);
        if let Some(cwd) = &self.cwd {
            problems.check(absolute("kind.subprocess.cwd", cwd));
        }
    }
}

impl ScriptMode {
    fn examine(&self, problems: &mut Problems) {
        if let ScriptRuntime::Custom(custom) = &self.runtime {
            problems.check(not_blank(
                "kind.subprocess.mode.script.runtime.custom.command",
                "the interpreter",
                &custom.command,
            ));
            problems.check(not_blank(
                "kind.subprocess.mode.script.runtime.custom.flag",
                "the interpreter's flag",
                &custom.flag,
            ));
        }
        problems.check(self.text().map(drop));
        examine_args("kind.subprocess.mode.script.args", &self.args, problems);
    }

    /// The script as text.
    ///
    /// # Errors
    /// When the body is no base64, no UTF-8, or too large.
    pub fn text(&self) -> Result<String, FieldError> {
        const FIELD: &str = "kind.subprocess.mode.script.body";
        // Four characters of base64 hold three bytes: refuse before decoding what could not fit.
        let too_large =
            || FieldError::new(FIELD, format!("must be at most {MAX_SCRIPT_BYTES} bytes when decoded"));
        if self.body.len() / 4 > MAX_SCRIPT_BYTES / 3 + 1 {
            return Err(too_large());
        }
        let bytes = STANDARD
            .decode(&self.body)
            .map_err(|error| FieldError::new(FIELD, format!("must be standard base64: {error}")))?;
        if bytes.len() > MAX_SCRIPT_BYTES {
            return Err(too_large());
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(FieldError::new(FIELD, "is UTF-16; save it as UTF-8"));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            FieldError::new(FIELD, format!("must be UTF-8 when decoded: {}", error.utf8_error()))
        })?;
        not_blank(FIELD, "the script", &text)?;
        Ok(text)
    }
}

impl BackoffStrategy {
    fn examine(&self, problems: &mut Problems) {
        problems.check(within("backoff.firstMs", self.first_ms, 1, MAX_DURATION_MS, " ms"));
        problems.check(within("backoff.maxMs", self.max_ms, 1, MAX_DURATION_MS, " ms"));
        if self.max_ms < self.first_ms {
            problems.refuse("backoff.maxMs", format!("must be at least firstMs ({} ms)", self.first_ms));
        }
        problems.check(within("backoff.factor", self.factor, 1.0, MAX_BACKOFF_FACTOR, ""));
    }
}

impl MatchExpression {
    fn examine(&self, path: &str, problems: &mut Problems) {
        if self.key.trim().is_empty() {
            problems.refuse(format!("{path}.key"), "must not be empty");
        }
        let wants_values = matches!(self.operator, Operator::In | Operator::NotIn);
        if wants_values == self.values.is_empty() {
            let verb = if wants_values { "needs" } else { "takes no" };
            problems.refuse(format!("{path}.values"), format!("{:?} {verb} values", self.operator));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_rule_that_is_broken_is_named() {
        let env = json!([{"key": "A=B", "value": "x"}, {"key": " ", "value": "y"}]);
        let command = json!({"command": {"command": "  ", "args": ["a\u{0}b"]}});
        let spec: TaskSpec = serde_json::from_value(json!({
            "slot": "s",
            "kind": {"subprocess": {"mode": command, "env": env, "cwd": "here"}},
            "timeout": 0,
            "maxRetries": 0,
            "backoff": {"jitter": "none", "firstMs": 10, "maxMs": 5, "factor": 0.5},
            "limits": {"cpuPercent": 0, "processes": 0},
            "labels": {" ": "x"},
        }))
        .expect("has the shape of one");
        let fields: Vec<String> = spec.problems().into_iter().map(|problem| problem.field).collect();
        let expected = [
            "kind.subprocess.mode.command.command",
            "kind.subprocess.mode.command.args[0]",
            "kind.subprocess.env[0].key",
            "kind.subprocess.env[1].key",
            "kind.subprocess.cwd",
            "timeout",
            "backoff.maxMs",
            "backoff.factor",
            "maxRetries",
            "limits.cpuPercent",
            "limits.processes",
            "labels",
        ];
        assert_eq!(fields, expected);
        assert_eq!(spec.validate().expect_err("refused").field, expected[0]);
    }

    #[test]
    fn a_lane_without_a_legal_name_hides_nothing_else() {
        let command = json!({"command": {"command": "true"}});
        let wrong =
            json!({"slot": "a b", "kind": {"subprocess": {"mode": command}}, "maxRetries": 0, "timeout": 0});
        let SpecErrors { first, others } = examine_spec(wrong).expect_err("refused");
        let others: Vec<&str> = others.iter().map(|error| error.field.as_str()).collect();
        assert_eq!((first.field.as_str(), others), ("slot", vec!["timeout", "maxRetries"]));
    }
}
