//! What whoever passes a row on puts before it: the name of a container, when the row came, the host and the program that it came from. What
//! a program says at the beginning of its row is said behind that.

use std::sync::LazyLock;

use regex::Regex;

/// Names of programs and of containers. A word in capitals alone is a level.
const NAME: &str = r"(?:[a-z]|[A-Z][A-Z_.@/-]*[a-z\d])[\w.@/-]*";
const CLOCK: &str = r"\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?";
const MONTH: &str = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";

const PREFIXES: &[&str] = &[
    // docker compose, foreman; kubectl.
    r"{NAME} *\|(?: |$)",
    r"\[pod/[\w./-]+\] ",
    // GitHub, kubectl, docker, journald, and programs themselves; syslog; the kernel.
    r"\[?(?:(?:\d{4}[-/])?\d\d[-/]\d\d[T ])?{CLOCK}\]?[:,]?(?: |$)(?:{HOST} {NAME}\[\d+\]:(?: |$))?",
    r"{MONTH} [ \d]\d {CLOCK} (?:{HOST} {NAME}(?:\[\d+\])?:(?: |$))?",
    r"\[ *\d+\.\d+\] ",
    // How containerd and CRI-O tell the streams apart.
    "std(?:out|err) [FP] ",
];

static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    let any = PREFIXES
        .join("|")
        .replace("{HOST}", r"[\w.:-]*[a-z\d][\w.:-]*")
        .replace("{NAME}", NAME)
        .replace("{MONTH}", MONTH)
        .replace("{CLOCK}", CLOCK);
    #[expect(clippy::expect_used, reason = "constants, and a test builds them")]
    Regex::new(&format!("(?-u)^(?:{any})+")).expect("prefixes are expressions")
});

/// The row without them.
pub(crate) fn behind_prefixes(row: &str) -> &str {
    PREFIX.find(row).map_or(row, |prefix| &row[prefix.end()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_before_a_row_is_taken_off() {
        for prefix in [
            "app-1  | ",
            "App.1 | ",
            "[pod/web-1/app] ",
            "2026-11-30T10:00:00.0000000Z ",
            "2026-11-30 10:00:00,123 ",
            "[2026/11/30 10:00:00] ",
            "2026-11-30T10:00:00+01:00 ",
            "2026-11-30T10:00:00.5+0100 host app[1]: ",
            "11-30 10:00:00.123 ",
            "10:00:00 web.1   | ",
            "app-1  | 2026-11-30T10:00:00Z ",
            "2026-11-30T10:00:00Z stdout F ",
            "Nov 30 10:00:00 host app[1]: ",
            "Nov  3 10:00:00 host kernel: [   12.345678] ",
            "",
        ] {
            for row in ["x", "E   x", "\tat x", "INFO a: b", "INFO a[1]: b", "ERROR | x", "  | x", "12 | x"] {
                assert_eq!(behind_prefixes(&format!("{prefix}{row}")), row, "{prefix}");
            }
        }
        assert_eq!(behind_prefixes("app-1  |"), "");
    }
}
