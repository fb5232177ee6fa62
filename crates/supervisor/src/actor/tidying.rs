//! Tidying up after runs whose end is stored, on a thread of its own: a disk may take milliseconds to free a block, and
//! nobody waits for that. What is left when the app dies is tidied at its next start (`recovery`).

use crate::RunFolders;
use solti_model::TaskId;
use tokio::sync::{mpsc, oneshot};

/// Runs that may wait; with more, those that end wait for the disk after all.
const WAITING: usize = 4_096;

enum Chore {
    Tidy { id: TaskId, attempt: u32 },
    Answer(oneshot::Sender<()>),
}

/// Cheap to clone. The thread ends with the last clone.
#[derive(Clone)]
pub(crate) struct Tidying(mpsc::Sender<Chore>);

impl Tidying {
    pub(crate) fn start(folders: RunFolders) -> Self {
        let (chores, mut waiting) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || {
            while let Some(chore) = waiting.blocking_recv() {
                match chore {
                    Chore::Tidy { id, attempt } => folders.tidy_latest(&id, attempt),
                    // Whoever asked may have given up.
                    Chore::Answer(done) => drop(done.send(())),
                }
            }
        });
        Self(chores)
    }

    /// Leaves of a run its log alone, soon.
    pub(crate) async fn tidy(&self, id: &TaskId, attempt: u32) {
        // Without its thread the runtime is ending.
        self.0.send(Chore::Tidy { id: id.clone(), attempt }).await.ok();
    }

    /// Waits until everything handed over so far is done.
    pub(crate) async fn all_done(&self) {
        let (done, reported) = oneshot::channel();
        if self.0.send(Chore::Answer(done)).await.is_ok() {
            reported.await.ok();
        }
    }
}
