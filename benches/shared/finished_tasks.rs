//! A data folder with a long past: finished tasks of twenty lanes, a quarter of them in each final phase.

use solti_model::{BackoffState, ObjectMeta, Task, TaskId, TaskPhase, TaskStatus, parse_spec};
use solti_store::{Change, Store, StoredTask};
use std::path::Path;

const PHASES: [TaskPhase; 4] =
    [TaskPhase::Succeeded, TaskPhase::Failed, TaskPhase::Timeout, TaskPhase::Canceled];

pub async fn store(data_dir: &Path, tasks: u64) {
    let store = Store::open(data_dir).unwrap();
    for first in (0..tasks).step_by(1_000) {
        let batch = (first..tasks.min(first + 1_000)).map(|n| Change::from(finished_task(n))).collect();
        store.apply(batch).await.unwrap();
    }
}

fn finished_task(n: u64) -> StoredTask {
    let mut spec = parse_spec(serde_json::json!({
        "slot": format!("lane-{}", n % 20),
        "kind": {"subprocess": {"mode": {"command": {"command": "/usr/bin/encode", "args": ["film.mkv"]}}}},
    }))
    .unwrap();
    spec.labels.insert("name".to_owned(), format!("film {n}"));
    StoredTask {
        task: Task {
            metadata: ObjectMeta {
                id: TaskId::generate(n, n),
                resource_version: n,
                created_at: n,
                updated_at: n,
            },
            spec,
            status: TaskStatus {
                phase: PHASES[n as usize % 4],
                attempt: 1,
                exit_code: Some((n % 4) as i32),
                error: None,
            },
        },
        backoff: BackoffState::default(),
        next_attempt_at: None,
        queue_order: n,
        stop_requested: false,
        queueing: solti_store::Queueing::default(),
        started_at: Some(n),
        finished_at: Some(n),
        unreadable: None,
    }
}
