//! How long what is over is kept.

use crate::bounds::within;
use crate::problems::Problems;
use crate::{MAX_KEEP_DAYS, MAX_KEEP_TASKS, MAX_KEPT_ATTEMPTS, MIN_KEPT_ATTEMPTS};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How long what is over is kept; `null` is for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FinishedSettings {
    /// After so many days a finished task goes.
    pub keep_days: Option<u32>,
    /// The latest so many.
    pub keep_tasks: Option<u32>,
    /// Of a task's attempts the latest so many, beside the first ten: runs, events and logs. 10 to 10,000.
    pub keep_attempts: u32,
}

impl Default for FinishedSettings {
    fn default() -> Self {
        Self { keep_days: None, keep_tasks: None, keep_attempts: 1_000 }
    }
}

impl FinishedSettings {
    pub(super) fn examine(&self, problems: &mut Problems) {
        let rules = [
            ("finished.keepDays", self.keep_days, MAX_KEEP_DAYS),
            ("finished.keepTasks", self.keep_tasks, MAX_KEEP_TASKS),
        ];
        for (field, kept, most) in rules {
            if let Some(kept) = kept {
                problems.check(within(field, kept, 1, most, ""));
            }
        }
        let kept =
            within("finished.keepAttempts", self.keep_attempts, MIN_KEPT_ATTEMPTS, MAX_KEPT_ATTEMPTS, "");
        problems.check(kept);
    }
}

#[cfg(test)]
mod tests {
    use crate::Settings;
    use crate::settings::refused;
    use serde_json::json;

    #[test]
    fn attempts_are_kept_within_bounds() {
        for (kept, legal) in [(10, true), (10_000, true), (9, false), (0, false), (10_001, false)] {
            let changed = Settings::default().patched(&json!({"finished": {"keepAttempts": kept}}));
            assert_eq!(changed.is_ok(), legal, "{kept}: {changed:?}");
        }
        assert_eq!(refused(json!({"finished": {"keepAttempts": null}})).field, "finished.keepAttempts");
    }
}
