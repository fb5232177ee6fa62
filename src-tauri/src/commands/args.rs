//! What commands are handed: the engine, and arguments read from JSON so that a bad one is answered with the error object, and
//! not with Tauri's sentence.

use crate::windows::MAIN;
use serde::de::DeserializeOwned;
use serde_json::Value;
use solti_api::{ApiError, DesktopApi};
use solti_machines::{Machine, Machines};
use solti_model::{TaskSpec, examine_spec, read_whole};
use std::{ops::Deref, sync::Arc};
use tauri::{
    Manager, Runtime,
    ipc::{CommandArg, CommandItem, InvokeBody, InvokeError, InvokeMessage},
};

/// The argument with which the main window names another machine than its own: a connection's name, or null for this one.
pub(super) const MACHINE: &str = "machine";

/// The engine of the machine that the calling window is on, or that the call names.
pub struct Api {
    pub machine: Machine,
    api: Arc<dyn DesktopApi>,
}

impl Api {
    pub(super) fn of<R: Runtime>(message: &InvokeMessage<R>) -> Result<Self, ApiError> {
        let webview = message.webview_ref();
        let machines = webview.state::<Arc<Machines>>();
        let named = match message.payload() {
            InvokeBody::Json(arguments) => arguments.get(MACHINE),
            InvokeBody::Raw(_) => None,
        };
        let Some(named) = named else {
            let window = webview.label();
            return Ok(Self { machine: machines.of(window), api: machines.api(window)? });
        };
        // A log window is about the logs of one machine.
        if webview.label() != MAIN {
            return Err(ApiError::PermissionDenied { reason: "this window is about one machine".into() });
        }
        let machine = read_whole(named.clone(), MACHINE).map_err(ApiError::from)?;
        Ok(Self { api: machines.api_of(&machine)?, machine })
    }

    pub(super) fn into_inner(self) -> Arc<dyn DesktopApi> {
        self.api
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for Api {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        Self::of(command.message).map_err(InvokeError::from)
    }
}

impl Deref for Api {
    type Target = dyn DesktopApi;

    fn deref(&self) -> &Self::Target {
        &*self.api
    }
}

/// Any argument but a spec. One that is not given reads as null.
pub struct Arg<T>(pub T);

impl<'de, R: Runtime, T: DeserializeOwned> CommandArg<'de, R> for Arg<T> {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        read_whole(value(&command), "")
            .map(Self)
            .map_err(|errors| InvokeError::from(ApiError::from(errors).within(command.key)))
    }
}

/// A spec: read by the model, which names the field that is wrong.
pub struct Spec(pub TaskSpec);

impl<'de, R: Runtime> CommandArg<'de, R> for Spec {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        examine_spec(value(&command)).map(Self).map_err(|error| InvokeError::from(ApiError::from(error)))
    }
}

fn value<R: Runtime>(command: &CommandItem<'_, R>) -> Value {
    match command.message.payload() {
        InvokeBody::Json(args) => args.get(command.key).cloned().unwrap_or_default(),
        InvokeBody::Raw(_) => Value::Null,
    }
}
