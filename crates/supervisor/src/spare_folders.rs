//! Folders of runs that have printed nothing, kept for runs to come: `<data>/spare/<number>/1/exit`, the record zeroed.
//!
//! Making and removing three inodes costs some file systems more than a short run takes; moving a folder costs little. A
//! folder is handed on only when nobody can still mean the run before by it: its shim is gone, its end is stored, and a
//! record tells which run it is of (`solti_shim::exit_record`).

use solti_model::TaskId;
use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// As many as may be on their way between the end of a run and the start of another.
const MOST: usize = 256;

#[derive(Debug)]
pub(crate) struct SpareFolders {
    root: PathBuf,
    made: AtomicU64,
    free: Mutex<Vec<PathBuf>>,
}

impl SpareFolders {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { root: data_dir.join("spare"), made: AtomicU64::new(0), free: Mutex::default() }
    }

    /// Makes the place for them, without those of the app before.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.root)
    }

    /// Takes the folder of a task whose only run is over and stored, and which has nothing else in it; `false` when it is not
    /// fit to be used again.
    pub(crate) fn keep(&self, task: &Path, run: &Path) -> bool {
        if self.free().len() >= MOST || !solti_runner::empty_run_folder(run).unwrap_or(false) {
            return false;
        }
        let spare = self.root.join(self.made.fetch_add(1, Ordering::Relaxed).to_string());
        let kept = fs::rename(task, &spare).is_ok();
        if kept {
            self.free().push(spare);
        }
        kept
    }

    /// Moves a folder to where the first run of this task wants it; without one, the runner makes it.
    pub(crate) fn take(&self, id: &TaskId, task: &Path) {
        let Some(spare) = self.free().pop() else { return };
        if let Err(error) = fs::rename(&spare, task) {
            // The app before has begun this very run: its folder is there.
            tracing::debug!("no spare folder for {id}: {error}");
            self.free().push(spare);
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        // Nothing panics while holding it; if something did, the list is still whole.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
