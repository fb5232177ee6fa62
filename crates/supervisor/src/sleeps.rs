//! When the machine slept: noted as it wakes, for whoever asks what was missed.

use crate::actor::waits::Clocks;
use crate::clock::now_ms;
use crate::shared::SharedState;
use serde_json::Value;
use solti_model::DigestSleep;
use solti_runner::ClockSet;
use solti_store::{Store, StoreError};
use std::sync::PoisonError;
use std::time::Duration;

const KEY: &str = "sleeps";
/// That are kept.
const KEPT: usize = 100;
/// Who closes the lid for less has missed nothing.
const WORTH_A_WORD: Duration = Duration::from_secs(60);

/// Waits for the machine to wake, again and again. Wakes nothing itself; nothing is noted where the system does not tell.
pub(crate) async fn note_sleeps(store: Store, woke: impl Fn(DigestSleep)) {
    let mut reported = ClockSet::new();
    let mut before = Clocks::now();
    loop {
        reported.wait().await;
        let now = Clocks::now();
        if let Some(sleep) = slept(now.asleep_since(before), now_ms()) {
            tracing::info!("the machine slept for {} s", (sleep.to - sleep.from) / 1_000);
            match note(&store, sleep).await {
                Ok(()) => woke(sleep),
                Err(error) => tracing::warn!("that the machine slept is not noted: {error}"),
            }
        }
        before = now;
    }
}

fn slept(asleep: Duration, now: u64) -> Option<DigestSleep> {
    let ms = u64::try_from(asleep.as_millis()).unwrap_or(u64::MAX);
    (asleep >= WORTH_A_WORD).then(|| DigestSleep { from: now.saturating_sub(ms), to: now })
}

async fn note(store: &Store, sleep: DigestSleep) -> Result<(), StoreError> {
    let mut sleeps = sleeps(store).await?;
    sleeps.insert(0, sleep);
    sleeps.truncate(KEPT);
    store.set_meta(KEY, &serde_json::to_string(&sleeps).unwrap_or_default()).await
}

impl SharedState {
    pub(crate) fn tell_slept(&self, sleep: DigestSleep) {
        *self.slept.lock().unwrap_or_else(PoisonError::into_inner) = Some(sleep);
        self.feed.touched();
    }

    pub(crate) fn slept(&self) -> Option<DigestSleep> {
        *self.slept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The latest first. One that a later version may have written and this one cannot read is none, and takes no other with it.
pub(crate) async fn sleeps(store: &Store) -> Result<Vec<DigestSleep>, StoreError> {
    let stored = store.meta(KEY).await?;
    let sleeps: Vec<Value> = stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(sleeps.into_iter().filter_map(|sleep| serde_json::from_value(sleep).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_of_a_minute_and_more_is_told_by_when_it_was() {
        assert_eq!(slept(Duration::from_secs(59), 1_000_000), None);
        let night = Duration::from_secs(8 * 3_600);
        assert_eq!(slept(night, 100_000_000), Some(DigestSleep { from: 71_200_000, to: 100_000_000 }));
    }

    #[tokio::test]
    async fn the_latest_sleeps_are_kept_over_a_restart() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path()).expect("opens");
        for n in 0..(KEPT as u64 + 5) {
            note(&store, DigestSleep { from: n * 10, to: n * 10 + 5 }).await.expect("noted");
        }
        drop(store);
        let store = Store::open(dir.path()).expect("opens");
        let kept = sleeps(&store).await.expect("read");
        assert_eq!((kept.len(), kept[0].to, kept[KEPT - 1].to), (KEPT, 1_045, 55));

        let foreign = r#"[{"from":1,"to":2},{"from":"yesterday"},7,{"from":3,"to":4,"why":"lid"}]"#;
        store.set_meta(KEY, foreign).await.expect("stored");
        let read = sleeps(&store).await.expect("read");
        assert_eq!(read.iter().map(|sleep| sleep.from).collect::<Vec<_>>(), [1, 3]);
    }
}
