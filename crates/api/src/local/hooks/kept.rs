//! What there is of hooks: where they are stored, and what those who change them and the one who calls them share.

use crate::ApiError;
use solti_model::secret::masked_text;
use solti_model::{DeliveryState, Hook, HookCall, HookDelivery, Webhook};
use solti_store::{Change, StoreError};
use solti_supervisor::{Supervisor, SupervisorError};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use tokio::sync::{Mutex, Notify, watch};

/// Where they are in the store.
const HOOKS: &str = "hooks";

/// What those who change hooks and the one who calls them share.
#[derive(Debug)]
pub(in crate::local) struct Hooks {
    /// One change at a time.
    pub(super) edits: Mutex<()>,
    /// There is something new to do.
    pub(super) poke: Notify,
    /// Counts the tries that are over.
    pub(super) tried: watch::Sender<u64>,
    /// The calls of which a try is under way. A try is counted before it begins, and a program that is killed leaves it so: the
    /// database does not tell whether anybody is at it.
    under_way: std::sync::Mutex<BTreeSet<u64>>,
}

/// For as long as a try is under way.
pub(super) struct UnderWay<'a> {
    hooks: &'a Hooks,
    call: u64,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.hooks.under_way().remove(&self.call);
    }
}

impl Hooks {
    pub(super) fn was_tried(&self) {
        self.tried.send_modify(|tried| *tried += 1);
    }

    pub(super) fn begin(&self, call: u64) -> UnderWay<'_> {
        self.under_way().insert(call);
        UnderWay { hooks: self, call }
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, BTreeSet<u64>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call as it is answered: of one that is being tried it is not known yet when it is tried again.
    pub(super) fn shown(&self, call: HookDelivery) -> HookDelivery {
        let waits = call.state == DeliveryState::Waiting;
        let being_tried = waits && (call.command_task.is_some() || self.under_way().contains(&call.id));
        HookDelivery { being_tried, next_at: call.next_at.filter(|_| !being_tried), ..call }
    }
}

impl Default for Hooks {
    fn default() -> Self {
        Self {
            edits: Mutex::default(),
            poke: Notify::new(),
            tried: watch::Sender::new(0),
            under_way: std::sync::Mutex::default(),
        }
    }
}

pub(super) fn storage(error: StoreError) -> ApiError {
    SupervisorError::from(error).into()
}

/// With their secrets.
pub(in crate::local) async fn kept(supervisor: &Supervisor) -> Result<Vec<Hook>, StoreError> {
    let hooks = supervisor.store().meta(HOOKS).await?;
    // What a later version wrote of them, and this one cannot read, is left where it is.
    Ok(hooks.and_then(|hooks| serde_json::from_str(&hooks).ok()).unwrap_or_default())
}

pub(super) fn keep(hooks: &[Hook]) -> Result<Change, ApiError> {
    let value = serde_json::to_string(hooks).map_err(|error| ApiError::internal(&error))?;
    Ok(Change::SetMeta { key: HOOKS.into(), value })
}

pub(super) fn secret(hook: &Hook) -> Option<&String> {
    match &hook.call {
        HookCall::Webhook(Webhook { secret, .. }) => secret.as_ref().filter(|secret| !secret.is_empty()),
        HookCall::Command(_) => None,
    }
}

/// As it is answered: without what it signs with, and with its address as it may be shown.
pub(super) fn without_secrets(mut hook: Hook) -> Hook {
    if let HookCall::Webhook(webhook) = &mut hook.call {
        webhook.secret = None;
        webhook.url = masked_text(&webhook.url).into_owned();
    }
    hook
}

/// What comes back as it was answered is what is kept: the address whose secrets are masked, and, as long as it is the same address, the
/// secret that calls are signed with. That is not handed to another.
pub(super) fn with_secrets_of(mut hook: Hook, before: Option<&Hook>) -> Hook {
    if let HookCall::Webhook(webhook) = &mut hook.call
        && let Some(Hook { call: HookCall::Webhook(earlier), .. }) = before
    {
        if webhook.url == masked_text(&earlier.url) {
            webhook.url.clone_from(&earlier.url);
        }
        if webhook.secret.is_none() && webhook.url == earlier.url {
            webhook.secret.clone_from(&earlier.secret);
        }
    }
    hook
}
