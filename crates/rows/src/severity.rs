//! How serious a row says it is. The one table of what counts as an error and as a warning: whatever marks rows, counts them or
//! goes from one to the next takes it from here, so that all of them mean the same rows.
//!
//! Words alone do not count ("0 errors", "error.log"): a level has to stand where programs put one. What a row states as its
//! level is believed; else the first word in it that says how serious it is decides, so that `INFO … error: …` is none.

use std::sync::LazyLock;

use regex::Regex;

use crate::prefix::behind_prefixes;

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
const END: &str = r#"(?:$|[\s\])|>":!,;]|\.(?:\s|$)|/[A-Z])"#;
/// What a level as a field begins with, in JSON, logfmt and what looks like them.
const KEY: &str = r#"(?:^|[\s{,(\["'])(?i:(?:log[._]?)?level|lvl|severity|levelname|@l)["']?\s*[=:]\s*(?:\{ *"name" *: *)?["']?"#;
const VALUE_END: &str = r#"(?:$|[\s"',}\])|])"#;

/// What stands before the level in Android's log, behind its time: a process, a thread.
const LOGCAT: &str = r"^ *\d+ +\d+ ";
/// What follows it there, and in that of TensorFlow.
const TAG: &str = r" +(?u:[^\s:][^:]*):(?:\s|$)";
const PLACE: &str = r" [\w./-]+:\d+\] ";
/// What follows the letter in Jupyter's log and in Tornado's.
const TORNADO: &str = r" (?:[\d-]+ )?\d\d:\d\d:\d\d";

/// What stands before `error:` where it is no word of a sentence: nothing, a number as of a time, or a sign that ends the name of a
/// program, a place or a field. Behind it a word or two may say which error it is.
const LEAD: &str = r"(?:^\s*|(?:^|\s)[\d:.,/-]*\d(?:Z|[AP]M)?\s+|(?u:[^\w\s+/`'.\#-])\s+|\s-\s+)(?:(?:[A-Z]?[a-z]+|PHP|SSL|TLS|IO|I/O|OS|SQL|HTTP|API|CUDA) ){0,2}";

/// Levels that a row states: of all that fit the one that begins first decides, wherever in the row it does.
const STATED: &[(Says, &str)] = &[
    // A variable of the environment, as `env` lists them.
    (Nothing, r"^(?:export )?[A-Z_][A-Z0-9_]*=[\w.:/-]*$"),
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
    // systemd takes a number before a line; logcat a letter, behind the time or before its tag.
    (Error, r"^<[0-3]>"),
    (Warning, r"^<4>"),
    (Nothing, r"^<[5-7]>"),
    (Error, r"{LOGCAT}[EF]{TAG}|^[EF]{PLACE}|^[EF]/[\w.$ -]+\( *\d+\): "),
    (Warning, r"{LOGCAT}W{TAG}|^W{PLACE}|^W/[\w.$ -]+\( *\d+\): "),
    (Nothing, r"{LOGCAT}[VDI]{TAG}|^I{PLACE}|^[VDI]/[\w.$ -]+\( *\d+\): "),
    (Error, r"^\[[EFC]{TORNADO}"),
    (Warning, r"^\[W{TORNADO}"),
    (Nothing, r"^\[[DI]{TORNADO}"),
    // journald's own fields.
    (Error, r#""PRIORITY" ?: ?"[0-3]""#),
    (Warning, r#""PRIORITY" ?: ?"4""#),
    (Nothing, r#""PRIORITY" ?: ?"[5-7]""#),
    // Node calls it a warning, and then fails.
    (Error, r"\bUnhandledPromiseRejectionWarning: "),
    // A test that is as it should be is that whatever it is about, and so is one that is known not to be.
    (Nothing, r"^\s*ok \d+\b|^\s*not ok\b(?u:.*)# (?i:todo|skip)\b|^\s*(?u:[✓✔√✅])\s"),
    // What a shell traces, lines of a difference, files as `ls` lists them: all of them quote.
    (Nothing, r"^\++[\s\w]|^-(?:\t|  )|^[bcdlps-](?:[r-][w-][xsStT-]){3}[.+@]?\s"),
];

/// Words that say it: of all that fit, the one that begins first decides.
const WORDS: &[(Says, &str)] = &[
    (Error, "{EDGE}(?:ERROR|ERR|FATAL|FTL|CRITICAL|SEVERE|PANIC|EMERG|ALERT|FAILED){END}"),
    (Warning, "{EDGE}(?:WARN|WARNING|WRN){END}"),
    (Nothing, "{EDGE}(?:INFO|INF|DEBUG|DBG|TRACE|TRC|NOTICE|VERBOSE){END}"),
    // How many there were, and there were none.
    (Nothing, r"{EDGE}(?i:errors?|warnings?|failed|failures?|fatal|critical)\s*[:=]\s*0(?:$|[\s,;)\]|])"),
    (Error, r"[\[<(](?:\w+:)?(?:error|err|fatal|crit|emerg|alert)[\])>]"),
    (Warning, r"[\[<(](?:\w+:)?(?:warning|warn)[\])>]"),
    (Nothing, r"[\[<(](?:\w+:)?(?:info|debug|trace|notice)[\])>]"),
    (Error, r"\[[EF]\](?:$|[\s:\[])"),
    (Warning, r"\[W\](?:$|[\s:\[])"),
    // logrus; the logger of .NET.
    (Error, r"^(?:ERRO|FATA|PANI)\[|^(?:fail|crit): "),
    (Warning, r"^WARN\["),
    (Nothing, r"^(?:INFO|DEBU|TRAC)\[|(?:^|\s)(?:info|dbug|debug|trce|trace|notice|verbose):(?:\s|$)"),
    // A number is how large it is.
    (Nothing, r"(?:^|\s)(?:[A-Za-z]+ ){1,2}error: +[+-]?(?:0|\d*\.\d+)(?:$|[\s,;)|%])"),
    // Exceptions: `TypeError: …`, `Error: …`, `zlib.error: …`.
    (Error, r"(?:^|\s)(?:[\w.$]+\.)?(?:[A-Z]\w*)?(?:Error|ERROR|Fatal)(?: ?\[\w+\])?:(?:\s|$)"),
    (
        Error,
        r"(?:^|\s)(?:[\w.$]+\.(?:[A-Z]\w*)?|[A-Z]\w*)(?:error|fatal|panic|Exception)(?: ?\[\w+\])?:(?:\s|$)",
    ),
    (Error, r"(?:^\s*|[:\])>|]\s+|(?:^|\s)[Uu]n[a-z]+ )Exception:(?:\s|$)"),
    (Warning, r"(?:^|\s)(?:[A-Z]\w*)?Warning(?:\[[\w-]+\])?:(?:\s|$)"),
    // Compilers and shells: `error: …`, `error[E0308]: …`, `fatal error: …`.
    (Error, r"{LEAD}(?:error|fatal|panic)(?: ?\[\w+\])?:(?:\s|$)"),
    (Warning, r"{LEAD}(?:warning|warn)(?:\[[\w-]+\])?:(?:\s|$)"),
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
    // TAP, ctest, dotnet, jest, and what runners say in the end.
    (Error, r"^\s*not ok\b|\*\*\*(?:Failed|Exception|Timeout|Not Run)\b|^Failed!|^\s*● (?u:.+) › "),
    (Error, r"^(?:=+ |Tests?: +|Test Suites: +|\s+)?[1-9]\d* (?:failed|failing)(?:$|[,;]| in | \()"),
    // Kotlin, Go, Ruby, CMake, ld.
    (Error, r"^e: (?:file://)?/|^[\w./@-]+\.go:\d+:\d+: |^[\w./@-]+:\d+:in (?u:.+) \([A-Z][\w:]*\)$"),
    (Warning, r"^w: (?:file://)?/"),
    (Error, r"^CMake Error\b|: cannot find -l|\bld: \w+ not found for "),
    (Warning, r"^CMake Warning\b"),
    // yarn, kubectl, docker, dpkg, ansible, systemd, and workflows of GitHub.
    (Error, r"^error [A-Z]|(?:^|\s)Error (?:from server|response from daemon)\b"),
    (Error, r"^[\w./-]+: error (?:processing|while)\b|^failed: \[|: Failed with result "),
    (Error, r"^::error\b"),
    (Warning, r"^::warning\b"),
    (
        Error,
        r"^(?:systemd\[\d+\]: )?Failed to start |^Failed to compile\b|^CONFLICT \(|^ ! \[(?:remote )?rejected\]",
    ),
    (Warning, r#"^warning (?:["A-Z]|[\w@/.-]+(?: > [\w@/.-]+)*: )|^Warning messages?:"#),
    // What marks a failure; Next.js, pnpm, ninja, jq, xmllint, Verilator, Quartus.
    (Error, r"^\s*(?u:[✖✗✘×⨯❌])\s+(?u:[^\s0])|^error +- |^(?u:\s*)ERR_PNPM_|^ninja: build stopped\b"),
    (Warning, r"^warn +- |^(?u:\s)WARN(?u:\s)"),
    (Nothing, r"^(?:info|event|wait|ready) +- "),
    (Error, r"^[\w./-]+: error \(at |:\d+: [\w ]*\berror : |^%Error(?:-\w+)?: |^Error \(\d+\): "),
    (Warning, r":\d+: [\w ]*\bwarning : |^%Warning(?:-\w+)?: |^(?:Critical )?Warning \(\d+\): "),
    // R, Elixir, Perl, Lua, Python, LaTeX.
    (Error, r"^Execution halted\b|^Error in (?u:.+) :(?:\s|$)|^\*\* \([A-Z][\w.]*\) "),
    (Error, r"^Died at (?u:.+) line \d|^Can't locate (?u:\S+) in @INC\b|^lua[\d.]*: "),
    (Error, r"^(?:KeyboardInterrupt|SystemExit)(?:$|: )"),
    (
        Error,
        r"^! (?:Undefined|Missing|Extra|Misplaced|Illegal|Incomplete|Too many|Double|Emergency stop|File ended|Paragraph ended)\b",
    ),
    // The kernel, and the library of C.
    (Error, r"^Out of memory: Kill|^Kernel panic - |^BUG: "),
    (
        Error,
        r"^(?:(?u:\S+): )?(?:double free or corruption|corrupted (?:size|double)|(?:free|malloc|realloc|munmap_chunk)\(\): |\*\*\* \w+ \w+ detected \*\*\*)",
    ),
    // Shells, and what ends a program.
    (Error, r": command not found(?:$|: )|: \d+: (?u:\S+): not found$"),
    (
        Error,
        r"^(?:(?u:.*): line \d+: +\d+ )?(?:Killed|Aborted|Bus error|Illegal instruction|Floating point exception)(?:$|  | \()",
    ),
    (Error, r"^terminate called |\bAssertion (?:failed\b|(?u:.*)' failed\b)"),
    // apt.
    (Error, "^E: "),
    (Warning, "^W: "),
];

/// What every row has that a rule calls an error, as a quick first look. Each begins with characters that few rows have, by which they are
/// looked for.
const ERROR_SIGNS: &str = "error|Error|ERR|fatal|Fatal|FATA|crit|Critical|CRITICAL|SEVERE|severe|Severe\
    |panic|PANI|Panic|emerg|EMERG|Emerg|alert|ALERT|Alert|Exception|Traceback|Segmentation|core dumped\
    |undefined reference|FAIL|Failed|make(?:\\[\\d+\\])?: \\*\\*\\*|[\\[<(:]err[\\])>]|FTL|\\[[EF]\\]\
    |\\*\\*\\*(?:Timeout|Not Run)|not ok|not found|cannot find -l| fail(?:ed|ing)|^[1-9][0-9]* fail|(?:^| )fail(?:ed)?: |● \
    |Killed|Aborted|Bus error|Illegal instruction|Floating point|terminate called|Assertion|\\.go:|:in |(?:^| )e: |<[0-3]>\
    |(?i:level|levelname|lvl|severity|@l)[\"']?\\s*[=:]\\s*(?:\\{ *\"name\" *: *)?[\"']?(?i:err|crit|[56]0)\
    |(?:^| )(?:E: |[EF] |[EF][012]\\d|[EF]/)|\\[[EFC] \\d|\"PRIORITY\" ?: ?\"[0-3]|UnhandledPromise|CONFLICT|! \\[|! [A-Z]\
    |build stopped|Execution halted|\\*\\* \\([A-Z]|Died at |in @INC|lua[\\d.]*: |KeyboardInterrupt|SystemExit|✖|✗|✘|×|⨯|❌\
    |Out of memory|BUG: |double free|corrupted |(?:free|malloc|realloc|munmap_chunk)\\(\\): |detected \\*\\*\\*";
/// The same of warnings.
const WARNING_SIGNS: &str = "warn|Warn|WARN|WRN|\\[W\\]|<4>|(?:^| )(?:w: |W: |W |W[012]\\d|W/)|\\[W \\d|\"PRIORITY\" ?: ?\"4\
    |(?i:level|levelname|lvl|severity|@l)[\"']?\\s*[=:]\\s*(?:\\{ *\"name\" *: *)?[\"']?40";

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

/// Rules as an expression for each of what they say.
struct Table([(Says, Regex); 3]);

impl Table {
    fn new(rules: &[(Says, &str)]) -> Self {
        // Of what begins at one place the first of these decides.
        Self([Nothing, Warning, Error].map(|says| {
            let of_it = rules.iter().filter(|(rule, _)| *rule == says).map(|(_, pattern)| *pattern);
            let any = of_it.collect::<Vec<_>>().join("|");
            let any = any
                .replace("{KEY}", KEY)
                .replace("{VALUE_END}", VALUE_END)
                .replace("{LOGCAT}", LOGCAT)
                .replace("{TAG}", TAG)
                .replace("{PLACE}", PLACE)
                .replace("{TORNADO}", TORNADO)
                .replace("{LEAD}", LEAD)
                .replace("{EDGE}", EDGE)
                .replace("{END}", END);
            #[expect(clippy::expect_used, reason = "the rules are constants, and a test builds them")]
            let any = Regex::new(&format!("(?-u){any}")).expect("rules are expressions");
            (says, any)
        }))
    }

    fn says(&self, head: &str) -> Option<Says> {
        let first = |(says, any): &(Says, Regex)| Some((any.find(head)?.start(), *says));
        self.0.iter().filter_map(first).min_by_key(|(start, _)| *start).map(|(_, says)| says)
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
    let head = behind_prefixes(head);
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
