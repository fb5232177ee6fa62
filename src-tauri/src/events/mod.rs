//! The one place that sends to a page. A stream of things that happened becomes frames over a channel, one in
//! flight: the next is sent when the page has acknowledged the last, and what happens meanwhile is folded into it.
//! A slow page so gets larger frames, then makes the source wait; it never makes this process grow.
//!
//! Where the latest is all that counts a frame is [`Latest`]; the others are in frames/.

mod frame;
mod latest;
mod pump;
mod streams;

#[cfg(test)]
pub use frame::Message;
pub use frame::{Frame, To};
pub use latest::{Latest, Standing};
pub use streams::Streams;
