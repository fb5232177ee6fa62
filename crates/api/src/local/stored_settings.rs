//! The settings as a document in the store.

use crate::{ApiError, SettingsAccess};
use async_trait::async_trait;
use serde_json::Value;
use solti_model::Settings;
use solti_store::Store;
use solti_supervisor::SupervisorError;
use tokio::sync::{Mutex, watch};

/// Where the document is in the store.
const KEY: &str = "settings";
/// Where one that cannot be read is kept.
const UNREADABLE: &str = "settings_unreadable";

/// The settings kept in the store.
pub struct StoredSettings {
    store: Store,
    current: watch::Sender<Settings>,
    /// The document as it is stored, with what this version does not know of it. Held while it is changed: each change starts
    /// from what the one before has left.
    document: Mutex<Value>,
}

impl StoredSettings {
    /// # Errors
    /// When the store cannot be read. A document that is not readable is put aside, the defaults hold, and the log says so.
    pub async fn load(store: Store) -> Result<Self, ApiError> {
        let text = store.meta(KEY).await.map_err(SupervisorError::from)?;
        let document = match text.as_deref().map_or(Ok(Value::Null), serde_json::from_str) {
            Ok(document) => document,
            Err(error) => {
                tracing::warn!("the stored settings cannot be read, the defaults hold: {error}");
                // The next change would write over it.
                if let Err(error) = store.set_meta(UNREADABLE, text.as_deref().unwrap_or_default()).await {
                    tracing::warn!("they cannot be put aside either: {error}");
                }
                Value::Null
            }
        };
        let (settings, strange) = Settings::from_stored(&document);
        for error in strange {
            tracing::warn!("a stored setting has its default: {error}");
        }
        Ok(Self { store, current: watch::Sender::new(settings), document: Mutex::new(document) })
    }

    /// Whether a setting was ever changed.
    pub async fn are_changed(&self) -> bool {
        !self.document.lock().await.is_null()
    }
}

#[async_trait]
impl SettingsAccess for StoredSettings {
    fn settings(&self) -> Settings {
        self.current.borrow().clone()
    }

    async fn set_settings(&self, patch: Value) -> Result<Settings, ApiError> {
        let mut document = self.document.lock().await;
        let changed = self.settings().patched(&patch)?;
        let written = changed.to_stored(&document, &patch);
        self.store.set_meta(KEY, &written.to_string()).await.map_err(SupervisorError::from)?;
        *document = written;
        self.current.send_if_modified(|current| {
            let differs = *current != changed;
            current.clone_from(&changed);
            differs
        });
        Ok(changed)
    }

    fn watch_settings(&self) -> watch::Receiver<Settings> {
        self.current.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use solti_model::Theme;

    async fn settings(dir: &std::path::Path) -> StoredSettings {
        StoredSettings::load(Store::open(dir).expect("a store")).await.expect("readable")
    }

    #[tokio::test]
    async fn a_change_is_there_after_a_restart_and_told_to_who_follows() {
        let dir = tempfile::tempdir().expect("temp dir");
        let first = settings(dir.path()).await;
        assert!(!first.are_changed().await);
        let mut followed = first.watch_settings();
        first.set_settings(json!({"theme": "dark"})).await.expect("legal");
        followed.changed().await.expect("told");
        assert_eq!(followed.borrow().theme, Theme::Dark);
        drop(first);
        let again = settings(dir.path()).await;
        assert!(again.settings().theme == Theme::Dark && again.are_changed().await);
    }

    #[tokio::test]
    async fn a_refused_change_changes_nothing() {
        let dir = tempfile::tempdir().expect("temp dir");
        let settings = settings(dir.path()).await;
        let followed = settings.watch_settings();
        let refused = settings.set_settings(json!({"theme": "dark", "logs": {"runBytes": 0}})).await;
        assert!(
            matches!(&refused, Err(ApiError::InvalidRequest { field, .. }) if field == "logs.runBytes"),
            "{refused:?}"
        );
        assert_eq!(settings.settings(), Settings::default());
        assert!(!followed.has_changed().expect("open"));
    }

    #[tokio::test]
    async fn two_changes_at_once_both_hold() {
        let dir = tempfile::tempdir().expect("temp dir");
        let settings = settings(dir.path()).await;
        let (a, b) = tokio::join!(
            settings.set_settings(json!({"theme": "dark"})),
            settings.set_settings(json!({"closing": "background"})),
        );
        a.and(b).expect("legal");
        let held = settings.settings();
        assert_eq!((held.theme, held.closing), (Theme::Dark, solti_model::Closing::Background));
    }
}
