//! Which window shows which logs.

use super::{
    label,
    spare::{SpareWindow, Taken},
};
use futures::stream::{Stream, StreamExt, empty};
use solti_machines::Machine;
use solti_model::RunId;
use std::{
    collections::HashMap,
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

/// What each log window shows, by label.
#[derive(Default)]
pub struct LogWindows(Mutex<WindowTable>);

#[derive(Default)]
struct WindowTable {
    next: u32,
    by_label: HashMap<String, Shown>,
}

/// Where logs are shown that were asked for.
pub enum Place {
    /// A window has them already, and is asked for the row.
    There(String),
    Spare(Taken),
    /// One that has to be made, of this label.
    New(String),
}

struct Shown {
    /// Whose logs they are, whatever the main window turns to.
    machine: Machine,
    /// One log, or several as one; of a task whose attempts are followed, attempt 0.
    logs: Vec<RunId>,
    /// The row that was asked for last since the window was opened.
    jump: watch::Sender<Option<u64>>,
}

impl LogWindows {
    fn table(&self) -> MutexGuard<'_, WindowTable> {
        // Nothing panics while holding it; if something did, the table is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The window for these logs; the spare one is taken where none has them.
    pub fn place(&self, machine: &Machine, logs: &[RunId], row: Option<u64>, spare: &SpareWindow) -> Place {
        let mut table = self.table();
        let shows = |shown: &Shown| shown.machine == *machine && shown.logs == logs;
        if let Some((label, shown)) = table.by_label.iter().find(|(_, shown)| shows(shown)) {
            if row.is_some() {
                shown.jump.send_replace(row);
            }
            return Place::There(label.clone());
        }
        let place = spare.take().map_or_else(|| Place::New(table.new_label()), Place::Spare);
        let shown = Shown { machine: machine.clone(), logs: logs.to_vec(), jump: watch::Sender::new(None) };
        table.by_label.insert(place.label().to_owned(), shown);
        place
    }

    /// Whether a window of this label shows logs.
    pub fn has(&self, label: &str) -> bool {
        self.table().by_label.contains_key(label)
    }

    /// A label that no window has had.
    pub fn new_label(&self) -> String {
        self.table().new_label()
    }

    pub fn forget(&self, label: &str) {
        self.table().by_label.remove(label);
    }

    /// The rows that this window is asked for from its opening on; the last one when several came unseen.
    pub fn jumps(&self, label: &str) -> impl Stream<Item = u64> + Send + use<> {
        let asked = self.table().by_label.get(label).map(|shown| shown.jump.subscribe());
        match asked {
            // What came before the page listened counts too.
            Some(asked) => WatchStream::new(asked).filter_map(ready).boxed(),
            None => empty().boxed(),
        }
    }
}

impl WindowTable {
    fn new_label(&mut self) -> String {
        self.next += 1;
        label::of_log(self.next)
    }
}

impl Place {
    pub fn label(&self) -> &str {
        match self {
            Self::There(label) | Self::New(label) => label,
            Self::Spare(taken) => taken.label(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::TaskId;

    const HERE: Machine = Machine::Here;

    fn log(attempt: u32) -> Vec<RunId> {
        vec![RunId::new(TaskId::new("t").expect("legal"), attempt)]
    }

    /// The label of the window for these logs, and whether it has to be made.
    fn place_of(windows: &LogWindows, machine: &Machine, logs: &[RunId], row: Option<u64>) -> (String, bool) {
        let place = windows.place(machine, logs, row, &SpareWindow::default());
        (place.label().to_owned(), matches!(place, Place::New(_)))
    }

    #[test]
    fn a_log_has_one_window() {
        let windows = LogWindows::default();
        let (first, new) = place_of(&windows, &HERE, &log(1), None);
        assert!(new);
        assert_eq!(place_of(&windows, &HERE, &log(1), None), (first.clone(), false));
        assert_ne!(place_of(&windows, &HERE, &log(2), None).0, first);
        assert_ne!(place_of(&windows, &HERE, &[log(1), log(2)].concat(), None).0, first);
        let there = Machine::Named("build".into());
        assert_ne!(place_of(&windows, &there, &log(1), None).0, first, "two machines share a window");
        windows.forget(&first);
        assert!(place_of(&windows, &HERE, &log(1), None).1, "a closed window is still taken for open");
    }

    #[tokio::test]
    async fn a_window_hears_of_the_row_that_was_asked_for_last() {
        let windows = LogWindows::default();
        let (label, _) = place_of(&windows, &HERE, &log(1), Some(3));
        place_of(&windows, &HERE, &log(1), Some(5));
        place_of(&windows, &HERE, &log(1), None);
        let mut jumps = windows.jumps(&label);
        // The first row is in the page's address.
        assert_eq!(jumps.next().await, Some(5));
        place_of(&windows, &HERE, &log(1), Some(9));
        assert_eq!(jumps.next().await, Some(9));
        windows.forget(&label);
        assert_eq!(jumps.next().await, None);
    }
}
