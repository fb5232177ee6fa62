//! What only this user's own programs may ask, at the Unix socket: see [`solti_api::Owner`]. Not in the OpenAPI document, because nobody
//! else is to use it: both ends are of this house.

use super::Server;
use crate::owned;
use crate::server::answer::{Answer, Refusal, ok};
use crate::server::request::{JsonBody, invalid};
use crate::server::sse::{self, Event};
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use futures::StreamExt as _;
use serde::Serialize;
use serde_json::{Value, json};
use solti_api::guard::{Caller, Origin};
use solti_api::{ApiError, Owner};
use tokio_stream::wrappers::WatchStream;

pub(super) fn mount(router: Router<Server>) -> Router<Server> {
    router
        .route(owned::ENGINE, get(engine))
        .route(owned::SETTINGS, get(settings).patch(set_settings))
        .route(owned::SETTINGS_CHANGES, get(watch_settings))
        .route(owned::DOORS, get(watch_doors))
        .route(owned::TOKEN, post(rotate_token))
}

/// The listener lets in who knows the token, too.
fn owner(server: &Server) -> Result<&Owner, Refusal> {
    let own = rustix::process::geteuid().as_raw();
    match (&server.owner, Caller::current().origin) {
        (Some(owner), Origin::Socket { uid }) if uid == own => Ok(owner),
        _ => {
            Err(ApiError::PermissionDenied { reason: "this is for the own programs of its user".into() }
                .into())
        }
    }
}

async fn engine(State(server): State<Server>) -> Answer {
    ok(&owner(&server)?.engine)
}

async fn settings(State(server): State<Server>) -> Answer {
    ok(&owner(&server)?.settings.settings())
}

async fn set_settings(State(server): State<Server>, JsonBody(patch): JsonBody<Value>) -> Answer {
    ok(&owner(&server)?.settings.set_settings(patch).await?)
}

async fn watch_settings(State(server): State<Server>) -> Answer {
    let settings = owner(&server)?.settings.watch_settings();
    let place = server.place()?;
    Ok(sse::answer(WatchStream::new(settings).map(|now| Now("settings", now)).boxed(), place))
}

async fn watch_doors(State(server): State<Server>) -> Answer {
    let doors = owner(&server)?.doors.clone();
    let place = server.place()?;
    Ok(sse::answer(WatchStream::new(doors).map(|now| Now("doors", now)).boxed(), place))
}

async fn rotate_token(State(server): State<Server>) -> Answer {
    let token = owner(&server)?.token.as_ref().ok_or_else(|| invalid("token", "this server has none"))?;
    let fresh = token.rotate().map_err(|error| ApiError::internal(&error))?;
    ok(&json!({ "token": fresh }))
}

/// What stands for itself.
struct Now<T>(&'static str, T);

impl<T: Serialize> Event for Now<T> {
    type Data = T;

    fn name(&self) -> &'static str {
        self.0
    }

    fn data(&self) -> &T {
        &self.1
    }
}
