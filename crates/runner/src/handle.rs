//! What the supervisor holds of a run: its end and that of its main program, its stop, and the doorbell of its log.
//!
//! Behind all of them is whoever follows the run: for the shim's runs one task each (`watch.rs`). Dropping them ends neither
//! that task nor the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::now_ms;
use crate::{MainEnded, RunOutcome, Unenforced};

/// How a run is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// TERM to the whole tree, KILL after the grace.
    Graceful,
    /// KILL at once, also while a graceful stop is under way.
    Kill,
}

/// A run that is under way.
#[derive(Debug)]
pub struct RunHandle {
    /// The leader; 0 when it is no process of this machine.
    pub pid: u32,
    /// Unix milliseconds.
    pub started_at_ms: u64,
    /// Limits that the system cannot enforce; none known for a run that was attached to.
    pub unenforced: Unenforced,
    pub(crate) outcome: oneshot::Receiver<RunOutcome>,
    pub(crate) ended: Option<RunOutcome>,
    pub(crate) controller: RunController,
    pub(crate) doorbell: LogDoorbell,
    pub(crate) main_ended: watch::Receiver<Option<MainEnded>>,
    pub(crate) trouble: watch::Receiver<Option<String>>,
    pub(crate) standing: Option<watch::Receiver<Standing>>,
}

/// How far a run is that a cluster has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has not begun.
    Waits(ClusterWait),
    /// It has, and it stays so until its end.
    Runs(Place),
}

/// Why a run has not begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterWait {
    /// In a phrase, as in `waits for 4 GPUs`.
    pub why: String,
    /// When the cluster means to start it, in Unix milliseconds.
    pub about: Option<u64>,
}

/// Where a run is that runs elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// When its program was started, in Unix milliseconds by the clock of that machine.
    pub started_at_ms: u64,
    /// As in `job 17 on node n2, pid 4711 there`.
    pub words: String,
    /// As the cluster names it; not known where that cannot be asked.
    pub node: Option<String>,
}

/// Stop requests that may wait; a second one of the same kind says nothing new.
const REQUESTS: usize = 4;

/// The other side of a [`RunHandle`]: what whoever follows the run hears and tells.
#[derive(Debug)]
pub struct RunEnds {
    /// Stops that were asked for with [`RunController::stop`], in that order.
    pub requests: mpsc::Receiver<StopMode>,
    /// Whether the run's processes are to stand still.
    pub suspended: watch::Receiver<bool>,
    /// Bytes in the log; dropped when the log is sealed.
    pub log_bytes: watch::Sender<u64>,
    /// Set when the main program has ended and the run goes on.
    pub main_ended: watch::Sender<Option<MainEnded>>,
    /// Why nothing can be learned of the run for now.
    pub trouble: watch::Sender<Option<String>>,
    /// To be told once, as the last thing.
    pub outcome: oneshot::Sender<RunOutcome>,
}

impl RunHandle {
    /// A run that is under way, and the side of whoever follows it. `started_at_ms`: Unix milliseconds.
    pub fn new(pid: u32, started_at_ms: u64) -> (Self, RunEnds) {
        Self::standing_still(pid, started_at_ms, false)
    }

    /// The same of one whose processes may stand still: they do until something else is asked for.
    pub fn standing_still(pid: u32, started_at_ms: u64, suspended: bool) -> (Self, RunEnds) {
        let (send_request, requests) = mpsc::channel(REQUESTS);
        let (suspend, suspended) = watch::channel(suspended);
        let (log_bytes, doorbell) = watch::channel(0);
        let (main_ended, receive_main_ended) = watch::channel(None);
        let (trouble, receive_trouble) = watch::channel(None);
        let (outcome, receive_outcome) = oneshot::channel();
        let handle = Self {
            pid,
            started_at_ms,
            unenforced: Unenforced::default(),
            outcome: receive_outcome,
            ended: None,
            controller: RunController::new(send_request, suspend, receive_trouble.clone()),
            doorbell: LogDoorbell { log_bytes: doorbell },
            main_ended: receive_main_ended,
            trouble: receive_trouble,
            standing: None,
        };
        (handle, RunEnds { requests, suspended, log_bytes, main_ended, trouble, outcome })
    }

    /// The same of a run that a cluster has taken, and will begin some time: it has no process of this machine.
    pub fn in_a_cluster() -> (Self, RunEnds, watch::Sender<Standing>) {
        let (mut handle, ends) = Self::new(0, now_ms());
        let why = "the cluster has just taken it".to_owned();
        let (tell, standing) = watch::channel(Standing::Waits(ClusterWait { why, about: None }));
        handle.standing = Some(standing);
        (handle, ends, tell)
    }

    /// How far it is, where a cluster has it: `None` for a run of this machine, which runs.
    pub fn standing(&self) -> Option<watch::Receiver<Standing>> {
        self.standing.clone()
    }

    /// Waits for the end. Safe to cancel, and may be called again.
    pub async fn wait(&mut self) -> RunOutcome {
        if let Some(outcome) = &self.ended {
            return outcome.clone();
        }
        match (&mut self.outcome).await {
            Ok(outcome) => self.ended.insert(outcome).clone(),
            // The runtime is shutting down. The run goes on, so there is no end to tell.
            Err(_) => std::future::pending().await,
        }
    }

    /// Word of a run that goes on without its main program; a later one replaces an earlier one.
    pub fn main_ended(&self) -> watch::Receiver<Option<MainEnded>> {
        self.main_ended.clone()
    }

    /// Why nothing can be learned of the run for now, in one sentence; `None` as a rule. It goes on all the while, as far as is
    /// known.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.clone()
    }

    /// For whoever may stop or suspend it; it outlives this handle.
    pub fn controller(&self) -> RunController {
        self.controller.clone()
    }

    /// A doorbell that has not seen anything yet: its first wait returns as soon as anything was logged.
    pub fn doorbell(&self) -> LogDoorbell {
        self.doorbell.clone()
    }
}

/// Ends a run, or has it stand still.
#[derive(Debug, Clone)]
pub struct RunController {
    requests: mpsc::Sender<StopMode>,
    suspended: watch::Sender<bool>,
    trouble: watch::Receiver<Option<String>>,
    /// How many suspensions were asked for, and which of them is the last that was carried out.
    suspensions: Arc<[AtomicU64; 2]>,
}

/// A suspension, or its end, that was asked for and is to be carried out once that is stored.
#[derive(Debug)]
#[must_use]
pub struct AskedSuspension {
    controller: RunController,
    number: u64,
    suspended: bool,
}

impl AskedSuspension {
    /// Does nothing when a later one was carried out already.
    pub fn carry_out(self) {
        let [_, last] = &*self.controller.suspensions;
        self.controller.suspended.send_if_modified(|suspended| {
            // Nobody else is in here.
            let holds = last.fetch_max(self.number, Ordering::Relaxed) < self.number;
            if holds {
                *suspended = self.suspended;
            }
            holds
        });
    }
}

impl RunController {
    fn new(
        requests: mpsc::Sender<StopMode>,
        suspended: watch::Sender<bool>,
        trouble: watch::Receiver<Option<String>>,
    ) -> Self {
        Self { requests, suspended, trouble, suspensions: Arc::default() }
    }

    /// Hands the request over and returns; [`RunHandle::wait`] tells the end. Does nothing for a run that has ended.
    pub async fn stop(&self, mode: StopMode) {
        // A closed channel is a run that is over.
        self.requests.send(mode).await.ok();
    }

    /// Whether its processes are to stand still, now and from now on.
    pub fn suspension(&self) -> watch::Receiver<bool> {
        self.suspended.subscribe()
    }

    /// Why nothing can be learned of the run for now, or it stands still by somebody else's will, as [`RunHandle::trouble`].
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.clone()
    }

    /// Asks that all its processes stand still, and its timeout with them, or go on; a run that is to end goes on for that. Of several
    /// the one that was asked for last holds, in whichever order they are carried out.
    pub fn ask_suspended(&self, suspended: bool) -> AskedSuspension {
        let [asked, _] = &*self.suspensions;
        let number = asked.fetch_add(1, Ordering::Relaxed) + 1;
        AskedSuspension { controller: self.clone(), number, suspended }
    }
}

/// Tells that the log has grown; what it holds is read with `solti-logstore`.
#[derive(Debug, Clone)]
pub struct LogDoorbell {
    pub(crate) log_bytes: watch::Receiver<u64>,
}

impl LogDoorbell {
    /// Waits until the log holds more than at the last call and returns its bytes, or `None` when the run is over and
    /// its log sealed. Rings that were missed count as one. Safe to cancel.
    pub async fn rung(&mut self) -> Option<u64> {
        self.log_bytes.changed().await.ok()?;
        Some(*self.log_bytes.borrow_and_update())
    }
}
