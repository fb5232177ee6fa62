//! The machine that a run is on, asked until it answers; and the file in which is told how the run stands.

use crate::error::CliError;
use solti_api::operations::{GetSummary, Operations as _};
use solti_api::{ApiError, Pauses, in_full};
use solti_http::HttpClient;
use solti_model::{Connection, Summary};
use solti_relay::{Known, ORDER_FILE, Order, PROGRESS_FILE, Progress};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Before the first try again, and at most between two.
const RESTS: Pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(5));

/// Why nothing is to be waited for.
#[derive(Debug)]
pub(super) enum Unasked {
    /// Its connection is not in the settings any more, and it does not answer by the one that there was.
    Removed,
    /// It has answered so.
    Refused(ApiError),
}

pub(super) struct Link {
    pub(super) order: Order,
    file: PathBuf,
    told: Mutex<Progress>,
    /// The connection as it was when its client was made.
    client: Mutex<Option<(Connection, HttpClient)>>,
    rests: Mutex<Pauses>,
    /// When the machine has answered, or was to be asked for the first time.
    heard: Mutex<Instant>,
}

/// Nothing panics while holding one of these.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    pub(super) fn open(folder: &Path) -> Result<Self, CliError> {
        let (path, file) = (folder.join(ORDER_FILE), folder.join(PROGRESS_FILE));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| CliError::RelayFile { path, source }
        };
        let order = solti_relay::read::<Order>(&path).map_err(failed(&path))?;
        let order = order.ok_or_else(|| failed(&path)(io::ErrorKind::NotFound.into()))?;
        let told = solti_relay::read::<Progress>(&file).map_err(failed(&file))?.unwrap_or_default();
        let (told, client, rests) = (Mutex::new(told), Mutex::default(), Mutex::new(RESTS));
        Ok(Self { order, file, told, client, rests, heard: Mutex::new(Instant::now()) })
    }

    pub(super) fn machine(&self) -> &str {
        &self.order.machine
    }

    pub(super) fn progress(&self) -> Progress {
        held(&self.told).clone()
    }

    /// Tells how the run stands. It is on the disk when this returns.
    pub(super) fn note(&self, change: impl FnOnce(&mut Progress)) -> Result<(), CliError> {
        let mut told = held(&self.told);
        let mut now = told.clone();
        change(&mut now);
        if now != *told {
            solti_relay::write(&self.file, &now)
                .map_err(|source| CliError::RelayFile { path: self.file.clone(), source })?;
            *told = now;
        }
        Ok(())
    }

    /// Tells why nothing can be learned of the run, or that it can again.
    pub(super) fn trouble(&self, why: Option<String>) {
        // Where that cannot be told, the next that has to be is not told either, and ends this program.
        self.note(|progress| progress.trouble = why).ok();
    }

    /// Asks until there is an answer.
    pub(super) async fn ask<T>(
        &self,
        what: impl AsyncFn(HttpClient) -> Result<T, ApiError>,
    ) -> Result<T, Unasked> {
        loop {
            if let Some(answer) = self.try_once(&what).await? {
                return Ok(answer);
            }
        }
    }

    /// Asks once. `None`, after a rest, where it is not known what has come of it.
    pub(super) async fn try_once<T>(
        &self,
        what: impl AsyncFn(HttpClient) -> Result<T, ApiError>,
    ) -> Result<Option<T>, Unasked> {
        let tried = match self.client() {
            Ok(client) => match what(client.clone()).await {
                Err(error) => Err(self.unless_another(&client, error).await),
                answer => answer,
            },
            Err(error) => Err(error),
        };
        let error = match tried {
            Ok(answer) => {
                held(&self.rests).reset();
                *held(&self.heard) = Instant::now();
                self.trouble(None);
                return Ok(Some(answer));
            }
            Err(error) => error,
        };
        if !passes(&error) {
            held(&self.rests).reset();
            return Err(Unasked::Refused(error));
        }
        self.trouble(Some(in_full(&error)));
        self.renew()?;
        self.rest().await;
        Ok(None)
    }

    /// What is refused: that there is no such task is an answer only of the Solti that has it. Another one in its place, with a data
    /// folder of its own, says nothing of what goes on.
    async fn unless_another(&self, client: &HttpClient, error: ApiError) -> ApiError {
        let (ApiError::TaskNotFound { .. }, Some(of_task)) = (&error, self.progress().instance) else {
            return error;
        };
        match client.ask(GetSummary {}).await {
            Ok(Summary { instance: Some(now), .. }) if now != of_task => ApiError::Unavailable {
                reason: format!("{} is another Solti than the one that has the task", self.machine()),
            },
            Err(trouble) if passes(&trouble) => trouble,
            Ok(_) | Err(_) => error,
        }
    }

    /// Done when the machine has answered nothing for so long.
    pub(super) async fn silence(&self, patience: Duration) {
        loop {
            let silent = held(&self.heard).elapsed();
            match patience.checked_sub(silent).filter(|left| !left.is_zero()) {
                Some(left) => tokio::time::sleep(left).await,
                None => return,
            }
        }
    }

    pub(super) async fn rest(&self) {
        let rest = held(&self.rests).next();
        tokio::time::sleep(rest).await;
    }

    /// The client of the machine, made where there is none.
    ///
    /// # Errors
    /// `Unavailable`: it is to be tried again.
    fn client(&self) -> Result<HttpClient, ApiError> {
        let mut kept = held(&self.client);
        if let Some((_, client)) = &*kept {
            return Ok(client.clone());
        }
        let unavailable = |why: String| ApiError::Unavailable { reason: why };
        let known = Known::of(&self.order.data_dir)
            .map_err(|error| unavailable(format!("where it is cannot be read: {error}")))?;
        let known = known.ok_or_else(|| unavailable("nobody has said where it is".to_owned()))?;
        let connection = known
            .named(self.machine())
            .ok_or_else(|| unavailable(format!("there is no connection {}", self.machine())))?;
        let client = solti_machines::client_of(&self.order.data_dir, connection)?;
        Ok(kept.insert((connection.clone(), client)).1.clone())
    }

    /// Has the next try begin with what is known of the machine then: its address or its token may be another one.
    ///
    /// # Errors
    /// `Removed`.
    pub(super) fn renew(&self) -> Result<(), Unasked> {
        // What cannot be read says nothing.
        if let Ok(Some(known)) = Known::of(&self.order.data_dir) {
            if known.named(self.machine()).is_none() {
                return Err(Unasked::Removed);
            }
            *held(&self.client) = None;
        }
        Ok(())
    }

    /// Whether the machine is said to be elsewhere than it is asked, or, while it does not answer, not to be one any more.
    pub(super) fn has_moved(&self, lost: bool) -> bool {
        let kept = held(&self.client);
        let Some((connection, _)) = &*kept else { return false };
        let Ok(Some(known)) = Known::of(&self.order.data_dir) else { return false };
        known.named(self.machine()).map_or(lost, |now| now != connection)
    }
}

/// Whether the same may be answered otherwise later: by a machine that is there again, or takes the token.
fn passes(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Unavailable { .. }
            | ApiError::RateLimited { .. }
            | ApiError::Internal { .. }
            | ApiError::Unauthenticated
            | ApiError::PermissionDenied { .. }
    )
}
