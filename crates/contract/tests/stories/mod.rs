//! The stories: of the six methods, and of what a window needs beside them.

pub mod contract;
pub mod desktop;
pub mod jobs;
pub mod lists;
pub mod log_bytes;
pub mod logs;
pub mod queue;
pub mod runners;
pub mod told;
