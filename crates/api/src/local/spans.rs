//! When tasks waited and ran.

use super::SupervisorApiAdapter;
use crate::ApiError;
use crate::operations::{Perform, TasksBetween};
use solti_model::{DEFAULT_SPANS, FieldError, MAX_SPANS, TaskSpan, TaskSpans, machine_of_runner};
use solti_store::{SpanRow, StoredRow};
use solti_supervisor::SupervisorError;

impl Perform<TasksBetween> for SupervisorApiAdapter {
    async fn perform(&self, asked: TasksBetween) -> Result<TaskSpans, ApiError> {
        let TasksBetween { from, to, of_jobs, limit } = asked;
        if to < from {
            return Err(FieldError::new("to", "must not be before from").into());
        }
        let limit = limit.unwrap_or(DEFAULT_SPANS);
        if limit > MAX_SPANS {
            return Err(FieldError::new("limit", format!("must be at most {MAX_SPANS}")).into());
        }
        let found = self.supervisor().store().between((from, to), of_jobs, limit).await;
        let (rows, more) = found.map_err(|error| ApiError::from(SupervisorError::from(error)))?;
        Ok(TaskSpans { spans: rows.into_iter().map(span).collect(), more })
    }
}

fn span(SpanRow { row, runner, suspension }: SpanRow) -> TaskSpan {
    let StoredRow { task, started_at, finished_at, took_ms, .. } = row;
    TaskSpan {
        task: task.metadata.id,
        name: task.spec.name,
        slot: task.spec.slot,
        own_lane: task.spec.own_lane,
        job: task.spec.job,
        machine: runner.as_deref().and_then(machine_of_runner).map(str::to_owned),
        phase: task.status.phase,
        attempt: task.status.attempt,
        created_at: task.metadata.created_at,
        started_at,
        finished_at,
        took_ms,
        suspension,
    }
}
