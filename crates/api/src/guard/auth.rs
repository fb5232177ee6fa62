//! Whether a caller may call at all: the app itself, this user over a Unix socket, or whoever knows the token.

use crate::ApiError;
use crate::guard::refusals::Refusals;
use crate::guard::{AccessToken, Call, Caller, Guard, Origin};
use std::sync::Arc;

/// Transports ask [`Auth::check`] before they read a body; as a guard it also stands before the handler, so that a
/// transport which forgot lets nobody in.
pub struct Auth {
    /// `None` where only the own user may call.
    token: Option<Arc<AccessToken>>,
    own_uid: u32,
    refusals: Refusals,
}

impl Auth {
    /// `own_uid` may call over a Unix socket without the token.
    pub fn new(token: Arc<AccessToken>, own_uid: u32) -> Self {
        Self { token: Some(token), own_uid, refusals: Refusals::default() }
    }

    /// Without a token: lets in nobody but the user of this process, over a Unix socket.
    pub fn without_token() -> Self {
        let own_uid = rustix::process::geteuid().as_raw();
        Self { token: None, own_uid, refusals: Refusals::default() }
    }

    /// For the user of this process.
    pub fn for_this_user(token: Arc<AccessToken>) -> Self {
        Self::new(token, rustix::process::geteuid().as_raw())
    }

    /// A refusal is noted in the app's log.
    ///
    /// # Errors
    /// [`ApiError::Unauthenticated`].
    pub fn check(&self, caller: &Caller) -> Result<(), ApiError> {
        if self.knows(caller) {
            return Ok(());
        }
        self.refusals.note(caller);
        Err(ApiError::Unauthenticated)
    }

    /// As [`Auth::check`], without a note.
    pub(super) fn knows(&self, caller: &Caller) -> bool {
        let own = match caller.origin {
            Origin::App => true,
            Origin::Socket { uid } => uid == self.own_uid,
            Origin::Unknown | Origin::Network { .. } => false,
        };
        let shown = self.token.as_ref().zip(caller.token.as_ref());
        own || shown.is_some_and(|(token, shown)| token.is(shown.as_bytes()))
    }

    /// Done when `caller` may call no more, because the token was replaced that it had shown. What such a caller has open
    /// (streams, exports) ends then.
    pub fn revoked(self: &Arc<Self>, caller: Arc<Caller>) -> impl Future<Output = ()> + Send + use<> {
        let auth = Arc::clone(self);
        let mut rotations = auth.token.as_ref().map(|token| token.rotations());
        async move {
            while auth.knows(&caller) {
                match &mut rotations {
                    // The sender is in the token, which `auth` holds.
                    Some(rotations) => drop(rotations.changed().await),
                    None => std::future::pending().await,
                }
            }
        }
    }
}

impl Guard for Auth {
    fn before(&self, call: &Call) -> Result<(), ApiError> {
        self.check(&call.caller)
    }
}
