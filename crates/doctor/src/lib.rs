//! The doctor: looks at everything that the engine stands on and says how it is, whether the app runs or not, and without
//! changing anything.
//!
//! What belongs to a window (WebKit, a display) is added by the app. What is done about a damaged database is in
//! `solti-store`.

#![warn(missing_docs, unreachable_pub)]

mod database;
mod machine;
mod place;
mod places;
mod runs;
mod words;

pub use place::holder_of;
pub use runs::{LogUsage, log_usage};

use solti_model::{Diagnosis, Finding, LogSettings};
use std::path::PathBuf;

/// Where to look.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Absolute; need not be there.
    pub data_dir: PathBuf,
    /// The program that owns a run.
    pub shim: PathBuf,
    /// The program that runs WebAssembly.
    pub wasi: PathBuf,
    /// What the logs may take, and what they leave free.
    pub logs: LogSettings,
}

/// Looks at everything, in the order in which one thing stands on another. Blocks: it reads the whole database, and the
/// names of all run folders.
#[must_use]
pub fn examine(place: &Scope, more: Vec<Finding>) -> Diagnosis {
    let mut findings = vec![
        place::data_folder(&place.data_dir),
        place::free_space(&place.data_dir, place.logs.min_free_bytes),
        place::app(&place.data_dir),
    ];
    findings.extend(database::look(&place.data_dir));
    findings.push(database::copies(&place.data_dir));
    findings.extend(database::set_aside(&place.data_dir));
    findings.push(machine::shim(&place.shim));
    findings.extend(runs::folders(&place.data_dir, &place.logs));
    findings.push(machine::process_groups());
    findings.push(machine::limits());
    findings.extend(places::look(&place.wasi));
    findings.push(machine::session_bus());
    findings.extend(more);
    Diagnosis { version: env!("CARGO_PKG_VERSION").into(), findings }
}
