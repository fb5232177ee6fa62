//! What a person is asked before the last window closes, and whether the app goes on without one.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use ts_rs::TS;

/// The question that is open, if one is, and whether the app goes on without a window.
#[derive(Default)]
pub struct CloseGate {
    asked: watch::Sender<Option<CloseQuestion>>,
    resident: AtomicBool,
}

/// The tasks there are as the last window is about to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub struct CloseQuestion {
    #[ts(type = "number")]
    pub running: u64,
    #[ts(type = "number")]
    pub waiting: u64,
    pub leads: Leads,
}

/// What follows when tasks are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Leads {
    /// The app goes on in the tray, and waiting tasks start.
    ToTray,
    /// It ends, and waiting tasks wait.
    ToEnd,
}

impl CloseQuestion {
    /// Whether it matters to a task what becomes of the app.
    pub fn matters(&self) -> bool {
        self.running > 0 || (self.waiting > 0 && self.leads == Leads::ToTray)
    }
}

/// What the person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CloseAnswer {
    Cancel,
    Background,
    StopAll,
}

impl CloseGate {
    /// What the page is asked: the tasks there are, or `None` when there is no question any more.
    pub fn questions(&self) -> WatchStream<Option<CloseQuestion>> {
        WatchStream::new(self.asked.subscribe())
    }

    /// Puts the question, unless it is owed an answer already: then this is the answer.
    pub fn ask(&self, question: CloseQuestion) -> bool {
        self.asked.send_if_modified(|asked| {
            let free = asked.is_none();
            if free {
                *asked = Some(question);
            }
            free
        })
    }

    /// Whether a page hears what is asked.
    pub fn is_heard(&self) -> bool {
        self.asked.receiver_count() > 0
    }

    pub fn open(&self) -> Option<CloseQuestion> {
        *self.asked.borrow()
    }

    pub fn withdraw(&self) {
        self.asked.send_if_modified(|asked| asked.take().is_some());
    }

    pub fn set_resident(&self, resident: bool) {
        self.resident.store(resident, Ordering::Relaxed);
    }

    /// Whether the app goes on although its last window is gone.
    pub fn is_resident(&self) -> bool {
        self.resident.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_stream::StreamExt as _;

    const QUESTION: CloseQuestion = CloseQuestion { running: 2, waiting: 1, leads: Leads::ToEnd };

    #[tokio::test]
    async fn the_page_is_asked_once_and_may_withdraw() {
        let gate = CloseGate::default();
        assert!(!gate.is_heard(), "nobody is there");
        let mut questions = gate.questions();
        assert!(gate.is_heard());
        assert_eq!(questions.next().await, Some(None));
        assert!(gate.ask(QUESTION));
        assert_eq!(questions.next().await, Some(Some(QUESTION)));
        assert!(!gate.ask(QUESTION), "a second close without an answer is the answer");
        assert_eq!(gate.open(), Some(QUESTION));
        gate.withdraw();
        assert_eq!(questions.next().await, Some(None));
        assert!(gate.ask(QUESTION));
    }

    #[tokio::test]
    async fn a_page_that_comes_later_hears_the_open_question() {
        let gate = CloseGate::default();
        assert!(gate.ask(QUESTION));
        assert_eq!(gate.questions().next().await, Some(Some(QUESTION)));
    }

    #[test]
    fn waiting_tasks_matter_where_the_app_would_start_them() {
        let busy = |running, waiting, leads| CloseQuestion { running, waiting, leads }.matters();
        assert!(busy(1, 0, Leads::ToEnd) && busy(1, 0, Leads::ToTray));
        assert!(busy(0, 1, Leads::ToTray) && !busy(0, 1, Leads::ToEnd));
        assert!(!busy(0, 0, Leads::ToTray));
    }
}
