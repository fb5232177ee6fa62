//! Filters of the list that a person has given a name.

use crate::ListColumn;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A filter under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedView {
    /// Of at most [`MAX_VIEW_BYTES`], not blank; no two have the same.
    pub name: String,
    /// As it stands in the filter bar; of at most [`MAX_VIEW_BYTES`].
    pub filter: String,
    /// The columns that it is shown with, from the left, each at most once; those that are there when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<ListColumn>>")]
    pub columns: Vec<ListColumn>,
}

/// As many are kept at most.
pub const MAX_VIEWS: usize = 50;
/// Of a name or a filter, in bytes.
pub const MAX_VIEW_BYTES: usize = 2_000;
