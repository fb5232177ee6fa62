//! Searching a run's log, as it is and as it grows.
//!
//! `query` says what is looked for and finds it in rows, by the text that is shown of them, and by what their `fields` hold, which
//! `record` reads; `spelling` knows how else a letter is written; `blocks` cuts the log and keeps counts; `scan` reads and searches one block; `log_search` has the threads and answers questions.
//! What spares a search most of a sealed segment: `required` says what a match cannot do without, `grams` whether a block
//! has it, `skip_file` keeps that, and `skipping` finds and makes the files of a log. Small logs need none of this: `small`.

mod blocks;
mod expression;
mod fields;
mod grams;
mod log_search;
mod query;
mod record;
mod required;
mod row_filter;
mod scan;
mod skip_file;
mod skipping;
mod small;
mod spelling;

pub use log_search::{LogSearch, Progress};
pub use query::{PatternError, RowMatcher, SearchQuery};
pub use row_filter::RowFilter;
pub use skipping::{make_filter, make_filters, make_filters_with_block_bytes, pays};
pub use small::{SmallMatch, SmallSearch};
