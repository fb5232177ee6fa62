//! What there is of hooks: where they are stored, and what those who change them and the one who calls them share.

use crate::ApiError;
use solti_model::secret::masked_text;
use solti_model::{DeliveryState, Hook, HookCall, HookDelivery, StoredList, Webhook};
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

/// As they are stored, for who changes them.
///
/// # Errors
/// `Conflict` when what is stored is no list of hooks: nothing is put in its place.
pub(super) async fn stored(supervisor: &Supervisor) -> Result<StoredList<Hook>, ApiError> {
    let text = supervisor.store().meta(HOOKS).await.map_err(storage)?;
    StoredList::read(text.as_deref()).map_err(|_| ApiError::Conflict {
        reason: "the stored hooks are in a form that this version cannot read; they are left as they are"
            .into(),
    })
}

/// With their secrets, in their order by name; those that this version can read.
pub(super) fn read(stored: StoredList<Hook>) -> Vec<Hook> {
    let mut hooks = stored.into_read();
    hooks.sort_by(|a, b| a.name.cmp(&b.name));
    hooks
}

/// The same, for who can do without; none where nothing can be read.
pub(in crate::local) async fn kept(supervisor: &Supervisor) -> Result<Vec<Hook>, StoreError> {
    let text = supervisor.store().meta(HOOKS).await?;
    Ok(StoredList::read(text.as_deref()).map(read).unwrap_or_default())
}

/// Says in the log what is not called because this version cannot read it.
pub(super) async fn tell_unread(supervisor: &Supervisor) {
    match stored(supervisor).await {
        Ok(hooks) => hooks.unread().for_each(|name| {
            tracing::warn!("the hook {name} cannot be read by this version: it is kept, and not called");
        }),
        Err(error) => tracing::warn!("no hook is called: {error}"),
    }
}

/// Those that this version can read are to be these.
pub(super) fn keep(stored: &StoredList<Hook>, hooks: &[Hook]) -> Change {
    Change::SetMeta { key: HOOKS.into(), value: stored.with(hooks) }
}

pub(super) fn secret(hook: &Hook) -> Option<&String> {
    match &hook.call {
        HookCall::Webhook(Webhook { secret, .. }) => secret.as_ref().filter(|secret| !secret.is_empty()),
        HookCall::Command(_) => None,
    }
}

/// Without what it signs with, and with its address as it may be shown.
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
