//! What is wrong with a document.

use crate::{FieldError, SpecErrors};

/// Collects what is wrong, in the order of the fields.
#[derive(Default)]
pub(crate) struct Problems(Vec<FieldError>);

impl Problems {
    pub(crate) fn check(&mut self, rule: Result<(), FieldError>) {
        self.0.extend(rule.err());
    }

    pub(crate) fn into_vec(self) -> Vec<FieldError> {
        self.0
    }

    pub(crate) fn into_result(self) -> Result<(), SpecErrors> {
        SpecErrors::of(self.0).map_or(Ok(()), Err)
    }

    pub(crate) fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }
}
