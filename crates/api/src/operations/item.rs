//! What streams are made of, and how long they last.

use crate::ApiError;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use solti_model::{JobChange, LogInfo, SearchProgress, TaskChange, TaskHits, UsageSample};
use std::pin::Pin;
use tokio_stream::{Stream, StreamExt as _};
use ts_rs::TS;

/// The items of a subscription, in order.
pub type ItemStream<T> = Pin<Box<dyn Stream<Item = T> + Send + 'static>>;

/// How long a stream lasts when it goes over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// As long as somebody reads: its end is the end of a server only, and it is opened again.
    Endless,
    /// As long as what it is of. A connection that breaks is made again, and the stream goes on.
    Subject,
    /// As long as its connection, which it is bound to: what it names is gone with it.
    Connection,
}

/// One message of a stream.
pub trait Item: Serialize + DeserializeOwned + JsonSchema + TS + Send + 'static {
    /// The names of its events, as server-sent ones.
    const EVENTS: &'static [&'static str];

    /// Which of these it is.
    fn event(&self) -> &'static str {
        Self::EVENTS[0]
    }

    /// The first one after a break, in which others may have been missed.
    #[must_use]
    fn after_a_break(self) -> Self {
        self
    }

    /// What to keep of it for [`Item::broken_off`].
    fn kept(&self) -> Option<Self> {
        None
    }

    /// What a stream that is bound to a connection says last when that broke, given what was kept of the item before.
    fn broken_off(_before: Option<Self>, _why: &ApiError) -> Option<Self> {
        None
    }
}

impl Item for TaskChange {
    const EVENTS: &'static [&'static str] = &["change"];

    fn after_a_break(self) -> Self {
        Self { resync: true, ..self }
    }
}

impl Item for UsageSample {
    const EVENTS: &'static [&'static str] = &["usage"];
}

impl Item for JobChange {
    const EVENTS: &'static [&'static str] = &["job-change"];
}

impl Item for LogInfo {
    const EVENTS: &'static [&'static str] = &["log-info"];
}

/// One that breaks off ends without having said that it is complete.
impl Item for TaskHits {
    const EVENTS: &'static [&'static str] = &["hits"];
}

/// What a search tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SearchEvent {
    /// The first: what the search is named in its other operations, as long as the stream is open.
    #[allow(missing_docs, reason = "the variant says what its field holds")]
    Opened { id: String },
    /// How far it is; the latest one stands for all before it.
    Progress(SearchProgress),
}

impl Item for SearchEvent {
    const EVENTS: &'static [&'static str] = &["opened", "progress"];

    fn event(&self) -> &'static str {
        match self {
            Self::Opened { .. } => Self::EVENTS[0],
            Self::Progress(_) => Self::EVENTS[1],
        }
    }

    fn kept(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn broken_off(before: Option<Self>, why: &ApiError) -> Option<Self> {
        let nothing = SearchProgress {
            matches: 0,
            searched_bytes: 0,
            total_bytes: 0,
            complete: false,
            live: false,
            error: None,
            nearest: None,
        };
        let last = match before {
            Some(Self::Progress(progress)) => progress,
            _ => nothing,
        };
        Some(Self::Progress(SearchProgress { error: Some(why.to_string()), live: false, ..last }))
    }
}

/// How far a search is, coalesced to what the reader can take. It does not end by itself: dropping it ends the search.
pub type SearchProgressStream = ItemStream<SearchProgress>;

/// A search that answers until its progress is dropped.
pub struct OpenedSearch {
    /// Names it in the other operations.
    pub id: String,
    /// Dropping it ends the search.
    pub progress: SearchProgressStream,
}

impl OpenedSearch {
    /// # Errors
    /// `Unavailable` when the stream has ended before the search was named.
    pub async fn of(mut events: ItemStream<SearchEvent>) -> Result<Self, ApiError> {
        match events.next().await {
            Some(SearchEvent::Opened { id }) => {
                let progress = events.filter_map(|event| match event {
                    SearchEvent::Progress(progress) => Some(progress),
                    SearchEvent::Opened { .. } => None,
                });
                Ok(Self { id, progress: Box::pin(progress) })
            }
            Some(SearchEvent::Progress(SearchProgress { error: Some(reason), .. })) => {
                Err(ApiError::Unavailable { reason })
            }
            Some(SearchEvent::Progress(_)) | None => {
                Err(ApiError::Unavailable { reason: "the search was not opened".into() })
            }
        }
    }

    /// The stream that [`OpenedSearch::of`] reads.
    pub fn into_events(self) -> ItemStream<SearchEvent> {
        let opened = tokio_stream::once(SearchEvent::Opened { id: self.id });
        Box::pin(opened.chain(self.progress.map(SearchEvent::Progress)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(matches: u64) -> SearchProgress {
        SearchProgress {
            matches,
            searched_bytes: 9,
            total_bytes: 9,
            complete: true,
            live: true,
            error: None,
            nearest: None,
        }
    }

    #[tokio::test]
    async fn a_search_is_named_before_it_tells_how_far_it_is() {
        let search =
            OpenedSearch { id: "search-1".into(), progress: Box::pin(tokio_stream::once(progress(3))) };
        let mut opened = OpenedSearch::of(search.into_events()).await.expect("opened");
        assert_eq!((opened.id.as_str(), opened.progress.next().await), ("search-1", Some(progress(3))));
        assert!(opened.progress.next().await.is_none());
        let ended = OpenedSearch::of(Box::pin(tokio_stream::empty())).await.err();
        assert!(matches!(ended, Some(ApiError::Unavailable { .. })), "{ended:?}");
    }

    #[test]
    fn a_search_that_breaks_off_says_so_and_what_it_had_found() {
        let why = ApiError::Unavailable { reason: "gone".into() };
        let before = SearchEvent::Progress(progress(3)).kept();
        let said = Some(SearchEvent::Progress(SearchProgress {
            live: false,
            error: Some("gone".into()),
            ..progress(3)
        }));
        assert_eq!(SearchEvent::broken_off(before, &why), said);
        // One that was not named yet, too.
        assert!(SearchEvent::broken_off(None, &why).is_some());
    }
}
