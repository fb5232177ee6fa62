//! The server: what is served behind which limits, and how it ends. What a request means is in `service.rs`.

use crate::connection::Listener;
use crate::gate::GateLayer;
use crate::proto::solti_api_server::SoltiApiServer;
use crate::service::Service;
use crate::{GrpcError, MAX_REQUEST_BYTES};
use solti_api::guard::{Auth, PlaceLimits, Places};
use solti_api::{ApiHandler, LogAccess};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tonic::transport::{Identity, Server, ServerTlsConfig};

/// Streams that one connection may have open; a call is a stream.
const MAX_STREAMS: u32 = 128;
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// One request fits; what a client sends beyond it waits at the client.
const RECEIVE_WINDOW_BYTES: u32 = 64 * 1024;
/// A log is many messages: with larger frames than the least of 16 KiB, fewer system calls carry them.
const FRAME_BYTES: u32 = 64 * 1024;
/// How often a silent client is asked whether it is there, and for how long it may be silent then.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_PATIENCE: Duration = Duration::from_secs(10);
/// For a client that takes nothing at all.
const WRITE_PATIENCE: Duration = Duration::from_secs(300);
/// After so long a client is asked to connect anew for its next call; what it has open goes on. One that has nothing open, and
/// is only there, gives its place back so.
const CONNECTION_AGE: Duration = Duration::from_secs(1_800);
const TLS_PATIENCE: Duration = Duration::from_secs(10);
/// How long calls under way may take to end when the server closes.
const CLOSING_PATIENCE: Duration = Duration::from_secs(2);

/// A certificate chain and its key, both PEM.
#[derive(Clone)]
pub struct TlsIdentity {
    /// The server's own first, then those that have signed it.
    pub certificate_pem: Vec<u8>,
    /// Of the server's own certificate, not encrypted.
    pub key_pem: Vec<u8>,
}

/// Who may call, and how much at a time. By default everybody that the handler lets through.
#[derive(Clone)]
pub struct ServerOptions {
    /// Asked before a request is read. Without it everyone may call whom the handler's own guards let through.
    pub auth: Option<Arc<Auth>>,
    /// Needed where other machines can reach the listener.
    pub tls: Option<TlsIdentity>,
    /// Of callers who have shown the token, or are this user; everybody where there is no `auth`.
    pub max_connections: usize,
    /// Of everybody else, in so far as they do not give way to newer ones.
    pub max_unknown_connections: usize,
    /// For how long a connection may be one of those: from its first byte to the first call with the token.
    pub unknown_time: Duration,
    /// Reads logs from where a client has left off, and in parts of lines. Without it the handler's own stream is read from its
    /// beginning, in lines.
    pub logs: Option<Arc<dyn LogAccess>>,
    /// Logs that are read at a time, over all connections: each holds a file and some memory.
    pub max_logs: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            auth: None,
            tls: None,
            max_connections: 256,
            max_unknown_connections: 64,
            unknown_time: Duration::from_secs(15),
            logs: None,
            max_logs: 128,
        }
    }
}

/// Serves `api`, and the standard health service beside it, until `closing` is done. Server reflection is not there.
///
/// # Errors
/// [`GrpcError::PlainText`] for a listener that others can reach without TLS, [`GrpcError::Certificate`] for one that
/// does not parse.
pub async fn serve(
    api: Arc<dyn ApiHandler>,
    listener: Listener,
    options: ServerOptions,
    closing: impl Future<Output = ()> + Send,
) -> Result<(), GrpcError> {
    if options.tls.is_none()
        && let Some(address) = listener.open_address()?
    {
        return Err(GrpcError::PlainText { address });
    }
    let (close, closed) = watch::channel(false);
    let service = Service::new(api, options.auth.clone(), options.logs, options.max_logs, closed.clone());
    let service = SoltiApiServer::new(service).max_decoding_message_size(MAX_REQUEST_BYTES);
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<SoltiApiServer<Service>>().await;

    let places = PlaceLimits {
        known: options.max_connections,
        unknown: options.max_unknown_connections,
        unknown_time: options.unknown_time,
        write_time: WRITE_PATIENCE,
    };
    let places = Places::new(options.auth.clone(), places);
    let mut server = Server::builder()
        .max_concurrent_streams(MAX_STREAMS)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .initial_stream_window_size(RECEIVE_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_PATIENCE))
        .max_connection_age(CONNECTION_AGE);
    if let Some(tls) = options.tls {
        let identity = Identity::from_pem(tls.certificate_pem, tls.key_pem);
        let tls = ServerTlsConfig::new().identity(identity).timeout(TLS_PATIENCE);
        server = server.tls_config(tls).map_err(GrpcError::Certificate)?;
    }
    let mut until = closed;
    let serving = server
        .layer(GateLayer { auth: options.auth })
        .add_service(health_service)
        .add_service(service)
        .serve_with_incoming_shutdown(listener.incoming(places), async move {
            drop(until.wait_for(|closed| *closed).await);
        });
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended.map_err(GrpcError::Serve),
        () = closing => {}
    }
    health.set_not_serving::<SoltiApiServer<Service>>().await;
    close.send_replace(true);
    // A client that takes nothing could hold the server for ever.
    match tokio::time::timeout(CLOSING_PATIENCE, serving).await {
        Ok(ended) => ended.map_err(GrpcError::Serve),
        Err(_) => Ok(()),
    }
}
