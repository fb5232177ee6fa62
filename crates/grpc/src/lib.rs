//! The API over gRPC: `solti.v1.SoltiApi` as a server over any [`solti_api::ApiHandler`], and as a client that is one.
//!
//! `proto/solti/v1/solti.proto` is the wire; `wire/` says what its messages mean in the model, `status.rs` what its errors
//! mean. Guards live in `solti-api`, HTTP in `solti-http`.

#![warn(missing_docs, unreachable_pub)]

mod caller;
mod client;
mod connection;
mod error;
mod gate;
mod log_client;
mod server;
mod service;
mod status;
mod wire;

pub use client::{ClientOptions, GrpcClient};
pub use connection::Listener;
pub use error::GrpcError;
pub use server::{ServerOptions, TlsIdentity, serve};

/// The messages as they are made from the .proto.
#[allow(missing_docs, reason = "made by the build from the .proto, whose comments are its documentation")]
pub mod proto {
    tonic::include_proto!("solti.v1");
}

/// The largest request.
pub const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;
