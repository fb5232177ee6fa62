//! Copies of the database: one a day, the latest three, in `backups/` beside it. What is done with them when the database is
//! damaged is in `recover`.
//!
//! The time in a copy's name says which is the newest, whatever the clock has said meanwhile: a copy that is dated in the
//! future is dated anew, in its place, when the next one is made.

use crate::{Store, StoreError, schema};
use rusqlite::{Connection, OpenFlags};
use solti_model::unix_ms;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub(crate) const FOLDER: &str = "backups";
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
/// The longest sleep: that of a timer does not count the time in which the machine is suspended.
const LOOK: Duration = Duration::from_secs(60 * 60);
/// After a copy that failed.
const RETRY: Duration = Duration::from_secs(60 * 60);

/// A copy of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// In `backups/` beside the database.
    pub path: PathBuf,
    /// Unix milliseconds.
    pub taken_at: u64,
    /// Size of the file.
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
            let dir = self.dir().to_owned();
            let latest =
                self.blocking(move || Ok(backups(&dir).unwrap_or_default().into_iter().next())).await?;
            let wait = due_in(latest.map(|backup| backup.taken_at), now_ms());
            if !wait.is_zero() {
                tokio::time::sleep(wait.min(LOOK)).await;
                continue;
            }
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
    unix_ms(SystemTime::now())
}

/// How long it is until the next copy, in `EVERY` at most.
fn due_in(latest: Option<u64>, now: u64) -> Duration {
    let Some(latest) = latest else { return Duration::ZERO };
    let apart = Duration::from_millis(now.abs_diff(latest));
    match latest <= now {
        true => EVERY.saturating_sub(apart),
        // A clock that was set back a little.
        false if apart < EVERY => EVERY,
        // The clock was wrong then or is wrong now: nobody knows how old that copy is.
        false => Duration::ZERO,
    }
}

/// Dates copies, newest first, so that each is older than the one before it and all are older than `now`. What is dated so
/// already stays as it is.
fn dated_before(now: u64, copies: &[Backup]) -> Vec<u64> {
    let dated = copies.iter().scan(now, |newer, copy| {
        *newer = copy.taken_at.min(newer.saturating_sub(1));
        Some(*newer)
    });
    dated.collect()
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

    let mut earlier = backups(dir).map_err(failed(&folder))?;
    for old in earlier.split_off(earlier.len().min(KEPT)) {
        std::fs::remove_file(&old.path).map_err(failed(&old.path))?;
    }
    // At the beginning of time there would be no room for those before it.
    let taken_at = now_ms().max(KEPT as u64);
    let named = |at: u64| folder.join(format!("{PREFIX}{at}{SUFFIX}"));
    let path = named(taken_at);
    let publish = || -> io::Result<u64> {
        // The oldest first: none takes the name of another one, nor its place.
        for (copy, at) in earlier.iter().zip(dated_before(taken_at, &earlier)).rev() {
            if copy.taken_at != at {
                std::fs::rename(&copy.path, named(at))?;
            }
        }
        let file = File::open(&unfinished)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        File::open(&folder)?.sync_all()?;
        Ok(file.metadata()?.len())
    };
    let bytes = publish().map_err(failed(&path))?;
    for old in backups(dir).map_err(failed(&folder))?.into_iter().skip(KEPT) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn copies(times: &[u64]) -> Vec<Backup> {
        times.iter().map(|&taken_at| Backup { path: PathBuf::new(), taken_at, bytes: 0 }).collect()
    }

    #[test]
    fn a_copy_is_due_once_a_day_whatever_the_clock_has_said() {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        let hour = Duration::from_secs(60 * 60);
        let now = 20_000 * DAY;
        assert_eq!(due_in(None, now), Duration::ZERO);
        assert_eq!(due_in(Some(now - DAY), now), Duration::ZERO);
        assert_eq!(due_in(Some(now - DAY + 3_600_000), now), hour);
        assert_eq!(due_in(Some(now + 5_000), now), EVERY, "set back by some seconds");
        assert_eq!(due_in(Some(now + 30 * DAY), now), Duration::ZERO);
        assert_eq!(due_in(Some(u64::MAX), now), Duration::ZERO);
    }

    #[test]
    fn copies_keep_their_order_when_they_are_dated_anew() {
        assert_eq!(dated_before(100, &copies(&[90, 80])), [90, 80]);
        assert_eq!(dated_before(100, &copies(&[u64::MAX, 100, 99, 98, 7])), [99, 98, 97, 96, 7]);
        assert_eq!(dated_before(100, &copies(&[])), [0; 0]);
    }
}
