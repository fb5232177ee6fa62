//! Who was refused: a line in the app's log when it begins, and with every tenfold of it. However many are tried, and from
//! wherever, the lines are few.

use crate::guard::{Caller, Origin};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Callers that are told apart at a time; with more, the others are counted together.
const CALLERS: usize = 256;
/// Who was not refused for so long begins anew.
const QUIET: Duration = Duration::from_secs(600);

#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<Origin, Count>>);

struct Count {
    refused: u64,
    last: Instant,
}

impl Refusals {
    pub(super) fn note(&self, caller: &Caller) {
        if let Some(refused) = self.count(caller.origin, Instant::now()) {
            let token = if caller.token.is_some() { "wrong" } else { "none" };
            tracing::warn!(target: "solti::audit", %caller, token, refused, "a call was refused");
        }
    }

    /// How often the caller was refused, when that is to be said.
    fn count(&self, caller: Origin, now: Instant) -> Option<u64> {
        let mut counts = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if counts.len() >= CALLERS && !counts.contains_key(&caller) {
            counts.retain(|_, count| now.saturating_duration_since(count.last) < QUIET);
        }
        let key =
            if counts.len() < CALLERS || counts.contains_key(&caller) { caller } else { Origin::Unknown };
        let count = counts.entry(key).or_insert(Count { refused: 0, last: now });
        if now.saturating_duration_since(count.last) >= QUIET {
            count.refused = 0;
        }
        (count.refused, count.last) = (count.refused + 1, now);
        is_power_of_ten(count.refused).then_some(count.refused)
    }
}

fn is_power_of_ten(number: u64) -> bool {
    10_u64.checked_pow(number.ilog10()) == Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(n: u32) -> Origin {
        Origin::Network { address: std::net::Ipv4Addr::from(n).into() }
    }

    #[test]
    fn a_thousand_guesses_are_four_lines_and_a_new_day_begins_anew() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let said: Vec<u64> = (0..1_500).filter_map(|_| refusals.count(network(1), now)).collect();
        assert_eq!(said, [1, 10, 100, 1_000]);
        assert_eq!(refusals.count(network(2), now), Some(1), "another one");
        assert_eq!(refusals.count(network(1), now + QUIET), Some(1));
    }

    #[test]
    fn ever_new_addresses_are_counted_together() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let said = (0..100_000).filter(|n| refusals.count(network(*n), now).is_some()).count();
        assert!(said <= CALLERS + 6, "{said} lines");
        assert_eq!(refusals.0.lock().expect("sound").len(), CALLERS + 1);
    }
}
