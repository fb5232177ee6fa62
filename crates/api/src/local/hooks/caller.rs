//! The one who calls hooks: takes what has happened out of the database, and makes the calls that are due.

use super::body;
use super::kept::{kept, tell_unread};
use super::send::{self, Sent};
use crate::SupervisorApiAdapter;
use crate::local::logs::last_lines_of;
use crate::local::now_ms;
use futures::future::join_all;
use solti_model::{
    DeliveryState, Hook, HookDelivery, HookEvent, MAX_HOOK_TRIES, MAX_WAITING_CALLS, TaskEventKind,
    TaskPhase, TaskStatus,
};
use solti_store::{Change, DueCall, EndedCall, NewCall, StoreError, StoredEvent, StoredRow};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Events that are looked at in one step.
const EVENTS: u32 = 200;
/// Calls that are made at once, each of another hook.
const AT_ONCE: u32 = 16;
/// What happens within it is looked at together.
const GATHER: Duration = Duration::from_millis(200);
/// Before what could not be read or written is tried again.
const REST: Duration = Duration::from_secs(5);
/// Between the tries of a call, in seconds: over about four hours.
const PAUSES: [u64; MAX_HOOK_TRIES as usize - 1] = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200];

/// The longest of them.
const LONGEST_PAUSE_MS: u64 = 7_200_000;

impl SupervisorApiAdapter {
    /// Calls hooks for what happens, until the supervisor ends. One at a time may do so for a data folder.
    pub async fn call_hooks(self) {
        let mut changes = self.supervisor().changes();
        tell_unread(self.supervisor()).await;
        loop {
            let next = match self.step().await {
                Ok(Step::Again) => continue,
                Ok(Step::Until(due)) => due,
                Err(_) if self.supervisor().is_shut_down() => return,
                Err(error) => {
                    tracing::warn!("hooks cannot be called for now: {error}");
                    sleep(REST).await;
                    continue;
                }
            };
            let due = async {
                match next {
                    Some(due) => sleep_until(Instant::now() + Duration::from_millis(due)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                change = changes.next() => match change {
                    Some(_) => sleep(GATHER).await,
                    None => return,
                },
                () = self.hooks().poke.notified() => {}
                () = due => {}
            }
        }
    }

    /// Deals with some of what there is.
    async fn step(&self) -> Result<Step, StoreError> {
        let store = self.supervisor().store();
        let hooks = kept(self.supervisor()).await?;
        if hooks.is_empty() {
            return Ok(Step::Until(None));
        }
        self.settle().await?;
        let (seen, last) = store.hooks_seen().await?;
        if last > seen {
            let (events, upto) = store.hook_events(seen, EVENTS).await?;
            // Other events than these are passed over again and again until there are many: nothing is written for each.
            if !events.is_empty() || upto - seen > u64::from(EVENTS) {
                let calls = self.calls(&hooks, events).await?;
                store.apply(vec![Change::QueueCalls { seen: Some(upto), calls }]).await?;
                return Ok(Step::Again);
            }
        }
        let now = now_ms();
        let (mut due, next) = store.due_calls(now, AT_ONCE).await?;
        if due.is_empty() {
            let left = next.map(|next| next.saturating_sub(now));
            // What is further off was noted by a clock that was ahead.
            if let Some(next) = next.filter(|_| left > Some(LONGEST_PAUSE_MS)) {
                due = store.due_calls(next, AT_ONCE).await?.0;
            }
            if due.is_empty() {
                return Ok(Step::Until(left));
            }
        }
        for tried in join_all(due.into_iter().map(|call| self.try_once(&hooks, call))).await {
            tried?;
        }
        Ok(Step::Again)
    }

    /// The calls that these events ask for.
    async fn calls(&self, hooks: &[Hook], events: Vec<StoredEvent>) -> Result<Vec<NewCall>, StoreError> {
        let store = self.supervisor().store();
        let mut waiting = store.hook_counts(None).await?.waiting;
        let mut calls = Vec::new();
        for event in events {
            // What is deleted already tells nobody of itself.
            let Some(row) = store.rows_of(vec![event.task_id.clone()]).await?.pop() else { continue };
            let Some(kind) = kind_of(&event, &row) else { continue };
            let labels = row.searched.as_ref().map_or(&row.task.spec.labels, |searched| &searched.labels);
            if labels.contains_key(send::MADE_BY) {
                continue;
            }
            let named = row.task.spec.notify.as_ref().map_or(&[][..], |notify| &notify.hooks[..]);
            let called: Vec<_> = hooks.iter().filter(|hook| hook.is_called(kind, labels, named)).collect();
            if called.is_empty() {
                continue;
            }
            let lines = last_lines_of(self.supervisor(), &self.encodings, &event.task_id, body::LINES).await;
            let body = body::of_task(kind, event.at, &row, event.detail.as_deref(), &lines);
            for hook in called {
                let dropped = waiting >= MAX_WAITING_CALLS;
                if dropped {
                    tracing::warn!("hook {}: {waiting} calls wait, one more is dropped", hook.name);
                } else {
                    waiting += 1;
                }
                let (hook, task, body) = (hook.name.clone(), Some(event.task_id.clone()), body.clone());
                calls.push(NewCall { hook, event: kind, task, at: now_ms(), body, dropped });
            }
        }
        Ok(calls)
    }

    /// A command's call is over when its task is; that is found in the database, so also after a restart.
    async fn settle(&self) -> Result<(), StoreError> {
        let store = self.supervisor().store();
        let over: Vec<_> =
            store.ended_calls().await?.into_iter().map(settled).map(Change::CallTried).collect();
        if !over.is_empty() {
            store.apply(over).await?;
            self.hooks().was_tried();
        }
        Ok(())
    }

    /// The try is stored before it begins: should this program end within it, the next one says that it is another.
    async fn try_once(&self, hooks: &[Hook], mut due: DueCall) -> Result<(), StoreError> {
        let store = self.supervisor().store();
        let Some(hook) = hooks.iter().find(|hook| hook.name == due.delivery.hook) else {
            return store.apply(vec![Change::ForgetCalls(due.delivery.hook)]).await;
        };
        let call = &mut due.delivery;
        let pause = PAUSES.get(call.tries as usize).copied();
        call.tries += 1;
        (call.said, call.command_task) = (None, None);
        call.next_at = Some(now_ms() + pause.unwrap_or(0) * 1_000);
        let under_way = self.hooks().begin(call.id);
        store.apply(vec![Change::CallTried(call.clone())]).await?;
        let sent = send::send(self, hook, &due).await;
        let call = after(due.delivery, sent, pause);
        store.apply(vec![Change::CallTried(call)]).await?;
        drop(under_way);
        self.hooks().was_tried();
        Ok(())
    }
}

enum Step {
    Again,
    /// In so many milliseconds there is more to do; without them, when something happens.
    Until(Option<u64>),
}

fn kind_of(event: &StoredEvent, row: &StoredRow) -> Option<HookEvent> {
    match (TaskEventKind::from_word(&event.kind)?, row.task.status.phase) {
        (TaskEventKind::Silent, _) => Some(HookEvent::Silence),
        (TaskEventKind::Finished, TaskPhase::Succeeded) => Some(HookEvent::Success),
        (TaskEventKind::Finished, phase) if phase.is_failure() => Some(HookEvent::Failure),
        _ => None,
    }
}

/// How a call stands after a try; a test is tried once.
fn after(call: HookDelivery, sent: Result<Sent, String>, pause: Option<u64>) -> HookDelivery {
    let again = pause.filter(|_| call.event != HookEvent::Test);
    let (state, said) = match sent {
        Ok(Sent::Task(task)) => {
            let said = Some(format!("task {task}"));
            return HookDelivery { said, next_at: None, command_task: Some(task), ..call };
        }
        Ok(Sent::Arrived(said)) => (DeliveryState::Delivered, said),
        Err(said) if again.is_some() => (DeliveryState::Waiting, said),
        Err(said) => (DeliveryState::GivenUp, said),
    };
    let waits = state == DeliveryState::Waiting;
    let next_at = again.filter(|_| waits).map(|pause| now_ms() + pause * 1_000);
    HookDelivery { state, said: Some(said), next_at, ..call }
}

/// How a call stands whose command's task is over: that has had its own tries.
fn settled(EndedCall { delivery, task }: EndedCall) -> HookDelivery {
    let id = delivery.command_task.as_ref().map(ToString::to_string).unwrap_or_default();
    let (state, said) = match task {
        Some(TaskStatus { phase: TaskPhase::Succeeded, .. }) => {
            (DeliveryState::Delivered, format!("task {id}"))
        }
        Some(TaskStatus { phase, error, .. }) => {
            let why = error.unwrap_or_else(|| phase.word().to_owned());
            (DeliveryState::GivenUp, format!("task {id}: {why}"))
        }
        None => (DeliveryState::GivenUp, format!("task {id} was deleted before it was seen to succeed")),
    };
    HookDelivery { state, said: Some(said), next_at: None, ..delivery }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::TaskId;

    fn call(event: HookEvent) -> HookDelivery {
        HookDelivery {
            id: 1,
            hook: "chat".into(),
            event,
            task: None,
            at: 1,
            tries: 1,
            state: DeliveryState::Waiting,
            next_at: None,
            said: None,
            command_task: None,
            being_tried: false,
        }
    }

    #[test]
    fn a_call_that_does_not_arrive_is_tried_again_until_it_is_given_up() {
        let refused = || Err("502".to_owned());
        let again = after(call(HookEvent::Failure), refused(), Some(10));
        assert_eq!((again.state, again.next_at.is_some()), (DeliveryState::Waiting, true));
        let last = after(call(HookEvent::Failure), refused(), None);
        assert_eq!((last.state, last.next_at), (DeliveryState::GivenUp, None));
        let test = after(call(HookEvent::Test), refused(), Some(10));
        assert_eq!((test.state, test.said.as_deref()), (DeliveryState::GivenUp, Some("502")));
        let arrived = after(call(HookEvent::Failure), Ok(Sent::Arrived("200".into())), Some(10));
        assert_eq!((arrived.state, arrived.next_at), (DeliveryState::Delivered, None));
    }

    #[test]
    fn no_pause_is_longer_than_the_longest() {
        assert_eq!(PAUSES.iter().max().map(|pause| pause * 1_000), Some(LONGEST_PAUSE_MS));
    }

    #[test]
    fn a_call_of_a_command_ends_as_its_task_does() {
        let id = TaskId::new("t-1").expect("legal");
        let handed = after(call(HookEvent::Failure), Ok(Sent::Task(id.clone())), Some(10));
        assert_eq!((handed.state, handed.next_at), (DeliveryState::Waiting, None), "it is not due again");
        assert_eq!(handed.command_task.as_ref(), Some(&id));
        let ended = |phase, error: Option<&str>| {
            let status = TaskStatus { phase, attempt: 4, exit_code: None, error: error.map(str::to_owned) };
            settled(EndedCall { delivery: handed.clone(), task: Some(status) })
        };
        assert_eq!(ended(TaskPhase::Succeeded, None).state, DeliveryState::Delivered);
        for (phase, error, said) in [
            (TaskPhase::Exhausted, Some("exit 9"), "task t-1: exit 9"),
            (TaskPhase::Canceled, None, "task t-1: canceled"),
        ] {
            let ended = ended(phase, error);
            assert_eq!((ended.state, ended.said.as_deref()), (DeliveryState::GivenUp, Some(said)));
        }
        let deleted = settled(EndedCall { delivery: handed.clone(), task: None });
        assert_eq!(deleted.state, DeliveryState::GivenUp);
    }
}
