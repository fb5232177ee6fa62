//! Searching a run's log, as it is and as it grows.
//!
//! `query` says what is looked for and finds it in bytes; `escapes` takes escape sequences out of them; `blocks` cuts the
//! log and keeps counts; `scan` reads and searches one block; `log_search` has the threads and answers questions.

mod blocks;
mod escapes;
mod log_search;
mod query;
mod scan;

pub use log_search::{LogSearch, Progress};
pub use query::{PatternError, RowMatcher, SearchQuery};
