//! The doors for other programs: the Unix socket, HTTP and gRPC, each open while the settings say so. Who may come in is
//! `solti-api`'s guards', what is said there `solti-http`'s and `solti-grpc`'s. A door that cannot be opened says why and is
//! tried again when its settings change; tasks do not care.

use crate::events::Frame;
use futures::stream::{BoxStream, StreamExt};
use serde::Serialize;
use solti_api::{
    ApiError, DesktopApi,
    guard::{AccessToken, Auth, StandardGuards},
};
use solti_engine::in_full;
use solti_grpc::{GrpcError, Listener, ServerOptions, TlsIdentity};
use solti_http::{CertificateFiles, HttpError, ServeOptions, TcpOptions, Tls, certificate_names};
use solti_model::{ApiSettings, GrpcSettings, HttpSettings, Settings, TlsMode};
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tauri::async_runtime::{JoinHandle, spawn};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

/// In the data folder.
const FOLDER: &str = "api";
const SOCKET: &str = "solti.sock";

/// How each door is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DoorStates {
    socket: DoorState,
    http: DoorState,
    grpc: DoorState,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum DoorState {
    #[default]
    Shut,
    Open {
        /// A URL, or the socket's path.
        address: String,
        /// Of the certificate, SHA-256.
        #[serde(skip_serializing_if = "Option::is_none")]
        fingerprint: Option<String>,
    },
    Failed {
        /// A sentence.
        problem: String,
    },
}

/// Addresses that the command line gives. They hold over the settings, which stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DoorFlags {
    pub http: Option<SocketAddr>,
    pub grpc: Option<SocketAddr>,
}

/// One message about the doors.
#[derive(Debug, Serialize)]
pub struct DoorFrame {
    frame: u64,
    doors: DoorStates,
}

impl Frame for DoorFrame {
    type Item = DoorStates;

    fn first(doors: DoorStates) -> Self {
        Self { frame: 0, doors }
    }

    fn fold(&mut self, doors: DoorStates) {
        self.doors = doors;
    }

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}

/// Why a door stays shut.
#[derive(Debug, thiserror::Error)]
enum DoorError {
    #[error("the token cannot be had")]
    Token(#[source] io::Error),
    #[error("{address} is no address")]
    Address { address: String },
    #[error("{address} cannot be listened on")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("{} cannot be read", path.display())]
    Certificate { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Grpc(#[from] GrpcError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Door {
    Socket,
    Http(HttpSettings),
    Grpc(GrpcSettings),
}

enum Serving {
    Http(solti_http::Serving),
    Grpc { close: oneshot::Sender<()>, ended: JoinHandle<()> },
}

impl Serving {
    async fn shut(self) {
        match self {
            Self::Http(serving) => serving.shut_down().await,
            Self::Grpc { close, ended } => {
                // One that has ended already hears nothing of it.
                close.send(()).ok();
                ended.await.ok();
            }
        }
    }
}

/// What all doors share, made when the first is opened.
#[derive(Clone)]
struct Keys {
    token: Arc<AccessToken>,
    guards: StandardGuards,
}

pub struct Doors {
    folder: PathBuf,
    keys: Mutex<Option<Keys>>,
    states: watch::Sender<DoorStates>,
}

impl Doors {
    pub fn new(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.join(FOLDER),
            keys: Mutex::default(),
            states: watch::Sender::new(DoorStates::default()),
        }
    }

    /// Opens and shuts doors as the settings say, until they end. `flags` stand in for addresses of the settings.
    pub async fn follow(
        &self,
        api: Arc<dyn DesktopApi>,
        mut settings: watch::Receiver<Settings>,
        flags: DoorFlags,
    ) {
        let mut open: [(Option<Door>, Option<Serving>); 3] = Default::default();
        loop {
            let wanted = wanted(&settings.borrow_and_update().api, flags);
            for (slot, (wanted, (door, serving))) in wanted.into_iter().zip(&mut open).enumerate() {
                if *door == wanted {
                    continue;
                }
                if let Some(serving) = serving.take() {
                    serving.shut().await;
                }
                let (state, opened) = match &wanted {
                    None => (DoorState::Shut, None),
                    Some(wanted) => self.try_open(wanted, &api).await,
                };
                (*door, *serving) = (wanted, opened);
                self.states.send_modify(|states| {
                    *match slot {
                        0 => &mut states.socket,
                        1 => &mut states.http,
                        _ => &mut states.grpc,
                    } = state;
                });
            }
            if settings.changed().await.is_err() {
                return;
            }
        }
    }

    /// How the doors are, now and after every change.
    pub fn states(&self) -> BoxStream<'static, DoorStates> {
        let states = self.states.subscribe();
        futures::stream::unfold((states, true), |(mut states, first)| async move {
            if !first {
                states.changed().await.ok()?;
            }
            let now = states.borrow_and_update().clone();
            Some((now, (states, false)))
        })
        .boxed()
    }

    /// The token that another program shows at HTTP and gRPC.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    pub fn token(&self) -> Result<String, ApiError> {
        Ok(self.keys().map_err(|error| ApiError::internal(&error))?.token.text())
    }

    /// Makes another one; the old one lets nobody in any more.
    ///
    /// # Errors
    /// When it cannot be stored; the old one stays.
    pub fn rotate_token(&self) -> Result<String, ApiError> {
        let keys = self.keys().map_err(|error| ApiError::internal(&error))?;
        keys.token.rotate().map_err(|error| ApiError::internal(&error))
    }

    fn keys(&self) -> Result<Keys, DoorError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = &*keys {
            return Ok(keys.clone());
        }
        let token = Arc::new(AccessToken::open(&self.folder).map_err(DoorError::Token)?);
        let guards = StandardGuards::new(Auth::for_this_user(Arc::clone(&token)));
        Ok(keys.insert(Keys { token, guards }).clone())
    }

    async fn try_open(&self, door: &Door, api: &Arc<dyn DesktopApi>) -> (DoorState, Option<Serving>) {
        match self.open(door, api).await {
            Ok((state, serving)) => {
                tracing::info!("a door is open: {door:?}");
                (state, Some(serving))
            }
            Err(error) => {
                let problem = in_full(&error);
                tracing::warn!("a door stays shut: {problem}");
                (DoorState::Failed { problem }, None)
            }
        }
    }

    async fn open(&self, door: &Door, api: &Arc<dyn DesktopApi>) -> Result<(DoorState, Serving), DoorError> {
        let guards = match (self.keys(), door) {
            (Ok(keys), _) => keys.guards,
            // This user needs none.
            (Err(error), Door::Socket) => {
                tracing::warn!("the Unix socket opens without a token: {}", in_full(&error));
                StandardGuards::new(Auth::without_token())
            }
            (Err(error), _) => return Err(error),
        };
        match door {
            Door::Socket => {
                let path = self.folder.join(SOCKET);
                let address = path.display().to_string();
                let options = ServeOptions { socket: Some(path), ..ServeOptions::default() };
                let serving = solti_http::serve(Arc::clone(api), &guards, options).await?;
                Ok((DoorState::Open { address, fingerprint: None }, Serving::Http(serving)))
            }
            Door::Http(http) => {
                let tls = match http.tls {
                    TlsMode::Auto => Tls::Auto { dir: self.folder.clone() },
                    TlsMode::Off => Tls::Off,
                };
                let tcp = TcpOptions {
                    allowed_hosts: http.allowed_hosts.clone(),
                    ..TcpOptions::new(address(&http.address)?, tls)
                };
                let options = ServeOptions { tcp: Some(tcp), ..ServeOptions::default() };
                let serving = solti_http::serve(Arc::clone(api), &guards, options).await?;
                let state = DoorState::Open {
                    address: serving.url().unwrap_or_default().to_owned(),
                    fingerprint: serving.fingerprint().map(str::to_owned),
                };
                Ok((state, Serving::Http(serving)))
            }
            Door::Grpc(grpc) => {
                let address = address(&grpc.address)?;
                let failed = |source| DoorError::Listen { address, source };
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let taken = listener.local_addr().map_err(failed)?;
                let tls = if taken.ip().is_loopback() { None } else { Some(self.certificate(taken)?) };
                let scheme = if tls.is_some() { "grpcs" } else { "grpc" };
                let (close, closing) = oneshot::channel();
                let auth = Some(Arc::clone(&guards.auth));
                let options = ServerOptions { auth, tls, ..ServerOptions::default() };
                let guarded = Arc::new(guards.around(Arc::clone(api)));
                let served = solti_grpc::serve(guarded, Listener::Tcp(listener), options, async move {
                    drop(closing.await);
                });
                let ended = spawn(async move {
                    if let Err(error) = served.await {
                        tracing::error!("gRPC ended early: {}", in_full(&error));
                    }
                });
                let state = DoorState::Open { address: format!("{scheme}://{taken}"), fingerprint: None };
                Ok((state, Serving::Grpc { close, ended }))
            }
        }
    }
}

impl Doors {
    /// The one that HTTP has, made where there is none yet.
    fn certificate(&self, address: SocketAddr) -> Result<TlsIdentity, DoorError> {
        let files = CertificateFiles::generated(&self.folder, &certificate_names(address, &[]))?;
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| DoorError::Certificate { path: path.to_owned(), source })
        };
        Ok(TlsIdentity { certificate_pem: read(&files.certificate)?, key_pem: read(&files.key)? })
    }
}

fn wanted(api: &ApiSettings, flags: DoorFlags) -> [Option<Door>; 3] {
    let (mut http, mut grpc) = (api.http.clone(), api.grpc.clone());
    if let Some(address) = flags.http {
        (http.enabled, http.address) = (true, address.to_string());
    }
    if let Some(address) = flags.grpc {
        (grpc.enabled, grpc.address) = (true, address.to_string());
    }
    [
        api.socket.then_some(Door::Socket),
        http.enabled.then_some(Door::Http(http)),
        grpc.enabled.then_some(Door::Grpc(grpc)),
    ]
}

fn address(text: &str) -> Result<SocketAddr, DoorError> {
    // The settings are valid when they are stored; a document from elsewhere may not be.
    text.parse().map_err(|_| DoorError::Address { address: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use solti_engine::{Config, Engine};
    use solti_testing::within;
    use tempfile::TempDir;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    struct House {
        engine: Engine,
        doors: Arc<Doors>,
        _dir: TempDir,
    }

    impl House {
        async fn new() -> Self {
            let dir = tempfile::tempdir().expect("temp dir");
            let shim = dir.path().join("no-task-is-started");
            let engine =
                Engine::open(&Config { data_dir: dir.path().to_owned(), shim }).await.expect("an engine");
            let doors = Arc::new(Doors::new(dir.path()));
            let (followed, api) = (Arc::clone(&doors), engine.api());
            let settings = engine.settings().watch_settings();
            spawn(async move { followed.follow(api, settings, DoorFlags::default()).await });
            Self { engine, doors, _dir: dir }
        }

        /// Sets `api`, and waits until the doors are as `fits` wants.
        async fn set(&self, api: Value, fits: impl Fn(&DoorStates) -> bool) -> DoorStates {
            self.engine.settings().set_settings(json!({ "api": api })).await.expect("legal");
            let mut states = self.doors.states();
            let wait = async {
                loop {
                    let states = states.next().await.expect("the doors are there");
                    if fits(&states) {
                        return states;
                    }
                }
            };
            within("the doors follow the settings", wait).await
        }
    }

    fn opened(state: &DoorState) -> Option<&str> {
        match state {
            DoorState::Open { address, .. } => Some(address),
            DoorState::Shut | DoorState::Failed { .. } => None,
        }
    }

    /// The status of `GET /api/v1/tasks`.
    async fn get(address: &str, token: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("open");
        let request = format!(
            "GET /api/v1/tasks HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn http_is_there_while_the_setting_says_so_for_who_has_the_token() {
        let house = House::new().await;
        let states = house
            .set(json!({"http": {"enabled": true, "address": "127.0.0.1:0"}}), |now| {
                opened(&now.http).is_some()
            })
            .await;
        let address = opened(&states.http).and_then(|url| url.strip_prefix("http://")).expect("a URL");
        let token = house.doors.token().expect("a token");
        assert_eq!(get(address, &token).await, "200");
        assert_eq!(get(address, "guessed").await, "401");
        let fresh = house.doors.rotate_token().expect("another");
        assert_eq!((get(address, &token).await, get(address, &fresh).await), ("401".into(), "200".into()));
        house.set(json!({"http": {"enabled": false}}), |now| now.http == DoorState::Shut).await;
        assert!(TcpStream::connect(address).await.is_err(), "it is still listened on");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_door_that_cannot_be_opened_says_why_and_shuts_no_other() {
        let house = House::new().await;
        let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = taken.local_addr().expect("bound").to_string();
        let states = house
            .set(json!({"socket": true, "grpc": {"enabled": true, "address": address}}), |now| {
                matches!(now.grpc, DoorState::Failed { .. }) && opened(&now.socket).is_some()
            })
            .await;
        let DoorState::Failed { problem } = &states.grpc else { panic!("{states:?}") };
        assert!(problem.contains(&address), "{problem}");
        // Another address, and it is open.
        house
            .set(json!({"grpc": {"address": "127.0.0.1:0"}}), |now| {
                opened(&now.grpc).is_some_and(|url| url.starts_with("grpc://127.0.0.1:"))
            })
            .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_token_that_cannot_be_had_shuts_no_door_that_needs_none() {
        let house = House::new().await;
        let folder = house.doors.folder.clone();
        std::fs::create_dir_all(folder.join("token")).expect("no file can be there");
        let states = house
            .set(json!({"socket": true, "http": {"enabled": true, "address": "127.0.0.1:0"}}), |now| {
                opened(&now.socket).is_some() && matches!(now.http, DoorState::Failed { .. })
            })
            .await;
        let DoorState::Failed { problem } = &states.http else { panic!("{states:?}") };
        assert!(problem.contains("token"), "{problem}");
        assert!(tokio::net::UnixStream::connect(folder.join(SOCKET)).await.is_ok());
    }

    #[test]
    fn a_flag_opens_its_door_whatever_the_settings_say_and_no_other() {
        let api = Settings::default().api;
        assert_eq!(wanted(&api, DoorFlags::default()), [None, None, None]);
        let grpc = "127.0.0.1:1".parse().ok();
        let [None, None, Some(Door::Grpc(opened))] = wanted(&api, DoorFlags { grpc, http: None }) else {
            panic!("gRPC alone is open");
        };
        assert_eq!(opened.address, "127.0.0.1:1");
    }
}
