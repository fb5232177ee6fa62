//! The one place that says what the engine is made of: store, runner, supervisor, and the api over them.

use crate::{config::Config, error::ShellError};
use solti_api::DesktopApi;
use std::sync::Arc;

pub struct Engine {
    api: Arc<dyn DesktopApi>,
}

impl Engine {
    pub fn api(&self) -> Arc<dyn DesktopApi> {
        Arc::clone(&self.api)
    }
    pub fn detach(&self) {}
}

pub async fn open(_config: &Config) -> Result<Engine, ShellError> {
    Err(ShellError::NoHome)
}
