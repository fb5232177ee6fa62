//! How it stands with it, as a person is told.

use serde::Serialize;
use std::path::PathBuf;
use ts_rs::TS;

/// What starts the engine at log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ServiceKind {
    /// A unit of the user's systemd.
    Systemd,
    /// An entry of the desktop's autostart (XDG).
    Autostart,
}

/// Whether the engine is started at log-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// What starts it, or would.
    pub kind: ServiceKind,
    #[allow(missing_docs, reason = "it is what the struct says")]
    pub enabled: bool,
    /// Whether the unit runs now; not known of an autostart entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub running: Option<bool>,
    /// Whether the unit is there without a session too: from boot on, and after log-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub lingers: Option<bool>,
    /// The file that says so, or would.
    pub file: PathBuf,
}
