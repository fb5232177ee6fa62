//! Arguments read from JSON so that a bad one is answered with the error object, and not with Tauri's sentence.

use serde::de::DeserializeOwned;
use serde_json::Value;
use solti_api::ApiError;
use solti_model::{TaskSpec, examine_spec};
use tauri::{
    Runtime,
    ipc::{CommandArg, CommandItem, InvokeBody, InvokeError},
};

/// Any argument but a spec. One that is not given reads as null.
pub struct Arg<T>(pub T);

impl<'de, R: Runtime, T: DeserializeOwned> CommandArg<'de, R> for Arg<T> {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        serde_json::from_value(value(&command))
            .map(Self)
            .map_err(|error| InvokeError::from(ApiError::invalid(command.key, error.to_string())))
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
