//! One door: what it is to be, how it is opened, and what it is while it is open.

use crate::error::DoorError;
use crate::keys::Keys;
use crate::places::socket_in;
use solti_api::{DesktopApi, in_full};
use solti_grpc::{GrpcError, Listener, ServerOptions, TlsIdentity};
use solti_http::{CertificateFiles, HttpError, ServeOptions, TcpOptions, Tls, certificate_names};
use solti_model::DoorState;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A way in for other programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// The Unix socket of the data folder, for this user.
    Socket,
    /// The API over HTTP, with its documentation.
    Http {
        /// Port 0 takes a free one.
        address: SocketAddr,
        /// Names under which callers may address this machine, beside its address.
        hosts: Vec<String>,
        /// What callers see instead of plain HTTP, if anything.
        certificate: Certificate,
    },
    /// The API over gRPC.
    Grpc {
        /// Port 0 takes a free one.
        address: SocketAddr,
        /// Names for which a certificate is made.
        hosts: Vec<String>,
        /// What callers see instead of plain HTTP/2, if anything.
        certificate: Certificate,
    },
}

/// What a door over TCP shows those who come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// None where only this machine can connect, else that of the folder, which is made where there is none yet.
    Generated,
    /// One's own, to this machine too.
    Own(CertificateFiles),
    /// None. A door that others can reach does not open with it.
    None,
}

impl Certificate {
    fn files(
        &self,
        folder: &Path,
        address: SocketAddr,
        hosts: &[String],
    ) -> Result<Option<CertificateFiles>, HttpError> {
        match self {
            Self::Own(files) => Ok(Some(files.clone())),
            Self::Generated if !address.ip().is_loopback() => {
                CertificateFiles::generated(folder, &certificate_names(address, hosts)).map(Some)
            }
            Self::Generated | Self::None => Ok(None),
        }
    }
}

impl Door {
    /// Opens it before `api`. `folder` is that of the doors ([`crate::folder`]). Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// When its address or a file cannot be had; it stays shut then.
    pub async fn open(
        &self,
        folder: &Path,
        api: &Arc<dyn DesktopApi>,
        keys: &Keys,
    ) -> Result<OpenDoor, DoorError> {
        match self {
            Self::Socket => {
                let path = socket_in(folder);
                let address = path.display().to_string();
                let owner = keys.owner.clone();
                let options = ServeOptions { socket: Some(path), owner, ..ServeOptions::default() };
                let serving = solti_http::serve(Arc::clone(api), &keys.guards, options).await?;
                Ok(OpenDoor { address, fingerprint: None, serving: Serving::Http(serving) })
            }
            Self::Http { address, hosts, certificate } => {
                let files = certificate.files(folder, *address, hosts)?;
                let tls = files.map_or(Tls::Off, Tls::Own);
                let tcp = TcpOptions { allowed_hosts: hosts.clone(), ..TcpOptions::new(*address, tls) };
                let options = ServeOptions { tcp: Some(tcp), ..ServeOptions::default() };
                let serving = solti_http::serve(Arc::clone(api), &keys.guards, options).await?;
                Ok(OpenDoor {
                    address: serving.url().unwrap_or_default().to_owned(),
                    fingerprint: serving.fingerprint().map(str::to_owned),
                    serving: Serving::Http(serving),
                })
            }
            Self::Grpc { address, hosts, certificate } => {
                let files = certificate.files(folder, *address, hosts)?;
                open_grpc(*address, files, api, keys).await
            }
        }
    }
}

async fn open_grpc(
    address: SocketAddr,
    files: Option<CertificateFiles>,
    api: &Arc<dyn DesktopApi>,
    keys: &Keys,
) -> Result<OpenDoor, DoorError> {
    // Here, because the server itself would say it when the door is taken for an open one.
    if files.is_none() && !address.ip().is_loopback() {
        return Err(GrpcError::PlainText { address }.into());
    }
    let fingerprint = files.as_ref().map(CertificateFiles::fingerprint).transpose()?;
    let tls = files.as_ref().map(identity).transpose()?;
    let failed = |source| DoorError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let taken = listener.local_addr().map_err(failed)?;
    let scheme = if tls.is_some() { "grpcs" } else { "grpc" };
    let guarded = Arc::new(keys.guards.around(Arc::clone(api)));
    let options = ServerOptions {
        auth: Some(Arc::clone(&keys.guards.auth)),
        logs: Some(guarded.clone()),
        tls,
        ..ServerOptions::default()
    };
    let (close, closing) = oneshot::channel();
    let closing = async move { drop(closing.await) };
    let served = solti_grpc::serve(guarded, Listener::Tcp(listener), options, closing);
    let ended = tokio::spawn(async move {
        if let Err(error) = served.await {
            tracing::error!("gRPC ended early: {}", in_full(&error));
        }
    });
    let address = format!("{scheme}://{taken}");
    Ok(OpenDoor { address, fingerprint, serving: Serving::Grpc { close, ended } })
}

fn identity(files: &CertificateFiles) -> Result<TlsIdentity, DoorError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| DoorError::Certificate { path: path.to_owned(), source })
    };
    Ok(TlsIdentity { certificate_pem: read(&files.certificate)?, key_pem: read(&files.key)? })
}

/// A door that is open. Dropped, it shuts without waiting for requests under way.
#[derive(Debug)]
pub struct OpenDoor {
    address: String,
    fingerprint: Option<String>,
    serving: Serving,
}

#[derive(Debug)]
enum Serving {
    Http(solti_http::Serving),
    Grpc { close: oneshot::Sender<()>, ended: JoinHandle<()> },
}

impl OpenDoor {
    /// A URL with the port that was taken, or the socket's path.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// SHA-256 of the certificate, in pairs between colons; what a client pins.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// As it is told to a person; always [`DoorState::Open`].
    pub fn state(&self) -> DoorState {
        DoorState::Open { address: self.address.clone(), fingerprint: self.fingerprint.clone() }
    }

    /// Takes no more, and returns when the requests under way are answered or out of time.
    pub async fn shut(self) {
        match self.serving {
            Serving::Http(serving) => serving.shut_down().await,
            Serving::Grpc { close, ended } => {
                // One that has ended already hears nothing of it.
                close.send(()).ok();
                ended.await.ok();
            }
        }
    }
}
