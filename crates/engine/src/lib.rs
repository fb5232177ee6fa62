//! The engine as a program holds it: where its data is, the lock on it, its log, what tasks inherit, and what store,
//! runner, supervisor and api are put together to.
//!
//! The app and `solti serve` hold one each, of the same making; a data folder has one holder at a time. Windows are the
//! app's, transports those of `solti-http` and `solti-grpc`.

#![warn(missing_docs, unreachable_pub)]

mod config;
mod engine;
mod environment;
mod error;
mod instance;
mod journal;
mod keyring;
mod lock;
mod machine;
mod open_files;
mod user_manager;

pub use config::{Config, data_dir, usual_data_dir};
pub use engine::Engine;
pub use environment::SET_FOR_THE_WINDOW;
pub use error::EngineError;
pub use journal::{file as journal_file, start as start_journal, start_of_client as start_client_journal};
pub use lock::{DataLock, Holder};
pub use solti_store::Recovery;
