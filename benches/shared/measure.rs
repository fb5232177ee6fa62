//! What all benchmarks do alike: which parts are asked for, shares of a series, and a line of the report.

#![allow(dead_code, reason = "each benchmark uses its own part")]
#![allow(clippy::disallowed_methods, reason = "nothing else waits while a benchmark looks at a process")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The parts named on the command line; all of them without a name. `None` under `cargo test --benches`, which does not
/// pass `--bench`: measuring would only take time there.
pub struct Parts(Vec<String>);

impl Parts {
    pub fn asked() -> Option<Self> {
        let mut arguments: Vec<String> = std::env::args().skip(1).collect();
        let measure = arguments.iter().any(|argument| argument == "--bench");
        arguments.retain(|argument| !argument.starts_with('-'));
        measure.then_some(Self(arguments))
    }

    pub fn wanted(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|argument| argument == name)
    }
}

pub fn report(what: &str, figure: &str, aim: &str, met: bool) {
    println!("{what:<44} {figure:<64} {} {aim}", if met { "met   " } else { "MISSED" });
}

pub fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    share(&mut values, 50)
}

/// The value that so many per cent of them do not exceed; 100 is the largest.
pub fn share<T: PartialOrd + Copy>(values: &mut [T], percent: usize) -> T {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).expect("times are numbers"));
    values[(values.len() * percent / 100).min(values.len() - 1)]
}

/// How often each thread of a process, a folder in /proc, has gone to sleep so far.
pub fn sleeps(process: &Path) -> HashMap<PathBuf, u64> {
    let threads = fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| Some((thread.path(), sleeps_of_thread(&thread.path())?))).collect()
}

/// `None` for a thread that has ended meanwhile.
fn sleeps_of_thread(thread: &Path) -> Option<u64> {
    let status = fs::read_to_string(thread.join("status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// How often threads have gone to sleep since: also those that began meanwhile.
pub fn slept_since(before: &HashMap<PathBuf, u64>, after: &HashMap<PathBuf, u64>) -> u64 {
    after.iter().map(|(thread, times)| times.saturating_sub(before.get(thread).copied().unwrap_or(0))).sum()
}

/// What a process, a folder in /proc, comes to hold in memory from a moment on.
pub struct Peak {
    process: PathBuf,
    before_kib: f64,
}

impl Peak {
    /// From here on the peak counts anew.
    pub fn since_now(process: &Path) -> Self {
        fs::write(process.join("clear_refs"), "5").expect("it is ours");
        Self { process: process.to_owned(), before_kib: resident_kib(process, "VmRSS:") }
    }

    /// More than it held then, at the most.
    pub fn more_mib(&self) -> f64 {
        (resident_kib(&self.process, "VmHWM:") - self.before_kib).max(0.0) / 1024.0
    }
}

fn resident_kib(process: &Path, field: &str) -> f64 {
    let status = fs::read_to_string(process.join("status")).expect("it lives");
    let line = status.lines().find(|line| line.starts_with(field)).expect("the field");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}
