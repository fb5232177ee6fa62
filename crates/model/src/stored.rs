//! Reading what was stored, as far as this version knows it. What people submit is read strictly elsewhere; what is stored may
//! have been written by a later version, and a field that is not known here must not take the rest with it.

use crate::shape::{named_field, place, take_out, with_field};
use crate::{LaneRules, TaskSpec};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Fields that are left out of one document at most: a later version has a handful of new ones.
const UNKNOWN: usize = 1_000;

/// A spec as it is stored. Fields that this version does not know are left out; they stay where they are stored.
///
/// # Errors
/// When it is no spec even without them.
pub fn stored_spec(text: &str) -> Result<TaskSpec, serde_json::Error> {
    // Nearly always.
    if let Ok(spec) = serde_json::from_str(text) {
        return Ok(spec);
    }
    without_unknown_fields(serde_json::from_str(text)?)
}

/// The rules of a lane as they are stored. Fields that this version does not know are left out; they stay where they are stored.
///
/// # Errors
/// When they are no rules even without them.
pub fn stored_lane_rules(text: &str) -> Result<LaneRules, serde_json::Error> {
    if let Ok(rules) = serde_json::from_str(text) {
        return Ok(rules);
    }
    without_unknown_fields(serde_json::from_str(text)?)
}

/// Reads `document` without the fields that its type does not know.
pub(crate) fn without_unknown_fields<T: DeserializeOwned>(
    mut document: Value,
) -> Result<T, serde_json::Error> {
    for _ in 0..UNKNOWN {
        let error = match serde_path_to_error::deserialize(&document) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        if !remove_unknown_field(&mut document, &error) {
            return Err(error.into_inner());
        }
    }
    serde_json::from_value(document)
}

/// Removes the field that the error is about, if it is one that is not known.
fn remove_unknown_field(document: &mut Value, error: &serde_path_to_error::Error<serde_json::Error>) -> bool {
    let message = error.inner().to_string();
    let Some(field) = named_field(&message).filter(|_| message.starts_with("unknown field")) else {
        return false;
    };
    let at = with_field(document, error.path().iter().cloned().collect(), field);
    let Some((last, outer)) = at.split_last() else { return false };
    place(document, outer).is_some_and(|outer| take_out(outer, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RestartStrategy;
    use serde_json::json;

    fn read(spec: Value) -> Result<TaskSpec, serde_json::Error> {
        stored_spec(&spec.to_string())
    }

    #[test]
    fn fields_of_a_later_version_are_left_out_wherever_they_are() {
        let command = json!({"command": "true", "args": ["a"], "niceness": 5});
        let spec = read(json!({
            "slot": "s",
            "deadline": {"at": 5},
            "kind": {"subprocess": {"mode": {"command": command}, "env": [{"key": "K", "value": "v", "secret": true}],
                "afterEverything": "dance"}},
            "restart": {"type": "always", "intervalMs": 5, "jitterMs": 7},
            "runnerSelector": {"matchExpressions": [{"key": "k", "operator": "Exists", "weight": 1}], "soft": true},
            "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 2, "factor": 2.0, "resetMs": 9},
        }))
        .expect("readable");
        assert_eq!(spec.restart, RestartStrategy::Always { interval_ms: Some(5) });
        assert_eq!(spec.kind.command_text(), "true a");
        assert_eq!(spec.backoff.first_ms, 1);
        assert_eq!(spec.runner_selector.expect("kept").match_expressions.len(), 1);
    }

    #[test]
    fn what_is_no_spec_even_without_them_is_an_error() {
        for spec in [
            json!({"slot": "s", "kind": {"virtualMachine": {"image": "x"}}}),
            json!({"slot": "s", "later": 1}),
            json!({"slot": "not a slot", "kind": {"wasm": {"module": "/m"}}}),
            json!(5),
        ] {
            assert!(read(spec.clone()).is_err(), "{spec}");
        }
        assert!(stored_spec("{").is_err());
    }

    #[test]
    fn rules_of_a_later_version_are_read_as_far_as_they_are_known() {
        let stored = json!({"onMains": true, "moonPhase": "full"}).to_string();
        let known = LaneRules { on_mains: true, ..LaneRules::default() };
        assert_eq!(stored_lane_rules(&stored).expect("readable"), known);
    }
}
