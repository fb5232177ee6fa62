//! Ends that a runner explains before they are told: what an exit code means that is not, or not only, the program's own.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use solti_model::RunId;
use tokio::sync::oneshot;

use crate::{Attached, RunHandle, RunOutcome};

/// A runner whose program says more of an end than its exit code.
#[async_trait]
pub(crate) trait Explain: Clone + Send + Sync + 'static {
    /// What the end means. Also asked of one that was explained before.
    async fn explain(&self, run_dir: &Path, run: &RunId, outcome: RunOutcome) -> RunOutcome;

    /// The same run, whose end is told once it is known what it means.
    fn explained(&self, mut handle: RunHandle, run_dir: PathBuf, run: RunId) -> RunHandle {
        let (tell, outcome) = oneshot::channel();
        let ended = std::mem::replace(&mut handle.outcome, outcome);
        let runner = self.clone();
        tokio::spawn(async move {
            // Dropped without an end is the end of the runtime.
            if let Ok(outcome) = ended.await {
                // Nobody may be listening any more.
                tell.send(runner.explain(&run_dir, &run, outcome).await).ok();
            }
        });
        handle
    }

    /// The same for a run that was found again.
    async fn explained_attached(&self, run_dir: &Path, run: &RunId, attached: Attached) -> Attached {
        match attached {
            Attached::Running(handle) => {
                Attached::Running(self.explained(handle, run_dir.to_owned(), run.clone()))
            }
            Attached::Finished(outcome) => Attached::Finished(self.explain(run_dir, run, outcome).await),
            Attached::Lost(reason) => Attached::Lost(reason),
        }
    }
}
