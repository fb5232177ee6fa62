//! What the program tells of an end beyond its exit code, and the sentences for it.

use std::fmt;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::MAX_MODULE_BYTES;

/// So many imports are named; of the others the number is said.
const NAMED_IMPORTS: usize = 5;

/// What an exit code cannot tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Report {
    /// Nothing of the module has run.
    NotStarted(NotStarted),
    /// The module did what it may not, and was ended for it.
    Trapped {
        /// What it did, in a clause.
        what: String,
        /// Its memory limit in bytes, if it had asked for more.
        over_memory: Option<u64>,
    },
    /// The module ended by itself with a failure, after it was refused memory.
    OverMemory {
        /// Its limit, in bytes.
        limit: u64,
    },
}

impl Report {
    /// Why a run ended with `code`, in a clause for its row.
    #[must_use]
    pub fn why(&self, code: i32) -> String {
        match self {
            Self::NotStarted(failure) => failure.to_string(),
            Self::Trapped { what, over_memory: None } => format!("trapped: {what}"),
            Self::Trapped { what, over_memory: Some(limit) } => {
                format!("trapped: {what}; {}", over_memory(*limit))
            }
            Self::OverMemory { limit } => format!("exit {code}; {}", over_memory(*limit)),
        }
    }

    /// Writes the file, which only the user may read.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(&serde_json::to_vec(self)?)
    }

    /// What a file says; `None` when it was not written to its end.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// Why a module was not started. Its `Display` is one plain sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(
    missing_docs,
    reason = "the fields are what their names say: paths, names, bytes, the system's or the engine's words"
)]
pub enum NotStarted {
    /// There is no file.
    Missing { module: String },
    /// The file cannot be read, or is none.
    Unreadable { module: String, said: String },
    /// More than [`MAX_MODULE_BYTES`].
    TooLarge { module: String },
    /// It is something else.
    NotWebAssembly { module: String },
    /// It is WebAssembly in its text form.
    Text { module: String },
    /// It is damaged, or uses what the engine does not have.
    Invalid { module: String, said: String },
    /// It asks for functions that WASI does not have.
    Imports { names: Vec<String> },
    /// It is a library, and no command.
    NoStart { component: bool },
    /// A folder that it was to see cannot be opened.
    Folder { host: String, guest: String, said: String },
    /// It begins with more memory than it may have.
    Memory { needed: u64, limit: u64 },
    /// Anything else.
    Other { said: String },
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { module } => write!(f, "the module does not exist: {module}"),
            Self::Unreadable { module, said } => write!(f, "the module cannot be read: {module}: {said}"),
            Self::TooLarge { module } => {
                write!(f, "the module is larger than {}: {module}", in_words(MAX_MODULE_BYTES))
            }
            Self::NotWebAssembly { module } => {
                write!(f, "not WebAssembly: {module} begins neither as a module nor as a component")
            }
            Self::Text { module } => write!(
                f,
                "not WebAssembly yet: {module} is in the text form; convert it to the binary form, for example with wat2wasm"
            ),
            Self::Invalid { module, said } => write!(f, "the module cannot be loaded: {module}: {said}"),
            Self::Imports { names } => {
                let named =
                    names.iter().take(NAMED_IMPORTS).map(String::as_str).collect::<Vec<_>>().join(", ");
                write!(f, "the module asks for what WASI does not have: {named}")?;
                match names.len().saturating_sub(NAMED_IMPORTS) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Self::NoStart { component: false } => f.write_str(
                "the module is a library: it exports no function _start, by which a command is started",
            ),
            Self::NoStart { component: true } => f.write_str(
                "the component is a library: it does not export wasi:cli/run, by which a command is started",
            ),
            Self::Folder { host, guest, said } => {
                write!(f, "the folder that the module sees as {guest} cannot be opened: {host}: {said}")
            }
            Self::Memory { needed, limit } => write!(
                f,
                "the module needs {} of memory to start, and its limit is {}",
                in_words(*needed),
                in_words(*limit)
            ),
            Self::Other { said } => write!(f, "the module could not be started: {said}"),
        }
    }
}

fn over_memory(limit: u64) -> String {
    format!("it had asked for more memory than its limit of {}", in_words(limit))
}

/// `64 MiB`, `1.5 GiB`, `100 bytes`.
fn in_words(bytes: u64) -> String {
    for (unit, name) in [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= unit {
            #[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
            let number = format!("{:.1}", bytes as f64 / unit as f64);
            return format!("{} {name}", number.trim_end_matches(".0"));
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_words() {
        let trapped =
            |over_memory| Report::Trapped { what: "it divided a whole number by zero".into(), over_memory };
        assert_eq!(trapped(None).why(134), "trapped: it divided a whole number by zero");
        assert_eq!(
            trapped(Some(32 << 20)).why(134),
            "trapped: it divided a whole number by zero; it had asked for more memory than its limit of 32 MiB"
        );
        assert_eq!(
            Report::OverMemory { limit: 3 << 29 }.why(5),
            "exit 5; it had asked for more memory than its limit of 1.5 GiB"
        );
    }

    #[test]
    fn of_many_imports_a_few_are_named() {
        let names =
            |count| NotStarted::Imports { names: (1..=count).map(|n| format!("env::f{n}")).collect() };
        assert!(names(2).to_string().ends_with("does not have: env::f1, env::f2"));
        assert!(names(7).to_string().ends_with("env::f5 and 2 more"));
    }

    #[test]
    fn a_report_that_was_cut_off_says_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report");
        let report = Report::NotStarted(NotStarted::Memory { needed: 100, limit: 5000 });
        report.write(&path).expect("written");
        let bytes = std::fs::read(&path).expect("read");
        assert_eq!(Report::parse(&bytes), Some(report.clone()));
        assert_eq!(Report::parse(&bytes[..bytes.len() - 1]), None);
        assert_eq!(
            report.why(126),
            "the module needs 100 bytes of memory to start, and its limit is 4.9 KiB"
        );
    }
}
