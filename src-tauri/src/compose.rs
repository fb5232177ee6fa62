//! The one place that says what the engine is made of: store, runner, supervisor, and the api over them.
//! A guard (authentication, rate limits) would be wrapped around the api here.

use crate::{config::Config, error::ShellError, login_path, shutdown};
use futures::future::join;
use solti_api::{DesktopApi, SettingsAccess, StoredSettings, SupervisorApiAdapter};
use solti_runner::ShimRunner;
use solti_store::Store;
use solti_supervisor::{Supervisor, SupervisorConfig};
use std::sync::Arc;
use tauri::async_runtime::{block_on, spawn_blocking};
use tokio::time::timeout;

pub struct Engine {
    api: Arc<dyn DesktopApi>,
    settings: Arc<dyn SettingsAccess>,
    supervisor: Supervisor,
}

impl Engine {
    /// Opens the store and takes up the tasks that ran while no app was there.
    pub async fn open(config: &Config) -> Result<Self, ShellError> {
        let data_dir = config.data_dir.clone();
        let (path, store) = join(login_path::ask(), spawn_blocking(move || Store::open(&data_dir))).await;
        let store = store??;
        let runner = Arc::new(ShimRunner::new(&config.shim));
        let settings = Arc::new(StoredSettings::load(store.clone()).await?);
        let mut supervised = SupervisorConfig::new(&config.data_dir);
        supervised.base_env.retain(|name, _| !is_the_apps_own(name.as_encoded_bytes()));
        supervised.base_env.extend(path.map(|path| ("PATH".into(), path)));
        let supervisor = Supervisor::start(store, runner, supervised).await?;
        let api = Arc::new(SupervisorApiAdapter::new(supervisor.clone()));
        Ok(Self { api, settings, supervisor })
    }

    pub fn api(&self) -> Arc<dyn DesktopApi> {
        Arc::clone(&self.api)
    }

    pub fn settings(&self) -> Arc<dyn SettingsAccess> {
        Arc::clone(&self.settings)
    }

    /// Stores what is known and lets go of the running tasks, which go on.
    pub fn detach(&self) {
        // The timer needs the runtime, so it is made inside.
        let stored = block_on(async { timeout(shutdown::PATIENCE, self.supervisor.shut_down()).await });
        if stored.is_err() {
            tracing::warn!("the engine did not finish in time; the next start reconciles");
        }
    }
}

/// Variables meant for this app's window, which would surprise a program that a task starts.
fn is_the_apps_own(name: &[u8]) -> bool {
    name.starts_with(b"TAURI_")
        || name.starts_with(b"WEBKIT_")
        || name == b"SOLTI_LOG"
        || name == b"SOLTI_SHIM"
}
