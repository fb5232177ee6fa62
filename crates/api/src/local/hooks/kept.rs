//! What there is of hooks: where they are stored, and what those who change them and the one who calls them share.

use crate::ApiError;
use solti_model::{Hook, HookCall, Webhook};
use solti_store::{Change, StoreError};
use solti_supervisor::{Supervisor, SupervisorError};
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
}

impl Hooks {
    pub(super) fn was_tried(&self) {
        self.tried.send_modify(|tried| *tried += 1);
    }
}

impl Default for Hooks {
    fn default() -> Self {
        Self { edits: Mutex::default(), poke: Notify::new(), tried: watch::Sender::new(0) }
    }
}

pub(super) fn storage(error: StoreError) -> ApiError {
    SupervisorError::from(error).into()
}

/// With their secrets.
pub(super) async fn kept(supervisor: &Supervisor) -> Result<Vec<Hook>, StoreError> {
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

pub(super) fn without_secret(mut hook: Hook) -> Hook {
    if let HookCall::Webhook(webhook) = &mut hook.call {
        webhook.secret = None;
    }
    hook
}

/// A hook that says nothing of its secret keeps the one that it has, as long as it posts to the same address: a secret is not handed
/// to another.
pub(super) fn with_secret_of(mut hook: Hook, before: Option<&Hook>) -> Hook {
    if let HookCall::Webhook(webhook) = &mut hook.call
        && webhook.secret.is_none()
        && let Some(Hook { call: HookCall::Webhook(earlier), .. }) = before
        && earlier.url == webhook.url
    {
        webhook.secret.clone_from(&earlier.secret);
    }
    hook
}
