//! The life of a run after its start: one loop over pipes, leader, signals, clients and timers, then the last record.
//!
//! Each concern keeps its own state and says when it is due; this file only connects them and decides when the run
//! is over.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use solti_logstore::Stream;
use solti_shim::control::{Reply, Request};
use solti_shim::exit_record::{EndFlags, ExitRecord, LeaderStatus, RunEnd};
use solti_shim::launch::{self, LaunchSpec};
use solti_shim::start_report::StartReport;

use crate::after_main::AfterMain;
use crate::child::{self, Leader};
use crate::cleanup::Cleanup;
use crate::clients::Clients;
use crate::clock::{Clock, Deadline};
use crate::ending::{Cause, Ending, SWEEP_FOR};
use crate::fence::{Fence, Word};
use crate::output::Output;
use crate::record::RecordFile;
use crate::sys;

/// Poll slots before those of the clients.
const OWN_SLOTS: usize = 4;
/// How long output is still read that somebody holds open once nobody of the run is left to be ended.
const DRAIN: Duration = Duration::from_secs(1);

/// What `start` hands over.
#[derive(Debug)]
pub struct Started {
    pub dir: File,
    pub signals: OwnedFd,
    pub clock: Clock,
    pub began: Instant,
    pub record: RecordFile,
    pub spec: LaunchSpec,
    pub leader: Leader,
    pub output: Output,
    pub clients: Clients,
}

/// When the leader ended.
#[derive(Debug, Clone, Copy)]
struct LeaderEnd {
    at: Instant,
    at_ms: u64,
}

#[derive(Debug)]
pub struct Run {
    own: Started,
    timeout_at: Option<Deadline>,
    /// Since its processes stand still: what was left of its timeout.
    suspended: Option<Option<Duration>>,
    leader_end: Option<LeaderEnd>,
    /// Since the leader has ended by itself.
    after_main: Option<AfterMain>,
    ending: Option<Ending>,
    /// When output is read no longer; known once the tree has been ended.
    drain_until: Option<Instant>,
    /// Of a job of a cluster.
    fence: Option<Fence>,
}

impl Run {
    pub fn new(own: Started) -> Self {
        let timeout_at = own.spec.timeout_ms.and_then(|ms| Deadline::after(ms, own.began.elapsed()));
        let fence = own.spec.cluster.then(|| Fence::new(own.began));
        Self {
            own,
            timeout_at,
            suspended: None,
            leader_end: None,
            after_main: None,
            ending: None,
            drain_until: None,
            fence,
        }
    }

    pub fn report(&self) -> StartReport {
        let ExitRecord { shim_pid, child_pid, started_at_ms, .. } = *self.own.record.record();
        let unenforced = self.own.leader.unenforced();
        StartReport::Started { shim_pid, child_pid, started_at_ms, unenforced }
    }

    /// Runs until the end is recorded, and returns what to exit with: 1 when it could not be made durable, in a cluster else what the
    /// leader has.
    pub fn go(mut self) -> u8 {
        let mut slots = Vec::with_capacity(OWN_SLOTS + 4);
        loop {
            let now = Instant::now();
            self.run_timers(now);
            if self.is_over(now) {
                return self.finish();
            }
            // One moment for both: a pipe that is left out of the list is waited for by the clock.
            self.fill(&mut slots, now);
            sys::poll(&mut slots, self.due(now).map(|at| at.saturating_duration_since(Instant::now())));
            self.handle(&slots);
        }
    }

    fn fill(&self, slots: &mut Vec<libc::pollfd>, now: Instant) {
        slots.clear();
        slots.push(sys::poll_slot(self.own.output.poll_fd(Stream::Stdout, now), libc::POLLIN));
        slots.push(sys::poll_slot(self.own.output.poll_fd(Stream::Stderr, now), libc::POLLIN));
        slots.push(sys::poll_slot(self.own.signals.as_raw_fd(), libc::POLLIN));
        slots.push(sys::poll_slot(self.own.leader.poll_fd(), libc::POLLIN));
        debug_assert_eq!(slots.len(), OWN_SLOTS);
        self.own.clients.add_slots(slots);
    }

    fn handle(&mut self, slots: &[libc::pollfd]) {
        let ready = |slot: usize| slots.get(slot).is_some_and(|slot| slot.revents != 0);
        let now_ms = self.own.clock.now_ms();
        for stream in Stream::ALL {
            match slots.get(stream as usize).map_or(0, |slot| slot.revents) {
                0 => {}
                libc::POLLHUP => self.own.output.close(stream),
                _ => self.own.output.read(stream, now_ms),
            }
        }
        if ready(2) {
            self.take_signals();
        }
        if ready(3) {
            self.own.leader.look();
        }
        self.note_leader_end();
        let mut requests = Vec::new();
        let own = self.own.record.record();
        let (shim_pid, child_pid, started_at_ms) = (own.shim_pid, own.child_pid, own.started_at_ms);
        let ending = self.ending.is_some();
        let mut still = self.suspended.is_some();
        self.own.clients.serve(&slots[OWN_SLOTS..], self.own.output.published(), |request| match request {
            Request::Stop | Request::Kill | Request::Subscribe { .. } => {
                requests.push(request);
                Reply::Accepted
            }
            Request::Status | Request::Suspend | Request::Resume => {
                // What was accepted a moment ago counts already.
                let stopping =
                    ending || requests.iter().any(|before| matches!(before, Request::Stop | Request::Kill));
                if request != Request::Status {
                    still = request == Request::Suspend;
                    requests.push(request);
                }
                let suspended = still && !stopping;
                Reply::Status { shim_pid, child_pid, started_at_ms, stopping, suspends: true, suspended }
            }
        });
        for request in requests {
            self.obey(request);
        }
    }

    fn take_signals(&mut self) {
        while let Some(signal) = sys::next_signal(self.own.signals.as_fd()) {
            match signal {
                libc::SIGCHLD => {
                    let goes_on = self.after_main.as_ref().is_some_and(AfterMain::is_known);
                    self.own.leader.reap_orphans(goes_on);
                    let now = Instant::now();
                    match (&mut self.ending, &mut self.after_main) {
                        (Some(ending), _) => ending.notice_exit(now),
                        (None, Some(after_main)) => after_main.notice_exit(now),
                        (None, None) => {}
                    }
                }
                libc::SIGTERM | libc::SIGINT => self.end_tree(Cause::Stop),
                // A program may signal its parent, which is us, for reasons of its own.
                _ => {}
            }
        }
    }

    fn obey(&mut self, request: Request) {
        match request {
            Request::Stop => self.end_tree(Cause::Stop),
            Request::Kill => {
                self.end_tree(Cause::Stop);
                self.kill_now();
            }
            Request::Suspend => self.suspend(),
            Request::Resume => self.resume(),
            Request::Status | Request::Subscribe { .. } => {}
        }
    }

    fn suspend(&mut self) {
        if self.suspended.is_none() && self.ending.is_none() {
            self.suspended = Some(self.timeout_at.take().map(Deadline::left));
            self.own.leader.stand_still(true);
        }
    }

    fn resume(&mut self) {
        if let Some(left) = self.suspended.take() {
            self.timeout_at = left.and_then(Deadline::within);
            self.own.leader.stand_still(false);
        }
    }

    fn kill_now(&mut self) {
        if let Some(ending) = &mut self.ending {
            ending.kill(&self.own.leader, Instant::now());
        }
    }

    /// Begins to end the tree; the first cause stays.
    fn end_tree(&mut self, cause: Cause) {
        if self.ending.is_some() {
            return;
        }
        // It may have ended by itself a moment ago: then that is how the run ended, unless others go on.
        self.own.leader.look();
        self.note_leader_end();
        let was_over = self.leader_end.is_some() && {
            Stream::ALL.into_iter().for_each(|stream| self.own.output.read(stream, self.own.clock.now_ms()));
            self.own.output.at_end()
        };
        self.begin_ending((!was_over).then_some(cause));
    }

    fn begin_ending(&mut self, cause: Option<Cause>) {
        // Who stands still hears nothing.
        self.resume();
        let grace = Duration::from_millis(self.own.spec.grace_ms);
        let now = Instant::now();
        // A container's client, which passes on what the container is to hear.
        let leader_alone = self.own.spec.cleanup.is_some();
        let mut ending = Ending::begin(cause, &self.own.leader, leader_alone, grace, now);
        if self.leader_end.is_some() {
            ending.notice_exit(now);
        }
        self.ending = Some(ending);
    }

    fn note_leader_end(&mut self) {
        if self.leader_end.is_some() || self.own.leader.status().is_none() {
            return;
        }
        let now = Instant::now();
        self.leader_end = Some(LeaderEnd { at: now, at_ms: self.own.clock.now_ms() });
        match &mut self.ending {
            Some(ending) => ending.notice_exit(now),
            None => self.after_main = Some(AfterMain::begin(now)),
        }
    }

    /// Looks who keeps the run going, or ends them.
    fn look_who_is_left(&mut self, now: Instant) {
        let (Some(after_main), None) = (&mut self.after_main, &self.ending) else { return };
        if now < after_main.due() {
            return;
        }
        let holders = after_main.look(&self.own.output, now);
        if let (Some(status), false) = (self.own.leader.status(), self.own.output.at_end()) {
            self.own
                .clients
                .tell_main_ended(Reply::MainEnded { status, holders }, self.own.output.published());
        }
        if self.own.spec.after_main == launch::AfterMain::End {
            self.begin_ending(None);
        }
    }

    fn run_timers(&mut self, now: Instant) {
        if self.timeout_at.is_some_and(Deadline::is_over) {
            self.timeout_at = None;
            self.end_tree(Cause::Timeout);
        }
        match self.fence.as_mut().and_then(|fence| fence.look(&self.own.dir, now)) {
            Some(Word::Stop) => self.end_tree(Cause::Stop),
            Some(Word::Kill) => {
                self.end_tree(Cause::Stop);
                self.kill_now();
            }
            None => {}
        }
        self.look_who_is_left(now);
        if let Some(ending) = &mut self.ending {
            ending.proceed(&self.own.leader, now);
            if ending.is_done() && self.drain_until.is_none() {
                self.drain_until = Some(now + DRAIN);
            }
        }
        self.own.output.tend(now, self.own.clock.now_ms());
        let published = self.own.output.published();
        if self.own.spec.limits.output_bytes.is_some_and(|most| published > most) {
            self.end_tree(Cause::OutputLimit);
            self.kill_now();
        }
        self.own.clients.ring(published, now);
        self.own.clients.open_door(now);
    }

    fn due(&self, now: Instant) -> Option<Instant> {
        [
            self.timeout_at.map(|at| at.look_at(now)),
            self.ending.as_ref().and_then(Ending::due),
            self.after_main.as_ref().filter(|_| self.ending.is_none()).map(AfterMain::due),
            self.drain_until,
            self.fence.as_ref().map(Fence::due),
            self.own.output.due(now),
            self.own.clients.due(self.own.output.published()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn is_over(&self, now: Instant) -> bool {
        match (&self.ending, self.leader_end) {
            (Some(ending), _) if !ending.is_done() => false,
            (Some(_), _) => self.own.output.at_end() || self.drain_until.is_none_or(|until| until <= now),
            (None, Some(_)) if self.own.output.at_end() => match self.own.spec.after_main {
                launch::AfterMain::Wait => true,
                launch::AfterMain::End => !self.own.leader.has_company(),
            },
            (None, _) => false,
        }
    }

    fn finish(self) -> u8 {
        let Self { mut own, leader_end, after_main, ending, .. } = self;
        own.output.read_rest(own.clock.now_ms());
        let drain_cut = !own.output.at_end();
        let log = own.output.finish(own.clock.now_ms());

        let now = || LeaderEnd { at: Instant::now(), at_ms: own.clock.now_ms() };
        let ended =
            leader_end.filter(|_| !after_main.is_some_and(|after| after.is_known())).unwrap_or_else(now);
        let status = own.leader.status();
        let end = match (ending.as_ref().and_then(Ending::cause), status) {
            (Some(Cause::Timeout), status) => RunEnd::TimedOut(status),
            (Some(Cause::OutputLimit), status) => RunEnd::OverOutputLimit(status),
            (None, Some(status)) => RunEnd::Ended(status),
            (Some(Cause::Stop) | None, status) => RunEnd::Stopped(status),
        };
        let (usage, oom_killed) = own.leader.finish();
        let by_itself = matches!(end, RunEnd::Ended(_));
        let cleanup = Cleanup::of(&own.spec);
        if let (Some(cleanup), false) = (&cleanup, by_itself) {
            cleanup.wait_for();
        }
        // What was frozen from without dies of its KILL once a cleanup has let it go.
        let survivors = ending.as_ref().is_some_and(Ending::survivors)
            && (cleanup.is_none() || !child::all_end_within(SWEEP_FOR));
        let flags = EndFlags {
            oom_killed,
            drain_cut,
            killed_after_grace: ending.as_ref().is_some_and(Ending::killed_after_grace),
            survivors,
            log_incomplete: log.incomplete,
        };
        let duration = u64::try_from(ended.at.duration_since(own.began).as_micros()).unwrap_or(u64::MAX);
        fail_point!("run-over");
        let recorded = own.record.finish(end, ended.at_ms, duration, flags, Some(usage)).is_ok();
        fail_point!("exit-recorded");
        // Who listens stores the end in a database of its own, with a flush of its own: a second one here would only make
        // it wait. A power cut before that is done takes an end away that nobody has been told of, and the run counts as
        // lost at the reboot; the death of the listener takes nothing away, as the record is written.
        let reported = own.clients.exited(own.dir.as_fd(), log.bytes);
        let durable = recorded && (reported || own.record.sync().is_ok());
        if let (Some(cleanup), true) = (cleanup, by_itself)
            && !cleanup.is_left_after(status)
        {
            cleanup.become_it();
        }
        match status {
            _ if !durable => 1,
            Some(status) if own.spec.cluster => shell_code(status),
            _ => 0,
        }
    }
}

/// As a shell has it, 128 and the signal's number where one has ended it.
fn shell_code(status: LeaderStatus) -> u8 {
    let code = match status {
        LeaderStatus::Code(code) => code,
        LeaderStatus::Signal(signal) => 128 + signal,
    };
    u8::try_from(code).unwrap_or(1)
}
