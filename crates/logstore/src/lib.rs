//! The log files of one run: `output.log`, the bytes as they came, and `output.idx`, what the bytes are, in segments.
//!
//! Owns the files' format (`docs/log-format.md`), the writer that the shim uses, and the readers of the app.
//! Pipes, doorbells and the moment at which a run has ended live in the shim and the runner; which runs there are,
//! and in which folders, is the supervisor's knowledge.
//!
//! ```
//! use solti_logstore::{LogView, LogWriter, RowNo, Stream};
//!
//! let run_dir = tempfile::tempdir()?;
//! let mut writer = LogWriter::create(run_dir.path())?;
//! writer.append(Stream::Stdout, b"compiling\n", 1_764_400_000_000)?;
//! writer.append(Stream::Stderr, b"warning: unused\n", 1_764_400_000_020)?;
//! writer.finish(1_764_400_000_030)?;
//!
//! let mut view = LogView::open(run_dir.path())?;
//! assert_eq!(view.extent()?.rows, 2);
//! let last = &view.rows(RowNo::new(1), 1, 4096)?[0];
//! assert_eq!((last.stream, last.bytes.as_slice()), (Stream::Stderr, &b"warning: unused"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]
// One file describes the format for both halves; without the reader its decoding half rests.
#![cfg_attr(not(feature = "reader"), allow(dead_code))]

/// Whether it is compiled with the readers, which the shim does without.
pub const HAS_READER: bool = cfg!(feature = "reader");

mod aligned;
#[cfg(feature = "reader")]
mod cursor;
#[cfg(feature = "reader")]
mod density;
#[cfg(feature = "reader")]
mod encoding;
mod error;
#[cfg(feature = "reader")]
mod export;
mod format;
#[cfg(all(test, feature = "reader"))]
mod hostile;
mod index_writer;
mod limits;
mod new_file;
mod newlines;
mod segment;
mod stream;
mod writer;

#[cfg(feature = "reader")]
mod locate;
#[cfg(feature = "reader")]
mod log_files;
#[cfg(feature = "reader")]
mod merged;
#[cfg(feature = "reader")]
mod packed;
#[cfg(feature = "reader")]
mod reader;
#[cfg(feature = "reader")]
mod repair;
#[cfg(feature = "reader")]
mod retention;
#[cfg(feature = "reader")]
mod search;
#[cfg(feature = "reader")]
mod shown;
#[cfg(feature = "reader")]
mod style;
#[cfg(feature = "reader")]
mod view;

pub use aligned::AlignedBuffer;
pub use error::LogError;
pub use limits::LogLimits;
pub use segment::SegmentSizes;
pub use solti_positions::{LogOffset, MergedPosition, Rank, RowNo};
pub use stream::Stream;
pub use writer::{LogTotals, LogWriter};

#[cfg(feature = "reader")]
pub use density::{Slice, slices};
#[cfg(feature = "reader")]
pub use encoding::{EncodingGuess, LineStart, LogLines, TextEncoding, reads_alike};
#[cfg(feature = "reader")]
pub use export::{RawExport, RowExport};
#[cfg(feature = "reader")]
pub use merged::{Merged, MergedExport, PlacedHit, PlacedRow};
#[cfg(feature = "reader")]
pub use packed::{first_file, forget_end, pack};
#[cfg(feature = "reader")]
pub use reader::{Batch, Gap, GapCause, LineSpan, LogReader};
#[cfg(feature = "reader")]
pub use repair::repair;
#[cfg(feature = "reader")]
pub use retention::{Removal, StoredLog, StoredSegment, plan, remove_segment};
#[cfg(feature = "reader")]
pub use search::{
    LogSearch, PatternError, Progress, RowFilter, RowMatcher, SearchQuery, SmallMatch, SmallSearch,
    make_filter, make_filters, make_filters_with_block_bytes, pays,
};
#[cfg(feature = "reader")]
pub use shown::LinePart;
#[cfg(feature = "reader")]
pub use view::{Extent, LogView, Removed, Row};

/// File name of the raw bytes in a run folder; further segments are `output.1.log`, …
pub const LOG_FILE: &str = "output.log";
/// File name of the index in a run folder; those of further segments are `output.1.idx`, …
pub const INDEX_FILE: &str = "output.idx";
