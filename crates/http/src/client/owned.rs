//! The engine of this user's data folder as its own programs reach it, at the Unix socket: see [`solti_api::Owner`].

use crate::client::HttpClient;
use crate::client::follow::Call;
use crate::owned;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use solti_api::{ApiError, SettingsAccess};
use solti_model::{DoorStates, EngineInfo, Settings};
use std::pin::pin;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_stream::Stream;

impl HttpClient {
    /// Who is at the other end.
    ///
    /// # Errors
    /// As any call may fail; `InvalidRequest` from one of an earlier version.
    pub async fn engine(&self) -> Result<EngineInfo, ApiError> {
        self.get(owned::ENGINE).await
    }

    /// How its doors are, now and after every change, also when another engine has taken its place.
    ///
    /// # Errors
    /// As any call may fail.
    pub async fn watch_doors(&self) -> Result<impl Stream<Item = DoorStates> + Send + use<>, ApiError> {
        let doors = self.follow::<DoorStates>(Call::get(owned::DOORS), None, false).await?;
        Ok(doors.map(|followed| followed.value))
    }

    /// Makes another token and answers it.
    ///
    /// # Errors
    /// As any call may fail; the old one stays.
    pub async fn rotate_token(&self) -> Result<String, ApiError> {
        #[derive(Deserialize)]
        struct Made {
            token: String,
        }
        let call = Call::change(Method::POST, owned::TOKEN, None::<Bytes>);
        let made: Made = self.parse(&self.exchange(&call).await?)?;
        Ok(made.token)
    }
}

/// The settings of the engine at the other end, followed for as long as this lives, also when another one takes its place.
pub struct ServedSettings {
    client: HttpClient,
    current: watch::Sender<Settings>,
    following: JoinHandle<()>,
}

/// As a later or an earlier version has written them.
fn read(document: &Value) -> Settings {
    Settings::from_stored(document).0
}

impl ServedSettings {
    /// # Errors
    /// As any call may fail.
    pub async fn of(client: HttpClient) -> Result<Self, ApiError> {
        let changes = client.follow::<Value>(Call::get(owned::SETTINGS_CHANGES), None, false).await?;
        let first: Value = client.get(owned::SETTINGS).await?;
        let current = watch::Sender::new(read(&first));
        let reported = current.clone();
        let following = tokio::spawn(async move {
            let mut changes = pin!(changes);
            while let Some(change) = changes.next().await {
                tell(&reported, read(&change.value));
            }
        });
        Ok(Self { client, current, following })
    }
}

fn tell(reported: &watch::Sender<Settings>, now: Settings) {
    reported.send_if_modified(|before| {
        let differs = *before != now;
        *before = now;
        differs
    });
}

impl Drop for ServedSettings {
    fn drop(&mut self) {
        self.following.abort();
    }
}

#[async_trait]
impl SettingsAccess for ServedSettings {
    fn settings(&self) -> Settings {
        self.current.borrow().clone()
    }

    async fn set_settings(&self, patch: Value) -> Result<Settings, ApiError> {
        let body = serde_json::to_vec(&patch).map_err(|error| ApiError::internal(&error))?;
        let call = Call::change(Method::PATCH, owned::SETTINGS, Some(body));
        let document: Value = self.client.parse(&self.client.exchange(&call).await?)?;
        let now = read(&document);
        tell(&self.current, now.clone());
        Ok(now)
    }

    fn watch_settings(&self) -> watch::Receiver<Settings> {
        self.current.subscribe()
    }
}
