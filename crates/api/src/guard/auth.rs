//! Whether a caller may call at all: the app itself, this user over a Unix socket, or whoever knows the token.

use crate::ApiError;
use crate::guard::{AccessToken, Call, Caller, Guard, Origin};
use std::sync::Arc;

/// Transports ask [`Auth::check`] before they read a body; as a guard it also stands before the handler, so that a
/// transport which forgot lets nobody in.
pub struct Auth {
    token: Arc<AccessToken>,
    own_uid: u32,
}

impl Auth {
    /// `own_uid` may call over a Unix socket without the token.
    pub fn new(token: Arc<AccessToken>, own_uid: u32) -> Self {
        Self { token, own_uid }
    }

    /// For the user of this process.
    pub fn for_this_user(token: Arc<AccessToken>) -> Self {
        Self::new(token, rustix::process::geteuid().as_raw())
    }

    /// # Errors
    /// [`ApiError::Unauthenticated`].
    pub fn check(&self, caller: &Caller) -> Result<(), ApiError> {
        let known = match caller.origin {
            Origin::App => true,
            Origin::Socket { uid } => uid == self.own_uid,
            Origin::Unknown | Origin::Network { .. } => false,
        };
        let shown = || caller.token.as_ref().is_some_and(|token| self.token.is(token.as_bytes()));
        if known || shown() { Ok(()) } else { Err(ApiError::Unauthenticated) }
    }
}

impl Guard for Auth {
    fn before(&self, call: &Call) -> Result<(), ApiError> {
        self.check(&call.caller)
    }
}
