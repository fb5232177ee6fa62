//! All routes, and what stands around them.

mod logs;
mod operations;
mod owner;
mod service;
mod tasks;

use crate::server::access::{Access, admit};
use crate::server::answer::{Answer, Refusal};
use crate::server::openapi;
use crate::server::route::Route;
use crate::server::sse::{self, Place};
use axum::Router;
use axum::extract::Request;
use axum::middleware;
use bytes::Bytes;
use http::StatusCode;
use solti_api::guard::{Auth, Caller, Metrics, StandardGuards};
use solti_api::{ApiError, DesktopApi, Owner};
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// What handlers share.
#[derive(Clone)]
pub(super) struct Server {
    /// Behind its guards.
    pub api: Arc<dyn DesktopApi>,
    /// At the Unix socket alone.
    pub owner: Option<Owner>,
    auth: Arc<Auth>,
    metrics: Arc<Metrics>,
    openapi: Bytes,
    streams: Arc<Semaphore>,
    closing: watch::Receiver<bool>,
}

impl Server {
    /// A place for one more stream.
    pub(super) fn place(&self) -> Result<Place, Refusal> {
        let permit = Arc::clone(&self.streams).try_acquire_owned();
        let permit =
            permit.map_err(|_| ApiError::Unavailable { reason: "too many streams are open".into() })?;
        Ok(Place::new(permit, sse::cut(self.closing.clone(), self.revoked())))
    }

    /// Done when the answer to the call under way has to break off, however much of it is left.
    pub(super) fn revoked(&self) -> impl Future<Output = ()> + Send + use<> {
        self.auth.revoked(Caller::current())
    }
}

fn routes() -> Vec<Route> {
    let parts = [tasks::routes(), logs::routes(), operations::routes(), service::routes()];
    parts.into_iter().flatten().collect()
}

/// Every route over `api`, behind `guards` and `access`. At most `streams` event streams are open at a time; all of them
/// break off when `closing` becomes true. What only the owner may ask is there with an `owner`.
///
/// The listener puts a [`crate::server::access::Peer`] into each request.
pub fn router(
    api: Arc<dyn DesktopApi>,
    guards: &StandardGuards,
    access: Access,
    streams: usize,
    closing: watch::Receiver<bool>,
    owner: Option<Owner>,
) -> Router {
    let routes = routes();
    let server = Server {
        api: Arc::new(guards.around(api)),
        owner,
        auth: Arc::clone(&guards.auth),
        metrics: Arc::clone(&guards.metrics),
        openapi: openapi::document(&routes).into(),
        streams: Arc::new(Semaphore::new(streams)),
        closing,
    };
    let router = routes.into_iter().fold(Router::new(), |router, route| route.mount(router));
    let router = if server.owner.is_some() { owner::mount(router) } else { router };
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn_with_state(access, admit))
        .with_state(server)
}

async fn no_route(request: Request) -> Answer {
    let message = format!("there is nothing at {}", request.uri().path());
    Err(Refusal::of_route(StatusCode::NOT_FOUND, "path", message))
}

async fn no_method(request: Request) -> Answer {
    let message = format!("{} is not possible at {}", request.method(), request.uri().path());
    Err(Refusal::of_route(StatusCode::METHOD_NOT_ALLOWED, "method", message))
}
