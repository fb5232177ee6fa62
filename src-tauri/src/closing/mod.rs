//! What closing the last window does while there is work on this machine: as the setting says, or as the person at the page
//! answers. Tasks never end because a window closes, unless one of the two says so; a signal or a logout asks nothing and stops nothing
//! (shutdown.rs).
//!
//! Where the tray shows the app (tray/), it goes on there without a window, so that waiting tasks start too. Elsewhere it
//! would be out of reach, and ends; what runs goes on with its shim, and what waits starts when the app is opened again.

mod decide;
mod gate;
mod stop_all;

pub use decide::{answered, quit, requested};
#[cfg(test)]
pub use gate::Leads;
pub use gate::{CloseAnswer, CloseGate, CloseQuestion};
