//! The door to tasks: the traits that a transport calls, their errors, and the implementation over the supervisor.
//!
//! [`ApiHandler`] is the fixed contract of six methods. The other traits are what a window needs beside it.
//! Transports (the Tauri shell, HTTP, gRPC) live above this crate, the rules and the state below it.

mod adapter;
mod bookmarks;
mod control;
mod error;
mod feed;
pub mod guard;
mod handler;
mod lanes;
mod log_access;
mod log_events;
mod log_excerpts;
mod log_position;
mod log_rows;
mod log_search;
mod log_stream;
mod logs;
mod rows;
mod run_environment;
mod secrets;
mod settings;
mod usage;

pub use adapter::SupervisorApiAdapter;
pub use bookmarks::Bookmarks;
pub use control::TaskControl;
pub use error::ApiError;
pub use feed::{TaskChangeStream, TaskFeed, UsageStream};
pub use handler::{ApiHandler, OutputEventStream};
pub use lanes::LaneControl;
pub use log_access::{LogAccess, LogEventStream, LogInfoStream};
pub use log_excerpts::{ExportChunk, ExportStream, LogExcerpts};
pub use log_position::{BadPosition, Handed, LogPosition};
pub use log_search::{LogSearch, OpenedSearch, SearchProgressStream, TaskHitsStream};
pub use logs::save_export;
pub use settings::{SettingsAccess, StoredSettings};

/// What every handler answers, here or on another machine.
pub trait DesktopApi: ApiHandler + TaskControl + TaskFeed + LaneControl + LogAccess {}

impl<T: ApiHandler + TaskControl + TaskFeed + LaneControl + LogAccess + ?Sized> DesktopApi for T {}

/// Everything that a window needs of the engine on this machine.
pub trait LocalApi: DesktopApi + LogSearch + LogExcerpts + Bookmarks {}

impl<T: DesktopApi + LogSearch + LogExcerpts + Bookmarks + ?Sized> LocalApi for T {}
