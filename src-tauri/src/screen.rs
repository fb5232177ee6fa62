//! Whether there is a screen to show a window on. Where there is none, the window system ends the program with a panic.

use crate::error::ShellError;

/// # Errors
/// [`ShellError::NoScreen`], with what names the screen.
#[cfg(target_os = "linux")]
pub fn check() -> Result<(), ShellError> {
    // A second call, as the window system makes one, does nothing.
    gtk::init().map_err(|_| {
        let named = ["WAYLAND_DISPLAY", "DISPLAY"]
            .into_iter()
            .find_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
        ShellError::NoScreen {
            named: named.unwrap_or_else(|| "neither DISPLAY nor WAYLAND_DISPLAY is set".into()),
        }
    })
}

/// Elsewhere a program is not started without one.
#[cfg(not(target_os = "linux"))]
pub fn check() -> Result<(), ShellError> {
    Ok(())
}
