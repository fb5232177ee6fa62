//! The settings of this machine's app, and what tasks inherit of it.

use super::{Answer, args::Arg};
use serde_json::Value;
use solti_api::SettingsAccess;
use solti_model::{InheritedEnvironment, Settings};
use std::{ops::Deref, sync::Arc};
use tauri::{State, command};

/// The settings, as Tauri hands them to commands.
pub struct SettingsDoor(pub Arc<dyn SettingsAccess>);

impl Deref for SettingsDoor {
    type Target = dyn SettingsAccess;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

#[command]
pub async fn get_settings(settings: State<'_, SettingsDoor>) -> Answer<Settings> {
    Ok(settings.settings())
}

#[command]
pub async fn set_settings(settings: State<'_, SettingsDoor>, patch: Arg<Value>) -> Answer<Settings> {
    settings.set_settings(patch.0).await
}

#[command]
pub async fn inherited_environment(
    environment: State<'_, InheritedEnvironment>,
) -> Answer<InheritedEnvironment> {
    Ok(environment.inner().clone())
}
