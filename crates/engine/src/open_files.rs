//! How many files this process may have open: a running task costs it one, and the usual soft limit, 1,024, is from a time of
//! `select`. Programs get that limit back, because many of them still use it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::OnceLock;

/// What the soft limit was before it was first raised. Of the process, as the limit itself is.
static FOUND: OnceLock<Option<u64>> = OnceLock::new();

/// The soft limit that this process was started with; `None` for unlimited.
pub(crate) fn found() -> Option<u64> {
    *FOUND.get_or_init(|| getrlimit(Resource::Nofile).current)
}

/// Raises the soft limit to the hard one.
pub(crate) fn raise() {
    found();
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
    {
        tracing::warn!("the limit of open files stays as it is: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_and_what_it_was_is_known_however_often() {
        let before = getrlimit(Resource::Nofile).current;
        raise();
        raise();
        let after = getrlimit(Resource::Nofile);
        assert_eq!(after.current, after.maximum);
        assert_eq!(found(), before);
    }
}
