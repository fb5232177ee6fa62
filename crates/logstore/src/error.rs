//! The one error of this crate. Written out by hand, because the writer half must not depend on anything but std.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What could not be done with a run's log files.
#[derive(Debug)]
pub enum LogError {
    /// A log file could not be created or opened.
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A log file could not be read.
    Read {
        /// Its name in the run's folder.
        file: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A log file could not be written, for another reason than a full disk (which is recorded as a gap instead).
    Write {
        /// Its name in the run's folder.
        file: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A log file could not be made durable.
    Sync {
        /// Its name in the run's folder.
        file: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl LogError {
    /// Whether the next try to read may well succeed, as the system was short of something: descriptors, memory.
    #[cfg(feature = "reader")]
    pub fn is_passing(&self) -> bool {
        use rustix::io::Errno;
        let (Self::Open { source, .. }
        | Self::Read { source, .. }
        | Self::Write { source, .. }
        | Self::Sync { source, .. }) = self;
        let passing = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN, Errno::INTR];
        Errno::from_io_error(source).is_some_and(|errno| passing.contains(&errno))
    }

    pub(crate) fn open(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Open { path, source }
    }

    pub(crate) fn read(file: &'static str) -> impl Fn(io::Error) -> Self + Copy {
        move |source| Self::Read { file, source }
    }

    pub(crate) fn write(file: &'static str) -> impl Fn(io::Error) -> Self + Copy {
        move |source| Self::Write { file, source }
    }

    pub(crate) fn sync(file: &'static str) -> impl Fn(io::Error) -> Self + Copy {
        move |source| Self::Sync { file, source }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, .. } => write!(f, "log file cannot be opened: {}", path.display()),
            Self::Read { file, .. } => write!(f, "log file cannot be read: {file}"),
            Self::Write { file, .. } => write!(f, "log file cannot be written: {file}"),
            Self::Sync { file, .. } => write!(f, "log file cannot be made durable: {file}"),
        }
    }
}

impl std::error::Error for LogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open { source, .. }
            | Self::Read { source, .. }
            | Self::Write { source, .. }
            | Self::Sync { source, .. } => Some(source),
        }
    }
}
