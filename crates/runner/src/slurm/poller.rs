//! One look at the cluster for all runs that are followed: however many there are, its controller is asked once a second at most, and less
//! often while none of them waits for a node. Nobody follows, nobody asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::client::Client;
use super::job::{Job, JobState};

/// Between two looks.
const SOONEST: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_secs(10);

/// What the last look has shown.
#[derive(Debug, Clone)]
pub(super) enum Look {
    NotYet,
    Jobs(Arc<HashMap<String, Job>>),
    /// Nothing, for this reason, in a sentence.
    Failed(String),
}

#[derive(Debug)]
pub(super) struct Poller {
    client: Client,
    looks: watch::Sender<Look>,
    /// Somebody wants a look sooner.
    wake: Notify,
    is_running: Mutex<bool>,
}

impl Poller {
    pub(super) fn new(client: Client) -> Arc<Self> {
        let looks = watch::Sender::new(Look::NotYet);
        Arc::new(Self { client, looks, wake: Notify::new(), is_running: Mutex::new(false) })
    }

    /// For somebody who follows a job; it ends when that is dropped.
    pub(super) fn follow(self: &Arc<Self>) -> watch::Receiver<Look> {
        let looks = self.looks.subscribe();
        // Nothing panics while holding it.
        let mut is_running = self.is_running.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *is_running, true) {
            tokio::spawn(Arc::clone(self).run());
        }
        drop(is_running);
        self.soon();
        looks
    }

    /// Something of ours has changed: the next look is due.
    pub(super) fn soon(&self) {
        self.wake.notify_one();
    }

    async fn run(self: Arc<Self>) {
        let mut rest = SOONEST;
        loop {
            let began = Instant::now();
            let look = match self.client.jobs().await {
                Ok(jobs) => Look::Jobs(Arc::new(jobs)),
                Err(why) => Look::Failed(why),
            };
            rest = rest_after(&look, rest);
            self.looks.send_replace(look);
            tokio::select! {
                () = sleep(rest) => {}
                () = self.wake.notified() => {
                    rest = SOONEST;
                    sleep_until(began + SOONEST).await;
                }
            }
            let mut is_running = self.is_running.lock().unwrap_or_else(PoisonError::into_inner);
            if self.looks.receiver_count() == 0 {
                // What is known then is old when somebody follows again.
                self.looks.send_replace(Look::NotYet);
                *is_running = false;
                return;
            }
        }
    }
}

/// While a job of ours waits, its start is waited for; of those that run the shared folder tells.
fn rest_after(look: &Look, rest: Duration) -> Duration {
    let waits = |job: &Job| job.state == JobState::Pending;
    match look {
        Look::Jobs(jobs) if jobs.iter().any(|(name, job)| name.starts_with("solti-") && waits(job)) => {
            SOONEST
        }
        _ => (rest * 2).min(LATEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_once_a_second_only_while_something_of_ours_waits() {
        let look = |name: &str, state| {
            Look::Jobs(Arc::new(HashMap::from([(name.to_owned(), Job { state, ..Job::default() })])))
        };
        assert_eq!(rest_after(&look("solti-a-1", JobState::Pending), LATEST), SOONEST);
        for quiet in [
            look("solti-a-1", JobState::Running),
            look("somebody-elses", JobState::Pending),
            Look::Jobs(Arc::default()),
            Look::Failed("away".into()),
        ] {
            let mut rest = SOONEST;
            for _ in 0..5 {
                rest = rest_after(&quiet, rest);
            }
            assert_eq!(rest, LATEST, "{quiet:?}");
        }
    }
}
