//! How serious a row says it is. The one table of what counts as an error and as a warning: whatever marks rows, counts them or
//! goes from one to the next takes it from here, so that all of them mean the same rows.
//!
//! Words alone do not count ("0 errors", "error.log"): a level has to stand where programs put one. What a row states as its
//! level is believed; else the first word in it that says how serious it is decides, so that `INFO … error: …` is none.

use std::sync::LazyLock;

use regex::Regex;

/// What a row that is marked says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warning,
}

/// Levels stand at the beginning of a row, within so many characters; what follows is what the row is about.
const HEAD: usize = 240;

use Says::{Error, Nothing, Warning};

/// What a rule makes of a row that it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Error,
    Warning,
    /// It states that it is neither.
    Nothing,
}

/// What stands before and behind a word that is a level.
const EDGE: &str = r#"(?:^|[\s\[(|<"=:])"#;
const END: &str = r#"(?:$|[\s\])|>":!,;])"#;
/// What a level as a field begins with, in JSON, logfmt and what looks like them.
const KEY: &str =
    r#"(?:^|[\s{,(\["'])(?i:(?:log\.)?level|lvl|loglevel|log_level|severity|levelname)["']?\s*[=:]\s*["']?"#;
const VALUE_END: &str = r#"(?:$|[\s"',}\])|])"#;

/// Levels that a row states: the first rule that fits decides, wherever in the row it does.
const STATED: &[(Says, &str)] = &[
    (Error, "{KEY}(?i:error|err|fatal|critical|crit|panic|dpanic|emerg|emergency|alert|severe){VALUE_END}"),
    (Warning, "{KEY}(?i:warning|warn){VALUE_END}"),
    (Nothing, "{KEY}(?i:info|information|debug|trace|notice|verbose|ok){VALUE_END}"),
    // pino and bunyan write levels as numbers.
    (Error, "{KEY}[56]0{VALUE_END}"),
    (Warning, "{KEY}40{VALUE_END}"),
    (Nothing, "{KEY}[123]0{VALUE_END}"),
    // glog and klog: the level, month and day, the time.
    (Error, r"^[EF](?:20\d\d)?[01]\d[0-3]\d \d\d:\d\d:"),
    (Warning, r"^W(?:20\d\d)?[01]\d[0-3]\d \d\d:\d\d:"),
    (Nothing, r"^[ID](?:20\d\d)?[01]\d[0-3]\d \d\d:\d\d:"),
];

/// Words that say it: of all that fit, the one that begins first decides, and of those at one place the first here.
const WORDS: &[(Says, &str)] = &[
    (Error, "{EDGE}(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERG|ALERT){END}"),
    (Warning, "{EDGE}(?:WARN|WARNING){END}"),
    (Nothing, "{EDGE}(?:INFO|DEBUG|TRACE|NOTICE|VERBOSE){END}"),
    (Error, r"[\[<(](?:error|err|fatal|crit|emerg|alert)[\])>]"),
    (Warning, r"[\[<(](?:warning|warn)[\])>]"),
    (Nothing, r"[\[<(](?:info|debug|trace|notice)[\])>]"),
    // Compilers, shells, exceptions: `error: …`, `error[E0308]: …`, `TypeError: …`, `fatal error: …`.
    (
        Error,
        r"(?:^|\s)(?:[\w.$]+\.)?(?:[A-Z]\w*)?(?:error|Error|ERROR|fatal|Fatal|panic|Exception)(?:\[\w+\])?:(?:\s|$)",
    ),
    (Warning, r"(?:^|\s)(?:[A-Z]\w*)?(?:warning|Warning|warn)(?:\[[\w-]+\])?:(?:\s|$)"),
    // tsc, MSVC and linters.
    (Error, r"(?:^|\s)(?:fatal )?error [A-Z]{1,5}\d+:"),
    (Warning, r"(?:^|\s)warning [A-Z]{1,5}\d+:"),
    (Error, r"^\s+\d+:\d+\s+error\s"),
    (Warning, r"^\s+\d+:\d+\s+warning\s"),
    (Error, r"^Traceback \(most recent call last\)"),
    (Error, r"^(?:[a-z]\w*\.)+[A-Z]\w*(?:Error|Exception)$|^[A-Z]\w*(?:Error|Exception)$"),
    (Error, r"^Exception in thread "),
    (Error, r"\bpanicked at "),
    (Error, r"^npm (?:error|ERR!)"),
    (Warning, r"^npm (?:warn|WARN)\b"),
    (Error, r"^(?:[\w./-]*[/-])?g?make(?:\[\d+\])?: \*\*\* "),
    (Error, r"(?:^|[\s:])Segmentation fault\b"),
    (Error, r"\(core dumped\)"),
    (Error, r"\bundefined reference to "),
    // pytest, go test, JavaScript's runners, ninja.
    (Error, r"^E {3,}(?u:\S)"),
    (Error, r"^\s*(?:--- )?FAIL(?:ED)?(?:$|[\s:])"),
    (Error, r"^BUILD FAILED\b|^FAILURE: "),
    // apt.
    (Error, "^E: "),
    (Warning, "^W: "),
];

/// What every row has that a rule calls an error, as a quick first look.
const ERROR_SIGNS: &str = "error|Error|ERROR|fatal|Fatal|FATAL|critical|Critical|CRITICAL|SEVERE|severe|Severe\
    |panic|PANIC|Panic|emerg|EMERG|Emerg|alert|ALERT|Alert|Exception|Traceback|Segmentation|core dumped\
    |undefined reference|FAIL|make(?:\\[\\d+\\])?: \\*\\*\\*|[\\[<(]err[\\])>]|[\\[<(]crit[\\])>]|npm ERR!\
    |(?i:level|levelname|lvl|severity)[\"']?\\s*[=:]\\s*[\"']?(?i:err|crit|[56]0)|^E   |^E: |^[EF][012]\\d";
/// The same of warnings.
const WARNING_SIGNS: &str =
    "warn|Warn|WARN|(?i:level|levelname|lvl|severity)[\"']?\\s*[=:]\\s*[\"']?40|^W: |^W[012]\\d";

impl Severity {
    /// An expression that each row with this severity matches, in the syntax of the crate `regex`, for lines of a text of
    /// many. Others may match it, too: see [`severity`].
    pub fn signs(self) -> &'static str {
        match self {
            Self::Error => ERROR_SIGNS,
            Self::Warning => WARNING_SIGNS,
        }
    }
}

/// Rules as one expression: a group for each.
struct Table {
    rules: &'static [(Says, &'static str)],
    any: Regex,
}

impl Table {
    fn new(rules: &'static [(Says, &'static str)]) -> Self {
        let mut any = String::from("(?-u)");
        for (n, (_, pattern)) in rules.iter().enumerate() {
            let pattern = pattern
                .replace("{KEY}", KEY)
                .replace("{VALUE_END}", VALUE_END)
                .replace("{EDGE}", EDGE)
                .replace("{END}", END);
            any.push_str(if n > 0 { "|(" } else { "(" });
            any.push_str(&pattern);
            any.push(')');
        }
        #[expect(clippy::expect_used, reason = "the rules are constants, and a test builds them")]
        let any = Regex::new(&any).expect("rules are expressions");
        Self { rules, any }
    }

    fn says(&self, head: &str) -> Option<Says> {
        let mut at = self.any.capture_locations();
        self.any.captures_read(&mut at, head)?;
        let rule = (1..at.len()).find(|group| at.get(*group).is_some())?;
        self.rules.get(rule - 1).map(|(says, _)| *says)
    }
}

static STATED_TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(STATED));
static WORDS_TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(WORDS));
#[expect(clippy::expect_used, reason = "constants, and a test builds them")]
static SIGNS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!("(?-u){ERROR_SIGNS}|{WARNING_SIGNS}")).expect("signs are expressions")
});

/// How serious a row says it is, by the text that is shown of it; `None` for most.
pub fn severity(text: &str) -> Option<Severity> {
    let head = text.char_indices().nth(HEAD).map_or(text, |(at, _)| &text[..at]);
    if !SIGNS.is_match(head) {
        return None;
    }
    match STATED_TABLE.says(head).or_else(|| WORDS_TABLE.says(head))? {
        Error => Some(Severity::Error),
        Warning => Some(Severity::Warning),
        Nothing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_behind_the_beginning_does_not_count() {
        let long = "x".repeat(HEAD);
        assert_eq!(severity(&format!("{long} ERROR: no")), None);
        assert_eq!(severity(&format!("ERROR: {long}")), Some(Severity::Error));
    }
}
