//! The operations over the connection: one function for what is answered once, one for streams, one for files.

use crate::client::HttpClient;
use crate::client::events::{Broken, Events, SILENCE};
use crate::client::follow::Call;
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::unfold;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use solti_api::operations::{
    Answer, Ask, Download, Export, Item, ItemStream, Items, Lasting, Operation, Perform, Produce, Provide,
    Request, Subscription, Topic,
};
use solti_api::{ApiError, DesktopApi, ExportChunk, ExportStream};
use solti_model::TaskId;
use std::any::TypeId;

fn call<O: Operation>(operation: &O) -> Result<Call, ApiError> {
    let body = serde_json::to_vec(operation).map_err(|error| ApiError::internal(&error))?;
    let call = Call::change(Method::POST, O::PATH, Some(body));
    Ok(Call { changes: O::NAME.changes(), ..call })
}

#[async_trait]
impl DesktopApi for HttpClient {
    async fn answer(&self, request: Request) -> Result<Answer, ApiError> {
        request.by(self).await
    }

    async fn subscribe(&self, subscription: Subscription) -> Result<Items, ApiError> {
        subscription.by(self).await
    }

    async fn export(&self, export: Export) -> Result<ExportStream, ApiError> {
        export.by(self).await
    }
}

impl<A: Ask> Perform<A> for HttpClient {
    async fn perform(&self, ask: A) -> Result<A::Answer, ApiError> {
        let call = call(&ask)?;
        // What is answered with a task has made it.
        let makes_task = TypeId::of::<A::Answer>() == TypeId::of::<TaskId>();
        let call = if call.changes && makes_task { call.with_key() } else { call };
        self.parse(&self.exchange(&call).await?)
    }
}

impl<T: Topic> Provide<T> for HttpClient {
    async fn provide(&self, topic: T) -> Result<ItemStream<T::Item>, ApiError> {
        let call = call(&topic)?;
        let ends = match T::LASTING {
            Lasting::Connection => return self.bound(call).await,
            Lasting::Subject => true,
            Lasting::Endless => false,
        };
        let items = self.follow::<T::Item>(call, None, ends).await?;
        Ok(Box::pin(items.map(|followed| {
            // Nobody told of what lay between two connections.
            if followed.again { followed.value.after_a_break() } else { followed.value }
        })))
    }
}

/// Rows are counted by their line ends.
impl<D: Download> Produce<D> for HttpClient {
    async fn produce(&self, download: D) -> Result<ExportStream, ApiError> {
        let response = self.send(&call(&download)?, None).await?;
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
                        client.shared.heard.note();
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
}

impl HttpClient {
    /// A stream that is over with its connection.
    async fn bound<I: Item>(&self, call: Call) -> Result<ItemStream<I>, ApiError> {
        let response = self.send(&call, None).await?;
        let events = match response.status() {
            StatusCode::OK => Events::new(response.into_body(), self.shared.heard.clone()),
            status => return Err(self.error(status, &self.read(response).await?)),
        };
        let state = (self.clone(), Some(events), None::<I>);
        let items = unfold(state, |(client, events, before)| async move {
            let mut events = events?;
            match next::<I>(&mut events).await {
                Ok(Some(item)) => {
                    let kept = item.kept();
                    Some((item, (client, Some(events), kept)))
                }
                Ok(None) => None,
                Err(broken) => {
                    let why = client.lost(&broken).await;
                    I::broken_off(before, &why).map(|last| (last, (client, None, None)))
                }
            }
        });
        Ok(Box::pin(items))
    }
}

async fn next<I: Item>(events: &mut Events) -> Result<Option<I>, Broken> {
    match events.next().await? {
        Some(event) => Ok(Some(serde_json::from_slice(&event.data)?)),
        None => Ok(None),
    }
}
