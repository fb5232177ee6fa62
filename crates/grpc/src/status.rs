//! Errors on this wire: a status code, a sentence, and in the metadata the JSON body that every transport sends.
//!
//! The body travels under a key of its own and not as the status' details, which others read as a `google.rpc.Status`.

use solti_api::ApiError;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

/// The metadata that holds an error's JSON body.
pub(crate) const ERROR_BODY: &str = "solti-error-bin";

pub(crate) fn to_status(error: &ApiError) -> Status {
    let code = match error {
        ApiError::InvalidRequest { .. } => Code::InvalidArgument,
        ApiError::Unauthenticated => Code::Unauthenticated,
        ApiError::PermissionDenied { .. } => Code::PermissionDenied,
        ApiError::TaskNotFound { .. } => Code::NotFound,
        ApiError::SlotBusy { .. } | ApiError::Conflict { .. } => Code::FailedPrecondition,
        ApiError::PayloadTooLarge { .. } | ApiError::RateLimited { .. } => Code::ResourceExhausted,
        ApiError::Unavailable { .. } => Code::Unavailable,
        ApiError::Internal { .. } => Code::Internal,
    };
    let mut metadata = MetadataMap::new();
    // Names and numbers only: what could fail to be written is not in an error.
    if let Ok(body) = serde_json::to_vec(error) {
        metadata.insert_bin(ERROR_BODY, MetadataValue::from_bytes(&body));
    }
    Status::with_metadata(code, error.to_string(), metadata)
}

/// The error that the server had. A status without a body comes from something else on the way: no connection, a proxy,
/// a server that is none of ours.
pub(crate) fn from_status(status: &Status) -> ApiError {
    let body = status.metadata().get_bin(ERROR_BODY).and_then(|value| value.to_bytes().ok());
    if let Some(error) = body.and_then(|body| serde_json::from_slice(&body).ok()) {
        return error;
    }
    match status.code() {
        Code::Unauthenticated => ApiError::Unauthenticated,
        Code::PermissionDenied => ApiError::PermissionDenied { reason: status.message().into() },
        code => ApiError::Unavailable { reason: format!("{}: {}", code.description(), status.message()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::{Slot, TaskId};

    #[test]
    fn each_error_has_its_code_and_comes_back_as_it_was() {
        let (slot, running) = (Slot::new("etl").expect("legal"), TaskId::new("t1").expect("legal"));
        let invalid = ApiError::invalid("backoff.firstMs", "größer als 0");
        for (error, code) in [
            (invalid, Code::InvalidArgument),
            (ApiError::Unauthenticated, Code::Unauthenticated),
            (ApiError::PermissionDenied { reason: "no".into() }, Code::PermissionDenied),
            (ApiError::TaskNotFound { id: running.clone() }, Code::NotFound),
            (
                ApiError::SlotBusy { slot, running, reason: "the lane is paused".into() },
                Code::FailedPrecondition,
            ),
            (ApiError::Conflict { reason: "it is over".into() }, Code::FailedPrecondition),
            (ApiError::PayloadTooLarge { limit_bytes: 1 }, Code::ResourceExhausted),
            (ApiError::RateLimited { retry_after_ms: 5 }, Code::ResourceExhausted),
            (ApiError::Unavailable { reason: "later".into() }, Code::Unavailable),
            (ApiError::Internal { incident: "17".into() }, Code::Internal),
        ] {
            let status = to_status(&error);
            assert_eq!((status.code(), status.message()), (code, error.to_string().as_str()));
            assert_eq!(from_status(&status), error);
        }
    }

    #[test]
    fn a_status_of_somebody_else_is_told_as_what_it_says() {
        let lost = from_status(&Status::unavailable("connection refused"));
        assert!(
            matches!(&lost, ApiError::Unavailable { reason } if reason.contains("connection refused")),
            "{lost}"
        );
    }
}
