//! Pauses between tries of what has failed and may pass.

use std::time::Duration;

/// Each pause is twice as long as the one before, up to the longest.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Pauses {
    /// Of what is followed: a log, the tasks, another server.
    pub const FOLLOWING: Self = Self::new(Duration::from_millis(100), Duration::from_secs(5));

    /// Those between these two.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The next one; the one behind it is longer.
    #[expect(clippy::should_implement_trait, reason = "it never ends, and says so by its type")]
    pub fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }

    /// It went well: the next one is the first again.
    pub fn reset(&mut self) {
        self.next = self.first;
    }

    /// Whether nothing has failed since the last [`Self::reset`].
    pub fn are_fresh(&self) -> bool {
        self.next == self.first
    }

    /// The shortest.
    pub fn first(&self) -> Duration {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_as_long_up_to_the_longest() {
        let mut pauses = Pauses::new(Duration::from_secs(1), Duration::from_secs(5));
        assert!(pauses.are_fresh());
        let taken: Vec<_> = (0..5).map(|_| pauses.next().as_secs()).collect();
        assert_eq!(taken, [1, 2, 4, 5, 5]);
        assert!(!pauses.are_fresh());
        pauses.reset();
        assert_eq!(pauses.next().as_secs(), 1);
    }
}
