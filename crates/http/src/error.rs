//! The one error of this crate: why a server could not be started or a client not be made. Errors of calls are
//! `solti_api::ApiError`.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a server cannot be started or a client not be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The socket, or its folder, can be neither made nor listened on.
    #[error("the socket {path} cannot be opened")]
    Socket {
        /// Of the socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The socket is left alone, and nothing is served.
    #[error("another program answers on {path} already")]
    SocketInUse {
        /// Of the socket.
        path: PathBuf,
    },
    /// The port is taken, or the address is not one of this machine.
    #[error("{address} cannot be listened on")]
    Listen {
        /// As it was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Refused before anything is served: a token would be read on its way.
    #[error("without TLS only this machine may connect, but {address} is open to others")]
    PlainTcp {
        /// As it was asked for.
        address: SocketAddr,
    },
    /// The folder for a generated certificate cannot be used.
    #[error("the certificate {path} cannot be read or written")]
    CertificateFile {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// One of the names cannot stand in a certificate, or the system has no random numbers.
    #[error("no certificate can be generated")]
    Generate(#[from] rcgen::Error),
    /// A certificate or key is missing, unreadable, or something else.
    #[error("{path} holds no certificate and key in PEM")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// It is no address of a server.
    #[error("{url} {why}")]
    Url {
        /// As it was given.
        url: String,
        /// To be put behind the URL.
        why: &'static str,
    },
    /// Nobody answers there, or not with TLS, in time.
    #[error("{endpoint} cannot be reached")]
    Unreachable {
        /// As a URL.
        endpoint: String,
        /// What the system or TLS said.
        source: io::Error,
    },
    /// It is to be 64 hexadecimal digits, with or without colons.
    #[error("{text:?} is not a SHA-256 fingerprint")]
    Fingerprint {
        /// As it was given.
        text: String,
    },
    /// The key does not belong to the certificate, or is of a kind that TLS here does not know.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}
