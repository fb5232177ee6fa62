//! What is done with a database that is damaged, gone or emptied: the file is kept aside, and the newest copy that is sound takes its
//! place, or an empty database where there is none. What happened after the copy was taken is in the run folders; taking
//! that up is the supervisor's business.
//!
//! A database that is sound, but of an earlier time than the one that was here (`mark`), is used as it is; what the run folders show
//! beside it is taken up as well.
//!
//! A file named `solti.db.recovered` says so until the supervisor has taken that up ([`Store::recovery_is_done`]): a start that is
//! interrupted in between is followed by one that knows as well.
//!
//! A file named `solti.db.restoring` says that this is under way, or that it has to be done at the next opening. It is made
//! before the damaged file is touched and becomes the new database in one step: whatever is interrupted is done again.
//!
//! Of damaged databases the latest three are kept, as `solti.db.damaged-<Unix ms>` with their side files.

use crate::backup::{FOLDER, backups, check, now_ms, private_file};
use crate::schema::side_file;
use crate::{Store, StoreError, schema};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

const DAMAGED: &str = ".damaged-";
/// How many damaged databases are kept.
pub const DAMAGED_KEPT: usize = 3;
const RESTORING: &str = "solti.db.restoring";
const RECOVERED: &str = "solti.db.recovered";
/// SQLite's side files, which belong to one state of the database and to no other.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];
/// A database up to this size is checked at every opening, which takes a tenth of a second at most; a larger one only
/// after an unclean stop.
const ALWAYS_CHECKED: u64 = 32 * 1024 * 1024;

/// A store, and what had to be done to open it.
pub struct Opened {
    /// Open for reading and writing.
    pub store: Store,
    /// `None` as a rule.
    pub recovered: Option<Recovery>,
}

/// The database was damaged or gone, or was replaced by hand, and another one is in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Where the damaged file is kept; `None` when it was gone.
    pub set_aside: Option<PathBuf>,
    /// When the copy was taken that is in use now, in Unix milliseconds; `None` when an empty database is, or the one that was found.
    pub backup_taken_at: Option<u64>,
    /// Nothing was damaged: the database that was found is of an earlier time than the one that was here.
    pub is_older: bool,
}

/// A database that was damaged, kept for whoever wants to look into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// `solti.db.damaged-<Unix ms>` in the data folder.
    pub path: PathBuf,
    /// In Unix milliseconds.
    pub set_aside_at: u64,
    /// With its side files.
    pub bytes: u64,
}

/// The damaged databases that are kept in `dir`, latest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn damaged(dir: &Path) -> io::Result<Vec<Damaged>> {
    let beginning = format!("{}{DAMAGED}", schema::FILE_NAME);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(&beginning));
        let Some(set_aside_at) = number.and_then(|number| number.parse().ok()) else { continue };
        let path = entry.path();
        let sides = SIDE_FILES.iter().filter_map(|side| side_file(&path, side).metadata().ok());
        let bytes = entry.metadata()?.len() + sides.map(|side| side.len()).sum::<u64>();
        found.push(Damaged { path, set_aside_at, bytes });
    }
    found.sort_by_key(|damaged| std::cmp::Reverse(damaged.set_aside_at));
    Ok(found)
}

/// Removes all but the latest. One that cannot be removed now is tried again at the next opening.
fn thin_out_damaged(dir: &Path) {
    for old in damaged(dir).unwrap_or_default().into_iter().skip(DAMAGED_KEPT) {
        // The database last: without it nobody would know what its side files are.
        let sides = SIDE_FILES.iter().map(|side| side_file(&old.path, side));
        if sides.map(|side| remove(&side)).all(|removed| removed.is_ok()) {
            remove(&old.path).ok();
        }
    }
}

impl Store {
    /// As [`Store::open`], but repairs what can be repaired: a database that is damaged, or gone or emptied while copies of
    /// it are there, is replaced by the newest sound copy, or by an empty one. Blocks, after an unclean stop for as long as it takes
    /// to read the database.
    ///
    /// # Errors
    /// As [`Store::open`], but never `Corrupt`.
    pub fn open_or_recover(dir: &Path) -> Result<Opened, StoreError> {
        let path = dir.join(schema::FILE_NAME);
        let failed = |source| StoreError::Open { path: path.clone(), source };
        let interrupted = dir.join(RESTORING).try_exists().map_err(failed)?;
        let is_gone = holds_nothing(&path).map_err(failed)?;
        let has_copies = || backups(dir).map(|copies| !copies.is_empty()).map_err(failed);
        if interrupted || is_gone && has_copies()? {
            return Self::recover(dir);
        }
        let unclean = side_file(&path, "-wal").metadata().is_ok_and(|found| found.len() > 0);
        let small = path.metadata().is_ok_and(|found| found.len() <= ALWAYS_CHECKED);
        let opened = Self::open(dir).and_then(|store| {
            if unclean || small {
                check(&path)?;
            }
            Ok(store)
        });
        match opened {
            Ok(store) => {
                thin_out_damaged(dir);
                let mut recovered = noted(dir);
                if recovered.is_none() && store.is_older() {
                    let older = Recovery { is_older: true, ..Recovery::default() };
                    // Before anything is written to it, and with that the mark.
                    note(dir, &older).map_err(failed)?;
                    recovered = Some(older);
                }
                Ok(Opened { store, recovered })
            }
            Err(StoreError::Corrupt(_)) => Self::recover(dir),
            Err(error) => Err(error),
        }
    }

    /// Replaces the database in `dir` whatever its state. It must not be open.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn recover(dir: &Path) -> Result<Opened, StoreError> {
        let (path, restoring) = (dir.join(schema::FILE_NAME), dir.join(RESTORING));
        let failed = |source| StoreError::Open { path: restoring.clone(), source };
        schema::prepare_folder(dir)?;
        let backup_taken_at = prepare_replacement(dir, &restoring)?;
        // Later than the others whatever the clock says.
        let latest = damaged(dir).map_err(failed)?.first().map_or(0, |latest| latest.set_aside_at);
        let set_aside = set_aside(&path, now_ms().max(latest.saturating_add(1))).map_err(failed)?;
        for side in SIDE_FILES {
            remove(&side_file(&path, side)).map_err(failed)?;
        }
        let recovery = Recovery { set_aside, backup_taken_at, is_older: false };
        note(dir, &recovery).map_err(failed)?;
        std::fs::rename(&restoring, &path).and_then(|()| File::open(dir)?.sync_all()).map_err(failed)?;
        let store = Self::open(dir)?;
        thin_out_damaged(dir);
        Ok(Opened { store, recovered: Some(recovery) })
    }

    /// What the run folders show beside a database that was replaced is taken up, and stored.
    ///
    /// # Errors
    /// `Open` when that cannot be noted; the next start takes it up again.
    pub fn recovery_is_done(&self) -> Result<(), StoreError> {
        let path = self.dir().join(RECOVERED);
        remove(&path).map_err(|source| StoreError::Open { path, source })
    }

    /// Lets the next [`Store::open_or_recover`] replace the database: it was found to be damaged while in use.
    ///
    /// # Errors
    /// `Open` when that cannot be noted.
    pub fn recover_at_next_start(&self) -> Result<(), StoreError> {
        let path = self.dir().join(RESTORING);
        match private_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(StoreError::Open { path, source: error })
            }
            _ => Ok(()),
        }
    }
}

/// Whether no database of ours is there: no file, one that SQLite takes for a new database, or a database that has had no step of our
/// format (the user version in its header is 0, <https://www.sqlite.org/fileformat2.html#the_database_header>).
///
/// # Errors
/// That of reading the file: what cannot be looked at is not gone.
fn holds_nothing(path: &Path) -> io::Result<bool> {
    const USER_VERSION: std::ops::Range<usize> = 60..64;
    let mut header = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        file => file?.take(USER_VERSION.end as u64).read_to_end(&mut header)?,
    };
    // SQLite itself may have written the one byte, into a file that it found empty.
    if header.len() <= 1 {
        return Ok(true);
    }
    // The header that counts may be in the log of writes.
    let written = side_file(path, "-wal").metadata().is_ok_and(|log| log.len() > 0);
    let steps = header.get(USER_VERSION);
    Ok(header.starts_with(b"SQLite format 3\0") && steps == Some(&[0; 4]) && !written)
}

/// What the first line says of a database that was not damaged.
const OLDER: &str = "older";

/// Two lines: when the copy was taken, or [`OLDER`], and where the damaged file is; empty for neither.
fn note(dir: &Path, recovery: &Recovery) -> io::Result<()> {
    let path = dir.join(RECOVERED);
    remove(&path)?;
    let mut file = private_file(&path)?;
    let taken_at = match recovery.is_older {
        true => OLDER.to_owned(),
        false => recovery.backup_taken_at.map(|at| at.to_string()).unwrap_or_default(),
    };
    file.write_all(format!("{taken_at}\n").as_bytes())?;
    file.write_all(recovery.set_aside.as_deref().unwrap_or(Path::new("")).as_os_str().as_encoded_bytes())?;
    file.sync_all()
}

/// The recovery that a start before this one did not get through.
fn noted(dir: &Path) -> Option<Recovery> {
    // One that cannot be read is one all the same.
    let text = match std::fs::read_to_string(dir.join(RECOVERED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        text => text.unwrap_or_default(),
    };
    let (taken_at, aside) = text.split_once('\n').unwrap_or((&text, ""));
    let set_aside = (!aside.is_empty()).then(|| PathBuf::from(aside));
    Some(Recovery { set_aside, backup_taken_at: taken_at.parse().ok(), is_older: taken_at == OLDER })
}

/// Makes the new database and returns when it was taken; `None` for an empty one.
fn prepare_replacement(dir: &Path, restoring: &Path) -> Result<Option<u64>, StoreError> {
    let failed = |source| StoreError::Open { path: restoring.to_owned(), source };
    // What cannot be looked at is not gone: an empty database in its place would be copied over the sound copies, in time.
    for copy in backups(dir).map_err(|source| StoreError::Open { path: dir.join(FOLDER), source })? {
        match check(&copy.path) {
            Ok(()) => {}
            Err(StoreError::Corrupt(why)) => {
                tracing::warn!("the copy {} is damaged too: {why}", copy.path.display());
                continue;
            }
            Err(error) => return Err(error),
        }
        remove(restoring).map_err(failed)?;
        let mut file = private_file(restoring).map_err(failed)?;
        let copied = File::open(&copy.path).and_then(|mut source| io::copy(&mut source, &mut file));
        copied.and_then(|_| file.sync_all()).map_err(failed)?;
        return Ok(Some(copy.taken_at));
    }
    remove(restoring).map_err(failed)?;
    // An empty file is an empty database.
    private_file(restoring).and_then(|file| file.sync_all()).map_err(failed)?;
    Ok(None)
}

/// Gives the damaged file, and the log of writes that belongs to it, a second name.
fn set_aside(path: &Path, at_ms: u64) -> io::Result<Option<PathBuf>> {
    let aside = side_file(path, &format!("{DAMAGED}{at_ms}"));
    if !keep(path, &aside)? {
        return Ok(None);
    }
    keep(&side_file(path, "-wal"), &side_file(&aside, "-wal"))?;
    Ok(Some(aside))
}

/// Whether there was such a file.
fn keep(file: &Path, aside: &Path) -> io::Result<bool> {
    match std::fs::hard_link(file, aside) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        // Not every file system has links.
        Err(_) => std::fs::copy(file, aside).map(|_| true),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
