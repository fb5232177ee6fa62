//! The lanes: how many tasks each may run, and whether it is paused.

use crate::ApiError;
use async_trait::async_trait;
use solti_model::{Lane, Slot};

#[async_trait]
pub trait LaneControl: Send + Sync + 'static {
    /// Every lane that runs or queues a task, or that was set to something else than the default.
    async fn list_lanes(&self) -> Result<Vec<Lane>, ApiError>;

    /// Changes what is given and returns the lane as it is then. A paused lane starts no task; its running tasks go on.
    async fn set_lane(
        &self,
        slot: &Slot,
        capacity: Option<u32>,
        paused: Option<bool>,
    ) -> Result<Lane, ApiError>;
}
