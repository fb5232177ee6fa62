//! What the handle, the actor and the housekeeping share.

use crate::backlog::Backlog;
use crate::feed::ChangeFeed;
use solti_model::{DigestSleep, StaysAwake, UnkeptLimit};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, OnceLock};
use tokio::sync::watch;

/// What the handle and the actor share. The actor is the one writer, but of what the logs exceed.
#[derive(Debug)]
pub(crate) struct SharedState {
    pub feed: ChangeFeed,
    pub resource_version: AtomicU64,
    pub read_only: AtomicBool,
    pub backlog: Backlog,
    /// Nothing starts in any lane.
    pub all_held: AtomicBool,
    pub unkept: Mutex<Vec<UnkeptLimit>>,
    /// Whether the machine is kept awake; `None` while nothing asks for it.
    pub awake: Mutex<Option<StaysAwake>>,
    /// The last sleep of the machine.
    pub slept: Mutex<Option<DigestSleep>>,
    /// Grows with each change of a job, and of what has come of one.
    pub jobs: watch::Sender<u64>,
    /// Where tasks look for programs.
    pub search_path: Vec<PathBuf>,
    /// Which data folder this is, once that is written.
    pub instance: OnceLock<String>,
}
