//! One holder per data folder: the lock on a file in it decides, and the file says who that is.

use crate::EngineError;
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use solti_store::LOCK_FILE;
use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    str::FromStr,
};

/// Longer than any holder's line.
const LINE: u64 = 64;

/// Holds the data folder for as long as it lives; the kernel lets go of it when the process dies.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Which program holds a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A window's program.
    App {
        /// Of its process.
        pid: u32,
    },
    /// `solti serve`, without a window.
    Serve {
        /// Of its process.
        pid: u32,
    },
    /// It holds the lock and has not said who it is.
    Unknown,
}

impl DataLock {
    /// Takes the folder for `holder`, or says who has it.
    ///
    /// # Errors
    /// When the lock file can be neither made nor locked.
    pub fn acquire(data_dir: &Path, holder: Holder) -> Result<Result<Self, Holder>, EngineError> {
        let path = data_dir.join(LOCK_FILE);
        let lock = || -> io::Result<Result<Self, Holder>> {
            let file = open(&path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => Ok(Ok(Self::held(file, holder)?)),
                Err(Errno::WOULDBLOCK) => {
                    let mut line = String::new();
                    file.take(LINE).read_to_string(&mut line)?;
                    Ok(Err(line.parse().unwrap_or(Holder::Unknown)))
                }
                Err(error) => Err(error.into()),
            }
        };
        lock().map_err(|source| EngineError::Lock { path: path.clone(), source })
    }

    /// Who has the folder now; `None` when nobody has.
    ///
    /// # Errors
    /// When the lock file can be neither read nor locked.
    pub fn holder(data_dir: &Path) -> Result<Option<Holder>, EngineError> {
        let path = data_dir.join(LOCK_FILE);
        let look = || -> io::Result<Option<Holder>> {
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            // Of many that look at the same time none takes another for a holder.
            match flock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => Ok(None),
                Err(Errno::WOULDBLOCK) => {
                    let mut line = String::new();
                    file.take(LINE).read_to_string(&mut line)?;
                    Ok(Some(line.parse().unwrap_or(Holder::Unknown)))
                }
                Err(error) => Err(error.into()),
            }
        };
        look().map_err(|source| EngineError::Lock { path: path.clone(), source })
    }

    /// Takes the folder for `holder` as soon as it is free. Blocks until then.
    ///
    /// # Errors
    /// When the lock file can be neither made nor locked.
    pub fn wait(data_dir: &Path, holder: Holder) -> Result<Self, EngineError> {
        let path = data_dir.join(LOCK_FILE);
        let lock = || -> io::Result<Self> {
            let file = open(&path)?;
            rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
            Self::held(file, holder)
        };
        lock().map_err(|source| EngineError::Lock { path: path.clone(), source })
    }

    fn held(mut file: File, holder: Holder) -> io::Result<Self> {
        file.set_len(0)?;
        writeln!(file, "{holder:#}")?;
        Ok(Self { _file: file })
    }
}

/// std opens with O_CLOEXEC: no task inherits the lock and keeps it.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

impl fmt::Display for Holder {
    /// For a person; with `{:#}` as it stands in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, f.alternate()) {
            (Self::App { pid }, true) => write!(f, "app {pid}"),
            (Self::Serve { pid }, true) => write!(f, "serve {pid}"),
            (Self::App { pid }, false) => write!(f, "the Solti app (process {pid})"),
            (Self::Serve { pid }, false) => write!(f, "solti serve (process {pid})"),
            (Self::Unknown, _) => f.write_str("another program"),
        }
    }
}

impl FromStr for Holder {
    /// No holder's line.
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let (program, pid) = line.trim().split_once(' ').ok_or(())?;
        let pid = pid.parse().map_err(drop)?;
        match program {
            "app" => Ok(Self::App { pid }),
            "serve" => Ok(Self::Serve { pid }),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_at_a_time_and_the_others_learn_by_whom() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (app, serve) = (Holder::App { pid: 7 }, Holder::Serve { pid: 12_345 });
        let first = DataLock::acquire(dir.path(), serve).expect("lock file").expect("free");
        assert_eq!(DataLock::acquire(dir.path(), app).expect("lock file").expect_err("held"), serve);
        assert_eq!(DataLock::holder(dir.path()).expect("lock file"), Some(serve));
        drop(first);
        assert_eq!(DataLock::holder(dir.path()).expect("lock file"), None);
        let second = DataLock::acquire(dir.path(), app).expect("lock file").expect("free");
        assert_eq!(DataLock::acquire(dir.path(), serve).expect("lock file").expect_err("held"), app);
        drop(second);
        std::fs::write(dir.path().join("app.lock"), "").expect("written");
        let silent = OpenOptions::new().write(true).open(dir.path().join("app.lock")).expect("there");
        flock(&silent, FlockOperation::NonBlockingLockExclusive).expect("free");
        let held = DataLock::acquire(dir.path(), app).expect("lock file").expect_err("held");
        assert_eq!(held, Holder::Unknown);
    }
}
