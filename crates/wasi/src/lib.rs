//! What the runner of WebAssembly and the program that runs one module, `solti-wasi`, say to each other in files of the run folder:
//! an order before the start ([`Order`]), and what an exit code cannot tell after the end ([`Report`]).
//!
//! The program is built with the feature `program`; this library is without its engine.

#![warn(missing_docs, unreachable_pub)]

mod order;
mod report;
mod text_form;

pub use order::{Folder, Order};
pub use report::{NotStarted, Report};
pub use text_form::is_text_form;

/// The order, in the run folder.
pub const ORDER_FILE: &str = "wasm-order";
/// What is reported, beside the order. Absent where the exit code says all.
pub const REPORT_FILE: &str = "wasm-report";
/// With this code the program ends that has started nothing.
pub const NOT_STARTED_CODE: u8 = 126;
/// With this code it ends after a trap, as a process does that has aborted.
pub const TRAPPED_CODE: u8 = 134;
/// What the compiled code of all modules may take on the disk. The code that was used longest ago goes first.
pub const CACHE_BYTES: u64 = 1 << 30;
/// What the program itself may take beside a module's memory: its engine, and compiling.
pub const ENGINE_BYTES: u64 = 256 << 20;
/// A larger file is no module that anybody meant.
pub const MAX_MODULE_BYTES: u64 = 1 << 30;
