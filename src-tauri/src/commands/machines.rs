//! The machines that a window can show, and the connections to them.

use super::{answer::Answer, args::Arg};
use crate::events::{Latest, Streams, To};
use solti_machines::{ConnectionTest, Machine, MachineList, Machines};
use solti_model::Connection;
use std::sync::Arc;
use tauri::{Runtime, State, WebviewWindow, command};

/// With `all`, each machine is reached, or tried, while the stream is open; else those alone that windows are on.
#[command]
pub async fn watch_machines<R: Runtime>(
    window: WebviewWindow<R>,
    machines: State<'_, Arc<Machines>>,
    streams: State<'_, Streams>,
    all: Arg<Option<bool>>,
    channel: To<Latest<MachineList>>,
) -> Answer<String> {
    let window = window.label();
    Ok(match all.0 {
        Some(true) => streams.open(window, machines.watch_all(window), channel),
        _ => streams.open(window, machines.watch(window), channel),
    })
}

/// From here on the commands of this window are for that machine.
#[command]
pub async fn choose_machine<R: Runtime>(
    window: WebviewWindow<R>,
    machines: State<'_, Arc<Machines>>,
    machine: Arg<Machine>,
) -> Answer<()> {
    machines.choose(window.label(), machine.0)
}

#[command]
pub async fn save_connection(
    machines: State<'_, Arc<Machines>>,
    connection: Arg<Connection>,
    token: Arg<Option<String>>,
    new: Arg<bool>,
) -> Answer<()> {
    machines.save(connection.0, token.0.as_deref(), new.0).await
}

#[command]
pub async fn test_connection(
    machines: State<'_, Arc<Machines>>,
    connection: Arg<Connection>,
    token: Arg<Option<String>>,
) -> Answer<ConnectionTest> {
    machines.test(&connection.0, token.0.as_deref()).await
}

#[command]
pub async fn remove_connection(machines: State<'_, Arc<Machines>>, name: Arg<String>) -> Answer<()> {
    machines.remove(&name.0).await
}
