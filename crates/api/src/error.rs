//! The one error of the API, and its JSON.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use solti_model::{FieldError, Slot, TaskId};
use solti_supervisor::SupervisorError;

/// Why a call was refused. `code` is stable: callers switch on it and never on the message.
///
/// Serializes as the body that every transport sends: `{"error":"<code>","message":"…", …fields}`; a client reads it back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    #[error("{field}: {message}")]
    InvalidRequest { field: String, message: String },
    #[error("a valid token is needed")]
    Unauthenticated,
    #[error("not allowed: {reason}")]
    PermissionDenied { reason: String },
    #[error("there is no task {id}")]
    TaskNotFound { id: TaskId },
    #[error("lane {slot} is busy with task {running}")]
    SlotBusy { slot: Slot, running: TaskId },
    #[error("{reason}")]
    Conflict { reason: String },
    #[error("the request is larger than {limit_bytes} bytes")]
    PayloadTooLarge { limit_bytes: u64 },
    #[error("too many requests, try again in {retry_after_ms} ms")]
    RateLimited { retry_after_ms: u64 },
    #[error("{reason}")]
    Unavailable { reason: String },
    #[error("internal error; its details are in the app's log under {incident}")]
    Internal { incident: String },
}

impl ApiError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest { .. } => "InvalidRequest",
            Self::Unauthenticated => "Unauthenticated",
            Self::PermissionDenied { .. } => "PermissionDenied",
            Self::TaskNotFound { .. } => "TaskNotFound",
            Self::SlotBusy { .. } => "SlotBusy",
            Self::Conflict { .. } => "Conflict",
            Self::PayloadTooLarge { .. } => "PayloadTooLarge",
            Self::RateLimited { .. } => "RateLimited",
            Self::Unavailable { .. } => "Unavailable",
            Self::Internal { .. } => "Internal",
        }
    }

    /// An unexpected error: its chain of causes goes to the app's log, the caller gets the number to find it by.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let incident = format!("{:x}", now.as_nanos());
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            causes = format!("{causes}: {cause}");
            source = cause.source();
        }
        tracing::error!(incident, "{causes}");
        Self::Internal { incident }
    }
}

impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("error", self.code())?;
        match self {
            // The field stands beside the message, so that a form can show the message there without it.
            Self::InvalidRequest { field, message } => {
                map.serialize_entry("message", message)?;
                map.serialize_entry("field", field)?;
            }
            other => map.serialize_entry("message", &other.to_string())?,
        }
        match self {
            Self::SlotBusy { slot, running } => {
                map.serialize_entry("slot", slot)?;
                map.serialize_entry("running", running)?;
            }
            Self::RateLimited { retry_after_ms } => map.serialize_entry("retryAfterMs", retry_after_ms)?,
            Self::Internal { incident } => map.serialize_entry("incident", incident)?,
            Self::TaskNotFound { id } => map.serialize_entry("id", id)?,
            Self::PayloadTooLarge { limit_bytes } => map.serialize_entry("limitBytes", limit_bytes)?,
            Self::InvalidRequest { .. }
            | Self::Unauthenticated
            | Self::PermissionDenied { .. }
            | Self::Conflict { .. }
            | Self::Unavailable { .. } => {}
        }
        map.end()
    }
}

/// What a body may hold; which fields are there depends on the code.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    error: String,
    message: String,
    field: Option<String>,
    id: Option<TaskId>,
    slot: Option<Slot>,
    running: Option<TaskId>,
    limit_bytes: Option<u64>,
    retry_after_ms: Option<u64>,
    incident: Option<String>,
}

impl<'de> Deserialize<'de> for ApiError {
    /// A code that this version does not know, or one without its fields, becomes `Unavailable` with the message that came
    /// with it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Body::deserialize(deserializer)?;
        let known = match body.error.as_str() {
            "InvalidRequest" => {
                body.field.map(|field| Self::InvalidRequest { field, message: body.message.clone() })
            }
            "Unauthenticated" => Some(Self::Unauthenticated),
            "PermissionDenied" => {
                let reason = body.message.strip_prefix("not allowed: ").unwrap_or(&body.message).to_owned();
                Some(Self::PermissionDenied { reason })
            }
            "TaskNotFound" => body.id.map(|id| Self::TaskNotFound { id }),
            "SlotBusy" => body.slot.zip(body.running).map(|(slot, running)| Self::SlotBusy { slot, running }),
            "Conflict" => Some(Self::Conflict { reason: body.message.clone() }),
            "PayloadTooLarge" => body.limit_bytes.map(|limit_bytes| Self::PayloadTooLarge { limit_bytes }),
            "RateLimited" => body.retry_after_ms.map(|retry_after_ms| Self::RateLimited { retry_after_ms }),
            "Internal" => body.incident.map(|incident| Self::Internal { incident }),
            _ => None,
        };
        Ok(known.unwrap_or(Self::Unavailable { reason: body.message }))
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::InvalidRequest { field: error.field, message: error.message }
    }
}

impl From<SupervisorError> for ApiError {
    fn from(error: SupervisorError) -> Self {
        match error {
            SupervisorError::Invalid(field) => field.into(),
            SupervisorError::NotFound { id } => Self::TaskNotFound { id },
            SupervisorError::SlotBusy { slot, running } => Self::SlotBusy { slot, running },
            SupervisorError::Conflict { reason } => Self::Conflict { reason },
            SupervisorError::ShuttingDown => Self::Unavailable { reason: "the app is shutting down".into() },
            SupervisorError::ReadOnly(source) => {
                tracing::warn!("storage is read-only: {source}");
                Self::Unavailable { reason: format!("the database cannot be written: {source}") }
            }
            other @ (SupervisorError::Store(_) | SupervisorError::Folder { .. }) => Self::internal(&other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_body_has_the_code_and_the_fields() {
        let body = |error: ApiError| serde_json::to_value(error).expect("writes");
        assert_eq!(
            body(FieldError::new("timeout", "must be greater than 0 ms").into()),
            json!({"error": "InvalidRequest", "message": "must be greater than 0 ms", "field": "timeout"})
        );
        let (slot, running) = (Slot::new("etl").expect("legal"), TaskId::new("t1").expect("legal"));
        assert_eq!(
            body(ApiError::SlotBusy { slot, running }),
            json!({"error": "SlotBusy", "message": "lane etl is busy with task t1", "slot": "etl", "running": "t1"})
        );
        assert_eq!(body(ApiError::RateLimited { retry_after_ms: 5 })["retryAfterMs"], json!(5));
    }

    #[test]
    fn a_client_reads_the_error_that_was_written() {
        let (slot, running) = (Slot::new("etl").expect("legal"), TaskId::new("t1").expect("legal"));
        for error in [
            ApiError::InvalidRequest { field: "slot".into(), message: "must not be empty".into() },
            ApiError::Unauthenticated,
            ApiError::PermissionDenied { reason: "the origin is foreign".into() },
            ApiError::TaskNotFound { id: running.clone() },
            ApiError::SlotBusy { slot, running },
            ApiError::Conflict { reason: "it is over".into() },
            ApiError::PayloadTooLarge { limit_bytes: 4 << 20 },
            ApiError::RateLimited { retry_after_ms: 5 },
            ApiError::Unavailable { reason: "the app is shutting down".into() },
            ApiError::Internal { incident: "17".into() },
        ] {
            let body = serde_json::to_value(&error).expect("writes");
            assert_eq!(serde_json::from_value::<ApiError>(body).expect("reads"), error);
        }
        let later = json!({"error": "QuotaSpent", "message": "come back tomorrow", "quota": 5});
        let read: ApiError = serde_json::from_value(later).expect("reads");
        assert_eq!(read, ApiError::Unavailable { reason: "come back tomorrow".into() });
    }
}
