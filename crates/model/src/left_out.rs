//! What a list leaves out: the other side of a query.

use crate::{JobName, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A task of which any of this is true is not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LeftOut {
    /// Its lane is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Slot>>")]
    pub slots: Vec<Slot>,
    /// Its job is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<JobName>>")]
    pub jobs: Vec<JobName>,
    /// It has one of these labels, each a key and a value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<(String, String)>>")]
    pub labels: Vec<(String, String)>,
    /// One of these is somewhere in its name or its command, case ignored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub texts: Vec<String>,
    /// Its latest finished attempt has one of these exit codes, or was killed by the signal that a shell has one of them for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<i32>>")]
    pub exit_codes: Vec<i32>,
    /// One of these is somewhere in its name, case ignored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub names: Vec<String>,
    /// It was submitted at this time or later, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub since_ms: Option<u64>,
    /// It is over, and its latest attempt took as long or longer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_at_least_ms: Option<u64>,
    /// It is over, and its latest attempt took as long or less, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub took_at_most_ms: Option<u64>,
}

impl LeftOut {
    /// Whether nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Of all kinds together; [`crate::MAX_LEFT_OUT`] at most are taken.
    #[must_use]
    pub fn count(&self) -> usize {
        let single = [self.since_ms, self.took_at_least_ms, self.took_at_most_ms];
        self.slots.len()
            + self.jobs.len()
            + self.labels.len()
            + self.texts.len()
            + self.exit_codes.len()
            + self.names.len()
            + single.iter().flatten().count()
    }
}
