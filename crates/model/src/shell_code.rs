//! An end as a shell would report it: the exit code of a program that stands for a task.

use crate::{TaskPhase, TaskStatus};

/// Where a failed start begins its sentence: the code that a shell has for it. `tests/corpus/ends.json` holds the sentence of every one.
const STARTS: [(&str, u8); 30] = [
    ("program not found", 127),
    ("program is a directory", 126),
    ("not executable", 126),
    ("bad interpreter", 126),
    ("exec format error", 126),
    ("argument list too long", 126),
    ("the program could not be executed", 126),
    ("the program could not be looked up", 126),
    ("the script cannot be run", 126),
    // What is to be there before the program is.
    ("working directory ", 125),
    ("the working directory ", 125),
    ("no permission to enter the working directory", 125),
    ("the standard input could not be opened", 125),
    ("the run folder ", 125),
    ("the log files could not be made", 125),
    ("the shared folder cannot be used", 125),
    ("no process could be started", 125),
    ("the supervising process ", 125),
    // As engines end themselves.
    ("the program is not in the image", 127),
    ("the program in the image cannot be executed", 126),
    ("the image ", 125),
    ("the container could not be started", 125),
    ("the container engine cannot ", 125),
    ("a path ", 125),
    ("the network does not exist", 125),
    ("the folder that the module sees as ", 125),
    ("the module does not exist", 127),
    ("the module ", 126),
    ("the component ", 126),
    ("not WebAssembly", 126),
];

impl TaskStatus {
    /// The program's own exit code; 124 for one whose time was over, 130 for one that was stopped; 128 and the signal for one that
    /// was killed, 127 for one that was not found, 126 for one that cannot be executed, 125 where what it
    /// needs is not there; 1 for what is none of these.
    ///
    /// Signal and start are read from `error`, which is the only place that tells of them, also on the wire.
    pub fn shell_code(&self) -> u8 {
        match (self.phase, self.exit_code) {
            (TaskPhase::Timeout, _) => 124,
            (TaskPhase::Canceled, _) => 130,
            (TaskPhase::Succeeded, None) => 0,
            // What does not fit into a byte is no code of a process of this system.
            (_, Some(code)) => u8::try_from(code).unwrap_or(1),
            (_, None) => self.error.as_deref().and_then(code_of_words).unwrap_or(1),
        }
    }

    /// Whether it ended with this exit code, or by the signal that a shell has this code for.
    pub fn has_exit_code(&self, code: i32) -> bool {
        let of_signal = || self.error.as_deref().and_then(code_of_signal).map(i32::from);
        self.exit_code.or_else(of_signal) == Some(code)
    }
}

/// `killed by SIGKILL (signal 9)`, `killed by signal 64`, and what is known beside it.
fn code_of_signal(error: &str) -> Option<u8> {
    let digits = error.strip_prefix("killed by ")?.split_once("signal ")?.1;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse::<u8>().ok()?.checked_add(128)
}

/// The errors that a program has which was killed by the signal that a shell has this code for, as patterns of SQL's LIKE; none of a code
/// that is no signal's.
pub fn errors_of_signal(code: i32) -> Option<[String; 3]> {
    let signal = code.checked_sub(128).filter(|signal| (1..=64).contains(signal))?;
    let of = |rest: &str| format!("killed by {rest}");
    Some([
        of(&format!("%(signal {signal})%")),
        of(&format!("signal {signal}")),
        of(&format!("signal {signal};%")),
    ])
}

fn code_of_words(error: &str) -> Option<u8> {
    if error.starts_with("killed by ") {
        return code_of_signal(error);
    }
    STARTS.iter().find(|(words, _)| error.starts_with(words)).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn an_end_has_the_code_that_a_shell_gives_it() {
        let cases: Value =
            serde_json::from_str(include_str!("../../../tests/corpus/ends.json")).expect("cases");
        for case in ["runner", "others"].iter().flat_map(|who| cases[who].as_array().expect("cases")) {
            let status = TaskStatus {
                phase: serde_json::from_value(case["phase"].clone()).expect("a phase"),
                attempt: 1,
                exit_code: serde_json::from_value(case["exitCode"].clone()).expect("a code, or none"),
                error: serde_json::from_value(case["error"].clone()).expect("a sentence, or none"),
            };
            assert_eq!(Some(u64::from(status.shell_code())), case["shell"].as_u64(), "{case}");
        }
    }
}
