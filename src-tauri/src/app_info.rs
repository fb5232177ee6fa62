//! What the app says of itself.

use crate::renderer::Drawing;
use serde::Serialize;
use solti_model::{EngineInfo, Recovered};
use std::path::{Path, PathBuf};
use ts_rs::TS;

#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    version: &'static str,
    data_dir: PathBuf,
    home_dir: PathBuf,
    platform: &'static str,
    drawing: Drawing,
    /// The database was damaged when the app started, and another one is in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    recovered: Option<Recovered>,
    /// The program whose engine holds the tasks, when it is not this app.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    engine: Option<OtherEngine>,
}

#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OtherEngine {
    pid: u32,
    version: String,
}

impl AppInfo {
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            data_dir: data_dir.to_owned(),
            home_dir: dirs::home_dir().unwrap_or_default(),
            platform: std::env::consts::OS,
            drawing: Drawing::Usual,
            recovered: None,
            engine: None,
        }
    }

    #[must_use]
    pub fn drawn(self, drawing: Drawing) -> Self {
        Self { drawing, ..self }
    }

    #[must_use]
    pub fn after(self, recovered: Option<Recovered>) -> Self {
        Self { recovered, ..self }
    }

    #[must_use]
    pub fn with(self, engine: Option<EngineInfo>) -> Self {
        let engine = engine.map(|engine| OtherEngine { pid: engine.pid, version: engine.version });
        Self { engine, ..self }
    }
}
