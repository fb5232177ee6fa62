//! Streams that outlive their connection: when it breaks, another is made, and the stream goes on behind its last event.

use crate::client::events::{Broken, Event, Events};
use crate::client::{HttpClient, Reachability};
use bytes::Bytes;
use futures::stream::unfold;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use solti_api::{ApiError, Pauses, fresh_request_key};
use solti_model::RequestKey;
use std::borrow::Cow;
use std::time::Duration;
use tokio_stream::Stream;

/// One event of a stream.
pub(super) struct Followed<T> {
    pub id: Option<Bytes>,
    pub value: T,
    /// The first one on a new connection: what lay between two connections may have been missed.
    pub again: bool,
}

/// A request that can be sent again.
pub(super) struct Call {
    pub method: Method,
    pub path: Cow<'static, str>,
    pub body: Option<Bytes>,
    /// Something is done by it, which should not be done twice.
    pub changes: bool,
    /// Sent again with the same, it is not done twice.
    pub key: Option<RequestKey>,
}

impl Call {
    pub(super) fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, changes: false, key: None }
    }

    /// One that changes something.
    pub(super) fn change(
        method: Method,
        path: impl Into<Cow<'static, str>>,
        body: Option<impl Into<Bytes>>,
    ) -> Self {
        Self { method, path: path.into(), body: body.map(Into::into), changes: true, key: None }
    }

    /// The same with a key of its own: for what makes a task.
    pub(super) fn with_key(self) -> Self {
        Self { key: Some(fresh_request_key()), ..self }
    }
}

struct Follow {
    client: HttpClient,
    call: Call,
    events: Option<Events>,
    last: Option<Bytes>,
    pauses: Pauses,
    again: bool,
    /// Whether the server's end is the stream's end; else it is only the end of that server.
    ends: bool,
}

impl HttpClient {
    /// Opens the stream behind `last`; later breaks are mended without a word but for the reachability.
    pub(super) async fn follow<T: DeserializeOwned + Send + 'static>(
        &self,
        call: Call,
        last: Option<Bytes>,
        ends: bool,
    ) -> Result<impl Stream<Item = Followed<T>> + Send + use<T>, ApiError> {
        let events = self.events_of(self.send(&call, last.as_deref()).await?).await?;
        let ended = events.is_none();
        let (client, pauses) = (self.clone(), Pauses::FOLLOWING);
        let follow = Follow { client, call, events, last, pauses, again: false, ends };
        Ok(unfold((!ended).then_some(follow), |follow| async move {
            let mut follow = follow?;
            let followed = follow.next().await?;
            Some((followed, Some(follow)))
        }))
    }

    /// `None` when nothing follows what is there already.
    async fn events_of(&self, response: Response<Incoming>) -> Result<Option<Events>, ApiError> {
        match response.status() {
            StatusCode::OK => Ok(Some(Events::new(response.into_body(), self.shared.heard.clone()))),
            StatusCode::NO_CONTENT => Ok(None),
            _ => match self.read(response).await {
                Ok(_) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }
}

impl Follow {
    async fn next<T: DeserializeOwned>(&mut self) -> Option<Followed<T>> {
        loop {
            let Some(events) = &mut self.events else {
                if !self.reopen().await {
                    return None;
                }
                continue;
            };
            let broken = match events.next().await {
                Ok(Some(event)) => match self.take(event) {
                    Ok(followed) => return Some(followed),
                    Err(broken) => broken,
                },
                Ok(None) if self.ends => return None,
                Ok(None) => {
                    self.events = None;
                    continue;
                }
                Err(broken) => broken,
            };
            self.client.lost(&broken).await;
            self.events = None;
        }
    }

    fn take<T: DeserializeOwned>(&mut self, event: Event) -> Result<Followed<T>, Broken> {
        let value = serde_json::from_slice(&event.data)?;
        if event.id.is_some() {
            self.last.clone_from(&event.id);
        }
        self.pauses.reset();
        Ok(Followed { id: event.id, value, again: std::mem::take(&mut self.again) })
    }

    /// The pause before the next try; shorter when another call has found the server again.
    async fn rest(&mut self) {
        // Only news from here on counts: a server that answers, but not to this, must not be asked without a pause.
        let mut reachability = self.client.reachability();
        let found = async {
            while reachability.changed().await.is_ok() {
                if *reachability.borrow_and_update() == Reachability::Reached {
                    return;
                }
            }
        };
        tokio::time::sleep(self.pauses.first()).await;
        tokio::select! {
            () = tokio::time::sleep(self.pauses.next() - self.pauses.first()) => {}
            () = found => {}
        }
    }

    /// Whether there is anything to go on with.
    async fn reopen(&mut self) -> bool {
        self.rest().await;
        let sent = self.client.sent_within(Duration::ZERO, &self.call, self.last.as_deref()).await;
        let opened = match sent.map_err(|failure| failure.told(&self.call)) {
            Ok(response) => self.client.events_of(response).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok(Some(events)) => {
                (self.events, self.again) = (Some(events), true);
                true
            }
            Ok(None) => false,
            // These do not pass by themselves. What the stream was of is gone, but the server is there.
            Err(ApiError::TaskNotFound { .. } | ApiError::InvalidRequest { .. }) => false,
            Err(error @ (ApiError::Unauthenticated | ApiError::PermissionDenied { .. })) => {
                self.client.note(Reachability::Lost(error.to_string()));
                false
            }
            Err(_) => true,
        }
    }
}
