//! Follows one run to its end: what its client says in a file becomes what the supervisor is told, and what that wishes becomes a file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use solti_model::{RunId, StopMode as StopWish};
use solti_relay::{BELL_FILE, PROGRESS_FILE, Progress, WISH_FILE, Wish};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{MachineRunner, end};
use crate::handle::RunEnds;
use crate::{ClusterWait, Place, RunHandle, RunOutcome, Standing, StopMode};

/// Between two looks at what the client says, after something is said or wished, and at most.
const BETWEEN_LOOKS: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(2));
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

/// Has the client look at what is wished. Fails where nobody listens.
fn ring(bell: &Path) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let bell = rustix::fs::open(bell, flags, Mode::empty())?;
    rustix::io::write(&bell, b"!")?;
    Ok(())
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
    /// Why the client has not been told of the wish, where it could not be: it is told again until it is.
    untold: Option<String>,
    told: Progress,
    /// Before the next look. Grows while nothing changes, by a quarter each time: so late a change is seen, measured by what it has taken.
    pause: Duration,
}

impl Follow {
    pub(super) fn begin(runner: MachineRunner, run_dir: PathBuf, run: RunId, inner: RunHandle) -> RunHandle {
        let (mut handle, ends, standing) = RunHandle::in_a_cluster();
        let why = format!("{} has not said yet that it runs", runner.machine);
        standing.send_replace(Standing::Waits(ClusterWait { why, about: None }));
        // The log is the client's.
        handle.doorbell = inner.doorbell();
        let (wish, told) = Default::default();
        let pause = BETWEEN_LOOKS.0;
        let follow = Self { runner, run_dir, run, inner, ends, standing, wish, untold: None, told, pause };
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
                () = sleep(self.pause) => {
                    self.pause = (self.pause * 5 / 4).min(BETWEEN_LOOKS.1);
                    if self.untold.is_some() {
                        self.tell().await;
                    }
                    self.look().await;
                }
            }
        }
    }

    /// What was wished before the app was started again: the client goes by it.
    async fn remember(&mut self) {
        self.wish = wished(&self.run_dir, &self.run).await;
    }

    /// Has the client know what is wished.
    async fn tell(&mut self) {
        let (wish, run_dir) = (self.wish, self.run_dir.clone());
        self.pause = BETWEEN_LOOKS.0;
        let told = move || -> io::Result<()> {
            solti_relay::write(&run_dir.join(WISH_FILE), &wish)?;
            // A client that hears nothing looks by itself.
            ring(&run_dir.join(BELL_FILE)).ok();
            Ok(())
        };
        let Ok(written) = spawn_blocking(told).await else { return };
        self.untold = written.err().map(|error| format!("its client cannot be told what is wished: {error}"));
        self.tell_trouble();
    }

    /// What is to be known of a run that cannot be ended comes before what its client says.
    fn tell_trouble(&self) {
        let of_client = self.told.trouble.as_ref().filter(|_| self.told.started_at.is_some());
        let trouble = self.untold.as_ref().or(of_client);
        self.ends.trouble.send_if_modified(|before| {
            let differs = before.as_ref() != trouble;
            *before = trouble.cloned();
            differs
        });
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
        self.pause = BETWEEN_LOOKS.0;
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
        self.tell_trouble();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Machines, ShimRunner};
    use solti_model::TaskId;
    use solti_testing::within;
    use std::collections::BTreeMap;
    use std::fs;

    #[tokio::test]
    async fn a_wish_that_cannot_be_written_is_told_and_written_when_it_can() {
        let dir = tempfile::tempdir().expect("a folder");
        let run = RunId::new(TaskId::new("t").expect("legal"), 1);
        let shim = ShimRunner::new("/nowhere/solti-shim");
        let (_known, connections) = watch::channel(vec![]);
        let machines = Machines::new("/nowhere/solti", shim, BTreeMap::new(), dir.path(), connections);
        let (inner, mut client) = RunHandle::new(1, 1);
        let handle = Follow::begin(machines.runner("nas"), dir.path().to_owned(), run, inner);
        let mut trouble = handle.trouble();
        let file = dir.path().join(WISH_FILE);
        let wish = || solti_relay::read::<Wish>(&file).expect("readable");

        // As little can be written there as on a full disk.
        fs::create_dir(&file).expect("made");
        handle.controller().stop(StopMode::Graceful).await;
        let is_told = |why: &Option<String>| why.as_ref().is_some_and(|why| why.contains("what is wished"));
        within("the trouble", trouble.wait_for(is_told)).await.expect("it is followed");
        // What its client says meanwhile does not hide that.
        let now = Progress { task: TaskId::new("n").ok(), started_at: Some(1), ..Progress::default() };
        solti_relay::write(&dir.path().join(PROGRESS_FILE), &now).expect("written");
        let mut standing = handle.standing().expect("on a machine");
        within("its start", standing.wait_for(|now| matches!(now, Standing::Runs(_))))
            .await
            .expect("followed");
        assert!(is_told(&trouble.borrow()));

        let bell = dir.path().join(BELL_FILE);
        let made = std::process::Command::new("mkfifo").arg(&bell).status().expect("mkfifo");
        assert!(made.success());
        let pipe = tokio::net::unix::pipe::OpenOptions::new().read_write(true).open_receiver(&bell);
        let pipe = pipe.expect("opened");
        fs::remove_dir(&file).expect("removed");
        within("the end of the trouble", trouble.wait_for(Option::is_none)).await.expect("it is followed");
        assert_eq!(wish(), Some(Wish { stop: Some(StopWish::Graceful), suspended: false }));
        within("the bell", pipe.readable()).await.expect("it was rung");
        assert!(client.requests.try_recv().is_err(), "nothing here ends the client");
    }
}
