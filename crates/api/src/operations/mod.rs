//! Operations as values: what can be asked of a machine beside the six methods of the contract. Each is a struct that says
//! what it is named, whether it changes anything, which task it is about and what is answered. Guards, transports, clients and
//! the page take them from the table (`table.rs`, one file a domain beside it), so that none of them knows one by name.
//!
//! ```no_run
//! use solti_api::operations::{Operations as _, ReadLog};
//! use solti_model::{RowNo, RunId};
//! # async fn example(api: &dyn solti_api::DesktopApi) -> Result<(), Box<dyn std::error::Error>> {
//! let page = api.ask(ReadLog { run: "01jx3w/1".parse()?, from: RowNo::ZERO, count: 100 }).await?;
//! # Ok(()) }
//! ```

mod item;
mod only_object;
mod seam;
mod unchecked_spec;

#[macro_use]
mod bookmarks;
#[macro_use]
mod control;
#[macro_use]
mod drafts;
#[macro_use]
mod jobs;
#[macro_use]
mod lanes;
#[macro_use]
mod logs;
#[macro_use]
mod merged;
#[macro_use]
mod queue;
#[macro_use]
mod runners;
#[macro_use]
mod searches;
#[macro_use]
mod tasks;
#[macro_use]
mod told;
#[macro_use]
mod table;

pub use item::{Item, ItemStream, Lasting, OpenedSearch, SearchEvent, SearchProgressStream};
pub use seam::{DesktopApi, ExportChunk, ExportStream, Operations, Perform, Produce, Provide};
pub use unchecked_spec::UncheckedSpec;

use crate::ApiError;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use solti_model::{
    Bookmark, ClusterPreview, ComingRun, ComingRuns, Digest, DraftKind, EventPage, FolderCheck, Foreseen,
    HistoryQuery, Hook, HookDelivery, HookList, HookState, Job, JobCalendar, JobChange, JobDetail, JobList,
    JobName, JobQuery, JobRevision, JobSecrets, JobTasks, Lane, LaneRules, LastLine, LineChunk, LineMatch,
    LinkedTasks, ListLayout, ListQuery, LocalImage, LogDensity, LogInfo, LogQuery, LogRows, LogText,
    MAX_FORESEEN, MAX_LANE_CAPACITY, MAX_MERGED_LOGS, MAX_MOVES, MAX_PRIORITY, MAX_SPANS, MAX_TASK_ROWS,
    MatchedMergedRows, MatchedRows, MergedPosition, MergedRows, Rank, RowKey, RowNo, RowRanges,
    RunEnvironment, RunId, RunPage, RunnerInfo, SavedView, Schedule, ScheduleId, SchedulePreview, SearchHit,
    Slot, SourceRow, StopMode, Summary, TaskChange, TaskEvent, TaskHits, TaskId, TaskList, TaskRow,
    TaskSpans, TextPosition, UsageSample,
};
use std::collections::BTreeMap;
use std::fmt::Debug;
use ts_rs::TS;

/// What every operation says of itself.
pub trait Operation:
    Debug + Clone + Serialize + DeserializeOwned + JsonSchema + TS + Send + Sync + 'static
{
    /// How it is named outside of Rust.
    const NAME: OperationName;
    /// Where it is over HTTP.
    const PATH: &'static str;
    /// What it does, in sentences.
    const ABOUT: &'static str;

    /// The task that it is about, when it is about one that exists already.
    fn task(&self) -> Option<&TaskId>;
}

/// One that is answered once.
pub trait Ask: Operation + Into<Request> {
    /// What it is answered with.
    type Answer: Serialize + DeserializeOwned + JsonSchema + TS + Send + 'static;

    /// `None` for the answer to another one.
    fn of(answer: Answer) -> Option<Self::Answer>;
}

/// One that is answered by a stream.
pub trait Topic: Operation + Into<Subscription> {
    /// What its stream is made of.
    type Item: Item;
    /// How long its stream lasts.
    const LASTING: Lasting;

    /// `None` for the items of another one.
    fn of(items: Items) -> Option<ItemStream<Self::Item>>;
}

/// One that is answered by the bytes of a file.
pub trait Download: Operation + Into<Export> {}

/// Whoever does something with each operation of the table, by its type.
pub trait Visitor {
    /// One that is answered once.
    fn ask<A: Ask>(&mut self);
    /// One that is answered by a stream.
    fn topic<T: Topic>(&mut self);
    /// One that is answered by the bytes of a file.
    fn download<D: Download>(&mut self);
}

macro_rules! effect {
    (read) => {
        false
    };
    (change) => {
        true
    };
}

macro_rules! lasting {
    (endless) => {
        Lasting::Endless
    };
    (lasting) => {
        Lasting::Subject
    };
    (bound) => {
        Lasting::Connection
    };
}

macro_rules! operation {
    ($([$about:literal])* $Name:ident $word:literal [$($of:ident).*] {
        $($(#[$attribute:meta])* $field:ident: $Type:ty),* $(,)?
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[allow(missing_docs, reason = "an operation's text says what it takes; a field has its own where that leaves something open")]
        pub struct $Name {
            $($(#[$attribute])* pub $field: $Type),*
        }

        impl Operation for $Name {
            const NAME: OperationName = OperationName::$Name;
            const PATH: &'static str = concat!("/api/v1/desktop/", $word);
            const ABOUT: &'static str = concat!($($about),*);

            fn task(&self) -> Option<&TaskId> {
                about!(self $($of)*)
            }
        }
    };
}

macro_rules! about {
    ($operation:ident) => {
        None
    };
    ($operation:ident $($of:ident)+) => {
        Some(&$operation$(.$of)+)
    };
}

macro_rules! define {
    (
        { $(
            $(#[doc = $about:literal])*
            $effect:ident $Ask:ident $word:literal $(about $($of:ident).+)? -> $Answer:ty { $($fields:tt)* }
        )* }
        { $(
            $(#[doc = $topic_about:literal])*
            $lasting:ident $Topic:ident $topic_word:literal $(about $($topic_of:ident).+)? -> $Item:ty {
                $($topic_fields:tt)*
            }
        )* }
        { $(
            $(#[doc = $download_about:literal])*
            $Download:ident $download_word:literal $(about $($download_of:ident).+)? { $($download_fields:tt)* }
        )* }
    ) => {
        $(
            operation!($([$about])* $Ask $word [$($($of).+)?] { $($fields)* });

            impl Ask for $Ask {
                type Answer = $Answer;

                fn of(answer: Answer) -> Option<$Answer> {
                    match answer {
                        Answer::$Ask(answer) => Some(answer),
                        _ => None,
                    }
                }
            }

            impl From<$Ask> for Request {
                fn from(ask: $Ask) -> Self {
                    Self::$Ask(ask)
                }
            }
        )*

        $(
            operation!($([$topic_about])* $Topic $topic_word [$($($topic_of).+)?] { $($topic_fields)* });

            impl Topic for $Topic {
                type Item = $Item;
                const LASTING: Lasting = lasting!($lasting);

                fn of(items: Items) -> Option<ItemStream<$Item>> {
                    match items {
                        Items::$Topic(items) => Some(items),
                        _ => None,
                    }
                }
            }

            impl From<$Topic> for Subscription {
                fn from(topic: $Topic) -> Self {
                    Self::$Topic(topic)
                }
            }
        )*

        $(
            operation!($([$download_about])* $Download $download_word [$($($download_of).+)?] { $($download_fields)* });

            impl Download for $Download {}

            impl From<$Download> for Export {
                fn from(download: $Download) -> Self {
                    Self::$Download(download)
                }
            }
        )*

        /// The name of an operation: the six methods of the contract, and all of the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "a variant is what the operation of its name says")]
        pub enum OperationName {
            SubmitTask,
            GetTaskStatus,
            QueryTasks,
            ListTaskRuns,
            DeleteTask,
            StreamTaskLogs,
            $($Ask,)*
            $($Topic,)*
            $($Download,)*
        }

        impl OperationName {
            /// Every one, those of the contract first.
            pub const ALL: &[Self] = &[
                Self::SubmitTask,
                Self::GetTaskStatus,
                Self::QueryTasks,
                Self::ListTaskRuns,
                Self::DeleteTask,
                Self::StreamTaskLogs,
                $(Self::$Ask,)*
                $(Self::$Topic,)*
                $(Self::$Download,)*
            ];

            /// As it is written everywhere outside of Rust.
            pub const fn word(self) -> &'static str {
                match self {
                    Self::SubmitTask => "submit_task",
                    Self::GetTaskStatus => "get_task_status",
                    Self::QueryTasks => "query_tasks",
                    Self::ListTaskRuns => "list_task_runs",
                    Self::DeleteTask => "delete_task",
                    Self::StreamTaskLogs => "stream_task_logs",
                    $(Self::$Ask => $word,)*
                    $(Self::$Topic => $topic_word,)*
                    $(Self::$Download => $download_word,)*
                }
            }

            /// Whether it changes anything, and so belongs into an audit.
            pub const fn changes(self) -> bool {
                match self {
                    Self::SubmitTask | Self::DeleteTask => true,
                    $(Self::$Ask => effect!($effect),)*
                    _ => false,
                }
            }
        }

        /// What is asked, of any operation that is answered once.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(clippy::large_enum_variant, reason = "one is moved a few times; boxing all would cost more than the largest does")]
        #[allow(missing_docs, reason = "a variant is what the operation of its name says")]
        pub enum Request {
            $($Ask($Ask),)*
        }

        /// The answer to the request of the same name.
        #[derive(Debug, Clone)]
        #[allow(clippy::large_enum_variant, reason = "each is moved a few times, and never kept")]
        #[allow(missing_docs, reason = "a variant is what the operation of its name says")]
        pub enum Answer {
            $($Ask($Answer),)*
        }

        impl Request {
            /// Which operation it is.
            pub fn name(&self) -> OperationName {
                match self { $(Self::$Ask(_) => OperationName::$Ask,)* }
            }

            /// As [`Operation::task`].
            pub fn task(&self) -> Option<&TaskId> {
                match self { $(Self::$Ask(ask) => ask.task(),)* }
            }

            /// Has it done by whoever does each of them.
            ///
            /// # Errors
            /// As that says.
            pub async fn by<H>(self, handler: &H) -> Result<Answer, ApiError>
            where
                H: Sync $(+ Perform<$Ask>)*,
            {
                match self { $(Self::$Ask(ask) => handler.perform(ask).await.map(Answer::$Ask),)* }
            }
        }

        /// What is subscribed to.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "a variant is what the operation of its name says")]
        pub enum Subscription {
            $($Topic($Topic),)*
        }

        /// What comes of the subscription of the same name.
        #[allow(missing_docs, reason = "a variant is what the operation of its name says")]
        pub enum Items {
            $($Topic(ItemStream<$Item>),)*
        }

        impl Subscription {
            /// Which operation it is.
            pub fn name(&self) -> OperationName {
                match self { $(Self::$Topic(_) => OperationName::$Topic,)* }
            }

            /// As [`Operation::task`].
            pub fn task(&self) -> Option<&TaskId> {
                match self { $(Self::$Topic(topic) => topic.task(),)* }
            }

            /// As [`Request::by`].
            ///
            /// # Errors
            /// As the handler says.
            pub async fn by<H>(self, handler: &H) -> Result<Items, ApiError>
            where
                H: Sync $(+ Provide<$Topic>)*,
            {
                match self { $(Self::$Topic(topic) => handler.provide(topic).await.map(Items::$Topic),)* }
            }
        }

        /// What is saved as a file.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "a variant is what the operation of its name says")]
        pub enum Export {
            $($Download($Download),)*
        }

        impl Export {
            /// Which operation it is.
            pub fn name(&self) -> OperationName {
                match self { $(Self::$Download(_) => OperationName::$Download,)* }
            }

            /// As [`Operation::task`].
            pub fn task(&self) -> Option<&TaskId> {
                match self { $(Self::$Download(download) => download.task(),)* }
            }

            /// As [`Request::by`].
            ///
            /// # Errors
            /// As the handler says.
            pub async fn by<H>(self, handler: &H) -> Result<ExportStream, ApiError>
            where
                H: Sync $(+ Produce<$Download>)*,
            {
                match self { $(Self::$Download(download) => handler.produce(download).await,)* }
            }
        }

        /// Shows the visitor each operation of the table, in its order.
        pub fn visit(visitor: &mut impl Visitor) {
            $(visitor.ask::<$Ask>();)*
            $(visitor.topic::<$Topic>();)*
            $(visitor.download::<$Download>();)*
        }
    };
}

with_operations!(define);

impl WatchTasks {
    /// Whoever asks lists every task.
    #[must_use]
    pub fn all() -> Self {
        Self { query: ListQuery::default() }
    }
}

impl Answer {
    /// The task that the operation has made.
    pub fn made(&self) -> Option<&TaskId> {
        match self {
            Self::RerunTask(id) | Self::RunJob(id) => Some(id),
            _ => None,
        }
    }

    /// Bytes of logs that it holds.
    pub fn log_bytes(&self) -> u64 {
        match self {
            Self::ReadLog(page) => page.rows.iter().map(|row| row.text.len() as u64).sum(),
            _ => 0,
        }
    }
}
