//! Follows one run to its end: doorbells up, stop requests down, and at last the exit record.
//!
//! One task per run. The end is believed from the exit record alone; the socket only says when to look. A shim that is
//! gone without a final record leaves a lost run, whose processes are ended here (`sweep.rs`).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use solti_shim::cgroup::Unenforced;
use solti_shim::control::{Reply, Request};

use crate::connection::{Connection, Heard, SUBSCRIBE};
use crate::handle::RunEnds;
use crate::run_dir::RunDir;
use crate::shim_process::ShimProcess;
use crate::sweep::sweep;
use crate::{EndFlags, LostReason, MainEnded, RunEnd, RunHandle, RunOutcome, StopMode};

/// Before a connection is tried again that a living shim has refused or closed: it serves a limited number.
const BEFORE_RECONNECT: Duration = Duration::from_millis(250);

/// What is known of a run once its program has been executed.
#[derive(Debug)]
pub struct Watched {
    pub dir: RunDir,
    pub run_id: String,
    pub shim: ShimProcess,
    pub child_pid: u32,
    /// Unix milliseconds.
    pub started_at_ms: u64,
    pub unenforced: Unenforced,
}

#[derive(Debug)]
pub struct Watch {
    run: Watched,
    began: Instant,
    /// A request that no connection has taken yet.
    unsent: Option<StopMode>,
    ends: RunEnds,
}

/// The two ends: the handle for the supervisor, and what has to be polled for it.
pub fn watch(run: Watched) -> (RunHandle, Watch) {
    let (mut handle, ends) = RunHandle::new(run.child_pid, run.started_at_ms);
    handle.unenforced = run.unenforced;
    (handle, Watch { run, began: Instant::now(), unsent: None, ends })
}

impl Watch {
    /// Follows the run to its end. `connection` is one that is subscribed already, if there is one.
    pub async fn follow(mut self, connection: Option<Connection>) {
        let outcome = self.until_end(connection).await;
        let Self { mut run, ends: RunEnds { log_bytes, outcome: tell, .. }, .. } = self;
        // The log is sealed: whoever waits for the doorbell is told before the supervisor hears of the end.
        drop(log_bytes);
        // Nobody may be listening any more.
        let _ = tell.send(outcome);
        if let Err(error) = run.shim.reap().await {
            tracing::warn!(run = run.run_id, %error, "the ended shim could not be reaped");
        }
    }

    async fn until_end(&mut self, mut connection: Option<Connection>) -> RunOutcome {
        loop {
            let open = match connection.take() {
                Some(open) => Some(open),
                None => self.subscribe().await,
            };
            if let Some(open) = open {
                self.listen(open).await;
            }
            if let Some(outcome) = self.recorded() {
                return outcome;
            }
            let gone = tokio::select! {
                gone = self.run.shim.gone(&self.run.dir) => gone,
                () = tokio::time::sleep(BEFORE_RECONNECT) => continue,
            };
            if let Err(error) = gone {
                tracing::warn!(run = self.run.run_id, %error, "the shim cannot be watched");
                if !matches!(self.run.dir.try_lock(), Ok(Some(_))) {
                    tokio::time::sleep(BEFORE_RECONNECT).await;
                    continue;
                }
            }
            return match self.recorded() {
                Some(outcome) => outcome,
                None => self.lost().await,
            };
        }
    }

    async fn subscribe(&mut self) -> Option<Connection> {
        let mut connection = Connection::open(&self.run.dir).await.ok()?;
        connection.send(SUBSCRIBE).await.ok()?;
        Some(connection)
    }

    /// Until the shim says that the run is over, or the connection ends.
    async fn listen(&mut self, mut connection: Connection) {
        if let Some(mode) = self.unsent.take() {
            self.pass_on(&mut connection, mode).await;
        }
        loop {
            tokio::select! {
                heard = connection.next() => match heard {
                    Heard::Reply(Reply::Doorbell { log_bytes }) => self.ring(log_bytes),
                    Heard::Reply(Reply::Exited { log_bytes }) => {
                        self.ring(log_bytes);
                        return;
                    }
                    Heard::Reply(Reply::MainEnded { status, holders }) => {
                        self.ends.main_ended.send_replace(Some(MainEnded::look(status, holders)));
                    }
                    Heard::Reply(Reply::Accepted | Reply::Status { .. }) => {}
                    Heard::Closed => return,
                    Heard::Garbled(error) => {
                        tracing::warn!(run = self.run.run_id, %error, "the shim is not understood");
                        return;
                    }
                },
                Some(mode) = self.ends.requests.recv() => self.pass_on(&mut connection, mode).await,
            }
        }
    }

    async fn pass_on(&mut self, connection: &mut Connection, mode: StopMode) {
        let request = match mode {
            StopMode::Graceful => Request::Stop,
            StopMode::Kill => Request::Kill,
        };
        // The broken connection shows in the next read; the request waits for the next one.
        if connection.send(request).await.is_err() {
            self.unsent = Some(mode);
        }
    }

    fn ring(&self, log_bytes: u64) {
        self.ends.log_bytes.send_if_modified(|last| std::mem::replace(last, log_bytes) != log_bytes);
    }

    fn recorded(&self) -> Option<RunOutcome> {
        match self.run.dir.record(&self.run.run_id) {
            Ok(record) => RunOutcome::from_record(&record?),
            Err(error) => {
                tracing::warn!(run = self.run.run_id, %error, "the exit record cannot be read");
                None
            }
        }
    }

    async fn lost(&self) -> RunOutcome {
        match sweep(&self.run.run_id).await {
            Ok(ended) => {
                tracing::warn!(run = self.run.run_id, ended, "the shim is gone; its processes were ended")
            }
            Err(error) => tracing::warn!(run = self.run.run_id, %error, "the shim is gone"),
        }
        RunOutcome {
            end: RunEnd::Lost { reason: LostReason::ShimGone },
            started_at_ms: Some(self.run.started_at_ms),
            finished_at_ms: now_ms(),
            duration: self.began.elapsed(),
            flags: EndFlags::default(),
            usage: None,
        }
    }
}

pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
