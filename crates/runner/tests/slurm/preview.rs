//! What would become of a task that is not handed over.

use serde_json::json;
use solti_model::{ClusterPreview, FieldError, TaskSpec};
use solti_runner::{NoPreview, Runner as _};
use solti_testing::now_ms;

use crate::common::sh;
use crate::support::{Slurm, all_of, begun};

fn asks(cluster: serde_json::Value, more: &serde_json::Value) -> TaskSpec {
    let kind = json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
    let mut spec = json!({"slot": "s", "kind": kind, "cluster": cluster});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(spec).unwrap()
}

async fn preview(slurm: &Slurm, cluster: serde_json::Value) -> Result<ClusterPreview, NoPreview> {
    slurm.runner.preview(&asks(cluster, &json!({}))).await
}

#[tokio::test]
async fn when_and_where_it_would_start_is_said_and_nothing_is_handed_over() {
    let Some(slurm) = Slurm::start() else { return };
    let before = now_ms();
    let said = preview(&slurm, json!({"constraint": "n3"})).await;
    let Ok(ClusterPreview::Starts { at, node, partition }) = said else { panic!("{said:?}") };
    assert_eq!((&*node, &*partition), ("n3", "main"));
    assert!(at + 1_000 >= before && at <= now_ms() + 60_000, "{at}, asked at {before}");
    // Behind a job that has all of it for an hour.
    let hour = solti_model::ClusterRequest { time_minutes: Some(60), ..all_of("n3") };
    let running = slurm.submit("hour", sh("exec sleep 600"), hour).await;
    begun(&running).await;
    let said = preview(&slurm, json!({"constraint": "n3", "timeMinutes": 5})).await;
    let Ok(ClusterPreview::Starts { at, .. }) = said else { panic!("{said:?}") };
    assert!(at > before + 50 * 60_000, "{at}, asked at {before}");
    assert_eq!(slurm.cluster.ask("squeue", &["-h", "-t", "all", "-o", "%j"]).lines().count(), 1);
    running.controller().stop(solti_runner::StopMode::Kill).await;
}

#[tokio::test]
async fn what_keeps_a_job_waiting_that_the_cluster_takes_is_said_too() {
    let Some(slurm) = Slurm::start() else { return };
    for (cluster, words) in [
        (json!({"partition": "closed"}), "partition closed is down"),
        (
            json!({"partition": "short", "timeMinutes": 60}),
            "partition short allows no job that may take so long, so it cannot start as it is",
        ),
    ] {
        let said = preview(&slurm, cluster).await;
        let Ok(ClusterPreview::Waits { why, .. }) = said else { panic!("{said:?}") };
        assert_eq!(why, words);
    }
    // A job that has all of it without an end: nobody knows how long that lasts.
    let running = slurm.submit("endless", sh("exec sleep 600"), all_of("n3")).await;
    begun(&running).await;
    let said = preview(&slurm, json!({"constraint": "n3"})).await;
    let Ok(ClusterPreview::Waits { why, .. }) = said else { panic!("{said:?}") };
    assert_eq!(why, "what it asks for is taken, and the cluster does not say until when");
    running.controller().stop(solti_runner::StopMode::Kill).await;
}

#[tokio::test]
async fn a_refusal_is_told_at_its_field_and_a_cluster_that_is_away_says_so() {
    let Some(slurm) = Slurm::start() else { return };
    let refused = |field: &str, why: &str| {
        Err(NoPreview::Refused(FieldError::new(field, format!("the cluster refuses it: {why}"))))
    };
    let shape = "Requested node configuration is not available";
    for (cluster, field, why) in [
        (json!({"partition": "nosuch"}), "cluster.partition", "Invalid partition name specified"),
        (json!({"constraint": "zzz"}), "cluster.constraint", "Invalid feature specification"),
        (json!({"cpus": 99}), "cluster.cpus", shape),
        (json!({"cpus": 99, "constraint": "n1"}), "cluster", shape),
    ] {
        assert_eq!(preview(&slurm, cluster).await, refused(field, why));
    }
    let memory = asks(json!({}), &json!({"limits": {"memoryBytes": 1_u64 << 40}}));
    assert_eq!(slurm.runner.preview(&memory).await, refused("limits.memoryBytes", shape));
    slurm.cluster.kill("slurmctld");
    match preview(&slurm, json!({})).await {
        Err(NoPreview::Unanswered(why)) => assert!(why.starts_with("the cluster "), "{why}"),
        other => panic!("{other:?}"),
    }
}
