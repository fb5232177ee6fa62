//! Where at the Unix socket is what only this user's own programs may ask.

pub(crate) const ENGINE: &str = "/api/v1/engine";
pub(crate) const SETTINGS: &str = "/api/v1/engine/settings";
pub(crate) const SETTINGS_CHANGES: &str = "/api/v1/engine/settings/changes";
pub(crate) const DOORS: &str = "/api/v1/engine/doors";
pub(crate) const TOKEN: &str = "/api/v1/engine/token";
