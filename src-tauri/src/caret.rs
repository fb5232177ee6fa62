//! The caret of text fields, which stands still. GTK's own stops blinking after some seconds; WebKit's blinks for as long as a
//! field has the focus, and each time wakes three processes for a dozen frames: a hundred wake-ups a second for nobody. Where
//! the desktop asks for a caret that does not blink, WebKit draws it at each frame of the screen, which is more.

use gtk::prelude::*;

/// To be called in the event loop, before the first page.
pub fn stand_still() {
    let Some(settings) = gtk::Settings::default() else { return };
    settings.set_property("gtk-cursor-blink", true);
    // It is not seen off for the first half of this, which is twelve days.
    settings.set_property("gtk-cursor-blink-time", i32::MAX);
}
