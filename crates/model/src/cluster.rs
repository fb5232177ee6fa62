//! What a task asks of a batch cluster, and its rules.

use crate::bounds::within;
use crate::problems::Problems;
use crate::{FieldError, MAX_CLUSTER_CPUS, MAX_CLUSTER_GPUS, MAX_CLUSTER_MINUTES};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A name of a cluster is no longer.
const MAX_NAME: usize = 256;

/// What the cluster is asked for; it has its own answer for what is absent. How much memory is what `limits.memoryBytes` says, or what
/// the cluster gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClusterRequest {
    /// Of several, separated by commas, the one that starts it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub partition: Option<String>,
    /// Whom it is charged to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub account: Option<String>,
    /// The quality of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub qos: Option<String>,
    /// Processors, all on one node.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1, max = MAX_CLUSTER_CPUS))]
    pub cpus: Option<u32>,
    /// GPUs, all on one node.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1, max = MAX_CLUSTER_GPUS))]
    pub gpus: Option<u32>,
    /// After so many minutes the cluster ends it. When absent, what its `timeout` needs, or else what the partition gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schemars(range(min = 1, max = MAX_CLUSTER_MINUTES))]
    pub time_minutes: Option<u32>,
    /// Features that the node has to have, as in `a100&nvme`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub constraint: Option<String>,
}

impl ClusterRequest {
    pub(crate) fn examine(&self, problems: &mut Problems) {
        let Self { partition, account, qos, cpus, gpus, time_minutes, constraint } = self;
        let names = [("partition", partition, "._-,"), ("account", account, "._-@+"), ("qos", qos, "._-@+")];
        for (field, value, marks) in names {
            problems.check(is_word(field, value.as_deref(), marks));
        }
        problems.check(is_word("constraint", constraint.as_deref(), "._-:=&|*()[],!"));
        let numbers = [
            ("cpus", cpus, MAX_CLUSTER_CPUS, ""),
            ("gpus", gpus, MAX_CLUSTER_GPUS, ""),
            ("timeMinutes", time_minutes, MAX_CLUSTER_MINUTES, " minutes"),
        ];
        for (field, value, most, unit) in numbers {
            if let Some(value) = value {
                problems.check(within(&format!("cluster.{field}"), *value, 1, most, unit));
            }
        }
    }
}

/// Letters, digits and `marks`, so that nothing can be read as another option of a command line.
fn is_word(field: &str, value: Option<&str>, marks: &str) -> Result<(), FieldError> {
    let Some(value) = value else { return Ok(()) };
    let field = format!("cluster.{field}");
    let legal = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    match value {
        "" => Err(FieldError::new(field, "must not be empty; leave it out for what the cluster has")),
        _ if value.len() > MAX_NAME => {
            Err(FieldError::new(field, format!("must have at most {MAX_NAME} characters")))
        }
        _ if value.starts_with('-') || !value.chars().all(legal) => {
            Err(FieldError::new(field, format!("may have A–Z, a–z, digits and {marks} only")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{MAX_CLUSTER_MINUTES, TaskSpec};
    use serde_json::{Value, json};

    fn fields(cluster: &Value) -> Vec<String> {
        let kind = json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
        let spec: TaskSpec = serde_json::from_value(json!({"slot": "s", "kind": kind, "cluster": cluster}))
            .expect("its shape");
        spec.problems().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn what_no_cluster_could_be_asked_for_is_refused_by_field() {
        let fine = json!({"partition": "short,gpu", "account": "team-a", "qos": "high", "cpus": 4, "gpus": 2,
            "timeMinutes": MAX_CLUSTER_MINUTES, "constraint": "(a100|h100)&nvme"});
        assert_eq!(fields(&fine), [""; 0]);
        assert_eq!(fields(&json!({})), [""; 0]);
        let wrong = json!({"partition": "", "account": "a b", "qos": "-x", "cpus": 0, "gpus": 0,
            "timeMinutes": 0, "constraint": "a\nb"});
        let all = ["partition", "account", "qos", "constraint", "cpus", "gpus", "timeMinutes"];
        assert_eq!(fields(&wrong), all.map(|field| format!("cluster.{field}")));
        assert_eq!(fields(&json!({"partition": "x".repeat(257)})), ["cluster.partition"]);
    }
}
