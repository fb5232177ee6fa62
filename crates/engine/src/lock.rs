//! One holder per data folder: the locks on a file in it and on the folder itself decide, and the file says who that is.
//!
//! A file that looks like a left-over is removed by those who tidy up, and then another one could be made and locked beside the first.
//! The folder cannot be removed without all that is in it. Where a file system has no locks on folders, the file alone decides.

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
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    str::FromStr,
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread::JoinHandle,
    time::Duration,
};

/// Longer than any holder's line.
const LINE: u64 = 64;

/// Between two looks whether the lock file is there.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// Holds the data folder for as long as it lives; the kernel lets go of it when the process dies.
#[derive(Debug)]
pub struct DataLock {
    /// Told by its end to let go, and `None` only while that is waited for.
    keeper: Option<(SyncSender<()>, JoinHandle<()>)>,
}

/// Both locks. The folder's is never looked at: it is held.
#[derive(Debug)]
struct Locks {
    file: File,
    _folder: File,
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
            let (file, folder) = (open(&path)?, File::open(data_dir)?);
            let lock = FlockOperation::NonBlockingLockExclusive;
            if is_held(flock(&file, lock))? || is_held(lock_folder(&folder, lock))? {
                return Ok(Err(said(file)?));
            }
            Ok(Ok(Self::held(Locks { file, _folder: folder }, path.clone(), holder)?))
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
            // Of many that look at the same time none takes another for a holder.
            let lock = FlockOperation::NonBlockingLockShared;
            if let Some(file) = unless_missing(File::open(&path))?
                && is_held(flock(&file, lock))?
            {
                return Ok(Some(said(file)?));
            }
            let Some(folder) = unless_missing(File::open(data_dir))? else { return Ok(None) };
            Ok(is_held(lock_folder(&folder, lock))?.then_some(Holder::Unknown))
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
            let (file, folder) = (open(&path)?, File::open(data_dir)?);
            rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
            rustix::io::retry_on_intr(|| lock_folder(&folder, FlockOperation::LockExclusive))?;
            Self::held(Locks { file, _folder: folder }, path.clone(), holder)
        };
        lock().map_err(|source| EngineError::Lock { path: path.clone(), source })
    }

    fn held(mut locks: Locks, path: PathBuf, holder: Holder) -> io::Result<Self> {
        write(&mut locks.file, holder)?;
        let (end, ended) = sync_channel(0);
        let keeper = std::thread::Builder::new().name("solti-lock".to_owned());
        let keeper = keeper.spawn(move || {
            while ended.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                // What cannot be made now is tried again; the folder is held all the same.
                locks.keep(&path, holder).ok();
            }
        })?;
        Ok(Self { keeper: Some((end, keeper)) })
    }
}

impl Drop for DataLock {
    /// Both are free when it returns.
    fn drop(&mut self) {
        if let Some((end, keeper)) = self.keeper.take() {
            drop(end);
            // A panic over there has been reported by the panic hook.
            keeper.join().ok();
        }
    }
}

impl Locks {
    /// Makes the lock file again if it was removed: others read in it who holds the folder.
    fn keep(&mut self, path: &Path, holder: Holder) -> io::Result<()> {
        let own = self.file.metadata()?.ino();
        if std::fs::metadata(path).is_ok_and(|found| found.ino() == own) {
            return Ok(());
        }
        let mut file = open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        write(&mut file, holder)?;
        tracing::warn!("the lock file {} was removed, and is made again", path.display());
        self.file = file;
        Ok(())
    }
}

fn write(file: &mut File, holder: Holder) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{holder:#}")
}

/// Who has locked it, by its own word.
fn said(file: File) -> io::Result<Holder> {
    let mut line = String::new();
    file.take(LINE).read_to_string(&mut line)?;
    Ok(line.parse().unwrap_or(Holder::Unknown))
}

/// Whether another has the lock that was tried.
fn is_held(tried: rustix::io::Result<()>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(false),
        Err(Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn lock_folder(folder: &File, operation: FlockOperation) -> rustix::io::Result<()> {
    match flock(folder, operation) {
        // As on a network's file system, which locks only what can be written.
        Err(error) if !matches!(error, Errno::WOULDBLOCK | Errno::INTR) => Ok(()),
        tried => tried,
    }
}

fn unless_missing(opened: io::Result<File>) -> io::Result<Option<File>> {
    match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
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

    #[test]
    fn who_has_a_folder_has_it_without_the_file_too() {
        let dir = tempfile::tempdir().expect("temp dir");
        let (app, serve) = (Holder::App { pid: 7 }, Holder::Serve { pid: 12_345 });
        let path = dir.path().join(LOCK_FILE);
        let first = DataLock::acquire(dir.path(), serve).expect("lock file").expect("free");
        std::fs::remove_file(&path).expect("there");
        assert!(DataLock::holder(dir.path()).expect("lock file").is_some());
        assert!(DataLock::acquire(dir.path(), app).expect("lock file").is_err(), "held");
        // The second has left its own.
        let holder = || DataLock::holder(dir.path()).expect("lock file");
        solti_testing::wait_until("the file says again by whom", || holder() == Some(serve));
        drop(first);
        assert_eq!(holder(), None);
        drop(DataLock::acquire(dir.path(), app).expect("lock file").expect("free"));
    }
}
