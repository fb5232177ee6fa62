//! Samples of what a task uses, as frames for a window: the newest is all that a slow one needs.

use crate::events::Frame;
use serde::Serialize;
use solti_model::UsageSample;

#[derive(Debug, Serialize)]
pub struct UsageFrame {
    frame: u64,
    #[serde(flatten)]
    sample: UsageSample,
}

impl Frame for UsageFrame {
    type Item = UsageSample;

    fn first(sample: UsageSample) -> Self {
        Self { frame: 0, sample }
    }

    fn fold(&mut self, sample: UsageSample) {
        self.sample = sample;
    }

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}
