//! The screen as the person at it uses it: closing a window by its cross. WebDriver can only end a page, which
//! leaves the window standing.

use x11rb::{
    CURRENT_TIME,
    connection::Connection,
    errors::{ConnectError, ReplyOrIdError},
    protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, MapState},
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
    let atom = |name: &str| -> Result<u32, ScreenError> {
        Ok(screen.intern_atom(false, name.as_bytes())?.reply()?.atom)
    };
    let (protocols, delete) = (atom("WM_PROTOCOLS")?, atom("WM_DELETE_WINDOW")?);
    let (name, utf8) = (atom("_NET_WM_NAME")?, atom("UTF8_STRING")?);
    let mut asked = 0;
    for window in screen.query_tree(screen.setup().roots[number].root)?.reply()?.children {
        if screen.get_window_attributes(window)?.reply()?.map_state != MapState::VIEWABLE {
            continue;
        }
        let takes = screen.get_property(false, window, protocols, AtomEnum::ATOM, 0, 32)?.reply()?;
        let title = screen.get_property(false, window, name, utf8, 0, 256)?.reply()?.value;
        let closes = takes.value32().is_some_and(|mut all| all.any(|one| one == delete));
        if closes && titled(&String::from_utf8_lossy(&title)) {
            let ask = ClientMessageEvent::new(32, window, protocols, [delete, CURRENT_TIME, 0, 0, 0]);
            screen.send_event(false, window, EventMask::NO_EVENT, ask)?.check()?;
            asked += 1;
        }
    }
    Ok(asked)
}
