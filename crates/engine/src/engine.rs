//! The one place that says what the engine is made of: store, runner, supervisor, and the api over them. Guards stand
//! between this api and a transport, not here: the window needs none.

use crate::{
    Config, EngineError, environment::Inherited, instance::Instance, keyring::SessionKeyring,
    machine::ThisMachine, open_files, user_manager::UserManager,
};
use rustix::process::Signal;
use serde_json::json;
use solti_api::{DesktopApi, SettingsAccess, StoredSettings, SupervisorApiAdapter, in_full};
use solti_logstore::LogLimits;
use solti_model::{
    Connection, EngineInfo, FinishedSettings, InheritedEnvironment, LogSettings, Recovered, Settings,
    SlurmSettings,
};
use solti_runner::{ContainerRunner, EngineKind, Machines, Runners, ShimRunner, SlurmRunner, WasmRunner};
use solti_store::{Opened, Recovery, Store, StoreError, free_bytes};
use solti_supervisor::{FinishedLimits, RunFolders, Supervisor, SupervisorConfig, SupervisorError};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    spawn,
    sync::watch,
    task::spawn_blocking,
    time::timeout,
};

/// Longer than any write takes on a working disk; on a broken one the next start reconciles.
const PATIENCE: Duration = Duration::from_secs(5);

/// The runner of WebAssembly is called as its engine is, like those of containers.
const WASM: &str = "wasmtime";
/// That of a cluster too.
const SLURM: &str = "slurm";

/// The engine of one data folder. Dropping it does not end the runs; [`Engine::detach`] stores what is known first.
pub struct Engine {
    api: Arc<dyn DesktopApi>,
    settings: Arc<dyn SettingsAccess>,
    environment: InheritedEnvironment,
    recovery: Option<Recovery>,
    supervisor: Supervisor,
}

impl Engine {
    /// Opens the store and takes up the tasks that ran while nobody held them. A database that is damaged is replaced by
    /// its newest sound copy.
    pub async fn open(config: &Config) -> Result<Self, EngineError> {
        let data_dir = config.data_dir.clone();
        let instance = spawn_blocking(move || Instance::of(&data_dir)).await?;
        let instance = instance
            .inspect_err(|error| tracing::warn!("whether the data folder is a copy is not known: {error}"));
        let copied_from = instance.as_ref().ok().and_then(|instance| instance.copied_from.clone());
        if let Some(original) = &copied_from {
            let original = original.display();
            tracing::warn!(
                "the data folder is a copy of {original}: what runs belongs to that one, and what waits is held"
            );
        }
        let opened = blocking(&config.data_dir, Store::open_or_recover).await?;
        let engine = match Self::compose(config, opened, copied_from.clone()).await {
            // Not every opening reads the whole file; here a part is damaged that the start needs.
            Err(error) if is_damage(&error) => {
                tracing::error!("the database is damaged and will be replaced: {}", in_full(&error));
                let opened = blocking(&config.data_dir, Store::recover).await?;
                Self::compose(config, opened, copied_from).await
            }
            composed => composed,
        }?;
        // What follows from it is stored by now.
        if let Ok(instance) = instance {
            match spawn_blocking(move || instance.settle()).await? {
                Ok(id) => engine.supervisor.set_instance(id),
                Err(error) => tracing::warn!("a copy of the data folder will not be told from it: {error}"),
            }
        }
        Ok(engine)
    }

    async fn compose(
        config: &Config,
        Opened { store, recovered }: Opened,
        copied_from: Option<PathBuf>,
    ) -> Result<Self, EngineError> {
        let runner = ShimRunner::sheltered(&config.shim, Arc::new(UserManager::of_session()));
        let runner = runner.with_open_files(open_files::found());
        // Beside the rest of the start. A run that comes first waits for it.
        spawn({
            let runner = runner.clone();
            async move { runner.warm_up().await }
        });
        let settings = Arc::new(StoredSettings::load(store.clone()).await?);
        suit_disk(&settings, &config.data_dir).await;
        let capture = settings.settings().environment.capture_login_shell;
        let inherited = Inherited::find(capture).await;
        // Not before the login shell is asked: what that starts has the limit that it is used to.
        open_files::raise();
        outlive_large_files();
        let followed = settings.watch_settings();
        let supervised = SupervisorConfig {
            base_env: inherited.variables.clone(),
            from_login_shell: inherited.names_from_shell(),
            restored: recovered.is_some(),
            copied_from,
            log_limits: follow(followed.clone(), |settings| log_limits(&settings.logs)),
            finished_limits: follow(followed.clone(), |settings| finished_limits(&settings.finished)),
            machine: Arc::new(ThisMachine::new(&config.data_dir)),
            keyring: Arc::new(SessionKeyring::default()),
            ..SupervisorConfig::new(&config.data_dir)
        };
        let slurm = follow(followed.clone(), |settings| settings.slurm.clone());
        let connections = follow(followed, |settings| settings.connections.clone());
        let (runners, containers) = runners(&runner, &inherited, slurm, connections, config);
        let supervisor = Supervisor::start(store.clone(), runners, supervised).await?;
        spawn(sweep_containers(containers, supervisor.folders().clone()));
        spawn(keep_copies(store));
        let api = SupervisorApiAdapter::new(supervisor.clone());
        spawn(api.clone().call_hooks());
        let api = Arc::new(api);
        // A database that was gone without a copy leaves no trace but this.
        let lost = Recovery::default;
        let recovery = recovered.or_else(|| supervisor.was_restored().then(lost));
        Ok(Self { api, settings, environment: inherited.shown(), recovery, supervisor })
    }

    /// Without guards: for this program's own windows, and for doors to put guards before it.
    pub fn api(&self) -> Arc<dyn DesktopApi> {
        Arc::clone(&self.api)
    }

    /// Kept in the database, and followed by the engine.
    pub fn settings(&self) -> Arc<dyn SettingsAccess> {
        Arc::clone(&self.settings)
    }

    /// What tasks inherit, as far as a person may see it.
    pub fn environment(&self) -> InheritedEnvironment {
        self.environment.clone()
    }

    /// What it says of itself to this user's other programs.
    pub fn info(&self) -> EngineInfo {
        EngineInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            environment: self.environment(),
            recovered: self.recovery().map(|recovery| Recovered {
                set_aside: recovery.set_aside.clone(),
                backup_taken_at: recovery.backup_taken_at,
                is_older: recovery.is_older,
            }),
        }
    }

    /// What had to be done to open the database; `None` as a rule.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref()
    }

    /// Stores what is known and lets go of the running tasks, which go on.
    pub async fn detach(&self) {
        let stored = timeout(PATIENCE, async {
            self.supervisor.shut_down().await;
            self.supervisor.store().settle().await
        });
        match stored.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!("the database is not settled, the next start checks it: {error}")
            }
            Err(_) => tracing::warn!("the engine did not finish in time; the next start reconciles"),
        }
    }
}

/// Has a write beyond a limit of the size of files fail as one on a full disk does, instead of ending this process. A handler, which no
/// program that is started inherits.
fn outlive_large_files() {
    if let Err(error) = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())) {
        tracing::warn!("a limit of the size of files may end this process: {error}");
    }
}

/// The runners of this machine. Engines that are not there yet may be installed while this runs.
fn runners(
    runner: &ShimRunner,
    inherited: &Inherited,
    slurm: watch::Receiver<SlurmSettings>,
    connections: watch::Receiver<Vec<Connection>>,
    config: &Config,
) -> (Runners, [ContainerRunner; 2]) {
    let Config { data_dir, wasi, client, shim } = config;
    let containers = [EngineKind::Podman, EngineKind::Docker]
        .map(|kind| ContainerRunner::new(kind, runner.clone(), inherited.variables.clone(), data_dir));
    let mut runners = Runners::new(Arc::new(runner.clone()));
    for container in &containers {
        let word = container.kind().word();
        runners = runners.with(word, &[("engine", word)], Arc::new(container.clone()));
    }
    let wasm = WasmRunner::new(wasi, runner.clone(), data_dir);
    let slurm = SlurmRunner::new(shim, inherited.variables.clone(), data_dir, slurm);
    let runners = runners.with(WASM, &[("engine", WASM)], Arc::new(wasm));
    let machines = Machines::new(client, runner.clone(), inherited.variables.clone(), data_dir, connections);
    let runners = runners.with(SLURM, &[("engine", SLURM)], Arc::new(slurm));
    (runners.with_machines(machines), containers)
}

/// Takes away what the runs of an earlier time have left.
async fn sweep_containers(containers: [ContainerRunner; 2], folders: RunFolders) {
    for container in containers {
        container.sweep_left(|run| folders.run(&run.task, run.attempt)).await;
    }
}

async fn blocking(
    data_dir: &Path,
    open: fn(&Path) -> Result<Opened, StoreError>,
) -> Result<Opened, EngineError> {
    let data_dir = data_dir.to_owned();
    Ok(spawn_blocking(move || open(&data_dir)).await??)
}

fn is_damage(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Store(StoreError::Corrupt(_))
            | EngineError::Supervisor(SupervisorError::Store(StoreError::Corrupt(_)))
    )
}

/// The part of the settings that `part` reads, now and after every change of it.
fn follow<T: PartialEq + Send + Sync + 'static>(
    mut settings: watch::Receiver<Settings>,
    part: fn(&Settings) -> T,
) -> watch::Receiver<T> {
    let (reported, followed) = watch::channel(part(&settings.borrow_and_update()));
    spawn(async move {
        while settings.changed().await.is_ok() {
            let now = part(&settings.borrow_and_update());
            reported.send_if_modified(|before| {
                let differs = *before != now;
                *before = now;
                differs
            });
        }
    });
    followed
}

/// Until a person has set anything, a disk that is nearly full is no reason to remove each log as soon as it ends: less stays free
/// there, which the settings show.
async fn suit_disk(settings: &StoredSettings, data_dir: &Path) {
    let floor = free_bytes(data_dir).ok().and_then(LogSettings::first_min_free);
    let Some(floor) = floor else { return };
    if settings.are_changed().await {
        return;
    }
    match settings.set_settings(json!({"logs": {"minFreeBytes": floor}})).await {
        Ok(_) => tracing::info!("the disk is nearly full: {floor} bytes of it are to stay free"),
        Err(error) => tracing::warn!(
            "what is to stay free on a disk that is nearly full is not set: {}",
            in_full(&error)
        ),
    }
}

fn log_limits(logs: &LogSettings) -> LogLimits {
    LogLimits {
        run_bytes: logs.run_bytes,
        task_bytes: logs.task_bytes,
        total_bytes: logs.total_bytes,
        min_free_bytes: logs.min_free_bytes,
        keep_head_bytes: logs.keep_head_bytes,
    }
}

fn finished_limits(finished: &FinishedSettings) -> FinishedLimits {
    FinishedLimits {
        keep_days: finished.keep_days,
        keep_tasks: finished.keep_tasks,
        keep_attempts: Some(finished.keep_attempts),
    }
}

/// Copies the database daily for as long as it is sound.
async fn keep_copies(store: Store) {
    let failed = |error: &StoreError| tracing::warn!("the database could not be copied: {error}");
    if let Err(StoreError::Corrupt(error)) = store.back_up_daily(failed).await {
        tracing::error!("the database is damaged; the next start puts its newest copy in its place: {error}");
        if let Err(error) = store.recover_at_next_start() {
            tracing::error!("that could not be noted: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_testing::SmallDisk;

    #[tokio::test(flavor = "multi_thread")]
    async fn on_a_disk_that_is_nearly_full_less_is_to_stay_free_until_a_person_says_otherwise() {
        let Some(disk) = SmallDisk::mount(100) else { return };
        let config = Config::with_shim(disk.path(), disk.path().join("no-task-is-started"));
        let engine = Engine::open(&config).await.expect("an engine");
        let floor = engine.settings().settings().logs.min_free_bytes;
        assert!((1..52_000_000).contains(&floor), "{floor}");
        engine.settings().set_settings(json!({"logs": {"minFreeBytes": 5}})).await.expect("legal");
        engine.detach().await;
        let engine = Engine::open(&config).await.expect("an engine");
        assert_eq!(engine.settings().settings().logs.min_free_bytes, 5);
    }
}
