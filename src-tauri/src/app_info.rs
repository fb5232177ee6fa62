//! What the app says of itself.

use serde::Serialize;
use solti_engine::Recovery;
use std::path::{Path, PathBuf};
use ts_rs::TS;

#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    version: &'static str,
    data_dir: PathBuf,
    home_dir: PathBuf,
    platform: &'static str,
    /// The database was damaged when the app started, and another one is in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    recovered: Option<Recovered>,
}

#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Recovered {
    /// The damaged file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    set_aside: Option<PathBuf>,
    /// When the copy was taken that is in use now, in Unix milliseconds; without one the database began empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    backup_taken_at: Option<u64>,
}

impl AppInfo {
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            data_dir: data_dir.to_owned(),
            home_dir: dirs::home_dir().unwrap_or_default(),
            platform: std::env::consts::OS,
            recovered: None,
        }
    }

    #[must_use]
    pub fn after(mut self, recovery: Option<&Recovery>) -> Self {
        self.recovered = recovery.map(|recovery| Recovered {
            set_aside: recovery.set_aside.clone(),
            backup_taken_at: recovery.backup_taken_at,
        });
        self
    }
}
