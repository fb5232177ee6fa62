//! Where the files of a run are: `<data>/runs/<task>/<attempt>/`, and of a small log that has ended, `<attempt>.log` beside
//! where that was (`solti-logstore`). Folders that are used again are `spare_folders`' business.

use crate::spare_folders::SpareFolders;
use solti_model::TaskId;
use solti_runner::Elsewhere;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// A skip filter that was just being made may come into a folder that is being removed, seldom more than one.
const PURGES: u32 = 4;

/// Folders that are made in places far away, at a time.
const ELSEWHERE: usize = 16;
/// A place that has not answered by then does not.
const ELSEWHERE_WITHIN: Duration = Duration::from_secs(5);

/// The folders of all runs of one data folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RunFolders {
    root: PathBuf,
    spare: Arc<SpareFolders>,
    /// The inode of the folder that holds what is missing from this one; 0 where nothing is.
    missed: Arc<AtomicU64>,
    /// Threads for places far away, which may hang.
    elsewhere: Arc<Semaphore>,
}

impl RunFolders {
    /// Names the folders; nothing is made or looked at.
    pub fn new(data_dir: &Path) -> Self {
        let elsewhere = Arc::new(Semaphore::new(ELSEWHERE));
        let (spare, missed) = (Arc::new(SpareFolders::new(data_dir)), Arc::default());
        Self { root: data_dir.join("runs"), spare, missed, elsewhere }
    }

    /// `<data>/runs`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `<data>/runs/<task>`, whether it is there or not.
    pub fn task(&self, id: &TaskId) -> PathBuf {
        self.root.join(id.as_str())
    }

    /// `<data>/runs/<task>/<attempt>`, whether it is there or not.
    pub fn run(&self, id: &TaskId, attempt: u32) -> PathBuf {
        self.task(id).join(attempt.to_string())
    }

    /// Makes the folder for runs, for this user alone. Only for the one who starts runs here. One that is out of reach, as where its link
    /// leads to a disk that is not there, is waited for.
    pub fn prepare(&self) -> std::io::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.recursive(true).create(&self.root) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && self.inode().is_err() => {}
            made => made?,
        }
        self.spare.prepare()
    }

    /// What tells the folder from another one at its place.
    pub(crate) fn inode(&self) -> std::io::Result<u64> {
        Ok(std::fs::metadata(&self.root)?.ino())
    }

    /// The runs are in the folder with this inode, and wherever another one is at its place that holds nothing, they are out of reach.
    pub(crate) fn miss(&self, inode: u64) {
        self.missed.store(inode, Ordering::Relaxed);
    }

    /// Takes the folder as it is; whether anything was missing from it.
    pub(crate) fn miss_nothing(&self) -> bool {
        self.missed.swap(0, Ordering::Relaxed) != 0
    }

    /// Why runs cannot be looked at or started, if their folder is out of reach: what is not in it then is not gone.
    pub(crate) fn out_of_reach(&self) -> Option<String> {
        let root = self.root.display();
        match (self.inode(), self.missed.load(Ordering::Relaxed)) {
            (Err(error), _) => Some(format!("{root} is out of reach: {error}")),
            (Ok(found), missed) if missed == 0 || missed == found => None,
            // Something was put back into it.
            (Ok(_), _) if self.tasks().is_ok_and(|tasks| !tasks.is_empty()) => None,
            (Ok(_), _) => Some(format!(
                "{root} holds nothing, and is not the folder that runs were in: its disk may not be mounted"
            )),
        }
    }

    /// What is not there counts as removed only where it would be seen.
    fn must_be_in_reach(&self) -> std::io::Result<()> {
        self.out_of_reach().map_or(Ok(()), |why| Err(std::io::Error::other(why)))
    }

    /// Does with the folders what a disk may take long for, on a thread that may be blocked.
    pub(crate) async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        let folders = self.clone();
        match tokio::task::spawn_blocking(move || work(&folders)).await {
            Ok(value) => value,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends, and whoever waits with it.
            Err(_) => std::future::pending().await,
        }
    }

    /// To be called before the first run of a task is started: brings its folder, where one is left from another task.
    pub(crate) fn provide(&self, id: &TaskId, attempt: u32) {
        if attempt == 1 {
            self.spare.take(id, &self.task(id));
        }
    }

    /// The same of a run whose folder is in another place: it is made there, and what stands for it here is a link.
    ///
    /// # Errors
    /// What is wrong with that place, in a sentence; nothing is known of what is there.
    pub(crate) async fn provide_elsewhere(&self, id: &TaskId, place: Elsewhere) -> Result<(), String> {
        let shared = place.shared.display().to_string();
        let (folders, id, elsewhere) = (self.clone(), id.clone(), Arc::clone(&self.elsewhere));
        let made = async {
            // Never closed.
            let one = elsewhere.acquire_owned().await.ok();
            let made = spawn_blocking(move || {
                let _one = one;
                folders.link(&id, &place)
            });
            made.await
        };
        match timeout(ELSEWHERE_WITHIN, made).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(format!("the shared folder {shared} cannot be used: {error}")),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the shared folder {shared} does not answer")),
        }
    }

    /// The folder of a task in another place, and the link to it. One that is there already stays.
    fn link(&self, id: &TaskId, Elsewhere { shared, root }: &Elsewhere) -> std::io::Result<()> {
        let (here, there) = (self.task(id), root.join(id.as_str()));
        if std::fs::symlink_metadata(&here).is_ok() {
            return Ok(());
        }
        // What is made where nothing is mounted yet would be seen by this machine alone.
        if !std::fs::metadata(shared)?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&there)?;
        std::os::unix::fs::symlink(there, here)
    }

    /// Whether nothing of a task is here; where its folder is elsewhere, not even the way there.
    pub(crate) fn is_purged(&self, id: &TaskId) -> bool {
        let gone = |error: std::io::Error| error.kind() == ErrorKind::NotFound;
        std::fs::symlink_metadata(self.task(id)).is_err_and(gone) && self.out_of_reach().is_none()
    }

    /// Where the folder of a task really is, if that is not here.
    fn elsewhere(&self, id: &TaskId) -> Option<PathBuf> {
        let there = std::fs::read_link(self.task(id)).ok()?;
        // Nothing else is ever removed because of a link.
        there.ends_with(id.as_str()).then_some(there)
    }

    /// Removes the links to folders in other places, which are left as they are: they are another's.
    pub(crate) async fn leave_elsewhere(&self) {
        self.on_a_thread(|folders| {
            for id in folders.tasks().unwrap_or_default() {
                let here = folders.task(&id);
                if here.is_symlink()
                    && let Err(error) = std::fs::remove_file(&here)
                {
                    tracing::warn!("{} leads to another's folder: {error}", here.display());
                }
            }
        })
        .await;
    }

    /// Removes everything of a task. A folder that is not there is removed already.
    pub fn purge(&self, id: &TaskId) -> std::io::Result<()> {
        self.must_be_in_reach()?;
        let there = self.elsewhere(id);
        if let Some(there) = &there {
            // Of a place that is not mounted nothing can be said.
            std::fs::metadata(there.parent().unwrap_or(there))?;
            purge_folder(there)?;
        }
        match there {
            Some(_) => std::fs::remove_file(self.task(id)),
            None => purge_folder(&self.task(id)),
        }
    }

    /// Removes what is left of these attempts: folders and packed logs.
    ///
    /// # Errors
    /// The first thing that could not be removed; what is behind it is there as well.
    pub(crate) fn remove_runs(
        &self,
        id: &TaskId,
        attempts: std::ops::RangeInclusive<u32>,
    ) -> std::io::Result<()> {
        self.must_be_in_reach()?;
        for attempt in attempts {
            let run = self.run(id, attempt);
            for removed in [std::fs::remove_dir_all(&run), std::fs::remove_file(run.with_extension("log"))] {
                match removed {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            solti_logstore::forget_end(&run);
        }
        Ok(())
    }

    /// Tasks that have a folder, in the order of their creation.
    pub fn tasks(&self) -> std::io::Result<Vec<TaskId>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.root)? {
            found.extend(entry?.file_name().to_str().and_then(|name| TaskId::new(name).ok()));
        }
        found.sort();
        Ok(found)
    }

    /// Attempts that have a folder.
    pub fn attempts(&self, id: &TaskId) -> std::io::Result<Vec<u32>> {
        let folders = std::fs::read_dir(self.task(id))?.flatten();
        Ok(folders.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
    }

    /// Attempts that have a folder or a packed log.
    pub fn logged_attempts(&self, id: &TaskId) -> std::io::Result<Vec<u32>> {
        let entries = std::fs::read_dir(self.task(id))?.flatten();
        let mut found: Vec<u32> =
            entries.filter_map(|entry| attempt_named(entry.file_name().to_str()?)).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Leaves of the latest run, which is over, its log alone, and nothing when it printed nothing: folders cost inodes. The
    /// folder of a first run that printed nothing is kept for another task, so no further attempt may be begun meanwhile.
    pub(crate) fn tidy_latest(&self, id: &TaskId, attempt: u32) {
        // A folder elsewhere is for no other task.
        if attempt > 1
            || self.elsewhere(id).is_some()
            || !self.spare.keep(&self.task(id), &self.run(id, attempt))
        {
            self.tidy(id, attempt);
        }
    }

    /// Leaves of a run that is over its log alone, which is packed when it is small.
    pub fn tidy(&self, id: &TaskId, attempt: u32) {
        let run = self.run(id, attempt);
        let mut removed = false;
        for name in solti_runner::TRANSIENT_FILES {
            // What is not there need not go; what cannot go now goes with the task.
            removed |= std::fs::remove_file(run.join(name)).is_ok();
        }
        // Logs of a run that was tidied before stay as they are: a start does not write to thousands of them.
        if removed && let Err(error) = solti_logstore::pack(&run) {
            tracing::debug!("the log of run {id}/{attempt} is not packed: {error}");
        }
        // Both fail, as they should, while a log or another attempt is inside.
        if std::fs::remove_dir(&run).is_ok() {
            match self.elsewhere(id) {
                Some(there) if std::fs::remove_dir(&there).is_ok() => {
                    std::fs::remove_file(self.task(id)).ok()
                }
                Some(_) => None,
                None => std::fs::remove_dir(self.task(id)).ok(),
            };
        }
    }
}

/// The attempt that an entry of a task's folder is of: its folder, or its packed log.
pub(crate) fn attempt_named(name: &str) -> Option<u32> {
    name.strip_suffix(".log").unwrap_or(name).parse().ok()
}

fn purge_folder(folder: &Path) -> std::io::Result<()> {
    let mut left = PURGES;
    loop {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && left > 1 => left -= 1,
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[tokio::test]
    async fn a_folder_elsewhere_is_used_tidied_and_purged_like_any() {
        let (data, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folders = RunFolders::new(data.path());
        folders.prepare().unwrap();
        let root = shared.path().join("solti/runs");
        let place = Elsewhere { shared: shared.path().to_owned(), root: root.clone() };
        let id = |name: &str| TaskId::new(name).unwrap();
        for name in ["a", "b"] {
            folders.provide_elsewhere(&id(name), place.clone()).await.unwrap();
            folders.provide_elsewhere(&id(name), place.clone()).await.unwrap();
            fs::create_dir(folders.run(&id(name), 1)).unwrap();
            assert!(root.join(name).join("1").is_dir());
            assert_eq!(folders.attempts(&id(name)).unwrap(), [1]);
        }
        // Nothing was printed: nothing is left, and it is no folder for another task.
        folders.tidy_latest(&id("a"), 1);
        assert!(fs::symlink_metadata(folders.task(&id("a"))).is_err() && !root.join("a").exists());
        fs::write(folders.run(&id("b"), 1).join("output.log"), "x").unwrap();
        folders.tidy_latest(&id("b"), 1);
        assert!(root.join("b").exists(), "its log is kept");
        // Unmounted, it is as far away as it can be, and still not gone.
        let away = shared.path().join("away");
        fs::rename(&root, &away).unwrap();
        assert!(folders.purge(&id("b")).is_err() && !folders.is_purged(&id("b")));
        fs::rename(&away, &root).unwrap();
        folders.purge(&id("b")).unwrap();
        assert!(folders.is_purged(&id("b")) && !root.join("b").exists());
        folders.purge(&id("b")).unwrap();

        let gone = shared.path().join("not mounted");
        let nowhere = Elsewhere { root: gone.join("solti/runs"), shared: gone.clone() };
        let refused = folders.provide_elsewhere(&id("c"), nowhere).await.unwrap_err();
        assert!(refused.contains("not mounted cannot be used: No such file"), "{refused}");
        assert!(!gone.exists(), "only what is shared is of use");
    }

    #[test]
    fn what_is_not_in_a_folder_that_is_out_of_reach_is_not_gone() {
        let data = tempfile::tempdir().unwrap();
        let (runs, away) = (data.path().join("runs"), data.path().join("away"));
        let (folders, id) = (RunFolders::new(data.path()), TaskId::new("a").unwrap());
        folders.prepare().unwrap();
        fs::create_dir_all(folders.run(&id, 1)).unwrap();
        assert_eq!(folders.out_of_reach(), None);
        folders.miss(folders.inode().unwrap());
        assert_eq!(folders.out_of_reach(), None);

        // A link that leads nowhere, nothing, and another folder at its place.
        fs::rename(&runs, &away).unwrap();
        std::os::unix::fs::symlink(data.path().join("unmounted"), &runs).unwrap();
        folders.prepare().unwrap();
        let refused = || {
            let why = folders.out_of_reach().expect("out of reach");
            assert_eq!(folders.purge(&id).unwrap_err().to_string(), why);
            assert_eq!(folders.remove_runs(&id, 1..=1).unwrap_err().to_string(), why);
            why
        };
        assert!(refused().contains("runs is out of reach: No such file"));
        fs::remove_file(&runs).unwrap();
        assert!(refused().contains("runs is out of reach: No such file"));
        folders.prepare().unwrap();
        assert!(refused().ends_with("its disk may not be mounted"));

        fs::remove_dir(&runs).unwrap();
        fs::rename(&away, &runs).unwrap();
        assert_eq!(folders.out_of_reach(), None);
        folders.purge(&id).unwrap();
        assert!(!folders.task(&id).exists());
        // A file can never become the folder.
        fs::remove_dir(&runs).unwrap();
        fs::write(&runs, "").unwrap();
        assert!(folders.prepare().is_err());
    }

    #[test]
    fn a_link_to_somewhere_else_takes_nothing_with_it() {
        let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folders = RunFolders::new(data.path());
        folders.prepare().unwrap();
        fs::write(other.path().join("precious"), "").unwrap();
        let id = TaskId::new("a").unwrap();
        std::os::unix::fs::symlink(other.path(), folders.task(&id)).unwrap();
        folders.purge(&id).ok();
        assert!(other.path().join("precious").exists());
    }
}
