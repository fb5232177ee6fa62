//! What a task waits for beside its lane, and what becomes of it after a reboot. Pure: which tasks there are, and the time, are
//! arguments.

use crate::bounds::within;
use crate::{FieldError, MAX_PRIORITY, TaskId, TaskPhase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Another task that has to get somewhere first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AfterTask {
    /// The other task.
    pub task: TaskId,
    /// How far it has to get.
    #[serde(default)]
    #[ts(optional, as = "Option<AfterWhen>")]
    pub when: AfterWhen,
}

/// How far another task has to get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AfterWhen {
    /// It has to succeed.
    #[default]
    Succeeded,
    /// It has to end, however.
    Ended,
    /// It has to fail: by its program's end, by its timeout, or by having spent its retries. One that was stopped has not failed.
    Failed,
    /// Its program has to run, or to have run.
    Started,
}

impl AfterWhen {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Succeeded, Self::Ended, Self::Failed, Self::Started];

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::Started => "started",
        }
    }

    /// The condition of a [`AfterWhen::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|when| when.word() == word)
    }

    /// Whether a task that stands so fulfils the condition. `started`: whether its program ever ran.
    pub fn judge(self, phase: TaskPhase, started: bool) -> Dependency {
        let (fulfilled, over) = match self {
            Self::Succeeded => (phase == TaskPhase::Succeeded, phase.is_terminal()),
            Self::Ended => (phase.is_terminal(), phase.is_terminal()),
            Self::Failed => (phase.is_failure(), phase.is_terminal()),
            Self::Started => (started || phase == TaskPhase::Running, phase.is_terminal()),
        };
        match (fulfilled, over) {
            (true, _) => Dependency::Fulfilled,
            (false, true) => Dependency::Never,
            (false, false) => Dependency::Open,
        }
    }
}

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// It may still be fulfilled.
    Open,
    /// It is fulfilled, and stays so.
    Fulfilled,
    /// It cannot be fulfilled any more.
    Never,
}

/// What becomes of a task that was not over when the machine was restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AfterReboot {
    /// It goes on by itself: what ran gets another attempt, what waited waits on.
    Start,
    /// It waits until a person releases it.
    Hold,
    /// It is over: what ran has failed, what waited is canceled.
    End,
}

/// How a task stood when the machine was restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeforeReboot {
    /// An attempt was under way.
    Ran,
    /// It waited: for its lane, its time, another task, or its next attempt.
    Waited,
}

/// # Errors
/// Names the field.
pub fn check_priority(priority: i32) -> Result<(), FieldError> {
    within("priority", priority, -MAX_PRIORITY, MAX_PRIORITY, "")
}

pub(crate) fn is_zero(priority: &i32) -> bool {
    *priority == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MAX_AFTER, TaskSpec, parse_spec};
    use serde_json::json;

    fn spec(more: serde_json::Value) -> Result<TaskSpec, FieldError> {
        let mut spec = json!({"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "x"}}}}});
        spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        parse_spec(spec)
    }

    #[test]
    fn a_condition_is_open_until_the_other_has_got_there_or_is_over() {
        use AfterWhen::{Ended, Failed, Started, Succeeded};
        use Dependency::{Fulfilled, Never, Open};
        for (phase, started, judged) in [
            // In the order of `AfterWhen::ALL`.
            (TaskPhase::Pending, false, [Open, Open, Open, Open]),
            (TaskPhase::Pending, true, [Open, Open, Open, Fulfilled]),
            (TaskPhase::Running, false, [Open, Open, Open, Fulfilled]),
            (TaskPhase::Succeeded, true, [Fulfilled, Fulfilled, Never, Fulfilled]),
            (TaskPhase::Failed, true, [Never, Fulfilled, Fulfilled, Fulfilled]),
            (TaskPhase::Failed, false, [Never, Fulfilled, Fulfilled, Never]),
            (TaskPhase::Timeout, true, [Never, Fulfilled, Fulfilled, Fulfilled]),
            (TaskPhase::Exhausted, true, [Never, Fulfilled, Fulfilled, Fulfilled]),
            (TaskPhase::Canceled, false, [Never, Fulfilled, Never, Never]),
        ] {
            let found = [Succeeded, Ended, Failed, Started].map(|when| when.judge(phase, started));
            assert_eq!(found, judged, "{phase:?} {started}");
        }
        for when in AfterWhen::ALL {
            assert_eq!(serde_json::to_value(when).expect("writes"), when.word());
            assert_eq!(AfterWhen::from_word(when.word()), Some(when));
        }
    }

    #[test]
    fn a_service_comes_back_and_what_waited_waits_for_a_person() {
        use AfterReboot::{End, Hold, Start};
        for (spec, ran, waited) in [
            (json!({}), End, Hold),
            (json!({"restart": {"type": "onFailure"}}), End, Hold),
            (json!({"restart": {"type": "always"}}), Start, Start),
            (json!({"restart": {"type": "always"}, "afterReboot": "hold"}), Hold, Hold),
            (json!({"afterReboot": "start"}), Start, Start),
            (json!({"afterReboot": "end"}), End, End),
        ] {
            let spec = self::spec(spec).expect("legal");
            let found = [BeforeReboot::Ran, BeforeReboot::Waited].map(|before| spec.after_a_reboot(before));
            assert_eq!(found, [ran, waited], "{spec:?}");
        }
    }

    #[test]
    fn each_field_has_its_bounds_and_absent_means_as_before() {
        let plain = spec(json!({})).expect("legal");
        assert_eq!(
            (plain.not_before, plain.priority, plain.after.len(), plain.after_reboot),
            (None, 0, 0, None)
        );
        assert!(!serde_json::to_string(&plain).expect("writes").contains("priority"));
        let full = json!({"notBefore": 1_764_336_000_000_u64, "priority": -100, "afterReboot": "hold",
            "after": [{"task": "a"}, {"task": "b", "when": "started"}]});
        let full = spec(full).expect("legal");
        assert_eq!(full.after[0].when, AfterWhen::Succeeded);
        assert_eq!(
            spec(serde_json::to_value(&full.after).map(|after| json!({"after": after})).expect("writes"))
                .expect("legal")
                .after,
            full.after
        );
        assert_eq!(full.again().after, []);
        let many: Vec<_> = (0..=MAX_AFTER).map(|n| json!({"task": format!("t{n}")})).collect();
        for (wrong, field) in [
            (json!({"priority": 101}), "priority"),
            (json!({"notBefore": 9_999_999_999_999_u64}), "notBefore"),
            (json!({"after": many}), "after"),
            (json!({"after": [{"task": "a", "when": "ready"}]}), "after[0].when"),
            (json!({"afterReboot": "sleep"}), "afterReboot"),
        ] {
            assert_eq!(spec(wrong).expect_err("refused").field, field);
        }
    }
}
