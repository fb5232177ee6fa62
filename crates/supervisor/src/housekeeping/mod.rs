//! Keeps what is stored in order: logs within their limits (`logs`), finished tasks and attempts within theirs (`finished`), skip
//! filters beside the logs that are worth them (`skip_filters`). One loop decides when each looks: at what has changed after a
//! run's end, every few seconds at what runs, at everything at the start and when a limit changes. The shims know nothing
//! of it and write on.

mod disk;
mod finished;
mod logs;
mod skip_filters;

use crate::actor::Message;
use crate::shared::SharedState;
use crate::{ChangeCursor, FinishedLimits, RunFolders};
use finished::Finished;
use logs::Logs;
use skip_filters::SkipFilters;
use solti_logstore::{LogError, LogLimits};
use solti_model::{RunId, TaskId};
use solti_store::{Store, StoreError};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// The window comes first.
const AFTER_START: Duration = Duration::from_secs(10);
/// Changes come in bursts; one look is enough for each.
const SETTLE: Duration = Duration::from_millis(500);
/// Between two looks at logs that grow.
const WHILE_RUNNING: Duration = Duration::from_secs(2);
/// Between two looks at everything that nobody asked for, and between two attempts to free what cannot be freed.
const PAUSE: Duration = Duration::from_secs(60);
/// Between two such attempts where a run has ended in between, and between two looks at whether a limit can be kept again.
const AGAIN: Duration = Duration::from_secs(5);
/// Days pass without any change.
const FOR_AGE: Duration = Duration::from_secs(3600);

#[derive(Debug, thiserror::Error)]
pub(crate) enum HousekeepingError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot look at {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the work was ended by the runtime")]
    Runtime(#[from] tokio::task::JoinError),
}

/// What to look at next.
enum Look {
    Everything,
    Changed(BTreeSet<TaskId>),
    Running,
    /// Only at what has become too old.
    Age,
    /// At the log of this run, which somebody searches.
    Searched(SearchedRun),
    /// At nothing: a skip filter is made, and another one may be begun.
    Filters,
}

/// A run whose log is searched.
#[derive(Debug)]
pub(crate) struct SearchedRun {
    pub run: RunId,
    /// Nothing will be added to its log.
    pub over: bool,
}

/// The limits that are kept.
pub(crate) struct Limits {
    pub logs: watch::Receiver<LogLimits>,
    pub finished: watch::Receiver<FinishedLimits>,
    /// What runs that start now inherit; other environments go when no run has them.
    pub environment: Option<i64>,
    /// See [`crate::SupervisorConfig::skip_filter_niceness`].
    pub skip_filter_niceness: i32,
}

pub(crate) struct Housekeeper {
    store: Store,
    changes: ChangeCursor,
    environment: Option<i64>,
    searched: mpsc::Receiver<SearchedRun>,
    logs: Logs,
    finished: Finished,
    filters: SkipFilters,
    shared: Arc<SharedState>,
    running_look_at: Instant,
    /// Something was missed; a look at everything is due from `full_look_at` on.
    missed_some: bool,
    full_look_at: Instant,
    /// When it is seen whether a limit that could not be kept can be again.
    unkept_look_at: Instant,
}

impl Housekeeper {
    pub(crate) fn new(
        store: Store,
        folders: RunFolders,
        shared: Arc<SharedState>,
        limits: Limits,
        mailbox: mpsc::WeakSender<Message>,
        searched: mpsc::Receiver<SearchedRun>,
    ) -> Self {
        Self {
            logs: Logs::new(store.clone(), folders.clone(), limits.logs, Arc::clone(&shared)),
            finished: Finished::new(store.clone(), folders.clone(), limits.finished, mailbox),
            filters: SkipFilters::new(folders, limits.skip_filter_niceness),
            store,
            changes: shared.feed.cursor(),
            environment: limits.environment,
            searched,
            shared,
            running_look_at: Instant::now(),
            missed_some: true,
            full_look_at: Instant::now() + AFTER_START,
            unkept_look_at: Instant::now(),
        }
    }

    /// Runs as long as the supervisor.
    pub(crate) async fn run(mut self) {
        while let Some(look) = self.next_look().await {
            let regular = matches!(look, Look::Running);
            if let Err(error) = self.look(look).await {
                tracing::warn!("logs and finished tasks are not kept within their limits: {error}");
                // What this look has left undone, one at everything makes up for.
                if !std::mem::replace(&mut self.missed_some, true) {
                    self.full_look_at = Instant::now() + PAUSE;
                }
            }
            self.filters.go_on(regular);
        }
    }

    async fn next_look(&mut self) -> Option<Look> {
        let running = self.logs.any_running();
        let unkept = self.shared.any_unkept();
        tokio::select! {
            () = sleep_until(self.full_look_at), if self.missed_some => Some(Look::Everything),
            Ok(()) = self.logs.limits.changed() => Some(Look::Everything),
            Ok(()) = self.finished.limits.changed() => Some(Look::Age),
            changes = self.changes.next() => {
                let changes = changes?;
                self.missed_some |= changes.missed_some;
                for id in &changes.deleted {
                    self.logs.forget(id);
                    self.filters.forget(id);
                }
                sleep(SETTLE).await;
                Some(Look::Changed(changes.changed))
            }
            () = sleep_until(self.running_look_at), if running => Some(Look::Running),
            () = sleep_until(self.unkept_look_at), if unkept => Some(Look::Running),
            Some(run) = self.searched.recv() => Some(Look::Searched(run)),
            (id, attempt, bytes) = self.filters.finished() => {
                self.logs.add(&id, attempt, bytes);
                Some(Look::Filters)
            }
            () = sleep(FOR_AGE) => Some(Look::Age),
        }
    }

    async fn look(&mut self, look: Look) -> Result<(), HousekeepingError> {
        let ids = match look {
            Look::Age => {
                self.keep_finished().await?;
                return Ok(self.store.drop_unused_environments(self.environment).await?);
            }
            Look::Filters => return Ok(()),
            Look::Searched(SearchedRun { run, over }) => {
                self.filters.ask(&run, over);
                return Ok(());
            }
            Look::Running => BTreeSet::new(),
            Look::Changed(ids) => ids,
            Look::Everything => {
                self.missed_some = false;
                self.full_look_at = Instant::now() + PAUSE;
                self.store.drop_unused_environments(self.environment).await?;
                self.logs.start_over().await?
            }
        };
        self.running_look_at = Instant::now() + WHILE_RUNNING;
        self.unkept_look_at = Instant::now() + AGAIN;
        // Neither keeps the other from being done.
        let logs = self.logs.keep(ids, &mut self.filters).await;
        self.keep_finished().await.and(logs)
    }

    async fn keep_finished(&mut self) -> Result<(), HousekeepingError> {
        self.finished.expire().await?;
        for id in self.finished.thin_out().await? {
            self.logs.has_changed(&id);
        }
        Ok(())
    }
}
