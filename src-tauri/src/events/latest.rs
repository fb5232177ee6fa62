//! The frame of which only the latest counts.

use super::frame::Frame;
use serde::Serialize;

/// Each thing that comes replaces the one before it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Latest<T, const STANDS: bool = false>(T);

/// Where something stands: see [`Frame::STANDS`].
pub type Standing<T> = Latest<T, true>;

impl<T: Serialize + Send + 'static, const STANDS: bool> Frame for Latest<T, STANDS> {
    type Item = T;
    const STANDS: bool = STANDS;

    fn first(item: T) -> Self {
        Self(item)
    }

    fn fold(&mut self, item: T) {
        self.0 = item;
    }
}
