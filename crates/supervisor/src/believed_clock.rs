//! Whether the clock may be believed when it says that tasks are old: one that is set wrong, or was while its battery was
//! dead, must not delete everything.
//!
//! It is believed once it has gone on as fast as the time since boot for an hour, over several starts of the app if need be.
//! A jump that nothing explains begins that hour anew. What was seen last is stored, so that a jump while the app is away is
//! seen as well.

use crate::clock::now_ms;
use crate::current_boot_id;
use solti_store::{Store, StoreError};
use std::time::Instant;

const KEY: &str = "clock_seen";
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// For so long the clock has to agree.
const PROBATION_MS: u64 = HOUR_MS;
/// Between two looks in one boot it may be set by this much.
const JUMP_MS: u64 = DAY_MS;
/// For so long the machine may be off without a doubt.
const AWAY_MS: u64 = 8 * DAY_MS;

/// Both clocks at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sight {
    wall_ms: u64,
    /// Since boot, with the time in which the machine was suspended.
    up_ms: u64,
    boot: String,
    /// How long they have agreed up to now, as far as it matters.
    agreed_ms: u64,
}

impl Sight {
    /// What is to be thought of the clock now, after `before` was seen last.
    fn after(before: Option<&Self>, wall_ms: u64, up_ms: u64, boot: String) -> Self {
        let agreed_ms = match before {
            None => 0,
            Some(before) if before.boot == boot && before.up_ms <= up_ms => {
                let passed = up_ms - before.up_ms;
                let agrees = wall_ms.abs_diff(before.wall_ms.saturating_add(passed)) <= JUMP_MS;
                if agrees { before.agreed_ms.saturating_add(passed).min(PROBATION_MS) } else { 0 }
            }
            Some(before) => {
                let earliest = before.wall_ms.saturating_sub(JUMP_MS);
                let plausible = (earliest..=before.wall_ms.saturating_add(AWAY_MS)).contains(&wall_ms);
                if plausible { before.agreed_ms } else { 0 }
            }
        };
        Self { wall_ms, up_ms, boot, agreed_ms }
    }

    fn is_believed(&self) -> bool {
        self.agreed_ms >= PROBATION_MS
    }

    fn written(&self) -> String {
        format!("{} {} {} {}", self.wall_ms, self.up_ms, self.agreed_ms, self.boot)
    }

    fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(4, ' ');
        let mut number = || words.next()?.parse().ok();
        let (wall_ms, up_ms, agreed_ms) = (number()?, number()?, number()?);
        Some(Self { wall_ms, up_ms, boot: words.next()?.to_owned(), agreed_ms })
    }
}

/// The wall clock, as far as it may be believed.
#[derive(Debug)]
pub(crate) struct BelievedClock {
    boot: String,
    /// Where the system does not say how long it is up.
    began: Instant,
    seen: Option<Sight>,
    stored: Option<Sight>,
    loaded: bool,
}

impl BelievedClock {
    pub(crate) fn new() -> Self {
        Self { boot: current_boot_id(), began: Instant::now(), seen: None, stored: None, loaded: false }
    }

    /// Unix milliseconds; `None` while the clock is not believed. To be asked at least once an hour, whether or not the answer is
    /// needed.
    pub(crate) async fn now_ms(&mut self, store: &Store) -> Result<Option<u64>, StoreError> {
        if !self.loaded {
            self.seen = store.meta(KEY).await?.as_deref().and_then(Sight::read);
            (self.stored, self.loaded) = (self.seen.clone(), true);
        }
        let now = Sight::after(self.seen.as_ref(), now_ms(), self.up_ms(), self.boot.clone());
        match (self.seen.as_ref().is_some_and(Sight::is_believed), now.is_believed()) {
            (true, false) => tracing::warn!(
                "the clock has jumped; no task is deleted for its age until it has gone on evenly for an hour"
            ),
            (false, true) => tracing::info!("the clock goes evenly; tasks that are too old are deleted"),
            _ => {}
        }
        if now.differs_enough_from(self.stored.as_ref()) {
            // Not stored, it is seen anew after the next start.
            match store.set_meta(KEY, &now.written()).await {
                Ok(()) => self.stored = Some(now.clone()),
                Err(error) => tracing::debug!("the time that was seen is not stored: {error}"),
            }
        }
        let believed = now.is_believed().then_some(now.wall_ms);
        self.seen = Some(now);
        Ok(believed)
    }

    fn up_ms(&self) -> u64 {
        // Seconds since boot, and then what the processors did with them.
        let uptime = std::fs::read_to_string("/proc/uptime").ok();
        let seconds = uptime.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        match seconds {
            Some(seconds) => (seconds * 1_000.0) as u64,
            None => u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Sight {
    /// Every few minutes of the hour, and then once an hour.
    fn differs_enough_from(&self, stored: Option<&Self>) -> bool {
        let Some(stored) = stored else { return true };
        let every = if self.is_believed() { HOUR_MS } else { HOUR_MS / 12 };
        self.boot != stored.boot
            || self.is_believed() != stored.is_believed()
            || self.wall_ms.abs_diff(stored.wall_ms) >= every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 20_000 * DAY_MS;

    fn believed() -> Sight {
        Sight { wall_ms: NOW, up_ms: DAY_MS, boot: "a".into(), agreed_ms: PROBATION_MS }
    }

    /// After so much time, when the clock has gone on by as much.
    fn later(before: &Sight, passed: u64) -> Sight {
        Sight::after(Some(before), before.wall_ms + passed, before.up_ms + passed, before.boot.clone())
    }

    #[test]
    fn a_clock_is_believed_after_an_hour_of_agreement() {
        let first = Sight::after(None, NOW, 5, "a".into());
        assert!(!first.is_believed());
        let half = later(&first, HOUR_MS / 2);
        assert!(!half.is_believed());
        assert!(later(&half, HOUR_MS / 2).is_believed());
        // After a restart of the app and of the machine the first half still counts.
        let stored = Sight::read(&half.written()).expect("read back");
        assert_eq!(stored, half);
        let rebooted = Sight::after(Some(&stored), half.wall_ms + DAY_MS, 9, "b".into());
        assert!(later(&rebooted, HOUR_MS / 2).is_believed());
    }

    #[test]
    fn a_jump_makes_it_doubtful_until_it_has_agreed_again() {
        for (wall_ms, up_ms, boot) in [
            // Set a year ahead while the app runs, and while the machine is off; and set back.
            (NOW + 365 * DAY_MS, DAY_MS + 2_000, "a"),
            (NOW + 365 * DAY_MS, 9_000, "b"),
            (NOW - 365 * DAY_MS, DAY_MS + 2_000, "a"),
            (0, 9_000, "b"),
            // Two days, of which the machine has been up for one minute.
            (NOW + 2 * DAY_MS, DAY_MS + 60_000, "a"),
        ] {
            let jumped = Sight::after(Some(&believed()), wall_ms, up_ms, boot.into());
            assert!(!jumped.is_believed(), "{wall_ms} {up_ms} {boot}");
            assert!(!later(&jumped, HOUR_MS - 1).is_believed());
            assert!(later(&jumped, HOUR_MS).is_believed());
        }
    }

    #[test]
    fn a_suspended_machine_a_week_off_and_a_corrected_clock_are_no_jumps() {
        assert!(
            later(&believed(), 90 * DAY_MS).is_believed(),
            "it was suspended, which the time since boot counts"
        );
        assert!(Sight::after(Some(&believed()), NOW + 7 * DAY_MS, 9_000, "b".into()).is_believed());
        assert!(Sight::after(Some(&believed()), NOW - HOUR_MS, DAY_MS + 1, "a".into()).is_believed());
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        for text in ["", "1 2 3", "x 2 3 a", "1 2"] {
            assert_eq!(Sight::read(text), None, "{text:?}");
        }
        assert!(Sight::read("1 2 3 ").is_some(), "a system without the name of a boot");
    }
}
