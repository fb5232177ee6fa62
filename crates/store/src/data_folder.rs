//! Whether a data folder is for this user alone, can be made so, or is refused. The engine acts by it before it opens anything
//! in one, and the doctor tells it.

use crate::schema::FILE_NAME as DATABASE_FILE;
use std::fmt;
use std::fs::{read_dir, symlink_metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// The file that whoever holds a data folder has locked.
pub const LOCK_FILE: &str = "app.lock";
/// What a person puts into a new data folder before the first start.
const SERVE_FILE: &str = "serve.toml";
/// The sticky bit: a folder that many users put things into.
const SHARED: u32 = 0o1000;

/// Who may look into a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderAccess {
    /// This user alone.
    Private,
    /// Others too, by this mode; it is Solti's own, or empty, and is closed to them before it is used.
    Open(u32),
    /// It is not used.
    Refused(FolderRefused),
}

/// Why a folder is not used: it must stay as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderRefused {
    /// Whoever owns it could swap a run's files under a task.
    Foreign,
    /// It is open to others, and holds what is not Solti's: `/tmp`.
    NotOurs,
}

impl fmt::Display for FolderRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "it belongs to another user",
            Self::NotOurs => {
                "other users may look into it, and it is not Solti's own: name a new folder, or an empty one"
            }
        })
    }
}

impl std::error::Error for FolderRefused {}

/// Looks at a folder that is there, and changes nothing.
///
/// # Errors
/// When it cannot be looked at.
pub fn folder_access(dir: &Path) -> io::Result<FolderAccess> {
    let found = std::fs::metadata(dir)?;
    let own_uid = rustix::process::geteuid().as_raw();
    if found.uid() != own_uid {
        return Ok(FolderAccess::Refused(FolderRefused::Foreign));
    }
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(FolderAccess::Private);
    }
    let takes = mode & SHARED == 0 && (is_empty(dir)? || is_ours(dir, own_uid));
    Ok(if takes { FolderAccess::Open(mode) } else { FolderAccess::Refused(FolderRefused::NotOurs) })
}

fn is_empty(dir: &Path) -> io::Result<bool> {
    Ok(read_dir(dir)?.next().is_none())
}

/// Whether the folder holds what only Solti has in one, and as this user's.
fn is_ours(dir: &Path, own_uid: u32) -> bool {
    let file = |name: &str| symlink_metadata(dir.join(name));
    [LOCK_FILE, DATABASE_FILE, SERVE_FILE]
        .iter()
        .any(|name| file(name).is_ok_and(|found| found.is_file() && found.uid() == own_uid))
}
