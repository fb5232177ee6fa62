//! The operations on hooks.

use super::body;
use super::kept::{keep, read, secret, storage, stored, with_secrets_of, without_secrets};
use crate::local::now_ms;
use crate::operations::{DeleteHook, ListHooks, Perform, SaveHook, TestHook};
use crate::{ApiError, SupervisorApiAdapter};
use solti_model::secret::MASK;
use solti_model::{
    DeliveryState, Hook, HookCall, HookDelivery, HookEvent, HookList, HookState, MAX_HOOKS, MAX_WAITING_CALLS,
};
use solti_store::{Change, NewCall};
use std::time::Duration;

/// Calls that a hook's state shows.
const SHOWN: u32 = 10;
/// A person who tries a hook does not wait for longer: an address has its whole time, and whoever asks waits for longer still.
const TEST_PATIENCE: Duration = solti_webhook::PATIENCE.saturating_add(Duration::from_secs(5));

async fn state(api: &SupervisorApiAdapter, hook: Hook) -> Result<HookState, ApiError> {
    let store = api.supervisor().store();
    let counts = store.hook_counts(Some(&hook.name)).await.map_err(storage)?;
    let latest = store.hook_calls(&hook.name, SHOWN).await.map_err(storage)?;
    let latest = latest.into_iter().map(|call| api.hooks().shown(call)).collect();
    let has_secret = secret(&hook).is_some();
    let hook = api.masked_hook(without_secrets(hook)).await?;
    Ok(HookState { hook, has_secret, waiting: counts.waiting, dropped: counts.dropped, latest })
}

/// A mask is never taken for what it stands for.
fn refuse_masks(hook: &Hook) -> Result<(), ApiError> {
    match &hook.call {
        HookCall::Webhook(webhook) if webhook.url.contains(MASK) => Err(ApiError::invalid(
            "hook.call.webhook.url",
            "holds a mask of another address: enter the whole address",
        )),
        _ => Ok(()),
    }
}

impl Perform<ListHooks> for SupervisorApiAdapter {
    async fn perform(&self, ListHooks {}: ListHooks) -> Result<HookList, ApiError> {
        let supervisor = self.supervisor();
        let mut hooks = Vec::new();
        for hook in read(stored(supervisor).await?) {
            hooks.push(state(self, hook).await?);
        }
        let waiting = supervisor.store().hook_counts(None).await.map_err(storage)?.waiting;
        Ok(HookList { hooks, waiting, most_waiting: MAX_WAITING_CALLS })
    }
}

impl Perform<SaveHook> for SupervisorApiAdapter {
    async fn perform(&self, SaveHook { hook }: SaveHook) -> Result<HookState, ApiError> {
        let supervisor = self.supervisor();
        let _edit = self.hooks().edits.lock().await;
        let before = stored(supervisor).await?;
        let mut hooks = read(before.clone());
        let is_first = hooks.is_empty();
        let at = hooks.binary_search_by(|other| other.name.cmp(&hook.name));
        let hook = with_secrets_of(hook, at.ok().map(|at| &hooks[at]));
        refuse_masks(&hook)?;
        let mut hook = self.restored(hook).await.map_err(|error| error.within("hook"))?;
        hook.validate()?;
        hook.on.sort_unstable();
        hook.on.dedup();
        match at {
            Ok(at) => hooks[at] = hook.clone(),
            Err(_) if hooks.len() >= MAX_HOOKS => {
                return Err(ApiError::invalid(
                    "hook",
                    format!("would be more than the {MAX_HOOKS} hooks that there can be"),
                ));
            }
            Err(at) => hooks.insert(at, hook.clone()),
        }
        let mut changes = vec![keep(&before, &hooks)];
        if is_first {
            // While there was none nobody kept the mark.
            let (_, last) = supervisor.store().hooks_seen().await.map_err(storage)?;
            changes.push(Change::QueueCalls { seen: Some(last), calls: vec![] });
        }
        supervisor.store().apply(changes).await.map_err(storage)?;
        self.hooks().poke.notify_one();
        state(self, hook).await
    }
}

impl Perform<DeleteHook> for SupervisorApiAdapter {
    async fn perform(&self, DeleteHook { name }: DeleteHook) -> Result<(), ApiError> {
        let supervisor = self.supervisor();
        let _edit = self.hooks().edits.lock().await;
        let mut left = stored(supervisor).await?;
        left.remove(&name);
        let hooks = read(left.clone());
        let changes = vec![keep(&left, &hooks), Change::ForgetCalls(name)];
        supervisor.store().apply(changes).await.map_err(storage)?;
        self.hooks().poke.notify_one();
        Ok(())
    }
}

impl Perform<TestHook> for SupervisorApiAdapter {
    async fn perform(&self, TestHook { name }: TestHook) -> Result<HookDelivery, ApiError> {
        let (supervisor, hooks) = (self.supervisor(), self.hooks());
        let mut tried = hooks.tried.subscribe();
        let id = {
            let _edit = hooks.edits.lock().await;
            if !read(stored(supervisor).await?).iter().any(|hook| hook.name == name) {
                return Err(ApiError::invalid("name", "names no hook"));
            }
            let at = now_ms();
            let call = NewCall {
                event: HookEvent::Test,
                task: None,
                at,
                body: body::of_test(&name, at),
                dropped: false,
                hook: name.clone(),
            };
            let queue = Change::QueueCalls { seen: None, calls: vec![call] };
            supervisor.store().apply(vec![queue]).await.map_err(storage)?;
            let calls = supervisor.store().hook_calls(&name, SHOWN).await.map_err(storage)?;
            calls.into_iter().find(|call| call.event == HookEvent::Test).map(|call| call.id)
        };
        hooks.poke.notify_one();
        let gone = || ApiError::Conflict { reason: format!("the hook {name} was removed in the meantime") };
        let id = id.ok_or_else(gone)?;
        let outcome = async {
            loop {
                let call = supervisor.store().hook_call(id).await.map_err(storage)?.ok_or_else(gone)?;
                if call.state != DeliveryState::Waiting || tried.changed().await.is_err() {
                    return Ok(call);
                }
            }
        };
        match tokio::time::timeout(TEST_PATIENCE, outcome).await {
            Ok(outcome) => outcome,
            Err(_) => supervisor.store().hook_call(id).await.map_err(storage)?.ok_or_else(gone),
        }
        .map(|call| hooks.shown(call))
    }
}
