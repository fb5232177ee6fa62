//! A data folder that this program holds.

use solti_doors::{Behind, DoorFlags, Doors};
use solti_engine::{Config, DataLock, Engine, EngineError, Holder};
use std::sync::Arc;
use std::time::Duration;

/// Between two tries to have the folder.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// An engine and its doors, until they are let go of.
pub struct Held {
    engine: Engine,
    doors: Arc<Doors>,
    _lock: DataLock,
}

impl Held {
    /// Takes up the tasks and opens the doors that the settings name.
    ///
    /// # Errors
    /// When there is no engine to be had; the lock is free then.
    pub async fn open(config: &Config, lock: DataLock, flags: DoorFlags) -> Result<Self, EngineError> {
        let engine = Engine::open(config).await?;
        let doors = Arc::new(Doors::new(&config.data_dir));
        let behind = Behind { api: engine.api(), settings: engine.settings(), engine: engine.info() };
        let followed = Arc::clone(&doors);
        tokio::spawn(async move { followed.follow(behind, flags).await });
        Ok(Self { engine, doors, _lock: lock })
    }

    /// The engine of this program.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Opened and shut as the settings say, until [`Held::let_go`].
    pub fn doors(&self) -> &Arc<Doors> {
        &self.doors
    }

    /// Answers what is under way, stores what is known, and frees the folder. Running tasks go on.
    pub async fn let_go(self) {
        self.doors.shut().await;
        self.engine.detach().await;
    }
}

/// This program, as it says of itself in the lock.
pub(crate) fn own() -> Holder {
    Holder::App { pid: std::process::id() }
}
