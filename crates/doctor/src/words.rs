//! Numbers as a person reads them.

use std::time::{Duration, SystemTime};

/// `812 B`, `4.1 kB`, `2.1 GB`: powers of 1,000, as disks are sold.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let (mut value, mut unit) = (n as f64 / 1000.0, 0);
    while value >= 999.95 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    if value >= 100.0 { format!("{value:.0} {}", UNITS[unit]) } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// How long ago that was, in Unix milliseconds.
pub(crate) fn age(at_ms: u64) -> String {
    let then = SystemTime::UNIX_EPOCH + Duration::from_millis(at_ms);
    let minutes = SystemTime::now().duration_since(then).unwrap_or_default().as_secs() / 60;
    match minutes {
        0 => "just now".into(),
        1..120 => format!("{minutes} min ago"),
        120..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_at_most() {
        let written: Vec<_> = [0, 999, 1000, 84_100_000, 999_960_000, 20_000_000_000].map(bytes).into();
        assert_eq!(written, ["0 B", "999 B", "1.0 kB", "84.1 MB", "1.0 GB", "20.0 GB"]);
    }
}
