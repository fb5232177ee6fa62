//! A data folder with a long past: finished tasks of twenty lanes, a quarter of them in each final phase.

#![allow(dead_code, reason = "each benchmark uses its own part")]

use solti_model::{BackoffState, ObjectMeta, Task, TaskId, TaskPhase, TaskStatus, parse_spec};
use solti_store::{Change, Store, StoredTask};
use std::path::Path;

const PHASES: [TaskPhase; 4] =
    [TaskPhase::Succeeded, TaskPhase::Failed, TaskPhase::Timeout, TaskPhase::Canceled];

pub fn finished(n: u64) -> StoredTask {
    finished_task(n, at_the_beginning(n))
}

/// All at the beginning of 1970.
pub async fn store(data_dir: &Path, tasks: u64) {
    store_at(data_dir, tasks, at_the_beginning).await;
}

fn at_the_beginning(n: u64) -> Times {
    Times { created: n, started: n, finished: n }
}

/// In milliseconds since 1970.
pub struct Times {
    pub created: u64,
    pub started: u64,
    pub finished: u64,
}

pub async fn store_at(data_dir: &Path, tasks: u64, times: impl Fn(u64) -> Times) {
    let store = Store::open(data_dir).unwrap();
    for first in (0..tasks).step_by(1_000) {
        let numbers = first..tasks.min(first + 1_000);
        let batch = numbers.map(|n| Change::from(finished_task(n, times(n)))).collect();
        store.apply(batch).await.unwrap();
    }
}

fn finished_task(n: u64, Times { created, started, finished }: Times) -> StoredTask {
    let mut spec = parse_spec(serde_json::json!({
        "slot": format!("lane-{}", n % 20),
        "kind": {"subprocess": {"mode": {"command": {"command": "/usr/bin/encode", "args": ["film.mkv"]}}}},
    }))
    .unwrap();
    spec.labels.insert("name".to_owned(), format!("film {n}"));
    StoredTask {
        task: Task {
            metadata: ObjectMeta {
                id: TaskId::generate(created, n),
                resource_version: n,
                created_at: created,
                updated_at: finished,
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
        started_at: Some(started),
        finished_at: Some(finished),
        unreadable: None,
    }
}
