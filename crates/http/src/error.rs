//! The one error of this crate: why a server could not be started or a client not be made. Errors of calls are
//! `solti_api::ApiError`.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("the socket {path} cannot be opened")]
    Socket { path: PathBuf, source: io::Error },
    #[error("another program answers on {path} already")]
    SocketInUse { path: PathBuf },
    #[error("{address} cannot be listened on")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("without TLS only this machine may connect, but {address} is open to others")]
    PlainTcp { address: SocketAddr },
    #[error("the certificate {path} cannot be read or written")]
    CertificateFile { path: PathBuf, source: io::Error },
    #[error("no certificate can be generated")]
    Generate(#[from] rcgen::Error),
    #[error("{path} holds no certificate and key in PEM")]
    Pem { path: PathBuf, source: rustls::pki_types::pem::Error },
    #[error("{url} {why}")]
    Url { url: String, why: &'static str },
    #[error("{endpoint} cannot be reached")]
    Unreachable { endpoint: String, source: io::Error },
    #[error("{text:?} is no SHA-256 fingerprint")]
    Fingerprint { text: String },
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}
