//! A run that goes on without its main program: how that ended, who still writes, and the sentence for it.

use std::fmt;
use std::fs;
use std::path::Path;

use solti_shim::control::Holders;
use solti_shim::exit_record::LeaderStatus;

use crate::signal_name::describe_signal;

/// Interpreters, which say less of a process than the file that they run.
const INTERPRETERS: [&str; 9] = ["sh", "bash", "dash", "zsh", "ksh", "python", "perl", "ruby", "node"];

/// The main program has ended, and others of the run hold its output open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MainEnded {
    /// `None`: a signal has ended it.
    pub exit_code: Option<i32>,
    how: String,
    /// How many of the run hold the output open; none when it is a process that cannot be found among them.
    pub writers: u32,
    named: Vec<Writer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Writer {
    pid: u32,
    /// `None`: it is gone, or not to be looked at.
    name: Option<String>,
}

impl MainEnded {
    /// Looks up the names of those that the shim has seen.
    pub(crate) fn look(status: LeaderStatus, holders: Holders) -> Self {
        let how = match status {
            LeaderStatus::Code(code) => format!("ended with exit {code}"),
            LeaderStatus::Signal(signal) => format!("was killed by {}", describe_signal(signal)),
        };
        let pids = holders.pids.into_iter().take_while(|pid| *pid != 0);
        let named = pids.map(|pid| Writer { pid, name: name_of(pid) }).collect();
        Self { exit_code: status.code(), how, writers: holders.count, named }
    }
}

impl fmt::Display for MainEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "main program {}; ", self.how)?;
        match self.writers {
            0 => {
                return f.write_str(
                    "its output is held open by a process that cannot be found among those of the run",
                );
            }
            1 => f.write_str("1 process still writes")?,
            more => write!(f, "{more} processes still write")?,
        }
        for (place, Writer { pid, name }) in self.named.iter().enumerate() {
            f.write_str(if place == 0 { ": " } else { "; " })?;
            match name {
                Some(name) => write!(f, "{name}, pid {pid}")?,
                None => write!(f, "pid {pid}")?,
            }
        }
        match (self.writers as usize).saturating_sub(self.named.len()) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// What a person would call the process.
fn name_of(pid: u32) -> Option<String> {
    let command = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned();
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    Some(words_name(&command, &words))
}

/// The script that an interpreter runs, if it does; else the command's own name. `words` are separated by NUL.
fn words_name(command: &str, words: &[u8]) -> String {
    let bare = command.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let script = words.split(|byte| *byte == 0).nth(1).and_then(|word| std::str::from_utf8(word).ok());
    let file = script.filter(|word| !word.starts_with('-') && INTERPRETERS.contains(&bare)).map(Path::new);
    let name = file.and_then(Path::file_name).map_or(command.into(), |name| name.to_string_lossy());
    // Whatever a program calls itself ends up in lists and terminals.
    name.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_many_write_and_names_the_first() {
        let writer = |pid, name: &str| Writer { pid, name: Some(name.into()) };
        let of = |exit_code: Option<i32>, how: &str, writers, named| {
            MainEnded { exit_code, how: how.into(), writers, named }.to_string()
        };
        assert_eq!(
            of(Some(0), "ended with exit 0", 1, vec![writer(4711, "bg.sh")]),
            "main program ended with exit 0; 1 process still writes: bg.sh, pid 4711"
        );
        assert_eq!(
            of(Some(3), "ended with exit 3", 4, vec![writer(1, "a"), Writer { pid: 2, name: None }]),
            "main program ended with exit 3; 4 processes still write: a, pid 1; pid 2; and 2 more"
        );
        assert!(of(None, "was killed by SIGTERM (signal 15)", 0, vec![]).ends_with("among those of the run"));
    }

    #[test]
    fn a_script_has_the_name_of_its_file() {
        for (command, words, name) in [
            ("bash", &b"bash\0/home/me/bg.sh\0x\0"[..], "bg.sh"),
            ("python3.11", b"python3\0job.py\0", "job.py"),
            ("bg.sh", b"/bin/sh\0./bg.sh\0", "bg.sh"),
            ("bash", b"bash\0-c\0sleep 1\0", "bash"),
            ("sleep", b"sleep\x00600\0", "sleep"),
            ("bash", b"", "bash"),
            ("a\x1b[2J", b"", "a\u{FFFD}[2J"),
        ] {
            assert_eq!(words_name(command, words), name);
        }
    }
}
