//! Where tasks run, as the supervisor's runners say it.

use crate::operations::{ListImages, ListRunners, Perform};
use crate::{ApiError, SupervisorApiAdapter};
use solti_model::{LocalImage, RunnerInfo};

/// Of images in one answer.
const MAX_IMAGES: usize = 1_000;

impl Perform<ListRunners> for SupervisorApiAdapter {
    async fn perform(&self, ListRunners {}: ListRunners) -> Result<Vec<RunnerInfo>, ApiError> {
        Ok(self.supervisor().runners().describe().await)
    }
}

impl Perform<ListImages> for SupervisorApiAdapter {
    async fn perform(&self, ListImages {}: ListImages) -> Result<Vec<LocalImage>, ApiError> {
        let mut images = self.supervisor().runners().images().await;
        images.truncate(MAX_IMAGES);
        Ok(images)
    }
}
