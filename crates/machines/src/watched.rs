//! How a machine is, kept current while windows are on it. Streams notice that a connection is lost; here it is tried until it
//! is there again, also when no stream could be opened at all.

use serde::Serialize;
use solti_api::Pauses;
use solti_api::operations::{GetSummary, Operations as _};
use solti_http::{HttpClient, Reachability};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use ts_rs::TS;

/// Before the first try again, and at most between two.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(5));

/// How a machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Reach {
    /// No window is on it, and nobody knows.
    Idle,
    /// Nothing has come from it yet since a window is on it.
    Connecting,
    /// It answered when it was last needed.
    Reached,
    /// It does not answer; it is tried again by itself.
    Lost {
        /// A sentence.
        problem: String,
        /// When anything last came from it, in Unix milliseconds: what is shown of it is no later.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "number")]
        heard: Option<u64>,
    },
}

/// Looks after one client until it is dropped.
pub(crate) struct Watched {
    reach: Arc<Mutex<Reach>>,
    again: Arc<Notify>,
    watching: JoinHandle<()>,
}

impl Watched {
    pub(crate) fn start(client: HttpClient, news: watch::Sender<u64>, runtime: &Handle) -> Self {
        let (reach, again) = (Arc::new(Mutex::new(Reach::Connecting)), Arc::new(Notify::new()));
        let (reported, woken) = (Arc::clone(&reach), Arc::clone(&again));
        let watching = runtime.spawn(async move {
            let tell = |now: Reach| {
                let mut reach = reported.lock().unwrap_or_else(PoisonError::into_inner);
                if *reach != now {
                    *reach = now;
                    drop(reach);
                    news.send_modify(|count| *count += 1);
                }
            };
            watch(&client, &woken, tell).await;
        });
        Self { reach, again, watching }
    }

    pub(crate) fn reach(&self) -> Reach {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends a pause between two tries.
    pub(crate) fn try_now(&self) {
        self.again.notify_one();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

async fn watch(client: &HttpClient, again: &Notify, tell: impl Fn(Reach)) {
    let mut reachability = client.reachability();
    loop {
        let mut pauses = PAUSES;
        // As it was when it was lost: one that does not take the token goes on answering.
        let heard = client.heard();
        // That somebody answers is not enough: it may be one that does not take the token.
        while let Err(refused) = client.ask(GetSummary {}).await {
            tell(Reach::Lost { problem: refused.to_string(), heard });
            select! {
                () = sleep(pauses.next()) => {}
                () = again.notified() => {}
            }
        }
        tell(Reach::Reached);
        let lost = reachability.wait_for(|now| matches!(now, Reachability::Lost(_))).await;
        match lost.as_deref() {
            Ok(Reachability::Lost(problem)) => {
                tell(Reach::Lost { problem: problem.clone(), heard: client.heard() });
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}
