//! The settings of this machine's app: read, changed and followed. What they are and which are legal is `solti-model`.
//!
//! Not part of [`crate::DesktopApi`]: whoever reaches the tasks of this machine from another one does not thereby set up
//! its doors.

use crate::ApiError;
use async_trait::async_trait;
use serde_json::Value;
use solti_model::Settings;
use tokio::sync::watch;

/// The settings of one engine, be it this program's or another one's.
#[async_trait]
pub trait SettingsAccess: Send + Sync + 'static {
    /// As they are stored now, or were known last where they are another program's.
    fn settings(&self) -> Settings;

    /// Merges `patch` into the settings (see [`Settings::patched`]) and returns them as they are then, stored.
    ///
    /// # Errors
    /// `InvalidRequest` with the field; `Unavailable` while nothing can be stored. Nothing is changed then.
    async fn set_settings(&self, patch: Value) -> Result<Settings, ApiError>;

    /// The settings now and after every change.
    fn watch_settings(&self) -> watch::Receiver<Settings>;
}
