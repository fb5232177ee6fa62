//! The reading side: a few read-only connections, lent to one question at a time on the runtime's blocking threads. All of them are
//! open from the beginning: later there may be no descriptor left for one.

use crate::{StoreError, schema};
use rusqlite::{Connection, Transaction};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// More would only wait for the same disk.
const CONNECTIONS: usize = 4;

pub(crate) struct Readers {
    lent: Arc<Semaphore>,
    idle: Arc<Idle>,
}

struct Idle {
    path: PathBuf,
    connections: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Of a database that the writer has open.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let connections = (0..CONNECTIONS).map(|_| open(&path)).collect::<Result<_, _>>()?;
        let idle = Idle { path, connections: Mutex::new(connections) };
        Ok(Self { lent: Arc::new(Semaphore::new(CONNECTIONS)), idle: Arc::new(idle) })
    }

    /// Answers `question` within one read transaction: all it reads is of one moment.
    pub(crate) async fn run<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let permit = Arc::clone(&self.lent).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let answer = tokio::task::spawn_blocking(move || {
            // The permit goes with the connection, not with the caller, who may stop waiting.
            let _permit = permit;
            let mut connection = idle.take()?;
            let transaction = connection.transaction()?;
            let answer = question(&transaction);
            drop(transaction);
            idle.put_back(connection);
            answer
        });
        match answer.await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(StoreError::Closed),
        }
    }
}

impl Idle {
    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.connections.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            // One was lost to a question that panicked.
            None => open(&self.path),
        }
    }

    fn put_back(&self, connection: Connection) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// With all its files: SQLite opens some of them at the first question only.
fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = schema::open_reader(path)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[tokio::test]
    async fn a_statement_is_compiled_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::schema::prepare_file(dir.path()).unwrap();
        drop(crate::schema::open_writer(&path).unwrap());
        let readers = Readers::open(path).unwrap();
        for _ in 0..3 {
            let again = readers.run(|db| {
                let mut statement = db.prepare_cached(
                    "SELECT 1 FROM tasks t JOIN task_specs s ON s.num = t.num WHERE t.id = ?1",
                )?;
                assert!(!statement.exists(["t"])?);
                Ok(statement.get_status(StatementStatus::RePrepare))
            });
            assert_eq!(again.await.unwrap(), 0);
        }
    }
}
