//! The seam that operations go through, and what stands on its two sides: sugar for who asks, traits for who does it.

use super::{Answer, Ask, Download, Export, ItemStream, Items, OpenedSearch, Request, SearchEvent};
use super::{Operation, Subscription, Topic};
use crate::{ApiError, ApiHandler, LogAccess};
use async_trait::async_trait;
use bytes::Bytes;
use std::pin::Pin;
use tokio_stream::Stream;

/// Some bytes of an export and how many rows end in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportChunk {
    /// As they belong into the file, behind those of the chunk before.
    pub bytes: Bytes,
    /// None, where a row is longer than a chunk.
    pub rows: u64,
}

/// The bytes of an export in order; ends after an error.
pub type ExportStream = Pin<Box<dyn Stream<Item = Result<ExportChunk, ApiError>> + Send + 'static>>;

/// Everything that a machine answers, be it this one or another. Whoever asks says it with [`Operations`].
#[async_trait]
pub trait DesktopApi: ApiHandler + LogAccess {
    /// Does what is asked, or refuses it. The answer is of the request's name.
    async fn answer(&self, request: Request) -> Result<Answer, ApiError>;

    /// Opens the stream, or refuses to. The items are of the subscription's name.
    async fn subscribe(&self, subscription: Subscription) -> Result<Items, ApiError>;

    /// Begins the file, or refuses to. What goes wrong later comes as the stream's last item.
    async fn export(&self, export: Export) -> Result<ExportStream, ApiError>;
}

/// Operations asked by their types.
pub trait Operations: DesktopApi {
    /// Has it done, and waits for the answer.
    ///
    /// # Errors
    /// As the operation says, and as any call may fail.
    fn ask<A: Ask>(&self, ask: A) -> impl Future<Output = Result<A::Answer, ApiError>> + Send {
        async move { A::of(self.answer(ask.into()).await?).ok_or_else(mismatch::<A>) }
    }

    /// Subscribes to it. Dropping the stream ends the subscription.
    ///
    /// # Errors
    /// As the operation says, and as any call may fail.
    fn open<T: Topic>(&self, topic: T) -> impl Future<Output = Result<ItemStream<T::Item>, ApiError>> + Send {
        async move { T::of(self.subscribe(topic.into()).await?).ok_or_else(mismatch::<T>) }
    }

    /// As [`Operations::open`], for a search, whose name comes first.
    ///
    /// # Errors
    /// As the operation says, and as any call may fail.
    fn search<T: Topic<Item = SearchEvent>>(
        &self,
        topic: T,
    ) -> impl Future<Output = Result<OpenedSearch, ApiError>> + Send {
        async move { OpenedSearch::of(self.open(topic).await?).await }
    }

    /// Begins the file. [`crate::save_export`] writes it to a path.
    ///
    /// # Errors
    /// As the operation says, and as any call may fail.
    fn download<D: Download>(
        &self,
        download: D,
    ) -> impl Future<Output = Result<ExportStream, ApiError>> + Send {
        self.export(download.into())
    }
}

impl<T: DesktopApi + ?Sized> Operations for T {}

/// A handler that answers another operation than the one that was asked: a fault of this program.
fn mismatch<O: Operation>() -> ApiError {
    let operation = O::NAME.word();
    ApiError::internal(&std::io::Error::other(format!(
        "the answer to {operation} is that of another operation"
    )))
}

/// Does one operation; [`Request::by`] needs it for each.
pub trait Perform<A: Ask> {
    /// Answers it. What it refuses is said by the error, and changes nothing.
    fn perform(&self, ask: A) -> impl Future<Output = Result<A::Answer, ApiError>> + Send;
}

/// Opens one stream; [`Subscription::by`] needs it for each.
pub trait Provide<T: Topic> {
    /// Opens it; an error when it cannot be opened at all.
    fn provide(&self, topic: T) -> impl Future<Output = Result<ItemStream<T::Item>, ApiError>> + Send;
}

/// Makes one file; [`Export::by`] needs it for each.
pub trait Produce<D: Download> {
    /// Begins it; an error when nothing of it can be had.
    fn produce(&self, download: D) -> impl Future<Output = Result<ExportStream, ApiError>> + Send;
}
