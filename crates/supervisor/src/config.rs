//! What a supervisor is started with.

use crate::machine::{Keyring, Machine, Unseen};
use solti_logstore::LogLimits;
use solti_model::{InheritedVariable, VariableOrigin};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Enough to keep the processors busy; with more, a submit waits behind starts that are not faster for it.
const STARTS_A_PROCESSOR: usize = 4;

/// What a supervisor is started with; [`SupervisorConfig::new`] has the defaults.
#[derive(Debug, Clone)]
pub struct SupervisorConfig {
    /// The folder of the app's data; `runs/` is in it.
    pub data_dir: PathBuf,
    /// See [`crate::current_boot_id`].
    pub boot_id: String,
    /// What tasks inherit; their own variables are added to it.
    pub base_env: BTreeMap<OsString, OsString>,
    /// The names among these that the login shell has set; the rest is the app's own.
    pub from_login_shell: BTreeSet<OsString>,
    /// From TERM to KILL.
    pub grace: Duration,
    /// Processes that are being started at the same time.
    pub concurrent_starts: usize,
    /// The store is of an earlier time than the run folders, or empty: the database was lost. Then nothing that waits starts
    /// by itself, and what the folders show is taken up.
    pub restored: bool,
    /// The data folder that this one was copied from, and that is there. What was under way belongs to that one: it is lost here, and
    /// left alone, and what waits is held.
    pub copied_from: Option<PathBuf>,
    /// What the logs may take; followed while the supervisor runs.
    pub log_limits: watch::Receiver<LogLimits>,
    /// Which finished tasks stay; followed while the supervisor runs.
    pub finished_limits: watch::Receiver<FinishedLimits>,
    /// What lanes and running tasks ask of the machine.
    pub machine: Arc<dyn Machine>,
    /// Where secrets of jobs are kept.
    pub keyring: Arc<dyn Keyring>,
    /// Between two looks at the machine, as long as something waits for it or keeps it awake.
    pub look_every: Duration,
    /// How far the making of skip filters stands back behind other work of the machine, as nice(1) counts: 0 to 19.
    pub skip_filter_niceness: i32,
}

impl SupervisorConfig {
    /// The defaults: this process's environment, five seconds of grace, a few starts at a time for each processor, and
    /// no limits.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            boot_id: crate::current_boot_id(),
            base_env: std::env::vars_os().collect(),
            from_login_shell: BTreeSet::new(),
            grace: Duration::from_secs(5),
            concurrent_starts: STARTS_A_PROCESSOR
                * std::thread::available_parallelism().map_or(1, usize::from),
            restored: false,
            copied_from: None,
            log_limits: watch::channel(LogLimits::default()).1,
            finished_limits: watch::channel(FinishedLimits::default()).1,
            machine: Arc::new(Unseen),
            keyring: Arc::new(Unseen),
            look_every: Duration::from_secs(10),
            skip_filter_niceness: 19,
        }
    }

    /// The folders of PATH, as tasks inherit it.
    pub(crate) fn search_path(&self) -> Vec<PathBuf> {
        let path = self.base_env.get(OsStr::new("PATH"));
        path.map(|path| std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect())
            .unwrap_or_default()
    }

    /// What is recorded of the environment that runs inherit.
    pub(crate) fn recorded(&self) -> Vec<InheritedVariable> {
        let masked = |(name, value): (&OsString, &OsString)| {
            let origin = match self.from_login_shell.contains(name) {
                true => VariableOrigin::LoginShell,
                false => VariableOrigin::App,
            };
            InheritedVariable::masked(name, value, origin)
        };
        self.base_env.iter().map(masked).collect()
    }
}

/// Bounds of what is over and kept: tasks, each with its runs and logs, and attempts; `None` is no bound. A task with a bookmark
/// stays whatever they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FinishedLimits {
    /// Days since the task finished, by a clock that is believed.
    pub keep_days: Option<u32>,
    /// Of the finished tasks only the latest this many.
    pub keep_tasks: Option<u32>,
    /// Of each task's attempts only the latest this many, beside the first ones.
    pub keep_attempts: Option<u32>,
}
