//! How doors for other programs are, as a person is told.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How each door is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoorStates {
    /// The Unix socket.
    pub socket: DoorState,
    /// HTTP over TCP.
    pub http: DoorState,
    /// gRPC over TCP.
    pub grpc: DoorState,
}

/// How one is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum DoorState {
    /// As it is meant to be.
    #[default]
    Shut,
    /// Callers come in.
    Open {
        /// A URL, or the socket's path.
        address: String,
        /// Of the certificate, SHA-256.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        fingerprint: Option<String>,
    },
    /// It is meant to be open and is not.
    Failed {
        /// A sentence.
        problem: String,
    },
}
