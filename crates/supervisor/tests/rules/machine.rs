//! A machine whose processes do what the test says. It outlives the app, as processes do, and watches over each start.

use async_trait::async_trait;
use solti_model::{FieldError, RunId, Slot, TaskId, TaskPhase, TaskSpec};
use solti_runner::{
    AttachError, Attached, EndFlags, LostReason, RunEnd, RunEnds, RunHandle, RunOutcome, RunRequest, Runner,
    Stage, StartCause, StartError, StartFailure, StopMode,
};
use solti_store::Store;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How a process ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Code(i32),
    Killed,
    TimedOut,
    /// Its shim is killed: nobody knows how it ended.
    ShimGone,
    /// It never began on the machine that it was given to.
    NotTaken,
}

impl End {
    fn run_end(self) -> RunEnd {
        match self {
            Self::Code(code) => RunEnd::Exited { code },
            Self::Killed => RunEnd::Signaled { signal: 9 },
            Self::TimedOut => RunEnd::TimedOut { code: None, signal: Some(15) },
            Self::ShimGone => RunEnd::Lost { reason: LostReason::ShimGone },
            Self::NotTaken => RunEnd::NotTaken { why: "it has not taken it".to_owned(), refused: false },
        }
    }
}

#[derive(Debug)]
struct Process {
    task: TaskId,
    slot: Slot,
    stubborn: bool,
    suspended: bool,
    /// To the app of this life.
    ends: Option<RunEnds>,
    /// `None` while it lives.
    end: Option<RunEnd>,
}

#[derive(Default)]
struct State {
    /// Of the app that lives.
    store: Option<Store>,
    /// By run id.
    processes: BTreeMap<RunId, Process>,
    /// The most places a lane has had since the app was at rest.
    places: BTreeMap<Slot, usize>,
    refuse_next: bool,
    /// So many starts meet a system that has nothing left.
    short: u32,
    /// So many looks at runs fail.
    blind: u32,
    next_is_stubborn: bool,
    /// A person wants these to run whatever else is so.
    past_the_rules: BTreeSet<TaskId>,
    broken: Vec<String>,
}

#[derive(Clone, Default)]
pub struct Machine(Arc<Mutex<State>>);

impl Machine {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with it")
    }

    /// The app that lives from now on keeps its intents there; `None`: no app lives.
    pub fn set_store(&self, store: Option<Store>) {
        let mut state = self.state();
        state.store = store;
        if state.store.is_none() {
            for process in state.processes.values_mut() {
                process.ends = None;
            }
        }
    }

    /// A lane may have so many processes; `at_rest`: none more.
    pub fn allow(&self, slot: &Slot, places: usize, at_rest: bool) {
        let mut state = self.state();
        let allowed = state.places.entry(slot.clone()).or_insert(1);
        *allowed = if at_rest { places } else { places.max(*allowed) };
    }

    pub fn allow_past_the_rules(&self, task: &TaskId) {
        self.state().past_the_rules.insert(task.clone());
    }

    pub fn is_suspended(&self, task: &TaskId) -> bool {
        let state = self.state();
        state
            .processes
            .values()
            .any(|process| process.task == *task && process.end.is_none() && process.suspended)
    }

    pub fn refuse_next(&self) {
        self.state().refuse_next = true;
    }

    pub fn be_short(&self, starts: u32) {
        self.state().short = starts;
    }

    pub fn be_blind(&self, looks: u32) {
        self.state().blind = looks;
    }

    pub fn next_is_stubborn(&self) {
        self.state().next_is_stubborn = true;
    }

    pub fn nobody_is_stubborn(&self) {
        let mut state = self.state();
        (state.next_is_stubborn, state.refuse_next) = (false, false);
        (state.short, state.blind) = (0, 0);
        state.processes.values_mut().for_each(|process| process.stubborn = false);
    }

    /// Which rules were broken at a start.
    pub fn broken(&self) -> Vec<String> {
        self.state().broken.clone()
    }

    /// The run ids of the processes that live.
    pub fn alive(&self) -> Vec<RunId> {
        let state = self.state();
        state
            .processes
            .iter()
            .filter(|(_, process)| process.end.is_none())
            .map(|(id, _)| id.clone())
            .collect()
    }

    pub fn is_alive(&self, task: &TaskId) -> bool {
        self.state().processes.values().any(|process| process.task == *task && process.end.is_none())
    }

    /// How a run really ended.
    pub fn end_of(&self, run: &RunId) -> Option<RunEnd> {
        self.state().processes.get(run)?.end.clone()
    }

    pub fn end(&self, run: &RunId, how: End) {
        self.finish(run, how.run_end());
    }

    pub fn reboot(&self) {
        for run in self.alive() {
            self.finish(&run, RunEnd::Lost { reason: LostReason::Rebooted });
        }
    }

    fn finish(&self, run: &RunId, end: RunEnd) {
        let mut state = self.state();
        let Some(process) = state.processes.get_mut(run).filter(|process| process.end.is_none()) else {
            return;
        };
        process.end = Some(end.clone());
        if let Some(RunEnds { outcome, .. }) = process.ends.take() {
            // The app may have died.
            outcome.send(outcome_of(end)).ok();
        }
    }

    fn asked_to_stop(&self, run: &RunId, mode: StopMode) {
        let stubborn = self.state().processes.get(run).is_some_and(|process| process.stubborn);
        if mode == StopMode::Kill || !stubborn {
            self.finish(run, RunEnd::Stopped { code: None, signal: Some(15) });
        }
    }

    /// A handle on a process that lives, for the app of this life.
    fn handle(&self, run: &RunId) -> RunHandle {
        let (handle, mut ends) = RunHandle::new(1, 1);
        let (machine, id) = (self.clone(), run.clone());
        let (_, unheard) = tokio::sync::mpsc::channel(1);
        let mut requests = std::mem::replace(&mut ends.requests, unheard);
        tokio::spawn(async move {
            while let Some(mode) = requests.recv().await {
                machine.asked_to_stop(&id, mode);
            }
        });
        let (_, unheard) = tokio::sync::watch::channel(false);
        let mut suspended = std::mem::replace(&mut ends.suspended, unheard);
        let (machine, id) = (self.clone(), run.clone());
        tokio::spawn(async move {
            while suspended.changed().await.is_ok() {
                let suspend = *suspended.borrow_and_update();
                if let Some(process) = machine.state().processes.get_mut(&id) {
                    process.suspended = suspend;
                }
            }
        });
        if let Some(process) = self.state().processes.get_mut(run) {
            process.ends = Some(ends);
        }
        handle
    }
}

fn outcome_of(end: RunEnd) -> RunOutcome {
    RunOutcome {
        end,
        started_at_ms: None,
        finished_at_ms: 2,
        duration: Duration::from_millis(1),
        flags: EndFlags::default(),
        usage: None,
    }
}

fn refusal(errno: i32, cause: StartCause) -> StartFailure {
    StartFailure { stage: Stage::Resolve, errno, path: "nothing".into(), cause }
}

#[async_trait]
impl Runner for Machine {
    fn accepts(&self, _: &TaskSpec) -> Result<(), FieldError> {
        Ok(())
    }

    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartError> {
        let run = request.run;
        let RunId { task: id, attempt } = run.clone();
        let store = self.state().store.clone().expect("an app lives");
        let task = store.task(&id).await.expect("readable");
        let intent = store.runs(&id).await.expect("readable").pop();
        drop(store);

        let mut state = self.state();
        let mut broken = Vec::new();
        if !intent.is_some_and(|run| run.run.attempt == attempt && run.run.finished_at.is_none()) {
            broken.push(format!("{run} starts and its intent is not stored"));
        }
        let slot = task.as_ref().map(|stored| stored.task.spec.slot.clone());
        if task.as_ref().is_none_or(|stored| stored.task.status.phase != TaskPhase::Pending) {
            broken.push(format!("{run} starts and its task does not wait"));
        }
        if state.processes.contains_key(&run) {
            broken.push(format!("{run} starts twice"));
        }
        let living = || state.processes.values().filter(|process| process.end.is_none());
        if living().any(|process| process.task == id) {
            broken.push(format!("{run} starts while another attempt lives"));
        }
        let past_the_rules = state.past_the_rules.contains(&id);
        if let Some(stored) = &task {
            let spec = &stored.task.spec;
            if stored.queueing.held {
                broken.push(format!("{run} starts and is held"));
            }
            if stored.queueing.fulfilled.len() < spec.after.len() {
                broken.push(format!("{run} starts before what it waits for"));
            }
            if !past_the_rules && spec.not_before.is_some_and(|time| time > solti_testing::now_ms()) {
                broken.push(format!("{run} starts before its time"));
            }
        }
        if let Some(slot) = slot.as_ref().filter(|_| !past_the_rules) {
            let (used, places) = (
                // What a person has started beside the others takes no place: whoever held one goes on with its next attempt.
                living()
                    .filter(|process| process.slot == *slot && !state.past_the_rules.contains(&process.task))
                    .count(),
                state.places.get(slot).copied().unwrap_or(1),
            );
            if used >= places {
                broken.push(format!("{run} starts as number {} of {places} in {slot}", used + 1));
            }
        }
        state.broken.extend(broken);
        if let Some(left) = state.short.checked_sub(1) {
            state.short = left;
            return Err(refusal(rustix::io::Errno::MFILE.raw_os_error(), StartCause::System).into());
        }
        if std::mem::take(&mut state.refuse_next) {
            return Err(refusal(0, StartCause::NoSuchProgram).into());
        }
        let stubborn = std::mem::take(&mut state.next_is_stubborn);
        let slot = slot.unwrap_or_else(|| Slot::new("none").expect("legal"));
        state.processes.insert(
            run.clone(),
            Process { task: id, slot, stubborn, suspended: false, ends: None, end: None },
        );
        drop(state);
        Ok(self.handle(&run))
    }

    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
        let mut state = self.state();
        if let Some(left) = state.blind.checked_sub(1) {
            state.blind = left;
            return Err(AttachError::NoAnswer { path: run_dir.to_owned() });
        }
        let end = state.processes.get(run).map(|process| process.end.clone());
        drop(state);
        Ok(match end {
            None => Attached::Lost(LostReason::NeverStarted),
            Some(None) => Attached::Running(self.handle(run)),
            Some(Some(RunEnd::Lost { reason })) => Attached::Lost(reason),
            Some(Some(end)) => Attached::Finished(outcome_of(end)),
        })
    }

    async fn sweep(&self, _run: &RunId) -> Result<usize, AttachError> {
        Ok(0)
    }

    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        Ok(self.alive().into_iter().map(|run| (run, 1)).collect())
    }

    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        _mode: StopMode,
    ) -> Result<Attached, AttachError> {
        self.finish(run, RunEnd::Stopped { code: None, signal: Some(9) });
        self.attach(run_dir, run).await
    }
}
