//! Where tasks run, as the supervisor's runners say it.

use crate::operations::{CheckClusterFolder, ListImages, ListRunners, Perform, PreviewOnCluster};
use crate::{ApiError, SupervisorApiAdapter};
use solti_model::{ClusterPreview, FolderCheck, LocalImage, RunnerInfo};

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

impl Perform<PreviewOnCluster> for SupervisorApiAdapter {
    async fn perform(&self, PreviewOnCluster { spec }: PreviewOnCluster) -> Result<ClusterPreview, ApiError> {
        Ok(self.supervisor().preview_on_cluster(&spec.parse()?).await?)
    }
}

impl Perform<CheckClusterFolder> for SupervisorApiAdapter {
    async fn perform(&self, CheckClusterFolder {}: CheckClusterFolder) -> Result<FolderCheck, ApiError> {
        Ok(self.supervisor().check_cluster_folder().await?)
    }
}
