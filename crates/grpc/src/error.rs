//! Why a server or a client could not be set up. Errors of calls are `solti_api::ApiError`.

use std::net::SocketAddr;

#[derive(Debug, thiserror::Error)]
pub enum GrpcError {
    #[error("{address} can be reached by other machines: without TLS it would show them tokens")]
    PlainText { address: SocketAddr },
    #[error("the address of the listener is not known")]
    Address(#[source] std::io::Error),
    #[error("{url} is not an address of a gRPC server")]
    Url { url: String, source: Option<tonic::transport::Error> },
    #[error("the certificate or its key cannot be used")]
    Certificate(#[source] tonic::transport::Error),
    #[error("the token holds characters that no token has")]
    Token(#[from] tonic::metadata::errors::InvalidMetadataValue),
    #[error("the server ended")]
    Serve(#[source] tonic::transport::Error),
}
