//! How far the database has come, in a file beside it: the number of the latest event that was committed. A database that is sound
//! but has not come so far is one of an earlier time, put back by hand, or one without its last writes.
//!
//! The number is written once it is committed, and the disk need not have it: it is never ahead of a database that nobody has touched.

use crate::schema::side_file;
use rusqlite::{Connection, OptionalExtension as _};
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Written over the number before, in a block that the file has already: a full disk does not matter.
const DIGITS: usize = 20;

/// Of the one who writes to the database.
pub(crate) struct Mark {
    file: File,
    noted: i64,
}

impl Mark {
    /// `None`, and a word in the app's log, when there can be none: the database is as good without.
    pub(crate) fn open(database: &Path) -> Option<Self> {
        let path = path(database);
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(&path);
        let opened = opened.inspect_err(|error| {
            tracing::warn!("an older database will not be told: {}: {error}", path.display())
        });
        Some(Self { file: opened.ok()?, noted: -1 })
    }

    /// To be called after a commit.
    pub(crate) fn note(&mut self, connection: &Connection) {
        let Ok(latest) = latest_event(connection) else { return };
        if latest != self.noted && self.write(latest).is_ok() {
            self.noted = latest;
        }
    }

    fn write(&mut self, number: i64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(format!("{number:0DIGITS$}\n").as_bytes())
    }
}

/// Whether the database has not come as far as it had. A mark that cannot be read says nothing.
pub(crate) fn is_ahead_of(connection: &Connection, database: &Path) -> rusqlite::Result<bool> {
    let text = std::fs::read_to_string(path(database)).unwrap_or_default();
    let marked: Option<i64> = text.get(..DIGITS).and_then(|digits| digits.parse().ok());
    Ok(match marked {
        Some(marked) => latest_event(connection)? < marked,
        None => false,
    })
}

/// 0 before the first.
fn latest_event(connection: &Connection) -> rusqlite::Result<i64> {
    let mut latest = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'events'")?;
    Ok(latest.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn path(database: &Path) -> PathBuf {
    side_file(database, ".mark")
}
