//! How a machine is, kept current while windows are on it, and as their pages are told. Streams notice that a connection is
//! lost; here it is tried until it is there again, also when no stream could be opened at all.

use super::{Machine, Machines};
use crate::events::Frame;
use futures::stream::{BoxStream, StreamExt, unfold};
use serde::Serialize;
use solti_api::operations::{GetSummary, Operations as _};
use solti_http::{HttpClient, Reachability};
use solti_model::Connection;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tauri::async_runtime::{JoinHandle, spawn};
use tokio::{
    select,
    sync::{Notify, watch},
    time::sleep,
};

/// Before the first try again, and at most between two.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// How a machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Reach {
    /// No window is on it, and nobody knows.
    Idle,
    Connecting,
    Reached,
    Lost {
        /// A sentence.
        problem: String,
    },
}

/// Looks after one client until it is dropped.
pub(super) struct Watched {
    reach: Arc<Mutex<Reach>>,
    again: Arc<Notify>,
    watching: JoinHandle<()>,
}

impl Watched {
    pub(super) fn start(client: HttpClient, news: watch::Sender<u64>) -> Self {
        let (reach, again) = (Arc::new(Mutex::new(Reach::Connecting)), Arc::new(Notify::new()));
        let (told, woken) = (Arc::clone(&reach), Arc::clone(&again));
        let watching = spawn(async move {
            let tell = |now: Reach| {
                let mut reach = told.lock().unwrap_or_else(PoisonError::into_inner);
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

    pub(super) fn reach(&self) -> Reach {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends a pause between two tries.
    pub(super) fn try_now(&self) {
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
        let mut pause = PAUSES.0;
        // That somebody answers is not enough: it may be one that does not take the token.
        while let Err(refused) = client.ask(GetSummary {}).await {
            tell(Reach::Lost { problem: refused.to_string() });
            select! {
                () = sleep(pause) => {}
                () = again.notified() => {}
            }
            pause = (pause * 2).min(PAUSES.1);
        }
        tell(Reach::Reached);
        let lost = reachability.wait_for(|now| matches!(now, Reachability::Lost(_))).await;
        match lost.as_deref() {
            Ok(Reachability::Lost(problem)) => tell(Reach::Lost { problem: problem.clone() }),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// One machine beside this one, as a page is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldMachine {
    #[serde(flatten)]
    connection: Connection,
    has_token: bool,
    reach: Reach,
    /// Another number is another client: what was opened with the one before is to be opened again.
    link: u64,
}

/// What a window is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToldMachines {
    chosen: Machine,
    /// The machine that this window is on is none of the connections any more.
    removed: bool,
    machines: Vec<ToldMachine>,
}

impl Machines {
    /// The machines as a window sees them, now and after every change.
    pub fn watch(self: &Arc<Self>, window: &str) -> BoxStream<'static, ToldMachines> {
        let (machines, window) = (Arc::clone(self), window.to_owned());
        let mut news = self.news.subscribe();
        news.mark_changed();
        unfold((machines, window, news), |(machines, window, mut news)| async move {
            news.changed().await.ok()?;
            let told = machines.told(&window);
            Some((told, (machines, window, news)))
        })
        .boxed()
    }

    fn told(&self, window: &str) -> ToldMachines {
        let table = self.table();
        let machines = self.settings.settings().connections.into_iter().map(|connection| {
            let link = table.links.get(&connection.name);
            ToldMachine {
                has_token: self.tokens.of(&connection).is_ok_and(|token| token.is_some()),
                reach: link.map_or(Reach::Idle, |link| link.watched.reach()),
                link: link.map_or(0, |link| link.number),
                connection,
            }
        });
        let seat = table.seats.get(window);
        ToldMachines {
            chosen: seat.map(|seat| seat.name.clone()).into(),
            removed: seat.is_some_and(|seat| seat.removed),
            machines: machines.collect(),
        }
    }
}

/// One message about the machines.
#[derive(Debug, Serialize)]
pub struct MachinesFrame {
    frame: u64,
    #[serde(flatten)]
    told: ToldMachines,
}

impl Frame for MachinesFrame {
    type Item = ToldMachines;

    fn first(told: ToldMachines) -> Self {
        Self { frame: 0, told }
    }

    fn fold(&mut self, told: ToldMachines) {
        self.told = told;
    }

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}
