//! Waiting for conditions, with one limit for all tests.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// No test waits longer for anything. Far above what any of it takes on a machine that is busy with other work: only what
/// hangs gets here.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at what does not tell when it changes: files, processes, other programs.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until it fits, on a thread that may be blocked.
#[track_caller]
pub fn wait_until(what: &str, mut fits: impl FnMut() -> bool) {
    let began = Instant::now();
    while !fits() {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(PAUSE);
    }
}

/// Waits until it fits, in a test with a runtime.
pub async fn until(what: &str, mut fits: impl FnMut() -> bool) {
    within(what, async {
        while !fits() {
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await;
}

/// As [`until`], for what is asked of something else.
pub async fn until_async(what: &str, mut fits: impl AsyncFnMut() -> bool) {
    within(what, async {
        while !fits().await {
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await;
}

/// What comes of it; it is waited for no longer than [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

/// Unix milliseconds.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("fits")
}

/// Measures until a round fits, ten times at most: on a busy machine a single one says little, while what is slow by its nature is
/// slow each time.
pub async fn any_round<T: Debug>(what: &str, mut round: impl AsyncFnMut() -> T, fits: impl Fn(&T) -> bool) {
    let mut seen = vec![];
    while seen.len() < 10 {
        let measured = round().await;
        if fits(&measured) {
            return;
        }
        seen.push(measured);
    }
    panic!("{what}: {seen:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_round_that_fits_is_enough_and_none_is_a_failure() {
        let mut count = 0;
        let mut next = async || {
            count += 1;
            count
        };
        any_round("counts", &mut next, |count| *count == 3).await;
        assert_eq!(count, 3);
        let never = tokio::spawn(any_round("never", async || 7, |_| false)).await;
        assert!(never.is_err_and(|failed| failed.is_panic()));
    }
}
