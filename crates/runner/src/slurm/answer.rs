//! What `sbatch` was answered: a refusal, and the field that it is about; when and where a job would start. Pure.

use solti_model::{ClusterPartition, ClusterPreview, ClusterRequest, FieldError, ResourceLimits};

use super::job::FORESEEN_WITHIN_MS;
use crate::ask::last_words;

/// What of a job the cluster may refuse, in the words that Slurm has for that, and the field that it is about. What fits none of them is
/// a trouble of the cluster, or of the way to it, of which there are more than a list would hold: such a job may be taken later.
const REFUSALS: [(&str, Option<&str>); 22] = [
    // Those that mention another field too come first.
    ("policy", Some("cluster")),
    ("account", Some("cluster.account")),
    ("partition", Some("cluster.partition")),
    ("qos", Some("cluster.qos")),
    ("feature", Some("cluster.constraint")),
    ("memory required", Some(MEMORY)),
    ("memory specification", Some(MEMORY)),
    ("gres", Some("cluster.gpus")),
    ("time limit", Some("cluster.timeMinutes")),
    ("cpu count", Some("cluster.cpus")),
    ("processors", Some("cluster.cpus")),
    ("node configuration", None),
    // Also "Unspecified error", which is that of a site's own rules.
    ("specif", None),
    ("access/permission denied", None),
    ("access denied", None),
    ("not permitted", None),
    ("only permitted", None),
    ("not available", None),
    ("not supported", None),
    ("too long", None),
    // Of the words of its command line.
    ("invalid --", None),
    (" for --", None),
];
const MEMORY: &str = "limits.memoryBytes";
/// What the rules of a site say of themselves, where they do not say more.
const UNSPECIFIED: &str = "Unspecified error";

/// Why there is no job, or none is known of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// There will be none.
    Refused(String),
    /// It may have been taken all the same, or be taken later.
    Trouble(String),
}

/// What `sbatch` has said of a job that it has no number of.
pub(super) fn denial(said: &str) -> Denial {
    let mut reasons = said.lines().rev().filter_map(reason);
    let Some(last) = reasons.next() else {
        return Denial::Trouble(last_words(said).unwrap_or("sbatch does not say why").to_owned());
    };
    match field_of(last) {
        Some(_) if last == UNSPECIFIED => Denial::Refused(reasons.next().unwrap_or(last).to_owned()),
        Some(_) => Denial::Refused(last.to_owned()),
        None => Denial::Trouble(last.to_owned()),
    }
}

fn reason(line: &str) -> Option<&str> {
    const BEGINNINGS: [&str; 3] = ["error: ", "fatal: ", "allocation failure: "];
    let reason = BEGINNINGS.iter().find_map(|word| Some(line.rsplit_once(word)?.1))?;
    Some(reason.strip_prefix("Batch job submission failed: ").unwrap_or(reason).trim())
}

/// `None` for what is no refusal; the field where the refusal tells it.
fn field_of(reason: &str) -> Option<Option<&'static str>> {
    let reason = reason.to_ascii_lowercase();
    REFUSALS.iter().find(|(word, _)| reason.contains(word)).map(|(_, field)| *field)
}

/// A refusal as a sentence at the field that it is about, as far as the cluster or the request tell which that is.
pub(super) fn refused(reason: &str, cluster: &ClusterRequest, limits: &ResourceLimits) -> FieldError {
    let told = field_of(reason).flatten();
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
    fn what_is_known_to_be_a_refusal_is_one() {
        let failed = "sbatch: error: Batch job submission failed: ";
        for (said, reason) in [
            (
                format!("{failed}Requested node configuration is not available\n"),
                "Requested node configuration is not available",
            ),
            (
                format!("sbatch: error: invalid partition specified: nosuch\n{failed}Invalid partition name specified\n"),
                "Invalid partition name specified",
            ),
            (
                "sbatch: error: invalid partition specified: nosuch\nallocation failure: Invalid partition name specified\n".into(),
                "Invalid partition name specified",
            ),
            (format!("{failed}Access/permission denied"), "Access/permission denied"),
            (
                format!("{failed}User's group not permitted to use this partition"),
                "User's group not permitted to use this partition",
            ),
            (
                format!("{failed}Required partition not available (inactive or drain)"),
                "Required partition not available (inactive or drain)",
            ),
            ("sbatch: error: Invalid --mem specification".into(), "Invalid --mem specification"),
            (
                "sbatch: error: Invalid numeric value \"x\" for --cpus-per-task.".into(),
                "Invalid numeric value \"x\" for --cpus-per-task.",
            ),
            // By the rules of a site.
            (
                format!("sbatch: error: Say which project it is for\n{failed}Unspecified error"),
                "Say which project it is for",
            ),
            (format!("{failed}Unspecified error"), "Unspecified error"),
        ] {
            assert_eq!(denial(&said), Denial::Refused(reason.into()), "{said}");
        }
    }

    #[test]
    fn anything_else_is_a_trouble_of_the_moment() {
        for reason in [
            "Unable to contact slurm controller (connect failure)",
            "Socket timed out on send/recv operation",
            "Zero Bytes were transmitted or received",
            "Protocol authentication error",
            "Invalid authentication credential",
            "Failed to connect to authentication agent",
            "I/O error writing script/environment to file",
            "Unable to create job record, try again",
            "Requested operation is presently disabled",
            "System submissions disabled",
            "Resource temporarily unavailable",
            "Slurm backup controller in standby mode",
            "Memory management error",
            "Incompatible versions of client and server code",
            "Something that a later Slurm says",
        ] {
            for said in [
                format!("sbatch: error: Batch job submission failed: {reason}\n"),
                format!("allocation failure: {reason}\n"),
                format!("sbatch: fatal: {reason}\n"),
            ] {
                assert_eq!(denial(&said), Denial::Trouble(reason.into()), "{said}");
            }
        }
        let munge = "sbatch: error: If munged is up, restart with --num-threads=10\n\
                     sbatch: error: Munge encode failed: Failed to access \"/run/munge\": No such file or directory\n\
                     sbatch: error: slurm_send_node_msg: auth_g_create: REQUEST_SUBMIT_BATCH_JOB has authentication error\n\
                     sbatch: error: Batch job submission failed: Protocol authentication error\n";
        assert_eq!(denial(munge), Denial::Trouble("Protocol authentication error".into()));
        assert_eq!(denial("killed"), Denial::Trouble("killed".into()));
        assert_eq!(denial(""), Denial::Trouble("sbatch does not say why".into()));
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
            hidden: false,
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
