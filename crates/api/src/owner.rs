//! What only this user's own programs may ask of the program that holds a data folder, at its Unix socket: the settings, the doors, and
//! who it is. With it the window of one program is at home in the engine of another.
//!
//! Not part of [`crate::DesktopApi`], as the settings are not.

use crate::SettingsAccess;
use crate::guard::AccessToken;
use solti_model::{DoorStates, EngineInfo};
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// What an owner's programs are told, by the transport at the socket.
#[derive(Clone)]
pub struct Owner {
    /// As it was when the engine was opened.
    pub engine: EngineInfo,
    /// Can be read, changed and followed.
    pub settings: Arc<dyn SettingsAccess>,
    /// How each door is, now and after every change.
    pub doors: watch::Receiver<DoorStates>,
    /// `None` where it cannot be had.
    pub token: Option<Arc<AccessToken>>,
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("engine", &self.engine).finish_non_exhaustive()
    }
}
