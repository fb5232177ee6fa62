//! What is asked of a cluster beside its runs. Nothing of it is the actor's: a cluster may take its time.

use super::Supervisor;
use crate::SupervisorError;
use solti_model::{ClusterPreview, FolderCheck, TaskSpec};
use solti_runner::{CheckFailure, NoPreview};

impl Supervisor {
    /// When and where its cluster would start a task that is not handed over.
    ///
    /// # Errors
    /// `Invalid` with the field because of which it would not be taken, or that it is for no cluster; `Unanswered`.
    pub async fn preview_on_cluster(&self, spec: &TaskSpec) -> Result<ClusterPreview, SupervisorError> {
        self.runners.preview(spec).await.map_err(|why| match why {
            NoPreview::Refused(error) => error.into(),
            NoPreview::Unanswered(reason) => SupervisorError::Unanswered { reason },
        })
    }

    /// Has a job of the cluster write into the folder that is shared with it, and looks whether that is seen here.
    ///
    /// # Errors
    /// `Conflict` says what is wrong; `Unanswered`.
    pub async fn check_cluster_folder(&self) -> Result<FolderCheck, SupervisorError> {
        self.runners.check_folder().await.map_err(|why| match why {
            CheckFailure::Wrong(reason) => SupervisorError::Conflict { reason },
            CheckFailure::Unanswered(reason) => SupervisorError::Unanswered { reason },
        })
    }
}
