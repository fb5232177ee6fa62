//! The run folder as the runner sees it: making it, the files written before the start, and reading the exit record.
//!
//! The names in it and its lock are `solti_shim::layout`'s, the log files `solti-logstore`'s; removing it is the
//! supervisor's. Everything goes through one open descriptor, so a folder that is swapped meanwhile does no harm.

use std::ffi::CStr;
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;
use rustix::process::{Resource, geteuid, getrlimit};
use solti_model::RunId;
use solti_shim::FormatError;
use solti_shim::exit_record::{self, ExitRecord};
use solti_shim::layout;

use crate::start_failure::is_of_the_disk;
use crate::{AttachError, Stage, StartCause, StartFailure};

/// What a finished run needs no more once its outcome is stored: all but the log.
pub const TRANSIENT_FILES: [&str; 15] = [
    layout::LAUNCH,
    layout::EXIT,
    layout::SOCKET,
    layout::STOP,
    JOB_OUTPUT,
    JOB_SCRIPT,
    crate::script::SCRIPT,
    crate::argv::ENV_FILE,
    OOM,
    STDIN,
    solti_relay::ORDER_FILE,
    solti_relay::WISH_FILE,
    solti_relay::PROGRESS_FILE,
    solti_wasi::ORDER_FILE,
    solti_wasi::REPORT_FILE,
];
/// Left in the run folder by the process that watches a container of podman (conmon), in the directory that it was started in: the kernel
/// has killed in the container for want of memory. What podman itself says of that is not always so.
pub(crate) const OOM: &str = "oom";
/// What Slurm itself says of a job.
pub(crate) const JOB_OUTPUT: &str = "slurm.out";
/// The script of a job, which becomes the shim.
pub(crate) const JOB_SCRIPT: &str = "job.sh";
/// The text that the program reads at its standard input.
pub(crate) const STDIN: &str = "stdin";

/// Descriptors that runs leave to the rest of the app: its database, its windows, those who call it.
const RESERVE: u64 = 64;

#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
    dir: File,
}

/// A run folder that is not held open: a run that only goes on costs one descriptor, its connection.
#[derive(Debug, Clone)]
pub(crate) struct RunPlace {
    path: PathBuf,
    /// Device and inode, which tell it from another folder that took its name.
    identity: (u64, u64),
}

impl RunPlace {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// `None` when the folder is gone, or another one has its name. An error where all run folders are gone: it is out of reach.
    pub(crate) fn open(&self) -> Result<Option<RunDir>, AttachError> {
        let Some(dir) = RunDir::open_existing(&self.path)? else {
            self.all_are_there().map_err(|source| AttachError::RunDir { path: self.path.clone(), source })?;
            return Ok(None);
        };
        let is_same = dir.place().is_ok_and(|place| place.identity == self.identity);
        Ok(is_same.then_some(dir))
    }

    /// Whether the folder of all tasks' runs is where this one was: on the same disk, if it can be seen.
    fn all_are_there(&self) -> io::Result<()> {
        let Some(all) = self.path.parent().and_then(Path::parent) else { return Ok(()) };
        let is_same_disk = std::fs::metadata(all)?.dev() == self.identity.0;
        if is_same_disk { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ENODEV)) }
    }

    /// Whether the process works in this folder, be it removed or not: shims do, from before they start a program.
    pub(crate) fn is_where(&self, pid: u32) -> io::Result<bool> {
        match std::fs::metadata(format!("/proc/{pid}/cwd")) {
            Ok(found) => Ok((found.dev(), found.ino()) == self.identity),
            Err(error) => match error.raw_os_error() {
                // It has ended, or is another user's.
                Some(libc::ENOENT | libc::ESRCH | libc::EACCES | libc::EPERM) => Ok(false),
                _ => Err(error),
            },
        }
    }
}

impl RunDir {
    /// Makes the folder, or takes an empty one. Refuses symlinks, folders of others, and a folder that holds a run.
    pub(crate) fn create(path: &Path) -> Result<Self, StartFailure> {
        let failed = |error: io::Error| {
            let cause = match error.raw_os_error() {
                Some(libc::ELOOP | libc::ENOTDIR) => StartCause::RunDirForeign,
                // Of a folder whose name is taken: a link that leads nowhere just now.
                Some(libc::ENOENT | libc::EEXIST | libc::EACCES | libc::EPERM) => StartCause::OwnFolderAway,
                Some(errno) if is_of_the_disk(errno) => StartCause::OwnFolderAway,
                _ => StartCause::System,
            };
            StartFailure::new(Stage::RunDir, error.raw_os_error().unwrap_or(0), path, cause)
        };
        let refused = |errno, cause| Err(StartFailure::new(Stage::RunDir, errno, path, cause));
        let is_new = make_dir(path).map_err(failed)?;
        let this = Self { path: path.to_owned(), dir: layout::open_run_dir(path).map_err(failed)? };
        if !this.is_own().map_err(failed)? {
            return refused(libc::EPERM, StartCause::RunDirForeign);
        }
        if !is_new && this.has_record().map_err(failed)? {
            return refused(libc::EEXIST, StartCause::RunExists);
        }
        Ok(this)
    }

    /// Opens the folder of an earlier run; `None` when there is none.
    pub(crate) fn open_existing(path: &Path) -> Result<Option<Self>, AttachError> {
        let path = path.to_owned();
        let dir = match layout::open_run_dir(&path) {
            Ok(dir) => dir,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(AttachError::RunDir { path, source }),
        };
        let this = Self { path, dir };
        match this.is_own() {
            Ok(true) => Ok(Some(this)),
            Ok(false) => Err(AttachError::Foreign { path: this.path }),
            Err(source) => Err(AttachError::RunDir { path: this.path, source }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// For who is to follow another run: the last descriptors are not for runs. `EMFILE` when it would take one of them.
    pub(crate) fn leaves_room(&self) -> io::Result<()> {
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        // The lowest free number is given out first, so it tells how many are taken.
        let taken = u64::from(self.dir.as_raw_fd().unsigned_abs());
        let reserve = RESERVE.min(limit / 4);
        if taken + reserve < limit { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EMFILE)) }
    }

    /// What is enough to find it again.
    pub(crate) fn place(&self) -> io::Result<RunPlace> {
        let found = self.dir.metadata()?;
        Ok(RunPlace { path: self.path.clone(), identity: (found.dev(), found.ino()) })
    }

    /// The address of the control socket; good while `self` is.
    pub(crate) fn socket(&self) -> PathBuf {
        layout::socket_path(self.dir.as_fd())
    }

    /// Writes a file that only the user may read, in place of an older one.
    pub(crate) fn write(&self, name: &CStr, bytes: &[u8]) -> io::Result<()> {
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL;
        let mut file = match self.open(name, flags) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.remove(name)?;
                self.open(name, flags)?
            }
            other => other?,
        };
        file.write_all(bytes)
    }

    /// Whether there was such a file.
    pub(crate) fn remove(&self, name: &CStr) -> io::Result<bool> {
        match unlinkat(&self.dir, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The lock, or `None` while a shim is alive.
    pub(crate) fn try_lock(&self) -> Result<Option<File>, AttachError> {
        layout::try_lock(self.dir.as_fd())
            .map_err(|source| AttachError::Lock { path: self.path.clone(), source })
    }

    /// Whether a shim has begun here, be its record legible or not.
    pub(crate) fn has_record(&self) -> io::Result<bool> {
        // Whoever only asks for the lock leaves the file empty; one that is used again is zero.
        Ok(!exit_record::is_blank(&self.record_bytes()?))
    }

    /// The exit record of this run; `None` when there is none, or a torn one or one of another run, which say as little. One
    /// of a later version is not understood, and an error: it may well tell an end.
    pub(crate) fn record(&self, run: &RunId) -> io::Result<Option<ExitRecord>> {
        match ExitRecord::decode(&self.record_bytes()?) {
            Ok(record) => Ok(Some(record).filter(|record| record.is_of(&run.to_string()))),
            Err(error @ FormatError::Version(_)) => Err(io::Error::new(io::ErrorKind::Unsupported, error)),
            Err(_) => Ok(None),
        }
    }

    fn record_bytes(&self) -> io::Result<Vec<u8>> {
        self.read(c"exit", exit_record::LEN as u64 + 1)
    }

    /// The first bytes of a file; nothing where there is none.
    pub(crate) fn read(&self, name: &CStr, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![];
        let file = match self.open(name, libc::O_RDONLY) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(bytes),
            Err(error) => return Err(error),
        };
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn open(&self, name: &CStr, flags: i32) -> io::Result<File> {
        layout::open_at(self.dir.as_fd(), name, flags)
    }

    fn is_own(&self) -> io::Result<bool> {
        Ok(self.dir.metadata()?.uid() == geteuid().as_raw())
    }
}

/// Readies the folder of a run that is over and needs it no more for another run: blanks its record. `false`, and nothing
/// is changed, when a log or anything else is in it, or its shim is not quite gone.
///
/// # Errors
/// What the system says; the folder is then to be removed.
pub fn empty_run_folder(path: &Path) -> io::Result<bool> {
    let dir = layout::open_run_dir(path)?;
    for entry in rustix::fs::Dir::read_from(&dir)? {
        if ![layout::EXIT.as_bytes(), b".", b".."].contains(&entry?.file_name().to_bytes()) {
            return Ok(false);
        }
    }
    let Some(file) = layout::try_lock(dir.as_fd())? else { return Ok(false) };
    if file.metadata()?.len() != exit_record::LEN as u64 {
        return Ok(false);
    }
    file.write_all_at(&[0; exit_record::LEN], 0)?;
    Ok(true)
}

/// Makes the folder, with its parents when they are missing; `false` when something was there already.
fn make_dir(path: &Path) -> io::Result<bool> {
    let mut private = DirBuilder::new();
    private.mode(0o700);
    let made = match (private.create(path), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            private.recursive(true).create(parent)?;
            private.recursive(false).create(path)
        }
        (made, _) => made,
    };
    match made {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_start_waits_for_a_folder_that_is_out_of_reach() {
        let dir = tempfile::tempdir().unwrap();
        let runs = dir.path().join("runs");
        symlink(dir.path().join("unmounted"), &runs).unwrap();
        let failure = RunDir::create(&runs.join("t/1")).unwrap_err();
        assert_eq!(failure.cause, StartCause::OwnFolderAway);
        assert!(failure.shortage().unwrap().starts_with("the run folder could not be prepared: "));

        // What stands in its place will not go by itself.
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(RunDir::create(&file.join("1")).unwrap_err().shortage(), None);
    }

    #[test]
    fn a_run_folder_is_removed_only_where_the_others_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let (runs, away) = (dir.path().join("runs"), dir.path().join("away"));
        let place = RunDir::create(&runs.join("t/1")).unwrap().place().unwrap();
        std::fs::rename(&runs, &away).unwrap();
        assert!(matches!(place.open(), Err(AttachError::RunDir { .. })));
        std::fs::rename(&away, &runs).unwrap();
        assert!(place.open().unwrap().is_some());
        std::fs::remove_dir_all(runs.join("t")).unwrap();
        assert!(place.open().unwrap().is_none());
    }
}
