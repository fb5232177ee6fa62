//! What a command answers.

use solti_api::ApiError;

/// The value, or the error object that every transport sends.
pub type Answer<T> = Result<T, ApiError>;
