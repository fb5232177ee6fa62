//! What stands before the engine at every door.

use solti_api::Owner;
use solti_api::guard::{AccessToken, Auth, StandardGuards};
use std::sync::Arc;

/// The guards that all doors of a data folder share, and the token that they ask for. A clone has the same ones.
#[derive(Clone)]
pub struct Keys {
    pub(crate) guards: StandardGuards,
    pub(crate) owner: Option<Owner>,
}

impl Keys {
    /// Let in whoever shows the token, and this user over the Unix socket.
    pub fn with(token: &Arc<AccessToken>) -> Self {
        Self { guards: StandardGuards::new(Auth::for_this_user(Arc::clone(token))), owner: None }
    }

    /// For the Unix socket, whose user needs none. Over TCP they let nobody in.
    pub fn without_token() -> Self {
        Self { guards: StandardGuards::new(Auth::without_token()), owner: None }
    }

    /// With what this user's own programs may ask beside the tasks, at the Unix socket.
    #[must_use]
    pub fn for_owner(self, owner: Owner) -> Self {
        Self { owner: Some(owner), ..self }
    }
}
