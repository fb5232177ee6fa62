//! The least and the greatest of every number that a person may set, and how many there may be of a thing, each stated here
//! alone. How long a text may be stands beside what it is a text of.
//!
//! The validator, the JSON Schemas of the OpenAPI document, the page (through the bindings) and the command line read them;
//! that the gRPC document says the same is tested. A number outside of them may still be stored, by an earlier version: it
//! is read as it is, and whoever computes with it saturates.

use crate::FieldError;
use std::fmt::Display;

/// 100 years of 365 days, in milliseconds. As a time from now on it is far inside of what databases, clocks and JavaScript hold.
pub const MAX_DURATION_MS: u64 = 100 * 365 * 24 * 60 * 60 * 1_000;
/// Beyond it the second wait is the longest one anyway.
pub const MAX_BACKOFF_FACTOR: f64 = 1_000.0;
/// As often as a failed attempt may be repeated at most.
pub const MAX_RETRIES: u32 = 1_000_000_000;
/// 1 PB: of memory, of output, of logs. Every number up to it is exact in JSON.
pub const MAX_BYTES: u64 = 1_000_000_000_000_000;
/// No program can even be loaded in less.
pub const MIN_MEMORY_BYTES: u64 = 1 << 20;
/// A thousand processors.
pub const MAX_CPU_PERCENT: u32 = 100_000;
/// No program can even be loaded with fewer.
pub const MIN_OPEN_FILES: u32 = 8;
/// Linux lets no process have more.
pub const MAX_OPEN_FILES: u32 = 1 << 30;
/// Linux has no more process ids.
pub const MAX_PROCESSES: u32 = 1 << 22;
/// The greatest load that a lane can ask to be below: that of a thousand processors.
pub const MAX_LOAD: f64 = 1_000.0;
/// No machine that runs a task is ever below less.
pub const MIN_LOAD: f64 = 0.01;
/// The shortest rest of keyboard and mouse that a lane can ask for.
pub const MIN_IDLE_MS: u64 = 60_000;
/// As many parameters as a job may have.
pub(crate) const MAX_PARAMETERS: usize = 100;
/// As many schedules as a job may have.
pub(crate) const MAX_SCHEDULES: usize = 100;
/// As many tasks as a lane may run at once at most.
pub const MAX_LANE_CAPACITY: u32 = 1_000_000;
/// A shorter log says too little to be of use.
pub const MIN_LOG_BYTES: u64 = 1_000_000;
/// As many volumes as a container may have at most.
pub const MAX_VOLUMES: usize = 64;
/// As many folders as a WebAssembly module may see at most.
pub const MAX_WASM_DIRS: usize = 64;
/// No node has more processors.
pub const MAX_CLUSTER_CPUS: u32 = 65_536;
/// No node has more GPUs.
pub const MAX_CLUSTER_GPUS: u32 = 1_024;
/// A year.
pub const MAX_CLUSTER_MINUTES: u32 = 366 * 24 * 60;
/// 100 years.
pub const MAX_KEEP_DAYS: u32 = 36_500;
/// As many finished tasks as can be asked to be kept at most.
pub const MAX_KEEP_TASKS: u32 = 1_000_000_000;
/// Of the setting `finished.keepAttempts`: as many as it takes to see a crash loop.
pub const MIN_KEPT_ATTEMPTS: u32 = 10;
/// The most that the setting `finished.keepAttempts` can be: with these, all runs of a task are one answer of bounded size.
pub const MAX_KEPT_ATTEMPTS: u32 = 10_000;
/// Rules for notifications that there can be.
pub const MAX_NOTIFICATION_RULES: usize = 50;
/// Conditions by which one query can leave rows out, of all kinds together.
pub const MAX_LEFT_OUT: usize = 50;
/// The highest priority within a lane; the lowest is as far below 0.
pub const MAX_PRIORITY: i32 = 100;
/// Tasks that one task can wait for.
pub const MAX_AFTER: usize = 1_000;
/// The shortest silence that can be waited for: below it, every pause would be one.
pub const MIN_SILENT_MS: u64 = 1_000;
/// Machines that one lane can span.
pub const MAX_LANE_MACHINES: usize = 50;
/// As many logs as can be read and searched as one.
pub const MAX_MERGED_LOGS: usize = 16;
/// The shortest interval of a schedule, in milliseconds.
pub(crate) const MIN_EVERY_MS: u64 = 1_000;
/// The longest jitter of a schedule, in milliseconds: a day.
pub const MAX_JITTER_MS: u64 = 24 * 60 * 60 * 1_000;

/// Whether `value` may be the value of `field`. `unit` follows the numbers in the error: `" ms"`, or nothing.
pub(crate) fn within<T: PartialOrd + Display>(
    field: &str,
    value: T,
    least: T,
    most: T,
    unit: &str,
) -> Result<(), FieldError> {
    // What compares with nothing, as no number does, is outside.
    if value >= least && value <= most {
        return Ok(());
    }
    let rule = format!("must be from {} to {}{unit}", grouped(&least), grouped(&most));
    Err(FieldError::new(field, rule))
}

/// As a lane's setting; see [`MAX_LANE_CAPACITY`].
///
/// # Errors
/// Names the field.
pub fn check_lane_capacity(capacity: u32) -> Result<(), FieldError> {
    if capacity == 0 {
        return Err(FieldError::new("capacity", "must be at least 1; pause the lane to start nothing"));
    }
    within("capacity", capacity, 1, MAX_LANE_CAPACITY, "")
}

/// A number as people read it: `3,153,600,000,000`, `-1,000`, `1,000.25`.
pub fn grouped(number: impl Display) -> String {
    let number = number.to_string();
    let whole = number.trim_start_matches('-').split('.').next().unwrap_or_default();
    let (first, last) = (number.len() - number.trim_start_matches('-').len(), whole.len());
    let mut text = String::with_capacity(number.len() * 4 / 3 + 1);
    for (i, digit) in number.chars().enumerate() {
        if i > first && i < first + last && (first + last - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of a thing: `1 attempt`, `2 attempts`, `1,200 attempts`.
pub fn counted(number: impl Display, one: &str) -> String {
    let number = grouped(number);
    let many = match () {
        () if number == "1" => "",
        () if ["s", "x", "ch", "sh"].iter().any(|end| one.ends_with(end)) => "es",
        () => "s",
    };
    format!("{number} {one}{many}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_is_refused_by_name_and_with_the_range() {
        assert_eq!(within("a", 1, 1, 3, ""), Ok(()));
        assert_eq!(within("a", 3, 1, 3, ""), Ok(()));
        let refused = within("timeout", u64::MAX, 1, MAX_DURATION_MS, " ms").expect_err("too long");
        assert_eq!(refused.to_string(), "timeout: must be from 1 to 3,153,600,000,000 ms");
        let refused = within("priority", 200, -100, 100, "").expect_err("too high");
        assert_eq!(refused.to_string(), "priority: must be from -100 to 100");
        let refused = within("loadBelow", 0.0, MIN_LOAD, MAX_LOAD, "").expect_err("too low");
        assert_eq!(refused.to_string(), "loadBelow: must be from 0.01 to 1,000");
        for no_number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.5] {
            assert!(within("f", no_number, 1.0, MAX_BACKOFF_FACTOR, "").is_err(), "{no_number}");
        }
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1_000, 289_000, 4_294_967_295_u32].map(grouped),
            ["0", "999", "1,000", "289,000", "4,294,967,295"]
        );
        assert_eq!([-1, -100, -1_000, -100_000].map(grouped), ["-1", "-100", "-1,000", "-100,000"]);
        assert_eq!([0.01, 100.5, -1_234.567, 1_000.0].map(grouped), ["0.01", "100.5", "-1,234.567", "1,000"]);
    }

    #[test]
    fn one_of_a_thing_is_singular() {
        let attempts = [0, 1, 2, 1_200].map(|number| counted(number, "attempt"));
        assert_eq!(attempts, ["0 attempts", "1 attempt", "2 attempts", "1,200 attempts"]);
        assert_eq!([1, 2].map(|number| counted(number, "process")), ["1 process", "2 processes"]);
    }
}
