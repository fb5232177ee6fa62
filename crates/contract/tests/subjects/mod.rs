//! Who is held to the contract, each over an engine of its own.

use crate::engine::Engine;
use crate::ssh::bridge_to;
use solti_api::guard::{AccessToken, Auth, Guarded, StandardGuards};
use solti_api::{ApiHandler, DesktopApi, LogAccess};
use solti_http::{ClientOptions, HttpClient, ServeOptions, Serving, TcpOptions, Tls, Trust, serve};
use std::any::Any;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub struct Subject {
    pub api: Arc<dyn ApiHandler>,
    /// Reads logs in other ways too.
    pub logs: Arc<dyn LogAccess>,
    /// `None` for a client of the six methods alone.
    pub desktop: Option<Arc<dyn DesktopApi>>,
    /// What is really there, to wait for.
    pub engine: Engine,
    /// Server and data, which live as long as the subject.
    _kept: Box<dyn Any + Send + Sync>,
    _dir: TempDir,
}

impl Subject {
    fn new<H: DesktopApi>(api: H, engine: Engine, kept: impl Any + Send + Sync, dir: TempDir) -> Self {
        let api = Arc::new(api);
        let desktop = Some(Arc::clone(&api) as Arc<dyn DesktopApi>);
        let logs = Arc::clone(&api) as Arc<dyn LogAccess>;
        Self { api, logs, desktop, engine, _kept: Box::new(kept), _dir: dir }
    }

    pub fn desktop(&self) -> &dyn DesktopApi {
        self.desktop.as_deref().expect("a subject of the desktop's stories")
    }
}

async fn engine() -> (Engine, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Engine::open(&dir.path().join("data")).await, dir)
}

fn guards(dir: &Path) -> (StandardGuards, Arc<AccessToken>) {
    let token = Arc::new(AccessToken::open(&dir.join("api")).unwrap());
    (StandardGuards::new(Auth::for_this_user(Arc::clone(&token))), token)
}

pub async fn adapter() -> Subject {
    let (engine, dir) = engine().await;
    Subject::new(engine.api.clone(), engine, (), dir)
}

/// Behind guards that let everybody pass.
pub async fn guarded() -> Subject {
    let (engine, dir) = engine().await;
    let guards = guards(dir.path()).0;
    let api = Guarded::new(Arc::new(engine.api.clone()), vec![guards.metrics.clone(), guards.rate.clone()]);
    Subject::new(api, engine, (), dir)
}

async fn served(options: impl FnOnce(&Path) -> ServeOptions) -> (Engine, Serving, Arc<AccessToken>, TempDir) {
    let (engine, dir) = engine().await;
    let (guards, token) = guards(dir.path());
    let serving = serve(Arc::new(engine.api.clone()), &guards, options(dir.path())).await.unwrap();
    (engine, serving, token, dir)
}

pub async fn http_by_socket() -> Subject {
    let (engine, serving, _, dir) =
        served(|dir| ServeOptions { socket: Some(dir.join("api/solti.sock")), ..Default::default() }).await;
    let url = format!("unix://{}", serving.socket().unwrap().display());
    let client = HttpClient::new(ClientOptions::new(url.parse().unwrap())).unwrap();
    Subject::new(client, engine, serving, dir)
}

pub async fn http_by_ssh() -> Subject {
    let (engine, serving, _, dir) =
        served(|dir| ServeOptions { socket: Some(dir.join("api/solti.sock")), ..Default::default() }).await;
    let mut options = ClientOptions::new("ssh://build.example.org".parse().unwrap());
    options.ssh = bridge_to(serving.socket().unwrap(), dir.path()).into();
    Subject::new(HttpClient::new(options).unwrap(), engine, serving, dir)
}

pub async fn http_by_tls() -> Subject {
    let (engine, serving, token, dir) = served(|dir| ServeOptions {
        tcp: Some(TcpOptions::new("127.0.0.1:0".parse().unwrap(), Tls::Generated { dir: dir.join("api") })),
        ..Default::default()
    })
    .await;
    let mut options = ClientOptions::new(serving.url().unwrap().parse().unwrap());
    options.token = Some(token.text());
    options.trust = Trust::Fingerprint(serving.fingerprint().unwrap().to_owned());
    Subject::new(HttpClient::new(options).unwrap(), engine, serving, dir)
}

/// Behind the guards, with the token, over TCP.
pub async fn grpc() -> Subject {
    let (engine, dir) = engine().await;
    let (guards, token) = guards(dir.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let guarded = Arc::new(guards.around(Arc::new(engine.api.clone())));
    let server = solti_grpc::ServerOptions {
        auth: Some(Arc::clone(&guards.auth)),
        logs: Some(guarded.clone()),
        ..Default::default()
    };
    let (kept, closing) = oneshot::channel::<()>();
    let closing = async move { drop(closing.await) };
    tokio::spawn(solti_grpc::serve(guarded, solti_grpc::Listener::Tcp(listener), server, closing));
    let options = solti_grpc::ClientOptions { token: Some(token.text()), ..Default::default() };
    let api = Arc::new(solti_grpc::GrpcClient::new(&url, options).unwrap());
    Subject { logs: Arc::clone(&api) as _, api, desktop: None, engine, _kept: Box::new(kept), _dir: dir }
}
