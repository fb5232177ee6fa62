//! Searching logs. A search is a stream: closing it ends the search.

use super::{Answer, Api, args::Arg};
use crate::{
    events::{Streams, To},
    search::{HitsFrame, SearchFrame},
};
use solti_model::{LogQuery, LogRows, LogSource, MergedRows, RowRanges, SearchHit, TaskId};
use tauri::{Runtime, State, WebviewWindow, command};

#[command]
#[expect(clippy::too_many_arguments, reason = "one for each of the page's, and three that Tauri gives")]
pub async fn open_search<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    streams: State<'_, Streams>,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
    query: Arg<LogQuery>,
    near: Arg<u64>,
    on_progress: To<SearchFrame>,
) -> Answer<String> {
    let opened = api.open_search(&id.0, attempt.0, query.0, near.0).await?;
    Ok(streams.open_as(opened.id, window.label(), opened.progress, on_progress))
}

#[command]
pub async fn open_merged_search<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    streams: State<'_, Streams>,
    sources: Arg<Vec<LogSource>>,
    query: Arg<LogQuery>,
    near: Arg<u64>,
    on_progress: To<SearchFrame>,
) -> Answer<String> {
    let opened = api.open_merged_search(sources.0, query.0, near.0).await?;
    Ok(streams.open_as(opened.id, window.label(), opened.progress, on_progress))
}

#[command]
pub async fn search_step(
    api: Api,
    search_id: Arg<String>,
    row: Arg<u64>,
    forward: Arg<bool>,
) -> Answer<Option<SearchHit>> {
    api.search_step(&search_id.0, row.0, forward.0).await
}

#[command]
pub async fn search_rows(
    api: Api,
    search_id: Arg<String>,
    from: Arg<u64>,
    count: Arg<u32>,
) -> Answer<LogRows> {
    api.search_rows(&search_id.0, from.0, count.0).await
}

#[command]
pub async fn merged_search_rows(
    api: Api,
    search_id: Arg<String>,
    from: Arg<u64>,
    count: Arg<u32>,
) -> Answer<MergedRows> {
    api.merged_search_rows(&search_id.0, from.0, count.0).await
}

#[command]
pub async fn search_rank(api: Api, search_id: Arg<String>, row: Arg<u64>) -> Answer<u64> {
    api.search_rank(&search_id.0, row.0).await
}

#[command]
pub async fn search_ranges(
    api: Api,
    search_id: Arg<String>,
    from: Arg<u64>,
    count: Arg<u32>,
) -> Answer<Vec<RowRanges>> {
    api.search_ranges(&search_id.0, from.0, count.0).await
}

#[command]
pub async fn search_all<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    streams: State<'_, Streams>,
    query: Arg<LogQuery>,
    ids: Arg<Option<Vec<TaskId>>>,
    on_hits: To<HitsFrame>,
) -> Answer<String> {
    let hits = api.search_all(query.0, ids.0).await?;
    Ok(streams.open(window.label(), hits, on_hits))
}
