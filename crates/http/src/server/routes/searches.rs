//! Searches: a stream that tells how far one is, and what it answers while that stream is open.

use super::Server;
use crate::server::answer::{Answer, ok};
use crate::server::request::{Attempt, Json, Query, SearchName};
use crate::server::route::Route;
use crate::server::sse::{self, Searching};
use crate::wire::{MergedSearch, Opened, Ranges, Rank, Search, SearchAll, Step};
use axum::extract::State;
use futures::StreamExt as _;
use futures::stream::{BoxStream, iter};
use http::Method;
use solti_api::OpenedSearch;
use solti_model::{LogRows, MergedRows, SearchProgress, TaskHits, TaskId};

/// Rows in one answer without a count.
const ROWS: u32 = 100;

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/api/v1/desktop/tasks/{id}/logs/{attempt}/search", "openSearch", open)
            .about(
                "Search a log: the first event names the search, the others tell how far it is. Closing the stream \
                 ends the search.",
            )
            .in_path::<TaskId>("id", "The task")
            .in_path::<u32>("attempt", "From 1; 0 for the latest")
            .takes::<Search>()
            .answers_events::<SearchProgress>(&["opened", "progress"])
            .fails(&[404, 413]),
        Route::new(Method::POST, "/api/v1/desktop/search", "searchAll", all)
            .about("Search the logs of some tasks or of all, newest first.")
            .takes::<SearchAll>()
            .answers_events::<TaskHits>(&["hits"])
            .fails(&[413]),
        Route::new(Method::POST, "/api/v1/desktop/merged/search", "openMergedSearch", open_merged)
            .about(
                "Search several logs as one: rows are positions of their merged order. The search of source n alone \
                 answers as {search}-n.",
            )
            .takes::<MergedSearch>()
            .answers_events::<SearchProgress>(&["opened", "progress"])
            .fails(&[404, 413]),
        Route::new(Method::GET, "/api/v1/desktop/searches/{search}/merged-rows", "mergedSearchRows", merged_rows)
            .about("Matching rows of several logs by rank.")
            .in_path::<String>("search", "The search")
            .in_query::<u64>("from", "The first rank, from 0")
            .in_query::<u64>("count", "100 by default, 1,000 at most")
            .answers::<MergedRows>(200),
        Route::new(Method::GET, "/api/v1/desktop/searches/{search}/step", "searchStep", step)
            .about("The next match strictly after or before a row, going round at the ends.")
            .in_path::<String>("search", "The search")
            .in_query::<u64>("row", "From where; 0 when left out")
            .in_query::<bool>("backward", "Before the row instead of after it")
            .answers::<Step>(200),
        Route::new(Method::GET, "/api/v1/desktop/searches/{search}/rows", "searchRows", rows)
            .about("Matching rows by rank.")
            .in_path::<String>("search", "The search")
            .in_query::<u64>("from", "The first rank, from 0")
            .in_query::<u64>("count", "100 by default, 1,000 at most")
            .answers::<LogRows>(200),
        Route::new(Method::GET, "/api/v1/desktop/searches/{search}/rank", "searchRank", rank)
            .about("How many matches lie before a row.")
            .in_path::<String>("search", "The search")
            .in_query::<u64>("row", "The row; 0 when left out")
            .answers::<Rank>(200),
        Route::new(Method::GET, "/api/v1/desktop/searches/{search}/ranges", "searchRanges", ranges)
            .about("Where the matches are in a range of rows of the log.")
            .in_path::<String>("search", "The search")
            .in_query::<u64>("from", "The first row, from 0")
            .in_query::<u64>("count", "100 by default, 1,000 at most")
            .answers::<Ranges>(200),
    ]
}

async fn open(
    State(server): State<Server>,
    Attempt(id, attempt): Attempt,
    Json(Search { query, near }): Json<Search>,
) -> Answer {
    let place = server.place()?;
    let search = server.api.open_search(&id, attempt, query, near).await?;
    Ok(sse::answer(events(search), place))
}

async fn open_merged(
    State(server): State<Server>,
    Json(MergedSearch { sources, query, near }): Json<MergedSearch>,
) -> Answer {
    let place = server.place()?;
    let search = server.api.open_merged_search(sources, query, near).await?;
    Ok(sse::answer(events(search), place))
}

fn events(search: OpenedSearch) -> BoxStream<'static, Searching> {
    let opened = iter([Searching::Opened(Opened { id: search.id })]);
    opened.chain(search.progress.map(Searching::Progress)).boxed()
}

async fn merged_rows(
    State(server): State<Server>,
    SearchName(search): SearchName,
    mut query: Query,
) -> Answer {
    let (from, count) = range(&mut query)?;
    query.done()?;
    ok(&server.api.merged_search_rows(&search, from, count).await?)
}

async fn all(State(server): State<Server>, Json(SearchAll { query, ids }): Json<SearchAll>) -> Answer {
    let place = server.place()?;
    Ok(sse::answer(server.api.search_all(query, ids).await?, place))
}

async fn step(State(server): State<Server>, SearchName(search): SearchName, mut query: Query) -> Answer {
    let row = query.number("row")?.unwrap_or_default();
    let backward = query.flag("backward")?;
    query.done()?;
    ok(&Step { hit: server.api.search_step(&search, row, !backward).await? })
}

async fn rows(State(server): State<Server>, SearchName(search): SearchName, mut query: Query) -> Answer {
    let (from, count) = range(&mut query)?;
    query.done()?;
    ok(&server.api.search_rows(&search, from, count).await?)
}

async fn rank(State(server): State<Server>, SearchName(search): SearchName, mut query: Query) -> Answer {
    let row = query.number("row")?.unwrap_or_default();
    query.done()?;
    ok(&Rank { rank: server.api.search_rank(&search, row).await? })
}

async fn ranges(State(server): State<Server>, SearchName(search): SearchName, mut query: Query) -> Answer {
    let (from, count) = range(&mut query)?;
    query.done()?;
    ok(&Ranges { rows: server.api.search_ranges(&search, from, count).await? })
}

fn range(query: &mut Query) -> Result<(u64, u32), crate::server::answer::Refusal> {
    Ok((query.number("from")?.unwrap_or_default(), query.clamped("count")?.unwrap_or(ROWS)))
}
