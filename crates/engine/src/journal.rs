//! The app's own log: to stderr, and to `app.log` in the data folder, where the number of an internal error is
//! looked up. Logs of tasks are elsewhere, in `solti-logstore`.
//!
//! Nobody who logs learns that it failed: where stderr is closed or a disk is full, the work that is told of goes on.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

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
    let file = Rotating::open(path, MAX_BYTES)
        .inspect_err(|error| {
            writeln!(io::stderr(), "solti: its own log cannot be written: {error}").ok();
        })
        .ok();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    // What tracing-subscriber says of a failure goes to stderr, and is a panic where that is closed.
    let log =
        log.log_internal_errors(false).with_writer(Journal { stderr: io::stderr, file: Mutex::new(file) });
    // No other subscriber can be set before this one; and an app that cannot write its log still runs tasks.
    let set = log.try_init();
    debug_assert!(set.is_ok(), "a second log was started");
}

/// Both places of the log.
struct Journal<S> {
    stderr: S,
    file: Mutex<Option<Rotating>>,
}

impl<'a, S, W> MakeWriter<'a> for Journal<S>
where
    S: Fn() -> W + 'a,
    W: io::Write,
{
    type Writer = Entry<'a, S>;

    fn make_writer(&'a self) -> Self::Writer {
        Entry(self)
    }
}

/// Takes one event a call, as tracing-subscriber hands them on, and always takes it.
struct Entry<'a, S>(&'a Journal<S>);

impl<S, W> io::Write for Entry<'_, S>
where
    S: Fn() -> W,
    W: io::Write,
{
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        (self.0.stderr)().write_all(event).ok();
        let mut file = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &mut *file {
            file.append(event).ok();
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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

    /// The whole event, or nothing of it.
    fn append(&mut self, event: &[u8]) -> io::Result<()> {
        if self.bytes > 0 && self.bytes.saturating_add(event.len() as u64) > self.most {
            self.begin_anew()?;
        }
        if let Err(error) = self.file.write_all(event) {
            // A full disk takes a part of it, to which the next event would be glued.
            self.file.set_len(self.bytes).ok();
            return Err(error);
        }
        self.bytes += event.len() as u64;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_testing::SmallDisk;

    #[test]
    fn a_log_that_is_written_for_months_stays_within_two_files() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (path, old) = (dir.path().join("app.log"), dir.path().join("app.log.old"));
        let mut log = Rotating::open(path.clone(), 1_000).expect("made");
        for n in 0..1_000 {
            log.append(format!("event {n}\n").as_bytes()).expect("written");
        }
        // As after a restart: it goes on where it was.
        drop(log);
        let mut log = Rotating::open(path.clone(), 1_000).expect("there");
        log.append(b"the last\n").expect("written");
        let read = |path: &Path| fs::read_to_string(path).expect("there");
        assert!(read(&path).len() <= 1_000 && read(&old).len() <= 1_000);
        let both = read(&old) + &read(&path);
        assert!(both.ends_with("event 998\nevent 999\nthe last\n") && both.len() > 1_000, "{both}");
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 2);
        // More than fits at once is written as a whole.
        log.append(&[b'x'; 2_000]).expect("written");
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
            log.append(b"ten bytes\n").expect("written");
        }
        assert!(fs::metadata(&path).expect("there").len() <= 100);
    }

    /// Standard error that nobody reads any more.
    struct Closed;

    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_standard_error_that_is_closed_keeps_no_event_from_the_file() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("app.log");
        let file = Rotating::open(path.clone(), MAX_BYTES).expect("made");
        let journal = Journal { stderr: || Closed, file: Mutex::new(Some(file)) };
        for event in ["one\n", "two\n"] {
            journal.make_writer().write_all(event.as_bytes()).expect("nobody is told");
        }
        assert_eq!(fs::read_to_string(path).expect("there"), "one\ntwo\n");
    }

    #[test]
    fn a_full_disk_leaves_no_half_event_for_the_next_to_be_glued_to() {
        let Some(disk) = SmallDisk::mount(1) else { return };
        let path = disk.path().join("app.log");
        let mut log = Rotating::open(path.clone(), MAX_BYTES).expect("made");
        log.append(b"first\n").expect("written");
        disk.fill();
        log.append(&[b'x'; 64 * 1024]).expect_err("there is no space");
        disk.free();
        log.append(b"second\n").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "first\nsecond\n");
    }
}
