//! Starting and stopping the server.
//!
//! ```no_run
//! # async fn example(api: std::sync::Arc<dyn solti_api::DesktopApi>, data_dir: &std::path::Path)
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
use solti_api::guard::{PlaceLimits, StandardGuards};
use solti_api::{DesktopApi, Owner};
use std::net::{IpAddr, SocketAddr};
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
    /// What is told at the socket alone, to this user.
    pub owner: Option<Owner>,
    /// An address for callers from this machine or others.
    pub tcp: Option<TcpOptions>,
    /// Of each listener.
    pub limits: Limits,
}

/// A listener for callers with the token.
#[derive(Debug, Clone)]
pub struct TcpOptions {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// Whether it speaks TLS, and with which certificate.
    pub tls: Tls,
    /// Names under which callers may address this machine, beside its address: `build.example.org`, with or without a port.
    pub allowed_hosts: Vec<String>,
}

impl TcpOptions {
    /// Callers address it by its IP address, or by a name that this machine has for itself.
    pub fn new(address: SocketAddr, tls: Tls) -> Self {
        Self { address, tls, allowed_hosts: vec![] }
    }
}

/// Whether a listener speaks TLS, and with which certificate.
#[derive(Debug, Clone)]
pub enum Tls {
    /// No TLS where only this machine can connect, else with a certificate that is generated into `dir` at first use.
    Auto {
        /// Made where it is not there.
        dir: PathBuf,
    },
    /// Always, with a certificate that is generated into `dir` at first use.
    Generated {
        /// Made where it is not there.
        dir: PathBuf,
    },
    /// Always, with a certificate of one's own.
    Own(CertificateFiles),
    /// Never; refused for an address that others can reach.
    Off,
}

/// For each listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of callers who have shown the token, or are this user.
    pub connections: usize,
    /// Of everybody else, in so far as they do not give way to newer ones.
    pub unknown_connections: usize,
    /// For how long a connection may be one of those: from its first byte to the first request with the token.
    pub unknown_time: Duration,
    /// Event streams; fewer than connections, so that other requests find a place beside them.
    pub streams: usize,
    /// For TLS, and for the head of a request; a connection that is idle for so long is closed.
    pub head_time: Duration,
    /// For a caller who takes nothing of what it has asked for. This user may pause for ever.
    pub write_time: Duration,
    /// For requests under way when the server stops.
    pub closing_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            unknown_connections: 64,
            unknown_time: Duration::from_secs(15),
            streams: 128,
            head_time: Duration::from_secs(15),
            write_time: Duration::from_secs(300),
            closing_time: Duration::from_secs(3),
        }
    }
}

impl Limits {
    pub(super) fn places(&self) -> PlaceLimits {
        PlaceLimits {
            known: self.connections,
            unknown: self.unknown_connections,
            unknown_time: self.unknown_time,
            write_time: self.write_time,
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
    /// The path that is listened at; `None` when none was asked for.
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// `http://…` or `https://…` with the port that was taken.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The address that is listened at, with the port that was taken; `None` when none was asked for.
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
    api: Arc<dyn DesktopApi>,
    guards: &StandardGuards,
    options: ServeOptions,
) -> Result<Serving, HttpError> {
    let limits = options.limits;
    let (closing, closed) = watch::channel(false);
    let mut serving =
        Serving { socket: None, url: None, address: None, fingerprint: None, closing, listeners: vec![] };
    let auth = || Arc::clone(&guards.auth);
    let routes =
        |access, owner| router(Arc::clone(&api), guards, access, limits.streams, closed.clone(), owner);
    if let Some(path) = options.socket {
        let socket = Socket::open(&path).await?;
        let router = routes(Access::by_socket(auth()), options.owner);
        serving.listeners.push(tokio::spawn(connection::serve(
            socket,
            auth(),
            None,
            router,
            limits,
            closed.clone(),
        )));
        serving.socket = Some(path);
    }
    if let Some(tcp) = options.tcp {
        let identity = identity(&tcp)?;
        let (listener, address) = Tcp::open(tcp.address).await?;
        let access = Access::by_network(auth(), address, &tcp.allowed_hosts);
        let scheme = if identity.is_some() { "https" } else { "http" };
        serving.url = Some(format!("{scheme}://{address}"));
        serving.address = Some(address);
        let tls = identity.map(|identity| {
            serving.fingerprint = Some(identity.fingerprint.to_string());
            TlsAcceptor::from(identity.config)
        });
        let served = connection::serve(listener, auth(), tls, routes(access, None), limits, closed.clone());
        serving.listeners.push(tokio::spawn(served));
    }
    Ok(serving)
}

/// Under which names a generated certificate is valid: this machine's own, the address, and `hosts` without their ports.
pub fn certificate_names(address: SocketAddr, hosts: &[String]) -> Vec<String> {
    let own = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), address.ip().to_string()];
    let mut names: Vec<String> = Vec::new();
    for name in own.into_iter().chain(hosts.iter().map(|host| without_port(host).to_owned())) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The name or address in `name`, `name:port`, `[address]`, `[address]:port` or a bare address.
fn without_port(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match host.parse::<IpAddr>() {
        Ok(_) => host,
        Err(_) => host.split(':').next().unwrap_or(host),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_holds_names_and_addresses_without_their_ports() {
        let hosts =
            ["build.example.org:7654", "[2001:db8::2]:7654", "[2001:db8::3]", "2001:db8::4", "192.0.2.9:1"];
        let names =
            certificate_names("[2001:db8::1]:7654".parse().expect("an address"), &hosts.map(Into::into));
        let more =
            ["2001:db8::1", "build.example.org", "2001:db8::2", "2001:db8::3", "2001:db8::4", "192.0.2.9"];
        assert_eq!(names[..3], ["localhost", "127.0.0.1", "::1"]);
        assert_eq!(names[3..], more);
    }
}
