//! Follows one run to its end: what its client says in a file becomes what the supervisor is told, and what that wishes becomes a file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use solti_model::{RunId, StopMode as StopWish};
use solti_relay::{PROGRESS_FILE, Progress, WISH_FILE, Wish};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{MachineRunner, end};
use crate::handle::RunEnds;
use crate::{ClusterWait, Place, RunHandle, RunOutcome, Standing, StopMode};

/// Between two looks at what the client says.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);
/// Before a machine is asked again for the proof that nothing runs there, and at most between two times.
const RESTS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What was wished of a run so far.
pub(super) async fn wished(run_dir: &Path, run: &RunId) -> Wish {
    let file = run_dir.join(WISH_FILE);
    match spawn_blocking(move || solti_relay::read::<Wish>(&file)).await {
        Ok(Ok(wish)) => wish.unwrap_or_default(),
        Ok(Err(error)) => {
            tracing::warn!(%run, %error, "what was wished of the run cannot be read");
            Wish::default()
        }
        // The runtime is shutting down.
        Err(_) => Wish::default(),
    }
}

pub(super) struct Follow {
    runner: MachineRunner,
    run_dir: PathBuf,
    run: RunId,
    /// The client, as the shim has it.
    inner: RunHandle,
    ends: RunEnds,
    standing: watch::Sender<Standing>,
    wish: Wish,
    told: Progress,
}

impl Follow {
    pub(super) fn begin(runner: MachineRunner, run_dir: PathBuf, run: RunId, inner: RunHandle) -> RunHandle {
        let (mut handle, ends, standing) = RunHandle::in_a_cluster();
        let why = format!("{} has not said yet that it runs", runner.machine);
        standing.send_replace(Standing::Waits(ClusterWait { why, about: None }));
        // The log is the client's.
        handle.doorbell = inner.doorbell();
        let (wish, told) = Default::default();
        let follow = Self { runner, run_dir, run, inner, ends, standing, wish, told };
        tokio::spawn(follow.run());
        handle
    }

    async fn run(mut self) {
        self.remember().await;
        self.look().await;
        let outcome = self.until_end().await;
        // Of one that was quick.
        self.look().await;
        let outcome = self.proven(outcome).await;
        // Nobody may be listening any more.
        self.ends.outcome.send(outcome).ok();
    }

    async fn until_end(&mut self) -> RunOutcome {
        loop {
            tokio::select! {
                outcome = self.inner.wait() => return outcome,
                Some(mode) = self.ends.requests.recv() => {
                    let harder = self.wish.stop == Some(StopWish::Kill) || mode == StopMode::Kill;
                    self.wish.stop = Some(if harder { StopWish::Kill } else { StopWish::Graceful });
                    self.tell().await;
                }
                Ok(()) = self.ends.suspended.changed() => {
                    let suspended = *self.ends.suspended.borrow_and_update();
                    if suspended != std::mem::replace(&mut self.wish.suspended, suspended) {
                        self.tell().await;
                    }
                }
                () = sleep(BETWEEN_LOOKS) => self.look().await,
            }
        }
    }

    /// What was wished before the app was started again: the client goes by it.
    async fn remember(&mut self) {
        self.wish = wished(&self.run_dir, &self.run).await;
    }

    /// Has the client know what is wished.
    async fn tell(&self) {
        let (wish, file) = (self.wish, self.run_dir.join(WISH_FILE));
        let written = spawn_blocking(move || solti_relay::write(&file, &wish)).await;
        if let Ok(Err(error)) = written {
            let why = format!("its client cannot be told what is wished: {error}");
            self.ends.trouble.send_replace(Some(why));
        }
    }

    async fn look(&mut self) {
        let file = self.run_dir.join(PROGRESS_FILE);
        let Ok(read) = spawn_blocking(move || solti_relay::read::<Progress>(&file)).await else { return };
        let now = match read {
            Ok(now) => now.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(run = %self.run, %error, "how the run stands cannot be read");
                return;
            }
        };
        if now == self.told {
            return;
        }
        let machine = &self.runner.machine;
        match (&now.started_at, &now.task) {
            (Some(started_at), Some(task)) => {
                if self.told.started_at.is_none() {
                    let words = format!("on {machine}, as its task {task}");
                    self.standing.send_replace(Standing::Runs(Place {
                        started_at_ms: *started_at,
                        words,
                        node: None,
                    }));
                }
                self.ends.trouble.send_if_modified(|before| {
                    let differs = *before != now.trouble;
                    before.clone_from(&now.trouble);
                    differs
                });
            }
            _ => {
                let why = match &now.trouble {
                    Some(why) => format!("{machine} cannot take it yet: {why}"),
                    None => format!("{machine} has not said yet that it runs"),
                };
                self.standing.send_replace(Standing::Waits(ClusterWait { why, about: None }));
            }
        }
        self.told = now;
    }

    /// The end of the run, once the machine has said that nothing of it runs there.
    async fn proven(&mut self, outcome: RunOutcome) -> RunOutcome {
        let mut rest = RESTS.0;
        loop {
            match self.runner.end_there(&self.run_dir).await {
                Ok(end) => {
                    let asked = self.wish.stop.is_some();
                    return end::judged(&self.runner.machine, end, outcome, asked);
                }
                Err(why) => {
                    self.ends.trouble.send_replace(Some(format!("whether it goes on is not known: {why}")));
                    sleep(rest).await;
                    rest = (rest * 2).min(RESTS.1);
                }
            }
        }
    }
}
