//! Tasks and runs for the tests.
#![allow(dead_code, reason = "each test program uses a part")]

use base64::Engine as _;
use solti_model::{
    AfterMain, BackoffState, CommandMode, ObjectMeta, ScriptMode, ScriptRuntime, Slot, SubprocessMode,
    SubprocessTask, Task, TaskId, TaskKind, TaskPhase, TaskRun, TaskSpec, TaskStatus,
};
use solti_store::{Change, StoredRow, StoredRun, StoredTask};

pub fn id(n: u64) -> TaskId {
    TaskId::generate(n, n)
}

pub fn slot(name: &str) -> Slot {
    Slot::new(name).unwrap()
}

/// Task `n`, created at `n` ms, in the lane `a`: `echo n`.
pub fn task(n: u64, phase: TaskPhase) -> StoredTask {
    let mode = SubprocessMode::Command(CommandMode { command: "echo".to_owned(), args: vec![n.to_string()] });
    let kind = TaskKind::Subprocess(SubprocessTask {
        mode,
        env: vec![],
        cwd: None,
        fail_on_non_zero: true,
        after_main: AfterMain::Wait,
    });
    StoredTask {
        task: Task {
            metadata: ObjectMeta { id: id(n), resource_version: n, created_at: n, updated_at: n },
            spec: TaskSpec::new(slot("a"), kind),
            status: TaskStatus { phase, attempt: 0, exit_code: None, error: None },
        },
        backoff: BackoffState::default(),
        next_attempt_at: None,
        queue_order: n,
        stop_requested: false,
        queueing: solti_store::Queueing::default(),
        started_at: None,
        finished_at: None,
        unreadable: None,
    }
}

pub fn labelled(mut stored: StoredTask, labels: &[(&str, &str)]) -> StoredTask {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    stored.task.spec.labels.extend(labels);
    stored
}

/// A bash script instead.
pub fn scripted(mut stored: StoredTask, text: &str) -> StoredTask {
    let body = base64::engine::general_purpose::STANDARD.encode(text);
    let script = ScriptMode { runtime: ScriptRuntime::Bash, body, args: vec![] };
    if let TaskKind::Subprocess(subprocess) = &mut stored.task.spec.kind {
        subprocess.mode = SubprocessMode::Script(script);
    }
    stored
}

pub fn in_slot(mut stored: StoredTask, name: &str) -> StoredTask {
    stored.task.spec.slot = slot(name);
    stored
}

pub fn run(n: u64, attempt: u32, phase: TaskPhase) -> StoredRun {
    StoredRun {
        task_id: id(n),
        run: TaskRun {
            attempt,
            phase,
            started_at: 10,
            finished_at: None,
            error: None,
            exit_code: None,
            usage: None,
            remark: None,
            runner: Some("local".to_owned()),
            node: Some("n3".to_owned()),
            suspension: None,
        },
        boot_id: "boot".to_owned(),
        pid: Some(4_000_000_000),
        folder: true,
        environment: None,
    }
}

/// The task with its latest attempt, which ran from the one time to the other; over since `over`. In the order of the supervisor.
pub fn ran(mut stored: StoredTask, (from, to): (u64, u64), over: Option<u64>) -> Vec<Change> {
    (stored.started_at, stored.finished_at) = (Some(from), over);
    stored.task.status.attempt = 1;
    let phase = stored.task.status.phase;
    let mut attempt = run(0, 1, if phase == TaskPhase::Pending { TaskPhase::Failed } else { phase });
    attempt.task_id = stored.task.metadata.id.clone();
    (attempt.run.started_at, attempt.run.finished_at) = (from, Some(to));
    vec![stored.into(), attempt.into()]
}

pub fn ids(tasks: &[StoredTask]) -> Vec<TaskId> {
    tasks.iter().map(|stored| stored.task.metadata.id.clone()).collect()
}

pub fn row_ids(rows: &[StoredRow]) -> Vec<TaskId> {
    rows.iter().map(|row| row.task.metadata.id.clone()).collect()
}
