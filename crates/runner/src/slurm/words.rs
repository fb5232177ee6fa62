//! What is said to Slurm, and what its answers are called for a person. Pure.

use std::path::Path;
use std::time::Duration;

use solti_model::{ClusterRequest, ResourceLimits, RunId, quoted};

use super::job::{Job, JobEnd};
use crate::run_dir::JOB_OUTPUT;
use crate::{ClusterEnd, RunEnd};

/// Between the end of a run's own time and that of its job: what the shim has to end and record it.
const TIME_TO_END: Duration = Duration::from_secs(60);
const MIB: u64 = 1 << 20;

/// The name by which the job of a run is found again, whatever becomes of us. No run ever has another's.
pub(super) fn job_name(run: &RunId) -> String {
    format!("solti-{}-{}", run.task, run.attempt)
}

/// The words behind `sbatch`, but for the script. `dir` is the run folder as all machines see it.
pub(super) fn submit_words(
    run: &RunId,
    cluster: &ClusterRequest,
    limits: &ResourceLimits,
    timeout: Option<Duration>,
    grace: Duration,
    dir: &Path,
    home: &Path,
) -> Vec<String> {
    let mut words = vec![
        "--parsable".to_owned(),
        // Attempts are ours. One that Slurm adds would run with the same folder.
        "--no-requeue".to_owned(),
        "--open-mode=append".to_owned(),
        format!("--job-name={}", job_name(run)),
        format!("--output={}", pattern(&dir.join(JOB_OUTPUT))),
        format!("--chdir={}", home.display()),
    ];
    words.extend(asked_for(cluster, limits, timeout, grace));
    words
}

/// What a job asks of the cluster, be it handed over or only asked about.
pub(super) fn asked_for(
    cluster: &ClusterRequest,
    limits: &ResourceLimits,
    timeout: Option<Duration>,
    grace: Duration,
) -> Vec<String> {
    // Nothing of this machine's environment: the node has its own, and secrets stay here.
    let mut words = ["--export=NONE", "--nodes=1", "--ntasks=1"].map(str::to_owned).to_vec();
    let ClusterRequest { partition, account, qos, cpus, gpus, time_minutes, constraint } = cluster;
    let cpus = cpus.or_else(|| limits.cpu_percent.map(|percent| percent.div_ceil(100)));
    let minutes = time_minutes.map(u64::from).or_else(|| {
        let all = timeout?.saturating_add(grace).saturating_add(TIME_TO_END);
        Some(all.as_secs().div_ceil(60))
    });
    let options = [
        ("partition", partition.clone()),
        ("account", account.clone()),
        ("qos", qos.clone()),
        ("constraint", constraint.clone()),
        ("cpus-per-task", cpus.map(|n| n.to_string())),
        ("gres", gpus.map(|n| format!("gpu:{n}"))),
        ("mem", limits.memory_bytes.map(|bytes| format!("{}M", bytes.div_ceil(MIB)))),
        ("time", minutes.map(|minutes| minutes.to_string())),
    ];
    words.extend(options.into_iter().filter_map(|(key, value)| Some(format!("--{key}={}", value?))));
    words
}

/// How Slurm is told a name of a file. It reads `%` as a pattern; but a name with a backslash has none for it, and it takes one of each two
/// of these away.
pub(super) fn pattern(path: &Path) -> String {
    let path = path.display().to_string();
    match path.contains('\\') {
        true => path.replace('\\', r"\\"),
        false => path.replace('%', "%%"),
    }
}

/// The job's script: it becomes the shim. A descriptor that Slurm leaves open would be taken for the pipe of an app.
pub(super) fn job_script(shim: &Path, dir: &Path) -> String {
    let (shim, dir) = (shim.display().to_string(), dir.display().to_string());
    let (shim, dir) = (quoted(&shim), quoted(&dir));
    format!(
        "#!/bin/sh\nexec 3>&-\nif [ ! -x {shim} ]; then\n    echo \"$(hostname) does not have the shared folder: it has no\" {shim} >&2\n    \
         exit 126\nfi\nexec {shim} {dir}\n"
    )
}

/// Reasons that do not go by themselves: what the job asks for, or what the cluster allows, would have to change.
const NEVER: [&str; 11] = [
    "PartitionConfig",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "AccountNotAllowed",
    "QOSNotAllowed",
    "InvalidAccount",
    "InvalidQOS",
    "BadConstraints",
    "MaxMemPerLimit",
    "ReservationDeleted",
    "DependencyNeverSatisfied",
];

/// Why a job waits, in a phrase.
pub(super) fn waiting_words(job: &Job) -> String {
    let words = reason_words(job);
    match NEVER.contains(&&*job.reason) {
        true => format!("{words}, so it cannot start as it is"),
        false => words,
    }
}

fn reason_words(job: &Job) -> String {
    let partition = &job.partition;
    match &*job.reason {
        "Resources" => format!("waits for {}", asked_words(job)),
        "Priority" => format!("other jobs are before it in partition {partition}"),
        "PartitionDown" => format!("partition {partition} is down"),
        "PartitionInactive" => format!("partition {partition} starts nothing"),
        "PartitionTimeLimit" => format!("partition {partition} allows no job that may take so long"),
        "PartitionConfig" | "PartitionNodeLimit" => {
            format!("partition {partition} has no room for {}", asked_words(job))
        }
        "AccountNotAllowed" => format!("its account may not use partition {partition}"),
        "QOSNotAllowed" => format!("its QOS may not be used in partition {partition}"),
        "QOSMaxJobsPerUserLimit" => "its QOS allows no more jobs of yours at a time".to_owned(),
        "JobHeldUser" => "it is held in the cluster; scontrol release lets it go".to_owned(),
        "JobHeldAdmin" => "an administrator of the cluster holds it".to_owned(),
        "BeginTime" => "the cluster is to start it later".to_owned(),
        "Dependency" => "waits for another job".to_owned(),
        "DependencyNeverSatisfied" => "a job that it waits for has ended otherwise".to_owned(),
        "Licenses" => "waits for a licence".to_owned(),
        "Reservation" => "its reservation has not begun".to_owned(),
        "ReservationDeleted" => "its reservation is gone".to_owned(),
        "BadConstraints" => "no node is as it asks for".to_owned(),
        "MaxMemPerLimit" => "it asks for more memory than the cluster allows".to_owned(),
        "InvalidAccount" => "the cluster does not know its account".to_owned(),
        "InvalidQOS" => "the cluster does not know its QOS".to_owned(),
        "" | "None" => "the cluster has just taken it".to_owned(),
        "NodeDown" => "the nodes that it needs are down, drained or reserved".to_owned(),
        reason if reason.starts_with("ReqNodeNotAvail") || reason.starts_with("Nodes required") => {
            "the nodes that it needs are down, drained or reserved".to_owned()
        }
        // As `launch failed requeued held`.
        reason if reason.starts_with("launch failed") || reason == "JobLaunchFailure" => {
            "its node could not begin it, and the cluster holds it".to_owned()
        }
        reason if reason.starts_with("QOS") => format!("its QOS is at its limit ({reason})"),
        reason if reason.starts_with("Assoc") => format!("its account is at its limit ({reason})"),
        reason => format!("the cluster says {reason}"),
    }
}

/// `4 GPUs`; else `8 processors and 500M of memory`.
fn asked_words(job: &Job) -> String {
    let many =
        |number: u32, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
    let gpus = job.gres.split(',').find(|gres| gres.contains("gpu"));
    let gpus = gpus.and_then(|gres| gres.rsplit(':').next()).map(|number| number.parse().unwrap_or(1));
    match (gpus, job.cpus.parse()) {
        (Some(gpus), _) => many(gpus, "GPU"),
        (None, Ok(cpus)) if !job.memory.is_empty() && job.memory != "0" => {
            format!("{} and {} of memory", many(cpus, "processor"), job.memory)
        }
        (None, Ok(cpus)) => many(cpus, "processor"),
        (None, Err(_)) => "a free node".to_owned(),
    }
}

/// What an end is that the run's record does not tell, or not all; `None` where the record says it. `who` has cancelled it.
pub(super) fn end_words(end: &JobEnd, node: &str, who: Option<&str>) -> Option<RunEnd> {
    let (counts_as, why) = match end {
        JobEnd::Exited => return None,
        JobEnd::TimeLimit => {
            (ClusterEnd::TimedOut, "ended by the cluster: its time limit is reached".to_owned())
        }
        JobEnd::Preempted => {
            (ClusterEnd::Failed, "ended by the cluster for a job that goes before it (preempted)".to_owned())
        }
        JobEnd::OutOfMemory => {
            (ClusterEnd::Failed, "ended by the cluster: it used more memory than it had asked for".to_owned())
        }
        JobEnd::NodeFailed => {
            (ClusterEnd::Failed, format!("its node {node} failed, or could not be reached any more"))
        }
        JobEnd::NotBegun => (
            ClusterEnd::Failed,
            format!(
                "node {node} could not begin it (its prolog or slurmd failed), or root has cancelled it there"
            ),
        ),
        JobEnd::BootFailed => (ClusterEnd::Failed, format!("its node {node} could not be started")),
        JobEnd::Deadline => {
            (ClusterEnd::TimedOut, "ended by the cluster: its deadline is reached".to_owned())
        }
        JobEnd::Cancelled { .. } => (
            ClusterEnd::Canceled,
            match who {
                Some(who) => format!("cancelled in the cluster by {who}"),
                None => "cancelled in the cluster".to_owned(),
            },
        ),
    };
    Some(RunEnd::Cluster { counts_as, why })
}

#[cfg(test)]
mod tests {
    use super::super::job::JobState;
    use super::*;

    fn waits(reason: &str, gres: &str) -> String {
        let job = Job {
            reason: reason.into(),
            gres: gres.into(),
            cpus: "4".into(),
            memory: "500M".into(),
            partition: "gpu".into(),
            state: JobState::Pending,
            ..Job::default()
        };
        waiting_words(&job)
    }

    #[test]
    fn why_a_job_waits_is_said_in_words() {
        for (reason, gres, words) in [
            ("Resources", "gres:gpu:4", "waits for 4 GPUs"),
            ("Resources", "gres/gpu:a100:1", "waits for 1 GPU"),
            ("Resources", "N/A", "waits for 4 processors and 500M of memory"),
            ("PartitionDown", "", "partition gpu is down"),
            ("QOSMaxCpuPerUserLimit", "", "its QOS is at its limit (QOSMaxCpuPerUserLimit)"),
            (
                "ReqNodeNotAvail, UnavailableNodes:n2",
                "",
                "the nodes that it needs are down, drained or reserved",
            ),
            ("None", "", "the cluster has just taken it"),
            (
                "PartitionConfig",
                "",
                "partition gpu has no room for 4 processors and 500M of memory, so it cannot start as it is",
            ),
            ("AccountNotAllowed", "", "its account may not use partition gpu, so it cannot start as it is"),
            (
                "PartitionTimeLimit",
                "",
                "partition gpu allows no job that may take so long, so it cannot start as it is",
            ),
            ("launch failed requeued held", "", "its node could not begin it, and the cluster holds it"),
            ("Reservation", "", "its reservation has not begun"),
            ("SomethingNew", "", "the cluster says SomethingNew"),
        ] {
            assert_eq!(waits(reason, gres), words, "{reason}");
        }
    }

    #[test]
    fn a_request_becomes_the_words_of_sbatch() {
        let run: RunId = "t/3".parse().expect("a run");
        let cluster =
            ClusterRequest { partition: Some("short".into()), gpus: Some(2), ..ClusterRequest::default() };
        let limits = ResourceLimits {
            memory_bytes: Some(MIB + 1),
            cpu_percent: Some(150),
            ..ResourceLimits::default()
        };
        let words = |cluster: &ClusterRequest, timeout| {
            let (dir, home) = (Path::new("/s/50%/t/3"), Path::new("/home/me"));
            submit_words(&run, cluster, &limits, timeout, Duration::from_secs(5), dir, home)
        };
        let said = words(&cluster, Some(Duration::from_secs(60)));
        for word in [
            "--job-name=solti-t-3",
            "--output=/s/50%%/t/3/slurm.out",
            "--chdir=/home/me",
            "--partition=short",
            "--cpus-per-task=2",
            "--gres=gpu:2",
            "--mem=2M",
            // A minute of its own, 5 s to end, a minute to record it.
            "--time=3",
            "--no-requeue",
        ] {
            assert!(said.iter().any(|other| other == word), "{word} in {said:?}");
        }
        let said = words(&ClusterRequest { time_minutes: Some(90), cpus: Some(8), ..cluster }, None);
        assert!(said.contains(&"--time=90".to_owned()) && said.contains(&"--cpus-per-task=8".to_owned()));
        assert!(!words(&ClusterRequest::default(), None).iter().any(|word| word.starts_with("--time")));
    }

    #[test]
    fn the_name_of_a_file_is_told_so_that_slurm_reads_it_as_it_is() {
        for (path, told) in [
            ("/s/a b/x", "/s/a b/x"),
            ("/s/50%j/x", "/s/50%%j/x"),
            (r"/s/a\b/x", r"/s/a\\b/x"),
            (r"/s/50%j\b\\/x", r"/s/50%j\\b\\\\/x"),
        ] {
            assert_eq!(pattern(Path::new(path)), told, "{path}");
        }
    }

    #[test]
    fn the_script_quotes_the_folders() {
        let script = job_script(Path::new("/s/it's/shim"), Path::new("/s/a b/1"));
        assert!(script.ends_with("\nexec '/s/it'\\''s/shim' '/s/a b/1'\n"), "{script}");
    }

    #[test]
    fn each_end_has_its_own_sentence() {
        let words = |end: JobEnd| end_words(&end, "n2", Some("root")).and_then(|end| end.describe(None));
        let all = [
            JobEnd::TimeLimit,
            JobEnd::Preempted,
            JobEnd::OutOfMemory,
            JobEnd::NodeFailed,
            JobEnd::BootFailed,
            JobEnd::NotBegun,
            JobEnd::Deadline,
            JobEnd::Cancelled { by: None },
        ];
        let said: std::collections::BTreeSet<_> = all.into_iter().map(words).collect();
        assert_eq!(said.len(), 8, "{said:?}");
        assert!(said.contains(&Some("its node n2 failed, or could not be reached any more".to_owned())));
        assert!(said.contains(&Some("cancelled in the cluster by root".to_owned())));
        assert_eq!(words(JobEnd::Exited), None);
    }
}
