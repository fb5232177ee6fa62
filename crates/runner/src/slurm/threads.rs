//! Threads for what is done with the shared folder. One that hangs keeps those that wait for it, and no other of this program: the pool for
//! blocking work is everybody's.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

/// At a time.
const THREADS: usize = 64;
/// A folder that has not answered by then is told of.
pub(super) const FOLDER_WITHIN: Duration = Duration::from_secs(5);
pub(super) const NO_ANSWER: &str = "the shared folder does not answer";

/// Cheap to clone; the clones share the threads.
#[derive(Debug, Clone)]
pub(super) struct Threads(Arc<Semaphore>);

impl Default for Threads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(THREADS)))
    }
}

impl Threads {
    /// Does it whether anybody waits for it or not.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<io::Result<T>> {
        let threads = Arc::clone(&self.0);
        tokio::spawn(async move {
            // Never closed.
            let _one = threads.acquire_owned().await.ok();
            spawn_blocking(work).await.map_err(io::Error::other)
        })
    }

    /// The same for who does not wait for long.
    ///
    /// # Errors
    /// Why there is no answer; it may be done later.
    pub(super) async fn within<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        match timeout(patience, self.spawn(work)).await {
            Ok(done) => done.map_err(io::Error::other)?,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, NO_ANSWER)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Mutex;

    #[tokio::test]
    async fn what_hangs_keeps_its_own_threads_alone() {
        let threads = Threads::default();
        let gate = Arc::new(Mutex::new(()));
        let shut = Arc::clone(&gate).lock_owned().await;
        let stuck: Vec<_> = (0..=THREADS)
            .map(|_| {
                let gate = Arc::clone(&gate);
                threads.spawn(move || drop(gate.blocking_lock()))
            })
            .collect();
        let none_is_free = threads.within(Duration::ZERO, || ()).await.expect_err("all of them hang");
        assert_eq!(none_is_free.to_string(), NO_ANSWER);
        // Others go on.
        assert!(spawn_blocking(|| true).await.expect("it is done"));
        drop(shut);
        for one in stuck {
            one.await.expect("it ends").expect("it ends");
        }
        assert!(threads.within(Duration::from_secs(60), || true).await.expect("there is room again"));
    }
}
