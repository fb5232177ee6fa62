//! The windows: one main window, and a log window for each log that is looked at. Labels decide what a window may
//! call (capabilities/); what it shows is the page's business, told by its URL.

mod address;
mod builder;
mod form_ask;
mod gone;
mod label;
mod log_windows;
mod main_leaving;
mod memory;
mod open;
mod open_windows;
mod spare;
mod spare_maker;
mod spare_shown;
mod web_process;

pub use form_ask::FormAsk;
pub use gone::gone;
pub use label::MAIN;
pub use log_windows::LogWindows;
pub use main_leaving::MainLeaving;
pub use memory::{WindowMemory, remember_places};
pub use open::{follow_log, open_form, open_log, open_main, open_merged, open_next};
pub use open_windows::open_windows;
pub use spare::SpareWindow;
pub use spare_maker::follow_with_a_spare;
