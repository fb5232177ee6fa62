//! The screen as the person at it uses it: closing a window by its cross, typing into a dialog of the system. WebDriver
//! can only end a page, which leaves the window standing, and knows nothing of dialogs that are no page.

use x11rb::{
    CURRENT_TIME,
    connection::Connection,
    errors::{ConnectError, ReplyOrIdError},
    protocol::xproto::{
        AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus,
        KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, Window, WindowClass,
    },
    protocol::xtest::ConnectionExt as _,
    protocol::{ErrorKind, Event},
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

/// What is selected, as the middle mouse button pastes it; nothing where nobody has selected anything.
pub fn primary(display: &str) -> Result<Option<String>, ScreenError> {
    let (screen, number) = x11rb::connect(Some(display))?;
    let window = screen.generate_id()?;
    let root = screen.setup().roots[number].root;
    let looks = CreateWindowAux::new();
    screen.create_window(0, window, root, 0, 0, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &looks)?.check()?;
    let (utf8, answer) = (atom(&screen, "UTF8_STRING")?, atom(&screen, "SOLTI_TEST")?);
    screen.convert_selection(window, AtomEnum::PRIMARY.into(), utf8, answer, CURRENT_TIME)?.check()?;
    loop {
        let Event::SelectionNotify(told) = screen.wait_for_event()? else { continue };
        if told.property == x11rb::NONE {
            return Ok(None);
        }
        let found = screen.get_property(true, window, answer, AtomEnum::ANY, 0, 1 << 16)?.reply()?;
        return Ok(Some(String::from_utf8_lossy(&found.value).into_owned()));
    }
}

/// Types ASCII text in place of what is there, and then Return, into the window of this title. Without a window manager nobody has
/// given it the keyboard.
pub fn type_into(display: &str, title: &str, text: &str) -> Result<(), ScreenError> {
    const SHIFT: u32 = 0xffe1;
    const CONTROL: u32 = 0xffe3;
    const RETURN: u32 = 0xff0d;
    let (screen, number) = x11rb::connect(Some(display))?;
    let window = visible(&screen, number, |found| found == title)?[0];
    screen.set_input_focus(InputFocus::PARENT, window, CURRENT_TIME)?.check()?;
    let setup = screen.setup();
    let (first, last) = (setup.min_keycode, setup.max_keycode);
    let map = screen.get_keyboard_mapping(first, last - first + 1)?.reply()?;
    // The key of a symbol, and whether it takes shift. Those of Latin letters are their codes.
    let key = |symbol: u32| {
        let at = |level: usize| {
            let keys = map.keysyms.chunks(map.keysyms_per_keycode.into());
            let found = keys.enumerate().find(|(_, symbols)| symbols.get(level) == Some(&symbol));
            found.map(|(n, _)| (first + n as u8, level == 1))
        };
        at(0).or_else(|| at(1)).unwrap_or_else(|| panic!("no key for {symbol:#x}"))
    };
    let press = |code: u8, down: bool| -> Result<(), ScreenError> {
        let kind = if down { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT };
        Ok(screen.xtest_fake_input(kind, code, CURRENT_TIME, window, 0, 0, 0)?.check()?)
    };
    let ((shift, _), (control, _), (all, _)) = (key(SHIFT), key(CONTROL), key('a'.into()));
    for (code, down) in [(control, true), (all, true), (all, false), (control, false)] {
        press(code, down)?;
    }
    for symbol in text.bytes().map(u32::from).chain([RETURN]) {
        let (code, shifted) = key(symbol);
        if shifted {
            press(shift, true)?;
        }
        press(code, true)?;
        press(code, false)?;
        if shifted {
            press(shift, false)?;
        }
    }
    Ok(())
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
