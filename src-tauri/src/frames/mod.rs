//! What one message to a page holds where more than the latest counts.

pub mod changes;
pub mod hits;
pub mod output;
