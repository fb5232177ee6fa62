//! `service`: whether this user's session starts the engine.

use super::{print, print_json};
use crate::args::{Options, Service as Asked};
use crate::error::CliError;
use crate::server;
use solti_service::{Service, ServiceKind, ServiceStatus};

pub async fn service(options: &Options, asked: Asked) -> Result<u8, CliError> {
    let usual = solti_engine::usual_data_dir().ok();
    let data_dir = server::data_dir(options)?;
    let program = std::env::current_exe().map_err(solti_engine::EngineError::OwnPath)?;
    let service = Service::new(program, Some(data_dir).filter(|dir| Some(dir) != usual.as_ref()))?;
    match asked {
        Asked::Enable { linger } => {
            service.enable().await?;
            if linger {
                service.linger().await?;
            }
        }
        Asked::Disable => service.disable().await?,
        Asked::Status => {}
    }
    let status = service.status().await?;
    match options.json {
        true => print_json(&status)?,
        false => print(&text(&status))?,
    }
    Ok(0)
}

fn text(status: &ServiceStatus) -> String {
    let by = match status.kind {
        ServiceKind::Systemd => "systemd",
        ServiceKind::Autostart => "the desktop's autostart, as there is no systemd for this user",
    };
    let mut text = match status.enabled {
        true => format!("The engine is started when you log in (by {by}).\n"),
        false => format!(
            "The engine is not started when you log in. `solti service enable` has it started (by {by}).\n"
        ),
    };
    match status.running {
        Some(true) => text.push_str("It is running, or waits until whoever holds the tasks ends.\n"),
        Some(false) if status.enabled => text.push_str("It is not running now.\n"),
        _ => {}
    }
    match status.lingers {
        Some(true) if status.enabled => {
            text.push_str("It runs from boot on, and goes on after you log out.\n")
        }
        Some(false) if status.enabled => text.push_str(
            "It ends when you log out; tasks of then are taken up when you are back. \
             `solti service enable --linger` has it run from boot on, and after you log out.\n",
        ),
        _ => {}
    }
    text + &format!("{}\n", status.file.display())
}
