//! The operations of the table, each at its path: its struct as the body of a POST, its answer as JSON, as server-sent events or
//! as the bytes of a file.

use super::Server;
use crate::server::answer::{Answer, ok, with_type};
use crate::server::request::OperationBody;
use crate::server::route::{Content, Route};
use crate::server::sse::{self, Broken, Plain};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures::StreamExt as _;
use http::{Method, StatusCode};
use solti_api::operations::{
    Ask, Download, ExportStream, Item, Operation, Operations as _, Topic, Visitor, visit,
};

pub(super) fn routes() -> Vec<Route> {
    let mut table = RouteTable::default();
    visit(&mut table);
    table.0
}

#[derive(Default)]
struct RouteTable(Vec<Route>);

/// Also 404 and 409: whatever it is about may be gone, or not allow it.
fn described<O: Operation>(route: Route) -> Route {
    let has_no_needed_field = serde_json::from_slice::<O>(b"{}").is_ok();
    let route = route.about(O::ABOUT.trim_start()).takes::<O>().may_lack_body(has_no_needed_field);
    route.fails(&[404, 409, 413])
}

impl Visitor for RouteTable {
    fn ask<A: Ask>(&mut self) {
        let route = Route::new(Method::POST, A::PATH, A::NAME.word(), answered::<A>);
        self.0.push(described::<A>(route).answers::<A::Answer>(200));
    }

    fn topic<T: Topic>(&mut self) {
        let route = Route::new(Method::POST, T::PATH, T::NAME.word(), streamed::<T>);
        self.0.push(described::<T>(route).answers_events::<T::Item>(T::Item::EVENTS));
    }

    fn download<D: Download>(&mut self) {
        let route = Route::new(Method::POST, D::PATH, D::NAME.word(), saved::<D>);
        self.0.push(described::<D>(route).answers_with(200, Content::Text("application/octet-stream")));
    }
}

async fn answered<A: Ask>(State(server): State<Server>, OperationBody(ask): OperationBody<A>) -> Answer {
    ok(&server.api.ask(ask).await?)
}

async fn streamed<T: Topic>(State(server): State<Server>, OperationBody(topic): OperationBody<T>) -> Answer {
    let place = server.place()?;
    Ok(sse::answer(server.api.open(topic).await?.map(Plain).boxed(), place))
}

async fn saved<D: Download>(
    State(server): State<Server>,
    OperationBody(download): OperationBody<D>,
) -> Answer {
    Ok(file(server.api.download(download).await?, server.revoked()))
}

fn file(chunks: ExportStream, revoked: impl Future<Output = ()> + Send + 'static) -> Response {
    // An error breaks the answer off: half a log must not look like a whole one.
    type Error = Box<dyn std::error::Error + Send + Sync>;
    let bytes = chunks.map(|chunk| chunk.map(|chunk| chunk.bytes).map_err(Error::from));
    let until = (bytes, Some(Box::pin(revoked)));
    let body = futures::stream::unfold(until, |(mut bytes, revoked)| async move {
        let mut revoked = revoked?;
        tokio::select! {
            biased;
            () = &mut revoked => Some((Err(Error::from(Broken::Revoked)), (bytes, None))),
            chunk = bytes.next() => chunk.map(|chunk| (chunk, (bytes, Some(revoked)))),
        }
    });
    let body = Body::from_stream(body);
    with_type(StatusCode::OK, "application/octet-stream", body)
}
