//! Parts of logs: the minimap, one long line, a selection, an export, several logs in one order of time.

use super::Server;
use crate::server::answer::{Answer, ok, with_type};
use crate::server::request::{Attempt, Json, Query, Row};
use crate::server::route::{Content, Route};
use crate::server::sse::Broken;
use crate::wire::{
    Merge, MergedExport, MergedOverview, MergedPlaces, MergedTime, Position, Positions, Selection,
};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures::StreamExt as _;
use http::{Method, StatusCode};
use solti_api::ExportStream;
use solti_model::{LineChunk, LogDensity, LogText, MergedRows, TaskId};

/// Slices of a log without a number.
const BUCKETS: u32 = 256;
/// Bytes of a line without a number.
const BYTES: u32 = 64 * 1024;

pub fn routes() -> Vec<Route> {
    let of_log = |route: Route| {
        route
            .in_path::<TaskId>("id", "The task")
            .in_path::<u32>("attempt", "From 1; 0 for the latest")
            .fails(&[404])
    };
    vec![
        of_log(Route::new(
            Method::GET,
            "/api/v1/desktop/tasks/{id}/logs/{attempt}/density",
            "logDensity",
            density,
        ))
        .about("The log in equal slices: rows of each stream, and matches of a search.")
        .in_query::<u64>("buckets", "256 by default, 4,096 at most")
        .in_query::<String>("search", "An open search over this log")
        .answers::<LogDensity>(200),
        of_log(Route::new(
            Method::GET,
            "/api/v1/desktop/tasks/{id}/logs/{attempt}/rows/{row}",
            "readLine",
            line,
        ))
        .about("A part of one row, however long the row is.")
        .in_path::<u64>("row", "The row, from 0")
        .in_query::<u64>("fromByte", "The first byte, from 0")
        .in_query::<u64>("count", "64 KiB by default, 1 MiB at most")
        .answers::<LineChunk>(200),
        of_log(Route::new(
            Method::POST,
            "/api/v1/desktop/tasks/{id}/logs/{attempt}/text",
            "readLogText",
            text,
        ))
        .about("The text of a selection as a window shows it.")
        .takes::<Selection>()
        .answers::<LogText>(200)
        .fails(&[404, 413]),
        of_log(Route::new(
            Method::GET,
            "/api/v1/desktop/tasks/{id}/logs/{attempt}/export",
            "exportLog",
            export,
        ))
        .about("The bytes that the program wrote; with times or a search, rows as text.")
        .in_query::<bool>("timestamps", "A time before each row")
        .in_query::<String>("search", "Matching rows of an open search only")
        .answers_with(200, Content::Text("application/octet-stream")),
        Route::new(Method::POST, "/api/v1/desktop/merged", "readMerged", merged)
            .about("Rows of several logs in the order of their times.")
            .takes::<Merge>()
            .answers::<MergedRows>(200)
            .fails(&[404, 413]),
        Route::new(Method::POST, "/api/v1/desktop/merged/density", "mergedDensity", merged_density)
            .about("Several logs in equal slices of their merged order: rows of each stream, and matches of a search.")
            .takes::<MergedOverview>()
            .answers::<LogDensity>(200)
            .fails(&[404, 413]),
        Route::new(Method::POST, "/api/v1/desktop/merged/positions", "mergedPositions", merged_positions)
            .about("Where rows of several logs stand in their merged order.")
            .takes::<MergedPlaces>()
            .answers::<Positions>(200)
            .fails(&[404, 413]),
        Route::new(Method::POST, "/api/v1/desktop/merged/at", "mergedPositionAt", merged_position_at)
            .about("Where the first row of a time or later stands in the merged order of several logs; of one, its number.")
            .takes::<MergedTime>()
            .answers::<Position>(200)
            .fails(&[404, 413]),
        Route::new(Method::POST, "/api/v1/desktop/merged/export", "exportMerged", export_merged)
            .about("Several logs in the order of their times, to save: rows as text, each with the name of its task.")
            .takes::<MergedExport>()
            .answers_with(200, Content::Text("application/octet-stream"))
            .fails(&[404, 413]),
    ]
}

async fn density(State(server): State<Server>, Attempt(id, attempt): Attempt, mut query: Query) -> Answer {
    let buckets = query.clamped("buckets")?.unwrap_or(BUCKETS);
    let search = query.one("search")?;
    query.done()?;
    ok(&server.api.log_density(&id, attempt, buckets, search.as_deref()).await?)
}

async fn line(State(server): State<Server>, Row(id, attempt, row): Row, mut query: Query) -> Answer {
    let from = query.number("fromByte")?.unwrap_or_default();
    let count = query.clamped("count")?.unwrap_or(BYTES);
    query.done()?;
    ok(&server.api.read_line(&id, attempt, row, from, count).await?)
}

async fn text(
    State(server): State<Server>,
    Attempt(id, attempt): Attempt,
    Json(Selection { start, end, timestamps, search }): Json<Selection>,
) -> Answer {
    ok(&server.api.read_log_text(&id, attempt, start, end, timestamps, search.as_deref()).await?)
}

async fn export(State(server): State<Server>, Attempt(id, attempt): Attempt, mut query: Query) -> Answer {
    let (timestamps, search) = (query.flag("timestamps")?, query.one("search")?);
    query.done()?;
    Ok(file(server.api.export_log(&id, attempt, timestamps, search.as_deref()).await?, server.revoked()))
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

async fn merged(State(server): State<Server>, Json(Merge { sources, from, count }): Json<Merge>) -> Answer {
    ok(&server.api.read_merged(sources, from, count).await?)
}

async fn merged_density(
    State(server): State<Server>,
    Json(MergedOverview { sources, buckets, search }): Json<MergedOverview>,
) -> Answer {
    ok(&server.api.merged_density(sources, buckets, search.as_deref()).await?)
}

async fn merged_positions(
    State(server): State<Server>,
    Json(MergedPlaces { sources, rows }): Json<MergedPlaces>,
) -> Answer {
    ok(&Positions { positions: server.api.merged_positions(sources, rows).await? })
}

async fn merged_position_at(
    State(server): State<Server>,
    Json(MergedTime { sources, at }): Json<MergedTime>,
) -> Answer {
    ok(&Position { position: server.api.merged_position_at(sources, at).await? })
}

async fn export_merged(
    State(server): State<Server>,
    Json(MergedExport { sources, timestamps, search }): Json<MergedExport>,
) -> Answer {
    Ok(file(server.api.export_merged(sources, timestamps, search.as_deref()).await?, server.revoked()))
}
