//! Whether a panel shows the icon in the tray: what closing a window does depends on it (closing/).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

#[derive(Clone, Default)]
pub struct TrayPresence(Arc<Seen>);

#[derive(Default)]
struct Seen {
    /// The icon is on the bus.
    offered: AtomicBool,
    /// Somebody on the bus collects icons.
    panel: AtomicBool,
}

impl TrayPresence {
    pub fn is_shown(&self) -> bool {
        self.0.offered.load(Ordering::Relaxed) && self.0.panel.load(Ordering::Relaxed)
    }

    pub fn set_offered(&self, offered: bool) {
        self.0.offered.store(offered, Ordering::Relaxed);
    }

    pub fn set_panel(&self, panel: bool) {
        self.0.panel.store(panel, Ordering::Relaxed);
    }
}
