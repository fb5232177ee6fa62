//! The door to tasks: the traits that a transport calls, their errors, and the implementation over the supervisor.
//!
//! [`ApiHandler`] is the fixed contract of six methods. What a window needs beside it are [`operations`], which go through one
//! seam, [`DesktopApi`].
//! Transports (the Tauri shell, HTTP, gRPC) live above this crate, the rules and the state below it.

mod adapter;
mod error;
pub mod guard;
mod handler;
mod lasting_changes;
mod log_access;
mod log_events;
mod log_position;
mod log_rows;
mod log_stream;
mod logs;
pub mod operations;
mod rows;
mod run_environment;
mod secrets;
mod settings;
mod usage;

pub use adapter::SupervisorApiAdapter;
pub use error::{ApiError, in_full};
pub use handler::{ApiHandler, OutputEventStream};
pub use lasting_changes::lasting_changes;
pub use log_access::{LogAccess, LogEventStream};
pub use log_position::{BadPosition, Handed, LogPosition};
pub use logs::save_export;
pub use operations::{DesktopApi, ExportChunk, ExportStream, OpenedSearch, Operations};
pub use settings::{SettingsAccess, StoredSettings};
