//! What has happened while nobody looked: read from what is stored, so that it is the same after a restart of the machine.

use super::now_ms;
use crate::operations::{Perform, ReadDigest};
use crate::{ApiError, SupervisorApiAdapter};
use solti_model::{Digest, DigestTask, MAX_DIGEST_NAMED, TaskPhase};
use solti_store::StoredRow;
use solti_supervisor::SupervisorError;

impl Perform<ReadDigest> for SupervisorApiAdapter {
    async fn perform(&self, ReadDigest { since }: ReadDigest) -> Result<Digest, ApiError> {
        let until = now_ms();
        let store = self.supervisor().store();
        let past = store.past_since(since, MAX_DIGEST_NAMED).await.map_err(SupervisorError::from)?;
        let mut slept = self.supervisor().sleeps().await?;
        slept.retain(|sleep| sleep.to >= since);
        slept.truncate(MAX_DIGEST_NAMED);
        let named = async |ids| {
            let rows = store.rows_of(ids).await.map_err(SupervisorError::from)?;
            Ok::<_, ApiError>(rows.into_iter().map(task_of).collect())
        };
        Ok(Digest {
            since,
            until,
            ended: TaskPhase::ALL
                .into_iter()
                .map(|phase| (phase, past.ended.get(&phase).copied().unwrap_or(0)))
                .collect(),
            failed: named(past.failed).await?,
            missed: past.missed,
            missed_count: past.missed_count,
            held: named(past.held).await?,
            held_count: past.held_count,
            slept,
        })
    }
}

fn task_of(StoredRow { task, .. }: StoredRow) -> DigestTask {
    DigestTask {
        id: task.metadata.id,
        name: task.spec.name,
        phase: task.status.phase,
        error: task.status.error,
    }
}
