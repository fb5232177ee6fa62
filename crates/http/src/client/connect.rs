//! Making a connection: a Unix socket, TCP, TLS, or the input and output of `ssh`.

use crate::HttpError;
use crate::client::greeting::{BehindGreeting, Heard};
use crate::client::{ClientOptions, Endpoint};
use crate::unix::connect_unix;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use solti_model::MachineUrl;
use std::ffi::OsString;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tower::Service;

/// For a connection to be made.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Of what ssh says, its beginning.
const WORDS: u64 = 4 * 1024;
/// For its last words when its connection has ended.
const WORDS_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Connector {
    shared: Arc<ConnectorState>,
}

struct ConnectorState {
    endpoint: Endpoint,
    /// For `https` only.
    tls: Option<Arc<ClientConfig>>,
    ssh: OsString,
    /// Listens to what the latest ssh says.
    words: Mutex<Option<JoinHandle<Option<String>>>>,
    /// What came from behind it.
    heard: Heard,
}

impl Connector {
    pub(super) fn new(options: &ClientOptions) -> Result<Self, HttpError> {
        let tls = match options.endpoint {
            Endpoint::Machine(MachineUrl::Https { .. }) => Some(options.trust.config()?),
            _ => None,
        };
        let (endpoint, ssh) = (options.endpoint.clone(), options.ssh.clone());
        Ok(Self {
            shared: Arc::new(ConnectorState {
                endpoint,
                tls,
                ssh,
                words: Mutex::default(),
                heard: Heard::default(),
            }),
        })
    }

    /// Why the latest ssh ended, in its own words, told once; or what the far end said instead of an answer.
    pub(super) async fn last_words(&self) -> Option<String> {
        let saying = self.shared.words.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        let said = match saying {
            // One that has not ended may say nothing for long.
            Some(saying) => tokio::time::timeout(WORDS_PATIENCE, saying).await.ok().and_then(Result::ok),
            None => None,
        };
        said.flatten().or_else(|| self.shared.heard.greeting())
    }

    /// Whether Solti was ever heard at the other end of ssh.
    pub(super) fn answered(&self) -> bool {
        self.shared.heard.answered()
    }
}

impl ConnectorState {
    async fn connect(&self) -> io::Result<Wire> {
        let url = match &self.endpoint {
            Endpoint::Unix(path) => return Ok(Wire::new(connect_unix(path).await?)),
            Endpoint::Machine(url) => url,
        };
        match url {
            MachineUrl::Http { host, port } => Ok(Wire::new(tcp(host, *port).await?)),
            MachineUrl::Https { host, port } => {
                let Some(config) = &self.tls else { return Err(io::ErrorKind::Unsupported.into()) };
                let (name, stream) = (server_name(host)?, tcp(host, *port).await?);
                let greeted = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
                Ok(Wire::new(greeted.map_err(in_words)?))
            }
            MachineUrl::Ssh { user, host, port } => self.ssh(user.as_deref(), bare(host), *port),
        }
    }

    /// `ssh … host solti connect`, which speaks for that machine's Unix socket.
    fn ssh(&self, user: Option<&str>, host: &str, port: Option<u16>) -> io::Result<Wire> {
        let mut command = Command::new(&self.ssh);
        // No question can be answered here. A dead connection is noticed within a minute.
        command.args([
            "-T",
            "-o",
            "BatchMode=yes",
            "-o",
            "ConnectTimeout=10",
            "-o",
            "ServerAliveInterval=15",
        ]);
        if let Some(user) = user {
            command.args(["-l", user]);
        }
        if let Some(port) = port {
            command.args(["-p", &port.to_string()]);
        }
        command.args(["--", host, "solti", "connect"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let (Some(input), Some(output), Some(said)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let saying = tokio::spawn(async move {
            let mut text = String::new();
            // What is no text, or comes after a broken pipe, tells nothing.
            said.take(WORDS).read_to_string(&mut text).await.ok();
            text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
        });
        *self.words.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(saying);
        Ok(Wire::new(Program {
            streams: tokio::io::join(BehindGreeting::new(output, self.heard.clone()), input),
            _child: child,
        }))
    }
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

pub(super) fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(bare(host).to_owned()).map_err(io::Error::other)
}

/// What is wrong with a certificate, or with what answers, for a person.
pub(super) fn in_words(error: io::Error) -> io::Error {
    let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match refused {
        Some(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            io::Error::other("its certificate is not the one that is trusted")
        }
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            io::Error::other("its certificate is from nobody known, and its fingerprint is not trusted")
        }
        // What came was no TLS at all.
        Some(rustls::Error::InvalidMessage(_)) => io::Error::other(
            "the server does not speak TLS at this port; a plain one is addressed with http://",
        ),
        _ => error,
    }
}

pub(super) async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((bare(host), port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Service<Uri> for Connector {
    type Response = Wire;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { tokio::time::timeout(PATIENCE, shared.connect()).await? })
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection of any kind.
pub(super) struct Wire(TokioIo<Box<dyn Stream>>);

impl Wire {
    fn new(stream: impl Stream + 'static) -> Self {
        Self(TokioIo::new(Box::new(stream)))
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// The two ends of a program, which goes with them.
struct Program<S> {
    streams: S,
    _child: Child,
}

impl<S: AsyncRead + Unpin> AsyncRead for Program<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.streams).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Program<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.streams).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.streams).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.streams).poll_shutdown(cx)
    }
}
