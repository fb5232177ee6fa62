//! Tasks and their runs as answers: `TaskData`, `TaskRunInfo`, `TaskStatus`.

use super::{given, not_a_value, spec_from_wire, spec_to_wire, time_from_wire, time_to_wire};
use crate::proto;
use solti_model::{
    FieldError, ObjectMeta, RunUsage, Suspension, Task, TaskId, TaskPhase, TaskRun, TaskStatus,
};

/// # Errors
/// Names `field` when the phase is unspecified or not known here.
pub(crate) fn phase_from_wire(field: &str, number: i32) -> Result<TaskPhase, FieldError> {
    Ok(match proto::TaskStatus::try_from(number) {
        Ok(proto::TaskStatus::Pending) => TaskPhase::Pending,
        Ok(proto::TaskStatus::Running) => TaskPhase::Running,
        Ok(proto::TaskStatus::Succeeded) => TaskPhase::Succeeded,
        Ok(proto::TaskStatus::Failed) => TaskPhase::Failed,
        Ok(proto::TaskStatus::Timeout) => TaskPhase::Timeout,
        Ok(proto::TaskStatus::Canceled) => TaskPhase::Canceled,
        Ok(proto::TaskStatus::Exhausted) => TaskPhase::Exhausted,
        Ok(proto::TaskStatus::Unspecified) | Err(_) => return Err(not_a_value(field, number)),
    })
}

pub(crate) fn phase_to_wire(phase: TaskPhase) -> proto::TaskStatus {
    match phase {
        TaskPhase::Pending => proto::TaskStatus::Pending,
        TaskPhase::Running => proto::TaskStatus::Running,
        TaskPhase::Succeeded => proto::TaskStatus::Succeeded,
        TaskPhase::Failed => proto::TaskStatus::Failed,
        TaskPhase::Timeout => proto::TaskStatus::Timeout,
        TaskPhase::Canceled => proto::TaskStatus::Canceled,
        TaskPhase::Exhausted => proto::TaskStatus::Exhausted,
    }
}

/// # Errors
/// Names what a server left out.
pub(crate) fn task_from_wire(wire: proto::TaskData) -> Result<Task, FieldError> {
    let metadata = given("metadata", wire.metadata)?;
    let status = given("status", wire.status)?;
    Ok(Task {
        metadata: ObjectMeta {
            id: TaskId::new(metadata.id)?,
            resource_version: metadata.resource_version,
            created_at: time_from_wire(metadata.created_at),
            updated_at: time_from_wire(metadata.updated_at),
        },
        spec: spec_from_wire(given("spec", wire.spec)?)?,
        status: TaskStatus {
            phase: phase_from_wire("status.phase", status.phase)?,
            attempt: status.attempt,
            exit_code: status.exit_code,
            error: status.error,
        },
    })
}

pub(crate) fn task_to_wire(task: Task) -> proto::TaskData {
    let Task { metadata, spec, status } = task;
    let ObjectMeta { id, resource_version, created_at, updated_at } = metadata;
    let TaskStatus { phase, attempt, exit_code, error } = status;
    proto::TaskData {
        metadata: Some(proto::ObjectMeta {
            id: id.into(),
            created_at: time_to_wire(created_at),
            updated_at: time_to_wire(updated_at),
            resource_version,
        }),
        spec: Some(spec_to_wire(spec)),
        status: Some(proto::TaskStatusInfo { phase: phase_to_wire(phase).into(), attempt, error, exit_code }),
    }
}

/// # Errors
/// Names what a server left out.
pub(crate) fn run_from_wire(wire: proto::TaskRunInfo) -> Result<TaskRun, FieldError> {
    Ok(TaskRun {
        attempt: wire.attempt,
        phase: phase_from_wire("phase", wire.status)?,
        started_at: time_from_wire(wire.started_at),
        finished_at: wire.finished_at.map(time_from_wire),
        error: wire.error,
        exit_code: wire.exit_code,
        usage: wire.usage.map(usage_from_wire),
        remark: wire.remark,
        runner: wire.runner,
        node: wire.node,
        suspension: wire
            .suspension
            .map(|wire| Suspension { total_ms: wire.total_ms, since: wire.since.map(time_from_wire) }),
    })
}

pub(crate) fn run_to_wire(run: TaskRun) -> proto::TaskRunInfo {
    let TaskRun {
        attempt,
        phase,
        started_at,
        finished_at,
        error,
        exit_code,
        usage,
        remark,
        runner,
        node,
        suspension,
    } = run;
    proto::TaskRunInfo {
        attempt,
        status: phase_to_wire(phase).into(),
        started_at: time_to_wire(started_at),
        finished_at: finished_at.map(time_to_wire),
        error,
        exit_code,
        usage: usage.map(usage_to_wire),
        remark,
        runner,
        node,
        suspension: suspension.map(|Suspension { total_ms, since }| proto::Suspension {
            total_ms,
            since: since.map(time_to_wire),
        }),
    }
}

fn usage_from_wire(wire: proto::RunUsage) -> RunUsage {
    let proto::RunUsage { cpu_ms, peak_memory_bytes, read_bytes, written_bytes } = wire;
    RunUsage { cpu_ms, peak_memory_bytes, read_bytes, written_bytes }
}

fn usage_to_wire(usage: RunUsage) -> proto::RunUsage {
    let RunUsage { cpu_ms, peak_memory_bytes, read_bytes, written_bytes } = usage;
    proto::RunUsage { cpu_ms, peak_memory_bytes, read_bytes, written_bytes }
}
