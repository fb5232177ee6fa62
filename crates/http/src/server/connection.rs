//! From accepting connections to the end of each: how many at a time, how long a caller may take, and how all of it stops.

use crate::server::access::Peer;
use crate::server::listen::Listener;
use crate::server::serve::Limits;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use solti_api::guard::{Auth, Connection, Place, Places};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// What hyper may hold of an answer that its reader does not take, and of a request's head.
const BUFFER: usize = 64 * 1024;
/// Between two looks at a listener that failed, for want of file descriptors for example.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Serves one listener until `closing`, then lets requests under way finish for a moment.
pub(super) async fn serve<L: Listener>(
    mut listener: L,
    auth: Arc<Auth>,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    mut closing: watch::Receiver<bool>,
) {
    let places = Places::new(Some(auth), limits.places());
    let mut connections = JoinSet::new();
    loop {
        // The place first: who finds none waits in the kernel's queue and costs no descriptor.
        let accepted = tokio::select! {
            () = closed(&mut closing) => break,
            Some(_) = connections.join_next() => continue,
            accepted = async {
                places.room().await;
                listener.accept().await
            } => accepted,
        };
        let (stream, origin) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a connection cannot be accepted: {error}");
                tokio::time::sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        let place = places.enter(origin);
        place.waits_for_caller();
        let stream = Connection::new(stream, place);
        let (tls, router, closing) = (tls.clone(), router.clone(), closing.clone());
        connections.spawn(async move {
            let place = Arc::clone(stream.place());
            match tls {
                None => speak(stream, place, router, limits, closing).await,
                Some(tls) => match tokio::time::timeout(limits.head_time, tls.accept(stream)).await {
                    Ok(Ok(stream)) => speak(stream, place, router, limits, closing).await,
                    Ok(Err(error)) => tracing::debug!("no TLS with {origin:?}: {error}"),
                    Err(_) => tracing::debug!("no TLS with {origin:?} in time"),
                },
            }
        });
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off when the set is dropped.
    tokio::time::timeout(limits.closing_time, finished).await.ok();
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // A sender that is gone is a server that is gone.
    closing.wait_for(|closing| *closing).await.ok();
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    place: Arc<Place>,
    router: Router,
    limits: Limits,
    mut closing: watch::Receiver<bool>,
) {
    let origin = place.origin();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        let place = Arc::clone(&place);
        place.is_waited_for();
        request.extensions_mut().insert(Peer(Some(Arc::clone(&place))));
        let answer = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(answer.await?.map(|body| Answer { body, place })) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closed(&mut closing) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("the connection with {origin:?} ended: {error}");
    }
}

/// The body of an answer; when it is written, or given up, the next request is waited for.
struct Answer {
    body: Body,
    place: Arc<Place>,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.place.waits_for_caller();
    }
}
