//! The screen as the person at it uses it: closing a window by its cross. WebDriver can only end a page, which
//! leaves the window standing.

use x11rb::{
    CURRENT_TIME,
    connection::Connection,
    errors::{ConnectError, ReplyOrIdError},
    protocol::ErrorKind,
    protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, MapState, Window},
    rust_connection::RustConnection,
};

#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Reply(#[from] ReplyOrIdError),
}

impl From<x11rb::errors::ConnectionError> for ScreenError {
    fn from(error: x11rb::errors::ConnectionError) -> Self {
        Self::Reply(error.into())
    }
}

impl From<x11rb::errors::ReplyError> for ScreenError {
    fn from(error: x11rb::errors::ReplyError) -> Self {
        Self::Reply(error.into())
    }
}

/// Asks the windows with such a title to close, and returns how many there were.
pub fn close_windows(display: &str, titled: impl Fn(&str) -> bool) -> Result<usize, ScreenError> {
    let (screen, number) = x11rb::connect(Some(display))?;
    let (protocols, delete) = (atom(&screen, "WM_PROTOCOLS")?, atom(&screen, "WM_DELETE_WINDOW")?);
    let windows = visible(&screen, number, titled)?;
    for &window in &windows {
        let ask = ClientMessageEvent::new(32, window, protocols, [delete, CURRENT_TIME, 0, 0, 0]);
        screen.send_event(false, window, EventMask::NO_EVENT, ask)?.check()?;
    }
    Ok(windows.len())
}

pub fn count_windows(display: &str, titled: impl Fn(&str) -> bool) -> Result<usize, ScreenError> {
    let (screen, number) = x11rb::connect(Some(display))?;
    Ok(visible(&screen, number, titled)?.len())
}

/// The windows with such a title that can be seen and have a cross.
fn visible(
    screen: &RustConnection,
    number: usize,
    titled: impl Fn(&str) -> bool,
) -> Result<Vec<Window>, ScreenError> {
    let (protocols, delete) = (atom(screen, "WM_PROTOCOLS")?, atom(screen, "WM_DELETE_WINDOW")?);
    let (name, utf8) = (atom(screen, "_NET_WM_NAME")?, atom(screen, "UTF8_STRING")?);
    let has_cross = |window: Window| -> Result<bool, ScreenError> {
        if screen.get_window_attributes(window)?.reply()?.map_state != MapState::VIEWABLE {
            return Ok(false);
        }
        let takes = screen.get_property(false, window, protocols, AtomEnum::ATOM, 0, 32)?.reply()?;
        let title = screen.get_property(false, window, name, utf8, 0, 256)?.reply()?.value;
        let closes = takes.value32().is_some_and(|mut all| all.any(|one| one == delete));
        Ok(closes && titled(&String::from_utf8_lossy(&title)))
    };
    let mut found = Vec::new();
    for window in screen.query_tree(screen.setup().roots[number].root)?.reply()?.children {
        match has_cross(window) {
            Ok(true) => found.push(window),
            Ok(false) => {}
            // Gone since they were listed.
            Err(ScreenError::Reply(ReplyOrIdError::X11Error(error)))
                if error.error_kind == ErrorKind::Window => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn atom(screen: &RustConnection, name: &str) -> Result<u32, ScreenError> {
    Ok(screen.intern_atom(false, name.as_bytes())?.reply()?.atom)
}
