//! Ids of tasks: unique for ever, sorted by creation.

use solti_model::TaskId;

/// Bits of the low word that randomness fills; the rest counts within a millisecond.
const RANDOM_BITS: u32 = 24;
const MAX_SEQUENCE: u64 = (1 << 16) - 1;

#[derive(Debug, Default)]
pub(crate) struct IdSource {
    last_ms: u64,
    sequence: u64,
}

impl IdSource {
    /// The next id. Within one process ids grow even when the clock stands still or goes back.
    pub(crate) fn next(&mut self, now_ms: u64) -> TaskId {
        if now_ms > self.last_ms {
            (self.last_ms, self.sequence) = (now_ms, 0);
        } else if self.sequence == MAX_SEQUENCE {
            (self.last_ms, self.sequence) = (self.last_ms + 1, 0);
        } else {
            self.sequence += 1;
        }
        let random = rand::random::<u64>() & ((1 << RANDOM_BITS) - 1);
        TaskId::generate(self.last_ms, self.sequence << RANDOM_BITS | random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_though_the_clock_does_not() {
        let mut source = IdSource::default();
        let ids: Vec<TaskId> =
            (0..70_000).map(|i| source.next(if i % 2 == 0 { 1_000 } else { 999 })).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
