//! A place in the log of a task, between two events: where a reader that was torn off goes on.

use solti_model::OutputStreamKind;
use std::fmt;
use std::str::FromStr;

/// Everything before it has been handed out. Lines are counted for each stream of the attempt; of a line that comes in
/// several chunks because it is long, also its bytes in the log.
///
/// Written as one word, for SSE's `id`: `<attempt>-<stdout>-<stderr>`, each stream as `<lines>` or `<lines>+<bytes>`;
/// `<attempt>-end` behind the end of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogPosition {
    /// From 1; 0 is before everything.
    pub attempt: u32,
    /// Of the attempt's standard output.
    pub stdout: Handed,
    /// Of the attempt's standard error.
    pub stderr: Handed,
    /// The attempt's end was told too.
    pub ended: bool,
}

/// What of a stream was handed out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Handed {
    /// Whole lines.
    pub lines: u64,
    /// Bytes of the line after them.
    pub bytes: u64,
}

impl LogPosition {
    /// Before the first event of this attempt, counted from 1.
    pub fn started(attempt: u32) -> Self {
        Self { attempt, ..Self::default() }
    }

    /// Behind the end of this attempt.
    pub fn ended(attempt: u32) -> Self {
        Self { attempt, ended: true, ..Self::default() }
    }

    /// How far this stream of the attempt was handed out.
    pub fn stream(&self, stream: OutputStreamKind) -> Handed {
        match stream {
            OutputStreamKind::Stdout => self.stdout,
            OutputStreamKind::Stderr => self.stderr,
        }
    }

    #[cfg(feature = "local")]
    pub(crate) fn stream_mut(&mut self, stream: OutputStreamKind) -> &mut Handed {
        match stream {
            OutputStreamKind::Stdout => &mut self.stdout,
            OutputStreamKind::Stderr => &mut self.stderr,
        }
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attempt)?;
        if self.ended {
            return f.write_str("-end");
        }
        for Handed { lines, bytes } in [self.stdout, self.stderr] {
            match bytes {
                0 => write!(f, "-{lines}")?,
                bytes => write!(f, "-{lines}+{bytes}")?,
            }
        }
        Ok(())
    }
}

/// The text is no position that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a position that a log stream handed out")]
pub struct BadPosition;

impl FromStr for LogPosition {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let mut words = text.split('-');
        let attempt = number(words.next())?;
        let position = match (words.next(), words.next(), words.next()) {
            (Some("end"), None, None) => Self::ended(attempt),
            (Some(stdout), Some(stderr), None) => {
                Self { attempt, stdout: handed(stdout)?, stderr: handed(stderr)?, ended: false }
            }
            _ => return Err(BadPosition),
        };
        Ok(position)
    }
}

fn handed(text: &str) -> Result<Handed, BadPosition> {
    match text.split_once('+') {
        Some((lines, bytes)) => Ok(Handed { lines: number(Some(lines))?, bytes: number(Some(bytes))? }),
        None => Ok(Handed { lines: number(Some(text))?, bytes: 0 }),
    }
}

/// Digits only: `parse` alone would take a sign too.
fn number<T: FromStr>(text: Option<&str>) -> Result<T, BadPosition> {
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or(BadPosition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_one_word_and_reads_back() {
        let mid_line = Handed { lines: 7, bytes: 1 << 20 };
        for (position, text) in [
            (LogPosition::default(), "0-0-0"),
            (LogPosition { stdout: mid_line, ..LogPosition::started(2) }, "2-7+1048576-0"),
            (LogPosition::ended(3), "3-end"),
        ] {
            assert_eq!((position.to_string().as_str(), text.parse()), (text, Ok(position)));
        }
        for bad in
            ["", "1", "1-2", "1-2-3-4", "1-end-0", "end", "a-0-0", "+1-0-0", "1-0-99999999999999999999"]
        {
            assert_eq!(bad.parse::<LogPosition>(), Err(BadPosition), "{bad}");
        }
    }
}
