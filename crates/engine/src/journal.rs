//! The app's own log: to stderr, and to `app.log` in the data folder, where the number of an internal error is
//! looked up. Logs of tasks are elsewhere, in `solti-logstore`.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Mutex,
};
use tracing_subscriber::{EnvFilter, fmt::writer::MakeWriterExt};

/// Overrides what is logged, in tracing's filter syntax.
const FILTER: &str = "SOLTI_LOG";
/// Beyond this the file is set aside at the next start; one old file is kept.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

pub fn start(data_dir: &Path) {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    // No other subscriber can be set before this one; and an app that cannot write its log still runs tasks.
    let set = match open(&data_dir.join("app.log")) {
        Ok(file) => log.with_writer(io::stderr.and(Mutex::new(file))).try_init(),
        Err(error) => {
            eprintln!("solti: app.log cannot be written: {error}");
            log.with_writer(io::stderr).try_init()
        }
    };
    debug_assert!(set.is_ok(), "a second log was started");
}

fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|found| found.len() > MAX_BYTES) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}
