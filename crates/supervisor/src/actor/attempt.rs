//! A task that is not over, as the actor holds it.

use crate::LiveTask;
use crate::lanes::Waiter;
use solti_model::{
    AdmissionStrategy, AfterTask, FieldError, MainEnded, RecentStarts, Secrets, Slot, Stall, StopMode,
    TaskId, TaskPhase, TaskStatus,
};
use solti_runner::{ClusterWait, RunController};
use solti_store::{StoredRun, StoredTask};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;

/// Who waits for a delete.
pub(crate) type DeleteReply = oneshot::Sender<Result<(), crate::SupervisorError>>;

#[derive(Debug)]
pub(crate) struct Active {
    pub stored: StoredTask,
    /// The latest attempt.
    pub run: Option<StoredRun>,
    /// Its main program has ended, and the run goes on. Not stored: the shim tells it again.
    pub main_ended: Option<MainEnded>,
    /// It prints nothing for longer than its spec allows, since then.
    pub silent_since: Option<u64>,
    /// It is being ended for its silence.
    pub stalled: Option<Stall>,
    /// It is being ended for a newer task. Not stored: the event tells it.
    pub replaced: bool,
    pub stage: Stage,
    pub live: watch::Sender<LiveTask>,
    /// Delete it when it has ended, and tell these.
    pub purge: Vec<DeleteReply>,
    pub starts: RecentStarts,
    /// Why nothing can be learned of it, or its start is put off; one sentence for its row.
    pub trouble: Option<String>,
    /// How often its start was put off.
    pub put_off: u32,
    /// Those that were given with it; stored nowhere.
    pub secrets: Secrets,
    /// Waits for the time before which it does not start.
    pub early: Option<Early>,
    /// The machine of its lane that its next attempt is given to.
    pub placed: Option<String>,
    /// Machines of its lane that have said that they take no such task, and why.
    pub refused_by: BTreeMap<String, String>,
    /// Why no runner takes its latest attempt.
    pub refused: Option<FieldError>,
    /// Becomes true when the end of the attempt before is stored and what it has left is tidied away; closed when it cannot be stored.
    pub settled: Option<watch::Receiver<bool>>,
    /// Changes of it that let it start, and are on their way to the disk: it does not start before those are stored.
    pub amending: u32,
    /// Set when its latest attempt is to be stopped before its process is there.
    pub called_off: Arc<AtomicBool>,
}

/// The wait for the time before which a task does not start.
#[derive(Debug)]
pub(crate) struct Early {
    /// When it ends, as the clock shows it; sooner than the spec says where that was set back.
    pub until: u64,
    pub timer: AbortHandle,
}

#[derive(Debug)]
pub(crate) enum Stage {
    /// Its admission is not stored yet. `turn` says that its lane has given it a place meanwhile; `replaces` are those that
    /// have to end for it.
    Admitting {
        turn: bool,
        replaces: Vec<TaskId>,
    },
    /// It waits in its lane.
    Waiting,
    /// Its attempt is stored or about to be; its process is not there yet. A stop is kept for when it is.
    Starting {
        stop: Option<StopMode>,
    },
    /// A cluster has it, and has not begun it.
    Queued {
        wait: ClusterWait,
        controller: RunController,
    },
    Running {
        controller: RunController,
    },
    /// Its attempt may be alive, and cannot be looked at; `lookout` tries again. A stop is told to that, and kept for when it is found.
    OutOfSight {
        stop: Option<StopMode>,
        requests: mpsc::Sender<StopMode>,
    },
    /// The system had no room for its process, and is asked again.
    PutOff {
        timer: AbortHandle,
    },
    /// It waits for its next attempt; `looping` says that this was put off because of a crash loop.
    /// `held` says that its time has come and its lane is paused.
    Backoff {
        looping: bool,
        held: bool,
        timer: Option<AbortHandle>,
    },
    /// Its end is decided and about to be stored. `unstored`: the database has refused it so far, and what it said.
    Ending {
        unstored: Option<String>,
    },
}

impl Active {
    pub(crate) fn new(stored: StoredTask, stage: Stage) -> Self {
        let live = LiveTask { attempt: stored.task.status.attempt, ..LiveTask::default() };
        Self {
            stored,
            run: None,
            main_ended: None,
            silent_since: None,
            stalled: None,
            replaced: false,
            stage,
            live: watch::Sender::new(live),
            purge: Vec::new(),
            starts: RecentStarts::default(),
            trouble: None,
            put_off: 0,
            secrets: Secrets::new(),
            early: None,
            placed: None,
            refused_by: BTreeMap::new(),
            refused: None,
            settled: None,
            amending: 0,
            called_off: Arc::default(),
        }
    }

    pub(crate) fn slot(&self) -> &Slot {
        &self.stored.task.spec.slot
    }

    /// What it still waits for in other tasks.
    pub(crate) fn open_after(&self) -> impl Iterator<Item = &AfterTask> {
        let fulfilled = &self.stored.queueing.fulfilled;
        let after = (0..).zip(&self.stored.task.spec.after);
        after.filter(|(place, _)| !fulfilled.contains(place)).map(|(_, after)| after)
    }

    /// Whether it waits for nothing but a place in its lane.
    pub(crate) fn is_ready(&self) -> bool {
        !self.stored.queueing.held
            && !self.stored.stop_requested
            && self.early.is_none()
            && self.open_after().next().is_none()
    }

    /// As its lane knows it while it waits.
    pub(crate) fn waiter(&self) -> Waiter {
        let spec = &self.stored.task.spec;
        Waiter {
            id: self.stored.task.metadata.id.clone(),
            replaces: spec.admission == AdmissionStrategy::Replace,
            priority: spec.priority,
            order: self.stored.queue_order,
            ready: self.is_ready(),
            amending: self.amending > 0,
        }
    }

    /// Whether it may be waiting.
    pub(crate) fn may_wait(&self) -> bool {
        matches!(self.stage, Stage::Admitting { .. } | Stage::Waiting | Stage::Backoff { .. })
    }

    pub(crate) fn stop_waiting_for_time(&mut self) {
        if let Some(early) = self.early.take() {
            early.timer.abort();
        }
    }

    pub(crate) fn attempt(&self) -> u32 {
        self.stored.task.status.attempt
    }

    /// How it has ended, where the database cannot be told.
    pub(crate) fn unstored_status(&self) -> Option<TaskStatus> {
        let Stage::Ending { unstored: Some(why) } = &self.stage else { return None };
        let mut status = self.stored.task.status.clone();
        status.error = Some(match status.error {
            Some(error) if error != *why => format!("{error}; {why}"),
            _ => why.clone(),
        });
        Some(status)
    }

    pub(crate) fn set_phase(&mut self, phase: TaskPhase, now_ms: u64) {
        self.stored.task.status.phase = phase;
        self.stored.task.metadata.updated_at = now_ms;
        if phase.is_terminal() {
            self.stored.finished_at = Some(now_ms);
            self.stored.next_attempt_at = None;
        }
    }
}
