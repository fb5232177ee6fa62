//! What a window is told of the machines.

use crate::machine::Machine;
use crate::machines::{LookAtAll, Machines};
use crate::watched::{Reach, Watched};
use serde::Serialize;
use solti_model::Connection;
use std::sync::Arc;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};
use ts_rs::TS;

/// One machine beside this one: its connection, and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListedMachine {
    #[serde(flatten)]
    connection: Connection,
    has_token: bool,
    reach: Reach,
    /// Another number is another client: what was opened with the one before is to be opened again.
    #[ts(type = "number")]
    link: u64,
}

/// The machines, as one window sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MachineList {
    /// The machine that this window is on; null is this one.
    #[ts(type = "string | null")]
    chosen: Machine,
    /// The machine that this window is on is none of the connections any more.
    removed: bool,
    /// How this machine is: whether its engine answers.
    here: Reach,
    machines: Vec<ListedMachine>,
}

impl Machines {
    /// The machines as a window sees them, now and after every change.
    pub fn watch(self: &Arc<Self>, window: &str) -> impl Stream<Item = MachineList> + Send + Unpin + use<> {
        let (machines, window) = (Arc::clone(self), window.to_owned());
        WatchStream::new(self.news.subscribe()).map(move |_| machines.reported(&window))
    }

    /// As [`Self::watch`]; and as long as somebody reads it, each machine is reached, or tried, whichever a window is on.
    pub fn watch_all(
        self: &Arc<Self>,
        window: &str,
    ) -> impl Stream<Item = MachineList> + Send + Unpin + use<> {
        let looking = LookAtAll::of(self);
        self.watch(window).map(move |reported| {
            let _lasts_as_long = &looking;
            reported
        })
    }

    fn reported(&self, window: &str) -> MachineList {
        let table = self.table();
        let machines = self.settings.settings().connections.into_iter().map(|connection| {
            let link = table.links.get(&connection.name);
            ListedMachine {
                has_token: self.tokens.of(&connection).is_ok_and(|token| token.is_some()),
                reach: match (link, table.untried.get(&connection.name)) {
                    (Some(link), _) => link.watched.reach(),
                    (None, Some(problem)) => Reach::Lost { problem: problem.clone(), heard: None },
                    (None, None) => Reach::Idle,
                },
                link: link.map_or(0, |link| link.number),
                connection,
            }
        });
        let seat = table.seats.get(window);
        MachineList {
            chosen: seat.map(|seat| seat.name.clone()).into(),
            removed: seat.is_some_and(|seat| seat.removed),
            here: self.here_watched.get().map_or(Reach::Reached, Watched::reach),
            machines: machines.collect(),
        }
    }
}
