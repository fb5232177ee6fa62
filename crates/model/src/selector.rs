//! Which runners may take a task: labels that must match, and expressions over labels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Which runners may take a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunnerSelector {
    /// Each of these labels is the runner's, with the same value.
    #[serde(default)]
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub match_labels: BTreeMap<String, String>,
    /// Each of these holds.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<MatchExpression>>")]
    pub match_expressions: Vec<MatchExpression>,
}

/// A condition on one label of a runner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchExpression {
    /// The label.
    pub key: String,
    /// How its value is held against `values`.
    pub operator: Operator,
    /// Given with `In` and `NotIn` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub values: Vec<String>,
}

/// Written as it is named here: `"In"`, `"NotIn"`, `"Exists"`, `"DoesNotExist"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub enum Operator {
    /// It is one of the values.
    In,
    /// It is none of the values, or is not there.
    NotIn,
    /// It is there, with any value.
    Exists,
    /// It is not there.
    DoesNotExist,
}

impl RunnerSelector {
    /// Whether a runner with `labels` may take the task: every label and every expression holds.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|expression| {
                let actual = labels.get(&expression.key);
                match expression.operator {
                    Operator::In => actual.is_some_and(|v| expression.values.contains(v)),
                    Operator::NotIn => actual.is_none_or(|v| !expression.values.contains(v)),
                    Operator::Exists => actual.is_some(),
                    Operator::DoesNotExist => actual.is_none(),
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_label_is_not_in_any_set() {
        let selector = |operator, values: &[&str]| RunnerSelector {
            match_labels: BTreeMap::new(),
            match_expressions: vec![MatchExpression {
                key: "gpu".into(),
                operator,
                values: values.iter().map(ToString::to_string).collect(),
            }],
        };
        let without = BTreeMap::new();
        let with = BTreeMap::from([("gpu".to_owned(), "a100".to_owned())]);
        assert!(!selector(Operator::In, &["a100"]).matches(&without));
        assert!(selector(Operator::NotIn, &["a100"]).matches(&without));
        assert!(!selector(Operator::NotIn, &["a100"]).matches(&with));
        assert!(selector(Operator::Exists, &[]).matches(&with));
        assert!(selector(Operator::DoesNotExist, &[]).matches(&without));
    }
}
