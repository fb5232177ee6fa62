//! What `sbatch` was answered: a refusal, and the field that it is about; when and where a job would start. Pure.

use solti_model::{ClusterPartition, ClusterPreview, ClusterRequest, FieldError, ResourceLimits};

use super::job::FORESEEN_WITHIN_MS;

/// What nobody has answered.
const UNREACHED: [&str; 6] = ["contact", "timed out", "connection", "Communication", "standby", "Zero Bytes"];

/// Why there will be no such job; `None` where it may have been taken all the same.
pub(super) fn refusal(said: &str) -> Option<&str> {
    let line = said.lines().rfind(|line| line.contains("error:") || line.contains("allocation failure:"))?;
    let reason = line.rsplit("error: ").next()?.trim_start_matches("allocation failure: ");
    let reason = reason.strip_prefix("Batch job submission failed: ").unwrap_or(reason);
    let is_answer = !UNREACHED.iter().any(|word| reason.contains(word));
    is_answer.then_some(reason.trim())
}

/// A refusal as a sentence at the field that it is about, as far as the cluster or the request tell which that is.
pub(super) fn refused(reason: &str, cluster: &ClusterRequest, limits: &ResourceLimits) -> FieldError {
    const MEMORY: &str = "limits.memoryBytes";
    let said = reason.to_ascii_lowercase();
    // Those that mention another field too come first.
    let told = [
        ("policy", "cluster"),
        ("account", "cluster.account"),
        ("partition", "cluster.partition"),
        ("qos", "cluster.qos"),
        ("feature", "cluster.constraint"),
        ("memory", MEMORY),
        ("gres", "cluster.gpus"),
        ("time limit", "cluster.timeMinutes"),
        ("cpu count", "cluster.cpus"),
        ("processors", "cluster.cpus"),
    ];
    let told = told.iter().find(|(word, _)| said.contains(word)).map(|(_, field)| *field);
    // "Requested node configuration is not available" is about the one thing that is asked for, if it is one.
    let sizes = [
        ("cluster.cpus", cluster.cpus.is_some() || limits.cpu_percent.is_some()),
        ("cluster.gpus", cluster.gpus.is_some()),
        ("cluster.constraint", cluster.constraint.is_some()),
        (MEMORY, limits.memory_bytes.is_some()),
    ];
    let mut asked = sizes.iter().filter(|(_, is_asked)| *is_asked).map(|(field, _)| *field);
    let only = asked.next().filter(|_| asked.next().is_none());
    FieldError::new(told.or(only).unwrap_or("cluster"), format!("the cluster refuses it: {reason}"))
}

/// What `sbatch --test-only` says of a job that could be taken; `None` where it says nothing that is known here.
pub(super) fn preview(said: &str, now_ms: u64) -> Option<ClusterPreview> {
    let words = said.lines().find_map(|line| line.split_once(" to start at "))?.1;
    let at: u64 = words.split(' ').next()?.parse().ok()?;
    let at = at.saturating_mul(1_000);
    let behind = |what: &str| {
        let word = words.split_once(what).and_then(|(_, rest)| rest.split_whitespace().next());
        word.unwrap_or_default().to_owned()
    };
    let (node, partition) = (behind(" on nodes "), behind(" in partition "));
    if at.saturating_sub(now_ms) >= FORESEEN_WITHIN_MS {
        let why = "what it asks for is taken, and the cluster does not say until when".to_owned();
        return Some(ClusterPreview::Waits { why, partition });
    }
    Some(ClusterPreview::Starts { at, node, partition })
}

/// Why a partition keeps such a job waiting, in Slurm's own word: it takes the job, and a test does not tell.
pub(super) fn kept_back(partition: &ClusterPartition, asked_for: &[String]) -> Option<&'static str> {
    let minutes = asked_for.iter().find_map(|word| word.strip_prefix("--time=")?.parse::<u64>().ok());
    if !partition.up {
        return Some("PartitionDown");
    }
    let limit = partition.time_limit_minutes.map(u64::from);
    (minutes? > limit?).then_some("PartitionTimeLimit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_is_a_refusal() {
        for (said, reason) in [
            (
                "sbatch: error: Batch job submission failed: Requested node configuration is not available\n",
                Some("Requested node configuration is not available"),
            ),
            (
                "sbatch: error: invalid partition specified: nosuch\nsbatch: error: Batch job submission failed: Invalid partition name specified\n",
                Some("Invalid partition name specified"),
            ),
            (
                "sbatch: error: invalid partition specified: nosuch\nallocation failure: Invalid partition name specified\n",
                Some("Invalid partition name specified"),
            ),
            (
                "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)\n",
                None,
            ),
            ("allocation failure: Unable to contact slurm controller (connect failure)\n", None),
            ("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n", None),
            ("killed", None),
            ("", None),
        ] {
            assert_eq!(refusal(said), reason, "{said}");
        }
    }

    #[test]
    fn a_refusal_is_at_the_field_that_it_is_about() {
        let (gpus, memory) = (
            ClusterRequest { gpus: Some(9), ..ClusterRequest::default() },
            ResourceLimits { memory_bytes: Some(1), ..ResourceLimits::default() },
        );
        let (none, unlimited) = (ClusterRequest::default(), ResourceLimits::default());
        let shape = "Requested node configuration is not available";
        for (reason, cluster, limits, field) in [
            ("Invalid partition name specified", &none, &unlimited, "cluster.partition"),
            (
                "Invalid account or account/partition combination specified",
                &none,
                &unlimited,
                "cluster.account",
            ),
            ("Invalid qos specification", &none, &unlimited, "cluster.qos"),
            ("Invalid feature specification", &none, &unlimited, "cluster.constraint"),
            ("Invalid generic resource (gres) specification", &none, &unlimited, "cluster.gpus"),
            (
                "Requested time limit is invalid (missing or exceeds some limit)",
                &none,
                &unlimited,
                "cluster.timeMinutes",
            ),
            ("Memory specification can not be satisfied", &none, &unlimited, "limits.memoryBytes"),
            ("Job violates accounting/QOS policy (job submit limit)", &none, &unlimited, "cluster"),
            (shape, &gpus, &unlimited, "cluster.gpus"),
            (shape, &none, &memory, "limits.memoryBytes"),
            (shape, &gpus, &memory, "cluster"),
            (shape, &none, &unlimited, "cluster"),
        ] {
            let error = refused(reason, cluster, limits);
            assert_eq!((&*error.field, error.message), (field, format!("the cluster refuses it: {reason}")));
        }
    }

    #[test]
    fn a_preview_says_when_and_where() {
        let said = "sbatch: Job 6 to start at 1795995457 using 1 processors on nodes n1 in partition main\n";
        let at = 1_795_995_457_000;
        let starts = ClusterPreview::Starts { at, node: "n1".into(), partition: "main".into() };
        assert_eq!(preview(said, at - 60_000), Some(starts.clone()));
        assert_eq!(preview(said, at + 60_000), Some(starts), "at once");
        let waits = preview(said, at - FORESEEN_WITHIN_MS);
        assert!(matches!(waits, Some(ClusterPreview::Waits { .. })), "a year away: {waits:?}");
        assert_eq!(preview("sbatch: Job 6 to start at 2027-11-29T23:37:38 using 1 processors\n", 0), None);
        assert_eq!(preview("", 0), None);
    }

    #[test]
    fn a_partition_keeps_back_what_a_test_lets_pass() {
        let partition = |up, time_limit_minutes| ClusterPartition {
            name: "p".into(),
            is_default: false,
            up,
            nodes: 1,
            time_limit_minutes,
            gpus: None,
            features: vec![],
        };
        let hour = ["--nodes=1".to_owned(), "--time=60".to_owned()];
        assert_eq!(kept_back(&partition(false, None), &[]), Some("PartitionDown"));
        assert_eq!(kept_back(&partition(true, Some(59)), &hour), Some("PartitionTimeLimit"));
        assert_eq!(kept_back(&partition(true, Some(60)), &hour), None);
        assert_eq!(kept_back(&partition(true, Some(1)), &[]), None, "it gets what the partition gives");
        assert_eq!(kept_back(&partition(true, None), &hour), None);
    }
}
