//! Ports that a test has to name itself: to open the same door again, or because a program does not choose one.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// A port of this machine on which nobody listens, and which no other test is given: it is below those that the system gives to
/// whoever asks for any, and tests in other processes begin elsewhere.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let of_this_process = std::process::id().wrapping_mul(31);
    loop {
        let nth = of_this_process.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 20_000 + (nth % 12_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
