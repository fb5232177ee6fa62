//! Following the tasks for as long as a program runs, whatever happens to the stream underneath.

use crate::operations::{ItemStream, Operations as _, WatchTasks};
use crate::{DesktopApi, Pauses};
use futures::stream::{Stream, StreamExt as _, unfold};
use solti_model::TaskChange;
use std::mem::take;
use std::time::Duration;
use tokio::time::sleep;

/// Before changes are followed again, and at most between two tries.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(250), Duration::from_secs(8));

/// The changes of all tasks, without an end: where following them fails, or ends, it begins again with a change that says that
/// some were missed (`resync`).
pub fn lasting_changes<A: DesktopApi + ?Sized>(api: &A) -> impl Stream<Item = TaskChange> {
    let state = (None::<ItemStream<TaskChange>>, PAUSES, false);
    unfold(state, move |(mut changes, mut pauses, mut missed)| async move {
        loop {
            let Some(open) = &mut changes else {
                match api.open(WatchTasks::all()).await {
                    Ok(opened) => changes = Some(opened),
                    Err(error) => {
                        tracing::warn!("the tasks cannot be followed, trying again: {error}");
                        sleep(pauses.next()).await;
                        missed = true;
                    }
                }
                continue;
            };
            if let Some(mut change) = open.next().await {
                change.resync |= take(&mut missed);
                return Some((change, (changes, PAUSES, false)));
            }
            changes = None;
            sleep(pauses.next()).await;
            missed = true;
        }
    })
}
