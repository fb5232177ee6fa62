//! The doors of the app: the socket is always open, the others while the settings say so. One that cannot be opened says why and is tried again when
//! its settings change; tasks do not care.

use crate::door::{Door, OpenDoor};
use crate::error::{BadAddress, DoorError};
use crate::keys::Keys;
use crate::places;
use crate::wanted::{DoorFlags, Wanted, wanted};
use solti_api::guard::AccessToken;
use solti_api::{ApiError, DesktopApi, Owner, SettingsAccess, in_full};
use solti_http::HttpClient;
use solti_model::{DoorState, DoorStates, EngineInfo};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::WatchStream;

/// Before the doors of another program are followed again.
const PAUSE: Duration = Duration::from_millis(250);

/// The doors of one data folder, of this program or of another one, and how each of them is.
pub struct Doors {
    folder: PathBuf,
    /// What all doors share, made when the first is opened.
    keys: Mutex<Option<(Arc<AccessToken>, Keys)>>,
    states: watch::Sender<DoorStates>,
    closing: watch::Sender<bool>,
    /// Held while doors are open.
    followed: tokio::sync::Mutex<()>,
    /// Another program, whose doors these are.
    there: Option<HttpClient>,
}

/// What stands behind the doors.
pub struct Behind {
    /// What callers reach, through guards of each door's own.
    pub api: Arc<dyn DesktopApi>,
    /// Say which doors are open; at the socket they can be read and changed.
    pub settings: Arc<dyn SettingsAccess>,
    /// What is told at the socket of who holds the folder.
    pub engine: EngineInfo,
}

impl Doors {
    /// All shut; [`Doors::follow`] opens them.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            folder: places::folder(data_dir),
            keys: Mutex::default(),
            states: watch::Sender::new(DoorStates::default()),
            closing: watch::Sender::new(false),
            followed: tokio::sync::Mutex::default(),
            there: None,
        }
    }

    /// The doors of the program at the other end of its socket: [`Doors::mirror`] follows them.
    pub fn of_another(data_dir: &Path, there: HttpClient) -> Self {
        Self { there: Some(there), ..Self::new(data_dir) }
    }

    /// Follows the doors of the other program for as long as this is waited for.
    pub async fn mirror(&self) {
        let Some(there) = &self.there else { return };
        loop {
            match there.watch_doors().await {
                Ok(doors) => {
                    let mut doors = std::pin::pin!(doors);
                    while let Some(states) = doors.next().await {
                        self.states.send_replace(states);
                    }
                }
                Err(error) => tracing::debug!("how the doors are is not known: {error}"),
            }
            sleep(PAUSE).await;
        }
    }

    /// Opens and shuts doors as the settings say, until [`Doors::shut`]. `flags` stand in for addresses of the settings.
    pub async fn follow(&self, Behind { api, settings, engine }: Behind, flags: DoorFlags) {
        let _one = self.followed.lock().await;
        let mut closing = self.closing.subscribe();
        let token = self.token_and_keys().ok().map(|(token, _)| token);
        let owner = Owner { engine, settings: Arc::clone(&settings), doors: self.states.subscribe(), token };
        let mut settings = settings.watch_settings();
        let mut doors: [(Wanted, Option<OpenDoor>); 3] = Default::default();
        while !*closing.borrow_and_update() {
            let wanted = wanted(&settings.borrow_and_update().api, flags);
            for (slot, (wanted, (door, open))) in wanted.into_iter().zip(&mut doors).enumerate() {
                if *door == wanted {
                    continue;
                }
                if let Some(open) = open.take() {
                    open.shut().await;
                }
                let (state, opened) = match &wanted {
                    None => (DoorState::Shut, None),
                    Some(wanted) => self.try_open(wanted, &api, &owner).await,
                };
                (*door, *open) = (wanted, opened);
                self.states.send_modify(|states| {
                    *match slot {
                        0 => &mut states.socket,
                        1 => &mut states.http,
                        _ => &mut states.grpc,
                    } = state;
                });
            }
            tokio::select! {
                changed = settings.changed() => if changed.is_err() { break },
                // Its sender is here.
                _ = closing.changed() => {}
            }
        }
        for open in doors.into_iter().rev().filter_map(|(_, open)| open) {
            open.shut().await;
        }
    }

    /// Shuts all doors for good, and returns when the requests under way are answered or out of time.
    pub async fn shut(&self) {
        self.closing.send_replace(true);
        drop(self.followed.lock().await);
    }

    /// How the doors are, now and after every change.
    pub fn states(&self) -> WatchStream<DoorStates> {
        WatchStream::new(self.states.subscribe())
    }

    /// The token that another program shows at HTTP and gRPC.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    pub fn token(&self) -> Result<String, ApiError> {
        if self.there.is_some() {
            // Theirs may be another one by now.
            let token = AccessToken::open(&self.folder).map_err(|error| ApiError::internal(&error))?;
            return Ok(token.text());
        }
        let (token, _) = self.token_and_keys().map_err(|error| ApiError::internal(&error))?;
        Ok(token.text())
    }

    /// Makes another one; the old one lets nobody in any more.
    ///
    /// # Errors
    /// When it cannot be stored; the old one stays.
    pub async fn rotate_token(&self) -> Result<String, ApiError> {
        if let Some(there) = &self.there {
            return there.rotate_token().await;
        }
        let (token, _) = self.token_and_keys().map_err(|error| ApiError::internal(&error))?;
        token.rotate().map_err(|error| ApiError::internal(&error))
    }

    fn token_and_keys(&self) -> Result<(Arc<AccessToken>, Keys), DoorError> {
        let mut made = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*made {
            return Ok(made.clone());
        }
        let token = Arc::new(AccessToken::open(&self.folder).map_err(DoorError::Token)?);
        let keys = Keys::with(&token);
        Ok(made.insert((token, keys)).clone())
    }

    async fn try_open(
        &self,
        door: &Result<Door, BadAddress>,
        api: &Arc<dyn DesktopApi>,
        owner: &Owner,
    ) -> (DoorState, Option<OpenDoor>) {
        match self.open(door, api, owner).await {
            Ok(open) => {
                tracing::info!("a door is open: {}", open.address());
                (open.state(), Some(open))
            }
            Err(error) => {
                let problem = in_full(&error);
                tracing::warn!("a door stays shut: {problem}");
                (DoorState::Failed { problem }, None)
            }
        }
    }

    async fn open(
        &self,
        door: &Result<Door, BadAddress>,
        api: &Arc<dyn DesktopApi>,
        owner: &Owner,
    ) -> Result<OpenDoor, DoorError> {
        let door = door.as_ref().map_err(Clone::clone)?;
        let keys = match (self.token_and_keys(), door) {
            (Ok((_, keys)), _) => keys,
            // This user needs none.
            (Err(error), Door::Socket) => {
                tracing::warn!("the Unix socket opens without a token: {}", in_full(&error));
                Keys::without_token()
            }
            (Err(error), _) => return Err(error),
        };
        door.open(&self.folder, api, &keys.for_owner(owner.clone())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use solti_engine::{Config, Engine};
    use solti_http::{ClientOptions, Endpoint, ServedSettings};
    use solti_model::Theme;
    use solti_testing::within;
    use tempfile::TempDir;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream, UnixStream};

    struct House {
        engine: Engine,
        doors: Arc<Doors>,
        _dir: TempDir,
    }

    impl House {
        async fn new() -> Self {
            let dir = tempfile::tempdir().expect("temp dir");
            let config = Config::with_shim(dir.path(), dir.path().join("no-task-is-started"));
            let engine = Engine::open(&config).await.expect("an engine");
            let doors = Arc::new(Doors::new(dir.path()));
            let (followed, behind) = (
                Arc::clone(&doors),
                Behind { api: engine.api(), settings: engine.settings(), engine: engine.info() },
            );
            tokio::spawn(async move { followed.follow(behind, DoorFlags::default()).await });
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
        get_at("/api/v1/tasks", address, token).await
    }

    async fn get_at(path: &str, address: &str, token: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("open");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
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
        let fresh = house.doors.rotate_token().await.expect("another");
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
            .set(json!({"grpc": {"enabled": true, "address": address}}), |now| {
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
    async fn the_own_programs_of_this_user_are_at_home_at_the_socket_and_nobody_over_the_network() {
        let house = House::new().await;
        let states = house
            .set(json!({"http": {"enabled": true, "address": "127.0.0.1:0"}}), |now| {
                opened(&now.http).is_some() && opened(&now.socket).is_some()
            })
            .await;
        let socket = opened(&states.socket).expect("open").to_owned();
        let client = HttpClient::new(ClientOptions::new(Endpoint::Unix(socket.into()))).expect("a client");
        assert_eq!(client.engine().await.expect("answered").pid, std::process::id());
        let settings = ServedSettings::of(client.clone()).await.expect("answered");
        // What is changed at one end is told at the other.
        let changed = settings.set_settings(json!({"theme": "dark"})).await.expect("legal");
        assert_eq!((changed.theme, house.engine.settings().settings().theme), (Theme::Dark, Theme::Dark));
        let refused = settings.set_settings(json!({"theme": "loud"})).await;
        assert!(
            matches!(&refused, Err(ApiError::InvalidRequest { field, .. }) if field == "theme"),
            "{refused:?}"
        );
        let mut followed = settings.watch_settings();
        house.engine.settings().set_settings(json!({"theme": "light"})).await.expect("legal");
        let reported = followed.wait_for(|now| now.theme == Theme::Light);
        within("a change is told", reported).await.expect("it is followed");

        let mirror = Doors::of_another(Path::new("/nowhere"), client.clone());
        let mut seen = mirror.states();
        let mirroring = mirror.mirror();
        let like = async { while seen.next().await.expect("followed") != states {} };
        tokio::select! {
            () = mirroring => panic!("it goes on"),
            () = within("the doors are mirrored", like) => {}
        }
        let old = house.doors.token().expect("a token");
        let fresh = mirror.rotate_token().await.expect("another");
        assert!(fresh != old && house.doors.token().expect("a token") == fresh);

        let address = opened(&states.http).and_then(|url| url.strip_prefix("http://")).expect("a URL");
        assert_eq!(get(address, &fresh).await, "200");
        for path in ["/api/v1/engine", "/api/v1/engine/settings", "/api/v1/engine/doors"] {
            assert_eq!(get_at(path, address, &fresh).await, "404", "{path}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_token_that_cannot_be_had_shuts_no_door_that_needs_none() {
        let house = House::new().await;
        let folder = house.doors.folder.clone();
        std::fs::create_dir_all(folder.join("token")).expect("no file can be there");
        let states = house
            .set(json!({"http": {"enabled": true, "address": "127.0.0.1:0"}}), |now| {
                opened(&now.socket).is_some() && matches!(now.http, DoorState::Failed { .. })
            })
            .await;
        let DoorState::Failed { problem } = &states.http else { panic!("{states:?}") };
        assert!(problem.contains("token"), "{problem}");
        assert!(UnixStream::connect(places::socket_in(&folder)).await.is_ok());
    }
}
