//! Holder or client.

use crate::attached::Attached;
use crate::error::HoldingError;
use crate::held::{Held, PAUSE, own};
use solti_api::ApiError;
use solti_doors::{DoorFlags, socket};
use solti_engine::{Config, DataLock, Holder};
use solti_http::{ClientOptions, Endpoint, HttpClient, HttpError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// For the engine of another program to answer: it may have a database to check, and asks the login shell.
const PATIENCE: Duration = Duration::from_secs(30);

/// For the next engine to listen where one ends. The window says meanwhile that there is none; what is asked for waits for it.
const HANDOVER: Duration = Duration::from_secs(10);

/// What this program is to a data folder.
#[allow(clippy::large_enum_variant, reason = "a program has one, which is moved a few times")]
pub enum Seat {
    /// It holds the folder.
    Held(Held),
    /// Another program holds it, and this one is its client.
    Attached(Attached),
}

/// Takes the folder with `lock`, or attaches to the engine that holds it. `flags` are for doors of this program's own.
///
/// # Errors
/// When neither can be done. Needs a tokio runtime with I/O and time.
pub async fn sit_down(
    config: &Config,
    lock: Result<DataLock, Holder>,
    flags: DoorFlags,
) -> Result<Seat, HoldingError> {
    let late = Instant::now() + PATIENCE;
    let mut lock = lock;
    loop {
        let holder = match lock {
            Ok(lock) => return Ok(Seat::Held(Held::open(config, lock, flags).await?)),
            Err(holder) => holder,
        };
        let why = match attach(config, flags).await {
            Ok(attached) => return Ok(Seat::Attached(attached)),
            // No such route.
            Err(ApiError::InvalidRequest { .. }) => return Err(HoldingError::Earlier { holder }),
            Err(error) => error.to_string(),
        };
        if Instant::now() >= late {
            return Err(HoldingError::Silent { holder, why });
        }
        sleep(PAUSE).await;
        // It may have ended.
        lock = DataLock::acquire(&config.data_dir, own())?;
    }
}

async fn attach(config: &Config, flags: DoorFlags) -> Result<Attached, ApiError> {
    let client = |handover| client(config, handover).map_err(|error| ApiError::internal(&error));
    // Whoever does not answer may have ended, and this program is the next one then: that is looked at in between.
    let engine = client(Duration::ZERO)?.engine().await?;
    Attached::to(config, client(HANDOVER)?, engine, flags).await
}

fn client(config: &Config, handover: Duration) -> Result<HttpClient, HttpError> {
    let endpoint = Endpoint::Unix(socket(&config.data_dir));
    HttpClient::new(ClientOptions { handover, ..ClientOptions::new(endpoint) })
}
