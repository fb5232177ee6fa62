//! What a shell would do with a line that is meant for a program: by bash's grammar, and not by a list of signs. Nothing is
//! expanded or run.
//!
//! ```
//! use solti_shell_line::read_line;
//! assert_eq!(read_line("grep 'a|b' --x={} f").advice, None);
//! assert_eq!(
//!     read_line("FOO=1 make").advice.unwrap(),
//!     "FOO= sets a variable only in a shell; here it would be the program."
//! );
//! assert_eq!(read_line("(make").flaw.unwrap(), "unclosed ( at character 1");
//! ```

#![warn(missing_docs, unreachable_pub)]

mod flaw;
mod found;
mod patterns;

use tree_sitter::{Parser, Tree};

/// A longer line is not read: no person typed it.
pub const MAX_LINE_BYTES: usize = 16 * 1024;

/// A line as a shell would take it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellReading {
    /// Why the line is for a shell, in a sentence. `None` where a shell would do no more than split it into words and take their
    /// quotes off.
    pub advice: Option<String>,
    /// What keeps a shell from reading it, in a few words, with its place in characters from 1.
    pub flaw: Option<String>,
}

/// Reads a line, or several. Of one that is longer than [`MAX_LINE_BYTES`] nothing is said.
#[must_use]
pub fn read_line(line: &str) -> ShellReading {
    let Some(tree) = parse(line) else { return ShellReading::default() };
    ShellReading { advice: found::advice(&tree, line), flaw: flaw::flaw(&tree, line) }
}

/// Why a word that is no more than that, and begins a command, is for a shell. In a line it may open something, and be unreadable without
/// its end.
#[must_use]
pub fn read_first_word(word: &str) -> Option<String> {
    found::word_advice(word)
}

fn parse(line: &str) -> Option<Tree> {
    if line.len() > MAX_LINE_BYTES {
        return None;
    }
    let mut parser = Parser::new();
    // Of another version than the library only where the lock file was changed; the tests see that.
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    parser.parse(line, None)
}
