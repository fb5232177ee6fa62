//! How long to wait after a failure.

use crate::{MAX_BACKOFF_FACTOR, MAX_DURATION_MS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Exponential backoff: `base = min(firstMs · factor^n, maxMs)` for the n-th consecutive failure from 0, then jitter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BackoffStrategy {
    /// How the waits are spread.
    pub jitter: JitterStrategy,
    /// Milliseconds.
    #[ts(type = "number")]
    #[schemars(range(min = 1, max = MAX_DURATION_MS))]
    pub first_ms: u64,
    /// Milliseconds.
    #[ts(type = "number")]
    #[schemars(range(min = 1, max = MAX_DURATION_MS))]
    pub max_ms: u64,
    /// What each wait is longer by than the one before; 1 keeps them alike.
    #[schemars(range(min = 1.0, max = MAX_BACKOFF_FACTOR))]
    pub factor: f64,
}

impl Default for BackoffStrategy {
    fn default() -> Self {
        Self { jitter: JitterStrategy::Full, first_ms: 1_000, max_ms: 30_000, factor: 2.0 }
    }
}

/// How chance spreads the delay, `U[a, b]` being a uniform draw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum JitterStrategy {
    /// `base`
    None,
    /// `U[0, base]`
    #[default]
    Full,
    /// `base/2 + U[0, base/2]`
    Equal,
    /// `U[firstMs, min(3 · previous, maxMs)]`
    Decorrelated,
}

/// What the next delay depends on; kept with the task so that a restart of the app does not reset it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackoffState {
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// The delay before this one, in milliseconds; `None` before the first.
    pub previous_ms: Option<u64>,
}

impl BackoffStrategy {
    /// `min(firstMs · factor^n, maxMs)`, in milliseconds.
    fn base_ms(&self, failures_before: u32) -> u64 {
        let exponent = i32::try_from(failures_before).unwrap_or(i32::MAX);
        let grown = self.first_ms as f64 * self.factor.powi(exponent);
        // A product that overflows is infinite, and so greater than any maximum.
        if grown >= self.max_ms as f64 { self.max_ms } else { grown as u64 }
    }

    /// The delay after a failure, in milliseconds. `state` holds the failures *before* this one; `chance` is uniform in `[0, 1)`.
    pub fn delay_ms(&self, state: BackoffState, chance: f64) -> u64 {
        let base = self.base_ms(state.consecutive_failures);
        let between = |low: u64, high: u64| {
            low.saturating_add((high.saturating_sub(low) as f64 * chance.clamp(0.0, 1.0)).round() as u64)
        };
        match self.jitter {
            JitterStrategy::None => base,
            JitterStrategy::Full => between(0, base),
            JitterStrategy::Equal => between(base / 2, base),
            JitterStrategy::Decorrelated => {
                let previous = state.previous_ms.unwrap_or(self.first_ms);
                between(self.first_ms, previous.saturating_mul(3).min(self.max_ms).max(self.first_ms))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strategy(jitter: JitterStrategy) -> BackoffStrategy {
        BackoffStrategy { jitter, first_ms: 100, max_ms: 1_000, factor: 2.0 }
    }

    fn after(failures: u32, previous_ms: Option<u64>) -> BackoffState {
        BackoffState { consecutive_failures: failures, previous_ms }
    }

    #[test]
    fn the_base_doubles_up_to_the_maximum() {
        let backoff = strategy(JitterStrategy::None);
        let delays: Vec<u64> = (0..6).map(|n| backoff.delay_ms(after(n, None), 0.5)).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(backoff.base_ms(u32::MAX), 1_000);
    }

    #[test]
    fn each_jitter_keeps_to_its_interval() {
        let at = |jitter, state, chance| strategy(jitter).delay_ms(state, chance);
        assert_eq!(at(JitterStrategy::Full, after(1, None), 0.0), 0);
        assert_eq!(at(JitterStrategy::Full, after(1, None), 1.0), 200);
        assert_eq!(at(JitterStrategy::Equal, after(1, None), 0.0), 100);
        assert_eq!(at(JitterStrategy::Equal, after(1, None), 1.0), 200);
        assert_eq!(at(JitterStrategy::Decorrelated, after(5, Some(200)), 0.0), 100);
        assert_eq!(at(JitterStrategy::Decorrelated, after(5, Some(200)), 1.0), 600);
        assert_eq!(at(JitterStrategy::Decorrelated, after(5, Some(900)), 1.0), 1_000);
    }

    proptest! {
        #[test]
        fn no_delay_is_over_the_maximum(
            first_ms in 1..u64::MAX / 4, span in 0..u64::MAX / 4, factor in 1.0..1e9f64, n: u32,
            previous in proptest::option::of(any::<u64>()), chance in 0.0..1.0f64, which in 0..4usize,
        ) {
            use JitterStrategy::{Decorrelated, Equal, Full, None};
            let backoff = BackoffStrategy { jitter: [None, Full, Equal, Decorrelated][which], first_ms, max_ms: first_ms + span, factor };
            // Beyond 2^53 a float has gaps; a delay may be off by as much.
            let slack = backoff.max_ms / (1 << 50);
            prop_assert!(backoff.delay_ms(after(n, previous), chance) <= backoff.max_ms + slack);
        }
    }
}
