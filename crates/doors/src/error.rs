//! Why a door stays shut. Errors of calls are `solti_api::ApiError`.

use solti_grpc::GrpcError;
use solti_http::HttpError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    #[error("the token cannot be had")]
    Token(#[source] io::Error),
    #[error(transparent)]
    Address(#[from] BadAddress),
    #[error("{address} cannot be listened on")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("{} cannot be read", path.display())]
    Certificate { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Grpc(#[from] GrpcError),
}

/// The settings are valid when they are stored; a document from elsewhere may not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} is no address")]
pub struct BadAddress {
    pub address: String,
}
