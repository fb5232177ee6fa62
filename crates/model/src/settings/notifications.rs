//! What the desktop is told of.

use crate::MAX_NOTIFICATION_RULES;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the desktop is told of when no window is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NotificationSettings {
    /// When a task fails.
    pub failures: bool,
    /// When a task that ran for long finishes.
    pub long_runs: bool,
    /// What is otherwise for tasks with some label; of several rules the first one that says something. What a task says of
    /// itself (`notify`) goes before. 50 at most.
    pub rules: Vec<NotificationRule>,
}

/// What the desktop is told of tasks with a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationRule {
    /// The label's key; `name` is what a task is called.
    pub label: String,
    /// Its value.
    pub value: String,
    /// Whether a failure is told; as usual when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_failure: Option<bool>,
    /// Whether a success is told, however short it was; as usual when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_success: Option<bool>,
}

impl NotificationSettings {
    pub(super) fn examine(&self, problems: &mut Problems) {
        if self.rules.len() > MAX_NOTIFICATION_RULES {
            problems.refuse("notifications.rules", format!("must be at most {MAX_NOTIFICATION_RULES}"));
        }
        for (at, rule) in self.rules.iter().enumerate() {
            if rule.label.trim().is_empty() {
                problems.refuse(format!("notifications.rules[{at}].label"), "must name a label");
            }
        }
    }
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self { failures: true, long_runs: true, rules: vec![] }
    }
}
