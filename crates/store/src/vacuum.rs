//! Gives the disk back what was deleted. SQLite keeps the pages of deleted rows for rows to come; in quiet moments of the
//! writer they are cut off the end of the file, a few at a time.
//!
//! A file of an early version has to be rewritten once before that can be done. That takes as long as the file is large, so
//! it begins only in a long quiet moment, with room enough on the disk, and the next write interrupts it: then nothing has
//! changed, and it is tried another time.

use crate::free_space::free_bytes;
use rusqlite::{Connection, InterruptHandle};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Free pages that are worth it: 1 MiB.
const WORTH: i64 = 256;
/// Pages that are given back in one go, of 4 KiB: it takes a few milliseconds.
const STEP: i64 = 256;
/// Nobody has written for so long before the file is rewritten, …
const LONG_QUIET: Duration = Duration::from_secs(10);
/// … and after it was interrupted, twice as long as before, up to this.
const LONGEST_QUIET: Duration = Duration::from_secs(600);
/// Room on the disk, of the file's size: for the new file, for the log of its writing, and for what tasks write meanwhile.
const ROOM: u64 = 4;

/// What is left to do in quiet moments.
pub(crate) struct Vacuum {
    path: PathBuf,
    interrupt: Arc<Interrupt>,
    /// Something was written since the last look.
    look: bool,
    /// The file has to be rewritten first, once nobody has written for so long.
    rewrite_after: Option<Duration>,
    quiet_since: Instant,
}

/// Lets whoever has something to write interrupt the rewriting.
pub(crate) struct Interrupt {
    handle: InterruptHandle,
    /// Held while it is looked at, so that no other statement is interrupted.
    state: Mutex<RewriteState>,
}

#[derive(Default)]
struct RewriteState {
    rewriting: bool,
    /// Something was queued since the last attempt.
    queued: bool,
}

impl Interrupt {
    pub(crate) fn new(connection: &Connection) -> Self {
        Self { handle: connection.get_interrupt_handle(), state: Mutex::default() }
    }

    /// Something to write has been queued.
    pub(crate) fn interrupt(&self) {
        let mut state = self.state();
        state.queued = true;
        if state.rewriting {
            self.handle.interrupt();
        }
    }

    /// Whether the rewriting may begin: not when something was queued a moment ago.
    fn begin(&self) -> bool {
        let mut state = self.state();
        state.rewriting = !std::mem::take(&mut state.queued);
        state.rewriting
    }

    fn state(&self) -> MutexGuard<'_, RewriteState> {
        // A flag is never half set.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vacuum {
    pub(crate) fn new(connection: &Connection, path: &Path, interrupt: Arc<Interrupt>) -> Self {
        let mode = pragma(connection, "auto_vacuum");
        Self {
            path: path.to_owned(),
            interrupt,
            look: false,
            rewrite_after: (mode == Some(0)).then_some(LONG_QUIET),
            quiet_since: Instant::now(),
        }
    }

    pub(crate) fn written(&mut self) {
        self.quiet_since = Instant::now();
        self.look = true;
    }

    /// How long nobody may have anything to write before something is to be done; `None` for nothing.
    pub(crate) fn wait(&self, quiet: Duration) -> Option<Duration> {
        match self.rewrite_after {
            Some(after) => Some(after.saturating_sub(self.quiet_since.elapsed()).max(quiet)),
            None => self.look.then_some(quiet),
        }
    }

    /// Does a step of it.
    pub(crate) fn step(&mut self, connection: &Connection) {
        match self.rewrite_after {
            Some(after) if self.quiet_since.elapsed() >= after => {
                self.rewrite_after = match self.rewrite(connection) {
                    Rewritten::Done => None,
                    Rewritten::Interrupted => Some((after.max(LONG_QUIET) * 2).min(LONGEST_QUIET)),
                    Rewritten::NotNow => Some(LONGEST_QUIET),
                };
                self.quiet_since = Instant::now();
            }
            Some(_) => {}
            None => self.give_back(connection),
        }
    }

    fn give_back(&mut self, connection: &Connection) {
        let free = pragma(connection, "freelist_count").unwrap_or(0);
        self.look = free >= WORTH && give_back(connection, STEP).is_ok();
    }

    fn rewrite(&self, connection: &Connection) -> Rewritten {
        let size = self.path.metadata().map_or(0, |file| file.len());
        if !free_bytes(&self.path).is_ok_and(|room| room / ROOM >= size) {
            return Rewritten::NotNow;
        }
        if !self.interrupt.begin() {
            return Rewritten::Interrupted;
        }
        let done = connection.execute_batch("PRAGMA auto_vacuum = incremental; VACUUM");
        self.interrupt.state().rewriting = false;
        match done {
            Ok(()) => Rewritten::Done,
            Err(error) => {
                tracing::debug!("the database is not made smaller now: {error}");
                match error.sqlite_error_code() {
                    Some(rusqlite::ErrorCode::OperationInterrupted) => Rewritten::Interrupted,
                    _ => Rewritten::NotNow,
                }
            }
        }
    }
}

enum Rewritten {
    Done,
    Interrupted,
    /// No room for it, or another reason that does not pass soon.
    NotNow,
}

/// Each step of the statement gives back one page.
fn give_back(connection: &Connection, pages: i64) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

fn pragma(connection: &Connection, name: &str) -> Option<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    fn fill_and_empty(connection: &Connection) {
        connection
            .execute_batch(
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                 INSERT INTO meta SELECT 'k' || i, hex(zeroblob(1000)) FROM n;
                 DELETE FROM meta;",
            )
            .unwrap();
    }

    fn vacuum(connection: &Connection, path: &Path) -> Vacuum {
        Vacuum::new(connection, path, Arc::new(Interrupt::new(connection)))
    }

    #[test]
    fn what_was_deleted_is_given_back_step_by_step() {
        let dir = tempfile::tempdir().unwrap();
        let path = schema::prepare_file(dir.path()).unwrap();
        let connection = schema::open_writer(&path).unwrap();
        let mut vacuum = vacuum(&connection, &path);
        fill_and_empty(&connection);
        assert!(pragma(&connection, "freelist_count").unwrap() > 2 * WORTH);
        vacuum.written();
        let mut steps = 0;
        while vacuum.wait(Duration::ZERO).is_some() {
            vacuum.step(&connection);
            steps += 1;
        }
        assert!(pragma(&connection, "freelist_count").unwrap() < WORTH);
        assert!(steps > 2, "{steps}");
    }

    #[test]
    fn a_file_of_an_early_version_is_rewritten_once_when_nobody_writes() {
        let dir = tempfile::tempdir().unwrap();
        let path = schema::prepare_file(dir.path()).unwrap();
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE early (x); DROP TABLE early").unwrap();
        let connection = schema::open_writer(&path).unwrap();
        let mut vacuum = vacuum(&connection, &path);
        assert!(vacuum.wait(Duration::ZERO).is_some_and(|wait| wait > Duration::from_secs(1)));
        fill_and_empty(&connection);
        vacuum.step(&connection);
        assert_eq!(pragma(&connection, "auto_vacuum"), Some(0), "somebody has just written");
        vacuum.rewrite_after = Some(Duration::ZERO);
        vacuum.step(&connection);
        assert_eq!(pragma(&connection, "auto_vacuum"), Some(2));
        assert_eq!(pragma(&connection, "freelist_count"), Some(0));
        assert_eq!(vacuum.rewrite_after, None);
    }
}
