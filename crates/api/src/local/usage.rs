//! What a running task uses, once a second while somebody watches: nothing is sampled for nobody.

use super::now_ms;
use crate::ApiError;
use crate::operations::ItemStream;
use solti_model::{RunId, TaskId, UsageSample};
use solti_supervisor::{LiveRun, LiveTask, Supervisor, SupervisorError, TreeUsage, usage_of};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(1);

struct UsageWatch {
    id: TaskId,
    live: watch::Receiver<LiveTask>,
    ticks: Interval,
    before: Option<Before>,
}

/// The last sample.
struct Before {
    attempt: u32,
    at: Instant,
    cpu_us: u64,
}

pub(super) async fn watch(supervisor: &Supervisor, id: &TaskId) -> Result<ItemStream<UsageSample>, ApiError> {
    let Some(live) = supervisor.follow(id).await? else {
        return match supervisor.store().task(id).await.map_err(SupervisorError::from)? {
            Some(_) => Ok(Box::pin(tokio_stream::empty())),
            None => Err(ApiError::TaskNotFound { id: id.clone() }),
        };
    };
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = UsageWatch { id: id.clone(), live, ticks, before: None };
    let samples = futures::stream::unfold(watch, |mut watch| async move {
        let sample = watch.next().await?;
        Some((sample, watch))
    });
    Ok(Box::pin(samples))
}

impl UsageWatch {
    /// Waits for a run and for its next second; `None` when the task is over.
    async fn next(&mut self) -> Option<UsageSample> {
        loop {
            let state = self.live.wait_for(|live| live.over || live.run.is_some()).await.ok()?.clone();
            let run = state.run.filter(|_| !state.over)?;
            tokio::select! {
                _ = self.ticks.tick() => {
                    if let Some(sample) = self.sample(&run).await {
                        return Some(sample);
                    }
                    // Its leader is gone, and its end is about to be stored.
                    self.live.changed().await.ok()?;
                }
                changed = self.live.changed() => changed.ok()?,
            }
        }
    }

    async fn sample(&mut self, run: &LiveRun) -> Option<UsageSample> {
        let (id, pid, attempt) = (RunId::new(self.id.clone(), run.attempt), run.pid, run.attempt);
        // It may read the whole process table.
        let used = tokio::task::spawn_blocking(move || usage_of(&id, pid)).await.ok()??;
        let TreeUsage { cpu_us, memory_bytes, processes } = used;
        let now = Instant::now();
        let since = self.before.replace(Before { attempt, at: now, cpu_us });
        let cpu_percent = since.filter(|before| before.attempt == attempt).map(|before| {
            let elapsed = now.duration_since(before.at).as_secs_f64() * 1e6;
            100.0 * cpu_us.saturating_sub(before.cpu_us) as f64 / elapsed.max(1.0)
        });
        Some(UsageSample {
            attempt,
            at: now_ms(),
            cpu_ms: cpu_us / 1_000,
            cpu_percent,
            memory_bytes,
            processes,
        })
    }
}
