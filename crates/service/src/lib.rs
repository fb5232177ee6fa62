//! The engine as something that this user's session starts: without a window, at each log-in. What that is differs by the system; on
//! Linux it is a unit of the user's systemd, else an entry of the desktop's autostart.

#![warn(missing_docs, unreachable_pub)]

mod error;
#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod platform;
mod status;

pub use error::ServiceError;
pub use platform::Service;
pub use status::{ServiceKind, ServiceStatus};
