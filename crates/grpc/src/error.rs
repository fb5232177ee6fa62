//! Why a server or a client could not be set up. Errors of calls are `solti_api::ApiError`.

use std::net::SocketAddr;

/// Why a server or a client cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum GrpcError {
    /// Refused before anything is served.
    #[error("{address} can be reached by other machines: without TLS it would show them tokens")]
    PlainText {
        /// As it was asked for.
        address: SocketAddr,
    },
    /// Of a listener that is bound.
    #[error("the address of the listener is not known")]
    Address(#[source] std::io::Error),
    /// A client knows `http`, `https` and `unix`.
    #[error("{url} is not an address of a gRPC server")]
    Url {
        /// As it was given.
        url: String,
        /// Absent where only the scheme is another one.
        source: Option<tonic::transport::Error>,
    },
    /// Not PEM, of no use for TLS, or not of each other.
    #[error("the certificate or its key cannot be used")]
    Certificate(#[source] tonic::transport::Error),
    /// One has letters and digits alone.
    #[error("the token holds characters that no token has")]
    Token(#[from] tonic::metadata::errors::InvalidMetadataValue),
    /// The server cannot go on accepting.
    #[error("the server ended")]
    Serve(#[source] tonic::transport::Error),
}
