//! Whom a task tells of its end, and what is to be done when it falls silent.

use crate::bounds::within;
use crate::hook::check_hook_name;
use crate::{FieldError, MAX_DURATION_MS, MIN_SILENT_MS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Hooks that one task can name.
const MAX_NAMED: usize = 20;

/// Whom a task tells of its end, beside or instead of what the settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NotifyRules {
    /// Whether the desktop is told of its failure; as the settings have it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_failure: Option<bool>,
    /// Whether the desktop is told of its success, however short it was; as the settings have it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_success: Option<bool>,
    /// Hooks that are called of it whatever its labels, by their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub hooks: Vec<String>,
}

impl NotifyRules {
    /// # Errors
    /// Names the field.
    pub(crate) fn validate(&self) -> Result<(), FieldError> {
        if self.hooks.len() > MAX_NAMED {
            return Err(FieldError::new("notify.hooks", format!("must be at most {MAX_NAMED}")));
        }
        for (at, name) in self.hooks.iter().enumerate() {
            check_hook_name(name).map_err(|why| FieldError::new(format!("notify.hooks[{at}]"), why))?;
        }
        Ok(())
    }
}

/// What is done when a run prints nothing for long. A run that stands still, and the sleep of the machine, do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stall {
    /// So many milliseconds without a line, from the start of the run or from the last one.
    #[ts(type = "number")]
    #[schemars(range(min = MIN_SILENT_MS, max = MAX_DURATION_MS))]
    pub silent_ms: u64,
    /// What is done then.
    #[serde(default)]
    #[ts(optional, as = "Option<StallThen>")]
    pub then: StallThen,
}

/// What is done when a run is silent. It is told in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StallThen {
    /// It is told.
    #[default]
    Notify,
    /// The run is ended, and the task has failed, whatever its restart policy.
    Stop,
    /// The run is ended, and another attempt follows, whatever its restart policy.
    Restart,
}

impl StallThen {
    /// Each once.
    pub const ALL: [Self; 3] = [Self::Notify, Self::Stop, Self::Restart];

    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }

    /// What a [`StallThen::word`] says.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|then| then.word() == word)
    }
}

impl Stall {
    /// # Errors
    /// Names the field.
    pub fn validate(self) -> Result<(), FieldError> {
        within("stall.silentMs", self.silent_ms, MIN_SILENT_MS, MAX_DURATION_MS, " ms")
    }
}
