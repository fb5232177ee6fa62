//! A place for the processes of runs outside the app's own unit of the system: what ends the app then ends none of them, and
//! what limits the app limits none of them. Who is asked for it is the engine's business.

use async_trait::async_trait;

/// Gives a scope of runs (`solti_shim::cgroup`) to the first process of what is to be outside.
#[async_trait]
pub trait Shelter: Send + Sync + 'static {
    /// Moves the process, and so whatever it forks, into a scope of its own. Without one everything goes on where it is;
    /// why is noted by whoever knows. Bounded in time: runs wait for it.
    async fn take_in(&self, pid: u32);
}
