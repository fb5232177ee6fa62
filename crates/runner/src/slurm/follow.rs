//! Follows one run to its end, by the cluster's word and by what its shim leaves in the shared folder. Nothing is an end but a final
//! record, or a job that is over without one; who cannot be asked says nothing.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use solti_model::{FieldError, RunId};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::client::{Accounts, Client};
use super::folder::{self, FolderLook};
use super::job::{Job, JobEnd, JobState};
use super::poller::{Look, Poller};
use super::threads::{FOLDER_WITHIN, NO_ANSWER, Threads};
use super::verdict::{Sight, Told, Verdict, meant, verdict};
use super::words::{end_words, waiting_words};
use crate::clock::now_ms;
use crate::handle::RunEnds;
use crate::{
    AttachError, ClusterEnd, ClusterWait, EndFlags, LostReason, Place, RunEnd, RunOutcome, Standing,
    StartFailure, StopMode,
};

/// Between two looks at the folder of a run that has its node.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// The same while it waits for one, and the cluster can be asked.
const WHILE_WAITING: Duration = Duration::from_secs(30);
/// The cluster says where a run is within a second of being asked.
const PLACE_WITHIN: Duration = Duration::from_secs(5);
/// Accounts are written a while after what they are about.
const ACCOUNTED_WITHIN: Duration = Duration::from_secs(15);
/// After its grace, for the shim to record the end.
const TO_RECORD: Duration = Duration::from_secs(15);

/// A run to be followed.
#[derive(Debug)]
pub(super) struct Followed {
    pub run: RunId,
    pub name: String,
    /// As this machine names it.
    pub run_dir: PathBuf,
    pub grace: Duration,
    /// As far as it is known: its number, or all of it.
    pub job: Job,
}

#[derive(Debug)]
struct Asked {
    mode: StopMode,
    at: Instant,
    /// The cluster has heard it.
    heard: bool,
    /// It was taken away after its grace.
    hard: bool,
}

/// A look at the folder, which may hang.
type Looking = JoinHandle<io::Result<Result<FolderLook, AttachError>>>;

#[derive(Debug)]
pub(super) struct Follow {
    followed: Followed,
    client: Client,
    poller: Arc<Poller>,
    threads: Threads,
    looks: watch::Receiver<Look>,
    ends: RunEnds,
    standing: watch::Sender<Standing>,
    job: Job,
    sight: Sight,
    told: Told,
    /// As its record has it: process and time of start; and when that was first seen.
    began: Option<(u32, u64, Instant)>,
    words: Option<String>,
    /// Since the sight or the record is as it is.
    since: Instant,
    /// Of the cluster, of the folder, and of what cannot be done.
    troubles: [Option<String>; 4],
    looking: Option<(Instant, Looking)>,
    asked: Option<Asked>,
}

impl Follow {
    pub(super) fn new(
        mut followed: Followed,
        client: Client,
        poller: Arc<Poller>,
        threads: Threads,
        ends: RunEnds,
        standing: watch::Sender<Standing>,
    ) -> Self {
        let looks = poller.follow();
        Self {
            job: std::mem::take(&mut followed.job),
            followed,
            client,
            poller,
            threads,
            looks,
            ends,
            standing,
            sight: Sight::Unknown,
            told: Told::Nothing,
            began: None,
            words: None,
            since: Instant::now(),
            troubles: Default::default(),
            looking: None,
            asked: None,
        }
    }

    pub(super) async fn run(mut self) {
        let outcome = self.until_end().await;
        let Self { ends: RunEnds { log_bytes, outcome: tell, .. }, .. } = self;
        // The log is sealed: whoever waits for the doorbell is told before the supervisor hears of the end.
        drop(log_bytes);
        // Nobody may be listening any more.
        tell.send(outcome).ok();
    }

    async fn until_end(&mut self) -> RunOutcome {
        let mut next = Instant::now();
        loop {
            tokio::select! {
                Ok(()) = self.looks.changed() => self.see(),
                Some(mode) = self.ends.requests.recv() => {
                    self.ask(mode);
                    next = Instant::now();
                }
                Ok(()) = self.ends.suspended.changed() => {
                    let wanted = *self.ends.suspended.borrow_and_update();
                    let why = "it does not stand still: a job of a cluster cannot";
                    self.trouble(2, wanted.then(|| why.to_owned()));
                }
                () = sleep_until(next) => {
                    self.look_at_folder().await;
                    let waits = self.sight == Sight::Waits && self.asked.is_none();
                    next = Instant::now() + if waits { WHILE_WAITING } else { BETWEEN_LOOKS };
                }
            }
            // A job that has just begun is not waited for until the next look that is due.
            if self.sight != Sight::Waits {
                next = next.min(Instant::now() + BETWEEN_LOOKS);
            }
            self.carry_out().await;
            if let Some(outcome) = self.judged().await {
                return outcome;
            }
        }
    }

    /// Takes in what the cluster has said last.
    fn see(&mut self) {
        let look = self.looks.borrow_and_update().clone();
        let (sight, trouble) = match look {
            Look::NotYet => return,
            Look::Failed(why) => (Sight::Unknown, Some(why)),
            Look::Jobs(jobs) => {
                let job = jobs.get(&self.followed.name);
                if job.is_some_and(|job| self.is_known(job)) {
                    return;
                }
                let sight = job.map_or(Sight::Missing, sight_of);
                self.job = job.cloned().unwrap_or(std::mem::take(&mut self.job));
                (sight, None)
            }
        };
        let stands_still = (trouble.is_none() && self.job.state == JobState::Suspended)
            .then(|| "the cluster has suspended it".to_owned());
        self.trouble(0, trouble);
        self.trouble(3, stands_still);
        self.set_sight(sight);
        self.tell_standing();
    }

    /// Whether nothing of it is news: of thousands that wait hardly one is, each second.
    fn is_known(&self, job: &Job) -> bool {
        // A start that was foreseen may be past by now.
        let foresees = job.state == JobState::Pending && job.start_ms.is_some();
        !foresees && *job == self.job && self.troubles[0].is_none() && self.sight == sight_of(job)
    }

    fn set_sight(&mut self, sight: Sight) {
        // What the accounts have said of a job that is missing holds.
        let is_settled = matches!(self.sight, Sight::Over { .. }) && sight == Sight::Missing;
        if self.sight != sight && !is_settled {
            self.sight = sight;
            self.since = Instant::now();
        }
    }

    /// Whether it can be said where it runs: its record is there before the cluster's next word as a rule.
    fn knows_place(&self) -> bool {
        let waited = self.began.is_some_and(|(.., seen)| seen.elapsed() > PLACE_WITHIN);
        !self.job.node.is_empty() || self.troubles[0].is_some() || waited
    }

    fn tell_standing(&self) {
        let Job { number, node, .. } = &self.job;
        let standing = match (self.began, &self.sight) {
            (Some((pid, started_at_ms, _)), _) if self.knows_place() => {
                let words = match &**node {
                    "" => format!("job {number}, pid {pid} on its node"),
                    node => format!("job {number} on node {node}, pid {pid} there"),
                };
                let node = Some(node.clone()).filter(|node| !node.is_empty());
                Standing::Runs(Place { started_at_ms, words, node })
            }
            (None, Sight::Waits) => {
                let (why, about) = (waiting_words(&self.job), self.job.expected_ms(now_ms()));
                Standing::Waits(ClusterWait { why, about })
            }
            (None, Sight::Runs) => {
                Standing::Waits(ClusterWait { why: format!("node {node} is starting it"), about: None })
            }
            _ => return,
        };
        self.standing.send_if_modified(|before| {
            // One that has begun does not wait again.
            let is_news = *before != standing && !matches!(before, Standing::Runs(_));
            if is_news {
                *before = standing;
            }
            is_news
        });
    }

    /// Looks at the folder without waiting for one that hangs.
    async fn look_at_folder(&mut self) {
        let (began, mut looking) = self.looking.take().unwrap_or_else(|| {
            let (dir, run) = (self.followed.run_dir.clone(), self.followed.run.clone());
            (Instant::now(), self.threads.spawn(move || folder::look(&dir, &run)))
        });
        let Ok(looked) = timeout(BETWEEN_LOOKS, &mut looking).await else {
            if began.elapsed() > FOLDER_WITHIN {
                self.trouble(1, Some(NO_ANSWER.to_owned()));
            }
            self.looking = Some((began, looking));
            return;
        };
        match looked {
            Ok(Ok(Ok(look))) => {
                self.trouble(1, None);
                self.take_in(look);
            }
            Ok(Ok(Err(error))) => self.trouble(1, Some(error.to_string())),
            // The runtime is ending.
            Ok(Err(error)) => self.trouble(1, Some(error.to_string())),
            Err(error) => self.trouble(1, Some(error.to_string())),
        }
    }

    fn take_in(&mut self, look: FolderLook) {
        let FolderLook { told, began, log_bytes, words } = look;
        self.words = words;
        self.ends.log_bytes.send_if_modified(|last| std::mem::replace(last, log_bytes) != log_bytes);
        if let (Some((pid, started_at_ms)), None) = (began, self.began) {
            self.began = Some((pid, started_at_ms, Instant::now()));
            self.poller.soon();
        }
        self.tell_standing();
        if std::mem::discriminant(&told) != std::mem::discriminant(&self.told) {
            self.since = Instant::now();
            // The cluster knows more of an end in a moment.
            if matches!(told, Told::Ended(_)) {
                self.poller.soon();
            }
        }
        self.told = told;
    }

    /// Of the cluster (0), of the folder (1), of what cannot be done (2), or that it stands still (3).
    fn trouble(&mut self, of: usize, why: Option<String>) {
        self.troubles[of] = why;
        let trouble = self.troubles.iter().flatten().next().cloned();
        self.ends.trouble.send_if_modified(|reported| {
            let is_new = *reported != trouble;
            if let (true, Some(why)) = (is_new, &trouble) {
                tracing::warn!(run = %self.followed.run, why, "the run cannot be looked at");
            }
            *reported = trouble;
            is_new
        });
    }

    fn ask(&mut self, mode: StopMode) {
        self.asked = Some(Asked { mode, at: Instant::now(), heard: false, hard: mode == StopMode::Kill });
        let dir = self.followed.run_dir.clone();
        // Reaches the shim also where the cluster is away. A folder that hangs must not keep the cluster from being asked.
        self.threads.spawn(move || {
            if let Err(error) = folder::ask_to_end(&dir, mode) {
                tracing::warn!("{} cannot be told to end by a file: {error}", dir.display());
            }
        });
    }

    /// Has the cluster hear what was asked for, until it has.
    async fn carry_out(&mut self) {
        let patience = self.followed.grace + TO_RECORD;
        let Some(asked) = &mut self.asked else { return };
        let asks = if !asked.heard {
            self.client.end(&self.followed.name, asked.mode).await.map(|()| asked.heard = true)
        } else if !asked.hard && asked.at.elapsed() > patience {
            self.client.cancel_all(&self.followed.name).await.map(|()| asked.hard = true)
        } else {
            return;
        };
        match asks {
            Ok(()) => self.poller.soon(),
            Err(why) => self.trouble(0, Some(why)),
        }
    }

    /// The end, when there is proof of one.
    async fn judged(&mut self) -> Option<RunOutcome> {
        let verdict = verdict(&self.told, &self.sight, self.since.elapsed(), self.asked.is_some());
        if self.began.is_some() && !self.knows_place() {
            return None;
        }
        let end = match verdict {
            Verdict::GoesOn => return None,
            Verdict::AskAccounts => {
                // What is not in the list may be there all the same: whoever is given up is ended.
                match self.client.numbered(&self.job.number, &self.followed.name).await {
                    Ok(None) => {}
                    Ok(Some(job)) => {
                        self.set_sight(sight_of(&job));
                        self.job = job;
                        return None;
                    }
                    Err(why) => {
                        self.trouble(0, Some(why));
                        return None;
                    }
                }
                match self.client.accounted(&self.followed.name).await {
                    Ok(Accounts::Know(job)) => {
                        self.set_sight(sight_of(&job));
                        self.job = *job;
                    }
                    Ok(Accounts::DoNot | Accounts::NotKept) => self.set_sight(Sight::Forgotten),
                    Err(why) => self.trouble(0, Some(why)),
                }
                return None;
            }
            Verdict::ByRecord => match &self.told {
                Told::Ended(outcome) => {
                    let is_known = matches!(self.sight, Sight::Over { .. });
                    return Some(as_asked(outcome.as_ref().clone(), self.asked.is_some(), is_known));
                }
                Told::Nothing | Told::Began => return None,
            },
            Verdict::ByCluster(end) => self.by_cluster(end).await?,
            Verdict::Stopped => RunEnd::Stopped { code: None, signal: None },
            Verdict::NotStarted => {
                let (node, words) = (&self.job.node, self.words.clone());
                let words = words.unwrap_or_else(|| "it may not have the shared folder".to_owned());
                let sentence = format!("node {node} could not start it: {words}");
                RunEnd::StartFailed(StartFailure::refused(FieldError::new("cluster", sentence)))
            }
            Verdict::ShimGone => RunEnd::Lost { reason: LostReason::ShimGone },
            Verdict::Lost => RunEnd::Lost { reason: LostReason::ClusterForgot },
        };
        self.fence().await;
        Some(match &self.told {
            Told::Ended(outcome) => RunOutcome { end, ..outcome.as_ref().clone() },
            Told::Nothing | Told::Began => {
                let started_at_ms = match &*self.standing.borrow() {
                    Standing::Runs(place) => Some(place.started_at_ms),
                    Standing::Waits(_) => None,
                };
                let now = now_ms();
                let lasted = started_at_ms.map_or(0, |at| now.saturating_sub(at));
                RunOutcome {
                    end,
                    started_at_ms,
                    finished_at_ms: now,
                    duration: Duration::from_millis(lasted),
                    flags: EndFlags::default(),
                    usage: None,
                }
            }
        })
    }

    /// In words; who has cancelled it the accounts know, where there are any, a moment later.
    async fn by_cluster(&self, end: JobEnd) -> Option<RunEnd> {
        let node = &self.job.node;
        let JobEnd::Cancelled { mut by } = end.clone() else { return end_words(&end, node, None) };
        if by.is_none() {
            let known = self.client.accounted(&self.followed.name).await;
            by = match &known {
                Ok(Accounts::Know(job)) => match &job.state {
                    JobState::Over(JobEnd::Cancelled { by: known }) => known.clone(),
                    _ if self.since.elapsed() < ACCOUNTED_WITHIN => return None,
                    _ => None,
                },
                Ok(Accounts::DoNot) if self.since.elapsed() < ACCOUNTED_WITHIN => return None,
                Ok(Accounts::DoNot | Accounts::NotKept) | Err(_) => None,
            };
        }
        let end = meant(end, &self.told, node, by.as_deref());
        let who = match by {
            Some(number) => Some(self.client.user_name(&number).await),
            None => None,
        };
        end_words(&end, node, who.as_deref())
    }

    /// What is believed to be over must not go on: a node that was cut off reads it when it is back.
    async fn fence(&self) {
        if matches!(self.told, Told::Ended(_)) {
            return;
        }
        let dir = self.followed.run_dir.clone();
        let put = self.threads.within(FOLDER_WITHIN, move || folder::ask_to_end(&dir, StopMode::Kill)).await;
        let (Err(why) | Ok(Err(why))) = put else { return };
        let why = why.to_string();
        tracing::warn!(run = %self.followed.run, why, "its folder cannot say that it is given up; a node may go on with it");
    }
}

fn sight_of(job: &Job) -> Sight {
    match &job.state {
        JobState::Pending => Sight::Waits,
        JobState::Running | JobState::Suspended => Sight::Runs,
        JobState::Over(end) => Sight::Over { end: end.clone(), began: !job.node.is_empty() },
    }
}

/// What was killed because we have asked for it was stopped, whoever has sent the signal. What nobody has asked to end, and the cluster
/// does not know any more, has failed: a controller that has lost a job has it ended.
fn as_asked(mut outcome: RunOutcome, asked: bool, is_known: bool) -> RunOutcome {
    outcome.end = match outcome.end {
        RunEnd::Signaled { signal } if asked => RunEnd::Stopped { code: None, signal: Some(signal) },
        RunEnd::Stopped { .. } if !asked && !is_known => {
            let why = "ended on its node by somebody else, and the cluster does not say why".to_owned();
            RunEnd::Cluster { counts_as: ClusterEnd::Failed, why }
        }
        end => end,
    };
    outcome
}
