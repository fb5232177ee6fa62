//! Many tasks: the app starts and lists among thousands that wait and many thousands that are over; and a storm of submits starts
//! a few at a time.

use crate::common;
use async_trait::async_trait;
use common::{Engine, command, spec};
use serde_json::json;
use solti_api::operations::{ListTasks, Operations as _, SetLane};
use solti_model::{
    BackoffState, FieldError, LaneRules, ListQuery, ObjectMeta, RunId, Slot, Task, TaskId, TaskPhase,
    TaskRun, TaskSpec, TaskStatus, Waiting,
};
use solti_runner::{AttachError, Attached, RunHandle, RunRequest, Runner, ShimRunner, StartError, StopMode};
use solti_store::{Change, Store, StoredLane, StoredRun, StoredTask};
use solti_supervisor::{Supervisor, SupervisorConfig};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `make torture` asks for all of them.
fn share() -> u64 {
    std::env::var("SOLTI_TORTURE_TASKS_PERCENT").ok().and_then(|share| share.parse().ok()).unwrap_or(10)
}

fn stored(n: u64, phase: TaskPhase) -> StoredTask {
    let over = phase.is_terminal();
    StoredTask {
        task: Task {
            metadata: ObjectMeta {
                id: TaskId::generate(n, n),
                resource_version: n,
                created_at: n,
                updated_at: n,
            },
            spec: spec(
                "busy",
                command("echo", &[&n.to_string()]),
                json!({"admission": "queue", "labels": {"name": format!("task {n}")}}),
            ),
            status: TaskStatus { phase, attempt: u32::from(over), exit_code: over.then_some(0), error: None },
        },
        backoff: BackoffState::default(),
        next_attempt_at: None,
        queue_order: n,
        stop_requested: false,
        queueing: solti_store::Queueing::default(),
        started_at: over.then_some(n),
        finished_at: over.then_some(n + 1),
        unreadable: None,
    }
}

fn run(n: u64) -> StoredRun {
    let phase = TaskPhase::Succeeded;
    let run = TaskRun {
        attempt: 1,
        phase,
        started_at: n,
        finished_at: Some(n + 1),
        error: None,
        exit_code: Some(0),
        usage: None,
        remark: None,
        runner: None,
        node: None,
        suspension: None,
    };
    StoredRun {
        task_id: TaskId::generate(n, n),
        run,
        boot_id: "boot".into(),
        pid: Some(1),
        folder: true,
        environment: None,
    }
}

async fn seed(dir: &Path, waiting: u64, finished: u64) {
    let store = Store::open(dir).unwrap();
    let lane = StoredLane {
        slot: Slot::new("busy").unwrap(),
        capacity: 1,
        paused: true,
        rules: LaneRules::default(),
        own_capacity: None,
    };
    store.apply(vec![Change::PutLane(lane)]).await.unwrap();
    for from in (0..finished).step_by(1_000) {
        let batch = (from..(from + 1_000).min(finished))
            .flat_map(|n| [stored(n, TaskPhase::Succeeded).into(), run(n).into()])
            .collect();
        store.apply(batch).await.unwrap();
    }
    for from in (0..waiting).step_by(1_000) {
        let batch = (from..(from + 1_000).min(waiting))
            .map(|n| stored(finished + n, TaskPhase::Pending).into())
            .collect();
        store.apply(batch).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_starts_and_lists_among_ten_thousand_that_wait_and_a_hundred_thousand_that_are_over() {
    let (waiting, finished) = (100 * share(), 1_000 * share());
    let dir = tempfile::tempdir().unwrap();
    seed(dir.path(), waiting, finished).await;
    common::shim();
    let engine = Engine::open(dir.path()).await;
    let first = engine
        .api
        .ask(ListTasks { query: ListQuery { limit: Some(100), ..ListQuery::default() } })
        .await
        .unwrap();
    assert_eq!((first.total, first.rows.len()), (waiting + finished, 100));
    assert_eq!(first.rows[0].waiting, Some(Waiting::LanePaused));

    for phases in [vec![], vec![TaskPhase::Succeeded]] {
        let mut cursor = None;
        for _ in 0..50 {
            let query =
                ListQuery { limit: Some(100), phases: phases.clone(), cursor, ..ListQuery::default() };
            let page = engine.api.ask(ListTasks { query }).await.unwrap();
            assert_eq!(page.rows.len(), 100);
            cursor = page.next_cursor;
        }
    }
}

/// The real runner, which also counts.
struct Counting {
    runner: ShimRunner,
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Runner for Counting {
    fn accepts(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        self.runner.accepts(spec)
    }

    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartError> {
        let now = self.now.fetch_add(1, Ordering::AcqRel) + 1;
        self.most.fetch_max(now, Ordering::AcqRel);
        let started = self.runner.start(request).await;
        self.now.fetch_sub(1, Ordering::AcqRel);
        started
    }

    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
        self.runner.attach(run_dir, run).await
    }

    async fn sweep(&self, run: &RunId) -> Result<usize, AttachError> {
        self.runner.sweep(run).await
    }

    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        self.runner.marks().await
    }

    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        mode: StopMode,
    ) -> Result<Attached, AttachError> {
        self.runner.end_unreachable(run_dir, run, mode).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_tasks_starts_a_few_at_a_time_and_each_once() {
    let dir = tempfile::tempdir().unwrap();
    let counting =
        Arc::new(Counting { runner: ShimRunner::new(common::shim()), now: 0.into(), most: 0.into() });
    let config = SupervisorConfig { concurrent_starts: 3, ..SupervisorConfig::new(dir.path()) };
    let runner = Arc::clone(&counting);
    let supervisor = Supervisor::start(Store::open(dir.path()).unwrap(), runner, config).await.unwrap();
    let engine = Engine { api: solti_api::SupervisorApiAdapter::new(supervisor.clone()), supervisor };

    // All of one lane, which opens at once.
    let slot = Slot::new("storm").unwrap();
    engine.api.ask(SetLane { slot: slot.clone(), capacity: Some(100), paused: Some(true) }).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..100 {
        let task = spec("storm", command("true", &[]), json!({"admission": "queue"}));
        ids.push(engine.supervisor.submit(task).await.unwrap());
    }
    engine.api.ask(SetLane { slot: slot.clone(), capacity: None, paused: Some(false) }).await.unwrap();
    for id in &ids {
        let status = engine.finished(id).await.status;
        assert_eq!((status.phase, status.attempt), (TaskPhase::Succeeded, 1));
    }
    assert_eq!(counting.most.load(Ordering::Acquire), 3);
}
