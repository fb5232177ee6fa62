//! Guards: what stands between a transport and a handler. One wrapper, [`Guarded`], asks each of them before and tells
//! each of them after every call.
//!
//! A guard of one's own is an implementation of [`Guard`] (see `examples/guard.rs`). Who calls is a [`Caller`], which
//! the transport puts around its calls with [`Caller::scope`].

mod audit;
mod auth;
mod call;
mod caller;
mod connection;
mod guarded;
mod metrics;
mod places;
mod rate;
mod refusals;
mod token;

pub use audit::Audit;
pub use auth::Auth;
pub use call::{Call, Outcome};
pub use caller::{Caller, Origin, PresentedToken};
pub use connection::Connection;
pub use guarded::Guarded;
pub use metrics::Metrics;
pub use places::{Place, PlaceLimits, Places};
pub use rate::RateLimit;
pub use token::AccessToken;

use crate::ApiError;
use std::sync::Arc;

/// Allows or refuses calls, or only takes note of them. Called on every call: neither method may block.
///
/// A guard that has to ask somebody else first implements [`crate::ApiHandler`] itself and forwards.
pub trait Guard: Send + Sync + 'static {
    /// An error refuses the call: it goes to the caller, and neither later guards nor the handler hear of the call.
    fn before(&self, _call: &Call) -> Result<(), ApiError> {
        Ok(())
    }

    /// Every call that came past this guard, whatever became of it.
    fn after(&self, _call: &Call, _outcome: Outcome<'_>) {}

    /// Bytes of a log that went to the caller, told in portions while a stream is under way.
    fn sent(&self, _call: &Call, _bytes: u64) {}
}

/// What every transport to the outside is guarded with. Clones share their counts and limits.
#[derive(Clone)]
pub struct StandardGuards {
    /// Lets in this user and who knows the token.
    pub auth: Arc<Auth>,
    /// Bounds how often a caller from elsewhere calls.
    pub rate: Arc<RateLimit>,
    /// Counts calls, refused ones too.
    pub metrics: Arc<Metrics>,
}

impl StandardGuards {
    /// With the usual rate, and counts from 0.
    pub fn new(auth: Auth) -> Self {
        Self { auth: Arc::new(auth), rate: Arc::default(), metrics: Arc::default() }
    }

    /// The one place that says in which order guards are asked. Metrics and audit come first because they note refusals too.
    pub fn around<H: ?Sized>(&self, api: Arc<H>) -> Guarded<H> {
        Guarded::new(
            api,
            vec![
                Arc::clone(&self.metrics) as Arc<dyn Guard>,
                Arc::new(Audit),
                Arc::clone(&self.auth) as Arc<dyn Guard>,
                Arc::clone(&self.rate) as Arc<dyn Guard>,
            ],
        )
    }
}
