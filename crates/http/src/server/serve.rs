//! Starting and stopping the server.
//!
//! ```no_run
//! # async fn example(api: std::sync::Arc<dyn solti_api::LocalApi>, data_dir: &std::path::Path)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! use solti_api::guard::{AccessToken, Auth, StandardGuards};
//! use solti_http::{ServeOptions, TcpOptions, Tls, serve};
//! use std::sync::Arc;
//!
//! let dir = data_dir.join("api");
//! let token = Arc::new(AccessToken::open(&dir)?);
//! let guards = StandardGuards::new(Auth::for_this_user(Arc::clone(&token)));
//! let options = ServeOptions {
//!     socket: Some(dir.join("solti.sock")),
//!     tcp: Some(TcpOptions::new("127.0.0.1:7654".parse()?, Tls::Auto { dir })),
//!     ..ServeOptions::default()
//! };
//! let serving = serve(api, &guards, options).await?;
//! println!("{:?}, {:?}, token {}", serving.url(), serving.fingerprint(), token.text());
//! serving.shut_down().await;
//! # Ok(()) }
//! ```

use crate::HttpError;
use crate::server::access::Access;
use crate::server::certificate::{CertificateFiles, Identity};
use crate::server::listen::{Socket, Tcp};
use crate::server::{connection, router};
use solti_api::LocalApi;
use solti_api::guard::StandardGuards;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What to listen on; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// A Unix socket for this user; its folder is made private.
    pub socket: Option<PathBuf>,
    pub tcp: Option<TcpOptions>,
    pub limits: Limits,
}

#[derive(Debug, Clone)]
pub struct TcpOptions {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    pub tls: Tls,
    /// Names under which callers may address this machine, beside its address: `build.example.org`, with or without a port.
    pub allowed_hosts: Vec<String>,
}

impl TcpOptions {
    pub fn new(address: SocketAddr, tls: Tls) -> Self {
        Self { address, tls, allowed_hosts: vec![] }
    }
}

#[derive(Debug, Clone)]
pub enum Tls {
    /// No TLS where only this machine can connect, else with a certificate that is generated into `dir` at first use.
    Auto { dir: PathBuf },
    /// Always, with a certificate that is generated into `dir` at first use.
    Generated { dir: PathBuf },
    /// Always, with a certificate of one's own.
    Own(CertificateFiles),
    /// Never; refused for an address that others can reach.
    Off,
}

/// For each listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: usize,
    /// Event streams; fewer than connections, so that other requests find a place beside them.
    pub streams: usize,
    /// For TLS, and for the head of a request; a connection that is idle for so long is closed.
    pub head_time: Duration,
    /// For requests under way when the server stops.
    pub closing_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            streams: 128,
            head_time: Duration::from_secs(15),
            closing_time: Duration::from_secs(3),
        }
    }
}

/// A server that is under way. Dropped, it stops at once.
#[derive(Debug)]
pub struct Serving {
    socket: Option<PathBuf>,
    url: Option<String>,
    address: Option<SocketAddr>,
    fingerprint: Option<String>,
    closing: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
}

impl Serving {
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// `http://…` or `https://…` with the port that was taken.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// SHA-256 of the certificate, in pairs between colons; what a client pins.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Takes no more, breaks streams off, and returns when the requests under way are answered or out of time.
    pub async fn shut_down(mut self) {
        self.closing.send_replace(true);
        for listener in std::mem::take(&mut self.listeners) {
            if let Err(error) = listener.await {
                tracing::error!("a listener ended early: {error}");
            }
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.closing.send_replace(true);
        for listener in &self.listeners {
            listener.abort();
        }
    }
}

/// Puts `api` behind `guards` onto what `options` names. Needs a tokio runtime with I/O and time.
///
/// # Errors
/// When an address or a file cannot be had; nothing is served then.
pub async fn serve(
    api: Arc<dyn LocalApi>,
    guards: &StandardGuards,
    options: ServeOptions,
) -> Result<Serving, HttpError> {
    let limits = options.limits;
    let (closing, closed) = watch::channel(false);
    let mut serving =
        Serving { socket: None, url: None, address: None, fingerprint: None, closing, listeners: vec![] };
    let routes = |access| router(Arc::clone(&api), guards, access, limits.streams, closed.clone());
    if let Some(path) = options.socket {
        let socket = Socket::open(&path).await?;
        let router = routes(Access::by_socket(Arc::clone(&guards.auth)));
        serving.listeners.push(tokio::spawn(connection::serve(socket, None, router, limits, closed.clone())));
        serving.socket = Some(path);
    }
    if let Some(tcp) = options.tcp {
        let identity = identity(&tcp)?;
        let (listener, address) = Tcp::open(tcp.address).await?;
        let access = Access::by_network(Arc::clone(&guards.auth), address, &tcp.allowed_hosts);
        let scheme = if identity.is_some() { "https" } else { "http" };
        serving.url = Some(format!("{scheme}://{address}"));
        serving.address = Some(address);
        let tls = identity.map(|identity| {
            serving.fingerprint = Some(identity.fingerprint.to_string());
            TlsAcceptor::from(identity.config)
        });
        let served = connection::serve(listener, tls, routes(access), limits, closed.clone());
        serving.listeners.push(tokio::spawn(served));
    }
    Ok(serving)
}

/// Under which names a generated certificate is valid: this machine's own, the address, and `hosts` without their ports.
pub fn certificate_names(address: SocketAddr, hosts: &[String]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.push(address.ip().to_string());
    names.extend(hosts.iter().map(|name| name.split(':').next().unwrap_or(name).to_owned()));
    names.dedup();
    names
}

fn identity(tcp: &TcpOptions) -> Result<Option<Identity>, HttpError> {
    let names = || certificate_names(tcp.address, &tcp.allowed_hosts);
    let local = tcp.address.ip().is_loopback();
    match &tcp.tls {
        Tls::Auto { .. } if local => Ok(None),
        Tls::Auto { dir } | Tls::Generated { dir } => Identity::generated(dir, &names()).map(Some),
        Tls::Own(files) => Identity::read(files).map(Some),
        Tls::Off if local => Ok(None),
        Tls::Off => Err(HttpError::PlainTcp { address: tcp.address }),
    }
}
