//! A descriptor that is waited for.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Lets the runtime tell when it is readable. Needs a runtime that drives I/O.
#[allow(unsafe_code, reason = "tokio asks for a promise about the type of the descriptor")]
pub(crate) fn readable(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an OwnedFd keeps its number, open, until the AsyncFd that owns it is dropped, which lends it only as a reference.
    let registered = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    registered.map_err(|error| error.into_parts().1)
}
