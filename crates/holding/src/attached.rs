//! A data folder that another program holds.

use crate::held::{Held, PAUSE, own};
use solti_api::{ApiError, DesktopApi, SettingsAccess, in_full};
use solti_doors::{DoorFlags, Doors};
use solti_engine::{Config, DataLock, EngineError};
use solti_http::{HttpClient, Reachability, ServedSettings};
use solti_model::EngineInfo;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Between two tries to open an engine that could not be opened.
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// This program as the client of another one's engine, and as its successor.
pub struct Attached {
    client: HttpClient,
    settings: Arc<ServedSettings>,
    doors: Arc<Doors>,
    engine: EngineInfo,
    /// What this program holds since the other one has ended.
    taken: Arc<Mutex<Option<Held>>>,
    beside: Vec<JoinHandle<()>>,
}

impl Attached {
    pub(crate) async fn to(
        config: &Config,
        client: HttpClient,
        engine: EngineInfo,
        flags: DoorFlags,
    ) -> Result<Self, ApiError> {
        let settings = Arc::new(ServedSettings::of(client.clone()).await?);
        let doors = Arc::new(Doors::of_another(&config.data_dir, client.clone()));
        let taken = Arc::new(Mutex::new(None));
        let mirrored = Arc::clone(&doors);
        let beside = vec![
            tokio::spawn(async move { mirrored.mirror().await }),
            tokio::spawn(succeed(config.clone(), client.clone(), Arc::clone(&taken), flags)),
        ];
        Ok(Self { client, settings, doors, engine, taken, beside })
    }

    /// The engine, whoever's it is by now.
    pub fn api(&self) -> Arc<dyn DesktopApi> {
        Arc::new(self.client.clone())
    }

    /// The client that [`Attached::api`] hands out; its reachability says whether there is an engine now.
    pub fn client(&self) -> &HttpClient {
        &self.client
    }

    /// Those of the engine; the copy at hand follows every change.
    pub fn settings(&self) -> Arc<dyn SettingsAccess> {
        Arc::clone(&self.settings) as Arc<dyn SettingsAccess>
    }

    /// The other program's, as it tells of them; this program's own once it has taken its place.
    pub fn doors(&self) -> &Arc<Doors> {
        &self.doors
    }

    /// The engine as it was found.
    pub fn engine(&self) -> &EngineInfo {
        &self.engine
    }

    /// Ends what goes on here; where this program holds the folder by now, as [`Held::let_go`].
    pub async fn let_go(self) {
        for task in self.beside {
            task.abort();
            // Aborted, as it was meant.
            task.await.ok();
        }
        if let Some(held) = self.taken.lock().await.take() {
            held.let_go().await;
        }
    }
}

/// Waits until the other program is gone, and takes its place; or goes on with the one that has.
async fn succeed(config: Config, client: HttpClient, taken: Arc<Mutex<Option<Held>>>, flags: DoorFlags) {
    let mut reachability = client.reachability();
    loop {
        let lost = reachability.wait_for(|now| matches!(now, Reachability::Lost(_))).await.is_ok();
        if !lost {
            return;
        }
        match take(&config, flags).await {
            Ok(Some(held)) => {
                tracing::info!("the engine of another program has ended; this one goes on with its tasks");
                *taken.lock().await = Some(held);
                // Streams find it by themselves; this makes them look at once.
                client.engine().await.ok();
                return;
            }
            Ok(None) => {
                // Another one has the folder, and is there or about to be.
                client.engine().await.ok();
                sleep(PAUSE).await;
            }
            Err(error) => {
                tracing::error!(
                    "the tasks of another program that has ended cannot be taken up: {}",
                    in_full(&error)
                );
                sleep(LONG_PAUSE).await;
            }
        }
    }
}

/// `None` where somebody holds the folder.
async fn take(config: &Config, flags: DoorFlags) -> Result<Option<Held>, EngineError> {
    match DataLock::acquire(&config.data_dir, own())? {
        Ok(lock) => Held::open(config, lock, flags).await.map(Some),
        Err(_) => Ok(None),
    }
}
