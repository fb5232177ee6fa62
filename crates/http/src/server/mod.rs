//! The server: who may connect, what is routed where, and how answers look.

mod access;
mod answer;
mod certificate;
mod connection;
mod listen;
mod openapi;
mod request;
mod route;
mod routes;
mod serve;
mod sse;

pub use access::Access;
pub use certificate::CertificateFiles;
pub use routes::router;
pub use serve::{Limits, ServeOptions, Serving, TcpOptions, Tls, certificate_names, serve};
