//! `service`: whether this user's session starts the engine.

use super::{print, print_json};
use crate::args::{Options, Service as Asked};
use crate::error::CliError;
use crate::server;
use crate::terminal::say;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::Serialize;
use solti_engine::{DataLock, Holder};
use solti_service::{Service, ServiceKind, ServiceStatus};
use std::io;
use std::path::Path;
use tokio::task::spawn_blocking;

/// For an engine that ends: it answers what is under way, and stores what it knows.
const PATIENCE: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

pub async fn service(options: &Options, asked: Asked) -> Result<u8, CliError> {
    if let Asked::Stop = asked {
        return stop(&server::data_dir(options)?).await;
    }
    let usual = solti_engine::usual_data_dir().ok();
    let data_dir = server::data_dir(options)?;
    let program = std::env::current_exe().map_err(solti_engine::EngineError::OwnPath)?;
    let own_dir = Some(data_dir.clone()).filter(|dir| Some(dir) != usual.as_ref());
    let service = Service::new(program, own_dir)?;
    match asked {
        Asked::Enable { linger } => {
            service.enable().await?;
            if linger {
                service.linger().await?;
            }
        }
        Asked::Disable => service.disable().await?,
        Asked::Stop | Asked::Status => {}
    }
    let state = State { service: service.status().await?, engine: Engine::of(DataLock::holder(&data_dir)?) };
    match options.json {
        true => print_json(&state)?,
        false => print(&text(&state))?,
    }
    Ok(0)
}

/// What starts the engine, and which program holds the tasks now, whoever has started it.
#[derive(Serialize)]
struct State {
    #[serde(flatten)]
    service: ServiceStatus,
    /// `null` where none does.
    engine: Option<Engine>,
}

#[derive(Serialize)]
struct Engine {
    /// `app`, `serve`, or `unknown`.
    holder: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip)]
    words: String,
}

impl Engine {
    fn of(holder: Option<Holder>) -> Option<Self> {
        let holder = holder?;
        let (word, pid) = match holder {
            Holder::App { pid } => ("app", Some(pid)),
            Holder::Serve { pid } => ("serve", Some(pid)),
            Holder::Unknown => ("unknown", None),
        };
        Some(Self { holder: word, pid, words: holder.to_string() })
    }
}

/// Ends the engine of `solti serve`, as SIGTERM does, and waits until the folder is free. The app ends by its own window.
async fn stop(data_dir: &Path) -> Result<u8, CliError> {
    let pid = match DataLock::holder(data_dir)? {
        None => {
            say!("solti: no engine runs here");
            return Ok(0);
        }
        Some(Holder::Serve { pid }) => pid,
        Some(holder) => return Err(CliError::NotToBeStopped { holder }),
    };
    let failed = |error: Errno| CliError::NotEnded { pid, source: error.into() };
    let engine = match Pid::from_raw(pid.cast_signed()).map(|pid| pidfd_open(pid, PidfdFlags::empty())) {
        Some(Ok(engine)) => Some(engine),
        Some(Err(Errno::SRCH)) | None => None,
        Some(Err(error)) => return Err(failed(error)),
    };
    // Who has that number now is who held the folder, if that still says so.
    if let Some(engine) = engine
        && DataLock::holder(data_dir)? == Some(Holder::Serve { pid })
    {
        pidfd_send_signal(&engine, Signal::TERM).map_err(failed)?;
        // It can be read once the process has ended.
        let ended = move || {
            let mut polled = [PollFd::new(&engine, PollFlags::IN)];
            retry_on_intr(|| poll(&mut polled, Some(&PATIENCE)))
        };
        if spawn_blocking(ended).await.map_err(io::Error::other)?.map_err(failed)? == 0 {
            return Err(failed(Errno::TIMEDOUT));
        }
    }
    say!("solti: the engine (process {pid}) has ended; its tasks go on");
    Ok(0)
}

fn text(State { service: status, engine }: &State) -> String {
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
    match (engine, status.running) {
        (Some(engine), _) => text.push_str(&format!("Tasks are run now by {}.\n", engine.words)),
        (None, Some(true)) => text.push_str("It is being started.\n"),
        (None, _) => text.push_str("No engine runs now.\n"),
    }
    match status.lingers {
        Some(true) if status.enabled => {
            text.push_str("It runs from boot on, and goes on after you log out.\n")
        }
        Some(false) if status.enabled => text.push_str(
            "It ends when you log out; tasks that run then are taken up again when you log in. \
             `solti service enable --linger` has it run from boot on, and after you log out.\n",
        ),
        _ => {}
    }
    match status.enabled {
        true => text + &format!("Its file is {}.\n", status.file.display()),
        false => text,
    }
}
