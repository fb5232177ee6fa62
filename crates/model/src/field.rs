//! The one error of this crate: a value that breaks a rule, and the field that holds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A value that breaks a rule of the model.
///
/// `field` is the JSON path of the value, as a reader of the JSON would write it: `backoff.firstMs`,
/// `kind.subprocess.env[2].key`. It is `spec` when the document as a whole is at fault, and empty when that is so of a value
/// whose place is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS, thiserror::Error)]
#[error("{field}{}{message}", if field.is_empty() { "" } else { ": " })]
pub struct FieldError {
    /// Its path in the JSON document, as in `kind.subprocess.cwd`.
    pub field: String,
    /// What is wrong, to be put behind the name of the field.
    pub message: String,
}

impl FieldError {
    /// An error of this field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The same where what it is of stands in the field `outer` of something else.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        let field = if self.field.is_empty() { outer.to_owned() } else { format!("{outer}.{}", self.field) };
        Self { field, ..self }
    }
}
