//! A real engine behind a real server, in a folder of its own.
#![allow(clippy::disallowed_methods, reason = "a test may block")]
#![allow(dead_code, reason = "each test file uses its own part")]

#[path = "../../../api/tests/common/mod.rs"]
mod engine;

pub use engine::*;
use solti_api::guard::{AccessToken, Auth, RateLimit, StandardGuards};
use solti_http::{ServeOptions, Serving, serve};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

pub struct Service {
    pub engine: Engine,
    pub serving: Serving,
    pub token: Arc<AccessToken>,
    pub dir: TempDir,
}

impl Service {
    /// On its Unix socket, and on a free port of this machine without TLS.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut ServeOptions)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(&dir.path().join("data")).await;
        let (serving, token) = Self::serve(&engine, &dir, change).await;
        Self { engine, serving, token, dir }
    }

    pub async fn start_at_rate(rate: RateLimit) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(&dir.path().join("data")).await;
        let (serving, token) = Self::serve_at_rate(&engine, &dir, rate, |_| {}).await;
        Self { engine, serving, token, dir }
    }

    pub async fn serve(
        engine: &Engine,
        dir: &TempDir,
        change: impl FnOnce(&mut ServeOptions),
    ) -> (Serving, Arc<AccessToken>) {
        Self::serve_at_rate(engine, dir, RateLimit::default(), change).await
    }

    async fn serve_at_rate(
        engine: &Engine,
        dir: &TempDir,
        rate: RateLimit,
        change: impl FnOnce(&mut ServeOptions),
    ) -> (Serving, Arc<AccessToken>) {
        let api_dir = dir.path().join("api");
        let token = Arc::new(AccessToken::open(&api_dir).unwrap());
        let mut guards = StandardGuards::new(Auth::for_this_user(Arc::clone(&token)));
        guards.rate = Arc::new(rate);
        let tcp = solti_http::TcpOptions::new("127.0.0.1:0".parse().unwrap(), solti_http::Tls::Off);
        let mut options =
            ServeOptions { socket: Some(api_dir.join("solti.sock")), tcp: Some(tcp), ..Default::default() };
        change(&mut options);
        (serve(Arc::new(engine.api.clone()), &guards, options).await.unwrap(), token)
    }

    pub fn socket(&self) -> PathBuf {
        self.serving.socket().unwrap().to_owned()
    }

    pub fn url(&self) -> &str {
        self.serving.url().unwrap()
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.serving.address().unwrap()).await.unwrap()
    }

    /// Sends the bytes of a request over TCP and reads what comes back; `{host}` and `{token}` are filled in.
    pub async fn raw(&self, request: &str) -> Reply {
        let host = self.serving.address().unwrap().to_string();
        let request = request.replace("{host}", &host).replace("{token}", &self.token.text());
        exchange(self.connect().await, request.as_bytes()).await
    }

    /// The same over the Unix socket.
    pub async fn raw_by_socket(&self, request: &str) -> Reply {
        exchange(UnixStream::connect(self.socket()).await.unwrap(), request.as_bytes()).await
    }

    /// A request with token and Host as they should be.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer {{token}}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await
    }
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Status and code of an error.
    pub fn error(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().unwrap_or_default().to_owned())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> Reply {
    // A server that has answered already may not take the rest.
    stream.write_all(request).await.ok();
    let mut bytes = vec![];
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an answer");
    if let Err(error) = read {
        assert!(!bytes.is_empty(), "no answer: {error}");
    }
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

/// Kilobytes of this process in memory, of its own and not of files.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
