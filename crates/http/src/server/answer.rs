//! How an answer looks: JSON, and every error with the one body of the API and the status of its code.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use solti_api::ApiError;

/// What a handler answers.
pub(super) type Answer = Result<Response, Refusal>;

/// An error on its way out.
#[derive(Debug)]
pub(super) struct Refusal {
    error: ApiError,
    status: StatusCode,
}

impl Refusal {
    /// An error of the request line itself, for which no code of its own exists: no such route (404), no such method (405).
    pub(super) fn of_route(status: StatusCode, field: &str, message: String) -> Self {
        Self { error: ApiError::invalid(field, message), status }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { status: status(&error), error }
    }
}

/// The column "HTTP" of the contract's table of errors.
pub(super) fn status(error: &ApiError) -> StatusCode {
    match error {
        ApiError::InvalidRequest { .. } => StatusCode::BAD_REQUEST,
        ApiError::Unauthenticated => StatusCode::UNAUTHORIZED,
        ApiError::PermissionDenied { .. } => StatusCode::FORBIDDEN,
        ApiError::TaskNotFound { .. } => StatusCode::NOT_FOUND,
        ApiError::SlotBusy { .. } | ApiError::Conflict { .. } => StatusCode::CONFLICT,
        ApiError::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        ApiError::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        ApiError::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        ApiError::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self.error);
        let headers = response.headers_mut();
        match &self.error {
            ApiError::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            ApiError::RateLimited { retry_after_ms } => {
                headers.insert(header::RETRY_AFTER, retry_after_ms.div_ceil(1_000).into());
            }
            // The rest of a body that is too large is not read: nothing can follow it.
            ApiError::PayloadTooLarge { .. } | ApiError::Unavailable { .. } => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// Plain data that always writes; what does not is an internal error.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => with_type(status, "application/json", bytes),
        Err(error) => Refusal::from(ApiError::internal(&error)).into_response(),
    }
}

pub(super) fn ok(value: &impl Serialize) -> Answer {
    Ok(json(StatusCode::OK, value))
}

pub(super) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub(super) fn with_type(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
