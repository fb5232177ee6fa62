//! Whether this user's session starts the engine without the window.

use super::{answer::Answer, args::Arg};
use solti_api::{ApiError, in_full};
use solti_engine::{Config, EngineError, usual_data_dir};
use solti_service::{Service, ServiceError, ServiceStatus};
use tauri::{State, command};

/// The command line's program, which is installed beside the app.
const PROGRAM: &str = "solti";

fn refused(error: &ServiceError) -> ApiError {
    ApiError::Unavailable { reason: in_full(error) }
}

fn service(config: &Config) -> Result<Service, ApiError> {
    let own = std::env::current_exe().map_err(|error| ApiError::internal(&EngineError::OwnPath(error)))?;
    let usual = usual_data_dir().ok();
    let data_dir = Some(config.data_dir.clone()).filter(|dir| Some(dir) != usual.as_ref());
    Service::new(own.with_file_name(PROGRAM), data_dir).map_err(|error| refused(&error))
}

async fn status(service: &Service) -> Answer<ServiceStatus> {
    service.status().await.map_err(|error| refused(&error))
}

#[command]
pub async fn service_status(config: State<'_, Config>) -> Answer<ServiceStatus> {
    status(&service(&config)?).await
}

#[command]
pub async fn set_service(config: State<'_, Config>, enabled: Arg<bool>) -> Answer<ServiceStatus> {
    let service = service(&config)?;
    let done = if enabled.0 { service.enable().await } else { service.disable().await };
    done.map_err(|error| refused(&error))?;
    status(&service).await
}

/// From boot on and after log-out, too. The system may ask the person for a password.
#[command]
pub async fn linger(config: State<'_, Config>) -> Answer<ServiceStatus> {
    let service = service(&config)?;
    service.linger().await.map_err(|error| refused(&error))?;
    status(&service).await
}
