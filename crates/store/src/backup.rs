//! Copies of the database: one a day, the latest three, in `backups/` beside it. What is done with them when the database is
//! damaged is in `recover`.

use crate::{Store, StoreError, schema};
use rusqlite::{Connection, OpenFlags};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FOLDER: &str = "backups";
/// A copy that is being made; it gets its name when it is whole and on disk.
const UNFINISHED: &str = "unfinished";
const PREFIX: &str = "solti-";
const SUFFIX: &str = ".db";

const KEPT: usize = 3;
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// A copy waits for such a time without a write, …
const QUIET: Duration = Duration::from_secs(10);
/// … but not for ever: looked for so many times, it is made in the middle of the work.
const PATIENCE: u32 = 6 * 60;
/// After a copy that failed.
const RETRY: Duration = Duration::from_secs(60 * 60);

/// A copy of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub path: PathBuf,
    /// Unix milliseconds.
    pub taken_at: u64,
    pub bytes: u64,
}

/// The copies of the database in `dir`, newest first. Without a folder of copies there are none.
///
/// # Errors
/// When the folder cannot be read.
pub fn backups(dir: &Path) -> io::Result<Vec<Backup>> {
    let entries = match std::fs::read_dir(dir.join(FOLDER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
        let Some(taken_at) = number.and_then(|number| number.parse().ok()) else { continue };
        found.push(Backup { path: entry.path(), taken_at, bytes: entry.metadata()?.len() });
    }
    found.sort_by_key(|backup| std::cmp::Reverse(backup.taken_at));
    Ok(found)
}

impl Store {
    /// Copies the database as it is at this moment, while it is read and written, and removes all but the latest three
    /// copies.
    ///
    /// # Errors
    /// `Corrupt` when the database is damaged, `Open`, `Full` or `Io` when the copy cannot be written. Earlier copies
    /// stay then.
    pub async fn back_up(&self) -> Result<Backup, StoreError> {
        let dir = self.dir().to_owned();
        self.blocking(move || back_up(&dir)).await
    }

    /// Makes a copy a day, when nothing is written for a while. Ends only when it is dropped, or with [`StoreError::Corrupt`].
    ///
    /// # Errors
    /// `Corrupt`: the database is damaged, and no copy of it is worth anything. Anything else is tried again in an hour.
    pub async fn back_up_daily(&self, failed: impl Fn(&StoreError)) -> Result<(), StoreError> {
        loop {
            let latest = backups(self.dir()).unwrap_or_default().first().map_or(0, |backup| backup.taken_at);
            let age = Duration::from_millis(now_ms().saturating_sub(latest));
            tokio::time::sleep(EVERY.saturating_sub(age)).await;
            self.quiet().await;
            match self.back_up().await {
                Ok(_) => {}
                Err(error @ (StoreError::Corrupt(_) | StoreError::Closed)) => return Err(error),
                Err(error) => {
                    failed(&error);
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Waits for a while in which nothing is written.
    async fn quiet(&self) {
        let mut before = self.writer_stats().batches;
        for _ in 0..PATIENCE {
            tokio::time::sleep(QUIET).await;
            let now = self.writer_stats().batches;
            if now == before {
                return;
            }
            before = now;
        }
    }
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn back_up(dir: &Path) -> Result<Backup, StoreError> {
    let folder = dir.join(FOLDER);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Open { path, source }
    };
    private_folder(&folder).map_err(failed(&folder))?;
    let unfinished = folder.join(UNFINISHED);
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&unfinished)(error)),
        _ => {}
    }
    // Empty and private: SQLite fills it and keeps its permissions.
    private_file(&unfinished).map_err(failed(&unfinished))?;
    let source = schema::open_reader(&dir.join(schema::FILE_NAME))?;
    source.execute("VACUUM INTO ?1", [unfinished.to_string_lossy()])?;
    drop(source);
    // A copy that cannot be restored is none.
    check(&unfinished)?;

    let earlier = backups(dir).map_err(failed(&folder))?;
    // Newer than the others whatever the clock says.
    let taken_at = earlier.first().map_or(0, |latest| latest.taken_at + 1).max(now_ms());
    let path = folder.join(format!("{PREFIX}{taken_at}{SUFFIX}"));
    let publish = || -> io::Result<u64> {
        let file = File::open(&unfinished)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        File::open(&folder)?.sync_all()?;
        Ok(file.metadata()?.len())
    };
    let bytes = publish().map_err(failed(&path))?;
    for old in earlier.iter().skip(KEPT - 1) {
        std::fs::remove_file(&old.path).map_err(failed(&old.path))?;
    }
    Ok(Backup { path, taken_at, bytes })
}

/// Whether the file is a database whose pages hang together.
pub(crate) fn check(path: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    crate::read::check(&connection.transaction()?)
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path)
}
