//! Lengths of time and sizes in the words that people read, each of two kinds: what was measured, which is rounded, and what
//! somebody has set, which is said as exactly as it was set.
//!
//! The page has the same rules (`shared/format.ts`); `tests/corpus/durations.json` holds cases for both.

use crate::grouped;

/// A measured time: `840 ms`, `4.2 s`, `38 s`, `12 min 04 s`, `1 h 02 min`, `3 d 04 h`.
pub fn took(ms: u64) -> String {
    // What is rounded chooses the unit: nothing is 10.0 s, or 60 s.
    if ms < 1_000 {
        return format!("{ms} ms");
    }
    if ms < 9_950 {
        let tenths = (ms + 50) / 100;
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let seconds = ms.saturating_add(500) / 1_000;
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match hours {
        0 if minutes == 0 => format!("{seconds} s"),
        0 => format!("{minutes} min {:02} s", seconds % 60),
        1..24 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{} d {:02} h", hours / 24, hours % 24),
    }
}

/// A time that was set, in as few units as it has: `250 ms`, `1.5 s`, `90 s`, `30 min`, `1 h 30 min`, `2 d`.
pub fn limit(ms: u64) -> String {
    if ms < 1_000 {
        return format!("{ms} ms");
    }
    if !ms.is_multiple_of(60_000) {
        return format!("{} s", grouped(ms as f64 / 1_000.0));
    }
    let minutes = ms / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) if hours % 24 == 0 => format!("{} d", grouped(hours / 24)),
        (hours, 0) => format!("{} h", grouped(hours)),
        (hours, minutes) => format!("{} h {minutes:02} min", grouped(hours)),
    }
}

/// A measured size: `812 B`, `4.1 kB`, `2.1 GB`, in powers of 1,000, as disks are sold.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if n < 1_000 {
        return format!("{n} B");
    }
    let (mut value, mut unit) = (n as f64 / 1e3, 0);
    // From there on it would be rounded to four digits.
    while value >= 999.5 && unit < UNITS.len() - 1 {
        value /= 1e3;
        unit += 1;
    }
    if value >= 99.95 { format!("{value:.0} {}", UNITS[unit]) } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn lengths_and_sizes_are_said_as_the_page_says_them() {
        let cases: Value =
            serde_json::from_str(include_str!("../../../tests/corpus/durations.json")).expect("cases");
        for (kind, words) in [("took", took as fn(u64) -> String), ("limit", limit), ("bytes", bytes)] {
            for case in cases[kind].as_array().expect("cases") {
                let number = case[0].as_u64().expect("a number");
                assert_eq!(words(number), case[1], "{kind} {number}");
            }
        }
        assert_eq!(took(u64::MAX), "213503982334 d 14 h");
    }
}
