//! The door to tasks: the traits that a transport calls, their errors, and the implementation over the supervisor.
//!
//! [`ApiHandler`] is the fixed contract of six methods. What a window needs beside it are [`operations`], which go through one
//! seam, [`DesktopApi`].
//! Transports (the Tauri shell, HTTP, gRPC) live above this crate, the rules and the state below it.
//!
//! ```no_run
//! use solti_api::operations::{Operations as _, StopTask};
//! use solti_api::{ApiError, DesktopApi};
//! use solti_model::{StopMode, TaskSpec};
//!
//! # async fn example(api: &dyn DesktopApi, spec: TaskSpec) -> Result<(), ApiError> {
//! match api.submit_task(spec).await {
//!     Ok(id) => println!("taken on as {id}"),
//!     Err(ApiError::SlotBusy { running, .. }) => {
//!         api.ask(StopTask { id: running, mode: StopMode::Graceful }).await?;
//!     }
//!     Err(error) => return Err(error),
//! }
//! # Ok(()) }
//! ```

#![warn(missing_docs, unreachable_pub)]

mod error;
pub mod guard;
mod handler;
mod lasting_changes;
#[cfg(feature = "local")]
mod local;
mod log_access;
mod log_position;
pub mod operations;
mod owner;
mod pauses;
mod request_key;
mod save;
mod settings;

pub use error::{ApiError, in_full};
pub use handler::{ApiHandler, OutputEventStream};
pub use lasting_changes::lasting_changes;
#[cfg(feature = "local")]
pub use local::{StoredSettings, SupervisorApiAdapter};
pub use log_access::{LogAccess, LogEventStream, LogReading};
pub use log_position::{BadPosition, Handed, LogPosition};
pub use operations::{DesktopApi, ExportChunk, ExportStream, OpenedSearch, Operations};
pub use owner::Owner;
pub use pauses::Pauses;
pub use request_key::{current_request_key, fresh_request_key, with_request_key};
pub use save::save_export;
pub use settings::SettingsAccess;
