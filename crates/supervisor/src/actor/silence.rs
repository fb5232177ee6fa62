//! Runs that print nothing for longer than their task allows. Each such run has a listener of its own at the doorbell of its log; what
//! follows is decided here. The time that a run stands still or cannot be looked at does not count, nor does the sleep of the machine; after
//! it, and after a restart of the app, the silence is counted anew.

use super::attempt::Stage;
use super::effect::Effect;
use super::outcome::AttemptResult;
use super::{Actor, Message, event};
use crate::clock::now_ms;
use solti_model::words::limit;
use solti_model::{
    AttemptEnd, BackoffState, NextStep, RestartStrategy, Stall, StallThen, TaskEventKind, TaskId, TaskPhase,
    TaskSpec, after_attempt,
};
use solti_runner::{LogDoorbell, RunController, StopMode};
use std::time::Duration;
use tokio::time::sleep;

impl Effect {
    /// Tells when a run falls silent, and when it is heard again, until its log is sealed.
    pub(crate) async fn listen(
        self,
        (id, attempt): (TaskId, u32),
        stall: Stall,
        controller: RunController,
        mut doorbell: LogDoorbell,
    ) {
        let allowed = Duration::from_millis(stall.silent_ms);
        while let Some(heard_at) = falls_silent(allowed, &controller, &mut doorbell).await {
            self.tell(Message::Silence { id: id.clone(), attempt, since: Some(heard_at) }).await;
            if doorbell.rung().await.is_none() {
                return;
            }
            self.tell(Message::Silence { id: id.clone(), attempt, since: None }).await;
        }
    }
}

/// When a run was heard last that has printed nothing for so long; `None` once its log is sealed.
async fn falls_silent(
    allowed: Duration,
    controller: &RunController,
    doorbell: &mut LogDoorbell,
) -> Option<u64> {
    let (mut suspended, mut trouble) = (controller.suspension(), controller.trouble());
    loop {
        let heard_at = now_ms();
        let counts = !*suspended.borrow_and_update() && trouble.borrow_and_update().is_none();
        tokio::select! {
            rung = doorbell.rung() => {
                rung?;
            }
            Ok(()) = suspended.changed() => {}
            Ok(()) = trouble.changed() => {}
            () = sleep(allowed), if counts => return Some(heard_at),
        }
    }
}

impl Actor {
    /// `since` is when it was heard last; `None`: it is heard again.
    pub(crate) async fn silence(&mut self, id: &TaskId, attempt: u32, since: Option<u64>) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let Stage::Running { controller } = &active.stage else { return };
        let (controller, stall) = (controller.clone(), active.stored.task.spec.stall);
        active.silent_since = since;
        let Some(stall) = stall.filter(|_| since.is_some() && !active.stored.stop_requested) else {
            return self.shared.feed.changed(id);
        };
        active.stored.task.metadata.updated_at = now_ms();
        let put = self.put_task(id).await;
        let told = event(id, now_ms(), Some(attempt), TaskEventKind::Silent, Some(words(stall)));
        let commit = self.save(vec![put, told]).await;
        let ends = stall.then != StallThen::Notify;
        if ends && let Some(active) = self.tasks.get_mut(id) {
            active.stalled = Some(stall);
        }
        let (effect, id) = (self.effect(), id.clone());
        tokio::spawn(async move {
            // One that cannot be stored is carried out all the same.
            drop(commit.tried().await);
            effect.shared.feed.changed(&id);
            if ends {
                controller.stop(StopMode::Graceful).await;
            }
        });
    }
}

fn words(stall: Stall) -> String {
    format!("no output for {}", limit(stall.silent_ms))
}

/// What follows the end of a run that was ended for its silence; nothing else does for one that has succeeded all the same.
/// A restart is one after a failure, whatever else the spec says of restarts: it counts as a retry, and waits for the backoff.
pub(crate) fn after_silence(
    stall: Stall,
    spec: &TaskSpec,
    state: BackoffState,
    result: &mut AttemptResult,
) -> Option<NextStep> {
    if result.end == AttemptEnd::Succeeded {
        return None;
    }
    result.end = AttemptEnd::Failed;
    result.error = Some(format!("stopped: {}", words(stall)));
    Some(match stall.then {
        StallThen::Restart => {
            let spec = TaskSpec { restart: RestartStrategy::OnFailure, ..spec.clone() };
            after_attempt(&spec, AttemptEnd::Failed, state, rand::random::<f64>())
        }
        StallThen::Notify | StallThen::Stop => NextStep::Finish(TaskPhase::Failed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_runner::RunHandle;
    use std::pin::pin;
    use tokio::time::{Instant, timeout};

    #[tokio::test]
    async fn what_stands_still_or_cannot_be_looked_at_is_not_silent() {
        let (handle, ends) = RunHandle::new(1, 0);
        let (controller, mut doorbell) = (handle.controller(), handle.doorbell());
        let allowed = Duration::from_millis(50);
        let silent =
            async |doorbell: &mut LogDoorbell| falls_silent(allowed, &controller, doorbell).await.is_some();
        assert!(silent(&mut doorbell).await);
        ends.trouble.send_replace(Some("the cluster has suspended it".to_owned()));
        assert!(timeout(allowed * 4, silent(&mut doorbell)).await.is_err());
        ends.trouble.send_replace(None);
        controller.ask_suspended(true).carry_out();
        {
            let mut waits = pin!(silent(&mut doorbell));
            assert!(timeout(allowed * 4, &mut waits).await.is_err());
            controller.ask_suspended(false).carry_out();
            let goes_on = Instant::now();
            assert!(waits.await);
            assert!(goes_on.elapsed() >= allowed, "it is counted anew");
        }
        drop(ends);
        assert!(!silent(&mut doorbell).await, "its log is sealed");
    }
}
