//! Where at the Unix socket is what only this user's own programs may ask.

pub const ENGINE: &str = "/api/v1/engine";
pub const SETTINGS: &str = "/api/v1/engine/settings";
pub const SETTINGS_CHANGES: &str = "/api/v1/engine/settings/changes";
pub const DOORS: &str = "/api/v1/engine/doors";
pub const TOKEN: &str = "/api/v1/engine/token";
