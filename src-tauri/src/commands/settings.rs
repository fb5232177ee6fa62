//! The settings of this machine's app, what tasks inherit of it, and how all that it stands on is.

use super::{answer::Answer, args::Arg};
use crate::{doctor, there::There};
use serde_json::Value;
use solti_api::{ApiError, SettingsAccess};
use solti_engine::Config;
use solti_model::{Diagnosis, InheritedEnvironment, Settings};
use std::sync::Arc;
use tauri::{State, async_runtime::spawn_blocking, command};

#[command]
pub async fn get_settings(settings: State<'_, Arc<dyn SettingsAccess>>) -> Answer<Settings> {
    Ok(settings.settings())
}

#[command]
pub async fn set_settings(
    settings: State<'_, Arc<dyn SettingsAccess>>,
    patch: Arg<Value>,
) -> Answer<Settings> {
    settings.set_settings(patch.0).await
}

/// Whether a patch would be taken; nothing is stored. What is refused is not worth a question to the person.
#[command]
pub async fn check_settings(settings: State<'_, Arc<dyn SettingsAccess>>, patch: Arg<Value>) -> Answer<()> {
    settings.settings().patched(&patch.0)?;
    Ok(())
}

#[command]
pub async fn inherited_environment(
    environment: State<'_, InheritedEnvironment>,
    there: State<'_, There>,
) -> Answer<InheritedEnvironment> {
    Ok(match &there.0 {
        // Another engine may be there by now, with another one.
        Some(client) => client.engine().await?.environment,
        None => environment.inner().clone(),
    })
}

#[command]
pub async fn diagnose(
    config: State<'_, Config>,
    settings: State<'_, Arc<dyn SettingsAccess>>,
) -> Answer<Diagnosis> {
    let (config, logs) = (config.inner().clone(), settings.settings().logs);
    let found = spawn_blocking(move || doctor::diagnose(&config, logs)).await;
    found.map_err(|error| ApiError::internal(&error))
}

#[command]
pub async fn log_usage(config: State<'_, Config>) -> Answer<u64> {
    let data_dir = config.data_dir.clone();
    let counted = spawn_blocking(move || solti_doctor::log_usage(&data_dir).bytes).await;
    counted.map_err(|error| ApiError::internal(&error))
}
