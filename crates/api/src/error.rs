//! The one error of the API, and its JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use solti_model::{FieldError, Slot, SpecErrors, TaskId};
use ts_rs::TS;

/// Why a call was refused. `code` is stable: callers switch on it and never on the message.
///
/// Serializes as the body that every transport sends: `{"error":"<code>","message":"…", …fields}`; a client reads it back. The
/// schema and the TypeScript are those of the fields: every body has a message beside them. (`remote` makes the derived
/// functions inherent ones, so that the message can be added.)
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema, TS)]
#[serde(remote = "Self", tag = "error", rename_all_fields = "camelCase")]
#[ts(rename = "ApiErrorFields")]
#[allow(missing_docs, reason = "each variant says what its fields hold")]
pub enum ApiError {
    /// A rule is broken, or a value cannot be read. `field` is its path in the request, as in `spec.kind.subprocess.cwd`.
    #[error("{field}: {message}")]
    InvalidRequest {
        field: String,
        /// Without the field, so that a form can show it beside that.
        message: String,
        /// What else is wrong, where a whole spec was checked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<FieldError>>")]
        others: Vec<FieldError>,
    },
    /// The caller has shown no token that is valid now, and is not this user at the Unix socket.
    #[error("a valid token is required")]
    Unauthenticated,
    /// The caller is known, and may not do this all the same; `reason` is a sentence.
    #[error("not allowed: {reason}")]
    PermissionDenied {
        #[serde(rename = "message")]
        reason: String,
    },
    /// `id` was never given, or its task was deleted.
    #[error("there is no task {id}")]
    TaskNotFound { id: TaskId },
    /// The lane `slot` has no place, and the task's admission is to be refused then; `running` holds a place there, or waits for
    /// one: `reason` is a sentence that says which, and what it waits for.
    #[error("{reason}")]
    SlotBusy {
        slot: Slot,
        running: TaskId,
        #[serde(rename = "message")]
        reason: String,
    },
    /// What is asked for does not fit how things stand now; `reason` is a sentence.
    #[error("{reason}")]
    Conflict {
        #[serde(rename = "message")]
        reason: String,
    },
    /// The body of the request is longer than `limit_bytes`; it was not read.
    #[error("the request is larger than {limit_bytes} bytes")]
    PayloadTooLarge {
        #[ts(type = "number")]
        limit_bytes: u64,
    },
    /// The caller has asked too often; after `retry_after_ms` milliseconds it may again.
    #[error("too many requests, try again in {retry_after_ms} ms")]
    RateLimited {
        #[ts(type = "number")]
        retry_after_ms: u64,
    },
    /// It cannot be done for now, whoever asks: the app shuts down, the disk is full. `reason` is a sentence.
    #[error("{reason}")]
    Unavailable {
        #[serde(rename = "message")]
        reason: String,
    },
    /// A fault of the app. Its causes are in the app's log alone, under the number `incident`.
    #[error("internal error; its details are in the app's log under {incident}")]
    Internal { incident: String },
}

impl ApiError {
    /// Of one field, named by its path.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        FieldError::new(field, message).into()
    }

    /// Of what stands in the field `outer` of a request: all fields that it names are told with their way from there.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        match self {
            Self::InvalidRequest { field, message, others } => {
                let FieldError { field, message } = FieldError { field, message }.within(outer);
                let others = others.into_iter().map(|other| other.within(outer)).collect();
                Self::InvalidRequest { field, message, others }
            }
            other => other,
        }
    }

    /// Takes `outer` off the way to each field again, for who shows what stands in it as a document of its own. Any other error is
    /// given back.
    ///
    /// # Errors
    /// One that names no field in there.
    pub fn inside(self, outer: &str) -> Result<Self, Self> {
        let inner = |field: &str| Some(field.strip_prefix(outer)?.strip_prefix('.')?.to_owned());
        match self {
            Self::InvalidRequest { field, message, others } if inner(&field).is_some() => {
                let field = inner(&field).unwrap_or(field);
                let others = others.into_iter().map(|other| match inner(&other.field) {
                    Some(field) => FieldError { field, ..other },
                    None => other,
                });
                Ok(Self::InvalidRequest { field, message, others: others.collect() })
            }
            other => Err(other),
        }
    }

    /// The variant's name, as every transport writes it.
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

    /// The sentence for a person, of those that do not hold it themselves.
    fn message(&self) -> Option<String> {
        match self {
            Self::InvalidRequest { .. }
            | Self::PermissionDenied { .. }
            | Self::SlotBusy { .. }
            | Self::Conflict { .. }
            | Self::Unavailable { .. } => None,
            other => Some(other.to_string()),
        }
    }

    /// An unexpected error: its chain of causes goes to the app's log, the caller gets the number to find it by.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let incident = format!("{:x}", now.as_nanos());
        tracing::error!(incident, "{}", in_full(error));
        Self::Internal { incident }
    }
}

/// An error and its causes in one line.
#[must_use]
pub fn in_full(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some say their cause themselves.
        let said = error.to_string();
        if !line.ends_with(&said) {
            line = format!("{line}: {said}");
        }
        cause = error.source();
    }
    line
}

impl Serialize for ApiError {
    /// With the sentence, which only some of them hold.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Fields<'a>(&'a ApiError);

        impl Serialize for Fields<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ApiError::serialize(self.0, serializer)
            }
        }

        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(flatten)]
            fields: Fields<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            message: Option<String>,
        }

        Body { fields: Fields(self), message: self.message() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ApiError {
    /// A code that this version does not know, or one without its fields, becomes `Unavailable` with the message that came
    /// with it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Body {
            Known(#[serde(deserialize_with = "known")] ApiError),
            Other { message: String },
        }

        fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ApiError, D::Error> {
            ApiError::deserialize(deserializer)
        }

        // The trait's own name: without it this would be the function of the derive.
        Ok(match <Body as Deserialize>::deserialize(deserializer)? {
            Body::Known(error) => error,
            Body::Other { message } => Self::Unavailable { reason: message },
        })
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::InvalidRequest { field: error.field, message: error.message, others: Vec::new() }
    }
}

impl From<SpecErrors> for ApiError {
    fn from(SpecErrors { first, others }: SpecErrors) -> Self {
        Self::InvalidRequest { field: first.field, message: first.message, others }
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
            body(ApiError::SlotBusy { slot, running, reason: "the lane is paused".into() }),
            json!({"error": "SlotBusy", "message": "the lane is paused", "slot": "etl", "running": "t1"})
        );
        let (first, others) =
            (FieldError::new("slot", "too long"), vec![FieldError::new("timeout", "too short")]);
        assert_eq!(
            body(SpecErrors { first, others }.into()),
            json!({
                "error": "InvalidRequest", "field": "slot", "message": "too long",
                "others": [{"field": "timeout", "message": "too short"}],
            })
        );
        assert_eq!(body(ApiError::RateLimited { retry_after_ms: 5 })["retryAfterMs"], json!(5));
    }

    #[test]
    fn every_field_is_told_with_its_way_from_the_request() {
        let first = FieldError::new("slot", "is empty");
        let others = vec![FieldError::new("timeout", "too short")];
        let error = ApiError::from(SpecErrors { first, others }).within("job.spec");
        let alone = error.clone().inside("job.spec").expect("it is in there");
        assert_eq!(alone.within("job.spec"), error);
        assert_eq!(error.clone().inside("jo"), Err(error.clone()));
        let body = serde_json::to_value(error).expect("writes");
        assert_eq!(
            (&body["field"], &body["others"][0]["field"]),
            (&json!("job.spec.slot"), &json!("job.spec.timeout"))
        );
        assert_eq!(ApiError::Unauthenticated.within("spec"), ApiError::Unauthenticated);
    }

    #[test]
    fn a_client_reads_the_error_that_was_written() {
        let (slot, running) = (Slot::new("etl").expect("legal"), TaskId::new("t1").expect("legal"));
        for error in [
            FieldError::new("slot", "must not be empty").into(),
            SpecErrors {
                first: FieldError::new("slot", "must not be empty"),
                others: vec![FieldError::new("timeout", "too short")],
            }
            .into(),
            ApiError::Unauthenticated,
            ApiError::PermissionDenied { reason: "the origin is foreign".into() },
            ApiError::TaskNotFound { id: running.clone() },
            ApiError::SlotBusy { slot, running, reason: "the lane is paused".into() },
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
