//! How many calls a caller from elsewhere may make: a bucket of tokens each, which refills with time.

use crate::ApiError;
use crate::guard::{Call, Guard, Origin};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Callers that are told apart at a time; with more, they share what is left.
const CALLERS: usize = 1_024;

/// Refuses calls that come too fast with [`ApiError::RateLimited`]. This app and this user are not limited.
pub struct RateLimit {
    per_second: f64,
    burst: f64,
    own_uid: u32,
    buckets: Mutex<HashMap<Origin, Bucket>>,
}

struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimit {
    /// `per_second` calls on the long run, `burst` at once; both at least 1.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let (per_second, burst) = (f64::from(per_second.max(1)), f64::from(burst.max(1)));
        let own_uid = rustix::process::geteuid().as_raw();
        Self { per_second, burst, own_uid, buckets: Mutex::default() }
    }

    fn take(&self, caller: Origin, now: Instant) -> Result<(), ApiError> {
        let mut buckets = self.buckets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if buckets.len() >= CALLERS && !buckets.contains_key(&caller) {
            // Who has not called for so long that its bucket is full again is as good as new.
            let idle = Duration::from_secs_f64(self.burst / self.per_second);
            buckets.retain(|_, bucket| now.saturating_duration_since(bucket.at) < idle);
        }
        let key =
            if buckets.len() < CALLERS || buckets.contains_key(&caller) { caller } else { Origin::Unknown };
        let bucket = buckets.entry(key).or_insert(Bucket { left: self.burst, at: now });
        let refill = now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second;
        (bucket.left, bucket.at) = ((bucket.left + refill).min(self.burst), now);
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let wait = Duration::from_secs_f64((1.0 - bucket.left) / self.per_second);
        Err(ApiError::RateLimited { retry_after_ms: wait.as_millis() as u64 + 1 })
    }
}

impl Default for RateLimit {
    /// More than a person or a window asks for, less than what keeps others from being served.
    fn default() -> Self {
        Self::new(2_000, 4_000)
    }
}

impl Guard for RateLimit {
    /// This process and its user are not limited: nobody but they themselves would wait.
    fn before(&self, call: &Call) -> Result<(), ApiError> {
        match call.caller.origin {
            Origin::App => Ok(()),
            Origin::Socket { uid } if uid == self.own_uid => Ok(()),
            origin => self.take(origin, call.began),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(n: u32) -> Origin {
        Origin::Network { address: std::net::Ipv4Addr::from(n).into() }
    }

    #[test]
    fn a_burst_passes_then_the_rate_holds_for_that_caller_alone() {
        let (limit, now) = (RateLimit::new(10, 3), Instant::now());
        for _ in 0..3 {
            limit.take(network(1), now).expect("within the burst");
        }
        assert_eq!(limit.take(network(1), now), Err(ApiError::RateLimited { retry_after_ms: 101 }));
        limit.take(network(2), now).expect("another caller");
        limit.take(network(1), now + Duration::from_millis(101)).expect("as long as it was told to wait");
    }

    #[test]
    fn ever_new_callers_cost_no_more_memory_and_are_limited_together() {
        let (limit, now) = (RateLimit::new(1, 1), Instant::now());
        let passed = (0..10_000).filter(|n| limit.take(network(*n), now).is_ok()).count();
        assert_eq!(passed, CALLERS + 1);
        assert_eq!(limit.buckets.lock().expect("sound").len(), CALLERS + 1);
        limit.take(network(20_000), now + Duration::from_secs(2)).expect("the idle ones were forgotten");
    }
}
