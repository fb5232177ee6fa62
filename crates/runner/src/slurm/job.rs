//! A job as Slurm tells of it, and what its states mean. Pure: what is asked, and when, is `client`'s and `poller`'s business.

use std::collections::HashMap;

/// What `squeue` is to print of each job, and [`jobs`] reads. The name is last: those of other jobs may hold anything.
pub(super) const FORMAT: &str = "%i|%T|%r|%N|%S|%C|%m|%b|%P|%j";
/// What `sacct` is to print, and [`accounted`] reads.
pub(super) const ACCOUNT_FIELDS: &str = "JobID,State,NodeList";
/// When Slurm does not know when a job will start, it says a time a year away.
pub(super) const FORESEEN_WITHIN_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// One job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Job {
    /// As Slurm numbers it.
    pub number: String,
    pub state: JobState,
    /// Why it waits, in Slurm's own word.
    pub reason: String,
    /// Where it runs or has run; empty when it never did.
    pub node: String,
    /// When it started or is expected to, in Unix milliseconds.
    pub start_ms: Option<u64>,
    /// What it asks for, in Slurm's own words.
    pub cpus: String,
    pub memory: String,
    pub gres: String,
    pub partition: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum JobState {
    #[default]
    Pending,
    /// It has its node, and is alive as far as is known. So is a state that is not known here.
    Running,
    /// It has its node and stands still there: another job goes before it, or somebody has it wait.
    Suspended,
    Over(JobEnd),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JobEnd {
    /// It exited by itself, well or not: its record says how.
    Exited,
    TimeLimit,
    Preempted,
    OutOfMemory,
    NodeFailed,
    BootFailed,
    /// It had its node, which took it away before anything of it ran. Slurm has no word for that: it says that root has cancelled it.
    NotBegun,
    Deadline,
    /// By the user of this number, where the cluster keeps accounts.
    Cancelled {
        by: Option<String>,
    },
}

impl JobState {
    /// From the word that `squeue` and `sacct` have for it, as in `CANCELLED by 0`.
    fn of(words: &str) -> Self {
        let mut parts = words.split_whitespace();
        Self::Over(match parts.next().unwrap_or_default() {
            "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT" => {
                return Self::Pending;
            }
            "COMPLETED" | "FAILED" => JobEnd::Exited,
            "TIMEOUT" => JobEnd::TimeLimit,
            "PREEMPTED" => JobEnd::Preempted,
            "OUT_OF_MEMORY" => JobEnd::OutOfMemory,
            "NODE_FAIL" => JobEnd::NodeFailed,
            "BOOT_FAIL" => JobEnd::BootFailed,
            "DEADLINE" => JobEnd::Deadline,
            "CANCELLED" | "REVOKED" => JobEnd::Cancelled { by: parts.nth(1).map(str::to_owned) },
            "SUSPENDED" | "STOPPED" => return Self::Suspended,
            _ => return Self::Running,
        })
    }

    /// Of two jobs of one name, which a late submit can leave, the one that may run counts.
    fn liveness(&self) -> u8 {
        match self {
            Self::Running | Self::Suspended => 2,
            Self::Pending => 1,
            Self::Over(_) => 0,
        }
    }
}

impl Job {
    /// When the cluster means to start it, as far as it knows.
    pub(super) fn expected_ms(&self, now_ms: u64) -> Option<u64> {
        self.start_ms
            .filter(|at| self.state == JobState::Pending && *at > now_ms && at - now_ms < FORESEEN_WITHIN_MS)
    }

    fn of_line(line: &str) -> Option<(String, Self)> {
        let mut fields = line.splitn(10, '|').map(str::trim);
        let mut next = || fields.next().map(|field| if field == "(null)" { "" } else { field }.to_owned());
        let (number, state, reason, node, start) = (next()?, next()?, next()?, next()?, next()?);
        let (cpus, memory, gres, partition, name) = (next()?, next()?, next()?, next()?, next()?);
        let start_ms = start.parse::<u64>().ok().map(|seconds| seconds.saturating_mul(1_000));
        let state = JobState::of(&state);
        Some((name, Self { number, state, reason, node, start_ms, cpus, memory, gres, partition }))
    }
}

/// The jobs of an answer in [`FORMAT`], by their names. A line that is none is passed over.
pub(super) fn jobs(answer: &str) -> HashMap<String, Job> {
    let mut found: HashMap<String, Job> = HashMap::new();
    for (name, job) in answer.lines().filter_map(Job::of_line) {
        let is_known_better =
            found.get(&name).is_some_and(|known| known.state.liveness() > job.state.liveness());
        if !is_known_better {
            found.insert(name, job);
        }
    }
    found
}

/// The latest job of an answer in [`ACCOUNT_FIELDS`], which is about one name.
pub(super) fn accounted(answer: &str) -> Option<Job> {
    let of_line = |line: &str| {
        let mut fields = line.split('|').map(str::trim);
        let (number, state, node) = (fields.next()?, fields.next()?, fields.next()?);
        let node = if node == "None assigned" { "" } else { node };
        let (number, node) = (number.to_owned(), node.to_owned());
        (!number.is_empty()).then(|| Job { number, node, state: JobState::of(state), ..Job::default() })
    };
    answer.lines().filter_map(of_line).max_by_key(|job| job.state.liveness())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Slurm 22.05 has printed it, with `SLURM_TIME_FORMAT=%s`.
    const ANSWER: &str = "\
3|PENDING|PartitionDown||N/A|1|100M|N/A|closed|solti-a-1
2|PENDING|Resources||1827518088|4|100M|gres:gpu:2|main|solti-b-1
1|RUNNING|None|n1|1795982088|1|100M|N/A|main|solti-c-2
5|FAILED|BadConstraints||1795982087|1|100M|gres:gpu:9|main|solti-d-1
7|TIMEOUT|TimeLimit|n2|1795982000|1|100M|N/A|main|a|name|of others
x
";

    #[test]
    fn jobs_are_known_by_their_names() {
        let jobs = jobs(ANSWER);
        assert_eq!(jobs.len(), 5);
        let running = &jobs["solti-c-2"];
        assert_eq!((&*running.number, &running.state, &*running.node), ("1", &JobState::Running, "n1"));
        assert_eq!(jobs["solti-a-1"].start_ms, None);
        assert_eq!(jobs["solti-b-1"].gres, "gres:gpu:2");
        assert_eq!(jobs["solti-d-1"].state, JobState::Over(JobEnd::Exited));
        assert_eq!(jobs["a|name|of others"].state, JobState::Over(JobEnd::TimeLimit));
    }

    #[test]
    fn a_start_that_slurm_does_not_know_is_none() {
        let jobs = jobs(ANSWER);
        let start = jobs["solti-b-1"].start_ms.expect("it says one");
        assert_eq!(jobs["solti-b-1"].expected_ms(start - 60_000), Some(start));
        assert_eq!(jobs["solti-b-1"].expected_ms(start - FORESEEN_WITHIN_MS), None, "a year away");
        assert_eq!(jobs["solti-b-1"].expected_ms(start + 1), None, "over already");
        assert_eq!(jobs["solti-c-2"].expected_ms(0), None, "it runs");
    }

    #[test]
    fn of_two_jobs_of_one_name_the_one_that_lives_counts() {
        let line =
            |number: u32, state: &str| format!("{number}|{state}|None|n1|N/A|1|1M|N/A|main|solti-a-1\n");
        for (first, second, number) in
            [("RUNNING", "FAILED", "1"), ("COMPLETED", "PENDING", "2"), ("FAILED", "FAILED", "2")]
        {
            let both = jobs(&(line(1, first) + &line(2, second)));
            assert_eq!(both["solti-a-1"].number, number, "{first} {second}");
        }
    }

    #[test]
    fn a_state_that_is_not_known_is_no_end() {
        for (word, state) in [
            ("CONFIGURING", JobState::Pending),
            ("COMPLETING", JobState::Running),
            ("SUSPENDED", JobState::Suspended),
            ("STOPPED", JobState::Suspended),
            ("SOMETHING_NEW", JobState::Running),
            ("", JobState::Running),
            ("CANCELLED by 1000", JobState::Over(JobEnd::Cancelled { by: Some("1000".into()) })),
            ("CANCELLED", JobState::Over(JobEnd::Cancelled { by: None })),
            ("NODE_FAIL", JobState::Over(JobEnd::NodeFailed)),
        ] {
            assert_eq!(JobState::of(word), state, "{word}");
        }
    }

    #[test]
    fn what_is_accounted_says_who_has_cancelled() {
        let job = accounted("2|CANCELLED by 0|n1\n").expect("a job");
        assert_eq!((&*job.number, &*job.node), ("2", "n1"));
        assert_eq!(job.state, JobState::Over(JobEnd::Cancelled { by: Some("0".into()) }));
        assert_eq!(accounted("9|CANCELLED by 0|None assigned\n").map(|job| job.node), Some(String::new()));
        assert_eq!(accounted("\n"), None);
    }
}
