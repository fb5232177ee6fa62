//! Why a door stays shut. Errors of calls are `solti_api::ApiError`.

use solti_grpc::GrpcError;
use solti_http::HttpError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The token's file can be neither read nor made, or others may read it.
    #[error("the token can be neither read nor made")]
    Token(#[source] io::Error),
    /// What the settings name is none.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// The port is taken, or the address is not one of this machine.
    #[error("{address} cannot be listened on")]
    Listen {
        /// As the settings or the command line name it.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate, or its key, is not a file that can be read.
    #[error("{} cannot be read", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The socket or the HTTP door cannot be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The gRPC door cannot be set up.
    #[error(transparent)]
    Grpc(#[from] GrpcError),
}

/// The settings are valid when they are stored; a document from elsewhere may not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} is not an address")]
pub struct BadAddress {
    /// As the settings name it; `host:port` with a number as the host is expected.
    pub address: String,
}
