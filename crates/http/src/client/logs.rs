//! Searches, excerpts and bookmarks over the connection. A search lives as long as its connection: when that breaks, its
//! last progress says so, and whoever shows it searches again.

use crate::client::HttpClient;
use crate::client::events::{Broken, Events, SILENCE};
use crate::client::handler::{desktop, log};
use crate::wire::{
    Bookmarked, Merge, MergedExport, MergedOverview, MergedPlaces, MergedSearch, MergedTime, Note, Opened,
    Position, Positions, Ranges, Rank, Search, SearchAll, Selection, Step,
};
use async_trait::async_trait;
use futures::stream::unfold;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use solti_api::{
    ApiError, Bookmarks, ExportChunk, ExportStream, LogExcerpts, LogSearch, OpenedSearch, TaskHitsStream,
};
use solti_model::{
    Bookmark, LineChunk, LogDensity, LogQuery, LogRows, LogSource, LogText, MergedRows, RowRanges, SearchHit,
    SearchProgress, SourceRow, TaskHits, TaskId, TextPosition,
};
use url::form_urlencoded::Serializer;

/// The requests of an open search.
fn searching(search: &str, what: &str) -> Result<String, ApiError> {
    // The server's names are such; another one could lead to another route.
    if search.is_empty() || !search.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(ApiError::InvalidRequest { field: "search".into(), message: "is not open".into() });
    }
    Ok(format!("/api/v1/desktop/searches/{search}/{what}"))
}

/// A query with the search in it, if there is one.
fn with_search(mut path: String, search: Option<&str>) -> String {
    if let Some(search) = search {
        path.push('&');
        path.push_str(&Serializer::new(String::new()).append_pair("search", search).finish());
    }
    path
}

impl HttpClient {
    async fn open_events(&self, path: &str, body: &impl Serialize) -> Result<Events, ApiError> {
        let body = serde_json::to_vec(body).map_err(|error| ApiError::internal(&error))?;
        let response = self.send(Method::POST, path, Some(body), None).await?;
        match response.status() {
            StatusCode::OK => Ok(Events::new(response.into_body())),
            status => Err(self.error(status, &self.read(response).await?)),
        }
    }

    /// A log as bytes. Rows are counted by their line ends.
    async fn file(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<ExportStream, ApiError> {
        let response = self.send(method, path, body, None).await?;
        if response.status() != StatusCode::OK {
            let status = response.status();
            return Err(self.error(status, &self.read(response).await?));
        }
        let state = Some((self.clone(), response.into_body()));
        let chunks = unfold(state, |state| async move {
            let (client, mut body) = state?;
            loop {
                let Ok(frame) = tokio::time::timeout(SILENCE, body.frame()).await else {
                    return Some((Err(client.lost(&Broken::Silence).await), None));
                };
                return match frame? {
                    Ok(frame) => {
                        let Ok(bytes) = frame.into_data() else { continue };
                        let rows = memchr::memchr_iter(b'\n', &bytes).count() as u64;
                        Some((Ok(ExportChunk { bytes, rows }), Some((client, body))))
                    }
                    Err(broken) => Some((Err(client.lost(&broken).await), None)),
                };
            }
        });
        Ok(Box::pin(chunks))
    }

    async fn open_searching(&self, path: &str, what: &impl Serialize) -> Result<OpenedSearch, ApiError> {
        let mut events = self.open_events(path, what).await?;
        let opened = match next::<Opened>(&mut events).await {
            Ok(Some(opened)) => opened,
            Ok(None) => return Err(ApiError::Unavailable { reason: "the search was not opened".into() }),
            Err(broken) => return Err(self.lost(&broken).await),
        };
        let nothing = SearchProgress {
            matches: 0,
            searched_bytes: 0,
            total_bytes: 0,
            complete: false,
            live: false,
            error: None,
            nearest: None,
        };
        let state = (self.clone(), Some(events), nothing);
        let progress = unfold(state, |(client, events, last)| async move {
            let mut events = events?;
            match next::<SearchProgress>(&mut events).await {
                Ok(Some(progress)) => Some((progress.clone(), (client, Some(events), progress))),
                Ok(None) => None,
                Err(broken) => {
                    let error = Some(client.lost(&broken).await.to_string());
                    Some((SearchProgress { error, live: false, ..last.clone() }, (client, None, last)))
                }
            }
        });
        Ok(OpenedSearch { id: opened.id, progress: Box::pin(progress) })
    }
}

async fn next<T: DeserializeOwned>(events: &mut Events) -> Result<Option<T>, Broken> {
    match events.next().await? {
        Some(event) => Ok(Some(serde_json::from_slice(&event.data)?)),
        None => Ok(None),
    }
}

#[async_trait]
impl LogSearch for HttpClient {
    async fn open_search(
        &self,
        id: &TaskId,
        attempt: u32,
        query: LogQuery,
        near: u64,
    ) -> Result<OpenedSearch, ApiError> {
        self.open_searching(&format!("{}/search", log(id, attempt)), &Search { query, near }).await
    }

    async fn open_merged_search(
        &self,
        sources: Vec<LogSource>,
        query: LogQuery,
        near: u64,
    ) -> Result<OpenedSearch, ApiError> {
        let what = MergedSearch { sources, query, near };
        self.open_searching("/api/v1/desktop/merged/search", &what).await
    }

    async fn search_step(
        &self,
        search: &str,
        row: u64,
        forward: bool,
    ) -> Result<Option<SearchHit>, ApiError> {
        let path = format!("{}?row={row}&backward={}", searching(search, "step")?, !forward);
        let step: Step = self.get(&path).await?;
        Ok(step.hit)
    }

    async fn search_rows(&self, search: &str, from: u64, count: u32) -> Result<LogRows, ApiError> {
        self.get(&format!("{}?from={from}&count={count}", searching(search, "rows")?)).await
    }

    async fn merged_search_rows(&self, search: &str, from: u64, count: u32) -> Result<MergedRows, ApiError> {
        self.get(&format!("{}?from={from}&count={count}", searching(search, "merged-rows")?)).await
    }

    async fn search_rank(&self, search: &str, row: u64) -> Result<u64, ApiError> {
        let rank: Rank = self.get(&format!("{}?row={row}", searching(search, "rank")?)).await?;
        Ok(rank.rank)
    }

    async fn search_ranges(&self, search: &str, from: u64, count: u32) -> Result<Vec<RowRanges>, ApiError> {
        let path = format!("{}?from={from}&count={count}", searching(search, "ranges")?);
        let ranges: Ranges = self.get(&path).await?;
        Ok(ranges.rows)
    }

    async fn search_all(
        &self,
        query: LogQuery,
        ids: Option<Vec<TaskId>>,
    ) -> Result<TaskHitsStream, ApiError> {
        let events = self.open_events("/api/v1/desktop/search", &SearchAll { query, ids }).await?;
        let hits = unfold((self.clone(), events), |(client, mut events)| async move {
            match next::<TaskHits>(&mut events).await {
                Ok(hits) => hits.map(|hits| (hits, (client, events))),
                Err(broken) => {
                    // It ends without having said that it is complete.
                    client.lost(&broken).await;
                    None
                }
            }
        });
        Ok(Box::pin(hits))
    }
}

#[async_trait]
impl LogExcerpts for HttpClient {
    async fn log_density(
        &self,
        id: &TaskId,
        attempt: u32,
        buckets: u32,
        search: Option<&str>,
    ) -> Result<LogDensity, ApiError> {
        let path = format!("{}/density?buckets={buckets}", log(id, attempt));
        self.get(&with_search(path, search)).await
    }

    async fn read_line(
        &self,
        id: &TaskId,
        attempt: u32,
        row: u64,
        from_byte: u64,
        count: u32,
    ) -> Result<LineChunk, ApiError> {
        self.get(&format!("{}/rows/{row}?fromByte={from_byte}&count={count}", log(id, attempt))).await
    }

    async fn read_log_text(
        &self,
        id: &TaskId,
        attempt: u32,
        start: TextPosition,
        end: TextPosition,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<LogText, ApiError> {
        let selection = Selection { start, end, timestamps, search: search.map(str::to_owned) };
        self.ask(Method::POST, &format!("{}/text", log(id, attempt)), &selection).await
    }

    async fn export_log(
        &self,
        id: &TaskId,
        attempt: u32,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<ExportStream, ApiError> {
        let path = with_search(format!("{}/export?timestamps={timestamps}", log(id, attempt)), search);
        self.file(Method::GET, &path, None).await
    }

    async fn merged_density(
        &self,
        sources: Vec<LogSource>,
        buckets: u32,
        search: Option<&str>,
    ) -> Result<LogDensity, ApiError> {
        let what = MergedOverview { sources, buckets, search: search.map(str::to_owned) };
        self.ask(Method::POST, "/api/v1/desktop/merged/density", &what).await
    }

    async fn read_merged(
        &self,
        sources: Vec<LogSource>,
        from: u64,
        count: u32,
    ) -> Result<MergedRows, ApiError> {
        self.ask(Method::POST, "/api/v1/desktop/merged", &Merge { sources, from, count }).await
    }

    async fn merged_positions(
        &self,
        sources: Vec<LogSource>,
        rows: Vec<SourceRow>,
    ) -> Result<Vec<u64>, ApiError> {
        let what = MergedPlaces { sources, rows };
        let found: Positions = self.ask(Method::POST, "/api/v1/desktop/merged/positions", &what).await?;
        Ok(found.positions)
    }

    async fn merged_position_at(&self, sources: Vec<LogSource>, at: u64) -> Result<u64, ApiError> {
        let what = MergedTime { sources, at };
        let found: Position = self.ask(Method::POST, "/api/v1/desktop/merged/at", &what).await?;
        Ok(found.position)
    }

    async fn export_merged(
        &self,
        sources: Vec<LogSource>,
        timestamps: bool,
        search: Option<&str>,
    ) -> Result<ExportStream, ApiError> {
        let what = MergedExport { sources, timestamps, search: search.map(str::to_owned) };
        let what = serde_json::to_vec(&what).map_err(|error| ApiError::internal(&error))?;
        self.file(Method::POST, "/api/v1/desktop/merged/export", Some(what)).await
    }
}

#[async_trait]
impl Bookmarks for HttpClient {
    async fn list_bookmarks(&self, id: &TaskId) -> Result<Vec<Bookmark>, ApiError> {
        let marked: Bookmarked = self.get(&format!("{}/bookmarks", desktop(id))).await?;
        Ok(marked.bookmarks)
    }

    async fn set_bookmark(
        &self,
        id: &TaskId,
        attempt: u32,
        row: u64,
        note: String,
    ) -> Result<Bookmark, ApiError> {
        self.ask(Method::PUT, &format!("{}/bookmarks/{attempt}/{row}", desktop(id)), &Note { note }).await
    }

    async fn delete_bookmark(&self, id: &TaskId, attempt: u32, row: u64) -> Result<(), ApiError> {
        self.tell(Method::DELETE, &format!("{}/bookmarks/{attempt}/{row}", desktop(id)), None).await
    }
}
