//! The database file: where it is, who may read it, its format (`schema.sql` and the steps after it), and how a connection to it is set up.

use crate::{StoreError, hooks, kin, lane_rules, queueing, runners, texts_anew, took};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database's file name in the data folder. Its WAL and shared memory stand beside it, as `-wal` and `-shm`.
pub const FILE_NAME: &str = "solti.db";

/// A file beside the database that belongs to it.
pub(crate) fn side_file(database: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(suffix);
    name.into()
}

enum Step {
    Sql(&'static str),
    Code(fn(&Transaction<'_>) -> Result<(), StoreError>),
}

/// Step n of the list brings a file from format n to n + 1. Steps are only ever appended.
const MIGRATIONS: [Step; 26] = [
    Step::Sql(include_str!("schema.sql")),
    Step::Sql(include_str!("usage.sql")),
    Step::Sql(include_str!("bookmarks.sql")),
    Step::Sql(include_str!("environments.sql")),
    Step::Sql(include_str!("deleted.sql")),
    Step::Sql(include_str!("remarks.sql")),
    Step::Sql(include_str!("finished.sql")),
    Step::Sql(include_str!("attempts.sql")),
    Step::Code(texts_anew::write),
    Step::Sql(include_str!("jobs.sql")),
    Step::Code(queueing::add),
    Step::Sql(include_str!("shared_lanes.sql")),
    Step::Sql(include_str!("hooks.sql")),
    Step::Code(runners::add),
    Step::Code(kin::add),
    Step::Sql(include_str!("renamed_jobs.sql")),
    Step::Code(lane_rules::add),
    Step::Code(took::add),
    Step::Code(kin::index),
    Step::Code(runners::add_node),
    Step::Code(hooks::add_command_task),
    Step::Code(lane_rules::add_own_capacity),
    Step::Code(kin::index),
    Step::Code(texts_anew::write),
    Step::Code(took::add_all),
    Step::Code(kin::index),
];

/// The WAL is moved into the database when it has so many pages, whoever writes: 4 MB. What is in it has to find room in the database
/// once more, so on a full disk it must not be much.
const WAL_PAGES: i64 = 1_000;
/// Bytes of a page, with its head in the WAL.
const PAGE: i64 = 4_096 + 24;

/// Statements that a connection keeps compiled; there are about forty different ones.
const STATEMENTS: usize = 64;

/// Another process has no business with the file; this is for a backup tool that looks at it.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Makes the folder with the permissions that it keeps.
pub(crate) fn prepare_folder(dir: &Path) -> Result<(), StoreError> {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(dir).map_err(|source| StoreError::Open { path: dir.to_owned(), source })
}

/// Makes the folder and the file with the permissions that they keep: SQLite gives its side files those of the main file.
pub(crate) fn prepare_file(dir: &Path) -> Result<PathBuf, StoreError> {
    prepare_folder(dir)?;
    let path = dir.join(FILE_NAME);
    let failed = |source| StoreError::Open { path: path.clone(), source };
    let mut file = OpenOptions::new();
    file.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    #[cfg(unix)]
    make_writable(&path);
    match file.open(&path) {
        #[cfg(unix)]
        Ok(file) => {
            use std::os::unix::fs::PermissionsExt;
            file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        }
        #[cfg(not(unix))]
        Ok(_) => {}
        // SQLite finds out which kind of read-only it is, and says so.
        Err(_) if path.is_file() => {}
        Err(error) => return Err(failed(error)),
    }
    Ok(path)
}

/// Gives a file of ours the permission to write that it keeps: SQLite would open it for reading, and nothing would be stored for as long
/// as the program runs. What cannot be done is told by the opening.
#[cfg(unix)]
fn make_writable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(found) = std::fs::metadata(path) else { return };
    if found.is_file() && found.permissions().mode() & 0o200 == 0 {
        let made = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
        if let Err(error) = made {
            tracing::warn!("{} cannot be written to, and that cannot be changed: {error}", path.display());
        }
    }
}

/// The one connection that writes, to a file of the current format.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection)?;
    // Before anything is in it: what is deleted can be given back to the disk. A file of an earlier version gets it in a quiet
    // moment (`vacuum`).
    if connection.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0))? == 0 {
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A commit is on disk when it returns. Without FULL a power cut loses the last ones.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The writer moves the WAL in quiet moments; this is for a time without any.
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    // One large change may need more than that. The WAL does not keep its size for ever.
    connection.pragma_update(None, "journal_size_limit", WAL_PAGES * PAGE)?;
    migrate(&mut connection)?;
    Ok(connection)
}

pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(LOCK_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans do not depend on what is bound. Otherwise SQLite compiles a statement anew each time something else is.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The steps that the file has had.
pub(crate) fn check_version(connection: &Connection) -> Result<usize, StoreError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match usize::try_from(found) {
        Ok(done) if done <= MIGRATIONS.len() => Ok(done),
        _ => Err(StoreError::TooNew { found, known: MIGRATIONS.len() as i64 }),
    }
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    let done = check_version(connection)?;
    if done < MIGRATIONS.len() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for step in &MIGRATIONS[done..] {
            match step {
                Step::Sql(sql) => transaction.execute_batch(sql)?,
                Step::Code(code) => code(&transaction)?,
            }
        }
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()?;
    }
    Ok(())
}
