//! The API over HTTP: the server and the client of each shape side by side.
//!
//! [`serve`] puts any handler behind guards onto a Unix socket and onto TCP; [`HttpClient`] is a handler again, at the other
//! end. What the calls mean is `solti-api`, what a task is `solti-model`; gRPC is `solti-grpc`.

#![warn(missing_docs, unreachable_pub)]

mod client;
mod error;
mod fingerprint;
mod owned;
mod server;
mod unix;
mod wire;

pub use client::{
    ClientOptions, Endpoint, HttpClient, Reachability, ServedSettings, ServerCertificate, Trust,
};
pub use error::HttpError;
pub use server::{
    Access, CertificateFiles, Limits, ServeOptions, Serving, TcpOptions, Tls, certificate_names, router,
    serve,
};
pub use unix::connect_unix;
