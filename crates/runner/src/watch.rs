//! Follows one run to its end: doorbells up, stop requests down, and at last the exit record.
//!
//! One task per run. The end is believed from the exit record alone; the socket only says when to look. A shim that is
//! gone without a final record leaves a lost run, whose processes are ended here (`sweep.rs`). What cannot be looked at is
//! no end: it is told as trouble, and looked at again for as long as it takes. A quiet run costs one descriptor, its connection, and
//! now and then a look whether its shim was stopped.

use std::io;
use std::time::{Duration, Instant};

use solti_model::RunId;
use solti_shim::cgroup::Unenforced;
use solti_shim::control::{Reply, Request};
use solti_shim::tree::Process;
use tokio::time::{sleep, sleep_until};

use crate::clock::now_ms;
use crate::connection::{Connection, Heard, SUBSCRIBE};
use crate::force::{end, rouse, stands_still};
use crate::handle::RunEnds;
use crate::run_dir::RunPlace;
use crate::shim_process::ShimProcess;
use crate::sweep::sweep;
use crate::{AttachError, Attached, LostReason, MainEnded, RunHandle, RunOutcome, StopMode};

/// Before a connection is tried again that a living shim has refused or closed, as it serves a limited number, and before
/// another look at what could not be looked at; doubled each time up to the longest.
const FIRST_REST: Duration = Duration::from_millis(250);
const LONGEST_REST: Duration = Duration::from_secs(10);
/// A living shim takes a request, and a connection, within milliseconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Between two looks whether a shim was stopped, which says nothing of itself.
const BETWEEN_LOOKS: Duration = Duration::from_secs(30);

/// What is known of a run once its program has been executed.
#[derive(Debug)]
pub(crate) struct Watched {
    pub place: RunPlace,
    pub id: RunId,
    pub shim: ShimProcess,
    pub child_pid: u32,
    /// Unix milliseconds.
    pub started_at_ms: u64,
    pub unenforced: Unenforced,
    /// Its shim can have its processes stand still.
    pub suspends: bool,
    /// They do, as it has said, or was told last.
    pub suspended: bool,
}

#[derive(Debug)]
pub(crate) struct Watch {
    run: Watched,
    began: Instant,
    /// A request that the shim has not taken yet.
    asked: Option<StopRequest>,
    /// Times that the shim was told to have the processes stand still or go on, and has not answered.
    unanswered: u32,
    /// The shim was stopped when it was last looked at.
    stands_still: bool,
    rest: Duration,
    ends: RunEnds,
}

#[derive(Debug, Clone, Copy)]
struct StopRequest {
    mode: StopMode,
    sent: bool,
    /// Then it is carried out without the shim.
    patience: tokio::time::Instant,
    roused: bool,
}

/// The two ends: the handle for the supervisor, and what has to be polled for it.
pub(crate) fn watch(run: Watched) -> (RunHandle, Watch) {
    let (mut handle, ends) = RunHandle::standing_still(run.child_pid, run.started_at_ms, run.suspended);
    handle.unenforced = run.unenforced;
    let (began, rest) = (Instant::now(), FIRST_REST);
    (handle, Watch { run, began, asked: None, unanswered: 0, stands_still: false, rest, ends })
}

impl Watch {
    /// Follows the run to its end. `connection` is one that is subscribed already, if there is one.
    pub(crate) async fn follow(mut self, connection: Option<Connection>) {
        let outcome = self.until_end(connection).await;
        let Self { mut run, ends: RunEnds { log_bytes, outcome: tell, .. }, .. } = self;
        // The log is sealed: whoever waits for the doorbell is told before the supervisor hears of the end.
        drop(log_bytes);
        // Nobody may be listening any more.
        tell.send(outcome).ok();
        if let Err(error) = run.shim.reap().await {
            tracing::warn!(run = %run.id, %error, "the ended shim could not be reaped");
        }
    }

    async fn until_end(&mut self, mut connection: Option<Connection>) -> RunOutcome {
        let mut unreachable_since = None;
        loop {
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => self.subscribe().await,
            };
            match open {
                Ok(open) => {
                    unreachable_since = None;
                    self.tell(None);
                    if let Some(outcome) = self.listen(open).await {
                        return outcome;
                    }
                }
                Err(error) => {
                    let since = *unreachable_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > ANSWER_WITHIN {
                        self.tell(Some(format!("the supervising process cannot be reached: {error}")));
                    }
                }
            }
            match self.look().await {
                Ok(Some(outcome)) => return outcome,
                Ok(None) => {}
                Err(error) => self.tell(Some(error.to_string())),
            }
            if let Some(outcome) = self.insist().await {
                return outcome;
            }
            self.pause().await;
        }
    }

    /// The end, when there is proof of one. Waits a little for it.
    async fn look(&mut self) -> Result<Option<RunOutcome>, AttachError> {
        if let Some(outcome) = self.recorded()? {
            return Ok(Some(outcome));
        }
        tokio::select! {
            gone = self.run.shim.gone(&self.run.place) => gone?,
            () = sleep(FIRST_REST) => return Ok(None),
        }
        match self.recorded()? {
            Some(outcome) => Ok(Some(outcome)),
            None => Ok(Some(self.lost().await)),
        }
    }

    /// Between two looks. A request is heard meanwhile.
    async fn pause(&mut self) {
        tokio::select! {
            () = sleep(self.rest - FIRST_REST) => self.rest = (self.rest * 2).min(LONGEST_REST),
            Some(mode) = self.ends.requests.recv() => self.ask(mode),
        }
    }

    fn ask(&mut self, mode: StopMode) {
        let patience = tokio::time::Instant::now() + ANSWER_WITHIN;
        self.rest = FIRST_REST;
        self.asked = Some(StopRequest { mode, sent: false, patience, roused: false });
    }

    fn tell(&mut self, trouble: Option<String>) {
        if trouble.is_none() {
            self.rest = FIRST_REST;
        }
        self.ends.trouble.send_if_modified(|reported| {
            let is_new = *reported != trouble;
            if let (true, Some(why)) = (is_new, &trouble) {
                tracing::warn!(run = %self.run.id, why, "the run cannot be looked at");
            }
            *reported = trouble;
            is_new
        });
    }

    async fn subscribe(&self) -> io::Result<Connection> {
        let dir = self.run.place.open().map_err(io::Error::other)?.ok_or(io::ErrorKind::NotFound)?;
        let mut connection = Connection::open(&dir).await?;
        connection.send(SUBSCRIBE).await?;
        Ok(connection)
    }

    /// Until the shim says that the run is over, or the connection ends; or the end, when it had to be made by force.
    async fn listen(&mut self, mut connection: Connection) -> Option<RunOutcome> {
        if let Some(asked) = self.asked.filter(|asked| !asked.sent) {
            self.pass_on(&mut connection, asked.mode).await;
        }
        // What was asked for while there was no connection, or of which nobody knows whether it was heard over the last one.
        let anew = std::mem::take(&mut self.unanswered) > 0;
        self.suspend(&mut connection, anew).await;
        let mut look = self.next_look();
        loop {
            let patience = self.asked.map(|asked| asked.patience);
            tokio::select! {
                heard = connection.next() => match heard {
                    Heard::Reply(Reply::Doorbell { log_bytes }) => self.ring(log_bytes),
                    Heard::Reply(Reply::Exited { log_bytes }) => {
                        self.ring(log_bytes);
                        return None;
                    }
                    Heard::Reply(Reply::MainEnded { status, holders }) => {
                        self.ends.main_ended.send_replace(Some(MainEnded::look(status, holders)));
                    }
                    Heard::Reply(Reply::Accepted) => {
                        self.asked = None;
                        self.tell(None);
                    }
                    Heard::Reply(Reply::Status { .. }) => self.unanswered = self.unanswered.saturating_sub(1),
                    Heard::Closed => return None,
                    Heard::Garbled(error) => {
                        tracing::warn!(run = %self.run.id, %error, "the shim is not understood");
                        return None;
                    }
                },
                Some(mode) = self.ends.requests.recv() => {
                    self.ask(mode);
                    self.pass_on(&mut connection, mode).await;
                }
                Ok(()) = self.ends.suspended.changed() => self.suspend(&mut connection, false).await,
                () = sleep_until(look) => {
                    self.look_after_shim();
                    look = self.next_look();
                }
                () = sleep_until(patience.unwrap_or_else(tokio::time::Instant::now)), if patience.is_some() => {
                    if let Some(outcome) = self.insist().await {
                        return Some(outcome);
                    }
                }
            }
        }
    }

    /// Soon after a shim was let go on; else for all runs in the same moment, so that a quiet machine wakes once.
    fn next_look(&self) -> tokio::time::Instant {
        let between = BETWEEN_LOOKS.as_millis() as u64;
        let rest = if self.stands_still {
            ANSWER_WITHIN
        } else {
            Duration::from_millis(between - now_ms() % between)
        };
        tokio::time::Instant::now() + rest
    }

    /// A shim that was stopped, by its own program or by anybody else, hears no end and keeps no timeout: it is let go on.
    fn look_after_shim(&mut self) {
        if self.ends.outcome.is_closed() {
            // Somebody else follows the run.
            return;
        }
        let stopped = self.shim().filter(stands_still);
        let stood = std::mem::replace(&mut self.stands_still, stopped.is_some());
        if let Some(shim) = stopped {
            rouse(&shim);
            self.tell(Some("the supervising process was stopped".to_owned()));
        } else if stood {
            self.tell(None);
        }
    }

    /// Carries a request out that the shim has not taken in time: first a stopped shim is let go on, then it is done without it.
    async fn insist(&mut self) -> Option<RunOutcome> {
        let now = tokio::time::Instant::now();
        let asked = self.asked.as_mut().filter(|asked| asked.patience <= now)?;
        asked.patience = now + ANSWER_WITHIN;
        let (mode, first) = (asked.mode, !std::mem::replace(&mut asked.roused, true));
        if first && self.shim().is_some_and(|shim| rouse(&shim)) {
            return None;
        }
        match end(self.run.place.path(), &self.run.id, mode).await {
            Ok(Attached::Finished(mut outcome)) => {
                outcome.started_at_ms = outcome.started_at_ms.or(Some(self.run.started_at_ms));
                Some(outcome)
            }
            // It can be asked again: the request that it has not read, or the next one.
            Ok(Attached::Running(_) | Attached::Lost(_)) => None,
            Err(error) => {
                self.tell(Some(error.to_string()));
                None
            }
        }
    }

    /// The shim as a process, if that still is who has its number.
    fn shim(&self) -> Option<Process> {
        let pid = self.run.shim.pid()?;
        let shim = Process::find(pid)?;
        self.run.place.is_where(pid).ok()?.then_some(shim)
    }

    async fn pass_on(&mut self, connection: &mut Connection, mode: StopMode) {
        let request = match mode {
            StopMode::Graceful => Request::Stop,
            StopMode::Kill => Request::Kill,
        };
        // The broken connection shows in the next read; the request waits for the next one.
        let sent = connection.send(request).await.is_ok();
        if let Some(asked) = &mut self.asked {
            asked.sent = sent;
        }
    }

    /// Has the run stand still or go on, as was asked for last. A broken connection shows in the next read.
    async fn suspend(&mut self, connection: &mut Connection, anew: bool) {
        let wanted = *self.ends.suspended.borrow_and_update();
        if !self.run.suspends {
            let why = "it does not stand still: the version that has started it does not know how";
            return self.tell(wanted.then(|| why.to_owned()));
        }
        if wanted == self.run.suspended && !anew {
            return;
        }
        (self.run.suspended, self.unanswered) = (wanted, self.unanswered + 1);
        connection.send(if wanted { Request::Suspend } else { Request::Resume }).await.ok();
    }

    fn ring(&self, log_bytes: u64) {
        self.ends.log_bytes.send_if_modified(|last| std::mem::replace(last, log_bytes) != log_bytes);
    }

    /// The end by the exit record; `None` where there is none, or no folder any more.
    fn recorded(&self) -> Result<Option<RunOutcome>, AttachError> {
        let Some(dir) = self.run.place.open()? else { return Ok(None) };
        let record = dir.record(&self.run.id);
        let record =
            record.map_err(|source| AttachError::ExitRecord { path: dir.path().to_owned(), source })?;
        Ok(record.as_ref().and_then(RunOutcome::from_record))
    }

    async fn lost(&self) -> RunOutcome {
        match sweep(&self.run.id).await {
            Ok(ended) => {
                tracing::warn!(run = %self.run.id, ended, "the shim is gone; its processes were ended")
            }
            Err(error) => tracing::warn!(run = %self.run.id, %error, "the shim is gone"),
        }
        let reason = match self.run.place.open() {
            Ok(None) => LostReason::FolderGone,
            _ => LostReason::ShimGone,
        };
        RunOutcome {
            started_at_ms: Some(self.run.started_at_ms),
            duration: self.began.elapsed(),
            ..RunOutcome::lost(reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_dir::RunDir;
    use solti_model::TaskId;
    use solti_shim::control::REQUEST_LEN;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::UnixStream;

    /// A run that is followed, whose processes stand still, and the shim's side of the connection.
    async fn standing_still(dir: &std::path::Path) -> (RunHandle, UnixStream) {
        let place = RunDir::create(&dir.join("1")).expect("a run folder").place().expect("its place");
        let task = TaskId::new("t").expect("legal");
        let (handle, watch) = watch(Watched {
            place,
            id: RunId::new(task, 1),
            shim: ShimProcess::Other { pid: std::process::id() },
            child_pid: 1,
            started_at_ms: 1,
            unenforced: Unenforced::default(),
            suspends: true,
            suspended: true,
        });
        let (ours, shim) = UnixStream::pair().expect("a socket");
        tokio::spawn(watch.follow(Some(Connection::over(ours))));
        (handle, shim)
    }

    async fn heard(shim: &mut UnixStream) -> Request {
        let mut bytes = [0; REQUEST_LEN];
        shim.read_exact(&mut bytes).await.expect("a request");
        Request::decode(&bytes).expect("legal")
    }

    fn status(suspended: bool) -> Reply {
        let (shim_pid, child_pid, started_at_ms) = (1, 1, 1);
        Reply::Status { shim_pid, child_pid, started_at_ms, stopping: false, suspends: true, suspended }
    }

    #[tokio::test]
    async fn what_stands_still_does_so_until_somebody_says_otherwise() {
        let dir = tempfile::tempdir().expect("a folder");
        let (handle, mut shim) = standing_still(dir.path()).await;
        let controller = handle.controller();
        // As after a restart of the app: first nobody has said anything, then what is stored.
        tokio::task::yield_now().await;
        controller.ask_suspended(true).carry_out();
        controller.stop(StopMode::Graceful).await;
        assert_eq!(heard(&mut shim).await, Request::Stop, "before that it hears nothing");
    }

    #[tokio::test]
    async fn what_was_asked_for_last_holds_however_late_the_answers_come() {
        let dir = tempfile::tempdir().expect("a folder");
        let (handle, mut shim) = standing_still(dir.path()).await;
        let controller = handle.controller();
        controller.ask_suspended(false).carry_out();
        assert_eq!(heard(&mut shim).await, Request::Resume);
        // Its answer has not come yet.
        controller.ask_suspended(true).carry_out();
        assert_eq!(heard(&mut shim).await, Request::Suspend);
        for suspended in [false, true] {
            shim.write_all(&status(suspended).encode()).await.expect("taken");
        }
        let (first, second) = (controller.ask_suspended(true), controller.ask_suspended(false));
        second.carry_out();
        assert_eq!(heard(&mut shim).await, Request::Resume);
        // Stored later than what was asked for after it.
        first.carry_out();
        controller.stop(StopMode::Kill).await;
        assert_eq!(heard(&mut shim).await, Request::Kill);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shim_that_was_stopped_is_told_of_and_goes_on() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = RunDir::create(&dir.path().join("1")).expect("a run folder").place().expect("its place");
        let mut child =
            std::process::Command::new("sleep").arg("600").current_dir(place.path()).spawn().expect("sleep");
        let shim = Process::find(child.id()).expect("it is there");
        let until = async |still: bool| {
            while stands_still(&shim) != still {
                tokio::task::spawn_blocking(std::thread::yield_now).await.expect("no panic");
            }
        };
        assert!(shim.signal(libc::SIGSTOP).expect("allowed"));
        solti_testing::within("its stop", until(true)).await;
        let run = Watched {
            place,
            id: RunId::new(TaskId::new("t").expect("legal"), 1),
            shim: ShimProcess::Other { pid: child.id() },
            child_pid: 1,
            started_at_ms: 1,
            unenforced: Unenforced::default(),
            suspends: true,
            suspended: false,
        };
        let (handle, watch) = watch(run);
        let (ours, _shim) = UnixStream::pair().expect("a socket");
        tokio::spawn(watch.follow(Some(Connection::over(ours))));
        let mut trouble = handle.trouble();
        let told = trouble.wait_for(Option::is_some).await.expect("it is followed").clone();
        assert_eq!(told.as_deref(), Some("the supervising process was stopped"));
        assert!(!stands_still(&shim), "it was let go on");
        trouble.wait_for(Option::is_none).await.expect("it is followed");
        child.kill().expect("killed");
        child.wait().expect("reaped");
    }
}
