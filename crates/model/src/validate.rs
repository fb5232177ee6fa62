//! The one validator: every route into the handler calls it, and so does the form.

use crate::bounds::within;
use crate::{
    BackoffStrategy, ContainerTask, EnvVar, FieldError, MAX_BACKOFF_FACTOR, MAX_DURATION_MS, MAX_RETRIES,
    MAX_SCRIPT_BYTES, MatchExpression, Operator, RestartStrategy, ScriptMode, ScriptRuntime, SubprocessMode,
    SubprocessTask, TaskKind, TaskSpec, WasmTask,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Reads a spec from JSON and validates it. The error names the field, also for unknown fields and wrong types.
///
/// # Errors
/// The first rule that is broken.
pub fn parse_spec(json: serde_json::Value) -> Result<TaskSpec, FieldError> {
    if let Some(slot) = json.get("slot").and_then(serde_json::Value::as_str) {
        crate::Slot::new(slot)?;
    }
    let spec: TaskSpec = serde_path_to_error::deserialize(json).map_err(|error| parse_error(&error))?;
    spec.validate()?;
    Ok(spec)
}

/// serde names an unknown or missing field between backquotes; that is the field at fault. Else it is the one that was
/// being read: a number that does not fit, or no number at all.
fn parse_error(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let (path, message) = (error.path().to_string(), error.inner().to_string());
    let names_field = message.starts_with("unknown field") || message.starts_with("missing field");
    let named =
        if names_field { message.split('`').nth(1) } else { Some(&*path).filter(|path| *path != ".") };
    FieldError::new(named.unwrap_or("spec"), message.clone())
}

impl TaskSpec {
    /// # Errors
    /// The first rule that is broken, with the JSON path of the value that breaks it.
    pub fn validate(&self) -> Result<(), FieldError> {
        self.kind.validate()?;
        if let Some(timeout) = self.timeout {
            within("timeout", timeout, 1, MAX_DURATION_MS, " ms")?;
        }
        if let RestartStrategy::Always { interval_ms: Some(interval) } = self.restart {
            within("restart.intervalMs", interval, 0, MAX_DURATION_MS, " ms")?;
        }
        self.backoff.validate()?;
        if let Some(retries) = self.max_retries {
            within("maxRetries", retries, 1, MAX_RETRIES, "; leave it out for no limit")?;
        }
        if let Some(selector) = &self.runner_selector {
            if selector.match_labels.keys().any(|key| key.trim().is_empty()) {
                return Err(FieldError::new("runnerSelector.matchLabels", "a key must not be empty"));
            }
            for (i, expression) in selector.match_expressions.iter().enumerate() {
                expression.validate(&format!("runnerSelector.matchExpressions[{i}]"))?;
            }
        }
        if let Some(limits) = &self.limits {
            limits.validate()?;
        }
        if self.labels.keys().any(|key| key.trim().is_empty()) {
            return Err(FieldError::new("labels", "a key must not be empty"));
        }
        Ok(())
    }
}

fn not_blank(field: &str, what: &str, value: &str) -> Result<(), FieldError> {
    if value.trim().is_empty() {
        return Err(FieldError::new(field, format!("{what} must not be blank")));
    }
    no_nul(field, value)
}

/// The system ends a string at its first NUL: what came after would be lost without a word.
fn no_nul(field: &str, value: &str) -> Result<(), FieldError> {
    if value.contains('\0') {
        return Err(FieldError::new(field, "must not contain a NUL character"));
    }
    Ok(())
}

fn check_args(field: &str, args: &[String]) -> Result<(), FieldError> {
    args.iter().enumerate().try_for_each(|(i, arg)| no_nul(&format!("{field}[{i}]"), arg))
}

fn check_env(field: &str, env: &[EnvVar]) -> Result<(), FieldError> {
    for (i, var) in env.iter().enumerate() {
        let key = format!("{field}[{i}].key");
        not_blank(&key, "the name of a variable", &var.key)?;
        if var.key.contains('=') {
            return Err(FieldError::new(key, "the name of a variable must not contain '='"));
        }
        no_nul(&format!("{field}[{i}].value"), &var.value)?;
    }
    Ok(())
}

impl TaskKind {
    fn validate(&self) -> Result<(), FieldError> {
        match self {
            Self::Subprocess(subprocess) => subprocess.validate(),
            Self::Container(ContainerTask { image, command, args, env }) => {
                not_blank("kind.container.image", "the image", image)?;
                check_args("kind.container.command", command)?;
                check_args("kind.container.args", args)?;
                check_env("kind.container.env", env)
            }
            Self::Wasm(WasmTask { module, args, env }) => {
                not_blank("kind.wasm.module", "the path of the module", module)?;
                check_args("kind.wasm.args", args)?;
                check_env("kind.wasm.env", env)
            }
        }
    }
}

impl SubprocessTask {
    fn validate(&self) -> Result<(), FieldError> {
        match &self.mode {
            SubprocessMode::Command(mode) => {
                not_blank("kind.subprocess.mode.command.command", "the command", &mode.command)?;
                check_args("kind.subprocess.mode.command.args", &mode.args)?;
            }
            SubprocessMode::Script(script) => script.validate()?,
        }
        check_env("kind.subprocess.env", &self.env)?;
        match &self.cwd {
            Some(cwd) if !std::path::Path::new(cwd).has_root() => {
                Err(FieldError::new("kind.subprocess.cwd", "must be an absolute path"))
            }
            Some(cwd) => no_nul("kind.subprocess.cwd", cwd),
            None => Ok(()),
        }
    }
}

impl ScriptMode {
    fn validate(&self) -> Result<(), FieldError> {
        if let ScriptRuntime::Custom(custom) = &self.runtime {
            not_blank(
                "kind.subprocess.mode.script.runtime.custom.command",
                "the interpreter",
                &custom.command,
            )?;
            not_blank(
                "kind.subprocess.mode.script.runtime.custom.flag",
                "the interpreter's flag",
                &custom.flag,
            )?;
        }
        self.text()?;
        check_args("kind.subprocess.mode.script.args", &self.args)
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
        let text = String::from_utf8(bytes).map_err(|error| {
            FieldError::new(FIELD, format!("must be UTF-8 when decoded: {}", error.utf8_error()))
        })?;
        not_blank(FIELD, "the script", &text)?;
        Ok(text)
    }
}

impl BackoffStrategy {
    fn validate(&self) -> Result<(), FieldError> {
        within("backoff.firstMs", self.first_ms, 1, MAX_DURATION_MS, " ms")?;
        within("backoff.maxMs", self.max_ms, 1, MAX_DURATION_MS, " ms")?;
        if self.max_ms < self.first_ms {
            return Err(FieldError::new(
                "backoff.maxMs",
                format!("must be at least firstMs ({} ms)", self.first_ms),
            ));
        }
        within("backoff.factor", self.factor, 1.0, MAX_BACKOFF_FACTOR, "")
    }
}

impl MatchExpression {
    fn validate(&self, path: &str) -> Result<(), FieldError> {
        if self.key.trim().is_empty() {
            return Err(FieldError::new(format!("{path}.key"), "must not be empty"));
        }
        let wants_values = matches!(self.operator, Operator::In | Operator::NotIn);
        if wants_values == self.values.is_empty() {
            let verb = if wants_values { "needs" } else { "takes no" };
            return Err(FieldError::new(
                format!("{path}.values"),
                format!("{:?} {verb} values", self.operator),
            ));
        }
        Ok(())
    }
}
