//! The app's processes and what memory they take: its own, which holds the engine, and WebKit's, which hold the pages.

use crate::{measure::sleeps, support::Desk};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

/// Of /proc, in a second.
const TICKS: f64 = 100.0;

pub struct Processes {
    /// Folders in /proc.
    pub app: PathBuf,
    pages: Vec<PathBuf>,
    /// What serves them: WebKit's network process, the fork server.
    helpers: Vec<PathBuf>,
}

impl Processes {
    /// Those that have the desk's data folder in their environment.
    pub fn of(desk: &Desk) -> Self {
        let mark = format!("SOLTI_DATA_DIR={}", desk.data().display());
        let (mut apps, mut pages, mut helpers) = (vec![], vec![], vec![]);
        for process in fs::read_dir("/proc").expect("readable").flatten().map(|entry| entry.path()) {
            let environment = fs::read(process.join("environ")).unwrap_or_default();
            if !environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
                continue;
            }
            let program = fs::read_link(process.join("exe")).unwrap_or_default();
            match program.file_name().and_then(|name| name.to_str()) {
                Some("solti-desktop") => apps.push(process),
                Some("WebKitWebProcess") => pages.push(process),
                Some("WebKitNetworkProcess" | "solti-shim") => helpers.push(process),
                _ => {}
            }
        }
        assert_eq!(apps.len(), 1, "one app at this desk: {apps:?}");
        Self { app: apps.remove(0), pages, helpers }
    }

    /// How often each thread of them has gone to sleep so far.
    pub fn sleeps(&self) -> HashMap<PathBuf, u64> {
        self.all().flat_map(|process| sleeps(process)).collect()
    }

    /// Beside the app and its pages.
    pub fn helpers_kib(&self) -> f64 {
        self.helpers.iter().map(|process| pss_kib(process)).sum()
    }

    /// The share of all of them of files whose name holds this.
    pub fn mapped_kib(&self, name: &str) -> f64 {
        self.all().map(|process| mapped_kib(process, name)).sum()
    }

    fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.app].into_iter().chain(&self.pages).chain(&self.helpers)
    }

    /// Its share of what is in memory, of the app and of all its pages.
    pub fn memory(&self) -> Memory {
        Memory { app: pss_kib(&self.app), pages: self.pages.iter().map(|page| pss_kib(page)).sum() }
    }

    /// When the app was started, in milliseconds since 1970: up to a hundredth of a second early.
    pub fn started_ms(&self) -> f64 {
        let stat = fs::read_to_string(self.app.join("stat")).expect("it lives");
        let fields: Vec<&str> = stat[stat.rfind(')').expect("a name")..].split(' ').collect();
        let after_boot = fields[20].parse::<f64>().expect("a number") / TICKS;
        let uptime = fs::read_to_string("/proc/uptime").expect("readable");
        let uptime =
            uptime.split(' ').next().and_then(|seconds| seconds.parse::<f64>().ok()).expect("a number");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        (now.as_secs_f64() - (uptime - after_boot)) * 1e3
    }
}

fn mapped_kib(process: &Path, name: &str) -> f64 {
    let maps = fs::read_to_string(process.join("smaps")).expect("it lives and is ours");
    let mut is_named = false;
    let mut sum = 0.0;
    for line in maps.lines() {
        let first = line.split(' ').next().unwrap_or_default();
        if !first.ends_with(':') {
            is_named = line.contains(name);
        } else if is_named && first == "Pss:" {
            sum += line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).expect("a number");
        }
    }
    sum
}

fn pss_kib(process: &Path) -> f64 {
    let rollup = fs::read_to_string(process.join("smaps_rollup")).expect("it lives and is ours");
    let line = rollup.lines().find(|line| line.starts_with("Pss:")).expect("a sum");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

/// In KiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub app: f64,
    pub pages: f64,
}

impl Memory {
    /// How much more than `before`, in MiB.
    pub fn more_than(self, before: Self) -> (f64, f64) {
        ((self.app - before.app) / 1024.0, (self.pages - before.pages) / 1024.0)
    }
}

/// Looks at the memory four times a second, and remembers the most.
pub struct MemoryWatch {
    stop: mpsc::SyncSender<()>,
    most: JoinHandle<Memory>,
}

impl MemoryWatch {
    pub fn begin(processes: Processes) -> Self {
        let (stop, stopped) = mpsc::sync_channel(1);
        let most = thread::spawn(move || {
            let mut most = processes.memory();
            while stopped.recv_timeout(Duration::from_millis(250)) == Err(mpsc::RecvTimeoutError::Timeout) {
                let now = processes.memory();
                most = Memory { app: most.app.max(now.app), pages: most.pages.max(now.pages) };
            }
            most
        });
        Self { stop, most }
    }

    pub fn end(self) -> Memory {
        drop(self.stop);
        self.most.join().expect("it only looks")
    }
}
