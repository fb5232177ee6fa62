//! A system whose OpenGL cannot be used: WebKit's process ends before it has drawn anything.

use crate::support::Desk;
use std::path::Path;

/// Where libEGL looks for drivers, as on a system on which it finds none.
const NO_DRIVERS: (&str, &str) = ("__EGL_VENDOR_LIBRARY_DIRS", "/nonexistent");
const MESA: &str = "/usr/share/glvnd/egl_vendor.d/50_mesa.json";

#[test]
fn a_window_that_stays_blank_is_opened_again_without_the_graphics_card() {
    if !Path::new(MESA).exists() {
        println!("skipped: Mesa is not among the vendors of this system's libEGL");
        return;
    }
    let desk = Desk::new();
    let app = desk.start(&[], NO_DRIVERS);
    desk.see_drawn();
    assert_eq!(desk.renderer().as_deref(), Some("safe-since-now"));
    drop(app);

    // From then on it is safe from the beginning.
    desk.see_app_gone();
    let app = desk.start(&[], NO_DRIVERS);
    desk.see_drawn();
    assert_eq!(desk.renderer().as_deref(), Some("safe"));
    drop(app);
}

#[test]
fn the_safe_renderer_can_be_asked_for_once() {
    let desk = Desk::new();
    let app = desk.start(&["--safe-renderer"], ("LANG", "C"));
    desk.see_drawn();
    assert_eq!(desk.renderer().as_deref(), Some("safe"));
    drop(app);
    desk.see_app_gone();
    let app = desk.start(&[], ("LANG", "C"));
    desk.see_drawn();
    assert_eq!(desk.renderer(), None);
    drop(app);
}
