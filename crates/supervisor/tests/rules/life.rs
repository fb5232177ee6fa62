//! The lives of an app: each has a runtime of its own, and a crash is the end of that runtime in the middle of whatever it does.

use crate::machine::{End, Machine};
use crate::{Hand, Queueing, Step};
use solti_model::{
    AdmissionStrategy, AfterMain, AfterTask, BackoffStrategy, CommandMode, JitterStrategy, RunId, Slot,
    StopMode, SubprocessMode, SubprocessTask, TaskId, TaskKind, TaskPhase, TaskQuery, TaskSpec, Waiting,
};
use solti_runner::RunEnd;
use solti_store::Store;
use solti_supervisor::{MoveTo, QueueHeads, Supervisor, SupervisorConfig, SupervisorError};
use solti_testing::{PATIENCE, now_ms};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// What the app has promised.
#[derive(Default)]
struct Promises {
    admitted: Vec<TaskId>,
    deleted: BTreeSet<TaskId>,
}

struct Life {
    runtime: Runtime,
    supervisor: Supervisor,
}

pub struct World {
    data: tempfile::TempDir,
    machine: Machine,
    promises: Arc<Mutex<Promises>>,
    /// Tasks whose deletion was asked for, whether or not it was done.
    to_be_deleted: BTreeSet<TaskId>,
    /// Phases that must not change any more.
    terminal: BTreeMap<TaskId, TaskPhase>,
    boot: u32,
    life: Option<Life>,
    /// What the database is made to refuse.
    refusals: Vec<&'static str>,
}

/// Statements of which the database can be made to refuse each, by what they are part of.
const REFUSED: [&str; 12] = [
    "INSERT ON events WHEN NEW.kind = 'queued'",
    "INSERT ON events WHEN NEW.kind = 'admitted'",
    "INSERT ON events WHEN NEW.kind = 'started'",
    "INSERT ON events WHEN NEW.kind = 'retryScheduled'",
    "INSERT ON events WHEN NEW.kind = 'finished'",
    "INSERT ON events WHEN NEW.kind = 'stopRequested'",
    "INSERT ON events WHEN NEW.kind = 'held'",
    "INSERT ON events WHEN NEW.kind = 'released'",
    "INSERT ON events WHEN NEW.kind = 'edited'",
    "INSERT ON events WHEN NEW.kind = 'fulfilled'",
    "UPDATE OF phase ON runs WHEN NEW.phase <> 'running'",
    "UPDATE OF phase ON tasks WHEN NEW.phase NOT IN ('pending', 'running')",
];

fn slot(lane: usize) -> Slot {
    Slot::new(format!("lane-{lane}")).expect("legal")
}

impl World {
    pub fn new() -> Self {
        let mut world = Self {
            data: tempfile::tempdir().expect("temp dir"),
            machine: Machine::default(),
            promises: Arc::default(),
            to_be_deleted: BTreeSet::new(),
            terminal: BTreeMap::new(),
            boot: 0,
            life: None,
            refusals: Vec::new(),
        };
        world.begin_life();
        world
    }

    fn begin_life(&mut self) {
        // One thread: where a crash falls is decided by the steps alone, but for the moments of the disk.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let config = SupervisorConfig {
            boot_id: format!("boot {}", self.boot),
            base_env: BTreeMap::new(),
            ..SupervisorConfig::new(self.data.path())
        };
        let store = Store::open(self.data.path()).expect("the store opens");
        self.machine.set_store(Some(store.clone()));
        let machine = Arc::new(self.machine.clone());
        let supervisor = runtime.block_on(Supervisor::start(store, machine, config)).expect("the app starts");
        self.life = Some(Life { runtime, supervisor });
        self.look();
    }

    /// The runtime goes and with it everything that was under way; the store writes what it had been given, and closes.
    fn end_life(&mut self) {
        self.machine.set_store(None);
        if let Some(Life { runtime, supervisor }) = self.life.take() {
            drop(supervisor);
            drop(runtime);
        }
    }

    fn database(&self) -> rusqlite::Connection {
        let db = rusqlite::Connection::open(self.data.path().join("solti.db")).expect("it opens");
        db.busy_timeout(PATIENCE).expect("legal");
        db
    }

    fn refuse(&mut self, which: usize) {
        let statement = REFUSED[which % REFUSED.len()];
        if !self.refusals.contains(&statement) {
            let name = self.refusals.len();
            let trigger = format!(
                "CREATE TRIGGER refusal_{name} BEFORE {statement} BEGIN SELECT RAISE(ABORT, 'refused'); END"
            );
            self.database().execute_batch(&trigger).expect("legal");
            self.refusals.push(statement);
        }
    }

    fn refuse_nothing(&mut self) {
        for name in 0..std::mem::take(&mut self.refusals).len() {
            self.database().execute_batch(&format!("DROP TRIGGER refusal_{name}")).expect("it is there");
        }
    }

    fn life(&self) -> &Life {
        self.life.as_ref().expect("an app lives")
    }

    pub fn take(&mut self, step: Step) {
        let supervisor = self.life().supervisor.clone();
        match step {
            Step::Submit { lane, admission, restart, max_retries, queueing } => {
                let spec = TaskSpec { admission, restart, max_retries, ..self.queued(spec(lane), &queueing) };
                let promises = Arc::clone(&self.promises);
                self.spawn(async move {
                    match supervisor.submit(spec).await {
                        Ok(id) => promises.lock().expect("not poisoned").admitted.push(id),
                        Err(SupervisorError::SlotBusy { .. } | SupervisorError::ShuttingDown) => {}
                        // The other was deleted meanwhile.
                        Err(SupervisorError::Invalid(error)) if error.field == "after" => {}
                        // A refused batch.
                        Err(SupervisorError::Store(_)) => {}
                        Err(error) => panic!("a submit fails: {error:?}"),
                    }
                });
            }
            Step::End { which, how } => {
                let alive = self.machine.alive();
                if !alive.is_empty() {
                    self.machine.end(&alive[which % alive.len()], how);
                }
            }
            Step::Stop { which, kill } => {
                if let Some(id) = self.some_task(which) {
                    let mode = if kill { StopMode::Kill } else { StopMode::Graceful };
                    // Over already, deleted, or shutting down: nothing to stop then.
                    self.spawn(async move { drop(supervisor.stop(&id, mode).await) });
                }
            }
            Step::Delete { which } => {
                if let Some(id) = self.some_task(which) {
                    self.to_be_deleted.insert(id.clone());
                    let promises = Arc::clone(&self.promises);
                    self.spawn(async move {
                        if supervisor.delete(&id).await.is_ok() {
                            promises.lock().expect("not poisoned").deleted.insert(id);
                        }
                    });
                }
            }
            Step::Lane { lane, capacity, paused } => self.set_lane(lane, capacity, paused),
            Step::Queue { which, hand } => {
                if let Some(id) = self.some_task(which) {
                    self.lend(supervisor, id, hand);
                }
            }
            // Whether or not it could be stored.
            Step::HoldAll { held } => self.spawn(async move { drop(supervisor.hold_all(held).await) }),
            Step::RefuseStart => self.machine.refuse_next(),
            Step::Short { starts } => self.machine.be_short(starts),
            Step::Blind { looks } => self.machine.be_blind(looks),
            Step::Stubborn => self.machine.next_is_stubborn(),
            Step::RefuseBatch { which } => self.refuse(which),
            Step::Run { turns } => self.life().runtime.block_on(async {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            }),
            Step::Settle => self.settle(),
            Step::Crash { reboot } => {
                drop(supervisor);
                self.end_life();
                if reboot {
                    self.boot += 1;
                    self.machine.reboot();
                }
                self.begin_life();
            }
            Step::Quit => {
                self.life().runtime.block_on(supervisor.shut_down());
                drop(supervisor);
                self.end_life();
                self.begin_life();
            }
        }
        assert_eq!(self.machine.broken(), Vec::<String>::new());
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.life().runtime.spawn(work);
    }

    /// The spec with what its task is to wait for.
    fn queued(&self, spec: TaskSpec, queueing: &Queueing) -> TaskSpec {
        let after =
            queueing.after.and_then(|(which, when)| Some(AfterTask { task: self.some_task(which)?, when }));
        TaskSpec {
            priority: queueing.priority,
            after: after.into_iter().collect(),
            not_before: queueing.delay.map(|delay| now_ms() + delay),
            after_reboot: queueing.after_reboot,
            ..spec
        }
    }

    /// Conflicts are what most of them come to.
    fn lend(&self, supervisor: Supervisor, id: TaskId, hand: Hand) {
        match hand {
            Hand::Hold => self.spawn(async move { drop(supervisor.hold(&id).await) }),
            Hand::Release => self.spawn(async move { drop(supervisor.release(&id).await) }),
            Hand::Priority(priority) => {
                self.spawn(async move { drop(supervisor.set_priority(&id, priority).await) });
            }
            Hand::First => self.spawn(async move { drop(supervisor.move_task(&id, MoveTo::First).await) }),
            Hand::Last => self.spawn(async move { drop(supervisor.move_task(&id, MoveTo::Last).await) }),
            Hand::Before(which) => {
                let to = MoveTo::Before(self.some_task(which).unwrap_or_else(|| id.clone()));
                self.spawn(async move { drop(supervisor.move_task(&id, to).await) });
            }
            Hand::RunNow => {
                self.machine.allow_past_the_rules(&id);
                self.spawn(async move { drop(supervisor.run_now(&id).await) });
            }
            Hand::RetryNow => self.spawn(async move { drop(supervisor.retry_now(&id).await) }),
            Hand::Edit { lane, admission, queueing } => {
                let spec = self.queued(TaskSpec { admission, ..spec(lane) }, &queueing);
                self.spawn(async move {
                    let Ok(Some(stored)) = supervisor.store().task(&id).await else { return };
                    let version = stored.task.metadata.resource_version;
                    drop(supervisor.edit(&id, spec, version).await);
                });
            }
            Hand::Suspend(suspended) => {
                self.spawn(async move { drop(supervisor.suspend(&id, suspended).await) });
            }
        }
    }

    fn some_task(&self, which: usize) -> Option<TaskId> {
        let promises = self.promises.lock().expect("not poisoned");
        let index = which.checked_rem(promises.admitted.len())?;
        Some(promises.admitted[index].clone())
    }

    /// Waits for the reply: a lane that is lowered counts from the next rest on.
    fn set_lane(&mut self, lane: usize, capacity: u32, paused: bool) {
        let Life { runtime, supervisor } = self.life();
        self.machine.allow(&slot(lane), capacity as usize, false);
        runtime.block_on(supervisor.set_lane(&slot(lane), Some(capacity), Some(paused))).expect("legal");
    }

    /// Lets the app go on until every task that is not over runs, or waits for a reason that is shown, and no lane with a free
    /// place lets anyone wait.
    fn settle(&mut self) {
        self.refuse_nothing();
        let Life { runtime, supervisor } = self.life();
        let machine = &self.machine;
        runtime.block_on(async {
            let began = Instant::now();
            let mut changes = supervisor.changes();
            loop {
                let unsettled = unsettled(supervisor, machine).await;
                if unsettled.is_empty() {
                    return;
                }
                assert!(began.elapsed() < PATIENCE, "{unsettled:#?}");
                // Some of it changes without a word in the feed: the end of a task in memory.
                tokio::time::timeout(Duration::from_millis(2), changes.next()).await.ok();
            }
        });
        for lane in runtime.block_on(supervisor.lanes()).expect("the app lives") {
            machine.allow(&lane.slot, lane.capacity as usize, true);
        }
        self.look();
    }

    /// What is stored agrees with what was promised, with what was seen before, and with what processes really did.
    fn look(&mut self) {
        let Life { runtime, supervisor } = self.life();
        let store = supervisor.store();
        // What is promised before it is read; more may come meanwhile.
        let (admitted, deleted) = {
            let promises = self.promises.lock().expect("not poisoned");
            (promises.admitted.clone(), promises.deleted.clone())
        };
        let everything = TaskQuery { limit: Some(1_000), ..TaskQuery::default() };
        let tasks = runtime.block_on(store.query(&everything)).expect("readable").items;
        let stored: BTreeMap<TaskId, TaskPhase> =
            tasks.iter().map(|task| (task.metadata.id.clone(), task.status.phase)).collect();
        for id in &admitted {
            assert!(
                stored.contains_key(id) || self.to_be_deleted.contains(id),
                "{id} was admitted and is gone"
            );
        }
        for id in &deleted {
            assert!(!stored.contains_key(id), "{id} was deleted and is there");
        }
        for (id, phase) in &stored {
            if let Some(before) = self.terminal.get(id) {
                assert_eq!(phase, before, "{id} was over");
            }
            for run in runtime.block_on(store.runs(id)).expect("readable") {
                self.check_run(&RunId::new(id.clone(), run.run.attempt), &run.run);
            }
        }
        self.terminal = stored.into_iter().filter(|(_, phase)| phase.is_terminal()).collect();
    }

    fn check_run(&self, id: &RunId, run: &solti_model::TaskRun) {
        if run.finished_at.is_none() {
            return;
        }
        let (phase, code) = match self.machine.end_of(id) {
            // It did not start.
            None => (TaskPhase::Failed, None),
            Some(RunEnd::Exited { code: 0 }) => (TaskPhase::Succeeded, Some(0)),
            Some(RunEnd::Exited { code } | RunEnd::ExitedBecause { code, .. }) => {
                (TaskPhase::Failed, Some(code))
            }
            Some(RunEnd::TimedOut { .. }) => (TaskPhase::Timeout, None),
            Some(RunEnd::Stopped { .. }) => (TaskPhase::Canceled, None),
            Some(
                RunEnd::Signaled { .. }
                | RunEnd::Cluster { .. }
                | RunEnd::OverOutputLimit
                | RunEnd::Lost { .. }
                | RunEnd::NotTaken { .. }
                | RunEnd::StartFailed(_),
            ) => (TaskPhase::Failed, None),
        };
        // An end of any kind is a cancel when a stop was asked for first.
        assert!(run.phase == phase || run.phase == TaskPhase::Canceled, "{id}: {run:?}, was {phase:?}");
        assert_eq!(run.exit_code, code, "{id}");
    }

    /// Lets everything that can end do so; then nothing is left over.
    pub fn come_to_an_end(&mut self) {
        for lane in 0..3 {
            self.set_lane(lane, 4, false);
        }
        self.machine.nobody_is_stubborn();
        self.refuse_nothing();
        let Life { runtime, supervisor } = self.life();
        runtime.block_on(supervisor.hold_all(false)).expect("legal");
        let began = Instant::now();
        loop {
            self.settle();
            for run in self.machine.alive() {
                self.machine.end(&run, End::Code(0));
            }
            let Life { runtime, supervisor } = self.life();
            let active = runtime.block_on(supervisor.store().active()).expect("readable");
            if active.is_empty() {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{active:#?}");
            for task in &active {
                if task.queueing.held {
                    runtime.block_on(supervisor.release(&task.task.metadata.id)).ok();
                }
                if matches!(task.task.spec.restart, solti_model::RestartStrategy::Always { .. }) {
                    // It would go on for ever. What is over meanwhile need not be stopped.
                    runtime.block_on(supervisor.stop(&task.task.metadata.id, StopMode::Kill)).ok();
                }
            }
        }
        self.look();
        assert_eq!(self.machine.broken(), Vec::<String>::new());
        assert_eq!(self.machine.alive(), []);
        let lanes = self.life().runtime.block_on(self.life().supervisor.lanes()).expect("the app lives");
        assert!(lanes.iter().all(|lane| (lane.running, lane.queued) == (0, 0)), "{lanes:?}");
        self.end_life();
    }
}

pub fn spec(lane: usize) -> TaskSpec {
    let kind = TaskKind::Subprocess(SubprocessTask {
        mode: SubprocessMode::Command(CommandMode { command: "scripted".into(), args: vec![] }),
        env: vec![],
        cwd: None,
        fail_on_non_zero: true,
        after_main: AfterMain::Wait,
    });
    let backoff = BackoffStrategy { jitter: JitterStrategy::Full, first_ms: 1, max_ms: 4, factor: 2.0 };
    TaskSpec { backoff, ..TaskSpec::new(slot(lane), kind) }
}

/// What is on its way: tasks that neither run nor wait for a shown reason, lanes with a free place and a queue, processes of no
/// task.
async fn unsettled(supervisor: &Supervisor, machine: &Machine) -> Vec<String> {
    let store = supervisor.store();
    let active = store.active().await.expect("readable");
    let ids: Vec<TaskId> = active.iter().map(|task| task.task.metadata.id.clone()).collect();
    let states = supervisor.row_states(ids.clone(), QueueHeads::default()).await.expect("the app lives");
    let mut unsettled = Vec::new();
    for task in &active {
        let (id, phase) = (&task.task.metadata.id, task.task.status.phase);
        let state = states.get(id);
        let fine = match state.map(|state| &state.waiting) {
            Some(Some(
                Waiting::Lane { .. }
                | Waiting::LanePaused
                | Waiting::Backoff { .. }
                | Waiting::CrashLoop { .. }
                | Waiting::Condition { .. }
                | Waiting::Held,
            )) => phase == TaskPhase::Pending && !machine.is_alive(id),
            Some(Some(Waiting::Dependency { on, .. })) => phase == TaskPhase::Pending && ids.contains(on),
            Some(None) => {
                let suspended = state.is_some_and(|state| state.suspended);
                phase == TaskPhase::Running && machine.is_alive(id) && machine.is_suspended(id) == suspended
            }
            // Not for long.
            Some(Some(Waiting::Starting | Waiting::NotBefore { .. } | Waiting::Cluster { .. })) | None => {
                false
            }
        };
        if !fine {
            unsettled.push(format!("{id} is {phase:?}, {state:?}, lives: {}", machine.is_alive(id)));
        }
    }
    let waits_to_replace = |task: &solti_store::StoredTask| {
        let ready = states
            .get(&task.task.metadata.id)
            .is_some_and(|state| matches!(state.waiting, Some(Waiting::Lane { .. } | Waiting::LanePaused)));
        ready && task.task.status.attempt == 0 && task.task.spec.admission == AdmissionStrategy::Replace
    };
    for lane in supervisor.lanes().await.expect("the app lives") {
        let of_lane = active.iter().filter(|task| task.task.spec.slot == lane.slot);
        if of_lane.filter(|task| waits_to_replace(task)).count() > 1 {
            unsettled.push(format!("more than one waits to replace in {lane:?}"));
        }
        if !lane.paused && !supervisor.all_held() && lane.queued > 0 && lane.running < lane.capacity {
            unsettled.push(format!("{lane:?}"));
        }
    }
    for run in machine.alive() {
        if !ids.contains(&run.task) {
            unsettled.push(format!("{run} lives and its task does not"));
        }
    }
    unsettled
}
