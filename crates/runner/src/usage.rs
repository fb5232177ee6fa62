//! What the processes of a living run use now: from its control group where it has one, else from the process table.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use solti_model::RunId;
use solti_shim::cgroup::RunGroup;
use solti_shim::tree::{Process, descendants};

/// All processes of a run together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeUsage {
    /// Processor time so far, in microseconds.
    pub cpu_us: u64,
    /// Memory in use; without a memory controller the resident memory of each process, of which they may share some.
    pub memory_bytes: u64,
    /// Those that live; at least 1.
    pub processes: u32,
}

/// Looks at a run by its leader, which may have ended before its run. `None` when nothing of the run is there.
pub fn usage_of(run: &RunId, leader_pid: u32) -> Option<TreeUsage> {
    let leader = Process::find(leader_pid)?;
    let group = RunGroup::of_process(leader_pid, &run.to_string());
    let members: Vec<u32> = match &group {
        Some(group) => group.processes(),
        // The leader's parent is the run's shim; if that is gone, whoever takes in orphans.
        None if leader.zombie && leader.parent <= 1 => vec![],
        None => descendants(leader.parent)
            .ok()?
            .into_iter()
            .filter(|process| !process.zombie)
            .map(|process| process.pid)
            .collect(),
    };
    if members.is_empty() {
        return None;
    }
    let used: Vec<Used> = members.iter().filter_map(|pid| Used::by(*pid)).collect();
    let cpu_us = group.as_ref().and_then(RunGroup::cpu_us);
    let memory_bytes = group.as_ref().and_then(RunGroup::memory);
    Some(TreeUsage {
        cpu_us: cpu_us.unwrap_or_else(|| used.iter().map(|used| used.cpu_us).sum()),
        memory_bytes: memory_bytes.unwrap_or_else(|| used.iter().map(|used| used.memory_bytes).sum()),
        processes: u32::try_from(members.len()).unwrap_or(u32::MAX),
    })
}

struct Used {
    /// With that of the children it has waited for.
    cpu_us: u64,
    memory_bytes: u64,
}

impl Used {
    /// `pid (any name) state ppid … utime stime cutime cstime …`, see proc_pid_stat(5); the second field of `statm` is the
    /// resident memory in pages.
    fn by(pid: u32) -> Option<Self> {
        let (ticks_a_second, page) = (clock_ticks_per_second(), page_size());
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let after_name = stat.get(stat.rfind(')')? + 1..)?;
        let ticks: u64 = after_name
            .split_ascii_whitespace()
            .skip(11)
            .take(4)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(Self { cpu_us: ticks * 1_000_000 / ticks_a_second.max(1), memory_bytes: pages * page as u64 })
    }
}
