//! When to let a pipe fill before it is read again.
//!
//! A program that flushes every line would wake us for each one, and be slowed down by it. While it prints faster than
//! anybody could follow, its pipe is read twice in a millisecond; one that prints seldom is read at once.

use std::time::{Duration, Instant};

/// As long as a pipe rests: what a fast program flushes in it fits into the pipe.
const REST: Duration = Duration::from_micros(500);
/// Reads that follow closer than this, this many of them, make a program a fast one.
const CLOSE: Duration = Duration::from_micros(200);
const STREAK: u32 = 16;
/// A larger read is worth its wake-up, and a pipe that holds half of what it can must not wait.
const LARGE: usize = 16 << 10;
const HALF_FULL: usize = 128 << 10;
/// With no more than this in a whole rest the program has slowed down.
const LITTLE: usize = 512;

#[derive(Debug, Default)]
pub struct Pace {
    last: Option<Instant>,
    streak: u32,
    resting: bool,
    until: Option<Instant>,
}

impl Pace {
    /// Takes note of so many bytes that were just read.
    pub fn read(&mut self, bytes: usize, now: Instant) {
        let close = self.last.is_some_and(|last| now.saturating_duration_since(last) < CLOSE);
        self.last = Some(now);
        if self.resting {
            self.resting = (LITTLE..HALF_FULL).contains(&bytes);
            self.streak = 0;
        } else {
            self.streak = if close && bytes < LARGE { self.streak + 1 } else { 0 };
            self.resting = self.streak >= STREAK;
        }
        self.until = self.resting.then(|| now + REST);
    }

    /// Until when the pipe is left alone; `None` when it is to be read as soon as it holds something.
    pub fn pauses_until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads so many times, this far apart, whenever the pipe does not rest; when the last read was.
    fn reads(pace: &mut Pace, from: Instant, times: u32, apart: Duration, bytes: usize) -> Instant {
        let mut now = from;
        for _ in 0..times {
            now = pace.pauses_until(now).unwrap_or(now + apart);
            pace.read(bytes, now);
        }
        now
    }

    #[test]
    fn a_program_that_prints_seldom_or_much_at_a_time_is_read_at_once() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let now = reads(&mut pace, start, 1000, Duration::from_millis(1), 80);
        assert_eq!(pace.pauses_until(now), None);
        let now = reads(&mut pace, now, 1000, Duration::from_micros(20), 64 << 10);
        assert_eq!(pace.pauses_until(now), None);
    }

    #[test]
    fn one_that_flushes_every_line_rests_until_it_slows_down_or_fills_the_pipe() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let now = reads(&mut pace, start, 17, Duration::from_micros(5), 160);
        assert_eq!(pace.pauses_until(now), Some(now + REST));
        let now = reads(&mut pace, now, 100, Duration::ZERO, 40 << 10);
        assert_eq!(pace.pauses_until(now), Some(now + REST), "it prints on");
        assert_eq!(pace.pauses_until(now + REST), None, "then it is read");
        pace.read(200 << 10, now + REST);
        assert_eq!(pace.pauses_until(now + REST), None, "it waits for us");
        let now = reads(&mut pace, now + REST, 17, Duration::from_micros(5), 160);
        pace.read(80, now + REST);
        assert_eq!(pace.pauses_until(now + REST), None, "hardly anything came");
    }
}
