//! Looking for the run of an attempt that the store holds as unfinished, for as long as it takes to know what became of it.
//!
//! Only proof ends it: a final record, a free lock without one, another boot. What cannot be looked at stays as it is, keeps
//! its place in the lane, says why in its row, and is looked at again. A stop that was asked for meanwhile is carried out as
//! soon as the run can be reached, or without its shim.

use super::attempt::{Active, Stage};
use super::effect::Effect;
use super::{Actor, Message, event, runner_mode};
use crate::clock::now_ms;
use crate::{RunFolders, SupervisorError};
use solti_model::{RunId, StopMode, TaskEventKind, TaskId};
use solti_runner::{AttachError, Attached, EndFlags, LostReason, RunEnd, RunHandle, RunOutcome};
use solti_store::Store;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, mpsc};

/// Between two looks; doubled each time up to the longest.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(30);
/// Where the inode of the folder of runs is noted.
const RUNS_KEY: &str = "runs_folder";
/// Stops that may wait to be heard; a second one of the same kind says nothing new.
const REQUESTS: usize = 4;

/// What was found of an attempt that the store holds as unfinished.
pub(crate) enum Found {
    Alive(Box<RunHandle>),
    Ended(Box<RunOutcome>),
    NeverStarted,
    /// Nothing, for this reason: it may be alive.
    OutOfSight(String),
}

/// What is known of the attempt beside its folder.
#[derive(Debug, Clone)]
pub(crate) struct Sought {
    pub id: TaskId,
    pub attempt: u32,
    /// The runner that it was given to.
    runner: Option<String>,
    /// The store knows that it has started.
    started: bool,
    other_boot: bool,
    /// The store is of an earlier time than the folder.
    restored: bool,
    /// It is another data folder's, of which this one is a copy.
    copied: bool,
}

/// How many processes carry the mark of each run, by one look at all processes for many runs.
pub(crate) type Marks = Arc<OnceCell<HashMap<RunId, usize>>>;

impl Sought {
    fn run(&self) -> RunId {
        RunId::new(self.id.clone(), self.attempt)
    }
}

impl Effect {
    /// Looks once.
    pub(crate) async fn look(&self, sought: &Sought, marks: &Marks) -> Found {
        if sought.copied {
            // Who looks for it by its name finds what the other folder's engine has started.
            return ended(RunEnd::Lost { reason: LostReason::Copied });
        }
        // The semaphore is never closed.
        let _place = self.looks.acquire().await.ok();
        let runner = self.runners.of(sought.runner.as_deref());
        match runner.attach(&self.folders.run(&sought.id, sought.attempt), &sought.run()).await {
            Ok(attached) => self.settle(sought, attached, marks).await,
            Err(error) => Found::OutOfSight(error.to_string()),
        }
    }

    async fn settle(&self, sought: &Sought, attached: Attached, marks: &Marks) -> Found {
        match attached {
            Attached::Lost(_) if let Some(why) = self.folders.out_of_reach() => Found::OutOfSight(why),
            Attached::Running(handle) => Found::Alive(Box::new(handle)),
            Attached::Finished(outcome) => match &outcome.end {
                // The app ended before it could try again.
                RunEnd::StartFailed(failure) if failure.shortage().is_some() && !sought.other_boot => {
                    self.clear(sought).await
                }
                _ => Found::Ended(Box::new(outcome)),
            },
            Attached::Lost(_) if sought.other_boot => ended(RunEnd::Lost { reason: LostReason::Rebooted }),
            Attached::Lost(LostReason::NeverStarted) => match self.marked(sought, marks).await {
                Err(error) => Found::OutOfSight(error.to_string()),
                Ok(0) if sought.restored => ended(RunEnd::Lost { reason: LostReason::RecordLost }),
                Ok(0) if sought.started => ended(RunEnd::Lost { reason: LostReason::FolderGone }),
                // Neither the folder nor the store nor a process knows of a start.
                Ok(0) => self.clear(sought).await,
                Ok(n) => {
                    let folder = self.folders.run(&sought.id, sought.attempt);
                    let removed =
                        if folder.exists() { "the record in its run folder" } else { "its run folder" };
                    let go_on = match n {
                        1 => "one of its processes goes on".to_owned(),
                        n => format!("{n} of its processes go on"),
                    };
                    Found::OutOfSight(format!("{removed} was removed, and {go_on}"))
                }
            },
            Attached::Lost(reason) => {
                if let Err(error) = self.runners.of(sought.runner.as_deref()).sweep(&sought.run()).await {
                    tracing::warn!("processes of a lost run may be left: {error}");
                }
                ended(RunEnd::Lost { reason })
            }
        }
    }

    async fn marked(&self, sought: &Sought, marks: &Marks) -> Result<usize, AttachError> {
        let marks = marks.get_or_try_init(|| async { self.runners.of(None).marks().await }).await?;
        Ok(marks.get(&sought.run()).copied().unwrap_or(0))
    }

    /// Makes room for a start of the same attempt.
    async fn clear(&self, sought: &Sought) -> Found {
        match self.clear_run(&sought.id, sought.attempt).await {
            Ok(()) => Found::NeverStarted,
            Err(error) => Found::OutOfSight(format!("its run folder cannot be cleared: {error}")),
        }
    }

    /// Removes the folder of an attempt of which nothing has run.
    pub(crate) async fn clear_run(&self, id: &TaskId, attempt: u32) -> io::Result<()> {
        let folder = self.folders.run(id, attempt);
        let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder)).await;
        match removed.map_err(io::Error::other)? {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Looks until something is found, and reports it.
    async fn keep_looking(
        self,
        sought: Sought,
        mut why: String,
        mut requests: mpsc::Receiver<StopMode>,
        mut stop: Option<StopMode>,
    ) {
        let mut rest = FIRST_REST;
        loop {
            tokio::select! {
                () = tokio::time::sleep(rest) => rest = (rest * 2).min(LONGEST_REST),
                Some(mode) = requests.recv() => {
                    stop = Some(mode);
                    rest = FIRST_REST;
                }
            }
            let mut found = self.look(&sought, &Marks::default()).await;
            if let (Found::OutOfSight(_), Some(mode)) = (&found, stop) {
                found = self.end_unreachable(&sought, mode).await;
            }
            let still = matches!(found, Found::OutOfSight(_));
            if let Found::OutOfSight(now) = &found {
                if *now == why {
                    continue;
                }
                why.clone_from(now);
            }
            self.tell(Message::Found { id: sought.id.clone(), attempt: sought.attempt, found }).await;
            if !still {
                return;
            }
        }
    }

    async fn end_unreachable(&self, sought: &Sought, mode: StopMode) -> Found {
        let folder = self.folders.run(&sought.id, sought.attempt);
        let runner = self.runners.of(sought.runner.as_deref());
        match runner.end_unreachable(&folder, &sought.run(), runner_mode(mode)).await {
            Ok(attached) => self.settle(sought, attached, &Marks::default()).await,
            Err(error) => Found::OutOfSight(error.to_string()),
        }
    }
}

fn ended(end: RunEnd) -> Found {
    Found::Ended(Box::new(end_now(end)))
}

/// The outcome of an attempt of which nobody has seen the end.
pub(crate) fn end_now(end: RunEnd) -> RunOutcome {
    RunOutcome {
        end,
        started_at_ms: None,
        finished_at_ms: now_ms(),
        duration: Duration::ZERO,
        flags: EndFlags::default(),
        usage: None,
    }
}

/// A stop of something of which nothing has run.
pub(crate) const NEVER_RAN: RunEnd = RunEnd::Stopped { code: None, signal: None };

/// Notes which folder the runs are in, for the next start.
async fn note_folder(store: &Store, folders: &RunFolders) {
    let Ok(inode) = folders.inode() else { return };
    if let Err(error) = store.set_meta(RUNS_KEY, &inode.to_string()).await {
        tracing::warn!("which folder runs are in is not noted: {error}");
    }
}

impl Actor {
    /// Compares the folder of runs with the one that they were in. Where an empty one has taken its place, as where its disk is not
    /// mounted, what is `unfinished` is in that one.
    pub(crate) async fn look_at_folder(&self, unfinished: bool) -> Result<(), SupervisorError> {
        let noted = self.store.meta(RUNS_KEY).await?.and_then(|inode| inode.parse().ok());
        let found = self.folders.on_a_thread(|folders| folders.inode().ok()).await;
        match noted {
            Some(noted) if found == Some(noted) => {}
            Some(noted) if unfinished => {
                self.folders.miss(noted);
                match self.folders.on_a_thread(RunFolders::out_of_reach).await {
                    Some(why) => tracing::error!("{why}"),
                    None => {
                        self.folders.miss_nothing();
                        note_folder(&self.store, &self.folders).await;
                    }
                }
            }
            _ => note_folder(&self.store, &self.folders).await,
        }
        Ok(())
    }

    /// What to look for; `None` when there is no attempt.
    pub(crate) fn sought(&self, id: &TaskId) -> Option<Sought> {
        let run = self.tasks.get(id)?.run.as_ref()?;
        Some(Sought {
            id: id.clone(),
            attempt: run.run.attempt,
            runner: run.run.runner.clone(),
            started: run.pid.is_some(),
            other_boot: run.boot_id != self.config.boot_id,
            restored: self.config.restored,
            copied: false,
        })
    }

    /// The same of an attempt that an earlier engine has begun: in a copy of another data folder it is that one's.
    pub(crate) fn sought_from_before(&self, id: &TaskId) -> Option<Sought> {
        Some(Sought { copied: self.config.copied_from.is_some(), ..self.sought(id)? })
    }

    /// Goes on with an attempt that was looked for.
    pub(crate) async fn found(&mut self, id: &TaskId, attempt: u32, found: Found) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let stop = match active.stage {
            Stage::Starting { stop } | Stage::OutOfSight { stop, .. } => stop,
            _ => return,
        };
        // Stored before the app ended; whether it was carried out is not known, and twice does no harm.
        let stop = stop.or(active.stored.stop_requested.then_some(StopMode::Graceful));
        match found {
            Found::OutOfSight(why) => self.out_of_sight(id, why, stop),
            Found::Alive(handle) => {
                active.stage = Stage::Starting { stop };
                active.trouble = None;
                let attached = event(id, now_ms(), Some(attempt), TaskEventKind::Attached, None);
                drop(self.save(vec![attached]).await);
                let (effect, id) = (self.effect(), id.clone());
                tokio::spawn(effect.watch(id, attempt, *handle));
            }
            Found::Ended(outcome) => self.ended(id, attempt, &outcome).await,
            Found::NeverStarted if stop.is_some() => self.ended(id, attempt, &end_now(NEVER_RAN)).await,
            Found::NeverStarted => {
                active.trouble = None;
                // The same attempt: its number, and its row, are those that were stored as the intent.
                active.stored.task.status.attempt = attempt.saturating_sub(1);
                self.begin(id).await;
            }
        }
    }

    fn out_of_sight(&mut self, id: &TaskId, why: String, stop: Option<StopMode>) {
        let (sought, effect) = (self.sought(id), self.effect());
        let (Some(active), Some(sought)) = (self.tasks.get_mut(id), sought) else { return };
        tracing::warn!("run {id}/{} cannot be looked at: {why}", sought.attempt);
        active.trouble = Some(format!("cannot be looked at: {why}"));
        if !matches!(active.stage, Stage::OutOfSight { .. }) {
            let (requests, heard) = mpsc::channel(REQUESTS);
            active.stage = Stage::OutOfSight { stop, requests };
            tokio::spawn(effect.keep_looking(sought, why, heard, stop));
        }
        self.shared.feed.changed(id);
    }

    /// Nothing can be learned of a run that is followed, or again.
    pub(crate) fn troubled(&mut self, id: &TaskId, attempt: u32, why: Option<String>) {
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        active.trouble = why.map(|why| format!("cannot be looked at: {why}"));
        self.shared.feed.changed(id);
    }

    /// The system had nothing left for a start: nothing has run, and it is tried again until it has.
    pub(crate) async fn put_off(&mut self, id: &TaskId, attempt: u32, why: &str) {
        let effect = self.effect();
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let Stage::Starting { stop } = active.stage else { return };
        if stop.is_some() || active.stored.stop_requested {
            return self.ended(id, attempt, &end_now(NEVER_RAN)).await;
        }
        self.may_miss_nothing();
        let Some(active) = self.tasks.get_mut(id) else { return };
        let rest = (FIRST_REST * 2u32.saturating_pow(active.put_off)).min(LONGEST_REST);
        // Those that were refused together need not come back together.
        let rest = rest.mul_f64(0.5 + rand::random::<f64>() / 2.0);
        active.put_off += 1;
        active.trouble = Some(format!("waiting for the system: {why}"));
        let again = Message::StartAgain { id: id.clone(), attempt };
        let timer = tokio::spawn(async move {
            tokio::time::sleep(rest).await;
            effect.tell(again).await;
        });
        active.stage = Stage::PutOff { timer: timer.abort_handle() };
        self.shared.feed.changed(id);
    }

    /// What is missing from the folder of runs matters only while a run is unfinished that may be in it. The person who has stopped all of
    /// those has settled it.
    fn may_miss_nothing(&mut self) {
        let is_sought = |active: &Active| matches!(active.stage, Stage::OutOfSight { .. });
        if !self.tasks.values().any(is_sought) && self.folders.miss_nothing() {
            tracing::warn!("{} is taken as it is", self.folders.root().display());
            let (store, folders) = (self.store.clone(), self.folders.clone());
            tokio::spawn(async move { note_folder(&store, &folders).await });
        }
    }

    /// Its stop while it waits for the system.
    pub(crate) async fn stop_put_off(&mut self, id: &TaskId) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        let attempt = active.attempt();
        if let Stage::PutOff { timer } = &active.stage {
            timer.abort();
        }
        self.ended(id, attempt, &end_now(NEVER_RAN)).await;
    }

    pub(crate) fn start_again(&mut self, id: &TaskId, attempt: u32) {
        let (effect, order) = (self.effect(), self.start_order(id));
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        if let (Stage::PutOff { .. }, Some(order)) = (&active.stage, order) {
            active.stage = Stage::Starting { stop: None };
            let id = id.clone();
            tokio::spawn(async move {
                // What the start before has left; one that cannot be removed is told by the start.
                if let Err(error) = effect.clear_run(&id, attempt).await {
                    tracing::warn!("the run folder of {id}/{attempt} cannot be cleared: {error}");
                }
                effect.start(order).await;
            });
        }
    }
}
