//! How doors are, as a person is told.

use serde::Serialize;
use ts_rs::TS;

/// How each door is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
pub struct DoorStates {
    pub socket: DoorState,
    pub http: DoorState,
    pub grpc: DoorState,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum DoorState {
    #[default]
    Shut,
    Open {
        /// A URL, or the socket's path.
        address: String,
        /// Of the certificate, SHA-256.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        fingerprint: Option<String>,
    },
    Failed {
        /// A sentence.
        problem: String,
    },
}
