//! When something is due: cron lines, intervals and single times, in the time zone of a person.
//!
//! Pure: no clock and no file. Times are Unix milliseconds and arguments, zones come from whoever has them ([`Zones`]).
//!
//! A rule is about the clock on the wall. Where clocks go forward, a time that is left out is due right after the gap; where they
//! go back, one that comes twice is due once, the first time. Times that fall together are one.

#![warn(missing_docs, unreachable_pub)]
#![forbid(unsafe_code)]

mod count;
mod cron;
mod due;
mod rule;
mod warnings;
mod words;
mod zones;

pub use cron::{Cron, CronError, Part};
pub use due::{Due, MAX_CAUGHT_UP, Missed, ON_TIME_MS, due};
pub use rule::{Rule, Timing};
pub use zones::{UnknownZone, Zone, Zones};
