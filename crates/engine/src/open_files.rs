//! How many files this process may have open: a running task costs it one, and the usual soft limit, 1,024, is from a time of
//! `select`. Programs get that limit back, because many of them still use it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::OnceLock;

/// What the soft limit was before it was first raised. Of the process, as the limit itself is.
static FOUND: OnceLock<Option<u64>> = OnceLock::new();

/// Raises the soft limit to the hard one; returns the soft limit that this process was started with, `None` for unlimited.
pub fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let found = *FOUND.get_or_init(|| limit.current);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
    {
        tracing::warn!("the limit of open files stays at {found:?}: {error}");
    }
    found
}
