//! The app's own log: to stderr, and to `app.log` in the data folder, where the number of an internal error is
//! looked up. Logs of tasks are elsewhere, in `solti-logstore`.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Mutex,
};
use tracing_subscriber::{EnvFilter, fmt::writer::MakeWriterExt};

/// Overrides what is logged, in tracing's filter syntax.
const FILTER: &str = "SOLTI_LOG";
/// A file that would become larger is set aside as `app.log.old`; so it is twice this at most.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Where the log of whoever holds this data folder is.
#[must_use]
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("app.log")
}

/// For the holder of the folder.
pub fn start(data_dir: &Path) {
    start_in(file(data_dir));
}

/// For a program that is a client of the holder, beside the holder's own.
pub fn start_of_client(data_dir: &Path) {
    start_in(data_dir.join("window.log"));
}

fn start_in(path: PathBuf) {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    // No other subscriber can be set before this one; and an app that cannot write its log still runs tasks.
    let set = match Rotating::open(path, MAX_BYTES) {
        Ok(file) => log.with_writer(io::stderr.and(Mutex::new(file))).try_init(),
        Err(error) => {
            eprintln!("solti: its own log cannot be written: {error}");
            log.with_writer(io::stderr).try_init()
        }
    };
    debug_assert!(set.is_ok(), "a second log was started");
}

/// A file that is set aside when it is full, in the place of the one before it.
struct Rotating {
    path: PathBuf,
    file: File,
    bytes: u64,
    most: u64,
}

impl Rotating {
    fn open(path: PathBuf, most: u64) -> io::Result<Self> {
        let file = open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path, file, bytes, most })
    }

    /// Where the file cannot be set aside, it begins anew: it stays within its limit in any case.
    fn begin_anew(&mut self) -> io::Result<()> {
        let set_aside = fs::rename(&self.path, self.path.with_extension("log.old"));
        match set_aside.and_then(|()| open(&self.path)) {
            Ok(file) => self.file = file,
            Err(_) => self.file.set_len(0)?,
        }
        self.bytes = 0;
        Ok(())
    }
}

/// One event a call, as tracing-subscriber hands them on.
impl io::Write for Rotating {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if self.bytes > 0 && self.bytes.saturating_add(event.len() as u64) > self.most {
            self.begin_anew()?;
        }
        let written = self.file.write(event)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_log_that_is_written_for_months_stays_within_two_files() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (path, old) = (dir.path().join("app.log"), dir.path().join("app.log.old"));
        let mut log = Rotating::open(path.clone(), 1_000).expect("made");
        for n in 0..1_000 {
            log.write_all(format!("event {n}\n").as_bytes()).expect("written");
        }
        // As after a restart: it goes on where it was.
        drop(log);
        let mut log = Rotating::open(path.clone(), 1_000).expect("there");
        log.write_all(b"the last\n").expect("written");
        let read = |path: &Path| fs::read_to_string(path).expect("there");
        assert!(read(&path).len() <= 1_000 && read(&old).len() <= 1_000);
        let both = read(&old) + &read(&path);
        assert!(both.ends_with("event 998\nevent 999\nthe last\n") && both.len() > 1_000, "{both}");
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 2);
        // More than fits at once is written as a whole.
        log.write_all(&[b'x'; 2_000]).expect("written");
        assert_eq!(fs::metadata(&path).expect("there").len(), 2_000);
    }

    #[test]
    fn where_it_cannot_be_set_aside_it_begins_anew() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("app.log");
        let mut log = Rotating::open(path.clone(), 100).expect("made");
        // A folder in the way, with something in it.
        fs::create_dir_all(dir.path().join("app.log.old/x")).expect("made");
        for _ in 0..50 {
            log.write_all(b"ten bytes\n").expect("written");
        }
        assert!(fs::metadata(&path).expect("there").len() <= 100);
    }
}
