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
    /// What it says of this label alone.
    #[must_use]
    pub fn about(&self, key: &str) -> Self {
        self.kept(|of| of == key)
    }

    /// All that it says but of this label; `None` when that is nothing.
    #[must_use]
    pub fn without(&self, key: &str) -> Option<Self> {
        Some(self.kept(|of| of != key)).filter(|rest| *rest != Self::default())
    }

    fn kept(&self, keep: impl Fn(&str) -> bool) -> Self {
        let labels = self.match_labels.iter().filter(|(key, _)| keep(key));
        let expressions = self.match_expressions.iter().filter(|expression| keep(&expression.key));
        Self {
            match_labels: labels.map(|(key, value)| (key.clone(), value.clone())).collect(),
            match_expressions: expressions.cloned().collect(),
        }
    }

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

    #[test]
    fn what_is_said_of_one_label_is_told_from_the_rest() {
        let expression =
            |key: &str| MatchExpression { key: key.into(), operator: Operator::Exists, values: vec![] };
        let both = RunnerSelector {
            match_labels: BTreeMap::from([("machine".to_owned(), "nas".to_owned())]),
            match_expressions: vec![expression("gpu"), expression("machine")],
        };
        let of_machine = both.about("machine");
        assert_eq!(
            (of_machine.match_labels.len(), &of_machine.match_expressions[..]),
            (1, &[expression("machine")][..])
        );
        let rest = both.without("machine").expect("of the GPU");
        assert_eq!((rest.match_labels.len(), &rest.match_expressions[..]), (0, &[expression("gpu")][..]));
        assert_eq!(of_machine.without("machine"), None);
    }
}
