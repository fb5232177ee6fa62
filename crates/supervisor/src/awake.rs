//! Keeps the machine from sleeping while a task that asks for it runs. The actor says what is wanted; the rest is done here.

use crate::machine::{Machine, StayingAwake};
use crate::shared::SharedState;
use solti_model::{Asked, KeepAwake, StaysAwake};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;

const ON_BATTERY: &str = "it runs on its battery";

/// Follows `wanted` until its sender is gone.
pub(crate) async fn keep_awake(
    machine: Arc<dyn Machine>,
    mut wanted: watch::Receiver<KeepAwake>,
    shared: Weak<SharedState>,
    look_every: Duration,
) {
    let mut lock: Option<StayingAwake> = None;
    loop {
        let asked = *wanted.borrow_and_update();
        let state = match may_be_kept(&*machine, asked).await {
            _ if asked == KeepAwake::Never => {
                lock = None;
                None
            }
            Ok(()) => {
                let kept = match lock {
                    Some(_) => Ok(()),
                    None => machine.stay_awake().await.map(|taken| lock = Some(taken)),
                };
                Some(StaysAwake { why_not: kept.err() })
            }
            Err(why) => {
                lock = None;
                Some(StaysAwake { why_not: Some(why) })
            }
        };
        let Some(shared) = shared.upgrade() else { return };
        shared.tell_awake(state);
        drop(shared);
        let again = async {
            match asked {
                KeepAwake::Never => std::future::pending().await,
                _ => tokio::time::sleep(look_every).await,
            }
        };
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            () = again => {}
        }
    }
}

/// Whether the machine is to be kept awake as it is now, or why not.
async fn may_be_kept(machine: &dyn Machine, asked: KeepAwake) -> Result<(), String> {
    match asked {
        KeepAwake::Never | KeepAwake::Always => Ok(()),
        KeepAwake::OnMains => {
            match machine.look(Asked { on_mains: true, ..Asked::default() }).await.on_mains {
                Ok(true) => Ok(()),
                Ok(false) => Err(ON_BATTERY.to_owned()),
                Err(why) => Err(format!("whether it has mains power cannot be checked ({why})")),
            }
        }
    }
}

impl SharedState {
    fn tell_awake(&self, state: Option<StaysAwake>) {
        let mut now = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != state {
            if let Some(why) = state.as_ref().and_then(|state| state.why_not.as_ref()) {
                tracing::warn!("tasks run that are to keep this computer awake, and it may sleep: {why}");
            }
            *now = state;
            drop(now);
            self.feed.touched();
        }
    }

    pub(crate) fn stays_awake(&self) -> Option<StaysAwake> {
        self.awake.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
